//! One induction loop: what it says, and how much of that can be believed (invariant B1, hazards 6, 7, 23).
//!
//! ```text
//!  report ─▶ debounce (a rise counts at once, a fall when it lasts) ─▶ doubts (chatter, stuck, unsteady) ─▶ Seen
//! ```
//! A loop that is doubted is not known, and what is not known counts as occupied. Whether traffic explains a loop
//! that stays occupied is not its own business: the lane looks and says so.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use super::presence::Seen;
use super::setup::{CHATTER_EDGES, CHATTER_WITHIN, LoopSetup, STUCK_LOOK_AGAIN};
use crate::model::{LoopPlace, Mono};

/// Which loop of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Half {
    /// The first one in the direction of travel, or the only one.
    A,
    /// The second one.
    B,
}

/// A loop of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LoopName {
    /// Its place.
    pub place: LoopPlace,
    /// Which of the pair.
    pub half: Half,
}

impl LoopName {
    /// The name that topics and metrics use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self.half {
            Half::A => self.place.as_str(),
            Half::B => self.place.pair_str(),
        }
    }
}

impl fmt::Display for LoopName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a loop is not believed; a closed set, so that it may label a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LoopFault {
    /// It changes faster than vehicles do.
    Chattering,
    /// It stays occupied, and no traffic explains that.
    StuckOn,
    /// It stayed free where a vehicle must have been.
    StuckOff,
    /// Its device comes and goes.
    Unsteady,
}

impl LoopFault {
    /// The label that metrics use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chattering => "chattering",
            Self::StuckOn => "stuck_on",
            Self::StuckOff => "stuck_off",
            Self::Unsteady => "unsteady",
        }
    }

    /// For officers.
    pub(super) const fn told(self) -> &'static str {
        match self {
            Self::Chattering => "chatters",
            Self::StuckOn => "stays occupied although nothing explains it",
            Self::StuckOff => "did not see a vehicle that must have been there",
            Self::Unsteady => "comes and goes",
        }
    }
}

/// A contradiction; the loop takes it back by the change that it owes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    StuckOn,
    StuckOff,
}

/// Whether a loop's device stays, or comes and goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Steadiness {
    Steady,
    Unsteady,
}

/// One loop.
#[derive(Debug, Clone)]
pub(super) struct Loop {
    debounce: Duration,
    stuck_after: Duration,
    /// What it last said; `None`: nothing that still counts.
    said: Option<bool>,
    /// The same after the debounce.
    settled: Seen,
    /// When the fall that it reported counts.
    falls_at: Option<Mono>,
    /// Its latest changes, for the chatter.
    changes: VecDeque<Mono>,
    /// It chatters; when it will have been quiet for long enough.
    quiet_at: Option<Mono>,
    doubt: Option<Doubt>,
    steadiness: Steadiness,
    /// When the lane must look whether traffic explains that it is occupied.
    look_at: Option<Mono>,
}

impl Loop {
    pub(super) const fn new(setup: &LoopSetup) -> Self {
        Self {
            debounce: setup.debounce,
            stuck_after: setup.stuck_after,
            said: None,
            settled: Seen::Unknown,
            falls_at: None,
            changes: VecDeque::new(),
            quiet_at: None,
            doubt: None,
            steadiness: Steadiness::Steady,
            look_at: None,
        }
    }

    /// Takes a report.
    pub(super) fn report(&mut self, now: Mono, occupied: bool) {
        let owed = match self.doubt {
            Some(Doubt::StuckOn) => !occupied,
            Some(Doubt::StuckOff) => occupied,
            None => false,
        };
        if owed {
            self.doubt = None;
        }
        let before = self.said.replace(occupied);
        if before == Some(occupied) {
            return;
        }
        if before.is_some() {
            self.note_change(now);
        }
        if occupied {
            self.settled = Seen::Occupied;
            self.falls_at = None;
            self.look_at = Some(now + self.stuck_after);
        } else {
            self.falls_at = Some(now + self.debounce);
            self.look_at = None;
        }
        self.settle(now);
    }

    fn note_change(&mut self, now: Mono) {
        self.changes.push_back(now);
        while self.changes.front().is_some_and(|at| now.since(*at) > CHATTER_WITHIN) {
            self.changes.pop_front();
        }
        let many = self.changes.len() > CHATTER_EDGES;
        if many {
            self.changes.pop_front();
        }
        if many || self.quiet_at.is_some() {
            self.quiet_at = Some(now + CHATTER_WITHIN);
        }
    }

    /// Takes what time alone decides: a fall that lasted, a chatter that ended.
    pub(super) fn settle(&mut self, now: Mono) {
        if self.falls_at.is_some_and(|at| at <= now) {
            self.falls_at = None;
            self.settled = Seen::Free;
        }
        if self.quiet_at.is_some_and(|at| at <= now) {
            self.quiet_at = None;
            self.changes.clear();
        }
    }

    /// What it said is void: its device or the link is away. Doubts stay until it takes them back.
    pub(super) fn forget(&mut self) {
        self.said = None;
        self.settled = Seen::Unknown;
        self.falls_at = None;
        self.look_at = None;
    }

    /// When it wants to be settled or looked at.
    pub(super) fn due(&self) -> Option<Mono> {
        [self.falls_at, self.quiet_at, self.look_at].into_iter().flatten().min()
    }

    /// It has been occupied for so long that the lane must look.
    pub(super) fn wants_look(&self, now: Mono) -> bool {
        self.look_at.is_some_and(|at| at <= now)
    }

    /// Traffic explains it for the time being.
    pub(super) fn look_again(&mut self, now: Mono) {
        self.look_at = Some(now + STUCK_LOOK_AGAIN);
    }

    /// It contradicts what the lane knows.
    pub(super) fn mistrust(&mut self, doubt: Doubt) {
        self.doubt = Some(doubt);
        self.look_at = None;
    }

    /// An officer looked: what it says counts again.
    pub(super) fn trust(&mut self) {
        self.doubt = None;
    }

    /// Its device comes and goes, or has been steady again.
    pub(super) const fn set(&mut self, steadiness: Steadiness) {
        self.steadiness = steadiness;
    }

    /// The worst that is wrong with it.
    pub(super) const fn fault(&self) -> Option<LoopFault> {
        match (self.steadiness, self.quiet_at, self.doubt) {
            (Steadiness::Unsteady, ..) => Some(LoopFault::Unsteady),
            (Steadiness::Steady, Some(_), _) => Some(LoopFault::Chattering),
            (Steadiness::Steady, None, Some(Doubt::StuckOn)) => Some(LoopFault::StuckOn),
            (Steadiness::Steady, None, Some(Doubt::StuckOff)) => Some(LoopFault::StuckOff),
            (Steadiness::Steady, None, None) => None,
        }
    }

    /// What may be built on: unknown while it is doubted.
    pub(super) const fn seen(&self) -> Seen {
        if self.fault().is_some() { Seen::Unknown } else { self.settled }
    }

    /// What its edges are made of: a contradiction ends by an edge, noise has none.
    pub(super) const fn level(&self) -> Option<Seen> {
        match (self.steadiness, self.quiet_at) {
            (Steadiness::Steady, None) => Some(self.settled),
            (Steadiness::Unsteady, _) | (Steadiness::Steady, Some(_)) => None,
        }
    }
}

// Worlds of a search have no loop that changes more than once a second: the memory of its changes says nothing.
#[cfg(test)]
crate::lane::tests::search::digest::digest!(Loop { said, settled, falls_at, quiet_at, doubt, steadiness, look_at } without { debounce, stuck_after, changes });

#[cfg(test)]
mod tests {
    use super::super::setup::Pair;
    use super::*;
    use crate::model::Care;

    const DEBOUNCE: Duration = Duration::from_millis(50);

    fn a_loop() -> Loop {
        let (debounce, stuck_after) = (DEBOUNCE, Duration::from_secs(600));
        Loop::new(&LoopSetup { debounce, stuck_after, pair: Pair::Single, care: Care::required() })
    }

    fn at(millis: u64) -> Mono {
        Mono::from_micros(millis * 1_000)
    }

    #[test]
    fn a_rise_counts_at_once_and_a_fall_when_it_lasts() {
        let mut l = a_loop();
        l.report(at(0), false);
        assert_eq!(l.seen(), Seen::Unknown, "a loop that was never heard owes the same proof");
        l.settle(at(50));
        assert_eq!(l.seen(), Seen::Free);
        l.report(at(100), true);
        assert_eq!(l.seen(), Seen::Occupied);
        l.report(at(200), false);
        l.settle(at(249));
        assert_eq!((l.seen(), l.due()), (Seen::Occupied, Some(at(250))));
        l.report(at(249), true);
        l.settle(at(300));
        assert_eq!(l.seen(), Seen::Occupied, "a gap shorter than the debounce is none");
    }

    #[test]
    fn h7_a_loop_that_chatters_is_not_known_until_it_has_been_quiet() {
        let mut l = a_loop();
        l.report(at(0), false);
        for change in 1..=20 {
            l.report(at(change * 100), change % 2 == 1);
        }
        assert_eq!(l.fault(), None, "as many as vehicles may make");
        l.report(at(2_100), true);
        assert_eq!((l.fault(), l.seen(), l.level()), (Some(LoopFault::Chattering), Seen::Unknown, None));
        l.report(at(2_200), false);
        l.settle(at(12_199));
        assert_eq!(l.fault(), Some(LoopFault::Chattering));
        l.settle(at(12_200));
        assert_eq!((l.fault(), l.seen()), (None, Seen::Free));
    }

    #[test]
    fn repeated_states_are_no_changes() {
        let mut l = a_loop();
        for report in 0..1_000 {
            l.report(at(report), true);
        }
        assert_eq!(l.fault(), None);
        assert!(l.wants_look(at(600_000)), "and don't put off the question whether it sticks");
    }

    #[test]
    fn a_contradiction_is_taken_back_only_by_the_change_that_is_owed() {
        let mut l = a_loop();
        l.report(at(0), false);
        l.settle(at(50));
        l.mistrust(Doubt::StuckOff);
        assert_eq!((l.seen(), l.level()), (Seen::Unknown, Some(Seen::Free)));
        l.forget();
        l.report(at(100), false);
        assert_eq!(l.fault(), Some(LoopFault::StuckOff), "the same again after the link was away proves nothing");
        l.report(at(200), true);
        assert_eq!((l.fault(), l.seen()), (None, Seen::Occupied));
        l.mistrust(Doubt::StuckOn);
        l.report(at(300), true);
        assert_eq!(l.fault(), Some(LoopFault::StuckOn));
        l.report(at(400), false);
        assert_eq!(l.fault(), None);
    }

    #[test]
    fn memory_of_changes_is_bounded() {
        let mut l = a_loop();
        for change in 0..10_000 {
            l.report(at(change), change % 2 == 0);
        }
        assert!(l.changes.len() <= CHATTER_EDGES);
    }
}
