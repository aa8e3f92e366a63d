//! A radiation portal by its contacts: gamma alarm, neutron alarm, fault, and whether somebody is between the pillars.
//!
//! ```text
//!   unknown ─free─▶ free ─occupied─▶ occupied ─free─▶ leaving ─0.5 s─▶ free: the verdict
//!      └──occupied──▶ occupied, in doubt: its beginning was not seen
//! ```
//! An alarm and a fault are told at once, and again while they last: a vehicle that comes later has to know of them
//! too. A vehicle is told quiet only when it was seen in and out of a portal in order that gave no alarm.

use std::time::Duration;

use super::arm::Inputs;
use crate::config::relay::RelayPortal;
use crate::model::{Mono, Now, RadiationAlarm, RadiationReading};

/// How often an alarm that lasts is told.
const AGAIN: Duration = Duration::from_secs(1);
/// How long an alarm may follow the vehicle that caused it.
const SETTLE: Duration = Duration::from_millis(500);

/// Who is between the pillars, and the worst that was told of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pillars {
    Unknown,
    Free,
    Occupied(RadiationAlarm),
    /// Just left.
    Leaving(RadiationAlarm, Mono),
}

/// One portal.
#[derive(Debug)]
pub(super) struct Portal {
    pub(super) wiring: RelayPortal,
    pillars: Pillars,
    /// What lasts, and when it was told.
    told: (RadiationAlarm, Mono),
}

impl Portal {
    pub(super) fn new(wiring: RelayPortal) -> Self {
        Self { wiring, pillars: Pillars::Unknown, told: (RadiationAlarm::None, Mono::default()) }
    }

    /// What fresh inputs have to tell.
    pub(super) fn see(&mut self, now: Now, inputs: &Inputs) -> Vec<RadiationReading> {
        let lasts = self.alarm(inputs);
        let news = lasts != self.told.0 || now.mono.since(self.told.1) >= AGAIN;
        let mut alarms = Vec::new();
        if lasts != RadiationAlarm::None && news {
            alarms.push(lasts);
        }
        if news {
            self.told = (lasts, now.mono);
        }
        if let Some(occupied) = self.wiring.inputs.occupied.map(|contact| inputs.active(contact)) {
            alarms.extend(self.watch(now.mono, occupied, lasts));
        }
        alarms.into_iter().map(|alarm| RadiationReading { alarm, peak_cps: None, at: now.wall }).collect()
    }

    /// The contacts can't be read any more: whoever is between the pillars isn't seen to the end.
    pub(super) fn forget(&mut self, now: Now) -> Option<RadiationReading> {
        let pillars = std::mem::replace(&mut self.pillars, Pillars::Unknown);
        self.told = (RadiationAlarm::None, now.mono);
        let worst = match pillars {
            Pillars::Unknown | Pillars::Free => return None,
            Pillars::Occupied(worst) | Pillars::Leaving(worst, _) => worst,
        };
        let alarm = worst.joined(RadiationAlarm::Fault);
        Some(RadiationReading { alarm, peak_cps: None, at: now.wall })
    }

    fn alarm(&self, inputs: &Inputs) -> RadiationAlarm {
        let wired = &self.wiring.inputs;
        let when = |active: bool, alarm| if active { alarm } else { RadiationAlarm::None };
        let gamma = when(inputs.active(wired.gamma), RadiationAlarm::Gamma);
        let neutron = when(wired.neutron.is_some_and(|contact| inputs.active(contact)), RadiationAlarm::Neutron);
        gamma.joined(neutron).joined(when(inputs.active(wired.fault), RadiationAlarm::Fault))
    }

    /// Follows the vehicle between the pillars; its verdict once it has left.
    fn watch(&mut self, now: Mono, occupied: bool, lasts: RadiationAlarm) -> Option<RadiationAlarm> {
        let (pillars, verdict) = match (self.pillars, occupied) {
            (Pillars::Unknown, true) => (Pillars::Occupied(lasts.joined(RadiationAlarm::Fault)), None),
            (Pillars::Unknown | Pillars::Free, false) => (Pillars::Free, None),
            (Pillars::Free, true) => (Pillars::Occupied(lasts), None),
            (Pillars::Occupied(worst), true) => (Pillars::Occupied(worst.joined(lasts)), None),
            (Pillars::Occupied(worst), false) => (Pillars::Leaving(worst.joined(lasts), now), None),
            // The next one is in before the verdict on the last: an alarm may be either's.
            (Pillars::Leaving(worst, _), true) => (Pillars::Occupied(lasts), Some(worst.joined(lasts))),
            (Pillars::Leaving(worst, since), false) if now.since(since) >= SETTLE => {
                (Pillars::Free, Some(worst.joined(lasts)))
            }
            (Pillars::Leaving(worst, since), false) => (Pillars::Leaving(worst.joined(lasts), since), None),
        };
        self.pillars = pillars;
        verdict
    }
}
