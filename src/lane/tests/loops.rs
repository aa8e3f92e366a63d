//! Loops that stick, chatter or contradict each other, and vehicles that go where they should not.

use super::bench::decision;
use super::*;
use crate::lane::setup::{CHATTER_EDGES, CHATTER_WITHIN, STUCK_LOOK_AGAIN, UNANNOUNCED_SETTLE};

const STUCK: Duration = Duration::from_secs(600);
const HOUR: Duration = Duration::from_secs(3_600);

/// The truck is let go, the arm is up, and it is gone from the stop line without any loop having seen where to.
fn out_of_sight() -> Bench {
    out_of_sight_of(Bench::ready())
}

pub(super) fn out_of_sight_of(mut lane: Bench) -> Bench {
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.see(LoopPlace::Scale, false);
    lane.weigh(0);
    lane.pass(EMPTY_SETTLE);
    lane
}

#[test]
fn h6_an_exit_loop_that_sticks_is_a_fault_and_nothing_closes_over_it() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.see(LoopPlace::Exit, true);
    lane.see(LoopPlace::Scale, false);
    lane.weigh(0);
    lane.pass(STUCK - Duration::from_secs(1));
    assert!(!lane.alarms().contains(&"loop_fault"));
    lane.pass(Duration::from_secs(1));
    assert!(lane.alarms().contains(&"loop_fault"));
    assert!(lane.holds().contains(&"loop_fault"));
    lane.pass(HOUR);
    assert!(lane.closed.is_empty(), "what isn't known counts as occupied");
    lane.see(LoopPlace::Exit, false);
    lane.pass(LEFT_SETTLE);
    assert_eq!(lane.closed, [BarrierPlace::Exit], "a change heals it");
    lane.arm(BarrierPlace::Exit, Position::Closed);
    assert_eq!(lane.completed(), ["released"]);
    assert!(!lane.alarms().contains(&"loop_fault"));
}

#[test]
fn h6_an_exit_loop_that_sticks_holds_whoever_comes() {
    let mut lane = Bench::ready();
    lane.see(LoopPlace::Exit, true);
    lane.pass(STUCK);
    lane.truck_stands();
    lane.assert_held_by("loop_fault");
    lane.order(OrderKind::ClearHold, None);
    lane.assert_held_by("loop_fault");
    lane.see(LoopPlace::Exit, false);
    assert_eq!(lane.opened.len(), 1, "mended, and the lawful truck goes without an officer");
}

#[test]
fn h6_a_truck_that_is_held_for_hours_and_the_queue_behind_it_are_no_faults() {
    let mut lane = Bench::ready();
    lane.rms = Some(decision(Channel::Yellow));
    lane.truck_stands();
    lane.see(LoopPlace::Approach, true);
    lane.pass(3 * HOUR);
    assert!(!lane.alarms().contains(&"loop_fault"), "{:?}", lane.alarms());
    assert_eq!(lane.holds(), ["referred_documents"]);
}

#[test]
fn h6_a_queue_before_a_closed_lane_is_no_fault_and_a_loop_that_sticks_there_is_one_soon_after_it_opens() {
    let mut lane = Bench::ready();
    lane.order(OrderKind::CloseLane, None);
    lane.see(LoopPlace::Approach, true);
    lane.pass(3 * HOUR);
    assert!(!lane.alarms().contains(&"loop_fault"));
    lane.order(OrderKind::OpenLane, None);
    assert_eq!(lane.machine.phase(), Phase::Occupied);
    lane.pass(STUCK_LOOK_AGAIN);
    assert!(lane.alarms().contains(&"loop_fault"), "a vehicle that nothing else ever saw");
}

#[test]
fn h6_a_scale_loop_that_sticks_over_an_empty_platform_is_a_fault() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.see(LoopPlace::Exit, true);
    lane.weigh(0);
    lane.see(LoopPlace::Exit, false);
    lane.pass(STUCK);
    assert!(lane.alarms().contains(&"loop_fault"));
}

#[test]
fn d1_a_passage_that_a_stuck_approach_loop_made_is_ended_by_an_officer_s_word() {
    let mut lane = Bench::ready();
    lane.see(LoopPlace::Approach, true);
    lane.pass(STUCK);
    lane.assert_held_by("loop_fault");
    assert!(lane.order(OrderKind::ClearHold, None).expect("answered").is_ok());
    assert_eq!(lane.completed(), ["unresolved"]);
    assert_eq!(lane.machine.phase(), Phase::Vacant);
    lane.read(View::Front, "123ABC02");
    assert_eq!(lane.machine.phase(), Phase::Held, "without its approach loop the lane is not dead, and holds");
    lane.see(LoopPlace::Approach, false);
    assert_eq!(lane.holds(), Vec::<&str>::new());
    assert!(!lane.alarms().contains(&"loop_fault"));
}

#[test]
fn h7_a_vehicle_that_the_approach_loop_did_not_see_gets_a_passage_that_is_held() {
    for see in [|lane: &mut Bench| lane.see(LoopPlace::Scale, true), |lane: &mut Bench| lane.weigh(27_400)] {
        let mut lane = Bench::ready();
        see(&mut lane);
        assert_eq!(lane.machine.phase(), Phase::Vacant, "the approach loop's message may be late");
        lane.pass(UNANNOUNCED_SETTLE);
        lane.assert_held_by("loop_fault");
        assert!(lane.alarms().contains(&"loop_fault"));
        lane.read(View::Front, "123ABC02");
        lane.read(View::Rear, "45DEF02");
        lane.weigh(27_400);
        lane.assert_held_by("loop_fault");
        assert!(lane.order(OrderKind::Release, None).expect("answered").is_ok());
        lane.opened.clear();
        lane.truck_leaves();
        assert_eq!(lane.completed(), ["released"]);
        lane.see(LoopPlace::Approach, true);
        assert!(!lane.alarms().contains(&"loop_fault"), "the loop sees: it is believed again");
        assert_eq!(lane.holds(), Vec::<&str>::new());
    }
}

#[test]
fn messages_that_overtake_each_other_are_no_contradiction() {
    let mut lane = Bench::ready();
    lane.see(LoopPlace::Scale, true);
    lane.pass(UNANNOUNCED_SETTLE / 2);
    lane.see(LoopPlace::Approach, true);
    lane.pass(UNANNOUNCED_SETTLE * 2);
    assert_eq!(lane.machine.phase(), Phase::Occupied);
    assert_eq!(lane.alarms(), Vec::<&str>::new());
}

#[test]
fn a_vehicle_that_stood_there_before_the_sensors_spoke_is_held_and_accuses_no_loop() {
    let mut lane = Bench::cold(&[BarrierPlace::Exit]);
    lane.feed(Input::Link(Link::Up));
    lane.arm(BarrierPlace::Exit, Position::Closed);
    lane.see(LoopPlace::Scale, true);
    lane.see(LoopPlace::Approach, false);
    lane.see(LoopPlace::Exit, false);
    lane.pass(UNANNOUNCED_SETTLE);
    lane.assert_held_by("restarted");
    assert!(!lane.alarms().contains(&"loop_fault"));
}

#[test]
fn a_vehicle_that_came_in_by_the_exit_is_wrong_way() {
    let mut lane = Bench::ready();
    lane.see(LoopPlace::Exit, true);
    lane.see(LoopPlace::Scale, true);
    lane.see(LoopPlace::Exit, false);
    lane.pass(UNANNOUNCED_SETTLE);
    lane.assert_held_by("wrong_way");
    assert!(lane.alarms().contains(&"wrong_way") && !lane.alarms().contains(&"loop_fault"));
    lane.order(OrderKind::OpenLane, None);
    assert!(!lane.alarms().contains(&"wrong_way"), "a supervisor has dealt with it");
}

#[test]
fn h7_a_vehicle_that_no_loop_saw_leave_may_be_under_the_arm_and_nothing_closes() {
    let mut lane = out_of_sight();
    assert_eq!(lane.machine.phase(), Phase::Held);
    assert!(lane.holds().contains(&"loop_fault") && lane.alarms().contains(&"loop_fault"));
    assert_ne!(lane.signals.last().expect("a signal").light, Light::Green);
    lane.pass(HOUR);
    lane.see(LoopPlace::Approach, true);
    lane.see(LoopPlace::Approach, false);
    assert!(lane.closed.is_empty() && lane.completed().is_empty());
    for kind in [OrderKind::Release, OrderKind::Refuse, OrderKind::Refer] {
        assert_eq!(lane.order(kind, None), Some(Err(OrderRefusal::WrongState)), "{kind:?}");
    }
}

#[test]
fn d1_an_officer_who_looked_ends_the_passage_of_a_vehicle_that_is_out_of_sight() {
    let mut lane = out_of_sight();
    assert!(lane.order(OrderKind::ClearHold, None).expect("answered").is_ok());
    assert_eq!(lane.closed, [BarrierPlace::Exit]);
    lane.arm(BarrierPlace::Exit, Position::Closed);
    assert_eq!(lane.completed(), ["unresolved"]);
    assert_eq!(lane.machine.phase(), Phase::Vacant);
    assert_eq!(lane.alarms(), Vec::<&str>::new());
}

#[test]
fn an_arm_that_was_closed_by_its_key_ends_the_passage_of_a_vehicle_that_is_out_of_sight() {
    let mut lane = out_of_sight();
    lane.arm_with(BarrierPlace::Exit, Position::Closed, BarrierMode::Local, None);
    assert_eq!(lane.completed(), ["unresolved"]);
    assert!(lane.closed.is_empty());
    assert!(lane.alarms().contains(&"loop_fault"), "the exit loop still owes a change");
}

#[test]
fn a_slow_vehicle_between_two_sensors_is_found_again_and_released_as_ever() {
    let mut lane = out_of_sight();
    lane.see(LoopPlace::Exit, true);
    assert_eq!(lane.machine.phase(), Phase::Clearing);
    assert_eq!(lane.holds(), Vec::<&str>::new());
    lane.see(LoopPlace::Exit, false);
    lane.pass(LEFT_SETTLE);
    lane.arm(BarrierPlace::Exit, Position::Closed);
    assert_eq!(lane.completed(), ["released"]);
}

#[test]
fn a5_another_vehicle_that_drives_through_after_one_that_is_out_of_sight_is_an_incident() {
    let mut lane = out_of_sight();
    lane.pass(Duration::from_secs(1));
    lane.see(LoopPlace::Approach, true);
    lane.see(LoopPlace::Scale, true);
    lane.see(LoopPlace::Exit, true);
    assert!(lane.alarms().contains(&"tailgating"));
    assert_eq!(lane.machine.state(lane.now()).service, Service::Closed);
}

#[test]
fn h7_a_vehicle_that_was_lost_from_sight_before_a_restart_is_not_closed_upon_after_it() {
    let before = out_of_sight();
    let passage = before.passage();
    let records = before.journal.iter().filter(|record| record.passage == Some(passage)).cloned().collect();
    let mut after = Bench::cold(&[BarrierPlace::Exit]);
    let now = after.now();
    after.machine.restore(now, &Restored { passage, records });
    after.feed(Input::Link(Link::Up));
    LoopPlace::ALL.into_iter().for_each(|place| after.see(place, false));
    after.weigh(0);
    after.arm(BarrierPlace::Exit, Position::Open);
    after.pass(HOUR);
    assert!(after.closed.is_empty() && after.completed().is_empty());
    assert!(after.order(OrderKind::ClearHold, None).expect("answered").is_ok());
    after.arm(BarrierPlace::Exit, Position::Closed);
    assert_eq!(after.completed(), ["unresolved"]);
}

#[test]
fn a_lane_without_an_approach_loop_never_knows_that_a_vehicle_went_back_under_an_open_arm() {
    let mut lane = Bench::built(|setup| {
        setup.loops.remove(&LoopPlace::Approach);
    });
    lane.read(View::Front, "123ABC02");
    lane.read(View::Rear, "45DEF02");
    lane.see(LoopPlace::Scale, true);
    lane.weigh(27_400);
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.see(LoopPlace::Scale, false);
    lane.weigh(0);
    lane.pass(EMPTY_SETTLE);
    assert!(lane.closed.is_empty());
    assert!(lane.holds().contains(&"loop_fault"));
}

#[test]
fn h8_a_long_vehicle_that_never_left_the_approach_loop_is_seen_to_back_out() {
    let mut lane = Bench::ready();
    lane.see(LoopPlace::Approach, true);
    lane.see(LoopPlace::Scale, true);
    lane.read(View::Front, "123ABC02");
    lane.read(View::Rear, "45DEF02");
    lane.weigh(27_400);
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.see(LoopPlace::Scale, false);
    lane.pass(Duration::from_secs(3));
    lane.see(LoopPlace::Approach, false);
    // The indicator is the last to know.
    lane.pass(Duration::from_secs(1));
    lane.weigh(0);
    lane.pass(EMPTY_SETTLE);
    assert_eq!(lane.closed, [BarrierPlace::Exit]);
    lane.arm(BarrierPlace::Exit, Position::Closed);
    assert_eq!(lane.completed(), ["reversed"]);
}

#[test]
fn h7_a_chattering_exit_loop_holds_and_is_believed_again_when_it_was_quiet() {
    let mut lane = Bench::ready();
    for change in 0..=CHATTER_EDGES {
        lane.see(LoopPlace::Exit, change % 2 == 0);
        lane.pass(Duration::from_millis(20));
    }
    lane.see(LoopPlace::Exit, false);
    lane.truck_stands();
    lane.assert_held_by("loop_fault");
    assert!(
        lane.happenings
            .iter()
            .any(|h| matches!(h, Happening::LoopFault(name, LoopFault::Chattering) if name.as_str() == "exit"))
    );
    lane.pass(CHATTER_WITHIN);
    assert_eq!(lane.opened.len(), 1, "quiet again, and the lawful truck goes without an officer");
}

#[test]
fn a_loop_that_goes_wrong_while_a_decision_is_being_written_takes_it_back() {
    let mut lane = Bench::ready();
    lane.holds_receipts = true;
    lane.truck_stands();
    for change in 0..=CHATTER_EDGES + 1 {
        lane.see(LoopPlace::Exit, change % 2 == 0);
    }
    lane.acknowledge_all();
    lane.assert_held_by("loop_fault");
}

#[test]
fn a_gap_shorter_than_the_debounce_is_no_gap_and_the_arm_waits_for_a_real_one() {
    let debounce = Duration::from_millis(50);
    let mut lane = Bench::built(|setup| {
        for found in setup.loops.values_mut() {
            found.debounce = debounce;
        }
    });
    lane.pass(debounce);
    lane.truck_stands();
    lane.pass(debounce);
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.see(LoopPlace::Exit, true);
    lane.see(LoopPlace::Scale, false);
    lane.weigh(0);
    lane.see(LoopPlace::Exit, false);
    lane.pass(debounce / 2);
    lane.see(LoopPlace::Exit, true);
    lane.pass(LEFT_SETTLE * 2);
    assert!(lane.closed.is_empty());
    lane.see(LoopPlace::Exit, false);
    lane.pass(debounce + LEFT_SETTLE - Duration::from_millis(1));
    assert!(lane.closed.is_empty());
    lane.pass(Duration::from_millis(1));
    assert_eq!(lane.closed, [BarrierPlace::Exit]);
}

#[test]
fn a5_h9_a_second_vehicle_that_crosses_while_the_first_is_under_the_arm_closes_the_lane() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.see(LoopPlace::Exit, true);
    let through = |lane: &mut Bench, kg: i64| {
        lane.see(LoopPlace::Scale, kg > 0);
        lane.weigh(kg);
    };
    // The notified truck and its trailer.
    through(&mut lane, 0);
    through(&mut lane, 14_000);
    through(&mut lane, 0);
    assert!(!lane.alarms().contains(&"tailgating"), "one vehicle of two parts");
    through(&mut lane, 9_000);
    assert!(!lane.alarms().contains(&"tailgating"), "the next one may drive up to the stop line");
    through(&mut lane, 0);
    assert!(lane.alarms().contains(&"tailgating"));
    assert!(lane.holds().contains(&"tailgating"));
    assert_eq!(lane.machine.state(lane.now()).service, Service::Closed);
}

#[test]
fn a_vehicle_without_trailers_has_one_part() {
    let mut lane = Bench::ready();
    let found = Arc::make_mut(lane.matched.notification.as_mut().expect("a notification"));
    found.vehicle.trailers.clear();
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.see(LoopPlace::Exit, true);
    lane.see(LoopPlace::Scale, false);
    lane.weigh(0);
    lane.see(LoopPlace::Scale, true);
    assert!(!lane.alarms().contains(&"tailgating"));
    lane.see(LoopPlace::Scale, false);
    assert!(lane.alarms().contains(&"tailgating"));
}

#[test]
fn what_crosses_after_the_authority_is_void_is_an_incident_and_not_the_vehicle_s_release() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.pass(AUTHORITY_PASS_WITHIN);
    lane.see(LoopPlace::Exit, true);
    assert!(lane.alarms().contains(&"unknown_crossing"));
    lane.see(LoopPlace::Scale, false);
    lane.weigh(0);
    lane.see(LoopPlace::Exit, false);
    lane.arm(BarrierPlace::Exit, Position::Closed);
    lane.pass(EMPTY_SETTLE_STANDING);
    assert_eq!(lane.completed(), ["unresolved"]);
}

#[test]
fn a_vehicle_that_followed_the_first_to_the_stop_line_gets_its_passage_and_accuses_no_loop() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.see(LoopPlace::Exit, true);
    lane.see(LoopPlace::Scale, false);
    lane.weigh(0);
    lane.see(LoopPlace::Approach, true);
    lane.see(LoopPlace::Scale, true);
    lane.see(LoopPlace::Approach, false);
    lane.see(LoopPlace::Exit, false);
    lane.pass(LEFT_SETTLE);
    lane.arm(BarrierPlace::Exit, Position::Closed);
    assert_eq!(lane.completed(), ["released"]);
    assert_eq!(lane.machine.phase(), Phase::Occupied);
    assert_eq!(lane.alarms(), Vec::<&str>::new());
}

#[test]
fn a_read_for_the_next_vehicle_is_kept_until_its_passage_begins() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.see(LoopPlace::Exit, true);
    lane.see(LoopPlace::Scale, false);
    lane.weigh(0);
    lane.see(LoopPlace::Exit, false);
    lane.pass(LEFT_SETTLE);
    lane.see(LoopPlace::Approach, true);
    lane.read(View::Front, "777KZK07");
    lane.arm(BarrierPlace::Exit, Position::Closed);
    let tractor = lane.machine.state(lane.now()).passage.expect("the next one's").tractor;
    assert_eq!(tractor, Some("777KZK07".into()));
}

#[test]
fn a_vehicle_that_nothing_happens_to_is_abandoned_until_it_moves_or_is_ordered_on() {
    let (abandoned, second) = (Duration::from_secs(1_800), Duration::from_secs(1));
    let mut lane = Bench::ready();
    lane.rms = Some(decision(Channel::Yellow));
    lane.truck_stands();
    lane.pass(abandoned - second);
    lane.see(LoopPlace::Approach, true);
    lane.pass(abandoned - second);
    assert!(!lane.alarms().contains(&"abandoned"), "something happened in between");
    lane.pass(second);
    assert!(lane.alarms().contains(&"abandoned"));
    assert_eq!(lane.holds(), ["referred_documents"], "it changes no hold");
    lane.order(OrderKind::ClearHold, None);
    assert!(!lane.alarms().contains(&"abandoned"));
    lane.pass(abandoned);
    assert!(lane.alarms().contains(&"abandoned"));
    lane.order(OrderKind::Release, None);
    assert!(!lane.alarms().contains(&"abandoned"));
    lane.truck_leaves();
    lane.pass(3 * abandoned);
    assert_eq!(lane.completed(), ["released"]);
}

#[test]
fn a_vehicle_that_stands_in_a_lane_that_was_closed_is_taken_when_it_opens() {
    let mut lane = Bench::ready();
    lane.order(OrderKind::CloseLane, None);
    lane.see(LoopPlace::Approach, true);
    lane.see(LoopPlace::Approach, false);
    lane.see(LoopPlace::Scale, true);
    lane.pass(UNANNOUNCED_SETTLE * 2);
    assert_eq!(lane.machine.phase(), Phase::OutOfService);
    lane.order(OrderKind::OpenLane, None);
    assert_eq!(lane.machine.phase(), Phase::Occupied);
    assert_eq!(lane.alarms(), Vec::<&str>::new(), "the approach loop did see it");
}

#[test]
fn d1_a_vehicle_that_left_unseen_because_a_sensor_is_away_is_ended_by_an_officer_s_word() {
    let mut lane = Bench::ready();
    lane.rms = Some(decision(Channel::Yellow));
    lane.truck_stands();
    lane.health("bridge", false, None);
    lane.see(LoopPlace::Scale, false);
    lane.pass(HOUR);
    assert!(lane.completed().is_empty(), "a sensor that isn't known may see it");
    assert!(lane.order(OrderKind::ClearHold, None).expect("answered").is_ok());
    assert_eq!(lane.completed(), ["unresolved"]);
    assert_eq!(lane.machine.phase(), Phase::Vacant);
}

#[test]
fn an_officer_s_word_ends_no_passage_while_a_sensor_sees_the_vehicle_or_has_not_been_heard() {
    let mut lane = Bench::ready();
    lane.rms = Some(decision(Channel::Yellow));
    lane.truck_stands();
    lane.health("bridge", false, None);
    lane.order(OrderKind::ClearHold, None);
    assert!(lane.completed().is_empty(), "the scale's loop sees it");
    lane.feed(Input::Link(Link::Down));
    lane.feed(Input::Link(Link::Up));
    lane.order(OrderKind::ClearHold, None);
    assert!(lane.completed().is_empty(), "the loops are about to speak");
}
