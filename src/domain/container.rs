//! Container numbers (ISO 6346) and those of swap bodies and semi-trailers (ILU, EN 13044).

use serde::{Deserialize, Serialize};

use super::form::{Class, FormError, Shape, compact, require, text_identifier};
use super::kernel::{self, Checked, Ten};
use super::verdict::{Repair, Verdict};

/// Owner, category, serial, check digit.
pub(super) const SHAPE: Shape = &[(Class::Letter, 4), (Class::Digit, 7)];
const CATEGORIES: &str = "UJZRABDEK";

/// What carries the number, by its fourth letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// `U`: a freight container.
    Freight,
    /// `J`: equipment that is attached to one.
    Equipment,
    /// `Z`: a trailer or chassis.
    Chassis,
    /// `R`: a refrigerated container.
    Refrigerated,
    /// `A`, `B`, `D`, `E`, `K`: an intermodal loading unit: swap body or semi-trailer.
    LoadingUnit,
}

/// A number of the right form; [`Container::verdict`] says whether its check digit holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Container(String);
text_identifier!(Container);

impl Container {
    /// Reads four letters and seven digits, separated in any way.
    ///
    /// # Errors
    /// When the form is another, or the fourth letter names no category.
    pub fn parse(text: &str) -> Result<Self, FormError> {
        let text = compact(text)?;
        require(&text, SHAPE, "11 (4 letters, 7 digits)")?;
        match text.chars().nth(3) {
            Some(found) if !CATEGORIES.contains(found) => {
                let wanted = "U, J, Z or R (or A, B, D, E, K of a swap body)";
                Err(FormError::Character { at: 4, found, wanted })
            }
            Some(_) | None => Ok(Self(text)),
        }
    }

    /// The three letters of the owner.
    #[must_use]
    pub fn owner(&self) -> &str {
        self.0.get(..3).unwrap_or_default()
    }

    /// What carries it.
    #[must_use]
    pub fn category(&self) -> Category {
        match self.0.chars().nth(3) {
            Some('U') => Category::Freight,
            Some('J') => Category::Equipment,
            Some('Z') => Category::Chassis,
            Some('R') => Category::Refrigerated,
            Some(_) | None => Category::LoadingUnit,
        }
    }

    /// Holds the check digit against the ten characters before it.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        kernel::verdict(&self.0, Ten::Weak)
    }

    /// Settles look-alike glyphs by their places: letters first, then digits. That leaves one reading at most.
    #[must_use]
    pub fn repair(read: &str) -> Repair<Self> {
        kernel::repair(read, &Checked { shape: SHAPE, digit_at: 10, parse: Self::parse, verdict: Self::verdict })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_digit_of_a_container_holds_or_names_the_right_one() {
        for (number, verdict) in [
            ("CSQU3054383", Verdict::Valid),
            ("MSKU2666542", Verdict::Valid),
            ("POCU0301243", Verdict::Valid),
            ("csqu 305438 3", Verdict::Valid),
            ("TASU1170000", Verdict::Weak),
            ("CSQU3054384", Verdict::Wrong { expected: "3".into() }),
            ("CRXU1170874", Verdict::Wrong { expected: "0".into() }),
        ] {
            assert_eq!(Container::parse(number).expect(number).verdict(), verdict, "{number}");
        }
    }

    #[test]
    fn the_fourth_letter_names_a_category() {
        for (letter, category) in [
            ('U', Category::Freight),
            ('J', Category::Equipment),
            ('Z', Category::Chassis),
            ('R', Category::Refrigerated),
            ('A', Category::LoadingUnit),
            ('B', Category::LoadingUnit),
            ('D', Category::LoadingUnit),
            ('E', Category::LoadingUnit),
            ('K', Category::LoadingUnit),
        ] {
            let container = Container::parse(&format!("CSQ{letter}3054383")).expect("a container");
            assert_eq!((container.category(), container.owner()), (category, "CSQ"));
        }
        for letter in "CFGHILMNOPQSTVWXY".chars() {
            let error = Container::parse(&format!("CSQ{letter}3054383")).expect_err("no category");
            assert!(matches!(error, FormError::Character { at: 4, .. }), "{error}");
        }
    }

    #[test]
    fn other_forms_are_no_container() {
        for bad in ["", "CSQU305438", "CSQU30543833", "CSQ13054383", "CSQUA054383", "CSQUU305438", "12345678901"] {
            assert!(Container::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn places_settle_lookalikes_and_the_check_decides() {
        let right = Container::parse("CSQU3054383").expect("a container");
        for read in ["CSQU3O54383", "C5QU3054383", "C5QU3OS4383", "csqu 3o5438 3"] {
            assert_eq!(Container::repair(read), Repair::One(right.clone()), "{read}");
        }
        assert_eq!(Container::repair("CSQU 305438 3"), Repair::Holds(right));
        assert_eq!(Container::repair("CSQU3O54384"), Repair::None, "the check fails in the only reading");
        assert_eq!(Container::repair("CSQU3054384"), Repair::None);
        assert_eq!(Container::repair("CSQU305438"), Repair::None);
    }
}
