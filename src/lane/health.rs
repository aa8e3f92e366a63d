//! Devices come and go: what the lane makes of it (hazards 4, 14, 22, 23).
//!
//! A required device that is lost holds the lane, an optional one degrades it. What a device said before it was lost is
//! void. A plate reader that says nothing of the vehicle before it is told to the officer, who reads the plate by eye.

use std::collections::BTreeSet;

use serde_json::json;

use super::guard::Guard;
use super::io::Happening;
use super::loops::{Half, LoopName, Steadiness};
use super::machine::Machine;
use super::presence::Presence;
use super::roster::{Key, Kind, LossCause, Notice};
use super::setup::Evidence;
use super::timer::Timer;
use crate::model::{
    Alarm, BarrierPlace, DeviceHealth, DeviceName, Finding, FindingCode, HoldCode, LoopPlace, Mono, Need, Now,
    RecordKind, View,
};

fn detail(name: &DeviceName) -> String {
    format!("device {name} is away")
}

impl Machine {
    pub(super) fn on_health(&mut self, now: Now, device: &DeviceName, health: &DeviceHealth) {
        if !self.roster.admits(device) {
            self.tell(Happening::StrangerIgnored);
            return;
        }
        let born = self.births.get(device).cloned().flatten();
        let is_other = matches!((&born, &health.session), (Some(born), Some(session)) if born != session);
        let mut notices = Vec::new();
        if health.online {
            self.births.insert(device.clone(), health.session.clone());
            if is_other {
                notices = self.roster.replaced(now.mono, device);
            }
            notices.extend(self.roster.born(now.mono, device));
        } else if !is_other {
            // A death counts only for the session of the last birth (hazard 22).
            notices = self.roster.died(now.mono, device);
        }
        self.on_notices(now, &notices, health.detail.as_deref());
        if health.online && notices.is_empty() && !self.roster.is_away(device) {
            self.tell(Happening::DeviceUp(device.clone()));
        }
    }

    /// A device reported.
    pub(super) fn hear(&mut self, now: Now, kind: Kind, name: &str) {
        if let Some(notice) = self.roster.heard(now.mono, kind, name) {
            self.on_notices(now, &[notice], None);
        }
    }

    /// A camera spoke of the vehicle before it, be it that it saw no plate.
    pub(super) fn hear_camera(&mut self, now: Now, name: &DeviceName) {
        if let Some(passage) = &mut self.passage {
            passage.heard.insert(name.clone());
        }
        if self.silent.remove(name) {
            self.judge_health(now);
        }
    }

    /// Takes what time alone decides of the devices.
    pub(super) fn settle_devices(&mut self, now: Now) {
        let notices = self.roster.settle(now.mono);
        self.on_notices(now, &notices, None);
    }

    fn on_notices(&mut self, now: Now, notices: &[Notice], why: Option<&str>) {
        // One name may be a loop and an arm: it is told once.
        let mut told = BTreeSet::new();
        for notice in notices {
            match notice {
                Notice::Lost(key, cause) => {
                    if told.insert(&key.name) {
                        self.tell_lost(now, key, *cause, why);
                    }
                    self.lose(now, key);
                }
                Notice::LostAgain(key, cause) => {
                    if told.insert(&key.name) {
                        self.tell(Happening::DeviceLost(key.name.clone(), *cause));
                    }
                    self.forget(now, key);
                }
                Notice::StillLost(key) => self.forget(now, key),
                Notice::Unsteady(key) => self.set(now, key, Steadiness::Unsteady),
                Notice::Found(key) => {
                    if told.insert(&key.name) {
                        self.record(now, None, RecordKind::DeviceFound, &json!({ "device": key.name }));
                        self.tell(Happening::DeviceUp(key.name.clone()));
                    }
                    self.set(now, key, Steadiness::Steady);
                }
            }
        }
        if !notices.is_empty() {
            self.judge_health(now);
        }
    }

    fn tell_lost(&mut self, now: Now, key: &Key, cause: LossCause, why: Option<&str>) {
        let silent = self.roster.silence(key).filter(|_| cause == LossCause::Silence);
        let why = why.map(str::to_owned).or(silent.map(|silence| format!("silent for {} ms", silence.as_millis())));
        let body = json!({ "device": key.name, "cause": cause.as_str(), "detail": why });
        self.record(now, None, RecordKind::DeviceLost, &body);
        self.tell(Happening::DeviceLost(key.name.clone(), cause));
    }

    fn lose(&mut self, now: Now, key: &Key) {
        self.forget(now, key);
        let undecided = self.passage.as_ref().is_some_and(super::passage::Passage::is_standing);
        let moves = match key.kind {
            Kind::Barrier => {
                self.void_pending(now, "the barrier went away");
                true
            }
            Kind::Loop => true,
            // What is decided was decided with all that was needed.
            Kind::Camera | Kind::Scale | Kind::Reader | Kind::Other => false,
        };
        let spared = self.roster.need(key) == Need::Optional || !(moves || undecided);
        if !self.guards.holds(Guard::LostDeviceHolds, spared) {
            self.hold(now, HoldCode::DeviceLost, detail(&key.name));
        }
    }

    /// What it said is void.
    fn forget(&mut self, now: Now, key: &Key) {
        match key.kind {
            Kind::Barrier => {
                let arm = barrier(&key.name).and_then(|place| self.arms.get_mut(&place));
                if let Some(arm) = arm.filter(|_| self.guards.keeps(Guard::ProofDies)) {
                    arm.forget();
                }
            }
            Kind::Loop => {
                if let Some(name) = named(&key.name) {
                    let events = self.sensors.lose(name);
                    self.on_loop_events(now, events);
                }
            }
            Kind::Scale => {
                self.sensors.lose_platform();
                self.note_stop_line(now);
            }
            Kind::Camera | Kind::Reader | Kind::Other => {}
        }
        self.dirty = true;
    }

    /// A device that comes and goes is not believed: its states wait until it has been steady.
    fn set(&mut self, now: Now, key: &Key, steadiness: Steadiness) {
        match key.kind {
            Kind::Barrier => {
                let Some(place) = barrier(&key.name) else { return };
                let waiting = self.arms.get_mut(&place).and_then(|arm| arm.set(steadiness));
                if let Some(state) = waiting {
                    self.on_barrier(now, place, state);
                }
            }
            Kind::Loop => {
                if let Some(name) = named(&key.name) {
                    let events = self.sensors.set(name, steadiness);
                    self.on_loop_events(now, events);
                }
            }
            Kind::Camera | Kind::Scale | Kind::Reader | Kind::Other => {}
        }
        self.dirty = true;
    }

    /// Alarms and holds as the devices are.
    fn judge_health(&mut self, now: Now) {
        let required = self.roster.away(Need::Required).next().is_some();
        let degraded = self.roster.away(Need::Optional).next().is_some() || !self.silent.is_empty();
        if required {
            self.raise_alarm(now, Alarm::DeviceLost);
        } else {
            self.clear_alarm(now, Alarm::DeviceLost);
            self.heal_arms(now);
        }
        if degraded {
            self.raise_alarm(now, Alarm::LaneDegraded);
        } else {
            self.clear_alarm(now, Alarm::LaneDegraded);
        }
        if self.silent.is_empty() {
            self.clear_alarm(now, Alarm::CameraSilent);
        }
    }

    /// Holds whoever is in the lane for every required device that is away.
    pub(super) fn hold_for_devices(&mut self, now: Now) {
        let away: BTreeSet<_> = self.roster.away(Need::Required).map(|key| key.name.clone()).collect();
        let guards = self.guards;
        for name in away.into_iter().filter(|_| guards.keeps(Guard::LostDeviceHolds)) {
            self.hold(now, HoldCode::DeviceLost, detail(&name));
        }
    }

    /// When the next camera that said nothing of the vehicle is overdue.
    pub(super) fn watch_cameras(&mut self) {
        let due = self.overdue_cameras().map(|(_, at)| at).min();
        match due.filter(|_| self.sensors.presence() == Presence::Present) {
            Some(at) => self.timers.set(Timer::Camera, at),
            None => self.timers.stop(Timer::Camera),
        }
    }

    fn overdue_cameras(&self) -> impl Iterator<Item = (&DeviceName, Mono)> {
        let cameras = self
            .passage
            .iter()
            .flat_map(|passage| self.setup.cameras.iter().map(move |(name, camera)| (passage, name, camera)));
        cameras.filter_map(|(passage, name, camera)| {
            let sees_it_since = match camera.view {
                View::Front => Some(passage.marks.arrived),
                View::Rear => passage.marks.stands,
            };
            let is_heard = passage.heard.contains(name) || self.silent.contains(name);
            (!is_heard).then_some((name, sees_it_since? + camera.within))
        })
    }

    /// A camera said nothing of the vehicle before it: somebody must read the plate by eye (hazard 4).
    pub(super) fn cameras_silent(&mut self, now: Now) {
        if self.sensors.presence() != Presence::Present {
            return;
        }
        let silent: Vec<_> =
            self.overdue_cameras().filter(|(_, at)| *at <= now.mono).map(|(name, _)| name.clone()).collect();
        for name in silent {
            self.raise_alarm_about(now, Alarm::CameraSilent, &json!({ "camera": name }));
            self.silent.insert(name);
        }
        self.judge_health(now);
    }

    /// Says why required evidence is missing, where that is known (hazards 4, 15).
    pub(super) fn explain_missing(&self, findings: &mut [Finding]) {
        let missing = |finding: &&mut Finding| finding.code == FindingCode::EvidenceMissing;
        for finding in findings.iter_mut().filter(missing) {
            let camera = |view| self.silent_camera(view).map(|name| format!("camera {name} says nothing"));
            let unused = self.passage.as_ref().and_then(|passage| passage.gathered.scale.unused);
            let why = if finding.detail == Evidence::TractorPlate.as_str() {
                camera(View::Front)
            } else if finding.detail == Evidence::TrailerPlate.as_str() {
                camera(View::Rear)
            } else if finding.detail == Evidence::Weight.as_str() {
                unused.map(|unused| unused.told().to_owned())
            } else {
                None
            };
            if let Some(why) = why {
                finding.detail = format!("{}: {why}", finding.detail);
            }
        }
    }

    /// The camera of that view that is silent, for the officer.
    fn silent_camera(&self, view: View) -> Option<&DeviceName> {
        self.silent.iter().find(|name| self.setup.cameras.get(*name).is_some_and(|camera| camera.view == view))
    }
}

fn barrier(name: &DeviceName) -> Option<BarrierPlace> {
    BarrierPlace::ALL.into_iter().find(|place| place.as_str() == name.as_str())
}

fn named(name: &DeviceName) -> Option<LoopName> {
    LoopPlace::ALL.into_iter().find_map(|place| {
        let half = [(Half::A, place.as_str()), (Half::B, place.pair_str())];
        half.into_iter().find(|(_, known)| *known == name.as_str()).map(|(half, _)| LoopName { place, half })
    })
}
