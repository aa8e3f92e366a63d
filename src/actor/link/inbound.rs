//! What came over the link: refused, slowed down, or handed to whom it concerns.
//!
//! ```text
//!  message ─▶ kept by the broker? ─▶ gate of its lane ─▶ stamp known? ─▶ one parse ─▶ lane, registry, risk
//! ```

use std::time::Duration;

use bytes::Bytes;

use super::{Router, read, state_key, verdict_key, write};
use crate::actor::fate::Told;
use crate::actor::gate::{Keeps, Passes, TOKEN_EVERY};
use crate::actor::ingress::{Arrival, Kept};
use crate::actor::intake::{self, acknowledge_later};
use crate::actor::lane::LaneMsg;
use crate::actor::registry::RegistryMsg;
use crate::actor::risk::{Answer, RiskMsg};
use crate::actor::sequence::Stamped;
use crate::device::mqtt::{Ack, InboundMessage, Outgoing};
use crate::lane::{Input, Intrusion};
use crate::metrics::{self, Sequence};
use crate::model::{BarrierPlace, LaneId, NewRecord, Observation, RecordKind, Timestamp};
use crate::wire::payload;
use crate::wire::topic::{Inbound, Retained};

/// How far the device time of a read in the contract's own format may be from its receipt, either way.
const READ_MAX_AGE: Duration = Duration::from_secs(60);

/// What of a source waits when it is too fast.
const fn keeps(inbound: &Inbound) -> Keeps {
    match inbound.retained() {
        Retained::Allowed => Keeps::Change,
        Retained::Refused => Keeps::Newest,
    }
}

/// The record of a read from another time: it is of another vehicle than the one that stands there, or its camera's
/// clock is wrong. It is kept, and no evidence (hazards 20 and 45), as a read through a preset is.
fn late_record(now: Timestamp, lane: &LaneId, observation: &Observation) -> Option<NewRecord> {
    let Observation::Plate(camera, read) = observation else { return None };
    let off = read.at.utc().signed_duration_since(now.utc()).abs();
    if off.to_std().is_ok_and(|off| off <= READ_MAX_AGE) {
        return None;
    }
    tracing::warn!(%lane, %camera, seconds = off.num_seconds(), "a read from another time is no evidence");
    let body = serde_json::json!({ "plate": { "camera": camera, "read": read }, "not_evidence": "late" });
    let (lane, kind) = (lane.clone(), RecordKind::Evidence);
    Some(NewRecord { at: now, lane, passage: None, kind, body: body.to_string() })
}

impl Router {
    pub(super) fn on_message(&self, message: InboundMessage) {
        if let Some(cameras) = self.routes.cameras.on_topic(&message.topic) {
            // A read that the broker had kept is one of the past.
            if message.retain {
                self.retained(cameras.first().map(|camera| camera.lane()), "plate", &message.topic);
                return;
            }
            if let Some(lane) = cameras.first().map(|camera| camera.lane().clone()) {
                self.through_gate(&lane, "plate", Keeps::Newest, message);
            }
            return;
        }
        let Some(inbound) = Inbound::parse(&self.routes.site, &message.topic) else {
            metrics::inbound_rejected("unknown", "topic");
            return;
        };
        if let Inbound::Command { lane, place } = &inbound {
            self.foreign_command(lane, *place, &message);
            return;
        }
        if message.retain && inbound.retained() == Retained::Refused {
            self.retained(inbound.lane(), inbound.kind(), &message.topic);
            return;
        }
        match inbound.lane() {
            Some(lane) => self.through_gate(lane, inbound.kind(), keeps(&inbound), message),
            None => self.of_site(inbound, message),
        }
    }

    /// A retained message on a topic that is no state speaks of the past: it is refused, and somebody must look.
    fn retained(&self, lane: Option<&LaneId>, kind: &'static str, topic: &str) {
        metrics::inbound_rejected(kind, "retained");
        tracing::error!(%topic, "a retained message on a topic that is no state was refused");
        if let Some(slot) = lane.and_then(|lane| self.routes.lanes.get(lane)) {
            slot.cast(LaneMsg::Feed(Input::Intrusion(Intrusion::Retained(kind))));
        }
    }

    /// Hands a message on as fast as its lane takes messages of one source.
    fn through_gate(&self, lane: &LaneId, kind: &'static str, keeps: Keeps, message: InboundMessage) {
        let Some(slot) = self.routes.lanes.get(lane) else { return };
        match slot.gate.pass(self.routes.clock.mono(), message, keeps) {
            Passes::Through(message) => self.of_lane(message),
            Passes::Waits { shed, first } => {
                if shed > 0 {
                    metrics::ingress_shed(lane, kind, shed);
                    if let Some(before) = slot.refusals.due(self.routes.clock.mono()) {
                        tracing::warn!(%lane, kind, before, "a source sends too fast; its newest messages count");
                    }
                }
                if first {
                    let (router, lane) = (self.clone(), lane.clone());
                    tokio::spawn(async move { router.release(&lane).await });
                }
            }
        }
    }

    /// Hands on what waited at a lane's gate, until nothing waits.
    async fn release(&self, lane: &LaneId) {
        let Some(slot) = self.routes.lanes.get(lane) else { return };
        loop {
            tokio::time::sleep(TOKEN_EVERY).await;
            let (messages, more) = slot.gate.release(self.routes.clock.mono());
            messages.into_iter().for_each(|message| self.of_lane(message));
            if !more {
                return;
            }
        }
    }

    /// The broker had kept a command, or another client sent one: nobody but us may (hazard 21).
    fn foreign_command(&self, lane: &LaneId, place: BarrierPlace, message: &InboundMessage) {
        let Some(slot) = self.routes.lanes.get(lane).filter(|_| !message.payload.is_empty()) else { return };
        metrics::inbound_rejected("command", if message.retain { "retained" } else { "foreign" });
        if message.retain && write(&self.routes.cleared).insert(message.topic.clone()) {
            tracing::error!(topic = %message.topic, "the broker had kept a command; it is cleared");
            let clear = Outgoing::retained(message.topic.clone(), Vec::new());
            // One that can't be sent is cleared on the next connection.
            self.routes.out.publish(clear).ok();
        } else if let Some(before) = slot.refusals.due(self.routes.clock.mono()) {
            tracing::error!(topic = %message.topic, before, "a command of another client; check the access rules");
        }
        slot.cast(LaneMsg::Feed(Input::Intrusion(Intrusion::Command(place))));
    }

    fn of_site(&self, inbound: Inbound, message: InboundMessage) {
        let kept = Kept::of(message.ack);
        match inbound {
            Inbound::Registry(kind) => self.to_registry(RegistryMsg::Document(kind, message.payload, kept)),
            Inbound::RiskResponse => self.to_risk(Answer {
                payload: message.payload,
                correlation: message.correlation,
                user_properties: message.user_properties,
                kept,
            }),
            Inbound::Canary
            | Inbound::Plate { .. }
            | Inbound::Loop { .. }
            | Inbound::PairLoop { .. }
            | Inbound::Weight { .. }
            | Inbound::Radiation { .. }
            | Inbound::Document { .. }
            | Inbound::Seal { .. }
            | Inbound::Call { .. }
            | Inbound::BarrierState { .. }
            | Inbound::Command { .. }
            | Inbound::Health { .. } => {}
        }
    }

    fn of_lane(&self, message: InboundMessage) {
        let now = self.routes.clock.now();
        if let Some(cameras) = self.routes.cameras.on_topic(&message.topic) {
            intake::over_foreign_topic(cameras, self, now, &message.payload, message.ack);
            return;
        }
        let Some(inbound) = Inbound::parse(&self.routes.site, &message.topic) else { return };
        if let Inbound::Plate { lane, camera } = &inbound
            && let Some(camera) = self.routes.cameras.get(lane, camera)
        {
            intake::over_mqtt(camera, self, now, &message.payload, message.ack);
            return;
        }
        let Some(lane) = inbound.lane() else { return };
        // An empty retained message only clears the broker's copy.
        if message.payload.is_empty() {
            return;
        }
        match payload::observe(&inbound, &message.payload) {
            Ok(observation) => {
                let Some(kept) = self.stamped(lane, &inbound, &message.topic, &message.payload, message.ack) else {
                    return;
                };
                match late_record(now.wall, lane, &observation) {
                    Some(record) => {
                        metrics::inbound_rejected(inbound.kind(), "late");
                        self.cast(lane, LaneMsg::Keep(record, kept));
                    }
                    None => self.bus_observed(lane, inbound.kind(), Arrival { observation, kept }),
                }
            }
            Err(malformed) => {
                metrics::inbound_rejected(inbound.kind(), "malformed");
                let slot = self.routes.lanes.get(lane);
                if let Some(before) = slot.and_then(|slot| slot.refusals.due(self.routes.clock.mono())) {
                    tracing::warn!(topic = %message.topic, before, %malformed, "a device message was refused");
                }
            }
        }
    }

    /// What is given back when the message is owned; `None` when its stamp says that it changes nothing (invariant C3).
    /// Births and deaths have a rule of their own: a last will was stamped when its connection began.
    fn stamped(&self, lane: &LaneId, inbound: &Inbound, topic: &str, payload: &Bytes, ack: Ack) -> Option<Kept> {
        let slot = self.routes.lanes.get(lane)?;
        let is_health = matches!(inbound, Inbound::Health { .. });
        let Some(stamp) = payload::stamp(payload).filter(|_| !is_health) else { return Some(Kept::of(ack)) };
        let kept = |told: Option<Told>, ack| match told {
            Some(told) => Kept::telling(told, Some(ack)),
            None => Kept::of(ack),
        };
        match slot.sequences.judge(topic, &stamp, keeps(inbound)) {
            Stamped::Next { missing, told } => {
                metrics::sequence(lane, Sequence::Missing, missing);
                Some(kept(told, ack))
            }
            Stamped::Late(told) => {
                metrics::sequence(lane, Sequence::Late, 1);
                Some(kept(told, ack))
            }
            Stamped::Repeated(fate) => {
                metrics::sequence(lane, Sequence::Repeated, 1);
                acknowledge_later(Some(ack), fate.as_slice());
                None
            }
            Stamped::Past => {
                metrics::sequence(lane, Sequence::Past, 1);
                None
            }
        }
    }

    /// A message that speaks for something that lives on a relay board is not believed: an arm has one way.
    fn bus_observed(&self, lane: &LaneId, kind: &'static str, arrival: Arrival) {
        let Some(slot) = self.routes.lanes.get(lane) else { return };
        let key = state_key(&arrival.observation).or_else(|| verdict_key(&arrival.observation));
        if key.as_ref().is_some_and(|key| read(&slot.boards).states.contains(key)) {
            metrics::inbound_rejected(kind, "wired");
            tracing::warn!(%lane, key, "a message speaks for a device that is wired to a relay board; it was refused");
            return;
        }
        let is_health = matches!(arrival.observation, Observation::Health(..));
        self.to_lane(lane, arrival);
        if is_health {
            // The lane may have forgotten what has the same name on a board.
            slot.ask_boards();
        }
    }

    fn to_registry(&self, msg: RegistryMsg) {
        match read(&self.routes.registry).as_ref() {
            // A registry that is being restarted gets the document again: it was not acknowledged.
            Some(actor) => {
                actor.cast(msg).ok();
            }
            None => match msg {
                RegistryMsg::Document(_, _, kept) => kept.withhold(),
                RegistryMsg::Prune => {}
            },
        }
    }

    /// A gateway that is being restarted gets the answer again: it was not acknowledged.
    fn to_risk(&self, answer: Answer) {
        match read(&self.routes.risk).as_ref() {
            Some(actor) => {
                actor.cast(RiskMsg::Answered(answer)).ok();
            }
            None => answer.kept.withhold(),
        }
    }
}
