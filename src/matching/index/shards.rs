//! From the hash of a variant to the rows that have it.
//!
//! ```text
//!  64 bits of hash:  | shard 13 | tag 16 | unused |
//!                         │         └─▶ where in the shard to look first: tags lie evenly
//!                         ▼
//!  shard:  tags  [ 12 | 40 | 97 | 97 | 312 | … ]  in order, 2 bytes each: what a lookup reads
//!          rows  [  5 | 81 |  3 | 44 |  17 | … ]  beside them, 4 bytes each: read where the tag is right
//! ```
//!
//! A million plates of eight characters are nine million entries of six bytes, eleven hundred a shard. The tags alone
//! are 18 MB, which a server's cache may hold, and one variant in sixty meets a tag that is right by chance: that
//! costs one look at a row. An insert shifts half of nine shards, thirty kilobytes in all.

use std::ops::Range;

use super::variants::{VARIANTS_MAX, Variants};

const SHARD_BITS: u32 = 13;
const SHARDS: usize = 1 << SHARD_BITS;
const TAG_BITS: u32 = 16;
/// Tags that are compared at once, four times the deviation that is usual at a million plates.
const WINDOW: usize = 64;
/// On a row's number: the hash is not of the whole key. So the whole ones come first in a run.
const PART: u32 = 1 << 31;
const _: () = assert!(super::PLATES_MAX <= PART);

/// Where a hash belongs, and where in the shard to look.
#[derive(Debug, Clone, Copy, Default)]
struct Spot {
    shard: usize,
    tag: u16,
    from: usize,
}

/// Entries with the same first bits of their hash, in order of tag and row.
#[derive(Debug, Clone, Default)]
struct Shard {
    tags: Vec<u16>,
    rows: Vec<u32>,
}

/// All entries.
#[derive(Debug)]
pub(super) struct Shards {
    shards: Vec<Shard>,
}

/// For each variant of a key the entries that may have it.
pub(super) struct Runs<'a> {
    runs: [&'a [u32]; VARIANTS_MAX],
    len: usize,
}

impl Runs<'_> {
    /// Rows, the same one again and again, run by run.
    pub(super) fn rows(&self) -> impl Iterator<Item = u32> {
        self.runs.iter().take(self.len).copied().flatten().map(|entry| entry & !PART)
    }
}

impl Shards {
    pub(super) fn new() -> Self {
        Self { shards: vec![Shard::default(); SHARDS] }
    }

    /// Empty, with exactly the room that these hashes need.
    pub(super) fn with_room_for(hashes: impl Iterator<Item = u64>) -> Self {
        let mut counts = vec![0_usize; SHARDS];
        for hash in hashes {
            counts[split(hash).0] += 1;
        }
        Self { shards: counts.into_iter().map(Shard::with_capacity).collect() }
    }

    /// Puts a key's entries at the end; all must be put in order before anything else.
    pub(super) fn push(&mut self, variants: &Variants, row: u32) {
        for (hash, entry) in entries(variants, row) {
            let (shard, tag) = split(hash);
            self.shards[shard].tags.push(tag);
            self.shards[shard].rows.push(entry);
        }
    }

    /// Puts what was pushed in order.
    pub(super) fn sort_pushed(&mut self) {
        let mut sorted = Vec::new();
        for shard in &mut self.shards {
            shard.sort(&mut sorted);
        }
    }

    pub(super) fn insert(&mut self, variants: &Variants, row: u32) {
        for (spot, (_, entry)) in self.spots(variants).into_iter().zip(entries(variants, row)) {
            self.shards[spot.shard].insert(spot, entry);
        }
    }

    pub(super) fn remove(&mut self, variants: &Variants, row: u32) {
        for (spot, (_, entry)) in self.spots(variants).into_iter().zip(entries(variants, row)) {
            self.shards[spot.shard].remove(spot, entry);
        }
    }

    /// The rows whose whole key may have this hash.
    pub(super) fn whole(&self, hash: u64) -> impl Iterator<Item = u32> {
        let spot = self.spot(hash);
        self.shards[spot.shard].run(spot).iter().copied().take_while(|entry| entry & PART == 0)
    }

    /// The rows of all variants.
    pub(super) fn runs(&self, variants: &Variants) -> Runs<'_> {
        let mut runs = [[].as_slice(); VARIANTS_MAX];
        for (run, spot) in runs.iter_mut().zip(self.spots(variants)).take(variants.all().len()) {
            *run = self.shards[spot.shard].run(spot);
        }
        Runs { runs, len: variants.all().len() }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let owned: usize = self.shards.iter().map(Shard::memory_bytes).sum();
        owned + self.shards.capacity() * size_of::<Shard>()
    }

    /// Reads one tag a variant; nothing waits for another, so memory is asked for all of them together.
    fn spots(&self, variants: &Variants) -> [Spot; VARIANTS_MAX] {
        let mut spots = [Spot::default(); VARIANTS_MAX];
        for (spot, hash) in spots.iter_mut().zip(variants.all()) {
            *spot = self.spot(*hash);
        }
        spots
    }

    fn spot(&self, hash: u64) -> Spot {
        let (shard, tag) = split(hash);
        Spot { shard, tag, from: self.shards[shard].first_look(tag) }
    }
}

impl Shard {
    fn with_capacity(entries: usize) -> Self {
        Self { tags: Vec::with_capacity(entries), rows: Vec::with_capacity(entries) }
    }

    /// Tag and row as one number: that sorts faster than a pair.
    fn sort(&mut self, sorted: &mut Vec<u64>) {
        let pairs = self.tags.iter().zip(&self.rows);
        sorted.clear();
        sorted.extend(pairs.map(|(tag, row)| u64::from(*tag) << u32::BITS | u64::from(*row)));
        sorted.sort_unstable();
        for ((tag, row), pair) in self.tags.iter_mut().zip(&mut self.rows).zip(sorted) {
            *tag = ((*pair >> u32::BITS) & 0xFFFF) as u16;
            *row = (*pair & 0xFFFF_FFFF) as u32;
        }
    }

    /// Where a window of tags begins that very likely holds all that are the same as this one.
    fn first_look(&self, tag: u16) -> usize {
        let guess = (usize::from(tag) * self.tags.len()) >> TAG_BITS;
        let is_below = self.tags.get(guess).is_some_and(|known| *known < tag);
        let from = if is_below { guess } else { (guess + 1).saturating_sub(WINDOW) };
        from.min(self.tags.len().saturating_sub(WINDOW))
    }

    /// The places of the tags that are the same as the spot's. Sums instead of branches: where the tags lie nobody can
    /// predict, and a wrong guess would wait for memory once a variant.
    fn same(&self, spot: Spot) -> Range<usize> {
        if let Some(window) = self.tags.get(spot.from..).and_then(<[u16]>::first_chunk::<WINDOW>) {
            let below: u16 = window.iter().map(|known| u16::from(*known < spot.tag)).sum();
            let up_to: u16 = window.iter().map(|known| u16::from(*known <= spot.tag)).sum();
            let (below, up_to) = (usize::from(below), usize::from(up_to));
            let begins = below > 0 || spot.from == 0;
            let ends = up_to < WINDOW || spot.from + WINDOW == self.tags.len();
            if begins && ends {
                return spot.from + below..spot.from + up_to;
            }
        }
        let start = self.tags.partition_point(|known| *known < spot.tag);
        start..self.tags.partition_point(|known| *known <= spot.tag)
    }

    /// Entries with the spot's tag.
    fn run(&self, spot: Spot) -> &[u32] {
        self.rows.get(self.same(spot)).unwrap_or_default()
    }

    /// Where an entry is, or would be.
    fn place(&self, spot: Spot, entry: u32) -> Result<usize, usize> {
        let same = self.same(spot);
        let start = same.start;
        let run = self.rows.get(same).unwrap_or_default();
        run.binary_search(&entry).map(|at| start + at).map_err(|at| start + at)
    }

    fn insert(&mut self, spot: Spot, entry: u32) {
        let (Ok(at) | Err(at)) = self.place(spot, entry);
        if self.tags.len() == self.tags.capacity() {
            // A little at a time: all shards grow alike, and a doubling would cost the index half its memory.
            let more = self.tags.len() / 16 + 8;
            self.tags.reserve_exact(more);
            self.rows.reserve_exact(more);
        }
        self.tags.insert(at, spot.tag);
        self.rows.insert(at, entry);
    }

    fn remove(&mut self, spot: Spot, entry: u32) {
        let Ok(at) = self.place(spot, entry) else { return };
        self.tags.remove(at);
        self.rows.remove(at);
        if self.tags.len() + self.tags.len() / 4 + 32 < self.tags.capacity() {
            let room = self.tags.len() + self.tags.len() / 16 + 8;
            self.tags.shrink_to(room);
            self.rows.shrink_to(room);
        }
    }

    fn memory_bytes(&self) -> usize {
        self.tags.capacity() * size_of::<u16>() + self.rows.capacity() * size_of::<u32>()
    }
}

/// A key's entries: hash, and the row with what the hash is of.
fn entries(variants: &Variants, row: u32) -> impl Iterator<Item = (u64, u32)> {
    let marks = std::iter::once(0).chain(std::iter::repeat(PART));
    variants.all().iter().zip(marks).map(move |(hash, mark)| (*hash, row | mark))
}

/// The shard and the tag of a hash.
const fn split(hash: u64) -> (usize, u16) {
    let shard = (hash >> (u64::BITS - SHARD_BITS)) as usize;
    let tag = ((hash >> (u64::BITS - SHARD_BITS - TAG_BITS)) & 0xFFFF) as u16;
    (shard, tag)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use proptest::prelude::*;

    /// Hashes of one shard whose tags lie anything but evenly.
    fn hash() -> impl Strategy<Value = u64> {
        let tag = prop_oneof![3 => 0_u64..3, 2 => 65_530_u64..=65_535, 1 => 0_u64..=65_535];
        tag.prop_map(|tag| tag << (u64::BITS - SHARD_BITS - TAG_BITS))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_shard_stays_in_order_however_its_tags_lie(
            steps in proptest::collection::vec((hash(), 0..40_u32, prop::bool::weighted(0.7)), 0..600),
        ) {
            let mut shards = Shards::new();
            let mut known = BTreeSet::new();
            for (hash, row, comes) in steps {
                let variants = Variants::from_hashes(&[hash]);
                if comes && known.insert((hash, row)) {
                    shards.insert(&variants, row);
                } else {
                    known.remove(&(hash, row));
                    shards.remove(&variants, row);
                }
                let expected = known.range((hash, 0)..=(hash, u32::MAX)).map(|(_, row)| *row);
                prop_assert!(shards.whole(hash).eq(expected));
            }
            let mut pushed = Shards::with_room_for(known.iter().map(|(hash, _)| *hash));
            for (hash, row) in known.iter().rev() {
                pushed.push(&Variants::from_hashes(&[*hash]), *row);
            }
            pushed.sort_pushed();
            prop_assert_eq!(&pushed.shards[0].tags, &shards.shards[0].tags);
            prop_assert_eq!(&pushed.shards[0].rows, &shards.shards[0].rows);
        }
    }

    #[test]
    fn rows_with_the_whole_key_come_before_those_with_a_part() {
        let mut shards = Shards::new();
        for (row, other) in (0..100).zip(1_000_u64..) {
            shards.insert(&Variants::from_hashes(&[other << 40, 77 << 40]), row);
        }
        shards.insert(&Variants::from_hashes(&[77 << 40]), 200);
        assert!(shards.whole(77 << 40).eq([200]));
        let runs = shards.runs(&Variants::from_hashes(&[77 << 40]));
        assert!(runs.rows().eq(std::iter::once(200).chain(0..100)));
    }
}
