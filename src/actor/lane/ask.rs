//! What a lane asks: the register, the RMS, the site's own profiles.

use super::{Decider, Kept, LaneState};
use crate::lane::Input;
use crate::metrics;
use crate::model::{MatchQuery, RiskDecision, RiskRequest};
use crate::risk::Rms;

impl LaneState {
    /// Reads what the decision will need while the rest of the evidence is still to come. What it can't read is asked
    /// again then, and told then.
    pub(super) fn look_ahead(&mut self) {
        if let Some(query) = self.machine.will_ask() {
            drop(self.args.registry.find(&query, &self.args.policy, self.args.clock.now().wall));
        }
    }

    /// A vehicle that waits for papers is judged again only when the register answers otherwise than before.
    pub(super) fn register_changed(&mut self) {
        let Some(query) = self.machine.awaits_papers() else { return };
        match self.args.registry.find(&query, &self.args.policy, self.args.clock.now().wall) {
            Ok(result) if self.machine.knows_otherwise(&result) => {
                self.turn(Input::RegisterChanged, Kept::default());
            }
            Ok(_) => {}
            Err(failure) => tracing::error!(lane = %self.lane(), %failure, "the vehicle is not judged again"),
        }
    }

    /// Without an answer the machine holds at its own deadline.
    pub(super) fn find(&mut self, query: &MatchQuery) {
        let now = self.args.clock.now();
        match self.args.registry.find(query, &self.args.policy, now.wall) {
            Ok(result) => {
                metrics::match_outcome(&result);
                let input = Input::Matched { passage: query.passage, round: query.round, result };
                self.machine.handle(now, input);
            }
            Err(failure) => tracing::error!(lane = %self.lane(), %failure, "no match; the vehicle will be held"),
        }
    }

    pub(super) fn ask_risk(&mut self, request: RiskRequest, earlier: Option<&RiskDecision>) {
        let rms = match (&self.args.decider, earlier) {
            (_, Some(decision)) => Rms::Answered(decision),
            (Decider::Rms(router), None) if router.ask_risk(request.clone(), self.me.clone()) => return,
            (Decider::Rms(_), None) => Rms::Away("the risk gateway is restarting"),
            (Decider::Local, None) => Rms::NotAsked,
        };
        let now = self.args.clock.now();
        let (considered, drawn) = self.args.local.consider(&request, now.wall);
        self.notes.extend(drawn);
        let answer = considered.answer(now.wall, rms);
        self.machine.handle(now, Input::RiskAnswered { request: request.request_id, answer });
    }
}
