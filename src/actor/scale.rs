//! The scale actor: one serial line, its readings to its lane.

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::oneshot;

use super::clock::SiteClock;
use super::ingress::{Arrival, Kept};
use super::link::Router;
use crate::device::serial::{self, ScaleEvent, ScaleSettings};
use crate::metrics::{self, Up};
use crate::model::{DeviceHealth, DeviceName, LaneId, Observation};

pub(super) struct ScaleArgs {
    pub(super) lane: LaneId,
    pub(super) name: DeviceName,
    pub(super) settings: ScaleSettings,
    pub(super) router: Router,
    pub(super) clock: SiteClock,
}

pub(super) struct ScaleActor;

/// Dropping the sender stops the driver.
pub(super) struct ScaleState {
    _stop: oneshot::Sender<()>,
}

/// The driver ended.
#[derive(Debug)]
pub(super) struct Ended;

impl Actor for ScaleActor {
    type Msg = Ended;
    type State = ScaleState;
    type Arguments = ScaleArgs;

    async fn pre_start(&self, me: ActorRef<Ended>, args: ScaleArgs) -> Result<ScaleState, ActorProcessingErr> {
        let (stop, stopped) = oneshot::channel();
        let ScaleArgs { lane, name, settings, router, clock } = args;
        let sink = move |event| forward(&router, &lane, &name, clock, event);
        tokio::spawn(async move {
            serial::run(settings, move || clock.now().wall, sink, stopped).await;
            // The site starts the driver anew unless it is stopping itself.
            me.cast(Ended).ok();
        });
        Ok(ScaleState { _stop: stop })
    }

    async fn handle(&self, _: ActorRef<Ended>, Ended: Ended, _: &mut ScaleState) -> Result<(), ActorProcessingErr> {
        Err("the serial driver ended".into())
    }
}

fn forward(router: &Router, lane: &LaneId, name: &DeviceName, clock: SiteClock, event: ScaleEvent) {
    match event {
        ScaleEvent::Reading(reading) => {
            metrics::scale_frame(lane, name, metrics::Frame::Good);
            let observation = Observation::Weight(name.clone(), reading);
            router.to_lane(lane, Arrival { observation, kept: Kept::default() });
        }
        ScaleEvent::Found => health(router, lane, name, clock, Up::Alive, None),
        ScaleEvent::Lost { reason, diagnosis } => {
            tracing::warn!(%lane, device = %name, %reason, ?diagnosis, "the scale is away");
            health(router, lane, name, clock, Up::Away, Some(reason));
        }
        ScaleEvent::Garbled { skipped_bytes } => {
            metrics::scale_frame(lane, name, metrics::Frame::Garbled);
            tracing::debug!(%lane, device = %name, skipped_bytes, "bytes on the line that are no frame");
        }
        ScaleEvent::Unusable { why } => {
            metrics::scale_frame(lane, name, metrics::Frame::Unusable);
            tracing::debug!(%lane, device = %name, why, "no usable weight");
        }
    }
}

fn health(router: &Router, lane: &LaneId, name: &DeviceName, clock: SiteClock, up: Up, detail: Option<String>) {
    metrics::device_up(lane, name, up);
    let health = DeviceHealth { online: up == Up::Alive, session: None, detail, at: clock.now().wall };
    let observation = Observation::Health(name.clone(), health);
    router.to_lane(lane, Arrival { observation, kept: Kept::default() });
}
