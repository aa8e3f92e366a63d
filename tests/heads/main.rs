//! Signed heads from outside: what an auditor does with `lane-controller journal` and a witness's heads.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use ed25519_dalek::SigningKey;
use journal_verify::{Proof, PublicKeys, SignedHead, check_proof};
use lane_controller::journal::{Batch, Damage, FILE_NAME, HeadRules, Journal, JournalError, Limits, head_key, verify};
use lane_controller::model::{LaneId, NewRecord, RecordKind, SiteId, Ticket, Timestamp};
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

/// Longest wait for a head whose time has come.
const PATIENCE: Duration = Duration::from_secs(20);
const NEVER: Duration = Duration::from_secs(3_600);

#[test]
fn a_head_is_signed_when_so_many_records_are_open_and_covers_all_that_are_durable() {
    let dir = TempDir::new().expect("a directory");
    let journal = open(dir.path(), NEVER, 10);
    write(&journal, 9);
    assert_eq!(journal.signed_head(), None);
    write(&journal, 4);
    assert_eq!(journal.signed_head().map(|head| head.size()), Some(13));
    write(&journal, 9);
    assert_eq!(journal.signed_head().map(|head| head.size()), Some(13));
    assert_eq!(journal.records(), 22);
    drop(journal);
    assert_eq!(sizes(dir.path()), [13, 22], "what was open is under a head when the journal is closed");
    assert_eq!(verify(dir.path()).map(|report| (report.vouched, report.damage)).expect("read"), (22, None));
}

#[test]
fn a_head_is_signed_when_time_has_passed_and_a_journal_at_rest_signs_no_more() {
    let dir = TempDir::new().expect("a directory");
    let journal = open(dir.path(), Duration::from_millis(1), 1_000_000);
    write(&journal, 1);
    let began = Instant::now();
    while journal.signed_head().is_none() {
        assert!(began.elapsed() < PATIENCE, "no head was signed");
        std::thread::yield_now();
    }
    for _ in 0..3 {
        journal.flush();
    }
    drop(journal);
    drop(open(dir.path(), Duration::from_millis(1), 1));
    assert_eq!(sizes(dir.path()), [1], "a head calls for no other head");
}

#[test]
fn the_tree_goes_on_over_crashes_restarts_and_starts_that_signed_nothing() {
    let dir = TempDir::new().expect("a directory");
    let journal = open(dir.path(), NEVER, 5);
    write(&journal, 7);
    write(&journal, 3);
    // The files as they are: what a crash leaves behind. Three records are under no head.
    let copy = copied(dir.path());
    drop(journal);
    let plain = Journal::open(copy.path(), Limits::default()).expect("opened");
    write(&plain, 20);
    assert_eq!(plain.signed_head().map(|head| head.size()), Some(7), "the newest that there is");
    drop(plain);
    let again = open(copy.path(), NEVER, 1_000);
    write(&again, 1);
    drop(again);
    assert_eq!(sizes(copy.path()), [7, 31]);
    let report = verify(copy.path()).expect("read");
    assert_eq!((report.records, report.vouched, report.damage), (31, 31, None));
}

#[test]
fn records_of_a_crash_are_under_a_head_soon_after_the_start() {
    let dir = TempDir::new().expect("a directory");
    drop(Journal::open(dir.path(), Limits::default()).map(|journal| write(&journal, 3)));
    let journal = open(dir.path(), Duration::from_millis(1), 1_000);
    let began = Instant::now();
    while journal.signed_head().is_none() {
        assert!(began.elapsed() < PATIENCE, "no head was signed");
        std::thread::yield_now();
    }
    assert_eq!(journal.signed_head().map(|head| head.size()), Some(3));
}

#[test]
fn a_journal_that_is_shorter_than_its_newest_head_is_not_written_on() {
    let dir = TempDir::new().expect("a directory");
    let journal = open(dir.path(), NEVER, 5);
    write(&journal, 10);
    drop(journal);
    cut(dir.path(), 8);
    let opened = Journal::open(dir.path(), Limits::default());
    assert!(matches!(opened, Err(JournalError::Cut { last: 8, head: 10, .. })), "{opened:?}");
}

#[test]
fn a_head_that_can_not_be_written_poisons_the_journal_and_nothing_is_acknowledged() {
    let dir = TempDir::new().expect("a directory");
    let journal = open(dir.path(), NEVER, 5);
    write(&journal, 4);
    sql(dir.path(), "DROP TABLE head_signed");
    let (tell, told) = channel();
    journal.append(batch(1), Box::new(move |result| tell.send(result.is_ok()).expect("awaited")));
    assert_eq!(told.recv(), Ok(false));
    assert!(journal.is_poisoned());
    journal.flush();
    assert_eq!(journal.records(), 4);
}

#[test]
fn verify_finds_truncation_by_the_witness_s_head_even_when_everything_else_was_made_to_fit() {
    let site = Site::new();
    assert_eq!(site.verify(&["--head", &site.witnessed, "--key", &site.keys]).0, Some(0));
    cut(site.dir.path(), 25);
    sql(site.dir.path(), "DELETE FROM head_signed WHERE size > 25; DELETE FROM head_edge");
    assert_eq!(site.verify(&[]).0, Some(0), "without the witness nothing shows");
    let (code, report, said) = site.verify(&["--head", &site.witnessed, "--key", &site.keys]);
    assert_eq!((code, &report["damage"]["damage"]), (Some(2), &Value::from("shorter")), "{said}");
    assert!(said.contains("ends at record 25, a signed head covers 40"), "{said}");
    assert_eq!(site.verify(&["--head", &site.witnessed]).0, Some(2), "with the journal's own keys too");
}

#[test]
fn verify_names_the_first_bad_record_and_the_heads_between_which_a_rewritten_one_is() {
    let site = Site::new();
    sql(site.dir.path(), "UPDATE record SET body = '{\"n\":0}' WHERE sequence = 17");
    let (code, report, said) = site.verify(&[]);
    assert_eq!((code, &report["damage"]["sequence"]), (Some(1), &Value::from(17)), "{said}");
    assert!(said.starts_with("broken at 17: "), "{said}");
    chain_anew(site.dir.path());
    sql(site.dir.path(), "DELETE FROM head_signed; DELETE FROM head_edge");
    assert_eq!(site.verify(&["--key", &site.keys]).0, Some(0), "the insider took the journal's heads away too");
    let (code, report, said) = site.verify(&["--head", &site.witnessed, "--key", &site.keys]);
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(report["damage"], serde_json::json!({ "damage": "rewritten", "from": 11, "to": 20 }));
}

#[test]
fn a_head_that_counts_as_none_says_nothing_of_the_journal() {
    let site = Site::new();
    let (good, forged) = (std::fs::read_to_string(&site.witnessed).expect("read"), site.path("forged"));
    let foreign = site.path("foreign");
    let other = TempDir::new().expect("a directory");
    write(&open_with(other.path(), SigningKey::from_bytes(&[9; 32]), NEVER, 1), 1);
    std::fs::write(&foreign, stdout(&tool(other.path(), &["key"]))).expect("written");
    for text in [String::new(), "{}".into(), good.replace("\"size\":40", "\"size\":39")] {
        std::fs::write(&forged, text).expect("written");
        assert_eq!(site.verify(&["--head", &forged, "--key", &site.keys]).0, Some(3));
    }
    for (head, key) in [(&site.witnessed, &foreign), (&site.witnessed, &forged), (&site.path("none"), &site.keys)] {
        assert_eq!(site.verify(&["--head", head, "--key", key]).0, Some(3), "{head} {key}");
    }
    // Heads in the journal whose keys the auditor does not know are counted, not believed.
    let (code, report, _) = site.verify(&["--key", &foreign]);
    assert_eq!((code, &report["vouched"], &report["heads_of_unknown_keys"]), (Some(0), &0.into(), &4.into()));
}

#[test]
fn an_auditor_checks_a_record_and_two_heads_with_nothing_but_the_public_key() {
    let site = Site::new();
    let keys = PublicKeys::parse(&std::fs::read_to_string(&site.keys).expect("read")).expect("keys");
    for sequence in ["1", "17", "40"] {
        let output = tool(site.dir.path(), &["prove", sequence]);
        assert_eq!(output.status.code(), Some(0));
        let proof: Proof = serde_json::from_slice(&output.stdout).expect("a proof");
        assert!(check_proof(&proof, &keys).expect("it holds").starts_with(&format!("record {sequence} is under")));
        let Proof::Inclusion { mut record, path, head } = proof else { panic!("another proof") };
        record.body.push(' ');
        assert!(check_proof(&Proof::Inclusion { record, path, head }, &keys).is_err());
    }
    let heads: Vec<_> = heads(site.dir.path()).iter().map(SignedHead::to_json).collect();
    let (from, to) = (site.path("from"), site.path("to"));
    std::fs::write(&from, &heads[0]).expect("written");
    std::fs::write(&to, &heads[3]).expect("written");
    let output = tool(site.dir.path(), &["prove", "--from", &from, "--to", &to]);
    let proof: Proof = serde_json::from_slice(&output.stdout).expect("a proof");
    assert!(check_proof(&proof, &keys).expect("it holds").contains("continues the head of 10"));
    for (arguments, code) in [
        (vec!["prove", "41"], 1),
        (vec!["prove", "0"], 1),
        (vec!["prove", "17", "--head", &from], 1),
        (vec!["prove", "--from", &to, "--to", &from], 1),
        (vec!["prove"], 2),
        (vec!["prove", "3", "--from", &from, "--to", &to], 2),
        (vec!["prove", "3", "--head", &site.keys], 3),
    ] {
        assert_eq!(tool(site.dir.path(), &arguments).status.code(), Some(code), "{arguments:?}");
    }
    // A journal that is not what was signed proves nothing.
    sql(site.dir.path(), "UPDATE record SET body = '{}' WHERE sequence = 17");
    assert_eq!(tool(site.dir.path(), &["prove", "17"]).status.code(), Some(1));
}

#[test]
fn a_key_that_was_replaced_stays_known_and_its_heads_stay_good() {
    let dir = TempDir::new().expect("a directory");
    let first = head_key(dir.path(), None).expect("made");
    let journal = open_with(dir.path(), first.clone(), NEVER, 5);
    write(&journal, 5);
    assert_eq!(tool(dir.path(), &["key", "--renew"]).status.code(), Some(3), "the controller runs");
    drop(journal);
    let renewed = tool(dir.path(), &["key", "--renew"]);
    assert_eq!((renewed.status.code(), stdout(&renewed).lines().count()), (Some(0), 2));
    let second = head_key(dir.path(), None).expect("read");
    assert_ne!(first, second);
    write(&open_with(dir.path(), second, NEVER, 5), 5);
    let named: Vec<_> = heads(dir.path()).iter().map(|head| head.key_id().to_owned()).collect();
    assert_ne!(named[0], named[1]);
    let keys = dir.path().join("keys").display().to_string();
    std::fs::write(&keys, stdout(&tool(dir.path(), &["key"]))).expect("written");
    let output = tool(dir.path(), &["verify", "--key", &keys]);
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    assert_eq!((output.status.code(), &report["vouched"], &report["keys"]), (Some(0), &10.into(), &"given".into()));
}

/// A journal of 40 records with a head every 10, the witness's newest head and the site's public keys.
struct Site {
    dir: TempDir,
    witnessed: String,
    keys: String,
}

impl Site {
    fn new() -> Self {
        let dir = TempDir::new().expect("a directory");
        let journal = open(dir.path(), NEVER, 10);
        for _ in 0..4 {
            write(&journal, 10);
        }
        drop(journal);
        let (witnessed, keys) = ("witnessed.jsonl", "keys.jsonl");
        let site = Self { witnessed: path(&dir, witnessed), keys: path(&dir, keys), dir };
        std::fs::write(&site.witnessed, stdout(&tool(site.dir.path(), &["head", "--all"]))).expect("written");
        std::fs::write(&site.keys, stdout(&tool(site.dir.path(), &["key"]))).expect("written");
        site
    }

    fn path(&self, name: &str) -> String {
        path(&self.dir, name)
    }

    fn verify(&self, more: &[&str]) -> (Option<i32>, Value, String) {
        let output = tool(self.dir.path(), &[&["verify"], more].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or_default(), said)
    }
}

fn path(dir: &TempDir, name: &str) -> String {
    dir.path().join(name).display().to_string()
}

fn tool(data: &Path, arguments: &[&str]) -> Output {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_lane-controller"));
    let output = Command::new(program).arg("journal").args(arguments).arg("--data").arg(data).output();
    output.expect("lane-controller runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn open(directory: &Path, every: Duration, records: u64) -> Journal {
    open_with(directory, SigningKey::from_bytes(&[7; 32]), every, records)
}

fn open_with(directory: &Path, key: SigningKey, every: Duration, records: u64) -> Journal {
    let heads = HeadRules { site: SiteId::new("korday").expect("a name"), key, every, records };
    Journal::open(directory, Limits { heads: Some(heads), ..Limits::default() }).expect("opened")
}

fn batch(count: usize) -> Batch {
    let lane = LaneId::new("in-01").expect("a name");
    let record = |number: usize| NewRecord {
        at: Timestamp::from_unix_micros(1_795_000_000_000_000),
        lane: lane.clone(),
        passage: None,
        kind: RecordKind::Held,
        body: format!(r#"{{"number":{number}}}"#),
    };
    Batch { ticket: Ticket(1), lane: lane.clone(), records: (0..count).map(record).collect() }
}

fn write(journal: &Journal, count: usize) {
    let (tell, told) = channel();
    journal.append(batch(count), Box::new(move |result| tell.send(result).expect("awaited")));
    told.recv().expect("answered").expect("durable");
}

fn heads(directory: &Path) -> Vec<SignedHead> {
    let printed = stdout(&tool(directory, &["head", "--all"]));
    printed.lines().map(|line| SignedHead::from_json(line).expect("a head")).collect()
}

fn sizes(directory: &Path) -> Vec<u64> {
    heads(directory).iter().map(SignedHead::size).collect()
}

fn copied(directory: &Path) -> TempDir {
    let copy = TempDir::new().expect("a directory");
    for entry in std::fs::read_dir(directory).expect("listed") {
        let entry = entry.expect("an entry");
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).expect("copied");
    }
    copy
}

fn sql(directory: &Path, statements: &str) {
    let connection = Connection::open(directory.join(FILE_NAME)).expect("opened");
    connection.execute_batch(statements).expect("carried out");
}

/// Cuts the records after one off, and makes the unsigned head fit.
fn cut(directory: &Path, last: u64) {
    sql(
        directory,
        &format!(
            "DELETE FROM record WHERE sequence > {last}; \
             UPDATE head SET (sequence, hash) = (SELECT sequence, hash FROM record WHERE sequence = {last})"
        ),
    );
}

/// What an insider does who can write the whole disk.
fn chain_anew(directory: &Path) {
    let connection = Connection::open(directory.join(FILE_NAME)).expect("opened");
    let mut previous = lane_controller::journal::GENESIS;
    let mut statement =
        connection.prepare("SELECT sequence, at, lane, kind, body FROM record ORDER BY sequence").expect("SQL");
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)));
    let rows: Vec<(i64, i64, String, String, String)> = rows.expect("read").collect::<Result<_, _>>().expect("read");
    for (sequence, at, lane, kind, body) in rows {
        let at = Timestamp::from_unix_micros(at);
        let place = u64::try_from(sequence).expect("a sequence");
        let hash = lane_controller::journal::hash_record(place, at, &lane, None, &kind, &body, &previous);
        let sql = "UPDATE record SET previous = ?1, hash = ?2 WHERE sequence = ?3";
        connection.execute(sql, rusqlite::params![previous, hash, sequence]).expect("chained");
        previous = hash;
    }
    connection.execute("UPDATE head SET hash = ?1", [previous]).expect("headed");
    assert_eq!(
        verify(directory).map(|report| report.damage).expect("read").map(|damage| damage.first_bad()),
        Some(Some(11))
    );
    assert!(matches!(verify(directory).expect("read").damage, Some(Damage::Rewritten { from: 11, to: 20 })));
}

/// A measurement, not a rule: how long a journal that `cargo bench -p journal-verify` kept takes to open for writing.
#[test]
#[ignore = "it needs a journal in BENCH_DIRECTORY"]
fn a_large_journal_opens() {
    let directory = PathBuf::from(std::env::var_os("BENCH_DIRECTORY").expect("BENCH_DIRECTORY"));
    // The first start may make indexes that the bench did not.
    drop(open(&directory, NEVER, 1_000));
    let began = Instant::now();
    let journal = open(&directory, NEVER, 1_000);
    println!("{} records opened in {:?}", journal.records(), began.elapsed());
}
