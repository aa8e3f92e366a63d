//! What was handed to the client and is not acknowledged: on which topic, in which order, since when.
//!
//! The client numbers packets by itself and reuses the numbers; this keeps the order of sending beside them, so that
//! after a lost connection a state never takes the place of a newer one (Rules of MQTT: publishes can be reordered).

use std::collections::{BTreeMap, VecDeque};

use tokio::time::Instant;

/// A message with its place in the order of sending.
#[derive(Debug)]
struct Sent {
    topic: String,
    place: u64,
    at: Instant,
}

/// The order of what the client has.
#[derive(Debug, Default)]
pub(super) struct Flight {
    /// Handed over, and not numbered yet.
    waiting: VecDeque<String>,
    by_id: BTreeMap<u16, Sent>,
    /// The one whose number is still taken by an earlier message.
    parked: Option<(u16, Sent)>,
    next: u64,
}

impl Flight {
    /// A message was handed to the client.
    pub(super) fn handed_over(&mut self, topic: String) {
        self.waiting.push_back(topic);
    }

    /// The client sent the next one under that number.
    pub(super) fn sent(&mut self, id: u16) {
        if let Some((_, sent)) = self.parked.take_if(|(parked, _)| *parked == id) {
            self.by_id.insert(id, sent);
        } else if let Some(sent) = self.number() {
            self.by_id.insert(id, sent);
        }
    }

    /// The next one can't be sent: its number is taken.
    pub(super) fn parked(&mut self, id: u16) {
        self.parked = self.number().map(|sent| (id, sent));
    }

    fn number(&mut self) -> Option<Sent> {
        let topic = self.waiting.pop_front()?;
        self.next += 1;
        Some(Sent { topic, place: self.next, at: Instant::now() })
    }

    /// The broker answered for that number; the message's topic.
    pub(super) fn answered(&mut self, id: u16) -> Option<String> {
        self.by_id.remove(&id).map(|sent| sent.topic)
    }

    /// Since when the oldest message waits for its answer.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.by_id.values().map(|sent| sent.at).chain(self.parked.iter().map(|(_, sent)| sent.at)).min()
    }

    /// We did not read for a while: the broker may have answered long ago.
    pub(super) fn excuse(&mut self) {
        let now = Instant::now();
        let parked = self.parked.iter_mut().map(|(_, sent)| sent);
        self.by_id.values_mut().chain(parked).for_each(|sent| sent.at = now);
    }

    /// The place of a message that was sent under that number; what was not numbered comes last.
    pub(super) fn place(&self, id: u16) -> u64 {
        self.by_id.get(&id).map_or(u64::MAX, |sent| sent.place)
    }

    /// The place of the one that was parked.
    pub(super) fn place_of_parked(&self) -> u64 {
        self.parked.as_ref().map_or(u64::MAX, |(_, sent)| sent.place)
    }

    /// The connection is gone, and the client with it.
    pub(super) fn forget(&mut self) {
        self.waiting.clear();
        self.by_id.clear();
        self.parked = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_order_of_sending_outlives_numbers_that_begin_anew() {
        let mut flight = Flight::default();
        for topic in ["first", "second", "third", "not sent"] {
            flight.handed_over(topic.to_owned());
        }
        flight.sent(256);
        flight.sent(1);
        flight.sent(2);
        assert!(flight.place(256) < flight.place(1) && flight.place(1) < flight.place(2));
        assert!(flight.place(2) < flight.place(0), "what has no number was never sent");
        assert_eq!(flight.answered(1).as_deref(), Some("second"));
        assert_eq!(flight.answered(1), None);
    }

    #[tokio::test]
    async fn a_message_whose_number_is_taken_waits_with_it_and_counts_as_unanswered() {
        let mut flight = Flight::default();
        flight.handed_over("old".to_owned());
        flight.handed_over("new".to_owned());
        flight.sent(1);
        let since = flight.oldest();
        flight.parked(1);
        assert_eq!(flight.oldest(), since);
        assert!(flight.place(1) < flight.place_of_parked());
        assert_eq!(flight.answered(1).as_deref(), Some("old"));
        flight.sent(1);
        assert_eq!(flight.answered(1).as_deref(), Some("new"));
        assert_eq!(flight.oldest(), None);
    }
}
