//! Records that no lane makes, durable first, then told to the world; and whole passages read back for who judges them.

use std::path::PathBuf;
use std::sync::Arc;

use journal_verify::SignedHead;
use tokio::sync::oneshot;

use super::board::Board;
use super::outlet::Outlet;
use crate::journal::{Access, AccessError, AccessLog, Batch, Failure, Journal, JournalError, Reader, StoredRecord};
use crate::model::{NewRecord, PassageId, Ticket};

/// Writes records beside the lanes. Cheap to clone.
#[derive(Clone)]
pub struct Recorder {
    pub(super) journal: Arc<Journal>,
    pub(super) outlet: Outlet,
    pub(super) board: Board,
    pub(super) directory: PathBuf,
}

impl Recorder {
    /// Makes a record durable, tells the world, and returns its sequence.
    ///
    /// # Errors
    /// When the journal did not take it.
    pub async fn record(&self, record: NewRecord) -> Result<u64, Failure> {
        let (done, durable) = oneshot::channel();
        // A ticket that no lane hands out: no lane waits for this.
        let batch = Batch { ticket: Ticket(0), lane: record.lane.clone(), records: vec![record] };
        self.journal.append(batch, Box::new(move |result| drop(done.send(result))));
        let committed = durable.await.unwrap_or(Err(Failure::Closed))?;
        let first = committed.receipt.first();
        for (sequence, record) in (first..).zip(&committed.records) {
            self.board.tell(self.outlet.event(sequence, record));
        }
        Ok(first)
    }

    /// Writes down that somebody looks at personal data; nothing may be shown before. Blocks.
    ///
    /// # Errors
    /// When it can't be written: the look must not be granted.
    pub fn looked(&self, access: &Access) -> Result<u64, AccessError> {
        AccessLog::of(&self.directory).record(access)
    }

    /// The newest signed head of the journal.
    #[must_use]
    pub fn signed_head(&self) -> Option<Arc<SignedHead>> {
        self.journal.signed_head()
    }

    /// Everything that the journal holds of a passage, also what the world is not shown. Blocks.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn passage(&self, passage: PassageId) -> Result<Vec<StoredRecord>, JournalError> {
        Reader::open(&self.directory)?.passage(passage)
    }
}
