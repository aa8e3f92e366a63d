//! Navigation seals: what they report of the vehicle in the lane, and what that calls for (domain §1).

use serde_json::json;

use super::machine::Machine;
use super::passage::Way;
use super::setup::EVIDENCE_MAX;
use crate::domain::{Reaction, SealEvent, SealOnTransport};
use crate::model::{Alarm, DeviceName, Finding, FindingCode, Now, RecordKind, SealReport, Severity};

/// Characters of a foreign id that a detail shows.
const SHOWN_CHARS: usize = 40;

/// What seals reported of one vehicle.
#[derive(Debug, Clone, Default)]
pub(super) struct Seals(Vec<SealReport>);

impl Seals {
    /// Keeps a report; whether it is news. The same event of the same seal again is none, and nor is what can't be
    /// kept: a vehicle with so many reports is held already.
    pub(super) fn add(&mut self, report: SealReport) -> bool {
        let same = |old: &SealReport| {
            (&old.seal, &old.transport, &old.event) == (&report.seal, &report.transport, &report.event)
        };
        if self.0.iter().any(same) {
            return false;
        }
        // Where there is no room left what weighs least gives way.
        if self.0.len() >= EVIDENCE_MAX {
            let lightest = self.0.iter().enumerate().min_by_key(|(_, old)| reaction(old)).map(|(index, _)| index);
            match lightest.filter(|index| self.0.get(*index).map(reaction) < Some(reaction(&report))) {
                Some(index) => drop(self.0.remove(index)),
                None => return false,
            }
        }
        self.0.push(report);
        true
    }

    pub(super) fn reports(&self) -> &[SealReport] {
        &self.0
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        self.0.iter().map(finding).collect()
    }
}

/// An event that isn't known refers at least (invariant A6).
fn reaction(report: &SealReport) -> Reaction {
    SealEvent::parse(&report.event).map_or(Reaction::Refer, SealEvent::reaction)
}

fn finding(report: &SealReport) -> Finding {
    let seal = shown(&report.seal);
    let detail = match SealEvent::parse(&report.event) {
        Ok(event) => format!("seal {seal}: {} ({event})", told(event)),
        Err(_) => format!("seal {seal}: event {} is not known", shown(&report.event)),
    };
    // A seal with an id of another form, or on a transport that can't be named, is looked at whatever it reports.
    let doubtful = report.transport.as_deref().is_some_and(|to| SealOnTransport::parse(&report.seal, to).is_err());
    match reaction(report) {
        Reaction::Hold => Finding::block(FindingCode::SealBroken, detail),
        Reaction::Refer => Finding::hold(FindingCode::SealSuspect, detail),
        Reaction::Note if doubtful => {
            Finding::hold(FindingCode::SealSuspect, format!("{detail}; its transport is not known"))
        }
        Reaction::Note => Finding::info(FindingCode::SealSuspect, detail),
    }
}

const fn told(event: SealEvent) -> &'static str {
    match event {
        SealEvent::ElementBroken => "the locking element is broken",
        SealEvent::CaseBroken => "the case is broken",
        SealEvent::OffRoute => "the vehicle left its route",
        SealEvent::Fault => "the seal has a fault",
        SealEvent::Battery => "the battery is low",
        SealEvent::ReportsMissed => "two reports are missing",
        SealEvent::Tampering => "somebody tampers with it",
    }
}

/// Foreign text for people: bounded, without control characters.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(SHOWN_CHARS).collect()
}

impl Machine {
    pub(super) fn on_seal(&mut self, now: Now, reader: &DeviceName, report: SealReport) {
        let Some(passage) = &mut self.passage else {
            self.record(now, None, RecordKind::Evidence, &json!({ "reader": reader, "seal": report }));
            self.foretold.keep_seal(now, reader, report);
            return;
        };
        if !passage.seals.add(report.clone()) {
            return;
        }
        let id = passage.id;
        let leaves = matches!(passage.way, Way::Driving(..) | Way::Closing(..));
        self.record(now, Some(id), RecordKind::Evidence, &json!({ "reader": reader, "seal": report }));
        match finding(&report).severity {
            Severity::Info => {}
            // The vehicle drives already, or it is the next one's seal: follow the one, hold the other.
            Severity::Hold | Severity::Block if leaves => {
                self.foretold.keep_seal(now, reader, report);
                self.raise_alarm(now, Alarm::LateStricterDecision);
            }
            Severity::Hold | Severity::Block => self.evidence_changed(now, "a navigation seal reported"),
        }
    }
}
