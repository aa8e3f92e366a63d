//! Pairs of loops: who drives which way, and who drives in behind.

use super::bench::decision;
use super::*;

pub(super) fn paired(places: &[LoopPlace]) -> Bench {
    let mut lane = Bench::built(|setup| {
        for place in places {
            setup.loops.get_mut(place).expect("a loop").pair = Pair::Paired;
        }
    });
    for place in places {
        lane.see_b(*place, false);
    }
    lane
}

/// A vehicle drives over the pair in the way of travel.
pub(super) fn drive_over(lane: &mut Bench, place: LoopPlace) {
    lane.see(place, true);
    lane.see_b(place, true);
    lane.see(place, false);
    lane.see_b(place, false);
}

fn back_over(lane: &mut Bench, place: LoopPlace) {
    lane.see_b(place, true);
    lane.see(place, true);
    lane.see_b(place, false);
    lane.see(place, false);
}

pub(super) fn stand_read(lane: &mut Bench) {
    lane.see(LoopPlace::Scale, true);
    lane.read(View::Front, "123ABC02");
    lane.read(View::Rear, "45DEF02");
}

#[test]
fn b9_h9_a_second_vehicle_behind_the_first_holds_it_and_is_not_weighed_with_it() {
    let mut lane = paired(&[LoopPlace::Approach]);
    drive_over(&mut lane, LoopPlace::Approach);
    stand_read(&mut lane);
    drive_over(&mut lane, LoopPlace::Approach);
    lane.assert_held_by("tailgating");
    lane.weigh(54_000);
    assert_eq!(lane.weighed(), None, "that is what both weigh");
    back_over(&mut lane, LoopPlace::Approach);
    assert_eq!(lane.holds(), Vec::<&str>::new());
    lane.weigh(27_400);
    assert_eq!(lane.opened.len(), 1);
}

#[test]
fn a_vehicle_that_only_looks_in_and_backs_off_holds_nobody() {
    let mut lane = paired(&[LoopPlace::Approach]);
    drive_over(&mut lane, LoopPlace::Approach);
    stand_read(&mut lane);
    lane.see(LoopPlace::Approach, true);
    lane.see_b(LoopPlace::Approach, true);
    lane.see_b(LoopPlace::Approach, false);
    lane.see(LoopPlace::Approach, false);
    lane.weigh(27_400);
    assert_eq!(lane.opened.len(), 1);
}

#[test]
fn a_follower_gets_its_own_passage_when_the_first_has_left() {
    let mut lane = paired(&[LoopPlace::Approach]);
    lane.rms = Some(decision(Channel::Yellow));
    drive_over(&mut lane, LoopPlace::Approach);
    stand_read(&mut lane);
    lane.weigh(27_400);
    drive_over(&mut lane, LoopPlace::Approach);
    assert!(lane.order(OrderKind::Release, None).expect("answered").is_ok());
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.see(LoopPlace::Exit, true);
    lane.see(LoopPlace::Scale, false);
    lane.weigh(0);
    lane.see(LoopPlace::Scale, true);
    lane.see(LoopPlace::Exit, false);
    lane.pass(LEFT_SETTLE);
    lane.arm(BarrierPlace::Exit, Position::Closed);
    assert_eq!(lane.completed(), ["released"]);
    assert_eq!(lane.machine.phase(), Phase::Occupied);
    assert_eq!(lane.holds(), Vec::<&str>::new());
}

#[test]
fn a_vehicle_that_comes_out_of_an_empty_lane_against_the_travel_is_an_alarm() {
    let mut lane = paired(&[LoopPlace::Approach]);
    back_over(&mut lane, LoopPlace::Approach);
    assert!(lane.alarms().contains(&"wrong_way"));
    let mut lane = paired(&[LoopPlace::Approach]);
    lane.rms = Some(decision(Channel::Red));
    drive_over(&mut lane, LoopPlace::Approach);
    stand_read(&mut lane);
    lane.weigh(27_400);
    assert!(lane.order(OrderKind::Refuse, None).expect("answered").is_ok());
    lane.see(LoopPlace::Scale, false);
    lane.weigh(0);
    back_over(&mut lane, LoopPlace::Approach);
    lane.pass(EMPTY_SETTLE);
    assert_eq!(lane.completed(), ["refused"]);
    assert!(!lane.alarms().contains(&"wrong_way"), "who is turned back leaves that way");
}

#[test]
fn a2_a_vehicle_that_comes_in_by_the_open_exit_stops_the_one_that_has_leave_to_go() {
    let mut lane = paired(&[LoopPlace::Exit]);
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.see_b(LoopPlace::Exit, true);
    lane.see(LoopPlace::Exit, true);
    assert!(lane.alarms().contains(&"wrong_way") && lane.holds().contains(&"wrong_way"));
    assert_ne!(lane.signals.last().expect("a signal").light, Light::Green);
    assert!(lane.closed.is_empty(), "it is under the arm");
    lane.see_b(LoopPlace::Exit, false);
    assert!(lane.closed.is_empty());
    lane.see(LoopPlace::Exit, false);
    assert_eq!(lane.closed, [BarrierPlace::Exit]);
    assert_eq!(lane.opened.len(), 1);
}

#[test]
fn b1_the_arm_waits_for_both_loops_of_a_pair() {
    let mut lane = paired(&[LoopPlace::Exit]);
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.see(LoopPlace::Exit, true);
    lane.see_b(LoopPlace::Exit, true);
    lane.see(LoopPlace::Scale, false);
    lane.weigh(0);
    lane.see(LoopPlace::Exit, false);
    lane.pass(LEFT_SETTLE * 10);
    assert!(lane.closed.is_empty());
    lane.see_b(LoopPlace::Exit, false);
    lane.pass(LEFT_SETTLE);
    assert_eq!(lane.closed, [BarrierPlace::Exit]);
}

#[test]
fn a5_more_parts_over_the_exit_pair_than_the_vehicle_has_are_another_vehicle() {
    let mut lane = paired(&[LoopPlace::Exit]);
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.see(LoopPlace::Exit, true);
    lane.see_b(LoopPlace::Exit, true);
    for part in 1..=2 {
        assert!(!lane.alarms().contains(&"tailgating"), "part {part}");
        lane.see(LoopPlace::Exit, false);
        lane.see(LoopPlace::Exit, true);
    }
    assert!(lane.alarms().contains(&"tailgating"));
}
