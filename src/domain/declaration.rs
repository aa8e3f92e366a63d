//! Numbers of goods and transit declarations of the Eurasian Economic Union: office / date / serial.

use std::fmt;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use super::form::{FormError, parsed_identifier, parts, unframed};
use super::plate::fold;

/// Lengths of office codes: 5 in Kazakhstan and Belarus, 8 in Russia, 2 elsewhere (domain §1).
pub(super) const OFFICE_DIGITS: [usize; 3] = [2, 5, 8];
/// Longest serial, and what one of digits alone is padded to.
pub(super) const SERIAL_CHARS: usize = 7;
const DATE_DIGITS: usize = 6;

/// A declaration's number. It has no check digit: nothing here mends or guesses one.
///
/// Two are equal when office and date are, and their serials are; a serial of digits alone is the same with and
/// without leading zeros. It prints as forms do: `55302/150324/0000123`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EaeuNumber {
    office: String,
    date: NaiveDate,
    serial: String,
}
parsed_identifier!(EaeuNumber);

impl EaeuNumber {
    /// Reads office, date and serial, separated by `/`, `-` or spaces.
    ///
    /// # Errors
    /// When there are not three parts, the office has not 2, 5 or 8 digits, the date does not exist (years are those
    /// of 2000), or the serial has not 1 to 7 letters or digits.
    pub fn parse(text: &str) -> Result<Self, FormError> {
        let text = unframed(text);
        if text.is_empty() {
            return Err(FormError::Empty);
        }
        match parts(text).as_slice() {
            [office, date, serial] => {
                Ok(Self { office: read_office(office)?, date: read_date(date)?, serial: read_serial(serial)? })
            }
            parts => Err(FormError::Parts { found: parts.len() }),
        }
    }

    /// The customs office that registered it.
    #[must_use]
    pub fn office(&self) -> &str {
        &self.office
    }

    /// The day of its registration.
    #[must_use]
    pub const fn date(&self) -> NaiveDate {
        self.date
    }

    /// Its serial of that day, padded to seven if all digits.
    #[must_use]
    pub fn serial(&self) -> &str {
        &self.serial
    }
}

impl fmt::Display for EaeuNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let year = self.date.year() - 2000;
        write!(f, "{}/{:02}{:02}{year:02}/{}", self.office, self.date.day(), self.date.month(), self.serial)
    }
}

fn read_office(text: &str) -> Result<String, FormError> {
    let office = fold(text).as_str().to_owned();
    if let Some((index, found)) = office.chars().enumerate().find(|(_, c)| !c.is_ascii_digit()) {
        return Err(FormError::Character { at: index + 1, found, wanted: "a digit of the office" });
    }
    if OFFICE_DIGITS.contains(&office.len()) { Ok(office) } else { Err(FormError::Office { found: office.len() }) }
}

fn read_date(text: &str) -> Result<NaiveDate, FormError> {
    let folded = fold(text);
    let digits = folded.as_str();
    let wrong = || FormError::Date(text.to_owned());
    if digits.len() != DATE_DIGITS || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let two = |at: usize| digits.get(at..at + 2).and_then(|pair| pair.parse::<u32>().ok());
    let (Some(day), Some(month), Some(year)) = (two(0), two(2), two(4)) else { return Err(wrong()) };
    i32::try_from(2000 + year).ok().and_then(|year| NaiveDate::from_ymd_opt(year, month, day)).ok_or_else(wrong)
}

/// A token of Latin or Cyrillic letters and digits (old declarations carry a `П` before six digits).
fn read_serial(text: &str) -> Result<String, FormError> {
    let serial = fold(text).as_str().to_owned();
    let known = |c: char| c.is_ascii_digit() || c.is_ascii_uppercase() || matches!(c, 'А'..='Я');
    // Folding drops what is no letter and no digit: here that would hide a character.
    let strange = text.chars().find(|c| !c.is_alphanumeric()).or_else(|| serial.chars().find(|c| !known(*c)));
    if let Some(found) = strange {
        let at = text.chars().take_while(|c| *c != found).count() + 1;
        return Err(FormError::Character { at, found, wanted: "a letter or a digit of the serial" });
    }
    let found = serial.chars().count();
    if found == 0 || found > SERIAL_CHARS {
        return Err(FormError::Serial { found });
    }
    let digits = serial.bytes().all(|byte| byte.is_ascii_digit());
    Ok(if digits { format!("{serial:0>SERIAL_CHARS$}") } else { serial })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_declaration_has_one_number_however_it_is_written() {
        let canonical = "55302/150324/0000123";
        for written in [
            canonical,
            "55302/150324/123",
            "55302-150324-0000123",
            " 55302 150324 123\r\n",
            "]Q355302/150324/123",
            "55302 / 150324 / 0123",
            "55302–150324–123",
        ] {
            assert_eq!(EaeuNumber::parse(written).expect(written).to_string(), canonical, "{written}");
        }
    }

    #[test]
    fn another_office_day_or_serial_is_another_declaration() {
        let of = |text: &str| EaeuNumber::parse(text).expect(text);
        let this = of("55302/150324/0000123");
        for other in [
            "10012020/150324/0000123",
            "55303/150324/0000123",
            "55/150324/0000123",
            "55302/160324/0000123",
            "55302/150324/0000124",
            "55302/150324/1230000",
        ] {
            assert_ne!(of(other), this, "{other}");
        }
        assert_ne!(of("55302/150324/A12"), of("55302/150324/00A12"), "a serial with letters isn't padded");
        assert_eq!(of("10125200/240407/п004362").to_string(), "10125200/240407/П004362");
        assert_eq!(of("55302/150324/а12"), of("55302/150324/A12"), "nobody can tell these letters apart");
        assert_eq!((this.office(), this.serial()), ("55302", "0000123"));
        assert_eq!(this.date(), NaiveDate::from_ymd_opt(2024, 3, 15).expect("a date"));
    }

    #[test]
    fn offices_days_and_serials_that_cannot_be_are_refused() {
        for (bad, why) in [
            ("5530/150324/0000123", FormError::Office { found: 4 }),
            ("553021/150324/0000123", FormError::Office { found: 6 }),
            ("55302/310224/0000123", FormError::Date("310224".into())),
            ("55302/290223/0000123", FormError::Date("290223".into())),
            ("55302/290226/0000123", FormError::Date("290226".into())),
            ("55302/001024/0000123", FormError::Date("001024".into())),
            ("55302/151324/0000123", FormError::Date("151324".into())),
            ("55302/15032024/0000123", FormError::Date("15032024".into())),
            ("55302/15O324/0000123", FormError::Date("15O324".into())),
            ("55302/150324/12345678", FormError::Serial { found: 8 }),
            ("55302/150324", FormError::Parts { found: 2 }),
            ("55302/150324/0000123/1", FormError::Parts { found: 4 }),
            ("553021503240000123", FormError::Parts { found: 1 }),
            ("", FormError::Empty),
        ] {
            assert_eq!(EaeuNumber::parse(bad), Err(why), "{bad}");
        }
        for bad in ["5530A/150324/1", "55302/150324/12.3", "55302/150324/ш1é"] {
            assert!(matches!(EaeuNumber::parse(bad), Err(FormError::Character { .. })), "{bad}");
        }
        for leap in ["55302/290224/1", "55302/290200/1"] {
            assert!(EaeuNumber::parse(leap).is_ok(), "{leap}");
        }
    }
}
