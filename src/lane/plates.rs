//! The plates of one vehicle: reads vote, and each view has one verdict.

use std::collections::BTreeMap;

use super::evidence::{Change, Read};
use super::setup::{CONFIDENCE_MIN, EVIDENCE_MAX};
use crate::domain::plate::{Ballot, Confidence, Standing, Templates, Verdict, vote};
use crate::model::registry::PlateOf;
use crate::model::{Finding, FindingCode, Purpose, View};

/// Reads of one vehicle and what they say together.
#[derive(Debug, Clone, Default)]
pub(super) struct Plates {
    reads: Vec<Read>,
    verdicts: BTreeMap<View, Option<Verdict>>,
}

impl Plates {
    /// Adds a read; a read of the same id changes nothing, a read of the same track revises it.
    pub(super) fn add(&mut self, read: Read, templates: &Templates) -> Change {
        let known = |old: &Read| old.camera == read.camera && old.read.read_id == read.read.read_id;
        if self.reads.iter().any(known) {
            return Change::Nothing;
        }
        let same_track =
            |old: &Read| read.read.track.is_some() && old.camera == read.camera && old.read.track == read.read.track;
        let view = read.read.view;
        let revised = self.reads.iter().position(same_track);
        // A plate that got lost doesn't take back what was read (no plate proves presence only).
        let keeps_old = revised.is_some() && read.read.plate.is_none();
        match revised {
            Some(_) if keeps_old => return Change::Kept,
            Some(index) => self.reads[index] = read,
            None if self.reads.len() < EVIDENCE_MAX => self.reads.push(read),
            None => return Change::Nothing,
        }
        let verdict = self.elect(view, templates);
        let said = |verdict: &Option<Verdict>| {
            verdict.as_ref().map(|verdict| (verdict.plate.clone(), verdict.conflict.is_some()))
        };
        let before = self.verdicts.insert(view, verdict).unwrap_or_default();
        let after = self.verdicts.get(&view).cloned().unwrap_or_default();
        if said(&before) == said(&after) { Change::Kept } else { Change::Plate }
    }

    fn elect(&self, view: View, templates: &Templates) -> Option<Verdict> {
        let ballots: Vec<Ballot<'_>> = self
            .reads
            .iter()
            .filter(|kept| kept.read.view == view)
            .map(|kept| Ballot {
                camera: kept.camera.as_str(),
                track: kept.read.track.as_deref(),
                plate: kept.read.plate.as_ref().map(|plate| plate.reveal(Purpose::Matching)),
                confidence: kept.read.confidence,
                country: kept.read.country.as_deref(),
                candidates: kept
                    .read
                    .candidates
                    .iter()
                    .map(|other| (other.plate.reveal(Purpose::Matching), other.confidence))
                    .collect(),
            })
            .collect();
        vote(templates, &ballots, Confidence::of(CONFIDENCE_MIN))
    }

    fn verdict(&self, view: View) -> Option<&Verdict> {
        let verdict = self.verdicts.get(&view)?.as_ref()?;
        // What no sure read says proves presence, and names no plate.
        (verdict.standing == Standing::Sure).then_some(verdict)
    }

    /// The plate of that view in its one form.
    pub(super) fn plate(&self, view: View) -> Option<&str> {
        self.verdict(view).map(|verdict| verdict.plate.as_str())
    }

    /// Its country.
    pub(super) fn country(&self, view: View) -> Option<&str> {
        self.verdict(view).and_then(|verdict| verdict.country.as_deref())
    }

    /// As it was read, with its country: the register settles it by the notified country, too.
    pub(super) fn plate_of(&self, view: View) -> Option<PlateOf> {
        let verdict = self.verdict(view)?;
        let of_view = self.reads.iter().filter(|kept| kept.read.view == view);
        let read = verdict.read.and_then(|place| of_view.map(|kept| kept.read.plate.clone()).nth(place).flatten());
        let plate = read.unwrap_or_else(|| verdict.plate.as_str().into());
        Some(PlateOf { plate, country: verdict.country.clone() })
    }

    /// All reads, as the story of the passage tells them.
    pub(super) fn reads(&self) -> &[Read] {
        &self.reads
    }

    /// Sure reads that disagree (hazard 1).
    pub(super) fn findings(&self) -> Vec<Finding> {
        let conflict =
            |view: View| self.verdicts.get(&view).and_then(Option::as_ref).is_some_and(|v| v.conflict.is_some());
        [(View::Front, "front"), (View::Rear, "rear")]
            .into_iter()
            .filter(|(view, _)| conflict(*view))
            .map(|(_, name)| {
                Finding::hold(FindingCode::PlateConflict, format!("sure reads of the {name} plate disagree"))
            })
            .collect()
    }
}

// What the verdicts are follows from the reads.
#[cfg(test)]
crate::lane::tests::search::digest::digest!(Plates { reads } without { verdicts });
