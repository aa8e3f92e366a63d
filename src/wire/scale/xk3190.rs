//! Yaohua XK3190 and Keli, continuous frame of twelve bytes (A23p manual p. 23, A26 p. 12, XK3118K9-R p. 9).
//!
//! ```text
//!  02 | + or - | six digits | decimals 0-4 | XOR of bytes 2-9 as two hex characters | 03
//! ```
//!
//! It tells neither stability nor unit nor net weight. The exclusive or of a sign and seven digits is always 0x10 to
//! 0x1F, a check of four bits: frames must agree before they count. Some clones send seven digits in tenths of a unit
//! instead; the two layouts differ by a power of ten as soon as the seventh digit isn't 0, so the layout is declared,
//! never guessed.

use super::field::{digits, front, is_hex_of, xor};
use super::frame::{Decoded, NoFrame, ScaleFrame, Weights};
use super::scan::{Look, Shape};
use crate::model::Stability;
use crate::model::mass::{Mass, Unit};
use crate::model::scale::Xk3190Layout;

const LENGTH: usize = 12;
/// Most decimals that the manuals know.
const DECIMALS_MAX: u8 = 4;

/// The twelve-byte frame.
#[derive(Debug)]
pub(super) struct Xk3190 {
    /// How the seven digits are read.
    pub(super) layout: Xk3190Layout,
    /// What the indicator is set to.
    pub(super) unit: Unit,
}

impl Shape for Xk3190 {
    const LONGEST: usize = LENGTH;

    fn look(&mut self, bytes: &[u8]) -> Look {
        let Some(frame) = front::<LENGTH>(bytes) else {
            return if could_begin(bytes) { Look::More } else { Look::No(NoFrame::Noise) };
        };
        if !could_begin(&frame) {
            return Look::No(NoFrame::Noise);
        }
        let [_, checked @ .., high, low, _] = frame;
        if !is_hex_of(xor(&checked), high, low) {
            return Look::No(NoFrame::BadCheck);
        }
        let [sign, seven @ ..] = checked;
        let [six @ .., last] = seven;
        let (number, decimals) = match self.layout {
            Xk3190Layout::SevenDigitsTenths => (digits(&seven), 1),
            Xk3190Layout::Manual
            | Xk3190Layout::EqualsReversed
            | Xk3190Layout::Equals
            | Xk3190Layout::EqualsPrice
            | Xk3190Layout::A12 => (digits(&six), last - b'0'),
        };
        if decimals > DECIMALS_MAX {
            return Look::No(NoFrame::LayoutSuspect);
        }
        let Some(number) = number else { return Look::No(NoFrame::Malformed) };
        let mantissa = if sign == b'-' { -number } else { number };
        let gross = Mass { mantissa, decimals, unit: self.unit };
        let frame = ScaleFrame::weighed(Weights::gross(gross), Stability::Unknown);
        Look::whole(LENGTH, Decoded::Frame(frame))
    }
}

/// Whether the bytes so far fit: a false start is left at once, so that it can't hide a true one.
fn could_begin(bytes: &[u8]) -> bool {
    bytes.iter().map(|byte| byte & 0x7F).enumerate().all(|(at, byte)| match at {
        0 => byte == 0x02,
        1 => matches!(byte, b'+' | b'-'),
        2..=8 => byte.is_ascii_digit(),
        9 | 10 => byte.is_ascii_hexdigit() || (b':'..=b'?').contains(&byte),
        _ => byte == 0x03,
    })
}
