//! Signed heads: the writer's own notary.
//!
//! ```text
//!  commit: each record's hash ─▶ a draft of the tree's edge ─┬─ due? sign ─▶ head_signed, head_edge ─┬─▶ commit ─▶ told
//!                                                            └────────── the records of the group ───┘
//! ```
//!
//! A head is written in the transaction of the last record under it, or in one of its own when time has passed; it is
//! told to nobody before that is durable. It is no record: a head never calls for another one, and a site where nothing
//! happens signs nothing more.
//!
//! What it does not do: publish; the journal's keeper does.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::Utc;
use ed25519_dalek::SigningKey;
use journal_verify::{Edge, Hash, Head, PublicKey, SignedHead, sign};
use rusqlite::{Connection, OptionalExtension, params};

use super::store::{JournalError, Place};
use super::writer::Journal;
use crate::model::{SiteId, Timestamp};

/// Records without a kept edge above which a start says why it takes long.
const CATCH_UP_TOLD: u64 = 100_000;

/// How heads are signed.
#[derive(Debug, Clone)]
pub struct HeadRules {
    /// The site that they speak of.
    pub site: SiteId,
    /// The key.
    pub key: SigningKey,
    /// A new record is under a head after so long …
    pub every: Duration,
    /// … or when so many are not.
    pub records: u64,
}

/// Whether a head is signed only when it is due, or at once when there is a record that none covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    WhenDue,
    Now,
}

/// What is durable, for whoever asks.
#[derive(Debug, Default)]
pub(super) struct Shown {
    records: AtomicU64,
    head: Mutex<Option<Arc<SignedHead>>>,
}

impl Journal {
    /// Durable records.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.shown.records.load(Ordering::Relaxed)
    }

    /// The newest signed head; it is durable.
    #[must_use]
    pub fn signed_head(&self) -> Option<Arc<SignedHead>> {
        self.shown.head.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The writer's heads; without rules none is signed.
pub(super) struct Heads {
    notary: Option<Notary>,
    shown: Arc<Shown>,
}

struct Notary {
    rules: HeadRules,
    epoch: u64,
    edge: Edge,
    /// Records under the newest head.
    signed: u64,
    /// Since when there are records that no head covers.
    since: Option<Instant>,
}

/// The tree as it will be once a transaction is durable.
pub(super) struct Draft(Option<Edge>);

impl Draft {
    pub(super) fn push(&mut self, hash: &Hash) {
        if let Some(edge) = &mut self.0 {
            edge.push(hash);
        }
    }
}

impl Heads {
    /// Reads the newest head and the tree's edge back, and makes the key known.
    pub(super) fn open(
        connection: &Connection,
        place: &Place,
        rules: Option<HeadRules>,
        epoch: u64,
        last: u64,
    ) -> Result<Self, JournalError> {
        let fail = |source| place.database(source);
        let newest = newest(connection).map_err(fail)?;
        let signed = newest.as_ref().map_or(0, SignedHead::size);
        if signed > last {
            return Err(JournalError::Cut { path: place.path.clone(), last, head: signed });
        }
        let shown = Shown { records: AtomicU64::new(last), head: Mutex::new(newest.map(Arc::new)) };
        let mut heads = Self { notary: None, shown: Arc::new(shown) };
        if let Some(rules) = rules {
            make_known(connection, &rules.key).map_err(fail)?;
            let edge = edge(connection, last).map_err(fail)?;
            let since = (last > signed).then(Instant::now);
            heads.notary = Some(Notary { rules, epoch, edge, signed, since });
        }
        Ok(heads)
    }

    pub(super) fn shown(&self) -> Arc<Shown> {
        Arc::clone(&self.shown)
    }

    /// The tree, to be continued by a transaction.
    pub(super) fn draft(&self) -> Draft {
        Draft(self.notary.as_ref().map(|notary| notary.edge.clone()))
    }

    /// How long until a head is due; `None` when every record is under one.
    pub(super) fn due_in(&self) -> Option<Duration> {
        let notary = self.notary.as_ref()?;
        Some(notary.rules.every.saturating_sub(notary.since?.elapsed()))
    }

    /// Signs the draft if that is due, within its transaction.
    pub(super) fn sign(
        &self,
        connection: &Connection,
        draft: &Draft,
        last_hash: &Hash,
        sign: Sign,
    ) -> rusqlite::Result<Option<Arc<SignedHead>>> {
        let (Some(notary), Some(edge)) = (&self.notary, &draft.0) else { return Ok(None) };
        if !notary.is_due(edge.size(), sign) {
            return Ok(None);
        }
        let head = notary.head(edge, *last_hash);
        keep(connection, &head, edge)?;
        Ok(Some(Arc::new(head)))
    }

    /// The draft is durable up to a sequence, and so is the head if there is one.
    pub(super) fn committed(&mut self, last: u64, draft: Draft, head: Option<Arc<SignedHead>>) {
        self.shown.records.store(last, Ordering::Relaxed);
        let (Some(notary), Some(edge)) = (&mut self.notary, draft.0) else { return };
        if let Some(head) = head {
            notary.signed = head.size();
            *self.shown.head.lock().unwrap_or_else(PoisonError::into_inner) = Some(head);
        }
        let is_open = edge.size() > notary.signed;
        notary.since = is_open.then(|| notary.since.unwrap_or_else(Instant::now));
        notary.edge = edge;
    }
}

impl Notary {
    fn is_due(&self, size: u64, sign: Sign) -> bool {
        let open = size.saturating_sub(self.signed);
        let late = || self.since.is_some_and(|since| since.elapsed() >= self.rules.every);
        open > 0 && (sign == Sign::Now || open >= self.rules.records || late())
    }

    fn head(&self, edge: &Edge, last_hash: Hash) -> SignedHead {
        let head = Head {
            site: self.rules.site.as_str().to_owned(),
            epoch: self.epoch,
            size: edge.size(),
            root: edge.root(),
            last_hash,
            at: now(),
        };
        sign(&head, &self.rules.key)
    }
}

fn now() -> String {
    Timestamp::new(Utc::now()).to_string()
}

/// SQLite's integers are signed; a journal never grows past them.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A head is kept for good; of the edge the newest is enough.
fn keep(connection: &Connection, head: &SignedHead, edge: &Edge) -> rusqlite::Result<()> {
    let size = signed(edge.size());
    connection
        .prepare_cached("INSERT INTO head_signed (size, head) VALUES (?1, ?2)")?
        .execute(params![size, head.to_json()])?;
    connection
        .prepare_cached(
            "INSERT INTO head_edge (one, size, nodes) VALUES (1, ?1, ?2) ON CONFLICT (one) DO UPDATE SET size = ?1, nodes = ?2",
        )?
        .execute(params![size, edge.to_bytes()])?;
    Ok(())
}

fn newest(connection: &Connection) -> rusqlite::Result<Option<SignedHead>> {
    let newest = connection.query_row("SELECT size, head FROM head_signed ORDER BY size DESC LIMIT 1", [], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
    });
    let Some((size, text)) = newest.optional()? else { return Ok(None) };
    let head = SignedHead::from_json(&text).ok();
    if head.is_none() {
        tracing::error!(size, "the newest head that the journal keeps is not as it was signed; verify the journal");
    }
    Ok(head)
}

/// The edge over all records: the kept one, and from there on by the records' hashes.
fn edge(connection: &Connection, last: u64) -> rusqlite::Result<Edge> {
    let kept = connection.query_row("SELECT size, nodes FROM head_edge", [], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))
    });
    let kept = kept.optional()?.and_then(|(size, nodes)| Edge::from_bytes(u64::try_from(size).ok()?, &nodes));
    let mut edge = kept.filter(|edge| edge.size() <= last).unwrap_or_default();
    if last - edge.size() > CATCH_UP_TOLD {
        tracing::warn!(records = last - edge.size(), "the tree over the journal is built anew; this is done once");
    }
    let mut statement = connection.prepare("SELECT hash FROM record WHERE sequence > ?1 ORDER BY sequence")?;
    let mut rows = statement.query([signed(edge.size())])?;
    while let Some(row) = rows.next()? {
        edge.push(&row.get::<_, Hash>(0)?);
    }
    Ok(edge)
}

/// Makes the public half of a new key known to a journal that no controller runs on.
///
/// # Errors
/// When the journal can't be written.
pub fn make_key_known(directory: &Path, key: &SigningKey) -> Result<(), JournalError> {
    let place = Place::in_directory(directory);
    if !place.path.exists() {
        return Err(JournalError::Missing { path: place.path });
    }
    let connection = Connection::open(&place.path).map_err(|source| place.database(source))?;
    make_known(&connection, key).map_err(|source| place.database(source))
}

/// Every key that ever signed stays known, so that heads of before can be held against their key.
fn make_known(connection: &Connection, key: &SigningKey) -> rusqlite::Result<()> {
    let public = PublicKey::of(&key.verifying_key(), now());
    connection
        .prepare("INSERT INTO head_key (id, public, since) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO NOTHING")?
        .execute(params![public.key_id, public.public, public.since])?;
    Ok(())
}
