//! What a lane consists of, and the named limits of its rules.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::domain::plate::Templates;
use crate::model::{BarrierPlace, DeviceName, Direction, LaneId, LoopPlace, SiteId};

/// How long the register may take; it answers from memory.
pub(super) const MATCH_WITHIN: Duration = Duration::from_secs(2);
/// How long the journal may take to make a decision durable.
pub(super) const JOURNAL_WITHIN: Duration = Duration::from_secs(3);
/// How much longer than its own deadline the risk gateway may take before the lane stops waiting for it.
pub(super) const RISK_GRACE: Duration = Duration::from_secs(2);
/// How long the exit loop must stay free before the vehicle counts as gone: a coupling gap is shorter.
pub(super) const LEFT_SETTLE: Duration = Duration::from_millis(300);
/// How long the zone must stay empty before the vehicle counts as gone another way. Two vehicles can't change
/// places in that time; a truck between platform and exit loop may be unseen for a moment.
pub(super) const EMPTY_SETTLE: Duration = Duration::from_millis(1500);
/// The same while nothing is decided: no authority is at stake, and a driver may creep from the approach loop to
/// the platform. A vehicle that drives up meanwhile ends the wait at once.
pub(super) const EMPTY_SETTLE_STANDING: Duration = Duration::from_secs(10);
/// How old a plate read may be that came just before the approach loop saw the vehicle.
pub(super) const EARLY_READ: Duration = Duration::from_secs(5);
/// Reads kept for a vehicle that the approach loop has not seen yet.
pub(super) const EARLY_READS_MAX: usize = 8;
/// Plate reads, scans and readings kept for one passage; more are counted only.
pub(super) const EVIDENCE_MAX: usize = 64;
/// Below this confidence a read proves presence but names no plate.
pub(super) const CONFIDENCE_MIN: f64 = 0.5;
/// Readings that must agree when the indicator doesn't tell stability.
pub(super) const STABLE_READINGS: u32 = 3;
/// How long they must agree.
pub(super) const STABLE_WITHIN: Duration = Duration::from_millis(800);
/// How far they may differ.
pub(super) const STABLE_BAND_KG: i64 = 20;
/// A later stable weight that differs by more replaces the earlier one.
pub(super) const REWEIGH_BAND_KG: i64 = 100;
/// A close command may be repeated this often; an open command never (invariant B5).
pub(super) const CLOSE_RETRIES: u8 = 1;

/// Evidence that a lane may require.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Evidence {
    /// Front plate.
    TractorPlate,
    /// Rear plate.
    TrailerPlate,
    /// A weight.
    Weight,
    /// A scanned document.
    Documents,
    /// A portal's reading.
    Radiation,
}

impl Evidence {
    /// The configuration's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TractorPlate => "tractor_plate",
            Self::TrailerPlate => "trailer_plate",
            Self::Weight => "weight",
            Self::Documents => "document",
            Self::Radiation => "radiation",
        }
    }
}

/// The lane's scale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaleSetup {
    /// Its name.
    pub name: DeviceName,
    /// Below this nothing stands on it, kilograms.
    pub minimum_kg: i64,
}

/// One arm of the lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArmSetup {
    /// How long it may take to open.
    pub open_timeout: Duration,
    /// How long it may take to close.
    pub close_timeout: Duration,
}

/// What a lane consists of.
#[derive(Debug, Clone)]
pub struct LaneSetup {
    /// The site.
    pub site: SiteId,
    /// The lane.
    pub lane: LaneId,
    /// Which way traffic goes.
    pub direction: Direction,
    /// What must be there before a decision.
    pub evidence: BTreeSet<Evidence>,
    /// How long it may take to come.
    pub evidence_timeout: Duration,
    /// How long the RMS may take, retry included.
    pub risk_timeout: Duration,
    /// Its plate readers; reads of others are not its evidence.
    pub cameras: BTreeSet<DeviceName>,
    /// The syntax of plates.
    pub templates: Arc<Templates>,
    /// Its loops.
    pub loops: BTreeSet<LoopPlace>,
    /// Its scale.
    pub scale: Option<ScaleSetup>,
    /// Its arms; an exit is always among them.
    pub arms: BTreeMap<BarrierPlace, ArmSetup>,
}
