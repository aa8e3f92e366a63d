//! What waits while the broker is away.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use bytes::Bytes;

/// Events kept while the broker is away; the journal has them all.
pub(super) const EVENTS_MAX: usize = 10_000;
/// State topics kept while the broker is away.
pub(super) const STATES_MAX: usize = 10_000;

/// A message to be published, at least once.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Where to.
    pub topic: String,
    /// What.
    pub payload: Bytes,
    /// The broker keeps the latest.
    pub retain: bool,
    /// The broker drops it after so many seconds.
    pub expiry_s: Option<u32>,
    /// Where the answer goes.
    pub response_topic: Option<String>,
    /// What the answer carries back.
    pub correlation: Option<Vec<u8>>,
}

/// Where to and how long, never what: payloads carry plates (invariant C8).
impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("topic", &self.topic)
            .field("bytes", &self.payload.len())
            .finish_non_exhaustive()
    }
}

impl Outgoing {
    fn new(topic: String, payload: Vec<u8>, retain: bool, expiry_s: Option<u32>) -> Self {
        Self { topic, payload: payload.into(), retain, expiry_s, response_topic: None, correlation: None }
    }

    /// A state: the latest counts.
    #[must_use]
    pub fn retained(topic: String, payload: Vec<u8>) -> Self {
        Self::new(topic, payload, true, None)
    }

    /// An event: each counts.
    #[must_use]
    pub fn plain(topic: String, payload: Vec<u8>) -> Self {
        Self::new(topic, payload, false, None)
    }

    /// A command or a question: it counts only for a while, and is never retained.
    #[must_use]
    pub fn expiring(topic: String, payload: Vec<u8>, expiry_s: u32) -> Self {
        Self::new(topic, payload, false, Some(expiry_s))
    }
}

/// States by topic, events in order.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    states: BTreeMap<String, Outgoing>,
    events: VecDeque<Outgoing>,
    pub(super) dropped: u64,
}

impl Outbox {
    /// Keeps a message for later; one that expires is handed back.
    pub(super) fn keep(&mut self, outgoing: Outgoing) -> Result<(), Outgoing> {
        if outgoing.expiry_s.is_some() {
            return Err(outgoing);
        }
        if outgoing.retain {
            if self.states.len() < STATES_MAX || self.states.contains_key(&outgoing.topic) {
                self.states.insert(outgoing.topic.clone(), outgoing);
            } else {
                self.dropped += 1;
            }
            return Ok(());
        }
        if self.events.len() >= EVENTS_MAX {
            self.events.pop_front();
            self.dropped += 1;
        }
        self.events.push_back(outgoing);
        Ok(())
    }

    /// The next message that waits: events in their order, then states.
    pub(super) fn take(&mut self) -> Option<Outgoing> {
        self.events.pop_front().or_else(|| self.states.pop_first().map(|(_, state)| state))
    }

    /// Puts a message back that could not be sent.
    pub(super) fn put_back(&mut self, outgoing: Outgoing) {
        if outgoing.retain {
            self.states.entry(outgoing.topic.clone()).or_insert(outgoing);
        } else {
            self.events.push_front(outgoing);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_replaces_its_older_self_and_events_keep_their_order() {
        let mut outbox = Outbox::default();
        for (topic, payload, retain) in [("s", "1", true), ("e", "1", false), ("s", "2", true), ("e", "2", false)] {
            outbox.keep(Outgoing::new(topic.into(), payload.into(), retain, None)).expect("kept");
        }
        let order: Vec<_> = std::iter::from_fn(|| outbox.take()).map(|out| (out.topic, out.payload)).collect();
        let expected = [("e", "1"), ("e", "2"), ("s", "2")];
        assert_eq!(order, expected.map(|(topic, payload)| (topic.to_owned(), Bytes::from(payload))));
    }

    #[test]
    fn what_expires_is_never_kept() {
        let mut outbox = Outbox::default();
        assert!(outbox.keep(Outgoing::expiring("c".into(), vec![], 2)).is_err());
        assert_eq!(outbox.take(), None);
    }

    #[test]
    fn h49_the_oldest_events_go_first_when_there_are_too_many() {
        let mut outbox = Outbox::default();
        for number in 0..=EVENTS_MAX {
            outbox.keep(Outgoing::plain("e".into(), number.to_string().into_bytes())).expect("kept");
        }
        assert_eq!(outbox.dropped, 1);
        assert_eq!(outbox.take().expect("an event").payload, Bytes::from("1"));
    }
}
