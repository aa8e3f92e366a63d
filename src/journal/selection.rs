//! What the journal holds of selections, for the ledger of the running controller and for the auditor.

use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::reader::{COLUMNS, Reader, StoredRecord};
use super::store::JournalError;
use crate::model::{RecordKind, Timestamp};
use crate::risk::selection::{Entry, Event};

impl Reader {
    /// Draws and releases since an instant, all without one, and all commitments and revelations, in order.
    ///
    /// # Errors
    /// When the journal can't be read, or a record is not what its kind says.
    pub fn selections(&self, since: Option<Timestamp>) -> Result<Vec<Entry>, JournalError> {
        let since = since.map_or(i64::MIN, Timestamp::unix_micros);
        // The kinds stand in the text so that their partial indexes serve.
        let kinds = [
            "kind IN ('selection_committed', 'selection_drawn', 'selection_revealed') AND (at >= ?1 OR kind <> 'selection_drawn')",
            "kind = 'released' AND at >= ?1",
        ];
        let mut entries = vec![];
        for kinds in kinds {
            let sql = format!("SELECT {COLUMNS} FROM record WHERE {kinds} ORDER BY sequence");
            for record in self.query(&sql, [since])? {
                entries.extend(entry(&record)?);
            }
        }
        entries.sort_by_key(|entry| entry.sequence);
        Ok(entries)
    }

    /// The digest of the profiles that came into force last.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn last_profiles(&self) -> Result<Option<String>, JournalError> {
        let sql =
            format!("SELECT {COLUMNS} FROM record WHERE kind = 'profiles_changed' ORDER BY sequence DESC LIMIT 1");
        let last = self.query(&sql, [])?;
        Ok(last.first().and_then(|record| {
            let body: serde_json::Value = serde_json::from_str(&record.body).ok()?;
            body.get("digest")?.as_str().map(str::to_owned)
        }))
    }
}

fn entry(record: &StoredRecord) -> Result<Option<Entry>, JournalError> {
    let event = match record.kind {
        RecordKind::SelectionCommitted => Event::Committed(body(record)?),
        RecordKind::SelectionDrawn => Event::Drawn(Arc::new(body(record)?)),
        RecordKind::SelectionRevealed => Event::Revealed(body(record)?),
        RecordKind::Released => Event::Released,
        RecordKind::PassageOpened
        | RecordKind::Evidence
        | RecordKind::Matched
        | RecordKind::RiskRequested
        | RecordKind::RiskDecided
        | RecordKind::Held
        | RecordKind::Order
        | RecordKind::Referred
        | RecordKind::Refused
        | RecordKind::BarrierCommanded
        | RecordKind::PassageCompleted
        | RecordKind::FrontierCrossed
        | RecordKind::AlarmRaised
        | RecordKind::AlarmCleared
        | RecordKind::DeviceLost
        | RecordKind::DeviceFound
        | RecordKind::OutcomeRecorded
        | RecordKind::ServiceChanged
        | RecordKind::ProfilesChanged => return Ok(None),
    };
    Ok(Some(Entry { sequence: record.sequence, at: record.at, passage: record.passage, event }))
}

fn body<T: DeserializeOwned>(record: &StoredRecord) -> Result<T, JournalError> {
    let what = "its body is not what its kind says";
    serde_json::from_str(&record.body).map_err(|_| JournalError::Damaged { sequence: record.sequence, what })
}
