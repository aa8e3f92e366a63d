//! Documents: by revision, durable, withdrawn for good, and one number joins them all.

use std::sync::Arc;
use std::sync::mpsc::channel;

use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::domain::plate::Templates;
use crate::matching::{MatchPolicy, Misread, Required, Tolerance};
use crate::model::registry::{PlateOf, RegisterKind};
use crate::model::risk::Assessment;
use crate::model::{
    Channel, Direction, LaneId, MatchQuery, MatchResult, PassageId, Receipt, ReceiptResult, SiteId, Timestamp,
};

#[test]
fn the_highest_revision_stays_whatever_the_order() {
    for order in [[1, 2, 3], [3, 2, 1], [2, 3, 1], [2, 1, 3]] {
        let dir = TempDir::new().expect("a directory");
        let registry = open(dir.path()).expect("opened");
        for revision in order {
            submit(&registry, RegisterKind::Notification, &notification(revision, "upsert"));
        }
        let found = find(&registry, |_| {});
        assert_eq!(found.notification.expect("found").revision, 3, "{order:?}");
    }
}

#[test]
fn each_document_is_answered() {
    let dir = TempDir::new().expect("a directory");
    let registry = open(dir.path()).expect("opened");
    let results = [2, 2, 1]
        .map(|revision| submit(&registry, RegisterKind::Notification, &notification(revision, "upsert")).result);
    assert_eq!(results, [ReceiptResult::Accepted, ReceiptResult::Duplicate, ReceiptResult::Stale]);
    let rejected = submit(&registry, RegisterKind::Notification, &json!({ "number": "X", "revision": 7 }));
    assert_eq!(rejected.result, ReceiptResult::Rejected);
    assert_eq!((rejected.number.as_deref(), rejected.revision), (Some("X"), Some(7)));
    assert!(!rejected.errors.is_empty());
}

#[test]
fn a_withdrawn_notification_is_not_brought_back_by_an_older_one() {
    let dir = TempDir::new().expect("a directory");
    let registry = open(dir.path()).expect("opened");
    for (revision, action) in [(1, "upsert"), (3, "withdraw"), (2, "upsert")] {
        submit(&registry, RegisterKind::Notification, &notification(revision, action));
    }
    assert!(find(&registry, |_| {}).notification.is_none());
    drop(registry);
    assert!(find(&open(dir.path()).expect("opened"), |_| {}).notification.is_none());
}

#[test]
fn what_was_answered_is_found_again_after_a_restart() {
    let dir = TempDir::new().expect("a directory");
    let before = {
        let registry = open(dir.path()).expect("opened");
        submit(&registry, RegisterKind::Notification, &notification(1, "upsert"));
        submit(&registry, RegisterKind::Declaration, &declaration());
        submit(&registry, RegisterKind::Party, &party());
        find(&registry, |_| {})
    };
    assert!(before.findings.is_empty(), "{:?}", before.findings);
    assert_eq!(before.declaration.as_ref().expect("joined").number, "55302-150324-123");
    assert_eq!(before.parties.len(), 1);
    let registry = open(dir.path()).expect("opened");
    assert_eq!(find(&registry, |_| {}), before);
    assert!(registry.broken().is_empty());
}

#[test]
fn a_used_notification_is_told_and_stays_used() {
    let dir = TempDir::new().expect("a directory");
    {
        let registry = open(dir.path()).expect("opened");
        submit(&registry, RegisterKind::Notification, &notification(1, "upsert"));
        submit(&registry, RegisterKind::Declaration, &declaration());
        registry.mark_used("PN-1", PassageId(Uuid::from_u128(1)), 42);
        assert!(find(&registry, |query| query.passage = PassageId(Uuid::from_u128(1))).findings.is_empty());
        assert_eq!(find(&registry, |_| {}).findings[0].code.as_str(), "already_used");
    }
    let registry = open(dir.path()).expect("opened");
    assert_eq!(find(&registry, |_| {}).findings[0].code.as_str(), "already_used");
    assert_eq!(registry.used_through(), 42);
}

#[test]
fn a_scanned_document_finds_the_notification_of_an_unread_plate() {
    let dir = TempDir::new().expect("a directory");
    let registry = open(dir.path()).expect("opened");
    submit(&registry, RegisterKind::Notification, &notification(1, "upsert"));
    for scanned in ["PN-1", "55302/150324/0000123"] {
        let found = find(&registry, |query| {
            query.tractor = None;
            query.documents = vec![scanned.into()];
        });
        assert!(found.notification.is_some(), "{scanned}");
    }
}

#[test]
fn of_two_words_before_arrival_the_stricter_stays_and_an_overtaken_answer_does_not() {
    let dir = TempDir::new().expect("a directory");
    let registry = open(dir.path()).expect("opened");
    submit(&registry, RegisterKind::Notification, &notification(1, "upsert"));
    // One right after the other: the first need not be durable when the second comes.
    let words = [(1, 10, Channel::Red), (1, 10, Channel::Green)];
    assert_eq!(assess(&registry, &words).decision.channel, Channel::Red);
    let overtaken = [(3, 30, Channel::Yellow), (2, 20, Channel::Green)];
    assert_eq!(assess(&registry, &overtaken).decision.request_id, Uuid::from_u128(3));
}

#[test]
fn a_revised_declaration_leaves_its_notification_unassessed() {
    let dir = TempDir::new().expect("a directory");
    let registry = open(dir.path()).expect("opened");
    submit(&registry, RegisterKind::Notification, &notification(1, "upsert"));
    submit(&registry, RegisterKind::Declaration, &declaration());
    assess(&registry, &[(1, 10, Channel::Green)]);
    let unassessed = || registry.unassessed(Timestamp::from_unix_micros(0), 9).expect("read");
    assert!(unassessed().is_empty());
    let mut revised = declaration();
    revised["revision"] = json!(revised["revision"].as_u64().expect("a revision") + 1);
    submit(&registry, RegisterKind::Declaration, &revised);
    assert_eq!(unassessed().len(), 1);
}

#[test]
fn what_is_at_hand_is_read_anew_once_anything_has_changed() {
    let dir = TempDir::new().expect("a directory");
    let registry = open(dir.path()).expect("opened");
    submit(&registry, RegisterKind::Notification, &notification(1, "upsert"));
    let found = find(&registry, |_| {});
    assert_eq!((found.assessed.is_some(), found.declaration.is_some()), (false, false));
    assess(&registry, &[(1, 10, Channel::Green)]);
    assert!(find(&registry, |_| {}).assessed.is_some(), "it was assessed since");
    submit(&registry, RegisterKind::Declaration, &declaration());
    let found = find(&registry, |_| {});
    assert!(found.declaration.is_some(), "its declaration came since");
    assert!(found.assessed.is_none(), "what was decided without the declaration is void");
}

/// Keeps words: request, when it was asked (ms), channel; what stands after them.
fn assess(registry: &Registry, words: &[(u128, i64, Channel)]) -> Assessment {
    let number = notification(1, "upsert")["number"].as_str().expect("a number").to_owned();
    let (tell, told) = channel();
    for (request, asked, channel) in words {
        let assessment = json!({
            "notification": number, "revision": 1, "declarations": [],
            "decision": { "request_id": Uuid::from_u128(*request), "channel": channel },
            "asked_at": Timestamp::from_unix_micros(asked * 1_000), "decided_at": Timestamp::from_unix_micros(asked * 1_000),
        });
        let tell = tell.clone();
        let assessment = serde_json::from_value(assessment).expect("an assessment");
        registry.assess(assessment, Box::new(move |result| tell.send(result).expect("told")));
    }
    words.iter().for_each(|_| told.recv().expect("told").expect("durable"));
    registry.assessment(&number).expect("read").expect("kept")
}

fn open(directory: &std::path::Path) -> Result<Registry, RegistryError> {
    Registry::open(directory, Arc::new(Templates::embedded()))
}

fn submit(registry: &Registry, kind: RegisterKind, document: &Value) -> Receipt {
    let (tell, told) = channel();
    let at = Timestamp::from_unix_micros(0);
    let done: SubmitDone = Box::new(move |result| tell.send(result).expect("awaited"));
    registry.submit(kind, document.to_string().into_bytes(), at, done);
    told.recv().expect("answered").expect("durable").receipt
}

fn find(registry: &Registry, change: impl FnOnce(&mut MatchQuery)) -> MatchResult {
    let mut query = MatchQuery {
        lane: LaneId::new("in-01").expect("a name"),
        passage: PassageId(Uuid::from_u128(9)),
        round: 1,
        direction: Direction::Entry,
        arrived: Timestamp::from_unix_micros(1_795_000_000_000_000),
        tractor: Some(PlateOf { plate: "123 ABC 02".into(), country: None }),
        trailer: Some(PlateOf { plate: "45DEF02".into(), country: None }),
        documents: vec![],
        gross_kg: Some(27_400),
        axles: None,
    };
    change(&mut query);
    let required = vec![Required::Notification, Required::Declaration];
    let policy = MatchPolicy {
        required,
        tolerance: Tolerance { kg: 300, percent: 3.0 },
        site: SiteId::new("nur-zholy").expect("a name"),
        templates: Arc::new(Templates::embedded()),
        lead: None,
        misread: Misread::Holds,
        limits: Arc::new(crate::matching::RoadLimits::embedded()),
        dangerous_codes: vec![],
        severities: std::collections::BTreeMap::new(),
    };
    registry.find(&query, &policy, Timestamp::from_unix_micros(1_795_000_000_000_000)).expect("read")
}

fn notification(revision: u64, action: &str) -> Value {
    json!({
        "number": "PN-1", "revision": revision, "action": action, "submitted_at": "2026-11-24T01:00:00Z",
        "expected_at": "2026-11-24T05:00:00Z", "valid_until": "2099-01-01T00:00:00Z", "direction": "entry",
        "carrier": { "id": "240440000300" }, "gross_kg": 12000, "laden_kg": 27300,
        "vehicle": { "tractor": { "plate": "123ABC02" }, "trailers": [{ "plate": "45DEF02" }] },
        "documents": [{ "kind": "transit_declaration", "number": "55302/150324/0000123" }],
    })
}

fn declaration() -> Value {
    json!({
        "number": "55302-150324-123", "kind": "transit", "revision": 1, "status": "released", "gross_kg": 12000,
        "goods": [{ "item": 1, "code": "870323", "gross_kg": 12000 }], "holder": { "id": "240440000300" },
        "guarantee": { "kind": "general", "valid_until": "2099-01-01T00:00:00Z" },
    })
}

fn party() -> Value {
    json!({
        "id": "240440000300", "revision": 1, "name": "Carrier", "country": "KZ", "roles": ["carrier"],
        "status": "active", "since": "2020-01-01T00:00:00Z",
    })
}
