//! The invariants of the safety case that concern the machine, by their ids.

use super::bench::decision;
use super::*;

#[test]
fn a1_nothing_opens_before_the_journal_has_acknowledged() {
    let mut lane = Bench::ready();
    lane.holds_receipts = true;
    lane.truck_stands();
    assert_eq!(lane.machine.phase(), Phase::Releasing);
    assert!(lane.opened.is_empty(), "the decision is not durable yet");
    lane.acknowledge_all();
    assert_eq!(lane.opened.len(), 1);
}

#[test]
fn a1_a_failed_journal_holds_and_never_opens() {
    let mut lane = Bench::ready();
    lane.holds_receipts = true;
    lane.truck_stands();
    let ticket = lane.unacknowledged.last().expect("a batch").0;
    lane.feed(Input::RecordFailed(ticket));
    lane.assert_held_by("journal_unavailable");
    assert_eq!(lane.order(OrderKind::Release, None), Some(Err(OrderRefusal::JournalUnavailable)));
}

#[test]
fn a1_a_late_journal_holds_and_its_late_receipt_opens_nothing() {
    let mut lane = Bench::ready();
    lane.holds_receipts = true;
    lane.truck_stands();
    lane.pass(JOURNAL_WITHIN);
    lane.assert_held_by("journal_unavailable");
    lane.acknowledge_all();
    lane.assert_held_by("journal_unavailable");
}

#[test]
fn a2_the_authority_dies_when_the_vehicle_is_gone_before_it_is_durable() {
    let mut lane = Bench::ready();
    lane.holds_receipts = true;
    lane.truck_stands();
    lane.see(LoopPlace::Scale, false);
    lane.weigh(0);
    lane.acknowledge_all();
    lane.assert_held_by("presence_unknown");
}

#[test]
fn a2_another_vehicle_never_inherits_the_opening_of_one_that_backed_out() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    // It rolls back, and the next one drives up at once.
    lane.see(LoopPlace::Scale, false);
    lane.weigh(0);
    lane.see(LoopPlace::Approach, true);
    assert_eq!(lane.closed, [BarrierPlace::Exit], "the arm comes down before the next one is through");
    assert_ne!(lane.signals.last().expect("a signal").light, Light::Green);
    lane.arm(BarrierPlace::Exit, Position::Closed);
    assert_eq!(lane.completed(), ["reversed"]);
    assert_eq!(lane.machine.phase(), Phase::Occupied, "the next one has a passage of its own");
    assert_eq!(lane.opened.len(), 1);
}

#[test]
fn a2_presence_that_is_not_known_opens_nothing() {
    let mut lane = Bench::ready();
    lane.holds_receipts = true;
    lane.truck_stands();
    lane.see(LoopPlace::Scale, false);
    lane.weigh(0);
    let lost = DeviceHealth { online: false, session: None, detail: None, at: lane.now().wall };
    lane.feed(Input::Observed(Observation::Health(DeviceName::new("bridge").expect("a name"), lost)));
    lane.acknowledge_all();
    lane.assert_held_by("presence_unknown");
}

#[test]
fn a3_one_authority_opens_at_most_once() {
    let mut lane = Bench::ready();
    lane.holds_receipts = true;
    lane.truck_stands();
    let (ticket, records) = lane.unacknowledged.last().expect("a batch").clone();
    lane.acknowledge_all();
    lane.acknowledge(ticket, records);
    lane.weigh(27_400);
    lane.feed(Input::RegisterChanged);
    lane.pass(Duration::from_secs(5));
    assert_eq!(lane.opened.len(), 1);
}

#[test]
fn a3_the_command_is_recorded_before_it_goes_out() {
    let mut lane = Bench::ready();
    lane.holds_receipts = true;
    lane.truck_stands();
    let records = lane.unacknowledged.last().expect("a batch").1.clone();
    lane.acknowledge_all();
    let id = lane.opened[0].authority().command_id.to_string();
    let commanded = records.iter().find(|record| record.kind == RecordKind::BarrierCommanded).expect("recorded");
    assert!(commanded.body.contains(&id));
}

#[test]
fn a3_after_a_restart_a_commanded_authority_is_never_sent_again() {
    let mut before = Bench::ready();
    before.truck_stands();
    assert_eq!(before.opened.len(), 1);
    let passage = before.passage();
    let records = before.journal.iter().filter(|record| record.passage == Some(passage)).cloned().collect();

    let mut after = Bench::cold(&[BarrierPlace::Exit]);
    let now = after.now();
    after.machine.restore(now, &Restored { passage, records });
    after.devices_speak(&[BarrierPlace::Exit]);
    after.see(LoopPlace::Scale, true);
    after.weigh(27_400);
    after.feed(Input::RegisterChanged);
    assert_eq!(after.order(OrderKind::ClearHold, None), Some(Err(OrderRefusal::WrongState)));
    after.pass(Duration::from_secs(600));
    after.assert_held_by("restarted");
    assert_eq!(after.passage(), passage);
    assert!(after.order(OrderKind::Release, None).expect("answered").is_ok(), "an officer may release it");
    assert_eq!(after.opened.len(), 1);
}

#[test]
fn a4_an_open_arm_that_nobody_passes_closes_and_the_vehicle_is_held() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.pass(AUTHORITY_PASS_WITHIN);
    assert_eq!(lane.closed, [BarrierPlace::Exit]);
    lane.arm(BarrierPlace::Exit, Position::Closed);
    assert_eq!(lane.machine.phase(), Phase::Held);
    assert!(lane.holds().contains(&"authority_expired"));
    assert_eq!(lane.opened.len(), 1);
}

#[test]
fn a5_a_second_vehicle_under_the_arm_closes_the_lane() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.see(LoopPlace::Exit, true);
    lane.see(LoopPlace::Scale, false);
    lane.see(LoopPlace::Exit, false);
    lane.pass(LEFT_SETTLE);
    lane.see(LoopPlace::Exit, true);
    let state = lane.machine.state(lane.now());
    assert_eq!(state.service, Service::Closed);
    assert!(state.alarms.contains(&Alarm::Tailgating));
    assert_eq!(lane.opened.len(), 1);
}

#[test]
fn a6_every_silence_and_contradiction_holds() {
    type Trouble = fn(&mut Bench);
    let troubles: [(&str, Trouble); 6] = [
        ("risk_unavailable", |lane| {
            lane.rms = None;
            lane.truck_stands();
            lane.pass(Duration::from_secs(30));
        }),
        ("risk_unavailable", |lane| {
            let past = Timestamp::from_unix_micros(0);
            lane.rms = Some(RiskDecision { valid_until: Some(past), ..decision(Channel::Green) });
            lane.truck_stands();
        }),
        ("evidence_missing", |lane| {
            lane.see(LoopPlace::Approach, true);
            lane.pass(Duration::from_secs(20));
        }),
        ("plate_conflict", |lane| {
            lane.see(LoopPlace::Scale, true);
            lane.see(LoopPlace::Approach, true);
            lane.read(View::Front, "123ABC02");
            lane.read(View::Front, "999XYZ01");
            lane.read(View::Rear, "45DEF02");
            lane.weigh(27_400);
        }),
        ("barrier_fault", |lane| {
            lane.arm_with(BarrierPlace::Exit, Position::Closed, BarrierMode::Remote, Some("motor"));
            lane.truck_stands();
        }),
        ("bus_down", |lane| {
            lane.feed(Input::Link(Link::Down));
            lane.see(LoopPlace::Approach, true);
        }),
    ];
    for (code, trouble) in troubles {
        let mut lane = Bench::ready();
        trouble(&mut lane);
        lane.assert_held_by(code);
    }
}

#[test]
fn a7_a_stricter_second_answer_wins_until_the_arm_opens() {
    let mut lane = Bench::ready();
    lane.holds_receipts = true;
    lane.truck_stands();
    let request = lane.asked[0].request_id;
    lane.answer_risk(request, decision(Channel::Red));
    lane.acknowledge_all();
    lane.assert_held_by("referred_inspection");
}

#[test]
fn a7_a_stricter_word_after_the_command_brings_the_arm_down_again() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Opening);
    let request = lane.asked[0].request_id;
    lane.answer_risk(request, decision(Channel::Red));
    lane.feed(Input::Wake);
    assert_eq!(lane.closed, [BarrierPlace::Exit]);
    assert!(lane.holds().contains(&"referred_inspection"));
}

#[test]
fn a7_a_weaker_late_answer_changes_nothing() {
    let mut lane = Bench::ready();
    lane.rms = Some(decision(Channel::Red));
    lane.truck_stands();
    let request = lane.asked[0].request_id;
    lane.answer_risk(request, decision(Channel::Green));
    lane.feed(Input::Wake);
    lane.assert_held_by("referred_inspection");
}

#[test]
fn a9_red_needs_two_different_officers() {
    let mut lane = Bench::ready();
    lane.rms = Some(decision(Channel::Red));
    lane.truck_stands();
    assert_eq!(lane.order(OrderKind::Release, None), Some(Err(OrderRefusal::TwoOfficersNeeded)));
    assert_eq!(lane.order(OrderKind::Release, Some("aigul")), Some(Err(OrderRefusal::TwoOfficersNeeded)));
    assert!(lane.opened.is_empty());
    assert!(lane.order(OrderKind::Release, Some("bolat")).expect("answered").is_ok());
    assert_eq!(lane.opened.len(), 1);
}

#[test]
fn a9_an_order_that_was_decided_on_another_state_is_stale() {
    let mut lane = Bench::ready();
    lane.rms = Some(decision(Channel::Yellow));
    lane.truck_stands();
    let seen = lane.machine.state(lane.now()).version;
    let good = Order {
        id: Uuid::from_u128(9),
        kind: OrderKind::Release,
        passage: Some(lane.passage()),
        reason: "papers checked".into(),
        officer: "aigul".into(),
        second_officer: None,
        seen: Some(seen),
        expires: lane.now().mono + Duration::from_secs(600),
    };
    lane.pass(Duration::from_secs(5));
    assert_eq!(lane.machine.state(lane.now()).version, seen, "time alone changes nothing");
    lane.answer_with(|request| RiskDecision { request_id: request, ..decision(Channel::Red) }.into());
    for kind in [OrderKind::Release, OrderKind::Refuse, OrderKind::ClearHold, OrderKind::CloseLane] {
        let order = Order { id: Uuid::from_u128(lane.answers.len() as u128 + 20), kind, ..good.clone() };
        assert_eq!(lane.order_as(order), Some(Err(OrderRefusal::Stale)), "{kind:?}");
    }
    assert!(lane.opened.is_empty());
    let seen = Some(lane.machine.state(lane.now()).version);
    let again = Order { second_officer: Some("bolat".into()), seen, ..good };
    assert!(lane.order_as(again).expect("answered").is_ok());
}

#[test]
fn a9_an_order_is_bound_to_its_passage_its_time_and_a_reason() {
    let mut lane = Bench::ready();
    lane.rms = Some(decision(Channel::Yellow));
    lane.truck_stands();
    let good = Order {
        id: Uuid::from_u128(9),
        kind: OrderKind::Release,
        passage: Some(lane.passage()),
        reason: "papers checked".into(),
        officer: "aigul".into(),
        second_officer: None,
        seen: None,
        expires: lane.now().mono + Duration::from_secs(60),
    };
    let other = Order { passage: Some(PassageId(Uuid::nil())), ..good.clone() };
    assert_eq!(lane.order_as(other), Some(Err(OrderRefusal::OtherPassage)));
    let old = Order { expires: lane.now().mono, ..good.clone() };
    assert_eq!(lane.order_as(old), Some(Err(OrderRefusal::Expired)));
    let mute = Order { reason: "  ".into(), ..good.clone() };
    assert_eq!(lane.order_as(mute), Some(Err(OrderRefusal::ReasonMissing)));
    assert!(lane.opened.is_empty());
    let orders = lane.kinds().iter().filter(|kind| **kind == RecordKind::Order).count();
    assert_eq!(orders, 3, "refused orders are journaled too");
    assert!(lane.order_as(good.clone()).expect("answered").is_ok());
    assert_eq!(
        lane.order_as(Order { id: Uuid::from_u128(10), ..good }),
        Some(Err(OrderRefusal::WrongState)),
        "one use"
    );
    assert_eq!(lane.opened.len(), 1);
}

#[test]
fn b1_no_close_while_the_closing_zone_is_not_positively_clear() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.see(LoopPlace::Exit, true);
    lane.pass(AUTHORITY_PASS_WITHIN);
    lane.pass(Duration::from_secs(60));
    assert!(lane.closed.is_empty(), "a vehicle stands under the arm");
    lane.feed(Input::Link(Link::Down));
    lane.feed(Input::Link(Link::Up));
    lane.pass(Duration::from_secs(60));
    assert!(lane.closed.is_empty(), "the loop is not known");
}

#[test]
fn b2_entry_and_exit_are_never_both_open() {
    let arms = [BarrierPlace::Entry, BarrierPlace::Exit];
    let mut lane = Bench::with(&arms);
    lane.see(LoopPlace::Approach, true);
    assert_eq!(lane.opened.len(), 1);
    assert_eq!(lane.opened[0].authority().barrier, BarrierPlace::Entry);
    assert_eq!(lane.opened[0].authority().reason, CommandReason::Admit);
    lane.arm(BarrierPlace::Entry, Position::Open);
    lane.see(LoopPlace::Scale, true);
    lane.read(View::Front, "123ABC02");
    lane.read(View::Rear, "45DEF02");
    lane.see(LoopPlace::Approach, false);
    assert_eq!(lane.closed, [BarrierPlace::Entry]);
    lane.arm(BarrierPlace::Entry, Position::Closing);
    lane.weigh(27_400);
    assert_eq!(lane.opened.len(), 1, "the entry is not proved closed");
    lane.arm(BarrierPlace::Entry, Position::Closed);
    lane.weigh(27_600);
    assert_eq!(lane.opened.len(), 2);
    assert_eq!(lane.opened[1].authority().barrier, BarrierPlace::Exit);
}

#[test]
fn b3_the_entry_is_not_opened_while_the_exit_is_not_proved_closed() {
    let mut lane = Bench::with(&[BarrierPlace::Entry, BarrierPlace::Exit]);
    lane.arm(BarrierPlace::Exit, Position::Unknown);
    lane.see(LoopPlace::Approach, true);
    lane.assert_held_by("interlock");
}

#[test]
fn b4_only_feedback_says_where_an_arm_is() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    assert_eq!(lane.opened.len(), 1);
    assert_eq!(lane.machine.phase(), Phase::Releasing, "a command is no proof");
    lane.arm(BarrierPlace::Exit, Position::Open);
    assert_eq!(lane.machine.phase(), Phase::Clearing);
}

#[test]
fn b5_an_arm_that_does_not_open_is_a_fault_and_is_not_told_twice() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    lane.pass(Duration::from_secs(60));
    assert_eq!(lane.opened.len(), 1, "an open command is never repeated");
    let state = lane.machine.state(lane.now());
    assert_eq!(state.phase, Phase::Held);
    assert!(state.alarms.contains(&Alarm::BarrierFault));
    assert!(lane.holds().contains(&"barrier_fault"));
}

#[test]
fn b5_closing_is_tried_once_more_and_then_a_fault() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.see(LoopPlace::Exit, true);
    lane.see(LoopPlace::Scale, false);
    lane.see(LoopPlace::Exit, false);
    lane.pass(LEFT_SETTLE + Duration::from_secs(60));
    assert_eq!(lane.closed.len(), 2);
    assert!(lane.machine.state(lane.now()).alarms.contains(&Alarm::BarrierFault));
}

#[test]
fn b6_an_arm_that_opens_by_itself_is_an_incident() {
    let mut lane = Bench::ready();
    lane.rms = Some(decision(Channel::Yellow));
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.assert_held_by("barrier_forced");
    assert!(lane.machine.state(lane.now()).alarms.contains(&Alarm::BarrierForced));
}

#[test]
fn b8_a_barrier_in_local_mode_is_not_commanded() {
    let mut lane = Bench::ready();
    lane.arm_with(BarrierPlace::Exit, Position::Closed, BarrierMode::Local, None);
    lane.truck_stands();
    lane.assert_held_by("barrier_fault");
}

#[test]
fn b9_a_moving_or_left_over_weight_is_not_used() {
    let mut lane = Bench::ready();
    lane.see(LoopPlace::Approach, true);
    lane.see(LoopPlace::Scale, true);
    lane.weigh_as(27_400, Stability::Moving);
    assert_eq!(lane.machine.state(lane.now()).passage.expect("a passage").gross_kg, None);
    lane.weigh(27_400);
    assert_eq!(lane.machine.state(lane.now()).passage.expect("a passage").gross_kg, Some(27_400));
}

#[test]
fn b9_an_indicator_that_hangs_on_the_last_vehicle_weighs_nothing() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.see(LoopPlace::Exit, true);
    lane.see(LoopPlace::Scale, false);
    lane.see(LoopPlace::Exit, false);
    lane.pass(LEFT_SETTLE);
    lane.arm(BarrierPlace::Exit, Position::Closed);
    lane.see(LoopPlace::Approach, true);
    lane.weigh(27_400);
    assert_eq!(lane.machine.state(lane.now()).passage.expect("a passage").gross_kg, None);
}

#[test]
fn b9_without_a_stability_flag_the_lane_waits_for_its_own_window() {
    let mut lane = Bench::ready();
    lane.see(LoopPlace::Approach, true);
    for _ in 0..4 {
        assert_eq!(lane.machine.state(lane.now()).passage.expect("a passage").gross_kg, None);
        lane.weigh_as(27_400, Stability::Unknown);
        lane.pass(Duration::from_millis(300));
    }
    assert_eq!(lane.machine.state(lane.now()).passage.expect("a passage").gross_kg, Some(27_400));
}

#[test]
fn b10_green_only_while_the_arm_is_proved_open() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    assert!(lane.signals.iter().all(|signal| signal.light != Light::Green));
    lane.arm(BarrierPlace::Exit, Position::Open);
    assert_eq!(lane.signals.last().expect("a signal").light, Light::Green);
    lane.see(LoopPlace::Exit, true);
    lane.see(LoopPlace::Scale, false);
    lane.see(LoopPlace::Exit, false);
    lane.pass(LEFT_SETTLE);
    assert_eq!(lane.signals.last().expect("a signal").light, Light::Red);
}

#[test]
fn c1_replaying_the_journal_gives_the_same_passage() {
    let mut lane = Bench::ready();
    lane.rms = Some(decision(Channel::Red));
    lane.truck_stands();
    let passage = lane.passage();
    let records: Vec<_> = lane.journal.iter().filter(|record| record.passage == Some(passage)).cloned().collect();
    let replay = || {
        let mut bench = Bench::cold(&[BarrierPlace::Exit]);
        let now = bench.now();
        bench.machine.restore(now, &Restored { passage, records: records.clone() });
        bench.machine.state(now)
    };
    let (first, live) = (replay(), lane.machine.state(lane.now()));
    assert_eq!(first, replay());
    let (first, live) = (first.passage.expect("restored"), live.passage.expect("live"));
    assert_eq!(first, live);
}

#[test]
fn d1_every_hold_has_an_exit_that_an_officer_can_take() {
    let all_of = |lane: &mut Bench| {
        let now = lane.now();
        lane.rms = Some(decision(Channel::Red));
        lane.matched.findings = vec![Finding::block(FindingCode::Ambiguous, "two fit")];
        lane.truck_stands();
        let code = HoldCode::OfficerHold;
        lane.machine.hold(now, code, "told to");
    };
    for kind in [OrderKind::Release, OrderKind::Refuse, OrderKind::Refer] {
        let mut lane = Bench::ready();
        all_of(&mut lane);
        assert!(lane.order(kind, Some("bolat")).expect("answered").is_ok(), "{kind:?}");
        match kind {
            OrderKind::Release => lane.truck_leaves(),
            OrderKind::Refer
            | OrderKind::Refuse
            | OrderKind::CloseLane
            | OrderKind::OpenLane
            | OrderKind::ClearHold => {
                lane.see(LoopPlace::Scale, false);
                lane.weigh(0);
                lane.pass(EMPTY_SETTLE_STANDING);
            }
        }
        assert_eq!(lane.machine.phase(), Phase::Vacant, "{kind:?}");
    }
}

#[test]
fn a2_a_plate_read_behind_a_vehicle_that_is_under_the_arm_is_the_next_one_s() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.see(LoopPlace::Exit, true);
    lane.see(LoopPlace::Scale, false);
    lane.weigh(0);
    lane.see(LoopPlace::Approach, true);
    lane.see(LoopPlace::Scale, true);
    lane.read(View::Front, "999XYZ01");
    let first = lane.passage();
    let wrong = |record: &&NewRecord| record.passage == Some(first) && record.body.contains("999XYZ01");
    assert_eq!(lane.journal.iter().filter(wrong).count(), 0, "it is in the story of another vehicle");
    assert_eq!(lane.machine.early.len(), 1, "and kept for its own");
}

#[test]
fn c3_an_arm_that_says_twice_that_it_was_forced_holds_whoever_comes_once() {
    let mut lane = Bench::ready();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.see(LoopPlace::Approach, true);
    let holds = lane.holds();
    lane.arm(BarrierPlace::Exit, Position::Open);
    assert_eq!(lane.holds(), holds);
}

#[test]
fn c6_a_truck_that_was_slow_under_the_entry_arm_does_not_wait_for_its_plate_for_ever() {
    let mut lane = Bench::with(&[BarrierPlace::Entry, BarrierPlace::Exit]);
    lane.see(LoopPlace::Approach, true);
    lane.arm(BarrierPlace::Entry, Position::Open);
    lane.pass(Duration::from_secs(30));
    lane.see(LoopPlace::Scale, true);
    lane.see(LoopPlace::Approach, false);
    lane.arm(BarrierPlace::Entry, Position::Closed);
    lane.pass(Duration::from_secs(20));
    assert_eq!(lane.machine.phase(), Phase::Held);
    assert!(lane.holds().contains(&"evidence_missing"));
}

#[test]
fn c6_what_is_read_of_a_refused_vehicle_drops_no_hold() {
    let mut lane = Bench::ready();
    lane.see(LoopPlace::Approach, true);
    lane.pass(Duration::from_secs(20));
    lane.assert_held_by("evidence_missing");
    assert!(lane.order(OrderKind::Refuse, None).expect("answered").is_ok());
    lane.truck_stands();
    lane.assert_held_by("evidence_missing");
    assert!(lane.order(OrderKind::ClearHold, None).expect("answered").is_ok(), "an officer may think again");
}

#[test]
fn b6_an_officer_s_word_does_not_clear_an_arm_that_is_still_open() {
    let mut lane = Bench::with(&[BarrierPlace::Entry, BarrierPlace::Exit]);
    lane.see(LoopPlace::Scale, true);
    lane.see(LoopPlace::Approach, true);
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.order(OrderKind::ClearHold, None);
    assert!(lane.holds().contains(&"barrier_forced"), "{:?}", lane.holds());
}

#[test]
fn a7_a_stricter_word_counts_for_a_vehicle_that_stays_while_the_arm_comes_down_again() {
    // The arm was too slow, and comes down; or it was open, and nobody drove.
    for (opens, waits) in [(false, Duration::from_secs(8)), (true, AUTHORITY_PASS_WITHIN)] {
        for late in [false, true] {
            let mut lane = Bench::ready();
            lane.truck_stands();
            lane.arm(BarrierPlace::Exit, if opens { Position::Open } else { Position::Opening });
            let request = lane.asked[0].request_id;
            if late {
                lane.pass(waits);
                lane.answer_risk(request, decision(Channel::Red));
            } else if opens {
                lane.answer_risk(request, decision(Channel::Red));
                assert_eq!(lane.signals.last().expect("a signal").light, Light::Green, "it keeps its leave to go");
                lane.pass(waits);
            } else {
                continue;
            }
            lane.arm(BarrierPlace::Exit, Position::Closed);
            assert!(lane.holds().contains(&"referred_inspection"), "opens {opens}, late {late}: {:?}", lane.holds());
            assert_eq!(lane.order(OrderKind::Release, None), Some(Err(OrderRefusal::TwoOfficersNeeded)));
        }
    }
}

#[test]
fn b10_a_second_vehicle_under_the_arm_sees_no_green() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.see(LoopPlace::Exit, true);
    for part in 0..3 {
        assert_eq!(lane.signals.last().expect("a signal").light, Light::Green, "part {part}");
        lane.see(LoopPlace::Scale, false);
        lane.weigh(0);
        lane.see(LoopPlace::Scale, true);
    }
    assert!(lane.alarms().contains(&"tailgating"));
    assert_eq!(lane.signals.last().expect("a signal").light, Light::Red);
}

#[test]
fn b10_green_ends_when_the_vehicle_is_through_although_the_arm_takes_no_command() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.see(LoopPlace::Exit, true);
    lane.see(LoopPlace::Scale, false);
    lane.weigh(0);
    lane.see(LoopPlace::Exit, false);
    lane.arm_with(BarrierPlace::Exit, Position::Open, BarrierMode::Local, None);
    lane.pass(LEFT_SETTLE);
    assert_eq!(lane.signals.last().expect("a signal").light, Light::Red);
}

#[test]
fn a4_a_vehicle_whose_time_ran_out_under_the_arm_and_that_rolls_back_finds_it_closed() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.see(LoopPlace::Exit, true);
    lane.pass(AUTHORITY_PASS_WITHIN);
    lane.see(LoopPlace::Exit, false);
    lane.pass(LEFT_SETTLE);
    assert_eq!(lane.closed, [BarrierPlace::Exit]);
    lane.arm(BarrierPlace::Exit, Position::Closed);
    assert!(lane.holds().contains(&"authority_expired"));
}
