//! A weight as an indicator shows it: mantissa, decimals, unit; never floating point.

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
pub const DECIMALS_MAX: u8 = 8;
/// Parts of a kilogram in [`Mass::exact`]: 10⁻⁸ kg of a unit over 10⁸ of the decimals.
const EXACT_PER_KG: i128 = 10_i128.pow(16);

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

    /// Units of 10⁻¹⁶ kg, exact: masses of any unit compare by it.
    #[must_use]
    pub fn exact(self) -> i128 {
        let scale = 10_i128.pow(u32::from(self.decimals.min(DECIMALS_MAX)));
        i128::from(self.mantissa) * self.unit.hundred_millionths_kg() * (100_000_000 / scale)
    }

    /// The sum of two masses of one unit; none when the units differ or it can't be told.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        let decimals = self.decimals.max(other.decimals).min(DECIMALS_MAX);
        let widened = |mass: Self| {
            let more = 10_i64.checked_pow(u32::from(decimals - mass.decimals.min(decimals)))?;
            mass.mantissa.checked_mul(more)
        };
        let mantissa = widened(self)?.checked_add(widened(other)?)?;
        (self.unit == other.unit).then_some(Self { mantissa, decimals, unit: self.unit })
    }

    /// Whole kilograms, halves away from zero.
    #[must_use]
    pub fn to_kg_rounded(self) -> i64 {
        self.to_division(1)
    }

    /// Kilograms, rounded to whole divisions of `division_kg` as a display does; halves away from zero.
    #[must_use]
    pub fn to_division(self, division_kg: i64) -> i64 {
        let division = i128::from(division_kg.max(1));
        let (value, one) = (self.exact(), EXACT_PER_KG * division);
        let rounded = (value.abs() + one / 2) / one * division * value.signum();
        i64::try_from(rounded).unwrap_or(if rounded < 0 { i64::MIN } else { i64::MAX })
    }

    /// Whether both are the same mass, or differ by no more than `kg` kilograms.
    #[must_use]
    pub fn is_within(self, other: Self, kg: i64) -> bool {
        (self.exact() - other.exact()).abs() <= EXACT_PER_KG * i128::from(kg.max(0))
    }

    /// Whether it is exactly so many kilograms.
    #[must_use]
    pub fn is_kg(self, kg: i64) -> bool {
        self.exact() == EXACT_PER_KG * i128::from(kg)
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// Kilograms as an exact decimal number, without trailing zeros.
    #[must_use]
    pub fn to_kg_text(self) -> String {
        let value = self.exact();
        let (whole, fraction) = (value.abs() / EXACT_PER_KG, value.abs() % EXACT_PER_KG);
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
    fn a_display_rounds_to_its_division_and_the_exact_weight_stays() {
        for (text, division_kg, shown) in
            [("85.0", 10, 90), ("84.9", 10, 80), ("40183.5", 20, 40_180), ("-9", 20, 0), ("-10", 20, -20), ("7", 1, 7)]
        {
            let mass = Mass::parse(text, Unit::Kilogram).expect(text);
            assert_eq!(mass.to_division(division_kg), shown, "{text} in divisions of {division_kg} kg");
        }
    }

    #[test]
    fn net_and_tare_add_up_to_gross_in_one_unit_only() {
        let kg = |text| Mass::parse(text, Unit::Kilogram).expect(text);
        assert_eq!(kg("24680").plus(kg("15500.5")), Some(kg("40180.5")));
        assert_eq!(kg("1").plus(Mass::parse("1", Unit::Pound).expect("a mass")), None);
        let most = Mass { mantissa: i64::MAX, decimals: 0, unit: Unit::Kilogram };
        assert_eq!(most.plus(kg("0.1")), None, "what can't be told is not told");
    }

    #[test]
    fn nearness_is_exact() {
        let kg = |text| Mass::parse(text, Unit::Kilogram).expect(text);
        assert!(kg("100").is_within(kg("120"), 20) && !kg("100").is_within(kg("120.1"), 20));
        assert!(Mass::parse("27.4", Unit::Tonne).expect("a mass").is_kg(27_400) && kg("0.00").is_zero());
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", ".", "-", "1.2.3", "12a", "1e3", "NaN", "1234567890", "0.123456789", "--1"] {
            assert_eq!(Mass::parse(text, Unit::Kilogram), None, "{text}");
        }
    }
}
