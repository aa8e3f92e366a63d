//! The simulator's own book: what each truck did and met, and what went against the contract.
//!
//! Devices, lanes and officers write it; the summary reads it. It is compared with the controller's word at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use lane_controller::model::{OrderKind, Outcome};

use crate::kind::Kind;

/// Breaches kept; later ones are only counted.
const BREACHES_KEPT_MAX: usize = 100;

/// How a truck left the lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Departure {
    /// Under the arm.
    Exit,
    /// The way it came.
    Back,
}

/// What became of one truck.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The lane.
    pub lane: String,
    /// Its place in the lane's sequence.
    pub ordinal: u32,
    /// What was special about it.
    pub kind: Kind,
    /// The passage that the controller opened for it.
    pub passage: Option<String>,
    /// When it came to a stand on the scale.
    pub stopped: Option<Instant>,
    /// When the arm was up for it.
    pub opened: Option<Instant>,
    /// The holds that it met.
    pub holds: BTreeSet<String>,
    /// The orders that officers asked for, whether or not the controller has answered.
    pub asked: Vec<OrderKind>,
    /// The orders that the controller accepted.
    pub orders: Vec<OrderKind>,
    /// How it left; `None`: it stands in the lane.
    pub left: Option<Departure>,
}

impl Entry {
    /// How its passage must end.
    #[must_use]
    pub const fn expected(&self) -> Outcome {
        self.kind.expectation().outcome
    }
}

/// A passage as the controller completed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completed {
    /// The lane.
    pub lane: String,
    /// The passage.
    pub passage: String,
    /// Its outcome, as printed.
    pub outcome: String,
}

/// The book's pages.
#[derive(Debug, Default)]
pub struct Pages {
    /// Every truck that entered a lane, in order of arrival.
    pub trucks: Vec<Entry>,
    /// `passage_completed` events by journal sequence: a redelivery is the same entry.
    pub completed: BTreeMap<u64, Completed>,
    /// Passages with a `barrier_commanded` event.
    pub commanded: BTreeSet<String>,
    /// Commands that an arm ignored, by reason.
    pub ignored: BTreeMap<String, u32>,
    /// Orders that the controller refused, by its words; officers try again.
    pub refusals: BTreeMap<String, u32>,
    /// What went against the contract.
    pub breaches: Vec<String>,
    /// Breaches beyond those kept.
    pub more_breaches: u32,
}

/// A shared book. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Ledger(Arc<Mutex<Pages>>);

impl Ledger {
    /// The pages, for reading or writing; held briefly.
    pub fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A truck enters a lane.
    pub fn arrives(&self, lane: &str, ordinal: u32, kind: Kind) {
        self.pages().trucks.push(Entry {
            lane: lane.to_owned(),
            ordinal,
            kind,
            passage: None,
            stopped: None,
            opened: None,
            holds: BTreeSet::new(),
            asked: Vec::new(),
            orders: Vec::new(),
            left: None,
        });
    }

    /// Writes about the truck that stands in `lane`; returns whether one does.
    pub fn standing<T>(&self, lane: &str, write: impl FnOnce(&mut Entry) -> T) -> Option<T> {
        self.pages().trucks.iter_mut().rev().find(|entry| entry.lane == lane && entry.left.is_none()).map(write)
    }

    /// Something went against the contract.
    pub fn breach(&self, what: String) {
        tracing::error!("{what}");
        let mut pages = self.pages();
        if pages.breaches.len() < BREACHES_KEPT_MAX {
            pages.breaches.push(what);
        } else {
            pages.more_breaches = pages.more_breaches.saturating_add(1);
        }
    }

    /// An arm goes up in `lane`: a breach when nobody stands there, or a truck that needs an officer's word without it.
    pub fn opens(&self, lane: &str) {
        let judged = self.standing(lane, |entry| {
            entry.opened.get_or_insert_with(Instant::now);
            // The arm may be faster than the answer to the order: what was asked for counts.
            let released = entry.asked.contains(&OrderKind::Release);
            (entry.kind.needs_officer() && !released).then_some((entry.ordinal, entry.kind))
        });
        match judged {
            None => self.breach(format!("{lane}: the arm went up with no truck in the lane")),
            Some(Some((ordinal, kind))) => self.breach(format!(
                "{lane}: the arm went up for truck {ordinal} ({}) without an officer's release",
                kind.name()
            )),
            Some(None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arm_that_rises_for_a_truck_without_the_word_it_needs_is_a_breach() {
        for (kind, order, breaches) in [
            (Kind::Lawful, None, 0),
            (Kind::Overweight, None, 1),
            (Kind::NoNotification, Some(OrderKind::Release), 0),
            (Kind::Red, Some(OrderKind::Refer), 1),
        ] {
            let ledger = Ledger::default();
            ledger.arrives("in-01", 1, kind);
            ledger.standing("in-01", |entry| entry.asked.extend(order));
            ledger.opens("in-01");
            assert_eq!(ledger.pages().breaches.len(), breaches, "{kind:?} {order:?}");
        }
    }

    #[test]
    fn an_arm_that_rises_over_an_empty_lane_is_a_breach() {
        let ledger = Ledger::default();
        ledger.arrives("in-01", 1, Kind::Lawful);
        ledger.standing("in-01", |entry| entry.left = Some(Departure::Exit));
        ledger.opens("in-01");
        ledger.opens("in-02");
        assert_eq!(ledger.pages().breaches.len(), 2);
    }

    #[test]
    fn breaches_beyond_the_limit_are_counted() {
        let ledger = Ledger::default();
        for number in 0..150 {
            ledger.breach(number.to_string());
        }
        let pages = ledger.pages();
        assert_eq!((pages.breaches.len(), pages.more_breaches), (100, 50));
    }
}
