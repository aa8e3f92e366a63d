//! What is looked at when the journal is opened, before anything is written to it.
//!
//! A walk of the whole journal takes a second for some hundred thousand records, and a lane must be back in two: the
//! start looks at what a controller goes on from (the head, the last records, every passage that stands open, the
//! first record) and at a few records all over the rest. `journal verify` walks it all, beside the running controller.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Row};

use super::chain::{GENESIS, hash_record};
use super::rows::head;
use super::store::{self, JournalError, Place};
use crate::model::Timestamp;

/// Last records that are looked at, each against the one before it.
const TAIL: u64 = 1_024;
/// Places all over the journal at which a record is looked at with the one before it.
const SPREAD: u64 = 256;
/// Bytes before the first frame of SQLite's write-ahead log, and before each frame's page.
const LOG_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// Looks at a journal that is there, and names what is wrong. Returns how many pages of a transaction that was never
/// acknowledged lie cut off at the end of the log.
pub(super) fn inspect(place: &Place) -> Result<u64, JournalError> {
    if !is_begun(&place.path) {
        return Ok(0);
    }
    let written = frames_written(&log_path(&place.path));
    let connection = store::open_beside(place)?;
    let fail = |source| place.database(source);
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fail)?;
    let is_made: bool = connection
        .query_row("SELECT count(*) FROM sqlite_schema WHERE name IN ('record', 'head', 'open_passage')", [], |row| {
            row.get::<_, i64>(0).map(|tables| tables == 3)
        })
        .map_err(fail)?;
    // A newer format is refused by its version; a start that was cut short has made no tables yet.
    if found <= store::FORMAT_VERSION && is_made {
        look(&connection, place)?;
    }
    let (_, valid, _): (i64, i64, i64) = connection
        .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .map_err(fail)?;
    Ok(written.saturating_sub(u64::try_from(valid).unwrap_or(0)))
}

/// An empty file is a journal that a crash left before its first byte.
fn is_begun(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.len() > 0)
}

fn look(connection: &Connection, place: &Place) -> Result<(), JournalError> {
    let fail = |source| place.database(source);
    let damaged = |what: String| JournalError::Corrupt { path: place.path.clone(), what };
    let (last, hash) = head(connection).map_err(fail)?;
    let end: Option<i64> =
        connection.query_row("SELECT max(sequence) FROM record", [], |row| row.get(0)).map_err(fail)?;
    let end = u64::try_from(end.unwrap_or(0)).unwrap_or(0);
    if end != last {
        return Err(damaged(format!("it ends at record {end}, its head says {last}")));
    }
    if last == 0 {
        return Ok(());
    }
    let tail = last.saturating_sub(TAIL).max(1);
    let found = run(connection, tail, last).map_err(fail)?.map_err(damaged)?;
    if found != hash {
        return Err(damaged(format!("its head is not the hash of record {last}")));
    }
    let step = (tail / SPREAD).max(2);
    let mut at = 1;
    while at < tail {
        run(connection, at, at + 1).map_err(fail)?.map_err(damaged)?;
        at += step;
    }
    for passage in open_passages(connection).map_err(fail)? {
        alone(connection, &passage).map_err(fail)?.map_err(damaged)?;
    }
    Ok(())
}

/// Records from `first` to `last` in one chain; the hash of the last.
fn run(connection: &Connection, first: u64, last: u64) -> rusqlite::Result<Result<[u8; 32], String>> {
    let sql = "SELECT sequence, at, lane, passage, kind, body, previous, hash FROM record WHERE sequence BETWEEN ?1 AND ?2 ORDER BY sequence";
    let mut statement = connection.prepare_cached(sql)?;
    let signed = |sequence| i64::try_from(sequence).unwrap_or(i64::MAX);
    let mut rows = statement.query([signed(first), signed(last)])?;
    let mut previous = (first == 1).then_some(GENESIS);
    for expected in first..=last {
        let Some(row) = rows.next()? else { return Ok(Err(format!("record {expected} is missing"))) };
        match check(row, Some(expected), previous)? {
            Ok(hash) => previous = Some(hash),
            Err(what) => return Ok(Err(what)),
        }
    }
    Ok(Ok(previous.unwrap_or(GENESIS)))
}

/// A record against its own hash, its place, and the one before it where that is known.
fn check(row: &Row<'_>, expected: Option<u64>, before: Option<[u8; 32]>) -> rusqlite::Result<Result<[u8; 32], String>> {
    let found = u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0);
    if expected.is_some_and(|expected| expected != found) {
        return Ok(Err(format!("record {} is missing", expected.unwrap_or(0))));
    }
    let (Ok(previous), Ok(hash)) = (row.get::<_, [u8; 32]>(6), row.get::<_, [u8; 32]>(7)) else {
        return Ok(Err(format!("record {found} was changed")));
    };
    let text = |index| row.get::<_, Option<String>>(index);
    let (lane, passage, kind, body) = (text(2)?, text(3)?, text(4)?, text(5)?);
    let (lane, kind, body) = (lane.unwrap_or_default(), kind.unwrap_or_default(), body.unwrap_or_default());
    let at = Timestamp::from_unix_micros(row.get(1)?);
    let is_right = hash_record(found, at, &lane, passage.as_deref(), &kind, &body, &previous) == hash;
    if !is_right || before.is_some_and(|before| before != previous) {
        return Ok(Err(format!("record {found} is not as it was written")));
    }
    Ok(Ok(hash))
}

fn open_passages(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT passage FROM open_passage")?;
    statement.query_map([], |row| row.get(0))?.collect()
}

/// The records of a passage, each against its own hash; by the index by which they are read back.
fn alone(connection: &Connection, passage: &str) -> rusqlite::Result<Result<(), String>> {
    let sql = "SELECT sequence, at, lane, passage, kind, body, previous, hash FROM record WHERE passage = ?1 ORDER BY sequence";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([passage])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        if let Err(what) = check(row, None, None)? {
            return Ok(Err(what));
        }
        count += 1;
    }
    Ok(if count == 0 { Err("a passage that stands open has no records".to_owned()) } else { Ok(()) })
}

fn log_path(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push("-wal");
    PathBuf::from(path)
}

/// Frames of the log that its last beginning wrote, whole, cut or not: those that carry its salts, in a row. A log is
/// written over from its beginning, and older frames behind carry other salts. 0 where there is no log to speak of.
fn frames_written(path: &Path) -> u64 {
    let Ok(mut file) = File::open(path) else { return 0 };
    let mut header = [0; LOG_HEADER];
    if file.read_exact(&mut header).is_err() {
        return 0;
    }
    let number = |bytes: Option<&[u8]>| bytes.and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
    let page = number(header.get(8..12)).and_then(|page| usize::try_from(page).ok());
    let Some(page) = page.filter(|page| (512..=65_536).contains(page)) else { return 0 };
    let salts: [u8; 8] = header.get(16..24).and_then(|salts| salts.try_into().ok()).unwrap_or_default();
    let mut frame = vec![0; FRAME_HEADER + page];
    let mut frames = 0;
    while read_some(&mut file, &mut frame) >= FRAME_HEADER && frame.get(8..16) == Some(&salts) {
        frames += 1;
    }
    frames
}

/// Fills as much as there is.
fn read_some(file: &mut File, buffer: &mut [u8]) -> usize {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(count) if count > 0 => filled += count,
            Ok(_) | Err(_) => break,
        }
    }
    filled
}
