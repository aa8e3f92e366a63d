//! Acknowledgements: given back in the order of receipt (MQTT 5, 4.6), never across connections.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use rumqttc::v5::AsyncClient;
use rumqttc::v5::mqttbytes::v5::Publish;
use tokio::sync::OwnedSemaphorePermit;

#[derive(Debug)]
struct Entry {
    number: u64,
    publish: Publish,
    owned: bool,
}

#[derive(Default)]
struct Queue {
    client: Option<AsyncClient>,
    /// Number of the first entry that belongs to this connection.
    first: u64,
    next: u64,
    entries: VecDeque<Entry>,
}

/// What the broker waits for. One a link.
#[derive(Clone, Default)]
pub(super) struct Ledger {
    queue: Arc<Mutex<Queue>>,
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger").field("waiting", &self.waiting()).finish_non_exhaustive()
    }
}

impl Ledger {
    fn queue(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection begins: acknowledgements of the one before are void, its packet ids mean something else.
    pub(super) fn connected(&self, client: Option<AsyncClient>) {
        let mut queue = self.queue();
        queue.client = client;
        queue.entries.clear();
        queue.first = queue.next;
    }

    /// Enters a message that the broker wants acknowledged.
    pub(super) fn enter(&self, publish: Publish, permit: OwnedSemaphorePermit) -> Ack {
        let mut queue = self.queue();
        let number = queue.next;
        queue.next += 1;
        queue.entries.push_back(Entry { number, publish, owned: false });
        Ack { ledger: Some((self.clone(), number)), _permit: Some(permit) }
    }

    /// Messages that nobody owns yet.
    pub(super) fn waiting(&self) -> usize {
        self.queue().entries.len()
    }

    fn own(&self, number: u64) {
        let mut queue = self.queue();
        if number < queue.first {
            return;
        }
        if let Ok(index) = queue.entries.binary_search_by_key(&number, |entry| entry.number) {
            queue.entries[index].owned = true;
        }
        queue.send_ready();
    }
}

impl Queue {
    /// Sends what is owned from the head on. When the client's queue is full the rest goes with the next one.
    fn send_ready(&mut self) {
        let Some(client) = &self.client else { return };
        while let Some(head) = self.entries.front().filter(|entry| entry.owned) {
            if client.try_ack(&head.publish).is_err() {
                return;
            }
            self.entries.pop_front();
        }
    }
}

/// A received message's acknowledgement. Dropping it says that the message is owned: durable, or of no further need.
#[derive(Debug)]
#[cfg_attr(test, derive(Default))]
pub struct Ack {
    ledger: Option<(Ledger, u64)>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Ack {
    /// For a message that the broker doesn't want acknowledged.
    pub(super) const fn unneeded(permit: OwnedSemaphorePermit) -> Self {
        Self { ledger: None, _permit: Some(permit) }
    }
}

impl Drop for Ack {
    fn drop(&mut self) {
        if let Some((ledger, number)) = self.ledger.take() {
            ledger.own(number);
        }
    }
}
