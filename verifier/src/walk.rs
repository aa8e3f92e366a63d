//! The walk over the records: each against its hash, its place, the chain, and the heads. Pure; where rows come from is
//! its caller's matter.

use serde::Serialize;

use crate::chain::{Fields, GENESIS, hash_with};
use crate::tree::{Edge, Hash};

/// A row of the record table, as bytes.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// As stored.
    pub sequence: i64,
    /// Microseconds since the Unix epoch.
    pub at: i64,
    /// The lane.
    pub lane: &'a [u8],
    /// The passage.
    pub passage: Option<&'a [u8]>,
    /// The kind.
    pub kind: &'a [u8],
    /// The body.
    pub body: &'a [u8],
    /// The hash before it, as stored.
    pub previous: &'a [u8],
    /// Its hash, as stored.
    pub hash: &'a [u8],
}

/// What a head says that the walk can see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Records under it.
    pub size: u64,
    /// The tree's root over them.
    pub root: Hash,
    /// Hash of the last one.
    pub last_hash: Hash,
}

/// What is wrong, and at which sequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "damage", rename_all = "snake_case")]
pub enum Damage {
    /// A record is not where it should be.
    #[error("record {sequence} is missing: removed, doubled or moved")]
    Missing {
        /// The first one.
        sequence: u64,
    },
    /// A record does not follow the one before it.
    #[error("record {sequence} does not continue the chain: it or the one before it was replaced")]
    Chain {
        /// Which.
        sequence: u64,
    },
    /// A record's content is not what was hashed.
    #[error("record {sequence} was changed after it was written")]
    Changed {
        /// Which.
        sequence: u64,
    },
    /// The chain holds, but a signed head says that other records stood there: the chain was made anew.
    #[error(
        "the journal was rewritten with its chain: the first record that is not what was signed is one of {from} to {to}"
    )]
    Rewritten {
        /// The first record that no signed head vouches for.
        from: u64,
        /// The head's size.
        to: u64,
    },
    /// The journal ends before a signed head.
    #[error("the journal ends at record {last}, a signed head covers {head}: the end was cut off")]
    Shorter {
        /// The last record there is.
        last: u64,
        /// The head's size.
        head: u64,
    },
    /// The journal ends before, or beyond, its own unsigned head.
    #[error("the journal ends at record {last}, its head says {head}: the end was cut off or replaced")]
    Head {
        /// The last record there is.
        last: u64,
        /// What the head says.
        head: u64,
    },
    /// A head that the journal keeps is not as it was signed.
    #[error("the head that the journal keeps for record {size} is not as it was signed")]
    StoredHead {
        /// Under which it is kept.
        size: u64,
    },
    /// The database itself can't be read there.
    #[error("the database can not be read after record {after}: {why}")]
    Unreadable {
        /// The last good record.
        after: u64,
        /// Why.
        why: String,
    },
    /// Every record is good, but the database around them is not: an index may hide records from queries.
    #[error("the records are good, the database around them is not: {why}")]
    Structure {
        /// What SQLite says.
        why: String,
    },
}

impl Damage {
    /// 2 when the journal is shorter than a head, 1 otherwise.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Shorter { .. } => 2,
            Self::Head { last, head } => {
                if *last < *head {
                    2
                } else {
                    1
                }
            }
            Self::Missing { .. }
            | Self::Chain { .. }
            | Self::Changed { .. }
            | Self::Rewritten { .. }
            | Self::StoredHead { .. }
            | Self::Unreadable { .. }
            | Self::Structure { .. } => 1,
        }
    }

    /// The first record that can't be relied on; `None` when all that there are can.
    #[must_use]
    pub const fn first_bad(&self) -> Option<u64> {
        match self {
            Self::Missing { sequence } | Self::Chain { sequence } | Self::Changed { sequence } => Some(*sequence),
            Self::Rewritten { from, .. } => Some(*from),
            Self::Shorter { last, .. } | Self::Unreadable { after: last, .. } => Some(*last + 1),
            Self::Head { last, head } => Some(if *last < *head { *last + 1 } else { *head + 1 }),
            Self::StoredHead { .. } | Self::Structure { .. } => None,
        }
    }
}

/// The state of a walk: what is good so far.
#[derive(Debug, Clone)]
pub struct Walk<'m> {
    sequence: u64,
    hash: Hash,
    edge: Edge,
    times: Option<(i64, i64)>,
    marks: &'m [Mark],
    agreed: u64,
    scratch: Vec<u8>,
}

impl<'m> Walk<'m> {
    /// A walk from the first record, past heads in the order of their sizes.
    #[must_use]
    pub fn new(marks: &'m [Mark]) -> Self {
        debug_assert!(marks.is_sorted_by_key(|mark| mark.size), "heads are passed in their order");
        let scratch = Vec::with_capacity(1_024);
        Self { sequence: 0, hash: GENESIS, edge: Edge::new(), times: None, marks, agreed: 0, scratch }
    }

    /// Takes the next row; `Some` is the first thing that is wrong, and ends the walk.
    #[must_use]
    pub fn step(&mut self, row: &Row<'_>) -> Option<Damage> {
        let sequence = self.sequence + 1;
        if u64::try_from(row.sequence) != Ok(sequence) {
            return Some(Damage::Missing { sequence });
        }
        let (Ok(previous), Ok(hash)) = (Hash::try_from(row.previous), Hash::try_from(row.hash)) else {
            return Some(Damage::Changed { sequence });
        };
        if previous != self.hash {
            return Some(Damage::Chain { sequence });
        }
        // No passage and an empty one hash alike; the writer writes none.
        let is_empty = row.passage.is_some_and(<[u8]>::is_empty);
        let (at, lane, passage, kind, body) = (row.at, row.lane, row.passage, row.kind, row.body);
        let fields = Fields { sequence, at, lane, passage, kind, body };
        if is_empty || hash_with(&fields, &previous, &mut self.scratch) != hash {
            return Some(Damage::Changed { sequence });
        }
        self.edge.push(&hash);
        (self.sequence, self.hash) = (sequence, hash);
        self.times = Some((self.times.map_or(at, |(first, _)| first), at));
        self.pass_heads()
    }

    fn pass_heads(&mut self) -> Option<Damage> {
        while let Some((mark, rest)) = self.marks.split_first() {
            if mark.size > self.sequence {
                return None;
            }
            if mark.last_hash != self.hash || mark.root != self.edge.root() {
                return Some(Damage::Rewritten { from: self.agreed + 1, to: mark.size });
            }
            (self.agreed, self.marks) = (mark.size, rest);
        }
        None
    }

    /// After the last row: whether the journal reaches its heads; `head` is its own, unsigned one.
    #[must_use]
    pub fn finish(&self, head: (i64, &[u8])) -> Option<Damage> {
        if let Some(mark) = self.marks.last() {
            return Some(Damage::Shorter { last: self.sequence, head: mark.size });
        }
        let size = u64::try_from(head.0).unwrap_or(0);
        let agrees = u64::try_from(head.0) == Ok(self.sequence) && head.1 == self.hash;
        (!agrees).then_some(Damage::Head { last: self.sequence, head: size })
    }

    /// Good records so far.
    #[must_use]
    pub const fn records(&self) -> u64 {
        self.sequence
    }

    /// Hash of the last good one.
    #[must_use]
    pub const fn hash(&self) -> &Hash {
        &self.hash
    }

    /// Root of the tree over the good ones.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.edge.root()
    }

    /// The newest signed head that agrees covers so many records.
    #[must_use]
    pub const fn vouched(&self) -> u64 {
        self.agreed
    }

    /// Times of the first and the last good record, microseconds.
    #[must_use]
    pub const fn times(&self) -> Option<(i64, i64)> {
        self.times
    }
}
