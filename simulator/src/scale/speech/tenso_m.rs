//! Tenso-M: addressed requests and replies between marks, stuffed, with a CRC.

use super::{DIVISION_KG, MAX_KG, Motion, Range, Shown};

/// The simulated indicator's address.
pub(super) const ADDRESS: u8 = 1;
const MARK: u8 = 0xFF;
const GROSS: u8 = 0xC3;
const NET: u8 = 0xC2;
const SETTINGS: u8 = 0xC1;
const ZERO: u8 = 0xC0;
const UNSUPPORTED: u8 = 0xFD;

/// The documented loop: the register's carry is shifted into a further zero byte, then the polynomial.
fn crc(bytes: &[u8]) -> u8 {
    let mut register = 0_u8;
    for byte in bytes.iter().chain(&[0]) {
        for bit in (0..8).rev() {
            let carry = register & 0x80 != 0;
            register = (register << 1) | ((byte >> bit) & 1);
            if carry {
                register ^= 0x69;
            }
        }
    }
    register
}

fn framed(body: &[u8]) -> Vec<u8> {
    let mut frame = vec![MARK];
    for byte in body.iter().chain(&[crc(body)]) {
        frame.push(*byte);
        if *byte == MARK {
            frame.push(0xFE);
        }
    }
    frame.extend_from_slice(&[MARK, MARK]);
    frame
}

/// Pairs of digits, low pair first.
fn pairs<const N: usize>(number: u64) -> [u8; N] {
    let mut rest = number;
    [(); N].map(|()| {
        let pair = u8::try_from(rest % 100).unwrap_or(0);
        rest /= 100;
        (pair / 10) << 4 | (pair % 10)
    })
}

fn weight(address: u8, code: u8, shown: Shown) -> Vec<u8> {
    let [low, middle, high] = pairs(shown.digits.unsigned_abs());
    let lit = |bit: u8, is_lit: bool| u8::from(is_lit) << bit;
    let con = lit(7, shown.is_negative())
        | lit(4, shown.motion == Motion::Still)
        | lit(3, shown.range == Range::Over)
        | shown.decimals;
    framed(&[address, code, low, middle, high, con])
}

/// The reply with the gross weight.
pub(super) fn gross(address: u8, shown: Shown) -> Vec<u8> {
    weight(address, GROSS, shown)
}

/// The first whole request in what came, answered; nothing for another's address or a wrong CRC.
pub(super) fn answer(came: &mut Vec<u8>, shown: Shown) -> Option<Vec<u8>> {
    let start = came.iter().position(|byte| *byte == MARK)?;
    came.drain(..start);
    let end = came.windows(2).skip(1).position(|pair| pair == [MARK, MARK])? + 3;
    let request: Vec<u8> = came.drain(..end).collect();
    for code in [GROSS, NET, SETTINGS, ZERO] {
        if request == framed(&[ADDRESS, code]) {
            return Some(reply(code, shown));
        }
    }
    let is_mine = request.get(1) == Some(&ADDRESS);
    Some(if is_mine && request.len() == 6 { framed(&[ADDRESS, UNSUPPORTED]) } else { Vec::new() })
}

fn reply(code: u8, shown: Shown) -> Vec<u8> {
    match code {
        SETTINGS => {
            let [low, middle, high] = pairs(MAX_KG.unsigned_abs());
            let [division_low, division_high] = pairs(DIVISION_KG.unsigned_abs());
            // Decimals and "gross", division, frequency, supply, filter.
            framed(&[ADDRESS, SETTINGS, low, middle, high, 0x20, division_low, division_high, 4, 0, 5])
        }
        ZERO => framed(&[ADDRESS, ZERO]),
        code => weight(ADDRESS, code, shown),
    }
}

#[cfg(test)]
pub(super) fn request(code: u8) -> Vec<u8> {
    framed(&[ADDRESS, code])
}

#[test]
fn the_crc_has_its_catalogue_s_check_value() {
    assert_eq!(crc(b"123456789"), 0xE7);
}
