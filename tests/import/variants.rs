//! What a sample becomes when one thing of it is different.

use serde_json::{Value, json};

use super::broken::changed;

/// Sample, what is replaced, by what, JSON pointer, the value there.
type Variant = (&'static str, &'static str, &'static str, &'static str, Value);

#[test]
fn other_means_of_transport_are_no_vehicle_of_a_lane() {
    let ship = "<typeOfIdentification>11<";
    judge(&[
        ("ncts-cc029c.xml", "<typeOfIdentification>30<", ship, "/vehicle", Value::Null),
        ("ncts-cc029c.xml", "<typeOfIdentification>31<", ship, "/vehicle/trailers", Value::Null),
        ("ncts-cc015c.xml", "<typeOfIdentification>30<", ship, "/vehicle", Value::Null),
        ("tir-wco.xml", "<IdentificationTypeCode>30<", "<IdentificationTypeCode>11<", "/vehicle", Value::Null),
    ]);
}

#[test]
fn the_border_vehicle_counts_only_where_it_is_one() {
    let second = "<ActiveBorderTransportMeans><sequenceNumber>2</sequenceNumber>\
                  <typeOfIdentification>30</typeOfIdentification><identificationNumber>ZZZ999</identificationNumber>\
                  </ActiveBorderTransportMeans><HouseConsignment>";
    let same = "<ActiveBorderTransportMeans><typeOfIdentification>30</typeOfIdentification>\
                <identificationNumber>KLM 402</identificationNumber></ActiveBorderTransportMeans><HouseConsignment>";
    judge(&[
        ("ncts-cc015c.xml", "<HouseConsignment>", second, "/vehicle", Value::Null),
        ("ncts-cc015c.xml", "<HouseConsignment>", same, "/vehicle/tractor/plate", json!("KLM 402")),
    ]);
}

#[test]
fn goods_of_another_union_stay_under_customs_control() {
    judge(&[
        ("ncts-cc015c.xml", ">T2<", ">T2F<", "/customs_status", json!("foreign")),
        ("ncts-cc029c.xml", ">T1<", ">TIR<", "/kind", json!("tir")),
        ("ncts-cc029c.xml", ">T1<", ">TIR<", "/customs_status", json!("foreign")),
    ]);
}

#[test]
fn a_holder_s_country_is_its_address_s_else_its_number_s_else_unknown() {
    let id = "<identificationNumber>LT700112233</identificationNumber>\n  </HolderOfTheTransitProcedure>";
    let tir = "<TIRHolderIdentificationNumber>/002/77</TIRHolderIdentificationNumber></HolderOfTheTransitProcedure>";
    judge(&[
        ("ncts-cc029c.xml", "<country>TR</country>", "<country>AZ</country>", "/holder/country", json!("AZ")),
        ("ncts-cc015c.xml", "LT700112233", "LT700112234", "/holder/country", json!("LT")),
        ("ncts-cc015c.xml", id, tir, "/holder", json!({ "id": "/002/77" })),
    ]);
}

#[test]
fn consignments_without_a_mass_weigh_what_their_goods_do() {
    let mass = "<UnifiedGrossMassMeasure measurementUnitCode=\"166\">15000</UnifiedGrossMassMeasure>\n      <PIAT";
    judge(&[
        ("eaeu-road-earlier.xml", mass, "<PIAT", "/gross_kg", json!(15_000)),
        (
            "tir-wco.xml",
            "<TypeCode>TIR<",
            "<TotalGrossMassMeasure>9000.5</TotalGrossMassMeasure><TypeCode>TIR<",
            "/gross_kg",
            json!(9000.5),
        ),
    ]);
}

#[test]
fn tir_data_that_customs_have_registered_say_so() {
    judge(&[
        ("tir-wco.xml", "<TypeCode>TIR<", "<TypeCode>I7<", "/status", json!("registered")),
        ("tir-wco.xml", "Declaration>", "InterGov>", "/status", json!("lodged")),
        ("tir-wco.xml", "<TypeCode>", "<VersionID>4</VersionID><TypeCode>", "/revision", json!(4)),
        (
            "tir-wco.xml",
            "<TypeCode>",
            "<Principal><ID>P-1</ID></Principal><TypeCode>",
            "/holder",
            json!({ "id": "P-1" }),
        ),
    ]);
}

#[track_caller]
fn judge(variants: &[Variant]) {
    for (sample, from, to, pointer, expected) in variants {
        let contents = changed(sample, from, to);
        let json = contents.documents[0].outcome.as_ref().unwrap_or_else(|faults| panic!("{sample}, {to}: {faults:?}"));
        let document: Value = serde_json::from_slice(json).expect("JSON");
        let found = document.pointer(pointer).cloned().unwrap_or_default();
        assert_eq!(found, *expected, "{sample}, {to}: {pointer}");
    }
}
