//! What was read, weighed and scanned of one vehicle.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::plates::Plates;
use super::setup::{EVIDENCE_MAX, Evidence, LaneSetup};
use super::weigh::Weight;
use crate::domain::plate::Templates;
use crate::model::registry::PlateOf;
use crate::model::{
    DeviceName, DocumentScan, Finding, FindingCode, PlateRead, RadiationAlarm, RadiationReading, View, WeightReading,
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

/// Everything that devices told of one vehicle.
#[derive(Debug, Clone, Default)]
pub(super) struct Gathered {
    plates: Plates,
    /// What it weighs.
    pub(super) scale: Weight,
    documents: Vec<DocumentScan>,
    radiation: Option<RadiationReading>,
}

impl Gathered {
    /// Adds a read; a read of the same id changes nothing, a read of the same track revises it.
    pub(super) fn add_read(&mut self, read: Read, templates: &Templates) -> Change {
        self.plates.add(read, templates)
    }

    /// Nothing was told of it yet.
    pub(super) fn is_empty(&self) -> bool {
        self.plates.reads().is_empty()
            && self.weight().is_none()
            && self.documents.is_empty()
            && self.radiation.is_none()
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

    pub(super) const fn weight(&self) -> Option<&WeightReading> {
        self.scale.taken()
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
            Evidence::Weight => self.weight().is_some(),
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

#[cfg(test)]
crate::lane::tests::search::digest::digest!(Gathered { plates, scale } without { documents, radiation });
