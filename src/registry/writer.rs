//! The registry's handle and its writer thread.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;

use super::index::Index;
use super::store::{RegistryError, Store, apply};
use crate::matching::MatchPolicy;
use crate::model::registry::RegisterKind;
use crate::model::{MatchQuery, MatchResult, PassageId, Receipt, ReceiptResult, Timestamp};
use crate::wire::registry::{Document, identity, parse_document};

/// Documents that may wait for the writer; the broker holds back more.
const WAITING_MAX: usize = 16_384;
/// Documents that one transaction may take.
const GROUP_MAX: usize = 1_024;

/// An answered document.
#[derive(Debug, Clone)]
pub struct Submitted {
    /// The answer; what it says is durable.
    pub receipt: Receipt,
}

/// Why a document has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryFailure {
    /// A write failed.
    #[error("the registry could not be written: {0}")]
    Write(String),
    /// Too much waits.
    #[error("{WAITING_MAX} documents wait for the registry")]
    Full,
    /// It is closed.
    #[error("the registry is closed")]
    Closed,
}

/// Told once, from the writer's thread.
pub type SubmitDone = Box<dyn FnOnce(Result<Submitted, RegistryFailure>) + Send>;

enum Job {
    Submit { kind: RegisterKind, bytes: Vec<u8>, at: Timestamp, done: SubmitDone },
    Used { number: String, passage: PassageId, sequence: u64 },
    Close,
}

struct Shared {
    index: RwLock<Index>,
    poisoned: AtomicBool,
    used_through: AtomicU64,
}

/// The registry.
pub struct Registry {
    shared: Arc<Shared>,
    jobs: SyncSender<Job>,
    writer: Mutex<Option<JoinHandle<()>>>,
    broken: Vec<String>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").field("notifications", &self.len()).finish_non_exhaustive()
    }
}

impl Registry {
    /// Opens the registry of a data directory and reads what lives into memory.
    ///
    /// # Errors
    /// When it can't be read or written, or a newer version wrote it.
    pub fn open(directory: &Path) -> Result<Self, RegistryError> {
        let store = Store::open(directory)?;
        let (index, broken, through) = store.load(directory)?;
        let shared = Arc::new(Shared {
            index: RwLock::new(index),
            poisoned: AtomicBool::new(false),
            used_through: AtomicU64::new(through),
        });
        let (jobs, waiting) = sync_channel(WAITING_MAX);
        let writer = std::thread::Builder::new()
            .name("registry".into())
            .spawn({
                let shared = Arc::clone(&shared);
                move || run(&store, &shared, &waiting)
            })
            .map_err(|source| RegistryError::Directory { path: directory.to_owned(), source })?;
        Ok(Self { shared, jobs, writer: Mutex::new(Some(writer)), broken })
    }

    /// Numbers of stored documents that could not be read back.
    #[must_use]
    pub fn broken(&self) -> &[String] {
        &self.broken
    }

    /// Live notifications.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.index.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// No live notification.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Hands a document in; `done` is called with its receipt once that is durable.
    pub fn submit(&self, kind: RegisterKind, bytes: Vec<u8>, at: Timestamp, done: SubmitDone) {
        match self.jobs.try_send(Job::Submit { kind, bytes, at, done }) {
            Ok(()) => {}
            Err(TrySendError::Full(job)) => refuse(job, RegistryFailure::Full),
            Err(TrySendError::Disconnected(job)) => refuse(job, RegistryFailure::Closed),
        }
    }

    /// Answers a lane from memory.
    #[must_use]
    pub fn find(&self, query: &MatchQuery, policy: &MatchPolicy, now: Timestamp) -> MatchResult {
        self.shared.index.read().unwrap_or_else(PoisonError::into_inner).find(query, policy, now)
    }

    /// A notification is used up by a passage, as the journal says under `sequence`. Counts at once; durable soon, and
    /// the journal's later records are marked again at the next start.
    pub fn mark_used(&self, number: &str, passage: PassageId, sequence: u64) {
        self.shared.index.write().unwrap_or_else(PoisonError::into_inner).use_up(number, passage);
        // A full queue only delays the disk: the journal says it again at the next start.
        self.jobs.try_send(Job::Used { number: number.to_owned(), passage, sequence }).ok();
    }

    /// The last journal sequence that was marked when the registry was opened.
    #[must_use]
    pub fn used_through(&self) -> u64 {
        self.shared.used_through.load(Ordering::Relaxed)
    }

    /// Takes what waits and ends the writer.
    pub fn shutdown(&self) {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            self.jobs.send(Job::Close).ok();
            writer.join().ok();
        }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.shutdown();
    }
}

fn refuse(job: Job, failure: RegistryFailure) {
    match job {
        Job::Submit { done, .. } => done(Err(failure)),
        Job::Used { .. } | Job::Close => {}
    }
}

fn run(store: &Store, shared: &Shared, waiting: &Receiver<Job>) {
    while let Ok(first) = waiting.recv() {
        let mut group = vec![first];
        while group.len() < GROUP_MAX {
            match waiting.try_recv() {
                Ok(job) => group.push(job),
                Err(_) => break,
            }
        }
        let closing = group.iter().any(|job| matches!(job, Job::Close));
        take(store, shared, group);
        if closing {
            return;
        }
    }
}

/// One document's way through the transaction.
struct Written {
    receipt: Receipt,
    document: Option<Document>,
    done: SubmitDone,
}

/// All that waits as one transaction; memory and receipts only after it.
fn take(store: &Store, shared: &Shared, group: Vec<Job>) {
    let mut written = Vec::new();
    let outcome = write(store, group, &mut written);
    let outcome = match outcome {
        Ok(()) if !shared.poisoned.load(Ordering::Acquire) => store.commit().map_err(|error| error.to_string()),
        Ok(()) => Err("an earlier write failed".to_owned()),
        Err(error) => Err(error.to_string()),
    };
    match outcome {
        Ok(()) => {
            {
                let mut index = shared.index.write().unwrap_or_else(PoisonError::into_inner);
                for one in &mut written {
                    if let Some(document) = one.document.take() {
                        apply(&mut index, document);
                    }
                }
            }
            for one in written {
                (one.done)(Ok(Submitted { receipt: one.receipt }));
            }
        }
        Err(why) => {
            shared.poisoned.store(true, Ordering::Release);
            for one in written {
                (one.done)(Err(RegistryFailure::Write(why.clone())));
            }
        }
    }
}

fn write(store: &Store, group: Vec<Job>, written: &mut Vec<Written>) -> rusqlite::Result<()> {
    let mut trouble = store.begin().err();
    for job in group {
        match job {
            Job::Submit { kind, bytes, at, done } => match (&trouble, submit(store, kind, &bytes, at)) {
                (None, Ok((receipt, document))) => written.push(Written { receipt, document, done }),
                (None, Err(error)) => {
                    done(Err(RegistryFailure::Write(error.to_string())));
                    trouble = Some(error);
                }
                (Some(error), _) => done(Err(RegistryFailure::Write(error.to_string()))),
            },
            Job::Used { number, passage, sequence } => {
                if let (None, Err(error)) = (&trouble, store.mark_used(&number, passage, sequence)) {
                    trouble = Some(error);
                }
            }
            Job::Close => {}
        }
    }
    trouble.map_or(Ok(()), Err)
}

fn submit(
    store: &Store,
    kind: RegisterKind,
    bytes: &[u8],
    at: Timestamp,
) -> rusqlite::Result<(Receipt, Option<Document>)> {
    match parse_document(kind, bytes) {
        Ok(document) => {
            let (number, revision) = identity(&document);
            let (number, revision) = (Some(number.to_owned()), Some(revision));
            let result = store.put(kind, &document, bytes)?;
            let receipt = Receipt { kind, number, revision, result, errors: vec![], at };
            Ok((receipt, (result == ReceiptResult::Accepted).then_some(document)))
        }
        Err(rejection) => {
            let result = ReceiptResult::Rejected;
            let (number, revision, errors) = (rejection.number, rejection.revision, rejection.errors);
            Ok((Receipt { kind, number, revision, result, errors, at }, None))
        }
    }
}
