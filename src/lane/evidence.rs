//! What was read, weighed and scanned of one vehicle.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::plates::Plates;
use super::setup::{
    EVIDENCE_MAX, Evidence, LaneSetup, REWEIGH_BAND_KG, STABLE_BAND_KG, STABLE_READINGS, STABLE_WITHIN,
};
use crate::domain::plate::Templates;
use crate::model::registry::PlateOf;
use crate::model::{
    DeviceName, DocumentScan, Finding, FindingCode, Mono, PlateRead, RadiationAlarm, RadiationReading, Stability, View,
    WeightReading,
};

/// One read that counts for a view.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Read {
    pub(super) camera: DeviceName,
    pub(super) read: PlateRead,
}

/// What an added read changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// The same read again, or more than can be kept.
    Nothing,
    /// Kept; the view's plate is as before.
    Kept,
    /// The view's plate is another one.
    Plate,
}

/// The scale's own window over one vehicle (invariant B9).
#[derive(Debug, Clone, Default)]
struct Window {
    since: Option<Mono>,
    around_kg: i64,
    readings: u32,
}

impl Window {
    /// Whether the platform has been still for long enough.
    fn is_still(&mut self, reading: &WeightReading, now: Mono) -> bool {
        match reading.stability {
            Stability::Stable => {
                self.since = None;
                true
            }
            Stability::Moving => {
                self.since = None;
                false
            }
            Stability::Unknown => {
                let since = self.since.filter(|_| (reading.gross_kg - self.around_kg).abs() <= STABLE_BAND_KG);
                match since {
                    Some(since) => {
                        self.readings += 1;
                        self.readings >= STABLE_READINGS && now.since(since) >= STABLE_WITHIN
                    }
                    None => {
                        *self = Self { since: Some(now), around_kg: reading.gross_kg, readings: 1 };
                        false
                    }
                }
            }
        }
    }
}

/// Everything that devices told of one vehicle.
#[derive(Debug, Clone, Default)]
pub(super) struct Gathered {
    plates: Plates,
    weight: Option<WeightReading>,
    window: Window,
    documents: Vec<DocumentScan>,
    radiation: Option<RadiationReading>,
}

impl Gathered {
    /// Adds a read; a read of the same id changes nothing, a read of the same track revises it.
    pub(super) fn add_read(&mut self, read: Read, templates: &Templates) -> Change {
        self.plates.add(read, templates)
    }

    /// What the reads of that view say together.
    pub(super) fn plate(&self, view: View) -> Option<&str> {
        self.plates.plate(view)
    }

    /// The same with its country, as the register compares it.
    pub(super) fn plate_of(&self, view: View) -> Option<PlateOf> {
        self.plates.plate_of(view)
    }

    /// The country that goes with it.
    pub(super) fn country(&self, view: View) -> Option<&str> {
        self.plates.country(view)
    }

    /// All reads, as the story of the passage tells them.
    pub(super) fn reads(&self) -> &[Read] {
        self.plates.reads()
    }

    /// Takes a weight if it is one: still, above `minimum_kg`, and not what was taken before.
    pub(super) fn add_weight(&mut self, reading: &WeightReading, minimum_kg: i64, now: Mono) -> Change {
        let still = self.window.is_still(reading, now);
        if !still || reading.gross_kg < minimum_kg {
            return Change::Nothing;
        }
        let known = self.weight.as_ref().is_some_and(|old| (old.gross_kg - reading.gross_kg).abs() <= REWEIGH_BAND_KG);
        if known {
            return Change::Nothing;
        }
        self.weight = Some(reading.clone());
        Change::Kept
    }

    pub(super) const fn weight(&self) -> Option<&WeightReading> {
        self.weight.as_ref()
    }

    /// Puts back a weight that the journal holds.
    pub(super) fn restore_weight(&mut self, reading: WeightReading) {
        self.weight = Some(reading);
    }

    pub(super) fn add_document(&mut self, scan: DocumentScan) -> Change {
        let known = self.documents.iter().any(|old| old.reference == scan.reference);
        if known || self.documents.len() >= EVIDENCE_MAX {
            return Change::Nothing;
        }
        self.documents.push(scan);
        Change::Kept
    }

    pub(super) fn documents(&self) -> &[DocumentScan] {
        &self.documents
    }

    /// An alarm stays; a later quiet reading doesn't take it back, and a worse one is added to it.
    pub(super) fn add_radiation(&mut self, mut reading: RadiationReading) -> Change {
        let known = self.radiation.as_ref();
        if let Some(old) = known.filter(|old| old.alarm != RadiationAlarm::None) {
            reading.alarm = old.alarm.joined(reading.alarm);
            if reading.alarm == old.alarm {
                return Change::Nothing;
            }
        }
        if known == Some(&reading) {
            return Change::Nothing;
        }
        self.radiation = Some(reading);
        Change::Kept
    }

    pub(super) const fn radiation(&self) -> Option<&RadiationReading> {
        self.radiation.as_ref()
    }

    /// What the lane requires and does not have.
    pub(super) fn missing(&self, setup: &LaneSetup) -> BTreeSet<Evidence> {
        setup.evidence.iter().copied().filter(|evidence| !self.has(*evidence)).collect()
    }

    fn has(&self, evidence: Evidence) -> bool {
        match evidence {
            Evidence::TractorPlate => self.plate(View::Front).is_some(),
            Evidence::TrailerPlate => self.plate(View::Rear).is_some(),
            Evidence::Weight => self.weight.is_some(),
            Evidence::Documents => !self.documents.is_empty(),
            Evidence::Radiation => self.radiation.is_some(),
        }
    }

    /// What the evidence itself says, apart from any document.
    pub(super) fn findings(&self, setup: &LaneSetup) -> Vec<Finding> {
        let mut findings = Vec::new();
        for missing in self.missing(setup) {
            findings.push(Finding::hold(FindingCode::EvidenceMissing, missing.as_str()));
        }
        findings.extend(self.plates.findings());
        if let Some(reading) = &self.radiation
            && reading.alarm != RadiationAlarm::None
        {
            let detail = match reading.alarm {
                RadiationAlarm::None => "none",
                RadiationAlarm::Gamma => "gamma alarm",
                RadiationAlarm::Neutron => "neutron alarm",
                RadiationAlarm::GammaNeutron => "gamma and neutron alarm",
                RadiationAlarm::Fault => "the portal reports a fault",
            };
            findings.push(Finding::block(FindingCode::Radiation, detail));
        }
        findings
    }
}
