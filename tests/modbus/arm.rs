//! The arm behind a board, by every way and with both kinds of board.

use lane_controller::device::modbus::LineEvent;
use lane_controller::model::{BarrierMode, Position};
use lane_controller::wire::relay::{Event, Fate, NotDone};

use super::board::{CLOSE, Kind, OPEN};
use super::rig::{EXIT_LOOP, LOCAL, PHOTOCELL, QUIET, Rig, WAYS, Way};

#[tokio::test(flavor = "multi_thread")]
async fn one_pulse_opens_and_one_closes() {
    for way in WAYS {
        for kind in [Kind::Timed, Kind::Plain] {
            let mut rig = Rig::proved(way, kind).await;
            rig.open(0, 1).await;
            rig.expect_fate(1, Fate::Done).await;
            rig.expect_position(Position::Opening).await;
            rig.expect_position(Position::Open).await;
            rig.board().close_input(EXIT_LOOP);
            rig.expect("the loop", |event| format!("{event:?}").contains("occupied: true")).await;
            rig.board().open_input(EXIT_LOOP);
            rig.expect("the loop", |event| format!("{event:?}").contains("occupied: false")).await;
            rig.close(2);
            rig.expect_position(Position::Closing).await;
            rig.expect_position(Position::Closed).await;
            rig.watch(QUIET / 3).await;
            let board = rig.board();
            assert_eq!((board.pulses(OPEN), board.pulses(CLOSE)), (1, 1), "{way:?}, {kind:?}");
            assert!(!board.is_on(OPEN) && !board.is_on(CLOSE));
            assert!(!rig.was_lost(), "{way:?}, {kind:?}: {:#?}", rig.told());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_arm_lifted_by_hand_is_seen_as_opening_and_both_limits_as_a_fault() {
    let mut rig = Rig::proved(Way::Socket, Kind::Timed).await;
    rig.board().force_open();
    rig.expect_position(Position::Opening).await;
    rig.expect_position(Position::Open).await;
    rig.board().force_closed();
    rig.expect_position(Position::Closed).await;
    rig.board().hold_both_limits();
    rig.expect_fault(Some("both_limits")).await;
    rig.open(0, 1).await;
    rig.expect_fate(1, Fate::NotDone(NotDone::Faulty)).await;
    rig.board().release_limits();
    rig.expect_fault(None).await;
    assert_eq!(rig.board().orders(OPEN), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_arm_that_stops_on_its_way_is_a_fault() {
    let mut rig = Rig::proved(Way::Socket, Kind::Timed).await;
    rig.open(0, 1).await;
    rig.expect_position(Position::Opening).await;
    rig.board().stall();
    rig.expect_fault(Some("limit_timeout")).await;
    rig.board().let_go();
    rig.expect_position(Position::Open).await;
    assert_eq!(rig.board().orders(OPEN), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_commanded_while_the_key_is_turned() {
    let mut rig = Rig::proved(Way::Line, Kind::Timed).await;
    rig.board().close_input(LOCAL);
    rig.expect_state("local mode", |state| state.mode == BarrierMode::Local).await;
    rig.open(0, 1).await;
    rig.expect_fate(1, Fate::NotDone(NotDone::Local)).await;
    rig.board().open_input(LOCAL);
    rig.expect_state("remote mode", |state| state.mode == BarrierMode::Remote).await;
    assert_eq!(rig.board().orders(OPEN), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_welded_relay_is_a_fault_until_it_lets_go() {
    for kind in [Kind::Timed, Kind::Plain] {
        let mut rig = Rig::proved(Way::Socket, kind).await;
        rig.board().weld(CLOSE);
        rig.expect_fault(Some("relay_stuck")).await;
        rig.board().mend();
        rig.expect_fault(None).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h10_a_cut_beam_keeps_the_arm_up() {
    let mut rig = Rig::proved(Way::Socket, Kind::Timed).await;
    rig.open(0, 1).await;
    rig.expect_position(Position::Open).await;
    rig.board().close_input(PHOTOCELL);
    rig.watch(QUIET / 5).await;
    rig.close(2);
    rig.expect_fate(2, Fate::NotDone(NotDone::ZoneNotClear)).await;
    assert_eq!(rig.board().orders(CLOSE), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_lets_go_what_a_crash_left_closed_and_ends_linkage() {
    let mut plain = Rig::start_with(Way::Line, Kind::Plain, 1, |board| board.leave_on(OPEN));
    plain.expect_online(0).await;
    assert!(!plain.board().is_on(OPEN));
    let mut timed = Rig::start_with(Way::Socket, Kind::Timed, 1, |board| board.set_modes(1));
    timed.expect_online(0).await;
    assert_eq!(timed.board().modes(), [0; 8]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_lets_the_contact_go_first() {
    for ordered in [true, false] {
        let mut rig = Rig::proved(Way::Line, Kind::Plain).await;
        rig.open(0, 1).await;
        rig.expect_fate(1, Fate::Done).await;
        assert!(rig.board().is_on(OPEN));
        let cabinets = if ordered { rig.stop().await } else { rig.drop_driver().await };
        assert!(!cabinets[0].is_on(OPEN), "nothing is held when the driver is gone");
        assert_eq!(cabinets[0].pulses(OPEN), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_close_that_waits_when_the_program_stops_is_carried_out() {
    let mut rig = Rig::proved(Way::Socket, Kind::Timed).await;
    rig.open(0, 1).await;
    rig.expect_position(Position::Open).await;
    rig.close(2);
    let cabinets = rig.stop().await;
    assert_eq!(cabinets[0].pulses(CLOSE), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_forgot_is_told_again() {
    let mut rig = Rig::proved(Way::Socket, Kind::Timed).await;
    rig.watch(QUIET / 5).await;
    rig.seen.clear();
    rig.handle.report();
    rig.expect_position(Position::Closed).await;
    rig.expect_online(0).await;
    let loops = |event: &&LineEvent| format!("{event:?}").contains("Loop(");
    assert_eq!(rig.seen.iter().filter(loops).count(), 1);
    assert!(!rig.seen.iter().any(|event| matches!(event, LineEvent::Board(Event::Commanded { .. }))));
}
