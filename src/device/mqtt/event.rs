//! What a link reports.

use std::fmt;

use bytes::Bytes;

use super::ack::Ack;

/// Why a message was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// No connection, and it would be stale later.
    #[error("the broker can not be reached")]
    Away,
    /// Too much waits.
    #[error("too many messages wait for the broker")]
    Full,
}

/// A message that came.
pub struct InboundMessage {
    /// Where.
    pub topic: String,
    /// What.
    pub payload: Bytes,
    /// The broker had kept it.
    pub retain: bool,
    /// The broker sent it before.
    pub duplicate: bool,
    /// What an answer carries back.
    pub correlation: Option<Bytes>,
    /// What else travels with it: name and value.
    pub user_properties: Vec<(String, String)>,
    /// Drop it when the message is owned.
    pub ack: Ack,
}

/// Where and how long, never what: payloads carry plates (invariant C8).
impl fmt::Debug for InboundMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InboundMessage")
            .field("topic", &self.topic)
            .field("bytes", &self.payload.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
impl InboundMessage {
    /// A message as a test wants it, that nobody waits for.
    pub(crate) fn unacknowledged(topic: &str, payload: impl Into<Bytes>) -> Self {
        let (topic, payload, ack) = (topic.to_owned(), payload.into(), Ack::default());
        Self { topic, payload, retain: false, duplicate: false, correlation: None, user_properties: vec![], ack }
    }
}

/// What the link reports.
#[derive(Debug)]
pub enum LinkEvent {
    /// Connected and subscribed.
    Up {
        /// The broker had kept our session.
        session_present: bool,
    },
    /// Not connected.
    Down {
        /// Why.
        reason: String,
    },
    /// Connected, but nothing comes through.
    Stalled,
    /// The broker refuses a subscription.
    SubscriptionRefused {
        /// Which.
        filter: String,
        /// Its reason.
        code: String,
    },
    /// The broker refuses a message, as its access rules say; it is not sent again.
    PublishRefused {
        /// On which topic.
        topic: String,
        /// Its reason.
        code: String,
    },
    /// Another client uses our client id and has our session: the broker says so, or has closed one connection after the
    /// other without a word.
    TakenOver {
        /// How often within the last minute.
        times: usize,
    },
    /// A message.
    Message(InboundMessage),
}
