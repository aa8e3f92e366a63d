//! The journal's promises: gapless, chained, durable before acknowledged, and honest about every change.

use std::path::Path;
use std::sync::mpsc::channel;

use rusqlite::Connection;
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::model::{LaneId, NewRecord, PassageId, RecordKind, Service, Ticket, Timestamp};

mod damage;

const PASSAGE: PassageId = PassageId(Uuid::from_u128(5));

#[test]
fn sequences_are_gapless_under_many_writers_and_each_caller_keeps_its_order() {
    let dir = TempDir::new().expect("a directory");
    let journal = Journal::open(dir.path(), Limits::default()).expect("opened");
    std::thread::scope(|scope| {
        for lane in 0..8 {
            let journal = &journal;
            scope.spawn(move || {
                let mut last = 0;
                for ticket in 1..=50 {
                    let committed = append(journal, lane, ticket, 2);
                    assert_eq!(committed.receipt.ticket(), Ticket(ticket));
                    assert_eq!(committed.receipt.last(), committed.receipt.first() + 1);
                    assert!(committed.receipt.first() > last);
                    last = committed.receipt.last();
                }
            });
        }
    });
    drop(journal);
    let report = verify(dir.path()).expect("read");
    assert_eq!((report.records, report.damage), (800, None));
}

#[test]
fn what_was_acknowledged_is_there_after_a_crash() {
    let dir = TempDir::new().expect("a directory");
    let journal = Journal::open(dir.path(), Limits::default()).expect("opened");
    append(&journal, 1, 1, 3);
    // A copy of the files as they are is what a crash leaves behind.
    let copy = TempDir::new().expect("a directory");
    for entry in std::fs::read_dir(dir.path()).expect("listed") {
        let entry = entry.expect("an entry");
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).expect("copied");
    }
    let again = Journal::open(copy.path(), Limits::default()).expect("opened");
    assert_eq!(append(&again, 1, 2, 1).receipt.first(), 4);
    again.shutdown();
    assert_eq!(verify(copy.path()).expect("read").damage, None);
}

#[test]
fn a12_a_second_writer_is_kept_out_and_each_opening_is_an_epoch() {
    let dir = TempDir::new().expect("a directory");
    let journal = Journal::open(dir.path(), Limits::default()).expect("opened");
    assert!(matches!(Journal::open(dir.path(), Limits::default()), Err(JournalError::InUse { .. })));
    let first = journal.epoch();
    drop(journal);
    let second = Journal::open(dir.path(), Limits::default()).expect("opened").epoch();
    assert!(second > first);
}

#[test]
fn h40_a_newer_format_is_refused_by_name() {
    let dir = TempDir::new().expect("a directory");
    drop(Journal::open(dir.path(), Limits::default()).expect("opened"));
    sql(dir.path(), "PRAGMA user_version = 99");
    assert!(matches!(Journal::open(dir.path(), Limits::default()), Err(JournalError::TooNew { found: 99, .. })));
}

#[test]
fn h33_a_failed_write_poisons_the_journal_for_good() {
    let dir = TempDir::new().expect("a directory");
    let journal = Journal::open(dir.path(), Limits::default()).expect("opened");
    append(&journal, 1, 1, 1);
    sql(dir.path(), "DROP TABLE open_passage");
    assert!(matches!(try_append(&journal, 1, 2, 1), Err(Failure::Poisoned(_))));
    assert!(journal.is_poisoned());
    sql(dir.path(), "CREATE TABLE open_passage (passage TEXT PRIMARY KEY, lane TEXT, opened INTEGER)");
    assert!(matches!(try_append(&journal, 1, 3, 1), Err(Failure::Poisoned(_))), "nothing is tried again");
    drop(journal);
    assert_eq!(verify(dir.path()).expect("read").records, 1);
}

#[test]
fn an_empty_batch_has_no_receipt() {
    let dir = TempDir::new().expect("a directory");
    let journal = Journal::open(dir.path(), Limits::default()).expect("opened");
    assert_eq!(try_append(&journal, 1, 1, 0).err(), Some(Failure::Empty));
}

#[test]
fn h44_every_change_is_found_and_named() {
    let good = sample(200);
    assert_eq!(verify(good.path()).expect("read").damage, None);
    let tampering = [
        ("UPDATE record SET body = '{\"i\":77,\"x\":1}' WHERE sequence = 77", Damage::Changed { sequence: 77 }),
        ("UPDATE record SET at = at + 1 WHERE sequence = 3", Damage::Changed { sequence: 3 }),
        ("UPDATE record SET lane = 'in-02' WHERE sequence = 4", Damage::Changed { sequence: 4 }),
        ("UPDATE record SET passage = NULL WHERE sequence = 5", Damage::Changed { sequence: 5 }),
        ("UPDATE record SET kind = 'released' WHERE sequence = 6", Damage::Changed { sequence: 6 }),
        ("UPDATE record SET hash = zeroblob(32) WHERE sequence = 7", Damage::Changed { sequence: 7 }),
        ("UPDATE record SET hash = x'00' WHERE sequence = 7", Damage::Changed { sequence: 7 }),
        ("UPDATE record SET previous = zeroblob(32) WHERE sequence = 8", Damage::Chain { sequence: 8 }),
        ("DELETE FROM record WHERE sequence = 100", Damage::Missing { sequence: 100 }),
        ("DELETE FROM record WHERE sequence = 1", Damage::Missing { sequence: 1 }),
        ("DELETE FROM record WHERE sequence > 190", Damage::Head { last: 190, head: 200 }),
        ("UPDATE head SET sequence = 199", Damage::Head { last: 200, head: 199 }),
        ("DELETE FROM head", Damage::Head { last: 200, head: 0 }),
        ("UPDATE record SET sequence = 1000 WHERE sequence = 50", Damage::Missing { sequence: 50 }),
        (
            "UPDATE record SET sequence = -1 WHERE sequence = 20; UPDATE record SET sequence = 20 WHERE sequence = 21; UPDATE record SET sequence = 21 WHERE sequence = -1",
            Damage::Chain { sequence: 20 },
        ),
        (
            "INSERT INTO record SELECT 201, at, lane, passage, kind, body, previous, hash FROM record WHERE sequence = 200",
            Damage::Chain { sequence: 201 },
        ),
    ];
    for (change, damage) in tampering {
        let dir = sample(200);
        sql(dir.path(), change);
        assert_eq!(verify(dir.path()).expect("read").damage, Some(damage), "{change}");
    }
}

#[test]
fn every_flipped_byte_of_a_body_is_found() {
    let length = r#"{"i":7}"#.len();
    for byte in 0..length {
        let dir = sample(10);
        let connection = Connection::open(dir.path().join(FILE_NAME)).expect("opened");
        let body: String =
            connection.query_row("SELECT body FROM record WHERE sequence = 8", [], |row| row.get(0)).expect("read");
        let mut bytes = body.into_bytes();
        bytes[byte] ^= 1;
        let changed = String::from_utf8(bytes).expect("ASCII");
        connection.execute("UPDATE record SET body = ?1 WHERE sequence = 8", [changed]).expect("changed");
        drop(connection);
        assert_eq!(verify(dir.path()).expect("read").damage, Some(Damage::Changed { sequence: 8 }), "byte {byte}");
    }
}

#[test]
fn a_passage_is_open_until_it_is_completed() {
    let dir = TempDir::new().expect("a directory");
    let journal = Journal::open(dir.path(), Limits::default()).expect("opened");
    let other = PassageId(Uuid::from_u128(6));
    write(&journal, vec![record(RecordKind::PassageOpened, PASSAGE), record(RecordKind::Evidence, PASSAGE)]);
    write(&journal, vec![record(RecordKind::PassageOpened, other), record(RecordKind::PassageCompleted, other)]);
    let open = Reader::open(dir.path()).expect("opened").open_passages().expect("read");
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].passage, PASSAGE);
    assert_eq!(open[0].records.iter().map(|record| record.sequence).collect::<Vec<_>>(), [1, 2]);
    write(&journal, vec![record(RecordKind::PassageCompleted, PASSAGE)]);
    assert!(Reader::open(dir.path()).expect("opened").open_passages().expect("read").is_empty());
}

#[test]
fn a_lane_s_last_service_is_remembered() {
    let dir = TempDir::new().expect("a directory");
    let journal = Journal::open(dir.path(), Limits::default()).expect("opened");
    for service in ["open", "closed"] {
        let body = format!(r#"{{"service":"{service}"}}"#);
        write(&journal, vec![NewRecord { body, ..record(RecordKind::ServiceChanged, PASSAGE) }]);
    }
    let reader = Reader::open(dir.path()).expect("opened");
    assert_eq!(reader.last_service(&lane(1)).expect("read"), Some(Service::Closed));
    assert_eq!(reader.last_service(&lane(2)).expect("read"), None);
}

fn lane(number: u32) -> LaneId {
    LaneId::new(&format!("in-{number:02}")).expect("a name")
}

fn record(kind: RecordKind, passage: PassageId) -> NewRecord {
    let at = Timestamp::from_unix_micros(1_795_000_000_000_000);
    NewRecord { at, lane: lane(1), passage: Some(passage), kind, body: "{}".into() }
}

fn write(journal: &Journal, records: Vec<NewRecord>) -> Committed {
    hand_in(journal, Batch { ticket: Ticket(1), lane: lane(1), records }).expect("durable")
}

#[allow(clippy::unwrap_in_result, reason = "the test's own channel")]
fn hand_in(journal: &Journal, batch: Batch) -> Result<Committed, Failure> {
    let (tell, told) = channel();
    journal.append(batch, Box::new(move |result| tell.send(result).expect("awaited")));
    told.recv().expect("answered")
}

fn try_append(journal: &Journal, number: u32, ticket: u64, count: usize) -> Result<Committed, Failure> {
    let kind = RecordKind::PassageOpened;
    let records = (0..count).map(|_| NewRecord { lane: lane(number), ..record(kind, PASSAGE) }).collect();
    hand_in(journal, Batch { ticket: Ticket(ticket), lane: lane(number), records })
}

#[track_caller]
fn append(journal: &Journal, number: u32, ticket: u64, count: usize) -> Committed {
    try_append(journal, number, ticket, count).expect("durable")
}

fn sample(records: u64) -> TempDir {
    let dir = TempDir::new().expect("a directory");
    let journal = Journal::open(dir.path(), Limits::default()).expect("opened");
    let body = |i| format!(r#"{{"i":{i}}}"#);
    write(
        &journal,
        (0..records).map(|i| NewRecord { body: body(i), ..record(RecordKind::Evidence, PASSAGE) }).collect(),
    );
    drop(journal);
    dir
}

fn sql(dir: &Path, statements: &str) {
    let connection = Connection::open(dir.join(FILE_NAME)).expect("opened");
    connection.execute_batch(statements).expect("carried out");
}
