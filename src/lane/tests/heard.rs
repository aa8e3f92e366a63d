//! Words of the RMS that the lane did not wait for: a stricter one always reaches the vehicle, a weaker one never.

use super::bench::decision;
use super::*;
use crate::model::risk::{Assessment, RiskWord};

#[test]
fn a7_the_first_word_before_arrival_holds_a_truck_that_waits_for_another_answer() {
    for channel in [Channel::Yellow, Channel::Red] {
        let mut lane = waiting();
        lane.feed(heard(before(&lane, channel)));
        lane.answer_with(|request| RiskDecision { request_id: request, ..decision(Channel::Green) }.into());
        lane.assert_held_by(held_by(channel));
    }
}

#[test]
fn a7_a_word_before_arrival_takes_a_release_back_that_was_not_carried_out_yet() {
    let mut lane = waiting();
    lane.holds_receipts = true;
    lane.answer_with(|request| RiskDecision { request_id: request, ..decision(Channel::Green) }.into());
    lane.feed(heard(before(&lane, Channel::Red)));
    lane.acknowledge_all();
    lane.assert_held_by("referred_inspection");
}

#[test]
fn a7_a_word_before_arrival_is_an_alarm_once_the_arm_is_open() {
    let mut lane = waiting();
    lane.answer_with(|request| RiskDecision { request_id: request, ..decision(Channel::Green) }.into());
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.feed(heard(before(&lane, Channel::Yellow)));
    assert_eq!(lane.alarms(), ["late_stricter_decision"]);
}

#[test]
fn a_word_on_other_papers_or_of_another_truck_or_that_is_over_changes_nothing() {
    let changes: [fn(&mut Assessment); 4] = [
        |word| word.revision = 2,
        |word| word.notification = "N-2".into(),
        |word| word.declarations = vec![("D-1".into(), 1)],
        |word| word.decision.valid_until = Some(word.asked_at),
    ];
    for change in changes {
        let mut lane = waiting();
        let mut word = before(&lane, Channel::Red);
        change(&mut word);
        lane.feed(heard(word));
        lane.answer_with(|request| RiskDecision { request_id: request, ..decision(Channel::Green) }.into());
        assert_eq!(lane.opened.len(), 1, "{:?}", lane.holds());
    }
}

#[test]
fn a7_red_before_arrival_needs_two_officers_although_something_measured_set_it_aside() {
    for late in [false, true] {
        let mut lane = Bench::ready();
        lane.matched.findings = vec![Finding::hold(FindingCode::WeightDiscrepancy, "too heavy")];
        let red = before(&lane, Channel::Red);
        if !late {
            lane.matched.assessed = Some(red.clone());
        }
        lane.truck_stands();
        if late {
            lane.feed(heard(red));
        }
        assert_eq!(lane.asked.len(), 1, "the RMS is asked with what was measured");
        lane.assert_held_by("referred_inspection");
        lane.assert_held_by("weight_discrepancy");
        assert_eq!(lane.order(OrderKind::Release, None), Some(Err(OrderRefusal::TwoOfficersNeeded)));
        assert!(lane.order(OrderKind::ClearHold, None).is_some_and(|answer| answer.is_ok()));
        lane.assert_held_by("referred_inspection");
        let decided = lane.journal.iter().filter(|record| record.kind == RecordKind::RiskDecided);
        assert_eq!(decided.filter(|record| record.body.contains("\"red\"")).count(), 1, "the word is on record once");
    }
}

#[test]
fn a7_red_before_arrival_stays_when_more_papers_are_presented_and_green_is_asked_anew() {
    for (channel, asked) in [(Channel::Red, 1), (Channel::Green, 1)] {
        let mut lane = Bench::ready();
        let declaration = serde_json::json!({
            "number": "D-1", "kind": "transit", "revision": 1, "status": "released", "goods": [], "gross_kg": 1.0,
            "holder": { "id": "x" },
        });
        lane.matched.declaration = Some(Arc::new(serde_json::from_value(declaration).expect("a declaration")));
        lane.matched.assessed = Some(before(&lane, channel));
        lane.truck_stands();
        assert_eq!(lane.asked.len(), asked);
        assert_eq!(lane.holds(), if channel == Channel::Red { vec!["referred_inspection"] } else { vec![] });
        assert!(!lane.happenings.contains(&Happening::Decided(crate::model::risk::RiskKind::PreArrival)));
    }
}

#[test]
fn a7_blue_that_was_set_aside_is_still_audited_afterwards() {
    let mut lane = waiting();
    lane.feed(heard(before(&lane, Channel::Blue)));
    lane.answer_with(|request| RiskDecision { request_id: request, ..decision(Channel::Green) }.into());
    lane.truck_leaves();
    assert_eq!(lane.completed(), ["released_conditional"]);
}

#[test]
fn a7_a_word_on_a_question_from_before_a_restart_reaches_the_vehicle_that_it_was_asked_for() {
    let lane = waiting();
    let request = lane.asked[0].request_id;
    let passage = lane.passage();
    let records: Vec<_> = lane.journal.iter().filter(|record| record.passage == Some(passage)).cloned().collect();
    let words = [
        (RiskWord::Unclaimed(Box::new(RiskDecision { request_id: request, ..decision(Channel::Red) })), true),
        (RiskWord::Unclaimed(Box::new(RiskDecision { request_id: Uuid::nil(), ..decision(Channel::Red) })), false),
        (RiskWord::BeforeArrival(Box::new(before(&lane, Channel::Red))), true),
    ];
    for (word, counts) in words {
        let mut after = Bench::cold(&[BarrierPlace::Exit]);
        let now = after.now();
        after.machine.restore(now, &Restored { passage, records: records.clone() });
        after.devices_speak(&[BarrierPlace::Exit]);
        after.see(LoopPlace::Scale, true);
        after.feed(Input::RiskHeard(Arc::new(word.clone())));
        after.assert_held_by("restarted");
        assert_eq!(after.holds().contains(&"referred_inspection"), counts, "{word:?}");
    }
}

/// A truck that stands while the RMS is being asked.
fn waiting() -> Bench {
    let mut lane = Bench::ready();
    lane.rms = None;
    lane.truck_stands();
    assert_eq!(lane.asked.len(), 1);
    lane
}

fn before(lane: &Bench, channel: Channel) -> Assessment {
    let at = lane.now().wall;
    Assessment {
        notification: "N-1".into(),
        revision: 1,
        declarations: vec![],
        decision: RiskDecision { request_id: Uuid::from_u128(77), ..decision(channel) },
        asked_at: at,
        decided_at: at,
    }
}

fn heard(word: Assessment) -> Input {
    Input::RiskHeard(Arc::new(RiskWord::BeforeArrival(Box::new(word))))
}

fn held_by(channel: Channel) -> &'static str {
    if channel == Channel::Red { "referred_inspection" } else { "referred_documents" }
}
