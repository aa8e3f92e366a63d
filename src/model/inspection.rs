//! What an inspection found: the word that comes back to those who keep the risk profiles (domain §3).

use serde::{Deserialize, Serialize};

/// Longest note, characters.
pub const NOTE_MAX_CHARS: usize = 500;
/// No amount reaches this, in whatever currency.
pub const AMOUNT_BELOW: f64 = 1e12;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InspectionResult {
    /// Everything was as declared.
    NothingFound,
    /// Something was not as declared; no offence.
    Discrepancy,
    /// An offence.
    Violation,
}

/// The control result code of transit systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ControlCode {
    /// Satisfactory after an inspection.
    A1,
    /// Considered satisfactory: nobody looked.
    A2,
    /// Simplified procedure: nobody looked.
    A3,
    /// Minor discrepancy.
    A5,
    /// Major discrepancy.
    B1,
}

/// The body of an `outcome_recorded` record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InspectionOutcome {
    /// What was found.
    pub result: InspectionResult,
    /// Its code, where the office uses them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<ControlCode>,
    /// Duties and fines that came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<f64>,
    /// ISO 4217.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// In the officer's words; not shown to the world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The journal's sequence of the outcome that this one corrects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<u64>,
    /// Who says so.
    #[serde(default)]
    pub officer: String,
}

/// What is wrong with an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OutcomeFault {
    /// The code contradicts the result.
    #[error("$.code: nothing_found goes with A1, A2 or A3, discrepancy with A5 or B1, violation with B1")]
    Code,
    /// Nothing was found and yet something is owed, or the number is none.
    #[error("$.amount: an amount from 0 below 10^12 is expected, and none where nothing was found")]
    Amount,
    /// An amount without its currency, or the other way round.
    #[error("$.currency: three capital letters (ISO 4217) are expected with an amount, and only there")]
    Currency,
    /// Too long.
    #[error("$.note: at most {NOTE_MAX_CHARS} characters are expected")]
    Note,
}

impl InspectionOutcome {
    /// Whether it can be so.
    ///
    /// # Errors
    /// With the first thing that can't.
    pub fn check(&self) -> Result<(), OutcomeFault> {
        use ControlCode::{A1, A2, A3, A5, B1};
        let fits = match (self.result, self.code) {
            (_, None)
            | (InspectionResult::NothingFound, Some(A1 | A2 | A3))
            | (InspectionResult::Discrepancy, Some(A5 | B1))
            | (InspectionResult::Violation, Some(B1)) => true,
            (InspectionResult::NothingFound, Some(A5 | B1))
            | (InspectionResult::Discrepancy, Some(A1 | A2 | A3))
            | (InspectionResult::Violation, Some(A1 | A2 | A3 | A5)) => false,
        };
        if !fits {
            return Err(OutcomeFault::Code);
        }
        let nothing = self.result == InspectionResult::NothingFound;
        if self.amount.is_some_and(|amount| nothing || !(0.0..AMOUNT_BELOW).contains(&amount)) {
            return Err(OutcomeFault::Amount);
        }
        let is_code = |code: &str| code.len() == 3 && code.bytes().all(|letter| letter.is_ascii_uppercase());
        let currency = match (&self.amount, &self.currency) {
            (None, None) => true,
            (Some(_), Some(code)) => is_code(code),
            (Some(_), None) | (None, Some(_)) => false,
        };
        if !currency {
            return Err(OutcomeFault::Currency);
        }
        let long = self.note.as_ref().is_some_and(|note| note.chars().count() > NOTE_MAX_CHARS);
        if long { Err(OutcomeFault::Note) } else { Ok(()) }
    }

    /// Whether somebody looked: A2 and A3 say that the vehicle was let go on its papers.
    #[must_use]
    pub const fn was_inspected(&self) -> bool {
        !matches!(self.code, Some(ControlCode::A2 | ControlCode::A3))
    }

    /// Whether something was found.
    #[must_use]
    pub fn is_hit(&self) -> bool {
        self.result != InspectionResult::NothingFound
    }

    /// Whether it says the same, whoever says it and whatever it corrects.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        (self.result, self.code, self.amount) == (other.result, other.code, other.amount)
            && (&self.currency, &self.note) == (&other.currency, &other.note)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn outcome(value: serde_json::Value) -> InspectionOutcome {
        serde_json::from_value(value).expect("an outcome")
    }

    #[test]
    fn a_code_an_amount_and_a_currency_fit_the_result() {
        let cases = [
            (json!({ "result": "nothing_found" }), Ok(())),
            (json!({ "result": "nothing_found", "code": "A1" }), Ok(())),
            (json!({ "result": "nothing_found", "code": "A5" }), Err(OutcomeFault::Code)),
            (json!({ "result": "discrepancy", "code": "A5" }), Ok(())),
            (json!({ "result": "discrepancy", "code": "A2" }), Err(OutcomeFault::Code)),
            (json!({ "result": "violation", "code": "A5" }), Err(OutcomeFault::Code)),
            (json!({ "result": "violation", "code": "B1", "amount": 1.5, "currency": "KZT" }), Ok(())),
            (json!({ "result": "nothing_found", "amount": 1, "currency": "KZT" }), Err(OutcomeFault::Amount)),
            (json!({ "result": "violation", "amount": -1, "currency": "KZT" }), Err(OutcomeFault::Amount)),
            (json!({ "result": "violation", "amount": 1e12, "currency": "KZT" }), Err(OutcomeFault::Amount)),
            (json!({ "result": "violation", "amount": 1 }), Err(OutcomeFault::Currency)),
            (json!({ "result": "violation", "currency": "KZT" }), Err(OutcomeFault::Currency)),
            (json!({ "result": "violation", "amount": 1, "currency": "kzt" }), Err(OutcomeFault::Currency)),
            (json!({ "result": "violation", "note": "a".repeat(501) }), Err(OutcomeFault::Note)),
        ];
        for (value, expected) in cases {
            assert_eq!(outcome(value.clone()).check(), expected, "{value}");
        }
    }

    #[test]
    fn considered_satisfactory_is_no_inspection() {
        let inspected = [("A1", true), ("A2", false), ("A3", false)];
        for (code, expected) in inspected {
            let outcome = outcome(json!({ "result": "nothing_found", "code": code }));
            assert_eq!((outcome.was_inspected(), outcome.is_hit()), (expected, false), "{code}");
        }
        assert!(outcome(json!({ "result": "discrepancy" })).is_hit());
    }
}
