//! Messages of the bus and the web: whatever comes is refused or has a value that the rest of the program may rely on.

use std::sync::LazyLock;

use chrono_tz::Tz;
use lane_controller::model::registry::RegisterKind;
use lane_controller::model::{SiteId, Timestamp, View};
use lane_controller::wire::camera::{Document, Library, Preset, Reading, Seat};
use lane_controller::wire::import::{Format, Supplement, import};
use lane_controller::wire::payload;
use lane_controller::wire::registry::{identity, parse_document};
use lane_controller::wire::risk::decode_decision;
use lane_controller::wire::topic::Inbound;

static LIBRARY: LazyLock<Library> = LazyLock::new(|| Library::builtin().expect("valid"));
static SITE: LazyLock<SiteId> = LazyLock::new(|| SiteId::new("s").expect("a name"));
const KINDS: [RegisterKind; 3] = [RegisterKind::Notification, RegisterKind::Declaration, RegisterKind::Party];

/// A camera's push: every preset reads it, or says why not.
pub fn camera(data: &[u8]) {
    let [content_type, body @ ..] = data else { return };
    let content_type = match content_type % 4 {
        0 => None,
        1 => Some("application/json"),
        2 => Some("text/xml"),
        _ => Some("multipart/form-data; boundary=b"),
    };
    let Ok(Some(document)) = Document::read(content_type, body) else { return };
    LIBRARY.iter().for_each(|preset| read(preset, &document));
}

fn read(preset: &Preset, document: &Document) {
    let received = Timestamp::from_unix_micros(1_795_000_000_000_000);
    let _ = preset.source(document);
    let Ok(Reading::Reads(reads)) = preset.read(document, Seat { view: View::Front, zone: Tz::Asia__Almaty }, received)
    else {
        return;
    };
    for read in reads {
        let confidence = read.read.confidence.unwrap_or_default();
        assert!((0.0..=1.0).contains(&confidence), "{confidence}");
        assert!(!read.read.read_id.is_empty());
    }
}

/// A camera that somebody describes in a file, and its push.
pub fn preset(text: &str, body: &[u8]) {
    let Ok(preset) = Preset::parse("mine", text) else { return };
    if let Ok(Some(document)) = Document::read(None, body) {
        read(&preset, &document);
    }
}

/// A topic below the site's and its payload.
pub fn message(topic: &str, bytes: &[u8]) {
    let Some(inbound) = Inbound::parse(&SITE, &format!("bcp/s/{topic}")) else { return };
    if payload::observe(&inbound, bytes).is_ok() {
        assert!(inbound.lane().is_some(), "only a lane's topics carry observations");
    }
}

/// A trader's document: what is taken has a number.
pub fn document(data: &[u8]) {
    let [kind, bytes @ ..] = data else { return };
    let kind = KINDS[usize::from(*kind) % KINDS.len()];
    match parse_document(kind, bytes) {
        Ok(document) => assert!(!identity(&document).0.is_empty()),
        Err(rejection) => assert!(!rejection.errors.is_empty(), "a refusal says why"),
    }
}

/// A file of documents: what the importer makes of it is what the registry takes.
pub fn file(data: &[u8]) {
    let [choice, bytes @ ..] = data else { return };
    let format = match choice % 4 {
        0 => Format::Json,
        1 => Format::Csv,
        2 => Format::Xml,
        _ => Format::of(None, bytes),
    };
    let kind = KINDS.get(usize::from(choice / 4 % 4)).copied();
    for found in import(format, kind, Supplement::default(), bytes).documents {
        match found.outcome {
            Ok(json) => drop(parse_document(found.kind, &json).expect("what is imported is taken")),
            Err(faults) => assert!(!faults.is_empty(), "a refusal says why"),
        }
    }
}

/// The RMS's answer.
pub fn decision(bytes: &[u8]) {
    let Ok(decision) = decode_decision(bytes) else { return };
    let again = serde_json::to_vec(&decision).expect("our own types serialise");
    assert_eq!(decode_decision(&again).expect("what is written is read"), decision);
}
