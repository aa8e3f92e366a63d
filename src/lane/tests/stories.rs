//! What a shift sees: lawful trucks, holds, officers.

use super::bench::decision;
use super::*;

#[test]
fn a_lawful_truck_crosses_and_its_whole_story_is_recorded() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    assert_eq!(lane.machine.phase(), Phase::Releasing);
    assert_eq!(lane.opened.len(), 1);
    assert_eq!(lane.opened[0].authority().reason, CommandReason::Release);
    lane.truck_leaves();
    assert_eq!(lane.machine.phase(), Phase::Vacant);
    assert_eq!(lane.closed, [BarrierPlace::Exit]);
    assert_eq!(lane.completed(), ["released"]);
    let expected = [
        RecordKind::PassageOpened,
        RecordKind::Evidence,
        RecordKind::Evidence,
        RecordKind::Evidence,
        RecordKind::Matched,
        RecordKind::RiskRequested,
        RecordKind::RiskDecided,
        RecordKind::Released,
        RecordKind::BarrierCommanded,
        RecordKind::BarrierCommanded,
        RecordKind::FrontierCrossed,
        RecordKind::PassageCompleted,
    ];
    assert_eq!(lane.kinds(), expected);
}

#[test]
fn the_decision_and_its_command_are_one_batch() {
    let mut lane = Bench::ready();
    lane.holds_receipts = true;
    lane.truck_stands();
    let last = &lane.unacknowledged.last().expect("a batch").1;
    let kinds: Vec<_> = last.iter().map(|record| record.kind).collect();
    assert_eq!(
        kinds,
        [
            RecordKind::Evidence,
            RecordKind::Matched,
            RecordKind::RiskRequested,
            RecordKind::RiskDecided,
            RecordKind::Released,
            RecordKind::BarrierCommanded
        ]
    );
}

#[test]
fn the_channel_is_carried_out() {
    for (channel, hold, outcome) in [
        (Channel::Green, None, Some("released")),
        (Channel::Blue, None, Some("released_conditional")),
        (Channel::Yellow, Some("referred_documents"), None),
        (Channel::Red, Some("referred_inspection"), None),
    ] {
        let mut lane = Bench::ready();
        lane.rms = Some(decision(channel));
        lane.truck_stands();
        match hold {
            Some(code) => lane.assert_held_by(code),
            None => lane.truck_leaves(),
        }
        assert_eq!(lane.completed().first().map(String::as_str), outcome, "{channel:?}");
    }
}

#[test]
fn an_agency_that_is_not_clear_holds_with_its_name() {
    let mut lane = Bench::ready();
    let agency =
        risk::AgencyStatus { agency: "veterinary".into(), clear: false, reason: Some("no certificate".into()) };
    lane.rms = Some(RiskDecision { agencies: vec![agency], ..decision(Channel::Green) });
    lane.truck_stands();
    lane.assert_held_by("agency_hold");
    assert_eq!(lane.machine.state(lane.now()).holds[0].detail, "veterinary: no certificate");
}

#[test]
fn a_finding_holds_although_the_rms_says_green() {
    let mut lane = Bench::ready();
    lane.matched =
        MatchResult { findings: vec![Finding::hold(FindingCode::NoNotification, "none")], ..MatchResult::default() };
    lane.truck_stands();
    lane.assert_held_by("no_notification");
    assert_eq!(lane.asked.len(), 1, "the RMS is told of the finding");
    assert_eq!(lane.asked[0].findings[0].code, FindingCode::NoNotification);
}

#[test]
fn papers_that_come_late_release_the_truck_without_an_officer() {
    let mut lane = Bench::ready();
    let found = std::mem::take(&mut lane.matched);
    lane.matched.findings = vec![Finding::hold(FindingCode::NoNotification, "none")];
    lane.truck_stands();
    lane.assert_held_by("no_notification");
    lane.matched = found;
    lane.feed(Input::RegisterChanged);
    assert_eq!(lane.machine.phase(), Phase::Releasing);
    assert_eq!(lane.opened.len(), 1);
}

#[test]
fn goods_in_free_circulation_leave_as_not_subject() {
    let mut lane = Bench::ready();
    lane.matched.not_subject = true;
    lane.truck_stands();
    lane.truck_leaves();
    assert_eq!(lane.completed(), ["not_subject"]);
}

#[test]
fn missing_evidence_holds_at_its_deadline_and_the_weight_that_comes_late_is_still_used() {
    let mut lane = Bench::ready();
    lane.see(LoopPlace::Approach, true);
    lane.see(LoopPlace::Scale, true);
    lane.read(View::Front, "123ABC02");
    lane.read(View::Rear, "45DEF02");
    assert_eq!(lane.machine.phase(), Phase::Occupied);
    lane.pass(Duration::from_secs(20));
    lane.assert_held_by("evidence_missing");
    lane.weigh(27_400);
    assert_eq!(lane.machine.phase(), Phase::Releasing);
}

#[test]
fn a_read_just_before_the_approach_loop_belongs_to_the_vehicle() {
    let mut lane = Bench::ready();
    lane.read(View::Front, "123ABC02");
    assert_eq!(lane.machine.phase(), Phase::Vacant);
    lane.see(LoopPlace::Approach, true);
    let tractor = lane.machine.state(lane.now()).passage.expect("a passage").tractor;
    assert_eq!(tractor, Some("123ABC02".into()));
}

#[test]
fn the_next_truck_is_taken_when_the_first_has_left() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    lane.see(LoopPlace::Approach, true);
    lane.truck_leaves();
    assert_eq!(lane.completed(), ["released"]);
    assert_eq!(lane.machine.phase(), Phase::Occupied, "the next passage has begun");
}

#[test]
fn a_truck_as_heavy_as_the_one_before_is_weighed() {
    let mut lane = Bench::ready();
    for _ in 0..2 {
        lane.truck_stands();
        lane.truck_leaves();
    }
    assert_eq!(lane.completed(), ["released", "released"]);
}

#[test]
fn an_officer_releases_a_held_truck() {
    let mut lane = Bench::ready();
    lane.rms = Some(decision(Channel::Yellow));
    lane.truck_stands();
    assert!(lane.order(OrderKind::Release, None).expect("answered").is_ok());
    assert_eq!(lane.opened.len(), 1);
    assert_eq!(lane.opened[0].authority().reason, CommandReason::Order);
    lane.truck_leaves();
    assert_eq!(lane.completed(), ["released"]);
}

#[test]
fn a_refused_truck_backs_out_and_the_exit_stays_shut() {
    let mut lane = Bench::ready();
    lane.rms = Some(decision(Channel::Red));
    lane.truck_stands();
    assert!(lane.order(OrderKind::Refuse, None).expect("answered").is_ok());
    lane.see(LoopPlace::Scale, false);
    lane.weigh(0);
    lane.pass(EMPTY_SETTLE);
    assert_eq!(lane.completed(), ["refused"]);
    assert!(lane.opened.is_empty());
}

#[test]
fn a_referred_truck_goes_by_the_inspection_arm() {
    let mut lane = Bench::with(&[BarrierPlace::Exit, BarrierPlace::Inspection]);
    lane.rms = Some(decision(Channel::Red));
    lane.truck_stands();
    assert!(lane.order(OrderKind::Refer, None).expect("answered").is_ok());
    assert_eq!(lane.opened[0].authority().barrier, BarrierPlace::Inspection);
    lane.arm(BarrierPlace::Inspection, Position::Open);
    lane.see(LoopPlace::Scale, false);
    lane.weigh(0);
    lane.pass(EMPTY_SETTLE);
    lane.arm(BarrierPlace::Inspection, Position::Closed);
    assert_eq!(lane.completed(), ["referred_inspection"]);
    assert!(lane.closed.is_empty(), "the inspection arm has no loop: it is never told to close");
}

#[test]
fn a_closed_lane_finishes_its_truck_and_takes_no_other() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    lane.order(OrderKind::CloseLane, None);
    lane.truck_leaves();
    assert_eq!(lane.machine.phase(), Phase::OutOfService);
    lane.see(LoopPlace::Approach, true);
    assert_eq!(lane.machine.phase(), Phase::OutOfService);
    lane.order(OrderKind::OpenLane, None);
    assert_eq!(lane.machine.phase(), Phase::Occupied, "the truck on the approach loop is taken");
}

#[test]
fn one_seed_one_story() {
    let run = || {
        let mut lane = Bench::ready();
        lane.truck_stands();
        lane.truck_leaves();
        lane.journal
    };
    assert_eq!(run(), run());
}

#[test]
fn a_stop_takes_no_vehicle_and_brings_an_open_arm_down_over_a_clear_zone() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.feed(Input::Stop);
    assert_eq!(lane.closed, [BarrierPlace::Exit]);
    let mut empty = Bench::ready();
    empty.feed(Input::Stop);
    empty.see(LoopPlace::Approach, true);
    assert_eq!(empty.machine.phase(), Phase::Vacant);
}
