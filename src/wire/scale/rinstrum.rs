//! Rinstrum's automatic output (R320 manual p. 46, R427 p. 99, C530 p. 53).
//!
//! ```text
//!  fmt_1: 02 | sign | seven | G N M U O E | 03
//!  fmt_2: 02 | sign | seven | G N U O E | M or blank | Z or blank | range | unit of three, blank in motion | 03
//!  fmt_3: 02 | eight | G N | M S | I O U | Z or blank | two blanks | 03
//!  fmt_4: OL ST US | GR NT | sign | seven | unit of two
//!  fmt_5: sign | seven | L K G T | G N | blank M O I | line end
//! ```
//!
//! The sixth format mixes traffic lights into the sign and isn't read.

use super::field::{is_blank, plain, unit, weight};
use super::frame::{Decoded, NoFrame, ScaleFrame, Weights, WhyNot};
use super::scan::{Look, Shape};
use crate::model::Stability;
use crate::model::mass::Unit;
use crate::model::scale::RinstrumLayout;

const STX: u8 = 0x02;
const ETX: u8 = 0x03;

/// One of the formats.
#[derive(Debug)]
pub(super) struct Rinstrum {
    /// Which.
    pub(super) layout: RinstrumLayout,
    /// What the indicator is set to, where the format doesn't tell.
    pub(super) unit: Unit,
}

impl Shape for Rinstrum {
    const LONGEST: usize = 17;

    fn look(&mut self, bytes: &[u8]) -> Look {
        let length = match self.layout {
            RinstrumLayout::Fmt1 => 11,
            RinstrumLayout::Fmt2 => 17,
            RinstrumLayout::Fmt3 => 16,
            RinstrumLayout::Fmt4 => 14,
            RinstrumLayout::Fmt5 => 11,
        };
        let text: Vec<u8> = bytes.iter().take(length).copied().map(plain).collect();
        if let [b'\r' | b'\n', ..] = text.as_slice() {
            return Look::Filler(1);
        }
        let (body, is_whole) = match self.layout {
            RinstrumLayout::Fmt1 | RinstrumLayout::Fmt2 | RinstrumLayout::Fmt3 => {
                let [STX, body @ ..] = text.as_slice() else { return Look::No(NoFrame::Noise) };
                match body {
                    [body @ .., ETX] if text.len() == length => (body, true),
                    _ if text.len() == length => return Look::No(NoFrame::Noise),
                    body => (body, false),
                }
            }
            RinstrumLayout::Fmt4 | RinstrumLayout::Fmt5 => (text.as_slice(), text.len() == length),
        };
        // A text byte too early or a mark within: no frame, whatever follows.
        if !body.iter().all(|byte| (b' '..=b'~').contains(byte)) {
            return Look::No(NoFrame::Noise);
        }
        if !is_whole {
            return Look::More;
        }
        match self.frame(body) {
            Some(frame) => Look::whole(length, Decoded::Frame(frame)),
            // Without a mark at its start any text is of a frame's length.
            None if matches!(self.layout, RinstrumLayout::Fmt4 | RinstrumLayout::Fmt5) => Look::No(NoFrame::Noise),
            None => Look::No(NoFrame::Malformed),
        }
    }
}

/// What stands on the display.
enum Kind {
    Gross,
    Net,
    Without(WhyNot),
}

impl Rinstrum {
    fn frame(&self, body: &[u8]) -> Option<ScaleFrame> {
        let (value, status) = match self.layout {
            RinstrumLayout::Fmt4 => body.split_at_checked(4).and_then(|(status, rest)| {
                let (value, unit) = rest.split_at_checked(8)?;
                Some((value, [status, unit].concat()))
            })?,
            RinstrumLayout::Fmt1 | RinstrumLayout::Fmt2 | RinstrumLayout::Fmt3 | RinstrumLayout::Fmt5 => {
                let (value, status) = body.split_at_checked(8)?;
                (value, status.to_vec())
            }
        };
        let told = match self.layout {
            RinstrumLayout::Fmt1 => self.fmt_1(&status)?,
            RinstrumLayout::Fmt2 => self.fmt_2(&status)?,
            RinstrumLayout::Fmt3 => self.fmt_3(&status)?,
            RinstrumLayout::Fmt4 => fmt_4(&status)?,
            RinstrumLayout::Fmt5 => fmt_5(&status)?,
        };
        let Told { kind, stability, unit, zero } = told;
        let without = |why| ScaleFrame { zero, ..ScaleFrame::without(why, unit, stability) };
        let Some(known) = unit else { return Some(without(WhyNot::UnknownUnit)) };
        let weights = match kind {
            Kind::Without(why) => return Some(without(why)),
            Kind::Gross | Kind::Net if is_blank(value) => return Some(without(WhyNot::NoDigits)),
            Kind::Gross => Weights::gross(weight(value, known)?),
            Kind::Net => Weights::net(weight(value, known)?),
        };
        Some(ScaleFrame { zero, ..ScaleFrame::weighed(weights, stability) })
    }

    fn fmt_1(&self, status: &[u8]) -> Option<Told> {
        let [status] = status else { return None };
        let (kind, stability) = match status {
            // In motion it isn't told whether the display is gross or net; such a weight never counts.
            b'M' => (Kind::Gross, Stability::Moving),
            other => (kind(*other)?, Stability::Stable),
        };
        Some(Told { kind, stability, unit: Some(self.unit), zero: None })
    }

    fn fmt_2(&self, status: &[u8]) -> Option<Told> {
        let [status, motion, zero, b'-' | b'1' | b'2', symbol @ ..] = status else { return None };
        let stability = motion_or_blank(*motion)?;
        let unit = match stability {
            Stability::Moving if is_blank(symbol) => Some(self.unit),
            Stability::Moving | Stability::Stable | Stability::Unknown => unit(symbol),
        };
        Some(Told { kind: kind(*status)?, stability, unit, zero: Some(zero_or_blank(*zero)?) })
    }

    fn fmt_3(&self, status: &[u8]) -> Option<Told> {
        let [shown, motion, range, zero, b' ', b' '] = status else { return None };
        let stability = match motion {
            b'M' => Stability::Moving,
            b'S' => Stability::Stable,
            _ => return None,
        };
        let kind = match (range, shown) {
            (b'O', _) => Kind::Without(WhyNot::Overload),
            (b'U', _) => Kind::Without(WhyNot::Underload),
            (b'I', b'G') => Kind::Gross,
            (b'I', b'N') => Kind::Net,
            _ => return None,
        };
        Some(Told { kind, stability, unit: Some(self.unit), zero: Some(zero_or_blank(*zero)?) })
    }
}

/// What the letters around the weight say.
struct Told {
    kind: Kind,
    stability: Stability,
    unit: Option<Unit>,
    zero: Option<bool>,
}

fn fmt_4(status: &[u8]) -> Option<Told> {
    let (head, symbol) = status.split_at_checked(4)?;
    let (kind, stability) = match head {
        [b'O', b'L', ..] => (Kind::Without(WhyNot::Overload), Stability::Unknown),
        b"STGR" => (Kind::Gross, Stability::Stable),
        b"STNT" => (Kind::Net, Stability::Stable),
        b"USGR" => (Kind::Gross, Stability::Moving),
        b"USNT" => (Kind::Net, Stability::Moving),
        _ => return None,
    };
    Some(Told { kind, stability, unit: unit(symbol), zero: None })
}

fn fmt_5(status: &[u8]) -> Option<Told> {
    let [symbol, shown, status] = status else { return None };
    let unit = match symbol {
        b'L' => Some(Unit::Pound),
        b'K' => Some(Unit::Kilogram),
        b'G' => Some(Unit::Gram),
        b'T' => Some(Unit::Tonne),
        b' ' => None,
        _ => return None,
    };
    let shown = match shown {
        b'G' => Kind::Gross,
        b'N' => Kind::Net,
        _ => return None,
    };
    let (kind, stability) = match status {
        b' ' => (shown, Stability::Stable),
        b'M' => (shown, Stability::Moving),
        b'O' => (Kind::Without(WhyNot::Overload), Stability::Unknown),
        b'I' => (Kind::Without(WhyNot::DeviceError), Stability::Unknown),
        _ => return None,
    };
    Some(Told { kind, stability, unit, zero: None })
}

const fn kind(status: u8) -> Option<Kind> {
    match status {
        b'G' => Some(Kind::Gross),
        b'N' => Some(Kind::Net),
        b'O' => Some(Kind::Without(WhyNot::Overload)),
        b'U' => Some(Kind::Without(WhyNot::Underload)),
        b'E' => Some(Kind::Without(WhyNot::DeviceError)),
        _ => None,
    }
}

const fn motion_or_blank(motion: u8) -> Option<Stability> {
    match motion {
        b'M' => Some(Stability::Moving),
        b' ' => Some(Stability::Stable),
        _ => None,
    }
}

const fn zero_or_blank(zero: u8) -> Option<bool> {
    match zero {
        b'Z' => Some(true),
        b' ' => Some(false),
        _ => None,
    }
}
