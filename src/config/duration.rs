//! Durations as people write them: "1500ms", "3s", "20m", "2h", "1d".

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

/// A duration of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Text(pub(super) Duration);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).map(Self).ok_or_else(|| {
            de::Error::invalid_value(
                de::Unexpected::Str(&text),
                &"a duration like \"1500ms\", \"3s\", \"20m\" or \"2h\"",
            )
        })
    }
}

/// Reads a duration like "1500ms", "3s", "20m", "2h" or "30d".
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let number: u64 = number.parse().ok()?;
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(milliseconds).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_unit_make_a_duration() {
        for (text, milliseconds) in
            [("1500ms", 1_500), ("3s", 3_000), ("20m", 1_200_000), ("2h", 7_200_000), ("1d", 86_400_000)]
        {
            assert_eq!(parse(text), Some(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["", "3", "s", "3 s", "-3s", "3.5s", "3w", "99999999999999999999s"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
