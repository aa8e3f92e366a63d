//! Risk: asked, answered, applied. A stricter word always wins (invariant A7).

use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::guard::Guard;
use super::io::{Effect, Happening};
use super::machine::Machine;
use super::passage::{Awaiting, Because, Judged, Passage, Way};
use super::setup::RISK_GRACE;
use super::timer::Timer;
use crate::model::risk::{Assessment, Measured, RiskKind, SeenVehicle};
use crate::model::{
    Alarm, Channel, HoldCode, Now, ReasonedDecision, RecordKind, RiskAnswer, RiskDecision, RiskRequest, Severity,
    Source, View,
};

#[derive(Serialize)]
struct DecidedBody<'a> {
    #[serde(flatten)]
    reasoned: &'a ReasonedDecision,
    /// Before arrival, or at the lane.
    kind: RiskKind,
}

impl Machine {
    /// The decision taken before arrival, unless something that was seen since speaks against it, or it is over.
    fn cleared_before(&self, now: Now) -> Option<Assessment> {
        let passage = self.passage.as_ref()?;
        let assessment = passage.matched.as_ref()?.assessed.clone()?;
        let over = assessment.decision.valid_until.is_some_and(|until| until <= now.wall);
        let contradicted = passage.findings.iter().any(|finding| finding.severity != Severity::Info);
        self.guards.holds(Guard::EarlierStands, !over && !contradicted).then_some(assessment)
    }

    pub(super) fn ask_risk(&mut self, now: Now) {
        let request_id = self.draw_id();
        let earlier = self.cleared_before(now);
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
                tractor: passage.gathered.plate(View::Front).map(str::to_owned),
                trailer: passage.gathered.plate(View::Rear).map(str::to_owned),
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
        self.record(now, Some(id), RecordKind::RiskRequested, &json!({ "request_id": request_id }));
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
        let valid = reasoned.decision.valid_until.is_none_or(|until| until > now.wall);
        if !self.guards.holds(Guard::DecisionValid, valid) {
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
        let (id, kind) = (passage.id, passage.risk_kind());
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

    /// An answer after the one that counted: it only strengthens (hazard 27, invariant A7).
    fn late_decision(&mut self, now: Now, reasoned: ReasonedDecision) {
        let Some(passage) = &self.passage else { return };
        let (known, decision) = (passage.channel(), &reasoned.decision);
        let is_known = |agency| passage.risk.as_ref().is_some_and(|known| known.agencies.contains(agency));
        let stricter = decision.agencies.iter().any(|agency| !agency.clear && !is_known(agency))
            || known.map_or(decision.channel >= Channel::Yellow, |known| decision.channel > known);
        if !self.guards.holds(Guard::LateWeakerIgnored, stricter) {
            self.tell(Happening::AnswerIgnored);
            return;
        }
        let id = passage.id;
        let (is_open, is_through) = match &passage.way {
            Way::Standing | Way::Authorising(..) | Way::Opening(_) => (false, false),
            Way::Driving(..) => (true, false),
            // It stays: the arm comes down before it.
            Way::Closing(_, closing) if closing.because == Because::Void => (false, false),
            Way::Closing(..) => (true, true),
        };
        self.record(now, Some(id), RecordKind::RiskDecided, &reasoned);
        if is_open {
            self.raise_alarm(now, Alarm::LateStricterDecision);
        }
        if is_through {
            return;
        }
        // Who has leave to drive keeps it; who does not drive finds the stricter word when the arm is down again.
        if self.guards.keeps(Guard::LateStricterVoids) {
            self.void_pending(now, "a stricter decision came");
            self.apply_decision(now, reasoned.decision);
        }
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
