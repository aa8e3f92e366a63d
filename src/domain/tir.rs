//! Numbers of TIR carnets.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::form::{Class, FormError, compact, parsed_identifier};
use super::verdict::Verdict;

/// From here on carnets carry two letters before the number.
pub const LETTERS_FROM: u32 = 25_000_000;
const SERIES_LETTERS: usize = 2;
/// Digits of a number that stands alone, and of one with a series.
const ALONE_DIGITS: std::ops::RangeInclusive<usize> = 1..=8;
const WITH_SERIES_DIGITS: std::ops::RangeInclusive<usize> = 8..=9;

/// The number of a TIR carnet. Its letters follow a table of the IRU that isn't public: without a [`TirTable`] only
/// the form is checked, and nothing is ever held for its letters alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TirCarnet {
    series: Option<String>,
    number: String,
}
parsed_identifier!(TirCarnet);

impl TirCarnet {
    /// Reads two letters and 8 or 9 digits, or digits alone below 25 000 000, separated in any way.
    ///
    /// # Errors
    /// When the form is another.
    pub fn parse(text: &str) -> Result<Self, FormError> {
        let text = compact(text)?;
        let series: String = text.chars().take_while(|c| Class::Letter.holds(*c)).collect();
        let number = text.strip_prefix(series.as_str()).unwrap_or_default();
        if let Some((index, found)) = text.chars().enumerate().skip(series.len()).find(|(_, c)| !c.is_ascii_digit()) {
            return Err(FormError::Character { at: index + 1, found, wanted: "a digit" });
        }
        if series.is_empty() { Self::alone(number) } else { Self::with_series(series, number) }
    }

    /// Reads a series and a number that came as separate fields; the series may be empty.
    ///
    /// # Errors
    /// As [`TirCarnet::parse`].
    pub fn from_fields(series: &str, number: &str) -> Result<Self, FormError> {
        let digits = compact(number)?;
        match compact(series) {
            Err(FormError::Empty) => Self::parse(&digits),
            Err(error) => Err(error),
            Ok(series) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Self::parse(&format!("{series}{digits}")),
            Ok(_) => Err(FormError::Rule("letters are expected in the series only, digits in the number only")),
        }
    }

    fn alone(number: &str) -> Result<Self, FormError> {
        let found = number.len();
        if !ALONE_DIGITS.contains(&found) {
            return Err(FormError::Length { found, wanted: "10 or 11 (2 letters, 8 or 9 digits)" });
        }
        match number.parse() {
            Ok(1..LETTERS_FROM) => Ok(Self { series: None, number: number.to_owned() }),
            Ok(_) | Err(_) => Err(FormError::Rule("digits alone are a carnet's number below 25 000 000 only")),
        }
    }

    fn with_series(series: String, number: &str) -> Result<Self, FormError> {
        if series.len() != SERIES_LETTERS {
            return Err(FormError::Rule("two letters are expected before the digits"));
        }
        if !WITH_SERIES_DIGITS.contains(&number.len()) {
            let found = number.len() + SERIES_LETTERS;
            return Err(FormError::Length { found, wanted: "10 or 11 (2 letters, 8 or 9 digits)" });
        }
        Ok(Self { series: Some(series), number: number.to_owned() })
    }

    /// The two letters.
    #[must_use]
    pub fn series(&self) -> Option<&str> {
        self.series.as_deref()
    }

    /// The digits.
    #[must_use]
    pub fn number(&self) -> &str {
        &self.number
    }

    /// Holds the letters against a table: the letter for the number mod 23 is expected to be one of the two.
    ///
    /// Which of the two it is depends on the edition, and the rule is known from practice only: advisory.
    #[must_use]
    pub fn verdict(&self, table: Option<&TirTable>) -> Verdict {
        let (Some(series), Some(table)) = (&self.series, table) else { return Verdict::Unchecked };
        match self.number.parse().ok().and_then(|number| table.letter(number)) {
            Some(letter) if series.contains(letter) => Verdict::Valid,
            Some(letter) => Verdict::Wrong { expected: letter.to_string() },
            None => Verdict::Unchecked,
        }
    }

    /// A thing worth knowing that the form doesn't say.
    #[must_use]
    pub fn remark(&self) -> Option<String> {
        let low = self.number.parse::<u32>().is_ok_and(|number| number < LETTERS_FROM);
        let remark = "carnets below 25 000 000 were issued without letters (advisory)";
        (self.series.is_some() && low).then(|| remark.to_owned())
    }
}

impl fmt::Display for TirCarnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.series.as_deref().unwrap_or_default(), self.number)
    }
}

/// The check letters of TIR carnets by their number mod 23, as a site that has them configures them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TirTable(String);

impl TirTable {
    /// How many letters a table has.
    pub const LETTERS: usize = 23;

    /// Reads 23 different letters, that of remainder 0 first.
    ///
    /// # Errors
    /// When there are not as many, or one stands twice.
    pub fn parse(text: &str) -> Result<Self, FormError> {
        let letters = text.trim().to_ascii_uppercase();
        let found = letters.chars().count();
        if found != Self::LETTERS {
            return Err(FormError::Length { found, wanted: "23 letters" });
        }
        for (index, found) in letters.chars().enumerate() {
            if !Class::Letter.holds(found) || letters.chars().take(index).any(|before| before == found) {
                return Err(FormError::Character { at: index + 1, found, wanted: "a letter that stands nowhere else" });
            }
        }
        Ok(Self(letters))
    }

    fn letter(&self, number: u32) -> Option<char> {
        let index = usize::try_from(number).ok()? % Self::LETTERS;
        self.0.chars().nth(index)
    }
}

impl TryFrom<String> for TirTable {
    type Error = FormError;
    fn try_from(text: String) -> Result<Self, FormError> {
        Self::parse(&text)
    }
}

impl From<TirTable> for String {
    fn from(table: TirTable) -> Self {
        table.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_carnet_has_two_letters_or_a_number_below_25_million() {
        for (written, series, number) in [
            ("XW44062317", Some("XW"), "44062317"),
            ("xw 44 062 317", Some("XW"), "44062317"),
            ("MX51000000", Some("MX"), "51000000"),
            ("XW440623171", Some("XW"), "440623171"),
            ("24999999", None, "24999999"),
            ("7258126", None, "7258126"),
        ] {
            let carnet = TirCarnet::parse(written).expect(written);
            assert_eq!((carnet.series(), carnet.number()), (series, number), "{written}");
            assert_eq!(carnet.verdict(None), Verdict::Unchecked);
        }
        for bad in [
            "X7258126",
            "X44062317",
            "XWA4062317",
            "XW4406231",
            "XW4406231712",
            "XW44O62317",
            "25000000",
            "99999999",
            "123456789",
            "00000000",
            "XW",
            "",
        ] {
            assert!(TirCarnet::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn series_and_number_may_come_apart() {
        let whole = TirCarnet::parse("XW44062317").expect("a carnet");
        assert_eq!(TirCarnet::from_fields("xw", " 44062317 "), Ok(whole));
        let old = TirCarnet::parse("7258126").expect("a carnet");
        assert_eq!(TirCarnet::from_fields("", "7258126"), Ok(old));
        for (series, number) in
            [("X", "44062317"), ("XW", "XW44062317"), ("", "44062317"), ("XW", ""), ("X1", "44062317")]
        {
            assert!(TirCarnet::from_fields(series, number).is_err(), "{series} {number}");
        }
        // Whole numbers in the second field are taken as they are.
        assert!(TirCarnet::from_fields("", "XW44062317").is_ok());
    }

    #[test]
    fn a_table_makes_the_letters_checkable() {
        // A made-up table: its letters are not the IRU's.
        let table = TirTable::parse("ABCDEFGHJKLMNPQRSTUVWYZ").expect("a table");
        let carnet = |text: &str| TirCarnet::parse(text).expect(text).verdict(Some(&table));
        // 44062317 mod 23 = 21.
        assert_eq!(carnet("XY44062317"), Verdict::Valid);
        assert_eq!(carnet("YX44062317"), Verdict::Valid);
        assert_eq!(carnet("XW44062317"), Verdict::Wrong { expected: "Y".into() });
        assert_eq!(carnet("7258126"), Verdict::Unchecked, "no letters, nothing to check");
        for bad in ["", "ABC", "ABCDEFGHJKLMNPQRSTUVWYY", "ABCDEFGHJKLMNPQRSTUVWY1", "ABCDEFGHJKLMNPQRSTUVWXYZ"] {
            assert!(TirTable::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn letters_on_a_low_number_are_remarked() {
        assert!(TirCarnet::parse("XW12345678").expect("a carnet").remark().is_some());
        assert_eq!(TirCarnet::parse("XW44062317").expect("a carnet").remark(), None);
        assert_eq!(TirCarnet::parse("12345678").expect("a carnet").remark(), None);
    }
}
