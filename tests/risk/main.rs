//! `risk try` as an analyst runs it: the examples, and files that are wrong.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

#[test]
fn the_example_passage_is_explained_profile_by_profile() {
    let output = risk_try(Path::new("config/risk"), Path::new("config/passage.example.json"));
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let lines = lines(&output);
    let (last, profiles) = lines.split_last().expect("lines");
    assert_eq!(profiles.len(), 12);
    let verdict = |id: &str| profiles.iter().find(|line| line["profile"] == id).expect("a line").clone();
    assert_eq!(verdict("deadline-soon")["verdict"], "matched");
    assert_eq!(verdict("empty-but-heavy")["verdict"], "not_matched");
    assert_eq!(verdict("random-inspection")["rate_ppm"], 20_000);
    assert_eq!(last["decision"]["channel"], "yellow");
    assert_eq!(last["decision"]["profiles"], serde_json::json!(["deadline-soon"]));
    assert_eq!(last["decision"]["source"], "criteria");
    assert_eq!(last["strictness"], "hold");
    assert_eq!(last["if_drawn"]["decision"]["channel"], "red");
    assert_eq!(last["if_drawn"]["decision"]["source"], "random");
}

#[test]
fn a_passage_needs_its_instant_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let passage = directory.path().join("passage.json");
    std::fs::write(&passage, r#"{ "at": "2026-11-24T06:00:00Z" }"#).expect("written");
    let output = risk_try(Path::new("config/risk"), &passage);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert_eq!(lines(&output).last().expect("a line")["strictness"], "release");
    for (text, place) in [
        ("{}", "$.at"),
        ("[]", "an object"),
        (r#"{ "at": "2026-11-24T06:00:00Z", "measured": { "gross_kg": "heavy" } }"#, "$.measured.gross_kg"),
        ("{", "EOF"),
    ] {
        std::fs::write(&passage, text).expect("written");
        let output = risk_try(Path::new("config/risk"), &passage);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(told(&output).contains(place.trim_start_matches("an ")), "{text}: {}", told(&output));
    }
}

#[test]
fn a_wrong_profile_is_told_with_its_place_and_what_is_not_there_is_the_environments_fault() {
    let directory = tempfile::tempdir().expect("a directory");
    let text = std::fs::read_to_string("config/risk/radiation-alarm.toml").expect("an example");
    std::fs::write(directory.path().join("a.toml"), text.replace("measured.radiation)", "measured.radio)"))
        .expect("written");
    let output = risk_try(directory.path(), Path::new("config/passage.example.json"));
    assert_eq!(output.status.code(), Some(1));
    let expected = format!("{}/a.toml:3:15: there is no field `radio`", directory.path().display());
    assert!(told(&output).starts_with(&expected), "{}", told(&output));
    assert!(output.stdout.is_empty());

    let nowhere = directory.path().join("nowhere");
    assert_eq!(risk_try(&nowhere, Path::new("config/passage.example.json")).status.code(), Some(3));
    assert_eq!(risk_try(Path::new("config/risk"), &nowhere).status.code(), Some(3));
}

fn risk_try(profiles: &Path, passage: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lane-controller"))
        .args(["risk", "try"])
        .args([profiles, passage])
        .output()
        .expect("it runs")
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
