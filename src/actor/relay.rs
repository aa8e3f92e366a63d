//! The relay actor: one line with its boards, what they observe to their lanes.

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::oneshot;

use super::clock::SiteClock;
use super::link::Router;
use crate::device::modbus::{self, LineEvent, LineHandle, LineSettings};
use crate::metrics;
use crate::model::{DeviceName, LaneId, Observation};
use crate::wire::relay::{Event, Fate, Relay};

#[derive(Debug, Clone)]
pub(super) struct RelayArgs {
    pub(super) settings: LineSettings,
    pub(super) handle: LineHandle,
    pub(super) router: Router,
    pub(super) clock: SiteClock,
}

pub(super) struct RelayActor;

/// Dropping the sender stops the driver, once it holds no contact.
pub(super) struct RelayState {
    _stop: oneshot::Sender<()>,
    forward: Forward,
    settings: LineSettings,
}

/// The driver ended.
#[derive(Debug)]
pub(super) struct Ended;

impl Actor for RelayActor {
    type Msg = Ended;
    type State = RelayState;
    type Arguments = RelayArgs;

    async fn pre_start(&self, me: ActorRef<Ended>, args: RelayArgs) -> Result<RelayState, ActorProcessingErr> {
        let (stop, stopped) = oneshot::channel();
        let RelayArgs { settings, handle, router, clock } = args;
        let forward = Forward { router, clock, boards: boards(&settings), name: settings.line.way.name() };
        let (sink, driven) = (forward.clone(), settings.clone());
        let driver = tokio::spawn(async move {
            modbus::run(driven, handle, move || clock.now(), move |event| sink.event(event), stopped).await;
        });
        tokio::spawn(async move {
            // However it ended, the actor is told.
            driver.await.ok();
            me.cast(Ended).ok();
        });
        Ok(RelayState { _stop: stop, forward, settings })
    }

    async fn handle(&self, _: ActorRef<Ended>, Ended: Ended, state: &mut RelayState) -> Result<(), ActorProcessingErr> {
        // Whoever drives the line next proves everything anew; until then nothing is known of it.
        for unit in &state.settings.line.units {
            let mut relay = Relay::new(unit.clone());
            relay.lost(state.forward.clock.now(), "the driver of the relay line is being started again");
            while let Some(event) = relay.poll_event() {
                state.forward.board(event);
            }
        }
        Err("the driver of the relay line ended".into())
    }
}

/// What each board is called in metrics: the first device that lives on it.
fn boards(settings: &LineSettings) -> Vec<Option<(LaneId, DeviceName)>> {
    let name = |unit: &crate::config::relay::RelayUnit| {
        let arm = unit.arms.first()?;
        Some((arm.lane.clone(), DeviceName::new(arm.place.as_str()).ok()?))
    };
    settings.line.units.iter().map(name).collect()
}

#[derive(Debug, Clone)]
struct Forward {
    router: Router,
    clock: SiteClock,
    boards: Vec<Option<(LaneId, DeviceName)>>,
    /// The line's name.
    name: String,
}

impl Forward {
    fn event(&self, event: LineEvent) {
        let line = &self.name;
        match event {
            LineEvent::Board(event) => self.board(event),
            LineEvent::Opened => tracing::info!(line, "boards on the relay line answer"),
            LineEvent::Cut { reason } => tracing::warn!(line, %reason, "the relay line is away"),
            LineEvent::Exchanged(index, exchange) => {
                if let Some(Some((lane, device))) = self.boards.get(index) {
                    metrics::relay_exchange(lane, device, exchange);
                }
            }
            LineEvent::Garbled { bytes } => tracing::debug!(line, bytes, "bytes on the relay line that are no answer"),
        }
    }

    fn board(&self, event: Event) {
        match event {
            Event::Observed(lane, observation) => {
                if let Observation::Health(device, health) = &observation
                    && let (false, Some(reason)) = (health.online, &health.detail)
                {
                    tracing::warn!(%lane, %device, %reason, "a relay board is away");
                }
                self.router.board_observed(&lane, observation);
            }
            Event::Commanded { lane, place, verb, id, fate } => {
                metrics::relay_command(&lane, place, verb, fate);
                let barrier = place.as_str();
                match fate {
                    Fate::Done => tracing::debug!(%lane, barrier, ?verb, %id, "the board confirmed the pulse"),
                    Fate::Unknown => {
                        tracing::warn!(%lane, barrier, ?verb, %id, "no answer to a pulse; it is not sent again");
                    }
                    Fate::NotDone(why) => tracing::warn!(%lane, barrier, ?verb, %id, %why, "a command moved nothing"),
                }
            }
            Event::Stopped(lane, place) => {
                tracing::warn!(%lane, barrier = place.as_str(), "the arm was stopped on its way down");
            }
        }
    }
}
