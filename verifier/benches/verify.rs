//! How fast a large journal is verified.
//!
//! A journal of `BENCH_RECORDS` records (2,000,000) is made, with a signed head every 1,000, as the controller's writer
//! leaves it. Then, in one run: records a second of a bare scan of the same columns, and of the whole verification with
//! all heads. `BENCH_DIRECTORY` keeps the journal there for the next run. The medians of five rounds count.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ed25519_dalek::SigningKey;
use journal_verify::{Edge, FILE_NAME, Fields, GENESIS, Head, PublicKey, Request, hash_record, sign, verify};
use rusqlite::{Connection, params};

const TABLES: &str = "
PRAGMA journal_mode = WAL;
PRAGMA user_version = 1;
CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), sequence INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
CREATE TABLE record (
  sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL, lane TEXT NOT NULL, passage TEXT, kind TEXT NOT NULL,
  body TEXT NOT NULL, previous BLOB NOT NULL, hash BLOB NOT NULL) STRICT;
CREATE INDEX record_passage ON record (passage) WHERE passage IS NOT NULL;
CREATE TABLE head_signed (size INTEGER PRIMARY KEY, head TEXT NOT NULL) STRICT;
CREATE TABLE head_edge (one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER NOT NULL, nodes BLOB NOT NULL) STRICT;
CREATE TABLE head_key (id TEXT PRIMARY KEY, public BLOB NOT NULL, since TEXT NOT NULL) STRICT;
";
const ROUNDS: usize = 5;
const HEAD_EVERY: u64 = 1_000;
const INSERT: &str = "INSERT INTO record (sequence, at, lane, passage, kind, body, previous, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

fn main() {
    let records = std::env::var("BENCH_RECORDS").ok().and_then(|text| text.parse().ok()).unwrap_or(2_000_000_u64);
    let kept = std::env::var_os("BENCH_DIRECTORY").map(PathBuf::from);
    let made = tempfile::TempDir::new().expect("a directory");
    let directory = kept.unwrap_or_else(|| made.path().to_owned());
    std::fs::create_dir_all(&directory).expect("a directory");
    if !directory.join(FILE_NAME).exists() {
        make(&directory, records);
    }
    let size = std::fs::metadata(directory.join(FILE_NAME)).expect("there").len();
    let mut out = std::io::stdout().lock();
    writeln!(out, "{records} records, {} bytes each in the file", size / records).expect("printed");
    let scanned = median(|| assert_eq!(scan(&directory), records));
    let verified = median(|| {
        let report = verify(&directory, &Request::default()).expect("read");
        assert_eq!((report.records, report.vouched, report.damage), (records, records, None));
    });
    for (name, took) in [("bare scan", scanned), ("verify", verified)] {
        let rate = f64::from(u32::try_from(records).expect("small")) / took.as_secs_f64();
        writeln!(out, "{name:<16}{rate:>10.0} records a second").expect("printed");
    }
    let ratio = verified.as_secs_f64() / scanned.as_secs_f64();
    writeln!(out, "verify / scan   {ratio:>10.2}").expect("printed");
}

fn median(mut round: impl FnMut()) -> Duration {
    let mut times: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            round();
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[ROUNDS / 2]
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn scan(directory: &Path) -> u64 {
    let connection = Connection::open(directory.join(FILE_NAME)).expect("opened");
    let mut statement = connection
        .prepare("SELECT sequence, at, lane, passage, kind, body, previous, hash FROM record ORDER BY sequence")
        .expect("SQL");
    let mut rows = statement.query([]).expect("read");
    let (mut records, mut bytes) = (0, 0);
    while let Some(row) = rows.next().expect("read") {
        for column in 2..8 {
            bytes += row.get_ref(column).expect("a column").as_bytes_or_null().expect("bytes").map_or(0, <[u8]>::len);
        }
        records += 1;
    }
    assert!(bytes > 0);
    records
}

/// Writes records as the controller does, but in large transactions and without syncs.
fn make(directory: &Path, records: u64) {
    let mut connection = Connection::open(directory.join(FILE_NAME)).expect("opened");
    connection.execute_batch(TABLES).expect("made");
    let public = PublicKey::of(&key().verifying_key(), String::new());
    let values = params![public.key_id, public.public, public.since];
    connection.execute("INSERT INTO head_key (id, public, since) VALUES (?1, ?2, ?3)", values).expect("known");
    connection.pragma_update(None, "synchronous", "OFF").expect("set");
    let (mut edge, mut previous, mut done) = (Edge::new(), GENESIS, 0);
    let kinds =
        ["evidence", "evidence", "matched", "risk_decided", "released", "barrier_commanded", "passage_completed"];
    while done < records {
        let transaction = connection.transaction().expect("begun");
        let mut insert = transaction.prepare(INSERT).expect("SQL");
        for sequence in done + 1..=(done + HEAD_EVERY * 100).min(records) {
            let number = i64::try_from(sequence).expect("small");
            let place = usize::try_from(sequence).expect("small");
            let (kind, passage) =
                (kinds[place % kinds.len()], format!("{:08x}-0000-4000-8000-{:012x}", sequence / 8, sequence / 8));
            let detail = "Маршрутный документ проверен; ".repeat(place % 8);
            let body =
                format!(r#"{{"plate":"{sequence:08}","gross_kg":{number},"confidence":0.97,"detail":"{detail}"}}"#);
            let at = 1_795_000_000_000_000 + number * 250_000;
            let fields = Fields {
                sequence,
                at,
                lane: b"in-01",
                passage: Some(passage.as_bytes()),
                kind: kind.as_bytes(),
                body: body.as_bytes(),
            };
            let hash = hash_record(&fields, &previous);
            insert.execute(params![number, at, "in-01", passage, kind, body, previous, hash]).expect("inserted");
            edge.push(&hash);
            previous = hash;
            if sequence.is_multiple_of(HEAD_EVERY) || sequence == records {
                keep_head(&transaction, &edge, previous);
            }
            done = sequence;
        }
        drop(insert);
        let head = "INSERT INTO head (one, sequence, hash) VALUES (1, ?1, ?2) ON CONFLICT (one) DO UPDATE SET sequence = ?1, hash = ?2";
        transaction.execute(head, params![i64::try_from(done).expect("small"), previous]).expect("headed");
        transaction.commit().expect("committed");
    }
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("copied back");
}

fn keep_head(connection: &Connection, edge: &Edge, last_hash: [u8; 32]) {
    let (site, at) = ("bench".to_owned(), "2026-11-24T05:12:03.412Z".to_owned());
    let head = sign(&Head { site, epoch: 1, size: edge.size(), root: edge.root(), last_hash, at }, &key());
    let size = i64::try_from(edge.size()).expect("small");
    connection
        .execute("INSERT INTO head_signed (size, head) VALUES (?1, ?2)", params![size, head.to_json()])
        .expect("kept");
    let edge_row = "INSERT INTO head_edge (one, size, nodes) VALUES (1, ?1, ?2) ON CONFLICT (one) DO UPDATE SET size = ?1, nodes = ?2";
    connection.execute(edge_row, params![size, edge.to_bytes()]).expect("kept");
}
