//! Answers: JSON, and errors that say what to do.

use std::time::Duration;

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::model::StateVersion;

/// An answer in place of what was asked for; boxed, because it is large beside what it stands for.
pub(super) type Instead = Box<Response>;

/// A JSON answer.
pub(super) fn json_reply(status: StatusCode, body: Value) -> Response {
    (status, Json(body)).into_response()
}

/// An error in the API's form.
pub(super) fn fault(status: StatusCode, code: &str, message: impl Into<String>) -> Response {
    json_reply(status, json!({ "error": { "code": code, "message": message.into() } }))
}

/// 401 with the way to sign in.
pub(super) fn sign_in(message: &str) -> Response {
    let mut reply = fault(StatusCode::UNAUTHORIZED, "unauthenticated", message);
    let way = header::HeaderValue::from_static("Basic realm=\"lane-controller\", charset=\"UTF-8\"");
    reply.headers_mut().insert(header::WWW_AUTHENTICATE, way);
    reply
}

/// 429 with the time after which it makes sense to try again.
pub(super) fn too_many(message: &str, after: Duration) -> Response {
    retry_after(fault(StatusCode::TOO_MANY_REQUESTS, "too_many_failures", message), after)
}

/// The same answer with the time after which it makes sense to try again.
pub(super) fn retry_after(mut reply: Response, after: Duration) -> Response {
    // Rounded up: one who tries as told is not refused again.
    let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
    reply.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from(seconds.max(1)));
    reply
}

/// The same answer with the version of what it shows.
pub(super) fn with_version(mut reply: Response, version: StateVersion) -> Response {
    if let Ok(value) = header::HeaderValue::from_str(&format!("\"{version}\"")) {
        reply.headers_mut().insert(header::ETAG, value);
    }
    reply
}
