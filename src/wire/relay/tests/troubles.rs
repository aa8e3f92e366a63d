//! What can go wrong with board, line and arm, and that nothing moves then.

use uuid::Uuid;

use super::super::{Fate, NotDone};
use super::bench::{Bench, REFUSED, Temper, unit};
use crate::model::Position;

#[test]
fn a3_a_pulse_whose_answer_is_lost_is_not_sent_again_and_its_proof_is_read_back() {
    for board in ["waveshare", "generic"] {
        let mut bench = Bench::running(unit(board));
        bench.temper = Temper::AnswerLost;
        bench.open(1);
        bench.run(400);
        bench.temper = Temper::Answers;
        assert_eq!(bench.fates(), [(1, Fate::Unknown)], "{board}");
        bench.run(100);
        assert_eq!(bench.got.iter().find(|(function, ..)| *function != 5 && *function != 2), Some(&(1, 0, 8)));
        bench.run(200);
        assert_eq!(bench.state().command_id, Some(Uuid::from_u128(1)), "{board}: the relay was seen on");
        bench.limits(false, false);
        bench.run(300);
        assert_eq!((bench.position(), bench.fault()), (Position::Opening, None), "{board}: its reason is known");
        bench.limits(true, false);
        bench.run(5_000);
        assert_eq!(bench.pulses(0), 1, "{board}");
        assert_eq!(bench.relays, [false; 8], "{board}: nothing is held");
        assert!(bench.health().is_empty(), "{board}: one lost answer is no lost board");
    }
}

#[test]
fn a_pulse_that_never_arrived_is_not_sent_again_either() {
    let mut bench = Bench::running(unit("waveshare"));
    bench.temper = Temper::Dead;
    bench.open(1);
    bench.run(400);
    bench.temper = Temper::Answers;
    bench.run(10_000);
    assert_eq!((bench.fates(), bench.pulses(0)), (vec![(1, Fate::Unknown)], 1));
    assert_eq!((bench.position(), bench.state().command_id), (Position::Closed, None));
}

#[test]
fn a10_a_command_that_waited_too_long_is_not_sent() {
    let mut bench = Bench::running(unit("waveshare"));
    bench.open(1);
    bench.ms += 2_000;
    bench.run(500);
    assert_eq!((bench.fates(), bench.pulses(0)), (vec![(1, Fate::NotDone(NotDone::Expired))], 0));
}

#[test]
fn h47_after_a_pause_inputs_are_read_before_anything_is_commanded() {
    let mut bench = Bench::running(unit("waveshare"));
    bench.ms += 60_000;
    bench.limits(true, false);
    bench.open(1);
    bench.run(300);
    assert!(bench.got.contains(&(2, 0, 8)));
    assert_eq!((bench.fates(), bench.pulses(0)), (vec![(1, Fate::NotDone(NotDone::NotClosed))], 0));
}

#[test]
fn h14_a_board_that_is_away_voids_every_proof_and_is_proved_anew() {
    let mut bench = Bench::running(unit("waveshare"));
    bench.temper = Temper::Dead;
    bench.run(2_000);
    assert_eq!(bench.health().len(), 1, "told once: {:?}", bench.health());
    assert!(!bench.health()[0].0 && bench.health()[0].1.as_deref().is_some_and(|why| why.contains("does not answer")));
    bench.open(1);
    assert_eq!(bench.fates(), [(1, Fate::NotDone(NotDone::Away))]);
    bench.got.clear();
    bench.run(60_000);
    assert!(bench.got.len() < 40, "a dead board is tried ever more seldom: {}", bench.got.len());
    assert_eq!(bench.pulses(0), 0);
    bench.temper = Temper::Answers;
    bench.limits(true, false);
    bench.got.clear();
    bench.run(6_000);
    assert_eq!(bench.got.first(), Some(&(5, 0, 0)), "off before anything");
    assert_eq!(bench.position(), Position::Open);
    assert_eq!(bench.health().last(), Some(&(true, None)));
    assert_eq!(bench.pulses(0), 0, "what was refused stays refused");
}

#[test]
fn a_command_that_waits_when_the_board_goes_away_is_dropped() {
    let mut bench = Bench::running(unit("waveshare"));
    bench.open(1);
    bench.relay.lost(bench.now(), "the line was cut");
    bench.drain();
    assert_eq!(bench.fates(), [(1, Fate::NotDone(NotDone::Away))]);
    bench.relay.begin();
    bench.run(1_000);
    assert_eq!(bench.pulses(0), 0);
    assert_eq!(bench.health(), [(false, Some("the line was cut".into())), (true, None)]);
}

#[test]
fn a_socket_given_up_by_ourselves_is_proved_again_and_forgets_nothing() {
    let mut bench = Bench::running(unit("waveshare"));
    bench.temper = Temper::AnswerLost;
    bench.open(1);
    bench.run(300);
    bench.temper = Temper::Answers;
    bench.limits(false, false);
    bench.relay.restart();
    bench.got.clear();
    bench.run(300);
    assert_eq!(bench.got.iter().take(3).map(|(function, ..)| *function).collect::<Vec<_>>(), [3, 1, 2]);
    assert_eq!((bench.position(), bench.fault()), (Position::Opening, None), "not by force: it was told");
    assert!(bench.health().is_empty());
    let mut plain = Bench::running(unit("generic"));
    plain.open(1);
    plain.run(100);
    plain.relay.restart();
    plain.got.clear();
    plain.run(200);
    assert_eq!(plain.got.first(), Some(&(5, 0, 0)), "a contact that the driver holds is let go first");
    assert_eq!(plain.relays, [false; 8]);
}

#[test]
fn a_stuck_relay_is_a_fault_until_it_lets_go() {
    for (weld, ours) in [(0, "open"), (1, "close")] {
        let mut bench = Bench::running(unit("waveshare"));
        bench.welded = Some(weld);
        bench.run(1_500);
        assert_eq!(bench.fault().as_deref(), Some("relay_stuck"), "{ours}");
        assert!(bench.got.contains(&(5, u16::try_from(weld).expect("small"), 0)), "it is told to let go");
        bench.close(1);
        bench.run(200);
        assert_eq!(bench.fates(), [(1, Fate::NotDone(NotDone::Faulty))]);
        bench.welded = None;
        bench.run(1_500);
        assert_eq!(bench.fault(), None);
    }
    let mut bench = Bench::running(unit("waveshare"));
    bench.open(1);
    bench.run(100);
    bench.welded = Some(0);
    bench.run(700);
    assert_eq!(bench.fault(), None, "its own pulse is no weld");
    bench.run(3_000);
    assert_eq!(bench.fault().as_deref(), Some("relay_stuck"), "but it lasts too long");
}

#[test]
fn a_relay_that_does_not_go_on_is_a_fault() {
    let mut bench = Bench::running(unit("generic"));
    bench.dead = Some(0);
    bench.open(1);
    bench.run(300);
    assert_eq!(bench.fault().as_deref(), Some("relay_dead"));
    assert_eq!(bench.pulses(0), 1);
}

#[test]
fn h13_both_limits_are_a_fault_and_nothing_moves() {
    let mut bench = Bench::running(unit("waveshare"));
    bench.limits(true, true);
    bench.run(200);
    assert_eq!((bench.position(), bench.fault().as_deref()), (Position::Unknown, Some("both_limits")));
    bench.open(1);
    bench.run(200);
    assert_eq!((bench.fates(), bench.pulses(0)), (vec![(1, Fate::NotDone(NotDone::Faulty))], 0));
}

#[test]
fn h11_an_arm_that_stays_on_its_way_is_a_fault() {
    let mut bench = Bench::running(unit("waveshare"));
    bench.open(1);
    bench.run(200);
    bench.limits(false, false);
    bench.run(5_500);
    assert_eq!(bench.fault(), None);
    bench.run(1_000);
    assert_eq!((bench.position(), bench.fault().as_deref()), (Position::Unknown, Some("limit_timeout")));
}

#[test]
fn h12_an_arm_that_leaves_its_limit_by_itself_is_seen_as_opening_within_half_a_second() {
    let mut bench = Bench::running(unit("waveshare"));
    bench.limits(false, false);
    bench.run(120);
    assert_eq!(bench.position(), Position::Unknown, "the proof is gone at once");
    bench.run(380);
    assert_eq!((bench.position(), bench.fault()), (Position::Opening, None));
}

#[test]
fn a_board_that_refuses_a_pulse_did_not_move_the_arm() {
    let mut bench = Bench::running(unit("waveshare"));
    bench.temper = Temper::Refuses(5);
    bench.open(1);
    bench.run(200);
    assert_eq!(bench.fates(), [(1, Fate::NotDone(NotDone::Refused(REFUSED.0)))]);
    bench.limits(false, false);
    bench.run(600);
    assert_eq!((bench.position(), bench.pulses(0)), (Position::Opening, 1), "what opens then, opens by force");
    assert_eq!(bench.state().command_id, None);
}

#[test]
fn a_board_of_another_kind_says_what_to_check() {
    let mut bench = Bench::cold(unit("waveshare"));
    bench.temper = Temper::Refuses(2);
    bench.relay.begin();
    bench.run(1_000);
    assert!(bench.health()[0].1.as_deref().is_some_and(|why| why.contains("check the kind of the board")));
    let mut older = Bench::cold(unit("waveshare"));
    older.temper = Temper::Refuses(3);
    older.relay.begin();
    older.run(1_000);
    assert_eq!(older.health(), [(true, None)], "firmware without modes has no linkage to end");
}
