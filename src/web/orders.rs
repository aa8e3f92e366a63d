//! Officers' orders: signed in, allowed, with a reason, once, and by two where the lane says so (invariant A9).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::WebState;
use super::lanes::no_lane;
use super::officers::{Credentials, Officer, SignInFailure};
use super::reply::{fault, json_reply, sign_in};
use crate::actor::board::OrderDone;
use crate::metrics;
use crate::model::{LaneId, NewRecord, Order, OrderKind, OrderRefusal, PassageId, RecordKind};

/// How long an order may wait: for its second officer, and to be carried out.
const ORDER_WITHIN: Duration = Duration::from_secs(60);
/// How long the same order of the same officer gets the same answer.
const REPEATED_WITHIN: Duration = Duration::from_secs(10);
/// Orders remembered.
const REMEMBERED_MAX: usize = 1_024;
/// Longest reason, characters.
const REASON_MAX_CHARS: usize = 500;

/// An order's body (contract, HTTP).
#[derive(Debug, Deserialize)]
struct Body {
    order: OrderKind,
    #[serde(default)]
    passage: Option<PassageId>,
    reason: String,
    #[serde(default)]
    second_officer: Option<Second>,
}

/// The second officer: with credentials at once, or by name, to confirm within a minute.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Second {
    Password { name: String, password: String },
    Token { token: String },
    Name(String),
}

/// What makes two orders the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Same {
    lane: LaneId,
    passage: Option<PassageId>,
    order: OrderKind,
}

/// One officer's order, with the key that the client gave it.
type Repeated = (String, Same, Option<String>);

struct Waiting {
    by: String,
    awaited: Option<String>,
    since: Instant,
}

/// Orders that wait for a second officer, and answers given a moment ago.
#[derive(Default)]
pub(super) struct Book {
    waiting: Mutex<HashMap<Same, Waiting>>,
    answered: Mutex<HashMap<Repeated, (Instant, StatusCode, Value)>>,
}

/// What a first order of two says.
enum Confirms {
    /// There is none, or it is the same officer's.
    Nothing,
    /// This officer ordered first.
    First(String),
    /// It waits for somebody else.
    Another(String),
}

impl Book {
    /// Takes the first order that this one confirms.
    fn confirm(&self, same: &Same, officer: &str) -> Confirms {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|_, order| order.since.elapsed() < ORDER_WITHIN);
        let Some(first) = waiting.get(same).filter(|first| first.by != officer) else { return Confirms::Nothing };
        if let Some(awaited) = first.awaited.as_ref().filter(|awaited| *awaited != officer) {
            return Confirms::Another(awaited.clone());
        }
        let by = first.by.clone();
        waiting.remove(same);
        Confirms::First(by)
    }

    fn wait(&self, same: Same, by: String, awaited: Option<String>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < REMEMBERED_MAX {
            waiting.insert(same, Waiting { by, awaited, since: Instant::now() });
        }
    }

    fn answer_of(&self, key: &Repeated) -> Option<(StatusCode, Value)> {
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        answered.retain(|_, (at, ..)| at.elapsed() < REPEATED_WITHIN);
        answered.get(key).map(|(_, status, body)| (*status, body.clone()))
    }

    fn answered(&self, key: Repeated, status: StatusCode, body: Value) {
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        if answered.len() < REMEMBERED_MAX {
            answered.insert(key, (Instant::now(), status, body));
        }
    }
}

pub(super) async fn take(
    State(state): State<WebState>,
    Path(lane): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(lane) = LaneId::new(&lane).ok().filter(|lane| state.board.lane(lane).is_some()) else {
        return no_lane(&lane);
    };
    let officer = match signed_in(&state, &lane, credentials(&headers)).await {
        Ok(officer) => officer,
        Err(reply) => return reply,
    };
    let body: Body = match serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(&body)) {
        Ok(body) => body,
        Err(error) => {
            let message = format!("$.{}: {}", error.path(), error.inner());
            return fault(StatusCode::BAD_REQUEST, "malformed", message);
        }
    };
    if let Some(reply) = check(&state, &lane, &officer, &body) {
        return reply;
    }
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
    ordered(&state, lane, officer, body, key).await
}

fn credentials(headers: &HeaderMap) -> Option<Credentials> {
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

async fn signed_in(state: &WebState, lane: &LaneId, credentials: Option<Credentials>) -> Result<Officer, Response> {
    let Some(credentials) = credentials else {
        metrics::sign_in_failed("missing");
        note(state, lane, &json!({ "result": "unauthenticated", "officer": null }));
        return Err(sign_in("sign in with name and password, or with a token"));
    };
    match state.officers.sign_in(&credentials).await {
        Ok(officer) => Ok(officer),
        Err(failure) => {
            metrics::sign_in_failed(failure.as_str());
            note(state, lane, &json!({ "result": "unauthenticated", "officer": credentials.name() }));
            Err(match failure {
                SignInFailure::Wrong => sign_in("name, password or token is wrong"),
                SignInFailure::Locked => sign_in("too many failures for this name; try again in half a minute"),
                SignInFailure::Busy => {
                    fault(StatusCode::SERVICE_UNAVAILABLE, "busy", "too many sign-ins at once; try again")
                }
            })
        }
    }
}

/// What is wrong with an order before the lane is asked.
fn check(state: &WebState, lane: &LaneId, officer: &Officer, body: &Body) -> Option<Response> {
    if !officer.may(body.order) {
        let refused = json!({ "result": "forbidden", "officer": officer.name, "order": body.order });
        note(state, lane, &refused);
        metrics::sign_in_failed("role");
        return Some(fault(StatusCode::FORBIDDEN, "forbidden", "your role does not allow this order"));
    }
    if body.reason.trim().is_empty() || body.reason.chars().count() > REASON_MAX_CHARS {
        let message = format!("$.reason: 1 to {REASON_MAX_CHARS} characters are expected");
        return Some(fault(StatusCode::BAD_REQUEST, "reason_missing", message));
    }
    if body.order.needs_passage() && body.passage.is_none() {
        return Some(fault(StatusCode::BAD_REQUEST, "passage_missing", "$.passage: this order names its passage"));
    }
    None
}

fn note(state: &WebState, lane: &LaneId, body: &Value) {
    let now = (state.clock)();
    let record =
        NewRecord { at: now.wall, lane: lane.clone(), passage: None, kind: RecordKind::Order, body: body.to_string() };
    if !state.board.note(record) {
        tracing::warn!(%lane, "a refused order was not journaled: the desk is full");
    }
}

async fn ordered(state: &WebState, lane: LaneId, officer: Officer, body: Body, key: Option<String>) -> Response {
    let same = Same { lane: lane.clone(), passage: body.passage, order: body.order };
    let repeated = (officer.name.clone(), same.clone(), key);
    if let Some((status, body)) = state.orders.answer_of(&repeated) {
        return json_reply(status, body);
    }
    let (first, second) = match second_officer(state, &lane, &officer, &body, &same).await {
        Ok(officers) => officers,
        Err(reply) => return reply,
    };
    let order = Order {
        id: Uuid::new_v4(),
        kind: body.order,
        passage: body.passage,
        reason: body.reason,
        officer: first,
        second_officer: second,
        expires: (state.clock)().mono + ORDER_WITHIN,
    };
    let alone = order.second_officer.is_none();
    let result = state.board.order(lane, order).await;
    metrics::order(same.order.as_str(), result.err());
    let (status, body) = match result {
        Ok(OrderDone { sequence }) => (StatusCode::OK, json!({ "accepted": true, "sequence": sequence })),
        Err(OrderRefusal::TwoOfficersNeeded) if alone => {
            state.orders.wait(same, officer.name, None);
            return awaiting("another officer");
        }
        Err(refusal) => (status_of(refusal), refused(refusal)),
    };
    if status == StatusCode::OK {
        state.orders.answered(repeated, status, body.clone());
    }
    json_reply(status, body)
}

/// The officers of an order, first and second.
async fn second_officer(
    state: &WebState,
    lane: &LaneId,
    officer: &Officer,
    body: &Body,
    same: &Same,
) -> Result<(String, Option<String>), Response> {
    let credentials = match &body.second_officer {
        Some(Second::Password { name, password }) => {
            Credentials::Password { name: name.clone(), password: password.clone() }
        }
        Some(Second::Token { token }) => Credentials::Token(token.clone()),
        Some(Second::Name(name)) => {
            state.orders.wait(same.clone(), officer.name.clone(), Some(name.clone()));
            return Err(awaiting(name));
        }
        None => {
            return match state.orders.confirm(same, &officer.name) {
                Confirms::Nothing => Ok((officer.name.clone(), None)),
                Confirms::First(first) => Ok((first, Some(officer.name.clone()))),
                Confirms::Another(awaited) => {
                    Err(fault(StatusCode::CONFLICT, "awaiting_another", format!("this order waits for {awaited}")))
                }
            };
        }
    };
    let second = signed_in(state, lane, Some(credentials)).await?;
    if second.name == officer.name {
        return Err(fault(StatusCode::FORBIDDEN, "same_officer", "the second officer must be another one"));
    }
    if !second.may(body.order) {
        return Err(fault(StatusCode::FORBIDDEN, "forbidden", "the second officer's role does not allow this order"));
    }
    Ok((officer.name.clone(), Some(second.name)))
}

fn awaiting(whom: &str) -> Response {
    json_reply(StatusCode::ACCEPTED, json!({ "accepted": false, "pending": true, "awaiting": whom }))
}

fn refused(refusal: OrderRefusal) -> Value {
    json!({ "accepted": false, "code": refusal.as_str(), "message": refusal.to_string() })
}

const fn status_of(refusal: OrderRefusal) -> StatusCode {
    match refusal {
        OrderRefusal::JournalUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        OrderRefusal::ReasonMissing => StatusCode::BAD_REQUEST,
        OrderRefusal::OtherPassage
        | OrderRefusal::WrongState
        | OrderRefusal::TwoOfficersNeeded
        | OrderRefusal::Expired
        | OrderRefusal::PresenceUnknown
        | OrderRefusal::BarrierNotReady
        | OrderRefusal::NoSuchBarrier => StatusCode::CONFLICT,
    }
}
