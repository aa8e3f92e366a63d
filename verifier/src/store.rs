//! Reading the journal's database: records, the heads and public keys that it keeps. Nothing is ever written.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use crate::head::PublicKey;
use crate::walk::Row;

/// The journal's file in a data directory.
pub const FILE_NAME: &str = "journal.db";
/// Version of the tables; a newer one is refused.
pub const FORMAT_VERSION: i64 = 1;
/// How long a reader waits for a writer's short locks.
const BUSY_WITHIN: Duration = Duration::from_secs(5);

/// Why a journal can't be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Nothing there.
    #[error("there is no journal at {0}")]
    Missing(PathBuf),
    /// A newer version wrote it.
    #[error("the journal {path} has format {found}, this program knows up to {FORMAT_VERSION}; run a newer version")]
    TooNew {
        /// Which.
        path: PathBuf,
        /// Its version.
        found: i64,
    },
    /// The database.
    #[error("the journal {path} can not be read: {source}")]
    Database {
        /// Which.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// There is no such record.
    #[error("the journal {path} has no record {sequence}")]
    NoRecord {
        /// Which journal.
        path: PathBuf,
        /// Which record.
        sequence: u64,
    },
    /// A record can't be what it says.
    #[error("record {sequence} of the journal can not be read; verify the journal")]
    Damaged {
        /// Which record.
        sequence: u64,
    },
}

/// A journal, open for reading in one transaction: a writer may go on meanwhile.
#[derive(Debug)]
pub struct JournalFile {
    pub(crate) connection: Connection,
    path: PathBuf,
}

impl JournalFile {
    /// Opens a journal: a data directory, or the file in it.
    ///
    /// # Errors
    /// When there is none, it is newer than this program, or can't be read.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let path = if path.is_dir() { path.join(FILE_NAME) } else { path.to_owned() };
        if !path.exists() {
            return Err(OpenError::Missing(path));
        }
        let opened = begin(&path, &path.to_string_lossy()).or_else(|error| {
            // A copy on a medium that can't be written has no room for SQLite's locks, and needs none.
            let mut uri = String::from("file:");
            uri.extend(path.to_string_lossy().chars().map(|c| match c {
                '%' => "%25".to_owned(),
                '?' => "%3f".to_owned(),
                '#' => "%23".to_owned(),
                other => other.to_string(),
            }));
            uri.push_str("?immutable=1");
            if has_log(&path) { Err(error) } else { begin(&path, &uri).map_err(|_| error) }
        });
        let connection = opened.map_err(|source| OpenError::Database { path: path.clone(), source })?;
        let file = Self { connection, path };
        let found: i64 = file.read(file.connection.pragma_query_value(None, "user_version", |row| row.get(0)))?;
        if found > FORMAT_VERSION {
            return Err(OpenError::TooNew { path: file.path, found });
        }
        Ok(file)
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn read<T>(&self, result: rusqlite::Result<T>) -> Result<T, OpenError> {
        result.map_err(|source| OpenError::Database { path: self.path.clone(), source })
    }

    /// The heads that the journal keeps, by size: the size under which each is kept and its JSON.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn heads(&self) -> Result<Vec<(u64, String)>, OpenError> {
        self.read(self.list("head_signed", "SELECT size, CAST(head AS BLOB) FROM head_signed ORDER BY size", |row| {
            Ok((unsigned(row.get(0)?), String::from_utf8_lossy(row.get_ref(1)?.as_bytes()?).into_owned()))
        }))
    }

    /// The newest head that the journal keeps.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn latest_head(&self) -> Result<Option<String>, OpenError> {
        let sql = "SELECT head FROM head_signed ORDER BY size DESC LIMIT 1";
        Ok(self.read(self.list("head_signed", sql, |row| row.get(0)))?.pop())
    }

    /// The public keys that ever signed heads, the latest last.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn keys(&self) -> Result<Vec<PublicKey>, OpenError> {
        self.read(self.list("head_key", "SELECT id, public, since FROM head_key ORDER BY rowid", |row| {
            let (key_id, public, since) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(PublicKey { key_id, algorithm: "ed25519".to_owned(), public, since })
        }))
    }

    /// Rows of a table that journals of earlier versions lack.
    fn list<T>(
        &self,
        table: &str,
        sql: &str,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Vec<T>> {
        if !self.connection.table_exists(None, table)? {
            return Ok(Vec::new());
        }
        self.connection.prepare(sql)?.query_map([], read)?.collect()
    }

    /// The journal's own head: the last record's sequence and hash, unsigned.
    pub(crate) fn own_head(&self) -> rusqlite::Result<(i64, Vec<u8>)> {
        let head = self.connection.query_row("SELECT sequence, hash FROM head", [], |row| {
            Ok((row.get(0)?, row.get_ref(1)?.as_bytes().unwrap_or_default().to_vec()))
        });
        Ok(head.optional()?.unwrap_or((0, crate::chain::GENESIS.to_vec())))
    }

    /// Hands every row on, in the order of sequence, until `take` says stop.
    pub(crate) fn rows(&self, mut take: impl FnMut(&Row<'_>) -> Going) -> rusqlite::Result<()> {
        let mut statement = self
            .connection
            .prepare("SELECT sequence, at, lane, passage, kind, body, previous, hash FROM record ORDER BY sequence")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if take(&typed(row)?) == Going::Stop {
                break;
            }
        }
        Ok(())
    }

    /// Hands every record's hash on, in the order of sequence, up to a sequence.
    pub(crate) fn hashes(&self, last: u64, mut take: impl FnMut(&[u8])) -> Result<u64, OpenError> {
        let mut read = || -> rusqlite::Result<u64> {
            let mut statement =
                self.connection.prepare("SELECT hash FROM record WHERE sequence BETWEEN 1 AND ?1 ORDER BY sequence")?;
            let mut rows = statement.query([i64::try_from(last).unwrap_or(i64::MAX)])?;
            let mut count = 0;
            while let Some(row) = rows.next()? {
                take(row.get_ref(0)?.as_bytes().unwrap_or_default());
                count += 1;
            }
            Ok(count)
        };
        self.read(read())
    }
}

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Going {
    On,
    Stop,
}

fn begin(path: &Path, name: &str) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = if name.starts_with("file:") {
        Connection::open_with_flags(name, flags)?
    } else {
        Connection::open_with_flags(path, flags.difference(OpenFlags::SQLITE_OPEN_URI))?
    };
    connection.busy_timeout(BUSY_WITHIN)?;
    connection.execute_batch("BEGIN")?;
    // The first read takes the snapshot.
    connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))?;
    Ok(connection)
}

/// A log with something in it: an immutable look at the file would miss it.
fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(PathBuf::from(log)).is_ok_and(|log| log.len() > 0)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// A row as bytes. What has another type than the writer gives it becomes bytes that no record has: it was changed.
fn typed<'a>(row: &'a rusqlite::Row<'_>) -> rusqlite::Result<Row<'a>> {
    let integer = |index| Ok::<_, rusqlite::Error>(row.get_ref(index)?.as_i64().unwrap_or(i64::MIN));
    let text = |index| {
        Ok::<_, rusqlite::Error>(match row.get_ref(index)? {
            ValueRef::Text(bytes) => Some(bytes),
            ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Blob(_) => None,
        })
    };
    let blob = |index| {
        Ok::<_, rusqlite::Error>(match row.get_ref(index)? {
            ValueRef::Blob(bytes) => bytes,
            ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Text(_) => &[],
        })
    };
    let (lane, kind, body) = (text(2)?, text(4)?, text(5)?);
    let passage = match row.get_ref(3)? {
        ValueRef::Null => None,
        ValueRef::Text(bytes) => Some(bytes),
        ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Blob(_) => Some(&b""[..]),
    };
    // A record without a hash is a changed one.
    let hash = if lane.is_some() && kind.is_some() && body.is_some() { blob(7)? } else { &[] };
    Ok(Row {
        sequence: integer(0)?,
        at: integer(1)?,
        lane: lane.unwrap_or_default(),
        passage,
        kind: kind.unwrap_or_default(),
        body: body.unwrap_or_default(),
        previous: blob(6)?,
        hash,
    })
}
