//! The RMS from outside, played by the tests: early, late, twice, swapped, forged and missing answers. None releases
//! what it must not.

mod ahead;
mod answers;
mod signed;

use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, OptionalExtension};
use serde_json::{Value, json};

use super::rig::{Rig, Rms, Seen, is_command, is_state, publish_raw};

/// Longer than any test takes: nothing runs out.
const PATIENT: &str = "request_timeout = \"15s\"";
/// Short enough to wait for.
const SHORT: &str = "request_timeout = \"500ms\"";
const BEFORE: &str = "risk_decisions_total{when=\"before_arrival\"}";
const AT_LANE: &str = "risk_decisions_total{when=\"at_lane\"}";

/// A rig whose RMS says nothing by itself.
fn rig(risk: &str) -> Rig {
    let mut rig = Rig::cold_with(Rms::Silent, |config| config.replace("request_timeout = \"1s\"", risk));
    rig.start_controller();
    rig.devices_speak();
    rig.expect_phase("vacant");
    rig
}

/// The truck is notified, and the RMS has decided before it comes; its request.
fn decided_ahead(rig: &mut Rig, laden_kg: i64, answer: &Value) -> Seen {
    rig.notify(laden_kg);
    let asked = request(rig, "pre_arrival", 0);
    reply(rig, &asked, answer);
    await_kept(rig, &asked);
    asked
}

/// The nth question of that kind, counted by its id: a retry is the same question.
#[track_caller]
fn request(rig: &mut Rig, kind: &str, nth: usize) -> Seen {
    loop {
        if let Some(found) = requests(rig, kind).into_iter().nth(nth) {
            return found;
        }
        rig.expect("a question to the RMS", |seen| seen.topic.starts_with("rms/"));
    }
}

/// All questions of that kind, each once.
fn requests(rig: &Rig, kind: &str) -> Vec<Seen> {
    let mut found: Vec<Seen> = vec![];
    for seen in rig.seen.iter().filter(|seen| seen.topic.starts_with("rms/") && seen.payload["kind"] == kind) {
        if found.iter().all(|known| known.correlation != seen.correlation) {
            found.push(seen.clone());
        }
    }
    found
}

fn green() -> Value {
    word("green")
}

fn word(channel: &str) -> Value {
    json!({ "channel": channel, "measures": [], "profiles": ["p-7"], "reason": "as the test says" })
}

/// Answers a question.
fn reply(rig: &Rig, asked: &Seen, answer: &Value) {
    send(rig, asked, &body(asked, answer), &[]);
}

/// The answer's exact bytes.
fn body(asked: &Seen, answer: &Value) -> String {
    let mut answer = answer.clone();
    answer["request_id"] = asked.payload["request_id"].clone();
    answer.to_string()
}

/// Sends bytes where the answer to a question goes, with its correlation.
fn send(rig: &Rig, asked: &Seen, body: &str, properties: &[(&str, &str)]) {
    let mut more = vec!["-V", "5", "-D", "publish", "correlation-data", asked.correlation.as_str()];
    for (name, value) in properties {
        more.extend(["-D", "publish", "user-property", name, value]);
    }
    publish_raw(rig.mqtt_port, &asked.response_topic, body, &more);
}

/// The decision before arrival is on the disk: the register has the answer to that question.
#[track_caller]
fn await_kept(rig: &Rig, asked: &Seen) -> Value {
    await_that(rig, "the decision is kept", || {
        let path = rig.data().join("registry.db");
        let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("a register");
        let sql = "SELECT json FROM assessed WHERE number = ?1";
        let number = asked.payload["notification"]["number"].as_str().expect("a number");
        let json: Option<Vec<u8>> = database.query_row(sql, [number], |row| row.get(0)).optional().expect("read");
        let kept: Value = json.map(|json| serde_json::from_slice(&json).expect("JSON"))?;
        (kept["decision"]["request_id"] == asked.payload["request_id"]).then_some(kept)
    })
}

/// Asks until there is an answer.
#[track_caller]
fn await_that<T>(rig: &Rig, what: &str, found: impl Fn() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain: {what}\n{}", rig.log());
        std::thread::yield_now();
    }
}

/// A metric's value; 0 where it was never counted.
fn metric(rig: &Rig, series: &str) -> f64 {
    let (_, text) = rig.http("GET /metrics", &[], "");
    let line = text.lines().find_map(|line| line.strip_prefix("lane_controller_")?.strip_prefix(series));
    line.map_or(0.0, |value| value.trim().parse().expect("a number"))
}

#[track_caller]
fn await_metric(rig: &Rig, series: &str, wanted: f64) {
    await_that(rig, &format!("{series} {wanted}"), || (metric(rig, series) >= wanted).then_some(()));
}

/// Held by that code, whether it was seen already or is still to come; the holds.
#[track_caller]
fn held_by(rig: &mut Rig, code: &str) -> Vec<Value> {
    let is_held = |seen: &Seen| {
        let holds = seen.payload["holds"].as_array();
        is_state(seen) && holds.is_some_and(|holds| holds.iter().any(|hold| hold["code"] == code))
    };
    let last = rig.seen.iter().rev().find(|seen| is_state(seen)).filter(|seen| is_held(seen)).cloned();
    let state = last.unwrap_or_else(|| rig.expect(code, is_held)).payload;
    assert_eq!(state["phase"], "held", "{state}");
    state["holds"].as_array().expect("holds").clone()
}

/// Nothing opens in a while.
#[track_caller]
fn stays_closed(rig: &mut Rig) {
    rig.watch(Duration::from_millis(500));
    assert_eq!(rig.opens(), 0, "no arm may open");
}

/// The arm opens once, and once only.
#[track_caller]
fn opens_once(rig: &mut Rig) {
    rig.expect_open();
    rig.watch(Duration::from_millis(500));
    assert_eq!(rig.opens(), 1);
}
