//! What the writer writes: records, the head, and which passages are open.

use rusqlite::{Connection, params};

use super::chain::{GENESIS, hash_record};
use crate::model::{NewRecord, RecordKind};

/// The last record's sequence and hash.
pub(super) fn head(connection: &Connection) -> rusqlite::Result<(u64, [u8; 32])> {
    let mut statement = connection.prepare("SELECT sequence, hash FROM head")?;
    let mut rows = statement.query([])?;
    match rows.next()? {
        Some(row) => Ok((u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0), row.get(1)?)),
        None => Ok((0, GENESIS)),
    }
}

/// Moves the head to the last record of a transaction.
pub(super) fn set_head(connection: &Connection, sequence: u64, hash: &[u8; 32]) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO head (one, sequence, hash) VALUES (1, ?1, ?2) ON CONFLICT (one) DO UPDATE SET sequence = ?1, hash = ?2",
        )?
        .execute(params![signed(sequence), hash])?;
    Ok(())
}

/// SQLite's integers are signed; a journal never grows past them.
fn signed(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

/// Adds one record and keeps the list of open passages; its hash.
pub(super) fn insert(
    connection: &Connection,
    sequence: u64,
    previous: &[u8; 32],
    record: &NewRecord,
) -> rusqlite::Result<[u8; 32]> {
    let passage = record.passage.map(|passage| passage.to_string());
    let (lane, kind) = (record.lane.as_str(), record.kind.as_str());
    let hash = hash_record(sequence, record.at, lane, passage.as_deref(), kind, &record.body, previous);
    connection
        .prepare_cached(
            "INSERT INTO record (sequence, at, lane, passage, kind, body, previous, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            signed(sequence),
            record.at.unix_micros(),
            lane,
            passage,
            kind,
            record.body,
            previous,
            hash
        ])?;
    match record.kind {
        RecordKind::PassageOpened => {
            connection
                .prepare_cached("INSERT OR IGNORE INTO open_passage (passage, lane, opened) VALUES (?1, ?2, ?3)")?
                .execute(params![passage, lane, signed(sequence)])?;
        }
        RecordKind::PassageCompleted => {
            connection.prepare_cached("DELETE FROM open_passage WHERE passage = ?1")?.execute(params![passage])?;
        }
        RecordKind::Evidence
        | RecordKind::Matched
        | RecordKind::RiskRequested
        | RecordKind::RiskDecided
        | RecordKind::Held
        | RecordKind::Order
        | RecordKind::Released
        | RecordKind::Referred
        | RecordKind::Refused
        | RecordKind::BarrierCommanded
        | RecordKind::FrontierCrossed
        | RecordKind::AlarmRaised
        | RecordKind::AlarmCleared
        | RecordKind::DeviceLost
        | RecordKind::DeviceFound
        | RecordKind::OutcomeRecorded
        | RecordKind::ServiceChanged
        | RecordKind::ProfilesChanged
        | RecordKind::SelectionCommitted
        | RecordKind::SelectionDrawn
        | RecordKind::SelectionRevealed
        | RecordKind::KeysShredded
        | RecordKind::AccessAnchored => {}
    }
    Ok(hash)
}
