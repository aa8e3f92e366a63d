//! Officers at the API: who may order, and what it does at the barrier.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use serde_json::{Value, json};

use super::rig::{LANE, Rig, Rms, http_at, is_command, is_event, now};

pub(crate) fn add_officer(rig: &Rig, name: &str, role: &str) {
    let file = rig.dir.path().join("officers.toml");
    let mut child = Command::new(env!("CARGO_BIN_EXE_lane-controller"))
        .args(["officer", "add", name, "--role", role, "--file"])
        .arg(file)
        .stdin(Stdio::piped())
        .spawn()
        .expect("the tool runs");
    child.stdin.take().expect("piped").write_all(b"correct horse\n").expect("written");
    assert!(child.wait().expect("it ends").success());
}

fn order(rig: &Rig, who: Option<(&str, &str)>, body: &Value) -> u16 {
    rig.http(&orders(), &signed(who), &body.to_string()).0
}

fn orders() -> String {
    format!("POST /api/v1/lanes/{LANE}/orders")
}

pub(crate) fn signed(who: Option<(&str, &str)>) -> Vec<String> {
    let mut headers = vec!["Content-Type: application/json".to_owned()];
    if let Some((name, password)) = who {
        let credentials = base64::engine::general_purpose::STANDARD.encode(format!("{name}:{password}"));
        headers.push(format!("Authorization: Basic {credentials}"));
    }
    headers
}

/// An order of an officer with the right password, with more headers; status and answer.
fn order_with(rig: &Rig, name: &str, more: &[&str], body: &Value) -> (u16, Value) {
    let mut headers = signed(Some((name, "correct horse")));
    headers.extend(more.iter().map(|header| (*header).to_owned()));
    let (status, answer) = rig.http(&orders(), &headers, &body.to_string());
    (status, serde_json::from_str(&answer).expect("JSON"))
}

fn outcome(rig: &Rig, name: &str, passage: &Value, body: &Value) -> (u16, Value) {
    let request = format!("POST /api/v1/passages/{}/outcome", passage.as_str().expect("an id"));
    let (status, answer) = rig.http(&request, &signed(Some((name, "correct horse"))), &body.to_string());
    (status, serde_json::from_str(&answer).expect("JSON"))
}

fn report(rig: &Rig, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lane-controller"));
    let output = command.arg("report").args(arguments).arg("--data").arg(rig.data()).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn held(channel: &str) -> (Rig, Value) {
    let mut rig = Rig::cold(Rms::channel(channel));
    for (name, role) in [("aigul", "officer"), ("bolat", "officer"), ("dana", "auditor"), ("erlan", "shift_supervisor")]
    {
        add_officer(&rig, name, role);
    }
    rig.start_controller();
    rig.devices_speak();
    rig.expect_phase("vacant");
    rig.notify(27_400);
    rig.drive_up(27_400);
    let code = if channel == "red" { "referred_inspection" } else { "referred_documents" };
    let state = rig.expect_held_by(code);
    let passage = state["passage"]["id"].clone();
    (rig, json!({ "order": "release", "passage": passage, "reason": "documents checked" }))
}

#[test]
fn only_an_authenticated_officer_with_a_role_and_a_reason_releases() {
    let (mut rig, release) = held("yellow");
    assert_eq!(order(&rig, None, &release), 401);
    assert_eq!(order(&rig, Some(("aigul", "wrong")), &release), 401);
    assert_eq!(order(&rig, Some(("dana", "correct horse")), &release), 403);
    let mut mute = release.clone();
    mute["reason"] = json!("");
    assert_eq!(order(&rig, Some(("aigul", "correct horse")), &mute), 400);
    let mut other = release.clone();
    other["passage"] = json!("00000000-0000-4000-8000-000000000000");
    assert_eq!(order(&rig, Some(("aigul", "correct horse")), &other), 409);
    rig.watch(Duration::from_millis(300));
    assert_eq!(rig.opens(), 0);
    assert_eq!(order(&rig, Some(("aigul", "correct horse")), &release), 200);
    let open = rig.expect("the open command", |seen| is_command(seen, "open"));
    assert_eq!(open.payload["reason"], "order");
    rig.drive_off();
    let story = rig.expect("the story", |seen| is_event(seen, "passage_completed")).payload;
    assert_eq!(story["orders"][0]["officer"], "aigul");
    let (_, records) = rig.journal("show");
    let orders = records.iter().filter(|record| record["kind"] == "order").count();
    assert!(orders >= 4, "refused orders are journaled too: {orders}");
    assert_eq!(rig.opens(), 1);
}

#[test]
fn red_needs_two_different_officers() {
    let (mut rig, mut release) = held("red");
    let alone = order(&rig, Some(("aigul", "correct horse")), &release);
    assert_ne!(alone, 200);
    rig.watch(Duration::from_millis(300));
    assert_eq!(rig.opens(), 0);
    release["second_officer"] = json!({ "name": "bolat", "password": "correct horse" });
    assert_eq!(order(&rig, Some(("aigul", "correct horse")), &release), 200);
    rig.expect("the open command", |seen| is_command(seen, "open"));
}

#[test]
fn h41_an_order_on_a_state_that_is_over_is_refused_with_what_changed() {
    let (mut rig, mut release) = held("yellow");
    let (status, head, shown) = rig.http_with_head(&format!("GET /api/v1/lanes/{LANE}"), &[], "");
    let version = serde_json::from_str::<Value>(&shown).expect("JSON")["version"].clone();
    let tag = format!("\"{}\"", version.as_str().expect("a version"));
    assert_eq!((status, head.contains(&format!("etag: {tag}"))), (200, true), "{head}");
    // The scale shows another weight while the officer reads.
    rig.weigh(31_000);
    rig.await_lanes(|lanes| lanes[0]["version"] != version && lanes[0]["passage"]["gross_kg"] == 31_000);
    let (status, answer) = order_with(&rig, "aigul", &[&format!("If-Match: {tag}")], &release);
    assert_eq!((status, &answer["code"]), (412, &json!("stale")), "{answer}");
    let changed = answer["changed"].as_array().expect("a list");
    assert!(changed.contains(&json!("passage.gross_kg")) && changed.contains(&json!("holds")), "{answer}");
    assert_eq!((&answer["then"]["version"], &answer["then"]["passage"]["gross_kg"]), (&version, &json!(27_400)));
    assert_eq!(answer["now"]["passage"]["gross_kg"], 31_000);
    release["state"] = version;
    assert_eq!(order_with(&rig, "aigul", &[], &release).0, 412);
    assert_eq!(order_with(&rig, "aigul", &["If-Match: nonsense"], &release).0, 400);
    rig.watch(Duration::from_millis(300));
    assert_eq!(rig.opens(), 0);
    release["state"] = answer["now"]["version"].clone();
    assert_eq!(order_with(&rig, "aigul", &[], &release).0, 200);
    rig.expect_open();
}

#[test]
fn h41_an_order_that_is_sent_again_is_carried_out_once() {
    let (mut rig, release) = held("yellow");
    let key = ["Idempotency-Key: 7f"];
    let (first, second) = std::thread::scope(|scope| {
        let (port, release) = (rig.http_port, release.to_string());
        let mut headers = signed(Some(("aigul", "correct horse")));
        headers.push(key[0].to_owned());
        let click = move || {
            let (status, _, answer) = http_at(port, &orders(), &headers, &release);
            (status, serde_json::from_str::<Value>(&answer).expect("JSON"))
        };
        let (one, other) = (scope.spawn(click.clone()), scope.spawn(click));
        (one.join().expect("answered"), other.join().expect("answered"))
    });
    assert_eq!((first.0, &first), (200, &second));
    assert_eq!(order_with(&rig, "aigul", &key, &release), first);
    let close = json!({ "order": "close_lane", "reason": "enough" });
    assert_eq!(order_with(&rig, "aigul", &key, &close).0, 422, "a key is one order's");
    rig.expect_open();
    rig.drive_off();
    rig.expect("the story", |seen| is_event(seen, "passage_completed"));
    assert_eq!(rig.opens(), 1);
}

#[test]
fn a9_h43_red_waits_for_another_officer_and_only_for_what_the_first_one_saw() {
    let (mut rig, release) = held("red");
    let pending = order_with(&rig, "aigul", &[], &release);
    assert_eq!((pending.0, &pending.1["pending"]), (202, &json!(true)));
    assert_eq!(order_with(&rig, "aigul", &[], &release).0, 202, "the same officer does not confirm");
    assert_eq!(order_with(&rig, "dana", &[], &release).0, 403, "an auditor does not confirm");
    // What the first officer saw is over: the second one confirms nothing.
    rig.weigh(31_000);
    rig.await_lanes(|lanes| lanes[0]["passage"]["gross_kg"] == 31_000);
    let (status, answer) = order_with(&rig, "bolat", &[], &release);
    assert_eq!((status, &answer["code"]), (409, &json!("stale")), "{answer}");
    assert_eq!(rig.opens(), 0);
    // Named, the second officer alone confirms; a first one whose right is gone does not count.
    let mut named = release.clone();
    named["second_officer"] = json!("aigul");
    assert_eq!(order_with(&rig, "aigul", &[], &named).0, 403);
    named["second_officer"] = json!("bolat");
    assert_eq!(order_with(&rig, "aigul", &[], &named).0, 202);
    assert_eq!(order_with(&rig, "bolat", &[], &release).0, 200);
    rig.expect_open();
    let (_, records) = rig.journal("show");
    let done = records.iter().find(|record| record["kind"] == "order" && record["body"]["result"] == "accepted");
    let body = &done.expect("the order")["body"];
    assert_eq!((&body["officer"], &body["second_officer"]), (&json!("aigul"), &json!("bolat")));
    assert!(records.iter().any(|record| record["body"]["result"] == "waiting"), "who ordered first is on record");
}

#[test]
fn failed_sign_ins_are_limited_by_name_and_altogether() {
    let (rig, release) = held("yellow");
    let release = release.to_string();
    // aigul is on duty: what others fail does not keep her out.
    let close = json!({ "order": "clear_hold", "passage": "00000000-0000-4000-8000-000000000000", "reason": "none" });
    assert_eq!(order_with(&rig, "aigul", &[], &close).0, 409);
    for _ in 0..5 {
        assert_eq!(rig.http(&orders(), &signed(Some(("bolat", "wrong horse"))), &release).0, 401);
    }
    let (status, head, _) = rig.http_with_head(&orders(), &signed(Some(("bolat", "correct horse"))), &release);
    assert_eq!((status, head.contains("retry-after: ")), (429, true), "{head}");
    let refused = (0..60).filter(|n| {
        let name = format!("nobody-{n}");
        rig.http(&orders(), &signed(Some((&name, "wrong"))), &release).0 == 429
    });
    assert!(refused.count() > 0, "a flood of made-up names is stopped");
    assert_eq!(order_with(&rig, "aigul", &[], &close).0, 409);
}

#[test]
fn only_a_supervisor_opens_a_lane_and_a_revoked_officer_orders_nothing() {
    let (rig, _) = held("yellow");
    let close = json!({ "order": "close_lane", "reason": "a fence is down" });
    let open = json!({ "order": "open_lane", "reason": "the fence stands" });
    assert_eq!(order_with(&rig, "dana", &[], &close).0, 403);
    assert_eq!(order_with(&rig, "aigul", &[], &close).0, 200);
    rig.await_lanes(|lanes| lanes[0]["service"] == "closed");
    assert_eq!(order_with(&rig, "aigul", &[], &open).0, 403);
    assert_eq!(order_with(&rig, "erlan", &[], &open).0, 200);
    rig.await_lanes(|lanes| lanes[0]["service"] == "open");
    let file = rig.dir.path().join("officers.toml");
    let file = file.to_str().expect("UTF-8");
    assert_eq!(rig.tool(&["officer", "revoke", "aigul", "--file", file]).0, Some(0));
    let (_, officers) = rig.tool(&["officer", "list", "--file", file]);
    let aigul = officers.iter().find(|officer| officer["name"] == "aigul").expect("kept for the journal's sake");
    assert_eq!(aigul["revoked"], true);
    assert!(officers.iter().all(|officer| officer.get("password").is_none()), "no secret is printed");
    // A changed file is taken within a second.
    let end = Instant::now() + Duration::from_secs(20);
    while order_with(&rig, "aigul", &[], &close).0 != 401 {
        assert!(Instant::now() < end, "a revoked officer still orders");
    }
}

#[test]
fn b7_an_evacuated_lane_is_opened_again_by_two_officers_over_a_restart_too() {
    let mut rig = Rig::cold(Rms::channel("green"));
    for (name, role) in [("aigul", "officer"), ("erlan", "shift_supervisor")] {
        add_officer(&rig, name, role);
    }
    rig.start_controller();
    rig.devices_speak();
    rig.expect_phase("vacant");
    let arm = |rig: &Rig, fault: &Value| {
        let mut state = json!({ "position": "open", "mode": "remote", "at": now() });
        if fault.is_string() {
            state["fault"] = fault.clone();
        }
        rig.publish(&rig.lane_topic("barrier/exit/state"), &state, &["-r"]);
    };
    let open = json!({ "order": "open_lane", "reason": "everybody is back" });
    arm(&rig, &json!("evacuation"));
    let evacuated = |lanes: &Value| lanes[0]["alarms"].to_string().contains("evacuation");
    rig.await_lanes(evacuated);
    assert_eq!(order_with(&rig, "erlan", &[], &open).0, 409, "the line is still active");
    arm(&rig, &Value::Null);
    rig.restart_after_kill();
    rig.await_lanes(|lanes| lanes[0]["alarms"] == json!(["evacuation"]));
    assert_eq!(order_with(&rig, "aigul", &[], &open).0, 403, "an officer opens no lane");
    assert_eq!(order_with(&rig, "erlan", &[], &open).0, 202, "and a supervisor not alone");
    assert!(!rig.seen.iter().any(|seen| is_command(seen, "close")), "nothing is commanded until then");
    assert_eq!(order_with(&rig, "aigul", &[], &open).0, 200, "an officer approves it");
    rig.expect("the close command", |seen| is_command(seen, "close"));
    rig.await_lanes(|lanes| lanes[0]["service"] == "open");
}

#[test]
fn what_an_inspection_found_comes_back_to_those_who_keep_the_profiles() {
    let (mut rig, release) = held("yellow");
    let passage = release["passage"].clone();
    assert_eq!(order_with(&rig, "aigul", &[], &release).0, 200);
    rig.expect_open();
    rig.drive_off();
    rig.expect("the story", |seen| is_event(seen, "passage_completed"));
    let found =
        json!({ "result": "violation", "code": "B1", "amount": 150_000, "currency": "KZT", "note": "in the floor" });
    assert_eq!(outcome(&rig, "dana", &passage, &found).0, 403, "an auditor reads only");
    assert_eq!(outcome(&rig, "aigul", &passage, &found).0, 403, "who let it go alone does not say what was in it");
    let contradiction = json!({ "result": "violation", "code": "A1" });
    assert_eq!(outcome(&rig, "bolat", &passage, &contradiction).0, 400);
    let nobody = json!("00000000-0000-4000-8000-000000000000");
    assert_eq!(outcome(&rig, "bolat", &nobody, &found).0, 404);
    let first = outcome(&rig, "bolat", &passage, &found);
    assert_eq!(first.0, 200, "{first:?}");
    assert_eq!(outcome(&rig, "bolat", &passage, &found), first, "sent again, it is the same record");
    let event = rig.expect("the event", |seen| is_event(seen, "outcome_recorded")).payload;
    assert_eq!((&event["result"], event.get("note")), (&json!("violation"), None));
    let mut correction = json!({ "result": "discrepancy", "code": "A5" });
    let (status, answer) = outcome(&rig, "bolat", &passage, &correction);
    assert_eq!((status, &answer["sequence"]), (409, &first.1["sequence"]), "a correction says what it corrects");
    correction["corrects"] = first.1["sequence"].clone();
    assert_eq!(outcome(&rig, "bolat", &passage, &correction).0, 200);

    let risk: Value = serde_json::from_str(&report(&rig, &["risk", "--format", "json"])).expect("JSON");
    let profile = &risk["profiles"][0];
    assert_eq!((&profile["profile"], &profile["verdict"]), (&json!("p-7"), &json!("too_few")), "{risk}");
    assert_eq!([&profile["fired"], &profile["inspected"], &profile["hits"]], [1, 1, 1], "{risk}");
    assert!(report(&rig, &["risk"]).starts_with("profile "));
    let rows = report(&rig, &["post-entry", "--format", "jsonl"]);
    let row: Value = serde_json::from_str(rows.trim()).expect("one row");
    let expected = json!({
        "causes": ["override"], "officer": "aigul", "reason": "documents checked", "holds": ["referred_documents"],
        "tractor": "123ABC02", "notification": "PN-1", "gross_kg": 27_400, "expected_kg": 27_400,
        "result": "discrepancy", "code": "A5", "profiles": ["p-7"],
    });
    for (key, value) in expected.as_object().expect("an object") {
        assert_eq!(row[key], *value, "{key} of {row}");
    }
    assert_eq!(report(&rig, &["post-entry"]).lines().count(), 2, "names and one row");
    assert_eq!(report(&rig, &["post-entry", "--to", "2020-01-01"]).lines().count(), 1);
}
