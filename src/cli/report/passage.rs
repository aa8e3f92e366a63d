//! One completed passage as its records tell it: what both reports are made of. Pure.
//!
//! A record of ours always parses; one that doesn't leaves its field unknown, and the row is there all the same.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::journal::StoredRecord;
use crate::model::{Channel, Drawn, InspectionOutcome, Outcome, ReasonedDecision, RecordKind, Source, Timestamp};

/// A release that an officer ordered over holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Override {
    pub(super) at: Timestamp,
    pub(super) officer: String,
    pub(super) second_officer: Option<String>,
    pub(super) reason: String,
    /// What held the vehicle until then.
    pub(super) holds: BTreeSet<String>,
}

/// A completed passage.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Told {
    /// Profiles that matched the vehicle, drawn or not.
    pub(super) fired: BTreeSet<String>,
    /// Profiles that a decision rests on.
    pub(super) selected: BTreeSet<String>,
    /// The draw picked it, whatever else did.
    pub(super) by_chance: bool,
    /// The profiles whose shares the draw fell into.
    pub(super) chance_of: BTreeSet<String>,
    /// What it was declared with, and what it should have weighed.
    pub(super) declarations: BTreeSet<String>,
    pub(super) expected_kg: Option<i64>,
    /// Who ordered anything for it that was carried out.
    pub(super) officers: BTreeSet<String>,
    /// The last accepted order to release it.
    pub(super) overridden: Option<Override>,
    /// The newest word on what was found.
    pub(super) inspection: Option<InspectionOutcome>,
    /// The whole story (contract, `passage_completed`).
    pub(super) story: Value,
}

impl Told {
    /// What the records of one passage tell, in their order.
    pub(super) fn of(records: &[StoredRecord]) -> Self {
        let mut told = Self::default();
        let mut holds = BTreeSet::new();
        for record in records {
            told.hear(record, &mut holds);
        }
        told
    }

    fn hear(&mut self, record: &StoredRecord, holds: &mut BTreeSet<String>) {
        let body = || serde_json::from_str::<Value>(&record.body).unwrap_or_default();
        match record.kind {
            RecordKind::Matched => self.matched(&body()),
            RecordKind::RiskDecided => {
                if let Ok(reasoned) = serde_json::from_str::<ReasonedDecision>(&record.body) {
                    self.by_chance |= reasoned.source == Some(Source::Random);
                    self.fired.extend(reasoned.decision.profiles.iter().cloned());
                    self.selected.extend(reasoned.decision.profiles);
                }
            }
            RecordKind::SelectionDrawn => {
                if let Ok(drawn) = serde_json::from_str::<Drawn>(&record.body) {
                    self.fired.extend(drawn.hits.into_iter().map(|hit| hit.profile));
                    let picked = drawn.picked.filter(|picked| picked.source == Source::Random);
                    self.by_chance |= picked.is_some();
                    self.chance_of.extend(picked.into_iter().flat_map(|picked| picked.profiles));
                }
            }
            RecordKind::Held => holds.extend(body()["code"].as_str().map(str::to_owned)),
            RecordKind::Order => self.ordered(record.at, &body(), holds),
            RecordKind::OutcomeRecorded => {
                self.inspection = serde_json::from_str(&record.body).ok().or(self.inspection.take());
            }
            RecordKind::PassageCompleted => self.story = body(),
            RecordKind::PassageOpened
            | RecordKind::Evidence
            | RecordKind::RiskRequested
            | RecordKind::Released
            | RecordKind::Referred
            | RecordKind::Refused
            | RecordKind::BarrierCommanded
            | RecordKind::FrontierCrossed
            | RecordKind::AlarmRaised
            | RecordKind::AlarmCleared
            | RecordKind::DeviceLost
            | RecordKind::DeviceFound
            | RecordKind::ServiceChanged
            | RecordKind::ProfilesChanged
            | RecordKind::SelectionCommitted
            | RecordKind::SelectionRevealed
            | RecordKind::KeysShredded
            | RecordKind::AccessAnchored => {}
        }
    }

    /// The last match counts: papers that came later replace those before.
    fn matched(&mut self, body: &Value) {
        let more = body["more_declarations"].as_array().into_iter().flatten();
        let numbers = body["declaration"].as_str().into_iter().chain(more.filter_map(Value::as_str));
        self.declarations = numbers.map(str::to_owned).collect();
        self.expected_kg = body["expected_kg"].as_i64();
    }

    fn ordered(&mut self, at: Timestamp, body: &Value, holds: &BTreeSet<String>) {
        if body["result"] != "accepted" {
            return;
        }
        let text = |key: &str| body[key].as_str().map(str::to_owned);
        self.officers.extend(text("officer"));
        if body["order"] != "release" {
            return;
        }
        self.overridden = Some(Override {
            at,
            officer: text("officer").unwrap_or_default(),
            second_officer: text("second_officer"),
            reason: text("reason").unwrap_or_default(),
            holds: holds.clone(),
        });
    }

    pub(super) fn channel(&self) -> Option<Channel> {
        serde_json::from_value(self.story["channel"].clone()).ok()
    }

    pub(super) fn outcome(&self) -> Option<Outcome> {
        serde_json::from_value(self.story["outcome"].clone()).ok()
    }

    /// Whether the vehicle went on, or it isn't known that it did not.
    pub(super) fn went_on(&self) -> bool {
        match self.outcome() {
            Some(
                Outcome::Released
                | Outcome::ReleasedConditional
                | Outcome::NotSubject
                | Outcome::Local
                | Outcome::Unresolved,
            ) => true,
            Some(Outcome::ReferredDocuments | Outcome::ReferredInspection | Outcome::Refused | Outcome::Reversed)
            | None => false,
        }
    }

    /// What somebody who looked found.
    pub(super) fn looked(&self) -> Option<&InspectionOutcome> {
        self.inspection.as_ref().filter(|outcome| outcome.was_inspected())
    }
}
