//! The auditor: a shift that is over is revealed, every draw is made again, and a changed line is found, even by
//! someone who chains the whole journal anew.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::mpsc::channel;

use lane_controller::config::{self, Config};
use lane_controller::journal::{Batch, GENESIS, Journal, Limits, Reader, SeedVault, hash_record};
use lane_controller::model::selection::{Commitment, DrawKey, Hit, Seed, SelectionCommitted, SelectionRevealed};
use lane_controller::model::{Channel, LaneId, NewRecord, PassageId, RecordKind, Ticket, Timestamp};
use lane_controller::risk::selection::{Ask, Ledger, audit};
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;

const DRAWS: u128 = 500;
const SEED: Seed = Seed::new([0xC3; 32]);

#[tokio::test(flavor = "multi_thread")]
async fn a_shift_that_ended_while_the_site_was_down_is_revealed_at_the_start_and_verified() {
    let site = site().await;
    let report = audit(Reader::open(site.path()).expect("opened").selections(None).expect("read"));
    assert_eq!(report.first_faults, []);
    assert_eq!((report.draws, report.verified, report.pending), (500, 500, 0));
    assert!(report.kept >= 50 && report.random > 50, "{report:?}");
    assert_eq!((report.commitments, report.revealed), (3, 1), "the next two seeds are bound");
    let vault = SeedVault::open(site.path()).expect("a vault");
    assert_eq!(vault.find(bound()).expect("read"), None, "what is revealed is no secret");

    let output = verify(site.path());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let line: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&line["verified"], &line["faults"]), (&500.into(), &0.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_line_is_found_by_the_chain_and_by_the_draw() {
    let site = site().await;
    let body = body(site.path());
    let number = body["number"].as_u64().expect("a number");
    let lies = [
        ("value", Value::from("0000000000000000")),
        ("picked", serde_json::json!({ "source": "random", "profiles": ["lot"], "channel": "red" })),
        ("drawn_for", Value::from(Uuid::from_u128(7).to_string())),
    ];
    for (key, lie) in lies {
        let mut changed = body.clone();
        assert_ne!(changed[key], lie, "{key}");
        changed[key] = lie;
        change(site.path(), number, &changed);
        let output = verify(site.path());
        assert_eq!(output.status.code(), Some(1), "{key}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("was changed after it was written"), "{key}");

        chain_anew(site.path());
        let output = verify(site.path());
        assert_eq!(output.status.code(), Some(1), "{key}");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.contains(&format!("draw {number}: ")), "{key}: {told}");

        change(site.path(), number, &body);
        chain_anew(site.path());
        assert_eq!(verify(site.path()).status.code(), Some(0), "{key}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_with_wrong_profiles_is_refused_with_their_place() {
    let directory = TempDir::new().expect("a directory");
    let profiles = directory.path().join("risk");
    std::fs::create_dir(&profiles).expect("a directory");
    std::fs::write(profiles.join("a.toml"), "id = 7").expect("written");
    let error = lane_controller::actor::start(&config(directory.path())).await.err().expect("refused").to_string();
    assert!(error.contains("/risk/a.toml:1:6: "), "{error}");
}

#[test]
#[ignore = "a million draws through the disk: run it in release, --run-ignored only"]
fn a_million_draws_are_verified_by_the_command() {
    const MANY: u128 = 1_000_000;
    let directory = TempDir::new().expect("a directory");
    let journal = Journal::open(directory.path(), Limits::default()).expect("opened");
    let (opens, closes) = (before(3_600), before(1_800));
    let committed = SelectionCommitted { commitment: bound(), opens, closes };
    append(&journal, before(4_000), None, RecordKind::SelectionCommitted, &committed);
    let mut ledger = Ledger::default();
    let mut numbers = (0..MANY).peekable();
    while numbers.peek().is_some() {
        let drawn = |number| {
            let passage = PassageId(Uuid::from_u128(number));
            let keys =
                vec![DrawKey::Declaration(format!("D-{number}")), DrawKey::Tractor(format!("T-{number}").into())];
            let hit = Hit { quota: None, rate_ppm: 20_000, ..hit() };
            let drawn = ledger.draw(&SEED, bound(), Ask { passage, at: opens, keys, hits: vec![hit] });
            record(opens, Some(passage), RecordKind::SelectionDrawn, drawn.as_ref())
        };
        append_all(&journal, numbers.by_ref().take(1_000).map(drawn).collect());
    }
    let revealed = SelectionRevealed { commitment: bound(), seed: SEED };
    append(&journal, before(10), None, RecordKind::SelectionRevealed, &revealed);
    drop(journal);
    let began = std::time::Instant::now();
    let output = verify(directory.path());
    let took = began.elapsed();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let line: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    println!("{line} in {took:?}");
    assert_eq!((&line["draws"], &line["verified"], &line["faults"]), (&1_000_000.into(), &1_000_000.into(), &0.into()));
    // 2 % of a million, and 3.29 deviations: 99.9 %.
    let random = line["random"].as_f64().expect("a number");
    assert!((random - 20_000.0).abs() < 3.29 * (1e6_f64 * 0.02 * 0.98).sqrt(), "{random} selected");
}

/// A site whose journal has a shift of draws that ended long ago, started and stopped once.
async fn site() -> TempDir {
    let directory = TempDir::new().expect("a directory");
    let profiles = directory.path().join("risk");
    std::fs::create_dir(&profiles).expect("a directory");
    std::fs::copy("config/risk/random-inspection.toml", profiles.join("random-inspection.toml")).expect("copied");
    let vault = SeedVault::open(directory.path()).expect("a vault");
    assert_eq!(vault.keep(&SEED).expect("kept"), bound());
    let journal = Journal::open(directory.path(), Limits::default()).expect("opened");
    let opens = before(3_600);
    let body = SelectionCommitted { commitment: bound(), opens, closes: before(1_800) };
    append(&journal, before(4_000), None, RecordKind::SelectionCommitted, &body);
    let mut ledger = Ledger::default();
    for number in 0..DRAWS {
        let passage = PassageId(Uuid::from_u128(number));
        let keys =
            vec![DrawKey::Declaration(format!("D-{}", number % 450)), DrawKey::Tractor(format!("T-{number}").into())];
        let drawn = ledger.draw(&SEED, bound(), Ask { passage, at: opens, keys, hits: vec![hit()] });
        append(&journal, opens, Some(passage), RecordKind::SelectionDrawn, drawn.as_ref());
    }
    drop(journal);
    let running = lane_controller::actor::start(&config(directory.path())).await.expect("started");
    running.stop().await;
    directory
}

fn hit() -> Hit {
    Hit {
        profile: "lot".into(),
        rate_ppm: 200_000,
        quota: Some(20),
        run: 0,
        channel: Channel::Yellow,
        measures: vec![],
    }
}

fn bound() -> Commitment {
    lane_controller::risk::selection::commit(&SEED)
}

fn before(seconds: i64) -> Timestamp {
    Timestamp::new(chrono::Utc::now() - chrono::TimeDelta::seconds(seconds))
}

fn append(
    journal: &Journal,
    at: Timestamp,
    passage: Option<PassageId>,
    kind: RecordKind,
    body: &impl serde::Serialize,
) {
    append_all(journal, vec![record(at, passage, kind, body)]);
}

fn record(at: Timestamp, passage: Option<PassageId>, kind: RecordKind, body: &impl serde::Serialize) -> NewRecord {
    let body = serde_json::to_string(body).expect("prints");
    NewRecord { at, lane: LaneId::whole_site(), passage, kind, body }
}

/// One batch: one sync.
fn append_all(journal: &Journal, records: Vec<NewRecord>) {
    let (done, durable) = channel();
    let batch = Batch { ticket: Ticket(0), lane: LaneId::whole_site(), records };
    journal.append(batch, Box::new(move |result| drop(done.send(result))));
    durable.recv().expect("answered").expect("durable");
}

fn config(directory: &Path) -> Config {
    let text = format!(
        r#"
[site]
id = "test"
[mqtt]
url = "mqtt://127.0.0.1:9"
[data]
reserve_percent = 1
ballast_mib = 0
directory = "{0}"
[risk]
mode = "local"
profiles_directory = "{0}/risk"
[[lane]]
id = "in-01"
direction = "entry"
[[lane.loop]]
name = "exit"
[[lane.barrier]]
name = "exit"
driver = "mqtt"
"#,
        directory.display()
    );
    config::parse(&text, []).expect("valid")
}

fn verify(directory: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lane-controller"))
        .args(["journal", "selection", "verify", "--data"])
        .arg(directory)
        .output()
        .expect("it runs")
}

fn database(directory: &Path) -> Connection {
    Connection::open(directory.join("journal.db")).expect("opened")
}

/// A draw in the middle that selected nobody.
fn body(directory: &Path) -> Value {
    let reader = Reader::open(directory).expect("opened");
    let records = reader.records_of_kind_after(RecordKind::SelectionDrawn, 200).expect("read");
    let bodies = records.iter().map(|record| serde_json::from_str::<Value>(&record.body).expect("JSON"));
    bodies.into_iter().find(|body| body["picked"].is_null()).expect("one that was not selected")
}

fn change(directory: &Path, number: u64, body: &Value) {
    let sql = "UPDATE record SET body = ?1 WHERE kind = 'selection_drawn' AND json_extract(body, '$.number') = ?2";
    let number = i64::try_from(number).expect("it fits");
    let changed = database(directory).execute(sql, rusqlite::params![body.to_string(), number]).expect("changed");
    assert_eq!(changed, 1);
}

/// What someone does who can write the whole disk.
fn chain_anew(directory: &Path) {
    let connection = database(directory);
    let mut previous = GENESIS;
    let mut last = 0;
    let sql = "SELECT sequence, at, lane, passage, kind, body FROM record ORDER BY sequence";
    let mut statement = connection.prepare(sql).expect("prepared");
    let rows: Vec<(i64, i64, String, Option<String>, String, String)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?)))
        .expect("read")
        .collect::<Result<_, _>>()
        .expect("read");
    connection.execute_batch("BEGIN").expect("begun");
    for (sequence, at, lane, passage, kind, body) in rows {
        let place = u64::try_from(sequence).expect("a sequence");
        let at = Timestamp::from_unix_micros(at);
        let hash = hash_record(place, at, &lane, passage.as_deref(), &kind, &body, &previous);
        let sql = "UPDATE record SET previous = ?1, hash = ?2 WHERE sequence = ?3";
        connection.execute(sql, rusqlite::params![previous, hash, sequence]).expect("chained");
        (previous, last) = (hash, sequence);
    }
    connection.execute("UPDATE head SET sequence = ?1, hash = ?2", rusqlite::params![last, previous]).expect("headed");
    // Whoever writes the chain anew leaves no signed head behind: those that others keep would tell (docs/audit.md).
    connection.execute_batch("DELETE FROM head_signed; DELETE FROM head_edge; COMMIT").expect("committed");
}
