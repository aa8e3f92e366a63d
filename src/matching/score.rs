//! What speaks for a notification, and how much.
//!
//! Identity (plates, documents, containers) decides whether a notification can be the vehicle's at all; everything
//! together ranks those that can. Points are whole numbers, so that a score is the same on every machine.

use super::plates::{Part, PlateFit, SeenPlates, compare};
use super::seen::SeenPapers;
use crate::domain::plate::Templates;
use crate::domain::{NumberKey, number_key};
use crate::model::registry::{PlateOf, PriorNotification};
use crate::model::{Clue, Direction, Point, Scored, SiteId, Timestamp};

/// A notification names the vehicle from this identity on: a front plate that differs as misread ones do is enough,
/// a rear plate alone isn't, because trailers are swapped.
pub(super) const IDENTITY_MIN: i32 = 45;
/// So much better than the next one the best must be.
pub(super) const MARGIN_MIN: i32 = 15;

const DOCUMENT_SCANNED: i32 = 120;
const TRACTOR_SAME: i32 = 70;
const TRACTOR_NEAR: i32 = 45;
const TRACTOR_FAR: i32 = 30;
const TRACTOR_OTHER: i32 = -40;
const TRAILER_SAME: i32 = 40;
const TRAILER_NEAR: i32 = 25;
const TRAILER_OTHER: i32 = -20;
/// A vehicle without a trailer shows its own plate again.
const RIGID_REAR_SAME: i32 = 20;
const COUNTRY_OTHER: i32 = -10;
const CONTAINER_SAME: i32 = 30;
const CONTAINER_OTHER: i32 = -20;
const SEAL_SAME: i32 = 15;
const DIRECTION_OTHER: i32 = -25;
const SITE_OTHER: i32 = -25;
const EXPIRED: i32 = -30;
const USED: i32 = -35;
const HOUR_MICROS: u64 = 3_600_000_000;
/// Hours between the notified and the real arrival, and what they count.
const TIMES: [(u64, i32); 4] = [(2, 20), (6, 12), (24, 5), (48, 0)];
const TIME_FAR: i32 = -5;

/// A notification that may be the vehicle's.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// The notification.
    pub notification: &'a PriorNotification,
    /// It was used for another passage.
    pub used: bool,
}

/// What the score is taken against, the same for every candidate.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    pub(super) plates: SeenPlates,
    pub(super) papers: SeenPapers,
    pub(super) direction: Direction,
    pub(super) arrived: Timestamp,
    pub(super) site: &'a SiteId,
    pub(super) now: Timestamp,
    pub(super) templates: &'a Templates,
}

/// A candidate with its score.
#[derive(Debug, Clone)]
pub(super) struct Ranked<'a> {
    pub(super) candidate: Candidate<'a>,
    pub(super) scored: Scored,
    /// The part of the score that says which vehicle it is.
    pub(super) identity: i32,
}

struct Points {
    all: Vec<Point>,
    identity: i32,
}

impl Points {
    fn identity(&mut self, clue: Clue, points: i32) {
        self.identity += points;
        self.all.push(Point { clue, points });
    }

    fn circumstance(&mut self, clue: Clue, points: i32) {
        self.all.push(Point { clue, points });
    }
}

/// Scores one candidate.
pub(super) fn score<'a>(candidate: Candidate<'a>, seen: &Seen<'_>) -> Ranked<'a> {
    let notification = candidate.notification;
    let mut points = Points { all: Vec::new(), identity: 0 };
    score_plates(notification, seen, &mut points);
    score_papers(notification, &seen.papers, &mut points);
    points.circumstance(Clue::Time, time_points(seen.arrived, notification.expected_at));
    if !goes(seen.direction, notification.direction) {
        points.circumstance(Clue::DirectionOther, DIRECTION_OTHER);
    }
    if is_for_another_site(notification, seen.site) {
        points.circumstance(Clue::SiteOther, SITE_OTHER);
    }
    if notification.valid_until <= seen.now {
        points.circumstance(Clue::Expired, EXPIRED);
    }
    if candidate.used {
        points.circumstance(Clue::Used, USED);
    }
    let score = points.all.iter().map(|point| point.points).sum();
    let scored = Scored { notification: notification.number.clone(), score, clues: points.all };
    Ranked { candidate, scored, identity: points.identity }
}

fn score_plates(notification: &PriorNotification, seen: &Seen<'_>, points: &mut Points) {
    let vehicle = &notification.vehicle;
    if let Some(tractor) = &seen.plates.tractor {
        match compare(tractor, &vehicle.tractor, Part::Tractor, seen.templates) {
            PlateFit::Same => points.identity(Clue::TractorSame, TRACTOR_SAME),
            PlateFit::Misread => points.identity(Clue::TractorNear, TRACTOR_NEAR),
            PlateFit::OneEdit => points.identity(Clue::TractorNear, TRACTOR_FAR),
            PlateFit::Other => points.identity(Clue::TractorOther, TRACTOR_OTHER),
        }
        if countries_differ(tractor.country.as_deref(), &vehicle.tractor) {
            points.circumstance(Clue::CountryOther, COUNTRY_OTHER);
        }
    }
    let Some(rear) = &seen.plates.trailer else { return };
    let (notified, part, same) = match vehicle.trailers.last() {
        Some(trailer) => (trailer, Part::Trailer, TRAILER_SAME),
        None => (&vehicle.tractor, Part::Tractor, RIGID_REAR_SAME),
    };
    match compare(rear, notified, part, seen.templates) {
        PlateFit::Same => points.identity(Clue::TrailerSame, same),
        PlateFit::Misread | PlateFit::OneEdit => points.identity(Clue::TrailerNear, TRAILER_NEAR.min(same)),
        PlateFit::Other => points.identity(Clue::TrailerOther, TRAILER_OTHER),
    }
}

fn countries_differ(read: Option<&str>, notified: &PlateOf) -> bool {
    let known = |country: &&str| !country.is_empty() && *country != "00" && *country != "99";
    match (read.filter(known), notified.country.as_deref().filter(known)) {
        (Some(read), Some(notified)) => !read.eq_ignore_ascii_case(notified),
        (Some(_) | None, _) => false,
    }
}

fn score_papers(notification: &PriorNotification, papers: &SeenPapers, points: &mut Points) {
    let names = |key: &NumberKey| {
        number_key(&notification.number) == *key
            || notification.documents.iter().any(|document| number_key(&document.number) == *key)
    };
    if papers.numbers.iter().any(names) {
        points.identity(Clue::DocumentScanned, DOCUMENT_SCANNED);
    }
    if !papers.containers.is_empty() && !notification.containers.is_empty() {
        let notified =
            |seen: &NumberKey| notification.containers.iter().any(|container| number_key(container) == *seen);
        if papers.containers.iter().any(notified) {
            points.identity(Clue::ContainerSame, CONTAINER_SAME);
        } else {
            points.identity(Clue::ContainerOther, CONTAINER_OTHER);
        }
    }
    let sealed = |key: &NumberKey| notification.seals.iter().any(|seal| number_key(seal) == *key);
    if papers.numbers.iter().any(sealed) {
        points.identity(Clue::SealSame, SEAL_SAME);
    }
}

fn time_points(arrived: Timestamp, expected: Timestamp) -> i32 {
    let apart = arrived.unix_micros().abs_diff(expected.unix_micros());
    TIMES.into_iter().find(|(hours, _)| apart <= hours * HOUR_MICROS).map_or(TIME_FAR, |(_, points)| points)
}

/// Whether a lane of that direction takes what was notified.
pub(super) fn goes(lane: Direction, notified: Direction) -> bool {
    lane == notified || notified == Direction::Transit || lane == Direction::Transit
}

/// Whether the trader named another crossing point.
pub(super) fn is_for_another_site(notification: &PriorNotification, site: &SiteId) -> bool {
    notification.site.as_deref().is_some_and(|named| !named.trim().eq_ignore_ascii_case(site.as_str()))
}
