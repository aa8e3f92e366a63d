//! Reading the journal, beside a running writer or after it.

use std::fmt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Params, Row};
use serde_json::{Value, json};
use uuid::Uuid;

use super::seal::{NotOpened, Opener, Sight};
use super::store::{self, JournalError, Place};
use crate::model::privacy::Masked;
use crate::model::{LaneId, PassageId, RecordKind, Service, Timestamp};

/// A record as the journal holds it.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// Gap-free, from 1.
    pub sequence: u64,
    /// When it happened.
    pub at: Timestamp,
    /// Where.
    pub lane: LaneId,
    /// For which vehicle.
    pub passage: Option<PassageId>,
    /// What.
    pub kind: RecordKind,
    /// A JSON object, its personal fields as the reader sees them ([`Sight`]); the hash is over the sealed ones.
    pub body: String,
    /// The hash before it.
    pub previous: [u8; 32],
    /// Its own hash.
    pub hash: [u8; 32],
}

/// The body tells of vehicles and persons.
impl fmt::Debug for StoredRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredRecord")
            .field("sequence", &self.sequence)
            .field("at", &self.at)
            .field("lane", &self.lane)
            .field("passage", &self.passage)
            .field("kind", &self.kind)
            .field("body", &Masked)
            .finish_non_exhaustive()
    }
}

impl StoredRecord {
    /// As `journal show` prints it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let body = serde_json::from_str(&self.body).unwrap_or_else(|_| Value::String(self.body.clone()));
        json!({
            "sequence": self.sequence, "at": self.at, "lane": self.lane, "passage": self.passage, "kind": self.kind,
            "body": body, "previous": blake3::Hash::from_bytes(self.previous).to_hex().as_str(),
            "hash": blake3::Hash::from_bytes(self.hash).to_hex().as_str(),
        })
    }
}

/// A passage that was opened and not completed.
#[derive(Debug, Clone)]
pub struct OpenPassage {
    /// Its lane.
    pub lane: LaneId,
    /// Its id.
    pub passage: PassageId,
    /// Its records, in order.
    pub records: Vec<StoredRecord>,
}

/// Which records to read.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Of this passage only.
    pub passage: Option<PassageId>,
    /// Of this lane only.
    pub lane: Option<LaneId>,
    /// Of this kind only.
    pub kind: Option<RecordKind>,
    /// From this sequence on.
    pub from: u64,
    /// At most so many.
    pub limit: Option<u64>,
}

/// A read-only view of the journal.
#[derive(Debug)]
pub struct Reader {
    connection: std::sync::Mutex<Connection>,
    place: Place,
    data: PathBuf,
    sight: Sight,
}

pub(super) const COLUMNS: &str = "sequence, at, lane, passage, kind, body, previous, hash";

impl Reader {
    /// Opens the journal of a data directory for reading.
    ///
    /// # Errors
    /// When there is none, or it can't be read.
    pub fn open(directory: &Path) -> Result<Self, JournalError> {
        let place = Place::in_directory(directory);
        let connection = std::sync::Mutex::new(store::open_reader(&place)?);
        Ok(Self { connection, place, data: directory.to_owned(), sight: Sight::Clear })
    }

    /// The same with another sight; without it sealed fields are read as far as their keys are there.
    #[must_use]
    pub fn seeing(self, sight: Sight) -> Self {
        Self { sight, ..self }
    }

    /// All records of a passage, in order.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn passage(&self, passage: PassageId) -> Result<Vec<StoredRecord>, JournalError> {
        self.select(&Selection { passage: Some(passage), ..Selection::default() })
    }

    /// Records of a kind after a sequence, in order.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn records_of_kind_after(&self, kind: RecordKind, sequence: u64) -> Result<Vec<StoredRecord>, JournalError> {
        // The kind stands in the text so that its partial index serves.
        let sql = format!(
            "SELECT {COLUMNS} FROM record WHERE kind = '{}' AND sequence > ?1 ORDER BY sequence",
            kind.as_str()
        );
        self.query(&sql, [i64::try_from(sequence).unwrap_or(i64::MAX)])
    }

    /// The last records, newest first.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn latest(&self, limit: u64) -> Result<Vec<StoredRecord>, JournalError> {
        let sql = format!("SELECT {COLUMNS} FROM record ORDER BY sequence DESC LIMIT ?1");
        self.query(&sql, [i64::try_from(limit).unwrap_or(i64::MAX)])
    }

    /// The service that a lane was last put into.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn last_service(&self, lane: &LaneId) -> Result<Option<Service>, JournalError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM record WHERE kind = 'service_changed' AND lane = ?1 ORDER BY sequence DESC LIMIT 1"
        );
        let last = self.query(&sql, [lane.as_str()])?;
        Ok(last.first().and_then(|record| {
            let body: Value = serde_json::from_str(&record.body).ok()?;
            serde_json::from_value(body.get("service")?.clone()).ok()
        }))
    }

    /// Passages that were opened and not completed, in order of opening.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn open_passages(&self) -> Result<Vec<OpenPassage>, JournalError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM record WHERE sequence IN (SELECT opened FROM open_passage) ORDER BY sequence"
        );
        let opened = self.query(&sql, [])?;
        let with_records = opened.into_iter().filter_map(|record| Some((record.lane, record.passage?)));
        with_records.map(|(lane, passage)| Ok(OpenPassage { records: self.passage(passage)?, lane, passage })).collect()
    }

    /// Chosen records, in order.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn select(&self, selection: &Selection) -> Result<Vec<StoredRecord>, JournalError> {
        let from = i64::try_from(selection.from).unwrap_or(i64::MAX);
        let limit = selection.limit.and_then(|limit| i64::try_from(limit).ok()).unwrap_or(-1);
        let lane = selection.lane.as_ref().map(LaneId::as_str);
        let kind = selection.kind.map(RecordKind::as_str);
        match selection.passage {
            Some(passage) => {
                let sql = format!(
                    "SELECT {COLUMNS} FROM record WHERE passage = ?1 AND sequence >= ?2 AND (?3 IS NULL OR lane = ?3) AND (?4 IS NULL OR kind = ?4) ORDER BY sequence LIMIT ?5"
                );
                self.query(&sql, rusqlite::params![passage.to_string(), from, lane, kind, limit])
            }
            None => {
                let sql = format!(
                    "SELECT {COLUMNS} FROM record WHERE sequence >= ?1 AND (?2 IS NULL OR lane = ?2) AND (?3 IS NULL OR kind = ?3) ORDER BY sequence LIMIT ?4"
                );
                self.query(&sql, rusqlite::params![from, lane, kind, limit])
            }
        }
    }

    pub(super) fn query(&self, sql: &str, parameters: impl Params) -> Result<Vec<StoredRecord>, JournalError> {
        let connection = self.connection.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let fail = |source| self.place.database(source);
        let mut statement = connection.prepare_cached(sql).map_err(fail)?;
        let mut rows = statement.query(parameters).map_err(fail)?;
        let mut records = Vec::new();
        let mut opener = Opener::new(&self.data, self.sight);
        while let Some(row) = rows.next().map_err(fail)? {
            let mut record = read(row).map_err(fail)??;
            let place = (&record.lane, record.passage, record.kind, record.at);
            record.body = opener.open(place, record.body).map_err(|why| match why {
                NotOpened::Key(error) => JournalError::Keys(error),
                NotOpened::NotOurs => JournalError::Damaged {
                    sequence: record.sequence,
                    what: "a sealed field does not open with its key: it was changed, or moved",
                },
            })?;
            records.push(record);
        }
        Ok(records)
    }
}

/// A row as a record; the inner error is a field that can't be what it says.
fn read(row: &Row<'_>) -> rusqlite::Result<Result<StoredRecord, JournalError>> {
    let sequence = u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0);
    let damaged = |what| JournalError::Damaged { sequence, what };
    let (lane, kind): (String, String) = (row.get(2)?, row.get(4)?);
    let passage: Option<String> = row.get(3)?;
    let passage = passage.map(|text| Uuid::parse_str(&text)).transpose();
    let (at, body, previous, hash) = (row.get(1)?, row.get(5)?, row.get(6)?, row.get(7)?);
    Ok((|| {
        Ok(StoredRecord {
            sequence,
            at: Timestamp::from_unix_micros(at),
            lane: LaneId::new(&lane).map_err(|_| damaged("its lane is no name"))?,
            passage: passage.map_err(|_| damaged("its passage is no id"))?.map(PassageId),
            kind: RecordKind::from_name(&kind).ok_or_else(|| damaged("its kind is not known"))?,
            body,
            previous,
            hash,
        })
    })())
}
