//! What of the live documents stays in memory: which notifications a plate may mean, parties, and what was used.
//!
//! Whole documents stay on the disk (shelf): a million of them would not fit an edge server's memory.

use std::collections::HashMap;

use super::keys::plates_of;
use crate::domain::plate::{Cost, Folded, Templates, distance, fold};
use crate::matching::index::{Full, Likeness, VehicleIndex};
use crate::matching::{FARTHEST, SeenPlate, SeenPlates};
use crate::model::registry::{Party, PriorNotification};
use crate::model::{PassageId, Purpose, Timestamp};

/// Notifications that one question looks at: the nearest plates first, then those expected closest to the arrival. A
/// truck with more trips notified than that is found by its next one.
pub(super) const LOOKED_AT_MAX: usize = 32;

/// What the index keeps of a notification. Its plates are canonical.
#[derive(Debug)]
pub(super) struct Entry {
    number: Box<str>,
    tractor: Folded,
    /// What the rear camera should see: the last trailer's plate, or the vehicle's own where it has none.
    rear: Folded,
    expected_at: i64,
    valid_until: i64,
}

impl Entry {
    pub(super) fn new(
        number: &str,
        tractor: (&str, Option<&str>),
        rear: Option<(&str, Option<&str>)>,
        expected_at: i64,
        valid_until: i64,
        templates: &Templates,
    ) -> Self {
        let canonical = |(plate, country): (&str, Option<&str>)| templates.canonical(&fold(plate), country);
        let tractor = canonical(tractor);
        let rear = rear.map_or_else(|| tractor.clone(), canonical);
        Self { number: number.into(), tractor, rear, expected_at, valid_until }
    }

    pub(super) fn of(notification: &PriorNotification, templates: &Templates) -> Self {
        let plates = plates_of(notification);
        Self::new(
            &notification.number,
            (plates.tractor.plate.reveal(Purpose::Register), plates.tractor.country.as_deref()),
            plates.rear.map(|rear| (rear.plate.reveal(Purpose::Register), rear.country.as_deref())),
            notification.expected_at.unix_micros(),
            notification.valid_until.unix_micros(),
            templates,
        )
    }

    /// How far the nearer of its plates is from what was seen; `None` when neither is near. A read may be off by more
    /// than the index forgives where the other plate found the entry.
    fn farness(&self, seen: &SeenPlates) -> Option<Cost> {
        let to = |seen: &Option<SeenPlate>, own: &Folded| {
            let forms = seen.iter().flat_map(|seen| [&seen.plate, &seen.read]);
            forms.filter_map(|form| distance(form, own, FARTHEST)).min()
        };
        to(&seen.tractor, &self.tractor).into_iter().chain(to(&seen.trailer, &self.rear)).min()
    }
}

/// What lanes look up. Hash maps are fine here: nothing depends on their order.
#[derive(Debug, Default)]
pub(super) struct Index {
    entries: Vec<Option<Entry>>,
    free: Vec<u32>,
    by_number: HashMap<Box<str>, u32>,
    vehicles: VehicleIndex,
    parties: HashMap<String, Party>,
    used: HashMap<String, PassageId>,
}

impl Index {
    /// An index of all live notifications at once.
    ///
    /// # Errors
    /// When there are more plates than it takes.
    pub(super) fn build(entries: Vec<Entry>) -> Result<Self, Full> {
        let numbered = || (0_u32..).zip(&entries);
        let vehicles: Vec<(u32, &str, &str)> =
            numbered().map(|(id, entry)| (id, entry.tractor.as_str(), entry.rear.as_str())).collect();
        let vehicles = VehicleIndex::build(&vehicles)?;
        let by_number = numbered().map(|(id, entry)| (entry.number.clone(), id)).collect();
        Ok(Self { entries: entries.into_iter().map(Some).collect(), by_number, vehicles, ..Self::default() })
    }

    /// # Errors
    /// When there are more plates than the index takes; the notification is then found by its numbers only.
    pub(super) fn put(&mut self, entry: Entry) -> Result<(), Full> {
        self.drop_notification(&entry.number);
        let id = match self.free.pop() {
            Some(id) => id,
            None => {
                let id = u32::try_from(self.entries.len()).map_err(|_| Full)?;
                self.entries.push(None);
                id
            }
        };
        let inserted = self.vehicles.insert(id, entry.tractor.as_str(), entry.rear.as_str());
        self.by_number.insert(entry.number.clone(), id);
        if let Some(slot) = self.entries.get_mut(id as usize) {
            *slot = Some(entry);
        }
        inserted
    }

    pub(super) fn drop_notification(&mut self, number: &str) {
        let Some(id) = self.by_number.remove(number) else { return };
        let Some(entry) = self.entries.get_mut(id as usize).and_then(Option::take) else { return };
        self.vehicles.remove(id, entry.tractor.as_str(), entry.rear.as_str());
        self.free.push(id);
    }

    pub(super) fn put_party(&mut self, party: Party) {
        self.parties.insert(party.id.reveal(Purpose::Register).to_owned(), party);
    }

    pub(super) fn drop_party(&mut self, id: &str) {
        self.parties.remove(id);
    }

    pub(super) fn party(&self, id: &str) -> Option<&Party> {
        self.parties.get(id)
    }

    pub(super) fn use_up(&mut self, number: &str, passage: PassageId) {
        self.used.insert(number.to_owned(), passage);
    }

    /// The passage that used a notification up.
    pub(super) fn used_by(&self, number: &str) -> Option<PassageId> {
        self.used.get(number).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.by_number.len()
    }

    /// Numbers of the notifications that the plates may mean: valid ones first, nearer plates first, then those
    /// expected closest to the arrival.
    pub(super) fn near(&self, seen: &SeenPlates, arrived: Timestamp) -> Vec<String> {
        let mut ids: Vec<u32> = Vec::new();
        let mut found: Vec<Likeness> = Vec::new();
        // A plate that another country's syntax settles otherwise is found as it was read.
        let forms: [fn(&SeenPlate) -> &Folded; 2] = [|seen| &seen.plate, |seen| &seen.read];
        for form in forms {
            let tractor = seen.tractor.as_ref().map(|seen| form(seen).as_str());
            let rear = seen.trailer.as_ref().map(|seen| form(seen).as_str());
            self.vehicles.lookup(tractor, rear, &mut found);
            ids.extend(found.iter().map(|one| one.id));
            // A lookup is bounded; a truck that comes every day is not.
            ids.extend(tractor.iter().flat_map(|plate| self.vehicles.tractors().exact(plate)));
            ids.extend(rear.iter().flat_map(|plate| self.vehicles.rears().exact(plate)));
        }
        ids.sort_unstable();
        ids.dedup();
        let arrived = arrived.unix_micros();
        let mut ranked: Vec<(bool, Cost, u64, &Entry)> = ids
            .into_iter()
            .filter_map(|id| self.entries.get(id as usize).and_then(Option::as_ref))
            .filter_map(|entry| entry.farness(seen).map(|cost| (cost, entry)))
            .map(|(cost, entry)| (entry.valid_until <= arrived, cost, entry.expected_at.abs_diff(arrived), entry))
            .collect();
        ranked.sort_by_key(|(over, cost, apart, _)| (*over, *cost, *apart));
        ranked.truncate(LOOKED_AT_MAX);
        ranked.into_iter().map(|(.., entry)| entry.number.to_string()).collect()
    }
}
