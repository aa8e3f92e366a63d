//! `device decode` with the manuals' bytes (devices.md §1).

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

fn decode(arguments: &str, bytes: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_lane-controller"))
        .args(["device", "decode", "--protocol"])
        .args(arguments.split(' '))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    child.stdin.take().expect("piped").write_all(bytes).expect("written");
    child.wait_with_output().expect("it ends")
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    hex.split(' ').map(|byte| u8::from_str_radix(byte, 16).expect("hex")).collect()
}

#[test]
fn the_manuals_bytes_are_printed_as_the_contract_says() {
    for (arguments, hex, expected) in [
        (
            "xk3190",
            "02 2B 30 31 32 33 34 35 32 31 38 03",
            json!({ "gross_kg": 123.45, "unit": "kg", "stability": "unknown", "raw": "022b303132333435323138" .to_owned() + "03" }),
        ),
        (
            "xk3190",
            "02 2D 30 30 30 30 32 30 33 31 43 03",
            json!({ "gross_kg": -0.02, "unit": "kg", "stability": "unknown", "raw": "022d3030303032303331" .to_owned() + "4303" }),
        ),
        (
            "xk3190-command",
            "02 41 42 2B 30 34 30 30 30 30 30 31 43 03",
            json!({ "gross_kg": 40000, "unit": "kg", "stability": "unknown", "raw": "0241422b30343030303030314303" }),
        ),
        (
            "xk3190 --layout equals_reversed",
            "3D 30 30 30 2E 33 30 30 30",
            json!({ "gross_kg": 3, "unit": "kg", "stability": "unknown", "raw": "3d3030302e33303030" }),
        ),
        (
            "xk3190 --layout a12",
            "57 47 30 30 34 2E 31 33 39 6B 67 33 44 0D 0A",
            json!({ "gross_kg": 4.139, "unit": "kg", "stability": "unknown", "raw": "57473030342e3133396b673344" }),
        ),
        (
            "toledo-continuous --checksum on",
            "02 2A 38 20 30 34 30 31 38 30 30 30 30 30 30 30 0D 22",
            json!({ "gross_kg": 40180, "unit": "kg", "stability": "moving", "raw": "022a38203034303138303030303030300d22" }),
        ),
        (
            "toledo-continuous --checksum on",
            "02 32 31 20 30 32 34 36 38 30 30 31 35 35 30 30 0D 0F",
            json!({
                "gross_kg": 40180, "net_kg": 24680, "tare_kg": 15500, "unit": "kg", "stability": "stable",
                "raw": "02323120303234363830303135353030" .to_owned() + "0d0f",
            }),
        ),
        (
            "toledo-continuous --checksum on",
            "02 32 34 20 30 30 30 30 30 30 30 30 30 30 30 30 0D 2B",
            json!({ "unit": "kg", "stability": "stable", "overload": true, "raw": "02323420303030303030303030303030" .to_owned() + "0d2b" }),
        ),
        (
            "toledo-continuous --checksum on",
            "02 3A 20 20 30 31 32 33 34 35 30 30 30 30 30 30 0D 28",
            json!({ "gross_kg": 5599.59780765, "unit": "lb", "stability": "stable", "raw": "023a20203031323334353030303030300d28" }),
        ),
        (
            "tenso-m",
            "FF 01 C3 80 01 04 10 BE FF FF",
            json!({ "gross_kg": 40180, "unit": "kg", "stability": "stable", "raw": "ff01c380010410beffff" }),
        ),
        (
            "tenso-m",
            "FF 01 C3 69 00 00 10 FF FE FF FF",
            json!({ "gross_kg": 69, "unit": "kg", "stability": "stable", "raw": "ff01c369000010fffeffff" }),
        ),
        (
            "mt-sics",
            "53 20 53 20 20 20 20 20 31 30 30 2E 30 30 20 67 0D 0A",
            json!({ "gross_kg": 0.1, "unit": "g", "stability": "stable", "raw": "53205320202020203130302e30302067" }),
        ),
        (
            "st-gs",
            "53 54 2C 47 53 2C 2B 30 31 31 2E 31 32 30 6B 67 0D 0A",
            json!({ "gross_kg": 11.12, "unit": "kg", "stability": "stable", "raw": "53542c47532c2b3031312e3132306b67" }),
        ),
        (
            "sma",
            "0A 5A 31 47 20 20 20 20 20 20 20 30 2E 30 30 30 6C 62 20 0D",
            json!({ "gross_kg": 0, "unit": "lb", "stability": "stable", "zero": true, "raw": "0a5a314720202020202020302e3030306c62200d" }),
        ),
        (
            "rinstrum",
            "02 20 20 20 34 30 31 38 30 47 03",
            json!({ "gross_kg": 40180, "unit": "kg", "stability": "stable", "raw": "0220202034303138304703" }),
        ),
    ] {
        let output = decode(arguments, &bytes(hex));
        assert_eq!(lines(&output), [expected], "{arguments}: {hex}");
        assert_eq!(output.status.code(), Some(0));
    }
}

#[test]
fn what_is_no_frame_is_printed_with_its_reason_and_what_follows_is_read() {
    let bad = "02 2D 30 30 30 30 32 30 33 31 44 03";
    let good = "02 2B 30 30 30 30 30 30 30 31 42 03";
    let found = lines(&decode("xk3190", &bytes(&format!("00 {bad} {good} 02 2B"))));
    assert_eq!(found[0], json!({ "skipped": "00", "why": "not part of a frame" }));
    assert_eq!(found[1], json!({ "skipped": "022d30303030323033314403", "why": "the checksum is wrong" }));
    assert_eq!(found[2]["gross_kg"], 0);
    assert_eq!(found[3], json!({ "skipped": "022b", "why": "cut off" }));
    assert_eq!(found.len(), 4);
}

#[test]
fn a_frame_of_another_layout_says_so() {
    let found = lines(&decode("xk3190", &bytes("02 2B 30 32 30 34 38 30 35 31 30 03")));
    assert!(found[0]["why"].as_str().expect("told").starts_with("layout suspect"), "{found:?}");
}

#[test]
fn a_scale_that_answers_without_a_weight_says_why() {
    let found = lines(&decode("mt-sics", b"S +\r\nS -\r\nS I\r\nES\r\n"));
    assert_eq!((&found[0]["overload"], &found[0]["unit"]), (&json!(true), &Value::Null));
    assert_eq!(found[1]["underload"], true);
    assert_eq!(found[2]["fault"], "the indicator can not weigh at this moment");
    assert_eq!(found[3], json!({ "reply": "refused" }));
}

#[test]
fn a_declared_line_is_read_by_its_expression() {
    let pattern = r"pattern --pattern (?<gross>\d+)(?<unit>kg)\s(?:(?<stable>S)|(?<moving>M))\s(?<record>\d+)";
    let found = lines(&decode(pattern, b"40180kg S 000017\r\n"));
    assert_eq!((&found[0]["gross_kg"], &found[0]["record"]), (&json!(40180), &json!("000017")));
}

#[test]
fn arguments_that_do_not_fit_are_named_and_are_a_usage_error() {
    for (arguments, message) in [
        ("xk3191", "--protocol: `xk3191` is no scale protocol; known: xk3190"),
        ("xk3190 --layout tenths", "--layout: `tenths` is no layout of xk3190; known: manual"),
        ("sma --address 1", "--address: sma has no use for it"),
        ("pattern --pattern (", "--pattern: it is no regular expression"),
        ("pattern", "--pattern: a regular expression with a group"),
    ] {
        let output = decode(arguments, b"");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(message), "{arguments}: {told}");
    }
}
