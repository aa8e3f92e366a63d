//! The lookup: from a key to the ids of all keys within one edit.
//!
//! A million plates are larger than any cache, so what a lookup waits for is memory. It goes in steps that each ask
//! for all they need at once: the tags of all variants, then the rows' numbers, then the rows.

use super::near::edits;
use super::variants::Variants;
use super::{CANDIDATES_MAX, HITS_MAX, PlateIndex};

/// A plate that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hit {
    /// How far the plate is off: 0, or 1 edit.
    pub edits: u8,
    /// The id that it was inserted with.
    pub id: u32,
}

/// Whether a lookup told everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Completeness {
    /// It did.
    All,
    /// There was more than it may give: none of the hits may be taken for the only one.
    More,
}

/// Rows that may be near, the same one again and again.
struct Candidates {
    rows: [u32; CANDIDATES_MAX],
    len: usize,
}

impl Candidates {
    /// The first `CANDIDATES_MAX`.
    fn gather(rows: impl Iterator<Item = u32>) -> (Self, Completeness) {
        let mut gathered = Self { rows: [0; CANDIDATES_MAX], len: 0 };
        for row in rows {
            let Some(place) = gathered.rows.get_mut(gathered.len) else { return (gathered, Completeness::More) };
            *place = row;
            gathered.len += 1;
        }
        (gathered, Completeness::All)
    }

    fn all(&self) -> &[u32] {
        self.rows.get(..self.len).unwrap_or(&self.rows)
    }

    /// Keeps those that are wanted; without a branch, as nothing tells which it will be.
    fn keep(&mut self, mut wanted: impl FnMut(u32) -> bool) {
        let mut kept = 0;
        for at in 0..self.len {
            let row = self.rows[at];
            self.rows[kept] = row;
            kept += usize::from(wanted(row));
        }
        self.len = kept;
    }

    fn sort(&mut self) {
        self.rows.get_mut(..self.len).unwrap_or_default().sort_unstable();
    }
}

impl PlateIndex {
    /// Fills `found` with the ids of all plates within one edit of the key: those of the very key first, each kind in
    /// the order of ids. An id that has several such plates comes once for each.
    ///
    /// Keys longer than `FUZZY_CHARS_MAX` are found, and find, without an edit only.
    pub fn lookup(&self, key: &str, found: &mut Vec<Hit>) -> Completeness {
        found.clear();
        let runs = self.shards.runs(&Variants::of(key));
        // The very key is among the first of the first run, so a crowd of neighbours can't keep it out.
        let (mut near, mut told) = Candidates::gather(runs.rows());
        // All rows are asked for before the first is compared.
        near.keep(|row| self.plates.may_be_near(row, key.len()));
        let mut very = None;
        near.keep(|row| {
            very != Some(row)
                && match edits(self.plates.key(row), key.as_bytes()) {
                    Some(0) => {
                        very = Some(row);
                        false
                    }
                    one_or_more => one_or_more.is_some(),
                }
        });
        if let Some(row) = very {
            told = told.max(self.tell(row, 0, found));
        }
        let exact = found.len();
        // Swapped neighbours share two variants, so they come twice.
        near.sort();
        for same in near.all().chunk_by(|one, other| one == other) {
            if let Some(row) = same.first() {
                told = told.max(self.tell(*row, 1, found));
            }
        }
        if let Some(near) = found.get_mut(exact..) {
            near.sort_unstable();
        }
        told
    }

    /// A row's ids, as far as there is room.
    fn tell(&self, row: u32, edits: u8, found: &mut Vec<Hit>) -> Completeness {
        let ids = self.plates.ids(row);
        let room = HITS_MAX - found.len();
        found.extend(ids.iter().take(room).map(|id| Hit { edits, id: *id }));
        if ids.len() <= room { Completeness::All } else { Completeness::More }
    }
}
