//! The check digit of a number that another document refers to.

use super::Kind;
use crate::domain::verdict::Verdict;
use crate::domain::{Bin, Container, Grn, Iin, Inn, Mrn};

/// How much a wrong check digit says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// Every issuer keeps it: the number was copied wrongly.
    Promised,
    /// Not every issuer keeps it.
    Advisory,
}

/// A check digit that doesn't hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongDigit {
    /// What the number is.
    pub kind: Kind,
    /// What the other characters call for; `None` where none does, so that no such number is issued.
    pub expected: Option<String>,
    /// How much that says.
    pub standing: Standing,
}

impl WrongDigit {
    /// For officers; doesn't repeat the number.
    #[must_use]
    pub fn detail(&self) -> String {
        let kind = self.kind.as_str();
        match &self.expected {
            Some(expected) => format!("the check digit of a referenced {kind} is wrong: {expected} is expected"),
            None => format!("a referenced {kind} has no check digit that holds"),
        }
    }
}

/// Whether the check digit of a referenced number is wrong, by what the referring document says it is.
///
/// `None` where it holds, where the kind has none that everybody keeps (EAEU declarations, TIR carnets, VINs,
/// notifications), and for a text that has another form: this speaks of check digits only. A declaration that has an
/// MRN's form is checked as one, since transit declarations of common transit come under that name too.
#[must_use]
pub fn wrong_check_digit(kind: Kind, number: &str) -> Option<WrongDigit> {
    let (kind, verdict, standing) = match kind {
        Kind::Container => (kind, Container::parse(number).ok()?.verdict(), Standing::Promised),
        Kind::Mrn | Kind::EaeuDeclaration => (Kind::Mrn, Mrn::parse(number).ok()?.verdict(), Standing::Promised),
        Kind::Grn => (kind, Grn::parse(number).ok()?.verdict(), Standing::Advisory),
        Kind::Bin => (kind, Bin::parse(number).ok()?.verdict(), Standing::Promised),
        Kind::Iin => (kind, Iin::parse(number).ok()?.verdict(), Standing::Promised),
        Kind::Inn => (kind, Inn::parse(number).ok()?.verdict(), Standing::Promised),
        Kind::TirCarnet | Kind::Vin | Kind::Notification | Kind::Unknown => return None,
    };
    match verdict {
        Verdict::Wrong { expected } => Some(WrongDigit { kind, expected: Some(expected), standing }),
        Verdict::NeverIssued => Some(WrongDigit { kind, expected: None, standing }),
        Verdict::Valid | Verdict::Weak | Verdict::Unchecked => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_check_digit_names_the_right_one() {
        for (kind, number, of, expected, standing) in [
            (Kind::Mrn, "22DK1V0QQK2S6J7TU2", Kind::Mrn, Some("1"), Standing::Promised),
            (Kind::EaeuDeclaration, "22dk 1V0QQK2S6J7TU2", Kind::Mrn, Some("1"), Standing::Promised),
            (Kind::Container, "CSQU3054384", Kind::Container, Some("3"), Standing::Promised),
            (Kind::Grn, "25GB0000010000295", Kind::Grn, Some("7"), Standing::Advisory),
            (Kind::Inn, "123456789037", Kind::Inn, Some("47"), Standing::Promised),
            (Kind::Bin, "240440000350", Kind::Bin, None, Standing::Promised),
        ] {
            let wrong = wrong_check_digit(kind, number).expect(number);
            assert_eq!(wrong, WrongDigit { kind: of, expected: expected.map(Into::into), standing });
            assert!(!wrong.detail().contains(number), "details repeat no number");
            assert!(expected.is_none_or(|digit| wrong.detail().contains(digit)));
        }
    }

    #[test]
    fn what_holds_or_promises_nothing_is_no_finding() {
        for (kind, number) in [
            (Kind::Mrn, "22ITZXBZYUTJFLJXK6"),
            (Kind::Mrn, "55302/150324/0000123"),
            (Kind::EaeuDeclaration, "55302/150324/0000123"),
            (Kind::EaeuDeclaration, "22ITZXBZYUTJFLJXK6"),
            (Kind::EaeuDeclaration, ""),
            (Kind::TirCarnet, "XW44062317"),
            (Kind::Container, "TASU1170000"),
            (Kind::Container, "a box"),
            (Kind::Vin, "WMA06XZZ9FM123456"),
            (Kind::Notification, "22DK1V0QQK2S6J7TU2"),
            (Kind::Unknown, "CSQU3054384"),
        ] {
            assert_eq!(wrong_check_digit(kind, number), None, "{number}");
        }
    }
}
