//! Bombs, floods and any bytes: refused at a limit, never expanded, never a panic.

use proptest::prelude::*;

use super::*;

#[test]
fn entities_do_not_expand_and_document_types_are_refused() {
    let laughs = r#"<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><CC029C><MRN>&b;</MRN></CC029C>"#;
    let outside = r#"<!DOCTYPE x SYSTEM "file:///etc/passwd"><CC029C/>"#;
    for text in [laughs, outside] {
        refused(text.as_bytes(), "document type declarations are refused");
    }
    rejected("<CC029C><MRN>&b;</MRN></CC029C>", "CC029C/MRN", "the entity `b` is refused");
    rejected(r#"<CC029C a="&b;"/>"#, "file", "in the tag of CC029C");
    rejected("<CC029C><MRN>&#x0;</MRN></CC029C>", "CC029C/MRN", "0x0");
}

#[test]
fn depth_text_elements_attributes_and_size_have_limits() {
    let deep = format!("{}{}", "<a>".repeat(40), "</a>".repeat(40));
    refused(deep.as_bytes(), "nested deeper than 32 levels");
    rejected(&format!("<CC029C>{deep}</CC029C>"), "a/a/a", "nested deeper than 32 levels");
    let long = "x".repeat(70 * 1024);
    rejected(&format!("<CC029C><LRN>{long}</LRN></CC029C>"), "CC029C/LRN", "more than 65536 bytes");
    rejected(&format!("<CC029C><LRN>{}</LRN></CC029C>", "&amp;".repeat(70_000)), "CC029C/LRN", "more than 65536 bytes");
    let many: String = (0..100).map(|number| format!(" a{number}=\"\"")).collect();
    rejected(&format!("<CC029C{many}/>"), "file", "more than 64 attributes");
    rejected(&format!("<CC029C>{}</CC029C>", "<a/>".repeat(200_001)), "CC029C", "more than 200000 elements");
    let mut large = b"<CC029C>".to_vec();
    large.resize(100 * 1024 * 1024, b'x');
    refused(&large, "split it");
    large.truncate(20 * 1024 * 1024);
    refused(&large, "that an XML file may have");
}

#[test]
fn a_broken_end_loses_no_document_before_it() {
    let whole = "<batch><CD118C/><CD118C/>";
    for (rest, places) in [("", ["1:26"]), ("<CD118C>", ["1:26"]), ("</wrong>", ["1:26"]), ("<", ["1:26"])] {
        let contents = import(Format::Xml, None, Supplement::default(), format!("{whole}{rest}").as_bytes());
        let lost = contents.documents.iter().skip(2).filter_map(|found| found.outcome.as_ref().err()).flatten();
        let told: Vec<_> = contents.faults.iter().chain(lost).map(|fault| fault.place.to_string()).collect();
        assert!(contents.documents.len() >= 2, "{rest}");
        let near = |place: &String| place.starts_with("1:2") || place.starts_with("1:3");
        assert!(told.len() == places.len() && told.iter().all(near), "{rest}: {told:?}");
    }
}

#[test]
fn the_format_is_known_by_the_name_or_by_the_first_character() {
    for (extension, text, format) in [
        (Some("JSON"), "", Format::Json),
        (Some("jsonl"), "", Format::Json),
        (Some("csv"), "{", Format::Csv),
        (Some("txt"), "\u{FEFF}\n <a/>", Format::Xml),
        (None, " [", Format::Json),
        (None, "number;kind", Format::Csv),
    ] {
        assert_eq!(Format::of(extension, text.as_bytes()), format, "{text}");
    }
}

#[test]
fn broken_documents_are_given_up_after_a_limit_and_the_rest_is_named() {
    let json = "{\"a\": \"\n".repeat(300);
    let contents = import(Format::Json, None, Supplement::default(), json.as_bytes());
    assert_eq!(contents.faults.len(), RESYNCS_MAX + 2);
    assert!(contents.faults.last().expect("a fault").message.contains("the rest is not read"));
    let csv = format!("id,name,country,roles,status,since\n{}", "X,\"N,KZ,carrier,active,\n".repeat(301));
    let contents = import(Format::Csv, None, Supplement::default(), csv.as_bytes());
    assert!(contents.faults.last().expect("a fault").message.contains("the rest is not read"), "{:?}", contents.faults);
}

#[test]
fn a_document_too_long_is_refused_and_the_next_one_is_read() {
    let long = format!("{{\"number\": \"{}\"}}\n", "x".repeat(2 * 1024 * 1024));
    let party = r#"{"id":"X","revision":1,"name":"N","country":"KZ","roles":[],"status":"active","since":"2020-01-01T00:00:00Z"}"#;
    let contents = import(Format::Json, None, Supplement::default(), format!("{long}{party}").as_bytes());
    assert!(contents.faults[0].message.contains("not closed within 1048576 bytes"), "{:?}", contents.faults);
    assert_eq!((contents.documents.len(), contents.documents[0].place.to_string().as_str()), (1, "2:1"));
}

#[track_caller]
fn refused(bytes: &[u8], why: &str) {
    let contents = import(Format::Xml, None, Supplement::default(), bytes);
    let faults: Vec<_> = contents.faults.iter().map(|fault| fault.message.as_str()).collect();
    assert!(contents.documents.is_empty() && faults.len() == 1 && faults[0].contains(why), "{faults:?}");
}

/// One document, rejected with one fault.
#[track_caller]
fn rejected(text: &str, path: &str, why: &str) {
    let contents = import(Format::Xml, None, Supplement::default(), text.as_bytes());
    let faults: Vec<_> = contents.documents.iter().filter_map(|found| found.outcome.as_ref().err()).flatten().collect();
    let all: Vec<_> = faults.into_iter().chain(&contents.faults).collect();
    assert_eq!(all.len(), 1, "{all:?}");
    assert!(all[0].path.contains(path) && all[0].message.contains(why), "{:?}", all[0]);
}

/// Pieces from which files are made that get past the first byte.
const PIECES: [&str; 24] = [
    "<CC029C>",
    "</CC029C>",
    "<Consignment>",
    "</Consignment>",
    "<AutoPreliminaryInformation>",
    "<Declaration ",
    "a=\"1\"",
    "<![CDATA[",
    "]]>",
    "<!--",
    "&amp;",
    "&#x41;",
    "{",
    "}",
    "[",
    "]",
    "\"number\":",
    "\"",
    ",",
    ";",
    "\n",
    "number,kind,status,gross_kg,holder_id\n",
    "1e999",
    "\u{FEFF}",
];

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        read_all(&bytes);
    }

    #[test]
    fn no_pieces_panic(pieces in proptest::collection::vec(0..PIECES.len(), 0..40)) {
        let text: String = pieces.into_iter().map(|piece| PIECES[piece]).collect();
        read_all(text.as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn no_cut_or_change_of_a_sample_panics(cut in 0..6_000_usize, change in any::<u8>(), at in 0..6_000_usize) {
        let samples: [&[u8]; 4] = [
            include_bytes!("../../../tests/import/samples/ncts-cc029c.xml"),
            include_bytes!("../../../tests/import/samples/eaeu-road.xml"),
            include_bytes!("../../../tests/import/samples/declarations.csv"),
            include_bytes!("../../../tests/import/samples/documents.jsonl"),
        ];
        for sample in samples {
            let mut bytes = sample.to_vec();
            if let Some(byte) = bytes.get_mut(at % sample.len()) {
                *byte = change;
            }
            bytes.truncate(cut);
            read_all(&bytes);
        }
    }
}

/// Whatever is taken is a document that the contract's own parser takes, and whatever is not has a fault.
fn read_all(bytes: &[u8]) {
    for format in [Format::Json, Format::Csv, Format::Xml] {
        for kind in [None, Some(RegisterKind::Declaration)] {
            let contents = import(format, kind, Supplement { revision: Some(1), ..Supplement::default() }, bytes);
            assert!(!contents.documents.is_empty() || !contents.faults.is_empty());
            for found in contents.documents {
                match found.outcome {
                    Ok(json) => assert!(crate::wire::registry::parse_document(found.kind, &json).is_ok()),
                    Err(faults) => assert!(!faults.is_empty()),
                }
            }
        }
    }
}
