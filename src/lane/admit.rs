//! The entry arm of a lane that has one: into a vacant lane, with the exit proved closed (invariants B2, B3).

use super::machine::Machine;
use super::passage::{Because, Crossing, Judged, Passage, Purpose, Way};
use super::timer::Timer;
use crate::model::{BarrierPlace, CommandReason, HoldCode, Now};

impl Machine {
    /// Plans the opening of the entry arm for the vehicle on the approach loop.
    pub(super) fn admit(&mut self, now: Now) {
        if !self.arms.contains_key(&BarrierPlace::Entry) {
            return;
        }
        if let Err(not_ready) = self.ready_to_open(BarrierPlace::Entry) {
            self.hold(now, not_ready.hold, not_ready.detail);
            return;
        }
        if !self.others_proved_closed(BarrierPlace::Entry) {
            self.hold(now, HoldCode::Interlock, "the other arm of the lane is not proved closed");
            return;
        }
        self.authorise(now, Purpose { barrier: BarrierPlace::Entry, reason: CommandReason::Admit, order: None });
    }

    /// The approach loop fell while the entry arm is up: the vehicle is inside, the arm comes down.
    pub(super) fn admitted(&mut self, now: Now) {
        let Some(Passage { way: Way::Driving(going, Crossing::Before), .. }) = &self.passage else { return };
        if going.barrier == BarrierPlace::Entry {
            let going = *going;
            self.close_again(now, going, Because::Through);
        }
    }

    /// The wait for evidence may have ended while the entry arm was on its way: it begins anew, for every wait ends
    /// (invariant C6).
    fn await_evidence(&mut self, now: Now) {
        let gathers = self.passage.as_ref().is_some_and(|passage| passage.judged == Judged::NotYet);
        if gathers && !self.timers.is_set(Timer::Evidence) {
            self.timers.set(Timer::Evidence, now.mono + self.setup.evidence_timeout);
        }
    }

    /// The entry arm is closed again.
    pub(super) fn entered(&mut self, now: Now, because: Because) {
        match because {
            Because::Through => {
                let judged = self.passage.as_ref().is_some_and(|passage| passage.outcome.is_some());
                if judged {
                    self.complete(now);
                } else {
                    self.assess_when_complete(now);
                    self.await_evidence(now);
                }
            }
            Because::Back => self.complete(now),
            Because::Void | Because::Unseen => {}
        }
    }
}
