//! Tenso-M («Тензо-М», "tEnSo" in the indicator's menu): addressed requests and replies (ТВ-003/05Н manual).
//!
//! ```text
//!  FF | address | code | data | [CRC] | FF FF        an FF within is sent as FF FE
//!  weight: three bytes BCD, low pair first | CON: b7 minus, b4 stable, b3 overload, b2-0 decimals
//! ```
//!
//! CRC-8 with polynomial 0x69 over address to data, before stuffing, is a setting of the indicator. Both kinds are taken
//! until several in a row had a right CRC; from then on none may be missing, because a frame that lost a byte looks like
//! one without.

use super::field::Checking;
use super::frame::{Decoded, NoFrame, Reply, ScaleFrame, Settings, Weights, WhyNot};
use super::scan::{Look, Shape};
use crate::model::Stability;
use crate::model::mass::{Mass, Unit};
use crate::model::scale::Checksum;

/// Longest reply with every byte stuffed; a text of the indicator has twenty characters at most.
const LONGEST: usize = 64;
const MARK: u8 = 0xFF;
const STUFFED: u8 = 0xFE;
/// Codes.
const ZERO: u8 = 0xC0;
const SETTINGS: u8 = 0xC1;
const NET: u8 = 0xC2;
const GROSS: u8 = 0xC3;
const ERROR: u8 = 0xEE;
const UNSUPPORTED: u8 = 0xFD;
/// Highest address.
const ADDRESS_MAX: u8 = 0x9F;

/// The requests that this program sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// The gross weight.
    Gross,
    /// Max and division.
    Settings,
}

/// Whether a request carries a CRC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    /// It does.
    Crc,
    /// It doesn't.
    Bare,
}

/// The bytes of a request.
pub(super) fn request(address: u8, ask: Ask, guard: Guard) -> Vec<u8> {
    let code = match ask {
        Ask::Gross => GROSS,
        Ask::Settings => SETTINGS,
    };
    let mut body = vec![address, code];
    if guard == Guard::Crc {
        body.push(crc(&body));
    }
    let mut bytes = vec![MARK];
    for byte in body {
        bytes.push(byte);
        if byte == MARK {
            bytes.push(STUFFED);
        }
    }
    bytes.extend_from_slice(&[MARK, MARK]);
    bytes
}

/// CRC-8, polynomial 0x69, initial value 0, most significant bit first.
fn crc(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| {
        (0..8).fold(sum ^ byte, |sum: u8, _| if sum & 0x80 == 0 { sum << 1 } else { (sum << 1) ^ 0x69 })
    })
}

/// Replies.
#[derive(Debug)]
pub(super) struct TensoM {
    address: Option<u8>,
    crc: Checking,
    unit: Unit,
}

impl TensoM {
    pub(super) const fn new(address: Option<u8>, checksum: Checksum, unit: Unit) -> Self {
        Self { address, crc: Checking::new(checksum), unit }
    }
}

impl Shape for TensoM {
    const LONGEST: usize = LONGEST;

    fn look(&mut self, bytes: &[u8]) -> Look {
        let (length, body) = match unstuffed(bytes) {
            Ok(Some(found)) => found,
            Ok(None) => return Look::More,
            Err(why) => return Look::No(why),
        };
        let [address, code, data @ ..] = body.as_slice() else { return Look::No(NoFrame::Malformed) };
        if self.address.is_some_and(|own| own != *address) {
            return Look::No(NoFrame::Foreign);
        }
        let is_right = body.split_last().is_some_and(|(last, checked)| crc(checked) == *last);
        let is_checked = is_right && self.crc.may_be();
        let checked = data.split_last().filter(|_| is_checked).and_then(|(_, data)| self.found(*code, data));
        if let Some(found) = checked {
            self.crc.was_right();
            return Look::whole(length, found);
        }
        match self.found(*code, data).filter(|_| !self.crc.must_be()) {
            Some(found) => {
                self.crc.was_missing();
                Look::whole(length, found)
            }
            None if is_checked => Look::No(NoFrame::Foreign),
            None => Look::No(NoFrame::BadCheck),
        }
    }
}

impl TensoM {
    /// What data of the right length say; the length tells whether the last byte belongs to them or is the CRC.
    fn found(&self, code: u8, data: &[u8]) -> Option<Decoded> {
        match (code, data) {
            (GROSS | NET, [low, middle, high, con]) => {
                self.weight(code, [*high, *middle, *low], *con).map(Decoded::Frame)
            }
            (SETTINGS, [low, middle, high, n, division_low, division_high, _, _, _]) => {
                let decimals = n & 0b111;
                let mass = |mantissa| Mass { mantissa, decimals, unit: self.unit };
                let max = bcd(&[*high, *middle, *low]).map(mass);
                let division = bcd(&[*division_high, *division_low]).map(mass);
                Some(Decoded::Settings(Settings { max, division }))
            }
            (ZERO, []) => Some(Decoded::Reply(Reply::Accepted)),
            (SETTINGS | NET | GROSS, []) => Some(Decoded::Reply(Reply::Echo)),
            (ERROR, [_]) => Some(Decoded::Reply(Reply::Refused)),
            // The indicator's name may follow.
            (UNSUPPORTED, _) => Some(Decoded::Reply(Reply::Refused)),
            _ => None,
        }
    }

    fn weight(&self, code: u8, pairs: [u8; 3], con: u8) -> Option<ScaleFrame> {
        let stability = if con & 0b1_0000 == 0 { Stability::Moving } else { Stability::Stable };
        if con & 0b1000 != 0 {
            return Some(ScaleFrame::without(WhyNot::Overload, Some(self.unit), stability));
        }
        let number = bcd(&pairs)?;
        let mantissa = if con & 0x80 == 0 { number } else { -number };
        let mass = Mass { mantissa, decimals: con & 0b111, unit: self.unit };
        let weights = if code == GROSS { Weights::gross(mass) } else { Weights::net(mass) };
        Some(ScaleFrame::weighed(weights, stability))
    }
}

/// Two digits a byte, most significant first.
fn bcd(pairs: &[u8]) -> Option<i64> {
    pairs.iter().try_fold(0_i64, |number, pair| {
        let (high, low) = (i64::from(pair >> 4), i64::from(pair & 0x0F));
        (high <= 9 && low <= 9).then_some(number * 100 + high * 10 + low)
    })
}

/// The body of the frame at the front without its stuffing, and the frame's length; none while it isn't whole.
fn unstuffed(bytes: &[u8]) -> Result<Option<(usize, Vec<u8>)>, NoFrame> {
    let [MARK, rest @ ..] = bytes else { return Err(NoFrame::Noise) };
    match rest.first() {
        None => return Ok(None),
        // Marks in a row: the last of them begins the frame. Stuffing: the middle of another one.
        Some(&address) if address == 0 || address > ADDRESS_MAX => return Err(NoFrame::Noise),
        Some(_) => {}
    }
    let mut body = Vec::new();
    let mut rest = rest.iter().enumerate();
    while let Some((_, byte)) = rest.next() {
        if *byte != MARK {
            body.push(*byte);
            continue;
        }
        match rest.next() {
            None => return Ok(None),
            Some((_, &STUFFED)) => body.push(MARK),
            Some((at, &MARK)) => return Ok(Some((at + 2, body))),
            // Another frame begins although this one has no end.
            Some(_) => return Err(NoFrame::Malformed),
        }
    }
    Ok(None)
}
