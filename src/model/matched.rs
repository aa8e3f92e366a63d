//! The question to the register and its answer.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::finding::Finding;
use super::registry::{Declaration, DocumentRef, Party, PlateOf, PriorNotification};
use super::risk::Assessment;
use super::state::Direction;
use super::{LaneId, PassageId, Timestamp};

/// What the lane knows when it asks which notification this is.
#[derive(Clone, PartialEq, Eq)]
pub struct MatchQuery {
    /// The lane that asks.
    pub lane: LaneId,
    /// The passage it asks for.
    pub passage: PassageId,
    /// Distinguishes questions of one passage: only the answer to the latest counts.
    pub round: u32,
    /// The lane's direction.
    pub direction: Direction,
    /// When the vehicle arrived.
    pub arrived: Timestamp,
    /// Front plate as read.
    pub tractor: Option<PlateOf>,
    /// Rear plate as read.
    pub trailer: Option<PlateOf>,
    /// What document and container readers read.
    pub documents: Vec<String>,
    /// What the scale said, kilograms.
    pub gross_kg: Option<i64>,
    /// What it said of the axles.
    pub axles: Option<Axles>,
}

/// What readers read is whatever was held before them.
impl fmt::Debug for MatchQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MatchQuery")
            .field("lane", &self.lane)
            .field("passage", &self.passage)
            .field("round", &self.round)
            .field("tractor", &self.tractor)
            .field("trailer", &self.trailer)
            .field("documents", &self.documents.len())
            .field("gross_kg", &self.gross_kg)
            .finish_non_exhaustive()
    }
}

/// A vehicle's axles as a scale saw them, foremost first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Axles {
    /// Loads, kilograms.
    pub loads_kg: Vec<i64>,
    /// Distances between neighbours, centimetres; empty when not measured.
    pub spacings_cm: Vec<i64>,
}

/// What speaks for or against a notification; a closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Clue {
    /// A scanned document is it, or is referred to by it.
    DocumentScanned,
    /// The front plate is the notified one.
    TractorSame,
    /// The front plate differs as misread plates do.
    TractorNear,
    /// The front plate is another one.
    TractorOther,
    /// The rear plate is the notified one.
    TrailerSame,
    /// The rear plate differs as misread plates do.
    TrailerNear,
    /// The rear plate is another one.
    TrailerOther,
    /// The reader saw another country than the notified one.
    CountryOther,
    /// A container that was seen is notified.
    ContainerSame,
    /// Containers were seen, and none of them is notified.
    ContainerOther,
    /// A seal that was read is notified.
    SealSame,
    /// How close the arrival is to the notified time.
    Time,
    /// It is for the other direction.
    DirectionOther,
    /// It is for another crossing point.
    SiteOther,
    /// Its validity has passed.
    Expired,
    /// It was used for another passage.
    Used,
}

/// One clue and what it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Point {
    /// What.
    pub clue: Clue,
    /// For, or against when negative.
    pub points: i32,
}

/// A notification that may be the vehicle's, with everything that speaks for and against it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Scored {
    /// Its number.
    pub notification: String,
    /// The sum.
    pub score: i32,
    /// What it is the sum of.
    pub clues: Vec<Point>,
}

impl Scored {
    /// Whether a clue is among its own.
    #[must_use]
    pub fn has(&self, clue: Clue) -> bool {
        self.clues.iter().any(|point| point.clue == clue)
    }
}

impl MatchResult {
    /// All declarations that go with the vehicle.
    pub fn declarations(&self) -> impl Iterator<Item = &Declaration> {
        self.declaration.iter().chain(&self.more_declarations).map(|declaration| &**declaration)
    }

    /// Whether everything that a decision before arrival was taken on is here, unchanged. More may be here.
    #[must_use]
    pub fn covers(&self, assessment: &Assessment) -> bool {
        let notified = |found: &PriorNotification| {
            found.number == assessment.notification && found.revision == assessment.revision
        };
        let is_here = |(number, revision): &(String, u64)| {
            self.declarations().any(|found| found.number == *number && found.revision == *revision)
        };
        self.notification.as_deref().is_some_and(notified) && assessment.declarations.iter().all(is_here)
    }

    /// The documents that cross the frontier with the vehicle: what its notification refers to, else what it declared.
    #[must_use]
    pub fn documents(&self) -> Vec<DocumentRef> {
        match &self.notification {
            Some(notification) if !notification.documents.is_empty() => notification.documents.clone(),
            Some(_) | None => self
                .declarations()
                .map(|declaration| DocumentRef {
                    kind: declaration.kind.document_kind(),
                    number: declaration.number.clone(),
                })
                .collect(),
        }
    }
}

/// What the register knows of the vehicle.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MatchResult {
    /// The notification, if one fits.
    pub notification: Option<Arc<PriorNotification>>,
    /// The declaration, if one is referred to or names the vehicle.
    pub declaration: Option<Arc<Declaration>>,
    /// Further declarations that the notification refers to.
    pub more_declarations: Vec<Arc<Declaration>>,
    /// Parties that they name and the register knows.
    pub parties: Vec<Party>,
    /// What is wrong with them.
    pub findings: Vec<Finding>,
    /// The scale should see this: laden, else gross + tare (contract, Registry payloads).
    pub expected_kg: Option<i64>,
    /// Goods in free circulation: no declaration owed, the outcome is `not_subject`.
    pub not_subject: bool,
    /// Notifications that were considered, best first, the chosen one among them.
    pub candidates: Vec<Scored>,
    /// The decision taken before arrival, if [`MatchResult::covers`] it.
    pub assessed: Option<Assessment>,
}
