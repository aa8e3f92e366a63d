//! The auditor's side: draws everything again from the revealed seeds and compares.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::{Ask, KEEP, Ledger, commit, draw};
use crate::model::selection::{Commitment, DrawKey, Drawn, Seed, SelectionCommitted, SelectionRevealed};
use crate::model::{PassageId, Source, Timestamp};

/// How long after its shift a seed may still be secret while the journal goes on.
const REVEALED_WITHIN: Duration = Duration::from_secs(600);
/// Faults that a report names; more are counted.
const FAULTS_SHOWN_MAX: usize = 100;

/// What a record of the journal tells the auditor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A seed was bound.
    Committed(SelectionCommitted),
    /// A draw.
    Drawn(Arc<Drawn>),
    /// A draw whose plates and documents were shredded; it is known under its passage alone.
    Shredded(Arc<Drawn>),
    /// A vehicle was let go.
    Released,
    /// A seed was revealed.
    Revealed(SelectionRevealed),
}

impl Event {
    const fn drawn(&self) -> Option<&Arc<Drawn>> {
        match self {
            Self::Drawn(drawn) | Self::Shredded(drawn) => Some(drawn),
            Self::Committed(_) | Self::Released | Self::Revealed(_) => None,
        }
    }
}

/// A record of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the journal.
    pub sequence: u64,
    /// When.
    pub at: Timestamp,
    /// For which vehicle.
    pub passage: Option<PassageId>,
    /// What.
    pub event: Event,
}

/// A draw, a commitment or a revelation that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("record {sequence}: {what}")]
pub struct Fault {
    /// The record.
    pub sequence: u64,
    /// What is wrong.
    pub what: String,
}

/// What an audit found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// Seeds that were bound.
    pub commitments: u64,
    /// Seeds that were bound after their shift had begun: the site was down before.
    pub late_commitments: u64,
    /// Seeds that were revealed.
    pub revealed: u64,
    /// Draws.
    pub draws: u64,
    /// Draws that were made again and are the same.
    pub verified: u64,
    /// Of these, draws that kept an earlier one (invariant A8).
    pub kept: u64,
    /// Draws of a shift that is not over: their seed is still secret.
    pub pending: u64,
    /// Draws that can't be made again whole, because plates of theirs or of draws before them were shredded: their
    /// numbers were drawn as they should.
    pub shredded: u64,
    /// Numbers of draws that the journal does not have: lost with a crash before they counted.
    pub gaps: u64,
    /// Vehicles selected by the draw.
    pub random: u64,
    /// Vehicles selected by a quota.
    pub quota: u64,
    /// Faults in all.
    pub faults: u64,
    /// The first of them.
    pub first_faults: Vec<Fault>,
}

impl AuditReport {
    fn fault(&mut self, sequence: u64, what: impl Into<String>) {
        self.faults += 1;
        if self.first_faults.len() < FAULTS_SHOWN_MAX {
            self.first_faults.push(Fault { sequence, what: what.into() });
        }
    }
}

#[derive(Debug, Default)]
struct Seeds {
    committed: BTreeMap<Commitment, (u64, SelectionCommitted)>,
    revealed: BTreeMap<Commitment, (u64, Seed)>,
    /// Until then draws may rest on ones that were shredded.
    shredded_until: Option<Timestamp>,
}

/// Draws every draw again. `entries` are those of the whole journal, in order of their sequence.
#[must_use]
pub fn audit(mut entries: Vec<Entry>) -> AuditReport {
    let mut report = AuditReport::default();
    let last = entries.last().map(|entry| entry.at);
    let seeds = seeds(&entries, &mut report);
    if let Some(last) = last {
        unrevealed(&seeds, last, &mut report);
    }
    order_draws(&mut entries);
    let mut ledger = Ledger::default();
    for entry in &entries {
        match &entry.event {
            Event::Drawn(drawn) | Event::Shredded(drawn) => check(entry, drawn, &seeds, &mut ledger, &mut report),
            Event::Released => {
                if let Some(passage) = entry.passage {
                    ledger.released(passage);
                }
            }
            Event::Committed(_) | Event::Revealed(_) => {}
        }
    }
    report
}

fn seeds(entries: &[Entry], report: &mut AuditReport) -> Seeds {
    let mut seeds = Seeds::default();
    for entry in entries {
        match &entry.event {
            Event::Committed(body) => {
                report.commitments += 1;
                report.late_commitments += u64::from(entry.at >= body.opens);
                if seeds.committed.insert(body.commitment, (entry.sequence, body.clone())).is_some() {
                    report.fault(entry.sequence, "the same seed is bound twice");
                }
            }
            Event::Revealed(body) => {
                report.revealed += 1;
                if commit(&body.seed) != body.commitment {
                    report.fault(entry.sequence, "the revealed seed is not the one that was bound");
                } else if !seeds.committed.contains_key(&body.commitment) {
                    report.fault(entry.sequence, "the revealed seed was never bound");
                } else {
                    seeds.revealed.entry(body.commitment).or_insert((entry.sequence, body.seed));
                }
            }
            Event::Shredded(_) => seeds.shredded_until = seeds.shredded_until.max(Some(entry.at.plus(KEEP))),
            Event::Drawn(_) | Event::Released => {}
        }
    }
    seeds
}

/// Seeds that should be public by now.
fn unrevealed(seeds: &Seeds, last: Timestamp, report: &mut AuditReport) {
    for (sequence, body) in seeds.committed.values() {
        let is_due = body.closes.plus(REVEALED_WITHIN) < last;
        if is_due && !seeds.revealed.contains_key(&body.commitment) {
            let what = format!("the seed of the shift that ended at {} was not revealed", body.closes);
            report.fault(*sequence, what);
        }
    }
}

/// Lanes hand their draws to the journal side by side: the numbers say in which order they were made.
pub(super) fn order_draws(entries: &mut [Entry]) {
    let is_draw = |entry: &Entry| entry.event.drawn().is_some();
    let mut draws: Vec<Entry> = entries.iter().filter(|entry| is_draw(entry)).cloned().collect();
    draws.sort_by_key(|entry| entry.event.drawn().map(|drawn| drawn.number));
    for (place, draw) in entries.iter_mut().filter(|entry| is_draw(entry)).zip(draws) {
        *place = draw;
    }
}

fn check(entry: &Entry, drawn: &Arc<Drawn>, seeds: &Seeds, ledger: &mut Ledger, report: &mut AuditReport) {
    report.draws += 1;
    match drawn.picked.as_ref().map(|picked| picked.source) {
        Some(Source::Random) => report.random += 1,
        Some(Source::Quota) => report.quota += 1,
        Some(Source::Criteria | Source::Manual) => report.fault(entry.sequence, "a draw does not select by criteria"),
        None => {}
    }
    let Some(passage) = entry.passage.filter(|passage| drawn.keys.contains(&DrawKey::Passage(*passage))) else {
        report.fault(entry.sequence, "the draw does not name its passage");
        return;
    };
    match drawn.number.cmp(&(ledger.number() + 1)) {
        std::cmp::Ordering::Less => {
            report.fault(entry.sequence, format!("there are two draws {}", drawn.number));
            return;
        }
        std::cmp::Ordering::Equal => {}
        std::cmp::Ordering::Greater => {
            report.gaps += drawn.number - ledger.number() - 1;
            ledger.skip_to(drawn.number, &drawn.hits);
        }
    }
    let Some((bound_at, _)) = seeds.committed.get(&drawn.commitment) else {
        report.fault(entry.sequence, "it was drawn from a seed that was never bound");
        return;
    };
    if entry.sequence < *bound_at {
        report.fault(entry.sequence, "it was drawn before its seed was bound");
    }
    let Some((revealed_at, seed)) = seeds.revealed.get(&drawn.commitment) else {
        report.pending += 1;
        ledger.take(entry.at, Arc::clone(drawn));
        return;
    };
    if drawn.drawn_for == passage && entry.sequence > *revealed_at && !ledger.has(passage) {
        report.fault(entry.sequence, "it was drawn after its seed had been revealed");
    }
    if draw(seed, drawn.drawn_for) != drawn.value {
        report.fault(entry.sequence, format!("draw {}: the seed gives another number", drawn.number));
        return;
    }
    if matches!(entry.event, Event::Shredded(_)) {
        report.shredded += 1;
        ledger.take(entry.at, Arc::clone(drawn));
        return;
    }
    let ask = Ask { passage, at: entry.at, keys: drawn.keys.clone(), hits: drawn.hits.clone() };
    let again = ledger.draw(seed, drawn.commitment, ask);
    match difference(drawn, &again) {
        Some(_) if seeds.shredded_until.is_some_and(|until| entry.at < until) => {
            report.shredded += 1;
            ledger.take(entry.at, Arc::clone(drawn));
        }
        Some(what) => report.fault(entry.sequence, what),
        None => {
            report.verified += 1;
            report.kept += u64::from(drawn.drawn_for != passage);
        }
    }
}

fn difference(recorded: &Drawn, again: &Drawn) -> Option<String> {
    if recorded == again {
        return None;
    }
    let what = if (recorded.drawn_for, recorded.commitment) != (again.drawn_for, again.commitment) {
        "an earlier draw of the passage, its documents or its vehicle was not kept, or one that is not known was"
    } else if recorded.value != again.value {
        "the seed gives another number"
    } else if recorded.picked != again.picked {
        "the number drawn gives another selection"
    } else {
        "numbers or runs of the draws are others"
    };
    Some(format!("draw {}: {what}", recorded.number))
}

#[cfg(test)]
mod tests;
