//! The registry's database.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::index::Index;
use crate::model::registry::{Action, RegisterKind};
use crate::model::{PassageId, ReceiptResult};
use crate::wire::registry::{Document, identity, parse_document};

/// The registry's file in the data directory.
const FILE_NAME: &str = "registry.db";
const FORMAT_VERSION: i64 = 1;

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
        let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fail)?;
        if found > FORMAT_VERSION {
            return Err(RegistryError::TooNew { path, found });
        }
        connection.pragma_update(None, "user_version", FORMAT_VERSION).map_err(fail)?;
        connection.execute_batch(SCHEMA).map_err(fail)?;
        Ok(Self { connection })
    }

    /// Reads everything that lives into memory; numbers of documents that no longer parse, and the last journal
    /// sequence that was marked.
    pub(super) fn load(&self, directory: &Path) -> Result<(Index, Vec<String>, u64), RegistryError> {
        self.load_all().map_err(|source| RegistryError::Database { path: directory.join(FILE_NAME), source })
    }

    fn load_all(&self) -> rusqlite::Result<(Index, Vec<String>, u64)> {
        let (mut index, mut broken) = (Index::default(), Vec::new());
        let mut documents = self.connection.prepare("SELECT kind, number, json FROM document WHERE withdrawn = 0")?;
        let mut rows = documents.query([])?;
        while let Some(row) = rows.next()? {
            let (kind, number, json): (String, String, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
            match kind_of(&kind).and_then(|kind| parse_document(kind, &json).ok()) {
                Some(document) => apply(&mut index, document),
                None => broken.push(number),
            }
        }
        let mut through = 0;
        let mut used = self.connection.prepare("SELECT number, passage, sequence FROM used")?;
        let mut rows = used.query([])?;
        while let Some(row) = rows.next()? {
            let (number, passage, sequence): (String, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            index.use_up(&number, PassageId(Uuid::parse_str(&passage).unwrap_or_default()));
            through = through.max(u64::try_from(sequence).unwrap_or(0));
        }
        Ok((index, broken, through))
    }

    pub(super) fn begin(&self) -> rusqlite::Result<()> {
        self.connection.execute_batch("BEGIN IMMEDIATE")
    }

    pub(super) fn commit(&self) -> rusqlite::Result<()> {
        self.connection.execute_batch("COMMIT")
    }

    /// Stores a document unless what is stored is as new.
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
        Ok(ReceiptResult::Accepted)
    }

    pub(super) fn mark_used(&self, number: &str, passage: PassageId, sequence: u64) -> rusqlite::Result<()> {
        let sequence = i64::try_from(sequence).unwrap_or(i64::MAX);
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO used (number, passage, sequence) VALUES (?1, ?2, ?3)")?
            .execute(params![number, passage.to_string(), sequence])?;
        Ok(())
    }
}

fn kind_of(name: &str) -> Option<RegisterKind> {
    [RegisterKind::Notification, RegisterKind::Declaration, RegisterKind::Party]
        .into_iter()
        .find(|kind| kind.as_str() == name)
}

fn is_withdrawn(document: &Document) -> bool {
    match document {
        Document::Notification(notification) => notification.action == Action::Withdraw,
        Document::Declaration(_) => false,
        Document::Party(party) => party.action == Action::Withdraw,
    }
}

/// Brings an accepted document into memory.
pub(super) fn apply(index: &mut Index, document: Document) {
    let withdrawn = is_withdrawn(&document);
    match document {
        Document::Notification(notification) if withdrawn => index.drop_notification(&notification.number),
        Document::Notification(notification) => index.put_notification(notification),
        Document::Declaration(declaration) => index.put_declaration(declaration),
        Document::Party(party) if withdrawn => index.drop_party(&party.id),
        Document::Party(party) => index.put_party(party),
    }
}
