//! Which readings are weights, and whose.

use super::bench::decision;
use super::*;
use crate::lane::setup::{FROZEN_AFTER, READING_KG_MAX};

/// A lane whose scale is as `change` makes it, with a truck that stands there, read and not weighed.
fn unweighed(change: impl FnOnce(&mut ScaleSetup)) -> Bench {
    let mut lane = Bench::built(|setup| change(setup.scale.as_mut().expect("a scale")));
    drive_up(&mut lane);
    lane
}

fn drive_up(lane: &mut Bench) {
    lane.see(LoopPlace::Approach, true);
    lane.see(LoopPlace::Scale, true);
    lane.see(LoopPlace::Approach, false);
    lane.read(View::Front, "123ABC02");
    lane.read(View::Rear, "45DEF02");
}

fn reading(lane: &Bench, gross_kg: i64, method: WeighMethod) -> WeightReading {
    WeightReading {
        gross_kg,
        stability: Stability::Stable,
        method,
        axles_kg: None,
        spacings_cm: None,
        indicated: None,
        raw: None,
        at: lane.now().wall,
    }
}

fn unused(lane: &Bench, reason: Unused) -> usize {
    lane.happenings.iter().filter(|happening| **happening == Happening::ReadingUnused(reason)).count()
}

#[track_caller]
fn assert_not_weighed(lane: &mut Bench, reason: Unused, told: &str) {
    assert_eq!(lane.weighed(), None);
    assert!(unused(lane, reason) > 0);
    lane.pass(Duration::from_secs(20));
    lane.assert_held_by("evidence_missing");
    let state = lane.machine.state(lane.now());
    let detail = &state.holds.iter().find(|hold| hold.code.as_str() == "evidence_missing").expect("held").detail;
    assert_eq!(detail, &format!("weight: {told}"));
}

#[test]
fn below_20_divisions_and_above_max_a_weight_is_not_for_decision() {
    for (kg, reason, told) in [
        (980, Unused::BelowMinimum, "it is below 20 divisions of the scale"),
        (60_050, Unused::AboveMaximum, "it is above the scale's maximum"),
    ] {
        let mut lane = unweighed(|scale| (scale.division_kg, scale.max_kg) = (Some(50), Some(60_000)));
        lane.weigh(kg);
        assert_not_weighed(&mut lane, reason, told);
    }
    for kg in [1_000, 60_000] {
        let mut lane = unweighed(|scale| (scale.division_kg, scale.max_kg) = (Some(50), Some(60_000)));
        lane.weigh(kg);
        assert_eq!(lane.weighed(), Some(kg), "the edges are within");
    }
}

#[test]
fn h15_far_below_zero_and_nonsense_are_no_weights_and_prove_no_empty_platform() {
    let mut lane = unweighed(|_| {});
    lane.weigh(-400);
    assert_not_weighed(&mut lane, Unused::BelowZero, "the scale shows far below zero");
    for kg in [i64::MIN, i64::MAX, READING_KG_MAX + 1] {
        let mut lane = unweighed(|_| {});
        lane.weigh(kg);
        assert_not_weighed(&mut lane, Unused::Nonsense, "the scale sends what no scale weighs");
    }
    let mut lane = unweighed(|_| {});
    for axles in [vec![1_000; 33], vec![-1], vec![i64::MAX]] {
        let axles_kg = Some(axles);
        lane.weigh_by(WeightReading { axles_kg, ..reading(&lane, 27_400, WeighMethod::Static) });
    }
    assert_eq!((lane.weighed(), unused(&lane, Unused::Nonsense)), (None, 3));
}

#[test]
fn static_axle_by_axle_and_in_motion_weights_are_never_mixed() {
    let all = [WeighMethod::Static, WeighMethod::AxleByAxle, WeighMethod::InMotion];
    for own in all {
        for sent in all {
            let mut lane = unweighed(|scale| scale.method = own);
            lane.happenings.clear();
            let sent_reading = reading(&lane, 27_400, sent);
            lane.weigh_by(sent_reading);
            let expected = (own == sent).then_some(27_400);
            assert_eq!(lane.weighed(), expected, "{own:?} scale, {sent:?} reading");
            assert_eq!(unused(&lane, Unused::OtherMethod) > 0, own != sent);
        }
    }
}

#[test]
fn b9_a_weight_is_used_only_if_zero_was_seen_since_the_last_vehicle() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.see(LoopPlace::Exit, true);
    lane.see(LoopPlace::Scale, false);
    lane.weigh(9_000);
    lane.see(LoopPlace::Exit, false);
    lane.pass(LEFT_SETTLE);
    lane.arm(BarrierPlace::Exit, Position::Closed);
    assert_eq!(lane.completed(), ["released"]);
    lane.matched.findings.clear();
    drive_up(&mut lane);
    for kg in [9_000, 18_000, 31_000] {
        lane.weigh(kg);
    }
    assert_eq!(lane.weighed(), None, "the platform was never empty in between");
    let told = "the platform was not seen empty since the last vehicle";
    lane.opened.clear();
    assert_not_weighed(&mut lane, Unused::NotEmptied, told);
    lane.weigh(120);
    lane.weigh(31_000);
    assert_eq!(lane.weighed(), Some(31_000), "it rolled off, and was weighed again");
}

#[test]
fn h15_an_indicator_that_stands_still_on_a_platform_that_was_left_is_a_fault_and_proves_nothing() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.see(LoopPlace::Exit, true);
    lane.see(LoopPlace::Scale, false);
    lane.see(LoopPlace::Exit, false);
    lane.pass(LEFT_SETTLE);
    lane.arm(BarrierPlace::Exit, Position::Closed);
    for _ in 0..FROZEN_AFTER.as_secs() {
        lane.weigh(27_400);
        assert!(!lane.alarms().contains(&"scale_fault"));
        lane.pass(Duration::from_secs(1));
    }
    lane.weigh(27_400);
    assert!(lane.alarms().contains(&"scale_fault"));
    assert_eq!(lane.machine.phase(), Phase::Vacant, "a frozen weight is no vehicle");
    lane.opened.clear();
    drive_up(&mut lane);
    lane.weigh(27_400);
    assert_eq!(lane.weighed(), None);
    lane.weigh(0);
    assert!(!lane.alarms().contains(&"scale_fault"), "it moves again");
    lane.weigh(27_400);
    assert_eq!(lane.weighed(), Some(27_400));
}

#[test]
fn a_weight_without_stability_is_looked_at_anew_when_the_platform_was_empty_in_between() {
    let mut lane = unweighed(|_| {});
    for kg in [27_400, 27_400, 0, 27_400] {
        lane.weigh_as(kg, Stability::Unknown);
        lane.pass(Duration::from_millis(500));
    }
    assert_eq!(lane.weighed(), None);
}

#[test]
fn b9_the_weighing_of_the_last_vehicle_told_once_more_is_not_the_next_one_s() {
    let mut lane = unweighed(|scale| scale.method = WeighMethod::InMotion);
    let last = reading(&lane, 27_400, WeighMethod::InMotion);
    lane.weigh_by(last.clone());
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.see(LoopPlace::Exit, true);
    lane.see(LoopPlace::Scale, false);
    lane.see(LoopPlace::Exit, false);
    lane.pass(LEFT_SETTLE);
    lane.arm(BarrierPlace::Exit, Position::Closed);
    assert_eq!(lane.completed(), ["released"]);
    drive_up(&mut lane);
    lane.weigh_by(last);
    assert_eq!((lane.weighed(), unused(&lane, Unused::Repeated)), (None, 1));
    let as_heavy = reading(&lane, 27_400, WeighMethod::InMotion);
    lane.weigh_by(as_heavy);
    assert_eq!(lane.weighed(), Some(27_400), "another one that is as heavy is weighed");
}

#[test]
fn a_scale_that_vehicles_do_not_stand_on_does_not_say_where_they_are() {
    let mut lane = unweighed(|scale| scale.method = WeighMethod::AxleByAxle);
    lane.rms = Some(decision(Channel::Red));
    let whole = reading(&lane, 27_400, WeighMethod::AxleByAxle);
    lane.weigh_by(whole);
    assert!(lane.order(OrderKind::Refuse, None).expect("answered").is_ok());
    lane.see(LoopPlace::Scale, false);
    lane.pass(EMPTY_SETTLE);
    assert_eq!(lane.completed(), ["refused"], "no zero is owed");
}

#[test]
fn the_journal_keeps_the_raw_frame_the_indicator_s_record_number_and_the_axles() {
    let mut lane = unweighed(|scale| scale.method = WeighMethod::AxleByAxle);
    let indicated =
        Indicated { gross_kg: "27396.5".into(), net_kg: None, tare_kg: None, record: Some("000417".into()) };
    let whole = WeightReading {
        axles_kg: Some(vec![7_400, 10_000, 10_000]),
        spacings_cm: Some(vec![380, 130]),
        indicated: Some(indicated),
        raw: Some("53205320".into()),
        ..reading(&lane, 27_400, WeighMethod::AxleByAxle)
    };
    lane.weigh_by(whole);
    let mut evidence = lane.journal.iter().filter(|record| record.kind == RecordKind::Evidence);
    let body = evidence.next_back().map(|record| record.body.as_str()).expect("journaled");
    for kept in ["\"raw\":\"53205320\"", "\"record\":\"000417\"", "\"gross_kg\":\"27396.5\"", "\"axle_by_axle\""] {
        assert!(body.contains(kept), "{kept} is not in {body}");
    }
    let axles = Axles { loads_kg: vec![7_400, 10_000, 10_000], spacings_cm: vec![380, 130] };
    assert_eq!(lane.queries.last().expect("asked").axles, Some(axles), "the register judges them by the limits");
}
