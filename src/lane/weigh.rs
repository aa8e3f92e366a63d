//! Which readings are weights, and whose (invariant B9, hazard 15; OIML R 76, R 134).
//!
//! ```text
//!  reading ─▶ of the lane's own method? ─▶ sense ─▶ platform: loaded, free, unknown
//!                                            └────▶ zero seen since the last vehicle? Min, Max? ─▶ still ─▶ evidence
//! ```
//! Static, axle-by-axle and in-motion weights are never mixed. The program is not the legally relevant part: it keeps
//! copies of what the indicator showed, with its raw frame and its own record number.

use super::evidence::Change;
use super::presence::Seen;
use super::setup::{
    AXLES_MAX, FROZEN_AFTER, READING_KG_MAX, REWEIGH_BAND_KG, STABLE_BAND_KG, STABLE_READINGS, STABLE_WITHIN,
    ScaleSetup,
};
use crate::model::{Axles, Mono, Stability, Timestamp, WeighMethod, WeightReading};

/// Why a reading is no evidence; a closed set, so that it may label a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unused {
    /// It was taken by another method than the scale's own.
    OtherMethod,
    /// No scale weighs that, or it names more axles than a vehicle has.
    Nonsense,
    /// Far below zero: the scale is out of adjustment.
    BelowZero,
    /// Below 20 divisions.
    BelowMinimum,
    /// Above the scale's Max.
    AboveMaximum,
    /// The platform was not seen empty since the last vehicle.
    NotEmptied,
    /// It is the last vehicle's weighing once more.
    Repeated,
    /// More than one vehicle is at the stop line.
    TwoVehicles,
    /// Its device comes and goes.
    Unsteady,
    /// A scan that no vehicle came with.
    NoVehicle,
}

impl Unused {
    /// The label that metrics use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OtherMethod => "other_method",
            Self::Nonsense => "nonsense",
            Self::BelowZero => "below_zero",
            Self::BelowMinimum => "below_minimum",
            Self::AboveMaximum => "above_maximum",
            Self::NotEmptied => "not_emptied",
            Self::Repeated => "repeated",
            Self::TwoVehicles => "two_vehicles",
            Self::Unsteady => "unsteady",
            Self::NoVehicle => "no_vehicle",
        }
    }

    /// For officers.
    pub(super) const fn told(self) -> &'static str {
        match self {
            Self::OtherMethod => "the scale sends weights of another method than its own",
            Self::Nonsense => "the scale sends what no scale weighs",
            Self::BelowZero => "the scale shows far below zero",
            Self::BelowMinimum => "it is below 20 divisions of the scale",
            Self::AboveMaximum => "it is above the scale's maximum",
            Self::NotEmptied => "the platform was not seen empty since the last vehicle",
            Self::Repeated => "the scale repeats the last vehicle's weight",
            Self::TwoVehicles => "more than one vehicle is at the stop line",
            Self::Unsteady => "the scale comes and goes",
            Self::NoVehicle => "no vehicle came with it",
        }
    }
}

/// The last vehicle left, and the platform has not been seen empty since.
#[derive(Debug, Clone, Copy)]
enum LeftOver {
    /// The reading is the one that it left with.
    Hangs { gross_kg: i64, since: Mono },
    /// It changed, but not to nothing; or the vehicle was never weighed.
    Changed,
}

/// The last weighing that was a vehicle's, by what tells it from the next.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Weighing {
    at: Timestamp,
    gross_kg: i64,
    record: Option<String>,
}

impl Weighing {
    fn of(reading: &WeightReading) -> Self {
        let record = reading.indicated.as_ref().and_then(|indicated| indicated.record.clone());
        Self { at: reading.at, gross_kg: reading.gross_kg, record }
    }

    fn is_the_same_as(&self, other: &Self) -> bool {
        let same_record = self.record.is_some() && self.record == other.record;
        same_record || (self.at == other.at && self.gross_kg == other.gross_kg)
    }
}

/// What a reading says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing stands there, or it still moves.
    Nothing,
    /// The same as the last vehicle left with: the indicator may hang.
    Hangs,
    /// A weight that may be a vehicle's.
    Weight,
    /// A weight that is none for a decision.
    Unfit(Unused),
}

/// A reading, judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Judged {
    /// What the platform shows; `None` where the scale doesn't see vehicles stand.
    pub(super) platform: Option<Seen>,
    pub(super) verdict: Verdict,
}

/// The lane's scale, from vehicle to vehicle.
#[derive(Debug, Clone)]
pub(super) struct Scale {
    setup: ScaleSetup,
    left_over: Option<LeftOver>,
    last: Option<Weighing>,
}

impl Scale {
    pub(super) const fn new(setup: ScaleSetup) -> Self {
        Self { setup, left_over: None, last: None }
    }

    /// Judges a reading by the scale alone.
    pub(super) fn judge(&mut self, reading: &WeightReading) -> Judged {
        let ignored = |unused| Judged { platform: None, verdict: Verdict::Unfit(unused) };
        if reading.method != self.setup.method {
            return ignored(Unused::OtherMethod);
        }
        if !is_sensible(reading) {
            return ignored(Unused::Nonsense);
        }
        if !self.setup.is_platform() {
            return Judged { platform: None, verdict: self.judge_weighing(reading) };
        }
        let (kg, minimum) = (reading.gross_kg, self.setup.minimum_kg);
        if kg <= -minimum {
            return Judged { platform: Some(Seen::Unknown), verdict: Verdict::Unfit(Unused::BelowZero) };
        }
        if kg < minimum {
            self.left_over = None;
            return Judged { platform: Some(Seen::Free), verdict: Verdict::Nothing };
        }
        Judged { platform: Some(Seen::Occupied), verdict: self.judge_load(reading) }
    }

    fn judge_load(&mut self, reading: &WeightReading) -> Verdict {
        match self.left_over {
            Some(LeftOver::Hangs { gross_kg, .. })
                if reading.gross_kg == gross_kg && reading.stability != Stability::Moving =>
            {
                return Verdict::Hangs;
            }
            Some(LeftOver::Hangs { .. } | LeftOver::Changed) => {
                self.left_over = Some(LeftOver::Changed);
                return Verdict::Unfit(Unused::NotEmptied);
            }
            None => {}
        }
        self.in_range(reading)
    }

    /// A scale that weighs axle after axle, or in motion, tells whole weighings: each is one vehicle's.
    fn judge_weighing(&self, reading: &WeightReading) -> Verdict {
        if reading.gross_kg < self.setup.minimum_kg {
            return Verdict::Nothing;
        }
        if self.last.as_ref().is_some_and(|last| last.is_the_same_as(&Weighing::of(reading))) {
            return Verdict::Unfit(Unused::Repeated);
        }
        self.in_range(reading)
    }

    fn in_range(&self, reading: &WeightReading) -> Verdict {
        if reading.gross_kg < self.setup.least_kg() {
            return Verdict::Unfit(Unused::BelowMinimum);
        }
        if self.setup.max_kg.is_some_and(|max| reading.gross_kg > max) {
            return Verdict::Unfit(Unused::AboveMaximum);
        }
        Verdict::Weight
    }

    /// A vehicle that weighed so much has left; whether the platform has been seen empty.
    pub(super) fn leave(&mut self, now: Mono, weighed: Option<&WeightReading>, platform: Seen) {
        if let Some(reading) = weighed {
            self.last = Some(Weighing::of(reading));
        }
        if self.setup.is_platform() && platform != Seen::Free {
            // A vehicle that was never weighed leaves nothing to hang on; the platform owes its zero all the same.
            self.left_over = Some(
                weighed.map_or(LeftOver::Changed, |reading| LeftOver::Hangs { gross_kg: reading.gross_kg, since: now }),
            );
        }
    }

    /// The reading has stood still for longer than an empty platform allows (hazard 15).
    pub(super) fn is_frozen(&self, now: Mono) -> bool {
        match self.left_over {
            Some(LeftOver::Hangs { since, .. }) => now.since(since) >= FROZEN_AFTER,
            Some(LeftOver::Changed) | None => false,
        }
    }
}

/// Foreign numbers are bounded before anything is reckoned with them.
fn is_sensible(reading: &WeightReading) -> bool {
    let within = |kg: &i64| (-READING_KG_MAX..=READING_KG_MAX).contains(kg);
    let axles = reading.axles_kg.as_deref().unwrap_or_default();
    let spacings = reading.spacings_cm.as_deref().unwrap_or_default();
    within(&reading.gross_kg)
        && axles.len() <= AXLES_MAX
        && spacings.len() <= AXLES_MAX
        && axles.iter().chain(spacings).all(|value| within(value) && *value >= 0)
}

/// The scale's own window over one vehicle.
#[derive(Debug, Clone, Copy, Default)]
struct Window {
    since: Option<Mono>,
    around_kg: i64,
    readings: u32,
}

impl Window {
    /// Whether the platform has been still for long enough.
    fn is_still(&mut self, reading: &WeightReading, now: Mono) -> bool {
        match reading.stability {
            Stability::Stable => {
                self.since = None;
                true
            }
            Stability::Moving => {
                self.since = None;
                false
            }
            Stability::Unknown => {
                let since = self.since.filter(|_| (reading.gross_kg - self.around_kg).abs() <= STABLE_BAND_KG);
                match since {
                    Some(since) => {
                        self.readings = self.readings.saturating_add(1);
                        self.readings >= STABLE_READINGS && now.since(since) >= STABLE_WITHIN
                    }
                    None => {
                        *self = Self { since: Some(now), around_kg: reading.gross_kg, readings: 1 };
                        false
                    }
                }
            }
        }
    }
}

/// What one vehicle weighs.
#[derive(Debug, Clone, Default)]
pub(super) struct Weight {
    taken: Option<WeightReading>,
    window: Window,
    /// Why there is none yet, although something was weighed.
    pub(super) unused: Option<Unused>,
}

impl Weight {
    /// Takes a weight if it is still and not what was taken before.
    pub(super) fn add(&mut self, reading: &WeightReading, now: Mono) -> Change {
        let still = match reading.method {
            WeighMethod::Static => self.window.is_still(reading, now),
            WeighMethod::AxleByAxle => reading.stability != Stability::Moving,
            // What is weighed in motion never stands still.
            WeighMethod::InMotion => true,
        };
        let known = |old: &WeightReading| {
            (old.gross_kg - reading.gross_kg).abs() <= REWEIGH_BAND_KG
                && old.axles_kg.is_some() >= reading.axles_kg.is_some()
        };
        if !still || self.taken.as_ref().is_some_and(known) {
            return Change::Nothing;
        }
        self.taken = Some(reading.clone());
        self.unused = None;
        Change::Kept
    }

    /// Nothing stands on the scale: what comes is looked at anew.
    pub(super) const fn unload(&mut self) {
        self.window.since = None;
    }

    pub(super) const fn taken(&self) -> Option<&WeightReading> {
        self.taken.as_ref()
    }

    /// Puts back a weight that the journal holds.
    pub(super) fn restore(&mut self, reading: WeightReading) {
        self.taken = Some(reading);
    }

    /// The axles as the scale saw them.
    pub(super) fn axles(&self) -> Option<Axles> {
        let reading = self.taken.as_ref()?;
        let loads_kg = reading.axles_kg.clone()?;
        Some(Axles { loads_kg, spacings_cm: reading.spacings_cm.clone().unwrap_or_default() })
    }
}

#[cfg(test)]
crate::lane::tests::search::digest::digest!(Window { since, around_kg, readings } without {});
#[cfg(test)]
crate::lane::tests::search::digest::digest!(Weight { taken, window, unused } without {});
#[cfg(test)]
crate::lane::tests::search::digest::digest!(Scale { } without { setup, left_over, last });
