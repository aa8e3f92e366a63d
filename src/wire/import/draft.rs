//! A document of the contract while it is put together from a foreign one.
//!
//! Each value remembers where it came from, so that what [`parse_document`] says of a JSON path is told with the place
//! in the foreign file.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::place::Place;
use super::{FAULTS_MAX, Fault, Found, Supplement, When};
use crate::model::Timestamp;
use crate::model::registry::RegisterKind;
use crate::wire::registry::{identity, parse_document};

/// Where a value stands in the foreign file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) place: Place,
    /// Element path or column.
    pub(super) path: String,
}

#[derive(Debug)]
pub(super) struct Draft {
    kind: RegisterKind,
    root: Origin,
    value: Value,
    origins: BTreeMap<String, Origin>,
    faults: Vec<Fault>,
    told: Vec<&'static str>,
}

impl Draft {
    pub(super) fn new(kind: RegisterKind, root: Origin) -> Self {
        Self { kind, root, value: Value::Object(Map::new()), origins: BTreeMap::new(), faults: vec![], told: vec![] }
    }

    /// Sets a value. `path` is a JSON path like `$.goods[2].code`; an index is at most one beyond the last.
    pub(super) fn put(&mut self, path: &str, value: impl Into<Value>, origin: Origin) {
        if let Some(slot) = slot(&mut self.value, path) {
            *slot = value.into();
        }
        self.origins.insert(path.to_owned(), origin);
    }

    pub(super) fn fault(&mut self, origin: &Origin, message: impl Into<String>) {
        let fault = Fault { place: origin.place, path: origin.path.clone(), message: message.into() };
        // A value that is read twice is wrong once.
        if self.faults.len() < FAULTS_MAX && !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    /// A key that the document states, rightly or wrongly: its lack has a fault of its own.
    pub(super) fn told(&mut self, key: &'static str) {
        self.told.push(key);
    }

    pub(super) fn root(&self) -> Origin {
        self.root.clone()
    }

    /// The document, checked as one that comes over MQTT; what it lacks is taken from the supplement.
    pub(super) fn finish(mut self, supplement: &Supplement) -> Found {
        self.fill(supplement);
        let key = if self.kind == RegisterKind::Party { "id" } else { "number" };
        let number = self.value.get(key).and_then(Value::as_str).map(str::to_owned);
        let revision = self.value.get("revision").and_then(Value::as_u64);
        let found =
            |number, revision, outcome| Found { place: self.root.place, kind: self.kind, number, revision, outcome };
        if !self.faults.is_empty() {
            return found(number, revision, Err(self.faults.clone()));
        }
        let bytes = self.value.to_string().into_bytes();
        match parse_document(self.kind, &bytes) {
            Ok(document) => {
                let (number, revision) = identity(&document);
                found(Some(number.to_owned()), Some(revision), Ok(bytes))
            }
            Err(rejection) => {
                let faults = rejection.errors.iter().map(|error| {
                    let origin = self.origin_of(&error.path);
                    let message = format!("{}: {}", error.path, without_position(&error.message));
                    Fault { place: origin.place, path: origin.path.clone(), message }
                });
                found(number.or(rejection.number), revision.or(rejection.revision), Err(faults.collect()))
            }
        }
    }

    fn fill(&mut self, supplement: &Supplement) {
        let lacks = |value: &Value, key: &str| value.get(key).is_none();
        let root = self.root();
        if lacks(&self.value, "revision") {
            match supplement.revision {
                Some(revision) => self.put("$.revision", revision, root.clone()),
                None if self.told.contains(&"revision") => {}
                None => self.fault(&root, "the document has no revision; give it with --revision"),
            }
        }
        if self.kind != RegisterKind::Notification {
            return;
        }
        let submitted = self.value.get("submitted_at").and_then(Value::as_str).and_then(super::instant::date_time);
        for (key, when, option) in [
            ("expected_at", supplement.expected, "--expected-at or --expected-after"),
            ("valid_until", supplement.valid_until, "--valid-until or --valid-for"),
        ] {
            if !lacks(&self.value, key) {
                continue;
            }
            match when.map(|when| resolve(when, submitted)) {
                Some(Some(at)) => self.put(&format!("$.{key}"), at.to_string(), root.clone()),
                // Without a submission there is another fault already.
                Some(None) => {}
                None => self.fault(&root, format!("the document has no {key}; give it with {option}")),
            }
        }
    }

    /// Where the value of a JSON path came from, else the first value inside of it, else what is around it.
    fn origin_of(&self, path: &str) -> &Origin {
        let is_inside = |rest: &str| rest.is_empty() || rest.starts_with(['.', '[']);
        let inside = self.origins.iter().filter(|(known, _)| known.strip_prefix(path).is_some_and(is_inside));
        if let Some((_, origin)) = inside.filter(|_| path != "$").min_by_key(|(_, origin)| origin.place) {
            return origin;
        }
        let mut path = path;
        loop {
            if let Some(origin) = self.origins.get(path) {
                return origin;
            }
            match path.rfind(['.', '[']).and_then(|end| path.get(..end)) {
                Some(shorter) => path = shorter,
                None => return &self.root,
            }
        }
    }
}

fn resolve(when: When, submitted: Option<Timestamp>) -> Option<Timestamp> {
    match when {
        When::At(at) => Some(at),
        When::AfterSubmission(after) => submitted.map(|at| at.plus(after)),
    }
}

/// The place of a path in a JSON value, made where it isn't there yet.
fn slot<'v>(root: &'v mut Value, path: &str) -> Option<&'v mut Value> {
    let mut value = root;
    for segment in path.strip_prefix("$.")?.split('.') {
        let (key, index) = match segment.strip_suffix(']').and_then(|rest| rest.split_once('[')) {
            Some((key, index)) => (key, Some(index.parse::<usize>().ok()?)),
            None => (segment, None),
        };
        if value.is_null() {
            *value = Value::Object(Map::new());
        }
        value = value.as_object_mut()?.entry(key).or_insert(Value::Null);
        if let Some(index) = index {
            if value.is_null() {
                *value = Value::Array(vec![]);
            }
            let items = value.as_array_mut()?;
            if index == items.len() {
                items.push(Value::Null);
            }
            value = items.get_mut(index)?;
        }
    }
    Some(value)
}

/// serde_json ends its messages with a place in the bytes that it read; those are not the user's file.
pub(super) fn without_position(message: &str) -> &str {
    message.rsplit_once(" at line ").map_or(message, |(bare, _)| bare)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_put_at_their_paths() {
        let mut draft = Draft::new(RegisterKind::Declaration, origin("root", 1));
        draft.put("$.holder.id", "X", origin("Holder", 2));
        draft.put("$.goods[0].code", "870323", origin("Code", 3));
        draft.put("$.goods[1].code", "870324", origin("Code", 4));
        draft.put("$.goods[1].item", 2, origin("Item", 4));
        let goods = json!([{ "code": "870323" }, { "code": "870324", "item": 2 }]);
        assert_eq!(draft.value, json!({ "holder": { "id": "X" }, "goods": goods }));
        assert_eq!(draft.origin_of("$.goods[1].gross_kg").path, "root");
        assert_eq!(draft.origin_of("$.goods[1]").path, "Code");
        assert_eq!(draft.origin_of("$.goods[1].code").place.line, 4);
        assert_eq!(draft.origin_of("$").path, "root");
    }

    #[test]
    fn what_the_checks_say_is_told_with_the_place_of_the_value() {
        let mut draft = Draft::new(RegisterKind::Party, origin("root", 1));
        for (path, value) in [("$.id", "X"), ("$.name", "N"), ("$.country", "KZ"), ("$.status", "sleeping")] {
            draft.put(path, value, origin(path, 7));
        }
        draft.put("$.revision", 1, origin("rev", 1));
        let found = draft.finish(&Supplement::default());
        let faults = found.outcome.expect_err("faults");
        assert_eq!((faults[0].place.line, faults[0].path.as_str()), (7, "$.status"));
        assert!(faults[0].message.contains("active"), "{}", faults[0].message);
        assert!(!faults[0].message.contains("column"), "{}", faults[0].message);
        assert_eq!((found.number.as_deref(), found.revision), (Some("X"), Some(1)));
    }

    #[test]
    fn what_lacks_is_supplemented_or_named_and_never_made_up() {
        let draft = || {
            let mut draft = Draft::new(RegisterKind::Notification, origin("root", 1));
            draft.put("$.submitted_at", "2026-11-24T05:00:00Z", origin("at", 2));
            draft
        };
        let faults = draft().finish(&Supplement::default()).outcome.expect_err("faults");
        let named: Vec<_> = faults.iter().filter_map(|fault| fault.message.split_whitespace().nth(4)).collect();
        assert_eq!(named, ["revision;", "expected_at;", "valid_until;"]);
        let after = |hours: u64| Some(When::AfterSubmission(std::time::Duration::from_secs(3_600 * hours)));
        let mut filled = draft();
        filled.fill(&Supplement { revision: Some(3), expected: after(2), valid_until: after(720) });
        assert_eq!(filled.value["expected_at"], "2026-11-24T07:00:00.000Z");
        assert_eq!(filled.value["valid_until"], "2026-12-24T05:00:00.000Z");
    }

    fn origin(path: &str, line: usize) -> Origin {
        Origin { place: Place { line, column: 1 }, path: path.to_owned() }
    }
}
