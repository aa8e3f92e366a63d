//! Whole documents, read from the disk when a lane asks, the last ones kept at hand.

use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, params};

use super::load::open_to_read;
use super::store::RegistryError;
use crate::domain::NumberKey;
use crate::domain::plate::Folded;
use crate::model::Timestamp;
use crate::model::registry::{Declaration, PriorNotification, RegisterKind};
use crate::model::risk::Assessment;
use crate::wire::registry::{Document, parse_document};

/// Documents kept at hand; those of the vehicles on their way into the lanes.
const AT_HAND_MAX: usize = 4_096;
/// Notifications that one number may lead to.
const REFERRING_MAX: usize = 32;

#[derive(Debug, Default)]
struct AtHand {
    documents: HashMap<(RegisterKind, String), Arc<Document>>,
    order: VecDeque<(RegisterKind, String)>,
    /// Where a short answer was read, and its question: every change of the register may make it another.
    answers: HashMap<(&'static str, String), Short>,
    /// Grows with every change of the register: what was read before it may be old.
    generation: u64,
}

impl AtHand {
    fn outdate(&mut self) {
        self.generation += 1;
        self.answers.clear();
    }
}

/// A short answer of the disk.
#[derive(Debug, Clone)]
enum Short {
    Numbers(Vec<String>),
    Assessment(Option<Arc<Assessment>>),
}

/// The disk's read side.
#[derive(Debug)]
pub(super) struct Shelf {
    connection: Mutex<Connection>,
    at_hand: Mutex<AtHand>,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shelf {
    pub(super) fn open(directory: &Path) -> Result<Self, RegistryError> {
        let connection = open_to_read(directory)?;
        connection.set_prepared_statement_cache_capacity(16);
        Ok(Self { connection: Mutex::new(connection), at_hand: Mutex::default() })
    }

    /// A document has changed: what is at hand of it is old.
    pub(super) fn forget(&self, kind: RegisterKind, number: &str) {
        let mut at_hand = locked(&self.at_hand);
        at_hand.documents.remove(&(kind, number.to_owned()));
        at_hand.outdate();
    }

    /// Something has changed: short answers may be others now.
    pub(super) fn changed(&self) {
        locked(&self.at_hand).outdate();
    }

    pub(super) fn notification(&self, number: &str) -> rusqlite::Result<Option<Arc<PriorNotification>>> {
        Ok(self.document(RegisterKind::Notification, number)?.and_then(|document| match &*document {
            Document::Notification(notification) => Some(Arc::clone(notification)),
            Document::Declaration(_) | Document::Party(_) => None,
        }))
    }

    /// The declaration of that number, however it is written.
    pub(super) fn declaration(&self, key: &NumberKey) -> rusqlite::Result<Option<Arc<Declaration>>> {
        let numbers = self.list("SELECT number FROM declared WHERE key = ?1 LIMIT ?2", key.as_str())?;
        let Some(number) = numbers.first() else { return Ok(None) };
        Ok(self.document(RegisterKind::Declaration, number)?.and_then(|document| match &*document {
            Document::Declaration(declaration) => Some(Arc::clone(declaration)),
            Document::Notification(_) | Document::Party(_) => None,
        }))
    }

    /// The decision taken before arrival.
    pub(super) fn assessment(&self, number: &str) -> rusqlite::Result<Option<Arc<Assessment>>> {
        let sql = "SELECT json FROM assessed WHERE number = ?1";
        let read = |connection: &Connection| {
            let json: Option<Vec<u8>> =
                connection.prepare_cached(sql)?.query_row([number], |row| row.get(0)).optional()?;
            Ok(Short::Assessment(json.and_then(|json| serde_json::from_slice(&json).ok()).map(Arc::new)))
        };
        Ok(match self.short(sql, number, read)? {
            Short::Assessment(assessment) => assessment,
            Short::Numbers(_) => None,
        })
    }

    /// Numbers of live notifications, expected first to last from `from` on, that nobody has assessed.
    pub(super) fn unassessed(&self, from: Timestamp, at_most: usize) -> rusqlite::Result<Vec<String>> {
        let connection = locked(&self.connection);
        let mut statement = connection.prepare_cached(
            "SELECT number FROM entry WHERE valid_until > ?1 AND number NOT IN (SELECT number FROM assessed)
             ORDER BY expected_at LIMIT ?2",
        )?;
        let limit = i64::try_from(at_most).unwrap_or(i64::MAX);
        statement.query_map(params![from.unix_micros(), limit], |row| row.get(0))?.collect()
    }

    /// Numbers of live notifications that name a number.
    pub(super) fn referring(&self, key: &NumberKey) -> rusqlite::Result<Vec<String>> {
        self.list("SELECT number FROM reference WHERE key = ?1 LIMIT ?2", key.as_str())
    }

    /// Keys of declarations that name a tractor.
    pub(super) fn declared_for(&self, tractor: &Folded) -> rusqlite::Result<Vec<String>> {
        self.list("SELECT key FROM declared WHERE tractor = ?1 LIMIT ?2", tractor.as_str())
    }

    fn list(&self, sql: &'static str, key: &str) -> rusqlite::Result<Vec<String>> {
        let read = |connection: &Connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let limit = i64::try_from(REFERRING_MAX).unwrap_or(i64::MAX);
            let numbers = statement.query_map(params![key, limit], |row| row.get(0))?.collect::<Result<_, _>>()?;
            Ok(Short::Numbers(numbers))
        };
        Ok(match self.short(sql, key, read)? {
            Short::Numbers(numbers) => numbers,
            Short::Assessment(_) => Vec::new(),
        })
    }

    /// A short answer, from hand when nothing has changed since it was read.
    fn short(
        &self,
        sql: &'static str,
        question: &str,
        read: impl FnOnce(&Connection) -> rusqlite::Result<Short>,
    ) -> rusqlite::Result<Short> {
        let key = (sql, question.to_owned());
        let generation = {
            let at_hand = locked(&self.at_hand);
            if let Some(answer) = at_hand.answers.get(&key) {
                return Ok(answer.clone());
            }
            at_hand.generation
        };
        let answer = read(&locked(&self.connection))?;
        let mut at_hand = locked(&self.at_hand);
        if at_hand.generation == generation {
            if at_hand.answers.len() >= AT_HAND_MAX {
                at_hand.answers.clear();
            }
            at_hand.answers.insert(key, answer.clone());
        }
        Ok(answer)
    }

    fn document(&self, kind: RegisterKind, number: &str) -> rusqlite::Result<Option<Arc<Document>>> {
        let key = (kind, number.to_owned());
        let generation = {
            let at_hand = locked(&self.at_hand);
            if let Some(document) = at_hand.documents.get(&key) {
                return Ok(Some(Arc::clone(document)));
            }
            at_hand.generation
        };
        let json: Option<Vec<u8>> = locked(&self.connection)
            .prepare_cached("SELECT json FROM document WHERE kind = ?1 AND number = ?2 AND withdrawn = 0")?
            .query_row(params![kind.as_str(), number], |row| row.get(0))
            .optional()?;
        // What was stored was parsed before it was stored.
        let Some(document) = json.and_then(|json| parse_document(kind, &json).ok()) else { return Ok(None) };
        let document = Arc::new(document);
        let mut at_hand = locked(&self.at_hand);
        if at_hand.generation == generation {
            at_hand.order.push_back(key.clone());
            at_hand.documents.insert(key, Arc::clone(&document));
            if at_hand.order.len() > AT_HAND_MAX
                && let Some(oldest) = at_hand.order.pop_front()
            {
                at_hand.documents.remove(&oldest);
            }
        }
        Ok(Some(document))
    }
}
