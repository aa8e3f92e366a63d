//! From evidence to verdict: match, risk, findings, holds.

use serde::Serialize;
use serde_json::json;

use super::evidence::{Change, Read};
use super::guard::Guard;
use super::io::{Effect, Happening, Step};
use super::machine::Machine;
use super::passage::{Awaiting, Judged, Passage, Way};
use super::setup::MATCH_WITHIN;
use super::timer::Timer;
use crate::model::{
    CommandReason, Finding, HoldCode, MatchQuery, MatchResult, Now, PassageId, RecordKind, Scored, Severity, View,
    WeightReading,
};

#[derive(Serialize)]
struct MatchedBody<'a> {
    notification: Option<&'a str>,
    declaration: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    more_declarations: Vec<&'a str>,
    not_subject: bool,
    expected_kg: Option<i64>,
    findings: &'a [Finding],
    /// What was considered and everything that spoke for and against it.
    candidates: &'a [Scored],
}

impl Machine {
    pub(super) fn add_read(&mut self, now: Now, read: Read) {
        let Some(passage) = &mut self.passage else { return };
        let change = passage.gathered.add_read(read.clone(), &self.setup.templates);
        if change == Change::Nothing {
            return;
        }
        let id = passage.id;
        if passage.steps.identified.is_none() && passage.gathered.plate(View::Front).is_some() {
            passage.steps.identified = Some(now.wall);
        }
        self.record(now, Some(id), RecordKind::Evidence, &json!({ "plate": read }));
        if change == Change::Plate {
            self.evidence_changed(now, "a later plate read differs");
        }
    }

    pub(super) fn add_weight(&mut self, now: Now, reading: &WeightReading) {
        let Some(passage) = &mut self.passage else { return };
        // A weight belongs to the vehicle that stands; one that drives off is no longer weighed (invariant B9).
        let stands = self.guards.holds(Guard::WeighedStanding, passage.is_standing());
        if !stands || passage.gathered.scale.add(reading, now.mono) != Change::Kept {
            return;
        }
        let id = passage.id;
        passage.steps.weighed = Some(now.wall);
        self.record(now, Some(id), RecordKind::Evidence, &json!({ "weight": reading }));
        self.evidence_changed(now, "the weight changed");
    }

    /// New evidence: a decision taken without it is judged again (contract, PlateRead).
    pub(super) fn evidence_changed(&mut self, now: Now, why: &str) {
        self.stirred = true;
        let Some(passage) = &self.passage else { return };
        if !self.guards.holds(Guard::RestoredWaits, !passage.restored) {
            return;
        }
        match (&passage.way, passage.judged) {
            (Way::Standing, Judged::NotYet) => self.assess_when_complete(now),
            (Way::Standing, Judged::Asking | Judged::Done) => self.assess(now),
            (Way::Authorising(..) | Way::Opening(..), _) if !self.guards.keeps(Guard::NewEvidenceVoids) => {}
            (Way::Authorising(..) | Way::Opening(..), _) => {
                self.void_pending(now, why);
                self.assess(now);
            }
            (Way::Driving(..) | Way::Closing(..), _) => {}
        }
    }

    pub(super) fn assess_when_complete(&mut self, now: Now) {
        let complete = self.passage.as_ref().is_some_and(|passage| passage.gathered.missing(&self.setup).is_empty());
        if complete {
            self.assess(now);
        }
    }

    /// Asks the register with what there is; what is missing is a finding.
    pub(super) fn assess(&mut self, now: Now) {
        let Some(passage) = &mut self.passage else { return };
        // Who was refused or referred is judged again by an officer's word only.
        if !passage.is_standing() || passage.outcome.is_some() {
            return;
        }
        self.timers.stop(Timer::Evidence);
        self.timers.stop(Timer::Risk);
        passage.marks.judged_from.get_or_insert(now.mono);
        passage.round += 1;
        passage.judged = Judged::Asking;
        if let Awaiting::Risk(request) = passage.awaiting {
            passage.asked.push(request);
        }
        passage.awaiting = Awaiting::Match(passage.round);
        // Holds that an assessment places are placed anew by it; all others stay.
        passage.holds.retain(|hold| {
            !matches!(hold.code, HoldCode::Finding(_) | HoldCode::MatchUnavailable | HoldCode::RiskUnavailable)
        });
        self.dirty = true;
        self.timers.set(Timer::Match, now.mono + MATCH_WITHIN);
        if let Some(query) = self.passage.as_ref().map(|passage| self.query(passage)) {
            self.emit(Effect::Match(query));
        }
    }

    pub(super) fn on_matched(&mut self, now: Now, id: PassageId, round: u32, result: MatchResult) {
        let Some(passage) = &mut self.passage else { return };
        let is_own = passage.id == id && passage.awaiting == Awaiting::Match(round);
        if !self.guards.holds(Guard::OwnMatch, is_own) {
            return;
        }
        self.timers.stop(Timer::Match);
        let mut findings = passage.gathered.findings(&self.setup);
        self.explain_missing(&mut findings);
        let Some(passage) = &mut self.passage else { return };
        findings.extend(passage.seals.findings());
        self.setup.weigh(&mut findings);
        findings.extend(result.findings.iter().cloned());
        passage.steps.matched = Some(now.wall);
        passage.findings = findings;
        let body = MatchedBody {
            notification: result.notification.as_deref().map(|notification| notification.number.as_str()),
            declaration: result.declaration.as_deref().map(|declaration| declaration.number.as_str()),
            more_declarations: result.more_declarations.iter().map(|found| found.number.as_str()).collect(),
            not_subject: result.not_subject,
            expected_kg: result.expected_kg,
            findings: &passage.findings,
            candidates: &result.candidates,
        };
        let body = serde_json::to_value(&body).unwrap_or_default();
        passage.matched = Some(result);
        self.record(now, Some(id), RecordKind::Matched, &body);
        self.hold_findings(now);
        self.ask_risk(now);
    }

    fn hold_findings(&mut self, now: Now) {
        let findings = self.passage.as_ref().map(|passage| passage.findings.clone()).unwrap_or_default();
        for finding in findings {
            self.tell(Happening::Found(finding.code));
            match finding.severity {
                Severity::Info => {}
                Severity::Hold | Severity::Block if !self.guards.keeps(Guard::FindingsHold) => {}
                Severity::Hold | Severity::Block => {
                    self.hold_with(now, HoldCode::Finding(finding.code), finding.detail, finding.severity);
                }
            }
        }
    }

    pub(super) fn match_unavailable(&mut self, now: Now) {
        let Some(passage) = &mut self.passage else { return };
        passage.awaiting = Awaiting::Nothing;
        passage.judged = Judged::Done;
        if self.guards.keeps(Guard::MatchInTime) {
            self.hold(now, HoldCode::MatchUnavailable, "the register did not answer in time");
        }
    }

    /// The question to the register of a vehicle that waits for papers.
    #[must_use]
    pub fn awaits_papers(&self) -> Option<MatchQuery> {
        let passage = self.passage.as_ref()?;
        let waits = passage.is_standing()
            && passage.judged != Judged::NotYet
            && !passage.restored
            && passage.holds.iter().any(|hold| matches!(hold.code, HoldCode::Finding(_)));
        waits.then(|| self.query(passage))
    }

    /// The question that the register will be asked once the evidence of a vehicle with a plate is complete: the answer
    /// that is read from the disk now is at hand then.
    #[must_use]
    pub fn will_ask(&self) -> Option<MatchQuery> {
        let passage = self.passage.as_ref()?;
        let waits = passage.is_standing() && passage.judged == Judged::NotYet && !passage.restored;
        (waits && passage.gathered.plate_of(View::Front).is_some()).then(|| self.query(passage))
    }

    /// Whether an answer of the register differs from the one that the vehicle was judged by.
    #[must_use]
    pub fn knows_otherwise(&self, result: &MatchResult) -> bool {
        self.passage.as_ref().is_some_and(|passage| passage.matched.as_ref() != Some(result))
    }

    /// A document came that concerns the vehicle: a truck that waits for its papers is judged again.
    pub(super) fn on_register_changed(&mut self, now: Now) {
        if self.awaits_papers().is_some() {
            self.assess(now);
        }
    }

    fn query(&self, passage: &Passage) -> MatchQuery {
        MatchQuery {
            lane: self.setup.lane.clone(),
            passage: passage.id,
            round: passage.round,
            direction: self.setup.direction,
            arrived: passage.steps.arrived,
            tractor: passage.gathered.plate_of(View::Front),
            trailer: passage.gathered.plate_of(View::Rear),
            documents: passage.gathered.documents().iter().map(|scan| scan.reference.clone()).collect(),
            gross_kg: passage.gathered.weight().map(|reading| reading.gross_kg),
            axles: passage.gathered.scale.axles(),
        }
    }

    /// When everything is in and nothing holds: release.
    pub(super) fn conclude(&mut self, now: Now) {
        let guards = self.guards;
        let ready = self.passage.as_ref().is_some_and(|passage| {
            passage.is_standing()
                && passage.judged == Judged::Done
                && passage.awaiting == Awaiting::Nothing
                && guards.holds(Guard::HeldStays, passage.holds.is_empty())
                && passage.outcome.is_none()
                && guards.holds(Guard::RestoredWaits, !passage.restored)
        });
        if ready {
            if let Some(from) = self.passage.as_ref().and_then(|passage| passage.marks.judged_from) {
                self.tell(Happening::Took(Step::Decision, now.mono.since(from)));
            }
            self.plan_release(now, CommandReason::Release, None);
        }
    }

    /// Puts a passage back to gathering, so that it is judged from the start.
    pub(super) fn judge_again(&mut self, now: Now) {
        if let Some(Passage { restored, judged, .. }) = &mut self.passage {
            *restored = false;
            *judged = Judged::NotYet;
        }
        self.assess(now);
    }
}
