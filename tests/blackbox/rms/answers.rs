//! Answers at the lane, and their lack.

use serde_json::json;

use super::super::papers::notification;
use super::*;

#[test]
fn a_late_answer_releases_nothing_and_a_late_stricter_one_still_holds() {
    let mut rig = rig(SHORT);
    rig.notify(27_400);
    rig.drive_up(27_400);
    held_by(&mut rig, "risk_unavailable");
    let asked = request(&mut rig, "arrival", 0);
    reply(&rig, &asked, &green());
    await_metric(&rig, "risk_requests_total{result=\"late\"}", 1.0);
    stays_closed(&mut rig);
    reply(&rig, &asked, &word("red"));
    held_by(&mut rig, "referred_inspection");
    stays_closed(&mut rig);
}

#[test]
fn an_answer_that_comes_twice_opens_once() {
    let mut rig = rig(PATIENT);
    rig.notify(27_400);
    rig.drive_up(27_400);
    let asked = request(&mut rig, "arrival", 0);
    for _ in 0..3 {
        reply(&rig, &asked, &green());
    }
    await_metric(&rig, "risk_requests_total{result=\"late\"}", 2.0);
    opens_once(&mut rig);
    assert_eq!(metric(&rig, AT_LANE), 1.0);
}

#[test]
fn answers_in_another_order_go_each_to_their_question() {
    let mut rig = rig(PATIENT);
    rig.notify(27_400);
    let ahead = request(&mut rig, "pre_arrival", 0);
    rig.drive_up(27_400);
    let arrival = request(&mut rig, "arrival", 0);
    // The answer to one question under the other's correlation is nobody's.
    send(&rig, &arrival, &body(&ahead, &green()), &[]);
    send(&rig, &ahead, &body(&arrival, &green()), &[]);
    await_metric(&rig, "risk_requests_total{result=\"foreign\"}", 2.0);
    stays_closed(&mut rig);
    // The second question is answered first; the first one's green is no answer to it.
    reply(&rig, &arrival, &word("yellow"));
    held_by(&mut rig, "referred_documents");
    reply(&rig, &ahead, &green());
    await_kept(&rig, &ahead);
    stays_closed(&mut rig);
}

#[test]
fn an_answer_that_nobody_asked_for_is_counted_and_releases_nothing() {
    let mut rig = rig(PATIENT);
    rig.notify(27_400);
    rig.drive_up(27_400);
    let asked = request(&mut rig, "arrival", 0);
    let mut stranger = asked.clone();
    stranger.correlation = uuid::Uuid::from_u128(7).to_string();
    stranger.payload["request_id"] = json!(stranger.correlation);
    reply(&rig, &stranger, &green());
    await_metric(&rig, "risk_requests_total{result=\"late\"}", 1.0);
    stays_closed(&mut rig);
    reply(&rig, &asked, &green());
    opens_once(&mut rig);
}

#[test]
fn every_agency_that_is_not_clear_holds_with_its_name() {
    let mut rig = rig(PATIENT);
    let mut answer = green();
    answer["agencies"] = json!([
        { "agency": "veterinary", "clear": false, "reason": "no certificate" },
        { "agency": "phytosanitary", "clear": false },
        { "agency": "transport", "clear": true },
    ]);
    decided_ahead(&mut rig, 27_400, &answer);
    rig.drive_up(27_400);
    let holds = held_by(&mut rig, "agency_hold");
    let details: Vec<_> = holds.iter().map(|hold| hold["detail"].as_str().expect("a detail")).collect();
    assert_eq!(details, ["veterinary: no certificate", "phytosanitary: not clear"]);
    stays_closed(&mut rig);
}

#[test]
fn a_breaker_that_is_open_tells_lanes_at_once_and_the_first_answer_closes_it() {
    let mut rig = rig(&format!("{SHORT}\nbreaker_failures = 2\nbreaker_pause = \"6s\""));
    rig.notify(27_400);
    request(&mut rig, "pre_arrival", 0);
    await_metric(&rig, "risk_requests_total{result=\"timeout\"}", 1.0);
    assert_eq!(metric(&rig, "risk_breaker_state{state=\"closed\"}"), 1.0);
    let other = |number| {
        let mut other = notification(number, 27_400);
        other["vehicle"] = json!({ "tractor": { "plate": "777XYZ05" }, "trailers": [] });
        other
    };
    rig.submit("notification", &other("PN-2"));
    await_metric(&rig, "risk_breaker_state{state=\"open\"}", 1.0);
    rig.drive_up(27_400);
    let holds = held_by(&mut rig, "risk_unavailable");
    assert_eq!(holds[0]["detail"], "the RMS does not answer; it is tried again by itself");
    assert!(requests(&rig, "arrival").is_empty(), "it was not asked");
    // One request tries, and its answer lets the others go out that were given up.
    rig.submit("notification", &other("PN-3"));
    let probe = request(&mut rig, "pre_arrival", 2);
    assert_eq!(probe.payload["notification"]["number"], "PN-3");
    reply(&rig, &probe, &green());
    await_metric(&rig, "risk_breaker_state{state=\"closed\"}", 1.0);
    let again: Vec<_> = [3, 4].map(|nth| request(&mut rig, "pre_arrival", nth).payload["notification"].clone()).into();
    assert_eq!(again.iter().map(|one| &one["number"]).collect::<Vec<_>>(), ["PN-1", "PN-2"]);
    stays_closed(&mut rig);
}
