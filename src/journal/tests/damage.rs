//! A damaged journal: found at the start, never written to, and what is well of it saved (hazards 34 and 35).

use std::os::unix::fs::FileExt;

use super::*;

#[test]
fn h35_what_a_start_goes_on_from_is_looked_at_and_the_journal_is_not_opened() {
    let changes = [
        ("UPDATE record SET body = '{}' WHERE sequence = 1990", "record 1990 is not as it was written"),
        ("UPDATE record SET hash = zeroblob(32) WHERE sequence = 2000", "record 2000 is not as it was written"),
        ("DELETE FROM record WHERE sequence = 1500", "record 1500 is missing"),
        ("DELETE FROM record WHERE sequence > 1990", "it ends at record 1990, its head says 2000"),
        ("UPDATE head SET hash = zeroblob(32)", "its head is not the hash of record 2000"),
        ("UPDATE record SET body = '{}' WHERE sequence = 1", "record 1 is not as it was written"),
        ("UPDATE record SET body = '{}' WHERE sequence = 400", "record 400 is not as it was written"),
        ("UPDATE open_passage SET passage = 'x'", "a passage that stands open has no records"),
    ];
    for (change, expected) in changes {
        let dir = sample(2_000);
        sql(dir.path(), change);
        let before = std::fs::read(dir.path().join(FILE_NAME)).expect("read");
        let error = Journal::open(dir.path(), Limits::default()).expect_err("it is damaged");
        assert!(error.is_damage(), "{change}: {error}");
        assert!(error.to_string().contains(expected), "{change}: {error}");
        assert_eq!(std::fs::read(dir.path().join(FILE_NAME)).expect("read"), before, "{change}: nothing is written");
    }
    let dir = sample(2_000);
    drop(Journal::open(dir.path(), Limits::default()).expect("a good one is opened"));
}

#[test]
fn h35_a_withheld_journal_refuses_every_record_and_keeps_others_out() {
    let dir = sample(10);
    let journal = Journal::withhold(dir.path(), &Limits::default(), "it is damaged").expect("locked");
    assert_eq!(take(&journal, records(1)).err(), Some(Failure::Damaged("it is damaged".into())));
    assert!(matches!(Journal::open(dir.path(), Limits::default()), Err(JournalError::InUse { .. })));
    assert!(!journal.is_poisoned(), "starting again would not help");
}

#[test]
fn h35_salvage_copies_the_good_beginning_and_every_intact_record_behind_the_damage() {
    let dir = sample(100);
    sql(
        dir.path(),
        "UPDATE record SET body = '{\"i\":0}' WHERE sequence IN (40, 41); DELETE FROM record WHERE sequence = 70",
    );
    let mut copy = Vec::new();
    let report = salvage(dir.path(), &mut copy).expect("saved");
    let expected = Salvage { prefix: 39, intact: 97, changed: 2, lost: 1, stretches: vec![(40, 41), (70, 70)] };
    assert_eq!(report, expected);
    let lines: Vec<serde_json::Value> =
        String::from_utf8(copy).expect("UTF-8").lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 99);
    assert!(lines.iter().all(|line| line["intact"] == (line["sequence"] != 40 && line["sequence"] != 41)));
}

#[test]
fn h35_a_torn_page_in_the_middle_costs_its_records_alone() {
    let dir = sample(2_000);
    let path = dir.path().join(FILE_NAME);
    let pages = path.metadata().expect("there").len() / 4_096;
    let file = std::fs::File::options().write(true).open(&path).expect("opened");
    let mut hurt = 0;
    for page in (20..pages - 20).step_by(usize::try_from(pages / 4).expect("few")) {
        file.write_all_at(&[0xA5; 4_096], page * 4_096).expect("written");
        hurt += 1;
    }
    let report = salvage(dir.path(), &mut Vec::new()).expect("saved");
    assert!(report.intact > 1_000, "most is saved: {report:?}");
    assert!(report.prefix < 2_000 && !report.is_whole(), "{hurt} pages are gone: {report:?}");
    assert_eq!(report.intact + report.changed + report.lost, 2_000);
}

#[test]
fn h34_a_last_write_that_a_crash_cut_off_is_dropped_and_reported() {
    let dir = TempDir::new().expect("a directory");
    let journal = Journal::open(dir.path(), Limits::default()).expect("opened");
    take(&journal, records(3)).expect("durable");
    let copy = TempDir::new().expect("a directory");
    let log = dir.path().join("journal.db-wal");
    let before = log.metadata().expect("there").len();
    take(&journal, records(2)).expect("durable");
    for (name, cut) in [("journal.db", None), ("journal.db-wal", Some(before + 5_000))] {
        let mut bytes = std::fs::read(dir.path().join(name)).expect("read");
        if let Some(cut) = cut {
            bytes.truncate(usize::try_from(cut).expect("small"));
        }
        std::fs::write(copy.path().join(name), bytes).expect("written");
    }
    let again = Journal::open(copy.path(), Limits::default()).expect("opened");
    assert!(again.cut_off() > 0, "it is reported");
    drop(again);
    assert_eq!(verify(copy.path()).expect("read").records, 3);
    assert_eq!(Journal::open(copy.path(), Limits::default()).expect("opened").cut_off(), 0, "once");
    drop(journal);
    assert_eq!(Journal::open(dir.path(), Limits::default()).expect("opened").cut_off(), 0, "a clean end is none");
}

#[test]
fn h34_a_log_that_was_written_over_from_its_beginning_is_no_cut_off_write() {
    let dir = TempDir::new().expect("a directory");
    let journal = Journal::open(dir.path(), Limits::default()).expect("opened");
    for _ in 0..20 {
        take(&journal, records(20)).expect("durable");
    }
    sql(dir.path(), "PRAGMA wal_checkpoint(RESTART)");
    take(&journal, records(1)).expect("durable");
    let copy = TempDir::new().expect("a directory");
    for name in ["journal.db", "journal.db-wal"] {
        std::fs::copy(dir.path().join(name), copy.path().join(name)).expect("copied");
    }
    let again = Journal::open(copy.path(), Limits::default()).expect("opened");
    assert_eq!(again.cut_off(), 0);
}

fn records(count: u64) -> Vec<NewRecord> {
    let at = Timestamp::from_unix_micros(1_795_000_000_000_000);
    let record = |i| {
        let kind = if i == 0 { RecordKind::PassageOpened } else { RecordKind::Evidence };
        NewRecord { at, lane: lane(1), passage: Some(PASSAGE), kind, body: format!(r#"{{"i":{i}}}"#) }
    };
    (0..count).map(record).collect()
}

fn take(journal: &Journal, records: Vec<NewRecord>) -> Result<Committed, Failure> {
    hand_in(journal, Batch { ticket: Ticket(1), lane: lane(1), records })
}

fn sample(count: u64) -> TempDir {
    let dir = TempDir::new().expect("a directory");
    let journal = Journal::open(dir.path(), Limits::default()).expect("opened");
    take(&journal, records(count)).expect("durable");
    drop(journal);
    dir
}
