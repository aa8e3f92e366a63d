//! After a restart: the open passage of the journal comes back, held (hazard 36).

use serde::Deserialize;
use uuid::Uuid;

use super::by_hand::ByHand;
use super::evidence::Read;
use super::faults::OUT_OF_SIGHT;
use super::guard::Guard;
use super::machine::Machine;
use super::passage::{Judged, Passage};
use crate::domain::plate::Templates;
use crate::model::{
    BarrierPlace, Channel, CommandVerb, DocumentScan, Finding, HoldCode, NewRecord, Now, Outcome, PassageId,
    RadiationReading, ReasonedDecision, RecordKind, RiskDecision, SealReport, Service, Severity, WeightReading,
};

/// An open passage as the journal holds it.
#[derive(Debug, Clone)]
pub struct Restored {
    /// Its id.
    pub passage: PassageId,
    /// Its records, in order.
    pub records: Vec<NewRecord>,
}

#[derive(Deserialize, Default)]
struct EvidenceBody {
    plate: Option<Read>,
    weight: Option<WeightReading>,
    document: Option<DocumentScan>,
    radiation: Option<RadiationReading>,
    seal: Option<SealReport>,
    crosses: Option<ByHand>,
}

#[derive(Deserialize)]
struct MatchedBody {
    notification: Option<String>,
    declaration: Option<String>,
    #[serde(default)]
    findings: Vec<Finding>,
}

#[derive(Deserialize)]
struct RequestedBody {
    request_id: Uuid,
    #[serde(default)]
    answered_by: Option<Uuid>,
}

#[derive(Deserialize)]
struct CommandedBody {
    barrier: BarrierPlace,
    command: CommandVerb,
}

#[derive(Deserialize)]
struct HeldBody {
    code: String,
    detail: String,
}

#[derive(Deserialize)]
struct OutcomeBody {
    outcome: Outcome,
}

impl Machine {
    /// Puts an open passage back into the lane, held until an officer decides or the vehicle is seen to leave.
    /// Nothing that was commanded before is commanded again (invariant A3).
    pub fn restore(&mut self, now: Now, restored: &Restored) {
        let mut passage = Passage::new(restored.passage, now);
        passage.restored = true;
        passage.judged = Judged::Done;
        for record in &restored.records {
            replay(&mut passage, record, &self.setup.templates);
        }
        let findings = std::mem::take(&mut passage.findings);
        let risk = passage.risk.clone();
        self.passage = Some(passage);
        self.stirred = true;
        if self.guards.keeps(Guard::RestoredWaits) {
            self.hold(now, HoldCode::Restarted, "the controller restarted while the vehicle was in the lane");
        }
        for finding in &findings {
            if finding.severity >= Severity::Hold {
                self.hold_with(now, HoldCode::Finding(finding.code), finding.detail.clone(), finding.severity);
            }
        }
        if let Some(passage) = &mut self.passage {
            passage.findings = findings;
        }
        if let Some(risk) = risk.filter(|_| self.guards.keeps(Guard::RestoredRisk)) {
            self.hold_restored_risk(now, &risk);
        }
        self.show(now);
    }

    /// Puts the service back that an officer ordered before the restart.
    pub fn restore_service(&mut self, service: Service) {
        self.service = service;
        self.dirty = true;
    }

    fn hold_restored_risk(&mut self, now: Now, risk: &RiskDecision) {
        match risk.channel {
            Channel::Green | Channel::Blue => {}
            Channel::Yellow => self.hold(now, HoldCode::ReferredDocuments, risk.reason.clone()),
            Channel::Red => self.hold(now, HoldCode::ReferredInspection, risk.reason.clone()),
        }
        for agency in risk.agencies.iter().filter(|agency| !agency.clear) {
            let reason = agency.reason.as_deref().unwrap_or("not clear");
            self.hold(now, HoldCode::AgencyHold, format!("{}: {reason}", agency.agency));
        }
    }
}

/// Applies one record of the journal. A body that doesn't parse leaves its field unknown: the passage is held anyway.
fn replay(passage: &mut Passage, record: &NewRecord, templates: &Templates) {
    match record.kind {
        RecordKind::PassageOpened => passage.steps.arrived = record.at,
        RecordKind::Evidence => replay_evidence(passage, record, templates),
        RecordKind::Matched => {
            if let Ok(body) = serde_json::from_str::<MatchedBody>(&record.body) {
                passage.restored_documents = (body.notification, body.declaration);
                passage.findings = body.findings;
                passage.steps.matched = Some(record.at);
            }
        }
        RecordKind::RiskRequested => {
            passage.steps.risk_requested = Some(record.at);
            if let Ok(body) = serde_json::from_str::<RequestedBody>(&record.body) {
                // An answer that is still under way only strengthens.
                passage.asked.extend([Some(body.request_id), body.answered_by].into_iter().flatten());
            }
        }
        RecordKind::RiskDecided => {
            if let Ok(reasoned) = serde_json::from_str::<ReasonedDecision>(&record.body) {
                let ReasonedDecision { decision, source, degraded, .. } = reasoned;
                passage.degraded = degraded;
                passage.source = passage.source.or(source);
                let stricter = passage.risk.as_ref().is_none_or(|known| decision.channel >= known.channel);
                if stricter {
                    passage.risk = Some(decision);
                }
                passage.steps.risk_decided = Some(record.at);
            }
        }
        RecordKind::Released => passage.steps.decided = Some(record.at),
        RecordKind::Referred | RecordKind::Refused => {
            if let Ok(body) = serde_json::from_str::<OutcomeBody>(&record.body) {
                passage.outcome = Some(body.outcome);
            }
        }
        RecordKind::BarrierCommanded => {
            if let Ok(body) = serde_json::from_str::<CommandedBody>(&record.body) {
                passage.commanded |= body.command == CommandVerb::Open && body.barrier != BarrierPlace::Entry;
            }
        }
        RecordKind::Held => {
            let held = serde_json::from_str::<HeldBody>(&record.body).ok();
            if held.is_some_and(|held| held.code == HoldCode::LoopFault.as_str() && held.detail == OUT_OF_SIGHT) {
                passage.lost = Some(passage.marks.arrived);
            }
        }
        RecordKind::Order
        | RecordKind::PassageCompleted
        | RecordKind::FrontierCrossed
        | RecordKind::AlarmRaised
        | RecordKind::AlarmCleared
        | RecordKind::DeviceLost
        | RecordKind::DeviceFound
        | RecordKind::OutcomeRecorded
        | RecordKind::ServiceChanged
        | RecordKind::ProfilesChanged
        | RecordKind::SelectionCommitted
        | RecordKind::SelectionDrawn
        | RecordKind::SelectionRevealed
        | RecordKind::KeysShredded
        | RecordKind::AccessAnchored => {}
    }
}

fn replay_evidence(passage: &mut Passage, record: &NewRecord, templates: &Templates) {
    let body: EvidenceBody = serde_json::from_str(&record.body).unwrap_or_default();
    if let Some(read) = body.plate {
        passage.gathered.add_read(read, templates);
        passage.steps.identified.get_or_insert(record.at);
    }
    if let Some(weight) = body.weight {
        passage.gathered.scale.restore(weight);
        passage.steps.weighed = Some(record.at);
    }
    if let Some(document) = body.document {
        passage.gathered.add_document(document);
    }
    if let Some(radiation) = body.radiation {
        passage.gathered.add_radiation(radiation);
    }
    if let Some(seal) = body.seal {
        passage.seals.add(seal);
    }
    passage.by_hand = body.crosses.or(passage.by_hand);
}
