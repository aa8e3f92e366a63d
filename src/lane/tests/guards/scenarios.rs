//! Guards that the small world can't show: it has no pairs of loops, no scale, no second device, no agencies.

use super::super::bench::decision;
use super::super::loops::out_of_sight_of;
use super::super::pairs::{drive_over, paired, stand_read};
use super::*;
use crate::model::risk::{AgencyStatus, Assessment};

/// Whether the invariant fell in a lane whose machine is as `Bench` left it.
type Scenario = fn(Option<Guard>) -> bool;

const SCENARIOS: [(Guard, Scenario); 16] = [
    (Guard::EarlyFresh, an_old_read_becomes_the_next_vehicle_s),
    (Guard::PairCounted, three_parts_of_two_pass_the_exit_pair),
    (Guard::FollowerHolds, a_truck_with_another_behind_it_is_let_go),
    (Guard::DecisionValid, a_decision_that_is_over_releases),
    (Guard::LostDeviceHolds, a_truck_goes_without_a_device_that_is_required),
    (Guard::AgencyHolds, an_agency_s_word_is_passed_over),
    (Guard::EarlierStands, an_earlier_decision_that_is_over_releases),
    (Guard::SightLost, an_arm_comes_down_over_a_vehicle_out_of_sight),
    (Guard::LoopFaultHolds, a_truck_goes_although_the_exit_loop_chatters),
    (Guard::ProofDies, an_arm_without_power_is_commanded),
    (Guard::OwnWeight, the_last_vehicle_s_weight_is_taken),
    (Guard::SingleOnScale, the_weight_of_two_is_taken),
    (Guard::WeighedStanding, a_vehicle_that_drives_off_is_weighed),
    (Guard::OwnDevices, a_stranger_s_plate_is_evidence),
    (Guard::EarlyBounded, early_reads_grow_without_bound),
    (Guard::OfficersWay, nobody_can_end_a_passage_out_of_sight),
];

#[test]
fn a_guard_that_only_a_scenario_shows_is_missed_there() {
    for (guard, falls) in SCENARIOS {
        assert!(!falls(None), "{guard:?} holds");
        assert!(falls(Some(guard)), "{guard:?} is not missed");
        println!("{guard:?}: {} falls in a scenario", guard.invariants()[0]);
    }
    for guard in Guard::ALL {
        let scenarios = SCENARIOS.iter().filter(|(shown, _)| *shown == guard).count();
        assert_eq!(scenarios, usize::from(world_of(guard).is_none()), "{guard:?} is shown once");
    }
}

fn turned(mut lane: Bench, off: Option<Guard>) -> Bench {
    off.into_iter().for_each(|guard| lane.machine.turn_off(guard));
    lane
}

fn an_old_read_becomes_the_next_vehicle_s(off: Option<Guard>) -> bool {
    let mut lane = turned(Bench::ready(), off);
    lane.read(View::Front, "123ABC02");
    lane.pass(Duration::from_secs(60));
    lane.see(LoopPlace::Approach, true);
    lane.machine.state(lane.now()).passage.is_some_and(|passage| passage.tractor.is_some())
}

fn three_parts_of_two_pass_the_exit_pair(off: Option<Guard>) -> bool {
    let mut lane = turned(paired(&[LoopPlace::Exit]), off);
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.see(LoopPlace::Exit, true);
    lane.see_b(LoopPlace::Exit, true);
    for _ in 0..3 {
        lane.see(LoopPlace::Exit, false);
        lane.see(LoopPlace::Exit, true);
    }
    !lane.alarms().contains(&"tailgating")
}

fn a_truck_with_another_behind_it_is_let_go(off: Option<Guard>) -> bool {
    let mut lane = turned(paired(&[LoopPlace::Approach]), off);
    lane.rms = None;
    drive_over(&mut lane, LoopPlace::Approach);
    stand_read(&mut lane);
    lane.weigh(27_400);
    drive_over(&mut lane, LoopPlace::Approach);
    lane.answer_with(|request| RiskDecision { request_id: request, ..decision(Channel::Green) }.into());
    !lane.opened.is_empty()
}

fn a_decision_that_is_over_releases(off: Option<Guard>) -> bool {
    let mut lane = turned(Bench::ready(), off);
    let past = Timestamp::from_unix_micros(0);
    lane.rms = Some(RiskDecision { valid_until: Some(past), ..decision(Channel::Green) });
    lane.truck_stands();
    !lane.opened.is_empty()
}

fn a_truck_goes_without_a_device_that_is_required(off: Option<Guard>) -> bool {
    let mut lane = turned(Bench::ready(), off);
    lane.health("front", true, Some("a"));
    lane.health("front", false, Some("a"));
    lane.truck_stands();
    !lane.opened.is_empty()
}

fn an_agency_s_word_is_passed_over(off: Option<Guard>) -> bool {
    let mut lane = turned(Bench::ready(), off);
    let agencies = vec![AgencyStatus { agency: "veterinary".into(), clear: false, reason: None }];
    lane.rms = Some(RiskDecision { agencies, ..decision(Channel::Green) });
    lane.truck_stands();
    !lane.opened.is_empty()
}

fn an_earlier_decision_that_is_over_releases(off: Option<Guard>) -> bool {
    let mut lane = turned(Bench::ready(), off);
    let at = lane.now().wall;
    lane.rms = None;
    lane.matched.findings = vec![Finding::hold(FindingCode::WeightDiscrepancy, "heavier than notified")];
    lane.matched.assessed = Some(Assessment {
        notification: "N-1".into(),
        revision: 1,
        declarations: vec![],
        decision: decision(Channel::Green),
        asked_at: at,
        decided_at: at,
    });
    lane.truck_stands();
    // The bench hands the earlier decision in as the shell does: it must not count here.
    lane.machine.state(lane.now()).passage.is_some_and(|passage| passage.channel == Some(Channel::Green))
}

fn an_arm_comes_down_over_a_vehicle_out_of_sight(off: Option<Guard>) -> bool {
    let lane = out_of_sight_of(turned(Bench::ready(), off));
    !lane.closed.is_empty()
}

fn a_truck_goes_although_the_exit_loop_chatters(off: Option<Guard>) -> bool {
    let mut lane = turned(Bench::ready(), off);
    lane.holds_receipts = true;
    lane.truck_stands();
    for change in 0..=crate::lane::setup::CHATTER_EDGES + 1 {
        lane.see(LoopPlace::Exit, change % 2 == 0);
    }
    lane.acknowledge_all();
    !lane.opened.is_empty()
}

fn an_arm_without_power_is_commanded(off: Option<Guard>) -> bool {
    let mut lane = turned(Bench::ready(), off);
    lane.rms = Some(decision(Channel::Yellow));
    lane.truck_stands();
    lane.health("exit", true, Some("a"));
    lane.health("exit", false, Some("a"));
    lane.order(OrderKind::Release, Some("bolat"));
    !lane.opened.is_empty()
}

fn the_last_vehicle_s_weight_is_taken(off: Option<Guard>) -> bool {
    let mut lane = turned(Bench::ready(), off);
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.see(LoopPlace::Exit, true);
    lane.see(LoopPlace::Scale, false);
    lane.see(LoopPlace::Exit, false);
    lane.pass(LEFT_SETTLE);
    lane.arm(BarrierPlace::Exit, Position::Closed);
    lane.see(LoopPlace::Approach, true);
    lane.weigh(27_400);
    lane.weighed().is_some()
}

fn the_weight_of_two_is_taken(off: Option<Guard>) -> bool {
    let mut lane = turned(paired(&[LoopPlace::Approach]), off);
    drive_over(&mut lane, LoopPlace::Approach);
    stand_read(&mut lane);
    drive_over(&mut lane, LoopPlace::Approach);
    lane.weigh(54_000);
    lane.weighed().is_some()
}

fn a_vehicle_that_drives_off_is_weighed(off: Option<Guard>) -> bool {
    let mut lane = turned(Bench::ready(), off);
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.see(LoopPlace::Exit, true);
    // Half of it is off the platform.
    lane.weigh(9_000);
    lane.weighed() != Some(27_400)
}

fn a_stranger_s_plate_is_evidence(off: Option<Guard>) -> bool {
    let mut lane = turned(Bench::ready(), off);
    lane.see(LoopPlace::Approach, true);
    let read = PlateRead {
        read_id: "s1".into(),
        track: None,
        at: lane.now().wall,
        plate: Some("123ABC02".into()),
        confidence: Some(0.95),
        country: None,
        view: View::Front,
        candidates: vec![],
        image: None,
    };
    let stranger = DeviceName::new("stranger").expect("a name");
    lane.feed(Input::Observed(Observation::Plate(stranger, read)));
    lane.machine.state(lane.now()).passage.is_some_and(|passage| passage.tractor.is_some())
}

fn early_reads_grow_without_bound(off: Option<Guard>) -> bool {
    let mut lane = turned(Bench::ready(), off);
    for _ in 0..20 {
        lane.read(View::Front, "123ABC02");
    }
    lane.machine.early.len() > crate::lane::setup::EARLY_READS_MAX
}

fn nobody_can_end_a_passage_out_of_sight(off: Option<Guard>) -> bool {
    let mut lane = out_of_sight_of(turned(Bench::ready(), off));
    let orders = [OrderKind::ClearHold, OrderKind::Release, OrderKind::Refuse, OrderKind::Refer];
    !orders.into_iter().any(|kind| lane.order(kind, Some("bolat")).is_some_and(|answer| answer.is_ok()))
}
