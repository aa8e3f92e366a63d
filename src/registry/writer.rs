//! The registry's writer thread: all that waits is one transaction; memory and receipts only after it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, PoisonError, RwLock};

use super::handle::{AssessDone, RegistryFailure, SubmitDone, Submitted};
use super::index::{Entry, Index};
use super::shelf::Shelf;
use super::store::Store;
use crate::domain::plate::Templates;
use crate::model::registry::{Action, RegisterKind};
use crate::model::risk::Assessment;
use crate::model::{Party, PassageId, Purpose, Receipt, ReceiptResult, Timestamp};
use crate::wire::registry::{Document, identity, parse_document};

/// Documents that one transaction may take.
const GROUP_MAX: usize = 1_024;
/// Changes that enter the index under one lock, so that no lane waits for more than some hundred microseconds.
const ENTERED_AT_ONCE: usize = 32;

/// What the writer is told.
pub(super) enum Job {
    Submit { kind: RegisterKind, bytes: Vec<u8>, at: Timestamp, done: SubmitDone },
    Used { number: String, passage: PassageId, sequence: u64 },
    Assess { assessment: Box<Assessment>, done: AssessDone },
    Prune { before: Timestamp },
    Close,
}

/// What the handle and its writer share.
pub(super) struct Shared {
    pub(super) index: RwLock<Index>,
    pub(super) shelf: Shelf,
    pub(super) templates: Arc<Templates>,
    pub(super) poisoned: AtomicBool,
}

/// Takes jobs until told to close.
pub(super) fn run(store: &Store, shared: &Shared, waiting: &Receiver<Job>) {
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

/// What a transaction did.
#[derive(Default)]
struct Group {
    written: Vec<Written>,
    assessed: Vec<AssessDone>,
    pruned: Vec<String>,
}

/// All that waits as one transaction; memory and receipts only after it.
fn take(store: &Store, shared: &Shared, jobs: Vec<Job>) {
    let mut group = Group::default();
    let outcome = match write(store, jobs, &mut group) {
        Ok(()) if !shared.poisoned.load(Ordering::Acquire) => store.commit().map_err(|error| error.to_string()),
        Ok(()) => Err("an earlier write failed".to_owned()),
        Err(error) => Err(error.to_string()),
    };
    match outcome {
        Ok(()) => {
            remember(shared, &mut group);
            if !group.assessed.is_empty() {
                shared.shelf.changed();
            }
            for one in group.written {
                (one.done)(Ok(Submitted { receipt: one.receipt }));
            }
            group.assessed.into_iter().for_each(|done| done(Ok(())));
        }
        Err(why) => {
            shared.poisoned.store(true, Ordering::Release);
            for one in group.written {
                (one.done)(Err(RegistryFailure::Write(why.clone())));
            }
            group.assessed.into_iter().for_each(|done| done(Err(RegistryFailure::Write(why.clone()))));
        }
    }
}

/// What a document changes in memory.
enum Change {
    Put(Entry),
    Drop(String),
    Party(Party),
    NoParty(String),
}

/// Brings what is durable into memory. Keys are made before the lock is taken, so that lanes wait for no parsing.
fn remember(shared: &Shared, group: &mut Group) {
    let mut changes: Vec<Change> = group.pruned.drain(..).map(Change::Drop).collect();
    for document in group.written.iter_mut().filter_map(|one| one.document.take()) {
        let (number, _) = identity(&document);
        shared.shelf.forget(document.kind(), number);
        match document {
            Document::Notification(found) if found.action == Action::Withdraw => {
                changes.push(Change::Drop(found.number.clone()));
            }
            Document::Notification(found) => changes.push(Change::Put(Entry::of(&found, &shared.templates))),
            Document::Declaration(_) => {}
            Document::Party(party) if party.action == Action::Withdraw => {
                changes.push(Change::NoParty(party.id.reveal(Purpose::Register).to_owned()))
            }
            Document::Party(party) => changes.push(Change::Party(party)),
        }
    }
    for change in &changes {
        if let Change::Drop(number) = change {
            shared.shelf.forget(RegisterKind::Notification, number);
        }
    }
    let mut changes = changes.into_iter().peekable();
    while changes.peek().is_some() {
        enter(
            &mut shared.index.write().unwrap_or_else(PoisonError::into_inner),
            changes.by_ref().take(ENTERED_AT_ONCE),
        );
    }
}

fn enter(index: &mut Index, changes: impl Iterator<Item = Change>) {
    for change in changes {
        match change {
            Change::Put(entry) => {
                if let Err(full) = index.put(entry) {
                    tracing::error!(%full, "a notification is found by its numbers only");
                }
            }
            Change::Drop(number) => index.drop_notification(&number),
            Change::Party(party) => index.put_party(party),
            Change::NoParty(id) => index.drop_party(&id),
        }
    }
}

fn write(store: &Store, jobs: Vec<Job>, group: &mut Group) -> rusqlite::Result<()> {
    let mut trouble = store.begin().err();
    for job in jobs {
        match job {
            Job::Submit { kind, bytes, at, done } => match (&trouble, submit(store, kind, &bytes, at)) {
                (None, Ok((receipt, document))) => group.written.push(Written { receipt, document, done }),
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
            Job::Assess { assessment, done } => {
                if let (None, Err(error)) = (&trouble, store.assess(*assessment)) {
                    trouble = Some(error);
                }
                group.assessed.push(done);
            }
            Job::Prune { before } if trouble.is_none() => match store.prune(before) {
                Ok(numbers) => group.pruned.extend(numbers),
                Err(error) => trouble = Some(error),
            },
            Job::Prune { .. } | Job::Close => {}
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
