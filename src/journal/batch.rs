//! What the writer takes and gives back, and its limits.

use std::sync::Arc;
use std::time::Duration;

use super::heads::HeadRules;
use crate::model::{LaneId, NewRecord, Recorded, Ticket};

/// Batches that may wait for the writer; more are refused at once.
pub(super) const WAITING_MAX: usize = 65_536;

/// What a commit cost.
#[derive(Debug, Clone, Copy)]
pub struct CommitStats {
    /// From the first insert to the end of the sync.
    pub took: Duration,
    /// Records in it.
    pub records: usize,
}

/// Told of every commit.
pub type Observer = Arc<dyn Fn(CommitStats) + Send + Sync>;

/// Limits of a journal.
#[derive(Clone)]
pub struct Limits {
    /// Below this share of free disk space no new authority is given (hazard 32).
    pub reserve_percent: u8,
    /// Room that is kept for closing records and incidents when the disk is full, bytes (hazard 32); 0: none.
    pub ballast_bytes: u64,
    /// Told of every commit.
    pub observer: Option<Observer>,
    /// How heads are signed; `None`: not at all.
    pub heads: Option<HeadRules>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { reserve_percent: 5, ballast_bytes: 0, observer: None, heads: None }
    }
}

/// Records that become durable together.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Names the batch in its receipt.
    pub ticket: Ticket,
    /// Whose receipt it is.
    pub lane: LaneId,
    /// The records, in order.
    pub records: Vec<NewRecord>,
}

/// A durable batch.
#[derive(Debug, Clone)]
pub struct Committed {
    /// The receipt.
    pub receipt: Recorded,
    /// The records; record `i` has the sequence `receipt.first() + i`.
    pub records: Vec<NewRecord>,
}

/// Why a batch is not durable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// A write failed; nothing is written any more.
    #[error("the journal failed and takes no records until the next start: {0}")]
    Poisoned(String),
    /// It is damaged, and was not opened.
    #[error("{0}")]
    Damaged(String),
    /// Too much waits.
    #[error("the journal has {WAITING_MAX} batches waiting")]
    Full,
    /// It is closed.
    #[error("the journal is closed")]
    Closed,
    /// There is nothing in it.
    #[error("a batch without records has no receipt")]
    Empty,
    /// No key to seal its personal fields with.
    #[error("the record was not written: {0}")]
    Unsealed(String),
}

/// Told once, from the writer's thread, when a batch is durable or isn't.
pub type Done = Box<dyn FnOnce(Result<Committed, Failure>) + Send>;
