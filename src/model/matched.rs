//! The question to the register and its answer.

use std::sync::Arc;

use super::finding::Finding;
use super::registry::{Declaration, Party, PriorNotification};
use super::state::Direction;
use super::{LaneId, PassageId};

/// What the lane knows when it asks which notification this is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchQuery {
    /// The lane that asks.
    pub lane: LaneId,
    /// The passage it asks for.
    pub passage: PassageId,
    /// Distinguishes questions of one passage: only the answer to the latest counts.
    pub round: u32,
    /// The lane's direction.
    pub direction: Direction,
    /// Front plate as read.
    pub tractor: Option<String>,
    /// Rear plate as read.
    pub trailer: Option<String>,
    /// What document readers read.
    pub documents: Vec<String>,
    /// What the scale said, kilograms.
    pub gross_kg: Option<i64>,
}

/// What the register knows of the vehicle.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MatchResult {
    /// The notification, if one fits.
    pub notification: Option<Arc<PriorNotification>>,
    /// The declaration, if one is referred to or names the vehicle.
    pub declaration: Option<Arc<Declaration>>,
    /// Parties that they name and the register knows.
    pub parties: Vec<Party>,
    /// What is wrong with them.
    pub findings: Vec<Finding>,
    /// The scale should see this: laden, else gross + tare (contract, Registry payloads).
    pub expected_kg: Option<i64>,
    /// Goods in free circulation: no declaration owed, the outcome is `not_subject`.
    pub not_subject: bool,
}
