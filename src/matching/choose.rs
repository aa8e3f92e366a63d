//! Which of several notifications is this vehicle's?

use crate::domain::plate::{Folded, fold};
use crate::domain::{NumberKey, number_key};
use crate::model::registry::PriorNotification;
use crate::model::{Direction, MatchQuery, Timestamp};

/// A notification that may be the vehicle's.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// The notification.
    pub notification: &'a PriorNotification,
    /// It was used for another passage.
    pub used: bool,
}

/// What was chosen.
#[derive(Debug, Clone, Copy)]
pub enum Choice<'a> {
    /// None fits.
    None,
    /// One fits best.
    One(Candidate<'a>),
    /// Several fit equally: an officer decides (hazard 30).
    Ambiguous(usize),
}

/// How well a candidate fits; greater is better. Fields in order of weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Fit {
    scanned: bool,
    unused: bool,
    valid: bool,
    trailer: bool,
}

/// Chooses by a scanned document, else by the folded tractor plate; the trailer decides between equals. A rear plate
/// alone chooses nothing: trailers are swapped.
#[must_use]
pub fn choose<'a>(
    query: &MatchQuery,
    candidates: impl IntoIterator<Item = Candidate<'a>>,
    now: Timestamp,
) -> Choice<'a> {
    let scanned: Vec<_> = query.documents.iter().map(|document| number_key(document)).collect();
    let tractor = query.tractor.as_deref().map(fold).unwrap_or_default();
    let trailer = query.trailer.as_deref().map(fold).unwrap_or_default();
    let mut best: Option<(Fit, Candidate<'a>)> = None;
    let mut equals = 0_usize;
    for candidate in candidates {
        if !goes(query.direction, candidate.notification.direction) {
            continue;
        }
        let Some(fit) = fit(&candidate, &scanned, &tractor, &trailer, now) else { continue };
        match best {
            Some((known, _)) if known > fit => {}
            Some((known, _)) if known == fit => equals += 1,
            Some(_) | None => {
                best = Some((fit, candidate));
                equals = 1;
            }
        }
    }
    match best {
        None => Choice::None,
        Some((_, candidate)) if equals == 1 => Choice::One(candidate),
        // Used or expired ones are no choice to make: any of them gives the same finding.
        Some((fit, candidate)) if !fit.unused || !fit.valid => Choice::One(candidate),
        Some(_) => Choice::Ambiguous(equals),
    }
}

fn goes(lane: Direction, notified: Direction) -> bool {
    lane == notified || notified == Direction::Transit || lane == Direction::Transit
}

fn fit(
    candidate: &Candidate<'_>,
    scanned: &[NumberKey],
    tractor: &Folded,
    trailer: &Folded,
    now: Timestamp,
) -> Option<Fit> {
    let notification = candidate.notification;
    let names = |key: &NumberKey| {
        number_key(&notification.number) == *key
            || notification.documents.iter().any(|document| number_key(&document.number) == *key)
    };
    let by_scan = scanned.iter().any(names);
    let by_plate = !tractor.is_empty() && fold(&notification.vehicle.tractor.plate) == *tractor;
    if !by_scan && !by_plate {
        return None;
    }
    let last = notification.vehicle.trailers.last();
    let trailer = last.is_some_and(|notified| fold(&notified.plate) == *trailer);
    Some(Fit { scanned: by_scan, unused: !candidate.used, valid: notification.valid_until > now, trailer })
}
