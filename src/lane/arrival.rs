//! A vehicle comes: by the approach loop, or seen elsewhere first.
//!
//! ```text
//!  approach loop rises ──────────────────────────────────────────────────▶ passage
//!  no approach loop, or one that is out: plate read or weight ───────────▶ passage (held while the loop is out)
//!  stop line taken, approach loop silent ── a second later still so ─────▶ passage, held: loop fault or wrong way
//! ```

use super::evidence::Read;
use super::guard::Guard;
use super::io::{Link, Room};
use super::loops::{Doubt, Half, LoopName};
use super::machine::Machine;
use super::passage::{Crossing, Passage, Way};
use super::presence::Seen;
use super::room::DISK_LOW;
use super::setup::{EARLY_READ, EARLY_READS_MAX, UNANNOUNCED_SETTLE, WRONG_WAY_WITHIN};
use super::timer::Timer;
use crate::model::{
    Alarm, BarrierPlace, DeviceName, HoldCode, LoopPlace, Now, PassageId, PlateRead, RecordKind, Service, View,
};

impl Machine {
    /// Whether the approach loop is what begins a passage: it exists, and nothing is wrong with it.
    pub(super) fn is_announced_by_loop(&self) -> bool {
        self.sensors.has_loop(LoopPlace::Approach) && !self.sensors.is_out(LoopPlace::Approach)
    }

    pub(super) fn on_plate(&mut self, now: Now, camera: DeviceName, read: PlateRead) {
        let waits_for_loop = self.passage.is_none() && self.is_announced_by_loop();
        let is_next_ones = self.is_of_the_next(&read);
        if waits_for_loop || !self.guards.holds(Guard::NextOnesReads, !is_next_ones) {
            self.keep_early(now, Read { camera, read });
            return;
        }
        if self.passage.is_none() && !self.open_passage(now) {
            return;
        }
        self.add_read(now, Read { camera, read });
    }

    /// Whether a read is of the vehicle behind: the one in the lane is through, or has left the stop line and is under
    /// the arm while another one may stand where it stood.
    fn is_of_the_next(&self, read: &PlateRead) -> bool {
        let Some(passage) = &self.passage else { return false };
        match passage.way {
            // Behind the entry arm that comes down stands the vehicle itself: its rear plate is its own.
            Way::Closing(going, _) => going.barrier != BarrierPlace::Entry || read.view == View::Front,
            Way::Driving(going, Crossing::Under) => {
                let left = passage.parts_left > 0 && self.traffic.behind;
                going.barrier == BarrierPlace::Exit && read.view == View::Front && left
            }
            Way::Standing | Way::Authorising(..) | Way::Opening(_) | Way::Driving(_, Crossing::Before) => false,
        }
    }

    fn keep_early(&mut self, now: Now, read: Read) {
        if !self.guards.holds(Guard::EarlyBounded, self.early.len() < EARLY_READS_MAX) {
            self.early.pop_front();
        }
        self.record(now, None, RecordKind::Evidence, &serde_json::json!({ "plate": read }));
        self.early.push_back((now.mono, read));
    }

    pub(super) fn on_approach(&mut self, now: Now) {
        self.traffic.approach = Some(now.mono);
        if self.passage.is_none() {
            // A closed lane gives it none, and knows all the same that it came.
            self.traffic.behind = !self.open_passage(now);
            return;
        }
        // It is the vehicle in the lane that goes back.
        if self.sensors.is_taken_from_inside(LoopPlace::Approach) {
            return;
        }
        self.traffic.queued = true;
        self.traffic.behind = true;
        // A vehicle comes while the zone looks empty: whoever the authority named may be gone (invariant A2).
        if self.timers.is_set(Timer::Empty) && self.guards.keeps(Guard::NewcomerEnds) {
            self.gone_another_way(now);
        }
    }

    /// A passage begins, unless the lane takes no vehicles.
    pub(super) fn open_passage(&mut self, now: Now) -> bool {
        let takes = self.service == Service::Open && !self.stopping;
        if !self.guards.holds(Guard::ClosedTakesNone, takes) || self.passage.is_some() {
            return false;
        }
        self.timers.stop(Timer::Unannounced);
        let id = PassageId(self.draw_id());
        let mut passage = Passage::new(id, now);
        passage.inside = self.traffic.begin(now.mono, self.sensors.at(LoopPlace::Approach));
        self.passage = Some(passage);
        self.stirred = true;
        let body = serde_json::json!({ "direction": self.setup.direction });
        self.record(now, Some(id), RecordKind::PassageOpened, &body);
        if self.guards.keeps(Guard::EvidenceDeadline) {
            self.timers.set(Timer::Evidence, now.mono + self.setup.evidence_timeout);
        }
        self.take_foretold(now);
        self.hold_on_arrival(now);
        self.admit(now);
        self.note_standing(now);
        for (at, read) in std::mem::take(&mut self.early) {
            if self.guards.holds(Guard::EarlyFresh, now.mono.since(at) <= EARLY_READ) {
                if let Some(passage) = &mut self.passage {
                    passage.heard.insert(read.camera.clone());
                }
                self.add_read(now, read);
            }
        }
        true
    }

    /// What is wrong with the lane holds whoever comes.
    fn hold_on_arrival(&mut self, now: Now) {
        if !self.guards.holds(Guard::JournalTakes, !self.poisoned) {
            self.hold(now, HoldCode::JournalUnavailable, "the journal takes no records");
        }
        if self.room == Room::Short {
            self.hold(now, HoldCode::DiskLow, DISK_LOW);
        }
        if !self.guards.holds(Guard::LinkUp, self.link == Link::Up) {
            self.hold(now, HoldCode::BusDown, "devices on the message bus can not be reached");
        }
        if !self.guards.holds(Guard::ForcedTold, !self.alarms.contains(&Alarm::BarrierForced)) {
            self.hold_for_forced_arms(now);
            let told = self.passage.as_ref().is_some_and(|passage| passage.is_held_by(HoldCode::BarrierForced));
            if !told {
                self.hold(now, HoldCode::BarrierForced, "an arm of the lane was open without an authority");
            }
        }
        self.hold_for_faults(now);
        self.hold_for_devices(now);
    }

    /// The stop line is taken and no passage stands: the approach loop may still be about to say so.
    pub(super) fn await_announcement(&mut self, now: Now) {
        let expects = self.passage.is_none() && self.sensors.has_loop(LoopPlace::Approach);
        if expects && !self.timers.is_set(Timer::Unannounced) {
            self.timers.set(Timer::Unannounced, now.mono + UNANNOUNCED_SETTLE);
        }
    }

    /// A vehicle stands in the lane, and the approach loop did not announce it: it is not left without a passage.
    pub(super) fn unannounced(&mut self, now: Now) {
        if self.passage.is_some() || self.sensors.at_stop_line() != Seen::Occupied {
            return;
        }
        let announced = self.traffic.behind || self.sensors.at(LoopPlace::Approach) == Seen::Occupied;
        if announced || self.sensors.is_out(LoopPlace::Approach) {
            self.open_passage(now);
            return;
        }
        let wrong_way = self.traffic.exit_rose.is_some_and(|at| now.mono.since(at) <= WRONG_WAY_WITHIN);
        if wrong_way {
            self.wrong_way(now, LoopPlace::Exit);
            if self.open_passage(now) {
                self.hold(now, HoldCode::WrongWay, "it came in by the exit");
            }
            return;
        }
        if self.traffic.found {
            if self.open_passage(now) {
                self.hold(now, HoldCode::Restarted, "it stood in the lane when the sensors were first heard");
            }
            return;
        }
        let approach = LoopName { place: LoopPlace::Approach, half: Half::A };
        let events = self.sensors.mistrust(approach, Doubt::StuckOff);
        self.on_loop_events(now, events);
        if self.open_passage(now) {
            self.hold(
                now,
                HoldCode::LoopFault,
                "a vehicle stands in the lane and the approach loop did not see it come",
            );
        }
    }
}
