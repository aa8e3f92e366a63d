//! The link's task and its handle.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode, Filter, Packet, Publish, SubscribeReasonCode};
use rumqttc::v5::{AsyncClient, Event, EventLoop, MqttOptions, Request};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;

use super::ack::{Ack, Ledger};
use super::canary::send_canaries;
use super::event::{InboundMessage, LinkEvent, NotSent};
use super::outbox::{Outbox, Outgoing};
use super::send::{flush, send};
use super::settings::{LinkError, LinkSettings, options};

/// Messages received and not yet owned, of either quality of service; then the link stops reading.
const UNDER_WAY_MAX: usize = 1_024;
/// Requests that may wait for the event loop.
const REQUESTS_MAX: usize = 4_096;
/// First and longest pause before the next attempt to connect.
const PAUSE_FIRST: Duration = Duration::from_millis(100);
const PAUSE_LONGEST: Duration = Duration::from_secs(5);
/// How long a stop waits for what is in flight.
const STOP_WITHIN: Duration = Duration::from_secs(2);

type Handler = Box<dyn FnMut(LinkEvent) + Send>;

#[derive(Default)]
struct Outside {
    client: Option<AsyncClient>,
    outbox: Outbox,
}

pub(super) struct Shared {
    outside: Mutex<Outside>,
    ledger: Ledger,
    connected: AtomicBool,
    stopping: AtomicBool,
    pub(super) rebuild: Notify,
    stopped: Notify,
    pub(super) canaries_missing: AtomicU32,
    reconnects: AtomicU64,
    waits: AtomicU64,
}

/// Publishes. Cheap to clone.
#[derive(Clone)]
pub struct LinkHandle {
    pub(super) shared: Arc<Shared>,
}

impl std::fmt::Debug for LinkHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LinkHandle").field("connected", &self.is_connected()).finish_non_exhaustive()
    }
}

/// Starts a link in the current runtime. `handler` is called in the link's own task; it must not block.
///
/// # Errors
/// When the address is none.
pub fn start(settings: LinkSettings, handler: Handler) -> Result<(LinkHandle, JoinHandle<()>), LinkError> {
    let handle = LinkHandle::new();
    let task = handle.run(settings, handler)?;
    Ok((handle, task))
}

impl Default for LinkHandle {
    fn default() -> Self {
        Self::new()
    }
}

impl LinkHandle {
    /// A handle without a link: what is published waits for one.
    #[must_use]
    pub fn new() -> Self {
        Self {
            shared: Arc::new(Shared {
                outside: Mutex::default(),
                ledger: Ledger::default(),
                connected: AtomicBool::new(false),
                stopping: AtomicBool::new(false),
                rebuild: Notify::new(),
                stopped: Notify::new(),
                canaries_missing: AtomicU32::new(0),
                reconnects: AtomicU64::new(0),
                waits: AtomicU64::new(0),
            }),
        }
    }

    /// Runs the handle's link in the current runtime; again after an earlier one ended.
    ///
    /// # Errors
    /// When the address is none.
    pub fn run(&self, settings: LinkSettings, mut handler: Handler) -> Result<JoinHandle<()>, LinkError> {
        let options = options(&settings)?;
        let shared = Arc::clone(&self.shared);
        // What an earlier link left behind is void.
        self.outside().client = None;
        shared.ledger.connected(None);
        if shared.connected.swap(false, Ordering::AcqRel) {
            handler(LinkEvent::Down { reason: "the link starts anew".into() });
        }
        let canary = tokio::spawn(send_canaries(self.clone(), settings.canary.clone()));
        let permits = Arc::new(Semaphore::new(UNDER_WAY_MAX));
        let dice = RandomState::new().hash_one(std::process::id()) | 1;
        let link = Link { settings, options, handler, shared, permits, session_present: false, dice };
        Ok(tokio::spawn(async move {
            link.run().await;
            canary.abort();
        }))
    }

    fn outside(&self) -> std::sync::MutexGuard<'_, Outside> {
        self.shared.outside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the broker can be reached.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.shared.connected.load(Ordering::Acquire)
    }

    /// Connections made so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.shared.reconnects.load(Ordering::Relaxed)
    }

    /// Messages that nobody owns yet.
    #[must_use]
    pub fn unacknowledged(&self) -> usize {
        self.shared.ledger.waiting()
    }

    /// How often reading stopped because too much was under way.
    #[must_use]
    pub fn waits(&self) -> u64 {
        self.shared.waits.load(Ordering::Relaxed)
    }

    /// Events dropped because the broker was away for too long; the journal has them.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.outside().outbox.dropped
    }

    /// Publishes at least once, without waiting. While the broker is away states and events are kept.
    ///
    /// # Errors
    /// When the message would be stale by the time it could be sent.
    pub fn publish(&self, outgoing: Outgoing) -> Result<(), NotSent> {
        let mut outside = self.outside();
        let Some(client) = outside.client.clone() else {
            return outside.outbox.keep(outgoing).map_err(|_| NotSent::Away);
        };
        flush(&client, &mut outside.outbox);
        match send(&client, outgoing) {
            Ok(()) => Ok(()),
            Err(unsent) => outside.outbox.keep(unsent).map_err(|_| NotSent::Full),
        }
    }

    /// Sends what waits and takes leave of the broker.
    pub async fn shutdown(&self) {
        self.shared.stopping.store(true, Ordering::Release);
        let client = self.outside().client.clone();
        let stopped = self.shared.stopped.notified();
        match client {
            Some(client) if client.disconnect().await.is_ok() => {
                // A broker that doesn't close its side is left alone.
                tokio::time::timeout(STOP_WITHIN, stopped).await.ok();
            }
            Some(_) | None => {}
        }
    }
}

struct Link {
    settings: LinkSettings,
    options: MqttOptions,
    handler: Handler,
    shared: Arc<Shared>,
    permits: Arc<Semaphore>,
    session_present: bool,
    dice: u64,
}

/// Why a connection ended.
enum End {
    Lost(String),
    Stalled,
    Stopped,
}

impl Link {
    async fn run(mut self) {
        let mut pause = PAUSE_FIRST;
        loop {
            let (client, mut events) = AsyncClient::new(self.options.clone(), REQUESTS_MAX);
            let was_up = self.shared.reconnects.load(Ordering::Relaxed);
            let end = self.drive(&client, &mut events).await;
            self.disconnected(&mut events);
            if self.shared.stopping.load(Ordering::Acquire) {
                self.shared.stopped.notify_waiters();
                return;
            }
            match end {
                End::Lost(reason) => (self.handler)(LinkEvent::Down { reason }),
                End::Stalled => (self.handler)(LinkEvent::Stalled),
                End::Stopped => return,
            }
            if self.shared.reconnects.load(Ordering::Relaxed) > was_up {
                pause = PAUSE_FIRST;
            }
            tokio::time::sleep(pause + self.jitter(pause)).await;
            pause = (pause * 2).min(PAUSE_LONGEST);
        }
    }

    /// Up to half of the pause, so that many sites don't come back at once.
    fn jitter(&mut self, pause: Duration) -> Duration {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        let thousandths = u32::try_from(self.dice % 500).unwrap_or(0);
        pause * thousandths / 1_000
    }

    async fn drive(&mut self, client: &AsyncClient, events: &mut EventLoop) -> End {
        let shared = Arc::clone(&self.shared);
        loop {
            let event = tokio::select! {
                event = events.poll() => event,
                () = shared.rebuild.notified() => return End::Stalled,
            };
            match event {
                Ok(Event::Incoming(packet)) => {
                    if let Err(end) = self.take(client, packet).await {
                        return end;
                    }
                }
                Ok(Event::Outgoing(rumqttc::Outgoing::Disconnect)) => return End::Stopped,
                Ok(Event::Outgoing(_)) => {}
                Err(error) => return End::Lost(error.to_string()),
            }
        }
    }

    async fn take(&mut self, client: &AsyncClient, packet: Packet) -> Result<(), End> {
        match packet {
            Packet::ConnAck(connack) if connack.code == ConnectReturnCode::Success => {
                self.session_present = connack.session_present;
                self.shared.ledger.connected(Some(client.clone()));
                let filters = self.settings.subscriptions.iter();
                let filters = filters.map(|filter| Filter::new(filter.clone(), QoS::AtLeastOnce));
                client.try_subscribe_many(filters).map_err(|error| End::Lost(error.to_string()))?;
            }
            Packet::ConnAck(connack) => {
                return Err(End::Lost(format!("the broker refused the connection: {:?}", connack.code)));
            }
            Packet::SubAck(suback) => self.subscribed(client, &suback.return_codes),
            Packet::Publish(publish) => self.received(publish).await,
            Packet::Disconnect(disconnect) => {
                return Err(End::Lost(format!("the broker ended the connection: {:?}", disconnect.reason_code)));
            }
            Packet::Connect(..)
            | Packet::PubAck(_)
            | Packet::PingReq(_)
            | Packet::PingResp(_)
            | Packet::Subscribe(_)
            | Packet::PubRec(_)
            | Packet::PubRel(_)
            | Packet::PubComp(_)
            | Packet::Unsubscribe(_)
            | Packet::UnsubAck(_)
            | Packet::Auth(_) => {}
        }
        Ok(())
    }

    /// The link is up once the broker has answered for the subscriptions.
    fn subscribed(&mut self, client: &AsyncClient, codes: &[SubscribeReasonCode]) {
        for (filter, code) in self.settings.subscriptions.iter().zip(codes) {
            if !matches!(code, SubscribeReasonCode::Success(_)) {
                let code = format!("{code:?}");
                (self.handler)(LinkEvent::SubscriptionRefused { filter: filter.clone(), code });
            }
        }
        {
            let mut outside = self.shared.outside.lock().unwrap_or_else(PoisonError::into_inner);
            flush(client, &mut outside.outbox);
            outside.client = Some(client.clone());
        }
        self.shared.canaries_missing.store(0, Ordering::Relaxed);
        self.shared.connected.store(true, Ordering::Release);
        self.shared.reconnects.fetch_add(1, Ordering::Relaxed);
        (self.handler)(LinkEvent::Up { session_present: self.session_present });
    }

    async fn received(&mut self, publish: Publish) {
        let permit = match Arc::clone(&self.permits).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                self.shared.waits.fetch_add(1, Ordering::Relaxed);
                match Arc::clone(&self.permits).acquire_owned().await {
                    Ok(permit) => permit,
                    // The semaphore is never closed.
                    Err(_) => return,
                }
            }
        };
        let Ok(topic) = std::str::from_utf8(&publish.topic).map(str::to_owned) else { return };
        let correlation = publish.properties.as_ref().and_then(|properties| properties.correlation_data.clone());
        let user_properties =
            publish.properties.as_ref().map(|properties| properties.user_properties.clone()).unwrap_or_default();
        let (payload, retain, duplicate) = (publish.payload.clone(), publish.retain, publish.dup);
        let ack = match publish.qos {
            QoS::AtMostOnce => Ack::unneeded(permit),
            QoS::AtLeastOnce | QoS::ExactlyOnce => self.shared.ledger.enter(publish, permit),
        };
        if topic == self.settings.canary {
            self.shared.canaries_missing.store(0, Ordering::Relaxed);
            return;
        }
        let message = InboundMessage { topic, payload, retain, duplicate, correlation, user_properties, ack };
        (self.handler)(LinkEvent::Message(message));
    }

    /// What was on its way and doesn't expire goes out again on the next connection.
    fn disconnected(&mut self, events: &mut EventLoop) {
        self.shared.connected.store(false, Ordering::Release);
        self.shared.ledger.connected(None);
        events.clean();
        let mut outside = self.shared.outside.lock().unwrap_or_else(PoisonError::into_inner);
        outside.client = None;
        for request in events.pending.drain(..).rev() {
            if let Request::Publish(publish) = request {
                let expires = publish.properties.as_ref().and_then(|known| known.message_expiry_interval).is_some();
                if let (false, Ok(topic)) = (expires, String::from_utf8(publish.topic.to_vec())) {
                    let outgoing = Outgoing {
                        topic,
                        payload: publish.payload,
                        retain: publish.retain,
                        expiry_s: None,
                        response_topic: None,
                        correlation: None,
                    };
                    outside.outbox.put_back(outgoing);
                }
            }
        }
    }
}
