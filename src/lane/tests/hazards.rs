//! Hazards of the safety case that the machine alone must answer, by their ids.

use super::bench::decision;
use super::*;

#[test]
fn h1_a_read_of_low_confidence_names_no_plate() {
    let mut lane = Bench::ready();
    lane.see(LoopPlace::Approach, true);
    lane.see(LoopPlace::Scale, true);
    lane.read_as(View::Front, "123ABC02", None, 0.2);
    lane.read(View::Rear, "45DEF02");
    lane.weigh(27_400);
    lane.pass(Duration::from_secs(20));
    lane.assert_held_by("evidence_missing");
}

#[test]
fn h21_a_command_that_is_not_ours_is_an_alarm_and_moves_nothing() {
    let mut lane = Bench::ready();
    for _ in 0..3 {
        lane.feed(Input::Intrusion(Intrusion::Command(BarrierPlace::Exit)));
        lane.feed(Input::Intrusion(Intrusion::Retained("plate")));
    }
    let alarms = lane.machine.state(lane.now()).alarms;
    assert!(alarms.contains(&Alarm::ForeignCommand) && alarms.contains(&Alarm::RetainedMessage));
    assert!(lane.opened.is_empty() && lane.closed.is_empty());
    lane.truck_stands();
    assert_eq!(lane.opened.len(), 1, "the lawful truck goes all the same");
}

#[test]
fn h8_a_vehicle_that_reverses_out_ends_its_passage() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    lane.see(LoopPlace::Scale, false);
    lane.weigh(0);
    lane.pass(EMPTY_SETTLE);
    assert_eq!(lane.closed, [BarrierPlace::Exit], "the open command is out: the arm is told to stay down");
    assert_eq!(lane.completed(), ["reversed"]);
    lane.arm(BarrierPlace::Exit, Position::Opening);
    assert!(lane.machine.state(lane.now()).alarms.contains(&Alarm::BarrierForced));
}

#[test]
fn h14_a_barrier_that_lost_power_is_proved_again_before_it_is_commanded() {
    let mut lane = Bench::ready();
    let exit = DeviceName::new("exit").expect("a name");
    let at = lane.now().wall;
    let health = |online| DeviceHealth { online, session: Some("s1".into()), detail: None, at };
    lane.feed(Input::Observed(Observation::Health(exit.clone(), health(true))));
    lane.feed(Input::Observed(Observation::Health(exit.clone(), health(false))));
    lane.truck_stands();
    lane.assert_held_by("device_lost");
    lane.feed(Input::Observed(Observation::Health(exit, health(true))));
    assert!(lane.opened.is_empty(), "alive, but its position is not proved");
    lane.arm(BarrierPlace::Exit, Position::Closed);
    assert_eq!(lane.opened.len(), 1, "proved again, and the lawful truck goes without an officer");
}

#[test]
fn a2_h18_a_weight_from_before_the_bus_was_down_proves_no_vehicle() {
    let mut lane = Bench::ready();
    lane.see(LoopPlace::Approach, true);
    lane.see(LoopPlace::Scale, true);
    lane.weigh(27_400);
    lane.feed(Input::Link(Link::Down));
    // Meanwhile it is gone, whichever way, and the reading of the empty scale was lost.
    lane.feed(Input::Link(Link::Up));
    for place in [LoopPlace::Approach, LoopPlace::Scale, LoopPlace::Exit] {
        lane.see(place, false);
    }
    lane.arm(BarrierPlace::Exit, Position::Closed);
    lane.read(View::Front, "123ABC02");
    lane.read(View::Rear, "45DEF02");
    assert!(matches!(lane.order(OrderKind::Release, None), Some(Err(OrderRefusal::PresenceUnknown))));
    lane.order(OrderKind::ClearHold, None);
    assert!(lane.opened.is_empty(), "nobody is known to stand there");
}

#[test]
fn h18_without_the_bus_the_lane_holds_and_recovers_by_itself() {
    let mut lane = Bench::ready();
    lane.see(LoopPlace::Approach, true);
    lane.see(LoopPlace::Scale, true);
    lane.feed(Input::Link(Link::Down));
    lane.assert_held_by("bus_down");
    lane.feed(Input::Link(Link::Up));
    assert_eq!(lane.machine.phase(), Phase::Occupied);
    for (place, occupied) in [(LoopPlace::Approach, false), (LoopPlace::Scale, true), (LoopPlace::Exit, false)] {
        lane.see(place, occupied);
    }
    lane.arm(BarrierPlace::Exit, Position::Closed);
    lane.read(View::Front, "123ABC02");
    lane.read(View::Rear, "45DEF02");
    lane.weigh(27_400);
    assert_eq!(lane.opened.len(), 1);
}

#[test]
fn h20_a_redelivered_read_changes_nothing() {
    let mut lane = Bench::ready();
    lane.rms = Some(decision(Channel::Yellow));
    lane.truck_stands();
    let (records, asked) = (lane.journal.len(), lane.asked.len());
    let read = PlateRead {
        read_id: "r1".into(),
        track: None,
        at: lane.now().wall,
        plate: Some("123ABC02".into()),
        confidence: Some(0.95),
        country: None,
        view: View::Front,
        candidates: vec![],
        image: None,
    };
    lane.feed(Input::Observed(Observation::Plate(DeviceName::new("front").expect("a name"), read)));
    assert_eq!((lane.journal.len(), lane.asked.len()), (records, asked));
}

#[test]
fn h22_an_old_death_after_a_new_birth_is_ignored() {
    let mut lane = Bench::ready();
    let exit = DeviceName::new("exit").expect("a name");
    let at = lane.now().wall;
    let health = |online, session: &str| DeviceHealth { online, session: Some(session.into()), detail: None, at };
    lane.feed(Input::Observed(Observation::Health(exit.clone(), health(true, "new"))));
    lane.feed(Input::Observed(Observation::Health(exit, health(false, "old"))));
    lane.truck_stands();
    assert_eq!(lane.opened.len(), 1);
}

#[test]
fn h27_an_answer_for_another_request_is_ignored() {
    let mut lane = Bench::ready();
    lane.rms = None;
    lane.truck_stands();
    lane.answer_risk(Uuid::from_u128(77), decision(Channel::Green));
    lane.feed(Input::Wake);
    assert_eq!(lane.machine.phase(), Phase::Assessing);
    assert!(lane.opened.is_empty());
    assert!(lane.happenings.contains(&Happening::AnswerIgnored));
}

#[test]
fn h31_a_stepped_clock_voids_a_pending_authority() {
    let mut lane = Bench::ready();
    lane.holds_receipts = true;
    lane.truck_stands();
    lane.feed(Input::Clock(Clock::Stepped));
    lane.acknowledge_all();
    lane.assert_held_by("stricter_decision");
}

#[test]
fn a_revised_plate_is_judged_again_before_the_arm_opens() {
    let mut lane = Bench::ready();
    lane.see(LoopPlace::Approach, true);
    lane.see(LoopPlace::Scale, true);
    lane.read_as(View::Front, "123ABC02", Some("t1"), 0.9);
    lane.read(View::Rear, "45DEF02");
    lane.holds_receipts = true;
    lane.weigh(27_400);
    lane.matched =
        MatchResult { findings: vec![Finding::hold(FindingCode::NoNotification, "none")], ..MatchResult::default() };
    lane.read_as(View::Front, "128ABC02", Some("t1"), 0.9);
    lane.acknowledge_all();
    lane.assert_held_by("no_notification");
}

#[test]
fn h32_while_the_disk_is_nearly_full_nothing_new_opens_and_with_room_the_lane_goes_on() {
    let mut lane = Bench::ready();
    lane.feed(Input::Room(Room::Short));
    assert_eq!(lane.alarms(), ["disk_low"]);
    lane.truck_stands();
    lane.assert_held_by("disk_low");
    assert_eq!(lane.order(OrderKind::Release, None), Some(Err(OrderRefusal::JournalUnavailable)));
    assert!(lane.order(OrderKind::ClearHold, None).is_some());
    lane.assert_held_by("disk_low");
    lane.feed(Input::Room(Room::Enough));
    assert_eq!(lane.opened.len(), 1, "the verdict stands again");
    assert!(lane.alarms().is_empty() && lane.holds().is_empty());
}

#[test]
fn h32_a_truck_that_was_let_go_before_the_disk_ran_full_leaves_and_its_passage_is_closed() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    assert_eq!(lane.opened.len(), 1);
    lane.feed(Input::Room(Room::Short));
    lane.truck_leaves();
    assert_eq!(lane.completed(), ["released"]);
    assert_eq!(lane.opened.len(), 1);
}

#[test]
fn h32_an_authority_whose_record_comes_back_when_the_disk_is_nearly_full_opens_nothing() {
    let mut lane = Bench::ready();
    lane.holds_receipts = true;
    lane.truck_stands();
    lane.feed(Input::Room(Room::Short));
    lane.acknowledge_all();
    lane.assert_held_by("disk_low");
}

#[test]
fn h45_a_reading_of_a_device_that_the_lane_does_not_have_is_no_evidence() {
    let mut lane = Bench::ready();
    lane.see(LoopPlace::Approach, true);
    let stranger = DeviceName::new("stranger").expect("a name");
    let at = lane.now().wall;
    let (stability, method) = (Stability::Stable, WeighMethod::Static);
    let reading = WeightReading {
        gross_kg: 27_400,
        stability,
        method,
        axles_kg: None,
        spacings_cm: None,
        indicated: None,
        raw: None,
        at,
    };
    lane.feed(Input::Observed(Observation::Weight(stranger, reading)));
    assert_eq!(lane.machine.state(lane.now()).passage.expect("a passage").gross_kg, None);
    assert!(lane.happenings.contains(&Happening::StrangerIgnored));
}
