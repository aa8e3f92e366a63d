//! SIGKILL in each phase: no second release, no lost passage.

use super::rig::{Rig, Rms, is_command};

/// Brings a truck to a phase; the controller is then killed.
fn kill_in(phase: &str) -> Rig {
    let rms =
        if phase == "assessing" { Rms::Silent } else { Rms::channel(if phase == "held" { "red" } else { "green" }) };
    let mut rig = Rig::start(rms);
    rig.notify(27_400);
    if phase == "vacant" {
        return rig;
    }
    if phase == "occupied" {
        rig.over_loop("approach", true);
        rig.expect_phase("occupied");
        return rig;
    }
    rig.drive_up(27_400);
    rig.expect_phase(if phase == "clearing" { "releasing" } else { phase });
    if phase == "releasing" || phase == "clearing" {
        rig.expect_open();
    }
    if phase == "clearing" {
        rig.barrier("open");
        rig.expect_phase("clearing");
    }
    rig
}

#[test]
fn a3_h36_after_a_kill_in_any_phase_the_truck_is_held_and_never_released_twice() {
    for phase in ["occupied", "assessing", "held", "releasing", "clearing"] {
        let mut rig = kill_in(phase);
        let before = rig.seen.iter().rev().find(|seen| seen.payload["passage"]["id"].is_string()).expect("a passage");
        let passage = before.payload["passage"]["id"].clone();
        let opens = rig.opens();
        rig.restart_after_kill();
        let state = rig.expect_phase("held");
        assert_eq!(state["passage"]["id"], passage, "killed while {phase}");
        assert!(state["holds"].as_array().expect("holds").iter().any(|hold| hold["code"] == "restarted"), "{state}");
        rig.watch(std::time::Duration::from_secs(2));
        assert_eq!(rig.opens(), opens, "killed while {phase}: nothing is opened again");
        assert_eq!(rig.journal("verify").0, Some(0), "killed while {phase}");
    }
}

#[test]
fn after_a_kill_of_a_vacant_lane_the_next_truck_is_served() {
    let mut rig = kill_in("vacant");
    rig.restart_after_kill();
    rig.expect_phase("vacant");
    rig.drive_up(27_400);
    rig.expect_open();
    assert_eq!(rig.opens(), 1);
}

#[test]
fn a_truck_that_was_let_go_before_the_kill_is_seen_to_leave() {
    let mut rig = kill_in("clearing");
    rig.restart_after_kill();
    rig.expect_phase("held");
    rig.over_loop("exit", true);
    rig.over_loop("approach", false);
    rig.weigh(0);
    rig.over_loop("exit", false);
    rig.expect("a close command", |seen| is_command(seen, "close"));
    rig.barrier("closed");
    rig.expect_phase("vacant");
    assert_eq!(rig.opens(), 1);
}
