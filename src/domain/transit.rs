//! Movement and guarantee reference numbers of the Union and of common transit (EU rule R0028).

use serde::{Deserialize, Serialize};

use super::country::is_country;
use super::form::{Class, FormError, Shape, compact, require, text_identifier};
use super::kernel::{self, Checked, Ten};
use super::verdict::{Repair, Verdict};

/// Year, country, twelve or thirteen characters of the office, the procedure among them, check digit.
pub(super) const MRN_SHAPE: Shape =
    &[(Class::Digit, 2), (Class::Letter, 2), (Class::Alphanumeric, 13), (Class::Digit, 1)];
/// Year, country, twelve characters of the office, check digit.
pub(super) const GRN_SHAPE: Shape =
    &[(Class::Digit, 2), (Class::Letter, 2), (Class::Alphanumeric, 12), (Class::Digit, 1)];
/// The same with the voucher of an individual guarantee: a letter and six digits.
pub(super) const GRN_VOUCHER_SHAPE: Shape = &[
    (Class::Digit, 2),
    (Class::Letter, 2),
    (Class::Alphanumeric, 12),
    (Class::Digit, 1),
    (Class::Letter, 1),
    (Class::Digit, 6),
];
const GRN_CHARS: usize = 17;
/// The first year whose numbers say the procedure in the 17th place.
const PROCEDURE_SINCE: u32 = 24;

/// The transit procedure that an MRN's 17th character names, from 2024 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Procedure {
    /// `J`: transit.
    Transit,
    /// `K`: transit with an exit summary.
    TransitExit,
    /// `L`: transit with an entry summary.
    TransitEntry,
    /// `M`: transit with both.
    TransitBoth,
}

/// A movement reference number of the right form; [`Mrn::verdict`] says whether its check digit holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mrn(String);
text_identifier!(Mrn);

impl Mrn {
    /// Reads 18 characters, separated in any way.
    ///
    /// # Errors
    /// When the form is another, or no country has the third and fourth letter.
    pub fn parse(text: &str) -> Result<Self, FormError> {
        let text = compact(text)?;
        require(&text, MRN_SHAPE, "18 (2 digits, 2 letters of the country, 13 characters, check digit)")?;
        require_country(&text)?;
        Ok(Self(text))
    }

    /// Years since 2000.
    #[must_use]
    pub fn year(&self) -> u32 {
        year(&self.0)
    }

    /// Whose customs gave it out.
    #[must_use]
    pub fn country(&self) -> &str {
        country(&self.0)
    }

    /// What the 17th character says; advisory, official samples say other things.
    #[must_use]
    pub fn procedure(&self) -> Option<Procedure> {
        match self.0.chars().nth(16) {
            Some('J') => Some(Procedure::Transit),
            Some('K') => Some(Procedure::TransitExit),
            Some('L') => Some(Procedure::TransitEntry),
            Some('M') => Some(Procedure::TransitBoth),
            Some(_) | None => None,
        }
    }

    /// Holds the check digit against the 17 characters before it.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        kernel::verdict(&self.0, Ten::Plain)
    }

    /// A thing worth knowing that the check doesn't say.
    #[must_use]
    pub fn remark(&self) -> Option<String> {
        let owed = self.year() >= PROCEDURE_SINCE && self.procedure().is_none();
        owed.then(|| "the 17th character names no transit procedure (J, K, L, M; advisory)".to_owned())
    }

    /// Swaps look-alike glyphs until the check holds; see [`Repair`].
    #[must_use]
    pub fn repair(read: &str) -> Repair<Self> {
        kernel::repair(read, &Checked { shape: MRN_SHAPE, digit_at: 17, parse: Self::parse, verdict: Self::verdict })
    }
}

/// A guarantee reference number of the right form; its check is advisory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Grn(String);
text_identifier!(Grn);

impl Grn {
    /// Reads 17 characters, or 24 with a voucher, separated in any way.
    ///
    /// # Errors
    /// When the form is another, or no country has the third and fourth letter.
    pub fn parse(text: &str) -> Result<Self, FormError> {
        let text = compact(text)?;
        let with_voucher = text.chars().count() > GRN_CHARS;
        let shape = if with_voucher { GRN_VOUCHER_SHAPE } else { GRN_SHAPE };
        require(&text, shape, "17, or 24 with a voucher,")?;
        require_country(&text)?;
        Ok(Self(text))
    }

    /// Years since 2000.
    #[must_use]
    pub fn year(&self) -> u32 {
        year(&self.0)
    }

    /// Whose customs gave it out.
    #[must_use]
    pub fn country(&self) -> &str {
        country(&self.0)
    }

    /// The voucher of an individual guarantee: a letter and six digits.
    #[must_use]
    pub fn voucher(&self) -> Option<&str> {
        self.0.get(GRN_CHARS..).filter(|voucher| !voucher.is_empty())
    }

    /// Holds the check digit against the 16 characters before it.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        kernel::verdict(self.0.get(..GRN_CHARS).unwrap_or_default(), Ten::Plain)
    }

    /// Swaps look-alike glyphs until the check holds; see [`Repair`].
    #[must_use]
    pub fn repair(read: &str) -> Repair<Self> {
        let chars = compact(read).map_or(0, |text| text.chars().count());
        let shape = if chars > GRN_CHARS { GRN_VOUCHER_SHAPE } else { GRN_SHAPE };
        kernel::repair(read, &Checked { shape, digit_at: GRN_CHARS - 1, parse: Self::parse, verdict: Self::verdict })
    }
}

fn require_country(text: &str) -> Result<(), FormError> {
    if is_country(country(text)) { Ok(()) } else { Err(FormError::Country(country(text).to_owned())) }
}

fn year(text: &str) -> u32 {
    text.get(..2).and_then(|year| year.parse().ok()).unwrap_or_default()
}

fn country(text: &str) -> &str {
    text.get(2..4).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_check_digit_of_an_mrn_holds_or_names_the_right_one() {
        for (number, verdict) in [
            ("22ITZXBZYUTJFLJXK6", Verdict::Valid),
            ("24GB000246J8NY33L7", Verdict::Valid),
            ("24 gb 000246J8NY33L7", Verdict::Valid),
            ("24GBQ4OPL9LU18CNZ7", Verdict::Valid),
            ("22DK1V0QQK2S6J7TU2", Verdict::Wrong { expected: "1".into() }),
        ] {
            assert_eq!(Mrn::parse(number).expect(number).verdict(), verdict, "{number}");
        }
    }

    #[test]
    fn the_procedure_of_an_mrn_is_advice() {
        let of = |number: &str| Mrn::parse(number).expect(number);
        assert_eq!(of("24GB000246J8NY33L7").procedure(), Some(Procedure::TransitEntry));
        assert_eq!(of("22ITZXBZYUTJFLJXK6").procedure(), Some(Procedure::TransitExit));
        assert_eq!(of("24GB000246J8NY33L7").remark(), None);
        let older = of("24GBQ4OPL9LU18CNZ7");
        assert_eq!((older.procedure(), older.verdict()), (None, Verdict::Valid));
        assert!(older.remark().is_some(), "an officer is told, nothing else");
        assert_eq!(of("22DK1V0QQK2S6J7TU2").remark(), None, "the letter is owed from 2024 on");
        assert_eq!((older.year(), older.country()), (24, "GB"));
    }

    #[test]
    fn the_check_digit_of_a_grn_stands_at_17_with_and_without_voucher() {
        let plain = Grn::parse("24GB0000010000295").expect("a guarantee");
        assert_eq!((plain.verdict(), plain.voucher()), (Verdict::Valid, None));
        let voucher = Grn::parse("24GB0000010000295A001017").expect("a guarantee");
        assert_eq!((voucher.verdict(), voucher.voucher()), (Verdict::Valid, Some("A001017")));
        let wrong = Grn::parse("25GB0000010000295").expect("a guarantee").verdict();
        assert_eq!(wrong, Verdict::Wrong { expected: "7".into() });
        assert_eq!((plain.year(), plain.country()), (24, "GB"));
    }

    #[test]
    fn other_forms_are_neither() {
        for bad in [
            "",
            "22ITZXBZYUTJFLJXK",
            "22ITZXBZYUTJFLJXK66",
            "2AITZXBZYUTJFLJXK6",
            "22I1ZXBZYUTJFLJXK6",
            "22ITZXBZYUTJFLJXKA",
            "22ZZZXBZYUTJFLJXK6",
            "22ITZXBZYUTJFLJ?K6",
        ] {
            assert!(Mrn::parse(bad).is_err(), "{bad}");
        }
        for bad in [
            "24GB000001000029",
            "24GB00000100002951",
            "24GB000001000029A",
            "24GB0000010000295A00101",
            "24QQ0000010000295",
        ] {
            assert!(Grn::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_repair_is_refused_when_two_readings_hold() {
        let right = Mrn::parse("22ITZXBZYUTJFLJXK6").expect("a number");
        assert_eq!(Mrn::repair("22ITZXBZYUTJFLJXK6"), Repair::Holds(right.clone()));
        assert_eq!(Mrn::repair("2Z1TZXBZYUTJFLJXKG"), Repair::One(right), "year, country and digit settle by place");
        // The right number is among them: G and 6 are equal mod 11, and one swap in eleven holds by chance.
        assert_eq!(Mrn::repair("24GBOOO246J8NY33L7"), Repair::Several);
        assert_eq!(Mrn::repair("24GBQ40PL9LU18CNZ7"), Repair::Several);
        assert_eq!(Mrn::repair("22DK1V0QQK2S6J7TU2"), Repair::None);
        assert_eq!(Mrn::repair("22ITZXBZYUTJFLJXK"), Repair::None, "a lost character is not guessed");
        let guarantee = Grn::parse("24GB0000010000295A001017").expect("a guarantee");
        assert_eq!(Grn::repair("24GB0000010000295AOO1O17"), Repair::Several, "zeros of the office may be letters");
        assert_eq!(Grn::repair("24GB0000010000295A001017"), Repair::Holds(guarantee));
    }

    proptest! {
        #[test]
        fn a_repair_ends_in_the_right_number_or_in_none(
            body in "2[0-9](GB|DE|IT|SI|BG)[OI0158BSZG62A-Z]{13}", swapped in any::<u32>(),
        ) {
            let digit = kernel::remainder(&body).expect("a remainder") % 10;
            let right = Mrn::parse(&format!("{body}{digit}")).expect("a number");
            let read: String = right.as_str().chars().enumerate().map(|(at, c)| {
                let twins = |(letter, digit): &(char, char)| match c {
                    _ if c == *letter => Some(*digit),
                    _ if c == *digit => Some(*letter),
                    _ => None,
                };
                let twin = kernel::LOOKALIKES.iter().find_map(twins).filter(|_| swapped >> at & 1 == 1);
                twin.unwrap_or(c)
            }).collect();
            match Mrn::repair(&read) {
                Repair::One(repaired) => prop_assert_eq!(repaired, right),
                Repair::Holds(held) => prop_assert_eq!(held.as_str(), read.as_str()),
                Repair::Several => {}
                Repair::None => prop_assert!(false, "{} was not found behind {}", right, read),
            }
        }
    }
}
