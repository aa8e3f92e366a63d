//! The listener actor: one reader or portal on a serial line, what it says to its lane.

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::oneshot;

use super::clock::SiteClock;
use super::ingress::{Arrival, Kept};
use super::link::Router;
use super::parts::SiteParts;
use crate::device::listen::{self, ListenEvent, ListenSettings};
use crate::metrics::{self, Up};
use crate::model::{DeviceHealth, DeviceName, LaneId, Observation};

#[derive(Clone)]
pub(super) struct ListenerArgs {
    pub(super) lane: LaneId,
    pub(super) name: DeviceName,
    pub(super) settings: ListenSettings,
    pub(super) router: Router,
    pub(super) clock: SiteClock,
}

pub(super) struct ListenerActor;

/// Dropping the sender stops the driver.
pub(super) struct ListenerState {
    _stop: oneshot::Sender<()>,
}

/// The driver ended.
#[derive(Debug)]
pub(super) struct Ended;

impl Actor for ListenerActor {
    type Msg = Ended;
    type State = ListenerState;
    type Arguments = ListenerArgs;

    async fn pre_start(&self, me: ActorRef<Ended>, args: ListenerArgs) -> Result<ListenerState, ActorProcessingErr> {
        let (stop, stopped) = oneshot::channel();
        let (settings, clock) = (args.settings.clone(), args.clock);
        let sink = move |event| args.forward(event);
        tokio::spawn(async move {
            listen::run(settings, move || clock.now().wall, sink, stopped).await;
            // The site starts the driver anew unless it is stopping itself.
            me.cast(Ended).ok();
        });
        Ok(ListenerState { _stop: stop })
    }

    async fn handle(&self, _: ActorRef<Ended>, Ended: Ended, _: &mut ListenerState) -> Result<(), ActorProcessingErr> {
        Err("the device's driver ended".into())
    }
}

impl ListenerArgs {
    /// The device of that name, as the site knows it.
    pub(super) fn of(parts: &SiteParts, lane: &LaneId, name: &DeviceName) -> Option<Self> {
        let lane_parts = parts.lanes.iter().find(|found| found.setup.lane == *lane)?;
        let (_, settings) = lane_parts.listeners.iter().find(|(known, _)| known == name)?;
        let (lane, name, settings) = (lane.clone(), name.clone(), settings.clone());
        Some(Self { lane, name, settings, router: parts.router.clone(), clock: parts.clock })
    }

    fn forward(&self, event: ListenEvent) {
        let Self { lane, name, .. } = self;
        match event {
            ListenEvent::Document(scan) => {
                metrics::serial_message(lane, name, "read");
                self.observe(Observation::Document(name.clone(), scan));
            }
            ListenEvent::Radiation(reading, why) => {
                metrics::serial_message(lane, name, "read");
                if let Some(why) = why {
                    tracing::warn!(%lane, device = %name, why, "the portal's verdict is a fault, or is to be doubted");
                }
                self.observe(Observation::Radiation(name.clone(), reading));
            }
            ListenEvent::Duplicate => metrics::serial_message(lane, name, "duplicate"),
            ListenEvent::Refused(why) => {
                metrics::serial_message(lane, name, why);
                tracing::debug!(%lane, device = %name, why, "what the device sent was not understood");
            }
            // Told to a technician who watches, and to nobody here.
            ListenEvent::Received(_) | ListenEvent::Sent(_) => {}
            ListenEvent::Found => self.health(Up::Alive, None),
            ListenEvent::Lost { reason } => {
                tracing::warn!(%lane, device = %name, %reason, "the device is away");
                self.health(Up::Away, Some(reason));
            }
        }
    }

    fn health(&self, up: Up, detail: Option<String>) {
        metrics::device_up(&self.lane, &self.name, up);
        let health = DeviceHealth { online: up == Up::Alive, session: None, detail, at: self.clock.now().wall };
        self.observe(Observation::Health(self.name.clone(), health));
    }

    fn observe(&self, observation: Observation) {
        self.router.to_lane(&self.lane, Arrival { observation, kept: Kept::default() });
    }
}
