//! Who stands behind a request, and the journal's note of those who could not say.

use std::time::Duration;

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::WebState;
use super::officers::{Credentials, Officer, SignInFailure};
use super::reply::{fault, retry_after, sign_in, too_many};
use crate::metrics;
use crate::model::{LaneId, NewRecord, PassageId, RecordKind};

/// After so long a sign-in that found too many others is worth another try.
const BUSY_FOR: Duration = Duration::from_secs(1);

/// What a request says of its officer.
pub(super) fn credentials(headers: &HeaderMap) -> Option<Credentials> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(Credentials::Token(rest.trim().to_owned()));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
    let (name, password) = text.split_once(':')?;
    Some(Credentials::Password { name: name.to_owned(), password: password.to_owned() })
}

/// The officer, or the answer that says why there is none.
pub(super) async fn signed_in(
    state: &WebState,
    lane: &LaneId,
    credentials: Option<Credentials>,
) -> Result<Officer, Response> {
    let Some(credentials) = credentials else {
        metrics::sign_in_failed("missing");
        // Counted with the others, so that a flood of nobodies does not fill the journal.
        if state.officers.failed() == SignInFailure::Wrong {
            note(state, lane, None, &json!({ "result": "unauthenticated", "officer": null }));
        }
        return Err(sign_in("sign in with name and password, or with a token"));
    };
    match state.officers.sign_in(&credentials).await {
        Ok(officer) => Ok(officer),
        Err(failure) => {
            metrics::sign_in_failed(failure.as_str());
            Err(match failure {
                SignInFailure::Wrong => {
                    note(state, lane, None, &json!({ "result": "unauthenticated", "officer": credentials.name() }));
                    sign_in("name, password or token is wrong")
                }
                SignInFailure::Locked(after) => too_many("too many failures for this name", after),
                SignInFailure::Limited(after) => too_many("too many sign-ins failed here", after),
                SignInFailure::Busy => {
                    let busy = fault(StatusCode::SERVICE_UNAVAILABLE, "busy", "too many sign-ins at once; try again");
                    retry_after(busy, BUSY_FOR)
                }
            })
        }
    }
}

/// Journals what does not reach a lane.
pub(super) fn note(state: &WebState, lane: &LaneId, passage: Option<PassageId>, body: &Value) {
    let now = (state.clock)();
    let (lane, kind) = (lane.clone(), RecordKind::Order);
    let record = NewRecord { at: now.wall, lane, passage, kind, body: body.to_string() };
    if record.lane == LaneId::whole_site() {
        let recorder = state.recorder.clone();
        tokio::spawn(async move {
            if let Err(why) = recorder.record(record).await {
                tracing::warn!(%why, "a failed sign-in was not journaled");
            }
        });
    } else if !state.board.note(record) {
        tracing::warn!("a refused order was not journaled: the desk is full");
    }
}
