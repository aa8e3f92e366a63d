//! Yaohua's text outputs: the "=" lines of A26 and A23p (manuals p. 12-13, p. 23) and the line of A12(E) (p. 13).
//!
//! ```text
//!  =000.3000      "=", seven characters from right to left, sign '0' or '-'   (equals_reversed)
//!  =0003.000      "=", sign, seven characters                                 (equals)
//!  =0003.000;…    the same, ";" and a price of the same width                 (equals_price)
//!  WG004.139kg3D  "WG" or "WN", seven characters, "kg", XOR of the eleven     (a12)
//! ```
//!
//! The "=" lines have no check and look alike: the layout is declared, frames must agree.

use super::field::{Checking, is_blank, is_hex_of, plain, unit, weight, xor};
use super::frame::{Decoded, NoFrame, ScaleFrame, Weights, WhyNot};
use super::scan::{Line, Look, Shape, line};
use crate::model::Stability;
use crate::model::mass::{Mass, Unit};
use crate::model::scale::{Checksum, Xk3190Layout};

/// "=", sign and seven characters.
const EQUALS: usize = 9;
/// With ";", and a price of seven characters and a sign at most.
const EQUALS_PRICE: usize = EQUALS + 9;

/// The "=" lines.
#[derive(Debug)]
pub(super) struct Equals {
    /// Which of them.
    pub(super) layout: Xk3190Layout,
    /// What the indicator is set to.
    pub(super) unit: Unit,
}

impl Shape for Equals {
    const LONGEST: usize = EQUALS_PRICE + 1;

    fn look(&mut self, bytes: &[u8]) -> Look {
        let text: Vec<u8> = bytes.iter().take(EQUALS_PRICE).copied().map(plain).collect();
        match text.as_slice() {
            [b'\r' | b'\n', ..] => return Look::Filler(1),
            [b'=', ..] => {}
            _ => return Look::No(NoFrame::Noise),
        }
        let body = text.get(1..EQUALS.min(text.len())).unwrap_or_default();
        if !body.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b' ')) {
            return Look::No(NoFrame::Noise);
        }
        let Some(body) = text.get(1..EQUALS) else { return Look::More };
        let value = match self.layout {
            Xk3190Layout::EqualsReversed => body.iter().rev().copied().collect(),
            Xk3190Layout::Manual
            | Xk3190Layout::SevenDigitsTenths
            | Xk3190Layout::Equals
            | Xk3190Layout::EqualsPrice
            | Xk3190Layout::A12 => body.to_vec(),
        };
        let Some(gross) = display(&value, self.unit) else { return Look::No(NoFrame::Malformed) };
        let length = match (self.layout, price_length(&text)) {
            (Xk3190Layout::EqualsPrice, Price::Whole(length)) => EQUALS + length,
            (Xk3190Layout::EqualsPrice, Price::More) => return Look::More,
            (Xk3190Layout::EqualsPrice, Price::None) => return Look::No(NoFrame::LayoutSuspect),
            _ => EQUALS,
        };
        let frame = ScaleFrame::weighed(Weights::gross(gross), Stability::Unknown);
        Look::whole(length, Decoded::Frame(frame))
    }
}

/// Sign '0' or '-', then digits with one point at most.
fn display(text: &[u8], unit: Unit) -> Option<Mass> {
    let (sign, rest) = text.split_first()?;
    let mass = weight(rest, unit).filter(|_| !rest.contains(&b'-'))?;
    match sign {
        b'0' | b' ' => Some(mass),
        b'-' => Some(Mass { mantissa: -mass.mantissa, ..mass }),
        _ => None,
    }
}

enum Price {
    None,
    More,
    Whole(usize),
}

/// Bytes of ";" and the price: seven characters, or eight with a sign, as the weight has them.
fn price_length(text: &[u8]) -> Price {
    let Some(rest) = text.get(EQUALS..) else { return Price::More };
    match rest {
        [] => Price::More,
        [b';', price @ ..] => {
            let digits = price.iter().take_while(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b' ')).count();
            match digits {
                8.. => Price::Whole(9),
                7 if price.len() > 7 => Price::Whole(8),
                _ if price.len() > digits => Price::None,
                _ => Price::More,
            }
        }
        _ => Price::None,
    }
}

/// Bytes of an A12 line without its check: "WG", seven characters, the unit.
const A12: usize = 11;

/// The A12(E) line.
#[derive(Debug)]
pub(super) struct A12 {
    check: Checking,
}

impl A12 {
    pub(super) const fn new(checksum: Checksum) -> Self {
        Self { check: Checking::new(checksum) }
    }
}

impl Shape for A12 {
    const LONGEST: usize = 16;

    fn look(&mut self, bytes: &[u8]) -> Look {
        let text = match line(bytes) {
            Line::End(length) => return Look::Filler(length),
            Line::More => return Look::More,
            Line::Text(text) => text.iter().copied().map(plain).collect::<Vec<_>>(),
        };
        let Some((body, check)) = text.split_at_checked(A12) else { return Look::No(NoFrame::Noise) };
        match check {
            [high, low] if self.check.may_be() => {
                if !is_hex_of(xor(body), *high, *low) {
                    return Look::No(NoFrame::BadCheck);
                }
            }
            [] if !self.check.must_be() => {}
            [] => return Look::No(NoFrame::BadCheck),
            _ => return Look::No(NoFrame::Noise),
        }
        let Some(frame) = a12(body) else { return Look::No(NoFrame::Malformed) };
        if check.is_empty() {
            self.check.was_missing();
        } else {
            self.check.was_right();
        }
        Look::Whole { length: text.len() + 1, end: 1, found: Decoded::Frame(frame) }
    }
}

fn a12(body: &[u8]) -> Option<ScaleFrame> {
    if let [blanks @ .., first, second] = body
        && is_blank(blanks)
    {
        return match [*first, *second] {
            // Above Max + 9 e, below -20 d.
            [b'O', b'L'] => Some(ScaleFrame::without(WhyNot::Overload, None, Stability::Unknown)),
            [b'L', b'O'] => Some(ScaleFrame::without(WhyNot::Underload, None, Stability::Unknown)),
            _ => None,
        };
    }
    let (head, rest) = body.split_at_checked(2)?;
    let (value, unit_field) = rest.split_at_checked(7)?;
    let mass = weight(value, unit(unit_field)?)?;
    let weights = match head {
        // Clones write "ww" for the gross weight.
        b"WG" | b"wg" | b"ww" => Weights::gross(mass),
        b"WN" | b"wn" => Weights::net(mass),
        _ => return None,
    };
    Some(ScaleFrame::weighed(weights, Stability::Unknown))
}
