//! Officers' orders (contract, HTTP).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Mono, PassageId, StateVersion};

/// What an officer orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// Let it go.
    Release,
    /// To inspection.
    Refer,
    /// Turn it back.
    Refuse,
    /// No more vehicles here.
    CloseLane,
    /// Vehicles again.
    OpenLane,
    /// The cause is dealt with: judge again.
    ClearHold,
}

impl OrderKind {
    /// The name that the contract prints.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Refer => "refer",
            Self::Refuse => "refuse",
            Self::CloseLane => "close_lane",
            Self::OpenLane => "open_lane",
            Self::ClearHold => "clear_hold",
        }
    }

    /// Whether it must name a passage (invariant A9).
    #[must_use]
    pub const fn needs_passage(self) -> bool {
        matches!(self, Self::Release | Self::Refer | Self::Refuse | Self::ClearHold)
    }
}

/// An order by authenticated officers whose roles allow it; the web floor makes one, the lane judges it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Names the answer.
    pub id: Uuid,
    /// What.
    pub kind: OrderKind,
    /// For which passage.
    pub passage: Option<PassageId>,
    /// Why, in the officer's words.
    pub reason: String,
    /// Who.
    pub officer: String,
    /// A second, different officer who approved.
    pub second_officer: Option<String>,
    /// What the lane showed when the officers decided, if they say so: in another state it is not carried out.
    pub seen: Option<StateVersion>,
    /// From then on it must not be carried out (invariant A9).
    pub expires: Mono,
}

/// Why an order is not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum OrderRefusal {
    /// The passage it names is not in the lane.
    #[error("the vehicle that this order names is not in the lane")]
    OtherPassage,
    /// The lane shows something else than what the officers decided on (hazard 41).
    #[error("the lane changed since this order was decided on: look again")]
    Stale,
    /// The passage's state doesn't allow it.
    #[error("the passage is not in a state that allows this order")]
    WrongState,
    /// Red, radiation and blocking findings need two different officers.
    #[error("two different officers are needed for this order")]
    TwoOfficersNeeded,
    /// Too old.
    #[error("the order expired before it could be carried out")]
    Expired,
    /// No reason given.
    #[error("an order needs a reason")]
    ReasonMissing,
    /// It isn't known whether the vehicle stands there.
    #[error("it is not known whether the vehicle still stands in the lane")]
    PresenceUnknown,
    /// The arm is at fault, in local mode or out of reach.
    #[error("the barrier can not be commanded")]
    BarrierNotReady,
    /// The lane has no such way.
    #[error("the lane has no barrier for this order")]
    NoSuchBarrier,
    /// The journal does not take records.
    #[error("the journal does not take records, so nothing can be ordered")]
    JournalUnavailable,
}

impl OrderRefusal {
    /// The code that API and metrics print.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OtherPassage => "other_passage",
            Self::Stale => "stale",
            Self::WrongState => "wrong_state",
            Self::TwoOfficersNeeded => "two_officers_needed",
            Self::Expired => "expired",
            Self::ReasonMissing => "reason_missing",
            Self::PresenceUnknown => "presence_unknown",
            Self::BarrierNotReady => "barrier_not_ready",
            Self::NoSuchBarrier => "no_such_barrier",
            Self::JournalUnavailable => "journal_unavailable",
        }
    }
}
