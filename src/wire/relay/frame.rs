//! Modbus as a relay board speaks it: requests and answers as bytes, RTU and TCP (devices.md §3).
//!
//! A [`Request`] is consumed by its encoding and can't be cloned, so whatever it does, it does once. The only way to a
//! request that closes an OPEN contact takes an [`OpenAuthority`], and takes it away (invariants A1, A3).

use crate::config::board::{Board, Modes, PulseMaker};
use crate::config::relay::{Frames, RelayArm};
use crate::model::OpenAuthority;

/// Longest frame on a serial line (Modbus over Serial Line V1.02, 2.5.1).
pub const RTU_MAX_BYTES: usize = 256;
/// Longest frame on a socket (Modbus Messaging on TCP/IP V1.0b, 4.1).
pub const TCP_MAX_BYTES: usize = 260;
/// Bytes before unit and function in a TCP frame.
const TCP_HEADER_BYTES: usize = 6;

const READ_RELAYS: u8 = 0x01;
const READ_INPUTS: u8 = 0x02;
const READ_REGISTERS: u8 = 0x03;
const WRITE_RELAY: u8 = 0x05;
const WRITE_REGISTER: u8 = 0x06;
/// Set in the function code of an answer that refuses.
const REFUSES: u8 = 0x80;
const ON: u16 = 0xFF00;
const OFF: u16 = 0x0000;

/// Address and value of the command that closes a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct On {
    address: u16,
    value: u16,
}

impl On {
    /// A pulse that the board ends by itself where it can; else the relay is switched on, and off by the driver.
    fn of(board: &Board, relay: u16, arm: &RelayArm) -> Self {
        match board.pulse {
            PulseMaker::Board { address, unit_ms, most } => {
                // The configuration takes no pulse that the board can't time; the shortest one is the safe stand-in.
                let value = Board::pulse_value(unit_ms, most, arm.pulse).unwrap_or(1);
                Self { address: address.saturating_add(relay), value }
            }
            PulseMaker::Driver => Self { address: board.relays.address.saturating_add(relay), value: ON },
        }
    }
}

/// The OPEN contact of an arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenContact(On);
/// The CLOSE contact of an arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CloseContact(On);
/// The STOP contact of an arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StopContact(On);

/// The contacts of one arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contacts {
    /// OPEN.
    pub open: OpenContact,
    /// CLOSE.
    pub close: CloseContact,
    /// STOP.
    pub stop: Option<StopContact>,
}

impl Contacts {
    /// The contacts as they are wired; the configuration sees to it that no relay is used twice.
    #[must_use]
    pub fn of(board: &Board, arm: &RelayArm) -> Self {
        Self {
            open: OpenContact(On::of(board, arm.open, arm)),
            close: CloseContact(On::of(board, arm.close, arm)),
            stop: arm.stop.map(|relay| StopContact(On::of(board, relay, arm))),
        }
    }
}

/// What is asked; one of five functions.
#[derive(Debug, PartialEq, Eq)]
enum Ask {
    Bits { function: u8, address: u16, count: u16 },
    Registers { address: u16, count: u16 },
    Write { function: u8, address: u16, value: u16 },
}

/// One request to one board.
#[derive(Debug, PartialEq, Eq)]
pub struct Request {
    unit: u8,
    ask: Ask,
}

/// What a board answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Relays or inputs, the first one first.
    Bits(Vec<bool>),
    /// Registers, the first one first.
    Registers(Vec<u16>),
    /// Written, as asked.
    Written,
}

/// A board refuses: the exception code (Modbus Application Protocol V1.1b3, 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the board refuses with exception {0}")]
pub struct Refused(pub u8);

/// A stream on a socket that is no Modbus: the connection is of no use any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what comes is not Modbus TCP: {0}")]
pub struct Broken(&'static str);

/// What was found in the bytes that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Bytes that are done with.
    pub used: usize,
    /// Bytes among them that belong to no answer.
    pub skipped: usize,
    /// The answer, if it is there.
    pub answer: Option<Result<Answer, Refused>>,
}

/// Recognises the one answer to a request that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    unit: u8,
    function: u8,
    shape: Shape,
    /// The transaction on a socket; `None` on a serial line.
    transaction: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    Bits(u16),
    Registers(u16),
    /// The request's address and value come back.
    Echo([u8; 4]),
}

impl Request {
    /// Reads every relay of the board.
    pub(super) const fn read_relays(unit: u8, board: &Board) -> Self {
        let ask = Ask::Bits { function: READ_RELAYS, address: board.relays.address, count: board.relays.count };
        Self { unit, ask }
    }

    /// Reads every input of the board.
    pub(super) const fn read_inputs(unit: u8, board: &Board) -> Self {
        let ask = Ask::Bits { function: READ_INPUTS, address: board.inputs.address, count: board.inputs.count };
        Self { unit, ask }
    }

    /// Reads what switches each relay.
    pub(super) const fn read_modes(unit: u8, board: &Board, modes: Modes) -> Self {
        Self { unit, ask: Ask::Registers { address: modes.address, count: board.relays.count } }
    }

    /// Lets a relay be switched by commands alone.
    pub(super) const fn write_mode(unit: u8, modes: Modes, relay: u16) -> Self {
        let address = modes.address.saturating_add(relay);
        Self { unit, ask: Ask::Write { function: WRITE_REGISTER, address, value: modes.normal } }
    }

    /// Switches a relay off: every relay's rest, and always safe.
    pub(super) const fn off(unit: u8, board: &Board, relay: u16) -> Self {
        let address = board.relays.address.saturating_add(relay);
        Self { unit, ask: Ask::Write { function: WRITE_RELAY, address, value: OFF } }
    }

    /// The one pulse that an authority allows.
    pub(super) fn open(unit: u8, OpenContact(on): OpenContact, authority: OpenAuthority) -> Self {
        drop(authority);
        Self::pulse(unit, on)
    }

    /// A pulse on the CLOSE contact.
    pub(super) const fn close(unit: u8, CloseContact(on): CloseContact) -> Self {
        Self::pulse(unit, on)
    }

    /// A pulse on the STOP contact.
    pub(super) const fn stop(unit: u8, StopContact(on): StopContact) -> Self {
        Self::pulse(unit, on)
    }

    const fn pulse(unit: u8, on: On) -> Self {
        Self { unit, ask: Ask::Write { function: WRITE_RELAY, address: on.address, value: on.value } }
    }

    /// Whether it closes a contact: then a lost answer leaves its outcome unknown, and what is not yet on the wire
    /// must not get there later.
    #[must_use]
    pub const fn is_pulse(&self) -> bool {
        matches!(self.ask, Ask::Write { function: WRITE_RELAY, value: 1.., .. })
    }

    /// The bytes to send, and what to look for in the answer.
    #[must_use]
    pub fn encode(self, frames: Frames, transaction: u16) -> (Vec<u8>, Expected) {
        let (function, first, second) = match self.ask {
            Ask::Bits { function, address, count } => (function, address, count),
            Ask::Registers { address, count } => (READ_REGISTERS, address, count),
            Ask::Write { function, address, value } => (function, address, value),
        };
        let [a, b] = first.to_be_bytes();
        let [c, d] = second.to_be_bytes();
        let shape = match self.ask {
            Ask::Bits { count, .. } => Shape::Bits(count),
            Ask::Registers { count, .. } => Shape::Registers(count),
            Ask::Write { .. } => Shape::Echo([a, b, c, d]),
        };
        let body = [self.unit, function, a, b, c, d];
        let (bytes, transaction) = match frames {
            Frames::Rtu => {
                let mut bytes = body.to_vec();
                bytes.extend(crc(&body).to_le_bytes());
                (bytes, None)
            }
            Frames::Tcp => {
                let [high, low] = transaction.to_be_bytes();
                let mut bytes = vec![high, low, 0, 0, 0, 6];
                bytes.extend(body);
                (bytes, Some(transaction))
            }
        };
        (bytes, Expected { unit: self.unit, function, shape, transaction })
    }
}

impl Expected {
    /// Length of the whole answer on a serial line, for how long it takes to come.
    #[must_use]
    pub fn serial_bytes(&self) -> u32 {
        match self.shape {
            Shape::Bits(count) => 5 + u32::from(count.div_ceil(8)),
            Shape::Registers(count) => 5 + 2 * u32::from(count),
            Shape::Echo(_) => 8,
        }
    }

    /// Looks for the answer in what came.
    ///
    /// # Errors
    /// When a socket's stream is no Modbus. A serial line has no such end: the search goes on one byte later.
    pub fn find(&self, came: &[u8]) -> Result<Found, Broken> {
        match self.transaction {
            Some(transaction) => self.find_tcp(transaction, came),
            None => Ok(self.find_rtu(came)),
        }
    }

    fn find_rtu(&self, came: &[u8]) -> Found {
        for start in 0..came.len() {
            let Some(rest) = came.get(start..) else { break };
            if let Some((used, answer)) = self.rtu_at_start(rest) {
                return Found { used: start + used, skipped: start, answer: Some(answer) };
            }
        }
        // No answer begins before the last bytes that a whole one could still begin in.
        let skipped = came.len().saturating_sub(RTU_MAX_BYTES - 1);
        Found { used: skipped, skipped, answer: None }
    }

    fn rtu_at_start(&self, bytes: &[u8]) -> Option<(usize, Result<Answer, Refused>)> {
        let (unit, pdu) = bytes.split_first()?;
        if *unit != self.unit {
            return None;
        }
        let (length, answer) = self.pdu(pdu)?;
        let (body, tail) = bytes.split_at_checked(1 + length)?;
        let sum: [u8; 2] = tail.get(..2)?.try_into().ok()?;
        (crc(body).to_le_bytes() == sum).then_some((length + 3, answer))
    }

    /// The answer that a function code and its data make, and their length; `None` when they are no answer to this.
    fn pdu(&self, pdu: &[u8]) -> Option<(usize, Result<Answer, Refused>)> {
        let (function, data) = pdu.split_first()?;
        if *function == self.function | REFUSES {
            return Some((2, Err(Refused(*data.first()?))));
        }
        if *function != self.function {
            return None;
        }
        match &self.shape {
            Shape::Echo(sent) => (data.get(..4)? == sent).then_some((5, Ok(Answer::Written))),
            Shape::Bits(count) => {
                let bytes = counted(data, count.div_ceil(8))?;
                let bits = bytes.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1));
                Some((bytes.len() + 2, Ok(Answer::Bits(bits.take(usize::from(*count)).collect()))))
            }
            Shape::Registers(count) => {
                let bytes = counted(data, count.checked_mul(2)?)?;
                let (pairs, _) = bytes.as_chunks::<2>();
                let values = pairs.iter().map(|pair| u16::from_be_bytes(*pair));
                Some((bytes.len() + 2, Ok(Answer::Registers(values.collect()))))
            }
        }
    }

    fn find_tcp(&self, transaction: u16, came: &[u8]) -> Result<Found, Broken> {
        let mut used = 0;
        while let Some((header, rest)) = came.get(used..).and_then(<[u8]>::split_first_chunk::<TCP_HEADER_BYTES>) {
            let [high, low, zero, null, long, short] = *header;
            if [zero, null] != [0, 0] {
                return Err(Broken("the protocol is not 0"));
            }
            let length = usize::from(u16::from_be_bytes([long, short]));
            if !(3..=TCP_MAX_BYTES - TCP_HEADER_BYTES).contains(&length) {
                return Err(Broken("the length is none"));
            }
            let Some((body, _)) = rest.split_at_checked(length) else { break };
            let skipped = used;
            used += TCP_HEADER_BYTES + length;
            // The answer to an earlier request that came too late.
            if u16::from_be_bytes([high, low]) != transaction {
                continue;
            }
            let answer = body.split_first().filter(|(unit, _)| **unit == self.unit).and_then(|(_, pdu)| self.pdu(pdu));
            return match answer {
                Some((_, answer)) => Ok(Found { used, skipped, answer: Some(answer) }),
                None => Err(Broken("the answer does not fit the question")),
            };
        }
        Ok(Found { used, skipped: used, answer: None })
    }
}

/// The bytes after a byte count, if the count is the expected one and all of them are there.
fn counted(data: &[u8], expected: u16) -> Option<&[u8]> {
    let (count, bytes) = data.split_first()?;
    (u16::from(*count) == expected).then(|| bytes.get(..usize::from(expected))).flatten()
}

/// CRC-16/MODBUS: polynomial 0x8005 reflected, start 0xFFFF; sent low byte first.
#[must_use]
pub fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |sum, byte| {
        (0..8).fold(sum ^ u16::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xA001 } else { sum >> 1 })
    })
}
