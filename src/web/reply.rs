//! Answers: JSON, and errors that say what to do.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

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
