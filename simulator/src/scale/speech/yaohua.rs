//! Yaohua XK3190 and Keli: the frame of twelve bytes, the "=" lines, the A12(E) line, and replies to commands.

use super::{Range, Shown, Side};

fn xor(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |all, byte| all ^ byte)
}

/// 02, the body, its exclusive or as two hex characters, 03.
fn framed(body: &str) -> Vec<u8> {
    format!("\x02{body}{:02X}\x03", xor(body.as_bytes())).into_bytes()
}

const fn sign(shown: Shown) -> char {
    if shown.is_negative() { '-' } else { '+' }
}

/// Sign, six digits, number of decimals. Above Max the indicator sends nothing.
pub(super) fn manual(shown: Shown) -> Vec<u8> {
    match shown.range {
        Range::Over => Vec::new(),
        Range::Within => framed(&format!("{}{:06}{}", sign(shown), shown.digits.unsigned_abs(), shown.decimals)),
    }
}

/// Sign, seven digits in tenths.
pub(super) fn tenths(shown: Shown) -> Vec<u8> {
    let digits = shown.digits.unsigned_abs();
    let tenths = match shown.decimals {
        0 => digits * 10,
        decimals => digits / 10_u64.pow(u32::from(decimals) - 1),
    };
    match shown.range {
        Range::Over => Vec::new(),
        Range::Within => framed(&format!("{}{tenths:07}", sign(shown))),
    }
}

/// Sign '0' or '-', then seven characters with the point among them.
fn display(shown: Shown) -> String {
    let text = shown.text();
    let text = if text.contains('.') { text } else { format!("{text}.") };
    let sign = if shown.is_negative() { '-' } else { '0' };
    format!("{sign}{text:0>7}")
}

pub(super) fn equals(shown: Shown) -> Vec<u8> {
    match shown.range {
        Range::Over => Vec::new(),
        Range::Within => format!("={}", display(shown)).into_bytes(),
    }
}

pub(super) fn equals_reversed(shown: Shown) -> Vec<u8> {
    match shown.range {
        Range::Over => Vec::new(),
        Range::Within => format!("={}", display(shown).chars().rev().collect::<String>()).into_bytes(),
    }
}

pub(super) fn equals_price(shown: Shown) -> Vec<u8> {
    let mut line = equals(shown);
    if !line.is_empty() {
        line.extend_from_slice(b";00000.00");
    }
    line
}

/// "WG" or "WN", seven characters, the unit, the exclusive or of them all.
pub(super) fn a12(shown: Shown) -> Vec<u8> {
    if shown.range == Range::Over {
        return b"         OL23\r\n".to_vec();
    }
    let head = match shown.side {
        Side::Gross => "WG",
        Side::Net { .. } => "WN",
    };
    // Without a point the last place stays blank.
    let (text, blank) = match shown.text() {
        text if text.contains('.') => (text, ""),
        text => (text, " "),
    };
    let width = 7 - blank.len();
    let value = if shown.is_negative() {
        format!("-{text:0>width$}{blank}", width = width - 1)
    } else {
        format!("{text:0>width$}{blank}")
    };
    let body = format!("{head}{value}{:<2}", shown.unit.symbol());
    format!("{body}{:02X}\r\n", xor(body.as_bytes())).into_bytes()
}

/// A reply with a weight: address, command, sign, six digits, number of decimals.
pub(super) fn reply(address: u8, command: u8, shown: Shown) -> Vec<u8> {
    if shown.range == Range::Over {
        return Vec::new();
    }
    let (address, command) = (char::from(address), char::from(command));
    let digits = shown.digits.unsigned_abs();
    framed(&format!("{address}{command}{}{digits:06}{}", sign(shown), shown.decimals))
}

/// The first whole request in what came, its address and command; bytes before it are dropped.
pub(super) fn request(came: &mut Vec<u8>) -> Option<(u8, u8)> {
    while came.len() >= 6 {
        let expected = framed(&String::from_utf8_lossy(&came[1..3]));
        if came[..6] == expected {
            let found = (came[1], came[2]);
            came.drain(..6);
            return Some(found);
        }
        came.remove(0);
    }
    None
}

/// The answer to a handshake: the request's own bytes.
pub(super) fn handshake(address: u8) -> Vec<u8> {
    framed(&format!("{}A", char::from(address)))
}
