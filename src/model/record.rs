//! What goes into the journal, and is published as a LaneEvent once it is durable.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::privacy::Masked;
use super::{LaneId, PassageId, Timestamp};

/// Names a batch of records from the moment it is handed out until its receipt comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// Kind of a record: the `event` of a LaneEvent (contract, World payloads).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// A vehicle came.
    PassageOpened,
    /// A reading that was taken for the passage.
    Evidence,
    /// The registry answered.
    Matched,
    /// The RMS was asked.
    RiskRequested,
    /// A risk decision was taken.
    RiskDecided,
    /// The vehicle is held.
    Held,
    /// An officer's order, carried out or refused.
    Order,
    /// The decision to release, with the authority.
    Released,
    /// The decision to refer.
    Referred,
    /// The decision to turn back.
    Refused,
    /// A command about to be sent; written before it goes out (invariant A3).
    BarrierCommanded,
    /// The vehicle is gone; carries the whole story.
    PassageCompleted,
    /// A document of a completed passage crossed the frontier.
    FrontierCrossed,
    /// Something needs a person.
    AlarmRaised,
    /// It no longer does.
    AlarmCleared,
    /// A device went away.
    DeviceLost,
    /// A device came back.
    DeviceFound,
    /// What an inspection found, or a correction of it.
    OutcomeRecorded,
    /// The lane opened or closed, or the controller started.
    ServiceChanged,
    /// A set of local profiles came into force.
    ProfilesChanged,
    /// The seed of a shift's selections was bound.
    SelectionCommitted,
    /// A draw was made.
    SelectionDrawn,
    /// The seed of a shift that is over was revealed.
    SelectionRevealed,
    /// Keys of days that are over are about to be destroyed; written before it is done.
    KeysShredded,
    /// The access log is so long and ends so.
    AccessAnchored,
}

impl RecordKind {
    /// All kinds.
    pub const ALL: [Self; 25] = [
        Self::PassageOpened,
        Self::Evidence,
        Self::Matched,
        Self::RiskRequested,
        Self::RiskDecided,
        Self::Held,
        Self::Order,
        Self::Released,
        Self::Referred,
        Self::Refused,
        Self::BarrierCommanded,
        Self::PassageCompleted,
        Self::FrontierCrossed,
        Self::AlarmRaised,
        Self::AlarmCleared,
        Self::DeviceLost,
        Self::DeviceFound,
        Self::OutcomeRecorded,
        Self::ServiceChanged,
        Self::ProfilesChanged,
        Self::SelectionCommitted,
        Self::SelectionDrawn,
        Self::SelectionRevealed,
        Self::KeysShredded,
        Self::AccessAnchored,
    ];

    /// The name that the journal and LaneEvent carry.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PassageOpened => "passage_opened",
            Self::Evidence => "evidence",
            Self::Matched => "matched",
            Self::RiskRequested => "risk_requested",
            Self::RiskDecided => "risk_decided",
            Self::Held => "held",
            Self::Order => "order",
            Self::Released => "released",
            Self::Referred => "referred",
            Self::Refused => "refused",
            Self::BarrierCommanded => "barrier_commanded",
            Self::PassageCompleted => "passage_completed",
            Self::FrontierCrossed => "frontier_crossed",
            Self::AlarmRaised => "alarm_raised",
            Self::AlarmCleared => "alarm_cleared",
            Self::DeviceLost => "device_lost",
            Self::DeviceFound => "device_found",
            Self::OutcomeRecorded => "outcome_recorded",
            Self::ServiceChanged => "service_changed",
            Self::ProfilesChanged => "profiles_changed",
            Self::SelectionCommitted => "selection_committed",
            Self::SelectionDrawn => "selection_drawn",
            Self::SelectionRevealed => "selection_revealed",
            Self::KeysShredded => "keys_shredded",
            Self::AccessAnchored => "access_anchored",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A record that is not in the journal yet.
#[derive(Clone, PartialEq, Eq)]
pub struct NewRecord {
    /// When it happened.
    pub at: Timestamp,
    /// Where.
    pub lane: LaneId,
    /// For which vehicle.
    pub passage: Option<PassageId>,
    /// What.
    pub kind: RecordKind,
    /// A JSON object with the rest; its exact bytes are hashed.
    pub body: String,
}

/// The body tells of vehicles and persons.
impl fmt::Debug for NewRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewRecord")
            .field("at", &self.at)
            .field("lane", &self.lane)
            .field("passage", &self.passage)
            .field("kind", &self.kind)
            .field("body", &Masked)
            .finish()
    }
}
