//! The binary on a data directory on which no controller runs.

use std::path::Path;
use std::process::{Command, Output};

use lane_controller::journal::Claim;
use lane_controller::model::PassageId;
use lane_controller::registry::Registry;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::golden::samples;

#[test]
fn what_is_imported_is_shown_and_again_it_is_a_duplicate_and_a_lower_revision_is_stale() {
    let dir = TempDir::new().expect("a directory");
    let sample = samples().join("ncts-cc029c.xml");
    let sample = sample.to_str().expect("a path");
    let data = dir.path().to_str().expect("a path");
    let first = lane_controller(&["registry", "import", sample, "--data", data]);
    assert_eq!(first.status.code(), Some(0), "{first:?}");
    let receipt = &lines(&first)[0];
    assert_eq!(receipt["result"], "accepted");
    assert_eq!((&receipt["kind"], &receipt["number"]), (&json!("declaration"), &json!("26TR34010000A1B2J3")));
    assert!(told(&first).contains("1 accepted, 0 duplicate, 0 stale, 0 rejected"), "{first:?}");
    for (revision, result) in [(None, "duplicate"), (Some("7"), "stale")] {
        let mut arguments = vec!["registry", "import", sample, "--data", data];
        arguments.extend(revision.iter().flat_map(|revision| ["--revision", revision]));
        let again = lane_controller(&arguments);
        assert_eq!((again.status.code(), &lines(&again)[0]["result"]), (Some(0), &json!(result)), "{again:?}");
    }
    let config = dir.path().join("lane.toml");
    std::fs::write(&config, format!("[data]\ndirectory = \"{data}\"\n")).expect("written");
    let config = config.to_str().expect("a path");
    let again = lane_controller(&["registry", "import", sample, "--config", config]);
    assert_eq!((again.status.code(), &lines(&again)[0]["result"]), (Some(0), &json!("duplicate")), "{again:?}");
    let shown = show(data, "26tr34010000a1b2j3");
    assert_eq!(shown["documents"][0]["revision"], 1_795_156_877_000_u64);
    assert_eq!(shown["documents"][0]["document"]["vehicle"]["tractor"]["plate"], "06TIR451");
}

#[test]
fn one_wrong_document_takes_no_other_with_it_and_the_exit_code_tells() {
    let dir = TempDir::new().expect("a directory");
    let data = dir.path().to_str().expect("a path");
    let files = ["declarations.csv", "documents.jsonl"].map(|name| samples().join(name));
    let files = files.each_ref().map(|file| file.to_str().expect("a path"));
    let imported = lane_controller(&["registry", "import", files[0], files[1], "--data", data]);
    assert_eq!(imported.status.code(), Some(1), "{imported:?}");
    let results: Vec<_> = lines(&imported).iter().map(|receipt| receipt["result"].clone()).collect();
    assert_eq!(results, ["accepted", "rejected", "rejected", "accepted", "rejected", "accepted"]);
    let rejected = &lines(&imported)[1];
    assert_eq!((&rejected["number"], &rejected["revision"]), (&json!("55302/221126/0000124"), &json!(2)));
    assert_eq!(rejected["errors"][0]["path"], "code");
    let message = rejected["errors"][0]["message"].as_str().expect("a message");
    assert!(message.starts_with("line 5, column 17: "), "{message}");
    assert!(told(&imported).contains("declarations.csv:5:17: code: "), "{imported:?}");
    assert!(told(&imported).contains("documents.jsonl:3:69: $: "), "{imported:?}");
}

#[test]
fn what_a_format_lacks_is_given_on_the_command_line() {
    let dir = TempDir::new().expect("a directory");
    let data = dir.path().to_str().expect("a path");
    let sample = samples().join("eaeu-road.xml");
    let sample = sample.to_str().expect("a path");
    let lacking = lane_controller(&["registry", "import", sample, "--data", data]);
    assert_eq!(lacking.status.code(), Some(1));
    let errors = lines(&lacking)[0]["errors"].as_array().expect("errors").len();
    assert_eq!(errors, 2, "{lacking:?}");
    let given = ["--expected-at", "2026-11-24T09:00:00+05:00", "--valid-for", "30d"];
    let imported = lane_controller(&[&["registry", "import", sample, "--data", data], &given[..]].concat());
    assert_eq!(imported.status.code(), Some(0), "{imported:?}");
    let shown = show(data, "4b1c5c4e-6a5e-4d0f-9a57-3f4c0f7e9d11");
    assert_eq!(shown["documents"][0]["document"]["expected_at"], "2026-11-24T04:00:00.000Z");
    assert_eq!(shown["documents"][0]["document"]["valid_until"], "2026-12-23T10:20:05.250Z");
}

#[test]
fn a_notification_is_shown_with_its_declaration_and_the_passage_that_used_it() {
    let dir = TempDir::new().expect("a directory");
    let data = dir.path().to_str().expect("a path");
    let files = ["declarations.csv", "notifications.csv"].map(|name| samples().join(name));
    let files = files.each_ref().map(|file| file.to_str().expect("a path"));
    let given = ["--expected-after", "2h", "--valid-for", "30d"];
    lane_controller(&[&["registry", "import", files[0], files[1], "--data", data], &given[..]].concat());
    let passage = PassageId(uuid::Uuid::from_u128(7));
    {
        let registry =
            Registry::open(dir.path(), std::sync::Arc::new(lane_controller::domain::plate::Templates::embedded()))
                .expect("opened");
        registry.mark_used("PN-1001", passage, 42);
    }
    let notification = &show(data, "PN-1001")["documents"][0];
    assert_eq!(notification["used_by"], json!({ "passage": passage, "sequence": 42 }));
    let declared = &notification["refers_to"][0];
    assert_eq!(
        (&declared["kind"], &declared["number"]),
        (&json!("transit_declaration"), &json!("55302/221126/0000123"))
    );
    assert_eq!(declared["declarations"][0]["status"], "released");
    assert_eq!(notification["refers_to"][1]["declarations"], json!([]));
    let declaration = show(data, "55302-221126-123");
    assert_eq!(declaration["referred_by"][0]["notification"], "PN-1001");
    assert_eq!(declaration["documents"][0]["withdrawn"], false);
}

#[test]
fn a_number_that_no_register_has_is_an_exit_code_of_its_own() {
    let dir = TempDir::new().expect("a directory");
    let data = dir.path().to_str().expect("a path");
    let nothing = lane_controller(&["registry", "show", "X", "--data", data]);
    assert_eq!(nothing.status.code(), Some(3), "{nothing:?}");
    drop(
        Registry::open(dir.path(), std::sync::Arc::new(lane_controller::domain::plate::Templates::embedded()))
            .expect("opened"),
    );
    let unknown = lane_controller(&["registry", "show", "X", "--data", data]);
    assert_eq!(unknown.status.code(), Some(1), "{unknown:?}");
}

#[test]
fn a_data_directory_that_a_controller_holds_is_left_alone() {
    let dir = TempDir::new().expect("a directory");
    let data = dir.path().to_str().expect("a path");
    let sample = samples().join("parties.csv");
    let sample = sample.to_str().expect("a path");
    let claim = Claim::of(dir.path()).expect("free");
    let refused = lane_controller(&["registry", "import", sample, "--data", data]);
    assert_eq!(refused.status.code(), Some(3));
    assert!(told(&refused).contains("--mqtt URL --site SITE") && lines(&refused).is_empty(), "{refused:?}");
    drop(claim);
    assert_eq!(lane_controller(&["registry", "import", sample, "--data", data]).status.code(), Some(1));
}

#[test]
fn what_the_environment_lacks_and_what_is_no_usage_have_their_exit_codes() {
    let dir = TempDir::new().expect("a directory");
    let data = dir.path().to_str().expect("a path");
    let missing = dir.path().join("missing");
    let missing = missing.to_str().expect("a path");
    let sample = samples().join("parties.csv");
    let sample = sample.to_str().expect("a path");
    for (arguments, code) in [
        (vec!["registry", "import", sample, "--data", missing], 3),
        (vec!["registry", "import", missing, "--data", data], 3),
        (vec!["registry", "import", sample, "--config", missing], 3),
        (vec!["registry", "import", sample, "--mqtt", "mqtt://127.0.0.1:1", "--site", "test"], 3),
        (vec!["registry", "import", sample, "--mqtt", "http://127.0.0.1", "--site", "test"], 3),
        (vec!["registry", "import", sample, "--mqtt", "mqtt://127.0.0.1"], 2),
        (vec!["registry", "import", sample, "--data", data, "--mqtt", "mqtt://127.0.0.1", "--site", "test"], 2),
        (vec!["registry", "import", sample], 2),
        (vec!["registry", "import", "--data", data], 2),
        (vec!["registry", "import", sample, "--data", data, "--kind", "truck"], 2),
        (vec!["registry", "import", sample, "--data", data, "--valid-for", "soon"], 2),
    ] {
        let done = lane_controller(&arguments);
        assert_eq!(done.status.code(), Some(code), "{arguments:?}: {done:?}");
        assert!(!done.stderr.is_empty(), "{arguments:?}");
    }
    assert!(!Path::new(missing).exists());
}

#[track_caller]
fn show(data: &str, number: &str) -> Value {
    let shown = lane_controller(&["registry", "show", number, "--data", data]);
    assert_eq!(shown.status.code(), Some(0), "{shown:?}");
    serde_json::from_slice(&shown.stdout).expect("JSON")
}

pub(crate) fn lane_controller(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lane-controller")).args(arguments).output().expect("it runs")
}

/// The JSON lines of standard output.
pub(crate) fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

pub(crate) fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
