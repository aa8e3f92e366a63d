//! Toledo continuous: three status bytes, six digits, six digits of tare, carriage return.

use super::{Motion, Range, Shown, Side, Unit};

/// Set in every status byte.
const FIXED: u8 = 0b010_0000;

/// What the last digit counts by, as bits 3 and 4 tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Increment(u8);

impl Increment {
    #[cfg(test)]
    pub(super) const ONE: Self = Self(0b01);
    pub(super) const TWO: Self = Self(0b10);
    #[cfg(test)]
    pub(super) const FIVE: Self = Self(0b11);
}

/// Seventeen bytes.
pub(super) fn standard(shown: Shown, increment: Increment) -> Vec<u8> {
    let tare = match shown.side {
        Side::Gross => 0,
        Side::Net { tare } => tare,
    };
    let mut frame = head(shown, increment);
    frame.extend_from_slice(format!("{tare:06}\r").as_bytes());
    frame
}

/// Eleven bytes.
pub(super) fn short(shown: Shown, increment: Increment) -> Vec<u8> {
    let mut frame = head(shown, increment);
    frame.push(b'\r');
    frame
}

fn head(shown: Shown, increment: Increment) -> Vec<u8> {
    let digits = match shown.range {
        Range::Within => shown.digits.unsigned_abs(),
        Range::Over => 0,
    };
    let mut frame = vec![0x02, status_a(shown, increment), status_b(shown), FIXED];
    frame.extend_from_slice(format!("{digits:06}").as_bytes());
    frame
}

/// Code 2 is no decimals.
const fn status_a(shown: Shown, increment: Increment) -> u8 {
    FIXED | (increment.0 << 3) | (shown.decimals + 2)
}

fn status_b(shown: Shown) -> u8 {
    let lit = |bit: u8, is_lit: bool| u8::from(is_lit) << bit;
    FIXED
        | lit(0, shown.side != Side::Gross)
        | lit(1, shown.is_negative())
        | lit(2, shown.range == Range::Over)
        | lit(3, shown.motion == Motion::Moving)
        | lit(4, shown.unit != Unit::Pound)
}

/// The byte that makes the sum of all zero in its low seven bits.
pub(super) fn with_sum(mut frame: Vec<u8>) -> Vec<u8> {
    let sum = frame.iter().fold(0_u32, |sum, byte| sum + u32::from(*byte));
    frame.push(u8::try_from((128 - sum % 128) % 128).unwrap_or(0));
    frame
}
