//! Verification: every record against its hash, its place and the head.

use std::path::Path;

use rusqlite::{Connection, Row};
use serde::Serialize;

use super::chain::{GENESIS, hash_record};
use super::store::{self, JournalError, Place};
use crate::model::Timestamp;

/// What is wrong, and at which sequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "damage", rename_all = "snake_case")]
pub enum Damage {
    /// A record is not where it should be.
    #[error("record {sequence} is missing: removed, doubled or moved")]
    Missing {
        /// The first one.
        sequence: u64,
    },
    /// A record does not follow the one before it.
    #[error("record {sequence} does not continue the chain: it or the one before it was replaced")]
    Chain {
        /// Which.
        sequence: u64,
    },
    /// A record's content is not what was hashed.
    #[error("record {sequence} was changed after it was written")]
    Changed {
        /// Which.
        sequence: u64,
    },
    /// The journal ends before, or beyond, its head.
    #[error("the journal ends at record {last}, its head says {head}: the end was cut off or replaced")]
    Head {
        /// The last record there is.
        last: u64,
        /// What the head says.
        head: u64,
    },
    /// The database itself can't be read there.
    #[error("the database can not be read after record {after}: {why}")]
    Unreadable {
        /// The last good record.
        after: u64,
        /// Why.
        why: String,
    },
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Good records, from the first.
    pub records: u64,
    /// Time of the first.
    pub first_at: Option<Timestamp>,
    /// Time of the last good one.
    pub last_at: Option<Timestamp>,
    /// Hash of the last good one, hex.
    pub head: String,
    /// The first thing that is wrong.
    pub damage: Option<Damage>,
}

struct Walk {
    sequence: u64,
    hash: [u8; 32],
    first_at: Option<Timestamp>,
    last_at: Option<Timestamp>,
}

/// Walks the whole journal of a data directory in one read transaction; a writer may go on meanwhile.
///
/// # Errors
/// When there is no journal or it can't be opened; damage is in the report.
pub fn verify(directory: &Path) -> Result<Report, JournalError> {
    let place = Place::in_directory(directory);
    let connection = store::open_reader(&place)?;
    connection.execute_batch("BEGIN").map_err(|error| place.database(error))?;
    let mut walk = Walk { sequence: 0, hash: GENESIS, first_at: None, last_at: None };
    let damage = match walk_records(&connection, &mut walk) {
        Ok(None) => check_head(&connection, &walk),
        Ok(Some(damage)) => Some(damage),
        Err(error) => Some(Damage::Unreadable { after: walk.sequence, why: error.to_string() }),
    };
    let head = blake3::Hash::from_bytes(walk.hash).to_hex().to_string();
    Ok(Report { records: walk.sequence, first_at: walk.first_at, last_at: walk.last_at, head, damage })
}

fn walk_records(connection: &Connection, walk: &mut Walk) -> rusqlite::Result<Option<Damage>> {
    let mut statement = connection
        .prepare("SELECT sequence, at, lane, passage, kind, body, previous, hash FROM record ORDER BY sequence")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(damage) = check(row, walk)? {
            return Ok(Some(damage));
        }
    }
    Ok(None)
}

fn check(row: &Row<'_>, walk: &mut Walk) -> rusqlite::Result<Option<Damage>> {
    let expected = walk.sequence + 1;
    let found = u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0);
    if found != expected {
        return Ok(Some(Damage::Missing { sequence: expected }));
    }
    let at = Timestamp::from_unix_micros(row.get(1)?);
    let text = |index| row.get_ref(index).and_then(|value| Ok(value.as_str_or_null()?));
    let (lane, passage, kind, body) = (text(2)?, text(3)?, text(4)?, text(5)?);
    let (Ok(previous), Ok(hash)) = (row.get::<_, [u8; 32]>(6), row.get::<_, [u8; 32]>(7)) else {
        return Ok(Some(Damage::Changed { sequence: expected }));
    };
    if previous != walk.hash {
        return Ok(Some(Damage::Chain { sequence: expected }));
    }
    let (lane, kind, body) = (lane.unwrap_or_default(), kind.unwrap_or_default(), body.unwrap_or_default());
    if hash_record(found, at, lane, passage, kind, body, &previous) != hash {
        return Ok(Some(Damage::Changed { sequence: expected }));
    }
    walk.first_at.get_or_insert(at);
    (walk.sequence, walk.hash, walk.last_at) = (found, hash, Some(at));
    Ok(None)
}

fn check_head(connection: &Connection, walk: &Walk) -> Option<Damage> {
    let head = connection.query_row("SELECT sequence, hash FROM head", [], |row| {
        Ok((u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0), row.get::<_, [u8; 32]>(1)?))
    });
    let (sequence, hash) = match head {
        Ok(head) => head,
        Err(rusqlite::Error::QueryReturnedNoRows) => (0, GENESIS),
        Err(error) => return Some(Damage::Unreadable { after: walk.sequence, why: error.to_string() }),
    };
    let agrees = sequence == walk.sequence && hash == walk.hash;
    (!agrees).then_some(Damage::Head { last: walk.sequence, head: sequence })
}
