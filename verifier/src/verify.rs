//! Verification of a whole journal: one thread reads rows, the other walks over them.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use chrono::{DateTime, SecondsFormat};
use serde::Serialize;

use crate::head::{HeadFault, PublicKeys, SignedHead};
use crate::hex;
use crate::store::{Going, JournalFile, OpenError};
use crate::walk::{Damage, Mark, Row, Walk};

/// Bytes of rows that travel between the threads at once.
const BATCH_BYTES: usize = 256 * 1024;
/// Batches under way.
const BATCHES: usize = 4;

/// What is asked of a verification.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Heads that a witness kept.
    pub heads: Vec<SignedHead>,
    /// The public keys whose word counts; `None`: those that the journal itself keeps.
    pub keys: Option<PublicKeys>,
    /// Whether SQLite shall check its structure and indexes too.
    pub depth: Depth,
}

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Depth {
    /// Every record and head.
    #[default]
    Records,
    /// The indexes and pages of the database too, which takes longer.
    Structure,
}

/// Whose public keys heads were held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeysFrom {
    /// Those that were given.
    Given,
    /// The journal's own: whoever can write the journal can write them too.
    Journal,
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Good records, from the first.
    pub records: u64,
    /// Time of the first.
    pub first_at: Option<String>,
    /// Time of the last good one.
    pub last_at: Option<String>,
    /// Hash of the last good one, hexadecimal.
    pub head: String,
    /// Root of the tree over the good ones, hexadecimal.
    pub root: String,
    /// The newest signed head that agrees covers so many records.
    pub vouched: u64,
    /// Heads that were held against the records: those given, and those that the journal keeps.
    pub heads: u64,
    /// Heads that the journal keeps, signed by a key that is not known: they were not looked at.
    pub heads_of_unknown_keys: u64,
    /// Whose keys counted.
    pub keys: KeysFrom,
    /// The first thing that is wrong.
    pub damage: Option<Damage>,
}

/// Why a journal could not be verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It can't be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A head that was given counts as none.
    #[error("the head of {size} records can not be used: {fault}")]
    Head {
        /// Its size, by its own word.
        size: u64,
        /// Why.
        fault: HeadFault,
    },
}

/// Verifies a journal (a data directory, or the file in it) in one read transaction; a writer may go on meanwhile.
///
/// # Errors
/// When there is no journal, it can't be opened, or a head that was given counts as none; damage is in the report.
pub fn verify(path: &Path, request: &Request) -> Result<Report, VerifyError> {
    let file = JournalFile::open(path)?;
    let (keys, from) = match &request.keys {
        Some(keys) => (keys.clone(), KeysFrom::Given),
        None => (own_keys(&file)?, KeysFrom::Journal),
    };
    let mut marks = Marks::default();
    for head in &request.heads {
        let head = head.verify(&keys).map_err(|fault| VerifyError::Head { size: head.size(), fault })?;
        marks.add(Mark { size: head.size, root: head.root, last_hash: head.last_hash });
    }
    let stored = marks.add_stored(&file, &keys)?;
    let mut all = marks.marks;
    all.sort_by_key(|mark| mark.size);
    let mut walk = Walk::new(&all);
    let damage = match walk_file(&file, &mut walk) {
        Ok(None) => finish(&file, &walk, stored, request.depth),
        Ok(Some(damage)) => Some(damage),
        Err(error) => Some(Damage::Unreadable { after: walk.records(), why: error.to_string() }),
    };
    let times = walk.times();
    Ok(Report {
        records: walk.records(),
        first_at: times.map(|(first, _)| shown(first)),
        last_at: times.map(|(_, last)| shown(last)),
        head: hex::encode(walk.hash()),
        root: hex::encode(&walk.root()),
        vouched: walk.vouched(),
        heads: u64::try_from(all.len()).unwrap_or(u64::MAX),
        heads_of_unknown_keys: marks.of_unknown_keys,
        keys: from,
        damage,
    })
}

fn own_keys(file: &JournalFile) -> Result<PublicKeys, OpenError> {
    let mut keys = PublicKeys::default();
    for key in file.keys()? {
        // One that is none signs nothing: its heads are counted as of an unknown key.
        keys.add(&key).ok();
    }
    Ok(keys)
}

#[derive(Default)]
struct Marks {
    marks: Vec<Mark>,
    of_unknown_keys: u64,
}

impl Marks {
    fn add(&mut self, mark: Mark) {
        self.marks.push(mark);
    }

    /// The heads that the journal keeps; the first that is not as it was signed is damage.
    fn add_stored(&mut self, file: &JournalFile, keys: &PublicKeys) -> Result<Option<Damage>, OpenError> {
        let mut damage = None;
        for (size, text) in file.heads()? {
            match SignedHead::from_json(&text).and_then(|head| head.verify(keys)) {
                Ok(head) if head.size == size => {
                    self.add(Mark { size, root: head.root, last_hash: head.last_hash });
                }
                Err(HeadFault::UnknownKey(_)) => self.of_unknown_keys += 1,
                Ok(_) | Err(_) => damage = damage.or(Some(Damage::StoredHead { size })),
            }
        }
        Ok(damage)
    }
}

fn finish(file: &JournalFile, walk: &Walk<'_>, stored: Option<Damage>, depth: Depth) -> Option<Damage> {
    let head = match file.own_head() {
        Ok(head) => head,
        Err(error) => return Some(Damage::Unreadable { after: walk.records(), why: error.to_string() }),
    };
    walk.finish((head.0, &head.1)).or(stored).or_else(|| match depth {
        Depth::Records => None,
        Depth::Structure => structure(file),
    })
}

/// What SQLite says of its own pages and indexes.
fn structure(file: &JournalFile) -> Option<Damage> {
    let said = file.connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0));
    match said {
        Ok(said) if said == "ok" => None,
        Ok(why) => Some(Damage::Structure { why }),
        Err(error) => Some(Damage::Structure { why: error.to_string() }),
    }
}

/// RFC 3339 in UTC with milliseconds; a time that is none as its number.
fn shown(micros: i64) -> String {
    let at = DateTime::from_timestamp_micros(micros);
    at.map_or_else(|| micros.to_string(), |at| at.to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// Rows of a batch, one after the other in one buffer.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    rows: Vec<Packed>,
}

/// Where a row's fields end in the buffer; each begins where the one before ends.
struct Packed {
    sequence: i64,
    at: i64,
    has_passage: bool,
    ends: [usize; 6],
}

impl Batch {
    fn push(&mut self, row: &Row<'_>) {
        let fields = [row.lane, row.passage.unwrap_or_default(), row.kind, row.body, row.previous, row.hash];
        let ends = fields.map(|field| {
            self.bytes.extend_from_slice(field);
            self.bytes.len()
        });
        self.rows.push(Packed { sequence: row.sequence, at: row.at, has_passage: row.passage.is_some(), ends });
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.rows.clear();
    }

    /// Takes the rows to a walk, until something is wrong.
    fn walk(&self, walk: &mut Walk<'_>) -> Option<Damage> {
        let mut begin = 0;
        for row in &self.rows {
            let [lane, passage, kind, body, previous, hash] = row.ends.map(|end| {
                let field = self.bytes.get(begin..end).unwrap_or_default();
                begin = end;
                field
            });
            let passage = row.has_passage.then_some(passage);
            let row = Row { sequence: row.sequence, at: row.at, lane, passage, kind, body, previous, hash };
            if let Some(damage) = walk.step(&row) {
                return Some(damage);
            }
        }
        None
    }
}

/// Reads on this thread and walks on another: SQLite's work and the hashing cost about the same.
fn walk_file(file: &JournalFile, walk: &mut Walk<'_>) -> rusqlite::Result<Option<Damage>> {
    let (full, batches) = sync_channel::<Batch>(BATCHES);
    let (used, empty) = sync_channel::<Batch>(BATCHES + 1);
    std::thread::scope(|scope| {
        let walker = scope.spawn(move || walk_batches(walk, &batches, &used));
        let read = read_batches(file, &full, &empty);
        drop(full);
        let damage = walker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        // What is wrong with a record read before comes before an error of the database after it.
        match (damage, read) {
            (Some(damage), _) => Ok(Some(damage)),
            (None, read) => read.map(|()| None),
        }
    })
}

fn read_batches(file: &JournalFile, full: &SyncSender<Batch>, empty: &Receiver<Batch>) -> rusqlite::Result<()> {
    let mut batch = Batch::default();
    let read = file.rows(|row| {
        batch.push(row);
        if batch.bytes.len() < BATCH_BYTES {
            return Going::On;
        }
        // None came back yet: another one is made, of which there are never more than travel.
        let next = empty.try_recv().unwrap_or_default();
        // A walker that has found something takes no more.
        match full.send(std::mem::replace(&mut batch, next)) {
            Ok(()) => Going::On,
            Err(_) => Going::Stop,
        }
    });
    full.send(batch).ok();
    read
}

fn walk_batches(walk: &mut Walk<'_>, batches: &Receiver<Batch>, used: &SyncSender<Batch>) -> Option<Damage> {
    for mut batch in batches {
        if let Some(damage) = batch.walk(walk) {
            return Some(damage);
        }
        batch.clear();
        // A reader that is done needs no buffers.
        used.try_send(batch).ok();
    }
    None
}
