//! What a lane consists of, and the named limits of its rules.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::domain::plate::Templates;
use crate::model::{
    BarrierPlace, Care, DeviceName, Direction, Finding, FindingCode, LaneId, LoopPlace, Severity, SiteId, View,
    WeighMethod,
};

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

/// Changes of one loop within [`CHATTER_WITHIN`] that vehicles may make: ten in a row bumper to bumper. More is a fault.
pub(super) const CHATTER_EDGES: usize = 20;
/// How long changes are counted, and how long a loop that chattered must be quiet before it is believed again.
pub(super) const CHATTER_WITHIN: Duration = Duration::from_secs(10);
/// When a loop that stays occupied, and that traffic explains, is looked at again.
pub(super) const STUCK_LOOK_AGAIN: Duration = Duration::from_secs(60);
/// How long the approach loop may be late with the vehicle that another sensor sees already: messages of different
/// devices overtake each other.
pub(super) const UNANNOUNCED_SETTLE: Duration = Duration::from_secs(1);
/// What is seen at the stop line so long after the exit loop, and not at the approach, came in by the exit.
pub(super) const WRONG_WAY_WITHIN: Duration = Duration::from_secs(60);
/// How much later than loops an indicator may show that the platform is free.
pub(super) const PLATFORM_LAG: Duration = Duration::from_secs(2);
/// Parts of the longest vehicle that may come: a truck with two trailers.
pub(super) const PARTS_MAX: usize = 3;
/// Losses of one device within [`LOSSES_WITHIN`]; with one more it is unsteady (hazard 23).
pub(super) const LOSSES_MAX: usize = 3;
/// How long losses are counted.
pub(super) const LOSSES_WITHIN: Duration = Duration::from_secs(60);
/// How long an unsteady device must be there before it is believed again.
pub(super) const STEADY_FOR: Duration = Duration::from_secs(30);
/// Devices that the lane doesn't know by its setup and listens to all the same, for their births and deaths.
pub(super) const OTHERS_MAX: usize = 32;
/// Below so many divisions a scale of class III tells no weight (OIML R 76).
pub(super) const DIVISIONS_MIN: i64 = 20;
/// How long a reading may stand still on a platform that was left before the scale counts as frozen (hazard 15).
pub(super) const FROZEN_AFTER: Duration = Duration::from_secs(10);
/// No scale for road vehicles is near it; beyond it a reading is nonsense, and sums can't overflow.
pub(super) const READING_KG_MAX: i64 = 10_000_000;
/// Axles of one weighing; no road train has as many.
pub(super) const AXLES_MAX: usize = 32;

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

/// One plate reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CameraSetup {
    /// Which end of the vehicle it sees.
    pub view: View,
    /// How long it may say nothing of the vehicle before it (hazard 4).
    pub within: Duration,
    /// How it is looked after.
    pub care: Care,
}

/// Whether a second loop lies behind a loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pair {
    /// None does.
    Single,
    /// One does: together they tell the direction.
    Paired,
}

/// One loop, or a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoopSetup {
    /// How long it must stay free before it counts as free; a rise counts at once.
    pub debounce: Duration,
    /// How long it may stay occupied before the lane asks whether it sticks (hazard 6).
    pub stuck_after: Duration,
    /// Whether it is one of a pair.
    pub pair: Pair,
    /// How it is looked after.
    pub care: Care,
}

/// The lane's scale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaleSetup {
    /// Its name.
    pub name: DeviceName,
    /// Below this nothing stands on it, kilograms.
    pub minimum_kg: i64,
    /// Its division, kilograms: below 20 of them a weight is not for decision.
    pub division_kg: Option<i64>,
    /// Its Max, kilograms: above it a weight is not for decision.
    pub max_kg: Option<i64>,
    /// How it weighs; readings of another kind are no evidence.
    pub method: WeighMethod,
    /// How it is looked after.
    pub care: Care,
}

impl ScaleSetup {
    /// The least weight that may be decided on, kilograms (OIML R 76).
    pub(super) fn least_kg(&self) -> i64 {
        self.division_kg.map_or(0, |division| division.saturating_mul(DIVISIONS_MIN))
    }

    /// Whether vehicles stand on it: only then does it see that one is there.
    pub(super) fn is_platform(&self) -> bool {
        match self.method {
            WeighMethod::Static => true,
            WeighMethod::AxleByAxle | WeighMethod::InMotion => false,
        }
    }
}

/// One arm of the lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArmSetup {
    /// How long it may take to open.
    pub open_timeout: Duration,
    /// How long it may take to close.
    pub close_timeout: Duration,
    /// How it is looked after.
    pub care: Care,
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
    /// How long a vehicle may stand without anything happening to it.
    pub abandoned_after: Duration,
    /// Its plate readers; reads of others are not its evidence.
    pub cameras: BTreeMap<DeviceName, CameraSetup>,
    /// The syntax of plates.
    pub templates: Arc<Templates>,
    /// Its loops.
    pub loops: BTreeMap<LoopPlace, LoopSetup>,
    /// Its scale.
    pub scale: Option<ScaleSetup>,
    /// Its document readers and portals; with none named, all that speak on the lane's topics count.
    pub readers: BTreeMap<DeviceName, Care>,
    /// Its arms; an exit is always among them.
    pub arms: BTreeMap<BarrierPlace, ArmSetup>,
    /// Findings that weigh other than by default.
    pub severities: BTreeMap<FindingCode, Severity>,
}

impl LaneSetup {
    /// Gives what the lane itself found the weight that the site wants it to have. What only informs does so whatever
    /// else goes by the same code, and nothing gets lighter than its code may be.
    pub(super) fn weigh(&self, findings: &mut [Finding]) {
        for finding in findings.iter_mut().filter(|finding| finding.severity > Severity::Info) {
            if let Some(severity) = self.severities.get(&finding.code) {
                finding.severity = (*severity).max(finding.code.least_severity());
            }
        }
    }
}
