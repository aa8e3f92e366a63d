//! A journal to be tampered with, and its rows in memory.

use std::path::Path;
use std::sync::mpsc::channel;
use std::time::Duration;

use ed25519_dalek::SigningKey;
use journal_verify::{
    Damage, Fields, GENESIS, JournalFile, Mark, PublicKey, PublicKeys, Row, SignedHead, Walk, hash_record,
};
use lane_controller::journal::{Batch, FILE_NAME, HeadRules, Journal, Limits};
use lane_controller::model::{LaneId, NewRecord, PassageId, RecordKind, SiteId, Ticket, Timestamp};
use rusqlite::Connection;
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const RECORDS: usize = 1_000;

/// Numbers that repeat with their seed.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(below).expect("small")).expect("small")
    }
}

/// A directory in memory where there is one: these tests are about bytes, not about syncs.
pub(crate) fn directory() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
    made.expect("a directory")
}

pub(crate) fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

pub(crate) fn keys() -> PublicKeys {
    let mut keys = PublicKeys::default();
    keys.add(&PublicKey::of(&key().verifying_key(), String::new())).expect("a key");
    keys
}

pub(crate) fn open(directory: &Path, records: u64) -> Journal {
    let site = SiteId::new("korday").expect("a name");
    let heads = HeadRules { site, key: key(), every: Duration::from_secs(3_600), records };
    Journal::open(directory, Limits { heads: Some(heads), ..Limits::default() }).expect("opened")
}

/// A record as lanes write them: long and short bodies, some of them not in ASCII, with and without a passage.
pub(crate) fn record(dice: &mut Dice) -> NewRecord {
    let kind = RecordKind::ALL[dice.roll(RecordKind::ALL.len())];
    let passage = (dice.roll(8) > 0).then(|| PassageId(Uuid::from_u128(u128::from(dice.0) << 17)));
    let words = ["гродеково", "A468TC72", "no_notification", "33040", "қайта тексеру", "EN590", "\\u0000", "{}"];
    let text: Vec<_> = (0..dice.roll(24)).map(|_| words[dice.roll(words.len())]).collect();
    NewRecord {
        at: Timestamp::from_unix_micros(1_795_000_000_000_000 + i64::try_from(dice.roll(1 << 40)).expect("small")),
        lane: LaneId::new(["in-01", "out-02", "site"][dice.roll(3)]).expect("a name"),
        passage,
        kind,
        body: serde_json::json!({ "detail": text.join(" "), "number": dice.roll(1_000_000) }).to_string(),
    }
}

pub(crate) fn write(journal: &Journal, records: Vec<NewRecord>) {
    let (tell, told) = channel();
    let batch = Batch { ticket: Ticket(1), lane: LaneId::new("in-01").expect("a name"), records };
    journal.append(batch, Box::new(move |result| tell.send(result).expect("awaited")));
    told.recv().expect("answered").expect("durable");
}

/// A journal of 1,000 records with a head every 100, closed.
pub(crate) fn made(directory: &Path) -> (Vec<Record>, Vec<SignedHead>) {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let journal = open(directory, 100);
    for _ in 0..RECORDS / 10 {
        write(&journal, (0..10).map(|_| record(&mut dice)).collect());
    }
    drop(journal);
    let records = read(&directory.join(FILE_NAME));
    assert_eq!(records.len(), RECORDS);
    let heads = JournalFile::open(directory).expect("opened").heads().expect("read");
    let heads: Vec<_> = heads.iter().map(|(_, text)| SignedHead::from_json(text).expect("a head")).collect();
    assert_eq!(heads.iter().map(SignedHead::size).collect::<Vec<_>>(), (1..=10).map(|n| n * 100).collect::<Vec<_>>());
    (records, heads)
}

pub(crate) fn marks(heads: &[SignedHead]) -> Vec<Mark> {
    let mark = |head: &SignedHead| {
        let head = head.verify(&keys()).expect("signed");
        Mark { size: head.size, root: head.root, last_hash: head.last_hash }
    };
    heads.iter().map(mark).collect()
}

/// A record's row, byte by byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) sequence: i64,
    pub(crate) at: i64,
    pub(crate) lane: Vec<u8>,
    pub(crate) passage: Option<Vec<u8>>,
    pub(crate) kind: Vec<u8>,
    pub(crate) body: Vec<u8>,
    pub(crate) previous: Vec<u8>,
    pub(crate) hash: Vec<u8>,
}

impl Record {
    pub(crate) fn row(&self) -> Row<'_> {
        Row {
            sequence: self.sequence,
            at: self.at,
            lane: &self.lane,
            passage: self.passage.as_deref(),
            kind: &self.kind,
            body: &self.body,
            previous: &self.previous,
            hash: &self.hash,
        }
    }
}

pub(crate) fn try_read(path: &Path) -> rusqlite::Result<Vec<Record>> {
    let connection = Connection::open(path)?;
    let bytes = "CAST(lane AS BLOB), CAST(passage AS BLOB), CAST(kind AS BLOB), CAST(body AS BLOB), previous, hash";
    let mut statement = connection.prepare(&format!("SELECT sequence, at, {bytes} FROM record ORDER BY sequence"))?;
    let rows = statement.query_map([], |row| {
        Ok(Record {
            sequence: row.get(0)?,
            at: row.get(1)?,
            lane: row.get(2)?,
            passage: row.get(3)?,
            kind: row.get(4)?,
            body: row.get(5)?,
            previous: row.get(6)?,
            hash: row.get(7)?,
        })
    })?;
    rows.collect()
}

pub(crate) fn read(path: &Path) -> Vec<Record> {
    try_read(path).expect("read")
}

/// What an insider does who can write the whole disk: numbers and chains the records anew from a place on.
pub(crate) fn chain_anew(records: &mut [Record], from: usize) {
    let mut previous = match from.checked_sub(1) {
        Some(before) => <[u8; 32]>::try_from(records[before].hash.as_slice()).expect("a hash"),
        None => GENESIS,
    };
    for (place, record) in records.iter_mut().enumerate().skip(from) {
        record.sequence = i64::try_from(place + 1).expect("small");
        record.previous = previous.to_vec();
        let fields = Fields {
            sequence: u64::try_from(place + 1).expect("small"),
            at: record.at,
            lane: &record.lane,
            passage: record.passage.as_deref(),
            kind: &record.kind,
            body: &record.body,
        };
        previous = hash_record(&fields, &previous);
        record.hash = previous.to_vec();
    }
}

/// Walks on over rows, and to the end; `head` is what the journal's own unsigned head says.
pub(crate) fn walk_on(mut walk: Walk<'_>, records: &[Record], head: (i64, &[u8])) -> Option<Damage> {
    for record in records {
        if let Some(damage) = walk.step(&record.row()) {
            return Some(damage);
        }
    }
    walk.finish(head)
}

/// The unsigned head as the writer leaves it.
pub(crate) fn own_head(records: &[Record]) -> (i64, &[u8]) {
    records.last().map_or((0, &GENESIS), |last| (last.sequence, last.hash.as_slice()))
}
