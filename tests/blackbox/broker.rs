//! The broker goes and comes back without its memory: lanes hold at once and go on by themselves.

use serde_json::Value;

use super::rig::{Rig, Rms, Seen, is_command};

#[test]
fn h18_h19_without_the_broker_the_lane_holds_and_with_it_goes_on() {
    let mut rig = Rig::start(Rms::channel("green"));
    rig.notify(27_400);
    rig.over_loop("approach", true);
    rig.expect_phase("occupied");
    assert_eq!(rig.http("GET /health/ready", &[], "").0, 200);
    rig.kill_broker();
    let lanes = rig.await_lanes(|lanes| lanes[0]["phase"] == "held");
    assert_eq!(lanes[0]["holds"][0]["code"], "bus_down");
    assert_eq!(lanes[0]["alarms"][0], "bus_down");
    let (status, body) = rig.http("GET /health/ready", &[], "");
    let ready: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(status, 503);
    assert_eq!(ready["reasons"][0]["part"], "broker");
    rig.restart_broker();
    rig.await_lanes(|lanes| lanes[0]["phase"] == "occupied");
    rig.devices_speak();
    rig.drive_up(27_400);
    rig.expect("the open command", |seen| is_command(seen, "open"));
    assert_eq!(rig.opens(), 1);
    assert_eq!(rig.http("GET /health/ready", &[], "").0, 200);
}

#[test]
fn the_world_is_told_of_the_controller_s_death() {
    let mut rig = Rig::start(Rms::channel("green"));
    rig.kill_controller();
    let is_will = |seen: &Seen| seen.topic.ends_with("/status") && seen.payload["online"] == false;
    // It may have come before the killed process was reaped.
    if !rig.seen.iter().any(is_will) {
        rig.expect("the last will", is_will);
    }
}
