//! Every preset on messages shaped as its vendor documents them: pinned reads, the traps of each make, and no bytes
//! that panic. A golden line that fails means that the code is wrong, or that stored read ids change meaning.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use chrono_tz::Tz;
use lane_controller::model::{PlateRead, Timestamp, View};
use lane_controller::wire::camera::{Document, Ignored, Library, Mapped, Preset, Reading, Seat};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

/// When the samples are received; only an hour that a zone has twice would ask.
const RECEIVED: &str = "2026-11-26T05:12:04Z";

static LIBRARY: LazyLock<Library> = LazyLock::new(|| Library::builtin().expect("valid"));

/// What one sample must give.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    sample: String,
    time_zone: Tz,
    #[serde(default)]
    ignored: Option<Ignored>,
    #[serde(default)]
    reads: Vec<Value>,
}

#[test]
fn each_sample_gives_its_pinned_reads() {
    let text = std::fs::read_to_string(folder().join("golden.jsonl")).expect("the golden file");
    let goldens: Vec<Golden> = text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let listed: Vec<_> = goldens.iter().map(|golden| golden.sample.clone()).collect();
    assert_eq!(listed, samples(), "every sample has its golden line, in order");
    for golden in goldens {
        let reading = read_sample(&golden.sample, golden.time_zone);
        match (golden.ignored, reading) {
            (Some(why), reading) => assert_eq!(reading, Reading::Ignored(why), "{}", golden.sample),
            (None, Reading::Reads(reads)) => {
                let reads: Vec<_> = reads.iter().map(|read| json!(read)).collect();
                assert_eq!(reads, golden.reads, "{}", golden.sample);
            }
            (None, Reading::Ignored(why)) => panic!("{} was ignored: {why:?}", golden.sample),
        }
    }
}

#[test]
fn every_read_is_a_plate_read_of_the_contract() {
    for sample in samples() {
        let Reading::Reads(reads) = read_sample(&sample, Tz::Asia__Almaty) else { continue };
        for read in reads {
            let text = serde_json::to_string(&read).expect("JSON");
            let taken: PlateRead = serde_json::from_str(&text).expect("a PlateRead");
            assert_eq!(json!(taken), json!(read.read), "{sample}");
            assert!(read.read.confidence.is_none_or(|share| (0.0..=1.0).contains(&share)), "{sample}");
        }
    }
}

#[test]
fn a_repeat_has_the_same_id_and_another_event_another() {
    for sample in samples() {
        assert_eq!(read_sample(&sample, Tz::UTC), read_sample(&sample, Tz::UTC), "{sample}");
    }
    let text = sample_text("dahua/tollgate.json");
    let first = one(&read("dahua", &text)).read;
    for (from, to) in [("10:12:03.412", "10:12:04.412"), ("567EKM09\"", "567EKM90\""), ("PAJ0001", "PAJ0002")] {
        assert!(text.contains(from), "{from}");
        assert_ne!(one(&read("dahua", &text.replace(from, to))).read.read_id, first.read_id, "{from}");
    }
    let later = text.replace("/9j/", "/8j/").replace("\"Confidence\": 204", "\"Confidence\": 205");
    assert_eq!(one(&read("dahua", &later)).read.read_id, first.read_id, "pictures don't tell events apart");
}

#[test]
fn a_confidence_is_on_its_declared_scale_or_refused() {
    for (preset, sample, from, to, expected) in [
        ("hikvision", "hikvision/anpr.xml", ">97<", ">100<", Ok(1.0)),
        ("hikvision", "hikvision/anpr.xml", ">97<", ">0.97<", Ok(0.0097)),
        ("hikvision", "hikvision/anpr.xml", ">97<", ">101<", Err("between 0 and 100")),
        ("hikvision", "hikvision/anpr.xml", ">97<", ">NaN<", Err("`NaN` is not between")),
        ("hikvision", "hikvision/anpr.xml", ">97<", ">high<", Err("/ANPR/confidenceLevel: `high`")),
        ("dahua", "dahua/tollgate.json", ": 204,", ": 255,", Ok(1.0)),
        ("dahua", "dahua/tollgate.json", ": 204,", ": 256,", Err("between 0 and 255")),
        ("dahua", "dahua/tollgate.json", ": 204,", ": -1,", Err("between 0 and 255")),
        ("axis", "axis/update.json", "\"0.868800\"", "\"95.5\"", Err("between 0 and 1")),
        ("axis", "axis/update.json", "\"0.868800\"", "1", Ok(1.0)),
        ("frigate", "frigate/lpr.json", "0.936", "0.12346", Ok(0.1235)),
    ] {
        let text = sample_text(sample);
        assert!(text.contains(from), "{sample} has no {from}");
        match (try_read(preset, &text.replace(from, to)), expected) {
            (Ok(reading), Ok(share)) => assert_eq!(one(&reading).read.confidence, Some(share), "{sample} {to}"),
            (Err(error), Err(part)) => assert!(error.contains(part), "{sample} {to}: {error}"),
            (found, expected) => panic!("{sample} {to}: {found:?}, not {expected:?}"),
        }
    }
}

#[test]
fn each_make_s_word_for_no_plate_still_proves_presence() {
    for (preset, sample, plate, words) in [
        ("hikvision", "hikvision/anpr.xml", ">456DGH03<", vec![">unknown<", ">noPlate<", "><", "> NOPLATE <"]),
        ("dahua", "dahua/tollgate.json", "\"PlateNumber\": \"567EKM09\"", vec!["\"PlateNumber\": \"Unlicensed\""]),
        ("dahua", "dahua/tollgate.json", "\"PlateNumber\": \"567EKM09\",", vec![""]),
        ("axis", "axis/update.json", "\"plateUTF8\": \"678FLN10\"", vec!["\"plateUTF8\": \"Not defined\""]),
        ("rekor", "rekor/group-rekor.json", "\"best_plate_number\": \"234BCE05\"", vec!["\"best_plate_number\": \"\""]),
    ] {
        let text = sample_text(sample);
        assert!(text.contains(plate), "{sample} has no {plate}");
        for word in words {
            let mapped = one(&read(preset, &text.replace(plate, word)));
            assert_eq!((mapped.read.plate, mapped.read.confidence), (None, None), "{sample} {word}");
        }
    }
}

#[test]
fn dahua_s_utc_is_local_and_its_time_zone_an_index() {
    let at = |text: &str, zone| {
        let document = Document::read(None, text.as_bytes()).expect("a document").expect("not empty");
        let reading = preset("dahua").read(&document, Seat { view: View::Front, zone }, received()).expect("reads");
        one(&reading).read.at.to_string()
    };
    let rpc = sample_text("dahua/junction-rpc.json");
    assert_eq!(at(&rpc, Tz::Asia__Bangkok), "2026-11-26T05:12:03.000Z");
    assert_eq!(at(&rpc, Tz::UTC), "2026-11-26T05:12:03.000Z", "RealUTC needs no zone");
    let line = sample_text("dahua/junction-line-without-real-utc.txt");
    assert_eq!(at(&line, Tz::Asia__Bangkok), "2026-11-26T05:12:03.000Z", "UTC is the wall clock of its zone");
    assert_eq!(at(&line, Tz::UTC), "2026-11-26T12:12:03.000Z", "a wrong zone shows as skew");
    let toll = sample_text("dahua/tollgate.json");
    assert_eq!(at(&toll, Tz::Asia__Almaty), "2026-11-26T05:12:03.412Z");
    assert_eq!(at(&toll.replace("\"TimeZone\": 10", "\"TimeZone\": 2"), Tz::Asia__Almaty), at(&toll, Tz::Asia__Almaty));
}

#[test]
fn an_old_region_mo_is_missouri_and_not_macao() {
    let text = sample_text("rekor/group-v1.json");
    assert_eq!(one(&read("rekor", &text)).read.country, None);
    let named = text.replace("\"region\": \"mo\"", "\"region\": \"us-mo\"");
    assert_eq!(one(&read("rekor", &named)).read.country.as_deref(), Some("US"));
}

#[test]
fn a_revised_plate_keeps_its_track() {
    let (new, update) = (sample_text("axis/new.json"), sample_text("axis/update.json"));
    let (new, update) = (one(&read("axis", &new)).read, one(&read("axis", &update)).read);
    assert_eq!(new.track, update.track);
    assert_ne!((&new.plate, &new.read_id), (&update.plate, &update.read_id));
}

#[test]
fn h25_what_no_message_of_a_preset_fits_is_refused() {
    for (preset, text, expected) in [
        ("frigate", r#"{"type":"lpr","id":"1"}"#, "/plate: a message lpr has no plate there"),
        ("frigate", r#"{"type":"lpr","plate":"1","id":"1"}"#, "/timestamp: a message lpr has no time there"),
        ("frigate", r#"{"type":"mood"}"#, "no message of preset frigate fits: lpr,"),
        ("rekor", "[]", "no message of preset rekor fits"),
        ("axis", r#"{"carState":"parked","plateUTF8":"1"}"#, "no message of preset axis fits"),
        ("hikvision", "<EventNotificationAlert/>", "no message of preset hikvision fits"),
        ("dahua", r#"{"Picture":{"Plate":{"PlateNumber":"1"}}}"#, "/Picture/SnapInfo/AccurateTime or"),
        (
            "hikvision",
            "<A><eventType>ANPR</eventType><ANPR><licensePlate>1</licensePlate></ANPR></A>",
            "no message of preset hikvision fits",
        ),
    ] {
        let error = try_read(preset, text).expect_err(text);
        assert!(error.contains(expected), "{text}: {error}");
    }
    let long = sample_text("axis/update.json").replace("678FLN10", &"9".repeat(33));
    assert!(try_read("axis", &long).expect_err("a document").contains("at most 32 characters"));
}

#[test]
fn each_preset_names_its_vendor_and_only_dahua_wants_its_own_answer() {
    for preset in LIBRARY.iter() {
        assert!(!preset.vendor().is_empty());
        assert_eq!(preset.answer().is_some(), preset.name() == "dahua", "{}", preset.name());
    }
    assert_eq!(preset("dahua").answer().expect("an answer").body, r#"{"Result":true}"#);
}

#[test]
fn the_preset_that_the_documentation_shows_works() {
    let docs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/devices/cameras.md");
    let docs = std::fs::read_to_string(docs).expect("the documentation");
    let (_, rest) = docs.split_once("## A preset for another camera").expect("its chapter");
    let (_, rest) = rest.split_once("```toml").expect("a preset");
    let (text, _) = rest.split_once("```").expect("its end");
    let preset = Preset::parse("shown", text).unwrap_or_else(|error| panic!("{error}"));
    let message = |plate: &str| {
        let xml = format!(
            r#"<CAR_PLATE direction="in" cam-id="14" time="2026-11-26T10:12:03.695" plate="{plate}" confidence="99">aW1n</CAR_PLATE>"#
        );
        let document = Document::read(None, xml.as_bytes()).expect("a document").expect("not empty");
        let seat = Seat { view: View::Front, zone: Tz::Asia__Almaty };
        one(&preset.read(&document, seat, received()).expect("a read"))
    };
    let read = message("789GMP16");
    assert_eq!((read.read.plate, read.read.confidence), (Some("789GMP16".into()), Some(0.99)));
    assert_eq!(read.read.at.to_string(), "2026-11-26T05:12:03.695Z");
    assert_eq!(message("Not defined").read.plate, None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic_in_any_preset(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        everywhere(&bytes);
    }

    /// Samples with a stretch of their bytes cut out and others in its place come much further.
    #[test]
    fn no_damaged_sample_panics_in_any_preset(
        which in 0..1_000_usize, at in 0.0..1.0_f64, cut in 0..40_usize, put in proptest::collection::vec(any::<u8>(), 0..6)
    ) {
        let samples = samples();
        let mut bytes = sample_bytes(&samples[which % samples.len()]);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a share of a length")]
        let from = (bytes.len() as f64 * at) as usize;
        let to = (from + cut).min(bytes.len());
        bytes.splice(from..to, put);
        everywhere(&bytes);
    }

    #[test]
    fn no_value_panics_at_a_place_that_a_preset_reads(value in json_value()) {
        for (preset, sample) in [
            ("frigate", "frigate/lpr.json"), ("rekor", "rekor/group-v1.json"), ("axis", "axis/update.json"),
            ("plate-recognizer", "plate-recognizer/recognition-new-engine.json"), ("dahua", "dahua/junction-rpc.json"),
        ] {
            let text = sample_text(sample);
            let tree: Value = serde_json::from_str(&text).expect("JSON");
            for pointer in leaves(&tree) {
                let mut tree = tree.clone();
                *tree.pointer_mut(&pointer).expect("a leaf") = value.clone();
                drop(try_read(preset, &tree.to_string()));
            }
        }
    }
}

fn everywhere(bytes: &[u8]) {
    for content_type in [None, Some("multipart/form-data; boundary=7e13971310878")] {
        let Ok(Some(document)) = Document::read(content_type, bytes) else { continue };
        for preset in LIBRARY.iter() {
            let seat = Seat { view: View::Rear, zone: Tz::Asia__Almaty };
            drop(preset.read(&document, seat, received()));
            drop(preset.source(&document));
        }
    }
}

fn json_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        Just(json!([])),
        Just(json!([[], {}, "x"])),
        Just(json!({ "props": { "plate": [{ "value": [] }] } })),
    ]
}

/// Pointers to all values without others within.
fn leaves(tree: &Value) -> Vec<String> {
    fn walk(tree: &Value, path: &str, found: &mut Vec<String>) {
        match tree {
            Value::Object(map) => map.iter().for_each(|(key, value)| walk(value, &format!("{path}/{key}"), found)),
            Value::Array(list) => {
                list.iter().enumerate().for_each(|(at, value)| walk(value, &format!("{path}/{at}"), found))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => found.push(path.to_owned()),
        }
    }
    let mut found = Vec::new();
    walk(tree, "", &mut found);
    found
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cameras")
}

/// `preset/file` of every sample, in order.
fn samples() -> Vec<String> {
    let root = folder().join("samples");
    let names = |path: PathBuf| -> Vec<String> {
        let entries = std::fs::read_dir(path).expect("listed");
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect()
    };
    let mut found: Vec<_> = names(root.clone())
        .into_iter()
        .flat_map(|preset| names(root.join(&preset)).into_iter().map(move |file| format!("{preset}/{file}")))
        .collect();
    found.sort();
    assert!(found.len() > 30, "the samples were not found");
    found
}

fn sample_bytes(sample: &str) -> Vec<u8> {
    std::fs::read(folder().join("samples").join(sample)).unwrap_or_else(|error| panic!("{sample}: {error}"))
}

fn sample_text(sample: &str) -> String {
    String::from_utf8(sample_bytes(sample)).expect("UTF-8")
}

fn received() -> Timestamp {
    Timestamp::new(RECEIVED.parse().expect("an instant"))
}

fn preset(name: &str) -> Arc<Preset> {
    LIBRARY.get(name).expect(name)
}

fn read_sample(sample: &str, zone: Tz) -> Reading {
    let (name, _) = sample.split_once('/').expect("preset/file");
    let document = Document::read(None, &sample_bytes(sample)).expect(sample).expect("not empty");
    preset(name).read(&document, Seat { view: View::Front, zone }, received()).expect(sample)
}

fn try_read(name: &str, text: &str) -> Result<Reading, String> {
    let document = Document::read(None, text.as_bytes()).map_err(|error| error.to_string())?.expect("not empty");
    let seat = Seat { view: View::Front, zone: Tz::Asia__Almaty };
    preset(name).read(&document, seat, received()).map_err(|error| error.to_string())
}

#[track_caller]
fn read(name: &str, text: &str) -> Reading {
    try_read(name, text).unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn one(reading: &Reading) -> Mapped {
    let Reading::Reads(reads) = reading else { panic!("{reading:?}") };
    assert_eq!(reads.len(), 1);
    reads[0].clone()
}
