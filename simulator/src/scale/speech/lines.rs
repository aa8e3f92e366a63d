//! Text lines: MT-SICS, A&D and kin, CAS with its lamps, SMA.

use super::{Motion, Range, Shown, Side};

/// `S S      27400 kg`.
pub(super) fn mt_sics(shown: Shown) -> Vec<u8> {
    let status = match (shown.range, shown.motion) {
        (Range::Over, _) => return b"S +\r\n".to_vec(),
        (Range::Within, Motion::Still) => 'S',
        (Range::Within, Motion::Moving) => 'D',
    };
    format!("S {status} {:>10} {}\r\n", shown.signed(), shown.unit.symbol()).into_bytes()
}

/// `ST,GS,`: the words that lines of this family begin with.
fn words(shown: Shown) -> String {
    let status = match (shown.range, shown.motion) {
        (Range::Over, _) => "OL",
        (Range::Within, Motion::Still) => "ST",
        (Range::Within, Motion::Moving) => "US",
    };
    let side = match shown.side {
        Side::Gross => "GS",
        Side::Net { .. } => "NT",
    };
    format!("{status},{side},")
}

/// `ST,GS,+011.120kg`.
pub(super) fn st_gs(shown: Shown) -> Vec<u8> {
    let sign = if shown.is_negative() { '-' } else { '+' };
    let value = match shown.range {
        Range::Within => format!("{sign}{:0>7}", shown.text()),
        Range::Over => " ".repeat(8),
    };
    format!("{}{value}{:>2}\r\n", words(shown), shown.unit.symbol()).into_bytes()
}

/// The words, device, lamps in one byte, comma, eight characters, blank, unit.
pub(super) fn cas(shown: Shown) -> Vec<u8> {
    let lit = |bit: u8, is_lit: bool| u8::from(is_lit) << bit;
    let is_still = shown.motion == Motion::Still && shown.range == Range::Within;
    let lamps = 0b1010_0000
        | lit(6, is_still)
        | lit(2, shown.side == Side::Gross)
        | lit(1, shown.side != Side::Gross)
        | lit(0, shown.digits == 0);
    let value = match shown.range {
        Range::Within => format!("{:>8}", shown.signed()),
        Range::Over => " ".repeat(8),
    };
    let mut line = words(shown).into_bytes();
    line.extend_from_slice(&[b'1', lamps]);
    line.extend_from_slice(format!(",{value} {:>2}\r\n", shown.unit.symbol()).as_bytes());
    line
}

/// Line feed, status, range, side, motion, reserved, ten characters, unit of three, carriage return.
pub(super) fn sma(shown: Shown) -> Vec<u8> {
    let status = match (shown.range, shown.digits) {
        (Range::Over, _) => 'O',
        (Range::Within, 0) => 'Z',
        (Range::Within, _) => ' ',
    };
    let side = match shown.side {
        Side::Gross => 'G',
        Side::Net { .. } => 'N',
    };
    let motion = match shown.motion {
        Motion::Still => ' ',
        Motion::Moving => 'M',
    };
    format!("\n{status}1{side}{motion} {:>10}{:<3}\r", shown.signed(), shown.unit.symbol()).into_bytes()
}
