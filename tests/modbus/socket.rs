//! Boards on a socket: lost answers, cut connections, lost power.

use std::time::Duration;

use lane_controller::device::modbus::NotTaken;
use lane_controller::model::Position;
use lane_controller::wire::relay::{Fate, NotDone};

use super::board::{Kind, OPEN, Trouble};
use super::rig::{QUIET, Rig, Way};

#[tokio::test(flavor = "multi_thread")]
async fn a3_a_pulse_whose_answer_is_lost_goes_out_once_and_the_truck_is_not_stopped_by_it() {
    for way in [Way::Socket, Way::Server] {
        for kind in [Kind::Timed, Kind::Plain] {
            let mut rig = Rig::proved(way, kind).await;
            rig.board().trouble(5, Trouble::AnswerLost, 1);
            rig.open(0, 1).await;
            rig.expect_fate(1, Fate::Unknown).await;
            rig.expect_position(Position::Open).await;
            rig.watch(QUIET).await;
            assert_eq!((rig.board().orders(OPEN), rig.board().pulses(OPEN)), (1, 1), "{way:?}, {kind:?}");
            assert!(!rig.board().is_on(OPEN), "{way:?}, {kind:?}");
            assert!(!rig.was_lost(), "{way:?}, {kind:?}: {:#?}", rig.told());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_that_holds_on_to_the_socket_that_was_given_up_is_waited_for_a_moment() {
    let mut rig = Rig::proved(Way::Socket, Kind::Timed).await;
    rig.board().trouble(5, Trouble::AnswerLost, 1);
    rig.board().turn_away(2);
    rig.open(0, 1).await;
    rig.expect_fate(1, Fate::Unknown).await;
    rig.expect_position(Position::Open).await;
    assert!(!rig.was_lost(), "{:#?}", rig.told());
    rig.board().turn_away(usize::MAX);
    rig.board().trouble(5, Trouble::AnswerLost, 1);
    rig.close(2);
    rig.expect_fate(2, Fate::Unknown).await;
    rig.expect_lost(0).await;
    assert_eq!(rig.board().orders(OPEN), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pulse_that_is_lost_on_the_way_is_not_sent_again() {
    let mut rig = Rig::proved(Way::Socket, Kind::Timed).await;
    rig.board().trouble(5, Trouble::RequestLost, 1);
    rig.open(0, 1).await;
    rig.expect_fate(1, Fate::Unknown).await;
    rig.watch(QUIET).await;
    assert_eq!((rig.board().orders(OPEN), rig.board().pulses(OPEN)), (1, 0));
    assert!(rig.board().is_closed());
    rig.open(0, 2).await;
    rig.expect_fate(2, Fate::Done).await;
    rig.expect_position(Position::Open).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_answer_is_not_taken_for_the_answer_to_a_later_question() {
    let mut rig = Rig::proved(Way::Socket, Kind::Timed).await;
    rig.board().trouble(2, Trouble::Late(Duration::from_millis(300)), 1);
    rig.board().trouble(2, Trouble::Noise, 3);
    rig.watch(QUIET).await;
    assert!(!rig.was_lost(), "{:#?}", rig.told());
    rig.open(0, 1).await;
    rig.expect_position(Position::Open).await;
    assert_eq!(rig.board().orders(OPEN), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn h14_a_board_without_power_is_lost_at_once_and_proved_again_afterwards() {
    let mut rig = Rig::proved(Way::Socket, Kind::Timed).await;
    rig.board().cut_power();
    rig.expect_lost(0).await;
    rig.open(0, 1).await;
    rig.expect_fate(1, Fate::NotDone(NotDone::Away)).await;
    rig.board().force_open();
    rig.board().restore_power();
    rig.expect_online(0).await;
    rig.expect_position(Position::Open).await;
    assert_eq!(rig.board().orders(OPEN), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_connection_is_made_again() {
    let mut rig = Rig::proved(Way::Socket, Kind::Timed).await;
    let address = rig.plugged.as_ref().and_then(super::rig::Plugged::address);
    rig.plugged = None;
    rig.expect_lost(0).await;
    rig.plug_again(Way::Socket, address);
    rig.expect_position(Position::Closed).await;
    rig.expect_online(0).await;
    rig.open(0, 1).await;
    rig.expect_position(Position::Open).await;
    assert_eq!(rig.board().orders(OPEN), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_driver_that_is_gone_takes_no_command() {
    let rig = Rig::proved(Way::Socket, Kind::Timed).await;
    let handle = rig.handle.clone();
    let cabinets = rig.drop_driver().await;
    let stamp = lane_controller::wire::relay::Stamp {
        epoch: 1,
        sequence: 1,
        issued: lane_controller::model::Mono::from_micros(1),
        ttl: Duration::from_secs(2),
    };
    let close = lane_controller::wire::relay::Command::close(uuid::Uuid::nil(), stamp);
    let exit = lane_controller::model::BarrierPlace::Exit;
    assert_eq!(handle.command(&super::rig::lane(0), exit, close), Err(NotTaken::Away));
    assert_eq!(cabinets[0].orders(OPEN), 0);
}
