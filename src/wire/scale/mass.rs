//! A weight as the indicator shows it: mantissa, decimals, unit.

use std::fmt;

/// A unit of mass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Gram.
    Gram,
    /// Kilogram.
    Kilogram,
    /// Tonne.
    Tonne,
    /// International pound, 0.45359237 kg.
    Pound,
}

impl Unit {
    /// The unit of that symbol.
    #[must_use]
    pub fn from_symbol(symbol: &str) -> Option<Self> {
        match symbol {
            "g" => Some(Self::Gram),
            "kg" => Some(Self::Kilogram),
            "t" => Some(Self::Tonne),
            "lb" => Some(Self::Pound),
            _ => None,
        }
    }

    /// Its symbol.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Gram => "g",
            Self::Kilogram => "kg",
            Self::Tonne => "t",
            Self::Pound => "lb",
        }
    }

    /// Units of 10⁻⁸ kg in one.
    const fn hundred_millionths_kg(self) -> i128 {
        match self {
            Self::Gram => 100_000,
            Self::Kilogram => 100_000_000,
            Self::Tonne => 100_000_000_000,
            Self::Pound => 45_359_237,
        }
    }
}

/// Digits after the point that an indicator may show.
pub(super) const DECIMALS_MAX: u8 = 8;

/// `mantissa × 10^-decimals` of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mass {
    /// All digits, with the sign.
    pub mantissa: i64,
    /// Digits after the point; at most [`DECIMALS_MAX`].
    pub decimals: u8,
    /// The unit.
    pub unit: Unit,
}

impl Mass {
    /// Reads a printed weight such as `-12.50`; none when it is no number, or longer than an indicator shows.
    #[must_use]
    pub fn parse(text: &str, unit: Unit) -> Option<Self> {
        let (sign, digits) = match text.as_bytes().first()? {
            b'-' => (-1, text.strip_prefix('-')?.trim_start()),
            b'+' => (1, text.strip_prefix('+')?.trim_start()),
            _ => (1, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let decimals = u8::try_from(fraction.len()).ok().filter(|count| *count <= DECIMALS_MAX)?;
        if whole.is_empty() && fraction.is_empty() || whole.len() > 9 || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let mantissa: i64 = format!("{whole}{fraction}").parse().ok()?;
        Some(Self { mantissa: sign * mantissa, decimals, unit })
    }

    fn hundred_millionths_kg(self) -> (i128, i128) {
        let scale = 10_i128.pow(u32::from(self.decimals.min(DECIMALS_MAX)));
        (i128::from(self.mantissa) * self.unit.hundred_millionths_kg(), scale)
    }

    /// Whole kilograms, halves away from zero.
    #[must_use]
    pub fn to_kg_rounded(self) -> i64 {
        let (value, scale) = self.hundred_millionths_kg();
        let one = scale * 100_000_000;
        let rounded = (value.abs() + one / 2) / one * value.signum();
        i64::try_from(rounded).unwrap_or(if rounded < 0 { i64::MIN } else { i64::MAX })
    }

    /// Kilograms as an exact decimal number, without trailing zeros.
    #[must_use]
    pub fn to_kg_text(self) -> String {
        let (value, scale) = self.hundred_millionths_kg();
        // Sixteen digits hold 10⁻⁸ kg over 10⁸ exactly.
        let digits = value.abs() * (100_000_000 / scale);
        let (whole, fraction) = (digits / 10_i128.pow(16), digits % 10_i128.pow(16));
        let sign = if value < 0 { "-" } else { "" };
        let text = format!("{sign}{whole}.{fraction:016}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

impl fmt::Display for Mass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} kg", self.to_kg_text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversion_is_exact_and_rounds_halves_away_from_zero() {
        for (text, unit, rounded, exact) in [
            ("27400", Unit::Kilogram, 27_400, "27400"),
            ("100.00", Unit::Gram, 0, "0.1"),
            ("27.4", Unit::Tonne, 27_400, "27400"),
            ("0.5", Unit::Kilogram, 1, "0.5"),
            ("-0.5", Unit::Kilogram, -1, "-0.5"),
            ("- 20", Unit::Kilogram, -20, "-20"),
            ("12345", Unit::Pound, 5_600, "5599.59780765"),
            ("+1", Unit::Pound, 0, "0.45359237"),
        ] {
            let mass = Mass::parse(text, unit).expect(text);
            assert_eq!((mass.to_kg_rounded(), mass.to_kg_text().as_str()), (rounded, exact), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", ".", "-", "1.2.3", "12a", "1e3", "NaN", "1234567890", "0.123456789", "--1"] {
            assert_eq!(Mass::parse(text, Unit::Kilogram), None, "{text}");
        }
    }
}
