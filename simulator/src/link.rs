//! One MQTT 5 client: the connection of a device, a trader, the RMS or an observer.
//!
//! Sessions are clean and expire at once, as the contract demands of devices: nothing waits for a client that is
//! away. A link subscribes, and says its birth, on every connection.

use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Filter, LastWill, Publish, PublishProperties};
use rumqttc::v5::{AsyncClient, Event, EventLoop, Incoming, MqttOptions};
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// Requests that may wait for the connection; beyond it a publisher waits.
const REQUESTS_WAITING_MAX: usize = 256;
/// Messages that may wait for their reader; beyond it the broker waits.
const MESSAGES_WAITING_MAX: usize = 4096;
/// Between two attempts to connect.
const RECONNECT_PAUSE: Duration = Duration::from_millis(500);
/// A broker on loopback answers sooner.
const SUBSCRIBED_WITHIN: Duration = Duration::from_secs(10);
/// Largest packet taken: what the controller may publish.
const PACKET_MAX_BYTES: u32 = 2 * 1024 * 1024;

/// Why a link can't be used.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// No connection within the time.
    #[error("{id} has no connection to the broker on port {port} after {SUBSCRIBED_WITHIN:?}")]
    Unreachable {
        /// The client id.
        id: String,
        /// The broker's port.
        port: u16,
    },
    /// The client is gone.
    #[error("nothing can be published on {topic}: the connection has ended")]
    Ended {
        /// The topic.
        topic: String,
    },
    /// A payload that is no JSON.
    #[error("the payload for {topic} can't be written: {source}")]
    Payload {
        /// The topic.
        topic: String,
        /// What serde says.
        source: serde_json::Error,
    },
}

/// Whether the broker keeps a message for those who subscribe later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// It is a state.
    Retained,
    /// It is an event.
    Passing,
}

/// A retained message.
#[derive(Debug, Clone)]
pub struct Note {
    /// Where.
    pub topic: String,
    /// JSON.
    pub payload: String,
}

/// What a link is for.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Client id.
    pub id: String,
    /// The broker's port on loopback.
    pub port: u16,
    /// Filters to subscribe to.
    pub filters: Vec<String>,
    /// Said on every connection.
    pub birth: Option<Note>,
    /// Said by the broker when the connection is lost.
    pub will: Option<Note>,
}

/// A connected client; it vanishes without goodbye when this is dropped.
#[derive(Debug)]
pub struct Link {
    client: AsyncClient,
    polling: JoinHandle<()>,
}

impl Link {
    /// Connects and subscribes; returns once the broker has confirmed both.
    ///
    /// # Errors
    /// When the broker doesn't answer in time.
    pub async fn open(plan: Plan) -> Result<(Self, mpsc::Receiver<Publish>), LinkError> {
        let (id, port) = (plan.id.clone(), plan.port);
        let (client, events) = AsyncClient::new(options(&plan), REQUESTS_WAITING_MAX);
        let (messages, inbox) = mpsc::channel(MESSAGES_WAITING_MAX);
        let (ready, is_ready) = oneshot::channel();
        let polling = tokio::spawn(poll(events, client.clone(), plan, messages, ready));
        let link = Self { client, polling };
        match tokio::time::timeout(SUBSCRIBED_WITHIN, is_ready).await {
            Ok(Ok(())) => Ok((link, inbox)),
            Ok(Err(_)) | Err(_) => Err(LinkError::Unreachable { id, port }),
        }
    }

    /// Publishes `payload` as JSON with QoS 1; returns once it is queued.
    ///
    /// # Errors
    /// When the connection has ended for good, or the payload is no JSON.
    pub async fn publish(&self, topic: &str, keep: Keep, payload: &impl Serialize) -> Result<(), LinkError> {
        self.publish_with(topic, keep, payload, PublishProperties::default()).await
    }

    /// [`Link::publish`] with MQTT 5 properties.
    ///
    /// # Errors
    /// As [`Link::publish`].
    pub async fn publish_with(
        &self,
        topic: &str,
        keep: Keep,
        payload: &impl Serialize,
        properties: PublishProperties,
    ) -> Result<(), LinkError> {
        let payload =
            serde_json::to_vec(payload).map_err(|source| LinkError::Payload { topic: topic.to_owned(), source })?;
        self.client
            .publish_with_properties(topic, QoS::AtLeastOnce, keep == Keep::Retained, payload, properties)
            .await
            .map_err(|_| LinkError::Ended { topic: topic.to_owned() })
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.polling.abort();
    }
}

fn options(plan: &Plan) -> MqttOptions {
    let mut options = MqttOptions::new(plan.id.clone(), "127.0.0.1", plan.port);
    options
        .set_clean_start(true)
        .set_session_expiry_interval(Some(0))
        .set_keep_alive(Duration::from_secs(5))
        .set_max_packet_size(Some(PACKET_MAX_BYTES));
    let mut network = options.network_options();
    network.set_tcp_nodelay(true);
    options.set_network_options(network);
    if let Some(Note { topic, payload }) = &plan.will {
        options.set_last_will(LastWill::new(topic.clone(), payload.clone(), QoS::AtLeastOnce, true, None));
    }
    options
}

async fn poll(
    mut events: EventLoop,
    client: AsyncClient,
    plan: Plan,
    messages: mpsc::Sender<Publish>,
    ready: oneshot::Sender<()>,
) {
    let mut ready = Some(ready);
    loop {
        let event = match events.poll().await {
            Ok(event) => event,
            Err(error) => {
                tracing::debug!(client = %plan.id, %error, "connection lost");
                tokio::time::sleep(RECONNECT_PAUSE).await;
                continue;
            }
        };
        let connected = match event {
            Event::Incoming(Incoming::ConnAck(_)) => {
                greet(&client, &plan);
                plan.filters.is_empty()
            }
            Event::Incoming(Incoming::SubAck(_)) => true,
            Event::Incoming(Incoming::Publish(publish)) => {
                // A reader that is gone needs no messages.
                drop(messages.send(publish).await);
                false
            }
            Event::Incoming(_) | Event::Outgoing(_) => false,
        };
        if connected
            && let Some(ready) = ready.take()
            && ready.send(()).is_err()
        {
            tracing::debug!(client = %plan.id, "connected after its opener had given up");
        }
    }
}

/// On every connection; it must not wait, because the queue is emptied by the caller.
fn greet(client: &AsyncClient, plan: &Plan) {
    let filters = plan.filters.iter().map(|filter| Filter::new(filter.clone(), QoS::AtLeastOnce));
    let subscribed = plan.filters.is_empty() || client.try_subscribe_many(filters).is_ok();
    let born = plan.birth.as_ref().is_none_or(|Note { topic, payload }| {
        client.try_publish(topic.clone(), QoS::AtLeastOnce, true, payload.clone()).is_ok()
    });
    if !subscribed || !born {
        tracing::warn!(client = %plan.id, "its queue is full: it said no birth or did not subscribe");
    }
}
