//! The risk gateway's shell: asks the RMS by MQTT 5 request and response, for lanes and for notifications that came in.
//!
//! What is asked when, and which answer counts, is the gateway's own (`risk::gateway`). A decision taken before arrival
//! goes to the register, is durable there before its answer is acknowledged, and waits for the vehicle.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use uuid::Uuid;

use super::clock::SiteClock;
use super::ingress::Kept;
use super::lane::LaneMsg;
use super::link::Router;
use super::local::{Considered, LocalRisk};
use super::outlet::Outlet;
use super::response_keys::ResponseKeys;
use crate::matching::MatchPolicy;
use crate::metrics::{self, RiskResult};
use crate::model::risk::{Assessment, RiskKind, RiskWord, SeenVehicle};
use crate::model::{Mono, RiskAnswer, RiskDecision, RiskRequest, SiteId, Timestamp};
use crate::registry::{Registry, RegistryFailure};
use crate::risk::Rms;
use crate::risk::gateway::{BreakerState, Gateway, GatewayEffect, GatewaySettings, Unavailable};
use crate::wire::risk::decode_decision;

/// How often notifications that nobody has assessed are looked for, besides each start and each return of the RMS.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// How often the keys' file is looked at.
const LOOK_AT_KEYS: Duration = Duration::from_secs(2);
/// Notifications that one look takes on.
const LOOK_MAX: usize = 1_024;

/// What the gateway is told.
#[derive(Debug)]
pub(super) enum RiskMsg {
    /// A lane asks; the answer goes to it.
    Ask(Box<RiskRequest>, ActorRef<LaneMsg>),
    /// A notification came in, or something that goes with it.
    Assess(String),
    /// The RMS answered.
    Answered(Answer),
    /// Something is due.
    Wake,
    /// Time to look for what nobody has assessed.
    Look,
    /// Time to look at the keys' file.
    Keys,
}

/// An answer as it came.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) payload: Bytes,
    /// What the message carried back.
    pub(super) correlation: Option<Bytes>,
    /// Where the signature is.
    pub(super) user_properties: Vec<(String, String)>,
    pub(super) kept: Kept,
}

/// Who asked.
#[derive(Debug, Clone)]
enum Asker {
    /// A lane, with what the edge itself found: that goes into the answer, whatever the RMS says.
    Lane(ActorRef<LaneMsg>, Arc<Considered>),
    Ahead(Arc<Ahead>),
}

/// What a notification was assessed on.
#[derive(Debug, PartialEq, Eq)]
struct Ahead {
    notification: String,
    revision: u64,
    declarations: Vec<(String, u64)>,
    asked_at: Timestamp,
}

pub(super) struct RiskArgs {
    pub(super) site: SiteId,
    pub(super) settings: GatewaySettings,
    /// Notifications are assessed when they come in.
    pub(super) pre_arrival: bool,
    /// Whose signed answers alone count; `None`: answers need no signature.
    pub(super) keys: Option<ResponseKeys>,
    pub(super) registry: Arc<Registry>,
    pub(super) policy: Arc<MatchPolicy>,
    pub(super) router: Router,
    pub(super) local: LocalRisk,
    pub(super) outlet: Outlet,
    pub(super) clock: SiteClock,
}

pub(super) struct RiskActor;

pub(super) struct RiskState {
    args: RiskArgs,
    gateway: Gateway<Asker>,
    /// When the next wake-up comes.
    armed: Option<Mono>,
}

impl Actor for RiskActor {
    type Msg = RiskMsg;
    type State = RiskState;
    type Arguments = RiskArgs;

    async fn pre_start(&self, me: ActorRef<RiskMsg>, args: RiskArgs) -> Result<RiskState, ActorProcessingErr> {
        if args.pre_arrival {
            me.cast(RiskMsg::Look)?;
            // The timer ends with the actor.
            drop(me.send_interval(LOOK_EVERY, || RiskMsg::Look));
        }
        if args.keys.is_some() {
            drop(me.send_interval(LOOK_AT_KEYS, || RiskMsg::Keys));
        }
        let gateway = Gateway::new(args.settings);
        metrics::risk_breaker(BreakerState::Closed);
        Ok(RiskState { args, gateway, armed: None })
    }

    async fn handle(
        &self,
        me: ActorRef<RiskMsg>,
        msg: RiskMsg,
        state: &mut RiskState,
    ) -> Result<(), ActorProcessingErr> {
        let now = state.args.clock.mono();
        let mut kept = Kept::default();
        match msg {
            RiskMsg::Ask(request, lane) => state.ask(now, request, lane),
            RiskMsg::Assess(number) => state.assess(now, &number),
            RiskMsg::Answered(answer) => kept = state.answered(now, answer),
            RiskMsg::Wake => {
                state.armed = None;
                state.gateway.wake(now);
            }
            RiskMsg::Look => state.look(now),
            RiskMsg::Keys => state.args.keys.iter_mut().for_each(ResponseKeys::look_again),
        }
        if state.drain(kept) == Some(BreakerState::Closed) {
            // What was notified while the RMS was away need not wait for the next look.
            me.cast(RiskMsg::Look)?;
        }
        state.arm(&me, now);
        Ok(())
    }
}

impl RiskState {
    fn ask(&mut self, now: Mono, request: Box<RiskRequest>, lane: ActorRef<LaneMsg>) {
        let (considered, drawn) = self.args.local.consider(&request, self.args.clock.now().wall);
        if let Some(record) = drawn {
            // Before the answer, and whatever becomes of it: the draw of a vehicle that leaves is kept.
            lane.cast(LaneMsg::Note(record)).ok();
        }
        self.gateway.ask(now, request, Asker::Lane(lane, Arc::new(considered)));
    }

    /// An answer counts when it is signed as the site requires, is a decision, and carries its own correlation.
    fn answered(&mut self, now: Mono, answer: Answer) -> Kept {
        let Answer { payload, correlation, user_properties, kept } = answer;
        if let Some(keys) = &self.args.keys
            && let Err(refusal) = keys.current().verify(&payload, &user_properties, self.args.clock.now().wall)
        {
            metrics::risk_answer_refused(refusal);
            tracing::warn!(reason = refusal.as_str(), "an answer of the RMS counts as none");
            return kept;
        }
        let decision = match decode_decision(&payload) {
            Ok(decision) => decision,
            Err(malformed) => {
                metrics::risk_request(RiskResult::Malformed);
                tracing::warn!(%malformed, "an answer of the RMS was refused");
                return kept;
            }
        };
        let own = decision.request_id.to_string();
        if correlation.is_some_and(|correlation| correlation != own.as_bytes()) {
            metrics::risk_request(RiskResult::Foreign);
        } else {
            self.gateway.answered(now, decision);
        }
        kept
    }

    /// Asks about a notification as its papers are at this moment.
    fn assess(&mut self, now: Mono, number: &str) {
        if !self.args.pre_arrival {
            return;
        }
        let wall = self.args.clock.now().wall;
        let dossier = match self.args.registry.dossier(number, &self.args.policy, wall) {
            Ok(Some(dossier)) => dossier,
            Ok(None) => return,
            Err(failure) => {
                tracing::error!(%failure, "a notification is not assessed before arrival");
                return;
            }
        };
        let Some(notification) = dossier.known.notification else { return };
        if notification.valid_until <= wall {
            return;
        }
        let asker = Asker::Ahead(Arc::new(Ahead {
            notification: notification.number.clone(),
            revision: notification.revision,
            declarations: dossier.revisions,
            asked_at: wall,
        }));
        let request = RiskRequest {
            request_id: Uuid::new_v4(),
            kind: RiskKind::PreArrival,
            site: self.args.site.clone(),
            lane: None,
            passage: None,
            direction: Some(notification.direction),
            at: wall,
            reply_by: wall.plus(self.args.settings.timeout),
            vehicle: SeenVehicle::default(),
            notification: Some((*notification).clone()),
            declaration: dossier.known.declarations.first().map(|declaration| (**declaration).clone()),
            parties: dossier.known.parties,
            measured: None,
            findings: dossier.findings,
        };
        self.gateway.ask(now, Box::new(request), asker);
    }

    fn look(&mut self, now: Mono) {
        if self.gateway.waiting() > 0 {
            return;
        }
        match self.args.registry.unassessed(self.args.clock.now().wall, LOOK_MAX) {
            Ok(numbers) => numbers.iter().for_each(|number| self.assess(now, number)),
            Err(failure) => tracing::error!(%failure, "notifications are not assessed before arrival"),
        }
    }

    /// Carries everything out; what the breaker changed to, where it did.
    fn drain(&mut self, kept: Kept) -> Option<BreakerState> {
        let (mut kept, mut changed) = (Some(kept), None);
        while let Some(effect) = self.gateway.poll_effect() {
            match effect {
                GatewayEffect::Send(request, within) => {
                    if let Err(why) = self.args.outlet.risk_request(&request, within) {
                        tracing::warn!(%why, "a risk request was not sent");
                    }
                }
                GatewayEffect::Retried => metrics::risk_request(RiskResult::Retried),
                GatewayEffect::Decided(asker, decision, took) => {
                    metrics::risk_request(RiskResult::Answered);
                    metrics::risk_latency(took);
                    self.hand_on(asker, decision, kept.take().unwrap_or_default());
                }
                GatewayEffect::Late(asker, decision) => {
                    metrics::risk_request(RiskResult::Late);
                    self.hand_on_late(&asker, decision, kept.take().unwrap_or_default());
                }
                GatewayEffect::Unavailable(asker, id, why) => self.unavailable(&asker, id, why),
                GatewayEffect::Unknown(decision) => {
                    metrics::risk_request(RiskResult::Late);
                    // The question was asked before a restart: a lane may know it from the journal.
                    self.args.router.risk_heard(&Arc::new(RiskWord::Unclaimed(Box::new(decision))));
                }
                GatewayEffect::Breaker(state) => {
                    tracing::warn!(state = state.as_str(), "the breaker before the RMS changed");
                    metrics::risk_breaker(state);
                    changed = Some(state);
                }
            }
        }
        metrics::risk_under_way(self.gateway.in_flight(), self.gateway.waiting());
        changed
    }

    fn hand_on(&self, asker: Asker, decision: RiskDecision, kept: Kept) {
        match asker {
            Asker::Lane(lane, considered) => {
                let reply = considered.answer(self.args.clock.now().wall, Rms::Answered(&decision));
                answer(&lane, decision.request_id, reply, kept);
            }
            Asker::Ahead(ahead) => self.keep(&ahead, decision, kept),
        }
    }

    /// A word after the one that counted: it only strengthens (hazard 27).
    fn hand_on_late(&self, asker: &Asker, decision: RiskDecision, kept: Kept) {
        match asker {
            Asker::Lane(lane, _) => answer(lane, decision.request_id, decision.into(), kept),
            // The register keeps the stricter.
            Asker::Ahead(ahead) => self.keep(ahead, decision, kept),
        }
    }

    /// Kept in the register, and acknowledged once it is durable. The vehicle may stand in a lane already, cleared by an
    /// earlier word or before this one came: lanes are told at once, and again when it is kept, because one may have
    /// read the register in between.
    fn keep(&self, ahead: &Ahead, decision: RiskDecision, kept: Kept) {
        let assessment = Assessment {
            notification: ahead.notification.clone(),
            revision: ahead.revision,
            declarations: ahead.declarations.clone(),
            decision,
            asked_at: ahead.asked_at,
            decided_at: self.args.clock.now().wall,
        };
        let (router, word) =
            (self.args.router.clone(), Arc::new(RiskWord::BeforeArrival(Box::new(assessment.clone()))));
        router.risk_heard(&word);
        let done = move |result: Result<(), RegistryFailure>| match result {
            Ok(()) => {
                router.risk_heard(&word);
                drop(kept);
            }
            Err(failure) => {
                tracing::error!(%failure, "a decision before arrival was not kept; the broker keeps it");
                kept.withhold();
            }
        };
        self.args.registry.assess(assessment, Box::new(done));
    }

    fn unavailable(&self, asker: &Asker, id: Uuid, why: Unavailable) {
        metrics::risk_request(match why {
            Unavailable::Timeout => RiskResult::Timeout,
            Unavailable::BreakerOpen => RiskResult::BreakerOpen,
            Unavailable::Full => RiskResult::Full,
        });
        match asker {
            Asker::Lane(lane, considered) => {
                let reply = considered.answer(self.args.clock.now().wall, Rms::Away(why.reason()));
                answer(lane, id, reply, Kept::default());
            }
            // The lane will ask when the vehicle comes, and the next look asks again.
            Asker::Ahead(_) => {}
        }
    }

    /// Sees to it that the gateway is woken in time.
    fn arm(&mut self, me: &ActorRef<RiskMsg>, now: Mono) {
        let Some(due) = self.gateway.poll_timeout() else { return };
        if self.armed.is_some_and(|armed| armed <= due && armed > now) {
            return;
        }
        self.armed = Some(due);
        // Dropping the handle leaves the timer running.
        drop(me.send_after(due.since(now), || RiskMsg::Wake));
    }
}

/// A lane that is gone asks again after its restart.
fn answer(lane: &ActorRef<LaneMsg>, id: Uuid, answer: RiskAnswer, kept: Kept) {
    lane.cast(LaneMsg::Risk(id, answer, kept)).ok();
}
