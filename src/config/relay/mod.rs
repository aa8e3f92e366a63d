//! Relay boards as the configuration has them: lines, the boards on them, and what is wired to each terminal.
//!
//! Numbers of relays and inputs are what is printed beside the terminal; here they are distances to the board's first
//! address.

mod barrier;
mod lines;
mod portal;

use std::path::PathBuf;
use std::time::Duration;

use super::board::Board;
use crate::model::{BarrierPlace, DeviceName, LaneId, LoopPlace};

pub(super) use barrier::{RawInputs, RawParity, RawRole, wire_barrier, wire_loop};
pub(super) use lines::gather;
pub(super) use portal::{RawPortalInputs, RawPortalRole, wire_portal};

/// How bytes are framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frames {
    /// Address, function, data, CRC.
    Rtu,
    /// The header of Modbus TCP, no CRC.
    Tcp,
}

/// Parity of a serial line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parity {
    /// None.
    None,
    /// Even.
    Even,
    /// Odd.
    Odd,
}

/// How a line is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineWay {
    /// A serial port.
    Serial {
        /// Path; a relative one lies in the data directory.
        port: PathBuf,
        /// Bits a second.
        baud: u32,
        /// Parity.
        parity: Parity,
    },
    /// A socket.
    Tcp {
        /// `host:port`.
        address: String,
        /// Modbus TCP, or RTU frames through a serial server.
        frames: Frames,
    },
}

impl LineWay {
    /// What makes it one line: whoever names the same one shares it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Serial { port, .. } => port.display().to_string(),
            Self::Tcp { address, .. } => address.clone(),
        }
    }
}

/// When a contact is closed by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Normally {
    /// Closed means active.
    Open,
    /// Open means active: a cut wire looks like an active sensor.
    Closed,
}

/// One input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contact {
    /// Distance to the board's first input.
    pub input: u16,
    /// Its rest.
    pub normally: Normally,
}

/// What tells of an arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArmInputs {
    /// The open limit.
    pub opened: Contact,
    /// The closed limit.
    pub closed: Contact,
    /// A beam under the arm: no close while it is cut.
    pub photocell: Option<Contact>,
    /// The key on the spot: no commands (invariant B8).
    pub local: Option<Contact>,
    /// The supply runs on battery.
    pub ups: Option<Contact>,
    /// The cabinet's door is open.
    pub cabinet: Option<Contact>,
    /// The evacuation line: the hardware opens, nothing is commanded (invariant B7).
    pub evacuation: Option<Contact>,
}

/// One arm on a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayArm {
    /// Its lane.
    pub lane: LaneId,
    /// Which arm of it.
    pub place: BarrierPlace,
    /// Relay of the OPEN contact.
    pub open: u16,
    /// Relay of the CLOSE contact.
    pub close: u16,
    /// Relay of the STOP contact.
    pub stop: Option<u16>,
    /// How long a contact is held.
    pub pulse: Duration,
    /// How long the arm may be between its limits.
    pub travel: Duration,
    /// Its inputs.
    pub inputs: ArmInputs,
}

/// One loop on a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayLoop {
    /// Its lane.
    pub lane: LaneId,
    /// Which loop of it.
    pub place: LoopPlace,
    /// Its input.
    pub contact: Contact,
}

/// The contacts of a radiation portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortalInputs {
    /// Gamma alarm.
    pub gamma: Contact,
    /// Neutron alarm, where it has neutron detectors.
    pub neutron: Option<Contact>,
    /// It can't be trusted: background, detectors, supply, cabinet.
    pub fault: Contact,
    /// A vehicle is between the pillars; without it nobody is ever told quiet.
    pub occupied: Option<Contact>,
}

/// One portal on a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayPortal {
    /// Its lane.
    pub lane: LaneId,
    /// As metrics and alarms name it.
    pub name: DeviceName,
    /// Its contacts.
    pub inputs: PortalInputs,
}

/// One board on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayUnit {
    /// Its Modbus address.
    pub unit: u8,
    /// Its kind.
    pub board: Board,
    /// How often its inputs are read.
    pub poll: Duration,
    /// The arms it moves.
    pub arms: Vec<RelayArm>,
    /// The loops it reads.
    pub loops: Vec<RelayLoop>,
    /// The portals it reads.
    pub portals: Vec<RelayPortal>,
}

/// One line with everything on it; one task owns it (invariant A12).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayLine {
    /// How it is reached.
    pub way: LineWay,
    /// The boards on it.
    pub units: Vec<RelayUnit>,
}

/// How an arm is wired, before boards and lines are put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayWiring {
    /// The line.
    pub way: LineWay,
    /// The board's address on it.
    pub unit: u8,
    /// The board.
    pub board: Board,
    /// How often its inputs are read.
    pub poll: Duration,
    /// Relay of the OPEN contact.
    pub open: u16,
    /// Relay of the CLOSE contact.
    pub close: u16,
    /// Relay of the STOP contact.
    pub stop: Option<u16>,
    /// How long a contact is held.
    pub pulse: Duration,
    /// Its inputs.
    pub inputs: ArmInputs,
}

/// How an arm is driven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BarrierDriver {
    /// By its own messages.
    Mqtt,
    /// By a relay board.
    Relay(Box<RelayWiring>),
}

/// A loop whose relay ends on the board of one of the lane's arms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WiredLoop {
    /// Which loop.
    pub place: LoopPlace,
    /// Whose board.
    pub barrier: BarrierPlace,
    /// Its input.
    pub contact: Contact,
}

#[cfg(test)]
mod tests;
