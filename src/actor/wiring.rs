//! From the configured relay lines to their handles: which arm is on which line, and what comes from boards alone.

use std::collections::BTreeSet;

use super::link::{Boards, Router};
use super::outlet::Relays;
use crate::config::relay::BarrierDriver;
use crate::config::{Config, PortalWay};
use crate::device::modbus::{LineHandle, LineSettings};

/// Every relay line with its handle.
pub(super) type Lines = Vec<(LineSettings, LineHandle)>;

/// A handle for each line.
pub(super) fn lines(config: &Config) -> Lines {
    let directory = &config.data.directory;
    let settings =
        config.relay_lines.iter().map(|line| LineSettings { line: line.clone(), directory: directory.clone() });
    settings.map(|settings| (settings, LineHandle::new())).collect()
}

/// The arms that a board drives.
pub(super) fn arms(lines: &Lines) -> Relays {
    let mut arms = Relays::new();
    for (settings, handle) in lines {
        for arm in settings.line.units.iter().flat_map(|unit| &unit.arms) {
            arms.insert((arm.lane.clone(), arm.place), handle.clone());
        }
    }
    arms
}

/// Tells the router what comes from boards alone, and whom to ask for it.
pub(super) fn wire(config: &Config, lines: &Lines, router: &Router) {
    for lane in &config.lanes {
        let arms = lane.barriers.iter().map(|arm| (arm.place.as_str(), matches!(arm.driver, BarrierDriver::Relay(_))));
        let on_board = |place| lane.wired_loops.iter().any(|wired| wired.place == place);
        let loops = lane.loops.iter().map(|found| (found.place.as_str(), on_board(found.place)));
        let mut states = BTreeSet::new();
        let mut elsewhere = BTreeSet::new();
        for (kind, name, wired) in
            arms.map(|(name, wired)| ("barrier", name, wired)).chain(loops.map(|(name, wired)| ("loop", name, wired)))
        {
            if wired {
                states.insert(format!("{kind}/{name}"));
                states.insert(format!("health/{name}"));
            } else {
                elsewhere.insert(format!("health/{name}"));
            }
        }
        for portal in lane.portals.iter().filter(|portal| matches!(portal.way, PortalWay::Contacts { .. })) {
            states.insert(format!("radiation/{}", portal.name));
            states.insert(format!("health/{}", portal.name));
        }
        // An arm and a loop may have the same name and different ways: then the health of both counts.
        let states: BTreeSet<_> = states.difference(&elsewhere).cloned().collect();
        let of_lane = |settings: &LineSettings| {
            let units = &settings.line.units;
            units.iter().any(|unit| unit.arms.iter().any(|arm| arm.lane == lane.id))
        };
        let lines = lines.iter().filter(|(settings, _)| of_lane(settings)).map(|(_, handle)| handle.clone()).collect();
        router.wire(&lane.id, Boards { states, lines });
    }
}
