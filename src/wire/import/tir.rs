//! Advance TIR data in the manner of the WCO data model (eTIR) become declarations of the kind `tir`.
//!
//! Names marked `wco` are those of the data model as public WCO declarations use them. Names marked `etir` could not be
//! confirmed from public material: they are here, in one table, to be mended in one place. docs/import.md prints it.

use std::collections::BTreeSet;

use super::Supplement;
use super::draft::{Draft, Origin};
use super::instant;
use super::mass::Mass;
use super::node::{At, Text, mass, put_list, shown};

/// The carnet: `wco` the reference of the guarantee.
const CARNETS: [&str; 2] = ["ObligationGuarantee/ReferenceID", "GoodsShipment/ObligationGuarantee/ReferenceID"];
/// Who holds it: `etir` principal, `wco` declarant.
const HOLDERS: [&str; 4] = ["ObligationGuarantee/Principal", "Principal", "TransitPrincipal", "Declarant"];
/// `etir`: type codes of messages by which customs have registered the declaration. All others are lodged.
const REGISTERED: [&str; 1] = ["I7"];
/// Functions of a message (UN/EDIFACT 1225): original, replacement, change. `wco`
const FUNCTIONS: [&str; 3] = ["9", "5", "4"];
/// Where consignments stand. `wco` the first two
const CONSIGNMENTS: [&str; 3] = ["GoodsShipment/Consignment", "Consignment", "SubmittedConsignment"];
/// Where goods stand. `wco` the first
const ITEMS: [&str; 3] = [
    "GoodsShipment/GovernmentAgencyGoodsItem",
    "GoodsShipment/Consignment/GovernmentAgencyGoodsItem",
    "Consignment/GovernmentAgencyGoodsItem",
];
/// Registration number of a road vehicle, and of a road trailer. `wco`, from UN/CEFACT's list of identifications
const ROAD_VEHICLE: &str = "30";
const ROAD_TRAILER: &str = "31";
/// Units of a mass: UN/CEFACT's kilogram.
const KILOGRAM: &str = "KGM";

pub(super) fn declaration(document: &At<'_>, draft: &mut Draft, supplement: &Supplement) {
    let type_code = document.text("TypeCode");
    let is_tir = document.name() != "Declaration"
        || type_code.as_ref().is_some_and(|code| code.text.starts_with("TIR") || REGISTERED.contains(&code.text));
    if !is_tir {
        let origin = type_code.map_or_else(|| document.origin(), |code| code.origin);
        draft.fault(&origin, "a WCO declaration is taken as TIR data only; TypeCode TIR is expected");
        return;
    }
    if let Some(function) = document.text("FunctionCode").filter(|code| !FUNCTIONS.contains(&code.text)) {
        let message =
            "the function is none of 9 (original), 5 (replacement), 4 (change); only these carry a declaration";
        draft.fault(&function.origin, message);
    }
    match CARNETS.into_iter().find_map(|path| document.text(path)) {
        Some(carnet) => draft.put("$.number", carnet.text, carnet.origin),
        None => {
            draft.fault(&document.origin(), "ObligationGuarantee/ReferenceID is missing; the TIR carnet is expected")
        }
    }
    draft.put("$.kind", "tir", document.origin());
    let registered = type_code.as_ref().is_some_and(|code| REGISTERED.contains(&code.text));
    draft.put("$.status", if registered { "registered" } else { "lodged" }, document.origin());
    revision(document, draft, supplement);
    holder(document, draft);
    vehicle(document, draft);
    let consignments: Vec<_> = CONSIGNMENTS.into_iter().flat_map(|path| document.all(path)).collect();
    let texts = |path: &'static str| {
        let found = consignments.iter().flat_map(move |at| at.all(path));
        found.filter_map(|at| at.own_text().map(|text| (text.text.to_owned(), text.origin))).collect::<Vec<_>>()
    };
    put_list(draft, "$.containers", texts("TransportEquipment/ID"));
    put_list(draft, "$.seals", texts("TransportEquipment/Seal/ID"));
    let items: Vec<_> = ITEMS.into_iter().flat_map(|path| document.all(path)).collect();
    if items.is_empty() {
        draft.fault(&document.origin(), format!("{} is missing; goods are expected", ITEMS[0]));
    }
    let masses: Vec<_> = items.iter().enumerate().map(|(index, item)| goods(index, item, draft)).collect();
    gross(document, &masses, draft);
}

/// `VersionID` counts revisions; without it the instant of issue makes one.
fn revision(document: &At<'_>, draft: &mut Draft, supplement: &Supplement) {
    if let Some(version) = document.text("VersionID") {
        match version.text.parse::<u64>() {
            Ok(revision) => draft.put("$.revision", revision, version.origin),
            Err(_) => {
                draft.told("revision");
                draft.fault(&version.origin, "a whole number is expected");
            }
        }
        return;
    }
    if supplement.revision.is_some() {
        return;
    }
    let issued = document.text("IssueDateTime/DateTimeString").or_else(|| document.text("IssueDateTime"));
    let Some(issued) = issued else { return };
    match instant::wco(issued.text).and_then(instant::revision) {
        Some(revision) => draft.put("$.revision", revision, issued.origin),
        None => {
            draft.told("revision");
            let message = format!("`{}` is no instant like 20261124051203Z", shown(issued.text));
            draft.fault(&issued.origin, message);
        }
    }
}

fn holder(document: &At<'_>, draft: &mut Draft) {
    let holder = HOLDERS.into_iter().find_map(|path| document.find(path));
    let id = holder.as_ref().and_then(|holder| holder.text("ID"));
    let (Some(holder), Some(id)) = (holder, id) else {
        draft.fault(&document.origin(), format!("the holder is missing; {}/ID is expected", HOLDERS[0]));
        return;
    };
    draft.put("$.holder.id", id.text, id.origin);
    if let Some(country) = holder.text("Address/CountryCode") {
        draft.put("$.holder.country", country.text, country.origin);
    }
}

fn vehicle(document: &At<'_>, draft: &mut Draft) {
    let mut means = document.all("BorderTransportMeans");
    means.extend(CONSIGNMENTS.into_iter().flat_map(|path| document.all(path)).flat_map(|consignment| {
        let mut means = consignment.all("BorderTransportMeans");
        means.extend(consignment.all("DepartureTransportMeans"));
        means
    }));
    let of_kind = |kind: &'static str| {
        means.iter().filter(move |means| means.text("IdentificationTypeCode").is_some_and(|code| code.text == kind))
    };
    let Some(tractor) = of_kind(ROAD_VEHICLE).find_map(|means| Some((means, means.text("ID")?))) else { return };
    put_plate(draft, "$.vehicle.tractor", tractor);
    let mut seen = BTreeSet::new();
    for (means, plate) in of_kind(ROAD_TRAILER).filter_map(|means| Some((means, means.text("ID")?))) {
        let at = seen.len();
        if seen.insert(plate.text) {
            put_plate(draft, &format!("$.vehicle.trailers[{at}]"), (means, plate));
        }
    }
}

fn put_plate(draft: &mut Draft, path: &str, (means, plate): (&At<'_>, Text<'_>)) {
    draft.put(&format!("{path}.plate"), plate.text, plate.origin);
    if let Some(country) = means.text("RegistrationNationalityCode") {
        draft.put(&format!("{path}.country"), country.text, country.origin);
    }
}

/// The mass of the whole declaration, or the sum of its goods.
fn gross(document: &At<'_>, masses: &[Option<Mass>], draft: &mut Draft) {
    if let Some(total) = document.find("TotalGrossMassMeasure") {
        if let Some((mass, origin)) = kilograms(&total, draft) {
            draft.put("$.gross_kg", mass.to_json(), origin);
        }
        return;
    }
    let sum = masses.iter().try_fold(Mass::default(), |sum, mass| sum.plus((*mass)?));
    // Where a mass is missing its fault is named already.
    if let Some(sum) = sum {
        draft.put("$.gross_kg", sum.to_json(), document.origin());
    }
}

fn kilograms(measure: &At<'_>, draft: &mut Draft) -> Option<(Mass, Origin)> {
    if let Some(unit) = measure.attribute("unitCode").filter(|unit| *unit != KILOGRAM) {
        draft.fault(&measure.origin(), format!("the unit {} is not known; {KILOGRAM} is expected", shown(unit)));
        return None;
    }
    match measure.own_text() {
        Some(text) => mass(&text, draft),
        None => {
            draft.fault(&measure.origin(), "a mass in kilograms is expected");
            None
        }
    }
}

fn goods(index: usize, item: &At<'_>, draft: &mut Draft) -> Option<Mass> {
    let path = |key: &str| format!("$.goods[{index}].{key}");
    match item.need("SequenceNumeric", "the item's number", draft).map(|text| (text.text.parse::<u32>(), text.origin)) {
        Some((Ok(number), origin)) => draft.put(&path("item"), number, origin),
        Some((Err(_), origin)) => draft.fault(&origin, "a number from 1 is expected"),
        None => {}
    }
    if let Some(description) = item.text("Commodity/Description") {
        draft.put(&path("description"), description.text, description.origin);
    }
    // An item may be classified in several lists; the code of goods is the one of 6 to 10 digits.
    let codes = item.all("Commodity/Classification/ID");
    let code = codes
        .iter()
        .filter_map(At::own_text)
        .find(|code| (6..=10).contains(&code.text.len()) && code.text.bytes().all(|byte| byte.is_ascii_digit()));
    match code {
        Some(code) => draft.put(&path("code"), code.text, code.origin),
        None => draft.fault(&item.origin(), "Commodity/Classification/ID of 6 to 10 digits is missing"),
    }
    if let Some(country) = item.text("Origin/CountryCode") {
        draft.put(&path("origin"), country.text, country.origin);
    }
    if let Some((sum, origin)) = item.sum("Packaging/QuantityQuantity", draft) {
        draft.put(&path("packages"), sum, origin);
    }
    let measures = ["Commodity/GoodsMeasure/GrossMassMeasure", "GoodsMeasure/GrossMassMeasure"];
    let Some(measure) = measures.into_iter().find_map(|path| item.find(path)) else {
        draft.fault(&item.origin(), format!("{} is missing; a mass in kilograms is expected", measures[0]));
        return None;
    };
    let (mass, origin) = kilograms(&measure, draft)?;
    draft.put(&path("gross_kg"), mass.to_json(), origin);
    Some(mass)
}
