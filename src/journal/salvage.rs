//! Saving what can be read of a damaged journal (hazard 35): the good beginning, and every record behind the damage
//! that is still as it was written. Nothing is written to the journal itself.

use std::io::{self, Write};
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row};
use serde::Serialize;
use serde_json::{Value, json};

use super::chain::{GENESIS, hash_record};
use super::store::{self, JournalError, Place};
use crate::model::Timestamp;

/// Stretches that the report names; the rest is counted.
const STRETCHES_MAX: usize = 1_000;

/// Why nothing more could be saved.
#[derive(Debug, thiserror::Error)]
pub enum SalvageError {
    /// The journal can't even be opened.
    #[error("{0}")]
    Journal(#[from] JournalError),
    /// The copy can't be written.
    #[error("the copy can not be written: {0}")]
    Output(#[from] io::Error),
}

/// What was saved.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Salvage {
    /// Records from the first in one chain: beyond doubt.
    pub prefix: u64,
    /// Records that are as they were written, the prefix among them.
    pub intact: u64,
    /// Records that are not as they were written; copied with their mark.
    pub changed: u64,
    /// Records that can't be read or are not there.
    pub lost: u64,
    /// First and last of each stretch that is changed or lost.
    pub stretches: Vec<(u64, u64)>,
}

impl Salvage {
    /// Whether everything is there as it was written.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.changed == 0 && self.lost == 0
    }

    fn broken(&mut self, sequence: u64) {
        if let Some((_, last)) = self.stretches.last_mut()
            && *last + 1 == sequence
        {
            *last = sequence;
        } else if self.stretches.len() < STRETCHES_MAX {
            self.stretches.push((sequence, sequence));
        }
    }
}

/// Copies what can be read of a data directory's journal as JSON lines. Each says of itself whether it is `intact`.
///
/// # Errors
/// When the journal can't be opened at all, or the copy can't be written.
pub fn salvage(directory: &Path, out: &mut impl Write) -> Result<Salvage, SalvageError> {
    let place = Place::in_directory(directory);
    let connection = store::open_reader(&place)?;
    connection.execute_batch("BEGIN").map_err(|error| place.database(error))?;
    let last = last(&connection);
    let mut report = Salvage::default();
    let mut before = Some(GENESIS);
    for sequence in 1..=last {
        match read(&connection, sequence) {
            Some(record) if record.intact => {
                report.intact += 1;
                if report.prefix + 1 == sequence && before == Some(record.previous) {
                    report.prefix = sequence;
                }
                before = Some(record.hash);
                writeln!(out, "{}", record.json)?;
            }
            Some(record) => {
                report.changed += 1;
                report.broken(sequence);
                before = None;
                writeln!(out, "{}", record.json)?;
            }
            None => {
                report.lost += 1;
                report.broken(sequence);
                before = None;
            }
        }
    }
    out.flush()?;
    Ok(report)
}

/// The last sequence that the head or the table tells of.
fn last(connection: &Connection) -> u64 {
    let number = |sql| connection.query_row(sql, [], |row| row.get::<_, Option<i64>>(0)).ok().flatten().unwrap_or(0);
    let head = number("SELECT sequence FROM head");
    u64::try_from(head.max(number("SELECT max(sequence) FROM record"))).unwrap_or(0)
}

struct Found {
    json: Value,
    intact: bool,
    previous: [u8; 32],
    hash: [u8; 32],
}

/// One record by its number; what SQLite can't read is lost, and others may be well.
fn read(connection: &Connection, sequence: u64) -> Option<Found> {
    let sql = "SELECT at, lane, passage, kind, body, previous, hash FROM record WHERE sequence = ?1";
    let number = i64::try_from(sequence).ok()?;
    let mut statement = connection.prepare_cached(sql).ok()?;
    statement.query_row([number], |row| Ok(found(row, sequence))).optional().ok().flatten()
}

fn found(row: &Row<'_>, sequence: u64) -> Found {
    let text = |index| match row.get_ref(index) {
        Ok(ValueRef::Text(bytes) | ValueRef::Blob(bytes)) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Ok(ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_)) | Err(_) => None,
    };
    let at = row.get::<_, i64>(0).unwrap_or(0);
    let (lane, passage, kind, body) = (text(1), text(2), text(3), text(4));
    let hash_at = |index| row.get::<_, [u8; 32]>(index).ok();
    let (previous, hash) = (hash_at(5), hash_at(6));
    let when = Timestamp::from_unix_micros(at);
    let due = hash_record(
        sequence,
        when,
        lane.as_deref().unwrap_or_default(),
        passage.as_deref(),
        kind.as_deref().unwrap_or_default(),
        body.as_deref().unwrap_or_default(),
        &previous.unwrap_or_default(),
    );
    let intact = previous.is_some() && hash == Some(due);
    let hex = |hash: Option<[u8; 32]>| hash.map(|hash| blake3::Hash::from_bytes(hash).to_hex().to_string());
    let shown =
        body.as_deref().map(|text| serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())));
    let json = json!({
        "sequence": sequence, "at": when, "lane": lane, "passage": passage, "kind": kind, "body": shown,
        "previous": hex(previous), "hash": hex(hash), "intact": intact,
    });
    Found { json, intact, previous: previous.unwrap_or_default(), hash: hash.unwrap_or_default() }
}
