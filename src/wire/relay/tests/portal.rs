//! A portal's contacts on the board of an arm: what its lane is told of whom.

use super::super::Event;
use super::bench::{Bench, Temper, lane, unit};
use crate::config::relay::{Contact, Normally, PortalInputs, RelayPortal, RelayUnit};
use crate::model::{DeviceName, Observation, Position, RadiationAlarm};

const GAMMA: usize = 3;
const NEUTRON: usize = 4;
const HEALTHY: usize = 5;
const OCCUPIED: usize = 7;

#[test]
fn a_vehicle_is_told_quiet_only_once_it_was_seen_in_and_out_and_the_alarm_had_time_to_follow() {
    let mut bench = ready();
    bench.inputs[OCCUPIED] = true;
    bench.run(2_000);
    bench.inputs[OCCUPIED] = false;
    bench.run(300);
    assert_eq!(told(&bench), [], "not before the alarm had time to follow");
    bench.run(600);
    assert_eq!(told(&bench), [RadiationAlarm::None]);
    bench.run(5_000);
    assert_eq!(told(&bench).len(), 1, "once");
}

#[test]
fn an_alarm_is_told_at_once_and_again_while_it_lasts_and_stays_with_its_vehicle() {
    let mut bench = ready();
    bench.inputs[OCCUPIED] = true;
    bench.run(500);
    bench.inputs[GAMMA] = true;
    bench.run(200);
    assert_eq!(told(&bench), [RadiationAlarm::Gamma]);
    bench.inputs[NEUTRON] = true;
    bench.run(200);
    assert_eq!(told(&bench)[1..], [RadiationAlarm::GammaNeutron]);
    bench.run(3_000);
    assert!(told(&bench).len() >= 4, "again: {:?}", told(&bench));
    (bench.inputs[GAMMA], bench.inputs[NEUTRON]) = (false, false);
    bench.run(300);
    bench.inputs[OCCUPIED] = false;
    bench.run(1_000);
    assert_eq!(told(&bench).last(), Some(&RadiationAlarm::GammaNeutron), "its verdict, although the alarm was over");
}

#[test]
fn an_alarm_that_follows_the_vehicle_is_its_own() {
    let mut bench = ready();
    bench.inputs[OCCUPIED] = true;
    bench.run(500);
    bench.inputs[OCCUPIED] = false;
    bench.run(200);
    bench.inputs[GAMMA] = true;
    bench.run(200);
    bench.inputs[GAMMA] = false;
    bench.run(800);
    assert_eq!(told(&bench), [RadiationAlarm::Gamma, RadiationAlarm::Gamma]);
}

#[test]
fn a_fault_holds_whoever_comes_and_whoever_is_between_the_pillars() {
    let mut bench = ready();
    bench.inputs[HEALTHY] = false;
    bench.run(200);
    assert_eq!(told(&bench), [RadiationAlarm::Fault]);
    bench.inputs[OCCUPIED] = true;
    bench.run(300);
    bench.inputs[HEALTHY] = true;
    bench.run(500);
    bench.inputs[OCCUPIED] = false;
    bench.run(900);
    assert!(told(&bench).iter().all(|alarm| *alarm == RadiationAlarm::Fault), "{:?}", told(&bench));
}

#[test]
fn who_was_not_seen_from_beginning_to_end_is_in_doubt() {
    let mut bench = Bench::cold(portal_unit());
    bench.inputs[OCCUPIED] = true;
    healthy(&mut bench);
    bench.inputs[OCCUPIED] = false;
    bench.run(1_000);
    assert_eq!(told(&bench), [RadiationAlarm::Fault], "its beginning was not seen");

    let mut bench = ready();
    bench.inputs[OCCUPIED] = true;
    bench.run(500);
    bench.temper = Temper::Dead;
    bench.run(3_000);
    assert_eq!(told(&bench), [RadiationAlarm::Fault], "its end was not seen");
}

#[test]
fn without_an_occupancy_contact_alarms_are_told_and_nobody_is_quiet() {
    let mut unit = portal_unit();
    unit.portals[0].inputs.occupied = None;
    let mut bench = Bench::cold(unit);
    healthy(&mut bench);
    bench.inputs[OCCUPIED] = true;
    bench.run(500);
    bench.inputs[OCCUPIED] = false;
    bench.run(1_000);
    assert_eq!(told(&bench), []);
    bench.inputs[GAMMA] = true;
    bench.run(200);
    assert_eq!(told(&bench), [RadiationAlarm::Gamma]);
}

#[test]
fn a_portal_is_away_with_its_board() {
    let mut bench = ready();
    bench.temper = Temper::Dead;
    bench.run(3_000);
    let lost = bench.events.iter().any(|event| match event {
        Event::Observed(_, Observation::Health(device, health)) => device.as_str() == "gate" && !health.online,
        Event::Observed(..) | Event::Commanded { .. } | Event::Stopped(..) => false,
    });
    assert!(lost, "{:?}", bench.events);
}

fn portal_unit() -> RelayUnit {
    let contact = |input: usize, normally| Contact { input: u16::try_from(input).expect("small"), normally };
    let mut unit = unit("waveshare");
    let inputs = &mut unit.arms[0].inputs;
    (inputs.photocell, inputs.local, inputs.ups, inputs.evacuation) = (None, None, None, None);
    let inputs = PortalInputs {
        gamma: contact(GAMMA, Normally::Open),
        neutron: Some(contact(NEUTRON, Normally::Open)),
        fault: contact(HEALTHY, Normally::Closed),
        occupied: Some(contact(OCCUPIED, Normally::Open)),
    };
    unit.portals = vec![RelayPortal { lane: lane(), name: DeviceName::new("gate").expect("a name"), inputs }];
    unit
}

/// Started, the pillars free, the portal in order.
fn ready() -> Bench {
    let mut bench = Bench::cold(portal_unit());
    healthy(&mut bench);
    bench
}

fn healthy(bench: &mut Bench) {
    (bench.inputs[HEALTHY], bench.inputs[GAMMA]) = (true, false);
    bench.relay.begin();
    bench.run(500);
    assert_eq!(bench.position(), Position::Closed);
    assert_eq!(told(bench), []);
}

fn told(bench: &Bench) -> Vec<RadiationAlarm> {
    let readings = bench.events.iter().filter_map(|event| match event {
        Event::Observed(_, Observation::Radiation(device, reading)) => {
            assert_eq!(device.as_str(), "gate");
            Some(reading.alarm)
        }
        Event::Observed(..) | Event::Commanded { .. } | Event::Stopped(..) => None,
    });
    readings.collect()
}
