//! Messages that nobody may send (hazard 21, invariant A12): refused before they come here, and told to people.

use serde_json::json;

use super::io::Intrusion;
use super::machine::Machine;
use crate::model::{Alarm, Now};

impl Machine {
    /// An alarm until an officer orders anything for the lane. It moves nothing and voids nothing: what an arm makes of
    /// somebody else's command is seen by its feedback (invariants B4, B6).
    pub(super) fn on_intrusion(&mut self, now: Now, intrusion: Intrusion) {
        let (alarm, about) = match intrusion {
            Intrusion::Command(place) => (Alarm::ForeignCommand, json!({ "barrier": place.as_str() })),
            Intrusion::Retained(kind) => (Alarm::RetainedMessage, json!({ "kind": kind })),
        };
        if !self.alarms.contains(&alarm) {
            self.raise_alarm_about(now, alarm, &about);
        }
    }
}
