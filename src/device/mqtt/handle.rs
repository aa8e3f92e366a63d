//! The link's handle: what the floors above hold of it.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rumqttc::v5::AsyncClient;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::ack::Ledger;
use super::canary::send_canaries;
use super::event::{LinkEvent, NotSent};
use super::flight::Flight;
use super::link::Link;
use super::outbox::{Outbox, Outgoing};
use super::send::{flush, send};
use super::settings::{LinkError, LinkSettings};

/// How long a stop waits for what is in flight.
const STOP_WITHIN: Duration = Duration::from_secs(2);

pub(super) type Handler = Box<dyn FnMut(LinkEvent) + Send>;

#[derive(Default)]
pub(super) struct Outside {
    pub(super) client: Option<AsyncClient>,
    pub(super) outbox: Outbox,
    pub(super) flight: Flight,
}

impl Outside {
    /// Hands a message to the client, or keeps it.
    pub(super) fn publish(&mut self, client: &AsyncClient, outgoing: Outgoing) -> Result<(), NotSent> {
        flush(client, &mut self.outbox, &mut self.flight);
        let sent = send(client, &mut self.flight, outgoing);
        sent.or_else(|unsent| self.outbox.keep(unsent)).map_err(|_| NotSent::Full)
    }
}

pub(super) struct Shared {
    outside: Mutex<Outside>,
    pub(super) ledger: Ledger,
    pub(super) connected: AtomicBool,
    pub(super) stopping: AtomicBool,
    pub(super) rebuild: Notify,
    pub(super) stopped: Notify,
    pub(super) canaries_missing: AtomicU32,
    pub(super) reconnects: AtomicU64,
    pub(super) waits: AtomicU64,
}

impl Shared {
    pub(super) fn outside(&self) -> std::sync::MutexGuard<'_, Outside> {
        self.outside.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
    pub fn run(&self, settings: LinkSettings, handler: Handler) -> Result<JoinHandle<()>, LinkError> {
        // What an earlier link left behind is void.
        {
            let mut outside = self.outside();
            outside.client = None;
            outside.flight.forget();
        }
        self.shared.ledger.connected(None);
        let link = Link::new(settings, handler, Arc::clone(&self.shared))?;
        let canary = tokio::spawn(send_canaries(self.clone(), link.canary()));
        Ok(tokio::spawn(async move {
            link.run().await;
            canary.abort();
        }))
    }

    fn outside(&self) -> std::sync::MutexGuard<'_, Outside> {
        self.shared.outside()
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
        outside.publish(&client, outgoing)
    }

    /// Says the last word on the will's topic: from here on nothing is said of our life again.
    pub fn farewell(&self, payload: Outgoing) {
        self.shared.stopping.store(true, Ordering::Release);
        // Without a broker its last will says it.
        self.publish(payload).ok();
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
