//! Rinstrum's automatic output, formats 1 to 5.

use super::{Motion, Range, Shown, Side, Unit};

/// Which of the formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// STX, weight, one letter, ETX.
    One,
    /// STX, weight, status, motion, zero, range, unit, ETX.
    Two,
    /// STX, weight, side, motion, range, zero, two blanks, ETX.
    Three,
    /// Words, weight, unit.
    Four,
    /// Weight, unit letter, side, status, line end.
    Five,
}

pub(super) fn frame(format: Format, shown: Shown) -> Vec<u8> {
    let value = format!("{}{:>7}", if shown.is_negative() { '-' } else { ' ' }, shown.text());
    let text = match format {
        Format::One => format!("\x02{value}{}\x03", status(shown, Told::Motion)),
        Format::Two => {
            let unit = match shown.motion {
                Motion::Still => shown.unit.symbol(),
                Motion::Moving => "",
            };
            let (status, motion, zero) = (status(shown, Told::Apart), either(shown.motion, 'M', ' '), zero(shown));
            format!("\x02{value}{status}{motion}{zero}-{unit:>3}\x03")
        }
        Format::Three => {
            let range = match shown.range {
                Range::Within => 'I',
                Range::Over => 'O',
            };
            let motion = either(shown.motion, 'M', 'S');
            format!("\x02{value}{}{motion}{range}{}  \x03", side(shown), zero(shown))
        }
        Format::Four => {
            let words = match (shown.range, shown.motion) {
                (Range::Over, _) => "OL",
                (Range::Within, Motion::Still) => "ST",
                (Range::Within, Motion::Moving) => "US",
            };
            let side = match shown.side {
                Side::Gross => "GR",
                Side::Net { .. } => "NT",
            };
            format!("{words}{side}{value}{:>2}", shown.unit.symbol())
        }
        Format::Five => {
            let unit = match shown.unit {
                Unit::Kilogram => 'K',
                Unit::Gram => 'G',
                Unit::Pound => 'L',
            };
            let status = match shown.range {
                Range::Over => 'O',
                Range::Within => either(shown.motion, 'M', ' '),
            };
            format!("{value}{unit}{}{status}\r\n", side(shown))
        }
    };
    text.into_bytes()
}

/// Whether the one letter tells motion too, or another letter does.
#[derive(Clone, Copy)]
enum Told {
    Motion,
    Apart,
}

fn status(shown: Shown, told: Told) -> char {
    match (shown.range, shown.motion, told) {
        (Range::Over, ..) => 'O',
        (Range::Within, Motion::Moving, Told::Motion) => 'M',
        (Range::Within, ..) => side(shown),
    }
}

const fn side(shown: Shown) -> char {
    match shown.side {
        Side::Gross => 'G',
        Side::Net { .. } => 'N',
    }
}

const fn either(motion: Motion, moving: char, still: char) -> char {
    match motion {
        Motion::Moving => moving,
        Motion::Still => still,
    }
}

const fn zero(shown: Shown) -> char {
    if shown.digits == 0 { 'Z' } else { ' ' }
}
