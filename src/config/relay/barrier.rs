//! One arm and one loop on a board: what the keys say, checked against the board.

use std::time::Duration;

use serde::Deserialize;

use super::super::board::{Block, Board, POINTS_MAX, PulseMaker};
use super::super::check::Faults;
use super::super::parse::{RawBarrier, RawLoop};
use super::{ArmInputs, BarrierDriver, Contact, Frames, LineWay, Normally, Parity, RelayWiring, WiredLoop};
use crate::model::{BarrierPlace, LoopPlace};

const BAUD_DEFAULT: u32 = 9_600;
const UNITS: std::ops::RangeInclusive<u8> = 1..=247;
const PULSE_DEFAULT: Duration = Duration::from_millis(500);
/// A contact that is held longer than this holds many barriers open; a close command also waits for its end.
const PULSE_MAX: Duration = Duration::from_secs(1);
const PULSE_MIN: Duration = Duration::from_millis(100);
const POLL_DEFAULT: Duration = Duration::from_millis(100);
/// Inputs older than 500 ms prove nothing (invariant B1): two readings must fit in.
const POLL_MAX: Duration = Duration::from_millis(200);
const POLL_MIN: Duration = Duration::from_millis(20);

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::config) enum RawParity {
    None,
    Even,
    Odd,
}

/// What an input of an arm tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::config) enum RawRole {
    Opened,
    Closed,
    Photocell,
    Local,
    Ups,
    Cabinet,
    Evacuation,
}

impl RawRole {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Closed => "closed",
            Self::Photocell => "photocell",
            Self::Local => "local",
            Self::Ups => "ups",
            Self::Cabinet => "cabinet",
            Self::Evacuation => "evacuation",
        }
    }
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
pub(in crate::config) struct RawInputs {
    opened: Option<u16>,
    closed: Option<u16>,
    photocell: Option<u16>,
    local: Option<u16>,
    ups: Option<u16>,
    cabinet: Option<u16>,
    evacuation: Option<u16>,
}

/// How the arm is driven; faults go to their keys.
pub(in crate::config) fn wire_barrier(path: &str, raw: &RawBarrier, faults: &mut Faults) -> BarrierDriver {
    let frames = match raw.driver.as_str() {
        "mqtt" => {
            if raw.open_relay.is_some() || raw.board.is_some() || raw.inputs.is_some() {
                faults.at(&format!("{path}.driver"), "relays and inputs need \"modbus-rtu\" or \"modbus-tcp\"");
            }
            return BarrierDriver::Mqtt;
        }
        "modbus-rtu" => Frames::Rtu,
        "modbus-tcp" => Frames::Tcp,
        _ => {
            faults.at(&format!("{path}.driver"), "\"mqtt\", \"modbus-rtu\" or \"modbus-tcp\" is expected");
            return BarrierDriver::Mqtt;
        }
    };
    let way = way(path, raw, frames, faults);
    let unit = raw.unit.unwrap_or(1);
    if !UNITS.contains(&unit) {
        faults.at(&format!("{path}.unit"), "a Modbus address from 1 to 247 is expected");
    }
    let poll = raw.poll.map_or(POLL_DEFAULT, |text| text.0);
    if !(POLL_MIN..=POLL_MAX).contains(&poll) {
        faults.at(&format!("{path}.poll"), "20ms to 200ms are expected: inputs older than 500 ms prove nothing");
    }
    let board = board(path, raw, faults);
    let mut keys = Keys { path, raw, board: &board, faults };
    let open = keys.relay_of("open_relay", raw.open_relay).unwrap_or_default();
    let close = keys.relay_of("close_relay", raw.close_relay).unwrap_or_default();
    let stop = raw.stop_relay.and_then(|_| keys.relay_of("stop_relay", raw.stop_relay));
    let pulse = keys.pulse();
    let inputs = keys.inputs();
    BarrierDriver::Relay(Box::new(RelayWiring { way, unit, board, poll, open, close, stop, pulse, inputs }))
}

fn way(path: &str, raw: &RawBarrier, frames: Frames, faults: &mut Faults) -> LineWay {
    if let Some(address) = &raw.address {
        if raw.port.is_some() {
            faults.at(&format!("{path}.address"), "a board is reached by `port` or by `address`, not by both");
        }
        let port = address.rsplit_once(':').filter(|(host, _)| !host.is_empty());
        if port.is_none_or(|(_, port)| port.parse::<u16>().is_err()) {
            faults.at(&format!("{path}.address"), "\"host:port\" is expected, as in \"10.0.5.20:502\"");
        }
        return LineWay::Tcp { address: address.clone(), frames };
    }
    if frames == Frames::Tcp {
        faults.at(path, "a \"modbus-tcp\" barrier needs its `address`, as in \"10.0.5.20:502\"");
        return LineWay::Tcp { address: String::new(), frames };
    }
    let baud = raw.baud.unwrap_or(BAUD_DEFAULT);
    if !(1_200..=921_600).contains(&baud) {
        faults.at(&format!("{path}.baud"), "1200 to 921600 bits a second are expected");
    }
    let parity = match raw.parity {
        Some(RawParity::Even) => Parity::Even,
        Some(RawParity::Odd) => Parity::Odd,
        Some(RawParity::None) | None => Parity::None,
    };
    if raw.port.is_none() {
        faults
            .at(path, "a \"modbus-rtu\" barrier needs its `port`, best by its /dev/serial/by-id name, or an `address`");
    }
    LineWay::Serial { port: raw.port.clone().unwrap_or_default(), baud, parity }
}

/// The preset with what the keys say otherwise.
fn board(path: &str, raw: &RawBarrier, faults: &mut Faults) -> Board {
    let name = raw.board.as_deref().unwrap_or("generic");
    let mut board = Board::preset(name).unwrap_or_else(|| {
        faults.at(&format!("{path}.board"), format!("one of {} is expected", Board::presets()));
        let none = Block { address: 0, count: POINTS_MAX };
        Board {
            title: name.to_owned(),
            numbered_from: 0,
            relays: none,
            inputs: none,
            pulse: PulseMaker::Driver,
            modes: None,
        }
    });
    for (key, given, place) in [
        ("relay_address", raw.relay_address, &mut board.relays.address),
        ("relay_count", raw.relay_count, &mut board.relays.count),
        ("input_address", raw.input_address, &mut board.inputs.address),
        ("input_count", raw.input_count, &mut board.inputs.count),
    ] {
        let Some(given) = given else { continue };
        if key.ends_with("count") && !(1..=POINTS_MAX).contains(&given) {
            faults.at(&format!("{path}.{key}"), format!("1 to {POINTS_MAX} are expected"));
        }
        *place = given;
    }
    for (key, block) in [("relay_address", board.relays), ("input_address", board.inputs)] {
        if block.address.checked_add(block.count).is_none() {
            faults.at(&format!("{path}.{key}"), "the addresses end at 65535");
        }
    }
    board
}

struct Keys<'a> {
    path: &'a str,
    raw: &'a RawBarrier,
    board: &'a Board,
    faults: &'a mut Faults,
}

impl Keys<'_> {
    fn fault(&mut self, key: &str, message: impl Into<String>) {
        self.faults.at(&format!("{}.{key}", self.path), message);
    }

    fn relay_of(&mut self, key: &str, number: Option<u16>) -> Option<u16> {
        let Some(number) = number else {
            self.fault(key, "the number printed beside the relay's terminal is expected");
            return None;
        };
        let found = self.board.offset(number, self.board.relays);
        if found.is_none() {
            let (first, last) = self.board.numbers(self.board.relays);
            self.fault(key, format!("the board's relays are numbered {first} to {last}"));
        }
        found
    }

    fn pulse(&mut self) -> Duration {
        let pulse = self.raw.pulse.map_or(PULSE_DEFAULT, |text| text.0);
        if !(PULSE_MIN..=PULSE_MAX).contains(&pulse) {
            self.fault("pulse", "100ms to 1s are expected: a contact that is held longer holds the arm open");
        } else if let PulseMaker::Board { unit_ms, most, .. } = self.board.pulse
            && Board::pulse_value(unit_ms, most, pulse).is_none()
        {
            self.fault("pulse", format!("the board times pulses in steps of {unit_ms}ms"));
        }
        pulse
    }

    fn inputs(&mut self) -> ArmInputs {
        let raw = self.raw.inputs.unwrap_or_default();
        if raw.opened.is_none() || raw.closed.is_none() {
            self.fault("inputs", "`opened` and `closed` are expected: only its limits tell where the arm is");
        }
        let rest = Contact { input: 0, normally: Normally::Open };
        ArmInputs {
            opened: self.contact(RawRole::Opened, raw.opened).unwrap_or(rest),
            closed: self.contact(RawRole::Closed, raw.closed).unwrap_or(rest),
            photocell: self.contact(RawRole::Photocell, raw.photocell),
            local: self.contact(RawRole::Local, raw.local),
            ups: self.contact(RawRole::Ups, raw.ups),
            cabinet: self.contact(RawRole::Cabinet, raw.cabinet),
            evacuation: self.contact(RawRole::Evacuation, raw.evacuation),
        }
    }

    fn contact(&mut self, role: RawRole, number: Option<u16>) -> Option<Contact> {
        let position = self.raw.normally_closed.iter().flatten().position(|named| *named == role);
        let Some(number) = number else {
            if let Some(index) = position {
                self.fault(&format!("normally_closed[{index}]"), format!("there is no input `{}`", role.as_str()));
            }
            return None;
        };
        let normally = if position.is_some() { Normally::Closed } else { Normally::Open };
        match self.board.offset(number, self.board.inputs) {
            Some(input) => Some(Contact { input, normally }),
            None => {
                let (first, last) = self.board.numbers(self.board.inputs);
                let message = format!("the board's inputs are numbered {first} to {last}");
                self.fault(&format!("inputs.{}", role.as_str()), message);
                None
            }
        }
    }
}

/// On whose board a device of the lane ends.
pub(super) fn board_of<'a>(
    path: &str,
    device: &str,
    arms: &[(BarrierPlace, &'a RelayWiring)],
    named: Option<BarrierPlace>,
    faults: &mut Faults,
) -> Option<(BarrierPlace, &'a RelayWiring)> {
    let mut boards = arms.iter().filter(|(place, _)| named.is_none_or(|named| named == *place));
    let Some((barrier, wiring)) = boards.next() else {
        let message = format!("{device} ends on the board of a barrier of its lane, and there is none");
        faults.at(&format!("{path}.driver"), message);
        return None;
    };
    if boards.any(|(_, other)| other.way.name() != wiring.way.name() || other.unit != wiring.unit) {
        faults.at(path, format!("the lane has two boards: `barrier` says on whose {device} ends"));
        return None;
    }
    Some((*barrier, wiring))
}

/// Where a loop ends, if it ends on a board of the lane.
pub(in crate::config) fn wire_loop(
    path: &str,
    raw: &RawLoop,
    arms: &[(BarrierPlace, &RelayWiring)],
    faults: &mut Faults,
) -> Option<WiredLoop> {
    match raw.driver.as_deref() {
        None | Some("mqtt") => {
            if raw.input.is_some() || raw.barrier.is_some() || raw.normally.is_some() {
                faults.at(&format!("{path}.name"), "`input`, `normally` and `barrier` need driver = \"modbus\"");
            }
            return None;
        }
        Some("modbus") => {}
        Some(_) => {
            faults.at(&format!("{path}.driver"), "\"mqtt\" or \"modbus\" is expected");
            return None;
        }
    }
    let (barrier, wiring) = board_of(path, "a loop", arms, raw.barrier, faults)?;
    // By its name a lane forgets arm and loop together; the loop's board can't answer for an arm on the bus.
    if raw.name == LoopPlace::Exit && !arms.iter().any(|(place, _)| *place == BarrierPlace::Exit) {
        faults.at(&format!("{path}.driver"), "the exit loop ends on a board only where the exit barrier does");
        return None;
    }
    let Some(number) = raw.input else {
        faults.at(path, "a loop on a board needs its `input`");
        return None;
    };
    let Some(input) = wiring.board.offset(number, wiring.board.inputs) else {
        let (first, last) = wiring.board.numbers(wiring.board.inputs);
        faults.at(&format!("{path}.input"), format!("the board's inputs are numbered {first} to {last}"));
        return None;
    };
    let normally = match raw.normally.as_deref() {
        None | Some("open") => Normally::Open,
        Some("closed") => Normally::Closed,
        Some(_) => {
            faults.at(&format!("{path}.normally"), "\"open\" or \"closed\" is expected");
            Normally::Open
        }
    };
    Some(WiredLoop { place: raw.name, barrier, contact: Contact { input, normally } })
}
