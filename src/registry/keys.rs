//! By what a document is found.

use std::collections::BTreeSet;

use crate::domain::plate::{Folded, fold};
use crate::domain::{NumberKey, number_key};
use crate::model::Purpose;
use crate::model::registry::{Declaration, PlateOf, PriorNotification};

/// The plates that a notification is found by.
pub(super) struct Plates<'a> {
    pub(super) tractor: &'a PlateOf,
    /// The last trailer's.
    pub(super) rear: Option<&'a PlateOf>,
}

/// The plates of a notification.
pub(super) fn plates_of(notification: &PriorNotification) -> Plates<'_> {
    Plates { tractor: &notification.vehicle.tractor, rear: notification.vehicle.trailers.last() }
}

/// The numbers that a notification is found by: its own, those of the documents that it refers to, its containers,
/// its seals.
pub(super) fn references(notification: &PriorNotification) -> BTreeSet<NumberKey> {
    let documents = notification.documents.iter().map(|document| document.number.as_str());
    let cargo = notification.containers.iter().chain(&notification.seals).map(String::as_str);
    let all = documents.chain(cargo).chain(std::iter::once(notification.number.as_str()));
    all.map(number_key).collect()
}

/// The tractor that a declaration names. Folded only: it is compared with folded reads, exactly.
pub(super) fn declared_tractor(declaration: &Declaration) -> Option<Folded> {
    let vehicle = declaration.vehicle.as_ref()?;
    Some(fold(vehicle.tractor.plate.reveal(Purpose::Register))).filter(|plate| !plate.is_empty())
}
