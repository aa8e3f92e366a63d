//! The bounded way into a lane's mailbox.
//!
//! ractor's mailboxes are unbounded, so the bound stands before them: each reading carries a permit that comes back
//! when it is dealt with. Without a permit a plate read or a weight waits in one slot a device, where a newer one of
//! the same device takes its place; loop and barrier states are never shed (the link bounds them all together).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::fate::Told;
use crate::device::mqtt::Ack;
use crate::model::{DeviceName, Observation};

/// Readings of one lane under way at once; more of the same device replace each other.
pub(super) const READINGS_UNDER_WAY: usize = 256;

/// What is given back when a message's records are durable. Dropping it gives it back to the broker and the ingress;
/// a camera that waits for its answer hears of it only when it is settled.
#[derive(Debug, Default)]
pub(super) struct Kept {
    ack: Option<Ack>,
    permit: Option<OwnedSemaphorePermit>,
    told: Option<Told>,
}

impl Kept {
    pub(super) const fn of(ack: Ack) -> Self {
        Self { ack: Some(ack), permit: None, told: None }
    }

    /// For a read of a camera's own format, with the message's acknowledgement when it came over MQTT.
    pub(super) const fn telling(told: Told, ack: Option<Ack>) -> Self {
        Self { ack, permit: None, told: Some(told) }
    }

    /// The message is owned: its records are durable, or there are none to make.
    pub(super) fn settle(mut self) {
        if let Some(told) = self.told.take() {
            told.owned();
        }
    }

    /// Never acknowledges: the broker sends the message again after the restart that a failed journal brings.
    pub(super) fn withhold(mut self) {
        if let Some(ack) = self.ack.take() {
            std::mem::forget(ack);
        }
    }
}

/// One device message on its way to a lane.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) observation: Observation,
    pub(super) kept: Kept,
}

/// A lane's ingress. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Ingress {
    permits: Arc<Semaphore>,
    waiting: Arc<Mutex<BTreeMap<DeviceName, Arrival>>>,
    coalesced: Arc<AtomicU64>,
}

impl Ingress {
    pub(super) fn new() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(READINGS_UNDER_WAY)),
            waiting: Arc::default(),
            coalesced: Arc::default(),
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, BTreeMap<DeviceName, Arrival>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a message in; `None` when it waits in its device's slot.
    pub(super) fn admit(&self, mut arrival: Arrival) -> Option<Arrival> {
        let Some(device) = sheddable(&arrival.observation) else { return Some(arrival) };
        let mut waiting = self.waiting();
        if !waiting.contains_key(device)
            && let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned()
        {
            arrival.kept.permit = Some(permit);
            return Some(arrival);
        }
        let device = device.clone();
        if waiting.insert(device, arrival).is_some() {
            self.coalesced.fetch_add(1, Ordering::Relaxed);
        }
        None
    }

    /// A message that waited and may go in; called by the lane after each turn.
    pub(super) fn next_waiting(&self) -> Option<Arrival> {
        let mut waiting = self.waiting();
        if waiting.is_empty() {
            return None;
        }
        let permit = Arc::clone(&self.permits).try_acquire_owned().ok()?;
        let (_, mut arrival) = waiting.pop_first()?;
        arrival.kept.permit = Some(permit);
        Some(arrival)
    }

    /// Readings replaced by newer ones since the start.
    pub(super) fn coalesced(&self) -> u64 {
        self.coalesced.load(Ordering::Relaxed)
    }

    /// Readings under way.
    pub(super) fn depth(&self) -> usize {
        READINGS_UNDER_WAY - self.permits.available_permits()
    }
}

/// The device whose newer reading may replace an older one.
const fn sheddable(observation: &Observation) -> Option<&DeviceName> {
    match observation {
        Observation::Plate(device, _) | Observation::Weight(device, _) => Some(device),
        Observation::Loop(..)
        | Observation::PairLoop(..)
        | Observation::Radiation(..)
        | Observation::Document(..)
        | Observation::Seal(..)
        | Observation::Call(..)
        | Observation::Barrier(..)
        | Observation::Health(..) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{LoopPlace, LoopState, Stability, Timestamp, WeighMethod, WeightReading};

    #[test]
    fn h5_a_flood_of_weights_keeps_the_newest_and_sheds_no_loop() {
        let ingress = Ingress::new();
        let admitted: Vec<_> = (0..1_000).filter_map(|kg| ingress.admit(weight(kg))).collect();
        assert_eq!(admitted.len(), READINGS_UNDER_WAY);
        assert!(ingress.admit(over_loop()).is_some());
        assert!(ingress.next_waiting().is_none(), "no permit is free");
        drop(admitted);
        let Observation::Weight(_, newest) = ingress.next_waiting().expect("the newest").observation else {
            panic!("a weight");
        };
        assert_eq!(newest.gross_kg, 999);
        assert_eq!(ingress.coalesced(), 1_000 - READINGS_UNDER_WAY as u64 - 1);
        assert!(ingress.next_waiting().is_none());
        assert_eq!(ingress.depth(), 0);
    }

    fn weight(gross_kg: i64) -> Arrival {
        let at = Timestamp::from_unix_micros(0);
        let (stability, method) = (Stability::Moving, WeighMethod::Static);
        let reading = WeightReading {
            gross_kg,
            stability,
            method,
            axles_kg: None,
            spacings_cm: None,
            indicated: None,
            raw: None,
            at,
        };
        let observation = Observation::Weight(DeviceName::new("bridge").expect("a name"), reading);
        Arrival { observation, kept: Kept::default() }
    }

    fn over_loop() -> Arrival {
        let state = LoopState { occupied: true, at: Timestamp::from_unix_micros(0) };
        Arrival { observation: Observation::Loop(LoopPlace::Exit, state), kept: Kept::default() }
    }
}
