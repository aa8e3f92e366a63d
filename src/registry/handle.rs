//! The registry's handle: documents in, answers out.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::thread::JoinHandle;

use super::find;
use super::index::Index;
use super::load::{Loaded, load};
use super::shelf::Shelf;
use super::store::{RegistryError, Store};
use super::writer::{Job, Shared, run};
use crate::domain::number_key;
use crate::domain::plate::Templates;
use crate::matching::{Known, MatchPolicy, judge_papers};
use crate::model::registry::RegisterKind;
use crate::model::risk::Assessment;
use crate::model::{Finding, MatchQuery, MatchResult, PassageId, Receipt, Timestamp};

/// Documents that may wait for the writer; the broker holds back more.
const WAITING_MAX: usize = 16_384;

/// A notification before its vehicle is there.
#[derive(Debug, Clone)]
pub struct Dossier {
    /// The notification and what goes with it.
    pub known: Known,
    /// Its declarations with their revisions.
    pub revisions: Vec<(String, u64)>,
    /// What the papers show by themselves.
    pub findings: Vec<Finding>,
}

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
    /// A read failed.
    #[error("the registry could not be read: {0}")]
    Read(String),
    /// Too much waits.
    #[error("{WAITING_MAX} documents wait for the registry")]
    Full,
    /// It is closed.
    #[error("the registry is closed")]
    Closed,
}

/// Told once, from the writer's thread.
pub type SubmitDone = Box<dyn FnOnce(Result<Submitted, RegistryFailure>) + Send>;

/// Told once a decision taken before arrival is durable, from the writer's thread.
pub type AssessDone = Box<dyn FnOnce(Result<(), RegistryFailure>) + Send>;

/// The registry.
pub struct Registry {
    shared: Arc<Shared>,
    jobs: SyncSender<Job>,
    writer: Mutex<Option<JoinHandle<()>>>,
    broken: Vec<String>,
    used_through: u64,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").field("notifications", &self.len()).finish_non_exhaustive()
    }
}

impl Registry {
    /// Opens the registry of a data directory and builds its index in memory; plates are canonical by `templates`.
    ///
    /// # Errors
    /// When it can't be read or written, or a newer version wrote it.
    pub fn open(directory: &Path, templates: Arc<Templates>) -> Result<Self, RegistryError> {
        let store = Store::open(directory)?;
        let Loaded { index, broken, used_through } = load(store.connection(), directory, &templates)?;
        let shared = Arc::new(Shared {
            index: RwLock::new(index),
            shelf: Shelf::open(directory)?,
            templates,
            poisoned: AtomicBool::new(false),
        });
        let (jobs, waiting) = sync_channel(WAITING_MAX);
        let writer = std::thread::Builder::new()
            .name("registry".into())
            .spawn({
                let shared = Arc::clone(&shared);
                move || run(&store, &shared, &waiting)
            })
            .map_err(|source| RegistryError::Directory { path: directory.to_owned(), source })?;
        Ok(Self { shared, jobs, writer: Mutex::new(Some(writer)), broken, used_through })
    }

    /// Numbers of stored documents that could not be read back.
    #[must_use]
    pub fn broken(&self) -> &[String] {
        &self.broken
    }

    /// Live notifications.
    #[must_use]
    pub fn len(&self) -> usize {
        self.index().len()
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

    /// Answers a lane: memory says which notifications are near, the disk gives the documents.
    ///
    /// # Errors
    /// When the disk can't be read.
    pub fn find(
        &self,
        query: &MatchQuery,
        policy: &MatchPolicy,
        now: Timestamp,
    ) -> Result<MatchResult, RegistryFailure> {
        let numbers = find::near(&self.index(), query, policy);
        let used_by = |number: &str| self.index().used_by(number);
        let considered = find::consider(&self.shared.shelf, numbers, query, used_by).map_err(unreadable)?;
        let party = |id: &str| self.index().party(id).cloned();
        find::answer(&self.shared.shelf, &considered, query, policy, now, party).map_err(unreadable)
    }

    /// A live notification with everything that goes with it, and what its papers show by themselves.
    ///
    /// # Errors
    /// When the disk can't be read.
    pub fn dossier(
        &self,
        number: &str,
        policy: &MatchPolicy,
        now: Timestamp,
    ) -> Result<Option<Dossier>, RegistryFailure> {
        let party = |id: &str| self.index().party(id).cloned();
        let known = find::dossier(&self.shared.shelf, number, party).map_err(unreadable)?;
        Ok(known.map(|known| Dossier {
            findings: judge_papers(&known, policy, now),
            revisions: find::revisions(&known.declarations),
            known,
        }))
    }

    /// Numbers of live notifications that nobody has assessed yet, those expected first at the front.
    ///
    /// # Errors
    /// When the disk can't be read.
    pub fn unassessed(&self, now: Timestamp, at_most: usize) -> Result<Vec<String>, RegistryFailure> {
        self.shared.shelf.unassessed(now, at_most).map_err(unreadable)
    }

    /// Numbers of live notifications that refer to a document.
    ///
    /// # Errors
    /// When the disk can't be read.
    pub fn referring(&self, document: &str) -> Result<Vec<String>, RegistryFailure> {
        self.shared.shelf.referring(&number_key(document)).map_err(unreadable)
    }

    /// The decision taken before arrival, whatever has changed since.
    ///
    /// # Errors
    /// When the disk can't be read.
    pub fn assessment(&self, number: &str) -> Result<Option<Assessment>, RegistryFailure> {
        Ok(self.shared.shelf.assessment(number).map_err(unreadable)?.map(|assessment| Assessment::clone(&assessment)))
    }

    /// Keeps a decision taken before arrival; `done` is called once that is durable.
    pub fn assess(&self, assessment: Assessment, done: AssessDone) {
        match self.jobs.try_send(Job::Assess { assessment: Box::new(assessment), done }) {
            Ok(()) => {}
            Err(TrySendError::Full(job)) => refuse(job, RegistryFailure::Full),
            Err(TrySendError::Disconnected(job)) => refuse(job, RegistryFailure::Closed),
        }
    }

    fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.shared.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets notifications whose validity ended before `before`. Soon, and some at a time.
    pub fn prune(&self, before: Timestamp) {
        // A full queue has more urgent things to do; the next call comes.
        self.jobs.try_send(Job::Prune { before }).ok();
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
    pub const fn used_through(&self) -> u64 {
        self.used_through
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

pub(super) fn unreadable(error: rusqlite::Error) -> RegistryFailure {
    RegistryFailure::Read(error.to_string())
}

fn refuse(job: Job, failure: RegistryFailure) {
    match job {
        Job::Submit { done, .. } => done(Err(failure)),
        Job::Assess { done, .. } => done(Err(failure)),
        Job::Used { .. } | Job::Prune { .. } | Job::Close => {}
    }
}
