//! Officers at the API: who may order, and what it does at the barrier.

use std::io::Write;
use std::process::{Command, Stdio};

use base64::Engine;
use serde_json::{Value, json};

use super::rig::{LANE, Rig, Rms, is_command, is_event};

fn add_officer(rig: &Rig, name: &str, role: &str) {
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
    let mut headers = vec!["Content-Type: application/json".to_owned()];
    if let Some((name, password)) = who {
        let credentials = base64::engine::general_purpose::STANDARD.encode(format!("{name}:{password}"));
        headers.push(format!("Authorization: Basic {credentials}"));
    }
    rig.http(&format!("POST /api/v1/lanes/{LANE}/orders"), &headers, &body.to_string()).0
}

fn held(channel: &str) -> (Rig, Value) {
    let mut rig = Rig::cold(Rms::channel(channel));
    for (name, role) in [("aigul", "officer"), ("bolat", "officer"), ("dana", "auditor")] {
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
    rig.watch(std::time::Duration::from_millis(300));
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
    rig.watch(std::time::Duration::from_millis(300));
    assert_eq!(rig.opens(), 0);
    release["second_officer"] = json!({ "name": "bolat", "password": "correct horse" });
    assert_eq!(order(&rig, Some(("aigul", "correct horse")), &release), 200);
    rig.expect("the open command", |seen| is_command(seen, "open"));
}
