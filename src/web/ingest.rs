//! Plate readers that push: who may, how much, and what they hear when their read is durable.
//!
//! In order: a camera that takes pushes, its networks, its secret, a free place, a bounded body, the intake. Nothing of a
//! body is read before its sender may send it. Pictures are passed over and never kept.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ipnet::IpNet;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::WebState;
use super::reply::{fault, json_reply};
use crate::actor::{Intake, NotTaken, Taken};
use crate::config::Config;
use crate::metrics::{self, CameraResult};
use crate::model::{DeviceName, LaneId};
use crate::wire::camera::Unreadable;

/// Largest message, pictures included, bytes.
pub const BODY_MAX_BYTES: usize = 8 * 1024 * 1024;
/// How long a message may take to come.
const BODY_WITHIN: Duration = Duration::from_secs(10);
/// Messages of all cameras that are read at once: what they may cost in memory.
const UNDER_WAY_MAX: usize = 32;
/// Messages of one camera that are read at once (hazard 5).
const UNDER_WAY_OF_ONE: usize = 4;
/// Shortest secret: one that can't be guessed at the speed of a network.
const SECRET_MIN_CHARS: usize = 16;

/// Why a camera's secret can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Its file.
    #[error("{path} can not be read: {source}; check ingest_secret_file of camera {camera}")]
    Unreadable {
        /// Whose.
        camera: String,
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Its length.
    #[error("{path} holds less than {SECRET_MIN_CHARS} characters; camera {camera} needs a longer secret")]
    TooShort {
        /// Whose.
        camera: String,
        /// Which file.
        path: PathBuf,
    },
}

/// Who may push for one camera.
struct Door {
    /// Only its hash is kept, and compared in constant time.
    secret: Option<blake3::Hash>,
    from: Vec<IpNet>,
    places: Semaphore,
}

/// The doors of all cameras that speak their vendor's format.
pub struct Doors {
    /// `None`: a camera whose messages may not be pushed.
    doors: BTreeMap<(LaneId, DeviceName), Option<Door>>,
}

impl Doors {
    /// Reads the cameras' secrets.
    ///
    /// # Errors
    /// When one can't be read, or can be guessed.
    pub fn open(config: &Config) -> Result<Self, SecretError> {
        let mut doors = BTreeMap::new();
        for lane in &config.lanes {
            for camera in &lane.cameras {
                let Some(vendor) = &camera.vendor else { continue };
                let door = match &vendor.ingest {
                    Some(ingest) => Some(Door {
                        secret: ingest.secret_file.as_ref().map(|path| secret(&camera.name, path)).transpose()?,
                        from: ingest.from.clone(),
                        places: Semaphore::new(UNDER_WAY_OF_ONE),
                    }),
                    None => None,
                };
                doors.insert((lane.id.clone(), camera.name.clone()), door);
            }
        }
        Ok(Self { doors })
    }
}

/// The way in for cameras that push.
pub struct Ingest {
    intake: Intake,
    doors: Doors,
    places: Semaphore,
}

impl Ingest {
    /// Doors, and where they lead.
    #[must_use]
    pub const fn new(doors: Doors, intake: Intake) -> Self {
        Self { intake, doors, places: Semaphore::const_new(UNDER_WAY_MAX) }
    }
}

fn secret(camera: &DeviceName, path: &std::path::Path) -> Result<blake3::Hash, SecretError> {
    let named = || (camera.to_string(), path.to_owned());
    let text = std::fs::read_to_string(path).map_err(|source| {
        let (camera, path) = named();
        SecretError::Unreadable { camera, path, source }
    })?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.chars().count() < SECRET_MIN_CHARS {
        let (camera, path) = named();
        return Err(SecretError::TooShort { camera, path });
    }
    Ok(blake3::hash(text.as_bytes()))
}

/// A refusal: what is counted, and what the camera hears.
struct Refused(CameraResult, Box<Response>);

impl Refused {
    fn new(why: CameraResult, reply: Response) -> Self {
        Self(why, Box::new(reply))
    }
}

#[derive(Deserialize)]
pub(super) struct Place {
    lane: String,
    camera: String,
}

pub(super) async fn push(
    State(state): State<WebState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(place): Path<Place>,
    request: Request,
) -> Response {
    let names = LaneId::new(&place.lane).ok().zip(DeviceName::new(&place.camera).ok());
    let Some((name, door)) = names.and_then(|name| state.ingest.doors.doors.get_key_value(&name)) else {
        metrics::inbound_rejected("ingest", "no_such_camera");
        let message = format!("lane `{}` has no camera `{}` with a preset in `format`", place.lane, place.camera);
        return fault(StatusCode::NOT_FOUND, "no_such_camera", message);
    };
    let (lane, camera) = name;
    match take(&state.ingest, name, door.as_ref(), peer.ip().to_canonical(), request).await {
        Ok(taken) => match state.ingest.intake.answer(lane, camera) {
            Some(answer) => ([(header::CONTENT_TYPE, answer.content_type)], answer.body).into_response(),
            None => json_reply(StatusCode::OK, json!({ "result": taken.as_str() })),
        },
        Err(Refused(why, reply)) => {
            // The intake has counted what came as far as it.
            if !matches!(why, CameraResult::Malformed | CameraResult::Unsupported | CameraResult::Unavailable) {
                metrics::camera_message(lane, camera, why);
                tracing::warn!(%lane, %camera, %peer, status = reply.status().as_u16(), "a pushed message was refused");
            }
            *reply
        }
    }
}

async fn take(
    ingest: &Ingest,
    (lane, camera): &(LaneId, DeviceName),
    door: Option<&Door>,
    peer: IpAddr,
    request: Request,
) -> Result<Taken, Refused> {
    let door = admitted(door, peer, request.headers(), request.uri())?;
    let _places = (place(&ingest.places)?, place(&door.places)?);
    let content_type = request.headers().get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok()).map(str::to_owned);
    let body = whole_body(request).await?;
    ingest.intake.push(lane, camera, content_type, body).await.map_err(|why| match &why {
        NotTaken::Unreadable(Unreadable::NoDocument(_)) => {
            let reply = fault(StatusCode::UNSUPPORTED_MEDIA_TYPE, "no_document", why.to_string());
            Refused::new(CameraResult::Unsupported, reply)
        }
        NotTaken::Unreadable(Unreadable::Malformed { .. }) => {
            Refused::new(CameraResult::Malformed, fault(StatusCode::UNPROCESSABLE_ENTITY, "malformed", why.to_string()))
        }
        NotTaken::Lost => Refused::new(CameraResult::Unavailable, again("not_durable", &why.to_string())),
    })
}

/// Whether this sender may push for the camera.
fn admitted<'a>(door: Option<&'a Door>, peer: IpAddr, headers: &HeaderMap, uri: &Uri) -> Result<&'a Door, Refused> {
    let forbidden =
        |code, message: &str| Refused::new(CameraResult::Forbidden, fault(StatusCode::FORBIDDEN, code, message));
    let Some(door) = door else {
        let message = "this camera may not push: set ingest_secret_file or ingest_from of the camera";
        return Err(forbidden("closed", message));
    };
    if !door.from.is_empty() && !door.from.iter().any(|network| network.contains(&peer)) {
        return Err(forbidden("other_network", "your address is not in ingest_from of the camera"));
    }
    let Some(secret) = &door.secret else { return Ok(door) };
    if given_secret(headers, uri).is_some_and(|given| blake3::hash(given.as_bytes()) == *secret) {
        return Ok(door);
    }
    let message = "the camera's secret is missing or wrong: send it as the password (Basic), or as ?key=";
    let mut reply = fault(StatusCode::UNAUTHORIZED, "unauthenticated", message);
    let way = HeaderValue::from_static("Basic realm=\"lane-controller ingest\", charset=\"UTF-8\"");
    reply.headers_mut().insert(header::WWW_AUTHENTICATE, way);
    Err(Refused::new(CameraResult::Unauthenticated, reply))
}

#[derive(Deserialize)]
struct Key {
    key: String,
}

/// The password of Basic, whatever the user name, or the query's `key`.
fn given_secret(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let basic = headers.get(header::AUTHORIZATION).and_then(|value| {
        let (scheme, rest) = value.to_str().ok()?.split_once(' ')?;
        let text = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
        let (_, password) = text.split_once(':')?;
        scheme.eq_ignore_ascii_case("basic").then(|| password.to_owned())
    });
    basic.or_else(|| Query::<Key>::try_from_uri(uri).ok().map(|Query(query)| query.key))
}

fn place(places: &Semaphore) -> Result<SemaphorePermit<'_>, Refused> {
    let busy = || Refused::new(CameraResult::Busy, again("busy", "too many messages come at once"));
    places.try_acquire().map_err(|_| busy())
}

/// 503: the camera may send it again.
fn again(code: &str, message: &str) -> Response {
    let mut reply = fault(StatusCode::SERVICE_UNAVAILABLE, code, message);
    reply.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    reply
}

async fn whole_body(request: Request) -> Result<Bytes, Refused> {
    let too_large = || {
        let message = format!("a message has at most {BODY_MAX_BYTES} bytes; send smaller pictures, or none");
        Refused::new(CameraResult::TooLarge, fault(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message))
    };
    let declared = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if declared.is_some_and(|length: u64| usize::try_from(length).map_or(true, |length| length > BODY_MAX_BYTES)) {
        return Err(too_large());
    }
    let body: Body = request.into_body();
    match tokio::time::timeout(BODY_WITHIN, axum::body::to_bytes(body, BODY_MAX_BYTES)).await {
        Ok(Ok(body)) => Ok(body),
        // Only the limit stops a body that is being read; a lost connection hears no answer anyway.
        Ok(Err(_)) => Err(too_large()),
        Err(_) => {
            let reply = fault(StatusCode::REQUEST_TIMEOUT, "too_slow", "the message did not come within 10 s");
            Err(Refused::new(CameraResult::Busy, reply))
        }
    }
}

/// What handlers share of it.
pub(super) type Shared = Arc<Ingest>;

#[cfg(test)]
mod tests {
    use super::*;

    fn door(secret: Option<&str>, from: &[&str]) -> Door {
        Door {
            secret: secret.map(|text| blake3::hash(text.as_bytes())),
            from: from.iter().map(|text| text.parse().expect("a network")).collect(),
            places: Semaphore::new(1),
        }
    }

    fn status(door: Option<&Door>, peer: &str, authorization: Option<&str>, uri: &str) -> Option<u16> {
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert(header::AUTHORIZATION, value.parse().expect("a header"));
        }
        let peer = peer.parse::<IpAddr>().expect("an address").to_canonical();
        admitted(door, peer, &headers, &uri.parse().expect("a URI"))
            .err()
            .map(|Refused(_, reply)| reply.status().as_u16())
    }

    #[test]
    fn only_who_meets_all_that_is_set_may_push() {
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        let (right, wrong) = (basic("any:correct horse battery"), basic("any:wrong"));
        let secret = door(Some("correct horse battery"), &[]);
        let network = door(None, &["10.1.0.0/16", "::1/128"]);
        let both = door(Some("correct horse battery"), &["10.1.0.0/16"]);
        for (door, peer, authorization, uri, expected) in [
            (None, "127.0.0.1", None, "/", Some(403)),
            (Some(&secret), "192.0.2.1", Some(right.as_str()), "/", None),
            (Some(&secret), "192.0.2.1", None, "/x?a=1&key=correct%20horse%20battery", None),
            (Some(&secret), "192.0.2.1", Some(&wrong), "/", Some(401)),
            (Some(&secret), "192.0.2.1", None, "/?key=", Some(401)),
            (Some(&secret), "192.0.2.1", Some("Basic ::"), "/", Some(401)),
            (Some(&secret), "192.0.2.1", Some("Digest username=\"a\""), "/", Some(401)),
            (Some(&network), "10.1.2.3", None, "/", None),
            (Some(&network), "::ffff:10.1.2.3", None, "/", None),
            (Some(&network), "::1", None, "/", None),
            (Some(&network), "10.2.0.1", Some(&right), "/", Some(403)),
            (Some(&both), "10.1.2.3", None, "/", Some(401)),
            (Some(&both), "10.2.2.3", Some(&right), "/", Some(403)),
            (Some(&both), "10.1.2.3", Some(&right), "/", None),
        ] {
            assert_eq!(status(door, peer, authorization, uri), expected, "{peer} {authorization:?} {uri}");
        }
    }

    #[test]
    fn a_secret_that_can_be_guessed_is_refused() {
        let dir = tempfile::TempDir::new().expect("a directory");
        let path = dir.path().join("secret");
        let name = DeviceName::new("front").expect("a name");
        let error = secret(&name, &path).expect_err("missing").to_string();
        assert!(error.contains("ingest_secret_file of camera front"), "{error}");
        std::fs::write(&path, "short\n").expect("written");
        assert!(secret(&name, &path).expect_err("short").to_string().contains("less than 16 characters"));
        std::fs::write(&path, "correct horse battery\r\n").expect("written");
        assert_eq!(secret(&name, &path).expect("good"), blake3::hash(b"correct horse battery"));
    }
}
