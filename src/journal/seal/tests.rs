//! Sealing's promises: nothing personal on disk, the very same body back, nothing moved, nothing left of a lost key.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::model::DataClass;

const PASSAGE: PassageId = PassageId(Uuid::from_u128(5));

#[test]
fn every_personal_field_is_sealed_and_the_very_same_body_comes_back() {
    let data = TempDir::new().expect("a directory");
    let ring = KeyRing::of(data.path());
    for kind in RecordKind::ALL {
        let record = record(kind, body(kind));
        let sealed = ring.seal(&record).expect("sealed");
        if fields(kind).is_empty() {
            assert_eq!(sealed, None, "{kind:?} has nothing personal");
            continue;
        }
        let sealed = sealed.expect("something is personal");
        assert!(!sealed.contains("SECRET"), "{sealed}");
        assert!(sealed.contains("\"open\":0.1"), "what is not personal stays: {sealed}");
        assert!(serde_json::from_str::<Value>(&sealed).is_ok(), "{sealed}");
        assert_eq!(open(data.path(), &record, &sealed, Sight::Clear), Ok(record.body.clone()), "{kind:?}");
        let masked = open(data.path(), &record, &sealed, Sight::Masked).expect("masked");
        assert!(!masked.contains("SECRET") && masked.contains(MASK), "{masked}");
        assert_eq!(open(data.path(), &record, &sealed, Sight::Sealed), Ok(sealed.clone()));
    }
}

#[test]
fn a_body_without_personal_fields_is_stored_as_it_is() {
    let data = TempDir::new().expect("a directory");
    let ring = KeyRing::of(data.path());
    for body in ["{}", r#"{"weight":{"gross_kg":1}}"#, r#"{"plate":{"camera":"front"}}"#, r#"{"plate":null}"#] {
        assert_eq!(ring.seal(&record(RecordKind::Evidence, body.to_owned())).expect("read"), None, "{body}");
    }
    assert_eq!(ring.names().expect("listed"), [], "and needs no key");
    assert!(ring.seal(&record(RecordKind::Evidence, "[]".to_owned())).is_err(), "what is no object is not written");
}

#[test]
fn equal_plates_are_not_equal_on_disk() {
    let data = TempDir::new().expect("a directory");
    let ring = KeyRing::of(data.path());
    let record = record(RecordKind::Released, r#"{"tractor":"A1","trailer":"A1"}"#.to_owned());
    let sealed: Value = serde_json::from_str(&ring.seal(&record).expect("sealed").expect("personal")).expect("JSON");
    assert_ne!(sealed["tractor"]["sealed"], sealed["trailer"]["sealed"]);
    let longer = NewRecord { body: r#"{"tractor":"0123456789AB"}"#.to_owned(), ..record };
    let other: Value = serde_json::from_str(&ring.seal(&longer).expect("sealed").expect("personal")).expect("JSON");
    let length = |value: &Value| value["tractor"]["sealed"].as_str().map(str::len);
    assert_eq!(length(&sealed), length(&other), "and their lengths tell nothing");
}

#[test]
fn a_sealed_field_counts_only_where_it_was_written() {
    let data = TempDir::new().expect("a directory");
    let ring = KeyRing::of(data.path());
    let record = record(RecordKind::Released, r#"{"tractor":"SECRET-A","trailer":"SECRET-B"}"#.to_owned());
    let sealed = ring.seal(&record).expect("sealed").expect("personal");
    let elsewhere = [
        NewRecord { lane: LaneId::new("in-02").expect("a name"), ..record.clone() },
        NewRecord { passage: None, ..record.clone() },
        NewRecord { kind: RecordKind::PassageCompleted, ..record.clone() },
        NewRecord { at: Timestamp::from_unix_micros(record.at.unix_micros() + 1), ..record.clone() },
    ];
    for other in elsewhere {
        assert_eq!(open(data.path(), &other, &sealed, Sight::Clear), Err(NotOurs), "{other:?}");
    }
    let moved = sealed.replacen("\"tractor\"", "\"x\"", 1).replacen("\"trailer\"", "\"tractor\"", 1);
    assert_eq!(open(data.path(), &record, &moved, Sight::Clear), Err(NotOurs), "in another field of the record");
    let mut bytes = sealed.clone().into_bytes();
    let at = sealed.find("\"sealed\":\"").expect("an envelope") + 20;
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    let changed = String::from_utf8(bytes).expect("ASCII");
    assert_eq!(open(data.path(), &record, &changed, Sight::Clear), Err(NotOurs));
}

#[test]
fn nothing_is_left_of_a_destroyed_key_and_of_its_class_alone() {
    let data = TempDir::new().expect("a directory");
    let ring = KeyRing::of(data.path());
    let kinds = RecordKind::ALL.into_iter().filter(|kind| !fields(*kind).is_empty());
    let sealed: Vec<(NewRecord, String)> = kinds
        .map(|kind| {
            let record = record(kind, body(kind));
            let sealed = ring.seal(&record).expect("sealed").expect("personal");
            (record, sealed)
        })
        .collect();
    let names = ring.names().expect("listed");
    let personal: Vec<_> = names.iter().filter(|name| name.class == DataClass::Personal).cloned().collect();
    assert_eq!((names.len(), personal.len()), (2, 1));
    assert_eq!(ring.destroy(&personal).expect("destroyed"), 1);
    assert_eq!(ring.destroy(&personal).expect("fine"), 0, "what is gone is gone");
    for (record, sealed) in &sealed {
        let shown = open(data.path(), record, sealed, Sight::Clear).expect("read");
        let value: Value = serde_json::from_str(&shown).expect("still JSON");
        for (path, class) in fields(record.kind) {
            let found = path.replace('*', "0");
            let found = value.pointer(&format!("/{}", found.replace('.', "/"))).expect("still there");
            let gone = found.as_str().is_some_and(is_shredded) || found["shredded"] == "2026-11-18";
            assert_eq!(gone, *class == DataClass::Personal, "{:?} {path}: {found}", record.kind);
        }
    }
    let (record, before) = &sealed[0];
    let again = ring.seal(record).expect("sealed").expect("personal");
    assert_eq!(
        open(data.path(), record, &again, Sight::Clear).as_ref(),
        Ok(&record.body),
        "a late record has a new key"
    );
    assert!(open(data.path(), record, before, Sight::Clear).is_ok_and(|shown| !shown.contains("SECRET")));
}

#[test]
fn a_key_is_for_the_service_alone_and_found_again_after_a_restart() {
    let data = TempDir::new().expect("a directory");
    let record = record(RecordKind::Released, r#"{"tractor":"SECRET"}"#.to_owned());
    KeyRing::of(data.path()).seal(&record).expect("sealed");
    KeyRing::of(data.path()).seal(&record).expect("sealed");
    let names = keys::names(data.path()).expect("listed");
    assert_eq!(names.len(), 1, "one key a day and class");
    let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
    let directory = data.path().join("keys");
    assert_eq!(mode(&directory), 0o700);
    assert_eq!(mode(&directory.join(format!("{}.key", names[0]))), 0o600);
}

#[test]
fn a_key_that_can_not_be_read_is_not_taken_for_a_destroyed_one() {
    let data = TempDir::new().expect("a directory");
    let ring = KeyRing::of(data.path());
    let record = record(RecordKind::Released, r#"{"tractor":"SECRET"}"#.to_owned());
    let sealed = ring.seal(&record).expect("sealed").expect("personal");
    let path = data.path().join("keys").join(format!("{}.key", ring.names().expect("listed")[0]));
    std::fs::remove_file(&path).expect("removed");
    std::fs::create_dir(&path).expect("made");
    let place = (&record.lane, record.passage, record.kind, record.at);
    let opened = Opener::new(data.path(), Sight::Clear).open(place, sealed);
    assert!(matches!(opened, Err(NotOpened::Key(_))), "{opened:?}");
}

#[test]
fn a_key_that_a_crash_left_half_written_was_never_used() {
    let data = TempDir::new().expect("a directory");
    let ring = KeyRing::of(data.path());
    std::fs::create_dir(data.path().join("keys")).expect("made");
    std::fs::write(data.path().join("keys/2026-11-18-personal-00000000.key"), [1; 7]).expect("written");
    std::fs::write(data.path().join("keys/nonsense.key"), "x").expect("written");
    let record = record(RecordKind::Released, r#"{"tractor":"SECRET"}"#.to_owned());
    let sealed = ring.seal(&record).expect("sealed").expect("personal");
    assert_eq!(open(data.path(), &record, &sealed, Sight::Clear).as_ref(), Ok(&record.body));
}

#[test]
fn a_key_s_name_reads_back_and_nothing_else_does() {
    let name = "2026-11-24-personal-1f2e3d4c";
    assert_eq!(KeyName::parse(name).map(|name| name.to_string()).as_deref(), Some(name));
    for wrong in
        ["", "2026-11-24", "2026-11-31-personal-1f2e3d4c", "2026-11-24-all-1f2e3d4c", "2026-11-24-officers-+f2e3d4c"]
    {
        assert_eq!(KeyName::parse(wrong), None, "{wrong}");
    }
}

/// A body of a kind with every personal field, and one that is not.
fn body(kind: RecordKind) -> String {
    let mut body = json!({ "open": 0.1 });
    for (path, _) in fields(kind) {
        let mut at = &mut body;
        for step in path.split('.') {
            at = if step == "*" {
                *at = json!([{}]);
                &mut at[0]
            } else {
                if at.is_null() {
                    *at = json!({});
                }
                &mut at[step]
            };
        }
        let is_list = ["plates", "keys", "documents", "seals", "orders"].contains(path) || *path == "plate.read";
        *at = if is_list { json!([{ "SECRET": "SECRET \" \\ é" }]) } else { json!("SECRET \"}{ é") };
    }
    body.to_string()
}

fn record(kind: RecordKind, body: String) -> NewRecord {
    let at = Timestamp::from_unix_micros(1_795_000_000_000_000);
    NewRecord { at, lane: LaneId::new("in-01").expect("a name"), passage: Some(PASSAGE), kind, body }
}

/// A field that is not ours.
#[derive(Debug, PartialEq)]
struct NotOurs;

fn open(data: &Path, record: &NewRecord, body: &str, sight: Sight) -> Result<String, NotOurs> {
    let opened = Opener::new(data, sight).open((&record.lane, record.passage, record.kind, record.at), body.to_owned());
    opened.map_err(|why| match why {
        NotOpened::NotOurs => NotOurs,
        NotOpened::Key(error) => panic!("{error}"),
    })
}
