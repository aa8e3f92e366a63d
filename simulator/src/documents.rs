//! What the traders submit for a truck, as the registry documents of the contract.

use std::time::Duration;

use lane_controller::model::registry::{
    Action, CarrierRef, CustomsStatus, DeclarationKind, DeclarationStatus, DocumentKind, DocumentRef, Goods, Guarantee,
    Holder, PartyRole, PartyStatus, PlateOf, Vehicle,
};
use lane_controller::model::{Declaration, Party, PriorNotification, Timestamp};

use crate::kind::Kind;
use crate::traffic::Truck;

const HOUR: Duration = Duration::from_secs(3600);
/// Office of the demo's declarations.
const OFFICE: &str = "55302";
/// The carriers: BIN, name, country.
const CARRIERS: [(&str, &str, &str); 3] = [
    ("940140000385", "Alatau Cargo LLP", "KZ"),
    ("240440000300", "Silk Route Haulage LLP", "KZ"),
    ("240440000312", "Steppe Lines LLP", "KZ"),
];

/// The carriers, as parties.
#[must_use]
pub fn parties(now: Timestamp) -> Vec<Party> {
    CARRIERS
        .into_iter()
        .map(|(id, name, country)| Party {
            id: id.into(),
            revision: 1,
            action: Action::Upsert,
            name: name.into(),
            country: country.to_owned(),
            roles: vec![PartyRole::Carrier],
            status: PartyStatus::Active,
            since: earlier(now, 24 * 365 * HOUR),
        })
        .collect()
}

/// The notification that was submitted for `truck`, if one was.
#[must_use]
pub fn notification(truck: &Truck, now: Timestamp) -> Option<PriorNotification> {
    if matches!(truck.kind, Kind::NoNotification | Kind::AlreadyUsed) {
        return None;
    }
    let valid_until = if truck.kind == Kind::NotificationExpired { earlier(now, HOUR) } else { now.plus(24 * HOUR) };
    let (id, name, country) = CARRIERS[truck.carrier % CARRIERS.len()];
    Some(PriorNotification {
        number: truck.notification.clone(),
        revision: 1,
        action: Action::Upsert,
        submitted_at: earlier(now, 5 * HOUR),
        expected_at: now,
        valid_until,
        direction: truck.direction,
        site: None,
        carrier: CarrierRef { id: id.into(), name: name.into(), country: country.to_owned() },
        vehicle: vehicle(truck),
        containers: Vec::new(),
        seals: Vec::new(),
        documents: vec![DocumentRef { kind: DocumentKind::TransitDeclaration, number: declaration_number(truck, now) }],
        goods: vec![goods(truck)],
        gross_kg: f64::from(truck.goods_kg),
        tare_kg: Some(f64::from(truck.tare_kg)),
        laden_kg: None,
        empty: false,
        customs_status: CustomsStatus::Foreign,
        dangerous: Vec::new(),
    })
}

/// The second notification of a truck that was notified twice.
#[must_use]
pub fn second_notification(truck: &Truck, now: Timestamp) -> Option<PriorNotification> {
    let first = notification(truck, now).filter(|_| truck.kind == Kind::Ambiguous)?;
    Some(PriorNotification { number: format!("{}-B", first.number), ..first })
}

/// The declaration that was lodged for `truck`, if one was.
#[must_use]
pub fn declaration(truck: &Truck, now: Timestamp) -> Option<Declaration> {
    let status = match truck.kind {
        Kind::NoDeclaration | Kind::AlreadyUsed => return None,
        Kind::DeclarationNotReleased => DeclarationStatus::Registered,
        Kind::Lawful
        | Kind::Blue
        | Kind::MisreadSettled
        | Kind::Misread
        | Kind::Ambiguous
        | Kind::NoNotification
        | Kind::NotificationExpired
        | Kind::Overweight
        | Kind::TrailerSwapped
        | Kind::Red
        | Kind::RedCleared
        | Kind::Yellow
        | Kind::Silent
        | Kind::AgencyHold => DeclarationStatus::Released,
    };
    let (id, _, country) = CARRIERS[truck.carrier % CARRIERS.len()];
    Some(Declaration {
        number: declaration_number(truck, now),
        kind: DeclarationKind::Transit,
        revision: 1,
        status,
        vehicle: Some(vehicle(truck)),
        containers: Vec::new(),
        seals: Vec::new(),
        goods: vec![goods(truck)],
        gross_kg: f64::from(truck.goods_kg),
        guarantee: Some(Guarantee { kind: "general".to_owned(), valid_until: now.plus(240 * HOUR) }),
        holder: Holder { id: id.into(), country: country.to_owned() },
        deadline: Some(now.plus(72 * HOUR)),
        customs_status: CustomsStatus::Foreign,
    })
}

/// Office, day and serial.
fn declaration_number(truck: &Truck, now: Timestamp) -> String {
    format!("{OFFICE}/{}/{:07}", now.utc().format("%d%m%y"), truck.declaration_serial)
}

fn vehicle(truck: &Truck) -> Vehicle {
    let country = Some(truck.country.code().to_owned());
    let plate = |plate: &str| PlateOf { plate: plate.into(), country: country.clone() };
    Vehicle { tractor: plate(&truck.tractor), trailers: truck.trailer.iter().map(|trailer| plate(trailer)).collect() }
}

fn goods(truck: &Truck) -> Goods {
    let (code, description) =
        [("0808108000", "apples"), ("6403510000", "footwear"), ("8450111100", "washing machines")]
            [usize::try_from(truck.declaration_serial % 3).unwrap_or(0)];
    Goods {
        item: 1,
        code: code.to_owned(),
        description: description.to_owned(),
        gross_kg: f64::from(truck.goods_kg),
        packages: Some(truck.goods_kg / 20),
        origin: Some(truck.country.code().to_owned()),
    }
}

fn earlier(now: Timestamp, by: Duration) -> Timestamp {
    let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_unix_micros(now.unix_micros().saturating_sub(by))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::Traffic;
    use lane_controller::model::Direction;

    fn first(kind: Kind) -> Truck {
        let mut traffic = Traffic::new(1, 1, Direction::Entry);
        std::iter::repeat_with(|| traffic.next_truck()).take(10_000).find(|truck| truck.kind == kind).expect("it comes")
    }

    fn now() -> Timestamp {
        Timestamp::from_unix_micros(1_795_500_000_000_000)
    }

    #[test]
    fn a_lawful_truck_was_notified_with_the_number_of_its_declaration() {
        let truck = first(Kind::Lawful);
        let notified = notification(&truck, now()).expect("submitted");
        let declared = declaration(&truck, now()).expect("lodged");
        assert_eq!(notified.documents[0].number, declared.number);
        assert_eq!(declared.status, DeclarationStatus::Released);
        assert!(notified.valid_until > now() && notified.submitted_at < now());
    }

    #[test]
    fn what_a_kind_lacks_was_not_submitted() {
        assert!(notification(&first(Kind::NoNotification), now()).is_none());
        assert!(declaration(&first(Kind::NoDeclaration), now()).is_none());
        assert!(notification(&first(Kind::NotificationExpired), now()).is_some_and(|n| n.valid_until < now()));
        let registered = declaration(&first(Kind::DeclarationNotReleased), now()).expect("lodged");
        assert_eq!(registered.status, DeclarationStatus::Registered);
    }
}
