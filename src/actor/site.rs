//! The site: starts every actor, restarts a child that dies after a growing pause, stops all in order.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ractor::{Actor, ActorCell, ActorId, ActorProcessingErr, ActorRef, SupervisionEvent};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::board::Part;
use super::bus::LinkActor;
use super::clock::StepWatch;
use super::desk::serve_desk;
use super::journal::{JournalKeeper, KeeperArgs};
use super::lane::{Decider, LaneActor, LaneArgs, LaneMsg};
use super::link::Router;
use super::listener::{ListenerActor, ListenerArgs};
use super::pace::{FORGIVEN_AFTER, pause};
use super::parts::{LaneParts, SiteParts};
use super::registry::{RegistryActor, RegistryArgs};
use super::relay::{RelayActor, RelayArgs};
use super::restart;
use super::risk::{RiskActor, RiskArgs};
use super::scale::{ScaleActor, ScaleArgs};
use super::selection::SelectionKeeper;
use crate::lane::{Clock, Input};
use crate::metrics;
use crate::model::{DeviceName, LaneId, Mono, Phase};

/// How often the site looks at clocks and depths.
const TICK: Duration = Duration::from_secs(1);
/// How long lanes may take to bring their arms down when the controller stops.
const SECURE_WITHIN: Duration = Duration::from_secs(5);
/// How long an actor may take to answer before it counts as stuck.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// A child of the site.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Child {
    Journal,
    Registry,
    Selection,
    Risk,
    Lane(LaneId),
    Scale(LaneId),
    /// A reader or a portal on a serial line.
    Listener(LaneId, DeviceName),
    /// A relay line, by its index.
    Relay(usize),
    Link,
}

impl Child {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Journal => "journal",
            Self::Registry => "registry",
            Self::Selection => "selection",
            Self::Risk => "risk",
            Self::Lane(_) => "lane",
            Self::Scale(_) => "scale",
            Self::Listener(..) => "listener",
            Self::Relay(_) => "relay",
            Self::Link => "link",
        }
    }
}

/// What the site is told.
#[derive(Debug)]
pub(super) enum SiteMsg {
    Tick,
    Start(StartChild),
    /// Bring every lane to its safe state; answered when it is, or when that took too long.
    Secure(oneshot::Sender<()>),
}

/// A child to be started again.
#[derive(Debug)]
pub(super) struct StartChild(Child);

#[derive(Debug, Clone, Copy, Default)]
struct Life {
    deaths: u32,
    started: Mono,
}

pub(super) struct SiteActor;

pub(super) struct SiteState {
    parts: SiteParts,
    steps: StepWatch,
    running: BTreeMap<ActorId, Child>,
    lives: BTreeMap<Child, Life>,
    desk: JoinHandle<()>,
    stopping: bool,
}

impl Drop for SiteState {
    fn drop(&mut self) {
        self.desk.abort();
    }
}

impl Actor for SiteActor {
    type Msg = SiteMsg;
    type State = SiteState;
    type Arguments = SiteParts;

    async fn pre_start(&self, me: ActorRef<SiteMsg>, mut parts: SiteParts) -> Result<SiteState, ActorProcessingErr> {
        let (_, closed) = mpsc::channel(1);
        let desk = std::mem::replace(&mut parts.desk, closed);
        let desk = tokio::spawn(serve_desk(desk, parts.router.clone()));
        let mut state = SiteState {
            steps: StepWatch::new(parts.clock.now()),
            running: BTreeMap::new(),
            lives: BTreeMap::new(),
            desk,
            stopping: false,
            parts,
        };
        for child in state.children() {
            state.start(&me, child).await?;
        }
        state.parts.board.set_back(Part::Start, "site");
        drop(me.send_interval(TICK, || SiteMsg::Tick));
        Ok(state)
    }

    async fn handle(
        &self,
        me: ActorRef<SiteMsg>,
        msg: SiteMsg,
        state: &mut SiteState,
    ) -> Result<(), ActorProcessingErr> {
        match msg {
            SiteMsg::Tick => state.tick(),
            SiteMsg::Start(StartChild(child)) => {
                if let Err(error) = state.start(&me, child.clone()).await {
                    tracing::error!(?child, %error, "an actor could not be started; it is tried again");
                    state.died(&me, child);
                }
            }
            SiteMsg::Secure(done) => state.secure(done),
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        me: ActorRef<SiteMsg>,
        event: SupervisionEvent,
        state: &mut SiteState,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorFailed(who, why) => state.ended(&me, &who, &why.to_string()),
            SupervisionEvent::ActorTerminated(who, _, why) => {
                state.ended(&me, &who, why.as_deref().unwrap_or("it stopped"));
            }
            SupervisionEvent::ActorStarted(_) | SupervisionEvent::ProcessGroupChanged(_) => {}
        }
        Ok(())
    }
}

impl SiteState {
    fn children(&self) -> Vec<Child> {
        let mut children = vec![Child::Journal, Child::Registry];
        if self.parts.keeper.is_some() {
            children.push(Child::Selection);
        }
        if self.parts.rms.is_some() {
            children.push(Child::Risk);
        }
        for lane in &self.parts.lanes {
            children.push(Child::Lane(lane.setup.lane.clone()));
            if lane.scale.is_some() {
                children.push(Child::Scale(lane.setup.lane.clone()));
            }
            let names = lane.listeners.iter().map(|(name, _)| name.clone());
            children.extend(names.map(|name| Child::Listener(lane.setup.lane.clone(), name)));
        }
        children.extend((0..self.parts.relays.len()).map(Child::Relay));
        // Last, so that its first message finds every lane.
        children.push(Child::Link);
        children
    }

    async fn start(&mut self, me: &ActorRef<SiteMsg>, child: Child) -> Result<(), ActorProcessingErr> {
        let cell = match &child {
            Child::Journal => {
                let args = KeeperArgs::of(&self.parts);
                Actor::spawn_linked(None, JournalKeeper, args, me.get_cell()).await?.0.get_cell()
            }
            Child::Registry => self.start_registry(me).await?,
            Child::Selection => {
                let keeper = self.parts.keeper.clone().ok_or("the site has no local profiles")?;
                Actor::spawn_linked(None, SelectionKeeper, keeper, me.get_cell()).await?.0.get_cell()
            }
            Child::Risk => self.start_risk(me).await?,
            Child::Lane(lane) => self.start_lane(me, lane).await?,
            Child::Scale(lane) => self.start_scale(me, lane).await?,
            Child::Listener(lane, name) => {
                let args = ListenerArgs::of(&self.parts, lane, name).ok_or("no such device")?;
                Actor::spawn_linked(None, ListenerActor, args, me.get_cell()).await?.0.get_cell()
            }
            Child::Relay(index) => self.start_relay(me, *index).await?,
            Child::Link => {
                let args = self.parts.link.clone();
                Actor::spawn_linked(None, LinkActor, args, me.get_cell()).await?.0.get_cell()
            }
        };
        self.running.insert(cell.get_id(), child.clone());
        self.lives.entry(child).or_default().started = self.parts.clock.mono();
        Ok(())
    }

    async fn start_registry(&self, me: &ActorRef<SiteMsg>) -> Result<ActorCell, ActorProcessingErr> {
        let args = RegistryArgs {
            registry: Arc::clone(&self.parts.registry),
            outlet: self.parts.outlet.clone(),
            router: self.parts.router.clone(),
            clock: self.parts.clock,
            kept: self.parts.notification_kept,
        };
        let (actor, _) = Actor::spawn_linked(None, RegistryActor, args, me.get_cell()).await?;
        self.parts.router.set_registry(actor.clone());
        Ok(actor.get_cell())
    }

    async fn start_risk(&self, me: &ActorRef<SiteMsg>) -> Result<ActorCell, ActorProcessingErr> {
        let Some(rms) = &self.parts.rms else { return Err("the site asks no RMS".into()) };
        let args = RiskArgs {
            site: self.parts.site.clone(),
            settings: rms.settings,
            pre_arrival: rms.pre_arrival,
            keys: rms.keys.clone(),
            registry: Arc::clone(&self.parts.registry),
            policy: Arc::clone(&self.parts.policy),
            router: self.parts.router.clone(),
            local: self.parts.local.clone(),
            outlet: self.parts.outlet.clone(),
            clock: self.parts.clock,
        };
        let (actor, _) = Actor::spawn_linked(None, RiskActor, args, me.get_cell()).await?;
        self.parts.router.set_risk(actor.clone());
        Ok(actor.get_cell())
    }

    async fn start_lane(&self, me: &ActorRef<SiteMsg>, lane: &LaneId) -> Result<ActorCell, ActorProcessingErr> {
        let parts = self.lane_parts(lane)?;
        let ingress = self.parts.router.ingress(lane).ok_or("no such lane")?;
        let reader = self.parts.reader.as_ref();
        let decider = match &self.parts.rms {
            Some(_) => Decider::Rms(self.parts.router.clone()),
            None => Decider::Local,
        };
        let args = LaneArgs {
            setup: parts.setup.clone(),
            restored: restart::open_passage(reader, lane)?,
            service: restart::service(reader, lane)?,
            evacuation: restart::evacuation(reader, lane)?,
            journal: Arc::clone(&self.parts.journal),
            registry: Arc::clone(&self.parts.registry),
            policy: Arc::clone(&self.parts.policy),
            decider,
            local: self.parts.local.clone(),
            outlet: self.parts.outlet.clone(),
            ingress,
            board: self.parts.board.clone(),
            clock: self.parts.clock,
            link: self.parts.router.link(),
        };
        let (actor, _) = Actor::spawn_linked(None, LaneActor, args, me.get_cell()).await?;
        self.parts.router.lane_started(lane, actor.clone());
        Ok(actor.get_cell())
    }

    async fn start_scale(&self, me: &ActorRef<SiteMsg>, lane: &LaneId) -> Result<ActorCell, ActorProcessingErr> {
        let (name, settings) = self.lane_parts(lane)?.scale.clone().ok_or("the lane has no serial scale")?;
        let args = ScaleArgs {
            lane: lane.clone(),
            name,
            settings,
            router: self.parts.router.clone(),
            clock: self.parts.clock,
        };
        Ok(Actor::spawn_linked(None, ScaleActor, args, me.get_cell()).await?.0.get_cell())
    }

    async fn start_relay(&self, me: &ActorRef<SiteMsg>, index: usize) -> Result<ActorCell, ActorProcessingErr> {
        let (settings, handle) = self.parts.relays.get(index).cloned().ok_or("no such relay line")?;
        let args = RelayArgs { settings, handle, router: self.parts.router.clone(), clock: self.parts.clock };
        Ok(Actor::spawn_linked(None, RelayActor, args, me.get_cell()).await?.0.get_cell())
    }

    fn lane_parts(&self, lane: &LaneId) -> Result<&LaneParts, ActorProcessingErr> {
        self.parts.lanes.iter().find(|parts| parts.setup.lane == *lane).ok_or_else(|| "no such lane".into())
    }

    /// What the journal says stands in the lane. Several open passages can't be: the last one counts.
    fn ended(&mut self, me: &ActorRef<SiteMsg>, who: &ActorCell, why: &str) {
        let Some(child) = self.running.remove(&who.get_id()) else { return };
        if self.stopping {
            return;
        }
        tracing::error!(?child, why, "an actor ended; it is started again");
        if let Child::Lane(lane) = &child {
            self.parts.router.lane_stopped(lane);
        }
        self.died(me, child);
    }

    fn died(&mut self, me: &ActorRef<SiteMsg>, child: Child) {
        metrics::actor_restarted(child.kind());
        let now = self.parts.clock.mono();
        let life = self.lives.entry(child.clone()).or_default();
        if now.since(life.started) > FORGIVEN_AFTER {
            life.deaths = 0;
        }
        let wait = pause(life.deaths, now.as_micros());
        life.deaths = life.deaths.saturating_add(1);
        drop(me.send_after(wait, move || SiteMsg::Start(StartChild(child))));
    }

    fn tick(&mut self) {
        if self.steps.stepped(self.parts.clock.now()) {
            tracing::warn!("the wall clock was set; pending authorities are void");
            self.parts.router.to_all(&Input::Clock(Clock::Stepped));
        }
        for lane in &self.parts.lanes {
            if let Some(ingress) = self.parts.router.ingress(&lane.setup.lane) {
                metrics::mailbox_depth(&lane.setup.lane, ingress.depth());
            }
        }
    }

    fn secure(&mut self, done: oneshot::Sender<()>) {
        self.stopping = true;
        self.parts.board.set_away(Part::Start, "site", "the controller is stopping");
        self.parts.router.to_all(&Input::Stop);
        let (board, clock) = (self.parts.board.clone(), self.parts.clock);
        tokio::spawn(async move {
            let end = clock.mono() + SECURE_WITHIN;
            while clock.mono() < end && board.lanes().iter().any(|lane| is_moving(lane.phase)) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            done.send(()).ok();
        });
    }
}

const fn is_moving(phase: Phase) -> bool {
    match phase {
        Phase::Releasing | Phase::Clearing => true,
        Phase::Vacant | Phase::Occupied | Phase::Assessing | Phase::Held | Phase::OutOfService => false,
    }
}

/// Whether every lane that runs answers: the end-to-end tick that feeds the watchdog.
pub(super) async fn all_answer(router: &Router, lanes: &[LaneId]) -> bool {
    for lane in lanes {
        let (answer, answered) = oneshot::channel();
        // A lane between two starts is known to the site and held; it is no reason to stop everything.
        if router.cast(lane, LaneMsg::Ping(answer)) && tokio::time::timeout(ANSWER_WITHIN, answered).await.is_err() {
            return false;
        }
    }
    true
}
