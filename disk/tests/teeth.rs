//! The simulated disk has teeth: a database that doesn't sync, or syncs less, loses what it acknowledged there.

use std::path::Path;

use lane_disk::{Disk, Fate, Image};
use rusqlite::Connection;
use tempfile::TempDir;

/// Rows written one a transaction; position at each commit's return.
fn write_rows(path: &Path, disk: &Disk, mode: &str, synchronous: &str) -> Vec<usize> {
    let connection = Connection::open(path).expect("opened");
    connection.pragma_update(None, "journal_mode", mode).expect("set");
    connection.pragma_update(None, "synchronous", synchronous).expect("set");
    connection.execute_batch("CREATE TABLE kept (n INTEGER PRIMARY KEY)").expect("made");
    let row = |n: i64| {
        connection.execute("INSERT INTO kept VALUES (?1)", [n]).expect("written");
        disk.position()
    };
    (1..=12).map(row).collect()
}

/// Boundaries at which an acknowledged row is lost when the power goes.
fn losses(mode: &str, synchronous: &str) -> usize {
    lane_disk::install();
    let directory = TempDir::new().expect("a directory");
    let path = directory.path().join("kept.db");
    let disk = Disk::mount(directory.path(), Image::new());
    let commits = write_rows(&path, &disk, mode, synchronous);
    let crashes = disk.crashes();
    drop(disk);
    let mut losses = 0;
    crashes.walk(|position, cache| {
        let due = commits.iter().filter(|at| **at <= position).count();
        for fate in [Fate::Lost, Fate::Scattered(position as u64)] {
            let disk = Disk::mount(directory.path(), cache.image(fate));
            let connection = Connection::open(&path).expect("opened");
            let found = connection.query_row("SELECT count(*) FROM kept", [], |row| row.get::<_, i64>(0));
            losses += usize::from(usize::try_from(found.unwrap_or(0)).expect("a count") < due);
            drop(connection);
            drop(disk);
        }
    });
    losses
}

#[test]
fn a_database_that_does_not_sync_each_commit_is_found_out() {
    assert!(losses("WAL", "OFF") > 0, "without syncs acknowledged rows are lost");
    assert!(losses("WAL", "NORMAL") > 0, "with syncs at checkpoints alone too");
    assert!(losses("MEMORY", "FULL") > 0, "without a log a torn transaction shows");
    assert_eq!(losses("WAL", "FULL"), 0, "the journal's own way keeps all");
}
