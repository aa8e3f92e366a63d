//! What metrics count of the message bus.

use metrics::counter;

use super::{CONNECTIONS, REFUSED, SEQUENCE, SHED, TAKEOVERS, label};
use crate::model::LaneId;

/// What the stamps of a device's messages tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sequence {
    /// Messages between two that came are missing.
    Missing,
    /// A reading came after a newer one.
    Late,
    /// A message came again.
    Repeated,
    /// A message was older than what is known.
    Past,
}

/// So many stamped messages were out of the ordinary.
pub fn sequence(lane: &LaneId, what: Sequence, messages: u64) {
    let result = match what {
        Sequence::Missing => "missing",
        Sequence::Late => "late",
        Sequence::Repeated => "repeated",
        Sequence::Past => "past",
    };
    if messages > 0 {
        counter!(SEQUENCE, "lane" => label(lane), "result" => result).increment(messages);
    }
}

/// Messages of a source gave way to its newer ones.
pub fn ingress_shed(lane: &LaneId, kind: &'static str, messages: usize) {
    let messages = u64::try_from(messages).unwrap_or(u64::MAX);
    counter!(SHED, "lane" => label(lane), "kind" => kind).increment(messages);
}

/// A connection to the broker was made.
pub fn mqtt_connection() {
    counter!(CONNECTIONS).increment(1);
}

/// The broker refused something.
pub fn mqtt_refused(what: &'static str) {
    counter!(REFUSED, "what" => what).increment(1);
}

/// Another client took our session.
pub fn mqtt_taken_over() {
    counter!(TAKEOVERS).increment(1);
}
