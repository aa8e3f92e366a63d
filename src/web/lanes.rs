//! What can be read: metrics, health, lanes, passages, events, the journal's signed head.

use std::convert::Infallible;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use uuid::Uuid;

use super::WebState;
use super::officers::Deed;
use super::reply::{Instead, fault, json_reply, with_version};
use super::sign_in::{credentials, signed_in};
use crate::actor::board::Part;
use crate::journal::{Access, Looked, PURPOSE_MAX_CHARS, Sight, Who};
use crate::model::{LaneId, PassageId};

/// Event streams at once; a slow reader loses events, never slows a lane.
pub(super) const STREAMS_MAX: usize = 64;

pub(super) async fn metrics(State(state): State<WebState>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], state.metrics.render()).into_response()
}

pub(super) async fn live() -> Response {
    json_reply(StatusCode::OK, json!({ "live": true }))
}

const fn part_name(part: Part) -> &'static str {
    match part {
        Part::Broker => "broker",
        Part::Journal => "journal",
        Part::Device => "device",
        Part::Start => "controller",
    }
}

pub(super) async fn ready(State(state): State<WebState>) -> Response {
    let reasons: Vec<_> = state
        .board
        .not_ready()
        .into_iter()
        .map(|(part, name, reason)| json!({ "part": part_name(part), "name": name, "reason": reason }))
        .collect();
    let status = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    json_reply(status, json!({ "ready": reasons.is_empty(), "reasons": reasons }))
}

pub(super) async fn all(State(state): State<WebState>) -> Response {
    let lanes: Vec<_> = state.board.lanes().iter().map(|lane| json!(lane.as_ref())).collect();
    json_reply(StatusCode::OK, json!(lanes))
}

pub(super) fn no_lane(lane: &str) -> Response {
    fault(StatusCode::NOT_FOUND, "no_such_lane", format!("there is no lane `{lane}`; GET /api/v1/lanes lists them"))
}

pub(super) async fn one(State(state): State<WebState>, Path(lane): Path<String>) -> Response {
    match LaneId::new(&lane).ok().and_then(|lane| state.board.lane(&lane)) {
        Some(shown) => with_version(json_reply(StatusCode::OK, json!(shown.as_ref())), shown.version),
        None => no_lane(&lane),
    }
}

/// Who signs in and names a purpose sees plates and persons, and is written down; anybody else sees what happened.
pub(super) async fn passage(
    State(state): State<WebState>,
    Path(passage): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let Ok(id) = Uuid::parse_str(&passage) else {
        return fault(StatusCode::BAD_REQUEST, "not_an_id", "a passage id is a UUID");
    };
    let sight = if headers.contains_key(header::AUTHORIZATION) {
        match looked(&state, id, asked.purpose.as_deref(), &headers).await {
            Ok(()) => Sight::Clear,
            Err(reply) => return *reply,
        }
    } else {
        Sight::Masked
    };
    let read = tokio::task::spawn_blocking(move || (state.passages)(PassageId(id), sight)).await;
    match read {
        Ok(Ok(Some(records))) => json_reply(StatusCode::OK, json!({ "passage": id, "records": records })),
        Ok(Ok(None)) => fault(StatusCode::NOT_FOUND, "no_such_passage", "the journal holds no such passage"),
        Ok(Err(why)) => fault(StatusCode::SERVICE_UNAVAILABLE, "journal_unavailable", why),
        Err(_) => fault(StatusCode::INTERNAL_SERVER_ERROR, "failed", "the journal could not be read"),
    }
}

/// For what a passage is looked at.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    purpose: Option<String>,
}

/// The officer's look is in the access log when this returns, or not granted.
async fn looked(state: &WebState, id: Uuid, purpose: Option<&str>, headers: &HeaderMap) -> Result<(), Instead> {
    let signed_in = signed_in(state, &LaneId::whole_site(), credentials(headers)).await;
    let officer = signed_in.map_err(Box::new)?;
    if !officer.may(Deed::Reveal) {
        let message = "your role does not allow this";
        return Err(Box::new(fault(StatusCode::FORBIDDEN, "forbidden", message)));
    }
    let purpose = purpose.map(str::trim).unwrap_or_default();
    if purpose.is_empty() || purpose.chars().count() > PURPOSE_MAX_CHARS {
        let message = format!("?purpose=: 1 to {PURPOSE_MAX_CHARS} characters that say for what are expected");
        return Err(Box::new(fault(StatusCode::BAD_REQUEST, "purpose_missing", message)));
    }
    let access = Access {
        at: (state.clock)().wall,
        who: Who::Officer { officer: officer.name },
        what: Looked::Passage,
        of: id.to_string(),
        purpose: purpose.to_owned(),
    };
    let recorder = state.recorder.clone();
    match tokio::task::spawn_blocking(move || recorder.looked(&access)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(why)) => {
            tracing::error!(%why, "a look at a passage was not granted");
            let reply = fault(StatusCode::SERVICE_UNAVAILABLE, "access_log_unavailable", why.to_string());
            Err(Box::new(reply))
        }
        Err(_) => {
            let message = "the access log could not be written";
            Err(Box::new(fault(StatusCode::INTERNAL_SERVER_ERROR, "failed", message)))
        }
    }
}

pub(super) async fn journal_head(State(state): State<WebState>) -> Response {
    match state.recorder.signed_head() {
        Some(head) => json_reply(StatusCode::OK, json!(head.as_ref())),
        None => fault(StatusCode::NOT_FOUND, "no_head", "no head of the journal is signed yet"),
    }
}

pub(super) async fn events(State(state): State<WebState>) -> Response {
    let Ok(place) = state.streams.clone().try_acquire_owned() else {
        return fault(StatusCode::SERVICE_UNAVAILABLE, "too_many_streams", "too many event streams are open");
    };
    let events = stream::unfold((state.board.listen(), place), |(mut heard, place)| async move {
        let event = match heard.recv().await {
            Ok(event) => Event::default().id(event.sequence.to_string()).data(event.json.as_ref()),
            Err(RecvError::Lagged(lost)) => Event::default().comment(format!("lagged {lost}")),
            Err(RecvError::Closed) => return None,
        };
        Some((Ok::<_, Infallible>(event), (heard, place)))
    });
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}
