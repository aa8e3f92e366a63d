//! `plate check` as a program sees it: lines, exit codes, a site's own templates.

use std::process::{Command, Output};

use serde_json::{Value, json};

fn plate(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lane-controller"));
    command.args(["plate", "check"]).args(arguments).output().expect("it runs")
}

#[track_caller]
fn lines(output: &Output, code: i32) -> Vec<Value> {
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{told}");
    let text = std::str::from_utf8(&output.stdout).expect("UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn each_plate_is_a_line_with_its_form_and_its_templates() {
    let told = lines(&plate(&["О12АВС02", "123 ABC 02", "粤B·12345"]), 0);
    assert_eq!(
        told,
        [
            json!({ "input": "О12АВС02", "canonical": "012ABC02", "countries": [
                { "country": "KZ", "template": "person-2012", "repaired": true, "plate": "012ABC02" }] }),
            json!({ "input": "123 ABC 02", "canonical": "123ABC02", "countries": [
                { "country": "KZ", "template": "person-2012" }] }),
            json!({ "input": "粤B·12345", "canonical": "粤B12345", "countries": [
                { "country": "CN", "template": "vehicle" }] }),
        ]
    );
}

#[test]
fn a_country_asks_for_its_templates_only() {
    let told = lines(&plate(&["99AA123", "--country", "am"]), 0);
    assert_eq!(told[0]["countries"], json!([{ "country": "AM", "template": "person" }]));
    let told = lines(&plate(&["99AA123", "--country", "KZ"]), 1);
    assert_eq!(told[0]["countries"], json!([]));
}

#[test]
fn a_plate_that_fits_no_template_fails_the_check_and_all_lines_are_printed() {
    let told = lines(&plate(&["...", "А000АА77", "123ABC02"]), 1);
    assert_eq!(told.len(), 3);
    assert_eq!(told[0], json!({ "input": "...", "canonical": "", "countries": [] }));
    assert!(
        told[1]["countries"].as_array().is_some_and(|all| all.iter().all(|fits| fits["country"] != "RU")),
        "{told:?}"
    );
}

#[test]
fn a_country_without_templates_is_told_on_standard_error() {
    let output = plate(&["123ABC02", "--country", "JP"]);
    assert_eq!(lines(&output, 1)[0]["canonical"], "123ABC02");
    assert!(String::from_utf8_lossy(&output.stderr).contains("there are no templates for JP"));
}

#[test]
fn a_wrong_use_is_exit_2() {
    for arguments in [&[][..], &["123ABC02", "--country", "KAZ"], &["--country", "KZ"]] {
        assert_eq!(plate(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn the_example_of_the_docs_adds_a_country() {
    let docs = include_str!("../../docs/plates.md");
    let example = docs.split("```toml").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let dir = tempfile::TempDir::new().expect("a directory");
    let path = dir.path().join("plates.toml");
    std::fs::write(&path, example).expect("written");
    let path = path.to_str().expect("a path");
    let told = lines(&plate(&["1234 AB", "AB 1234", "--country", "LV", "--templates", path]), 1);
    assert_eq!(told[0]["countries"], json!([]));
    let told = lines(&plate(&["AB-1Z34", "--country", "LV", "--templates", path]), 0);
    assert_eq!(told[0]["canonical"], "AB1234");
    assert_eq!(told[0]["countries"][0]["template"], "vehicle");
}

#[test]
fn a_faulty_file_of_templates_is_named_with_its_line() {
    let dir = tempfile::TempDir::new().expect("a directory");
    let path = dir.path().join("plates.toml");
    std::fs::write(&path, "[[country]]\ncode = \"LV\"\nletter = \"A\"\n").expect("written");
    let output = plate(&["AB1234", "--templates", path.to_str().expect("a path")]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(told.contains("plates.toml: line 3: unknown field `letter`"), "{told}");
    let output = plate(&["AB1234", "--templates", "/nowhere/plates.toml"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/nowhere/plates.toml"));
}
