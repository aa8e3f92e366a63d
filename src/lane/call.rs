//! The driver's call button: an officer is wanted at the lane.

use serde_json::json;

use super::io::Happening;
use super::machine::Machine;
use crate::model::{Alarm, CallButton, DeviceName, Now, RecordKind};

impl Machine {
    /// An alarm until an officer orders anything for the lane, or the vehicle has left; letting the button go again
    /// takes no call back.
    pub(super) fn on_call(&mut self, now: Now, button: &DeviceName, call: &CallButton) {
        if !call.pressed {
            return;
        }
        self.tell(Happening::DriverCalled);
        if !self.alarms.contains(&Alarm::DriverCalls) {
            let passage = self.passage_id();
            self.record(now, passage, RecordKind::Evidence, &json!({ "button": button, "call": call }));
        }
        self.raise_alarm(now, Alarm::DriverCalls);
    }
}
