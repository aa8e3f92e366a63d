//! One vehicle's way through the lane: everything the machine knows of it.

use std::collections::BTreeSet;

use serde::Serialize;
use uuid::Uuid;

use super::by_hand::ByHand;
use super::evidence::Gathered;
use super::seals::Seals;
use crate::model::registry::DocumentRef;
use crate::model::risk::{Assessment, RiskKind, RiskWord};
use crate::model::{
    Authority, BarrierPlace, Channel, CommandReason, DeviceName, Finding, Hold, HoldCode, MatchResult, Mono, Now,
    Order, Outcome, PassageId, RiskDecision, Severity, Source, Timestamp,
};

/// What the assessment waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Awaiting {
    /// Nothing: evidence is being gathered, or the verdict is in.
    Nothing,
    /// The register's answer to this round.
    Match(u32),
    /// The RMS's answer to this request.
    Risk(Uuid),
}

/// How far the assessment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judged {
    /// Evidence is being gathered.
    NotYet,
    /// The register or the RMS is being asked.
    Asking,
    /// Match and risk are in.
    Done,
}

/// Where the vehicle's way to an arm is.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
pub(super) enum Way {
    /// It stands; nothing is decided.
    Standing,
    /// Decided, waiting for the journal.
    Authorising(Authority, Purpose),
    /// Commanded, waiting for the arm.
    Opening(Going),
    /// The arm is open; the vehicle drives.
    Driving(Going, Crossing),
    /// The vehicle is through; the arm comes down.
    Closing(Going, Closing),
}

/// What an opening is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Purpose {
    pub(super) barrier: BarrierPlace,
    pub(super) reason: CommandReason,
    /// The order that it carries out.
    pub(super) order: Option<Uuid>,
}

/// An opening that was commanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Going {
    pub(super) barrier: BarrierPlace,
    pub(super) command_id: Uuid,
    /// When the open command went out.
    pub(super) since: Mono,
}

/// How far the vehicle is under the open arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Crossing {
    /// Not on the exit loop yet.
    Before,
    /// On it.
    Under,
}

/// Why the arm comes down, and how often it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Closing {
    pub(super) because: Because,
    pub(super) retries: u8,
}

/// Why the arm comes down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Because {
    /// The vehicle went through: the passage ends.
    Through,
    /// The vehicle went back: the passage ends.
    Back,
    /// The authority is void: the vehicle stays, held.
    Void,
    /// No sensor saw where the vehicle went: nothing is closed until an officer has looked.
    Unseen,
}

/// Instants of the steps (Time Release Study).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Steps {
    pub(super) arrived: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) identified: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) weighed: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) matched: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) risk_requested: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) risk_decided: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) decided: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) opened: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) left: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) closed: Option<Timestamp>,
}

/// The same instants on the clock that rules use.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Marks {
    pub(super) arrived: Mono,
    pub(super) judged_from: Option<Mono>,
    pub(super) decided: Option<Mono>,
    pub(super) opened: Option<Mono>,
    /// From when on it stands where the rear camera sees it.
    pub(super) stands: Option<Mono>,
}

/// An order as the story tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Ordered {
    pub(super) order: &'static str,
    pub(super) officer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) second_officer: Option<String>,
    pub(super) reason: String,
    pub(super) at: Timestamp,
}

/// One vehicle's way through the lane.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct Passage {
    pub(super) id: PassageId,
    pub(super) steps: Steps,
    pub(super) marks: Marks,
    pub(super) gathered: Gathered,
    pub(super) seals: Seals,
    pub(super) way: Way,
    pub(super) awaiting: Awaiting,
    pub(super) judged: Judged,
    pub(super) round: u32,
    pub(super) matched: Option<MatchResult>,
    pub(super) findings: Vec<Finding>,
    pub(super) risk: Option<RiskDecision>,
    /// The decision taken before arrival that the last question is answered with.
    pub(super) earlier: Option<Assessment>,
    /// Why it was selected for a check, if it was.
    pub(super) source: Option<Source>,
    /// Why the RMS had no part in the last answer although it should.
    pub(super) degraded: Option<String>,
    /// Requests of this passage that were answered or given up; a late answer only strengthens.
    pub(super) asked: Vec<Uuid>,
    pub(super) holds: Vec<Hold>,
    pub(super) orders: Vec<Ordered>,
    /// Decided by an order or a release; what the passage ends as.
    pub(super) outcome: Option<Outcome>,
    /// An open command of this passage went out (before a restart, too).
    pub(super) commanded: bool,
    /// Read back from the journal after a restart.
    pub(super) restored: bool,
    /// The numbers that the journal holds of a restored passage.
    pub(super) restored_documents: (Option<String>, Option<String>),
    /// Cameras that spoke since it came.
    pub(super) heard: BTreeSet<DeviceName>,
    /// It is past the approach loop.
    pub(super) inside: bool,
    /// How often the stop line was left while it was under the exit arm.
    pub(super) parts_left: usize,
    /// How often it took the first exit loop again before it had left the second.
    pub(super) taken_again: usize,
    /// Since when no sensor sees it although it was let go.
    pub(super) lost: Option<Mono>,
    /// Something crossed the exit under this passage when nothing had leave to.
    pub(super) crossed: bool,
    /// It drove under an arm that the controller did not move.
    pub(super) by_hand: Option<ByHand>,
}

impl Passage {
    pub(super) fn new(id: PassageId, now: Now) -> Self {
        Self {
            id,
            steps: Steps {
                arrived: now.wall,
                identified: None,
                weighed: None,
                matched: None,
                risk_requested: None,
                risk_decided: None,
                decided: None,
                opened: None,
                left: None,
                closed: None,
            },
            marks: Marks { arrived: now.mono, ..Marks::default() },
            gathered: Gathered::default(),
            seals: Seals::default(),
            way: Way::Standing,
            awaiting: Awaiting::Nothing,
            judged: Judged::NotYet,
            round: 0,
            matched: None,
            findings: Vec::new(),
            risk: None,
            earlier: None,
            source: None,
            degraded: None,
            asked: Vec::new(),
            holds: Vec::new(),
            orders: Vec::new(),
            outcome: None,
            commanded: false,
            restored: false,
            restored_documents: (None, None),
            heard: BTreeSet::new(),
            inside: false,
            parts_left: 0,
            taken_again: 0,
            lost: None,
            crossed: false,
            by_hand: None,
        }
    }

    /// Whether a word of the RMS is about this vehicle: about its notification as it was found, or about a question
    /// of this passage. After a restart the journal knows the number alone; doubt counts.
    pub(super) fn is_meant_by(&self, word: &RiskWord) -> bool {
        match (word, &self.matched) {
            (RiskWord::BeforeArrival(assessment), Some(matched)) => matched.covers(assessment),
            (RiskWord::BeforeArrival(assessment), None) => {
                self.restored_documents.0.as_ref() == Some(&assessment.notification)
            }
            (RiskWord::Unclaimed(decision), _) => {
                let request = decision.request_id;
                self.asked.contains(&request) || self.awaiting == Awaiting::Risk(request)
            }
        }
    }

    /// Whether the last question is answered by a decision taken before arrival.
    pub(super) const fn risk_kind(&self) -> RiskKind {
        if self.earlier.is_some() { RiskKind::PreArrival } else { RiskKind::Arrival }
    }

    pub(super) fn channel(&self) -> Option<Channel> {
        self.risk.as_ref().map(|risk| risk.channel)
    }

    pub(super) fn notification(&self) -> Option<&str> {
        let matched = self.matched.as_ref().and_then(|matched| matched.notification.as_deref());
        matched.map(|notification| notification.number.as_str()).or(self.restored_documents.0.as_deref())
    }

    pub(super) fn declaration(&self) -> Option<&str> {
        let matched = self.matched.as_ref().and_then(|matched| matched.declaration.as_deref());
        matched.map(|declaration| declaration.number.as_str()).or(self.restored_documents.1.as_deref())
    }

    /// The documents that cross the frontier with the vehicle.
    pub(super) fn crossing_documents(&self) -> Vec<DocumentRef> {
        self.matched.as_ref().map(MatchResult::documents).unwrap_or_default()
    }

    pub(super) fn is_held_by(&self, code: HoldCode) -> bool {
        self.holds.iter().any(|hold| hold.code == code)
    }

    /// Whether it stands and nothing is under way to an arm.
    pub(super) const fn is_standing(&self) -> bool {
        matches!(self.way, Way::Standing)
    }

    /// Whether a release needs two different officers (invariant A9).
    pub(super) fn needs_two_officers(&self) -> bool {
        self.holds.iter().any(|hold| hold.code.needs_two_officers(hold.severity))
            || self.findings.iter().any(|finding| finding.severity == Severity::Block)
            || self.channel() == Some(Channel::Red)
    }

    pub(super) fn note_order(&mut self, order: &Order, at: Timestamp) {
        self.orders.push(Ordered {
            order: order.kind.as_str(),
            officer: order.officer.clone(),
            second_officer: order.second_officer.clone(),
            reason: order.reason.clone(),
            at,
        });
    }
}
