//! Devices that die, and loops that contradict the scale.

use serde_json::json;

use super::rig::{Rig, Rms, is_command, is_event, is_state, now};

fn has_alarm(payload: &serde_json::Value, alarm: &str) -> bool {
    payload["alarms"].as_array().is_some_and(|alarms| alarms.iter().any(|known| known == alarm))
}

#[test]
fn a_required_camera_that_dies_holds_the_lane_until_it_is_born_again() {
    let mut rig = Rig::start(Rms::channel("green"));
    let topic = rig.lane_topic("device/front/health");
    rig.publish(&topic, &json!({ "online": true, "session": "s1", "at": now() }), &["-r"]);
    rig.publish(&topic, &json!({ "online": false, "session": "s1", "at": now() }), &["-r"]);
    let lost = rig.expect("the camera is lost", |seen| is_event(seen, "device_lost")).payload;
    assert_eq!((&lost["device"], &lost["cause"]), (&json!("front"), &json!("death")));
    assert_eq!(rig.http("GET /health/ready", &[], "").0, 503);
    rig.notify(27_400);
    rig.drive_up(27_400);
    rig.expect_held_by("device_lost");
    let (_, metrics) = rig.http("GET /metrics", &[], "");
    for line in [
        "lane_controller_device_losses_total{lane=\"in-01\",device=\"front\",cause=\"death\"} 1",
        "lane_controller_device_up{lane=\"in-01\",device=\"front\"} 0",
        "lane_controller_lane_alarm{lane=\"in-01\",alarm=\"device_lost\"} 1",
    ] {
        assert!(metrics.contains(line), "{line} is not in {metrics}");
    }
    rig.publish(&topic, &json!({ "online": true, "session": "s2", "at": now() }), &["-r"]);
    rig.expect("the open command", |seen| is_command(seen, "open"));
}

#[test]
fn a_truck_that_the_approach_loop_does_not_see_is_held_and_the_lane_is_not_dead() {
    let mut rig = Rig::start(Rms::channel("green"));
    rig.notify(27_400);
    rig.weigh(27_400);
    rig.expect_held_by("loop_fault");
    let (_, metrics) = rig.http("GET /metrics", &[], "");
    let line = "lane_controller_loop_faults_total{lane=\"in-01\",loop=\"approach\",fault=\"stuck_off\"} 1";
    assert!(metrics.contains(line), "{metrics}");
    rig.over_loop("approach", true);
    let state = rig.expect("the loop sees", |seen| is_state(seen) && !has_alarm(&seen.payload, "loop_fault")).payload;
    assert!(state["passage"].is_object(), "{state}");
}

#[test]
fn a_camera_that_says_nothing_of_a_truck_is_told_before_the_evidence_is_overdue() {
    let mut rig = Rig::start(Rms::channel("green"));
    rig.over_loop("approach", true);
    rig.expect("the camera is silent", |seen| is_event(seen, "alarm_raised") && seen.payload["camera"] == "front");
    rig.expect("the alarm", |seen| is_state(seen) && has_alarm(&seen.payload, "camera_silent"));
    rig.read_plate("front", "123ABC02");
    rig.expect("it speaks", |seen| is_state(seen) && !has_alarm(&seen.payload, "camera_silent"));
}
