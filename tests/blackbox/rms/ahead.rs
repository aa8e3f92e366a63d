//! Decisions before arrival: used as they are, or not at all.

use serde_json::json;

use super::super::papers::{declaration, notification};
use super::super::rig::now;
use super::*;

#[test]
fn a_truck_that_was_cleared_beforehand_waits_for_no_answer() {
    let mut rig = rig(PATIENT);
    let asked = decided_ahead(&mut rig, 27_400, &green());
    rig.drive_up(27_400);
    opens_once(&mut rig);
    assert!(requests(&rig, "arrival").is_empty(), "nobody was asked at the lane");
    assert_eq!((metric(&rig, BEFORE), metric(&rig, AT_LANE)), (1.0, 0.0));
    let (_, records) = rig.journal("show");
    let decided = records.iter().find(|record| record["kind"] == "risk_decided").expect("on record");
    assert_eq!(decided["body"]["kind"], "pre_arrival");
    assert!(asked.payload["measured"].is_null(), "nothing was measured yet: {}", asked.payload);
    assert_eq!(asked.payload["declaration"]["number"], "55302/150324/0000123");
}

#[test]
fn what_is_measured_otherwise_is_asked_anew_and_held() {
    let mut rig = rig(PATIENT);
    decided_ahead(&mut rig, 20_000, &green());
    rig.drive_up(27_400);
    let asked = request(&mut rig, "arrival", 0);
    assert_eq!(asked.payload["measured"]["gross_kg"], 27_400);
    assert!(asked.payload["findings"].to_string().contains("weight_discrepancy"), "{}", asked.payload);
    reply(&rig, &asked, &green());
    await_metric(&rig, AT_LANE, 1.0);
    held_by(&mut rig, "weight_discrepancy");
    stays_closed(&mut rig);
    assert_eq!(metric(&rig, BEFORE), 0.0);
}

#[test]
fn a_decision_that_has_run_out_is_asked_anew() {
    let mut rig = rig(PATIENT);
    let mut over = green();
    over["valid_until"] = json!(now());
    decided_ahead(&mut rig, 27_400, &over);
    rig.drive_up(27_400);
    let asked = request(&mut rig, "arrival", 0);
    assert_eq!(rig.opens(), 0, "the old decision opens nothing");
    reply(&rig, &asked, &green());
    opens_once(&mut rig);
    assert_eq!((metric(&rig, BEFORE), metric(&rig, AT_LANE)), (0.0, 1.0));
}

#[test]
fn papers_that_were_revised_are_assessed_anew_and_the_old_word_is_not_used() {
    for kind in ["notification", "declaration"] {
        let mut rig = rig(PATIENT);
        decided_ahead(&mut rig, 27_400, &green());
        let mut revised = if kind == "notification" { notification("PN-1", 27_400) } else { declaration() };
        revised["revision"] = json!(2);
        rig.submit(kind, &revised);
        let anew = request(&mut rig, "pre_arrival", 1);
        assert_eq!(anew.payload[kind]["revision"], 2);
        rig.drive_up(27_400);
        let asked = request(&mut rig, "arrival", 0);
        stays_closed(&mut rig);
        reply(&rig, &asked, &word("yellow"));
        held_by(&mut rig, "referred_documents");
        stays_closed(&mut rig);
    }
}

#[test]
fn red_before_arrival_holds_at_the_lane() {
    let mut rig = rig(PATIENT);
    decided_ahead(&mut rig, 27_400, &word("red"));
    rig.drive_up(27_400);
    held_by(&mut rig, "referred_inspection");
    stays_closed(&mut rig);
    assert!(requests(&rig, "arrival").is_empty());
    assert_eq!(metric(&rig, BEFORE), 1.0);
}

#[test]
fn a_weaker_word_right_after_red_changes_nothing() {
    let mut rig = rig(PATIENT);
    rig.notify(27_400);
    let asked = request(&mut rig, "pre_arrival", 0);
    reply(&rig, &asked, &word("red"));
    reply(&rig, &asked, &green());
    await_metric(&rig, "risk_requests_total{result=\"late\"}", 1.0);
    assert_eq!(await_kept(&rig, &asked)["decision"]["channel"], "red");
    rig.drive_up(27_400);
    held_by(&mut rig, "referred_inspection");
    stays_closed(&mut rig);
}

#[test]
fn a_stricter_word_holds_the_truck_that_stands_cleared() {
    let mut rig = rig(PATIENT);
    let asked = decided_ahead(&mut rig, 27_400, &green());
    // The arm is in the officer's hand: the truck stands, decided and held.
    let state = |mode| json!({ "position": "closed", "mode": mode, "at": now() });
    rig.publish(&rig.lane_topic("barrier/exit/state"), &state("local"), &["-r"]);
    rig.drive_up(27_400);
    held_by(&mut rig, "barrier_fault");
    reply(&rig, &asked, &word("red"));
    held_by(&mut rig, "referred_inspection");
    rig.publish(&rig.lane_topic("barrier/exit/state"), &state("remote"), &["-r"]);
    stays_closed(&mut rig);
}

#[test]
fn a_stricter_word_closes_an_arm_that_was_told_to_open_and_is_not_open_yet() {
    let mut rig = rig(PATIENT);
    let asked = decided_ahead(&mut rig, 27_400, &green());
    rig.drive_up(27_400);
    rig.expect_open();
    reply(&rig, &asked, &word("red"));
    rig.expect("the close command", |seen| is_command(seen, "close"));
    held_by(&mut rig, "referred_inspection");
    rig.watch(Duration::from_millis(500));
    assert_eq!(rig.opens(), 1, "and it is not opened again");
}

#[test]
fn a_stricter_word_after_the_arm_opened_is_an_alarm() {
    let mut rig = rig(PATIENT);
    let asked = decided_ahead(&mut rig, 27_400, &green());
    rig.drive_up(27_400);
    rig.expect_open();
    rig.barrier("open");
    rig.expect_phase("clearing");
    reply(&rig, &asked, &word("red"));
    rig.expect("the alarm", |seen| is_state(seen) && seen.payload["alarms"].to_string().contains("late_stricter"));
    assert_eq!(rig.opens(), 1);
}

#[test]
fn an_answer_on_old_papers_that_was_overtaken_does_not_replace_the_new_one() {
    let mut rig = rig(PATIENT);
    rig.notify(27_400);
    let first = request(&mut rig, "pre_arrival", 0);
    let mut revised = notification("PN-1", 27_400);
    revised["revision"] = json!(2);
    rig.submit("notification", &revised);
    let second = request(&mut rig, "pre_arrival", 1);
    reply(&rig, &second, &green());
    await_kept(&rig, &second);
    reply(&rig, &first, &word("yellow"));
    await_metric(&rig, "risk_requests_total{result=\"answered\"}", 2.0);
    rig.drive_up(27_400);
    opens_once(&mut rig);
    assert!(requests(&rig, "arrival").is_empty());
}

#[test]
fn after_a_restart_the_decision_still_counts_and_nothing_opens_twice() {
    let mut rig = rig(PATIENT);
    let asked = decided_ahead(&mut rig, 27_400, &green());
    rig.restart_after_kill();
    rig.expect_phase("vacant");
    rig.drive_up(27_400);
    opens_once(&mut rig);
    assert!(requests(&rig, "arrival").is_empty());
    assert_eq!(requests(&rig, "pre_arrival").len(), 1, "what was decided is not asked again");
    assert_eq!(metric(&rig, BEFORE), 1.0);
    rig.restart_after_kill();
    rig.expect_phase("held");
    reply(&rig, &asked, &green());
    await_metric(&rig, "risk_requests_total{result=\"late\"}", 1.0);
    rig.watch(Duration::from_millis(500));
    assert_eq!(rig.opens(), 1);
}

#[test]
fn a_notification_that_came_while_the_rms_was_away_is_asked_again_after_a_restart() {
    let mut rig = rig(SHORT);
    rig.notify(27_400);
    request(&mut rig, "pre_arrival", 0);
    await_metric(&rig, "risk_requests_total{result=\"timeout\"}", 1.0);
    rig.restart_after_kill();
    let asked = request(&mut rig, "pre_arrival", 1);
    reply(&rig, &asked, &green());
    await_kept(&rig, &asked);
    rig.drive_up(27_400);
    opens_once(&mut rig);
    assert!(requests(&rig, "arrival").is_empty());
}

#[test]
fn the_first_word_before_arrival_reaches_a_truck_that_already_stands_in_the_lane() {
    let mut rig = rig(PATIENT);
    rig.notify(27_400);
    let before = request(&mut rig, "pre_arrival", 0);
    rig.drive_up(27_400);
    let asked = request(&mut rig, "arrival", 0);
    reply(&rig, &before, &word("red"));
    held_by(&mut rig, "referred_inspection");
    reply(&rig, &asked, &green());
    await_metric(&rig, AT_LANE, 1.0);
    stays_closed(&mut rig);
}

#[test]
fn red_before_arrival_stands_beside_what_was_measured_and_after_the_next_answer() {
    let mut rig = rig(PATIENT);
    decided_ahead(&mut rig, 20_000, &word("red"));
    rig.drive_up(27_400);
    let asked = request(&mut rig, "arrival", 0);
    reply(&rig, &asked, &green());
    await_metric(&rig, AT_LANE, 1.0);
    held_by(&mut rig, "weight_discrepancy");
    held_by(&mut rig, "referred_inspection");
    stays_closed(&mut rig);
}

#[test]
fn a_stricter_word_on_a_question_of_before_a_restart_reaches_the_vehicle_in_the_lane() {
    let mut rig = rig(PATIENT);
    let asked = decided_ahead(&mut rig, 27_400, &green());
    // The arm is in the officer's hand: the truck stands, decided and held.
    let local = json!({ "position": "closed", "mode": "local", "at": now() });
    rig.publish(&rig.lane_topic("barrier/exit/state"), &local, &["-r"]);
    rig.drive_up(27_400);
    held_by(&mut rig, "barrier_fault");
    rig.restart_after_kill();
    held_by(&mut rig, "restarted");
    reply(&rig, &asked, &word("red"));
    held_by(&mut rig, "referred_inspection");
    stays_closed(&mut rig);
}
