//! What the journal holds of selections and looks, for the running controller and for the auditor.

use std::sync::Arc;

use chrono::{NaiveDate, NaiveTime};
use serde::de::DeserializeOwned;

use super::reader::{COLUMNS, Reader, StoredRecord};
use super::store::JournalError;
use crate::model::selection::DrawKey;
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

    /// Whether anything was drawn from one day (UTC) on and before another.
    pub(super) fn has_drawn_between(&self, from: NaiveDate, before: NaiveDate) -> Result<bool, JournalError> {
        let start = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc().timestamp_micros();
        // The kinds stand in the text so that their partial index serves.
        let sql = format!(
            "SELECT {COLUMNS} FROM record WHERE kind IN ('selection_committed', 'selection_drawn', 'selection_revealed')
             AND kind = 'selection_drawn' AND at >= ?1 AND at < ?2 LIMIT 1"
        );
        Ok(!self.query(&sql, [start(from), start(before)])?.is_empty())
    }

    /// The head of the access log that was put on record last.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn last_anchor(&self) -> Result<Option<(u64, String)>, JournalError> {
        let sql = format!("SELECT {COLUMNS} FROM record WHERE kind = 'access_anchored' ORDER BY sequence DESC LIMIT 1");
        Ok(self.query(&sql, [])?.first().and_then(anchor))
    }

    /// All heads of the access log that were put on record.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn anchors(&self) -> Result<Vec<(u64, String)>, JournalError> {
        let anchored = self.records_of_kind_after(RecordKind::AccessAnchored, 0)?;
        Ok(anchored.iter().filter_map(anchor).collect())
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

fn anchor(record: &StoredRecord) -> Option<(u64, String)> {
    #[derive(serde::Deserialize)]
    struct Anchor {
        line: u64,
        hash: String,
    }
    serde_json::from_str(&record.body).ok().map(|Anchor { line, hash }| (line, hash))
}

fn entry(record: &StoredRecord) -> Result<Option<Entry>, JournalError> {
    let event = match record.kind {
        RecordKind::SelectionCommitted => Event::Committed(body(record)?),
        RecordKind::SelectionDrawn => drawn(record)?,
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
        | RecordKind::ProfilesChanged
        | RecordKind::KeysShredded
        | RecordKind::AccessAnchored => return Ok(None),
    };
    Ok(Some(Entry { sequence: record.sequence, at: record.at, passage: record.passage, event }))
}

/// A draw; one whose keys can't be read any more is remembered under its passage alone.
fn drawn(record: &StoredRecord) -> Result<Event, JournalError> {
    let mut fields: serde_json::Value = body(record)?;
    let shredded = fields["keys"].is_object();
    if shredded {
        let own: Vec<DrawKey> = record.passage.map(DrawKey::Passage).into_iter().collect();
        fields["keys"] = serde_json::to_value(own).unwrap_or_default();
    }
    let what = "its body is not what its kind says";
    let drawn =
        serde_json::from_value(fields).map_err(|_| JournalError::Damaged { sequence: record.sequence, what })?;
    Ok(if shredded { Event::Shredded(Arc::new(drawn)) } else { Event::Drawn(Arc::new(drawn)) })
}

fn body<T: DeserializeOwned>(record: &StoredRecord) -> Result<T, JournalError> {
    let what = "its body is not what its kind says";
    serde_json::from_str(&record.body).map_err(|_| JournalError::Damaged { sequence: record.sequence, what })
}
