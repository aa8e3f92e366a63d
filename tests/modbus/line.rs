//! Boards on a serial line: lost and late answers, noise, the plug pulled, two boards on one pair of wires.

use std::time::Duration;

use lane_controller::device::modbus::LineEvent;
use lane_controller::model::Position;
use lane_controller::wire::relay::{Fate, NotDone};

use super::board::{Kind, OPEN, Trouble};
use super::rig::{QUIET, Rig, Way};

#[tokio::test(flavor = "multi_thread")]
async fn a3_a_pulse_whose_answer_is_lost_goes_out_once() {
    for kind in [Kind::Timed, Kind::Plain] {
        let mut rig = Rig::proved(Way::Line, kind).await;
        rig.board().trouble(5, Trouble::AnswerLost, 1);
        rig.open(0, 1).await;
        rig.expect_fate(1, Fate::Unknown).await;
        rig.expect_position(Position::Open).await;
        rig.watch(QUIET).await;
        assert_eq!((rig.board().orders(OPEN), rig.board().pulses(OPEN)), (1, 1), "{kind:?}");
        assert!(!rig.board().is_on(OPEN), "{kind:?}");
        assert!(!rig.was_lost(), "{kind:?}: {:#?}", rig.told());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_answer_and_a_noisy_line_resynchronise() {
    let mut rig = Rig::proved(Way::Line, Kind::Timed).await;
    rig.board().trouble(2, Trouble::Noise, 5);
    rig.expect("noise", |event| matches!(event, LineEvent::Garbled { bytes: 5 })).await;
    rig.board().trouble(2, Trouble::Late(Duration::from_millis(350)), 1);
    rig.board().trouble(5, Trouble::Late(Duration::from_millis(350)), 1);
    rig.open(0, 1).await;
    rig.expect_fate(1, Fate::Unknown).await;
    rig.expect_position(Position::Open).await;
    rig.watch(QUIET).await;
    assert_eq!((rig.board().orders(OPEN), rig.board().pulses(OPEN)), (1, 1));
    assert!(!rig.was_lost(), "{:#?}", rig.told());
}

#[tokio::test(flavor = "multi_thread")]
async fn h17_a_line_that_is_unplugged_is_lost_at_once_and_found_again_by_its_name() {
    let mut rig = Rig::proved(Way::Line, Kind::Timed).await;
    rig.plugged = None;
    rig.expect_lost(0).await;
    rig.open(0, 1).await;
    rig.expect_fate(1, Fate::NotDone(NotDone::Away)).await;
    rig.plug_again(Way::Line, None);
    rig.expect_online(0).await;
    rig.open(0, 2).await;
    rig.expect_position(Position::Open).await;
    assert_eq!(rig.board().orders(OPEN), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_boards_share_a_line_and_one_that_is_dead_does_not_take_the_other_with_it() {
    let mut rig = Rig::start(Way::Line, Kind::Timed, 2);
    rig.expect_online(0).await;
    if !rig
        .seen
        .iter()
        .any(|event| format!("{event:?}").contains("in-02") && format!("{event:?}").contains("online: true"))
    {
        rig.expect_online(1).await;
    }
    rig.cabinets[1].cut_power();
    rig.expect_lost(1).await;
    rig.seen.clear();
    rig.open(0, 1).await;
    rig.expect_fate(1, Fate::Done).await;
    rig.expect_position(Position::Open).await;
    rig.watch(QUIET).await;
    assert!(!rig.was_lost(), "{:#?}", rig.told());
    assert_eq!((rig.cabinets[0].orders(OPEN), rig.cabinets[1].orders(OPEN)), (1, 0));
    rig.cabinets[1].restore_power();
    rig.expect_online(1).await;
    rig.open(1, 2).await;
    rig.expect_fate(2, Fate::Done).await;
    assert_eq!((rig.cabinets[0].orders(OPEN), rig.cabinets[1].orders(OPEN)), (1, 1));
}
