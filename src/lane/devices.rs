//! What devices report, sorted to the part of the lane that it concerns.

use uuid::Uuid;

use super::guard::Guard;
use super::io::{Happening, Link};
use super::loops::Half;
use super::machine::Machine;
use super::presence::Seen;
use super::roster::Kind;
use super::setup::OTHERS_MAX;
use super::weigh::{Unused, Verdict};
use crate::model::{
    Alarm, BarrierPlace, BarrierState, DeviceName, HoldCode, LoopPlace, Need, Now, Observation, Position, WeightReading,
};

impl Machine {
    pub(super) fn on_observation(&mut self, now: Now, observation: Observation) {
        match observation {
            Observation::Plate(camera, read)
                if self.guards.holds(Guard::OwnDevices, self.setup.cameras.contains_key(&camera)) =>
            {
                if self.listens_to(now, Kind::Camera, &camera) {
                    self.on_plate(now, camera.clone(), read);
                    self.hear_camera(now, &camera);
                }
            }
            Observation::Loop(place, state) => {
                self.hear(now, Kind::Loop, place.as_str());
                self.on_loop(now, place, Half::A, state);
            }
            Observation::PairLoop(place, state) => {
                self.hear(now, Kind::Loop, place.pair_str());
                self.on_loop(now, place, Half::B, state);
            }
            Observation::Weight(device, reading) if self.guards.holds(Guard::OwnDevices, self.has_scale(&device)) => {
                if self.listens_to(now, Kind::Scale, &device) {
                    self.on_weight(now, &reading);
                }
            }
            Observation::Radiation(device, reading) if self.has_reader(&device) => {
                if self.listens_to(now, Kind::Reader, &device) {
                    self.on_radiation(now, &device, reading);
                }
            }
            Observation::Document(device, scan) if self.has_reader(&device) => {
                if self.listens_to(now, Kind::Reader, &device) {
                    self.on_document(now, &device, scan);
                }
            }
            // Only the lane's own devices give evidence.
            Observation::Plate(..)
            | Observation::Weight(..)
            | Observation::Radiation(..)
            | Observation::Document(..) => self.tell(Happening::StrangerIgnored),
            // Whoever it comes from, it can only hold or call: it counts, and somebody is told that nobody knows him.
            Observation::Seal(reader, report) => {
                self.meet(&reader);
                self.on_seal(now, &reader, report);
            }
            Observation::Call(button, call) => {
                self.meet(&button);
                self.on_call(now, &button, &call);
            }
            Observation::Barrier(place, state) => {
                self.hear(now, Kind::Barrier, place.as_str());
                self.on_barrier(now, place, state);
            }
            Observation::Health(device, health) => self.on_health(now, &device, &health),
        }
    }

    /// Notes that a device spoke; whether what it says may be evidence.
    fn listens_to(&mut self, now: Now, kind: Kind, device: &DeviceName) -> bool {
        self.hear(now, kind, device.as_str());
        let believed = self.roster.believes(kind, device);
        if !believed {
            self.tell(Happening::ReadingUnused(Unused::Unsteady));
        }
        believed
    }

    /// Tells once of a device that the configuration doesn't name, where it names any.
    fn meet(&mut self, device: &DeviceName) {
        if self.has_reader(device) || self.strangers.len() >= OTHERS_MAX || !self.strangers.insert(device.clone()) {
            return;
        }
        self.tell(Happening::StrangerHeard(device.clone()));
    }

    fn has_scale(&self, device: &DeviceName) -> bool {
        self.setup.scale.as_ref().is_some_and(|scale| scale.name == *device)
    }

    fn has_reader(&self, device: &DeviceName) -> bool {
        let known = self.setup.readers.is_empty() || self.setup.readers.contains_key(device);
        self.guards.holds(Guard::OwnDevices, known)
    }

    fn on_weight(&mut self, now: Now, reading: &WeightReading) {
        let Some(scale) = &mut self.scale else { return };
        let judged = scale.judge(reading);
        let stands_still = scale.is_frozen(now.mono) && self.is_left() || self.alarms.contains(&Alarm::ScaleFault);
        let frozen = judged.verdict == Verdict::Hangs && stands_still;
        if let Some(seen) = judged.platform {
            // A reading that can't be a vehicle's proves nothing, neither that one stands there nor that none does.
            if frozen {
                self.sensors.lose_platform();
            } else {
                self.sensors.see_platform(seen);
            }
        }
        if frozen {
            self.raise_alarm(now, Alarm::ScaleFault);
        } else if judged.platform.is_some() && judged.verdict != Verdict::Hangs {
            self.clear_alarm(now, Alarm::ScaleFault);
        }
        let loaded = judged.platform == Some(Seen::Occupied) && judged.verdict != Verdict::Hangs;
        if loaded && self.passage.is_none() && !self.is_announced_by_loop() {
            self.open_passage(now);
        }
        self.note_stop_line(now);
        let is_last_ones =
            matches!(judged.verdict, Verdict::Hangs | Verdict::Unfit(Unused::NotEmptied | Unused::Repeated));
        let verdict = if is_last_ones && self.guards.holds(Guard::OwnWeight, !is_last_ones) {
            Verdict::Weight
        } else {
            judged.verdict
        };
        match verdict {
            Verdict::Weight if !self.guards.holds(Guard::SingleOnScale, !self.is_shared()) => {
                self.not_used(Unused::TwoVehicles)
            }
            Verdict::Weight => self.add_weight(now, reading),
            Verdict::Unfit(unused) => self.not_used(unused),
            Verdict::Nothing => {
                if let Some(passage) = &mut self.passage {
                    passage.gathered.scale.unload();
                }
            }
            Verdict::Hangs => {}
        }
    }

    /// Nobody is in the lane, or nobody stands on the scale's loop.
    fn is_left(&self) -> bool {
        self.passage.is_none() && self.sensors.at(LoopPlace::Scale) != Seen::Occupied
    }

    fn not_used(&mut self, unused: Unused) {
        self.tell(Happening::ReadingUnused(unused));
        if let Some(passage) = self.passage.as_mut().filter(|passage| passage.is_standing()) {
            passage.gathered.scale.unused = Some(unused);
        }
    }

    pub(super) fn on_link(&mut self, now: Now, link: Link) {
        if self.link == link {
            return;
        }
        self.link = link;
        self.dirty = true;
        match link {
            Link::Up => {
                self.roster.resume(now.mono);
                self.clear_alarm(now, Alarm::BusDown);
                self.heal(now, HoldCode::BusDown);
            }
            Link::Down => {
                self.roster.suspend();
                for arm in self.arms.values_mut().filter(|_| self.guards.keeps(Guard::ProofDies)) {
                    arm.forget();
                }
                self.sensors.forget_loops();
                // A scale on a line of its own says at once what stands on it; one on the bus can't (invariant A2).
                self.sensors.lose_platform();
                self.note_stop_line(now);
                self.raise_alarm(now, Alarm::BusDown);
                if self.guards.keeps(Guard::LinkUp) {
                    self.void_pending(now, "the link to the devices went down");
                    self.hold(now, HoldCode::BusDown, "devices on the message bus can not be reached");
                }
            }
        }
    }

    /// An arm that is proved again ends the holds that waited for its proof, and no other.
    pub(super) fn heal_arms(&mut self, now: Now) {
        if self.roster.away(Need::Required).next().is_none() && self.arms.values().all(super::arm::Arm::is_known) {
            self.heal(now, HoldCode::DeviceLost);
        }
        if self.arms.values().all(super::arm::Arm::is_proved_closed) {
            self.heal(now, HoldCode::Interlock);
        }
    }

    /// Holds whoever is in the lane for an arm that no command explains: once, however often it says so.
    fn hold_forced(&mut self, now: Now, place: BarrierPlace) {
        self.hold(now, HoldCode::BarrierForced, format!("the {} arm is open without an authority", place.as_str()));
    }

    /// Every arm that is open and that no command explains.
    pub(super) fn hold_for_forced_arms(&mut self, now: Now) {
        let forced: Vec<_> = self.arms.iter().filter(|(_, arm)| arm.is_forced()).map(|(place, _)| *place).collect();
        forced.into_iter().for_each(|place| self.hold_forced(now, place));
    }

    pub(super) fn on_barrier(&mut self, now: Now, place: BarrierPlace, state: BarrierState) {
        // After a restart the journal, not this process, says why the exit may be open.
        let let_go = self.passage.as_ref().is_some_and(|passage| passage.restored && passage.commanded);
        let Some(arm) = self.arms.get_mut(&place) else { return };
        let before = arm.position();
        arm.observe(state);
        if let_go && arm.is_forced() {
            arm.opened_by = Some(Uuid::nil());
        }
        self.watch_hands(now, place);
        let Some(arm) = self.arms.get_mut(&place) else { return };
        let position = arm.position();
        let faulty = arm.fault().is_some();
        let forced = arm.is_forced();
        self.dirty = true;
        if faulty {
            self.arm_fault(now, place, "the barrier reports a fault");
        }
        if !self.guards.holds(Guard::ForcedTold, !forced) {
            self.raise_alarm(now, Alarm::BarrierForced);
            self.hold_forced(now, place);
        }
        match position {
            Position::Closed if before != Position::Closed => self.arm_closed(now, place),
            Position::Open => self.arm_opened(now, place),
            Position::Closed | Position::Opening | Position::Closing | Position::Unknown => {}
        }
        self.heal_arms(now);
        self.conclude(now);
    }
}
