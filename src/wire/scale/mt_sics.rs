//! MT-SICS level 0 and 1: lines of `ID status [value unit]`, ended by CR LF (Mettler Toledo manual 11780711).
//!
//! Both `S` and `SI` are taken as the id of an immediate weight, because indicators differ; KERN's KCP has the same
//! grammar. What `S` tells is the net weight: it is the gross weight only while no tare is set, so the tare is asked
//! for (`TA`), and with one set there is no gross weight.

use super::field::plain;
use super::frame::{Decoded, NoFrame, Reply, ScaleFrame, Settings, Weights, WhyNot};
use super::scan::{Line, Look, Shape, line};
use crate::model::Stability;
use crate::model::mass::{Mass, Unit};

/// The requests that this program sends.
pub(super) const ASK_STREAM: &[u8] = b"SIR\r\n";
pub(super) const ASK_IMMEDIATE: &[u8] = b"SI\r\n";
pub(super) const ASK_STABLE: &[u8] = b"S\r\n";
pub(super) const ASK_TARE: &[u8] = b"TA\r\n";
pub(super) const ASK_DATA: &[u8] = b"I2\r\n";

/// Lines, and the tare that they told.
#[derive(Debug, Default)]
pub(super) struct MtSics {
    /// A tare that isn't zero.
    tare: Option<Mass>,
}

impl Shape for MtSics {
    /// No reply of the level 0 and 1 sets is near it.
    const LONGEST: usize = 128;

    fn look(&mut self, bytes: &[u8]) -> Look {
        let text = match line(bytes) {
            Line::End(length) => return Look::Filler(length),
            Line::More => return Look::More,
            Line::Text(text) => text.iter().copied().map(plain).collect::<Vec<_>>(),
        };
        let found = std::str::from_utf8(&text).ok().and_then(|text| self.decode(text));
        match found {
            Some(found) => Look::Whole { length: text.len() + 1, end: 1, found },
            // Noise before a line doesn't spoil the line: it is looked for a byte further on.
            None => Look::No(NoFrame::Foreign),
        }
    }
}

impl MtSics {
    fn decode(&mut self, text: &str) -> Option<Decoded> {
        let mut words = text.split(' ').filter(|word| !word.is_empty());
        // A reply begins with its id in the first column.
        let id = words.next().filter(|id| text.starts_with(id))?;
        let rest: Vec<_> = words.collect();
        match (id, rest.as_slice()) {
            ("S" | "SI" | "SR" | "SIR", [status @ ("S" | "D"), value @ ..]) => {
                let stability = if *status == "S" { Stability::Stable } else { Stability::Moving };
                Some(Decoded::Frame(self.weighed(value, stability)?))
            }
            ("S" | "SI" | "SR" | "SIR", [why @ ("+" | "-" | "I")]) => {
                let why = match *why {
                    "+" => WhyNot::Overload,
                    "-" => WhyNot::Underload,
                    _ => WhyNot::Busy,
                };
                Some(Decoded::Frame(ScaleFrame::without(why, None, Stability::Unknown)))
            }
            ("TA", ["A", value @ ..]) => {
                let tare = mass(value)?;
                self.tare = Some(tare).filter(|tare| !tare.is_zero());
                Some(Decoded::Reply(Reply::Accepted))
            }
            // Nobody here sets or clears a tare; the next answer to TA says what it is.
            ("T" | "TI", ["S" | "D", value @ ..]) => mass(value).map(|_| Decoded::Reply(Reply::Accepted)),
            ("TAC", ["A"]) => Some(Decoded::Reply(Reply::Accepted)),
            ("I2", ["A", text @ ..]) => Some(capacity(text)),
            ("Z", ["A"]) | ("ZI", ["D" | "S"]) | ("I0" | "I1" | "I3" | "I4" | "I5", ["A", ..]) => {
                Some(Decoded::Reply(Reply::Accepted))
            }
            ("I0" | "I1" | "I2" | "I3" | "I4" | "I5", ["B", ..]) => Some(Decoded::Reply(Reply::More)),
            ("Z" | "ZI" | "T" | "TI" | "TA" | "TAC", ["I" | "+" | "-"])
            | ("I0" | "I1" | "I2" | "I3" | "I4" | "I5", ["I"])
            | ("S" | "SI" | "SR" | "SIR" | "Z" | "ZI" | "T" | "TI" | "TA" | "TAC", ["L"])
            | ("ES" | "ET" | "EL", []) => Some(Decoded::Reply(Reply::Refused)),
            // What was sent comes back.
            ("S" | "SI" | "SIR" | "TA" | "I2", []) => Some(Decoded::Reply(Reply::Echo)),
            _ => None,
        }
    }

    fn weighed(&self, value: &[&str], stability: Stability) -> Option<ScaleFrame> {
        let shown = match (mass(value), value) {
            (Some(shown), _) => shown,
            // A count or a percentage.
            (None, [digits, _]) if Mass::parse(digits, Unit::Kilogram).is_some() => {
                return Some(ScaleFrame::without(WhyNot::UnknownUnit, None, stability));
            }
            (None, _) => return None,
        };
        Some(match self.tare {
            None => ScaleFrame::weighed(Weights::gross(shown), stability),
            // The tare may have been cleared since it was told: the sum would be too much.
            tare => ScaleFrame::weighed(Weights { gross: None, net: Some(shown), tare }, stability),
        })
    }
}

/// `["27400", "kg"]`, or with a sign that stands apart.
fn mass(words: &[&str]) -> Option<Mass> {
    match words {
        [value, unit] => Mass::parse(value, Unit::from_symbol(unit)?),
        ["-", value, unit] => Mass::parse(&format!("-{value}"), Unit::from_symbol(unit)?),
        _ => None,
    }
}

/// `"IND780 60000 kg"`: the name, then Max with its unit.
fn capacity(words: &[&str]) -> Decoded {
    let max = match words {
        [.., value, unit] => {
            let (value, unit) = (value.trim_matches('"'), unit.trim_matches('"'));
            Unit::from_symbol(unit).and_then(|unit| Mass::parse(value, unit))
        }
        _ => None,
    };
    match max {
        Some(_) => Decoded::Settings(Settings { max, division: None }),
        None => Decoded::Reply(Reply::Accepted),
    }
}
