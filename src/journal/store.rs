//! The journal's database: schema, version, and the lock that keeps a second writer out.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::seal::KeyError;

/// The journal's file in the data directory.
pub const FILE_NAME: &str = "journal.db";
const LOCK_NAME: &str = "journal.lock";
/// Version of the tables; a newer one is refused.
pub(super) const FORMAT_VERSION: i64 = 1;
/// How long a reader or writer waits for the other's short locks.
const BUSY_WITHIN: Duration = Duration::from_secs(5);

/// Why a journal can't be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The directory.
    #[error("the data directory {path} can not be used: {source}; create it, or give the service access to it")]
    Directory {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another process.
    #[error("another process writes the journal in {path}; stop it, or choose another [data] directory")]
    InUse {
        /// Which.
        path: PathBuf,
    },
    /// A newer version wrote it.
    #[error("the journal {path} has format {found}, this program knows up to {FORMAT_VERSION}; run a newer version")]
    TooNew {
        /// Which.
        path: PathBuf,
        /// Its version.
        found: i64,
    },
    /// Nothing there.
    #[error("there is no journal at {path}")]
    Missing {
        /// Where.
        path: PathBuf,
    },
    /// The database.
    #[error("the journal {path} can not be read or written: {source}")]
    Database {
        /// Which.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// It is shorter than a head that was signed over it.
    #[error(
        "the journal {path} ends at record {last}, a head was signed over {head}: its end was cut off; bring back the whole journal, or move this one away and tell who keeps its heads"
    )]
    Cut {
        /// Which.
        path: PathBuf,
        /// The last record there is.
        last: u64,
        /// Records under the head.
        head: u64,
    },
    /// The start's look found records that are not as they were written.
    #[error("the journal {path} is damaged: {what}; run `lane-controller journal verify`")]
    Corrupt {
        /// Which.
        path: PathBuf,
        /// What is wrong, and where.
        what: String,
    },
    /// A field can't be what it says.
    #[error("record {sequence} of the journal can not be read: {what}; run `lane-controller journal verify`")]
    Damaged {
        /// Which record.
        sequence: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// The keys of its personal fields.
    #[error(transparent)]
    Keys(#[from] KeyError),
}

impl JournalError {
    /// Whether the journal's content is wrong, so that starting again doesn't help.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Corrupt { .. } | Self::Damaged { .. } | Self::Cut { .. } => true,
            Self::Database { source, .. } => {
                matches!(source.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
            }
            Self::Directory { .. }
            | Self::InUse { .. }
            | Self::TooNew { .. }
            | Self::Missing { .. }
            | Self::Keys(_) => false,
        }
    }
}

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS head (one INTEGER PRIMARY KEY CHECK (one = 1), sequence INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS record (
  sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL, lane TEXT NOT NULL, passage TEXT, kind TEXT NOT NULL,
  body TEXT NOT NULL, previous BLOB NOT NULL, hash BLOB NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS record_passage ON record (passage) WHERE passage IS NOT NULL;
CREATE INDEX IF NOT EXISTS record_released ON record (sequence) WHERE kind = 'released';
CREATE INDEX IF NOT EXISTS record_service ON record (lane, sequence) WHERE kind = 'service_changed';
CREATE INDEX IF NOT EXISTS record_selection ON record (sequence) WHERE kind IN ('selection_committed', 'selection_drawn', 'selection_revealed');
CREATE INDEX IF NOT EXISTS record_profiles ON record (sequence) WHERE kind = 'profiles_changed';
CREATE INDEX IF NOT EXISTS record_shredded ON record (sequence) WHERE kind = 'keys_shredded';
CREATE INDEX IF NOT EXISTS record_anchored ON record (sequence) WHERE kind = 'access_anchored';
CREATE TABLE IF NOT EXISTS head_signed (size INTEGER PRIMARY KEY, head TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS head_edge (one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER NOT NULL, nodes BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS head_key (id TEXT PRIMARY KEY, public BLOB NOT NULL, since TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS open_passage (passage TEXT PRIMARY KEY, lane TEXT NOT NULL, opened INTEGER NOT NULL) STRICT;
";

/// The journal's place on disk.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) path: PathBuf,
}

impl Place {
    pub(super) fn in_directory(directory: &Path) -> Self {
        Self { path: directory.join(FILE_NAME) }
    }

    pub(super) fn database(&self, source: rusqlite::Error) -> JournalError {
        JournalError::Database { path: self.path.clone(), source }
    }
}

/// Creates the directory for the service alone, makes its entry durable, and locks the journal.
pub(super) fn lock(directory: &Path) -> Result<File, JournalError> {
    use std::os::unix::fs::DirBuilderExt;
    let fail = |source| JournalError::Directory { path: directory.to_owned(), source };
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(fail)?;
    let lock =
        File::options().create(true).truncate(false).write(true).open(directory.join(LOCK_NAME)).map_err(fail)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(JournalError::InUse { path: directory.to_owned() }),
        Err(TryLockError::Error(source)) => return Err(fail(source)),
    }
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(fail)?;
    Ok(lock)
}

/// Keeps every other writer out of a data directory while it lives: the journal's lock without the journal.
#[derive(Debug)]
pub struct Claim {
    _lock: File,
}

impl Claim {
    /// Claims a data directory.
    ///
    /// # Errors
    /// When it can't be used, or a controller runs on it.
    pub fn of(directory: &Path) -> Result<Self, JournalError> {
        lock(directory).map(|lock| Self { _lock: lock })
    }
}

/// Opens for writing, makes the tables, and counts this start: the epoch.
pub(super) fn open_writer(place: &Place) -> Result<(Connection, u64), JournalError> {
    let fail = |source| place.database(source);
    let connection = open_beside(place)?;
    connection.pragma_update(None, "journal_mode", "WAL").map_err(fail)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(fail)?;
    // Checkpoints run on their own connection, off the writer's path.
    connection.pragma_update(None, "wal_autocheckpoint", 0).map_err(fail)?;
    check_version(&connection, place)?;
    // One transaction, one sync.
    connection.execute_batch(&format!("BEGIN IMMEDIATE;{SCHEMA}COMMIT;")).map_err(fail)?;
    let epoch = next_epoch(&connection).map_err(fail)?;
    Ok((connection, epoch))
}

/// A connection that writes nothing unless it is told to, not even when it is closed: after a failed sync SQLite would
/// sync once more there, and that one may succeed although the data is gone (hazard 33).
pub(super) fn open_beside(place: &Place) -> Result<Connection, JournalError> {
    let fail = |source| place.database(source);
    let connection = Connection::open(&place.path).map_err(fail)?;
    connection.busy_timeout(BUSY_WITHIN).map_err(fail)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(fail)?;
    Ok(connection)
}

fn check_version(connection: &Connection, place: &Place) -> Result<(), JournalError> {
    let found: i64 =
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(|e| place.database(e))?;
    if found > FORMAT_VERSION {
        return Err(JournalError::TooNew { path: place.path.clone(), found });
    }
    if found < FORMAT_VERSION {
        connection.pragma_update(None, "user_version", FORMAT_VERSION).map_err(|e| place.database(e))?;
    }
    Ok(())
}

fn next_epoch(connection: &Connection) -> rusqlite::Result<u64> {
    // Two statements: one that returns its row is committed when it is reset, and a failure of that is told to nobody.
    // The same epoch would then be given out twice (invariant A11).
    connection.execute(
        "INSERT INTO meta (key, value) VALUES ('epoch', 1) ON CONFLICT (key) DO UPDATE SET value = value + 1",
        [],
    )?;
    let epoch: i64 = connection.query_row("SELECT value FROM meta WHERE key = 'epoch'", [], |row| row.get(0))?;
    Ok(u64::try_from(epoch).unwrap_or(0))
}

/// Opens beside a running writer, for reading only.
pub(super) fn open_reader(place: &Place) -> Result<Connection, JournalError> {
    if !place.path.exists() {
        return Err(JournalError::Missing { path: place.path.clone() });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&place.path, flags).map_err(|e| place.database(e))?;
    connection.busy_timeout(BUSY_WITHIN).map_err(|e| place.database(e))?;
    let found: i64 =
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(|e| place.database(e))?;
    if found > FORMAT_VERSION {
        return Err(JournalError::TooNew { path: place.path.clone(), found });
    }
    Ok(connection)
}
