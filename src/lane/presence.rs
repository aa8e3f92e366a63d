//! Is the vehicle still there? Loops and the platform answer; a sensor that can't be trusted counts as occupied.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::LoopPlace;

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

/// A change of a loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    Rise,
    Fall,
    /// The same as before, or the first report and free.
    None,
}

/// The sensors of presence.
#[derive(Debug, Clone)]
pub(super) struct Sensors {
    loops: BTreeMap<LoopPlace, Seen>,
    /// `None`: the lane has no scale.
    platform: Option<Seen>,
}

impl Sensors {
    pub(super) fn new(loops: &BTreeSet<LoopPlace>, has_scale: bool) -> Self {
        Self {
            loops: loops.iter().map(|place| (*place, Seen::Unknown)).collect(),
            platform: has_scale.then_some(Seen::Unknown),
        }
    }

    /// Takes a loop's report. A loop that the lane doesn't have is ignored.
    pub(super) fn see_loop(&mut self, place: LoopPlace, occupied: bool) -> Edge {
        let Some(seen) = self.loops.get_mut(&place) else { return Edge::None };
        let before = *seen;
        *seen = if occupied { Seen::Occupied } else { Seen::Free };
        match (before, occupied) {
            (Seen::Free | Seen::Unknown, true) => Edge::Rise,
            (Seen::Occupied, false) => Edge::Fall,
            (Seen::Occupied, true) | (Seen::Free | Seen::Unknown, false) => Edge::None,
        }
    }

    pub(super) fn see_platform(&mut self, seen: Seen) {
        if let Some(platform) = &mut self.platform {
            *platform = seen;
        }
    }

    /// The scale was last seen with nothing on it.
    pub(super) fn platform_is_free(&self) -> bool {
        self.platform == Some(Seen::Free)
    }

    pub(super) fn forget_loop(&mut self, place: LoopPlace) {
        if let Some(seen) = self.loops.get_mut(&place) {
            *seen = Seen::Unknown;
        }
    }

    pub(super) fn forget_loops(&mut self) {
        for seen in self.loops.values_mut() {
            *seen = Seen::Unknown;
        }
    }

    pub(super) fn has_loop(&self, place: LoopPlace) -> bool {
        self.loops.contains_key(&place)
    }

    pub(super) fn at(&self, place: LoopPlace) -> Seen {
        self.loops.get(&place).copied().unwrap_or(Seen::Unknown)
    }

    /// The closing zone under an arm is positively clear (invariant B1): its loop exists, is known, and is free.
    pub(super) fn is_clear(&self, place: LoopPlace) -> bool {
        self.at(place) == Seen::Free
    }

    pub(super) fn presence(&self) -> Presence {
        let all = || self.loops.values().copied().chain(self.platform);
        if all().any(|seen| seen == Seen::Occupied) {
            return Presence::Present;
        }
        if all().any(|seen| seen == Seen::Unknown) {
            return Presence::Unknown;
        }
        let stop_line_is_watched = self.platform.is_some() || self.loops.contains_key(&LoopPlace::Scale);
        if stop_line_is_watched { Presence::Empty } else { Presence::Present }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sensors(loops: &[LoopPlace], has_scale: bool) -> Sensors {
        Sensors::new(&loops.iter().copied().collect(), has_scale)
    }

    #[test]
    fn a_sensor_that_never_spoke_is_not_empty() {
        let mut s = sensors(&[LoopPlace::Approach, LoopPlace::Exit], true);
        assert_eq!(s.presence(), Presence::Unknown);
        assert!(!s.is_clear(LoopPlace::Exit));
        s.see_loop(LoopPlace::Approach, false);
        s.see_loop(LoopPlace::Exit, false);
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
        let mut s = sensors(&[LoopPlace::Approach, LoopPlace::Exit], false);
        s.see_loop(LoopPlace::Approach, false);
        s.see_loop(LoopPlace::Exit, false);
        assert_eq!(s.presence(), Presence::Present);
    }

    #[test]
    fn an_edge_is_a_change() {
        let mut s = sensors(&[LoopPlace::Exit], false);
        let edges = [true, true, false, false, true].map(|occupied| s.see_loop(LoopPlace::Exit, occupied));
        assert_eq!(edges, [Edge::Rise, Edge::None, Edge::Fall, Edge::None, Edge::Rise]);
        assert_eq!(s.see_loop(LoopPlace::Scale, true), Edge::None, "a loop that the lane doesn't have");
    }
}
