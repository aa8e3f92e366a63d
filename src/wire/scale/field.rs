//! Fields of a frame: digits, weights, units. Bit 7 is parity on a 7E1 line that was opened as 8N1, and is dropped.

use crate::model::mass::{Mass, Unit};
use crate::model::scale::Checksum;

/// The byte without bit 7.
pub(super) const fn plain(byte: u8) -> u8 {
    byte & 0x7F
}

/// Bytes without bit 7.
pub(super) fn plain_all<const N: usize>(bytes: [u8; N]) -> [u8; N] {
    bytes.map(plain)
}

/// A fixed number of bytes at the front without bit 7; none while they are too few.
pub(super) fn front<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.first_chunk::<N>().copied().map(plain_all)
}

/// Digits, most significant first, as a number; leading blanks are no digits, anything else is none.
pub(super) fn digits(field: &[u8]) -> Option<i64> {
    let digits = field.trim_ascii_start();
    if digits.is_empty() || digits.len() > 9 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// A weight as it is printed: blanks, sign, digits with a point or a comma; none when it is anything else.
pub(super) fn weight(field: &[u8], unit: Unit) -> Option<Mass> {
    let text = std::str::from_utf8(field).ok()?.trim_matches(' ');
    if text.contains(',') {
        return Mass::parse(&text.replacen(',', ".", 1), unit);
    }
    Mass::parse(text, unit)
}

/// A unit as it is printed, in any case and with blanks around it.
pub(super) fn unit(field: &[u8]) -> Option<Unit> {
    match field.trim_ascii().to_ascii_lowercase().as_slice() {
        b"g" => Some(Unit::Gram),
        b"kg" => Some(Unit::Kilogram),
        b"t" => Some(Unit::Tonne),
        b"lb" | b"lbs" => Some(Unit::Pound),
        _ => None,
    }
}

/// A field that holds nothing but blanks.
pub(super) fn is_blank(field: &[u8]) -> bool {
    field.iter().all(|byte| *byte == b' ')
}

/// Frames whose check was right, in a row, after which none may be missing. One alone may be noise.
const CHECKED_FRAMES: u8 = 3;

/// Whether frames carry a check, where the indicator's setting has to be heard.
#[derive(Debug, Clone, Copy)]
pub(super) struct Checking {
    checksum: Checksum,
    right: u8,
}

impl Checking {
    pub(super) const fn new(checksum: Checksum) -> Self {
        Self { checksum, right: 0 }
    }

    /// Whether a frame may carry a check.
    pub(super) const fn may_be(self) -> bool {
        !matches!(self.checksum, Checksum::Off)
    }

    /// Whether a frame without one is none.
    pub(super) const fn must_be(self) -> bool {
        matches!(self.checksum, Checksum::On) || self.right >= CHECKED_FRAMES
    }

    /// A frame with a right check was taken.
    pub(super) const fn was_right(&mut self) {
        self.right = self.right.saturating_add(1);
    }

    /// A frame without one was taken.
    pub(super) const fn was_missing(&mut self) {
        self.right = 0;
    }
}

/// Exclusive or of bytes.
pub(super) fn xor(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |all, byte| all ^ byte)
}

/// Whether two characters are the hex digits of a check: upper or lower case, or as some clones send them, every
/// nibble above the character '0' (so that ten is ':').
pub(super) fn is_hex_of(check: u8, high: u8, low: u8) -> bool {
    nibble(high) == Some(check >> 4) && nibble(low) == Some(check & 0x0F)
}

fn nibble(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'?' => Some(character - b'0'),
        b'A'..=b'F' => Some(character - b'A' + 10),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_may_have_blanks_before_them_only() {
        for (field, number) in
            [("040180", Some(40_180)), ("    80", Some(80)), ("80    ", None), ("      ", None), ("-40180", None)]
        {
            assert_eq!(digits(field.as_bytes()), number, "{field:?}");
        }
    }

    #[test]
    fn a_printed_weight_has_a_sign_a_point_or_a_comma() {
        let kg = |text: &str| weight(text.as_bytes(), Unit::Kilogram).map(|mass| mass.to_kg_text());
        for (field, expected) in [
            ("+011.120", Some("11.12")),
            ("-   12,5", Some("-12.5")),
            ("  40180 ", Some("40180")),
            ("1,234.5", None),
            ("        ", None),
            ("^^^^^^^^", None),
        ] {
            assert_eq!(kg(field).as_deref(), expected, "{field:?}");
        }
    }

    #[test]
    fn both_ways_of_writing_a_check_are_read() {
        for (high, low) in [(b'1', b'B'), (b'1', b'b'), (b'1', b';')] {
            assert!(is_hex_of(0x1B, high, low));
        }
        assert!(!is_hex_of(0x1B, b'1', b'C') && !is_hex_of(0x1B, b'1', b'G'));
    }
}
