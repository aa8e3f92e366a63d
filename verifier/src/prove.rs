//! Proofs as documents: made from a journal, checked with nothing but the public key.

use rusqlite::OptionalExtension;
use serde::{Deserialize, Serialize};

use crate::chain::{Fields, hash_record};
use crate::head::{HeadFault, PublicKeys, SignedHead};
use crate::hex;
use crate::proof::{Gather, consistency_ranges, inclusion_ranges, verify_consistency, verify_inclusion};
use crate::store::{JournalFile, OpenError};
use crate::tree::Hash;

/// A record, field by field as it was hashed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordFields {
    /// From 1.
    pub sequence: u64,
    /// Microseconds since the Unix epoch.
    pub at_micros: i64,
    /// The lane.
    pub lane: String,
    /// The passage.
    pub passage: Option<String>,
    /// The kind.
    pub kind: String,
    /// The body's exact text.
    pub body: String,
    /// The hash before it.
    #[serde(with = "hex")]
    pub previous: Hash,
}

impl RecordFields {
    /// Its hash, from its fields.
    #[must_use]
    pub fn hash(&self) -> Hash {
        let fields = Fields {
            sequence: self.sequence,
            at: self.at_micros,
            lane: self.lane.as_bytes(),
            passage: self.passage.as_deref().map(str::as_bytes),
            kind: self.kind.as_bytes(),
            body: self.body.as_bytes(),
        };
        hash_record(&fields, &self.previous)
    }
}

/// A proof that stands by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "proof", rename_all = "snake_case", deny_unknown_fields)]
pub enum Proof {
    /// A record is under a head.
    Inclusion {
        /// The record.
        record: Box<RecordFields>,
        /// Subtree roots from the leaf upwards (RFC 6962 §2.1.1).
        #[serde(with = "hex::list")]
        path: Vec<Hash>,
        /// The head.
        head: Box<SignedHead>,
    },
    /// A head continues another: nothing under the first was changed.
    Consistency {
        /// The earlier head.
        from: Box<SignedHead>,
        /// The later head.
        to: Box<SignedHead>,
        /// Subtree roots (RFC 6962 §2.1.2).
        #[serde(with = "hex::list")]
        path: Vec<Hash>,
    },
}

/// Why something could not be proved, or a proof proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum ProofFault {
    /// The journal.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A head counts as none.
    #[error("the head of {size} records: {fault}")]
    Head {
        /// Its size, by its own word.
        size: u64,
        /// Why.
        fault: HeadFault,
    },
    /// The head is older than the record.
    #[error("record {sequence} is not under a head of {size} records")]
    NotCovered {
        /// The record.
        sequence: u64,
        /// The head's size.
        size: u64,
    },
    /// The heads are in the wrong order.
    #[error("a head of {to} records can not continue one of {from}")]
    Order {
        /// Size of the earlier one.
        from: u64,
        /// Size of the later one.
        to: u64,
    },
    /// The journal ends before the head.
    #[error("the journal has fewer than {size} records: verify it with this head")]
    TooShort {
        /// The head's size.
        size: u64,
    },
    /// What was made from the journal does not hold.
    #[error("the journal is not what was signed: verify it with this head")]
    Contradicted,
    /// The path does not lead to the root.
    #[error("the proof does not hold")]
    Wrong,
}

fn signed(head: &SignedHead, keys: &PublicKeys) -> Result<crate::head::Head, ProofFault> {
    head.verify(keys).map_err(|fault| ProofFault::Head { size: head.size(), fault })
}

fn gather(file: &JournalFile, size: u64, mut gather: Gather) -> Result<Vec<Hash>, ProofFault> {
    let found = file.hashes(size, |hash| gather.push(hash))?;
    let path = gather.finish().filter(|_| found == size);
    path.ok_or(ProofFault::TooShort { size })
}

/// Proves that a record is under a head. Reads every record's hash up to the head's size.
///
/// # Errors
/// When it isn't, or the journal does not bear the head out.
pub fn prove_inclusion(
    file: &JournalFile,
    sequence: u64,
    head: SignedHead,
    keys: &PublicKeys,
) -> Result<Proof, ProofFault> {
    let size = signed(&head, keys)?.size;
    let not_covered = ProofFault::NotCovered { sequence, size };
    let Some(ranges) = sequence.checked_sub(1).and_then(|index| inclusion_ranges(index, size)) else {
        return Err(not_covered);
    };
    let record = Box::new(record(file, sequence)?);
    let path = gather(file, size, Gather::new(&ranges))?;
    let proof = Proof::Inclusion { record, path, head: Box::new(head) };
    check_proof(&proof, keys).map_err(|_| ProofFault::Contradicted)?;
    Ok(proof)
}

/// Proves that a head continues another. Reads every record's hash up to the later head's size.
///
/// # Errors
/// When it doesn't, or the journal does not bear the heads out.
pub fn prove_consistency(
    file: &JournalFile,
    from: SignedHead,
    to: SignedHead,
    keys: &PublicKeys,
) -> Result<Proof, ProofFault> {
    let (old, new) = (signed(&from, keys)?.size, signed(&to, keys)?.size);
    let ranges = consistency_ranges(old, new).ok_or(ProofFault::Order { from: old, to: new })?;
    let path = gather(file, new, Gather::new(&ranges))?;
    let proof = Proof::Consistency { from: Box::new(from), to: Box::new(to), path };
    check_proof(&proof, keys).map_err(|_| ProofFault::Contradicted)?;
    Ok(proof)
}

/// Checks a proof; what it shows, in a sentence.
///
/// # Errors
/// Why it proves nothing.
pub fn check_proof(proof: &Proof, keys: &PublicKeys) -> Result<String, ProofFault> {
    match proof {
        Proof::Inclusion { record, path, head } => {
            let head = signed(head, keys)?;
            let index = record.sequence.checked_sub(1).ok_or(ProofFault::Wrong)?;
            if !verify_inclusion(&record.hash(), index, head.size, path, &head.root) {
                return Err(ProofFault::Wrong);
            }
            let (sequence, size, site, at) = (record.sequence, head.size, head.site, head.at);
            Ok(format!("record {sequence} is under the head of {size} records that {site} signed at {at}"))
        }
        Proof::Consistency { from, to, path } => {
            let (from, to) = (signed(from, keys)?, signed(to, keys)?);
            let same_site = from.site == to.site;
            if !same_site || !verify_consistency((from.size, &from.root), (to.size, &to.root), path) {
                return Err(ProofFault::Wrong);
            }
            Ok(format!("the head of {} records of {} continues the head of {}", to.size, to.site, from.size))
        }
    }
}

fn record(file: &JournalFile, sequence: u64) -> Result<RecordFields, OpenError> {
    let sql = "SELECT at, lane, passage, kind, body, previous FROM record WHERE sequence = ?1";
    let read = file.connection.query_row(sql, [i64::try_from(sequence).unwrap_or(i64::MAX)], |row| {
        Ok(RecordFields {
            sequence,
            at_micros: row.get(0)?,
            lane: row.get(1)?,
            passage: row.get(2)?,
            kind: row.get(3)?,
            body: row.get(4)?,
            previous: row.get(5)?,
        })
    });
    match read.optional() {
        Ok(Some(record)) => Ok(record),
        Ok(None) => Err(OpenError::NoRecord { path: file.path().to_owned(), sequence }),
        Err(
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..),
        ) => Err(OpenError::Damaged { sequence }),
        Err(source) => Err(OpenError::Database { path: file.path().to_owned(), source }),
    }
}
