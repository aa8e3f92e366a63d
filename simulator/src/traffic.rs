//! The traffic: an endless, repeatable sequence of trucks for a lane.
//!
//! The generator knows no clock; instants come in when documents are made out (`documents.rs`).

use std::collections::BTreeSet;

use lane_controller::model::Direction;

use crate::kind::Kind;
use crate::plates::Country;
use crate::prng::Prng;

/// Attempts at a plate that this lane has not seen; after that a repeated one is taken.
const PLATE_ATTEMPTS_MAX: u32 = 16;
/// Plates remembered per lane; the oldest by name are forgotten beyond it.
const PLATES_REMEMBERED_MAX: usize = 100_000;
/// Scale interval of the bridge.
pub const SCALE_INTERVAL_KG: u32 = 20;
/// One truck in so many has no trailer.
const RIGID_ONE_IN: u32 = 12;

/// One truck, with its papers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truck {
    /// Its place in the lane's sequence, from 1.
    pub ordinal: u32,
    /// What is special about it.
    pub kind: Kind,
    /// Which way it goes.
    pub direction: Direction,
    /// Where it is registered.
    pub country: Country,
    /// Front plate.
    pub tractor: String,
    /// What the front camera makes of it.
    pub front: String,
    /// The trailer that it was notified with.
    pub trailer: Option<String>,
    /// What the rear camera sees: the trailer behind it, or its own plate where it has none.
    pub rear: String,
    /// What the goods weigh by its papers.
    pub goods_kg: u32,
    /// What the empty combination weighs by its papers.
    pub tare_kg: u32,
    /// What stands on the scale.
    pub standing_kg: u32,
    /// Number of its notification, whether or not it was submitted.
    pub notification: String,
    /// Serial of its declaration, whether or not it was lodged.
    pub declaration_serial: u32,
    /// Which of the carriers drives it.
    pub carrier: usize,
}

/// The trucks of one lane.
#[derive(Debug)]
pub struct Traffic {
    prng: Prng,
    lane: u32,
    seed: u64,
    direction: Direction,
    made: u32,
    plates: BTreeSet<String>,
    last_lawful: Option<Truck>,
}

impl Traffic {
    /// Traffic of lane number `lane` (from 1): the same for the same seed and lane, whatever other lanes do.
    #[must_use]
    pub fn new(seed: u64, lane: u32, direction: Direction) -> Self {
        let prng = Prng::new(seed, u64::from(lane));
        Self { prng, lane, seed, direction, made: 0, plates: BTreeSet::new(), last_lawful: None }
    }

    /// The next truck.
    pub fn next_truck(&mut self) -> Truck {
        self.made = self.made.saturating_add(1);
        let kind = self.draw_kind();
        let again = self.last_lawful.take_if(|_| kind == Kind::AlreadyUsed);
        let truck = match (kind, again) {
            (Kind::AlreadyUsed, Some(earlier)) => Truck { ordinal: self.made, kind, ..earlier },
            // Nobody has used a notification yet: this one does.
            (Kind::AlreadyUsed, None) => self.fresh(Kind::Lawful),
            (kind, _) => self.fresh(kind),
        };
        if truck.kind == Kind::Lawful {
            self.last_lawful = Some(truck.clone());
        }
        truck
    }

    fn draw_kind(&mut self) -> Kind {
        let mut drawn = self.prng.between(1, 1000);
        for kind in Kind::ALL {
            if drawn <= kind.per_mille() {
                return kind;
            }
            drawn -= kind.per_mille();
        }
        Kind::Lawful
    }

    fn fresh(&mut self, kind: Kind) -> Truck {
        let country = Country::draw(&mut self.prng);
        let tractor = self.unseen(|prng| country.tractor(prng));
        let trailer = if kind != Kind::TrailerSwapped && self.prng.between(1, RIGID_ONE_IN) == 1 {
            None
        } else {
            Some(self.unseen(|prng| country.trailer(prng)))
        };
        let rear = match (&trailer, kind) {
            (_, Kind::TrailerSwapped) => self.unseen(|prng| country.trailer(prng)),
            (Some(trailer), _) => trailer.clone(),
            (None, _) => tractor.clone(),
        };
        let front = match kind {
            Kind::MisreadSettled => letters_for_digits(&tractor),
            Kind::Misread => tractor.chars().take(1).chain(tractor.chars().skip(2)).collect(),
            Kind::Lawful
            | Kind::Blue
            | Kind::Ambiguous
            | Kind::NoNotification
            | Kind::NotificationExpired
            | Kind::NoDeclaration
            | Kind::DeclarationNotReleased
            | Kind::Overweight
            | Kind::TrailerSwapped
            | Kind::AlreadyUsed
            | Kind::Red
            | Kind::RedCleared
            | Kind::Yellow
            | Kind::Silent
            | Kind::AgencyHold => tractor.clone(),
        };
        let heaviest = if kind == Kind::Overweight { 14_000 } else { 20_000 };
        let goods_kg = self.prng.between(80, heaviest / 100) * 100;
        let tare_kg = self.prng.between(140, 165) * 100;
        let standing_kg = to_interval(goods_kg + tare_kg + self.deviation(kind));
        Truck {
            ordinal: self.made,
            kind,
            direction: self.direction,
            country,
            tractor,
            front,
            trailer,
            rear,
            goods_kg,
            tare_kg,
            standing_kg,
            notification: format!("PI-{}-{}-{:05}", self.seed, self.lane, self.made),
            declaration_serial: self.lane * 1_000_000 + self.made % 1_000_000,
            carrier: usize::try_from(self.prng.between(0, 2)).unwrap_or(0),
        }
    }

    /// Fuel, driver and scale make up to 160 kg; contraband makes tonnes.
    fn deviation(&mut self, kind: Kind) -> u32 {
        if kind == Kind::Overweight { self.prng.between(2_600, 5_800) } else { self.prng.between(0, 160) }
    }

    fn unseen(&mut self, mut draw: impl FnMut(&mut Prng) -> String) -> String {
        let mut plate = draw(&mut self.prng);
        for _ in 0..PLATE_ATTEMPTS_MAX {
            if !self.plates.contains(&plate) {
                break;
            }
            plate = draw(&mut self.prng);
        }
        if self.plates.len() >= PLATES_REMEMBERED_MAX {
            self.plates.pop_first();
        }
        self.plates.insert(plate.clone());
        plate
    }
}

/// O for 0 and I for 1, as readers do; the syntax of the country tells them apart.
fn letters_for_digits(plate: &str) -> String {
    plate.replace('0', "O").replace('1', "I")
}

const fn to_interval(kg: u32) -> u32 {
    (kg + SCALE_INTERVAL_KG / 2) / SCALE_INTERVAL_KG * SCALE_INTERVAL_KG
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trucks(seed: u64, lane: u32, count: usize) -> Vec<Truck> {
        let mut traffic = Traffic::new(seed, lane, Direction::Entry);
        (0..count).map(|_| traffic.next_truck()).collect()
    }

    #[test]
    fn the_same_seed_sends_the_same_trucks_down_a_lane() {
        assert_eq!(trucks(7, 2, 500), trucks(7, 2, 500));
    }

    #[test]
    fn another_seed_or_lane_sends_other_trucks() {
        assert_ne!(trucks(7, 1, 20), trucks(8, 1, 20));
        assert_ne!(
            trucks(7, 1, 20).into_iter().map(|t| t.tractor).collect::<Vec<_>>(),
            trucks(7, 2, 20).into_iter().map(|t| t.tractor).collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_pinned_seed_keeps_its_first_truck() {
        let first = &trucks(1, 1, 1)[0];
        assert_eq!(
            (first.kind, first.country, first.tractor.as_str(), first.standing_kg),
            (Kind::Lawful, Country::Ru, "O817HY55", 24_140)
        );
    }

    #[test]
    fn every_kind_comes_and_six_in_ten_are_lawful() {
        let all = trucks(3, 1, 4_000);
        for kind in Kind::ALL {
            assert!(all.iter().any(|truck| truck.kind == kind), "{kind:?} never came");
        }
        let lawful = all.iter().filter(|truck| truck.kind == Kind::Lawful).count();
        assert!((2_280..=2_520).contains(&lawful), "{lawful} of 4000");
    }

    #[test]
    fn a_used_notification_is_that_of_an_earlier_lawful_truck_and_comes_back_once() {
        let all = trucks(3, 1, 4_000);
        for again in all.iter().filter(|truck| truck.kind == Kind::AlreadyUsed) {
            let same: Vec<_> = all.iter().filter(|truck| truck.notification == again.notification).collect();
            assert_eq!(same.iter().map(|t| t.kind).collect::<Vec<_>>(), [Kind::Lawful, Kind::AlreadyUsed]);
            assert!(same[0].ordinal < again.ordinal && same[0].tractor == again.tractor);
        }
    }

    #[test]
    fn only_the_overweight_stand_heavier_than_their_papers_allow() {
        for truck in trucks(5, 3, 2_000) {
            let papers = truck.goods_kg + truck.tare_kg;
            let tolerance = (papers * 3 / 100).max(300);
            let over = truck.standing_kg > papers + tolerance;
            assert_eq!(over, truck.kind == Kind::Overweight, "{truck:?}");
            assert!(truck.standing_kg <= 40_000, "within the limits of the road");
            assert_eq!(truck.standing_kg % SCALE_INTERVAL_KG, 0);
        }
    }

    #[test]
    fn the_rear_camera_sees_the_notified_trailer_unless_it_was_swapped() {
        for truck in trucks(5, 4, 2_000) {
            let notified = truck.trailer.as_ref().unwrap_or(&truck.tractor);
            assert_eq!(truck.rear != *notified, truck.kind == Kind::TrailerSwapped, "{truck:?}");
        }
    }
}
