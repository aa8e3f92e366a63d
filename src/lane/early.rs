//! What portals, seal and document readers tell, and of whom: they may stand before the loop at which a passage begins.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::json;

use super::evidence::Change;
use super::io::Happening;
use super::machine::Machine;
use super::passage::Way;
use super::weigh::Unused;
use crate::model::{DeviceName, DocumentScan, Mono, Now, RadiationAlarm, RadiationReading, RecordKind, SealReport};

/// How old a reading may be when the vehicle reaches the loop at which its passage begins.
pub(super) const FORETOLD: Duration = Duration::from_secs(30);
/// Reports of seals kept for the next vehicle; the oldest gives way.
const SEALS_MAX: usize = 16;
/// Scans kept for the next vehicle; the oldest gives way.
const SCANS_MAX: usize = 8;

/// What was told of a vehicle that has no passage yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Foretold {
    /// The portal's readings, joined into the worst.
    radiation: Option<(Mono, DeviceName, RadiationReading)>,
    seals: VecDeque<(Mono, DeviceName, SealReport)>,
    scans: VecDeque<(Mono, DeviceName, DocumentScan)>,
}

impl Foretold {
    pub(super) fn keep_seal(&mut self, now: Now, reader: &DeviceName, report: SealReport) {
        if self.seals.len() >= SEALS_MAX {
            self.seals.pop_front();
        }
        self.seals.push_back((now.mono, reader.clone(), report));
    }

    /// The scan that gave way, if one did.
    fn keep_scan(&mut self, now: Now, reader: &DeviceName, scan: DocumentScan) -> Option<DocumentScan> {
        self.scans.retain(|(_, _, known)| known.reference != scan.reference);
        let oldest = if self.scans.len() >= SCANS_MAX { self.scans.pop_front() } else { None };
        self.scans.push_back((now.mono, reader.clone(), scan));
        oldest.map(|(_, _, scan)| scan)
    }
}

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
        if let Some((at, from, known)) = &mut self.foretold.radiation
            && now.mono.since(*at) <= FORETOLD
        {
            reading.alarm = known.alarm.joined(reading.alarm);
            // A portal tells an alarm as long as it lasts; the journal has it already.
            if reading.alarm == known.alarm && reading.alarm != RadiationAlarm::None && from == device {
                *at = now.mono;
                return;
            }
        }
        self.record(now, None, RecordKind::Evidence, &json!({ "portal": device, "radiation": reading }));
        self.foretold.radiation = Some((now.mono, device.clone(), reading));
    }

    /// A driver may scan before the loop sees the truck, or while the one before it leaves: then it is the next one's.
    pub(super) fn on_document(&mut self, now: Now, device: &DeviceName, scan: DocumentScan) {
        let stays = |way: &Way| !matches!(way, Way::Driving(..) | Way::Closing(..));
        if self.passage.as_ref().is_some_and(|passage| stays(&passage.way)) {
            self.add_document(now, device, scan);
            return;
        }
        self.record(now, None, RecordKind::Evidence, &json!({ "reader": device, "document": scan }));
        if self.foretold.keep_scan(now, device, scan).is_some() {
            self.tell(Happening::ReadingUnused(Unused::NoVehicle));
        }
    }

    fn add_document(&mut self, now: Now, device: &DeviceName, scan: DocumentScan) {
        let Some(passage) = &mut self.passage else { return };
        if passage.gathered.add_document(scan.clone()) != Change::Kept {
            return;
        }
        let id = passage.id;
        self.record(now, Some(id), RecordKind::Evidence, &json!({ "reader": device, "document": scan }));
        self.evidence_changed(now, "another document was presented");
    }

    /// A passage begins: what was told just before is told of this vehicle.
    pub(super) fn take_foretold(&mut self, now: Now) {
        let Foretold { radiation, seals, scans } = std::mem::take(&mut self.foretold);
        let is_recent = |at: Mono| now.mono.since(at) <= FORETOLD;
        if let Some((_, device, reading)) = radiation.filter(|(at, ..)| is_recent(*at)) {
            self.add_radiation(now, &device, reading);
        }
        for (_, reader, report) in seals.into_iter().filter(|(at, ..)| is_recent(*at)) {
            self.on_seal(now, &reader, report);
        }
        for (at, reader, scan) in scans {
            if is_recent(at) {
                self.add_document(now, &reader, scan);
            } else {
                // Nobody came with it.
                self.tell(Happening::ReadingUnused(Unused::NoVehicle));
            }
        }
    }
}
