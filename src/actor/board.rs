//! The board: what actors show to the floors above, and the desk where orders are handed in.
//!
//! The board is written by actors and read by HTTP handlers; it decides nothing.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{broadcast, mpsc, oneshot};

use crate::model::{LaneId, LaneState, NewRecord, Order, OrderRefusal, StateVersion};

/// Orders that may wait for their lane; more are refused at once.
pub const ORDERS_WAITING_MAX: usize = 64;
/// Events a slow reader of the event stream may lag behind before it loses some.
pub const EVENTS_BUFFERED: usize = 1024;

/// States of one lane that are remembered, to tell an officer what changed since the one that an order was bound to.
pub const STATES_REMEMBERED: usize = 32;

/// A LaneEvent as JSON, with its journal sequence.
#[derive(Clone)]
pub struct ShownEvent {
    /// Journal sequence.
    pub sequence: u64,
    /// The whole event object.
    pub json: Arc<str>,
}

impl fmt::Debug for ShownEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShownEvent").field("sequence", &self.sequence).finish_non_exhaustive()
    }
}

/// An order carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderDone {
    /// Journal sequence of the order's record.
    pub sequence: u64,
}

/// What reaches the site from officers.
#[derive(Debug)]
pub enum DeskItem {
    /// An order for a lane.
    Order {
        /// The lane.
        lane: LaneId,
        /// The order.
        order: Order,
        /// Answered once the order is durable or refused.
        answer: oneshot::Sender<Result<OrderDone, OrderRefusal>>,
    },
    /// Something to be journaled for a lane (a sign-in that failed, an order that the role doesn't allow).
    Note(NewRecord),
}

/// Names what keeps the site from being ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The broker.
    Broker,
    /// The journal.
    Journal,
    /// A required device of a lane.
    Device,
    /// The actors have not started yet.
    Start,
}

#[derive(Debug, Default)]
struct Shown {
    /// The newest last.
    lanes: BTreeMap<LaneId, VecDeque<Arc<LaneState>>>,
    away: BTreeMap<(Part, String), String>,
}

/// The shared view. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Board {
    shown: Arc<Mutex<Shown>>,
    events: broadcast::Sender<ShownEvent>,
    desk: mpsc::Sender<DeskItem>,
}

impl Board {
    /// A board and the other side of its desk.
    #[must_use]
    pub fn new() -> (Self, mpsc::Receiver<DeskItem>) {
        let (desk, orders) = mpsc::channel(ORDERS_WAITING_MAX);
        let (events, _) = broadcast::channel(EVENTS_BUFFERED);
        (Self { shown: Arc::default(), events, desk }, orders)
    }

    fn shown(&self) -> std::sync::MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows a lane's state.
    pub fn show(&self, state: Arc<LaneState>) {
        let mut shown = self.shown();
        let states = shown.lanes.entry(state.lane.clone()).or_default();
        if states.len() >= STATES_REMEMBERED {
            states.pop_front();
        }
        states.push_back(state);
    }

    /// All lanes, by name.
    #[must_use]
    pub fn lanes(&self) -> Vec<Arc<LaneState>> {
        self.shown().lanes.values().filter_map(VecDeque::back).cloned().collect()
    }

    /// One lane.
    #[must_use]
    pub fn lane(&self, lane: &LaneId) -> Option<Arc<LaneState>> {
        self.shown().lanes.get(lane)?.back().cloned()
    }

    /// What a lane showed a while ago, if that is remembered.
    #[must_use]
    pub fn lane_then(&self, lane: &LaneId, version: StateVersion) -> Option<Arc<LaneState>> {
        self.shown().lanes.get(lane)?.iter().rev().find(|state| state.version == version).cloned()
    }

    /// Says that a part is away, and why.
    pub fn set_away(&self, part: Part, name: &str, reason: &str) {
        self.shown().away.insert((part, name.to_owned()), reason.to_owned());
    }

    /// Says that a part is back.
    pub fn set_back(&self, part: Part, name: &str) {
        self.shown().away.remove(&(part, name.to_owned()));
    }

    /// Why the site is not ready; empty when it is. Part, its name, the reason.
    #[must_use]
    pub fn not_ready(&self) -> Vec<(Part, String, String)> {
        self.shown().away.iter().map(|((part, name), reason)| (*part, name.clone(), reason.clone())).collect()
    }

    /// Shows an event to whoever listens.
    pub fn tell(&self, event: ShownEvent) {
        // No listener is no fault.
        drop(self.events.send(event));
    }

    /// Listens to events from here on.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<ShownEvent> {
        self.events.subscribe()
    }

    /// Hands an order in and waits for its answer.
    ///
    /// # Errors
    /// The lane's refusal; `JournalUnavailable` when the desk is full or the site is stopping.
    pub async fn order(&self, lane: LaneId, order: Order) -> Result<OrderDone, OrderRefusal> {
        let (answer, answered) = oneshot::channel();
        if self.desk.try_send(DeskItem::Order { lane, order, answer }).is_err() {
            return Err(OrderRefusal::JournalUnavailable);
        }
        answered.await.unwrap_or(Err(OrderRefusal::JournalUnavailable))
    }

    /// Hands in something to be journaled; returns whether the desk took it.
    #[must_use]
    pub fn note(&self, record: NewRecord) -> bool {
        self.desk.try_send(DeskItem::Note(record)).is_ok()
    }
}
