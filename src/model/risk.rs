//! The question to the risk management system and its answer (contract, Risk).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::command::Texts;
use super::finding::Finding;
use super::observation::RadiationAlarm;
use super::registry::{Declaration, Party, PriorNotification};
use super::selection::Source;
use super::state::Direction;
use super::{LaneId, PassageId, Plate, SiteId, Timestamp};

/// The customs channel; a greater one is stricter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Release.
    Green,
    /// Release, audit afterwards.
    Blue,
    /// Hold for documents.
    Yellow,
    /// Refer to inspection.
    Red,
}

impl Channel {
    /// The name that the contract prints.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Blue => "blue",
            Self::Yellow => "yellow",
            Self::Red => "red",
        }
    }
}

/// What is to be done with the vehicle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Look at the papers.
    DocumentCheck,
    /// Weigh.
    Weighing,
    /// X-ray.
    Scan,
    /// Open and look.
    PhysicalInspection,
    /// Look at the seals.
    SealCheck,
    /// Accompany.
    Escort,
    /// Measure radiation.
    RadiationCheck,
}

/// Before arrival, or at the lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RiskKind {
    /// When the notification came in.
    PreArrival,
    /// With the vehicle in the lane.
    Arrival,
}

/// The vehicle as the lane saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct SeenVehicle {
    /// Front plate as read.
    #[serde(default)]
    pub tractor: Option<Plate>,
    /// Rear plate as read.
    #[serde(default)]
    pub trailer: Option<Plate>,
    /// ISO alpha-2 where the reader tells.
    #[serde(default)]
    pub country: Option<String>,
}

/// What the lane measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Scale.
    pub gross_kg: Option<i64>,
    /// Axle loads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub axles_kg: Option<Vec<i64>>,
    /// Portal.
    pub radiation: Option<RadiationAlarm>,
}

/// A question to the RMS (`rms/<site>/request`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RiskRequest {
    /// The correlation.
    pub request_id: Uuid,
    /// Before arrival or at the lane.
    pub kind: RiskKind,
    /// The BCP.
    pub site: SiteId,
    /// The lane.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane: Option<LaneId>,
    /// The passage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passage: Option<PassageId>,
    /// Which way the lane's traffic goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// When it was asked.
    pub at: Timestamp,
    /// After that the answer only strengthens.
    pub reply_by: Timestamp,
    /// What stands there.
    pub vehicle: SeenVehicle,
    /// What was notified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification: Option<PriorNotification>,
    /// What was declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declaration: Option<Declaration>,
    /// Who is involved.
    pub parties: Vec<Party>,
    /// What was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measured>,
    /// What the lane noticed.
    pub findings: Vec<Finding>,
}

/// Another agency's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgencyStatus {
    /// Its name.
    pub agency: String,
    /// Whether it lets the vehicle go.
    pub clear: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The RMS's answer (`bcp/<site>/risk/response`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskDecision {
    /// Which question.
    pub request_id: Uuid,
    /// The channel.
    pub channel: Channel,
    /// What is to be done.
    #[serde(default)]
    pub measures: Vec<Measure>,
    /// Which profiles selected it: for journal and auditors only.
    #[serde(default)]
    pub profiles: Vec<String>,
    /// For the officer.
    #[serde(default)]
    pub reason: String,
    /// Other agencies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agencies: Vec<AgencyStatus>,
    /// Until when it may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
}

impl RiskDecision {
    /// Green, and every agency is clear: it is stricter than no other word.
    #[must_use]
    pub fn is_weakest(&self) -> bool {
        self.channel == Channel::Green && self.agencies.iter().all(|agency| agency.clear)
    }

    /// Its validity is over: it is none any more (invariant A6).
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.valid_until.is_some_and(|until| until <= now)
    }
}

/// A decision taken before the vehicle arrived, and what it was taken on: it counts only while that is unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// The notification.
    pub notification: String,
    /// Its revision then.
    pub revision: u64,
    /// The declarations that went with it, with their revisions then.
    pub declarations: Vec<(String, u64)>,
    /// What the RMS said.
    pub decision: RiskDecision,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// When it answered.
    pub decided_at: Timestamp,
}

/// What the RMS said to nobody who waits for it in a lane; it only strengthens (invariant A7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RiskWord {
    /// Of a notification, before its vehicle came or while it stands in a lane.
    BeforeArrival(Box<Assessment>),
    /// On a question that was asked before a restart, of whatever kind.
    Unclaimed(Box<RiskDecision>),
}

impl RiskWord {
    /// What it says.
    #[must_use]
    pub fn decision(&self) -> &RiskDecision {
        match self {
            Self::BeforeArrival(assessment) => &assessment.decision,
            Self::Unclaimed(decision) => decision,
        }
    }
}

/// A profile that could not tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// Its id: for journal and auditors only.
    pub profile: String,
    /// Why; names no value of the passage.
    pub why: String,
}

/// A decision with what the edge knows of its making; the body of a `risk_decided` record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasonedDecision {
    /// The decision: of the RMS, of the edge, or of both.
    #[serde(flatten)]
    pub decision: RiskDecision,
    /// Why the vehicle was selected; none in the green channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The edge's reasons in the officer's languages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub texts: Vec<Texts>,
    /// Local profiles that could not tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<Doubt>,
    /// Why the RMS has no part in it although it should.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub degraded: Option<String>,
}

impl From<RiskDecision> for ReasonedDecision {
    fn from(decision: RiskDecision) -> Self {
        let source = (decision.channel > Channel::Green).then_some(Source::Criteria);
        Self { decision, source, texts: vec![], doubts: vec![], degraded: None }
    }
}

/// What the risk gateway brings back to the lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RiskAnswer {
    /// A decision.
    Decided(Box<ReasonedDecision>),
    /// The RMS gave none that can be used.
    Unavailable {
        /// Why.
        why: String,
        /// What the edge found by itself, where that holds the vehicle: it stands whatever the RMS says later.
        stands: Option<Box<ReasonedDecision>>,
    },
}

impl RiskAnswer {
    /// No answer, and nothing known besides.
    #[must_use]
    pub fn unavailable(why: impl Into<String>) -> Self {
        Self::Unavailable { why: why.into(), stands: None }
    }
}

impl From<RiskDecision> for RiskAnswer {
    fn from(decision: RiskDecision) -> Self {
        Self::Decided(Box::new(decision.into()))
    }
}
