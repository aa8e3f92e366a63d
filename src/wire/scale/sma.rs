//! SMA SCP-0499, level 1 and the information requests of level 2 (Sartorius PR 5220 p. 130-133, Fairbanks PR5410 p. 120).
//!
//! ```text
//!  request: 0A | command | 0D
//!  weight:  0A | s | r | n | m | f | ten characters | unit of three | 0D      20 bytes
//!  answers: 0A | "TYP:S", "CAP:kg :60000:2:1", "END:", "?", "!" … | 0D
//! ```

use super::field::{front, is_blank, plain, unit, weight};
use super::frame::{Decoded, NoFrame, Reply, ScaleFrame, Settings, Weights, WhyNot};
use super::scan::{Look, Shape};
use crate::model::Stability;
use crate::model::mass::Mass;

const WEIGHT: usize = 20;
/// Longest answer of the information requests.
const LONGEST: usize = 64;

/// The requests that this program sends.
pub(super) const ASK_WEIGHT: &[u8] = b"\nW\r";
pub(super) const ASK_INFORMATION: &[u8] = b"\nI\r";
pub(super) const ASK_NEXT: &[u8] = b"\nN\r";

/// Replies, and what the information requests told so far.
#[derive(Debug, Default)]
pub(super) struct Sma {
    ranges: Vec<Settings>,
}

/// Ranges of a scale with several divisions.
const RANGES_MAX: usize = 8;

impl Shape for Sma {
    const LONGEST: usize = LONGEST;

    fn look(&mut self, bytes: &[u8]) -> Look {
        let text: Vec<u8> = bytes.iter().take(LONGEST).copied().map(plain).collect();
        if text.first() != Some(&b'\n') {
            return Look::No(NoFrame::Noise);
        }
        let body = text.get(1..).unwrap_or_default();
        let Some(end) = body.iter().position(|byte| !(b' '..=b'~').contains(byte)) else { return Look::More };
        if body.get(end) != Some(&b'\r') {
            return Look::No(NoFrame::Noise);
        }
        let line = body.get(..end).unwrap_or_default();
        // An answer may have a weight's length: `CAP:kg :60000:20:0` has.
        let weight = reply(line).filter(|_| end + 2 == WEIGHT);
        let found = weight.map(Decoded::Frame).or_else(|| self.answer(line));
        match found {
            Some(found) => Look::whole(end + 2, found),
            None => Look::No(NoFrame::Malformed),
        }
    }
}

fn reply(line: &[u8]) -> Option<ScaleFrame> {
    let [status, range, kind, motion, _, fields @ ..] = front::<18>(line)?;
    let (value, unit_field) = fields.split_at_checked(10)?;
    let stability = match motion {
        b'M' => Stability::Moving,
        b' ' => Stability::Stable,
        _ => return None,
    };
    if !range.is_ascii_digit() || !b"GNTgn".contains(&kind) {
        return None;
    }
    let unit = unit(unit_field);
    let without = |why| Some(ScaleFrame::without(why, unit, stability));
    match status {
        b'O' => return without(WhyNot::Overload),
        b'U' => return without(WhyNot::Underload),
        b'E' => return without(WhyNot::ZeroError),
        b'I' => return without(WhyNot::NotZeroed),
        b'T' => return without(WhyNot::TareError),
        b'Z' | b' ' => {}
        _ => return None,
    }
    let Some(known) = unit else { return without(WhyNot::UnknownUnit) };
    if is_blank(value) || value.iter().all(|byte| *byte == b'-') {
        return without(WhyNot::NoDigits);
    }
    let mass = weight(value, known)?;
    let weights = match kind {
        b'G' => Weights::gross(mass),
        b'N' => Weights::net(mass),
        b'T' => Weights::tare(mass),
        // High resolution is for the service, not for trade.
        _ => return without(WhyNot::Expanded),
    };
    let frame = ScaleFrame::weighed(weights, stability);
    Some(ScaleFrame { zero: Some(status == b'Z'), ..frame })
}

impl Sma {
    fn answer(&mut self, line: &[u8]) -> Option<Decoded> {
        let text = std::str::from_utf8(line).ok()?;
        match text.split_once(':') {
            None if text == "?" || text == "!" => {
                self.ranges.clear();
                Some(Decoded::Reply(Reply::Refused))
            }
            // A single letter is a request: the line gives back what was sent.
            None if text.len() == 1 => Some(Decoded::Reply(Reply::Echo)),
            None => None,
            Some(("SMA", _)) => {
                self.ranges.clear();
                Some(Decoded::Reply(Reply::More))
            }
            Some(("CAP", capacity)) => {
                if self.ranges.len() < RANGES_MAX {
                    self.ranges.push(settings(capacity)?);
                }
                Some(Decoded::Reply(Reply::More))
            }
            Some(("END", _)) => Some(match std::mem::take(&mut self.ranges).as_slice() {
                [] => Decoded::Reply(Reply::Accepted),
                [one] => Decoded::Settings(*one),
                // Several divisions: the last range has the largest weight.
                [.., last] => Decoded::Settings(Settings { division: None, ..*last }),
            }),
            Some((name, _)) if name.len() == 3 => Some(Decoded::Reply(Reply::More)),
            Some(_) => None,
        }
    }
}

/// `kg :60000:2:1`: unit, capacity, last digit of the division, decimals.
fn settings(text: &str) -> Option<Settings> {
    let mut parts = text.split(':');
    let (symbol, capacity, step, decimals) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let unit = unit(symbol.as_bytes())?;
    let decimals = decimals.trim().parse::<u8>().ok().filter(|decimals| *decimals <= 5)?;
    let mantissa = step.trim().parse::<u8>().ok()?.into();
    // Without a point it isn't told whether a capacity with decimals counts digits or units.
    let is_plain = decimals == 0 || capacity.contains('.');
    let max = weight(capacity.as_bytes(), unit).filter(|_| is_plain);
    Some(Settings { max, division: Some(Mass { mantissa, decimals, unit }) })
}
