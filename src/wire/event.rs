//! What the world sees of a record.
//!
//! The journal holds everything; events, screens and the HTTP interface don't show which profiles selected a vehicle
//! or were tried on it: who learns that learns how not to be selected (domain §4).

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::model::RecordKind;

/// Keys that no record shows to the world.
const HIDDEN: [&str; 2] = ["profiles", "doubts"];

/// A record's body as the world sees it: a JSON object.
#[must_use]
pub fn shown_body(kind: RecordKind, body: &str) -> Cow<'_, str> {
    match kind {
        // Only that it was drawn: keys, rates and numbers are the auditor's.
        RecordKind::SelectionDrawn => Cow::Borrowed("{}"),
        RecordKind::RiskDecided | RecordKind::PassageCompleted | RecordKind::ProfilesChanged => without(body, &HIDDEN),
        // An officer's free text may name persons.
        RecordKind::OutcomeRecorded => without(body, &["note"]),
        RecordKind::PassageOpened
        | RecordKind::Evidence
        | RecordKind::Matched
        | RecordKind::RiskRequested
        | RecordKind::Held
        | RecordKind::Order
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
        | RecordKind::SelectionCommitted
        | RecordKind::SelectionRevealed
        | RecordKind::KeysShredded
        | RecordKind::AccessAnchored => Cow::Borrowed(body),
    }
}

fn without(body: &str, keys: &[&str]) -> Cow<'static, str> {
    // Our own record always parses; what doesn't is not shown.
    let mut fields: Map<String, Value> = serde_json::from_str(body).unwrap_or_default();
    fields.retain(|key, _| !keys.contains(&key.as_str()));
    Cow::Owned(Value::Object(fields).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_world_never_sees_which_profile_selected_a_vehicle() {
        for kind in RecordKind::ALL {
            let body = r#"{"channel":"red","doubts":[{"profile":"p-7"}],"profiles":["p-7"]}"#;
            let shown = shown_body(kind, body);
            let carries = [RecordKind::RiskDecided, RecordKind::PassageCompleted, RecordKind::ProfilesChanged];
            if carries.contains(&kind) {
                assert_eq!(shown, r#"{"channel":"red"}"#);
            }
        }
        assert_eq!(shown_body(RecordKind::SelectionDrawn, r#"{"keys":[]}"#), "{}");
        let commitment = r#"{"commitment":"00"}"#;
        assert_eq!(shown_body(RecordKind::SelectionCommitted, commitment), commitment);
    }
}
