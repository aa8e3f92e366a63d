//! Is the vehicle still there? Loops and the platform answer; a sensor that can't be trusted counts as occupied.

use std::collections::{BTreeMap, BTreeSet};

use super::loops::{Doubt, Half, Loop, LoopFault, LoopName, Steadiness};
use super::pair::{Moved, Quadrature};
use super::setup::{LoopSetup, Pair};
use crate::model::{LoopPlace, Mono};

/// What the sensors say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    /// At least one sensor sees it, or no sensor covers the stop line and nothing says that it left.
    Present,
    /// Every sensor is known and none sees it.
    Empty,
    /// A sensor is not known and none sees it.
    Unknown,
}

/// What is known of one sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    Occupied,
    Free,
    Unknown,
}

impl Seen {
    /// Two sensors over one place: it is free only where both are.
    const fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Occupied, _) | (_, Self::Occupied) => Self::Occupied,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Free, Self::Free) => Self::Free,
        }
    }
}

/// A change of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    Rise,
    /// Occupied when it was first heard: whatever stands there came unseen.
    Found,
    Fall,
}

/// What a report, or time, changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LoopEvent {
    Faulty(LoopName, LoopFault),
    Mended(LoopName),
    Edge(LoopPlace, Edge),
    Moved(LoopPlace, Moved),
}

/// One place of the lane with its loop, or its two.
#[derive(Debug, Clone)]
struct Place {
    a: Loop,
    b: Option<Loop>,
    /// What its edges have told.
    told: Seen,
    quadrature: Quadrature,
    /// Loops whose device is away.
    away: BTreeSet<Half>,
}

impl Place {
    fn new(setup: &LoopSetup) -> Self {
        let b = match setup.pair {
            Pair::Single => None,
            Pair::Paired => Some(Loop::new(setup)),
        };
        Self { a: Loop::new(setup), b, told: Seen::Unknown, quadrature: Quadrature::default(), away: BTreeSet::new() }
    }

    const fn half(&mut self, half: Half) -> Option<&mut Loop> {
        match half {
            Half::A => Some(&mut self.a),
            Half::B => self.b.as_mut(),
        }
    }

    fn loops(&self) -> impl Iterator<Item = &Loop> {
        std::iter::once(&self.a).chain(&self.b)
    }

    fn seen(&self) -> Seen {
        self.b.as_ref().map_or(self.a.seen(), |b| self.a.seen().or(b.seen()))
    }

    /// The edge between what was told and what is; noise has none.
    fn edge(&mut self) -> Option<Edge> {
        let mut level = self.a.level()?;
        if let Some(b) = &self.b {
            level = level.or(b.level()?);
        }
        match (std::mem::replace(&mut self.told, level), level) {
            (Seen::Free, Seen::Occupied) => Some(Edge::Rise),
            (Seen::Unknown, Seen::Occupied) => Some(Edge::Found),
            (Seen::Occupied, Seen::Free) => Some(Edge::Fall),
            (Seen::Occupied, Seen::Occupied | Seen::Unknown)
            | (Seen::Free | Seen::Unknown, Seen::Free | Seen::Unknown) => None,
        }
    }

    fn moved(&mut self) -> Option<Moved> {
        let b = self.b.as_ref()?;
        self.quadrature.see(self.a.seen(), b.seen())
    }
}

/// The sensors of presence.
#[derive(Debug, Clone)]
pub(super) struct Sensors {
    places: BTreeMap<LoopPlace, Place>,
    /// `None`: the lane has no scale that vehicles stand on.
    platform: Option<Seen>,
    /// The scale is away, or its reading stands still.
    platform_is_out: bool,
}

impl Sensors {
    pub(super) fn new(loops: &BTreeMap<LoopPlace, LoopSetup>, platform: Platform) -> Self {
        let platform = match platform {
            Platform::Watched => Some(Seen::Unknown),
            Platform::None => None,
        };
        let places = loops.iter().map(|(place, setup)| (*place, Place::new(setup))).collect();
        Self { places, platform, platform_is_out: false }
    }

    /// Takes a loop's report. A loop that the lane doesn't have is ignored.
    pub(super) fn report(&mut self, now: Mono, name: LoopName, occupied: bool) -> Vec<LoopEvent> {
        if let Some(place) = self.places.get_mut(&name.place) {
            place.away.remove(&name.half);
        }
        self.change(name, |found| found.report(now, occupied))
    }

    /// Takes what time alone decides.
    pub(super) fn settle(&mut self, now: Mono) -> Vec<LoopEvent> {
        let mut events = Vec::new();
        for name in self.names() {
            events.extend(self.change(name, |found| found.settle(now)));
        }
        events
    }

    /// A loop contradicts what the lane knows.
    pub(super) fn mistrust(&mut self, name: LoopName, doubt: Doubt) -> Vec<LoopEvent> {
        self.change(name, |found| found.mistrust(doubt))
    }

    /// An officer looked: what the loops of a place say counts again.
    pub(super) fn trust(&mut self, place: LoopPlace) -> Vec<LoopEvent> {
        [Half::A, Half::B].into_iter().flat_map(|half| self.change(LoopName { place, half }, Loop::trust)).collect()
    }

    /// A loop's device comes and goes, or has been steady again.
    pub(super) fn set(&mut self, name: LoopName, steadiness: Steadiness) -> Vec<LoopEvent> {
        self.change(name, |found| found.set(steadiness))
    }

    /// A loop's device is away.
    pub(super) fn lose(&mut self, name: LoopName) -> Vec<LoopEvent> {
        if let Some(place) = self.places.get_mut(&name.place) {
            place.away.insert(name.half);
        }
        self.change(name, Loop::forget)
    }

    /// The link is down: no loop is known.
    pub(super) fn forget_loops(&mut self) {
        for name in self.names() {
            // Forgetting makes no edge, and doubts stay.
            self.change(name, Loop::forget);
        }
    }

    fn change(&mut self, name: LoopName, change: impl FnOnce(&mut Loop)) -> Vec<LoopEvent> {
        let mut events = Vec::new();
        let Some(place) = self.places.get_mut(&name.place) else { return events };
        let Some(found) = place.half(name.half) else { return events };
        let before = found.fault();
        change(found);
        match (before, found.fault()) {
            (before, after) if before == after => {}
            (_, Some(fault)) => events.push(LoopEvent::Faulty(name, fault)),
            (_, None) => events.push(LoopEvent::Mended(name)),
        }
        events.extend(place.edge().map(|edge| LoopEvent::Edge(name.place, edge)));
        events.extend(place.moved().map(|moved| LoopEvent::Moved(name.place, moved)));
        events
    }

    /// Loops that have been occupied for so long that the lane must look.
    pub(super) fn wanting_a_look(&self, now: Mono) -> Vec<LoopName> {
        let names = self.names();
        names.into_iter().filter(|name| self.get(*name).is_some_and(|found| found.wants_look(now))).collect()
    }

    /// Traffic explains it for the time being.
    pub(super) fn look_again(&mut self, now: Mono, name: LoopName) {
        if let Some(found) = self.places.get_mut(&name.place).and_then(|place| place.half(name.half)) {
            found.look_again(now);
        }
    }

    /// When a loop wants to be settled or looked at.
    pub(super) fn due(&self) -> Option<Mono> {
        self.loops().filter_map(|(_, found)| found.due()).min()
    }

    /// Loops that are not believed.
    pub(super) fn faults(&self) -> impl Iterator<Item = (LoopName, LoopFault)> {
        self.loops().filter_map(|(name, found)| Some((name, found.fault()?)))
    }

    fn loops(&self) -> impl Iterator<Item = (LoopName, &Loop)> {
        self.places.iter().flat_map(|(place, here)| {
            let b = here.b.as_ref().map(|b| (LoopName { place: *place, half: Half::B }, b));
            std::iter::once((LoopName { place: *place, half: Half::A }, &here.a)).chain(b)
        })
    }

    fn names(&self) -> Vec<LoopName> {
        self.loops().map(|(name, _)| name).collect()
    }

    fn get(&self, name: LoopName) -> Option<&Loop> {
        self.loops().find(|(known, _)| *known == name).map(|(_, found)| found)
    }

    /// Takes what the scale shows.
    pub(super) fn see_platform(&mut self, seen: Seen) {
        self.platform = self.platform.map(|_| seen);
        self.platform_is_out = false;
    }

    /// What the scale shows is void.
    pub(super) fn lose_platform(&mut self) {
        self.platform = self.platform.map(|_| Seen::Unknown);
        self.platform_is_out = self.platform.is_some();
    }

    /// What the scale shows; unknown where the lane has none that vehicles stand on.
    pub(super) fn platform(&self) -> Seen {
        self.platform.unwrap_or(Seen::Unknown)
    }

    pub(super) fn has_loop(&self, place: LoopPlace) -> bool {
        self.places.contains_key(&place)
    }

    /// The lane has that loop, and it is at fault or away: others must see in its stead.
    pub(super) fn is_out(&self, place: LoopPlace) -> bool {
        self.places.get(&place).is_some_and(|here| here.away.contains(&Half::A) || here.a.fault().is_some())
    }

    pub(super) fn at(&self, place: LoopPlace) -> Seen {
        self.places.get(&place).map_or(Seen::Unknown, Place::seen)
    }

    /// No sensor sees a vehicle, and one that could is out: only somebody who looks knows whether one is there.
    pub(super) fn is_anybody_s_guess(&self) -> bool {
        let mut out = self.platform_is_out;
        for here in self.places.values() {
            let place_is_out = !here.away.is_empty() || here.loops().any(|found| found.fault().is_some());
            out |= place_is_out;
            match here.seen() {
                Seen::Occupied => return false,
                // Not heard yet: it will speak for itself.
                Seen::Unknown if !place_is_out => return false,
                Seen::Unknown | Seen::Free => {}
            }
        }
        let platform = self.platform.unwrap_or(Seen::Free);
        out && (platform == Seen::Free || platform == Seen::Unknown && self.platform_is_out)
    }

    /// Of a pair, only the far loop is taken: what is there came from inside.
    pub(super) fn is_taken_from_inside(&self, place: LoopPlace) -> bool {
        let Some(here) = self.places.get(&place) else { return false };
        let far = here.b.as_ref().map(Loop::seen);
        far == Some(Seen::Occupied) && here.a.seen() == Seen::Free
    }

    /// What loop and scale see at the stop line; unknown where the lane has neither.
    pub(super) fn at_stop_line(&self) -> Seen {
        let found = self.places.get(&LoopPlace::Scale).map(Place::seen);
        match (found, self.platform) {
            (Some(found), Some(platform)) => found.or(platform),
            (Some(only), None) | (None, Some(only)) => only,
            (None, None) => Seen::Unknown,
        }
    }

    /// Whether anything sees the stop line.
    pub(super) fn watches_stop_line(&self) -> bool {
        self.platform.is_some() || self.has_loop(LoopPlace::Scale)
    }

    /// The closing zone under an arm is positively clear (invariant B1): its loops exist, are known, and are free.
    pub(super) fn is_clear(&self, place: LoopPlace) -> bool {
        self.at(place) == Seen::Free
    }

    pub(super) fn presence(&self) -> Presence {
        let all = || self.places.values().map(Place::seen).chain(self.platform);
        if all().any(|seen| seen == Seen::Occupied) {
            return Presence::Present;
        }
        if all().any(|seen| seen == Seen::Unknown) {
            return Presence::Unknown;
        }
        if self.watches_stop_line() { Presence::Empty } else { Presence::Present }
    }
}

/// Whether the lane has a scale that vehicles stand on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Platform {
    Watched,
    None,
}

#[cfg(test)]
crate::lane::tests::search::digest::digest!(Place { a, b, told, quadrature, away } without {});
#[cfg(test)]
crate::lane::tests::search::digest::digest!(Sensors { places, platform, platform_is_out } without {});

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::Care;

    fn sensors(places: &[LoopPlace], platform: Platform, pair: Pair) -> Sensors {
        let (debounce, stuck_after) = (Duration::ZERO, Duration::from_secs(600));
        let setup = LoopSetup { debounce, stuck_after, pair, care: Care::required() };
        Sensors::new(&places.iter().map(|place| (*place, setup)).collect(), platform)
    }

    fn see(s: &mut Sensors, place: LoopPlace, occupied: bool) -> Vec<LoopEvent> {
        s.report(Mono::from_micros(1), LoopName { place, half: Half::A }, occupied)
    }

    #[test]
    fn a_sensor_that_never_spoke_is_not_empty() {
        let mut s = sensors(&[LoopPlace::Approach, LoopPlace::Exit], Platform::Watched, Pair::Single);
        assert_eq!(s.presence(), Presence::Unknown);
        assert!(!s.is_clear(LoopPlace::Exit));
        see(&mut s, LoopPlace::Approach, false);
        see(&mut s, LoopPlace::Exit, false);
        assert_eq!(s.presence(), Presence::Unknown);
        s.see_platform(Seen::Free);
        assert_eq!(s.presence(), Presence::Empty);
        s.see_platform(Seen::Occupied);
        assert_eq!(s.presence(), Presence::Present);
        s.forget_loops();
        assert_eq!(s.presence(), Presence::Present, "the platform still sees it");
    }

    #[test]
    fn without_a_sensor_at_the_stop_line_nothing_proves_that_the_vehicle_left() {
        let mut s = sensors(&[LoopPlace::Approach, LoopPlace::Exit], Platform::None, Pair::Single);
        see(&mut s, LoopPlace::Approach, false);
        see(&mut s, LoopPlace::Exit, false);
        assert_eq!(s.presence(), Presence::Present);
    }

    #[test]
    fn an_edge_is_a_change() {
        let mut s = sensors(&[LoopPlace::Exit], Platform::None, Pair::Single);
        let edges = [true, true, false, false, true].map(|occupied| see(&mut s, LoopPlace::Exit, occupied));
        let edge = |edge| vec![LoopEvent::Edge(LoopPlace::Exit, edge)];
        assert_eq!(edges, [edge(Edge::Found), vec![], edge(Edge::Fall), vec![], edge(Edge::Rise)]);
        assert_eq!(see(&mut s, LoopPlace::Scale, true), [], "a loop that the lane doesn't have");
    }

    #[test]
    fn b1_a_place_with_two_loops_is_clear_only_when_both_are_known_and_free() {
        let mut s = sensors(&[LoopPlace::Exit], Platform::None, Pair::Paired);
        let b = LoopName { place: LoopPlace::Exit, half: Half::B };
        see(&mut s, LoopPlace::Exit, false);
        assert!(!s.is_clear(LoopPlace::Exit), "the second was never heard");
        s.report(Mono::from_micros(1), b, false);
        assert!(s.is_clear(LoopPlace::Exit));
        s.report(Mono::from_micros(2), b, true);
        assert!(!s.is_clear(LoopPlace::Exit));
        s.report(Mono::from_micros(3), b, false);
        s.mistrust(b, Doubt::StuckOff);
        assert!(!s.is_clear(LoopPlace::Exit));
    }

    #[test]
    fn a_loop_that_sticks_and_falls_at_last_still_makes_its_edge() {
        let mut s = sensors(&[LoopPlace::Exit], Platform::None, Pair::Single);
        let a = LoopName { place: LoopPlace::Exit, half: Half::A };
        see(&mut s, LoopPlace::Exit, true);
        assert_eq!(s.mistrust(a, Doubt::StuckOn), [LoopEvent::Faulty(a, LoopFault::StuckOn)]);
        let events = see(&mut s, LoopPlace::Exit, false);
        assert_eq!(events, [LoopEvent::Mended(a), LoopEvent::Edge(LoopPlace::Exit, Edge::Fall)]);
    }
}
