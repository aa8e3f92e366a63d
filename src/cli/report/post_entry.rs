//! Passages for the audit department: let go in the blue channel, or by an officer's order over holds. Pure.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::passage::{Override, Told};
use crate::journal::StoredRecord;
use crate::model::inspection::{ControlCode, InspectionResult};
use crate::model::{Channel, Outcome, Timestamp};

/// Why the audit department gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Cause {
    /// Let go, to be audited.
    Blue,
    /// Let go by order over what held it.
    Override,
}

/// One passage. Plates and officers are named: who audits must know whom to ask; names of carriers and persons are not
/// in it, the documents' numbers lead to them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Row {
    passage: String,
    lane: String,
    causes: Vec<Cause>,
    arrived: Option<String>,
    left: Option<String>,
    completed: Timestamp,
    outcome: Option<Outcome>,
    channel: Option<Channel>,
    source: Option<String>,
    profiles: BTreeSet<String>,
    measures: Vec<String>,
    tractor: Option<String>,
    trailer: Option<String>,
    notification: Option<String>,
    declarations: BTreeSet<String>,
    gross_kg: Option<i64>,
    expected_kg: Option<i64>,
    findings: Vec<String>,
    holds: BTreeSet<String>,
    ordered: Option<Timestamp>,
    officer: Option<String>,
    second_officer: Option<String>,
    reason: Option<String>,
    result: Option<InspectionResult>,
    code: Option<ControlCode>,
    amount: Option<f64>,
    currency: Option<String>,
}

/// The columns of the CSV, in order; the keys of the JSON lines are the same.
pub(super) const COLUMNS: [&str; 27] = [
    "passage",
    "lane",
    "causes",
    "arrived",
    "left",
    "completed",
    "outcome",
    "channel",
    "source",
    "profiles",
    "measures",
    "tractor",
    "trailer",
    "notification",
    "declarations",
    "gross_kg",
    "expected_kg",
    "findings",
    "holds",
    "ordered",
    "officer",
    "second_officer",
    "reason",
    "result",
    "code",
    "amount",
    "currency",
];

/// The row of a completed passage, where the audit department gets it.
pub(super) fn row(completed: &StoredRecord, told: &Told) -> Option<Row> {
    if !told.went_on() {
        return None;
    }
    let blue = told.channel() == Some(Channel::Blue) || told.outcome() == Some(Outcome::ReleasedConditional);
    let causes: Vec<_> =
        blue.then_some(Cause::Blue).into_iter().chain(told.overridden.is_some().then_some(Cause::Override)).collect();
    if causes.is_empty() {
        return None;
    }
    let story = &told.story;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let texts = |value: &Value, key: &str| {
        let items = value.as_array().into_iter().flatten();
        items.filter_map(|item| text(if key.is_empty() { item } else { &item[key] })).collect()
    };
    let declaration = text(&story["declaration"]);
    let over = told.overridden.as_ref();
    let inspection = told.inspection.as_ref();
    Some(Row {
        passage: completed.passage.map(|passage| passage.to_string()).unwrap_or_default(),
        lane: completed.lane.to_string(),
        causes,
        arrived: text(&story["steps"]["arrived"]),
        left: text(&story["steps"]["left"]),
        completed: completed.at,
        outcome: told.outcome(),
        channel: told.channel(),
        source: text(&story["source"]),
        profiles: told.selected.clone(),
        measures: texts(&story["measures"], ""),
        tractor: text(&story["tractor"]),
        trailer: text(&story["trailer"]),
        notification: text(&story["notification"]),
        declarations: declaration.into_iter().chain(told.declarations.iter().cloned()).collect(),
        gross_kg: story["weight"]["gross_kg"].as_i64(),
        expected_kg: told.expected_kg,
        findings: texts(&story["findings"], "code"),
        holds: over.map(|over| over.holds.clone()).unwrap_or_default(),
        ordered: over.map(|over| over.at),
        officer: over.map(|over| over.officer.clone()),
        second_officer: over.and_then(|over| over.second_officer.clone()),
        reason: over.map(|Override { reason, .. }| reason.clone()),
        result: inspection.map(|outcome| outcome.result),
        code: inspection.and_then(|outcome| outcome.code),
        amount: inspection.and_then(|outcome| outcome.amount),
        currency: inspection.and_then(|outcome| outcome.currency.clone()),
    })
}

impl Row {
    /// The cells of the CSV, in the order of [`COLUMNS`].
    pub(super) fn cells(&self) -> Vec<String> {
        // Our own struct with text keys always serialises.
        let value = serde_json::to_value(self).unwrap_or_default();
        COLUMNS.iter().map(|column| cell(&value[*column])).collect()
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => harmless(text),
        Value::Array(items) => harmless(&items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(";")),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

/// A spreadsheet takes a cell that begins so for a formula, and an officer's reason is anybody's text.
fn harmless(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if formula { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{LaneId, PassageId, RecordKind};

    #[test]
    fn blue_and_overridden_passages_go_to_the_audit_and_nothing_else() {
        let story = |outcome: &str, channel: &str| {
            (RecordKind::PassageCompleted, json!({ "outcome": outcome, "channel": channel }))
        };
        let order = |order: &str, result: &str| {
            (RecordKind::Order, json!({ "order": order, "result": result, "officer": "aigul", "reason": "seen" }))
        };
        let held = (RecordKind::Held, json!({ "code": "weight_discrepancy" }));
        let cases = [
            (vec![story("released", "green")], None),
            (vec![story("released_conditional", "blue")], Some("blue")),
            (vec![held.clone(), order("release", "accepted"), story("released", "yellow")], Some("override")),
            (
                vec![held.clone(), order("release", "accepted"), story("released_conditional", "blue")],
                Some("blue;override"),
            ),
            (vec![held.clone(), order("release", "accepted"), story("unresolved", "red")], Some("override")),
            (vec![held.clone(), order("release", "accepted"), story("reversed", "red")], None),
            (vec![held.clone(), order("release", "two_officers_needed"), story("released", "red")], None),
            (vec![held, order("refer", "accepted"), story("referred_inspection", "red")], None),
        ];
        for (records, expected) in cases {
            let records = records_of(records);
            let told = Told::of(&records);
            let row = row(records.last().expect("a story"), &told);
            assert_eq!(row.map(|row| row.cells()[2].clone()).as_deref(), expected, "{records:?}");
        }
    }

    #[test]
    fn a_row_says_who_let_what_go_over_which_holds() {
        let records = records_of(vec![
            (RecordKind::Matched, json!({ "declaration": "D-1", "more_declarations": ["D-2"], "expected_kg": 27_000 })),
            (RecordKind::Held, json!({ "code": "weight_discrepancy" })),
            (
                RecordKind::Order,
                json!({
                    "order": "release", "result": "accepted", "officer": "aigul", "second_officer": "bolat", "reason": "=1+1",
                }),
            ),
            (RecordKind::Held, json!({ "code": "restarted" })),
            (
                RecordKind::PassageCompleted,
                json!({
                    "outcome": "released", "channel": "yellow", "tractor": "123ABC02", "notification": "PN-1",
                    "declaration": "D-1", "weight": { "gross_kg": 27_400 }, "findings": [{ "code": "weight_discrepancy" }],
                    "measures": ["weighing"], "steps": { "arrived": "2026-11-24T05:00:00.000Z" },
                }),
            ),
            (RecordKind::OutcomeRecorded, json!({ "result": "violation", "amount": 1500.5, "currency": "KZT" })),
        ]);
        let row = row(&records[4], &Told::of(&records)).expect("a row");
        let cells = row.cells();
        let of = |column: &str| cells[COLUMNS.iter().position(|name| *name == column).expect("a column")].as_str();
        let expected = [
            ("holds", "weight_discrepancy"),
            ("officer", "aigul"),
            ("second_officer", "bolat"),
            ("reason", "'=1+1"),
            ("declarations", "D-1;D-2"),
            ("gross_kg", "27400"),
            ("expected_kg", "27000"),
            ("tractor", "123ABC02"),
            ("result", "violation"),
            ("amount", "1500.5"),
            ("left", ""),
            ("causes", "override"),
            ("measures", "weighing"),
        ];
        for (column, text) in expected {
            assert_eq!(of(column), text, "{column}");
        }
        let keys = serde_json::to_value(&row).expect("prints").as_object().expect("an object").len();
        assert_eq!(keys, COLUMNS.len(), "the columns are the keys");
    }

    fn records_of(records: Vec<(RecordKind, Value)>) -> Vec<StoredRecord> {
        let numbered = (1..).zip(records);
        let stored = numbered.map(|(sequence, (kind, body))| StoredRecord {
            sequence,
            at: Timestamp::from_unix_micros(0),
            lane: LaneId::new("in-01").expect("a name"),
            passage: Some(PassageId(uuid::Uuid::nil())),
            kind,
            body: body.to_string(),
            previous: [0; 32],
            hash: [0; 32],
        });
        stored.collect()
    }
}
