//! A declared line: what the groups of its expression found.
//!
//! A line ends with CR, LF or ETX; a start mark before it is dropped. The expression must fit the whole line, and frames
//! must agree, because a line that was cut at its front may still fit.

use regex::bytes::Captures;

use super::field::{plain, unit, weight};
use super::frame::{Decoded, NoFrame, ScaleFrame, Weights, WhyNot};
use super::scan::{Look, Shape};
use crate::model::Stability;
use crate::model::mass::{Mass, Unit};
use crate::model::scale::WeightPattern;

/// Longest line.
const LONGEST: usize = 128;
/// Longest record number.
const RECORD_MAX: usize = 32;

/// Lines that an expression describes.
#[derive(Debug)]
pub(super) struct Pattern {
    /// The expression.
    pub(super) pattern: WeightPattern,
    /// What the indicator is set to, unless the line tells.
    pub(super) unit: Unit,
}

impl Shape for Pattern {
    const LONGEST: usize = LONGEST;

    fn look(&mut self, bytes: &[u8]) -> Look {
        let is_mark = |byte: &u8| matches!(byte & 0x7F, b'\r' | b'\n' | 0x02 | 0x03);
        match bytes.iter().position(is_mark) {
            Some(0) => Look::Filler(bytes.iter().take_while(|byte| is_mark(byte)).count()),
            None => Look::More,
            Some(length) => {
                let text: Vec<u8> = bytes.iter().take(length).copied().map(plain).collect();
                match self.pattern.regex().captures(&text).and_then(|found| self.frame(&found)) {
                    // What ends the line isn't part of the frame: a start mark belongs to the next one.
                    Some(frame) => Look::whole(length, Decoded::Frame(frame)),
                    // The end of a line that doesn't fit may fit by itself: the whole line is no frame.
                    None => Look::NoLine(length, NoFrame::Foreign),
                }
            }
        }
    }
}

impl Pattern {
    fn frame(&self, found: &Captures<'_>) -> Option<ScaleFrame> {
        let group = |name| found.name(name).map(|group| group.as_bytes());
        let is_told = |name| group(name).is_some();
        let told = group("status").map_or(Some(Told::Nothing), Told::of)?;
        let stability = if is_told("moving") || told == Told::Moving {
            Stability::Moving
        } else if is_told("stable") || told == Told::Stable {
            Stability::Stable
        } else if self.declares("stable") {
            // A mark of rest that isn't there.
            Stability::Moving
        } else {
            Stability::Unknown
        };
        let unit = match group("unit") {
            Some(symbol) => unit(symbol),
            None => Some(self.unit),
        };
        let why = if is_told("overload") || told == Told::Overload {
            Some(WhyNot::Overload)
        } else if is_told("underload") || told == Told::Underload {
            Some(WhyNot::Underload)
        } else {
            None
        };
        let frame = match (why, unit) {
            (Some(why), unit) => ScaleFrame::without(why, unit, stability),
            (None, None) => ScaleFrame::without(WhyNot::UnknownUnit, None, stability),
            (None, Some(unit)) => match weights(group, unit)? {
                Weights { gross: None, net: None, tare: None } => {
                    ScaleFrame::without(WhyNot::NoDigits, Some(unit), stability)
                }
                weights => ScaleFrame::weighed(weights, stability),
            },
        };
        let zero = self.declares("zero").then(|| is_told("zero"));
        let record = group("record").map(|text| text.trim_ascii()).filter(|text| text.len() <= RECORD_MAX);
        let record = record.map(|text| String::from_utf8_lossy(text).into_owned());
        Some(ScaleFrame { zero, record, ..frame })
    }

    fn declares(&self, group: &str) -> bool {
        self.pattern.regex().capture_names().flatten().any(|name| name == group)
    }
}

/// The words that the group `status` may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Nothing,
    Stable,
    Moving,
    Overload,
    Underload,
}

impl Told {
    /// A word that isn't known may be a fault: then there is no frame.
    fn of(status: &[u8]) -> Option<Self> {
        match status.trim_ascii() {
            b"" => Some(Self::Nothing),
            b"ST" | b"S" => Some(Self::Stable),
            b"US" | b"D" | b"M" => Some(Self::Moving),
            b"OL" | b"O" | b"+" => Some(Self::Overload),
            b"UL" | b"U" | b"-" => Some(Self::Underload),
            _ => None,
        }
    }
}

/// The weights of the groups that took part; none when one of them is no weight.
fn weights<'a>(group: impl Fn(&'static str) -> Option<&'a [u8]>, unit: Unit) -> Option<Weights> {
    let is_minus = group("sign").is_some_and(|sign| sign.trim_ascii() == b"-");
    let mass = |name| match group(name) {
        None => Some(None),
        Some(text) => {
            let mass = weight(text, unit)?;
            Some(Some(if is_minus && name != "tare" { Mass { mantissa: -mass.mantissa, ..mass } } else { mass }))
        }
    };
    let (gross, net, tare) = (mass("gross")?.or(mass("weight")?), mass("net")?, mass("tare")?);
    match (gross, net, tare) {
        (None, Some(net), Some(tare)) => Some(Weights::net_and_tare(net, tare)),
        (gross, net, tare) => Some(Weights { gross, net, tare }),
    }
}
