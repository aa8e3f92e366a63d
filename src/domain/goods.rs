//! Codes of goods (HS, CN, the EAEU's) and what dangerous goods show (ADR).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::form::{Class, FormError, compact, fits, parsed_identifier, require, text_identifier};

const CODE_DIGITS: std::ops::RangeInclusive<usize> = 6..=10;

/// A code of the Harmonized System or of a tariff built on it. A text: its leading zero counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GoodsCode(String);
text_identifier!(GoodsCode);

impl GoodsCode {
    /// Reads 6 to 10 digits, separated in any way.
    ///
    /// # Errors
    /// When the form is another, or the chapter (the first two digits) is 00.
    pub fn parse(text: &str) -> Result<Self, FormError> {
        let text = compact(text)?;
        if let Some((index, found)) = text.chars().enumerate().find(|(_, c)| !c.is_ascii_digit()) {
            return Err(FormError::Character { at: index + 1, found, wanted: "a digit" });
        }
        if !CODE_DIGITS.contains(&text.len()) {
            return Err(FormError::Length { found: text.len(), wanted: "6 to 10 digits" });
        }
        if text.starts_with("00") {
            return Err(FormError::Rule("no chapter has the number 00"));
        }
        Ok(Self(text))
    }

    /// The first two digits.
    #[must_use]
    pub fn chapter(&self) -> &str {
        self.0.get(..2).unwrap_or_default()
    }

    /// The first six digits, the same in all tariffs.
    #[must_use]
    pub fn heading(&self) -> &str {
        self.0.get(..6).unwrap_or_default()
    }
}

/// The UN number of a dangerous substance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UnNumber(String);
text_identifier!(UnNumber);

impl UnNumber {
    /// Reads four digits, with or without `UN` before them.
    ///
    /// # Errors
    /// When the form is another, or the number is 0000.
    pub fn parse(text: &str) -> Result<Self, FormError> {
        let text = compact(text)?;
        let digits = text.strip_prefix("UN").unwrap_or(&text);
        require(digits, &[(Class::Digit, 4)], "4 digits")?;
        if digits == "0000" {
            Err(FormError::Rule("no substance has the number 0000"))
        } else {
            Ok(Self(digits.into()))
        }
    }
}

/// The orange plate of a dangerous load: the hazard (Kemler) number above the UN number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AdrPlate {
    kemler: String,
    un: UnNumber,
}
parsed_identifier!(AdrPlate);

impl AdrPlate {
    /// Reads `X423/1428`: two or three digits, after an X where the load must not meet water, over four.
    ///
    /// # Errors
    /// When the form is another. Which Kemler numbers exist is not checked.
    pub fn parse(text: &str) -> Result<Self, FormError> {
        let text = compact(text)?;
        let Some((kemler, un)) = text.len().checked_sub(4).and_then(|at| text.split_at_checked(at)) else {
            return Err(FormError::Length { found: text.len(), wanted: "X?, 2 or 3 digits, and 4 digits" });
        };
        let digits = kemler.strip_prefix('X').unwrap_or(kemler);
        if !(fits(digits, &[(Class::Digit, 2)]) || fits(digits, &[(Class::Digit, 3)])) {
            return Err(FormError::Rule("two or three digits, after an X at most, are expected above the UN number"));
        }
        Ok(Self { kemler: kemler.to_owned(), un: UnNumber::parse(un)? })
    }

    /// The hazard number, with its X.
    #[must_use]
    pub fn kemler(&self) -> &str {
        &self.kemler
    }

    /// The substance.
    #[must_use]
    pub const fn un(&self) -> &UnNumber {
        &self.un
    }

    /// Water makes it worse.
    #[must_use]
    pub fn reacts_with_water(&self) -> bool {
        self.kemler.starts_with('X')
    }
}

impl fmt::Display for AdrPlate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kemler, self.un)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goods_code_keeps_its_leading_zero() {
        for (written, code) in [
            ("8703239019", "8703239019"),
            ("8703 23 901 9", "8703239019"),
            ("0102.29", "010229"),
            ("01022910", "01022910"),
        ] {
            assert_eq!(GoodsCode::parse(written).expect(written).as_str(), code, "{written}");
        }
        let horses = GoodsCode::parse("0101210000").expect("a code");
        assert_eq!((horses.chapter(), horses.heading()), ("01", "010121"));
        for bad in ["", "87032", "87032390190", "87O323", "000000", "8703-2X"] {
            assert!(GoodsCode::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_orange_plate_has_a_hazard_above_a_substance() {
        for (written, printed, water) in [
            ("33/1203", "33/1203", false),
            ("X423/1428", "X423/1428", true),
            ("x423 1428", "X423/1428", true),
            ("331203", "33/1203", false),
            ("268/1005", "268/1005", false),
        ] {
            let plate = AdrPlate::parse(written).expect(written);
            assert_eq!((plate.to_string().as_str(), plate.reacts_with_water()), (printed, water), "{written}");
        }
        let plate = AdrPlate::parse("33/1203").expect("a plate");
        assert_eq!((plate.kemler(), plate.un().as_str()), ("33", "1203"));
        for bad in
            ["", "3/1203", "3333/1203", "XX33/1203", "33X/1203", "33/120", "33/12O3", "33/0000", "Y33/1203", "1203"]
        {
            assert!(AdrPlate::parse(bad).is_err(), "{bad}");
        }
        for (written, number) in [("1203", "1203"), ("UN 1203", "1203"), ("un0004", "0004")] {
            assert_eq!(UnNumber::parse(written).expect(written).as_str(), number);
        }
        for bad in ["", "120", "12033", "UN", "0000", "UN12A3"] {
            assert!(UnNumber::parse(bad).is_err(), "{bad}");
        }
    }
}
