//! Commands, stops and their pulses: what may go out, and what came of it.

use std::time::Duration;

use super::super::arm::Ready;
use super::super::command::{Command, Fate, NotDone};
use super::super::frame::{Answer, Refused, Request};
use super::{Asked, Event, Failure, Phase, Relay, Told};
use crate::model::{BarrierPlace, LaneId, Now};

/// Inputs older than this prove nothing (invariant B1).
const FRESH: Duration = Duration::from_millis(500);

impl Relay {
    /// Takes a command; it goes out with one of the next requests, or its fate tells why not.
    pub fn command(&mut self, now: Now, lane: &LaneId, place: BarrierPlace, command: Command) {
        let found = self.arms.iter().position(|arm| arm.wiring.lane == *lane && arm.wiring.place == place);
        let Some(arm) = found.and_then(|index| self.arms.get_mut(index)) else { return };
        let (verb, id) = (command.verb(), command.id());
        let mut fate = |verb, id, why| {
            let (lane, fate) = (lane.clone(), Fate::NotDone(why));
            self.events.push_back(Event::Commanded { lane, place, verb, id, fate });
        };
        if let Err(why) = arm.gate.take(now.mono, &command) {
            fate(verb, id, why);
            return;
        }
        if self.told == Told::Lost || matches!(self.phase, Phase::Cut | Phase::Away { .. }) {
            fate(verb, id, NotDone::Away);
            return;
        }
        if let Some(older) = arm.waiting.replace(command) {
            fate(older.verb(), older.id(), NotDone::Superseded);
        }
    }

    /// The stop or the command that an arm is due.
    pub(super) fn move_arm(&mut self, now: Now, index: usize) -> Option<(Asked, Request)> {
        let unit = self.unit.unit;
        let fresh = self.inputs.as_ref().is_some_and(|inputs| now.mono.since(inputs.at) <= FRESH);
        let arm = self.arms.get_mut(index)?;
        if let Some(request) = arm.stop(now.mono, unit) {
            return Some((Asked::Stop(index), request));
        }
        let command = arm.waiting.take()?;
        // Stale inputs prove nothing either way: the command waits for fresh ones as long as it counts.
        let ready = if fresh { arm.ready(now.mono, command.verb()) } else { Ok(Ready::NotYet) };
        let why = match (command.is_expired(now.mono), ready) {
            (true, Ok(Ready::ZoneTaken)) => NotDone::ZoneNotClear,
            (true, _) => NotDone::Expired,
            (false, Err(why)) => why,
            (false, Ok(Ready::Now)) => return Some((Asked::Pulse(index), arm.act(now.mono, unit, command))),
            (false, Ok(Ready::NotYet | Ready::ZoneTaken)) => {
                arm.waiting = Some(command);
                return None;
            }
        };
        let (lane, place) = (arm.wiring.lane.clone(), arm.wiring.place);
        let (verb, id, fate) = (command.verb(), command.id(), Fate::NotDone(why));
        self.events.push_back(Event::Commanded { lane, place, verb, id, fate });
        None
    }

    pub(super) fn pulsed(&mut self, now: Now, index: usize, came: Result<Answer, Failure>) {
        let Some(arm) = self.arms.get_mut(index) else { return };
        let command = arm.commanded();
        let fate = match came {
            Ok(_) => {
                arm.confirmed(now.mono);
                // A relay that the driver holds is looked at while it is on.
                self.read_back_now = arm.is_held();
                Fate::Done
            }
            Err(Failure::Silent) => {
                self.read_back_now = true;
                Fate::Unknown
            }
            Err(Failure::Refused(Refused(code))) => {
                arm.refused();
                Fate::NotDone(NotDone::Refused(code))
            }
        };
        if let Some((verb, id)) = command {
            let (lane, place) = (arm.wiring.lane.clone(), arm.wiring.place);
            self.events.push_back(Event::Commanded { lane, place, verb, id, fate });
        }
        if fate == Fate::Unknown {
            self.failed(now);
        }
    }

    pub(super) fn stopped(&mut self, now: Now, index: usize) {
        let Some(arm) = self.arms.get_mut(index) else { return };
        arm.stopped(now.mono);
        self.events.push_back(Event::Stopped(arm.wiring.lane.clone(), arm.wiring.place));
    }
}
