//! The one writer: group commit, poison, checkpoints beside it.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use super::batch::WAITING_MAX;
pub use super::batch::{Batch, CommitStats, Committed, Done, Failure, Limits, Observer};
use super::checkpoint::checkpoint;
use super::heads::{Heads, Shown, Sign};
use super::inspect;
use super::rows::{head, insert, set_head};
use super::seal::{KeyRing, sealed};
use super::shred;
use super::space::{Room, Space, SpaceLook};
use super::store::{self, JournalError, Place};
use crate::model::Recorded;

/// Batches that one transaction may take.
const GROUP_MAX: usize = 4_096;
/// Commits between two looks at the disk and the log's length.
const LOOK_EVERY: u64 = 256;
/// Pages of the write-ahead log above which it is copied back.
const CHECKPOINT_PAGES: u64 = 1_000;

enum Job {
    Append(Batch, Done),
    Flush(Sender<()>),
    Close,
}

pub(super) struct Shared {
    pub(super) poisoned: AtomicBool,
    space: Space,
    commits: AtomicU64,
}

/// The journal. One a process; the directory is locked.
pub struct Journal {
    jobs: SyncSender<Job>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    shared: Arc<Shared>,
    pub(super) shown: Arc<Shown>,
    epoch: u64,
    keys: KeyRing,
    /// Why it takes nothing and was not even opened.
    withheld: Option<String>,
    cut_off: u64,
    _lock: File,
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

impl Journal {
    /// Opens the journal of a data directory for writing, and creates it when there is none.
    ///
    /// # Errors
    /// When the directory can't be used, another process writes there, or a newer version wrote it.
    pub fn open(directory: &Path, mut limits: Limits) -> Result<Self, JournalError> {
        let lock = store::lock(directory)?;
        let place = Place::in_directory(directory);
        // First, so that a full disk has room for the start.
        let space = Space::new(directory, limits.reserve_percent, limits.ballast_bytes);
        space.tend();
        let cut_off = inspect::inspect(&place)?;
        let (connection, epoch) = store::open_writer(&place)?;
        let (sequence, hash) = head(&connection).map_err(|error| place.database(error))?;
        let keys = KeyRing::of(directory);
        shred::finish(&connection, &place, &keys)?;
        let heads = Heads::open(&connection, &place, limits.heads.take(), epoch, sequence)?;
        let shown = heads.shown();
        let beside = store::open_beside(&place)?;
        let shared = Arc::new(Shared { poisoned: AtomicBool::new(false), space, commits: AtomicU64::new(0) });
        let (jobs, waiting) = sync_channel(WAITING_MAX);
        let (nudge, nudged) = channel();
        let writer = Writer { connection, sequence, hash, heads, shared: Arc::clone(&shared), limits, nudge };
        let spawn = |name: &str, run: Box<dyn FnOnce() + Send>| {
            std::thread::Builder::new()
                .name(name.to_owned())
                .spawn(run)
                .map_err(|source| JournalError::Directory { path: directory.to_owned(), source })
        };
        let watched = Arc::clone(&shared);
        let checkpointer = spawn("journal-check", Box::new(move || checkpoint(&beside, &nudged, &watched)))?;
        let writer = spawn("journal", Box::new(move || writer.run(&waiting)))?;
        let threads = Mutex::new(vec![writer, checkpointer]);
        Ok(Self { jobs, threads, shared, shown, epoch, keys, withheld: None, cut_off, _lock: lock })
    }

    /// In place of a journal that is damaged: keeps other writers out, writes nothing, and refuses every batch
    /// (hazard 35).
    ///
    /// # Errors
    /// When the directory can't be used, or another process writes there.
    pub fn withhold(directory: &Path, limits: &Limits, why: &str) -> Result<Self, JournalError> {
        let lock = store::lock(directory)?;
        let space = Space::new(directory, limits.reserve_percent, limits.ballast_bytes);
        let shared = Arc::new(Shared { poisoned: AtomicBool::new(false), space, commits: AtomicU64::new(0) });
        let (jobs, _) = sync_channel(1);
        let (shown, keys) = (Arc::<Shown>::default(), KeyRing::of(directory));
        let (threads, withheld) = (Mutex::new(vec![]), Some(why.to_owned()));
        Ok(Self { jobs, threads, shared, shown, epoch: 0, keys, withheld, cut_off: 0, _lock: lock })
    }

    /// Why nothing is written at all; `None`: all is well.
    #[must_use]
    pub fn withheld(&self) -> Option<&str> {
        self.withheld.as_deref()
    }

    /// Pages of the last transaction that a crash had cut off before it was acknowledged (hazard 34).
    #[must_use]
    pub const fn cut_off(&self) -> u64 {
        self.cut_off
    }

    /// Grows with every opening; barrier commands carry it (invariant A11).
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Seals a batch, hands it to the writer and returns at once; `done` is called with the records as they came in,
    /// when they are durable, or aren't.
    pub fn append(&self, batch: Batch, done: Done) {
        if batch.records.is_empty() {
            done(Err(Failure::Empty));
            return;
        }
        if let Some(why) = &self.withheld {
            done(Err(Failure::Damaged(why.clone())));
            return;
        }
        let Some((batch, done)) = sealed(&self.keys, batch, done) else { return };
        match self.jobs.try_send(Job::Append(batch, done)) {
            Ok(()) => {}
            Err(TrySendError::Full(job)) => refuse(job, &Failure::Full),
            Err(TrySendError::Disconnected(job)) => refuse(job, &Failure::Closed),
        }
    }

    /// Waits until everything handed in before is durable or refused, and under a head where heads are signed.
    pub fn flush(&self) {
        let (done, flushed) = channel();
        if self.jobs.send(Job::Flush(done)).is_ok() {
            // A writer that ended has nothing waiting.
            flushed.recv().ok();
        }
    }

    /// The keys of its personal fields.
    pub(super) const fn keys(&self) -> &KeyRing {
        &self.keys
    }

    /// A write failed: nothing is written any more.
    #[must_use]
    pub fn is_poisoned(&self) -> bool {
        self.shared.poisoned.load(Ordering::Acquire)
    }

    /// Whether the last look at the disk found room for new authorities.
    #[must_use]
    pub fn room(&self) -> Room {
        self.shared.space.room()
    }

    /// Looks at the disk; frees the ballast or lays it again. Blocks.
    pub fn look_at_space(&self) -> SpaceLook {
        self.shared.space.tend()
    }

    /// Commits since the start.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.shared.commits.load(Ordering::Relaxed)
    }

    /// Takes what waits, copies the log back, ends the threads. Later batches are refused.
    pub fn shutdown(&self) {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        // A writer that ended already took its last job.
        self.jobs.send(Job::Close).ok();
        for thread in threads.drain(..) {
            drop(thread.join());
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.shutdown();
    }
}

fn refuse(job: Job, failure: &Failure) {
    match job {
        Job::Append(_, done) => done(Err(failure.clone())),
        Job::Flush(_) | Job::Close => {}
    }
}

impl Shared {
    /// Nothing is written any more (safety case, Rules of the journal).
    pub(super) fn poison(&self, error: &rusqlite::Error) {
        self.poisoned.store(true, Ordering::Release);
        tracing::error!(%error, "a write to the journal failed; every lane holds");
        if error.sqlite_error_code() == Some(ErrorCode::DiskFull) {
            // The next start has room for what is to be closed.
            self.space.free_ballast();
        }
    }
}

struct Writer {
    connection: Connection,
    sequence: u64,
    hash: [u8; 32],
    heads: Heads,
    shared: Arc<Shared>,
    limits: Limits,
    nudge: Sender<()>,
}

impl Writer {
    fn run(mut self, waiting: &Receiver<Job>) {
        while let Some(first) = self.next(waiting) {
            let mut group = Vec::new();
            let mut flushed = Vec::new();
            let mut closing = false;
            let mut next = Some(first);
            while let Some(job) = next.take() {
                match job {
                    Job::Append(batch, done) => group.push((batch, done)),
                    Job::Flush(done) => flushed.push(done),
                    Job::Close => closing = true,
                }
                if !closing && group.len() < GROUP_MAX {
                    next = waiting.try_recv().ok();
                }
            }
            self.commit(group);
            if closing || !flushed.is_empty() {
                self.sign_head();
            }
            drop(flushed);
            if closing {
                break;
            }
        }
        if !self.shared.poisoned.load(Ordering::Acquire) {
            // What is not copied back is read from the log at the next start.
            if let Err(error) = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())) {
                tracing::warn!(%error, "the journal's log was not copied back at the end; the next start reads it");
            }
        }
    }

    /// The next job; a head is signed when its time comes and nothing else does.
    fn next(&mut self, waiting: &Receiver<Job>) -> Option<Job> {
        loop {
            let due = self.heads.due_in().filter(|_| !self.shared.poisoned.load(Ordering::Acquire));
            let Some(due) = due else { return waiting.recv().ok() };
            match waiting.recv_timeout(due) {
                Ok(job) => return Some(job),
                Err(RecvTimeoutError::Timeout) => self.sign_head(),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    /// Signs a head over records that none covers, in its own transaction: when it is time, and at a flush.
    fn sign_head(&mut self) {
        if self.heads.due_in().is_none() || self.shared.poisoned.load(Ordering::Acquire) {
            return;
        }
        if let Err(error) = self.write(&[], Sign::Now) {
            self.shared.poison(&error);
        }
    }

    /// One transaction for all that waits. A failure is never tried again (safety case, Rules of the journal).
    fn commit(&mut self, group: Vec<(Batch, Done)>) {
        if group.is_empty() {
            return;
        }
        if self.shared.poisoned.load(Ordering::Acquire) {
            for (_, done) in group {
                done(Err(Failure::Poisoned("an earlier write failed".into())));
            }
            return;
        }
        let began = Instant::now();
        match self.write(&group, Sign::WhenDue) {
            Ok(receipts) => {
                let records = group.iter().map(|(batch, _)| batch.records.len()).sum();
                for ((batch, done), receipt) in group.into_iter().zip(receipts) {
                    done(Ok(Committed { receipt, records: batch.records }));
                }
                self.committed(CommitStats { took: began.elapsed(), records });
            }
            Err(error) => {
                self.shared.poison(&error);
                for (_, done) in group {
                    done(Err(Failure::Poisoned(error.to_string())));
                }
            }
        }
    }

    fn write(&mut self, group: &[(Batch, Done)], sign: Sign) -> rusqlite::Result<Vec<Recorded>> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (mut sequence, mut hash) = (self.sequence, self.hash);
        let mut draft = self.heads.draft();
        let mut receipts = Vec::with_capacity(group.len());
        for (batch, _) in group {
            let first = sequence + 1;
            for record in &batch.records {
                sequence += 1;
                hash = insert(&transaction, sequence, &hash, record)?;
                draft.push(&hash);
            }
            receipts.push(Recorded::durable(batch.ticket, batch.lane.clone(), first, sequence));
        }
        set_head(&transaction, sequence, &hash)?;
        let head = self.heads.sign(&transaction, &draft, &hash, sign)?;
        transaction.commit()?;
        (self.sequence, self.hash) = (sequence, hash);
        self.heads.committed(sequence, draft, head);
        Ok(receipts)
    }

    fn committed(&self, stats: CommitStats) {
        if let Some(observer) = &self.limits.observer {
            observer(stats);
        }
        let commits = self.shared.commits.fetch_add(1, Ordering::Relaxed) + 1;
        if commits.is_multiple_of(LOOK_EVERY) {
            self.shared.space.look();
        }
        if commits.is_multiple_of(CHECKPOINT_PAGES / 4) {
            // A checkpointer that ended leaves the log to the next start.
            self.nudge.send(()).ok();
        }
    }
}
