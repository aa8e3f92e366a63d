//! A plate that was read against a plate that was notified.

use crate::domain::plate::{Cost, Folded, Templates, distance, fold, skeleton};
use crate::model::registry::PlateOf;
use crate::model::{MatchQuery, Purpose};

/// What a misread plate may be off by: three confusions, or one other edit and one confusion.
pub const FARTHEST: Cost = Cost::new(3);

/// How a read plate fits a notified one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlateFit {
    /// The same plate, whatever script it was written in and whatever its country's syntax settles.
    Same,
    /// It differs as cameras misread: glyphs that look alike.
    Misread,
    /// One character is another, too many or lost.
    OneEdit,
    /// Another plate.
    Other,
}

/// A read plate in the one form that is compared.
#[derive(Debug, Clone)]
pub struct SeenPlate {
    /// Canonical, by the country that the reader names.
    pub plate: Folded,
    /// As read, folded only: another country's syntax may settle it otherwise.
    pub read: Folded,
    /// As the reader says.
    pub country: Option<String>,
}

/// The plates of the vehicle in the lane.
#[derive(Debug, Clone, Default)]
pub struct SeenPlates {
    /// Front.
    pub tractor: Option<SeenPlate>,
    /// Rear.
    pub trailer: Option<SeenPlate>,
}

impl SeenPlates {
    /// The plates of a query, canonical. A plate of which nothing is left is none.
    #[must_use]
    pub fn of(query: &MatchQuery, templates: &Templates) -> Self {
        let canonical = |plate: &PlateOf| {
            let read = fold(plate.plate.reveal(Purpose::Matching));
            let canonical = templates.canonical(&read, plate.country.as_deref());
            (!read.is_empty()).then(|| SeenPlate { plate: canonical, read, country: plate.country.clone() })
        };
        Self {
            tractor: query.tractor.as_ref().and_then(canonical),
            trailer: query.trailer.as_ref().and_then(canonical),
        }
    }
}

/// The one form of a plate that is compared and indexed.
#[must_use]
pub fn canonical(plate: &PlateOf, templates: &Templates) -> Folded {
    templates.canonical(&fold(plate.plate.reveal(Purpose::Matching)), plate.country.as_deref())
}

/// Which part of the combination a plate was notified for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What pulls.
    Tractor,
    /// What is pulled.
    Trailer,
}

/// Whether the syntax of the notified country leaves only the notified plate: no tractor carries a trailer's plate.
fn settles_to(seen: &SeenPlate, notified: &PlateOf, other: &Folded, part: Part, templates: &Templates) -> bool {
    let settled = templates.settle(&seen.read, notified.country.as_deref());
    let mut of_part =
        settled.iter().filter(|form| !form.generic && form.is_trailer() == (part == Part::Trailer)).peekable();
    of_part.peek().is_some() && of_part.all(|form| form.plate == *other)
}

/// How a read plate fits a notified one.
#[must_use]
pub fn compare(seen: &SeenPlate, notified: &PlateOf, part: Part, templates: &Templates) -> PlateFit {
    let other = canonical(notified, templates);
    // The reader may have named no country, or the wrong one: the notified one's syntax settles the read, too.
    let same = seen.plate == other
        || seen.read == fold(notified.plate.reveal(Purpose::Matching))
        || templates.canonical(&seen.read, notified.country.as_deref()) == other
        || settles_to(seen, notified, &other, part, templates);
    if same {
        return PlateFit::Same;
    }
    match distance(&seen.plate, &other, FARTHEST) {
        Some(_) if skeleton(&seen.plate) == skeleton(&other) => PlateFit::Misread,
        Some(_) => PlateFit::OneEdit,
        None => PlateFit::Other,
    }
}
