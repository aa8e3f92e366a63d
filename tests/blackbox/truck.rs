//! Trucks: the lawful one leaves, the others stay, and the reason is written down.

use std::time::Duration;

use super::rig::{Rig, Rms, Seen, is_command, is_event, publish_raw, subscribe_late};

fn is_arrival_request(seen: &Seen) -> bool {
    seen.topic.starts_with("rms/") && seen.payload["kind"] == "arrival"
}

#[test]
fn a_lawful_truck_gets_exactly_one_open_command_after_the_journal_holds_the_decision() {
    let mut rig = Rig::start(Rms::channel("green"));
    rig.notify(27_400);
    rig.drive_up(27_400);
    let open = rig.expect("the open command", |seen| is_command(seen, "open"));
    let (code, records) = rig.journal("show");
    assert_eq!(code, Some(0));
    let id = &open.payload["command_id"];
    let commanded = records.iter().find(|record| record["kind"] == "barrier_commanded").expect("journaled first");
    assert_eq!(&commanded["body"]["command_id"], id);
    assert!(records.iter().any(|record| record["kind"] == "released"));
    assert!(!open.retained, "a command is never retained");
    assert_eq!(open.expiry, Some(2), "and expires");
    assert_eq!(open.payload["reason"], "release");
    rig.drive_off();
    let story = rig.expect("the story", |seen| is_event(seen, "passage_completed")).payload;
    assert_eq!(story["outcome"], "released");
    assert_eq!(story["notification"], "PN-1");
    assert_eq!(story["declaration"], "55302/150324/0000123");
    for step in [
        "arrived",
        "identified",
        "weighed",
        "matched",
        "risk_requested",
        "risk_decided",
        "decided",
        "opened",
        "left",
        "closed",
    ] {
        assert!(story["steps"][step].is_string(), "{step} is missing: {story}");
    }
    rig.expect_phase("vacant");
    assert_eq!(rig.opens(), 1);
    assert_eq!(rig.journal("verify").0, Some(0));
    assert!(
        subscribe_late(rig.mqtt_port, "bcp/+/lane/+/barrier/+/command").is_empty(),
        "nothing waits on a command topic"
    );
}

#[test]
fn events_carry_the_journal_s_gapless_sequence() {
    let mut rig = Rig::start(Rms::channel("green"));
    rig.notify(27_400);
    rig.drive_up(27_400);
    rig.expect("the open command", |seen| is_command(seen, "open"));
    rig.drive_off();
    rig.expect("the story", |seen| is_event(seen, "passage_completed"));
    let events = rig.seen.iter().filter(|seen| seen.topic.ends_with("/event"));
    let sequences: Vec<u64> = events.filter_map(|seen| seen.payload["sequence"].as_u64()).collect();
    let expected: Vec<u64> = (sequences[0]..).take(sequences.len()).collect();
    assert_eq!(sequences, expected);
}

#[test]
fn a_truck_without_notification_is_held_until_its_papers_come() {
    let mut rig = Rig::start(Rms::channel("green"));
    rig.drive_up(27_400);
    rig.expect_held_by("no_notification");
    rig.notify(27_400);
    rig.expect("the open command", |seen| is_command(seen, "open"));
}

#[test]
fn an_overweight_truck_is_held() {
    let mut rig = Rig::start(Rms::channel("green"));
    rig.notify(20_000);
    rig.drive_up(27_400);
    rig.expect_held_by("weight_discrepancy");
}

#[test]
fn a_silent_rms_holds() {
    let mut rig = Rig::start(Rms::Silent);
    rig.notify(27_400);
    rig.drive_up(27_400);
    rig.expect_held_by("risk_unavailable");
    let requests: Vec<_> = rig.seen.iter().filter(|seen| is_arrival_request(seen)).collect();
    assert_eq!(requests.len(), 2, "asked, and asked once more");
    assert_eq!(requests[0].payload["request_id"], requests[1].payload["request_id"]);
    assert_eq!(requests[0].correlation, requests[0].payload["request_id"].as_str().expect("an id"));
}

#[test]
fn red_and_yellow_channels_hold_with_their_code() {
    for (channel, code) in [("red", "referred_inspection"), ("yellow", "referred_documents")] {
        let mut rig = Rig::start(Rms::channel(channel));
        rig.notify(27_400);
        rig.drive_up(27_400);
        rig.expect_held_by(code);
    }
}

#[test]
fn an_answer_with_a_wrong_correlation_or_an_unknown_channel_releases_nothing() {
    for (correlation, channel) in [("00000000-0000-0000-0000-000000000000", "green"), ("", "mauve")] {
        let mut rig = Rig::start(Rms::Silent);
        rig.notify(27_400);
        rig.drive_up(27_400);
        let request = rig.expect("a request", is_arrival_request);
        let id = request.payload["request_id"].as_str().expect("an id").to_owned();
        let answer =
            serde_json::json!({ "request_id": id, "channel": channel, "measures": [], "profiles": [], "reason": "" });
        let correlation = if correlation.is_empty() { id.as_str() } else { correlation };
        let more = ["-V", "5", "-D", "publish", "correlation-data", correlation];
        publish_raw(rig.mqtt_port, &request.response_topic, &answer.to_string(), &more);
        rig.expect_held_by("risk_unavailable");
    }
}

#[test]
fn missing_evidence_holds_at_its_deadline() {
    let mut rig = Rig::start(Rms::channel("green"));
    rig.notify(27_400);
    rig.over_loop("approach", true);
    rig.read_plate("front", "123ABC02");
    rig.expect_held_by("evidence_missing");
}

#[test]
fn malformed_messages_are_counted_and_lose_nothing() {
    let mut rig = Rig::start(Rms::channel("green"));
    let deep = "[".repeat(5_000);
    for junk in ["", "{", "null", "{\"occupied\":\"maybe\"}", deep.as_str()] {
        for rest in ["loop/approach", "plate/front", "barrier/exit/state", "weight/bridge"] {
            publish_raw(rig.mqtt_port, &rig.lane_topic(rest), junk, &[]);
        }
    }
    publish_raw(rig.mqtt_port, "bcp/test/registry/notification", "{\"number\":\"X\"}", &[]);
    let receipt = rig.expect("a receipt", |seen| seen.topic.ends_with("/registry/receipt")).payload;
    assert_eq!(receipt["result"], "rejected");
    assert!(!receipt["errors"].as_array().expect("errors").is_empty());
    rig.notify(27_400);
    rig.drive_up(27_400);
    rig.expect("the open command", |seen| is_command(seen, "open"));
    let (_, metrics) = rig.http("GET /metrics", &[], "");
    assert!(metrics.contains("lane_controller_"), "{metrics}");
}

#[test]
fn sigterm_ends_cleanly_and_says_so() {
    let mut rig = Rig::start(Rms::channel("green"));
    rig.notify(27_400);
    rig.drive_up(27_400);
    rig.expect("the open command", |seen| is_command(seen, "open"));
    rig.drive_off();
    rig.expect_phase("vacant");
    assert_eq!(rig.stop_controller(), Some(0));
    rig.expect("the farewell", |seen| seen.topic.ends_with("/status") && seen.payload["online"] == false);
    let (code, report) = rig.journal("verify");
    assert_eq!(code, Some(0), "{report:?}");
    rig.watch(Duration::from_millis(10));
    assert_eq!(rig.opens(), 1);
}
