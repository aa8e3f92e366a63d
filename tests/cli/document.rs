//! `document check` over the vectors of the field.

use std::process::{Command, Output};

use serde_json::{Value, json};

/// Kind, number as read, canonical print, check, expected check characters.
const VECTORS: &[(&str, &str, &str, &str, Option<&str>)] = &[
    ("container", "CSQU3054383", "CSQU3054383", "valid", None),
    ("container", "csqu 305438 3", "CSQU3054383", "valid", None),
    ("container", "MSKU2666542", "MSKU2666542", "valid", None),
    ("container", "POCU0301243", "POCU0301243", "valid", None),
    ("container", "TASU1170000", "TASU1170000", "weak", None),
    ("container", "CSQU3054384", "CSQU3054384", "invalid", Some("3")),
    ("container", "CRXU1170874", "CRXU1170874", "invalid", Some("0")),
    ("mrn", "22ITZXBZYUTJFLJXK6", "22ITZXBZYUTJFLJXK6", "valid", None),
    ("mrn", "]C124gb000246j8ny33l7\r\n", "24GB000246J8NY33L7", "valid", None),
    ("mrn", "24GBQ4OPL9LU18CNZ7", "24GBQ4OPL9LU18CNZ7", "valid", None),
    ("mrn", "22DK1V0QQK2S6J7TU2", "22DK1V0QQK2S6J7TU2", "invalid", Some("1")),
    ("grn", "24GB0000010000295", "24GB0000010000295", "valid", None),
    ("grn", "25GB0000010000295", "25GB0000010000295", "invalid", Some("7")),
    ("eaeu_declaration", "55302/150324/0000123", "55302/150324/0000123", "unchecked", None),
    ("eaeu_declaration", "55302-150324-123", "55302/150324/0000123", "unchecked", None),
    ("eaeu_declaration", "10012020 150324 0000123", "10012020/150324/0000123", "unchecked", None),
    ("eaeu_declaration", "5530/150324/0000123", "5530/150324/0000123", "invalid", None),
    ("eaeu_declaration", "55302/310224/0000123", "55302/310224/0000123", "invalid", None),
    ("eaeu_declaration", "55302/150324/12345678", "55302/150324/12345678", "invalid", None),
    ("tir_carnet", "XW44062317", "XW44062317", "unchecked", None),
    ("tir_carnet", "X7258126", "X7258126", "invalid", None),
    ("bin", "940140000385", "940140000385", "valid", None),
    ("bin", "240440000300", "240440000300", "valid", None),
    ("bin", "240440000312", "240440000312", "valid", None),
    ("bin", "240440000350", "240440000350", "invalid", None),
    ("iin", "821214240092", "821214240092", "invalid", None),
    ("inn", "1234567894", "1234567894", "valid", None),
    ("inn", "123456789047", "123456789047", "valid", None),
    ("inn", "7707083893", "7707083893", "valid", None),
    ("inn", "1234567895", "1234567895", "invalid", Some("4")),
    ("inn", "123456789037", "123456789037", "invalid", Some("47")),
    ("vin", "1M8GDM9AXKP042788", "1M8GDM9AXKP042788", "valid", None),
    ("notification", "PN-2026-000123", "PN-2026-000123", "unchecked", None),
];

#[test]
fn every_vector_is_recognised_and_exits_by_its_check() {
    for vector in VECTORS {
        let output = run(&["document", "check", vector.1]);
        assert_line(&output, vector);
    }
}

#[test]
fn every_vector_passes_or_fails_as_its_own_kind() {
    for vector in VECTORS {
        let output = run(&["document", "check", "--kind", vector.0, vector.1]);
        assert_line(&output, vector);
    }
}

#[test]
fn many_numbers_print_a_line_each_and_one_invalid_fails_all() {
    let output = run(&["document", "check", "CSQU3054383", "CSQU3054384", "PN-1"]);
    let kinds: Vec<_> = lines(&output).into_iter().map(|line| (line["kind"].clone(), line["check"].clone())).collect();
    let wanted = [("container", "valid"), ("container", "invalid"), ("notification", "unchecked")];
    assert_eq!(kinds, wanted.map(|(kind, check)| (json!(kind), json!(check))));
    assert_eq!(output.status.code(), Some(1));
    let good = run(&["document", "check", "CSQU3054383", "TASU1170000", "PN-1"]);
    assert_eq!((good.status.code(), lines(&good).len()), (Some(0), 3));
}

#[test]
fn a_line_has_the_keys_of_the_contract_in_order() {
    let output = run(&["document", "check", "csqu3054384"]);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let wanted = concat!(
        r#"{"input":"csqu3054384","kind":"container","canonical":"CSQU3054384","check":"invalid","expected":"3","#,
        r#""note":"the check is wrong: 3 is expected"}"#,
        "\n"
    );
    assert_eq!(text, wanted);
}

#[test]
fn a_number_of_another_kind_is_invalid_with_the_reason() {
    let output = run(&["document", "check", "22ITZXBZYUTJFLJXK6", "--kind", "container"]);
    let line = lines(&output).remove(0);
    assert_eq!((&line["kind"], &line["check"]), (&json!("container"), &json!("invalid")));
    assert!(line["note"].as_str().is_some_and(|note| note.contains("it is a valid mrn")), "{line}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn usage_errors_print_no_line_and_exit_2() {
    for arguments in [
        &["document", "check"][..],
        &["document", "check", "--kind", "passport", "1"],
        &["document", "check", "--kind", "unknown", "1"],
        &["document"],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
    }
    let misspelt = run(&["document", "check", "--kind", "mnr", "1"]);
    assert!(String::from_utf8_lossy(&misspelt.stderr).contains("mrn"), "the known kinds are named");
}

#[test]
fn nothing_read_is_unknown_and_invalid() {
    for read in ["", "   ", "\r\n"] {
        let output = run(&["document", "check", read]);
        let line = lines(&output).remove(0);
        assert_eq!((&line["kind"], &line["check"]), (&json!("unknown"), &json!("invalid")), "{read:?}");
        assert_eq!(output.status.code(), Some(1));
    }
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lane-controller")).args(arguments).output().expect("the program runs")
}

fn lines(output: &Output) -> Vec<Value> {
    let text = std::str::from_utf8(&output.stdout).expect("UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
}

#[track_caller]
fn assert_line(output: &Output, (kind, read, canonical, check, expected): &(&str, &str, &str, &str, Option<&str>)) {
    let [line] = &lines(output)[..] else { panic!("not one line for {read}") };
    let found = [&line["input"], &line["kind"], &line["canonical"], &line["check"]];
    assert_eq!(found, [&json!(read), &json!(kind), &json!(canonical), &json!(check)], "{line}");
    assert_eq!(line.get("expected").and_then(Value::as_str), *expected, "{line}");
    let code = if *check == "invalid" { 1 } else { 0 };
    assert_eq!(output.status.code(), Some(code), "{line}");
    assert!(output.stderr.is_empty(), "talk on standard error for {read}");
}
