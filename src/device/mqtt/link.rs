//! The link's task: connects, subscribes, takes what comes, and begins anew.

use std::hash::{BuildHasher, RandomState};
use std::io::ErrorKind;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    ConnectReturnCode, DisconnectReasonCode, Filter, Packet, PubAck, PubAckReason, Publish, SubscribeReasonCode,
};
use rumqttc::v5::{AsyncClient, ConnectionError, Event, EventLoop, MqttOptions, StateError};
use tokio::sync::Semaphore;
use tokio::time::{Instant, Interval};

use super::ack::Ack;
use super::event::{InboundMessage, LinkEvent};
use super::handle::{Handler, Outside, Shared};
use super::outbox::Outgoing;
use super::send::{flush, unsent};
use super::settings::{LinkError, LinkSettings, options};
use super::takeover::{LEFT_FOR, TAKEOVERS_MAX, Takeovers};

/// Messages received and not yet owned, of either quality of service; then the link stops reading.
const UNDER_WAY_MAX: usize = 1_024;
/// Requests that may wait for the event loop.
const REQUESTS_MAX: usize = 4_096;
/// First and longest pause before the next attempt to connect.
const PAUSE_FIRST: Duration = Duration::from_millis(100);
const PAUSE_LONGEST: Duration = Duration::from_secs(5);
/// A connection that held so long was a good one: the next pause is short again.
const STEADY_AFTER: Duration = Duration::from_secs(5);
/// Without an answer to a message for so long the client is built anew: it may be wedged, or the way half open.
const ANSWERED_WITHIN: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often a connection says its birth again because something else stands in its place.
const BIRTHS_AGAIN_MAX: u32 = 3;
pub(super) struct Link {
    settings: LinkSettings,
    options: MqttOptions,
    filters: Vec<Filter>,
    handler: Handler,
    shared: Arc<Shared>,
    permits: Arc<Semaphore>,
    session_present: bool,
    up_since: Option<Instant>,
    births_again: u32,
    takeovers: Takeovers,
    dice: u64,
}

/// Why a connection ended.
enum End {
    Lost(String),
    Stalled,
    /// The broker says that another client has our session.
    TakenOver,
    /// The broker closed the connection and says nothing: mosquitto 2.0.11 does that at a takeover, too.
    Closed(String),
    Stopped,
}

impl Link {
    /// A link that does not run yet.
    pub(super) fn new(settings: LinkSettings, mut handler: Handler, shared: Arc<Shared>) -> Result<Self, LinkError> {
        let (options, filters) = (options(&settings)?, settings.filters());
        if shared.connected.swap(false, Ordering::AcqRel) {
            handler(LinkEvent::Down { reason: "the link starts anew".into() });
        }
        Ok(Self {
            settings,
            options,
            filters,
            handler,
            shared,
            permits: Arc::new(Semaphore::new(UNDER_WAY_MAX)),
            session_present: false,
            up_since: None,
            births_again: 0,
            takeovers: Takeovers::default(),
            dice: RandomState::new().hash_one(std::process::id()) | 1,
        })
    }

    /// The topic of our canary.
    pub(super) fn canary(&self) -> String {
        self.settings.canary.clone()
    }

    /// Runs until it is stopped.
    pub(super) async fn run(mut self) {
        let mut pause = PAUSE_FIRST;
        loop {
            let (client, mut events) = AsyncClient::new(self.options.clone(), REQUESTS_MAX);
            let end = self.drive(&client, &mut events).await;
            self.disconnected(&mut events);
            if self.shared.stopping.load(Ordering::Acquire) {
                self.shared.stopped.notify_waiters();
                return;
            }
            if self.up_since.take().is_some_and(|at| at.elapsed() >= STEADY_AFTER) {
                pause = PAUSE_FIRST;
            }
            match end {
                End::Lost(reason) => (self.handler)(LinkEvent::Down { reason }),
                End::Stalled => (self.handler)(LinkEvent::Stalled),
                End::TakenOver => {
                    let times = self.takeovers.note(Instant::now());
                    (self.handler)(LinkEvent::TakenOver { times });
                    if times > TAKEOVERS_MAX {
                        pause = LEFT_FOR;
                    }
                }
                End::Closed(reason) => {
                    let times = self.takeovers.note(Instant::now());
                    if times > TAKEOVERS_MAX {
                        (self.handler)(LinkEvent::TakenOver { times });
                        pause = PAUSE_LONGEST;
                    } else {
                        (self.handler)(LinkEvent::Down { reason });
                    }
                }
                End::Stopped => return,
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
        let mut look = tokio::time::interval(LOOK_EVERY);
        loop {
            let Some(event) = next(&shared, events, &mut look).await else { return End::Stalled };
            match event {
                Ok(Event::Incoming(packet)) => {
                    if let Err(end) = self.take(client, packet).await {
                        return end;
                    }
                }
                Ok(Event::Outgoing(rumqttc::Outgoing::Disconnect)) => return End::Stopped,
                Ok(Event::Outgoing(rumqttc::Outgoing::Publish(id))) => self.outside().flight.sent(id),
                Ok(Event::Outgoing(rumqttc::Outgoing::AwaitAck(id))) => self.outside().flight.parked(id),
                Ok(Event::Outgoing(_)) => {}
                Err(ConnectionError::MqttState(StateError::ServerDisconnect {
                    reason_code: DisconnectReasonCode::SessionTakenOver,
                    ..
                })) => return End::TakenOver,
                Err(error) if self.up_since.is_some() && is_closed(&error) => return End::Closed(error.to_string()),
                Err(error) => return End::Lost(error.to_string()),
            }
        }
    }

    async fn take(&mut self, client: &AsyncClient, packet: Packet) -> Result<(), End> {
        match packet {
            Packet::ConnAck(connack) if connack.code == ConnectReturnCode::Success => {
                self.session_present = connack.session_present;
                self.shared.ledger.connected(Some(client.clone()));
                client.try_subscribe_many(self.filters.clone()).map_err(|error| End::Lost(error.to_string()))?;
            }
            Packet::ConnAck(connack) => {
                return Err(End::Lost(format!("the broker refused the connection: {:?}", connack.code)));
            }
            Packet::SubAck(suback) => self.subscribed(client, &suback.return_codes),
            Packet::Publish(publish) => self.received(client, publish).await,
            Packet::Disconnect(disconnect) => {
                return Err(End::Lost(format!("the broker ended the connection: {:?}", disconnect.reason_code)));
            }
            Packet::PubAck(puback) => self.answered(&puback),
            Packet::Connect(..)
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
        {
            let outside = &mut *self.outside();
            // A state that an earlier birth left in the outbox is none any more: the birth is said last.
            flush(client, &mut outside.outbox, &mut outside.flight);
            outside.client = Some(client.clone());
        }
        self.births_again = 0;
        self.say_birth(client);
        self.up_since = Some(Instant::now());
        self.shared.canaries_missing.store(0, Ordering::Relaxed);
        self.shared.connected.store(true, Ordering::Release);
        self.shared.reconnects.fetch_add(1, Ordering::Relaxed);
        (self.handler)(LinkEvent::Up { session_present: self.session_present });
        for (filter, code) in self.filters.iter().zip(codes) {
            if !matches!(code, SubscribeReasonCode::Success(_)) {
                let (filter, code) = (filter.path.clone(), format!("{code:?}"));
                (self.handler)(LinkEvent::SubscriptionRefused { filter, code });
            }
        }
    }

    fn outside(&self) -> std::sync::MutexGuard<'_, Outside> {
        self.shared.outside()
    }

    fn say_birth(&self, client: &AsyncClient) {
        if self.shared.stopping.load(Ordering::Acquire) {
            return;
        }
        let birth = Outgoing::retained(self.settings.will.topic.clone(), self.settings.birth.clone());
        // A birth that finds no room waits in the outbox.
        self.outside().publish(client, birth).ok();
    }

    /// Something else than our birth stands on its topic: the last will of our connection before this one, as a broker
    /// says it after the new birth when it notices late.
    fn of_our_life(&mut self, client: &AsyncClient, payload: &[u8]) {
        if payload != self.settings.birth && self.up_since.is_some() && self.births_again < BIRTHS_AGAIN_MAX {
            self.births_again += 1;
            self.say_birth(client);
        }
    }

    /// On MQTT 5 a denial of the access rules is an answer with a reason; on 3.1.1 it would look like success.
    fn answered(&mut self, puback: &PubAck) {
        let topic = self.outside().flight.answered(puback.pkid);
        let refused = !matches!(puback.reason, PubAckReason::Success | PubAckReason::NoMatchingSubscribers);
        if let (true, Some(topic)) = (refused, topic) {
            let code = format!("{:?}", puback.reason);
            (self.handler)(LinkEvent::PublishRefused { topic, code });
        }
    }

    async fn received(&mut self, client: &AsyncClient, publish: Publish) {
        let permit = match Arc::clone(&self.permits).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                self.shared.waits.fetch_add(1, Ordering::Relaxed);
                let permit = Arc::clone(&self.permits).acquire_owned().await;
                self.outside().flight.excuse();
                match permit {
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
        if topic == self.settings.will.topic {
            self.of_our_life(client, &payload);
            return;
        }
        let message = InboundMessage { topic, payload, retain, duplicate, correlation, user_properties, ack };
        (self.handler)(LinkEvent::Message(message));
    }

    /// What was on its way and doesn't expire goes out again on the next connection.
    fn disconnected(&mut self, events: &mut EventLoop) {
        self.shared.connected.store(false, Ordering::Release);
        self.shared.ledger.connected(None);
        let mut outside = self.outside();
        // First, so that nobody hands a message to a client that is gone.
        outside.client = None;
        for outgoing in unsent(events, &outside.flight).into_iter().rev() {
            outside.outbox.put_back(outgoing);
        }
        outside.flight.forget();
    }
}

/// Whether the other side closed the connection.
fn is_closed(error: &ConnectionError) -> bool {
    match error {
        ConnectionError::MqttState(StateError::ConnectionAborted) => true,
        ConnectionError::MqttState(StateError::Io(error)) | ConnectionError::Io(error) => {
            matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
        }
        ConnectionError::MqttState(_)
        | ConnectionError::Timeout(_)
        | ConnectionError::ConnectionRefused(_)
        | ConnectionError::NotConnAck(_)
        | ConnectionError::RequestsDone => false,
    }
}

/// The client's next event; `None` when it must be built anew. Its poll is never dropped half-way for another one: it
/// would leave a connection behind, or half a packet.
async fn next(shared: &Shared, events: &mut EventLoop, look: &mut Interval) -> Option<Result<Event, ConnectionError>> {
    let mut poll = pin!(events.poll());
    loop {
        tokio::select! {
            event = &mut poll => return Some(event),
            () = shared.rebuild.notified() => return None,
            _ = look.tick() => {
                let since = shared.outside().flight.oldest();
                if since.is_some_and(|since| since.elapsed() > ANSWERED_WITHIN) {
                    return None;
                }
            }
        }
    }
}
