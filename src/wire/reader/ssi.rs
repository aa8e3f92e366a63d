//! SSI, the packets of Zebra engines and of the GM family (devices.md §5):
//!
//! ```text
//!  length  opcode  source  status  [parameters]  checksum (16 bits, high byte first)
//!  └───────── counted by length ─────────────┘   two's complement of the sum of all bytes before
//! ```
//!
//! Vectors of the GM72 manual: ACK `04 D0 00 00 FF 2C`, start decode `04 E4 04 00 FF 14`. The opcodes of decoded data
//! and of events, and the bit of a packet that is to be continued, are as public SSI headers have them; no scanner was
//! on the bench. An engine repeats what isn't acknowledged, so that each packet of decoded data is.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Framer, NoText, READY_MAX, Read, TEXT_MAX_BYTES, text};

/// Length, opcode, source and status.
const HEAD_BYTES: usize = 4;
const CHECK_BYTES: usize = 2;
/// A packet is sent in one go; a device server may cut it in pieces.
const PATIENCE: Duration = Duration::from_millis(500);
/// The engine read a code: its parameters are a byte for the symbology and the text.
const DECODED: u8 = 0xF3;
const ACKNOWLEDGED: u8 = 0xD0;
/// Source of what the host sends.
const HOST: u8 = 0x04;
/// Bits of the status: sent again, and more packets of the same text follow.
const SENT_AGAIN: u8 = 0x01;
const CONTINUED: u8 = 0x02;

/// The framer of SSI packets.
#[derive(Debug, Default)]
pub struct Ssi {
    buffer: Vec<u8>,
    skipped: usize,
    /// The text of packets that were to be continued.
    begun: Vec<u8>,
    last: Vec<u8>,
    ready: VecDeque<Read>,
}

/// A packet of the host without parameters.
#[must_use]
pub fn command(opcode: u8) -> Vec<u8> {
    let head = [4, opcode, HOST, 0];
    let [high, low] = checksum(&head).to_be_bytes();
    [&head[..], &[high, low]].concat()
}

fn checksum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0_u16, |sum, byte| sum.wrapping_add(u16::from(*byte))).wrapping_neg()
}

/// What the bytes at the front are.
enum Front<'a> {
    Packet { opcode: u8, status: u8, parameters: &'a [u8], bytes: usize },
    More,
    None,
}

fn front(bytes: &[u8]) -> Front<'_> {
    let Some(length) = bytes.first().map(|length| usize::from(*length)) else { return Front::More };
    if length < HEAD_BYTES {
        return Front::None;
    }
    let Some((packet, check)) = bytes.get(..length + CHECK_BYTES).and_then(|whole| whole.split_at_checked(length))
    else {
        return Front::More;
    };
    let &[_, opcode, _, status, ref parameters @ ..] = packet else { return Front::None };
    if check != checksum(packet).to_be_bytes() {
        return Front::None;
    }
    Front::Packet { opcode, status, parameters, bytes: length + CHECK_BYTES }
}

impl Ssi {
    /// Takes apart what is there; after a byte that begins no packet the next byte is looked at.
    fn scan(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        let mut rest = buffer.as_slice();
        loop {
            match front(rest) {
                Front::Packet { opcode, status, parameters, bytes } => {
                    self.end_skipped();
                    self.packet(opcode, status, parameters);
                    rest = rest.get(bytes..).unwrap_or_default();
                }
                Front::More => break,
                Front::None => {
                    self.skipped += 1;
                    if self.skipped >= TEXT_MAX_BYTES {
                        self.end_skipped();
                    }
                    rest = rest.get(1..).unwrap_or_default();
                }
            }
        }
        self.buffer = rest.to_vec();
    }

    fn packet(&mut self, opcode: u8, status: u8, parameters: &[u8]) {
        // Answers and events say nothing of a document.
        if opcode != DECODED {
            return;
        }
        self.tell(Read::Answer(command(ACKNOWLEDGED)));
        // The symbology stands first; a packet without it carries nothing.
        let Some((_, data)) = parameters.split_first() else { return };
        let again = status & SENT_AGAIN != 0 && self.last == data;
        if again {
            return;
        }
        self.last = data.to_vec();
        self.begun.extend_from_slice(data);
        if self.begun.len() > TEXT_MAX_BYTES {
            let bytes = std::mem::take(&mut self.begun).len();
            self.tell(Read::Skipped { bytes, why: NoText::Overlong });
        } else if status & CONTINUED == 0 {
            let whole = std::mem::take(&mut self.begun);
            if let Some(read) = text(&whole) {
                self.tell(read);
            }
        }
    }

    fn end_skipped(&mut self) {
        let bytes = std::mem::take(&mut self.skipped);
        if bytes > 0 {
            self.tell(Read::Skipped { bytes, why: NoText::BadFrame });
        }
    }

    fn tell(&mut self, read: Read) {
        if self.ready.len() >= READY_MAX {
            self.ready.pop_front();
        }
        self.ready.push_back(read);
    }
}

impl Framer for Ssi {
    fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
        self.scan();
    }

    /// A packet that was not finished is none: what stands behind its first byte is looked at.
    fn quiet(&mut self) {
        while !self.buffer.is_empty() {
            self.buffer.remove(0);
            self.skipped += 1;
            self.scan();
        }
        self.end_skipped();
        let begun = std::mem::take(&mut self.begun).len();
        if begun > 0 {
            self.tell(Read::Skipped { bytes: begun, why: NoText::CutOff });
        }
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    fn next(&mut self) -> Option<Read> {
        self.ready.pop_front()
    }
}
