//! The fuzzy plate index: which notifications carry this plate, or one that is one character off?
//!
//! ```text
//!              ┌▶ hash of the whole ────────────┐              ┌▶ the key of each row is compared: no false hit
//!  key ─ variants                              shards ─▶ rows ─┤
//!              └▶ hashes less one character ────┘              └▶ its ids: one plate may be notified many times
//! ```
//!
//! A key is a folded plate, or the skeleton of one; what it means is the caller's. An edit is one character put in,
//! left out or exchanged, or two neighbours swapped (a clerk's slip more than a camera's). Keys that share a variant
//! may be one edit apart, and keys that share none are not, so a lookup of eight characters reads nine short runs.
//!
//! It is changed in place: an insert shifts the tails of some nine short arrays, a few microseconds at a million
//! plates, and nothing is ever merged or rehashed. A base beside an overlay would need its memory twice while it
//! merges, a thread, and a moment at which both are swapped; a hash table would stall where it doubles.
//!
//! Bounded on purpose: a lookup looks at `CANDIDATES_MAX` rows and gives `HITS_MAX` ids, those of the very key first,
//! and says when there was more. What it does not do: fold, weigh one edit against another, or choose.

mod lookup;
mod near;
mod plates;
mod pool;
mod shards;
mod variants;
mod vehicles;

#[cfg(test)]
mod tests;

pub use lookup::{Completeness, Hit};
pub use variants::FUZZY_CHARS_MAX;
pub use vehicles::{Likeness, VehicleIndex};

use plates::{Dropped, Plates};
use shards::Shards;
use variants::Variants;

/// Different plates that one index takes: sixteen times the million it is built for, some 1.3 GB.
pub const PLATES_MAX: u32 = 1 << 24;
/// Ids that one lookup gives. A truck has a few live notifications; who needs all of a plate takes `exact`.
pub const HITS_MAX: usize = 128;
/// Rows that one lookup compares. Real plates have tens of neighbours; made-up ones may have any number.
pub const CANDIDATES_MAX: usize = 256;

/// What became of a plate that was to be inserted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// It is in.
    New,
    /// It was in already, with this id.
    Known,
}

/// What became of a plate that was to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    /// It is out.
    Gone,
    /// It was not in with this id.
    Unknown,
}

/// The index is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the plate index holds {PLATES_MAX} different plates and takes no more: withdraw notifications that are over")]
pub struct Full;

/// Plates and their ids, found with up to one edit.
pub struct PlateIndex {
    shards: Shards,
    plates: Plates,
    ids: usize,
}

impl Default for PlateIndex {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for PlateIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PlateIndex").field("ids", &self.ids).finish_non_exhaustive()
    }
}

impl PlateIndex {
    /// An empty index; it takes some 400 kB.
    #[must_use]
    pub fn new() -> Self {
        Self { shards: Shards::new(), plates: Plates::default(), ids: 0 }
    }

    /// An index of many plates at once, several times as fast as one insert after another.
    ///
    /// # Errors
    /// When there are more than `PLATES_MAX` different ones.
    pub fn build<K: AsRef<str>>(plates: impl IntoIterator<Item = (K, u32)>) -> Result<Self, Full> {
        let hashed = |(key, id): (K, u32)| (Variants::of(key.as_ref()).whole(), key, id);
        let mut sorted: Vec<_> = plates.into_iter().map(hashed).collect();
        // By hash, which is faster than by text; the text decides where two plates have one hash.
        sorted.sort_unstable_by(|(hash, key, id), (other_hash, other_key, other_id)| {
            let by_key = || key.as_ref().cmp(other_key.as_ref()).then(id.cmp(other_id));
            hash.cmp(other_hash).then_with(by_key)
        });
        let same_key = |(hash, key, _): &(u64, K, u32), (other_hash, other_key, _): &(u64, K, u32)| {
            hash == other_hash && key.as_ref() == other_key.as_ref()
        };
        let keys = sorted.chunk_by(same_key).filter_map(<[_]>::first);
        let hashes = keys.flat_map(|(_, key, _)| Variants::of(key.as_ref()));
        let mut index = Self { shards: Shards::with_room_for(hashes), ..Self::new() };
        for group in sorted.chunk_by(same_key) {
            let Some(((_, key, first), others)) = group.split_first() else { continue };
            let row = index.plates.put(key.as_ref(), *first)?;
            index.shards.push(&Variants::of(key.as_ref()), row);
            index.ids += 1;
            for (_, _, id) in others {
                index.ids += usize::from(index.plates.add(row, *id)? == Inserted::New);
            }
        }
        index.shards.sort_pushed();
        Ok(index)
    }

    /// Takes a plate in under an id. One plate may have many ids, and one id many plates.
    ///
    /// # Errors
    /// When `PLATES_MAX` different plates are in; nothing is changed.
    pub fn insert(&mut self, key: &str, id: u32) -> Result<Inserted, Full> {
        let variants = Variants::of(key);
        let inserted = if let Some(row) = self.row_of(&variants, key) {
            self.plates.add(row, id)?
        } else {
            let row = self.plates.put(key, id)?;
            self.shards.insert(&variants, row);
            Inserted::New
        };
        self.ids += usize::from(inserted == Inserted::New);
        Ok(inserted)
    }

    /// Takes one id of a plate out.
    pub fn remove(&mut self, key: &str, id: u32) -> Removed {
        let variants = Variants::of(key);
        let Some(row) = self.row_of(&variants, key) else { return Removed::Unknown };
        match self.plates.drop_id(row, id) {
            Dropped::Unknown => return Removed::Unknown,
            Dropped::OthersStay => {}
            Dropped::RowFree => self.shards.remove(&variants, row),
        }
        self.ids -= 1;
        Removed::Gone
    }

    /// All ids of exactly this key, in order; there is no bound.
    #[must_use]
    pub fn exact(&self, key: &str) -> &[u32] {
        self.row_of(&Variants::of(key), key).map_or(&[], |row| self.plates.ids(row))
    }

    /// Plates that are in, each id of a plate counted.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.ids
    }

    /// No plate is in.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ids == 0
    }

    /// Bytes that it asked the allocator for. It looks at every shard and list: for a report, not for a lane.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        size_of::<Self>() + self.shards.memory_bytes() + self.plates.memory_bytes()
    }

    fn row_of(&self, variants: &Variants, key: &str) -> Option<u32> {
        self.shards.whole(variants.whole()).find(|row| self.plates.key(*row) == key.as_bytes())
    }
}
