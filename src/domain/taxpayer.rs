//! Numbers of taxpayers: BIN and IIN of Kazakhstan, INN of Russia.

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::form::{Class, FormError, Shape, compact, require, text_identifier};
use super::verdict::Verdict;

const TWELVE: Shape = &[(Class::Digit, 12)];
const TEN: Shape = &[(Class::Digit, 10)];
/// BIN and IIN: the weights of the first eleven digits, and those that serve when the first leave 10.
const KZ_FIRST: [u32; 11] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
const KZ_SECOND: [u32; 11] = [3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2];
/// INN: the weights before the check digit of an organisation, and before both of a person.
const INN_TEN: [u32; 9] = [2, 4, 10, 3, 5, 9, 4, 6, 8];
const INN_ELEVENTH: [u32; 10] = [7, 2, 4, 10, 3, 5, 9, 4, 6, 8];
const INN_TWELFTH: [u32; 11] = [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8];

/// What a BIN was given to, by its fifth digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BinKind {
    /// 4: a resident organisation.
    Resident,
    /// 5: a non-resident organisation.
    NonResident,
    /// 6: a joint undertaking of sole traders.
    SoleTrader,
}

/// A business identification number of Kazakhstan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Bin(String);
text_identifier!(Bin);

impl Bin {
    /// Reads twelve digits: year and month of registration, then 4, 5 or 6.
    ///
    /// # Errors
    /// When the form is another, or the month doesn't exist.
    pub fn parse(text: &str) -> Result<Self, FormError> {
        let text = compact(text)?;
        require(&text, TWELVE, "12 digits")?;
        if !matches!(text.chars().nth(4), Some('4'..='6')) {
            let found = text.chars().nth(4).unwrap_or_default();
            return Err(FormError::Character { at: 5, found, wanted: "4, 5 or 6 of a BIN (0 to 3 is an IIN)" });
        }
        if !pair(&text, 2).is_some_and(|month| (1..=12).contains(&month)) {
            return Err(FormError::Rule("the 3rd and 4th digit are no month of registration"));
        }
        Ok(Self(text))
    }

    /// What it was given to.
    #[must_use]
    pub fn kind(&self) -> BinKind {
        match self.0.chars().nth(4) {
            Some('5') => BinKind::NonResident,
            Some('6') => BinKind::SoleTrader,
            Some(_) | None => BinKind::Resident,
        }
    }

    /// Holds the check digit against the eleven before it.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        kz_verdict(&self.0)
    }
}

/// An individual identification number of Kazakhstan: personal data, so it doesn't show in `{:?}`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Iin(String);
text_identifier!(Iin);

impl fmt::Debug for Iin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Iin(..)")
    }
}

impl Iin {
    /// Reads twelve digits of which the fifth is 0 to 3.
    ///
    /// # Errors
    /// When the form is another.
    pub fn parse(text: &str) -> Result<Self, FormError> {
        let text = compact(text)?;
        require(&text, TWELVE, "12 digits")?;
        if !matches!(text.chars().nth(4), Some('0'..='3')) {
            let found = text.chars().nth(4).unwrap_or_default();
            return Err(FormError::Character { at: 5, found, wanted: "0 to 3 of an IIN (4, 5 or 6 is a BIN)" });
        }
        Ok(Self(text))
    }

    /// The first seven digits are a day of birth and a century (1 and 2 for the 19th, 3 and 4 for the 20th, 5 and 6
    /// for the 21st, 0 for any).
    ///
    /// Since 2013 the digits of an IIN need not agree with its holder's day of birth (Government of Kazakhstan,
    /// decree 853): that no such day exists is a doubt, not a fault.
    #[must_use]
    pub fn is_plausible(&self) -> bool {
        let centuries: &[i32] = match self.0.chars().nth(6) {
            Some('0') => &[1800, 1900, 2000],
            Some('1' | '2') => &[1800],
            Some('3' | '4') => &[1900],
            Some('5' | '6') => &[2000],
            Some(_) | None => &[],
        };
        let (Some(year), Some(month), Some(day)) = (pair(&self.0, 0), pair(&self.0, 2), pair(&self.0, 4)) else {
            return false;
        };
        let years = centuries.iter().filter_map(|century| Some(century + i32::try_from(year).ok()?));
        years.into_iter().any(|year| NaiveDate::from_ymd_opt(year, month, day).is_some())
    }

    /// Holds the check digit against the eleven before it; weak where the day of birth doesn't exist.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let verdict = kz_verdict(&self.0);
        if verdict == Verdict::Valid && !self.is_plausible() { Verdict::Weak } else { verdict }
    }

    /// Why the check is weak.
    #[must_use]
    pub fn remark(&self) -> Option<String> {
        (!self.is_plausible()).then(|| "the first 7 digits are no day of birth with its century".to_owned())
    }
}

/// A taxpayer's number of Russia: 10 digits of an organisation, 12 of a person. A person's doesn't show in `{:?}`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Inn(String);
text_identifier!(Inn);

impl fmt::Debug for Inn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_person() { f.write_str("Inn(..)") } else { write!(f, "Inn({})", self.0) }
    }
}

impl Inn {
    /// Reads 10 or 12 digits.
    ///
    /// # Errors
    /// When the form is another, or the region (the first two digits) is 00.
    pub fn parse(text: &str) -> Result<Self, FormError> {
        let text = compact(text)?;
        let shape = if text.len() > 10 { TWELVE } else { TEN };
        require(&text, shape, "10 or 12 digits")?;
        if text.starts_with("00") {
            return Err(FormError::Rule("no region has the number 00"));
        }
        Ok(Self(text))
    }

    /// It is a person's.
    #[must_use]
    pub fn is_person(&self) -> bool {
        self.0.len() == 12
    }

    /// Holds the check digit, or both of a person's, against the digits before.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let (body, written) = self.0.split_at_checked(if self.is_person() { 10 } else { 9 }).unwrap_or_default();
        let expected = if self.is_person() {
            let eleventh = sum(body, &INN_ELEVENTH) % 11 % 10;
            let twelfth = sum(&format!("{body}{eleventh}"), &INN_TWELFTH) % 11 % 10;
            format!("{eleventh}{twelfth}")
        } else {
            (sum(body, &INN_TEN) % 11 % 10).to_string()
        };
        if written == expected { Verdict::Valid } else { Verdict::Wrong { expected } }
    }
}

fn kz_verdict(number: &str) -> Verdict {
    let Some(expected) = kz_digit(number) else { return Verdict::NeverIssued };
    match number.chars().nth(11).and_then(|c| c.to_digit(10)) {
        Some(written) if written == expected => Verdict::Valid,
        Some(_) | None => Verdict::Wrong { expected: expected.to_string() },
    }
}

/// The check digit over the first eleven; `None` where both weightings leave 10, and for the zeros of an empty form.
/// The first weighting is blind in the eleventh place: its weight is 11.
fn kz_digit(number: &str) -> Option<u32> {
    if number.bytes().all(|byte| byte == b'0') {
        return None;
    }
    [KZ_FIRST, KZ_SECOND].iter().map(|weights| sum(number, weights) % 11).find(|digit| *digit < 10)
}

fn sum(digits: &str, weights: &[u32]) -> u32 {
    digits.chars().filter_map(|c| c.to_digit(10)).zip(weights).map(|(digit, weight)| digit * weight).sum()
}

fn pair(digits: &str, at: usize) -> Option<u32> {
    digits.get(at..at + 2).and_then(|pair| pair.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_digit_of_a_bin_holds_or_names_the_right_one() {
        for (number, verdict) in [
            ("940140000385", Verdict::Valid),
            ("240440000300", Verdict::Valid),
            ("240440000312", Verdict::Valid),
            ("240440 000 312", Verdict::Valid),
            ("940140000384", Verdict::Wrong { expected: "5".into() }),
            ("240440000302", Verdict::Wrong { expected: "0".into() }),
        ] {
            assert_eq!(Bin::parse(number).expect(number).verdict(), verdict, "{number}");
        }
        for last in '0'..='9' {
            let never = Bin::parse(&format!("24044000035{last}")).expect("a form");
            assert_eq!(never.verdict(), Verdict::NeverIssued, "both weightings leave 10");
        }
    }

    #[test]
    fn the_fifth_digit_parts_bin_from_iin() {
        for (digit, kind) in [('4', BinKind::Resident), ('5', BinKind::NonResident), ('6', BinKind::SoleTrader)] {
            let number = format!("2404{digit}0000300");
            assert_eq!(Bin::parse(&number).expect("a BIN").kind(), kind);
            assert!(Iin::parse(&number).is_err());
        }
        for digit in '0'..='3' {
            let number = format!("2404{digit}0000300");
            assert!(Iin::parse(&number).is_ok() && Bin::parse(&number).is_err());
        }
        for digit in '7'..='9' {
            let number = format!("2404{digit}0000300");
            assert!(Iin::parse(&number).is_err() && Bin::parse(&number).is_err(), "none has {digit} there");
        }
    }

    #[test]
    fn an_iin_of_no_day_is_weak_and_one_without_a_digit_was_never_issued() {
        for never in ["821214240092", "000000000000"] {
            assert_eq!(Iin::parse(never).expect("a form").verdict(), Verdict::NeverIssued);
        }
        // Made-up numbers: the day, the century, whether it is plausible.
        for (body, plausible) in [
            ("900131300001", true),
            ("900132300001", false),
            ("901331300001", false),
            ("900229300001", false),
            ("040229500001", true),
            ("040229300001", true),
            ("000229300001", false),
            ("000229500001", true),
            ("000229000001", true),
            ("900131700001", false),
            ("900131900001", false),
        ] {
            let body = body.get(..11).expect("eleven digits");
            let digit = kz_digit(body).expect("a digit");
            let iin = Iin::parse(&format!("{body}{digit}")).expect("a form");
            assert_eq!(iin.is_plausible(), plausible, "{body}");
            assert_eq!(iin.verdict(), if plausible { Verdict::Valid } else { Verdict::Weak }, "{body}");
            assert_eq!(iin.remark().is_some(), !plausible);
        }
    }

    #[test]
    fn a_bin_names_the_month_of_its_registration() {
        for (month, exists) in [("00", false), ("01", true), ("12", true), ("13", false), ("34", false)] {
            assert_eq!(Bin::parse(&format!("24{month}40000300")).is_ok(), exists, "{month}");
        }
    }

    #[test]
    fn the_check_digits_of_an_inn_hold_or_name_the_right_ones() {
        for (number, verdict) in [
            ("1234567894", Verdict::Valid),
            ("7707083893", Verdict::Valid),
            ("123456789047", Verdict::Valid),
            ("1234567895", Verdict::Wrong { expected: "4".into() }),
            ("123456789037", Verdict::Wrong { expected: "47".into() }),
            ("123456789048", Verdict::Wrong { expected: "47".into() }),
        ] {
            assert_eq!(Inn::parse(number).expect(number).verdict(), verdict, "{number}");
        }
        for bad in ["", "123456789", "12345678901", "1234567890123", "12345678O4", "0000000000", "000000000000"] {
            assert!(Inn::parse(bad).is_err(), "{bad}");
        }
        assert!(Inn::parse("123456789047").expect("a person").is_person());
    }

    #[test]
    fn numbers_of_persons_do_not_show_in_logs() {
        assert_eq!(format!("{:?}", Iin::parse("900131300001").expect("a form")), "Iin(..)");
        assert_eq!(format!("{:?}", Inn::parse("123456789047").expect("a form")), "Inn(..)");
        assert_eq!(format!("{:?}", Inn::parse("7707083893").expect("a form")), "Inn(7707083893)");
    }

    /// Every number that differs from one in a single digit, with the place.
    fn changed(number: &str) -> impl Iterator<Item = (usize, String)> {
        (0..number.len()).flat_map(move |at| {
            let old = number.as_bytes()[at];
            (b'0'..=b'9').filter(move |new| *new != old).map(move |new| {
                let mut bytes = number.as_bytes().to_vec();
                bytes[at] = new;
                (at, String::from_utf8(bytes).expect("digits"))
            })
        })
    }

    #[test]
    fn a_wrong_digit_of_a_bin_is_caught_but_for_the_eleventh_and_for_a_change_of_weights() {
        let first = |number: &str| sum(number, &KZ_FIRST) % 11;
        for number in ["940140000385", "240440000300", "240440000312"] {
            let second_served = first(number) == 10;
            for (at, other) in changed(number) {
                let Ok(changed) = Bin::parse(&other) else { continue };
                let passes = changed.verdict().holds();
                let blind = at == 10 && !second_served;
                let weights_changed = at < 11 && second_served != (first(&other) == 10);
                assert!(!passes || blind || weights_changed, "{number} → {other}");
                assert!(!blind || passes, "{number} → {other}: the eleventh place weighs 11");
            }
        }
    }

    #[test]
    fn a_wrong_digit_of_an_inn_is_caught_but_for_remainders_0_and_10() {
        for number in ["1234567894", "7707083893"] {
            let before = sum(number, &INN_TEN) % 11;
            for (at, other) in changed(number).filter(|(_, other)| !other.starts_with("00")) {
                let after = sum(&other, &INN_TEN) % 11;
                let folded = before.min(after) == 0 && before.max(after) == 10;
                let passes = Inn::parse(&other).expect("a form").verdict().holds();
                assert_eq!(passes, at < 9 && folded, "{number} → {other}");
            }
        }
        for (_, other) in changed("123456789047") {
            assert!(!Inn::parse(&other).expect("a form").verdict().holds(), "{other}: two digits see more than one");
        }
    }
}
