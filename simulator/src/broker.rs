//! The embedded MQTT broker: one listener on loopback, everything in memory.
//!
//! ```text
//!  Broker::start ─▶ rmqtt server context ─▶ TCP listener (nodelay) on 127.0.0.1:<free port>
//!                        └─ retained messages: [`RetainedInMemory`]
//! ```
//!
//! It serves the demo and the tests. It authenticates nobody, persists nothing and listens on loopback only: it is
//! no broker for a site. Why this one: `docs/decisions/embedded-broker.md`.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU16;
use std::time::Duration;

use async_trait::async_trait;
use rmqtt::context::ServerContext;
use rmqtt::net::Builder;
use rmqtt::retain::{DefaultRetainStorage, RetainStorage};
use rmqtt::server::MqttServer;
use rmqtt::types::{Retain, TopicFilter, TopicName};
use tokio::task::JoinHandle;

/// Largest packet that the broker takes: a registry document (1 MiB) and its envelope.
const PACKET_MAX_BYTES: u32 = 1024 * 1024 + 64 * 1024;
/// Messages that may wait for one client.
const CLIENT_QUEUE_MAX: usize = 10_000;
/// Unacknowledged messages in flight to one client.
const INFLIGHT_MAX: NonZeroU16 = match NonZeroU16::new(128) {
    Some(max) => max,
    None => NonZeroU16::MIN,
};
/// After that an unacknowledged message is sent again.
const RETRY_AFTER: Duration = Duration::from_secs(20);
/// Expiry of a message that names none; rmqtt's own default drops even retained states after five minutes.
const NEVER: Duration = Duration::ZERO;
/// The only listener's id.
const LISTENER: u16 = 1;

/// Why there is no broker.
#[derive(Debug, thiserror::Error)]
#[error("the embedded broker can't listen on {address}: {reason}; is loopback up, are ports free?")]
pub struct BrokerError {
    address: SocketAddr,
    reason: String,
}

/// A running broker; it ends when this is dropped.
#[derive(Debug)]
pub struct Broker {
    port: u16,
    server: JoinHandle<()>,
}

impl Broker {
    /// Starts a broker on a free port of loopback.
    ///
    /// # Errors
    /// When the listener can't be bound.
    pub async fn start() -> Result<Self, BrokerError> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let failed = |reason: String| BrokerError { address, reason };
        let context = ServerContext::new().busy_check_enable(false).task_exec_workers(64).build().await;
        *context.extends.retain_mut().await = Box::new(RetainedInMemory::default());
        let listener = Builder::new()
            .name("lane-simulator")
            .laddr(address)
            .nodelay(true)
            .reuseaddr(Some(true))
            .max_packet_size(PACKET_MAX_BYTES)
            .max_mqueue_len(CLIENT_QUEUE_MAX)
            .max_inflight(INFLIGHT_MAX)
            .message_retry_interval(RETRY_AFTER)
            .message_expiry_interval(NEVER)
            .bind()
            .and_then(rmqtt::net::Listener::tcp)
            .map_err(|error| failed(error.to_string()))?;
        let port = listener.local_addr().map_err(|error| failed(error.to_string()))?.port();
        let server = MqttServer::new(context).listener_by_id(listener, LISTENER).build();
        let server = tokio::spawn(async move {
            if let Err(error) = server.run().await {
                tracing::error!(%error, "the embedded broker ended");
            }
        });
        Ok(Self { port, server })
    }

    /// The port that it listens on, on 127.0.0.1.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Retained messages in memory. rmqtt has the tree but leaves its use to a plugin that brings stores on disk.
#[derive(Default)]
struct RetainedInMemory(DefaultRetainStorage);

#[async_trait]
impl RetainStorage for RetainedInMemory {
    fn enable(&self) -> bool {
        true
    }

    async fn set(&self, topic: &TopicName, retain: Retain, expiry: Option<Duration>) -> rmqtt::Result<()> {
        self.0.set_with_timeout(topic, retain, expiry.filter(|expiry| *expiry != NEVER)).await
    }

    async fn get(&self, filter: &TopicFilter) -> rmqtt::Result<Vec<(TopicName, Retain)>> {
        self.0.get_message(filter).await
    }

    async fn count(&self) -> isize {
        self.0.count().await
    }

    async fn max(&self) -> isize {
        self.0.max().await
    }
}
