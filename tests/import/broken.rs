//! Samples with one thing changed: the fault says the line, the place in the document and what is expected.

use lane_controller::wire::import::{Contents, Format, Supplement, import};

use super::golden::samples;

/// Sample, what is replaced, by what, and the fault: place, path, a part of its message.
type Case = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

const NCTS: &str = "ncts-cc029c.xml";
const EAEU: &str = "eaeu-road.xml";
const TIR: &str = "tir-wco.xml";
const ITEM: &str = "CC029C/Consignment/HouseConsignment[2]/ConsignmentItem/Commodity";
const TIR_ITEM: &str = "Declaration/GoodsShipment/GovernmentAgencyGoodsItem[2]";

const XML: [Case; 21] = [
    (NCTS, "<MRN>26TR34010000A1B2J3</MRN>", "", "9:3", "CC029C/TransitOperation", "MRN is missing"),
    (
        NCTS,
        ">2026-11-20T06:41:17<",
        ">20.11.2026<",
        "5:3",
        "CC029C/preparationDateAndTime",
        "`20.11.2026` is no instant",
    ),
    (NCTS, "691010", "6910", "121:13", ITEM, "$.goods[1].code: 6 to 10 digits are expected"),
    (
        NCTS,
        "6240.250000</grossMass>\n          </GoodsMeasure>",
        "6 240,25</grossMass>\n          </GoodsMeasure>",
        "124:13",
        ITEM,
        "`6 240,25` is no mass",
    ),
    (
        NCTS,
        ">2</declarationGoodsItemNumber>",
        ">two</declarationGoodsItemNumber>",
        "117:9",
        "declarationGoodsItemNumber",
        "a number from 1",
    ),
    (
        NCTS,
        "<grossMass>18240.750000</grossMass>",
        "",
        "45:3",
        "CC029C/Consignment",
        "grossMass is missing; a mass in kilograms is expected",
    ),
    (
        NCTS,
        "<numberOfPackages>40<",
        "<numberOfPackages>-4<",
        "108:11",
        "Packaging[2]/numberOfPackages",
        "is no number of packages",
    ),
    (
        "ncts-cc015c.xml",
        "<limitDate>2026-11-28<",
        "<limitDate>28.11.26<",
        "15:5",
        "CC015C/TransitOperation/limitDate",
        "is no date",
    ),
    (EAEU, "+05:00", "+5", "7:3", "EDocDateTime", "is no instant like 2026-11-24T10:12:03+05:00"),
    (
        EAEU,
        "measurementUnitCode=\"166\">120.2",
        "measurementUnitCode=\"168\">120.2",
        "84:9",
        "PIATConsignmentItemDetails/UnifiedGrossMassMeasure",
        "the unit 168 is not known",
    ),
    (EAEU, "870899", "8708", "83:9", "CommodityCode", "6 to 10 digits"),
    (
        EAEU,
        "cacdo:PIATCarrierDetails>",
        "cacdo:Carrier>",
        "2:1",
        "AutoPreliminaryInformation",
        "PIATCarrierDetails is missing",
    ),
    (EAEU, "TransportMeansRegId", "Plate", "2:1", "AutoPreliminaryInformation", "has no TransportMeansRegId"),
    (TIR, "<TypeCode>TIR<", "<TypeCode>EXD<", "10:5", "Declaration/TypeCode", "TypeCode TIR is expected"),
    (TIR, "<FunctionCode>9<", "<FunctionCode>1<", "5:5", "Declaration/FunctionCode", "only these carry a declaration"),
    (TIR, "ReferenceID>", "Reference>", "4:3", "Declaration", "the TIR carnet is expected"),
    (TIR, "<ID>940490</ID>", "<ID>9404</ID>", "64:7", TIR_ITEM, "Classification/ID of 6 to 10 digits is missing"),
    (
        TIR,
        "<GrossMassMeasure>300.25",
        "<GrossMassMeasure unitCode=\"TNE\">300.25",
        "72:13",
        TIR_ITEM,
        "the unit TNE is not known",
    ),
    (TIR, "20261122093000+03", "22.11.2026", "8:7", "Declaration/IssueDateTime/DateTimeString", "is no instant"),
    (TIR, "Declarant>", "Somebody>", "4:3", "Declaration", "the holder is missing"),
    (TIR, "</md:MetaData>", "", "82:1", "MetaData", "the file ends inside of this element"),
];

#[test]
fn a_fault_of_xml_names_line_column_path_and_what_is_expected() {
    judge(&XML);
}

#[test]
fn tags_that_do_not_match_are_named_where_they_stand() {
    let contents = changed(NCTS, "<identificationNumber>TR4567891230<", "<other>TR4567891230<");
    let faults = faults(&contents);
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].0.starts_with("27:") && faults[0].1.ends_with("other"), "{faults:?}");
}

const CSV: [Case; 11] = [
    ("declarations.csv", "number;kind", "kind;kind", "1:2", "header", "the column kind is there twice"),
    (
        "declarations.csv",
        "gross_kg;guarantee_kind",
        "gross;guarantee_kind",
        "1:1",
        "header",
        "columns are missing: gross_kg",
    ),
    ("declarations.csv", "seals;", "seal;", "1:9", "header", "the column seal is unknown; is it seals?"),
    ("declarations.csv", "holder_id;", "holder;", "1:1", "header", "the columns don't tell the kind"),
    ("declarations.csv", ";Parts;4000;;", ";Parts;4000;", "3:1", "row", "20 cells; 21 are expected"),
    ("declarations.csv", "0000123;;;;", "0000123;;;lodged;", "3:4", "status", "it differs from line 2"),
    ("declarations.csv", ";Parts;", ";\"Parts;", "3:1", "row", "a cell runs over the end of the line"),
    (
        "declarations.csv",
        "0000125;goods;1;",
        "0000123;goods;1;",
        "6:1",
        "row",
        "rows of one document stand together; this one began at line 2",
    ),
    ("declarations.csv", ";2;870899;", ";2;;", "3:16", "item", "$.goods[1]: missing field `code`"),
    ("parties.csv", "151140004563,1,", "151140004563,first,", "4:2", "revision", "a whole number is expected"),
    ("notifications.csv", "1203:3", "petrol", "3:15", "dangerous", "un:class"),
];

#[test]
fn a_fault_of_csv_names_line_column_and_what_is_expected() {
    judge(&CSV);
}

#[test]
fn a_missing_quote_loses_no_other_document() {
    let whole = changed("declarations.csv", "", "");
    let broken = changed("declarations.csv", ";Parts;", ";\"Parts;");
    assert_eq!(whole.documents.len(), broken.documents.len());
    assert!(whole.documents[0].outcome.is_ok() && broken.documents[0].outcome.is_err());
    assert_eq!(whole.documents[1..], broken.documents[1..]);
}

#[test]
fn a_document_whose_first_row_may_be_lost_is_not_taken_in_part() {
    let text = "description,number,kind,revision,status,gross_kg,holder_id,item,code,item_gross_kg\n\
                Cars,D-1,transit,1,released,5,H,1,870323,5\n\
                \"Parts,D-2,transit,1,released,5,H,1,870899,2\n\
                Tyres,D-2,transit,1,released,5,H,2,401120,3\n";
    let contents = import(Format::Csv, None, Supplement::default(), text.as_bytes());
    let outcomes: Vec<_> = contents.documents.iter().map(|found| found.outcome.is_ok()).collect();
    assert_eq!(outcomes, [false, false], "{contents:?}");
    assert!(faults(&contents).iter().any(|fault| fault.2.contains("line 3 could not be read")), "{contents:?}");
}

const JSON: [Case; 6] = [
    ("array.json", "\"asleep\"", "12", "8:37", "$.status", "expected"),
    (
        "array.json",
        "\"asleep\", \"since\": \"2024-04-01T00:00:00Z\"",
        "\"active\", \"since\": true",
        "8:56",
        "$.since",
        "expected a string",
    ),
    ("array.json", "[\"carrier\", \"aeo\"]", "[\"carrier\" \"aeo\"]", "4:25", "$", "expected `,` or `]`"),
    ("array.json", "\"revision\": 2, ", "", "2:3", "$", "missing field `revision`"),
    ("array.json", "  }\n]", "  }\n", "11:1", "$", "`]` is expected"),
    ("documents.jsonl", "\"kind\":\"transit\",", "\"roles\":[],\"kind\":\"transit\",", "2:1", "$", "give --kind"),
];

#[test]
fn a_fault_of_json_names_line_column_path_and_what_is_expected() {
    judge(&JSON);
}

#[test]
fn other_encodings_are_refused_with_their_place() {
    let latin = b"<?xml version=\"1.0\" encoding=\"ISO-8859-9\"?>\n<CC029C/>".as_slice();
    let cyrillic =
        b"id,revision,name,country,roles,status,since\nX,1,\xC4\xE0\xEB\xE0,KZ,carrier,active,2019-05-02T00:00:00Z\n";
    for (format, bytes, place, message) in [
        (Format::Xml, latin, "1:1", "the encoding ISO-8859-9 is not read"),
        (Format::Xml, b"<CC029C>\n\xC4</CC029C>", "2:1", "XML in UTF-8 is expected"),
        (Format::Xml, b"\xFE\xFF\0<\0a", "1:1", "XML in UTF-8 is expected"),
        (Format::Csv, cyrillic, "2:3", "this is no UTF-8"),
    ] {
        let contents = import(format, None, Supplement::default(), bytes);
        let faults = faults(&contents);
        assert!(faults[0].0 == place && faults[0].2.contains(message), "{faults:?}");
    }
}

#[test]
fn what_no_reader_knows_is_said_with_what_is_known() {
    for (format, text, expected) in [
        (Format::Xml, "<CC013C/>", "no element of it is a known document: CC015C, CC029C"),
        (Format::Xml, "", "no element of it is a known document"),
        (Format::Json, " \n", "there is no document in it"),
        (Format::Json, "42", "`{` begins one"),
        (Format::Csv, "", "a header with the names of the columns is expected"),
        (Format::Csv, "id,name,country,roles,status,since\n\n", "there is no row below the header"),
    ] {
        let contents = import(format, None, Supplement::default(), text.as_bytes());
        let faults = faults(&contents);
        assert!(faults.len() == 1 && faults[0].2.contains(expected), "{text}: {faults:?}");
    }
}

/// Every case has its fault; those that haven't are all told.
#[track_caller]
fn judge(cases: &[Case]) {
    let wrong = cases.iter().filter_map(|(sample, from, to, place, path, message)| {
        let found = faults(&changed(sample, from, to));
        let fits = found.iter().any(|fault| fault.0 == *place && fault.1.contains(path) && fault.2.contains(message));
        (!fits).then(|| format!("{sample}, {to:?} in place of {from:?}: {place} {path}: {found:#?}"))
    });
    let wrong: Vec<_> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a sample becomes with something replaced in it.
pub(crate) fn changed(sample: &str, from: &str, to: &str) -> Contents {
    let text = std::fs::read_to_string(samples().join(sample)).expect("a sample");
    assert!(text.contains(from), "{sample} has no {from}");
    let text = if from.is_empty() { text } else { text.replace(from, to) };
    let extension = sample.rsplit_once('.').map(|(_, extension)| extension);
    let supplement = Supplement {
        expected: Some(lane_controller::wire::import::When::AfterSubmission(std::time::Duration::from_secs(7_200))),
        valid_until: Some(lane_controller::wire::import::When::AfterSubmission(std::time::Duration::from_secs(86_400))),
        revision: None,
    };
    import(Format::of(extension, text.as_bytes()), None, supplement, text.as_bytes())
}

/// Place, path and message of all faults.
fn faults(contents: &Contents) -> Vec<(String, String, String)> {
    let of_documents = contents.documents.iter().filter_map(|found| found.outcome.as_ref().err()).flatten();
    let all = contents.faults.iter().chain(of_documents);
    all.map(|fault| (fault.place.to_string(), fault.path.clone(), fault.message.clone())).collect()
}
