//! What devices report, sorted to the part of the lane that it concerns.

use uuid::Uuid;

use super::evidence::Read;
use super::io::{Happening, Link};
use super::machine::Machine;
use super::passage::{Passage, Way};
use super::presence::{Edge, Seen};
use super::setup::{EARLY_READ, EARLY_READS_MAX};
use super::timer::Timer;
use crate::model::{
    Alarm, BarrierPlace, BarrierState, DeviceHealth, DeviceName, HoldCode, LoopPlace, Now, Observation, PassageId,
    PlateRead, Position, RecordKind, Service, Stability, WeightReading,
};

impl Machine {
    pub(super) fn on_observation(&mut self, now: Now, observation: Observation) {
        match observation {
            Observation::Plate(camera, read) if self.setup.cameras.contains(&camera) => {
                self.on_plate(now, camera, read);
            }
            Observation::Loop(place, state) => {
                let edge = self.sensors.see_loop(place, state.occupied);
                self.on_loop(now, place, edge);
            }
            Observation::Weight(device, reading)
                if self.setup.scale.as_ref().is_some_and(|scale| scale.name == device) =>
            {
                self.on_weight(now, &reading);
            }
            // Only the lane's own devices give evidence.
            Observation::Plate(..) | Observation::Weight(..) => self.tell(Happening::StrangerIgnored),
            Observation::Radiation(device, reading) => self.on_radiation(now, &device, reading),
            Observation::Document(device, scan) => self.on_document(now, &device, scan),
            Observation::Seal(reader, report) => self.on_seal(now, &reader, report),
            Observation::Call(button, call) => self.on_call(now, &button, &call),
            Observation::Barrier(place, state) => self.on_barrier(now, place, state),
            Observation::Health(device, health) => self.on_health(now, device, &health),
        }
    }

    fn on_plate(&mut self, now: Now, camera: DeviceName, read: PlateRead) {
        let waits_for_loop = self.passage.is_none() && self.sensors.has_loop(LoopPlace::Approach);
        let is_next_ones = self.passage.as_ref().is_some_and(|passage| matches!(passage.way, Way::Closing(..)));
        if waits_for_loop || is_next_ones {
            self.keep_early(now, Read { camera, read });
            return;
        }
        if self.passage.is_none() && !self.open_passage(now) {
            return;
        }
        self.add_read(now, Read { camera, read });
    }

    fn keep_early(&mut self, now: Now, read: Read) {
        if self.early.len() >= EARLY_READS_MAX {
            self.early.pop_front();
        }
        self.record(now, None, RecordKind::Evidence, &serde_json::json!({ "plate": read }));
        self.early.push_back((now.mono, read));
    }

    fn on_loop(&mut self, now: Now, place: LoopPlace, edge: Edge) {
        if edge == Edge::None {
            return;
        }
        self.dirty = true;
        match (place, edge) {
            (LoopPlace::Approach, Edge::Rise) => self.on_approach(now),
            (LoopPlace::Approach, Edge::Fall) => {
                self.queued = false;
                self.admitted(now);
            }
            (LoopPlace::Exit, Edge::Rise) => self.on_exit_taken(now),
            (LoopPlace::Exit, Edge::Fall) => self.on_exit_freed(now),
            (LoopPlace::Scale, Edge::Rise | Edge::Fall) | (_, Edge::None) => {}
        }
    }

    fn on_approach(&mut self, now: Now) {
        if self.passage.is_none() {
            if self.open_passage(now) {
                let early = std::mem::take(&mut self.early);
                for (at, read) in early {
                    if now.mono.since(at) <= EARLY_READ {
                        self.add_read(now, read);
                    }
                }
            }
            return;
        }
        self.queued = true;
        // A vehicle comes while the zone looks empty: whoever the authority named may be gone (invariant A2).
        if self.timers.is_set(Timer::Empty) {
            self.gone_another_way(now);
        }
    }

    /// A passage begins, unless the lane takes no vehicles.
    pub(super) fn open_passage(&mut self, now: Now) -> bool {
        if self.service == Service::Closed || self.stopping || self.passage.is_some() {
            return false;
        }
        self.queued = false;
        let id = PassageId(self.draw_id());
        self.passage = Some(Passage::new(id, now));
        self.record(
            now,
            Some(id),
            RecordKind::PassageOpened,
            &serde_json::json!({ "direction": self.setup.direction }),
        );
        self.timers.set(Timer::Evidence, now.mono + self.setup.evidence_timeout);
        self.take_foretold(now);
        if self.poisoned {
            self.hold(now, HoldCode::JournalUnavailable, "the journal takes no records");
        }
        if self.link == Link::Down {
            self.hold(now, HoldCode::BusDown, "devices on the message bus can not be reached");
        }
        if self.alarms.contains(&Alarm::BarrierForced) {
            self.hold(now, HoldCode::BarrierForced, "an arm of the lane is open without an authority");
        }
        self.admit(now);
        true
    }

    fn on_weight(&mut self, now: Now, reading: &WeightReading) {
        let Some(minimum_kg) = self.setup.scale.as_ref().map(|scale| scale.minimum_kg) else { return };
        let loaded = reading.gross_kg >= minimum_kg;
        self.sensors.see_platform(if loaded { Seen::Occupied } else { Seen::Free });
        if let Some(stale) = self.stale_weight {
            if loaded && reading.gross_kg == stale && reading.stability != Stability::Moving {
                return;
            }
            self.stale_weight = None;
        }
        if self.passage.is_none() && loaded && !self.sensors.has_loop(LoopPlace::Approach) {
            self.open_passage(now);
        }
        self.add_weight(now, reading, minimum_kg);
    }

    fn on_health(&mut self, now: Now, device: DeviceName, health: &DeviceHealth) {
        if health.online {
            self.births.insert(device.clone(), health.session.clone());
            if self.away.remove(&device) {
                self.record(now, None, RecordKind::DeviceFound, &serde_json::json!({ "device": device }));
            }
            if self.away.is_empty() {
                self.clear_alarm(now, Alarm::DeviceLost);
                self.heal(now, HoldCode::DeviceLost);
            }
            return;
        }
        // A death counts only for the session of the last birth (hazard 22).
        let born = self.births.get(&device);
        if born.is_some_and(|born| born.is_some() && health.session.is_some() && *born != health.session) {
            return;
        }
        self.forget_device(&device);
        if self.away.insert(device.clone()) {
            self.record(
                now,
                None,
                RecordKind::DeviceLost,
                &serde_json::json!({ "device": device, "detail": health.detail }),
            );
            self.raise_alarm(now, Alarm::DeviceLost);
        }
        let is_arm = self.arms.keys().any(|place| place.as_str() == device.as_str());
        if is_arm {
            self.void_pending(now, "the barrier went away");
            self.hold(now, HoldCode::DeviceLost, format!("device {device} is away"));
        }
    }

    fn forget_device(&mut self, device: &DeviceName) {
        for (place, arm) in &mut self.arms {
            if place.as_str() == device.as_str() {
                arm.forget();
            }
        }
        for place in LoopPlace::ALL {
            if place.as_str() == device.as_str() {
                self.sensors.forget_loop(place);
            }
        }
        if self.setup.scale.as_ref().is_some_and(|scale| scale.name == *device) {
            self.sensors.see_platform(Seen::Unknown);
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
                self.clear_alarm(now, Alarm::BusDown);
                self.heal(now, HoldCode::BusDown);
            }
            Link::Down => {
                for arm in self.arms.values_mut() {
                    arm.forget();
                }
                self.sensors.forget_loops();
                self.raise_alarm(now, Alarm::BusDown);
                self.void_pending(now, "the link to the devices went down");
                self.hold(now, HoldCode::BusDown, "devices on the message bus can not be reached");
            }
        }
    }

    /// An arm that is proved again ends the holds that waited for its proof, and no other.
    fn heal_arms(&mut self, now: Now) {
        if self.away.is_empty() && self.arms.values().all(super::arm::Arm::is_known) {
            self.heal(now, HoldCode::DeviceLost);
        }
        if self.arms.values().all(super::arm::Arm::is_proved_closed) {
            self.heal(now, HoldCode::Interlock);
        }
    }

    fn on_barrier(&mut self, now: Now, place: BarrierPlace, state: BarrierState) {
        // After a restart the journal, not this process, says why the exit may be open.
        let let_go = self.passage.as_ref().is_some_and(|passage| passage.restored && passage.commanded);
        let Some(arm) = self.arms.get_mut(&place) else { return };
        let before = arm.position();
        arm.observe(state);
        if let_go && arm.is_forced() {
            arm.opened_by = Some(Uuid::nil());
        }
        let position = arm.position();
        let faulty = arm.fault().is_some();
        let forced = arm.is_forced();
        self.dirty = true;
        if faulty {
            self.arm_fault(now, place, "the barrier reports a fault");
        }
        if forced {
            self.raise_alarm(now, Alarm::BarrierForced);
            self.hold(now, HoldCode::BarrierForced, format!("the {} arm is open without an authority", place.as_str()));
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
