//! `device watch` and `device replay`, each as a process, one reading what the other plays.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::bench::{Indicator, answers, streams};

fn controller(arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_lane-controller"))
        .arg("device")
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts")
}

/// The JSON lines of a program that ends by itself.
fn lines(child: Child) -> Vec<Value> {
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

fn weights(lines: &[Value]) -> Vec<i64> {
    lines.iter().filter_map(|line| line["gross_kg"].as_i64()).collect()
}

#[test]
fn watch_shows_bytes_frames_readings_and_what_the_line_shows() {
    let dir = TempDir::new().expect("a directory");
    let port = dir.path().join("bridge");
    let table: &[(&[u8], &[u8])] = &[(b"\nW\r", b"\n 1G       40180kg \r")];
    let _indicator = Indicator::plug(&port, answers(table));
    let shown = lines(controller(&["watch", text(&port), "--protocol", "sma", "--seconds", "2"]));
    let has = |key: &str| shown.iter().any(|line| !line[key].is_null());
    assert!(has("sent") && has("received") && has("reading"), "{shown:?}");
    assert!(weights(&shown).iter().all(|kg| *kg == 40_180) && !weights(&shown).is_empty());
    let last = shown.iter().rev().find(|line| !line["diagnosis"].is_null()).expect("each second");
    assert_eq!(last["diagnosis"], "streaming");
    assert!(last["frames"].as_u64().is_some_and(|frames| frames > 0), "{last}");
}

#[test]
fn a_capture_is_decoded_as_the_line_was_and_replayed_onto_a_pseudo_terminal() {
    let dir = TempDir::new().expect("a directory");
    let (port, capture) = (dir.path().join("bridge"), dir.path().join("capture"));
    let indicator = Indicator::plug(&port, streams(b"\x02+040180016\x03"));
    let watch = ["watch", text(&port), "--protocol", "xk3190", "--seconds", "1", "--capture", text(&capture)];
    let watched = weights(&lines(controller(&watch)));
    drop(indicator);
    assert!(watched.len() > 3, "{watched:?}");
    let decoded = weights(&lines(controller(&["decode", "--protocol", "xk3190", text(&capture)])));
    assert_eq!(decoded, watched);
    let mut replay = controller(&["replay", text(&capture)]);
    let mut out = BufReader::new(replay.stdout.take().expect("piped"));
    let mut pty = String::new();
    out.read_line(&mut pty).expect("its name");
    let again = lines(controller(&["watch", pty.trim(), "--protocol", "xk3190", "--seconds", "2"]));
    assert_eq!(weights(&again), watched, "the pseudo-terminal brings what was captured");
    assert_eq!(replay.wait().expect("it ends when nobody listens").code(), Some(0));
}

#[test]
fn plain_bytes_are_replayed_at_a_rate() {
    let dir = TempDir::new().expect("a directory");
    let file = dir.path().join("bytes");
    std::fs::write(&file, b"ST,GS,+0040180kg\r\n".repeat(20)).expect("written");
    let mut replay = controller(&["replay", text(&file), "--bytes-per-second", "2000"]);
    let mut out = BufReader::new(replay.stdout.take().expect("piped"));
    let mut pty = String::new();
    out.read_line(&mut pty).expect("its name");
    let mut line = std::fs::File::open(pty.trim()).expect("opens");
    let mut bytes = vec![0_u8; 18 * 20];
    line.read_exact(&mut bytes).expect("all of it");
    assert_eq!(bytes, b"ST,GS,+0040180kg\r\n".repeat(20));
    drop(line);
    assert_eq!(replay.wait().expect("it ends").code(), Some(0));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let output = Command::new(env!("CARGO_BIN_EXE_lane-controller"))
        .args(["device", "replay", "/nowhere/capture"])
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/nowhere/capture"));
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in text")
}

#[test]
fn readers_and_portals_are_decoded_by_their_own_protocols() {
    let decode = |protocol: &str, bytes: &[u8]| {
        let dir = TempDir::new().expect("a directory");
        let file = dir.path().join("bytes");
        std::fs::write(&file, bytes).expect("written");
        lines(controller(&["decode", "--protocol", protocol, text(&file)]))
    };
    let read = decode("lines", b"]Q3PN-1\r\n\xff\xfe\r\nKZ-2");
    assert_eq!(read[0]["text"], "PN-1");
    assert_eq!(read[1]["why"], "not_utf8");
    assert_eq!(read[2]["why"], "cut_off");
    let occupancy = b"GB,000100,000100,000100,000100\r\nNB,000001,000001,000001,000001\r\n\
                      GS,000110,000110,000110,000110\r\nGA,009000,000110,000110,000110\r\nGX\r\n";
    let told = decode("rpm-lines", occupancy);
    assert!(told.iter().any(|line| line["radiation"]["alarm"] == "gamma"), "{told:?}");
}

#[test]
fn watch_shows_what_a_reader_reads_and_keeps_its_bytes() {
    let dir = TempDir::new().expect("a directory");
    let (port, capture) = (dir.path().join("kiosk"), dir.path().join("capture"));
    let _reader = Indicator::plug(&port, streams(b"PN-1\r\n"));
    let watch = ["watch", text(&port), "--protocol", "lines", "--seconds", "1", "--capture", text(&capture)];
    let shown = lines(controller(&watch));
    assert!(shown.iter().any(|line| line["text"] == "PN-1"), "{shown:?}");
    assert!(shown.iter().any(|line| line["state"] == "found" && line["bytes"].as_u64() > Some(0)), "{shown:?}");
    let kept = lines(controller(&["decode", "--protocol", "lines", text(&capture)]));
    assert!(kept.iter().any(|line| line["text"] == "PN-1"), "{kept:?}");
}
