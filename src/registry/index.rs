//! Live documents in memory.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::plate::{Folded, fold};
use crate::domain::{NumberKey, number_key};
use crate::matching::{Candidate, Choice, Known, MatchPolicy, choose, judge};
use crate::model::registry::{Declaration, Party, PriorNotification};
use crate::model::{MatchQuery, MatchResult, PassageId, Timestamp};

/// Everything that lanes look up. Hash maps are fine here: nothing depends on their order.
#[derive(Debug, Default)]
pub(super) struct Index {
    notifications: HashMap<String, Arc<PriorNotification>>,
    by_tractor: HashMap<Folded, Vec<String>>,
    /// Document numbers, and notifications' own, to the notifications that refer to them.
    by_number: HashMap<NumberKey, Vec<String>>,
    declarations: HashMap<NumberKey, Arc<Declaration>>,
    /// Declarations that name a vehicle, by its tractor.
    declared_vehicles: HashMap<Folded, Vec<NumberKey>>,
    parties: HashMap<String, Party>,
    used: HashMap<String, PassageId>,
}

fn push<K: std::hash::Hash + Eq, V: PartialEq>(map: &mut HashMap<K, Vec<V>>, key: K, value: V) {
    let values = map.entry(key).or_default();
    if !values.contains(&value) {
        values.push(value);
    }
}

fn pull<K: std::hash::Hash + Eq, V: PartialEq>(map: &mut HashMap<K, Vec<V>>, key: &K, value: &V) {
    if let Some(values) = map.get_mut(key) {
        values.retain(|known| known != value);
        if values.is_empty() {
            map.remove(key);
        }
    }
}

fn numbers(notification: &PriorNotification) -> impl Iterator<Item = NumberKey> {
    let documents = notification.documents.iter().map(|document| number_key(&document.number));
    documents.chain(std::iter::once(number_key(&notification.number)))
}

impl Index {
    pub(super) fn put_notification(&mut self, notification: PriorNotification) {
        self.drop_notification(&notification.number);
        let number = notification.number.clone();
        push(&mut self.by_tractor, fold(&notification.vehicle.tractor.plate), number.clone());
        for key in numbers(&notification) {
            push(&mut self.by_number, key, number.clone());
        }
        self.notifications.insert(number, Arc::new(notification));
    }

    pub(super) fn drop_notification(&mut self, number: &str) {
        let Some(old) = self.notifications.remove(number) else { return };
        pull(&mut self.by_tractor, &fold(&old.vehicle.tractor.plate), &old.number);
        for key in numbers(&old) {
            pull(&mut self.by_number, &key, &old.number);
        }
    }

    pub(super) fn put_declaration(&mut self, declaration: Declaration) {
        let key = number_key(&declaration.number);
        if let Some(vehicle) = self.declarations.get(&key).and_then(|old| old.vehicle.clone()) {
            pull(&mut self.declared_vehicles, &fold(&vehicle.tractor.plate), &key);
        }
        if let Some(vehicle) = &declaration.vehicle {
            push(&mut self.declared_vehicles, fold(&vehicle.tractor.plate), key.clone());
        }
        self.declarations.insert(key, Arc::new(declaration));
    }

    pub(super) fn put_party(&mut self, party: Party) {
        self.parties.insert(party.id.clone(), party);
    }

    pub(super) fn drop_party(&mut self, id: &str) {
        self.parties.remove(id);
    }

    pub(super) fn use_up(&mut self, number: &str, passage: PassageId) {
        self.used.insert(number.to_owned(), passage);
    }

    pub(super) fn len(&self) -> usize {
        self.notifications.len()
    }

    pub(super) fn find(&self, query: &MatchQuery, policy: &MatchPolicy, now: Timestamp) -> MatchResult {
        let known = {
            let by_plate = query.tractor.as_deref().map(fold);
            let by_plate = by_plate.and_then(|plate| self.by_tractor.get(&plate)).into_iter().flatten();
            let scanned = query.documents.iter().map(|document| number_key(document));
            let by_scan = scanned.filter_map(|key| self.by_number.get(&key)).flatten();
            let mut named: Vec<&String> = by_plate.chain(by_scan).collect();
            named.sort_unstable();
            named.dedup();
            let candidates = named.into_iter().filter_map(|number| self.notifications.get(number));
            let candidates = candidates.map(|notification| Candidate {
                notification,
                used: self.used.get(&notification.number).is_some_and(|passage| *passage != query.passage),
            });
            let choice: Choice<'_> = choose(query, candidates, now);
            Known::of(&choice, |chosen| self.notifications.get(&chosen.number).cloned())
        };
        let declaration = self.declaration_for(query, known.notification.as_deref());
        let parties = self.parties_of(known.notification.as_deref(), declaration.as_deref());
        judge(query, Known { declaration, parties, ..known }, policy, now)
    }

    /// What the notification refers to, else what a reader scanned, else what names the vehicle.
    fn declaration_for(
        &self,
        query: &MatchQuery,
        notification: Option<&PriorNotification>,
    ) -> Option<Arc<Declaration>> {
        let referred = notification.into_iter().flat_map(|found| &found.documents).map(|found| &found.number);
        let numbers = referred.chain(&query.documents).map(|number| number_key(number));
        let by_number = numbers.into_iter().find_map(|key| self.declarations.get(&key));
        if let Some(found) = by_number {
            return Some(Arc::clone(found));
        }
        let tractor = fold(query.tractor.as_deref()?);
        match self.declared_vehicles.get(&tractor)?.as_slice() {
            [only] => self.declarations.get(only).cloned(),
            _ => None,
        }
    }

    fn parties_of(&self, notification: Option<&PriorNotification>, declaration: Option<&Declaration>) -> Vec<Party> {
        let carrier = notification.map(|found| found.carrier.id.as_str());
        let holder = declaration.map(|found| found.holder.id.as_str()).filter(|holder| carrier != Some(*holder));
        carrier.into_iter().chain(holder).filter_map(|id| self.parties.get(id).cloned()).collect()
    }
}
