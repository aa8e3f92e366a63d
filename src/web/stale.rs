//! An order that was decided on another state of the lane: refused, with what changed since (hazard 41).

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::reply::{json_reply, with_version};
use crate::actor::board::Board;
use crate::model::{LaneId, OrderRefusal, StateVersion};

/// The version that a request wants the lane to show.
///
/// # Errors
/// When the header is there and is neither one version nor `*`.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Option<StateVersion>, &'static str> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let version = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).and_then(StateVersion::from_hex);
    version.map(Some).ok_or("If-Match: the ETag of GET /api/v1/lanes/<lane>, or *, is expected")
}

/// What the officers saw, what the lane shows, and what differs.
pub(super) fn reply(board: &Board, lane: &LaneId, seen: Option<StateVersion>, status: StatusCode) -> Response {
    let then = seen.and_then(|seen| board.lane_then(lane, seen)).map(|state| json!(state.as_ref()));
    let shown = board.lane(lane);
    let version = shown.as_ref().map(|state| state.version).unwrap_or_default();
    let now = shown.map(|state| json!(state.as_ref()));
    let changed = then.as_ref().zip(now.as_ref()).map(|(then, now)| changes(then, now));
    let refusal = OrderRefusal::Stale;
    let body = json!({
        "accepted": false, "code": refusal.as_str(), "message": refusal.to_string(),
        "changed": changed, "then": then, "now": now,
    });
    with_version(json_reply(status, body), version)
}

/// The keys that differ; those of the passage by themselves, where it is the same vehicle.
fn changes(then: &Value, now: &Value) -> Vec<String> {
    let (then_passage, now_passage) = (&then["passage"], &now["passage"]);
    let same_vehicle = then_passage["id"] == now_passage["id"];
    let mut changed = differing(then, now, "");
    changed.retain(|key| !["at", "version"].contains(&key.as_str()));
    if same_vehicle && changed.iter().any(|key| key == "passage") {
        changed.retain(|key| key != "passage");
        changed.extend(differing(then_passage, now_passage, "passage."));
    }
    changed.sort();
    changed
}

fn differing(then: &Value, now: &Value, prefix: &str) -> Vec<String> {
    let empty = Map::new();
    let (then, now) = (then.as_object().unwrap_or(&empty), now.as_object().unwrap_or(&empty));
    let gone = then.keys().filter(|key| !now.contains_key(*key));
    let other = now.iter().filter(|(key, value)| then.get(*key) != Some(value)).map(|(key, _)| key);
    gone.chain(other).map(|key| format!("{prefix}{key}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_told_by_its_key() {
        let state = |passage: Value, holds: Value, at: u8| json!({ "passage": passage, "holds": holds, "at": at });
        let truck = |id: u8, channel: &str| json!({ "id": id, "channel": channel });
        let then = state(truck(1, "yellow"), json!([]), 1);
        let cases = [
            (state(truck(1, "yellow"), json!([]), 2), vec![]),
            (state(truck(1, "red"), json!([1]), 2), vec!["holds", "passage.channel"]),
            (state(json!({ "id": 1, "gross_kg": 5 }), json!([]), 1), vec!["passage.channel", "passage.gross_kg"]),
            (state(truck(2, "yellow"), json!([]), 1), vec!["passage"]),
            (json!({ "holds": [], "at": 1 }), vec!["passage"]),
        ];
        for (now, expected) in cases {
            assert_eq!(changes(&then, &now), expected, "{now}");
        }
    }

    #[test]
    fn if_match_is_one_strong_version_or_any() {
        let cases = [
            ("\"00000000000000ff\"", Ok(StateVersion::from_hex("00000000000000ff"))),
            ("*", Ok(None)),
            ("W/\"00000000000000ff\"", Err(())),
            ("00000000000000ff", Err(())),
            ("\"a\", \"b\"", Err(())),
            ("", Err(())),
        ];
        for (text, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_MATCH, text.parse().expect("a value"));
            assert_eq!(if_match(&headers).map_err(|_| ()), expected, "{text}");
        }
        assert_eq!(if_match(&HeaderMap::new()), Ok(None));
    }
}
