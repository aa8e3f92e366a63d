//! From the link to whom it concerns: one parse, one hop.

mod inbound;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use ractor::ActorRef;

use super::board::{Board, Part};
use super::clock::SiteClock;
use super::gate::Gate;
use super::ingress::{Arrival, Ingress, Kept};
use super::intake::Cameras;
use super::lane::LaneMsg;
use super::registry::RegistryMsg;
use super::risk::RiskMsg;
use super::seldom::Seldom;
use super::sequence::Sequences;
use crate::device::modbus::LineHandle;
use crate::device::mqtt::{LinkEvent, LinkHandle};
use crate::lane::{Input, Link};
use crate::metrics;
use crate::model::risk::RiskWord;
use crate::model::{
    BarrierMode, BarrierPlace, BarrierState, DeviceName, LaneId, Observation, Position, RiskRequest, SiteId,
};

/// How many device states are remembered for a lane that is being restarted.
const STATES_MAX: usize = 64;

/// Where a lane's messages go.
#[derive(Debug)]
struct Slot {
    ingress: Ingress,
    actor: RwLock<Option<ActorRef<LaneMsg>>>,
    /// The last state of each loop, barrier and device, for a lane actor that starts anew.
    states: RwLock<BTreeMap<String, Observation>>,
    boards: RwLock<Boards>,
    gate: Gate,
    sequences: Sequences,
    refusals: Seldom,
}

/// What of a lane lives on relay boards.
#[derive(Debug, Default)]
pub(super) struct Boards {
    /// Keys of the states that come from boards alone: a message that says otherwise is not believed.
    pub(super) states: BTreeSet<String>,
    pub(super) lines: Vec<LineHandle>,
}

#[derive(Debug)]
struct Routes {
    site: SiteId,
    lanes: BTreeMap<LaneId, Slot>,
    registry: RwLock<Option<ActorRef<RegistryMsg>>>,
    risk: RwLock<Option<ActorRef<RiskMsg>>>,
    link: RwLock<Link>,
    board: Board,
    cameras: Cameras,
    clock: SiteClock,
    /// To clear what the broker must not keep.
    out: LinkHandle,
    /// Command topics that this connection has cleared.
    cleared: RwLock<BTreeSet<String>>,
}

/// Knows where each message goes. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Router {
    routes: Arc<Routes>,
}

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

impl Router {
    pub(super) fn new(
        site: SiteId,
        lanes: impl IntoIterator<Item = LaneId>,
        board: Board,
        cameras: Cameras,
        clock: SiteClock,
        out: LinkHandle,
    ) -> Self {
        let slot = || Slot {
            ingress: Ingress::new(),
            actor: RwLock::default(),
            states: RwLock::default(),
            boards: RwLock::default(),
            gate: Gate::default(),
            sequences: Sequences::default(),
            refusals: Seldom::default(),
        };
        let lanes = lanes.into_iter().map(|lane| (lane, slot())).collect();
        let (registry, risk, link) = (RwLock::default(), RwLock::default(), RwLock::new(Link::Down));
        let cleared = RwLock::default();
        let routes = Routes { site, lanes, registry, risk, link, board, cameras, clock, out, cleared };
        Self { routes: Arc::new(routes) }
    }

    /// The cameras that speak their vendor's format.
    pub(super) fn cameras(&self) -> &Cameras {
        &self.routes.cameras
    }

    pub(super) fn ingress(&self, lane: &LaneId) -> Option<Ingress> {
        self.routes.lanes.get(lane).map(|slot| slot.ingress.clone())
    }

    pub(super) fn link(&self) -> Link {
        *read(&self.routes.link)
    }

    /// A lane actor started: it gets the states that its devices reported to the one before it.
    pub(super) fn lane_started(&self, lane: &LaneId, actor: ActorRef<LaneMsg>) {
        let Some(slot) = self.routes.lanes.get(lane) else { return };
        for observation in read(&slot.states).values() {
            let arrival = Arrival { observation: observation.clone(), kept: Kept::default() };
            actor.cast(LaneMsg::Arrived(arrival)).ok();
        }
        *write(&slot.actor) = Some(actor);
        // The link may have changed while the actor started; the same again changes nothing.
        slot.cast(LaneMsg::Feed(Input::Link(self.link())));
        slot.ask_boards();
    }

    /// Says what of a lane lives on relay boards.
    pub(super) fn wire(&self, lane: &LaneId, boards: Boards) {
        if let Some(slot) = self.routes.lanes.get(lane) {
            *write(&slot.boards) = boards;
        }
    }

    pub(super) fn lane_stopped(&self, lane: &LaneId) {
        if let Some(slot) = self.routes.lanes.get(lane) {
            *write(&slot.actor) = None;
        }
    }

    pub(super) fn set_registry(&self, actor: ActorRef<RegistryMsg>) {
        *write(&self.routes.registry) = Some(actor);
    }

    pub(super) fn set_risk(&self, actor: ActorRef<RiskMsg>) {
        *write(&self.routes.risk) = Some(actor);
    }

    /// Hands a message to its lane. A lane that is being restarted gets states again, and nothing else.
    pub(super) fn to_lane(&self, lane: &LaneId, arrival: Arrival) {
        let Some(slot) = self.routes.lanes.get(lane) else { return };
        slot.remember(&arrival.observation);
        let Some(arrival) = slot.ingress.admit(arrival) else { return };
        slot.cast(LaneMsg::Arrived(arrival));
    }

    /// Hands over what a relay board observed.
    pub(super) fn board_observed(&self, lane: &LaneId, observation: Observation) {
        let Some(slot) = self.routes.lanes.get(lane) else { return };
        let Some(observation) = slot.as_its_own(observation) else { return };
        if let Observation::Health(device, health) = &observation
            && !health.online
        {
            slot.forget_board(device);
        }
        self.to_lane(lane, Arrival { observation, kept: Kept::default() });
    }

    /// Hands anything to a lane; whether it runs.
    pub(super) fn cast(&self, lane: &LaneId, msg: LaneMsg) -> bool {
        self.routes.lanes.get(lane).is_some_and(|slot| slot.cast(msg))
    }

    #[cfg(test)]
    pub(super) fn lane_actor(&self, lane: &LaneId) -> Option<ActorRef<LaneMsg>> {
        self.routes.lanes.get(lane).and_then(|slot| read(&slot.actor).clone())
    }

    pub(super) fn to_all(&self, input: &Input) {
        for slot in self.routes.lanes.values() {
            slot.cast(LaneMsg::Feed(input.clone()));
        }
    }

    pub(super) fn register_changed(&self) {
        for slot in self.routes.lanes.values() {
            slot.cast(LaneMsg::RegisterChanged);
        }
    }

    /// Asks the risk gateway for a lane; whether it runs.
    pub(super) fn ask_risk(&self, request: RiskRequest, lane: ActorRef<LaneMsg>) -> bool {
        let gateway = read(&self.routes.risk);
        gateway.as_ref().is_some_and(|actor| actor.cast(RiskMsg::Ask(Box::new(request), lane)).is_ok())
    }

    /// Takes what the link reports, in the link's own task.
    pub(super) fn on_link(&self, event: LinkEvent) {
        match event {
            LinkEvent::Up { session_present } => {
                tracing::info!(session_present, "connected to the broker");
                metrics::mqtt_connection();
                for refusal in ["subscription", "publish", "takeover"] {
                    self.routes.board.set_back(Part::Broker, refusal);
                }
                write(&self.routes.cleared).clear();
                self.set_link(Link::Up);
            }
            LinkEvent::Down { reason } => {
                tracing::warn!(%reason, "the broker can not be reached; lanes hold");
                self.set_link(Link::Down);
            }
            LinkEvent::Stalled => {
                tracing::warn!("the broker does not carry messages; lanes hold");
                self.set_link(Link::Down);
            }
            LinkEvent::SubscriptionRefused { filter, code } => {
                let reason = format!("the broker refused the subscription {filter} ({code})");
                tracing::error!(%reason, "check the broker's access rules");
                metrics::mqtt_refused("subscription");
                self.routes.board.set_away(Part::Broker, "subscription", &reason);
            }
            LinkEvent::PublishRefused { topic, code } => {
                let reason = format!("the broker refused a message on {topic} ({code})");
                tracing::error!(%reason, "check the broker's access rules");
                metrics::mqtt_refused("publish");
                self.routes.board.set_away(Part::Broker, "publish", &reason);
            }
            LinkEvent::TakenOver { times } => {
                let reason = format!(
                    "the broker gave the session away or closed the connection {times} times within a minute: another \
                     client may use the controller's client id"
                );
                tracing::error!(%reason, "two controllers, or an intruder; lanes hold");
                metrics::mqtt_taken_over();
                self.routes.board.set_away(Part::Broker, "takeover", &reason);
                self.set_link(Link::Down);
            }
            LinkEvent::Message(message) => self.on_message(message),
        }
    }

    fn set_link(&self, link: Link) {
        let before = std::mem::replace(&mut *write(&self.routes.link), link);
        metrics::mqtt_connected(link == Link::Up);
        match link {
            Link::Up => self.routes.board.set_back(Part::Broker, "mqtt"),
            Link::Down => {
                self.routes.board.set_away(Part::Broker, "mqtt", "the broker can not be reached");
                for slot in self.routes.lanes.values() {
                    write(&slot.states).clear();
                    slot.gate.forget();
                    slot.sequences.forget_states();
                }
            }
        }
        if before != link {
            self.to_all(&Input::Link(link));
            // A lane forgets every state with the link, whichever way it came.
            self.routes.lanes.values().for_each(Slot::ask_boards);
        }
    }

    /// A notification came in, or something that goes with it.
    pub(super) fn assess(&self, notification: String) {
        if let Some(actor) = read(&self.routes.risk).as_ref() {
            actor.cast(RiskMsg::Assess(notification)).ok();
        }
    }

    /// The RMS said something that lanes may have to know of. What can strengthen nothing is not carried to a
    /// thousand of them.
    pub(super) fn risk_heard(&self, word: &Arc<RiskWord>) {
        if !word.decision().is_weakest() {
            self.to_all(&Input::RiskHeard(Arc::clone(word)));
        }
    }
}

impl Slot {
    /// Asks the lane's boards to tell everything again.
    fn ask_boards(&self) {
        for line in &read(&self.boards).lines {
            line.report();
        }
    }

    /// An arm on a board may share its name with a loop on the bus, whose birth and death are the bus's to tell: then
    /// a board that is away is a fault of the arm, and nothing is said of its health.
    fn as_its_own(&self, observation: Observation) -> Option<Observation> {
        let Observation::Health(device, health) = &observation else { return Some(observation) };
        if read(&self.boards).states.contains(&format!("health/{device}")) {
            return Some(observation);
        }
        let place = BarrierPlace::ALL.into_iter().find(|place| place.as_str() == device.as_str())?;
        (!health.online).then(|| {
            let fault = Some("board_away".to_owned());
            let (position, mode) = (Position::Unknown, BarrierMode::Remote);
            Observation::Barrier(place, BarrierState { position, mode, fault, command_id: None, at: health.at })
        })
    }

    /// What a board told of a device is void.
    fn forget_board(&self, device: &DeviceName) {
        let wired = &read(&self.boards).states;
        let its_own = |key: &str| key.rsplit_once('/').is_some_and(|(_, name)| name == device.as_str());
        write(&self.states).retain(|key, _| !(wired.contains(key) && its_own(key)));
    }

    fn cast(&self, msg: LaneMsg) -> bool {
        read(&self.actor).as_ref().is_some_and(|actor| actor.cast(msg).is_ok())
    }

    fn remember(&self, observation: &Observation) {
        let Some(key) = state_key(observation) else { return };
        let mut states = write(&self.states);
        if states.len() < STATES_MAX || states.contains_key(&key) {
            states.insert(key, observation.clone());
        }
    }
}

/// What a wired portal alone may say; it is no state, and nothing of it is kept.
fn verdict_key(observation: &Observation) -> Option<String> {
    if let Observation::Radiation(portal, _) = observation { Some(format!("radiation/{portal}")) } else { None }
}

/// States are worth remembering; readings are not.
fn state_key(observation: &Observation) -> Option<String> {
    let health = |device: &DeviceName| format!("health/{device}");
    match observation {
        Observation::Loop(place, _) => Some(format!("loop/{}", place.as_str())),
        Observation::PairLoop(place, _) => Some(format!("loop/{}", place.pair_str())),
        Observation::Barrier(place, _) => Some(format!("barrier/{}", place.as_str())),
        Observation::Health(device, _) => Some(health(device)),
        Observation::Plate(..)
        | Observation::Weight(..)
        | Observation::Radiation(..)
        | Observation::Document(..)
        | Observation::Seal(..)
        | Observation::Call(..) => None,
    }
}
