//! Preliminary information of the EAEU on goods that come by road becomes a prior notification.
//!
//! EEC Board Decision 194 of 28.11.2018. Element names: public programs that write and read these documents, and public
//! types generated from the EEC's schemas 1.8.1; docs/import.md says which. Two editions of the structure are read: names
//! that differ between them stand beside each other below.

use std::collections::BTreeSet;

use super::Supplement;
use super::draft::{Draft, Origin};
use super::instant;
use super::mass::Mass;
use super::node::{At, Text, mass, put_list, shown};

const CONSIGNMENT: &str = "PIATMainConsignmentDetails/PIATConsignmentDetails";
const ITEM: &str = "PIATMainConsignmentDetails/PIATConsignmentDetails/PIATConsignmentItemDetails";
/// Where plates stand: in the later edition one element a vehicle, in the earlier one the tractor's directly.
const VEHICLES: &str = "PIATBorderTransportDetails/PIATTransportMeansItemDetails";
const TRACTOR: &str = "PIATBorderTransportDetails";
const TRAILERS: &str = "PIATBorderTransportDetails/TrailerDetails";
const SEALS: [&str; 2] = [
    "PIATMainConsignmentDetails/CustomsIdentificationDetails/CustomsIdentificationMeansIdDetails/CustomsIdentificationMeansId",
    "PIATMainConsignmentDetails/SealDetails/SealId",
];
/// Code 2016 of the EAEU's reference data, units of measure: the kilogram.
const KILOGRAM: &str = "166";
/// Code 2009, kinds of documents: the consignment note CMR.
const CMR: &str = "02015";

pub(super) fn by_road(document: &At<'_>, draft: &mut Draft, supplement: &Supplement) {
    if let Some(number) = document.need("EDocId", "the document's identifier", draft) {
        draft.put("$.number", number.text, number.origin);
    }
    submitted(document, draft, supplement);
    // The document is about goods that are to be brought in.
    draft.put("$.direction", "entry", document.origin());
    carrier(document, draft);
    vehicle(document, draft);
    references(document, draft);
    let texts = |path| document.all(path).iter().filter_map(At::own_text).map(owned).collect::<Vec<_>>();
    let mut containers: Vec<_> = ids(document, CONSIGNMENT);
    containers.extend(ids(document, ITEM));
    put_list(draft, "$.containers", containers);
    put_list(draft, "$.seals", SEALS.into_iter().flat_map(texts));
    let items = document.all(ITEM);
    for (index, item) in items.iter().enumerate() {
        goods(index, item, draft);
    }
    gross(document, draft);
}

fn owned(text: Text<'_>) -> (String, Origin) {
    (text.text.to_owned(), text.origin)
}

fn ids(document: &At<'_>, path: &'static str) -> Vec<(String, Origin)> {
    let around = document.all(path);
    let ids = around.iter().flat_map(|at| at.all("PIContainerDetails/ContainerId"));
    ids.filter_map(|id| id.own_text().map(|text| (text.text.to_owned(), text.origin))).collect()
}

/// The document counts no revisions: its own instant makes one.
fn submitted(document: &At<'_>, draft: &mut Draft, supplement: &Supplement) {
    draft.told("revision");
    let Some(text) = document.need("EDocDateTime", "an instant like 2026-11-24T10:12:03+05:00", draft) else { return };
    let Some(at) = instant::date_time(text.text) else {
        draft.fault(&text.origin, format!("`{}` is no instant like 2026-11-24T10:12:03+05:00", shown(text.text)));
        return;
    };
    draft.put("$.submitted_at", at.to_string(), text.origin.clone());
    if let (None, Some(revision)) = (supplement.revision, instant::revision(at)) {
        draft.put("$.revision", revision, text.origin);
    }
}

/// Foreign carriers may have no number in the EAEU: their id stays empty and is in no register.
fn carrier(document: &At<'_>, draft: &mut Draft) {
    let Some(carrier) = document.find("PIATCarrierDetails") else {
        draft.fault(&document.origin(), "PIATCarrierDetails is missing; the carrier is expected");
        return;
    };
    let id = ["TaxpayerId", "CAUniqueCustomsNumberId"].into_iter().find_map(|name| carrier.text(name));
    match id {
        Some(id) => draft.put("$.carrier.id", id.text, id.origin),
        None => draft.put("$.carrier.id", "", carrier.origin()),
    }
    if let Some(name) = ["SubjectBriefName", "SubjectName"].into_iter().find_map(|name| carrier.text(name)) {
        draft.put("$.carrier.name", name.text, name.origin);
    }
    if let Some(country) = carrier.text("SubjectAddressDetails/UnifiedCountryCode") {
        draft.put("$.carrier.country", country.text, country.origin);
    }
}

fn vehicle(document: &At<'_>, draft: &mut Draft) {
    let mut vehicles = document.all(VEHICLES);
    // Vehicles are counted from the tractor on, where they are counted.
    vehicles
        .sort_by_key(|at| at.text("ObjectOrdinal").and_then(|text| text.text.parse::<u32>().ok()).unwrap_or(u32::MAX));
    if vehicles.is_empty() {
        vehicles = document.all(TRACTOR);
        vehicles.extend(document.all(TRAILERS));
    }
    let plates: Vec<_> = vehicles.iter().filter_map(|at| Some((at, at.find("TransportMeansRegId")?))).collect();
    if plates.is_empty() {
        draft.fault(&document.origin(), "PIATBorderTransportDetails has no TransportMeansRegId; plates are expected");
    }
    for (index, (vehicle, plate)) in plates.iter().enumerate() {
        let path = match index.checked_sub(1) {
            None => "$.vehicle.tractor".to_owned(),
            Some(trailer) => format!("$.vehicle.trailers[{trailer}]"),
        };
        let Some(text) = plate.own_text() else {
            draft.fault(&plate.origin(), "a plate is expected");
            continue;
        };
        draft.put(&format!("{path}.plate"), text.text, text.origin.clone());
        let beside = vehicle.text("RegistrationNationalityCode");
        let country = plate.attribute("countryCode").or_else(|| beside.as_ref().map(|text| text.text));
        if let Some(country) = country {
            draft.put(&format!("{path}.country"), country, text.origin);
        }
    }
}

/// TIR carnet, consignment notes, permits, the customs declaration lodged in advance, and documents before this one.
fn references(document: &At<'_>, draft: &mut Draft) {
    let mut found: Vec<(&str, String, Origin)> = Vec::new();
    for carnet in document.all("PIATMainConsignmentDetails/TIRCarnetIdDetails") {
        if let Some(id) = carnet.text("TIRId") {
            let series = carnet.text("TIRSeriesId").map_or("", |series| series.text);
            found.push(("tir_carnet", format!("{series}{}", id.text), id.origin));
        }
    }
    for consignment in document.all(CONSIGNMENT) {
        if let Some(note) = consignment.find("PIATTransportDocumentDetails") {
            let is_cmr = note.text("DocKindCode").is_some_and(|code| code.text == CMR);
            found.extend(note.text("DocId").filter(|_| is_cmr).map(|id| ("cmr", id.text.to_owned(), id.origin)));
        }
        if let Some(declaration) = consignment.find("CustomsDocIdDetails") {
            found.extend(eaeu_number(&declaration).map(|(number, origin)| ("goods_declaration", number, origin)));
        }
    }
    for permit in document.all("PIATBorderTransportDetails/PermitTranspornationDocDetails/DocId") {
        found.extend(permit.own_text().map(|id| ("permit", id.text.to_owned(), id.origin)));
    }
    for before in document.all(ITEM).iter().flat_map(|item| item.all("PIPrecedingDocDetails/DocId")) {
        found.extend(before.own_text().and_then(|id| Some((kind_of(id.text)?, id.text.to_owned(), id.origin))));
    }
    let mut seen = BTreeSet::new();
    for (kind, number, origin) in found {
        let at = seen.len();
        if seen.insert((kind, number.clone())) {
            draft.put(&format!("$.documents[{at}].kind"), kind, origin.clone());
            draft.put(&format!("$.documents[{at}].number"), number, origin);
        }
    }
}

/// Office, day and serial of a customs document, as people write them.
fn eaeu_number(details: &At<'_>) -> Option<(String, Origin)> {
    let serial = details.text("CustomsDocumentId")?;
    let office = details.text("CustomsOfficeCode")?;
    let day = instant::day_of_number(details.text("DocCreationDate")?.text)?;
    Some((format!("{}/{day}/{}", office.text, serial.text), serial.origin))
}

/// A preceding document by the form of its number: an EAEU number is a transit declaration's, 18 letters and digits
/// that begin with a year and a country are an MRN. Others are invoices, certificates and the like.
fn kind_of(number: &str) -> Option<&'static str> {
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<_> = number.split('/').collect();
    match parts.as_slice() {
        [office, day, serial] if matches!(office.len(), 5 | 8) && digits(office) && day.len() == 6 && digits(day) => {
            (1..=7).contains(&serial.len()).then_some("transit_declaration")
        }
        [mrn] if mrn.len() == 18 && mrn.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()) => {
            let (year, country) = (mrn.get(..2)?, mrn.get(2..4)?);
            let is_country = country.bytes().all(|byte| byte.is_ascii_uppercase());
            (digits(year) && is_country).then_some("mrn")
        }
        _ => None,
    }
}

/// The sum of the consignments' masses, or of their goods' where a consignment names none.
fn gross(document: &At<'_>, draft: &mut Draft) {
    let consignments = document.all(CONSIGNMENT);
    let mut sum = Some(Mass::default());
    for consignment in &consignments {
        let own = consignment.children("UnifiedGrossMassMeasure").collect::<Vec<_>>();
        let measures =
            if own.is_empty() { consignment.all("PIATConsignmentItemDetails/UnifiedGrossMassMeasure") } else { own };
        if measures.is_empty() {
            draft.fault(&consignment.origin(), "UnifiedGrossMassMeasure is missing; a mass in kilograms is expected");
        }
        for measure in measures {
            let mass = kilograms(&measure, draft).map(|(mass, _)| mass);
            sum = sum.zip(mass).and_then(|(sum, mass)| sum.plus(mass));
        }
    }
    match (consignments.first(), sum) {
        (None, _) => draft.fault(&document.origin(), format!("{CONSIGNMENT} is missing; a consignment is expected")),
        (Some(first), Some(sum)) => draft.put("$.gross_kg", sum.to_json(), first.origin()),
        // The fault is named already.
        (Some(_), None) => {}
    }
}

fn kilograms(measure: &At<'_>, draft: &mut Draft) -> Option<(Mass, Origin)> {
    if let Some(unit) = measure.attribute("measurementUnitCode").filter(|unit| *unit != KILOGRAM) {
        draft.fault(
            &measure.origin(),
            format!("the unit {} is not known; {KILOGRAM}, kilograms, is expected", shown(unit)),
        );
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

fn goods(index: usize, item: &At<'_>, draft: &mut Draft) {
    let path = |key: &str| format!("$.goods[{index}].{key}");
    if let Some(ordinal) = item.need("ConsignmentItemOrdinal", "the item's number", draft) {
        match ordinal.text.parse::<u32>() {
            Ok(value) => draft.put(&path("item"), value, ordinal.origin),
            Err(_) => draft.fault(&ordinal.origin, "a number from 1 is expected"),
        }
    }
    if let Some(code) = item.need("CommodityCode", "6 to 10 digits", draft) {
        draft.put(&path("code"), code.text, code.origin);
    }
    let description: Vec<_> = item.children("GoodsDescriptionText").collect();
    let words: Vec<_> = description.iter().filter_map(At::own_text).map(|text| text.text).collect();
    if let Some(first) = description.first() {
        draft.put(&path("description"), words.join(" "), first.origin());
    }
    match item.find("UnifiedGrossMassMeasure") {
        Some(measure) => {
            if let Some((mass, origin)) = kilograms(&measure, draft) {
                draft.put(&path("gross_kg"), mass.to_json(), origin);
            }
        }
        None => draft.fault(&item.origin(), "UnifiedGrossMassMeasure is missing; a mass in kilograms is expected"),
    }
    if let Some((sum, origin)) = item.sum("CargoPackagePalletDetails/CargoQuantity", draft) {
        draft.put(&path("packages"), sum, origin);
    }
    if let Some(country) = item.text("OriginCountryDetails/CACountryCode") {
        draft.put(&path("origin"), country.text, country.origin);
    }
}
