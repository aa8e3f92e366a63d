//! Exact masses: foreign documents write decimals with up to six digits after the point, and they are summed.

use std::fmt;

use serde_json::{Number, Value};

/// Digits after the point, as in NCTS.
const DIGITS: usize = 6;
/// Most digits before the point.
const WHOLE_MAX: usize = 12;

/// A mass in millionths of a kilogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Mass(u64);

impl Mass {
    /// Reads a plain decimal with a point: no sign, no exponent, no thousands separators.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let (bare_whole, bare) = (whole.trim_start_matches('0'), part.trim_end_matches('0'));
        if !is_digits(whole) || !is_digits(part) || bare_whole.len() > WHOLE_MAX || bare.len() > DIGITS {
            return None;
        }
        format!("{bare_whole}{bare:0<DIGITS$}").parse().ok().map(Self)
    }

    /// The sum; `None` beyond what any vehicle carries.
    pub(super) fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// As JSON, without zeros that say nothing.
    pub(super) fn to_json(self) -> Value {
        // A decimal is a JSON number.
        serde_json::from_str::<Number>(&self.to_string()).map_or(Value::Null, Value::Number)
    }
}

impl fmt::Display for Mass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / 1_000_000, self.0 % 1_000_000);
        if part == 0 {
            return write!(f, "{whole}");
        }
        write!(f, "{whole}.{}", format!("{part:06}").trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_is_read_exactly_and_summed() {
        for (text, shown) in [
            ("0", "0"),
            ("12000", "12000"),
            ("0012.50", "12.5"),
            ("0.000001", "0.000001"),
            ("1000.000000000000", "1000"),
        ] {
            assert_eq!(Mass::parse(text).map(|mass| mass.to_string()).as_deref(), Some(shown), "{text}");
        }
        let sum = Mass::parse("0.1").and_then(|mass| mass.plus(Mass::parse("0.2")?)).expect("a sum");
        assert_eq!(sum.to_json().to_string(), "0.3");
    }

    #[test]
    fn what_may_mean_two_things_is_no_mass() {
        for text in ["", ".", ".5", "5.", "1,5", "1 000", "-1", "+1", "1e3", "0.0000001", "1234567890123", "NaN", "٣"]
        {
            assert_eq!(Mass::parse(text), None, "{text}");
        }
    }
}
