//! What the loops tell together: who came in behind, who drives against the travel, and how many cross.
//!
//! The stop line is one place: its loop and the platform. Taken and left in turn while one vehicle is under the exit
//! arm, it counts the vehicle's parts; more of them than the vehicle has are another vehicle (invariant A5, hazard 9).

use super::guard::Guard;
use super::loops::{Half, LoopName};
use super::machine::Machine;
use super::pair::{Heading, Moved};
use super::passage::{Because, Crossing, Passage, Way};
use super::presence::{Edge, LoopEvent, Presence, Seen};
use super::setup::{PARTS_MAX, PLATFORM_LAG};
use super::timer::Timer;
use crate::model::{Alarm, BarrierPlace, HoldCode, LoopPlace, LoopState, Mono, Now};

/// The hold of a vehicle that has another one behind it at the stop line.
const SECOND_BEHIND: &str = "a second vehicle drove in behind it";

/// What the sensors saw of the traffic, from vehicle to vehicle.
#[derive(Debug, Clone)]
pub(super) struct Traffic {
    /// When the approach loop was last seen occupied.
    pub(super) approach: Option<Mono>,
    /// The stop line as it was last seen.
    stop_line: Seen,
    /// It was taken when its sensors were first heard: whoever stands there came unseen.
    pub(super) found: bool,
    /// When it was last taken.
    pub(super) taken: Option<Mono>,
    /// When it was last left.
    left: Option<Mono>,
    /// When something drove onto the exit loop without a passage.
    pub(super) exit_rose: Option<Mono>,
    /// A vehicle is on the approach loop while another is in the lane.
    pub(super) queued: bool,
    /// One drove onto it since the vehicle in the lane came, and may stand behind it by now.
    pub(super) behind: bool,
    /// So many drove in behind it, as a pair of loops counts.
    followers: u32,
}

impl Traffic {
    pub(super) const fn new() -> Self {
        Self {
            approach: None,
            stop_line: Seen::Unknown,
            found: false,
            taken: None,
            left: None,
            exit_rose: None,
            queued: false,
            behind: false,
            followers: 0,
        }
    }

    /// A passage begins; whether its vehicle is past the approach loop.
    pub(super) fn begin(&mut self, now: Mono, approach: Seen) -> bool {
        let inside = self.followers > 0 || approach != Seen::Occupied;
        self.followers = self.followers.saturating_sub(1);
        self.queued = false;
        self.behind = self.followers > 0;
        self.exit_rose = None;
        self.left = None;
        self.approach = Some(now).filter(|_| approach == Seen::Occupied).or(self.approach);
        inside
    }

    /// Whether what left the stop line since `opening` was seen at the approach afterwards: then it went back.
    pub(super) fn went_back(&self, opening: Mono, approach: Seen) -> bool {
        let seen = self.approach.filter(|seen| *seen > opening);
        match (seen, self.left) {
            _ if approach == Seen::Occupied => true,
            (Some(seen), Some(left)) => seen + PLATFORM_LAG >= left,
            // It never was at the stop line.
            (Some(_), None) => true,
            (None, _) => false,
        }
    }
}

impl Machine {
    pub(super) fn on_loop(&mut self, now: Now, place: LoopPlace, half: Half, state: LoopState) {
        self.settle_loops(now);
        let events = self.sensors.report(now.mono, LoopName { place, half }, state.occupied);
        self.on_loop_events(now, events);
    }

    /// Takes what time alone decides of the loops.
    pub(super) fn settle_loops(&mut self, now: Now) {
        if self.sensors.due().is_some_and(|at| at <= now.mono) {
            let events = self.sensors.settle(now.mono);
            self.on_loop_events(now, events);
        }
    }

    pub(super) fn on_loop_events(&mut self, now: Now, events: Vec<LoopEvent>) {
        for event in events {
            self.dirty = true;
            match event {
                LoopEvent::Faulty(name, fault) => self.on_loop_fault(now, name, fault),
                LoopEvent::Mended(name) => self.on_loop_mended(now, name),
                LoopEvent::Edge(place, edge) => self.on_edge(now, place, edge),
                LoopEvent::Moved(place, moved) => self.on_moved(now, place, moved),
            }
        }
        self.note_stop_line(now);
    }

    fn on_edge(&mut self, now: Now, place: LoopPlace, edge: Edge) {
        self.stirred = true;
        match (place, edge) {
            (LoopPlace::Approach, Edge::Rise | Edge::Found) => self.on_approach(now),
            (LoopPlace::Approach, Edge::Fall) => {
                self.traffic.approach = Some(now.mono);
                self.traffic.queued = false;
                self.admitted(now);
            }
            (LoopPlace::Exit, Edge::Rise | Edge::Found) => self.on_exit_taken(now),
            (LoopPlace::Exit, Edge::Fall) => self.on_exit_freed(now),
            (LoopPlace::Scale, Edge::Rise | Edge::Found | Edge::Fall) => {}
        }
        self.note_standing(now);
    }

    /// The stop line changed hands, or not.
    pub(super) fn note_stop_line(&mut self, now: Now) {
        let seen = self.sensors.at_stop_line();
        let before = std::mem::replace(&mut self.traffic.stop_line, seen);
        if seen == before {
            return;
        }
        self.stirred = true;
        match (before, seen) {
            (Seen::Free | Seen::Unknown, Seen::Occupied) => {
                self.traffic.found = before == Seen::Unknown;
                self.traffic.taken = Some(now.mono);
                self.await_announcement(now);
            }
            (Seen::Occupied, Seen::Free) => {
                self.traffic.left = Some(now.mono);
                self.part_left(now);
            }
            (Seen::Occupied | Seen::Free, Seen::Unknown) | (Seen::Unknown, Seen::Free) => {}
            (Seen::Occupied, Seen::Occupied) | (Seen::Free, Seen::Free) | (Seen::Unknown, Seen::Unknown) => {}
        }
        self.note_standing(now);
        self.forget_followers();
    }

    /// The lane is vacant and seen empty: nobody is behind anybody.
    pub(super) fn forget_followers(&mut self) {
        if self.passage.is_none() && self.sensors.presence() == Presence::Empty {
            self.traffic.behind = false;
            self.traffic.followers = 0;
        }
    }

    /// From when on the vehicle stands where the rear camera sees it.
    pub(super) fn note_standing(&mut self, now: Now) {
        let at_stop_line = match self.sensors.at_stop_line() {
            Seen::Occupied => true,
            Seen::Free => false,
            Seen::Unknown => !self.sensors.watches_stop_line(),
        };
        let is_in = at_stop_line && self.sensors.at(LoopPlace::Approach) != Seen::Occupied;
        if let Some(passage) = self.passage.as_mut().filter(|_| is_in) {
            passage.marks.stands.get_or_insert(now.mono);
        }
    }

    /// A part of a vehicle, or a vehicle, has left the stop line while something is under the exit arm.
    fn part_left(&mut self, now: Now) {
        let Some(passage) = &mut self.passage else { return };
        let Way::Driving(going, Crossing::Under) = passage.way else { return };
        if going.barrier != BarrierPlace::Exit {
            return;
        }
        passage.parts_left += 1;
        if !self.guards.holds(Guard::PartsCounted, passage.parts_left <= passage.parts()) {
            self.tailgated(now);
        }
    }

    fn on_moved(&mut self, now: Now, place: LoopPlace, moved: Moved) {
        match (place, moved) {
            (LoopPlace::Exit, Moved::Entering(Heading::Backward)) => self.came_in_by_the_exit(now),
            (LoopPlace::Exit, Moved::Again) => self.exit_taken_again(now),
            (LoopPlace::Approach | LoopPlace::Scale, Moved::Entering(Heading::Backward)) => {
                self.against_the_travel(now, place);
            }
            (LoopPlace::Approach, Moved::Passed(Heading::Forward)) => self.drove_in(now),
            (LoopPlace::Approach, Moved::Passed(Heading::Backward)) => self.backed_out(now),
            (LoopPlace::Approach | LoopPlace::Scale, _)
            | (LoopPlace::Exit, Moved::Entering(Heading::Forward) | Moved::Passed(_) | Moved::TurnedBack(_)) => {}
        }
    }

    /// Something comes from inside. Who is known to be in the lane may leave that way; nobody else is there.
    fn against_the_travel(&mut self, now: Now, place: LoopPlace) {
        let is_known = self
            .passage
            .as_ref()
            .is_some_and(|passage| passage.inside || passage.marks.stands.is_some() || !passage.gathered.is_empty());
        if !is_known {
            self.wrong_way(now, place);
            self.hold(now, HoldCode::WrongWay, "it came against the travel");
        }
    }

    fn drove_in(&mut self, now: Now) {
        let Some(passage) = &mut self.passage else { return };
        if !std::mem::replace(&mut passage.inside, true) {
            return;
        }
        let is_standing = passage.is_standing();
        self.traffic.followers = self.traffic.followers.saturating_add(1);
        if !self.guards.holds(Guard::FollowerHolds, !is_standing) {
            self.hold(now, HoldCode::Tailgating, SECOND_BEHIND);
        }
    }

    fn backed_out(&mut self, now: Now) {
        if self.traffic.followers == 0 {
            return;
        }
        self.traffic.followers -= 1;
        if self.traffic.followers == 0 {
            self.traffic.behind = false;
            self.heal_detail(now, HoldCode::Tailgating, SECOND_BEHIND);
        }
    }

    /// Whether more than one vehicle is known to be at the stop line (invariant B9).
    pub(super) const fn is_shared(&self) -> bool {
        self.traffic.followers > 0
    }

    fn exit_taken_again(&mut self, now: Now) {
        let Some(passage) = &mut self.passage else { return };
        if !matches!(passage.way, Way::Driving(_, Crossing::Under)) {
            return;
        }
        passage.taken_again += 1;
        if !self.guards.holds(Guard::PairCounted, passage.taken_again < passage.parts()) {
            self.tailgated(now);
        }
    }

    /// Something drives in under the exit arm: whoever has leave to go doesn't go now.
    fn came_in_by_the_exit(&mut self, now: Now) {
        self.wrong_way(now, LoopPlace::Exit);
        self.traffic.exit_rose = Some(now.mono);
        self.hold(now, HoldCode::WrongWay, "another vehicle came in by the exit");
        let driving = self.passage.as_ref().and_then(|passage| match passage.way {
            Way::Driving(going, _) if going.barrier == BarrierPlace::Exit => Some(going),
            Way::Standing | Way::Authorising(..) | Way::Opening(..) | Way::Driving(..) | Way::Closing(..) => None,
        });
        if let Some(going) = driving {
            self.timers.stop(Timer::Left);
            self.close_again(now, going, Because::Void);
        }
    }

    pub(super) fn wrong_way(&mut self, now: Now, place: LoopPlace) {
        self.raise_alarm_about(now, Alarm::WrongWay, &serde_json::json!({ "loop": place.as_str() }));
    }
}

impl Passage {
    /// Parts of the vehicle: itself and its notified trailers; where nobody notified it, as many as may be.
    fn parts(&self) -> usize {
        let notified = self.matched.as_ref().and_then(|matched| matched.notification.as_deref());
        notified.map_or(PARTS_MAX, |notification| 1 + notification.vehicle.trailers.len())
    }
}

#[cfg(test)]
crate::lane::tests::search::digest::digest!(Traffic { approach, stop_line, found, taken, left, queued, behind, followers } aged { exit_rose: 61 } without {});
