//! What is read back at the start: the index in memory.

use std::path::Path;

use rusqlite::Connection;
use uuid::Uuid;

use super::index::{Entry, Index};
use super::store::{FILE_NAME, RegistryError};
use crate::domain::plate::Templates;
use crate::model::PassageId;
use crate::model::registry::RegisterKind;
use crate::wire::registry::{Document, parse_document};

/// What is read back at the start.
pub(super) struct Loaded {
    pub(super) index: Index,
    /// Numbers of documents that no longer parse.
    pub(super) broken: Vec<String>,
    /// The last journal sequence that was marked.
    pub(super) used_through: u64,
}

/// Opens the registry's file for reading beside its writer.
pub(super) fn open_to_read(directory: &Path) -> Result<Connection, RegistryError> {
    let path = directory.join(FILE_NAME);
    if !path.exists() {
        return Err(RegistryError::Missing { path });
    }
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(&path, flags).map_err(|source| RegistryError::Database { path, source })
}

/// Reads what the index in memory is built from.
pub(super) fn load(connection: &Connection, directory: &Path, templates: &Templates) -> Result<Loaded, RegistryError> {
    load_all(connection, templates)
        .map_err(|source| RegistryError::Database { path: directory.join(FILE_NAME), source })
}

fn load_all(connection: &Connection, templates: &Templates) -> rusqlite::Result<Loaded> {
    let mut live = Vec::new();
    let mut entries = connection
        .prepare("SELECT number, tractor, tractor_country, rear, rear_country, expected_at, valid_until FROM entry")?;
    let mut rows = entries.query([])?;
    while let Some(row) = rows.next()? {
        let rear_country = row.get_ref(4)?.as_str_or_null()?;
        live.push(Entry::new(
            row.get_ref(0)?.as_str()?,
            (row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str_or_null()?),
            row.get_ref(3)?.as_str_or_null()?.map(|rear| (rear, rear_country)),
            row.get(5)?,
            row.get(6)?,
            templates,
        ));
    }
    let mut index = Index::build(live).map_err(|full| rusqlite::Error::ToSqlConversionFailure(Box::new(full)))?;
    let mut broken = Vec::new();
    let mut parties = connection.prepare("SELECT number, json FROM document WHERE kind = 'party' AND withdrawn = 0")?;
    let mut rows = parties.query([])?;
    while let Some(row) = rows.next()? {
        let (number, json): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
        match parse_document(RegisterKind::Party, &json) {
            Ok(Document::Party(party)) => index.put_party(party),
            Ok(Document::Notification(_) | Document::Declaration(_)) | Err(_) => broken.push(number),
        }
    }
    let mut used_through = 0;
    let mut used = connection.prepare("SELECT number, passage, sequence FROM used")?;
    let mut rows = used.query([])?;
    while let Some(row) = rows.next()? {
        let (number, passage, sequence): (String, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        index.use_up(&number, PassageId(Uuid::parse_str(&passage).unwrap_or_default()));
        used_through = used_through.max(u64::try_from(sequence).unwrap_or(0));
    }
    Ok(Loaded { index, broken, used_through })
}
