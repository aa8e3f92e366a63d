//! One lane is flooded; the lane beside it goes on, and nothing grows (hazard 5, invariants C5 and C6).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use serde_json::json;

use super::Bus;
use super::controller::{Controller, SITE};
use super::field::{Field, now};

const FLOODED: &str = "in-01";
const QUIET_LANE: &str = "in-02";

#[tokio::test(flavor = "multi_thread")]
async fn h5_c5_a_lane_that_is_flooded_leaves_the_other_one_at_work_and_comes_back_by_itself() {
    let bus = Bus::start_with("max_queued_messages 100000\n", super::Plan::default(), 0).await;
    let lanes = [FLOODED, QUIET_LANE].map(str::to_owned);
    let controller = Controller::start_at(&bus, bus.port, &lanes);
    let (flooding, _flooded_inbox) = Field::put_up(bus.port, FLOODED).await;
    let (mut field, mut inbox) = Field::put_up(bus.port, QUIET_LANE).await;
    let stop = Arc::new(AtomicBool::new(false));
    let flood = tokio::spawn(flood(flooding, Arc::clone(&stop)));
    let shed = |kind: &str| format!("lane_controller_ingress_shed_total{{lane=\"{FLOODED}\",kind=\"{kind}\"}}");
    controller.await_metric(&shed("plate"), 1);
    controller.await_metric(&shed("loop"), 1);
    for number in 0..3 {
        let plate = format!("{number}23ABC02");
        field.over_loop("approach", true).await;
        field.read_plate(&plate).await;
        field.weigh(27_400).await;
        opens(&mut inbox).await;
        field.arm("open", None).await;
        field.over_loop("exit", true).await;
        field.over_loop("approach", false).await;
        field.weigh(0).await;
        field.over_loop("exit", false).await;
        closes(&mut inbox).await;
        field.arm("closed", None).await;
        controller.await_lane(QUIET_LANE, "an empty lane", |state| state["phase"] == "vacant");
    }
    let alarms = controller.lane(FLOODED)["alarms"].clone();
    assert!(alarms.as_array().is_some_and(|alarms| alarms.contains(&json!("loop_fault"))), "{alarms}");
    assert_eq!(controller.lane(QUIET_LANE)["alarms"], json!([]));
    stop.store(true, Ordering::Release);
    let flooding = flood.await.expect("flooded");
    // Its last word arrived, and by its next right one the loop is believed again.
    flooding.over_loop("approach", false).await;
    controller.await_lane(FLOODED, "an end of the chatter", |state| {
        state["alarms"].as_array().is_some_and(|alarms| !alarms.contains(&json!("loop_fault")))
    });
    let (code, _) = controller.journal("verify");
    assert_eq!(code, Some(0));
    assert_eq!(controller.metric(&shed("barrier")), 0);
}

async fn opens(inbox: &mut tokio::sync::mpsc::UnboundedReceiver<rumqttc::v5::mqttbytes::v5::Publish>) {
    command(inbox, b"\"open\"").await;
}

async fn closes(inbox: &mut tokio::sync::mpsc::UnboundedReceiver<rumqttc::v5::mqttbytes::v5::Publish>) {
    command(inbox, b"\"close\"").await;
}

async fn command(inbox: &mut tokio::sync::mpsc::UnboundedReceiver<rumqttc::v5::mqttbytes::v5::Publish>, verb: &[u8]) {
    let found = async {
        while let Some(message) = inbox.recv().await {
            let is_command = message.topic.ends_with(b"/command");
            if is_command && message.payload.windows(verb.len()).any(|window| window == verb) {
                return;
            }
        }
        panic!("{SITE}: the devices are gone");
    };
    tokio::time::timeout(super::PATIENCE, found).await.expect("the lane that is not flooded goes on");
}

/// Plate reads, a loop that chatters, and what is nothing at all, about 2,000 a second.
async fn flood(mut field: Field, stop: Arc<AtomicBool>) -> Field {
    let mut turn = 0_u32;
    while !stop.load(Ordering::Acquire) {
        for _ in 0..10 {
            turn += 1;
            field.read_plate(&format!("{:03}ABC02", turn % 1_000)).await;
            let state = json!({ "occupied": turn.is_multiple_of(2), "at": now() }).to_string();
            field.say_raw("loop/approach", state.into_bytes(), QoS::AtLeastOnce).await;
            field.say_raw("weight/bridge", vec![0xFF; 200], QoS::AtMostOnce).await;
            field.say_raw(&format!("plate/camera-{}", turn % 500), b"{".to_vec(), QoS::AtMostOnce).await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    field
}
