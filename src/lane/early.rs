//! What a radiation portal says, and of whom: it may stand before the loop at which a passage begins.

use std::time::Duration;

use serde_json::json;

use super::evidence::Change;
use super::machine::Machine;
use super::passage::Way;
use crate::model::{DeviceName, Now, RadiationAlarm, RadiationReading, RecordKind};

/// How old a portal's reading may be when the vehicle reaches the loop at which its passage begins.
pub(super) const EARLY_RADIATION: Duration = Duration::from_secs(30);

impl Machine {
    pub(super) fn on_radiation(&mut self, now: Now, device: &DeviceName, reading: RadiationReading) {
        let Some(passage) = &mut self.passage else {
            self.keep_radiation(now, device, reading);
            return;
        };
        let leaves = matches!(passage.way, Way::Driving(..) | Way::Closing(..));
        // Whose alarm it is can't be told while one vehicle leaves and the next comes: it is held against both.
        if leaves && reading.alarm != RadiationAlarm::None {
            self.keep_radiation(now, device, reading.clone());
        }
        self.add_radiation(now, device, reading);
    }

    fn add_radiation(&mut self, now: Now, device: &DeviceName, reading: RadiationReading) {
        let Some(passage) = &mut self.passage else { return };
        if passage.gathered.add_radiation(reading.clone()) != Change::Kept {
            return;
        }
        let id = passage.id;
        self.record(now, Some(id), RecordKind::Evidence, &json!({ "portal": device, "radiation": reading }));
        self.evidence_changed(now, "the radiation portal spoke");
    }

    /// Kept for the next vehicle; a quiet reading never replaces an alarm.
    fn keep_radiation(&mut self, now: Now, device: &DeviceName, mut reading: RadiationReading) {
        if let Some((at, _, known)) = &self.early_radiation
            && now.mono.since(*at) <= EARLY_RADIATION
        {
            reading.alarm = known.alarm.joined(reading.alarm);
        }
        self.record(now, None, RecordKind::Evidence, &json!({ "portal": device, "radiation": reading }));
        self.early_radiation = Some((now.mono, device.clone(), reading));
    }

    /// A passage begins: what the portal said just before is said of this vehicle.
    pub(super) fn take_early_radiation(&mut self, now: Now) {
        let Some((at, device, reading)) = self.early_radiation.take() else { return };
        if now.mono.since(at) <= EARLY_RADIATION {
            self.add_radiation(now, &device, reading);
        }
    }
}
