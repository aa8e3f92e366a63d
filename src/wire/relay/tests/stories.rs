//! What a board does in its good hours.

use uuid::Uuid;

use super::super::{Fate, NotDone};
use super::bench::{BATTERY, Bench, CLOSED, EVACUATION, EXIT_LOOP, LOCAL, OPENED, PHOTOCELL, Temper, unit};
use crate::model::{BarrierMode, Position};

#[test]
fn a_board_is_proved_before_anything_is_commanded() {
    let mut bench = Bench::cold(unit("waveshare"));
    bench.modes = [1, 0, 0, 1, 0, 0, 0, 0];
    bench.relay.begin();
    bench.open(1);
    bench.run(30);
    assert_eq!(bench.pulses(0), 0, "nothing is proved yet");
    bench.run(500);
    let start: Vec<_> = bench.got.iter().take(13).copied().collect();
    let off = |relay| (5, relay, 0);
    let mut expected: Vec<_> = (0..8).map(off).collect();
    expected.extend([(3, 0x1000, 8), (6, 0x1003, 0), (6, 0x1000, 0), (1, 0, 8), (2, 0, 8)]);
    assert_eq!(start, expected, "everything off, linkage ended where it was on, relays and inputs read");
    assert_eq!(bench.modes, [0; 8]);
    assert_eq!(bench.pulses(0), 1, "the command that waited within its time");
}

#[test]
fn states_are_told_before_the_health_that_lets_the_lane_go_on() {
    let mut bench = Bench::cold(unit("waveshare"));
    bench.relay.begin();
    bench.run(500);
    assert_eq!(bench.events.len(), 3, "{:?}", bench.events);
    assert_eq!((bench.position(), bench.loops()), (Position::Closed, vec![false]));
    assert_eq!(bench.health(), [(true, None)], "one device, although arm and loop live on it");
    assert!(matches!(
        bench.events.last(),
        Some(super::super::Event::Observed(_, crate::model::Observation::Health(..)))
    ));
}

#[test]
fn a_truck_s_way_is_one_pulse_up_and_one_pulse_down() {
    for board in ["waveshare", "generic"] {
        let mut bench = Bench::running(unit(board));
        bench.open(1);
        bench.run(200);
        assert_eq!(bench.fates(), [(1, Fate::Done)], "{board}");
        assert_eq!(bench.state().command_id, Some(Uuid::from_u128(1)));
        bench.limits(false, false);
        bench.run(1_000);
        assert_eq!((bench.position(), bench.fault()), (Position::Opening, None));
        bench.limits(true, false);
        bench.run(1_000);
        assert_eq!(bench.position(), Position::Open);
        bench.inputs[EXIT_LOOP] = false;
        bench.run(300);
        bench.inputs[EXIT_LOOP] = true;
        bench.run(300);
        assert_eq!(bench.loops(), [true, false], "normally closed: open means occupied");
        bench.close(2);
        bench.run(200);
        bench.limits(false, false);
        bench.run(1_000);
        assert_eq!(bench.position(), Position::Closing);
        bench.limits(false, true);
        bench.run(2_000);
        assert_eq!((bench.position(), bench.fault()), (Position::Closed, None));
        assert_eq!((bench.pulses(0), bench.pulses(1)), (1, 1), "{board}");
        assert_eq!(bench.relays, [false; 8], "nothing is held");
        assert_eq!(bench.fates(), [(1, Fate::Done), (2, Fate::Done)]);
    }
}

#[test]
fn a_plain_board_s_contact_is_held_for_the_pulse_and_not_longer() {
    let mut bench = Bench::running(unit("generic"));
    bench.open(1);
    bench.run(690);
    assert!(bench.relays[0] && !bench.relay.is_settled());
    bench.run(60);
    assert!(!bench.relays[0] && bench.relay.is_settled());
    let mut timed = Bench::running(unit("waveshare"));
    timed.open(1);
    assert!(!timed.relay.is_settled(), "a command waits");
    timed.run(100);
    assert!(timed.relay.is_settled(), "the board ends it by itself");
}

#[test]
fn b1_a_close_waits_for_a_clear_zone_and_no_longer_than_it_counts() {
    for zone in [EXIT_LOOP, PHOTOCELL] {
        let mut bench = Bench::running(unit("waveshare"));
        bench.limits(true, false);
        bench.inputs[zone] = false;
        bench.run(300);
        bench.close(1);
        bench.run(1_000);
        assert_eq!(bench.pulses(1), 0);
        bench.inputs[zone] = true;
        bench.run(300);
        assert_eq!(bench.pulses(1), 1);
        let mut bench = Bench::running(unit("waveshare"));
        bench.limits(true, false);
        bench.inputs[zone] = false;
        bench.run(300);
        bench.close(1);
        bench.run(2_500);
        assert_eq!(bench.fates(), [(1, Fate::NotDone(NotDone::ZoneNotClear))]);
        bench.inputs[zone] = true;
        bench.run(500);
        assert_eq!(bench.pulses(1), 0, "it counts no more");
    }
}

#[test]
fn b8_in_local_mode_nothing_is_commanded() {
    let mut bench = Bench::running(unit("waveshare"));
    bench.inputs[LOCAL] = true;
    bench.run(200);
    assert_eq!(bench.mode(), BarrierMode::Local);
    bench.open(1);
    bench.close(2);
    bench.run(3_000);
    let local = |id| (id, Fate::NotDone(NotDone::Local));
    assert_eq!(bench.fates(), [(1, Fate::NotDone(NotDone::Superseded)), local(2)]);
    bench.inputs[LOCAL] = false;
    bench.run(200);
    assert_eq!(bench.mode(), BarrierMode::Remote);
    bench.open(3);
    bench.run(200);
    assert_eq!((bench.pulses(0), bench.pulses(1)), (1, 0));
}

#[test]
fn b7_h48_evacuation_is_a_fault_that_takes_no_command() {
    let mut bench = Bench::running(unit("waveshare"));
    bench.inputs[EVACUATION] = true;
    bench.limits(true, false);
    bench.run(200);
    assert_eq!((bench.position(), bench.fault().as_deref()), (Position::Open, Some("evacuation")));
    bench.close(1);
    bench.run(200);
    assert_eq!(bench.fates(), [(1, Fate::NotDone(NotDone::Faulty))]);
    assert_eq!(bench.pulses(1), 0);
}

#[test]
fn an_arm_that_is_not_closed_gets_no_open_pulse() {
    for (opened, closed) in [(true, false), (false, false)] {
        let mut bench = Bench::running(unit("waveshare"));
        bench.limits(opened, closed);
        bench.run(200);
        bench.open(1);
        bench.run(200);
        assert_eq!(bench.fates(), [(1, Fate::NotDone(NotDone::NotClosed))], "memory mode would count it");
        assert_eq!(bench.pulses(0), 0);
    }
}

#[test]
fn a_newer_command_takes_the_place_of_one_that_waits() {
    let mut bench = Bench::running(unit("waveshare"));
    bench.open(1);
    bench.close(2);
    bench.run(300);
    assert_eq!(bench.fates(), [(1, Fate::NotDone(NotDone::Superseded)), (2, Fate::Done)]);
    assert_eq!((bench.pulses(0), bench.pulses(1)), (0, 1));
}

#[test]
fn a_close_goes_out_after_the_open_pulse_has_ended() {
    for board in ["waveshare", "generic"] {
        let mut bench = Bench::running(unit(board));
        bench.open(1);
        bench.run(100);
        bench.close(2);
        bench.run(400);
        assert_eq!((bench.pulses(0), bench.pulses(1)), (1, 0), "{board}: both contacts at once mean nothing");
        bench.run(500);
        assert_eq!((bench.pulses(0), bench.pulses(1)), (1, 1), "{board}");
    }
}

#[test]
fn the_cabinet_s_troubles_are_details_of_health() {
    let mut bench = Bench::running(unit("waveshare"));
    bench.inputs[BATTERY] = true;
    bench.run(300);
    bench.inputs[BATTERY] = false;
    bench.run(300);
    assert_eq!(bench.health(), [(true, Some("on battery power".to_owned())), (true, None)]);
}

#[test]
fn a_report_tells_everything_again() {
    let mut bench = Bench::running(unit("waveshare"));
    bench.run(500);
    assert!(bench.events.is_empty(), "nothing changed: {:?}", bench.events);
    bench.relay.report(bench.now());
    bench.run(200);
    assert_eq!((bench.position(), bench.loops(), bench.health()), (Position::Closed, vec![false], vec![(true, None)]));
    bench.temper = Temper::Dead;
    bench.run(3_000);
    bench.events.clear();
    bench.relay.report(bench.now());
    bench.drain();
    assert_eq!(bench.health().iter().map(|(online, _)| *online).collect::<Vec<_>>(), [false]);
}

#[test]
fn a_stop_contact_stops_an_arm_that_comes_down_on_something() {
    for board in ["waveshare", "generic"] {
        let mut wired = unit(board);
        wired.arms[0].stop = Some(2);
        let mut bench = Bench::running(wired);
        bench.limits(true, false);
        bench.run(300);
        bench.close(1);
        bench.run(200);
        bench.limits(false, false);
        bench.run(200);
        assert_eq!((bench.position(), bench.pulses(2)), (Position::Closing, 0));
        bench.inputs[EXIT_LOOP] = false;
        bench.run(300);
        assert_eq!(bench.pulses(2), 1, "{board}");
        bench.run(1_500);
        assert_eq!((bench.position(), bench.pulses(2)), (Position::Unknown, 1), "{board}: once is enough");
        assert_eq!(bench.relays, [false; 8]);
    }
    let mut bench = Bench::running(unit("waveshare"));
    assert!(bench.inputs[CLOSED] && !bench.inputs[OPENED]);
    bench.inputs[EXIT_LOOP] = false;
    bench.run(500);
    assert_eq!(bench.got.iter().filter(|(function, ..)| *function == 5).count(), 0, "no contact, no stop");
}
