//! The RMS is away: what the site has configured happens, and everybody can see it (hazard 26).

use super::bench::decision;
use super::*;
use crate::model::risk::{AgencyStatus, Assessment, ReasonedDecision, RiskKind};

#[test]
fn h26_a_decision_without_the_rms_raises_the_alarm_and_a_decision_with_it_clears_it() {
    let mut lane = Bench::ready();
    lane.rms = None;
    lane.truck_stands();
    let degraded = Some("the RMS did not answer in time".to_owned());
    lane.answer_with(|request| {
        let decision = RiskDecision { request_id: request, ..decision(Channel::Yellow) };
        RiskAnswer::Decided(Box::new(ReasonedDecision { degraded: degraded.clone(), ..decision.into() }))
    });
    lane.assert_held_by("referred_documents");
    assert_eq!(alarms(&lane), [Alarm::RiskDegraded]);
    assert!(lane.order(OrderKind::ClearHold, None).is_some_and(|answer| answer.is_ok()));
    lane.answer_with(|request| RiskDecision { request_id: request, ..decision(Channel::Green) }.into());
    assert_eq!(alarms(&lane), []);
    lane.assert_held_by("referred_documents");
}

#[test]
fn h26_a_decision_taken_before_arrival_does_not_say_that_the_rms_is_back() {
    let mut lane = Bench::ready();
    lane.rms = None;
    lane.truck_stands();
    lane.answer_with(|_| RiskAnswer::unavailable("the RMS did not answer in time"));
    let at = lane.now().wall;
    lane.matched.assessed = Some(Assessment {
        notification: "N-1".into(),
        revision: 1,
        declarations: vec![],
        decision: decision(Channel::Green),
        asked_at: at,
        decided_at: at,
    });
    assert!(lane.order(OrderKind::ClearHold, None).is_some_and(|answer| answer.is_ok()));
    assert!(lane.happenings.contains(&Happening::Decided(RiskKind::PreArrival)));
    assert_eq!(alarms(&lane), [Alarm::RiskDegraded]);
}

#[test]
fn a_repeated_word_of_an_agency_is_on_record_once() {
    let mut lane = Bench::ready();
    lane.rms = None;
    lane.truck_stands();
    lane.answer_with(|request| RiskDecision { request_id: request, ..decision(Channel::Yellow) }.into());
    let agency = AgencyStatus { agency: "veterinary".into(), clear: false, reason: None };
    for _ in 0..2 {
        let agencies = vec![agency.clone()];
        lane.answer_with(|request| RiskDecision { request_id: request, agencies, ..decision(Channel::Green) }.into());
    }
    lane.assert_held_by("agency_hold");
    let decided = lane.journal.iter().filter(|record| record.kind == RecordKind::RiskDecided).count();
    assert_eq!(decided, 2, "the decision, and the agency's word");
}

#[test]
fn h26_without_any_decision_the_channel_is_unknown_and_not_green() {
    let mut lane = Bench::ready();
    lane.rms = None;
    lane.truck_stands();
    lane.answer_with(|_| RiskAnswer::unavailable("the RMS did not answer in time"));
    lane.assert_held_by("risk_unavailable");
    assert_eq!(alarms(&lane), [Alarm::RiskDegraded]);
    let state = lane.machine.state(lane.now());
    assert_eq!(state.passage.expect("a passage").channel, None);
}

#[test]
fn h26_what_the_edge_found_stands_beside_the_hold_and_after_it() {
    let mut lane = Bench::ready();
    lane.rms = None;
    lane.truck_stands();
    lane.answer_with(|request| {
        let stands = RiskDecision { request_id: request, ..decision(Channel::Red) };
        RiskAnswer::Unavailable { why: "it is down".into(), stands: Some(Box::new(stands.into())) }
    });
    lane.assert_held_by("risk_unavailable");
    lane.assert_held_by("referred_inspection");
    assert_eq!(lane.order(OrderKind::Release, None), Some(Err(OrderRefusal::TwoOfficersNeeded)));
    assert!(lane.order(OrderKind::ClearHold, None).is_some_and(|answer| answer.is_ok()));
    lane.answer_with(|request| RiskDecision { request_id: request, ..decision(Channel::Green) }.into());
    lane.assert_held_by("referred_inspection");
    assert!(lane.opened.is_empty());
}

#[test]
fn each_vehicle_counts_once_as_selected_and_an_officers_own_referral_is_manual() {
    let sources = |lane: &Bench| -> Vec<Source> {
        let told = lane.happenings.iter().filter_map(|happening| match happening {
            Happening::Selected(source) => Some(*source),
            Happening::Completed { .. }
            | Happening::Took(..)
            | Happening::Held(_)
            | Happening::Found(_)
            | Happening::Travelled(..)
            | Happening::ArmFault(_)
            | Happening::Decided(_)
            | Happening::ReadingUnused(_)
            | Happening::LoopFault(..)
            | Happening::DeviceLost(..)
            | Happening::DeviceUp(_)
            | Happening::AnswerIgnored
            | Happening::DriverCalled
            | Happening::StrangerHeard(_)
            | Happening::StrangerIgnored => None,
        });
        told.collect()
    };
    let mut lane = Bench::ready();
    lane.rms = Some(decision(Channel::Yellow));
    lane.truck_stands();
    assert!(lane.order(OrderKind::ClearHold, None).is_some_and(|answer| answer.is_ok()));
    assert!(lane.order(OrderKind::Refer, None).is_some_and(|answer| answer.is_ok()));
    assert_eq!(sources(&lane), [Source::Criteria]);

    let mut lane = Bench::ready();
    lane.rms = None;
    lane.truck_stands();
    lane.answer_with(|_| RiskAnswer::unavailable("it is down"));
    assert!(lane.order(OrderKind::Refer, None).is_some_and(|answer| answer.is_ok()));
    assert_eq!(sources(&lane), [Source::Manual]);
    let referred = lane.journal.iter().find(|record| record.kind == RecordKind::Referred).expect("on record");
    assert!(referred.body.contains("\"source\":\"manual\""), "{}", referred.body);
}

fn alarms(lane: &Bench) -> Vec<Alarm> {
    lane.machine.state(lane.now()).alarms
}
