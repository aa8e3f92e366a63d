//! Common transit: messages of NCTS phase 5 (and 6, whose structure is the same here) become declarations.
//!
//! Element names: the published schemas of the messages, versions 51.8.6 and 60.4.16. docs/import.md has the table.

use std::collections::BTreeSet;

use super::Supplement;
use super::draft::{Draft, Origin};
use super::instant;
use super::node::{At, Text, put_list, shown};
use crate::model::registry::DeclarationStatus;

/// Code list CL219, identification of a means of transport: registration number of the road vehicle, and of the road
/// trailer.
const ROAD_VEHICLE: &str = "30";
const ROAD_TRAILER: &str = "31";

/// CC015C: declaration data, before customs have said anything.
pub(super) fn declared(message: &At<'_>, draft: &mut Draft, supplement: &Supplement) {
    // The number of the declaration is not given out yet: the declarant's own reference stands for it.
    let operation = message.find("TransitOperation");
    let number = operation.as_ref().and_then(|operation| operation.need("LRN", "the local reference number", draft));
    movement(message, draft, supplement, number, DeclarationStatus::Lodged);
}

/// CC029C and CD050C: released for transit.
pub(super) fn released(message: &At<'_>, draft: &mut Draft, supplement: &Supplement) {
    let operation = message.find("TransitOperation");
    let number = operation.as_ref().and_then(|operation| operation.need("MRN", "the movement reference number", draft));
    movement(message, draft, supplement, number, DeclarationStatus::Released);
}

/// CD118C: a movement crossed a frontier. It names the movement and carries nothing of it.
pub(super) fn crossed(message: &At<'_>, draft: &mut Draft, _: &Supplement) {
    if let Some(number) = message.text("TransitOperation/MRN") {
        draft.put("$.number", number.text, number.origin);
    }
    draft.told("revision");
    let message = "CD118C reports a crossed frontier and carries no goods; the movement comes with CC029C or CD050C";
    draft.fault(&draft.root(), message);
}

fn movement(
    message: &At<'_>,
    draft: &mut Draft,
    supplement: &Supplement,
    number: Option<Text<'_>>,
    status: DeclarationStatus,
) {
    if message.find("TransitOperation").is_none() {
        draft.fault(&message.origin(), "TransitOperation is missing");
    }
    if let Some(number) = number {
        draft.put("$.number", number.text, number.origin);
    }
    draft.put("$.status", status.as_str(), message.origin());
    let kind = match message.text("TransitOperation/declarationType") {
        Some(kind) if kind.text == "TIR" => "tir",
        Some(_) | None => "common_transit",
    };
    draft.put("$.kind", kind, message.origin());
    // T2 goods are of the European Union; free circulation on this side of the border is another thing.
    draft.put("$.customs_status", "foreign", message.origin());
    prepared(message, draft, supplement);
    holder(message, draft);
    if let Some(limit) = message.text("TransitOperation/limitDate") {
        match instant::end_of_day(limit.text) {
            Some(at) => draft.put("$.deadline", at.to_string(), limit.origin),
            None => draft.fault(&limit.origin, format!("`{}` is no date like 2026-11-24", shown(limit.text))),
        }
    }
    match message.find("Consignment") {
        Some(consignment) => read_consignment(&consignment, draft),
        None => draft.fault(&message.origin(), "Consignment is missing"),
    }
}

/// NCTS counts no revisions: a later message of a movement has a later instant of preparation.
fn prepared(message: &At<'_>, draft: &mut Draft, supplement: &Supplement) {
    if supplement.revision.is_some() {
        return;
    }
    draft.told("revision");
    let Some(text) = message.need("preparationDateAndTime", "an instant like 2026-11-24T05:12:03", draft) else {
        return;
    };
    match instant::date_time(text.text).and_then(instant::revision) {
        Some(revision) => draft.put("$.revision", revision, text.origin),
        None => draft.fault(&text.origin, format!("`{}` is no instant like 2026-11-24T05:12:03", shown(text.text))),
    }
}

fn holder(message: &At<'_>, draft: &mut Draft) {
    let Some(holder) = message.find("HolderOfTheTransitProcedure") else {
        draft.fault(&message.origin(), "HolderOfTheTransitProcedure is missing");
        return;
    };
    let id = holder.text("identificationNumber").or_else(|| holder.text("TIRHolderIdentificationNumber"));
    let Some(id) = id else {
        draft.fault(&holder.origin(), "identificationNumber or TIRHolderIdentificationNumber is expected");
        return;
    };
    // An EORI number begins with the country that gave it.
    let country = match holder.text("Address/country") {
        Some(country) => Some((country.text, country.origin)),
        None => id.text.get(..2).map(|country| (country, id.origin.clone())),
    };
    let is_country = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    if let Some((country, origin)) = country.filter(|(country, _)| is_country(country)) {
        draft.put("$.holder.country", country, origin);
    }
    draft.put("$.holder.id", id.text, id.origin);
}

fn read_consignment(consignment: &At<'_>, draft: &mut Draft) {
    if let Some((mass, origin)) = consignment.need_mass("grossMass", draft) {
        draft.put("$.gross_kg", mass.to_json(), origin);
    }
    let texts = |path| consignment.all(path).iter().filter_map(At::own_text).map(owned).collect::<Vec<_>>();
    put_list(draft, "$.containers", texts("TransportEquipment/containerIdentificationNumber"));
    put_list(draft, "$.seals", texts("TransportEquipment/Seal/identifier"));
    vehicle(consignment, draft);
    let items = consignment.all("HouseConsignment/ConsignmentItem");
    if items.is_empty() {
        draft.fault(&consignment.origin(), "HouseConsignment/ConsignmentItem is missing; goods are expected");
    }
    for (index, item) in items.iter().enumerate() {
        goods(index, item, draft);
    }
}

fn owned(text: Text<'_>) -> (String, Origin) {
    (text.text.to_owned(), text.origin)
}

/// What pulls is the road vehicle at departure, else the one road vehicle that is declared at the border; what is
/// pulled are the road trailers at departure. Other means of transport are no vehicle of a lane.
fn vehicle(consignment: &At<'_>, draft: &mut Draft) {
    let mut means = consignment.all("DepartureTransportMeans");
    means.extend(consignment.all("HouseConsignment/DepartureTransportMeans"));
    let departure = |kind| means.iter().filter_map(move |means| identified(means, kind));
    let border = consignment.all("ActiveBorderTransportMeans");
    let mut at_border: Vec<_> = border.iter().filter_map(|means| identified(means, ROAD_VEHICLE)).collect();
    at_border.dedup_by(|one, other| one.0.text == other.0.text);
    let pulls = departure(ROAD_VEHICLE).next().or_else(|| match at_border.as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    });
    let Some(pulls) = pulls else { return };
    put_plate(draft, "$.vehicle.tractor", pulls);
    let mut seen = BTreeSet::new();
    for trailer in departure(ROAD_TRAILER) {
        let at = seen.len();
        if seen.insert(trailer.0.text) {
            put_plate(draft, &format!("$.vehicle.trailers[{at}]"), trailer);
        }
    }
}

type Plate<'a> = (Text<'a>, Option<Text<'a>>);

fn identified<'a>(means: &At<'a>, kind: &str) -> Option<Plate<'a>> {
    let is = means.text("typeOfIdentification").is_some_and(|text| text.text == kind);
    let number = means.text("identificationNumber").filter(|_| is)?;
    Some((number, means.text("nationality")))
}

fn put_plate(draft: &mut Draft, path: &str, (number, country): Plate<'_>) {
    draft.put(&format!("{path}.plate"), number.text, number.origin);
    if let Some(country) = country {
        draft.put(&format!("{path}.country"), country.text, country.origin);
    }
}

fn goods(index: usize, item: &At<'_>, draft: &mut Draft) {
    let path = |key: &str| format!("$.goods[{index}].{key}");
    if let Some(number) = item.need("declarationGoodsItemNumber", "the item's number in the declaration", draft) {
        match number.text.parse::<u32>() {
            Ok(value) => draft.put(&path("item"), value, number.origin),
            Err(_) => draft.fault(&number.origin, "a number from 1 is expected"),
        }
    }
    let Some(commodity) = item.find("Commodity") else {
        draft.fault(&item.origin(), "Commodity is missing");
        return;
    };
    if let Some(description) = commodity.text("descriptionOfGoods") {
        draft.put(&path("description"), description.text, description.origin);
    }
    let heading = "CommodityCode/harmonizedSystemSubHeadingCode";
    if let Some(heading) = commodity.need(heading, "six digits (the register takes no goods without a code)", draft) {
        let more = commodity.text("CommodityCode/combinedNomenclatureCode").map_or("", |more| more.text);
        draft.put(&path("code"), format!("{}{more}", heading.text), heading.origin);
    }
    if let Some((mass, origin)) = commodity.need_mass("GoodsMeasure/grossMass", draft) {
        draft.put(&path("gross_kg"), mass.to_json(), origin);
    }
    if let Some((sum, origin)) = item.sum("Packaging/numberOfPackages", draft) {
        draft.put(&path("packages"), sum, origin);
    }
}
