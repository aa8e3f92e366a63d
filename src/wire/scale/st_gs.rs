//! The "ST,GS" family: text lines that begin with their status.
//!
//! ```text
//!  ST,GS,+011.120kg      A&D, General Measure M02 (18 bytes with CR LF); others put "," before the unit or pad more
//!  ST,GS,1L,  40180 kg   CAS, 22 bytes: 1 is the device, L the lamps as bits (CI-400 manual p. 103, CI-600D p. 74)
//! ```
//!
//! The lamps are no text: bit 7 is set, and a lamp byte without it may be a line's end. So this line is found by its
//! places. CAS CI-100A has a layout of its own: a line with the weight, then four status bytes (manual p. 40).

use super::field::{is_blank, plain, unit, weight};
use super::frame::{Decoded, NoFrame, ScaleFrame, Weights, WhyNot};
use super::scan::{Look, Shape};
use crate::model::Stability;
use crate::model::mass::Mass;

/// Bytes of "ST,GS,".
const HEAD: usize = 6;
/// Bytes of a CAS line without CR LF.
const CAS: usize = 20;
/// Longest line without its end.
const TEXT_MAX: usize = 28;

/// Lines that begin with their status.
#[derive(Debug)]
pub(super) struct StGs;

impl Shape for StGs {
    const LONGEST: usize = TEXT_MAX + 1;

    fn look(&mut self, bytes: &[u8]) -> Look {
        let text: Vec<u8> = bytes.iter().take(Self::LONGEST).copied().map(plain).collect();
        if let [b'\r' | b'\n', ..] = text.as_slice() {
            return Look::Filler(1);
        }
        let Some(head) = Head::of(&text) else { return Look::No(NoFrame::Noise) };
        let Some(rest) = text.get(HEAD..).filter(|rest| rest.len() > 2) else { return Look::More };
        // Device, lamps, comma: in a plain line a digit stands here.
        if rest.get(2) == Some(&b',') && bytes.get(HEAD + 1).is_some_and(|lamps| lamps & 0x80 != 0) {
            return cas(head, &text, bytes);
        }
        let Some(end) = rest.iter().position(|byte| !(b' '..=b'~').contains(byte)) else { return Look::More };
        if !matches!(rest.get(end), Some(b'\r' | b'\n')) {
            return Look::No(NoFrame::Noise);
        }
        match plain_line(head, rest.get(..end).unwrap_or_default()) {
            Some(frame) => Look::Whole { length: HEAD + end + 1, end: 1, found: Decoded::Frame(frame) },
            None => Look::No(NoFrame::Malformed),
        }
    }
}

/// What the first six bytes say.
#[derive(Clone, Copy)]
struct Head {
    status: Status,
    shown: Shown,
}

#[derive(Clone, Copy)]
enum Status {
    Stable,
    Moving,
    Overload,
    Underload,
    Held,
}

#[derive(Clone, Copy)]
enum Shown {
    Gross,
    Net,
    Tare,
}

impl Head {
    /// The head as far as it came; none when it can be none. What isn't there yet is taken for fitting.
    fn of(text: &[u8]) -> Option<Self> {
        let status = match text {
            [b'S', b'T', ..] | [b'S'] => Status::Stable,
            [b'U', b'S', ..] | [b'U'] => Status::Moving,
            [b'O', b'L', ..] | [b'O'] => Status::Overload,
            [b'U', b'L', ..] => Status::Underload,
            [b'H', b'D', ..] | [b'H'] => Status::Held,
            _ => return None,
        };
        let commas_fit = [2, 5].into_iter().all(|at| text.get(at).is_none_or(|byte| *byte == b','));
        let shown = match text.get(3..5.min(text.len())).unwrap_or_default() {
            [] | [b'G'] | b"GS" | b"G " => Shown::Gross,
            [b'N'] | b"NT" | b"N " => Shown::Net,
            [b'T' | b'P'] | b"TR" | b"T " | b"PT" => Shown::Tare,
            _ => return None,
        };
        commas_fit.then_some(Self { status, shown })
    }

    fn frame(self, mass: Mass) -> ScaleFrame {
        let stability = self.stability();
        let weights = match self.shown {
            Shown::Gross => Weights::gross(mass),
            Shown::Net => Weights::net(mass),
            Shown::Tare => Weights::tare(mass),
        };
        match self.why_not() {
            Some(why) => ScaleFrame::without(why, Some(mass.unit), stability),
            None => ScaleFrame::weighed(weights, stability),
        }
    }

    const fn why_not(self) -> Option<WhyNot> {
        match self.status {
            Status::Stable | Status::Moving => None,
            Status::Overload => Some(WhyNot::Overload),
            Status::Underload => Some(WhyNot::Underload),
            Status::Held => Some(WhyNot::Held),
        }
    }

    const fn stability(self) -> Stability {
        match self.status {
            Status::Stable => Stability::Stable,
            Status::Moving => Stability::Moving,
            Status::Overload | Status::Underload | Status::Held => Stability::Unknown,
        }
    }
}

/// Sign, digits, perhaps a comma, unit.
fn plain_line(head: Head, rest: &[u8]) -> Option<ScaleFrame> {
    let letters = rest.iter().rev().take_while(|byte| byte.is_ascii_alphabetic() || **byte == b' ').count();
    let (value, symbol) = rest.split_at_checked(rest.len() - letters)?;
    let value = value.strip_suffix(b",").unwrap_or(value);
    if let Some(why) = head.why_not() {
        // Out of range the digits are blanks, nines or dashes.
        return Some(ScaleFrame::without(why, unit(symbol), head.stability()));
    }
    if is_blank(value) {
        return Some(ScaleFrame::without(WhyNot::NoDigits, unit(symbol), head.stability()));
    }
    match unit(symbol) {
        Some(unit) => Some(head.frame(weight(value, unit)?)),
        None => Some(ScaleFrame::without(WhyNot::UnknownUnit, None, head.stability())),
    }
}

/// Device, lamps, comma, eight characters, blank or relays, unit, CR LF.
fn cas(head: Head, text: &[u8], bytes: &[u8]) -> Look {
    // The relay byte is bits too; everything else is text.
    let is_text = |at: usize| !matches!(at, 7 | 17);
    let fits = text.iter().take(CAS).enumerate().all(|(at, byte)| !is_text(at) || (b' '..=b'~').contains(byte));
    if !fits {
        return Look::No(NoFrame::Malformed);
    }
    if text.len() <= CAS {
        return Look::More;
    }
    let (Some(lamps), Some(value), Some(symbol), Some(b'\r' | b'\n')) =
        (bytes.get(7), text.get(9..17), text.get(18..CAS), text.get(CAS))
    else {
        return Look::No(NoFrame::Malformed);
    };
    match cas_frame(head, *lamps, value, symbol) {
        Some(frame) => Look::Whole { length: CAS + 1, end: 1, found: Decoded::Frame(frame) },
        None => Look::No(NoFrame::Malformed),
    }
}

fn cas_frame(head: Head, lamps: u8, value: &[u8], symbol: &[u8]) -> Option<ScaleFrame> {
    let is_lit = |bit: u8| lamps & (1 << bit) != 0;
    let zero = Some(is_lit(0));
    let unit = unit(symbol);
    let without = |why| Some(ScaleFrame { zero, ..ScaleFrame::without(why, unit, head.stability()) });
    if let Some(why) = head.why_not() {
        return without(why);
    }
    if is_lit(4) {
        return without(WhyNot::Held);
    }
    let Some(known) = unit else { return without(WhyNot::UnknownUnit) };
    if is_blank(value) {
        return without(WhyNot::NoDigits);
    }
    let mut frame = ScaleFrame { zero, ..head.frame(weight(value, known)?) };
    // Both the word and the lamp must say stable.
    if !is_lit(6) {
        frame.stability = Stability::Moving;
    }
    Some(frame)
}

/// CAS CI-100A.
#[derive(Debug)]
pub(super) struct CasCi100;

impl Shape for CasCi100 {
    const LONGEST: usize = 32;

    fn look(&mut self, bytes: &[u8]) -> Look {
        let text: Vec<u8> = bytes.iter().take(Self::LONGEST).copied().map(plain).collect();
        let [b'\n', body @ ..] = text.as_slice() else { return Look::No(NoFrame::Noise) };
        let Some(end) = body.iter().position(|byte| !(b' '..=b'~').contains(byte)) else { return Look::More };
        let (line, rest) = body.split_at(end);
        // CR LF, four status bytes, CR, ETX; the status alone comes when it is asked for.
        let fits = [b'\r', b'\n', 0, 0, 0, 0, b'\r', 0x03];
        let is_status = |at: usize| (2..6).contains(&at);
        let status_fits = rest.iter().zip(fits).enumerate().all(|(at, (byte, fit))| is_status(at) || *byte == fit);
        if !status_fits {
            return Look::No(NoFrame::Noise);
        }
        let Some([_, _, h1, h2, h3, h4, _, _]) = rest.get(..fits.len()) else { return Look::More };
        let is_fixed = |byte: &u8| byte & 0b11_0000 == 0b11_0000;
        if ![h1, h2, h3, h4].into_iter().all(is_fixed) {
            return Look::No(NoFrame::Malformed);
        }
        match ci_100(line, [*h1, *h2, *h3, *h4]) {
            Some(frame) => Look::whole(1 + end + fits.len(), Decoded::Frame(frame)),
            None => Look::No(NoFrame::Malformed),
        }
    }
}

fn ci_100(line: &[u8], [h1, h2, h3, h4]: [u8; 4]) -> Option<ScaleFrame> {
    let stability = if h1 & 1 == 0 { Stability::Stable } else { Stability::Moving };
    let letters = line.iter().rev().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let (value, symbol) = line.split_at_checked(line.len() - letters)?;
    let unit = unit(symbol);
    let zero = Some(h1 & 0b10 != 0);
    let without = |why| Some(ScaleFrame { zero, ..ScaleFrame::without(why, unit, stability) });
    let is_all = |mark: u8| !value.is_empty() && value.iter().all(|byte| matches!(*byte, b' ') || *byte == mark);
    if h2 & 0b10 != 0 || is_all(b'^') {
        return without(WhyNot::Overload);
    }
    if h2 & 0b01 != 0 || is_all(b'_') {
        return without(WhyNot::Underload);
    }
    if h3 & 0b1000 != 0 || is_all(b'-') {
        return without(WhyNot::ZeroError);
    }
    // Memory, EEPROM, ROM, calibration.
    if h1 & 0b1100 != 0 || h2 & 0b1100 != 0 {
        return without(WhyNot::DeviceError);
    }
    if h4 & 0b100 != 0 {
        return without(WhyNot::Held);
    }
    // Counting and percent weighing tell no mass.
    let Some(known) = unit.filter(|_| h4 & 0b11 == 0) else { return without(WhyNot::UnknownUnit) };
    let mass = weight(value, known)?;
    let weights = if h3 & 0b100 == 0 { Weights::gross(mass) } else { Weights::net(mass) };
    Some(ScaleFrame { zero, ..ScaleFrame::weighed(weights, stability) })
}
