//! Many vehicles through the real program at the finest log level: none of their plates is in its log, its metrics or
//! the files of its journal (invariant C8).
//!
//! `LANE_PRIVACY_VEHICLES` (200), `LANE_PRIVACY_SPEED` (20).
//! `cargo test --release -p lane-simulator --test privacy -- --ignored --nocapture` with 10000 is the programme's figure.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

#[test]
#[ignore = "minutes; the black-box tests of the controller hold the same for a few vehicles"]
fn c8_no_plate_of_many_vehicles_is_in_logs_metrics_or_the_journal_s_files() {
    let asked = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
    let dir = tempfile::tempdir().expect("a directory");
    let home = dir.path().join("home");
    let port = free_port();
    let mut demo = Command::new(env!("CARGO_BIN_EXE_lane-simulator"))
        .args(["demo", "--plain", "--seed", "7", "--passages", &asked("LANE_PRIVACY_VEHICLES", "200")])
        .args(["--speed", &asked("LANE_PRIVACY_SPEED", "20"), "--http", &format!("127.0.0.1:{port}"), "--keep"])
        .arg(&home)
        .env("LANE_CONTROLLER_LOG", "trace")
        .stdout(Stdio::null())
        .spawn()
        .expect("the demo runs");
    let mut metrics = String::new();
    while demo.try_wait().expect("awaited").is_none() {
        metrics = scrape(port).unwrap_or(metrics);
        std::thread::sleep(Duration::from_millis(500));
    }
    let plates = plates(&home.join("data"));
    let (log, files) = (logs(&home), journal(&home.join("data")));
    println!(
        "{} plates; {} bytes of log, {} of metrics, {} of the journal's files",
        plates.len(),
        log.len(),
        metrics.len(),
        files.len()
    );
    assert!(plates.len() > 20 && log.len() > 1_000 && metrics.len() > 1_000, "there is something to look at");
    let mut hits = 0_u64;
    for (name, text) in [("log", &log), ("metrics", &metrics), ("journal", &files)] {
        // Texts are cut into words once: ten thousand plates are looked up, not searched for.
        let words: BTreeSet<&str> = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() >= 5).collect();
        let folded: BTreeSet<String> = words.iter().map(|word| word.to_uppercase()).collect();
        for plate in plates.iter().filter(|plate| folded.contains(plate.as_str())) {
            println!("{name}: a hit of {} characters", plate.len());
            hits += 1;
        }
    }
    assert_eq!(hits, 0);
}

/// Every plate that was read or notified, folded and as written without separators.
fn plates(data: &Path) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_lane-simulator"))
        .args(["controller", "journal", "export", "--reveal", "the privacy test", "--data"])
        .arg(data)
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut plates = BTreeSet::new();
    for line in output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let record: Value = serde_json::from_slice(line).expect("JSON");
        let body = &record["body"];
        let read = &body["plate"]["read"]["plate"];
        for plate in [read, &body["tractor"], &body["trailer"]].into_iter().filter_map(Value::as_str) {
            let plain: String = plate.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_uppercase();
            plates.extend((plain.len() >= 5).then_some(plain));
            plates.extend(Some(lane_controller::domain::plate::fold(plate).as_str().to_owned()));
        }
    }
    plates
}

fn logs(home: &Path) -> String {
    let entries = std::fs::read_dir(home).expect("listed").map(|entry| entry.expect("an entry").path());
    let logs: Vec<_> = entries.filter(|path| path.extension().is_some_and(|extension| extension == "log")).collect();
    let own: Vec<_> = logs
        .iter()
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().contains("controller")))
        .collect();
    assert!(!own.is_empty(), "{logs:?}");
    own.iter().map(|path| std::fs::read_to_string(path).expect("read")).collect()
}

fn journal(data: &Path) -> String {
    let entries = std::fs::read_dir(data).expect("listed").map(|entry| entry.expect("an entry").path());
    let own = |path: &std::path::PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("journal.db"))
    };
    entries.filter(own).map(|path| String::from_utf8_lossy(&std::fs::read(path).expect("read")).into_owned()).collect()
}

fn scrape(port: u16) -> Option<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: lane\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    (answer.len() > 1_000).then_some(answer)
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}
