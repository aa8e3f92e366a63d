//! Boards and lines put together from all lanes, and what can't be true of them together.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::super::check::Faults;
use super::super::{Barrier, Lane, PortalWay, ScaleDriver, SerialLine};
use super::{Contact, LineWay, RelayArm, RelayLine, RelayLoop, RelayPortal, RelayUnit, RelayWiring};
use crate::model::scale::ScalePort;

/// What a terminal is used for; two lanes may share what concerns the whole cabinet.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Use {
    Relay,
    /// Of one arm or loop alone.
    Own,
    /// The cabinet's, with its polarity.
    Cabinet(&'static str, Contact),
}

/// Terminals by line, unit, relay or input, number.
type Terminals = BTreeMap<(String, u8, Side, u16), Use>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Relay,
    Input,
}

/// Every line with its boards.
pub(in crate::config) fn gather(lanes: &[Lane], faults: &mut Faults) -> Vec<RelayLine> {
    let mut gathering = Gathering { lines: Vec::new(), terminals: Terminals::new(), faults };
    let scales = scale_ports(lanes);
    for (index, lane) in lanes.iter().enumerate() {
        for (number, barrier) in lane.barriers.iter().enumerate() {
            let Some((_, wiring)) = barrier.relay() else { continue };
            let path = format!("lane[{index}].barrier[{number}]");
            if let LineWay::Serial { port, .. } = &wiring.way
                && scales.contains(port)
            {
                gathering.faults.at(&format!("{path}.port"), "the port is used by a scale");
            }
            let arm = RelayArm {
                lane: lane.id.clone(),
                place: barrier.place,
                open: wiring.open,
                close: wiring.close,
                stop: wiring.stop,
                pulse: wiring.pulse,
                travel: barrier.open_timeout.max(barrier.close_timeout),
                inputs: wiring.inputs,
            };
            // What is wrong by itself would only seem to collide with others.
            if !gathering.faults.has(&path) {
                gathering.take_terminals(&path, wiring);
            }
            if let Some(unit) = gathering.unit(&path, wiring) {
                unit.arms.push(arm);
            }
        }
        gathering.loops(index, lane);
        gathering.portals(index, lane);
    }
    gathering.lines
}

fn scale_ports(lanes: &[Lane]) -> Vec<PathBuf> {
    let scales = lanes.iter().filter_map(|lane| lane.scale.as_ref());
    let ports = scales.filter_map(|scale| match &scale.driver {
        ScaleDriver::Serial(SerialLine { port: ScalePort::Tty(path), .. }) => Some(path.clone()),
        ScaleDriver::Serial(_) | ScaleDriver::Mqtt => None,
    });
    ports.collect()
}

struct Gathering<'a> {
    lines: Vec<RelayLine>,
    terminals: Terminals,
    faults: &'a mut Faults,
}

impl Gathering<'_> {
    /// The board that a wiring names; what another arm says otherwise of line or board is a fault.
    fn unit(&mut self, path: &str, wiring: &RelayWiring) -> Option<&mut RelayUnit> {
        let name = wiring.way.name();
        let index = self.lines.iter().position(|line| line.way.name() == name).unwrap_or_else(|| {
            self.lines.push(RelayLine { way: wiring.way.clone(), units: Vec::new() });
            self.lines.len() - 1
        });
        let line = self.lines.get_mut(index)?;
        if line.way != wiring.way {
            self.faults.at(path, format!("{name} is one line: rate, parity and driver must be the same for all on it"));
        }
        let known = line.units.iter().position(|unit| unit.unit == wiring.unit).unwrap_or_else(|| {
            let (board, poll) = (wiring.board.clone(), wiring.poll);
            let (arms, loops, portals) = (Vec::new(), Vec::new(), Vec::new());
            line.units.push(RelayUnit { unit: wiring.unit, board, poll, arms, loops, portals });
            line.units.len() - 1
        });
        let unit = line.units.get_mut(known)?;
        if unit.board != wiring.board || unit.poll != wiring.poll {
            let message = format!("unit {} of {name} is one board: kind, addresses and poll must agree", wiring.unit);
            self.faults.at(path, message);
        }
        Some(unit)
    }

    fn take_terminals(&mut self, path: &str, wiring: &RelayWiring) {
        for (key, relay) in
            [("open_relay", Some(wiring.open)), ("close_relay", Some(wiring.close)), ("stop_relay", wiring.stop)]
        {
            if let Some(relay) = relay {
                self.take(&format!("{path}.{key}"), wiring, Side::Relay, relay, Use::Relay);
            }
        }
        let inputs = &wiring.inputs;
        for (key, contact) in
            [("opened", Some(inputs.opened)), ("closed", Some(inputs.closed)), ("photocell", inputs.photocell)]
        {
            if let Some(contact) = contact {
                self.take(&format!("{path}.inputs.{key}"), wiring, Side::Input, contact.input, Use::Own);
            }
        }
        for (key, contact) in [
            ("local", inputs.local),
            ("ups", inputs.ups),
            ("cabinet", inputs.cabinet),
            ("evacuation", inputs.evacuation),
        ] {
            if let Some(contact) = contact {
                let shared = Use::Cabinet(key, contact);
                self.take(&format!("{path}.inputs.{key}"), wiring, Side::Input, contact.input, shared);
            }
        }
    }

    fn take(&mut self, path: &str, wiring: &RelayWiring, side: Side, offset: u16, what: Use) {
        let key = (wiring.way.name(), wiring.unit, side, offset);
        match self.terminals.get(&key) {
            Some(Use::Cabinet(role, contact)) if what == Use::Cabinet(role, *contact) => {}
            Some(_) => {
                let number = offset.saturating_add(wiring.board.numbered_from);
                let kind = if side == Side::Relay { "relay" } else { "input" };
                self.faults.at(path, format!("{kind} {number} of this board is used already"));
            }
            None => {
                self.terminals.insert(key, what);
            }
        }
    }

    fn loops(&mut self, index: usize, lane: &Lane) {
        for wired in &lane.wired_loops {
            let number = lane.loops.iter().position(|found| found.place == wired.place).unwrap_or_default();
            let arm = lane.barriers.iter().position(|barrier| barrier.place == wired.barrier).unwrap_or_default();
            let Some((_, wiring)) = lane.barriers.get(arm).and_then(Barrier::relay) else { continue };
            if self.faults.has(&format!("lane[{index}].barrier[{arm}]")) {
                continue;
            }
            let path = format!("lane[{index}].loop[{number}].input");
            self.take(&path, wiring, Side::Input, wired.contact.input, Use::Own);
            if let Some(unit) = self.known_unit(wiring) {
                unit.loops.push(RelayLoop { lane: lane.id.clone(), place: wired.place, contact: wired.contact });
            }
        }
    }

    fn portals(&mut self, index: usize, lane: &Lane) {
        for (number, portal) in lane.portals.iter().enumerate() {
            let PortalWay::Contacts { barrier, inputs } = portal.way else { continue };
            let arm = lane.barriers.iter().position(|found| found.place == barrier).unwrap_or_default();
            let Some((_, wiring)) = lane.barriers.get(arm).and_then(Barrier::relay) else { continue };
            if self.faults.has(&format!("lane[{index}].barrier[{arm}]")) {
                continue;
            }
            let path = format!("lane[{index}].portal[{number}].inputs");
            for (key, contact) in [
                ("gamma", Some(inputs.gamma)),
                ("neutron", inputs.neutron),
                ("fault", Some(inputs.fault)),
                ("occupied", inputs.occupied),
            ] {
                if let Some(contact) = contact {
                    self.take(&format!("{path}.{key}"), wiring, Side::Input, contact.input, Use::Own);
                }
            }
            let (lane, name) = (lane.id.clone(), portal.name.clone());
            if let Some(unit) = self.known_unit(wiring) {
                unit.portals.push(RelayPortal { lane, name, inputs });
            }
        }
    }

    /// The board of an arm that was taken already.
    fn known_unit(&mut self, wiring: &RelayWiring) -> Option<&mut RelayUnit> {
        let name = wiring.way.name();
        let line = self.lines.iter_mut().find(|line| line.way.name() == name)?;
        line.units.iter_mut().find(|unit| unit.unit == wiring.unit)
    }
}
