//! What the lane shows to the world (contract, World payloads).

use serde::{Deserialize, Serialize};

use super::alarm::Alarm;
use super::hold::Hold;
use super::matched::Scored;
use super::risk::Channel;
use super::{LaneId, PassageId, Timestamp};

/// Which way traffic goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Into the country.
    Entry,
    /// Out of the country.
    Exit,
    /// Through it.
    Transit,
}

impl Direction {
    /// The label that metrics use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Exit => "exit",
            Self::Transit => "transit",
        }
    }
}

/// Where the lane is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// No vehicle.
    Vacant,
    /// A vehicle, evidence incomplete.
    Occupied,
    /// Evidence complete, decision awaited.
    Assessing,
    /// It stays, for the reasons in `holds`.
    Held,
    /// Decided; the arm is on its way up.
    Releasing,
    /// The arm is open; the vehicle leaves and the arm comes down.
    Clearing,
    /// No vehicles are taken.
    OutOfService,
}

impl Phase {
    /// All phases.
    pub const ALL: [Self; 7] = [
        Self::Vacant,
        Self::Occupied,
        Self::Assessing,
        Self::Held,
        Self::Releasing,
        Self::Clearing,
        Self::OutOfService,
    ];

    /// The name that the contract prints.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vacant => "vacant",
            Self::Occupied => "occupied",
            Self::Assessing => "assessing",
            Self::Held => "held",
            Self::Releasing => "releasing",
            Self::Clearing => "clearing",
            Self::OutOfService => "out_of_service",
        }
    }
}

/// Whether the lane takes vehicles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// It does.
    Open,
    /// It doesn't.
    Closed,
}

/// How a passage ended (domain §3; unresolved and reversed after safety.md C4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Green.
    Released,
    /// Blue: audit afterwards.
    ReleasedConditional,
    /// Goods in free circulation.
    NotSubject,
    /// Yellow, left for the document check.
    ReferredDocuments,
    /// Red, left for inspection.
    ReferredInspection,
    /// Turned back.
    Refused,
    /// It left the way it came.
    Reversed,
    /// It isn't known how it left.
    Unresolved,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 8] = [
        Self::Released,
        Self::ReleasedConditional,
        Self::NotSubject,
        Self::ReferredDocuments,
        Self::ReferredInspection,
        Self::Refused,
        Self::Reversed,
        Self::Unresolved,
    ];

    /// The name that the contract prints.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Released => "released",
            Self::ReleasedConditional => "released_conditional",
            Self::NotSubject => "not_subject",
            Self::ReferredDocuments => "referred_documents",
            Self::ReferredInspection => "referred_inspection",
            Self::Refused => "refused",
            Self::Reversed => "reversed",
            Self::Unresolved => "unresolved",
        }
    }
}

/// The vehicle in the lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PassageSummary {
    /// Its passage.
    pub id: PassageId,
    /// Since when.
    pub since: Timestamp,
    /// Front plate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tractor: Option<String>,
    /// Rear plate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trailer: Option<String>,
    /// Matched notification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notification: Option<String>,
    /// Matched declaration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declaration: Option<String>,
    /// Scale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gross_kg: Option<i64>,
    /// Channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// Notifications that may be its own, while an officer must say which.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Scored>,
}

/// The lane as topics and API show it (`state`, retained).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LaneState {
    /// The lane.
    pub lane: LaneId,
    /// Where it is.
    pub phase: Phase,
    /// Whether it takes vehicles.
    pub service: Service,
    /// The vehicle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passage: Option<PassageSummary>,
    /// Why it stays.
    pub holds: Vec<Hold>,
    /// What needs a person.
    pub alarms: Vec<Alarm>,
    /// When.
    pub at: Timestamp,
}
