//! Officers' orders: signed in, allowed, with a reason, once, on what the officer saw, and by two where the lane says
//! so (invariant A9, hazards 41 to 43).

use std::time::Instant;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::WebState;
use super::book::{Confirms, First, KeyOfAnother, ORDER_WITHIN, Same};
use super::lanes::no_lane;
use super::officers::{Credentials, Deed, Officer};
use super::reply::{Instead, fault, json_reply};
use super::sign_in::{credentials, note, signed_in};
use super::stale;
use crate::actor::board::OrderDone;
use crate::metrics;
use crate::model::{LaneId, Order, OrderKind, OrderRefusal, PassageId, StateVersion};

/// Longest reason, characters.
const REASON_MAX_CHARS: usize = 500;
/// Longest idempotency key, bytes.
const KEY_MAX_BYTES: usize = 128;

/// An order's body (contract, HTTP).
#[derive(Debug, Deserialize)]
struct Body {
    order: OrderKind,
    #[serde(default)]
    passage: Option<PassageId>,
    reason: String,
    /// What the officer saw; `If-Match` says the same.
    #[serde(default)]
    state: Option<StateVersion>,
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

/// An order whose officer is known, and whose form is right.
struct Asked {
    lane: LaneId,
    officer: Officer,
    body: Body,
    same: Same,
    key: Option<String>,
}

/// Who orders, and on what.
struct Officers {
    first: String,
    second: Option<String>,
    seen: Option<StateVersion>,
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
    let asked = match understand(&state, lane, officer, &headers, &body) {
        Ok(asked) => asked,
        Err(reply) => return *reply,
    };
    // By itself, so that an officer who hangs up leaves no order without its answer in the book.
    let answered = tokio::spawn(async move { once(&state, asked).await });
    answered.await.unwrap_or_else(|_| {
        fault(StatusCode::INTERNAL_SERVER_ERROR, "failed", "the order was not answered; look at the lane")
    })
}

/// The order, or what is wrong with it before the lane is asked.
fn understand(
    state: &WebState,
    lane: LaneId,
    officer: Officer,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Asked, Instead> {
    let bad = |code, message: String| Err(Box::new(fault(StatusCode::BAD_REQUEST, code, message)));
    let mut body: Body = match serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(body)) {
        Ok(body) => body,
        Err(error) => return bad("malformed", format!("$.{}: {}", error.path(), error.inner())),
    };
    let same = Same { lane: lane.clone(), passage: body.passage, order: body.order };
    let approves = || officer.may(Deed::Approve(body.order)) && state.orders.awaits(Instant::now(), &same);
    if !officer.may(Deed::Order(body.order)) && !approves() {
        let refused = json!({ "result": "forbidden", "officer": officer.name, "order": body.order });
        note(state, &lane, None, &refused);
        metrics::sign_in_failed("role");
        return Err(Box::new(fault(StatusCode::FORBIDDEN, "forbidden", "your role does not allow this order")));
    }
    if body.reason.trim().is_empty() || body.reason.chars().count() > REASON_MAX_CHARS {
        return bad("reason_missing", format!("$.reason: 1 to {REASON_MAX_CHARS} characters are expected"));
    }
    if body.order.needs_passage() && body.passage.is_none() {
        return bad("passage_missing", "$.passage: this order names its passage".to_owned());
    }
    match (stale::if_match(headers), body.state) {
        (Err(why), _) => return bad("malformed", why.to_owned()),
        (Ok(Some(header)), Some(state)) if header != state => {
            return bad("malformed", "$.state: If-Match says another one".to_owned());
        }
        (Ok(header), state) => body.state = header.or(state),
    }
    let key = headers.get("idempotency-key").map(|key| key.to_str().unwrap_or_default().to_owned());
    if key.as_ref().is_some_and(|key| key.is_empty() || key.len() > KEY_MAX_BYTES) {
        return bad("malformed", format!("Idempotency-Key: 1 to {KEY_MAX_BYTES} printable characters are expected"));
    }
    Ok(Asked { lane, officer, body, same, key })
}

/// An order that is sent twice, one after the other or at once, is carried out once and gets one answer.
async fn once(state: &WebState, asked: Asked) -> Response {
    let place = match state.orders.place(Instant::now(), &asked.officer.name, asked.key.as_deref(), &asked.same) {
        Ok(place) => place,
        Err(KeyOfAnother) => {
            let message = "this Idempotency-Key belongs to another order of yours";
            return fault(StatusCode::UNPROCESSABLE_ENTITY, "key_of_another_order", message);
        }
    };
    let mut slot = place.lock().await;
    if let Some(answer) = &slot.answer {
        return json_reply(StatusCode::OK, answer.clone());
    }
    match ordered(state, asked).await {
        Ok(answer) => {
            slot.answer = Some(answer.clone());
            json_reply(StatusCode::OK, answer)
        }
        Err(reply) => reply,
    }
}

/// The answer to an order that was carried out, or why it was not.
async fn ordered(state: &WebState, asked: Asked) -> Result<Value, Response> {
    let shown = state.board.lane(&asked.lane).map(|shown| shown.version).unwrap_or_default();
    let Officers { first, second, seen } = officers(state, &asked, shown).await?;
    let Asked { lane, officer, body, same, .. } = asked;
    let alone = second.is_none();
    let order = Order {
        id: Uuid::new_v4(),
        kind: body.order,
        passage: body.passage,
        reason: body.reason,
        officer: first,
        second_officer: second,
        seen,
        expires: (state.clock)().mono + ORDER_WITHIN,
    };
    let result = state.board.order(lane.clone(), order).await;
    metrics::order(same.order.as_str(), result.err());
    match result {
        Ok(OrderDone { sequence }) => Ok(json!({ "accepted": true, "sequence": sequence })),
        Err(OrderRefusal::TwoOfficersNeeded) if alone => {
            let first = First { by: officer.name, awaited: None, seen: seen.unwrap_or(shown) };
            Err(wait(state, same, first))
        }
        Err(OrderRefusal::Stale) => {
            let status = if body.state.is_some() { StatusCode::PRECONDITION_FAILED } else { StatusCode::CONFLICT };
            Err(stale::reply(&state.board, &lane, seen, status))
        }
        Err(refusal) => Err(json_reply(status_of(refusal), refused(refusal))),
    }
}

/// The officers of an order, first and second. `shown` is what the lane shows.
async fn officers(state: &WebState, asked: &Asked, shown: StateVersion) -> Result<Officers, Response> {
    let Asked { lane, officer, body, same, .. } = asked;
    let credentials = match &body.second_officer {
        Some(Second::Password { name, password }) => {
            Credentials::Password { name: name.clone(), password: password.clone() }
        }
        Some(Second::Token { token }) => Credentials::Token(token.clone()),
        Some(Second::Name(name)) if *name == officer.name => return Err(same_officer()),
        Some(Second::Name(name)) => {
            let waits = json!({
                "result": "waiting", "officer": officer.name, "order": body.order, "second_officer": name,
                "reason": body.reason,
            });
            note(state, lane, body.passage, &waits);
            let seen = body.state.unwrap_or(shown);
            let first = First { by: officer.name.clone(), awaited: Some(name.clone()), seen };
            return Err(wait(state, same.clone(), first));
        }
        None => return confirming(state, asked).map_err(|reply| *reply),
    };
    let second = signed_in(state, lane, Some(credentials)).await?;
    if second.name == officer.name {
        return Err(same_officer());
    }
    if !second.may(Deed::Approve(body.order)) {
        return Err(fault(StatusCode::FORBIDDEN, "forbidden", "the second officer's role does not allow this order"));
    }
    Ok(Officers { first: officer.name.clone(), second: Some(second.name), seen: body.state })
}

/// An order of one officer: it confirms the order of another one, or stands for itself.
fn confirming(state: &WebState, asked: &Asked) -> Result<Officers, Instead> {
    let Asked { lane, officer, body, same, .. } = asked;
    let instead = |reply| Err(Box::new(reply));
    match state.orders.confirm(Instant::now(), same, &officer.name) {
        // It was approved, or ran out, since this officer was let in to approve it.
        Confirms::Nothing if !officer.may(Deed::Order(body.order)) => {
            instead(fault(StatusCode::FORBIDDEN, "forbidden", "your role does not allow this order"))
        }
        Confirms::Nothing => Ok(Officers { first: officer.name.clone(), second: None, seen: body.state }),
        Confirms::Another(awaited) => {
            instead(fault(StatusCode::CONFLICT, "awaiting_another", format!("this order waits for {awaited}")))
        }
        Confirms::First(first) if !state.officers.still_may(&first.by, Deed::Order(body.order)) => {
            let message = "who ordered first may no longer do so; another officer must";
            instead(fault(StatusCode::FORBIDDEN, "first_officer_revoked", message))
        }
        // Two officers approve one thing: what the first saw is what the second confirms.
        Confirms::First(first) if body.state.is_some_and(|seen| seen != first.seen) => {
            instead(stale::reply(&state.board, lane, Some(first.seen), StatusCode::CONFLICT))
        }
        Confirms::First(first) => {
            Ok(Officers { first: first.by, second: Some(officer.name.clone()), seen: Some(first.seen) })
        }
    }
}

fn same_officer() -> Response {
    fault(StatusCode::FORBIDDEN, "same_officer", "the second officer must be another one")
}

fn wait(state: &WebState, same: Same, first: First) -> Response {
    let whom = first.awaited.clone().unwrap_or_else(|| "another officer".to_owned());
    if state.orders.wait(Instant::now(), same, first) {
        let within_s = ORDER_WITHIN.as_secs();
        let body = json!({ "accepted": false, "pending": true, "awaiting": whom, "within_s": within_s });
        return json_reply(StatusCode::ACCEPTED, body);
    }
    fault(StatusCode::SERVICE_UNAVAILABLE, "busy", "too many orders wait for a second officer")
}

fn refused(refusal: OrderRefusal) -> Value {
    json!({ "accepted": false, "code": refusal.as_str(), "message": refusal.to_string() })
}

const fn status_of(refusal: OrderRefusal) -> StatusCode {
    match refusal {
        OrderRefusal::JournalUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        OrderRefusal::ReasonMissing => StatusCode::BAD_REQUEST,
        OrderRefusal::OtherPassage
        | OrderRefusal::Stale
        | OrderRefusal::WrongState
        | OrderRefusal::TwoOfficersNeeded
        | OrderRefusal::Expired
        | OrderRefusal::PresenceUnknown
        | OrderRefusal::BarrierNotReady
        | OrderRefusal::NoSuchBarrier => StatusCode::CONFLICT,
    }
}
