//! Tractor and rear plate looked up together: two indexes, joined by notification.
//!
//! Two rather than one with a mark on each plate: a camera knows which end it saw, so a tractor's plate is never
//! compared with trailers, each shard is half as long, and the trailer that another tractor brought shows as what it
//! is, a notification that only its rear plate finds.

use super::{Completeness, Full, Hit, Inserted, PlateIndex, Removed};

/// A notification that is like the vehicle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Likeness {
    /// The id that it was inserted with.
    pub id: u32,
    /// Edits between the tractor's plates; `None` when they are not alike, or not seen.
    pub tractor: Option<u8>,
    /// Edits between the rear plates; `None` when they are not alike, or not seen. Alone it is a trailer that may have
    /// been swapped.
    pub rear: Option<u8>,
}

/// The vehicles of all live notifications.
///
/// The rear plate is what the rear camera sees: that of the last trailer, or the vehicle's own where it has none. An
/// empty key is a plate that nobody knows: it is not indexed and finds nothing.
#[derive(Debug, Default)]
pub struct VehicleIndex {
    tractors: PlateIndex,
    rears: PlateIndex,
}

impl VehicleIndex {
    /// An empty index.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An index of many vehicles at once: id, tractor's key, rear key.
    ///
    /// # Errors
    /// When there are more than `PLATES_MAX` different plates at either end.
    pub fn build<K: AsRef<str>>(vehicles: &[(u32, K, K)]) -> Result<Self, Full> {
        let known = |key: &str| !key.is_empty();
        let tractors = vehicles.iter().map(|(id, tractor, _)| (tractor.as_ref(), *id));
        let rears = vehicles.iter().map(|(id, _, rear)| (rear.as_ref(), *id));
        Ok(Self {
            tractors: PlateIndex::build(tractors.filter(|(key, _)| known(key)))?,
            rears: PlateIndex::build(rears.filter(|(key, _)| known(key)))?,
        })
    }

    /// Takes a notification's vehicle in.
    ///
    /// # Errors
    /// When either index is full; nothing is changed.
    pub fn insert(&mut self, id: u32, tractor: &str, rear: &str) -> Result<(), Full> {
        let new = insert(&mut self.tractors, tractor, id)?;
        if let Err(full) = insert(&mut self.rears, rear, id) {
            if new == Inserted::New {
                self.tractors.remove(tractor, id);
            }
            return Err(full);
        }
        Ok(())
    }

    /// Takes a notification's vehicle out, with the keys that it was inserted with.
    pub fn remove(&mut self, id: u32, tractor: &str, rear: &str) -> Removed {
        let removed = [self.tractors.remove(tractor, id), self.rears.remove(rear, id)];
        if removed.contains(&Removed::Gone) { Removed::Gone } else { Removed::Unknown }
    }

    /// Fills `found` with the notifications whose tractor or rear plate is at most one edit off, each once, in the
    /// order of ids.
    pub fn lookup(&self, tractor: Option<&str>, rear: Option<&str>, found: &mut Vec<Likeness>) -> Completeness {
        found.clear();
        let (mut hits, mut told) = (Vec::new(), Completeness::All);
        if let Some(key) = tractor.filter(|key| !key.is_empty()) {
            told = told.max(self.tractors.lookup(key, &mut hits));
            found.extend(hits.iter().map(|Hit { id, edits }| Likeness { id: *id, tractor: Some(*edits), rear: None }));
        }
        if let Some(key) = rear.filter(|key| !key.is_empty()) {
            told = told.max(self.rears.lookup(key, &mut hits));
            found.extend(hits.iter().map(|Hit { id, edits }| Likeness { id: *id, tractor: None, rear: Some(*edits) }));
        }
        found.sort_unstable_by_key(|one| one.id);
        found.dedup_by(|later, kept| {
            let same = later.id == kept.id;
            if same {
                kept.tractor = nearer(kept.tractor, later.tractor);
                kept.rear = nearer(kept.rear, later.rear);
            }
            same
        });
        told
    }

    /// The tractors' plates.
    #[must_use]
    pub const fn tractors(&self) -> &PlateIndex {
        &self.tractors
    }

    /// The rear plates.
    #[must_use]
    pub const fn rears(&self) -> &PlateIndex {
        &self.rears
    }

    /// Bytes that both asked the allocator for.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.tractors.memory_bytes() + self.rears.memory_bytes()
    }
}

fn insert(index: &mut PlateIndex, key: &str, id: u32) -> Result<Inserted, Full> {
    if key.is_empty() { Ok(Inserted::Known) } else { index.insert(key, id) }
}

fn nearer(one: Option<u8>, other: Option<u8>) -> Option<u8> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (known, None) | (None, known) => known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_joined_and_a_swapped_trailer_shows() {
        let mut index = VehicleIndex::new();
        index.insert(1, "123ABC02", "45DEF02").expect("room");
        index.insert(2, "123ABC02", "77XYZ07").expect("room");
        index.insert(3, "999ZZZ09", "45DEF02").expect("room");
        index.insert(4, "888KKK08", "").expect("room");
        let find = |index: &VehicleIndex, tractor, rear| {
            let mut found = Vec::new();
            assert_eq!(index.lookup(tractor, rear, &mut found), Completeness::All);
            found.into_iter().map(|one| (one.id, one.tractor, one.rear)).collect::<Vec<_>>()
        };
        let expected = [(1, Some(0), Some(1)), (2, Some(0), None), (3, None, Some(1))];
        assert_eq!(find(&index, Some("123ABC02"), Some("45DFF02")), expected);
        assert_eq!(find(&index, Some("12ABC02"), None), [(1, Some(1), None), (2, Some(1), None)]);
        assert_eq!(find(&index, Some(""), Some("")), [], "an unknown plate finds nothing");
        assert_eq!(index.remove(1, "123ABC02", "45DEF02"), Removed::Gone);
        assert_eq!(index.remove(1, "123ABC02", "45DEF02"), Removed::Unknown);
        assert_eq!(find(&index, Some("123ABC02"), Some("45DFF02")), expected[1..]);
    }

    #[test]
    fn many_at_once_are_the_same_as_one_after_another() {
        let vehicles = [(7, "123ABC02", "123ABC02"), (8, "粤B1234挂", ""), (9, "", "45DEF02")];
        let built = VehicleIndex::build(&vehicles).expect("room");
        assert_eq!((built.tractors().len(), built.rears().len()), (2, 2));
        let mut found = Vec::new();
        for (id, tractor, rear) in vehicles {
            built.lookup(Some(tractor), Some(rear), &mut found);
            assert_eq!(found.iter().map(|one| one.id).collect::<Vec<_>>(), [id]);
        }
    }
}
