//! A corpus of notified vehicles and of noisy reads of them, and what a registry makes of it.
//!
//! The truth is known: each read belongs to one notification. A match with another one is wrong, whatever the score.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use lane_controller::matching::{MatchPolicy, RoadLimits};
use lane_controller::model::registry::{PlateOf, RegisterKind};
use lane_controller::model::{Direction, FindingCode, LaneId, MatchQuery, PassageId, ReceiptResult, Timestamp};
use lane_controller::registry::Registry;
use serde_json::json;
use uuid::Uuid;

use crate::noise::{Noise, happens};
use crate::plates::Country;
use crate::prng::Prng;

/// Vehicles are expected over so many hours, centred on the reads.
const HOURS: u32 = 48;
/// One vehicle in so many has no trailer.
const RIGID_ONE_IN: u32 = 12;
const HOUR: Duration = Duration::from_secs(3_600);

/// A notified vehicle.
#[derive(Debug, Clone)]
struct Vehicle {
    country: Country,
    tractor: String,
    trailer: Option<String>,
    expected_at: Timestamp,
}

/// Notified vehicles.
#[derive(Debug)]
pub struct Corpus {
    vehicles: Vec<Vehicle>,
    seed: u64,
    noon: Timestamp,
}

/// What a registry made of the reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Vehicles read.
    pub reads: u32,
    /// Of these, with a plate that was misread in a way that the country's syntax can't settle.
    pub near: u32,
    /// Matched to their own notification.
    pub right: u32,
    /// Matched to another one.
    pub wrong: u32,
    /// Not decided: several fit.
    pub ambiguous: u32,
    /// Of these, their own among those shown to the officer.
    pub ambiguous_with_own: u32,
    /// Not matched.
    pub missed: u32,
    /// Matched to another one, and not held for a plate that isn't the notified one.
    pub wrong_unnoticed: u32,
    /// How long the lookups took together.
    pub took: Duration,
}

impl Report {
    /// Share of reads matched to their own notification.
    #[must_use]
    pub fn recall(&self) -> f64 {
        f64::from(self.right) / f64::from(self.reads.max(1))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = |count: u32| 100.0 * f64::from(count) / f64::from(self.reads.max(1));
        writeln!(f, "reads                     {:>9}", self.reads)?;
        writeln!(f, "  with a plate only near  {:>9}  {:>8.4} %", self.near, share(self.near))?;
        writeln!(f, "matched to their own      {:>9}  {:>8.4} %", self.right, share(self.right))?;
        writeln!(f, "matched to another        {:>9}  {:>8.4} %", self.wrong, share(self.wrong))?;
        writeln!(f, "  held by no plate        {:>9}", self.wrong_unnoticed)?;
        writeln!(f, "ambiguous                 {:>9}  {:>8.4} %", self.ambiguous, share(self.ambiguous))?;
        writeln!(f, "  their own among them    {:>9}", self.ambiguous_with_own)?;
        writeln!(f, "not matched               {:>9}  {:>8.4} %", self.missed, share(self.missed))?;
        write!(
            f,
            "a lookup with its judgement {:>7.1} us",
            self.took.as_secs_f64() * 1e6 / f64::from(self.reads.max(1))
        )
    }
}

impl Corpus {
    /// So many vehicles, the same for the same seed.
    #[must_use]
    pub fn new(vehicles: u32, seed: u64, noon: Timestamp) -> Self {
        let mut prng = Prng::new(seed, 1);
        let vehicles = (0..vehicles).map(|_| {
            let country = Country::draw(&mut prng);
            let trailer = (prng.between(1, RIGID_ONE_IN) != 1).then(|| country.trailer(&mut prng));
            let tractor = country.tractor(&mut prng);
            let offset = prng.between(0, HOURS * 3_600);
            let expected_at = noon.minus(HOUR * (HOURS / 2)).plus(Duration::from_secs(u64::from(offset)));
            Vehicle { country, tractor, trailer, expected_at }
        });
        Self { vehicles: vehicles.collect(), seed, noon }
    }

    fn number(index: usize) -> String {
        format!("PI-{index:07}")
    }

    /// Submits every notification.
    ///
    /// # Panics
    /// When the registry refuses one: that is an error of the corpus.
    pub fn submit(&self, registry: &Registry) {
        let (tell, told) = channel();
        let mut waiting = 0_usize;
        let take = |waiting: &mut usize, down_to: usize| {
            while *waiting > down_to {
                let result: Result<ReceiptResult, String> = told.recv().expect("the registry answers");
                assert_eq!(result, Ok(ReceiptResult::Accepted));
                *waiting -= 1;
            }
        };
        for (index, vehicle) in self.vehicles.iter().enumerate() {
            let tell = tell.clone();
            let done = move |result: Result<lane_controller::registry::Submitted, _>| {
                let result = result.map(|submitted| submitted.receipt.result);
                tell.send(result.map_err(|failure: lane_controller::registry::RegistryFailure| failure.to_string()))
                    .ok();
            };
            registry.submit(RegisterKind::Notification, self.document(index, vehicle), self.noon, Box::new(done));
            waiting += 1;
            take(&mut waiting, 4_000);
        }
        take(&mut waiting, 0);
    }

    fn document(&self, index: usize, vehicle: &Vehicle) -> Vec<u8> {
        let country = vehicle.country.code();
        let trailers: Vec<_> =
            vehicle.trailer.iter().map(|plate| json!({ "plate": plate, "country": country })).collect();
        let document = json!({
            "number": Self::number(index), "revision": 1, "action": "upsert",
            "submitted_at": self.noon.minus(HOUR * 48), "expected_at": vehicle.expected_at,
            "valid_until": self.noon.plus(HOUR * 240), "direction": "entry",
            "carrier": { "id": "240440000300", "name": "Silk Route Haulage LLP", "country": "KZ" },
            "vehicle": { "tractor": { "plate": vehicle.tractor, "country": country }, "trailers": trailers },
            "gross_kg": 12000, "laden_kg": 27300, "empty": true,
        });
        document.to_string().into_bytes()
    }

    /// Reads so many of the vehicles with `noise` and asks the registry whose they are.
    ///
    /// # Panics
    /// When the registry can't be read.
    #[must_use]
    pub fn judge(&self, registry: &Registry, policy: &MatchPolicy, noise: Noise, reads: u32) -> Report {
        let mut prng = Prng::new(self.seed, 2);
        let mut report = Report::default();
        let last = u32::try_from(self.vehicles.len() - 1).unwrap_or(u32::MAX);
        for _ in 0..reads {
            let index = usize::try_from(prng.between(0, last)).unwrap_or(0);
            let query = self.query(&self.vehicles[index], noise, &mut prng);
            let began = Instant::now();
            let result = registry.find(&query, policy, query.arrived).expect("the registry answers");
            report.took += began.elapsed();
            report.reads += 1;
            let own = Self::number(index);
            let has = |code: FindingCode| result.findings.iter().any(|finding| finding.code == code);
            let plate_held = has(FindingCode::PlateMismatch) || has(FindingCode::TrailerMismatch);
            report.near += u32::from(plate_held);
            match &result.notification {
                Some(found) if found.number == own => report.right += 1,
                Some(_) => {
                    report.wrong += 1;
                    report.wrong_unnoticed += u32::from(!plate_held);
                }
                None if has(FindingCode::Ambiguous) => {
                    report.ambiguous += 1;
                    let shown = result.candidates.iter().any(|scored| scored.notification == own);
                    report.ambiguous_with_own += u32::from(shown);
                }
                None => report.missed += 1,
            }
        }
        report
    }

    fn query(&self, vehicle: &Vehicle, noise: Noise, prng: &mut Prng) -> MatchQuery {
        let swapped = happens(noise.trailer_swapped, prng).then(|| vehicle.country.trailer(prng));
        let rear = swapped.or_else(|| vehicle.trailer.clone()).unwrap_or_else(|| vehicle.tractor.clone());
        let unread = happens(noise.rear_unread, prng);
        let plate = |text: &str, prng: &mut Prng| PlateOf { plate: noise.read(text, prng).into(), country: None };
        // Trucks come within hours of when they are expected, early or late.
        let apart = HOUR * prng.between(0, 8);
        let arrived =
            if prng.between(0, 1) == 0 { vehicle.expected_at.plus(apart) } else { vehicle.expected_at.minus(apart) };
        MatchQuery {
            lane: LaneId::new("in-01").expect("a name"),
            passage: PassageId(Uuid::nil()),
            round: 1,
            direction: Direction::Entry,
            arrived,
            tractor: Some(plate(&vehicle.tractor, prng)),
            trailer: (!unread).then(|| plate(&rear, prng)),
            documents: vec![],
            gross_kg: Some(27_300),
            axles: None,
        }
    }
}

/// The policy that the corpus is judged by: what plates alone can show.
///
/// # Panics
/// Never: the name is one.
#[must_use]
pub fn policy() -> MatchPolicy {
    MatchPolicy {
        required: vec![lane_controller::matching::Required::Notification],
        tolerance: lane_controller::matching::Tolerance { kg: 300, percent: 3.0 },
        site: lane_controller::model::SiteId::new("nur-zholy").expect("a name"),
        templates: Arc::new(lane_controller::domain::plate::Templates::embedded()),
        lead: None,
        misread: lane_controller::matching::Misread::Holds,
        limits: Arc::new(RoadLimits::embedded()),
        dangerous_codes: vec![],
        severities: std::collections::BTreeMap::new(),
    }
}
