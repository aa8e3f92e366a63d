//! The rules of MQTT that the whole program keeps.

use serde_json::{Value, json};

use super::Bus;
use super::controller::{Controller, SITE};
use super::field::{Field, now};
use super::link::Witness;

const LANE: &str = "in-01";

fn has_alarm(state: &Value, alarm: &str) -> bool {
    state["alarms"].as_array().is_some_and(|alarms| alarms.iter().any(|known| known == alarm))
}

fn lanes() -> Vec<String> {
    vec![LANE.to_owned()]
}

#[tokio::test(flavor = "multi_thread")]
async fn h21_a10_a_kept_command_is_refused_counted_told_and_cleared_and_moves_nothing() {
    let bus = Bus::start().await;
    let topic = format!("bcp/{SITE}/lane/{LANE}/barrier/exit/command");
    bus.publish(&topic, r#"{"command":"open"}"#, &["-r"]);
    let controller = Controller::start(&bus, &lanes());
    controller.await_metric("lane_controller_inbound_rejected_total{kind=\"command\",reason=\"retained\"}", 1);
    controller.await_lane(LANE, "the alarm", |state| has_alarm(state, "foreign_command"));
    // Cleared: whoever subscribes gets nothing but what comes later.
    let mut witness = Witness::of(&bus, &topic).await;
    bus.publish(&topic, "later", &[]);
    assert_eq!(witness.line().await, format!("{topic} later"));
    controller.await_metric("lane_controller_inbound_rejected_total{kind=\"command\",reason=\"foreign\"}", 1);
    let (_, records) = controller.journal("show");
    let told = records.iter().filter(|record| record["body"]["alarm"] == "foreign_command");
    assert_eq!(told.count(), 1, "one incident, however often it comes");
    assert!(records.iter().all(|record| record["kind"] != "barrier_commanded"));
}

#[tokio::test(flavor = "multi_thread")]
async fn h21_a_kept_read_is_refused_counted_and_told() {
    let bus = Bus::start().await;
    let read = json!({ "read_id": "old", "at": now(), "plate": "123ABC02", "confidence": 0.9, "view": "front" });
    bus.publish(&format!("bcp/{SITE}/lane/{LANE}/plate/front"), &read.to_string(), &["-r"]);
    let controller = Controller::start(&bus, &lanes());
    controller.await_metric("lane_controller_inbound_rejected_total{kind=\"plate\",reason=\"retained\"}", 1);
    controller.await_lane(LANE, "the alarm", |state| has_alarm(state, "retained_message"));
    let (_, records) = controller.journal("show");
    assert!(records.iter().all(|record| record["kind"] != "evidence"), "{records:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn c3_a_stamped_message_changes_the_lane_once_and_an_older_state_never() {
    let bus = Bus::start().await;
    let controller = Controller::start(&bus, &lanes());
    let (field, _inbox) = Field::put_up(bus.port, LANE).await;
    let stamped = |occupied: bool, sequence: u64| json!({ "occupied": occupied, "at": now(), "session": "s", "sequence": sequence });
    field.state("loop/approach", &stamped(true, 5)).await;
    controller.await_lane(LANE, "a passage", |state| state["passage"].is_object());
    field.state("loop/approach", &stamped(false, 4)).await;
    let read = json!({
        "read_id": "r", "at": now(), "plate": "123ABC02", "confidence": 0.9, "view": "front", "session": "s",
        "sequence": 1,
    });
    // The second has another id of its own: only the stamp tells that it is the same.
    let mut again = read.clone();
    again["read_id"] = json!("r again");
    field.say("plate/front", &read).await;
    field.say("plate/front", &again).await;
    let counted =
        |result: &str| format!("lane_controller_inbound_sequence_total{{lane=\"{LANE}\",result=\"{result}\"}}");
    controller.await_metric(&counted("past"), 1);
    controller.await_metric(&counted("repeated"), 1);
    let state = controller.await_lane(LANE, "the plate", |state| state["passage"]["tractor"].is_string());
    assert_eq!(state["phase"], "occupied", "the older state did not take the vehicle away: {state}");
    let (_, records) = controller.journal("show");
    let reads = records.iter().filter(|record| record["body"]["plate"].is_object());
    assert_eq!(reads.count(), 1, "{records:?}");
    // After the link was away the broker's copy of the last state counts again, as often as the link goes.
    field.state("loop/approach", &stamped(true, 6)).await;
    for connections in 2..4 {
        bus.proxy.cut();
        controller.await_metric("lane_controller_mqtt_connections_total", connections);
        controller.await_lane(LANE, "the vehicle", |state| state["passage"].is_object() && state["phase"] != "held");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h20_a_read_that_was_on_its_way_for_too_long_is_kept_and_no_evidence() {
    let bus = Bus::start().await;
    let controller = Controller::start(&bus, &lanes());
    let (mut field, _inbox) = Field::put_up(bus.port, LANE).await;
    field.over_loop("approach", true).await;
    controller.await_lane(LANE, "a passage", |state| state["passage"].is_object());
    let at = (chrono::Utc::now() - chrono::TimeDelta::seconds(70)).to_rfc3339();
    let read = json!({ "read_id": "late", "at": at, "plate": "999XYZ09", "confidence": 0.9, "view": "front" });
    field.say("plate/front", &read).await;
    controller.await_metric("lane_controller_inbound_rejected_total{kind=\"plate\",reason=\"late\"}", 1);
    field.read_plate("123ABC02").await;
    let state = controller.await_lane(LANE, "the plate", |state| state["passage"]["tractor"].is_string());
    assert_eq!(state["passage"]["tractor"], "123ABC02");
    let (_, records) = controller.journal("show");
    let late = records.iter().find(|record| record["body"]["not_evidence"] == "late").expect("it is on record");
    assert_eq!(late["passage"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn h22_after_a_cut_the_controller_s_status_says_that_it_lives() {
    let bus = Bus::start().await;
    let mut witness = Witness::of(&bus, "bcp/+/controller/+/status").await;
    let controller = Controller::start(&bus, &lanes());
    let status = |line: &str| -> Value { serde_json::from_str(line.split_once(' ').expect("two").1).expect("JSON") };
    let born = status(&witness.line().await);
    assert_eq!(born["online"], true);
    bus.proxy.cut();
    let dead = status(&witness.line().await);
    assert_eq!((&dead["online"], &dead["session"]), (&json!(false), &born["session"]));
    assert_eq!(status(&witness.line().await), born);
    // The old last will comes back from our own subscription, and the birth is said again: an end comes last.
    drop(controller);
    while status(&witness.line().await) != dead {}
}
