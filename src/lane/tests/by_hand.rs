//! Keys and evacuations: what the controller does not move, it does not command, and records (invariants B7, B8).

use super::*;

#[test]
fn b8_while_a_barrier_is_worked_by_its_key_nothing_is_commanded_and_who_passes_is_recorded_as_local() {
    let mut lane = Bench::ready();
    local(&mut lane, Position::Closed);
    lane.truck_stands();
    lane.assert_held_by("barrier_fault");
    assert_eq!(lane.alarms(), ["local_mode"]);
    local(&mut lane, Position::Open);
    assert_eq!(lane.alarms(), ["local_mode"], "somebody at the key is no burglar");
    drive_out(&mut lane);
    local(&mut lane, Position::Closed);
    assert_eq!(lane.completed(), ["local"]);
    assert!(lane.opened.is_empty() && lane.closed.is_empty());
    lane.arm(BarrierPlace::Exit, Position::Closed);
    assert!(lane.alarms().is_empty());
    lane.truck_stands();
    assert_eq!(lane.opened.len(), 1, "with the key turned back the lane works");
}

#[test]
fn b8_two_trucks_under_an_arm_that_is_held_open_by_its_key_are_two_passages() {
    let mut lane = Bench::ready();
    local(&mut lane, Position::Open);
    for _ in 0..2 {
        lane.truck_stands();
        drive_out(&mut lane);
    }
    assert_eq!(lane.completed(), ["local", "local"]);
}

#[test]
fn b8_a_truck_that_was_let_go_is_released_although_the_key_is_turned_behind_it() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.see(LoopPlace::Exit, true);
    local(&mut lane, Position::Open);
    lane.see(LoopPlace::Scale, false);
    lane.weigh(0);
    lane.see(LoopPlace::Exit, false);
    lane.pass(LEFT_SETTLE);
    assert!(lane.closed.is_empty(), "nothing is commanded");
    lane.pass(Duration::from_secs(60));
    assert_eq!(lane.completed(), ["released"], "{:?}", lane.holds());
    assert_eq!(lane.alarms(), ["local_mode"], "an arm that nobody told to close is no fault");
}

#[test]
fn b8_a_release_under_way_is_taken_back_when_somebody_turns_the_key() {
    let mut lane = Bench::ready();
    lane.holds_receipts = true;
    lane.truck_stands();
    local(&mut lane, Position::Closed);
    lane.acknowledge_all();
    assert!(lane.opened.is_empty());
    lane.assert_held_by("stricter_decision");
}

#[test]
fn b8_after_a_restart_who_crossed_by_the_key_is_still_local() {
    let mut before = Bench::ready();
    local(&mut before, Position::Open);
    before.truck_stands();
    before.see(LoopPlace::Exit, true);
    let passage = before.passage();
    let records = before.journal.iter().filter(|record| record.passage == Some(passage)).cloned().collect();
    let mut after = Bench::cold(&[BarrierPlace::Exit]);
    let now = after.now();
    after.machine.restore(now, &Restored { passage, records });
    after.feed(Input::Link(Link::Up));
    for place in LoopPlace::ALL {
        after.see(place, false);
    }
    after.weigh(0);
    local(&mut after, Position::Closed);
    after.pass(Duration::from_secs(60));
    assert_eq!(after.completed(), ["local"]);
}

#[test]
fn b7_an_evacuation_is_on_record_and_nothing_is_commanded_until_two_officers_open_the_lane() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    assert_eq!(lane.opened.len(), 1);
    evacuation(&mut lane, Position::Open);
    assert!(lane.alarms().contains(&"evacuation"), "{:?}", lane.alarms());
    assert!(!lane.alarms().contains(&"barrier_forced"), "the hardware opened it");
    let raised = lane.journal.iter().filter(|record| record.body.contains("\"alarm\":\"evacuation\"")).count();
    assert_eq!(raised, 1);
    assert_eq!(lane.machine.state(lane.now()).service, Service::Closed);
    drive_out(&mut lane);
    assert_eq!(lane.completed(), ["unresolved"]);
    let two = Some("bolat");
    assert_eq!(lane.order(OrderKind::OpenLane, two), Some(Err(OrderRefusal::WrongState)), "the line is still active");
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.truck_stands();
    lane.pass(Duration::from_secs(60));
    assert_eq!((lane.opened.len(), lane.closed.len()), (1, 0), "nothing is commanded");
    assert_eq!(lane.order(OrderKind::OpenLane, None), Some(Err(OrderRefusal::TwoOfficersNeeded)));
    assert_eq!(lane.order(OrderKind::OpenLane, Some("aigul")), Some(Err(OrderRefusal::TwoOfficersNeeded)));
    assert!(lane.order(OrderKind::OpenLane, two).is_some_and(|answer| answer.is_ok()));
    assert_eq!(lane.closed, [BarrierPlace::Exit], "two officers put the lane back");
    assert!(!lane.alarms().contains(&"evacuation"));
    lane.arm(BarrierPlace::Exit, Position::Closed);
    assert!(lane.alarms().is_empty(), "{:?}", lane.alarms());
}

#[test]
fn b7_an_evacuation_waits_for_its_two_officers_over_a_restart() {
    let mut lane = Bench::cold(&[BarrierPlace::Exit]);
    lane.machine.restore_service(Service::Closed);
    lane.machine.restore_evacuation(Evacuation::Latched);
    lane.devices_speak(&[BarrierPlace::Exit]);
    assert_eq!(lane.alarms(), ["evacuation"]);
    assert_eq!(lane.order(OrderKind::OpenLane, None), Some(Err(OrderRefusal::TwoOfficersNeeded)));
    assert!(lane.order(OrderKind::OpenLane, Some("bolat")).is_some_and(|answer| answer.is_ok()));
    lane.truck_stands();
    assert_eq!(lane.opened.len(), 1);
}

#[test]
fn b7_a_lane_that_was_closed_before_the_evacuation_is_on_record_as_evacuated_too() {
    let mut lane = Bench::ready();
    assert!(lane.order(OrderKind::CloseLane, None).is_some_and(|answer| answer.is_ok()));
    evacuation(&mut lane, Position::Open);
    let last = lane.journal.iter().rfind(|record| record.kind == RecordKind::ServiceChanged).expect("on record");
    assert!(last.body.contains("\"evacuation\":\"latched\""), "{}", last.body);
}

fn local(lane: &mut Bench, position: Position) {
    lane.arm_with(BarrierPlace::Exit, position, BarrierMode::Local, None);
}

fn evacuation(lane: &mut Bench, position: Position) {
    lane.arm_with(BarrierPlace::Exit, position, BarrierMode::Remote, Some("evacuation"));
}

/// The truck drives over the exit loop and away.
fn drive_out(lane: &mut Bench) {
    lane.see(LoopPlace::Exit, true);
    lane.see(LoopPlace::Scale, false);
    lane.weigh(0);
    lane.see(LoopPlace::Exit, false);
    lane.pass(LEFT_SETTLE);
}
