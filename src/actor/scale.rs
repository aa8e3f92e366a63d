//! The scale actor: one serial line, its readings to its lane.

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::oneshot;

use super::clock::SiteClock;
use super::ingress::{Arrival, Kept};
use super::link::Router;
use crate::device::scale::{self, ScaleEvent, ScaleSettings};
use crate::metrics::{self, Up};
use crate::model::{DeviceHealth, DeviceName, LaneId, Observation};
use crate::wire::scale::WhyNot;

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
        let mut told = None;
        let sink = move |event| {
            complain(&lane, &name, &event, &mut told);
            forward(&router, &lane, &name, clock, event);
        };
        tokio::spawn(async move {
            scale::run(settings, move || clock.now().wall, sink, stopped).await;
            // The site starts the driver anew unless it is stopping itself.
            me.cast(Ended).ok();
        });
        Ok(ScaleState { _stop: stop })
    }

    async fn handle(&self, _: ActorRef<Ended>, Ended: Ended, _: &mut ScaleState) -> Result<(), ActorProcessingErr> {
        Err("the scale's driver ended".into())
    }
}

/// What stays until somebody goes to the indicator is told once, until a weight comes again.
fn complain(lane: &LaneId, name: &DeviceName, event: &ScaleEvent, told: &mut Option<WhyNot>) {
    match event {
        ScaleEvent::Unusable { why } if why.is_lasting() && *told != Some(*why) => {
            *told = Some(*why);
            tracing::warn!(%lane, device = %name, %why, "the scale gives no weight");
        }
        ScaleEvent::Reading(_) => *told = None,
        ScaleEvent::Unusable { .. }
        | ScaleEvent::Found
        | ScaleEvent::Lost { .. }
        | ScaleEvent::Garbled { .. }
        | ScaleEvent::Line(_)
        | ScaleEvent::Received(_)
        | ScaleEvent::Sent(_)
        | ScaleEvent::Decoded(_) => {}
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
            tracing::debug!(%lane, device = %name, %why, "no usable weight");
        }
        ScaleEvent::Line(diagnosis) => metrics::scale_line(lane, name, diagnosis),
        // Told only to those who watch.
        ScaleEvent::Received(_) | ScaleEvent::Sent(_) | ScaleEvent::Decoded(_) => {}
    }
}

fn health(router: &Router, lane: &LaneId, name: &DeviceName, clock: SiteClock, up: Up, detail: Option<String>) {
    let health = DeviceHealth { online: up == Up::Alive, session: None, detail, at: clock.now().wall };
    let observation = Observation::Health(name.clone(), health);
    router.to_lane(lane, Arrival { observation, kept: Kept::default() });
}
