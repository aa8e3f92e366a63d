//! The risk gateway: asks the RMS by MQTT 5 request and response, with a deadline and one retry inside it.

use std::collections::BTreeMap;
use std::time::Duration;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use uuid::Uuid;

use super::clock::SiteClock;
use super::ingress::Kept;
use super::lane::LaneMsg;
use super::local::{Considered, LocalRisk};
use super::outlet::Outlet;
use crate::metrics::{self, RiskResult};
use crate::model::{Mono, RiskAnswer, RiskDecision, RiskRequest};
use crate::risk::Rms;

/// Requests under way at once; a lane asks one at a time, so that this is far above any site.
const ASKED_MAX: usize = 4_096;

/// What the gateway is told.
#[derive(Debug)]
pub(super) enum RiskMsg {
    /// A lane asks; the answer goes to it.
    Ask(Box<RiskRequest>, ActorRef<LaneMsg>),
    /// Half of the time is over: ask once more.
    Retry(Uuid),
    /// The time is over.
    Deadline(Uuid),
    /// The RMS answered; with the correlation that the message carried.
    Answered(RiskDecision, Option<Vec<u8>>, Kept),
}

struct Asked {
    request: Box<RiskRequest>,
    /// What the edge itself found; it goes into the answer, whatever the RMS says.
    considered: Considered,
    lane: ActorRef<LaneMsg>,
    since: Mono,
}

pub(super) struct RiskArgs {
    pub(super) timeout: Duration,
    pub(super) local: LocalRisk,
    pub(super) outlet: Outlet,
    pub(super) clock: SiteClock,
}

pub(super) struct RiskActor;

pub(super) struct RiskState {
    args: RiskArgs,
    asked: BTreeMap<Uuid, Asked>,
    /// Answered or given up, with who asked: a later answer may still be stricter (hazard 27).
    past: BTreeMap<Uuid, ActorRef<LaneMsg>>,
    order: std::collections::VecDeque<Uuid>,
}

impl Actor for RiskActor {
    type Msg = RiskMsg;
    type State = RiskState;
    type Arguments = RiskArgs;

    async fn pre_start(&self, _: ActorRef<RiskMsg>, args: RiskArgs) -> Result<RiskState, ActorProcessingErr> {
        Ok(RiskState { args, asked: BTreeMap::new(), past: BTreeMap::new(), order: std::collections::VecDeque::new() })
    }

    async fn handle(
        &self,
        me: ActorRef<RiskMsg>,
        msg: RiskMsg,
        state: &mut RiskState,
    ) -> Result<(), ActorProcessingErr> {
        match msg {
            RiskMsg::Ask(request, lane) => state.ask(&me, request, lane),
            RiskMsg::Retry(id) => state.retry(id),
            RiskMsg::Deadline(id) => state.give_up(id),
            RiskMsg::Answered(decision, correlation, kept) => state.answered(decision, correlation.as_deref(), kept),
        }
        Ok(())
    }
}

impl RiskState {
    fn ask(&mut self, me: &ActorRef<RiskMsg>, request: Box<RiskRequest>, lane: ActorRef<LaneMsg>) {
        let id = request.request_id;
        let (considered, drawn) = self.args.local.consider(&request, self.args.clock.now().wall);
        if let Some(record) = drawn {
            // Before the answer, and whatever becomes of it: the draw of a vehicle that leaves is kept.
            lane.cast(LaneMsg::Note(record)).ok();
        }
        if self.asked.len() >= ASKED_MAX {
            let away = Rms::Away("too many risk requests are under way");
            answer(&lane, id, considered.answer(self.args.clock.now().wall, away), Kept::default());
            return;
        }
        if let Err(why) = self.args.outlet.risk_request(&request, self.args.timeout) {
            tracing::warn!(%why, "the risk request was not sent; it is tried once more");
        }
        // Dropping the handles leaves the timers running.
        drop(me.send_after(self.args.timeout / 2, move || RiskMsg::Retry(id)));
        drop(me.send_after(self.args.timeout, move || RiskMsg::Deadline(id)));
        self.asked.insert(id, Asked { request, considered, lane, since: self.args.clock.mono() });
    }

    fn retry(&mut self, id: Uuid) {
        let Some(asked) = self.asked.get(&id) else { return };
        metrics::risk_request(RiskResult::Retried);
        if let Err(why) = self.args.outlet.risk_request(&asked.request, self.args.timeout / 2) {
            tracing::warn!(%why, "the risk request was not sent again");
        }
    }

    fn give_up(&mut self, id: Uuid) {
        let Some(asked) = self.asked.remove(&id) else { return };
        metrics::risk_request(RiskResult::Timeout);
        let away = Rms::Away("the RMS did not answer in time");
        answer(&asked.lane, id, asked.considered.answer(self.args.clock.now().wall, away), Kept::default());
        self.remember(id, asked.lane);
    }

    fn answered(&mut self, decision: RiskDecision, correlation: Option<&[u8]>, kept: Kept) {
        let id = decision.request_id;
        let foreign = correlation.is_some_and(|correlation| correlation != id.to_string().as_bytes());
        if foreign {
            metrics::risk_request(RiskResult::Foreign);
            return;
        }
        if let Some(asked) = self.asked.remove(&id) {
            metrics::risk_request(RiskResult::Answered);
            metrics::risk_latency(self.args.clock.mono().since(asked.since));
            let reply = asked.considered.answer(self.args.clock.now().wall, Rms::Answered(&decision));
            answer(&asked.lane, id, reply, kept);
            self.remember(id, asked.lane);
            return;
        }
        metrics::risk_request(RiskResult::Late);
        if let Some(lane) = self.past.get(&id) {
            answer(lane, id, decision.into(), kept);
        }
    }

    fn remember(&mut self, id: Uuid, lane: ActorRef<LaneMsg>) {
        self.past.insert(id, lane);
        self.order.push_back(id);
        if self.order.len() > ASKED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.past.remove(&oldest);
        }
    }
}

/// A lane that is gone asks again after its restart.
fn answer(lane: &ActorRef<LaneMsg>, id: Uuid, answer: RiskAnswer, kept: Kept) {
    lane.cast(LaneMsg::Risk(id, answer, kept)).ok();
}
