//! Reads the registry's file beside a running controller, for people's questions.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::store::{FILE_NAME, FORMAT_VERSION, RegistryError, kind_of};
use crate::domain::{NumberKey, number_key};
use crate::model::PassageId;
use crate::model::registry::{DocumentKind, RegisterKind};

/// How long the reader waits for the writer's short locks.
const BUSY_WITHIN: Duration = Duration::from_secs(5);

/// A document as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDocument {
    /// Its register.
    pub kind: RegisterKind,
    /// As submitted.
    pub number: String,
    /// The highest that came.
    pub revision: u64,
    /// It was taken back.
    pub withdrawn: bool,
    /// As submitted.
    pub json: Vec<u8>,
}

/// The passage that used a notification up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Use {
    /// Which passage.
    pub passage: PassageId,
    /// The journal's record.
    pub sequence: u64,
}

/// A notification that refers to a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reference {
    /// The notification.
    pub notification: String,
    /// As what it refers to it.
    pub kind: DocumentKind,
}

/// Reads the registry of a data directory. What it reads is what is durable.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
    path: PathBuf,
}

impl Reader {
    /// Opens the registry for reading only.
    ///
    /// # Errors
    /// When there is none, it can't be read, or a newer version wrote it.
    pub fn open(directory: &Path) -> Result<Self, RegistryError> {
        let path = directory.join(FILE_NAME);
        if !path.exists() {
            return Err(RegistryError::Missing { path });
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let fail = |source| RegistryError::Database { path: path.clone(), source };
        let connection = Connection::open_with_flags(&path, flags).map_err(fail)?;
        connection.busy_timeout(BUSY_WITHIN).map_err(fail)?;
        let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fail)?;
        if found > FORMAT_VERSION {
            return Err(RegistryError::TooNew { path, found });
        }
        Ok(Self { connection, path })
    }

    /// Documents of a number in every register, however it is written.
    ///
    /// # Errors
    /// When the registry can't be read.
    pub fn documents(&self, number: &str) -> Result<Vec<StoredDocument>, RegistryError> {
        self.documents_of(&number_key(number)).map_err(|source| self.fail(source))
    }

    fn documents_of(&self, key: &NumberKey) -> rusqlite::Result<Vec<StoredDocument>> {
        let mut select = self
            .connection
            .prepare("SELECT kind, number, revision, withdrawn, json FROM document ORDER BY kind, number")?;
        let mut rows = select.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let number: String = row.get(1)?;
            let Some(kind) = kind_of(&row.get::<_, String>(0)?).filter(|_| number_key(&number) == *key) else {
                continue;
            };
            let revision = u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0);
            found.push(StoredDocument { kind, number, revision, withdrawn: row.get(3)?, json: row.get(4)? });
        }
        Ok(found)
    }

    /// The passage that used a notification up.
    ///
    /// # Errors
    /// When the registry can't be read.
    pub fn used_by(&self, notification: &str) -> Result<Option<Use>, RegistryError> {
        let row = self.connection.query_row(
            "SELECT passage, sequence FROM used WHERE number = ?1",
            params![notification],
            |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)),
        );
        let row = row.optional().map_err(|source| self.fail(source))?;
        Ok(row.map(|(passage, sequence)| Use {
            passage: PassageId(Uuid::parse_str(&passage).unwrap_or_default()),
            sequence: u64::try_from(sequence).unwrap_or(0),
        }))
    }

    /// Notifications, withdrawn ones left out, that refer to a number.
    ///
    /// # Errors
    /// When the registry can't be read.
    pub fn referring_to(&self, number: &str) -> Result<Vec<Reference>, RegistryError> {
        self.references_to(&number_key(number)).map_err(|source| self.fail(source))
    }

    fn references_to(&self, key: &NumberKey) -> rusqlite::Result<Vec<Reference>> {
        #[derive(Deserialize)]
        struct Referring {
            number: String,
            #[serde(default)]
            documents: Vec<crate::model::registry::DocumentRef>,
        }
        let mut select = self
            .connection
            .prepare("SELECT json FROM document WHERE kind = 'notification' AND withdrawn = 0 ORDER BY number")?;
        let mut rows = select.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            // What no longer parses is told when the controller starts.
            let Ok(referring) = serde_json::from_slice::<Referring>(&row.get::<_, Vec<u8>>(0)?) else { continue };
            let named = referring.documents.iter().filter(|document| number_key(&document.number) == *key);
            found.extend(
                named.map(|document| Reference { notification: referring.number.clone(), kind: document.kind }),
            );
        }
        Ok(found)
    }

    fn fail(&self, source: rusqlite::Error) -> RegistryError {
        RegistryError::Database { path: self.path.clone(), source }
    }
}
