//! The registry's database: what is written, and how an older one is brought up to date.
//!
//! ```text
//!  document   every document by kind and number, whole as submitted
//!  entry      of each live notification what the index in memory is built from
//!  reference  document, container and own numbers to the live notifications that name them
//!  declared   tractors to the declarations that name them
//!  assessed   notifications to the decision that the RMS took before arrival
//!  used       notifications to the passages that used them up; never forgotten
//! ```

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, params};

use super::keys::{declared_tractor, plates_of, references};
use crate::domain::number_key;
use crate::model::registry::{Action, Party, RegisterKind};
use crate::model::risk::Assessment;
use crate::model::{PassageId, Purpose, ReceiptResult, Timestamp};
use crate::risk::stricter;
use crate::wire::registry::{Document, identity, parse_document};

/// The registry's file in the data directory.
pub(super) const FILE_NAME: &str = "registry.db";
/// 1: documents and uses. 2: keys for lookups on the disk, so that memory holds the index alone.
pub(super) const FORMAT_VERSION: i64 = 2;
/// Notifications that one pruning forgets at most; the rest waits for the next.
const PRUNED_MAX: usize = 10_000;

/// Why the registry can't be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The directory.
    #[error("the data directory {path} can not be used: {source}")]
    Directory {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The database.
    #[error("the registry {path} can not be read or written: {source}")]
    Database {
        /// Which.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// Nothing there.
    #[error("there is no registry at {path}")]
    Missing {
        /// Where.
        path: PathBuf,
    },
    /// A newer version wrote it.
    #[error("the registry {path} has format {found}, this program knows up to {FORMAT_VERSION}; run a newer version")]
    TooNew {
        /// Which.
        path: PathBuf,
        /// Its version.
        found: i64,
    },
}

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS document (
  kind TEXT NOT NULL, number TEXT NOT NULL, revision INTEGER NOT NULL, withdrawn INTEGER NOT NULL, json BLOB NOT NULL,
  PRIMARY KEY (kind, number)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS used (number TEXT PRIMARY KEY, passage TEXT NOT NULL, sequence INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entry (
  number TEXT PRIMARY KEY, tractor TEXT NOT NULL, tractor_country TEXT, rear TEXT, rear_country TEXT,
  expected_at INTEGER NOT NULL, valid_until INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entry_valid ON entry (valid_until);
CREATE TABLE IF NOT EXISTS reference (key TEXT NOT NULL, number TEXT NOT NULL, PRIMARY KEY (key, number)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS reference_number ON reference (number);
CREATE TABLE IF NOT EXISTS declared (
  key TEXT PRIMARY KEY, number TEXT NOT NULL, tractor TEXT) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS assessed (number TEXT PRIMARY KEY, json BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS declared_tractor ON declared (tractor) WHERE tractor IS NOT NULL;
";

#[derive(Debug)]
pub(super) struct Store {
    connection: Connection,
}

impl Store {
    pub(super) fn open(directory: &Path) -> Result<Self, RegistryError> {
        let path = directory.join(FILE_NAME);
        std::fs::create_dir_all(directory)
            .map_err(|source| RegistryError::Directory { path: directory.to_owned(), source })?;
        let fail = |source| RegistryError::Database { path: path.clone(), source };
        let connection = Connection::open(&path).map_err(fail)?;
        connection.pragma_update(None, "journal_mode", "WAL").map_err(fail)?;
        connection.pragma_update(None, "synchronous", "FULL").map_err(fail)?;
        connection.set_prepared_statement_cache_capacity(32);
        let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fail)?;
        if found > FORMAT_VERSION {
            return Err(RegistryError::TooNew { path, found });
        }
        connection.execute_batch(SCHEMA).map_err(fail)?;
        let mut store = Self { connection };
        if found == 1 {
            store.fill_keys().map_err(fail)?;
        }
        store.connection.pragma_update(None, "user_version", FORMAT_VERSION).map_err(fail)?;
        Ok(store)
    }

    /// Keys of the documents that a registry of format 1 holds.
    fn fill_keys(&mut self) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        {
            let mut documents =
                transaction.prepare("SELECT kind, json FROM document WHERE withdrawn = 0 AND kind != 'party'")?;
            let mut rows = documents.query([])?;
            while let Some(row) = rows.next()? {
                let (kind, json): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
                if let Some(document) = kind_of(&kind).and_then(|kind| parse_document(kind, &json).ok()) {
                    put_keys(&transaction, &document)?;
                }
            }
        }
        transaction.commit()
    }

    /// The connection that is written through.
    pub(super) const fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(super) fn begin(&self) -> rusqlite::Result<()> {
        self.connection.execute_batch("BEGIN IMMEDIATE")
    }

    pub(super) fn commit(&self) -> rusqlite::Result<()> {
        self.connection.execute_batch("COMMIT")
    }

    /// Stores a document and its keys, unless what is stored is as new.
    pub(super) fn put(&self, kind: RegisterKind, document: &Document, json: &[u8]) -> rusqlite::Result<ReceiptResult> {
        let (number, revision) = identity(document);
        let revision = i64::try_from(revision).unwrap_or(i64::MAX);
        let stored: Option<i64> = self
            .connection
            .prepare_cached("SELECT revision FROM document WHERE kind = ?1 AND number = ?2")?
            .query_row(params![kind.as_str(), number], |row| row.get(0))
            .optional()?;
        match stored {
            Some(stored) if stored == revision => return Ok(ReceiptResult::Duplicate),
            Some(stored) if stored > revision => return Ok(ReceiptResult::Stale),
            Some(_) | None => {}
        }
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO document (kind, number, revision, withdrawn, json) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![kind.as_str(), number, revision, is_withdrawn(document), json])?;
        put_keys(&self.connection, document)?;
        Ok(ReceiptResult::Accepted)
    }

    pub(super) fn mark_used(&self, number: &str, passage: PassageId, sequence: u64) -> rusqlite::Result<()> {
        let sequence = i64::try_from(sequence).unwrap_or(i64::MAX);
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO used (number, passage, sequence) VALUES (?1, ?2, ?3)")?
            .execute(params![number, passage.to_string(), sequence])?;
        Ok(())
    }

    /// Keeps a decision taken before arrival. Answers overtake each other: that to the question asked last stays, and
    /// of two words on one question the stricter (invariant A7).
    pub(super) fn assess(&self, assessment: Assessment) -> rusqlite::Result<()> {
        let known: Option<Vec<u8>> = self
            .connection
            .prepare_cached("SELECT json FROM assessed WHERE number = ?1")?
            .query_row([&assessment.notification], |row| row.get(0))
            .optional()?;
        let known = known.and_then(|json| serde_json::from_slice::<Assessment>(&json).ok());
        let kept = match known {
            Some(known) if known.decision.request_id == assessment.decision.request_id => {
                Assessment { decision: stricter(known.decision, assessment.decision), ..assessment }
            }
            Some(known) if known.asked_at > assessment.asked_at => return Ok(()),
            Some(_) | None => assessment,
        };
        // Our own struct always serialises.
        let json = serde_json::to_vec(&kept).unwrap_or_default();
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO assessed (number, json) VALUES (?1, ?2)")?
            .execute(params![kept.notification, json])?;
        Ok(())
    }

    /// Forgets notifications that were valid until before `before`; their numbers. Uses stay.
    pub(super) fn prune(&self, before: Timestamp) -> rusqlite::Result<Vec<String>> {
        let mut outdated =
            self.connection.prepare_cached("SELECT number FROM entry WHERE valid_until < ?1 LIMIT ?2")?;
        let limit = i64::try_from(PRUNED_MAX).unwrap_or(i64::MAX);
        let numbers = outdated.query_map(params![before.unix_micros(), limit], |row| row.get(0))?;
        let numbers: Vec<String> = numbers.collect::<Result<_, _>>()?;
        for number in &numbers {
            drop_notification_keys(&self.connection, number)?;
            self.connection
                .prepare_cached("DELETE FROM document WHERE kind = 'notification' AND number = ?1")?
                .execute([number])?;
        }
        Ok(numbers)
    }
}

pub(super) fn kind_of(name: &str) -> Option<RegisterKind> {
    [RegisterKind::Notification, RegisterKind::Declaration, RegisterKind::Party]
        .into_iter()
        .find(|kind| kind.as_str() == name)
}

fn is_withdrawn(document: &Document) -> bool {
    match document {
        Document::Notification(notification) => notification.action == Action::Withdraw,
        Document::Declaration(_) => false,
        Document::Party(Party { action, .. }) => *action == Action::Withdraw,
    }
}

fn drop_notification_keys(connection: &Connection, number: &str) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM entry WHERE number = ?1")?.execute([number])?;
    connection.prepare_cached("DELETE FROM reference WHERE number = ?1")?.execute([number])?;
    connection.prepare_cached("DELETE FROM assessed WHERE number = ?1")?.execute([number])?;
    Ok(())
}

/// Writes a document's keys in place of those of its earlier revision.
fn put_keys(connection: &Connection, document: &Document) -> rusqlite::Result<()> {
    match document {
        Document::Notification(notification) => {
            drop_notification_keys(connection, &notification.number)?;
            if is_withdrawn(document) {
                return Ok(());
            }
            let entry = plates_of(notification);
            connection
                .prepare_cached(
                    "INSERT INTO entry (number, tractor, tractor_country, rear, rear_country, expected_at, valid_until)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?
                .execute(params![
                    notification.number,
                    entry.tractor.plate.reveal(Purpose::Register),
                    entry.tractor.country,
                    entry.rear.map(|rear| rear.plate.reveal(Purpose::Register)),
                    entry.rear.and_then(|rear| rear.country.as_deref()),
                    notification.expected_at.unix_micros(),
                    notification.valid_until.unix_micros(),
                ])?;
            let mut add = connection.prepare_cached("INSERT OR IGNORE INTO reference (key, number) VALUES (?1, ?2)")?;
            for key in references(notification) {
                add.execute([key.as_str(), &notification.number])?;
            }
            Ok(())
        }
        Document::Declaration(declaration) => {
            let key = number_key(&declaration.number);
            let tractor = declared_tractor(declaration);
            connection
                .prepare_cached("INSERT OR REPLACE INTO declared (key, number, tractor) VALUES (?1, ?2, ?3)")?
                .execute(params![key.as_str(), declaration.number, tractor.as_ref().map(|plate| plate.as_str())])?;
            // Decisions taken without this revision count no more; who was notified with it is assessed anew.
            connection
                .prepare_cached("DELETE FROM assessed WHERE number IN (SELECT number FROM reference WHERE key = ?1)")?
                .execute([key.as_str()])?;
            Ok(())
        }
        Document::Party(_) => Ok(()),
    }
}
