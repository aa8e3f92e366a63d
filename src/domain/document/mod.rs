//! One number that somebody read, typed or scanned: which kind it is, how it is written, whether its check holds.

mod recognise;
#[cfg(test)]
mod tests;
mod wrong_digit;

use std::fmt::Display;

use serde::{Deserialize, Serialize};

pub(super) use recognise::written_form;
pub use wrong_digit::{Standing, WrongDigit, wrong_check_digit};

use super::form::{FormError, compact, unframed};
use super::verdict::{Repair, Verdict};
use super::{Bin, Container, EaeuNumber, Grn, Iin, Inn, Mrn, NotificationNumber, TirCarnet, Vin};

/// The kinds of numbers that a lane meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A container, swap body or semi-trailer.
    Container,
    /// A movement reference number.
    Mrn,
    /// A guarantee reference number.
    Grn,
    /// A goods or transit declaration of the EAEU.
    EaeuDeclaration,
    /// A TIR carnet.
    TirCarnet,
    /// An organisation of Kazakhstan.
    Bin,
    /// A person of Kazakhstan.
    Iin,
    /// A taxpayer of Russia.
    Inn,
    /// A vehicle.
    Vin,
    /// A prior notification, or any other opaque token.
    Notification,
    /// None of these.
    Unknown,
}

impl Kind {
    /// What may be asked for.
    pub const ALL: [Self; 10] = [
        Self::Container,
        Self::Mrn,
        Self::Grn,
        Self::EaeuDeclaration,
        Self::TirCarnet,
        Self::Bin,
        Self::Iin,
        Self::Inn,
        Self::Vin,
        Self::Notification,
    ];

    /// The name that the contract prints.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::Mrn => "mrn",
            Self::Grn => "grn",
            Self::EaeuDeclaration => "eaeu_declaration",
            Self::TirCarnet => "tir_carnet",
            Self::Bin => "bin",
            Self::Iin => "iin",
            Self::Inn => "inn",
            Self::Vin => "vin",
            Self::Notification => "notification",
            Self::Unknown => "unknown",
        }
    }

    /// The kind of a name, of those that may be asked for.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The form is right and the check holds.
    Valid,
    /// The form or the check character is wrong.
    Invalid,
    /// The check holds and proves less than usual.
    Weak,
    /// The form is right; there is no check that everybody keeps.
    Unchecked,
}

/// A number as it was understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentNumber {
    /// Which kind it is, or was asked to be.
    pub kind: Kind,
    /// As it is written; where its form is wrong, as it was read. Of `iin` and 12-digit `inn` it is personal data.
    pub canonical: String,
    /// Whether it may be such a number.
    pub check: Check,
    /// The check character, or characters, that the other characters call for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// For people: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl DocumentNumber {
    /// Finds out which kind of number a text is, whatever the reader put around it.
    ///
    /// What has a form of its own goes first, digits alone are told apart by the check that passes, and what is left
    /// is a notification's number, which is opaque. A text that fits a kind but for a slip is that kind, invalid.
    #[must_use]
    pub fn recognise(text: &str) -> Self {
        recognise::recognise(text)
    }

    /// Checks a text as a number of one kind. What isn't one is invalid, with a note that says why; `unknown` asks
    /// for no kind and recognises.
    #[must_use]
    pub fn check_as(kind: Kind, text: &str) -> Self {
        let number = judge(kind, text);
        if kind == Kind::Unknown || number.check != Check::Invalid {
            return number;
        }
        let other = Self::recognise(text);
        let better = other.kind != kind && matches!(other.check, Check::Valid | Check::Weak);
        if better { number.noting(format!("it is a valid {}", other.kind.as_str())) } else { number }
    }

    /// Adds to the note.
    fn noting(mut self, more: impl Into<String>) -> Self {
        let more = more.into();
        self.note = Some(match self.note {
            Some(note) => format!("{note}; {more}"),
            None => more,
        });
        self
    }

    fn unknown(text: &str, note: impl Into<String>) -> Self {
        let canonical = unframed(text).to_owned();
        Self { kind: Kind::Unknown, canonical, check: Check::Invalid, expected: None, note: Some(note.into()) }
    }
}

/// The check of one kind, without a second guess.
fn judge(kind: Kind, text: &str) -> DocumentNumber {
    match kind {
        Kind::Container => {
            let number = judged(kind, text, Container::parse(text), Container::verdict, |_| None);
            repairable(number, &Container::repair(text))
        }
        Kind::Mrn => repairable(judged(kind, text, Mrn::parse(text), Mrn::verdict, Mrn::remark), &Mrn::repair(text)),
        Kind::Grn => {
            let number = judged(kind, text, Grn::parse(text), Grn::verdict, |_| None);
            repairable(number, &Grn::repair(text))
        }
        Kind::EaeuDeclaration => judged(kind, text, EaeuNumber::parse(text), |_| Verdict::Unchecked, |_| None),
        Kind::TirCarnet => judged(kind, text, TirCarnet::parse(text), |carnet| carnet.verdict(None), TirCarnet::remark),
        Kind::Bin => judged(kind, text, Bin::parse(text), Bin::verdict, |_| None),
        Kind::Iin => judged(kind, text, Iin::parse(text), Iin::verdict, Iin::remark),
        Kind::Inn => judged(kind, text, Inn::parse(text), Inn::verdict, |_| None),
        Kind::Vin => judged(kind, text, Vin::parse(text), Vin::verdict, Vin::remark),
        Kind::Notification => judged(kind, text, NotificationNumber::parse(text), |_| Verdict::Unchecked, |_| None),
        Kind::Unknown => DocumentNumber::recognise(text),
    }
}

fn judged<T: Display>(
    kind: Kind,
    text: &str,
    parsed: Result<T, FormError>,
    verdict: impl FnOnce(&T) -> Verdict,
    remark: impl FnOnce(&T) -> Option<String>,
) -> DocumentNumber {
    let number = match parsed {
        Ok(number) => number,
        Err(error) => {
            let canonical = compact(text).unwrap_or_else(|_| unframed(text).to_owned());
            let canonical = if kind == Kind::EaeuDeclaration { unframed(text).to_owned() } else { canonical };
            let note = Some(error.to_string());
            return DocumentNumber { kind, canonical, check: Check::Invalid, expected: None, note };
        }
    };
    let canonical = number.to_string();
    let (check, expected, why) = match verdict(&number) {
        Verdict::Valid => (Check::Valid, None, None),
        Verdict::Weak if kind == Kind::Container => {
            let why = "the check digit's remainder is 10, written 0: serials that leave it should not be given out";
            (Check::Weak, None, Some(why.to_owned()))
        }
        Verdict::Weak => (Check::Weak, None, None),
        Verdict::Wrong { expected } => {
            let why = format!("the check is wrong: {expected} is expected");
            (Check::Invalid, Some(expected), Some(why))
        }
        Verdict::NeverIssued => {
            (Check::Invalid, None, Some("no check digit belongs to these digits: it was never issued".to_owned()))
        }
        Verdict::Unchecked => (Check::Unchecked, None, None),
    };
    let judged = DocumentNumber { kind, canonical, check, expected, note: why };
    match remark(&number) {
        Some(remark) => judged.noting(remark),
        None => judged,
    }
}

/// Tells of a reading that holds where the number as read does not.
fn repairable<T: Display>(number: DocumentNumber, repair: &Repair<T>) -> DocumentNumber {
    match repair {
        Repair::One(reading) if number.check == Check::Invalid => {
            number.noting(format!("with look-alike characters swapped {reading} would hold"))
        }
        Repair::Several if number.check == Check::Invalid => {
            number.noting("several swaps of look-alike characters would make it hold, so none is proposed")
        }
        Repair::One(_) | Repair::Several | Repair::Holds(_) | Repair::None => number,
    }
}
