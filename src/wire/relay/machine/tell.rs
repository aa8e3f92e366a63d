//! What a board tells its lanes: states on change, health of everything that lives on it.

use super::super::arm::Inputs;
use super::{Event, Relay, Told};
use crate::model::{DeviceHealth, LaneId, LoopState, Now, Observation};

impl Relay {
    /// Every state is told again with the next inputs.
    pub fn report(&mut self, now: Now) {
        for arm in &mut self.arms {
            arm.show_again();
        }
        for found in &mut self.loops {
            found.shown = None;
        }
        match self.told {
            Told::Nothing => {}
            Told::Online => self.told = Told::Nothing,
            Told::Lost => self.tell_lost(now),
        }
    }

    pub(super) fn read_inputs(&mut self, now: Now, inputs: Inputs) {
        for arm in &mut self.arms {
            arm.see(now.mono, &inputs);
            if let Some(state) = arm.show(now) {
                let observation = Observation::Barrier(arm.wiring.place, state);
                self.events.push_back(Event::Observed(arm.wiring.lane.clone(), observation));
            }
        }
        for found in &mut self.loops {
            let occupied = inputs.active(found.wiring.contact);
            if found.shown.replace(occupied) != Some(occupied) {
                let observation = Observation::Loop(found.wiring.place, LoopState { occupied, at: now.wall });
                self.events.push_back(Event::Observed(found.wiring.lane.clone(), observation));
            }
        }
        self.see_portals(now, &inputs);
        // States first: a device that is back is known when the lane hears that it is.
        self.tell_online(now, &inputs);
        self.inputs = Some(inputs);
    }

    fn see_portals(&mut self, now: Now, inputs: &Inputs) {
        for portal in &mut self.portals {
            for reading in portal.see(now, inputs) {
                let observation = Observation::Radiation(portal.wiring.name.clone(), reading);
                self.events.push_back(Event::Observed(portal.wiring.lane.clone(), observation));
            }
        }
    }

    pub(super) fn forget_portals(&mut self, now: Now) {
        for portal in &mut self.portals {
            if let Some(reading) = portal.forget(now) {
                let observation = Observation::Radiation(portal.wiring.name.clone(), reading);
                self.events.push_back(Event::Observed(portal.wiring.lane.clone(), observation));
            }
        }
    }

    fn tell_online(&mut self, now: Now, inputs: &Inputs) {
        let details: Vec<_> = self.devices.iter().map(|(lane, _)| self.detail(lane, inputs)).collect();
        if self.told == Told::Online && self.details == details {
            return;
        }
        self.told = Told::Online;
        for ((lane, device), detail) in self.devices.iter().zip(&details) {
            let health = DeviceHealth { online: true, session: None, detail: detail.clone(), at: now.wall };
            self.events.push_back(Event::Observed(lane.clone(), Observation::Health(device.clone(), health)));
        }
        self.details = details;
    }

    /// What people should know of the cabinet of a lane.
    fn detail(&self, lane: &LaneId, inputs: &Inputs) -> Option<String> {
        let arms = || self.arms.iter().filter(|arm| arm.wiring.lane == *lane).map(|arm| &arm.wiring.inputs);
        let battery = arms().filter_map(|wired| wired.ups).any(|contact| inputs.active(contact));
        let door = arms().filter_map(|wired| wired.cabinet).any(|contact| inputs.active(contact));
        let words = [battery.then_some("on battery power"), door.then_some("the cabinet is open")];
        let words: Vec<_> = words.into_iter().flatten().collect();
        (!words.is_empty()).then(|| words.join("; "))
    }

    pub(super) fn tell_lost(&mut self, now: Now) {
        self.told = Told::Lost;
        for (lane, device) in &self.devices {
            let detail = Some(self.lost_because.clone());
            let health = DeviceHealth { online: false, session: None, detail, at: now.wall };
            self.events.push_back(Event::Observed(lane.clone(), Observation::Health(device.clone(), health)));
        }
    }
}
