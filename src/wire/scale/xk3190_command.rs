//! Yaohua XK3190 and Keli, addressed requests (DS3 manual p. 8, A23p p. 24, XK3118K9-R p. 9-10, H2B p. 9).
//!
//! ```text
//!  request: 02 | address 'A'-'Z' | command | XOR of bytes 2-3, two hex characters | 03
//!  reply:   02 | address | command | data | XOR from byte 2 to the data's end     | 03
//!  data of B gross, C tare, D net: sign, six (H2B: eight) digits, number of decimals
//!                                  sign, six digits and a point within them (K9-R)
//! ```

use super::field::{digits, is_hex_of, plain, weight, xor};
use super::frame::{Decoded, NoFrame, Reply, ScaleFrame, Weights};
use super::scan::{Look, Shape};
use crate::model::Stability;
use crate::model::mass::{Mass, Unit};

/// Longest reply: a weight of eight digits has sixteen bytes, a vehicle's number may have more.
const LONGEST: usize = 24;
const DECIMALS_MAX: u8 = 4;

/// The commands that this program sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    /// Send the gross weight.
    Gross,
}

/// The bytes of a request.
pub(super) fn request(address: u8, command: Command) -> Vec<u8> {
    let command = match command {
        Command::Gross => b'B',
    };
    let check = format!("{:02X}", address ^ command);
    let mut bytes = vec![0x02, address, command];
    bytes.extend_from_slice(check.as_bytes());
    bytes.push(0x03);
    bytes
}

/// Replies.
#[derive(Debug)]
pub(super) struct Xk3190Command {
    /// Whose replies count; none takes all.
    pub(super) address: Option<u8>,
    /// What the indicator is set to.
    pub(super) unit: Unit,
}

impl Shape for Xk3190Command {
    const LONGEST: usize = LONGEST;

    fn look(&mut self, bytes: &[u8]) -> Look {
        let text: Vec<u8> = bytes.iter().take(LONGEST).copied().map(plain).collect();
        if !could_begin(&text) {
            return Look::No(NoFrame::Noise);
        }
        // Everything between is text, so the first 03 ends the frame.
        let Some(end) = text.iter().position(|byte| *byte == 0x03) else { return Look::More };
        let Some([_, checked @ .., high, low, _]) = text.get(..=end) else { return Look::No(NoFrame::Noise) };
        let [address, command, data @ ..] = checked else { return Look::No(NoFrame::Noise) };
        if !is_hex_of(xor(checked), *high, *low) {
            return Look::No(NoFrame::BadCheck);
        }
        if self.address.is_some_and(|own| own != *address) {
            return Look::No(NoFrame::Foreign);
        }
        match self.found(*command, data) {
            Ok(found) => Look::whole(end + 1, found),
            Err(why) => Look::No(why),
        }
    }
}

impl Xk3190Command {
    fn found(&self, command: u8, data: &[u8]) -> Result<Decoded, NoFrame> {
        match (command, data) {
            // The same bytes as the request: a handshake is answered so, anything else is the line's echo.
            (b'A', []) => Ok(Decoded::Reply(Reply::Accepted)),
            (_, []) => Ok(Decoded::Reply(Reply::Echo)),
            (b'B' | b'C' | b'D', data) => {
                let mass = self.mass(data)?;
                let weights = match command {
                    b'B' => Weights::gross(mass),
                    b'C' => Weights::tare(mass),
                    _ => Weights::net(mass),
                };
                Ok(Decoded::Frame(ScaleFrame::weighed(weights, Stability::Unknown)))
            }
            _ => Ok(Decoded::Reply(Reply::Accepted)),
        }
    }

    fn mass(&self, data: &[u8]) -> Result<Mass, NoFrame> {
        let [sign @ (b'+' | b'-'), value @ ..] = data else { return Err(NoFrame::Malformed) };
        if value.contains(&b'.') {
            let plain = value.len() == 7 && value.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.'));
            let mass = weight(value, self.unit).filter(|_| plain).ok_or(NoFrame::Malformed)?;
            return Ok(if *sign == b'-' { Mass { mantissa: -mass.mantissa, ..mass } } else { mass });
        }
        let [number @ .., decimals] = value else { return Err(NoFrame::Malformed) };
        let number = digits(number).filter(|_| matches!(number.len(), 6 | 8)).ok_or(NoFrame::Malformed)?;
        let decimals = decimals.checked_sub(b'0').ok_or(NoFrame::Malformed)?;
        if decimals > DECIMALS_MAX {
            return Err(NoFrame::LayoutSuspect);
        }
        let mantissa = if *sign == b'-' { -number } else { number };
        Ok(Mass { mantissa, decimals, unit: self.unit })
    }
}

/// Whether the bytes so far fit.
fn could_begin(text: &[u8]) -> bool {
    let body = text.get(3..).unwrap_or_default().iter().take_while(|byte| **byte != 0x03);
    text.iter().take(3).enumerate().all(|(at, byte)| match at {
        0 => *byte == 0x02,
        1 => byte.is_ascii_uppercase(),
        _ => (b'A'..=b'I').contains(byte),
    }) && body.clone().all(|byte| (b' '..=b'~').contains(byte))
}
