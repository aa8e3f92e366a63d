//! Risk: asked, answered, applied. A stricter word always wins (invariant A7).

use serde::Serialize;
use uuid::Uuid;

use super::guard::Guard;
use super::io::{Effect, Happening};
use super::machine::Machine;
use super::passage::{Awaiting, Because, Judged, Passage, Way};
use super::setup::RISK_GRACE;
use super::timer::Timer;
use crate::model::risk::{Assessment, Measured, RiskKind, RiskWord, SeenVehicle};
use crate::model::{
    Alarm, Channel, HoldCode, Now, Plate, ReasonedDecision, RecordKind, RiskAnswer, RiskDecision, RiskRequest,
    Severity, Source, View,
};

#[derive(Serialize)]
struct DecidedBody<'a> {
    #[serde(flatten)]
    reasoned: &'a ReasonedDecision,
    /// Before arrival, or at the lane; not told of a word after the one that counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<RiskKind>,
}

#[derive(Serialize)]
struct RequestedBody {
    request_id: Uuid,
    /// The question before arrival whose answer serves.
    #[serde(skip_serializing_if = "Option::is_none")]
    answered_by: Option<Uuid>,
}

impl Machine {
    /// The decision taken before arrival: the RMS's answer, unless something that was seen since speaks against it, or
    /// there are papers that it was not taken on. Set aside, it still holds what it holds (invariant A7). One that is
    /// over is none.
    fn decided_before(&mut self, now: Now) -> Option<Assessment> {
        let passage = self.passage.as_ref()?;
        let matched = passage.matched.as_ref()?;
        let assessment = matched.assessed.clone().filter(|assessment| !assessment.decision.is_over(now.wall))?;
        let contradicted = passage.findings.iter().any(|finding| finding.severity != Severity::Info);
        let same_papers = assessment.declarations.len() == matched.declarations().count();
        if self.guards.holds(Guard::EarlierStands, same_papers && !contradicted) {
            return Some(assessment);
        }
        self.strengthen(now, assessment.decision.into(), Some(RiskKind::PreArrival));
        None
    }

    pub(super) fn ask_risk(&mut self, now: Now) {
        let request_id = self.draw_id();
        let earlier = self.decided_before(now);
        let Some(passage) = &mut self.passage else { return };
        let request = RiskRequest {
            request_id,
            kind: RiskKind::Arrival,
            site: self.setup.site.clone(),
            lane: Some(self.setup.lane.clone()),
            passage: Some(passage.id),
            direction: Some(self.setup.direction),
            at: now.wall,
            reply_by: now.wall.plus(self.setup.risk_timeout),
            vehicle: SeenVehicle {
                tractor: passage.gathered.plate(View::Front).map(Plate::from),
                trailer: passage.gathered.plate(View::Rear).map(Plate::from),
                country: passage.gathered.country(View::Front).map(str::to_owned),
            },
            notification: passage.matched.as_ref().and_then(|m| m.notification.as_deref().cloned()),
            declaration: passage.matched.as_ref().and_then(|m| m.declaration.as_deref().cloned()),
            parties: passage.matched.as_ref().map(|m| m.parties.clone()).unwrap_or_default(),
            measured: Some(Measured {
                gross_kg: passage.gathered.weight().map(|reading| reading.gross_kg),
                axles_kg: passage.gathered.weight().and_then(|reading| reading.axles_kg.clone()),
                radiation: passage.gathered.radiation().map(|reading| reading.alarm),
            }),
            findings: passage.findings.clone(),
        };
        passage.awaiting = Awaiting::Risk(request_id);
        passage.steps.risk_requested = Some(earlier.as_ref().map_or(now.wall, |earlier| earlier.asked_at));
        if let Some(earlier) = &earlier {
            // A later word about it only strengthens.
            passage.asked.push(earlier.decision.request_id);
        }
        let decided_before = earlier.as_ref().map(|earlier| earlier.decision.clone());
        passage.earlier = earlier;
        let id = passage.id;
        let body =
            RequestedBody { request_id, answered_by: decided_before.as_ref().map(|decision| decision.request_id) };
        self.record(now, Some(id), RecordKind::RiskRequested, &body);
        self.timers.set(Timer::Risk, now.mono + self.setup.risk_timeout + RISK_GRACE);
        self.emit(Effect::AskRisk(Box::new(request), decided_before.map(Box::new)));
    }

    pub(super) fn on_risk_answered(&mut self, now: Now, request: Uuid, answer: RiskAnswer) {
        let Some(passage) = &self.passage else {
            self.tell(Happening::AnswerIgnored);
            return;
        };
        let guards = self.guards;
        let awaited = guards.holds(Guard::OwnAnswer, passage.awaiting == Awaiting::Risk(request));
        match answer {
            RiskAnswer::Decided(reasoned)
                if !guards.holds(Guard::OwnAnswer, reasoned.decision.request_id == request) =>
            {
                self.tell(Happening::AnswerIgnored);
            }
            RiskAnswer::Decided(reasoned) if awaited => self.take_decision(now, *reasoned),
            RiskAnswer::Decided(reasoned) if passage.asked.contains(&request) => self.late_decision(now, *reasoned),
            RiskAnswer::Unavailable { why, stands } if awaited => {
                if let Some(reasoned) = stands {
                    self.record_decision(now, &reasoned);
                    self.apply_decision(now, reasoned.decision);
                }
                self.risk_unavailable(now, &why);
            }
            RiskAnswer::Decided(_) | RiskAnswer::Unavailable { .. } => self.tell(Happening::AnswerIgnored),
        }
    }

    fn take_decision(&mut self, now: Now, reasoned: ReasonedDecision) {
        if !self.guards.holds(Guard::DecisionValid, !reasoned.decision.is_over(now.wall)) {
            self.risk_unavailable(now, "the decision was no longer valid when it came");
            return;
        }
        let Some(passage) = &mut self.passage else { return };
        self.timers.stop(Timer::Risk);
        passage.asked.push(reasoned.decision.request_id);
        passage.awaiting = Awaiting::Nothing;
        passage.judged = Judged::Done;
        let kind = passage.risk_kind();
        self.tell(Happening::Decided(kind));
        self.record_decision(now, &reasoned);
        match (&reasoned.degraded, kind) {
            (Some(_), _) => self.raise_alarm(now, Alarm::RiskDegraded),
            (None, RiskKind::Arrival) => self.clear_alarm(now, Alarm::RiskDegraded),
            // It was taken long ago: it says nothing of whether the RMS is there.
            (None, RiskKind::PreArrival) => {}
        }
        self.apply_decision(now, reasoned.decision);
        self.conclude(now);
    }

    fn record_decision(&mut self, now: Now, reasoned: &ReasonedDecision) {
        let Some(passage) = &mut self.passage else { return };
        // The steps tell when it was, before the vehicle came or now.
        let decided_at = passage.earlier.as_ref().map_or(now.wall, |earlier| earlier.decided_at);
        passage.steps.risk_decided = Some(decided_at);
        passage.degraded.clone_from(&reasoned.degraded);
        let (id, kind) = (passage.id, Some(passage.risk_kind()));
        self.record(now, Some(id), RecordKind::RiskDecided, &DecidedBody { reasoned, kind });
        if let Some(source) = reasoned.source {
            self.selected(source);
        }
    }

    /// Each vehicle counts once; what selected it first is why.
    pub(super) fn selected(&mut self, source: Source) {
        if let Some(Passage { source: known @ None, .. }) = &mut self.passage {
            *known = Some(source);
            self.tell(Happening::Selected(source));
        }
    }

    /// The channel's and the agencies' holds. A stricter earlier decision stays (invariant A7).
    fn apply_decision(&mut self, now: Now, decision: RiskDecision) {
        match decision.channel {
            Channel::Green | Channel::Blue => {}
            Channel::Yellow | Channel::Red if !self.guards.keeps(Guard::ChannelHolds) => {}
            Channel::Yellow => self.hold(now, HoldCode::ReferredDocuments, decision.reason.clone()),
            Channel::Red => self.hold(now, HoldCode::ReferredInspection, decision.reason.clone()),
        }
        let guards = self.guards;
        for agency in decision.agencies.iter().filter(|agency| !guards.holds(Guard::AgencyHolds, agency.clear)) {
            let reason = agency.reason.as_deref().unwrap_or("not clear");
            self.hold(now, HoldCode::AgencyHold, format!("{}: {reason}", agency.agency));
        }
        let Some(passage) = &mut self.passage else { return };
        match &mut passage.risk {
            // What an agency has said is known, so that a repetition is no news.
            Some(known) if !guards.holds(Guard::StricterStays, decision.channel >= known.channel) => {
                known.agencies.extend(decision.agencies)
            }
            Some(_) | None => passage.risk = Some(decision),
        }
        self.dirty = true;
    }

    /// A word of the RMS that this lane does not wait for: it counts if it is about the vehicle in the lane.
    pub(super) fn on_risk_heard(&mut self, now: Now, word: &RiskWord) {
        let decision = word.decision();
        if decision.is_over(now.wall) || !self.passage.as_ref().is_some_and(|passage| passage.is_meant_by(word)) {
            return;
        }
        let kind = match word {
            RiskWord::BeforeArrival(_) => Some(RiskKind::PreArrival),
            RiskWord::Unclaimed(_) => None,
        };
        self.strengthen(now, decision.clone().into(), kind);
    }

    /// An answer after the one that counted: it only strengthens (hazard 27).
    fn late_decision(&mut self, now: Now, reasoned: ReasonedDecision) {
        if !self.strengthen(now, reasoned, None) {
            self.tell(Happening::AnswerIgnored);
        }
    }

    /// Takes a word besides the one that is asked for, if it is stricter than what is known; whether it is. A stricter
    /// word wins until the arm is open (invariant A7), then it is an alarm.
    fn strengthen(&mut self, now: Now, reasoned: ReasonedDecision, kind: Option<RiskKind>) -> bool {
        let Some(passage) = &self.passage else { return false };
        let decision = &reasoned.decision;
        let is_known = |agency| passage.risk.as_ref().is_some_and(|known| known.agencies.contains(agency));
        let stricter = decision.agencies.iter().any(|agency| !agency.clear && !is_known(agency))
            || decision.channel > passage.channel().unwrap_or(Channel::Green);
        if !self.guards.holds(Guard::LateWeakerIgnored, stricter) {
            return false;
        }
        let id = passage.id;
        let (is_open, is_through) = match &passage.way {
            Way::Standing | Way::Authorising(..) | Way::Opening(_) => (false, false),
            Way::Driving(..) => (true, false),
            // It stays: the arm comes down before it.
            Way::Closing(_, closing) if closing.because == Because::Void => (false, false),
            Way::Closing(..) => (true, true),
        };
        self.record(now, Some(id), RecordKind::RiskDecided, &DecidedBody { reasoned: &reasoned, kind });
        if is_open {
            self.raise_alarm(now, Alarm::LateStricterDecision);
        }
        if is_through {
            return true;
        }
        // Who has leave to drive keeps it; who does not drive finds the stricter word when the arm is down again.
        if !self.guards.keeps(Guard::LateStricterVoids) {
            return true;
        }
        self.void_pending(now, "a stricter decision came");
        if let Some(source) = reasoned.source {
            self.selected(source);
        }
        self.apply_decision(now, reasoned.decision);
        true
    }

    pub(super) fn risk_unavailable(&mut self, now: Now, why: &str) {
        let Some(passage) = &mut self.passage else { return };
        self.timers.stop(Timer::Risk);
        if let Awaiting::Risk(request) = passage.awaiting {
            passage.asked.push(request);
        }
        passage.awaiting = Awaiting::Nothing;
        passage.judged = Judged::Done;
        passage.degraded = Some(why.to_owned());
        self.raise_alarm(now, Alarm::RiskDegraded);
        if self.guards.keeps(Guard::RiskInTime) {
            self.hold(now, HoldCode::RiskUnavailable, why);
        }
    }
}
