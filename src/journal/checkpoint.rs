//! Copying SQLite's write-ahead log back into the database, off the writer's path.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};

use super::writer::Shared;

/// How often the checkpointer looks by itself.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(30);

/// Copies the log back when told to, or now and then; readers and the writer go on meanwhile. A disk that fails here
/// fails the journal: what a sync of the copy lost would be found too late.
pub(super) fn checkpoint(connection: &Connection, nudged: &Receiver<()>, shared: &Shared) {
    loop {
        match nudged.recv_timeout(CHECKPOINT_EVERY) {
            Ok(()) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if shared.poisoned.load(Ordering::Acquire) {
            return;
        }
        match connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
            Ok(()) => {}
            Err(error) if is_passing(&error) => {
                tracing::debug!(%error, "the journal's log was not copied back; it is tried again");
            }
            Err(error) => shared.poison(&error),
        }
    }
}

/// Another connection's lock, which is over in a moment.
fn is_passing(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}
