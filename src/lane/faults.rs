//! Loops that can't be trusted, and vehicles that no loop sees (hazards 6, 7).
//!
//! A loop at fault counts as unknown, so nothing closes over it (invariant B1). It holds the vehicle in the lane, and
//! every one that comes until it is mended. A vehicle that left the stop line under an open arm without any loop having
//! seen where to ends nothing: the arm stays up, and an officer says what became of it.

use serde_json::json;

use super::guard::Guard;
use super::io::Happening;
use super::loops::{Doubt, Half, LoopFault, LoopName};
use super::machine::Machine;
use super::passage::{Because, Closing, Going, Passage, Way};
use super::presence::Seen;
use super::timer::Timer;
use crate::model::{Alarm, BarrierPlace, HoldCode, LoopPlace, Now, Outcome, Service};

/// The hold of a vehicle that is lost from sight.
pub(super) const OUT_OF_SIGHT: &str =
    "it left the stop line and no loop saw where to: look at the lane and under the arm";

fn detail(name: LoopName, fault: LoopFault) -> String {
    format!("the {name} loop {}", fault.told())
}

impl Machine {
    pub(super) fn on_loop_fault(&mut self, now: Now, name: LoopName, fault: LoopFault) {
        self.raise_alarm_about(now, Alarm::LoopFault, &json!({ "loop": name.as_str(), "fault": fault.as_str() }));
        self.tell(Happening::LoopFault(name, fault));
        if !self.guards.keeps(Guard::LoopFaultHolds) {
            return;
        }
        let decided = self.passage.as_ref().is_some_and(|passage| matches!(passage.way, Way::Authorising(..)));
        if decided {
            self.void_pending(now, "a loop can't be trusted");
        }
        self.hold(now, HoldCode::LoopFault, detail(name, fault));
    }

    pub(super) fn on_loop_mended(&mut self, now: Now, name: LoopName) {
        if self.sensors.faults().next().is_none() {
            self.clear_alarm(now, Alarm::LoopFault);
        }
        for fault in [LoopFault::Chattering, LoopFault::StuckOn, LoopFault::StuckOff, LoopFault::Unsteady] {
            self.heal_detail(now, HoldCode::LoopFault, &detail(name, fault));
        }
    }

    /// Holds whoever is in the lane for every loop that is at fault.
    pub(super) fn hold_for_faults(&mut self, now: Now) {
        let faults: Vec<_> = self.sensors.faults().collect();
        for (name, fault) in faults {
            self.hold(now, HoldCode::LoopFault, detail(name, fault));
        }
    }

    /// Loops that have been occupied for long: where traffic doesn't explain it they stick.
    pub(super) fn look_for_stuck_loops(&mut self, now: Now) {
        for name in self.sensors.wanting_a_look(now.mono) {
            if self.explains(name.place) {
                self.sensors.look_again(now.mono, name);
            } else {
                let events = self.sensors.mistrust(name, Doubt::StuckOn);
                self.on_loop_events(now, events);
            }
        }
    }

    /// Whether the traffic that the lane knows of explains that a loop stays occupied. A truck that is held does.
    fn explains(&self, place: LoopPlace) -> bool {
        let stop_line = self.sensors.at_stop_line();
        match (place, &self.passage) {
            // Nobody has business under the arm for that long.
            (LoopPlace::Exit, _) => false,
            (LoopPlace::Scale, None) => false,
            (LoopPlace::Scale, Some(_)) => self.sensors.platform() != Seen::Free,
            // Vehicles wait before a closed lane.
            (LoopPlace::Approach, None) => self.service == Service::Closed || self.stopping,
            (LoopPlace::Approach, Some(passage)) => {
                self.traffic.queued || stop_line == Seen::Occupied || !passage.gathered.is_empty()
            }
        }
    }

    /// After an opening the vehicle is gone from the stop line, and neither the exit nor the approach loop saw it: it
    /// may be under the arm. Nothing is closed (invariant B1, hazard 7).
    pub(super) fn lose_sight(&mut self, now: Now, going: Going) {
        if let Some(passage) = &mut self.passage {
            passage.way = Way::Closing(going, Closing { because: Because::Unseen, retries: 0 });
            passage.lost = Some(now.mono);
        }
        self.timers.stop(Timer::Pass);
        self.timers.stop(Timer::Travel);
        self.doubt_exit(now);
        self.hold(now, HoldCode::LoopFault, OUT_OF_SIGHT);
    }

    /// The exit loops did not see what must have been there, or are about to.
    pub(super) fn doubt_exit(&mut self, now: Now) {
        for half in [Half::A, Half::B] {
            let events = self.sensors.mistrust(LoopName { place: LoopPlace::Exit, half }, Doubt::StuckOff);
            self.on_loop_events(now, events);
        }
    }

    /// The vehicle that was out of sight is on the exit loop after all: it was slow between two sensors.
    pub(super) fn found_again(&mut self, now: Now) {
        if let Some(passage) = &mut self.passage {
            passage.lost = None;
        }
        self.heal_detail(now, HoldCode::LoopFault, OUT_OF_SIGHT);
    }

    /// Whether an officer's word can end a passage whose vehicle no sensor sees.
    pub(super) fn is_out_of_sight(&self) -> bool {
        self.passage.as_ref().is_some_and(|passage| match &passage.way {
            Way::Closing(_, closing) => closing.because == Because::Unseen,
            Way::Standing => self.sensors.is_anybody_s_guess(),
            Way::Authorising(..) | Way::Opening(..) | Way::Driving(..) => false,
        })
    }

    /// An officer looked, and the vehicle is gone: how, nobody knows. The arm comes down if its loop says free.
    pub(super) fn end_out_of_sight(&mut self, now: Now) {
        let Some(Passage { way, .. }) = &self.passage else { return };
        let going = match way {
            Way::Closing(going, _) => Some(*going),
            Way::Standing | Way::Authorising(..) | Way::Opening(..) | Way::Driving(..) => None,
        };
        let events = self.sensors.trust(LoopPlace::Exit);
        self.on_loop_events(now, events);
        let Some(passage) = &mut self.passage else { return };
        passage.holds.retain(|hold| hold.code != HoldCode::LoopFault);
        passage.outcome = Some(Outcome::Unresolved);
        self.dirty = true;
        match going {
            Some(going) if !self.arm(going.barrier).is_some_and(super::arm::Arm::is_proved_closed) => {
                self.command_close(now, BarrierPlace::Exit);
            }
            Some(_) | None => self.complete(now),
        }
    }
}
