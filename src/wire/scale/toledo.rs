//! Toledo continuous (8142, 8530, IND, "P03"; Mettler WILDCAT technical manual, tables 6-8 to 6-11).
//!
//! ```text
//!  02 | SWA | SWB | SWC | six digits | six digits of tare | 0D | [CHK]     17 or 18 bytes
//!  02 | SWA | SWB | SWC | six digits | 0D | [CHK]                          short: 11 or 12
//! ```
//!
//! The status bytes tell everything: SWA the decimals, SWB net, sign, range, motion, unit and power-up, SWC other units
//! and the expanded display. CHK makes the sum of all bytes zero in its low seven bits (it is a sum, not an exclusive
//! or). A frame is found by its length, never by its marks: CHK may be 02 or 0D itself. Bit 7 is parity.

use super::field::{digits, plain};
use super::frame::{Decoded, NoFrame, ScaleFrame, Weights, WhyNot};
use super::scan::{Look, Shape};
use crate::model::Stability;
use crate::model::mass::{Mass, Unit};
use crate::model::scale::{Checksum, ToledoLayout};

/// Bytes without CHK.
const STANDARD: usize = 17;
const SHORT: usize = 11;
/// Bit 5 is set and bit 6 isn't in SWA and SWC; SWB uses bit 6 for power-up.
const FIXED: u8 = 0b0110_0000;
const FIXED_B: u8 = 0b0010_0000;

/// The frame.
#[derive(Debug)]
pub(super) struct Toledo {
    length: usize,
    checksum: Checksum,
}

impl Toledo {
    pub(super) const fn new(layout: ToledoLayout, checksum: Checksum) -> Self {
        let length = match layout {
            ToledoLayout::Standard => STANDARD,
            ToledoLayout::Short => SHORT,
        };
        Self { length, checksum }
    }
}

impl Shape for Toledo {
    const LONGEST: usize = STANDARD + 1;

    fn look(&mut self, bytes: &[u8]) -> Look {
        let whole = match self.checksum {
            Checksum::On | Checksum::Auto => self.length + 1,
            Checksum::Off => self.length,
        };
        let text: Vec<u8> = bytes.iter().take(whole).copied().map(plain).collect();
        if !self.could_begin(&text) {
            return Look::No(NoFrame::Noise);
        }
        if text.len() < whole {
            return Look::More;
        }
        if whole > self.length && text.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)) & 0x7F != 0 {
            return Look::No(NoFrame::BadCheck);
        }
        let [_, a, b, c, fields @ ..] = text.as_slice() else { return Look::No(NoFrame::Noise) };
        let Some((shown, rest)) = fields.split_at_checked(6) else { return Look::No(NoFrame::Noise) };
        let tare = if self.length == STANDARD { rest.get(..6) } else { None };
        Look::whole(whole, Decoded::Frame(Status { a: *a, b: *b, c: *c }.frame(shown, tare)))
    }
}

impl Toledo {
    /// Whether the bytes so far fit: a false start is left as soon as it shows itself.
    fn could_begin(&self, text: &[u8]) -> bool {
        text.iter().take(self.length).enumerate().all(|(at, byte)| match at {
            0 => *byte == 0x02,
            1 | 3 => byte & FIXED == FIXED_B,
            2 => byte & FIXED_B != 0,
            _ if at + 1 == self.length => *byte == 0x0D,
            _ => byte.is_ascii_digit() || *byte == b' ',
        })
    }
}

/// The three status bytes.
struct Status {
    a: u8,
    b: u8,
    c: u8,
}

impl Status {
    fn frame(&self, shown: &[u8], tare: Option<&[u8]>) -> ScaleFrame {
        let stability = if self.b & 0b1000 == 0 { Stability::Stable } else { Stability::Moving };
        let unit = self.unit();
        let without = |why| ScaleFrame::without(why, unit, stability);
        let is_negative = self.b & 0b10 != 0;
        if self.b & 0b100 != 0 {
            return without(if is_negative { WhyNot::Underload } else { WhyNot::Overload });
        }
        if self.b & 0b100_0000 != 0 {
            return without(WhyNot::NotZeroed);
        }
        if self.c & 0b1_0000 != 0 {
            return without(WhyNot::Expanded);
        }
        let Some(unit) = unit else { return without(WhyNot::UnknownUnit) };
        let Some(shown) = digits(shown).map(|number| self.scaled(number, unit)) else {
            return without(WhyNot::NoDigits);
        };
        let shown = if is_negative { Mass { mantissa: -shown.mantissa, ..shown } } else { shown };
        let tare = tare.and_then(digits).map(|number| self.scaled(number, unit));
        let weights = match (self.b & 1, tare) {
            (0, tare) => Weights { tare: tare.filter(|tare| !tare.is_zero()), ..Weights::gross(shown) },
            (_, Some(tare)) => Weights::net_and_tare(shown, tare),
            (_, None) => Weights::net(shown),
        };
        ScaleFrame::weighed(weights, stability)
    }

    /// Digits and the place of their point: codes 0 to 7 are × 100, × 10, × 1, tenths, … hundred thousandths.
    const fn scaled(&self, number: i64, unit: Unit) -> Mass {
        let (factor, decimals) = match self.a & 0b111 {
            0 => (100, 0),
            1 => (10, 0),
            code => (1, code - 2),
        };
        Mass { mantissa: number * factor, decimals, unit }
    }

    const fn unit(&self) -> Option<Unit> {
        match self.c & 0b111 {
            0 if self.b & 0b1_0000 != 0 => Some(Unit::Kilogram),
            0 => Some(Unit::Pound),
            1 => Some(Unit::Gram),
            2 => Some(Unit::Tonne),
            _ => None,
        }
    }
}
