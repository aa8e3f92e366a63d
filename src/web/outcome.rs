//! What an inspection found: by an officer, for a vehicle that was picked out or held, durable before it is answered.
//!
//! Who alone let a vehicle go against a hold does not also say what was found in it (hazard 43).

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};
use uuid::Uuid;

use super::WebState;
use super::officers::{Deed, Officer};
use super::reply::{Instead, fault, json_reply};
use super::sign_in::{credentials, note, signed_in};
use crate::journal::{StoredRecord, is_shredded};
use crate::metrics;
use crate::model::{InspectionOutcome, LaneId, NewRecord, PassageId, RecordKind};

/// What the journal says of a passage, as far as its outcome goes.
#[derive(Debug, Default, PartialEq)]
struct Known {
    lane: Option<LaneId>,
    /// Referred, selected or held.
    picked_out: bool,
    /// Who let it go alone, against a hold.
    released_by: Option<String>,
    /// The newest outcome, with its sequence.
    last: Option<(u64, InspectionOutcome)>,
}

pub(super) async fn take(
    State(state): State<WebState>,
    Path(passage): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    // Before anybody is signed in nothing is told of passages.
    let officer = match signed_in(&state, &LaneId::whole_site(), credentials(&headers)).await {
        Ok(officer) => officer,
        Err(reply) => return reply,
    };
    if !officer.may(Deed::RecordOutcome) {
        let refused = json!({ "result": "forbidden", "officer": officer.name, "order": "outcome" });
        note(&state, &LaneId::whole_site(), None, &refused);
        metrics::sign_in_failed("role");
        return fault(StatusCode::FORBIDDEN, "forbidden", "your role does not allow this");
    }
    let Ok(passage) = Uuid::parse_str(&passage).map(PassageId) else {
        return fault(StatusCode::BAD_REQUEST, "not_an_id", "a passage id is a UUID");
    };
    let outcome = match understand(&officer, &body) {
        Ok(outcome) => outcome,
        Err(reply) => return *reply,
    };
    // By itself, so that an officer who hangs up does not leave the next one waiting for the turn.
    let answered = tokio::spawn(async move { record(&state, passage, outcome).await });
    answered.await.unwrap_or_else(|_| {
        fault(StatusCode::INTERNAL_SERVER_ERROR, "failed", "the outcome was not answered; look at the passage")
    })
}

fn understand(officer: &Officer, body: &[u8]) -> Result<InspectionOutcome, Instead> {
    let bad = |message: String| Box::new(fault(StatusCode::BAD_REQUEST, "malformed", message));
    let read = serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(body));
    let mut outcome: InspectionOutcome = read.map_err(|error| bad(format!("$.{}: {}", error.path(), error.inner())))?;
    outcome.officer.clone_from(&officer.name);
    outcome.note = outcome.note.map(|note| note.trim().to_owned()).filter(|note| !note.is_empty());
    outcome.check().map_err(|why| bad(why.to_string()))?;
    Ok(outcome)
}

async fn record(state: &WebState, passage: PassageId, outcome: InspectionOutcome) -> Response {
    let _turn = state.outcomes.lock().await;
    let recorder = state.recorder.clone();
    let records = match tokio::task::spawn_blocking(move || recorder.passage(passage)).await {
        Ok(Ok(records)) if records.is_empty() => {
            return fault(StatusCode::NOT_FOUND, "no_such_passage", "the journal holds no such passage");
        }
        Ok(Ok(records)) => records,
        Ok(Err(why)) => return fault(StatusCode::SERVICE_UNAVAILABLE, "journal_unavailable", why.to_string()),
        Err(_) => return fault(StatusCode::INTERNAL_SERVER_ERROR, "failed", "the journal could not be read"),
    };
    let known = known(&records);
    if let Some(reply) = refusal(&known, &outcome) {
        return reply;
    }
    // Our own struct with text keys always serialises.
    let body = serde_json::to_string(&outcome).unwrap_or_else(|_| "{}".to_owned());
    let lane = known.lane.unwrap_or_else(LaneId::whole_site);
    let (at, kind) = ((state.clock)().wall, RecordKind::OutcomeRecorded);
    match state.recorder.record(NewRecord { at, lane, passage: Some(passage), kind, body }).await {
        Ok(sequence) => json_reply(StatusCode::OK, json!({ "recorded": true, "sequence": sequence })),
        Err(why) => fault(StatusCode::SERVICE_UNAVAILABLE, "journal_unavailable", why.to_string()),
    }
}

/// Why an outcome is not recorded; one that was recorded before is answered as it was then.
fn refusal(known: &Known, outcome: &InspectionOutcome) -> Option<Response> {
    if !known.picked_out {
        let message = "this vehicle was not referred, selected or held, so nobody inspected it";
        return Some(fault(StatusCode::CONFLICT, "not_inspected", message));
    }
    if known.released_by.as_deref().is_some_and(is_shredded) {
        let message = "who let this vehicle go is no longer on record, so nobody else can be told from them";
        return Some(fault(StatusCode::CONFLICT, "shredded", message));
    }
    if known.released_by.as_ref() == Some(&outcome.officer) {
        let message = "you let this vehicle go alone: another officer says what was found";
        return Some(fault(StatusCode::FORBIDDEN, "own_release", message));
    }
    match &known.last {
        Some((sequence, last)) if last.says_the_same(outcome) && last.officer == outcome.officer => {
            Some(json_reply(StatusCode::OK, json!({ "recorded": true, "sequence": sequence })))
        }
        Some((sequence, _)) if outcome.corrects == Some(*sequence) => None,
        None if outcome.corrects.is_none() => None,
        Some((sequence, last)) => Some(json_reply(
            StatusCode::CONFLICT,
            json!({
                "recorded": false, "code": "already_recorded", "sequence": sequence, "outcome": last,
                "message": "an outcome is on record; to correct it, name its sequence in `corrects`",
            }),
        )),
        None => Some(fault(StatusCode::CONFLICT, "nothing_to_correct", "$.corrects: no outcome is on record yet")),
    }
}

fn known(records: &[StoredRecord]) -> Known {
    let mut known = Known { lane: records.first().map(|record| record.lane.clone()), ..Known::default() };
    for record in records {
        // A body of ours always parses; what doesn't says nothing.
        let body: Value = serde_json::from_str(&record.body).unwrap_or_default();
        match record.kind {
            RecordKind::Held | RecordKind::Referred => known.picked_out = true,
            RecordKind::RiskDecided => known.picked_out |= !body["source"].is_null(),
            RecordKind::Order if body["order"] == "release" && body["result"] == "accepted" => {
                let alone = body["second_officer"].is_null();
                known.released_by = body["officer"].as_str().filter(|_| alone).map(str::to_owned);
            }
            RecordKind::OutcomeRecorded => {
                let outcome = serde_json::from_value(body).ok();
                known.last = outcome.map(|outcome| (record.sequence, outcome)).or(known.last);
            }
            RecordKind::PassageOpened
            | RecordKind::Evidence
            | RecordKind::Matched
            | RecordKind::RiskRequested
            | RecordKind::Order
            | RecordKind::Released
            | RecordKind::Refused
            | RecordKind::BarrierCommanded
            | RecordKind::PassageCompleted
            | RecordKind::FrontierCrossed
            | RecordKind::AlarmRaised
            | RecordKind::AlarmCleared
            | RecordKind::DeviceLost
            | RecordKind::DeviceFound
            | RecordKind::ServiceChanged
            | RecordKind::ProfilesChanged
            | RecordKind::SelectionCommitted
            | RecordKind::SelectionDrawn
            | RecordKind::SelectionRevealed
            | RecordKind::KeysShredded
            | RecordKind::AccessAnchored => {}
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    #[test]
    fn only_a_vehicle_that_was_picked_out_has_an_outcome() {
        let cases = [
            (record(1, RecordKind::Released, json!({ "channel": "green" })), false),
            (record(1, RecordKind::RiskDecided, json!({ "channel": "green" })), false),
            (record(1, RecordKind::RiskDecided, json!({ "channel": "blue", "source": "criteria" })), true),
            (record(1, RecordKind::Held, json!({ "code": "weight_discrepancy" })), true),
            (record(1, RecordKind::Referred, json!({ "outcome": "referred_inspection" })), true),
        ];
        for (record, expected) in cases {
            assert_eq!(known(std::slice::from_ref(&record)).picked_out, expected, "{record:?}");
        }
    }

    #[test]
    fn who_let_it_go_alone_does_not_say_what_was_found() {
        let held = record(1, RecordKind::Held, json!({}));
        let release = |officer: &str, second: Option<&str>, result: &str| {
            record(
                2,
                RecordKind::Order,
                json!({
                    "order": "release", "officer": officer, "second_officer": second, "result": result
                }),
            )
        };
        let cases = [
            (release("aigul", None, "accepted"), Some(403)),
            (release("aigul", None, "wrong_state"), None),
            (release("aigul", Some("bolat"), "accepted"), None),
            (release("bolat", None, "accepted"), None),
        ];
        for (order, expected) in cases {
            let known = known(&[held.clone(), order.clone()]);
            let status = refusal(&known, &outcome(json!({ "result": "nothing_found" }))).map(|it| it.status().as_u16());
            assert_eq!(status, expected, "{order:?}");
        }
    }

    #[test]
    fn a_repeat_is_answered_as_before_and_a_correction_names_what_it_corrects() {
        let first = json!({ "result": "nothing_found", "officer": "aigul" });
        let known = known(&[record(1, RecordKind::Held, json!({})), record(7, RecordKind::OutcomeRecorded, first)]);
        let cases = [
            (json!({ "result": "nothing_found" }), Some(200)),
            (json!({ "result": "nothing_found", "officer": "bolat" }), Some(409)),
            (json!({ "result": "violation" }), Some(409)),
            (json!({ "result": "violation", "corrects": 6 }), Some(409)),
            (json!({ "result": "violation", "corrects": 7 }), None),
        ];
        for (body, expected) in cases {
            let status = refusal(&known, &outcome(body.clone())).map(|reply| reply.status().as_u16());
            assert_eq!(status, expected, "{body}");
        }
        let nothing = Known { picked_out: true, ..Known::default() };
        let status = refusal(&nothing, &outcome(json!({ "result": "violation", "corrects": 7 })));
        assert_eq!(status.map(|reply| reply.status()), Some(StatusCode::CONFLICT));
    }

    fn record(sequence: u64, kind: RecordKind, body: Value) -> StoredRecord {
        StoredRecord {
            sequence,
            at: Timestamp::from_unix_micros(0),
            lane: LaneId::new("in-01").expect("a name"),
            passage: None,
            kind,
            body: body.to_string(),
            previous: [0; 32],
            hash: [0; 32],
        }
    }

    fn outcome(mut body: Value) -> InspectionOutcome {
        if body["officer"].is_null() {
            body["officer"] = json!("aigul");
        }
        serde_json::from_value(body).expect("an outcome")
    }
}
