//! JSON: one document, an array, or one document a line.
//!
//! The text is cut into values by their brackets, so that a wrong document is one document's fault. Where brackets
//! don't close, the next line that begins with `{` is taken as the next document.

use serde::de::IgnoredAny;
use serde_json::Value;

use super::draft::without_position;
use super::locate::{Open, end_of_value, locate, skip_blank};
use super::place::Lines;
use super::{BOM, Contents, Fault, Found, RESYNCS_MAX};
use crate::model::registry::RegisterKind;
use crate::wire::bounds::{DOCUMENT_MAX_BYTES, Malformed, is_shallow};
use crate::wire::registry::{identity, parse_document};

/// Keys that only one kind of document has.
const KEYS: [(RegisterKind, &[&str]); 3] = [
    (RegisterKind::Notification, &["submitted_at", "expected_at", "valid_until", "direction", "carrier"]),
    (RegisterKind::Declaration, &["holder", "kind", "customs_status", "deadline", "guarantee"]),
    (RegisterKind::Party, &["roles", "since"]),
];

pub(super) fn read(kind: Option<RegisterKind>, bytes: &[u8]) -> Contents {
    let mut reader = Reader { kind, bytes, lines: Lines::of(bytes), contents: Contents::default(), resyncs: 0 };
    reader.read();
    reader.contents
}

struct Reader<'a> {
    kind: Option<RegisterKind>,
    bytes: &'a [u8],
    lines: Lines<'a>,
    contents: Contents,
    resyncs: usize,
}

/// Whether values are separated by commas.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Array,
    Lines,
}

impl Reader<'_> {
    fn read(&mut self) {
        let mut at = if self.bytes.starts_with(BOM) { BOM.len() } else { 0 };
        let mut within = Within::Lines;
        loop {
            at = skip_blank(self.bytes, at);
            let next = match (self.bytes.get(at), within) {
                (None, Within::Lines) => break,
                (None, Within::Array) => {
                    self.contents.fail(self.lines.place(at), "$", "the array is not closed; `]` is expected");
                    break;
                }
                (Some(b'['), Within::Lines) => {
                    within = Within::Array;
                    Some(at + 1)
                }
                (Some(b']'), Within::Array) => {
                    within = Within::Lines;
                    Some(at + 1)
                }
                (Some(b','), Within::Array) => Some(at + 1),
                (Some(b'{'), _) => self.value(at),
                (Some(_), _) => {
                    self.contents.fail(self.lines.place(at), "$", "a document is expected: `{` begins one");
                    self.next_line(at)
                }
            };
            match next {
                Some(next) => at = next,
                None => break,
            }
        }
        if self.contents.documents.is_empty() && self.contents.faults.is_empty() {
            self.contents.fail(self.lines.place(0), "$", "there is no document in it");
        }
    }

    /// Reads the value at `start`; where to go on.
    fn value(&mut self, start: usize) -> Option<usize> {
        // No document is longer than this; looking further for its end would only cost time.
        let most = self.bytes.len().min(start + DOCUMENT_MAX_BYTES + 1);
        match end_of_value(self.bytes.get(..most).unwrap_or_default(), start) {
            Ok(end) => {
                self.document(start, self.bytes.get(start..end).unwrap_or_default());
                Some(end)
            }
            Err(open) => {
                let (at, message) = match open {
                    Open::Unclosed if most < self.bytes.len() => {
                        (start, format!("the document is not closed within {DOCUMENT_MAX_BYTES} bytes"))
                    }
                    Open::Unclosed => (start, "the document is not closed; `}` is expected".to_owned()),
                    Open::BrokenString(at) => {
                        (at, "a text is not closed; `\"` is expected before the end of the line".to_owned())
                    }
                };
                self.broken(start, at, message);
                self.next_document(start)
            }
        }
    }

    /// The next line that begins a document.
    fn next_document(&mut self, from: usize) -> Option<usize> {
        self.resynchronise(from, |next| next == Some(&b'{'))
    }

    fn next_line(&mut self, from: usize) -> Option<usize> {
        self.resynchronise(from, |_| true)
    }

    fn resynchronise(&mut self, from: usize, fits: impl Fn(Option<&u8>) -> bool) -> Option<usize> {
        self.resyncs += 1;
        if self.resyncs > RESYNCS_MAX {
            let message = format!("more than {RESYNCS_MAX} broken documents; the rest is not read");
            self.contents.fail(self.lines.place(from), "$", message);
            return None;
        }
        let rest = self.bytes.get(from..)?;
        let mut ends = rest.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| from + at + 1);
        ends.find(|start| fits(self.bytes.get(*start)))
    }

    fn document(&mut self, start: usize, json: &[u8]) {
        let place = |offset: usize| self.lines.place(start + offset);
        if let Err((offset, message)) = check(json) {
            self.broken(start, start + offset, message);
            return;
        }
        let kind = match self.kind.map_or_else(|| kind_of(json), Ok) {
            Ok(kind) => kind,
            Err(message) => {
                self.contents.fail(place(0), "$", message);
                return;
            }
        };
        let (number, revision, outcome) = match parse_document(kind, json) {
            Ok(document) => {
                let (number, revision) = identity(&document);
                (Some(number.to_owned()), Some(revision), Ok(json.to_vec()))
            }
            Err(rejection) => {
                let faults = rejection.errors.into_iter().map(|error| Fault {
                    place: place(locate(json, &error.path)),
                    message: without_position(&error.message).to_owned(),
                    path: error.path,
                });
                (rejection.number, rejection.revision, Err(faults.collect()))
            }
        };
        self.contents.documents.push(Found { place: place(0), kind, number, revision, outcome });
    }
}

impl Reader<'_> {
    /// A document of which nothing could be read; without a kind it is only a fault of the file.
    fn broken(&mut self, start: usize, at: usize, message: impl Into<String>) {
        let fault = Fault { place: self.lines.place(at), path: "$".to_owned(), message: message.into() };
        let place = self.lines.place(start);
        match self.kind {
            Some(kind) => {
                let outcome = Err(vec![fault]);
                self.contents.documents.push(Found { place, kind, number: None, revision: None, outcome });
            }
            None => self.contents.faults.push(fault),
        }
    }
}

/// What no document may be, and where in it: too long, too deep, or no JSON at all.
fn check(json: &[u8]) -> Result<(), (usize, String)> {
    if json.len() > DOCUMENT_MAX_BYTES {
        return Err((0, Malformed::TooLong { found: json.len(), most: DOCUMENT_MAX_BYTES }.to_string()));
    }
    if !is_shallow(json) {
        return Err((0, Malformed::TooDeep.to_string()));
    }
    serde_json::from_slice::<IgnoredAny>(json).map(drop).map_err(|error| {
        let line = Lines::of(json).start(error.line()).unwrap_or_default();
        let offset = line + error.column().saturating_sub(1);
        (offset, without_position(&error.to_string()).to_owned())
    })
}

/// The one kind whose own keys a document has.
fn kind_of(json: &[u8]) -> Result<RegisterKind, &'static str> {
    let value: Value = serde_json::from_slice(json).map_err(|_| "a document is expected")?;
    let has = |keys: &[&str]| keys.iter().any(|key| value.get(key).is_some());
    let mut kinds = KEYS.into_iter().filter(|(_, keys)| has(keys)).map(|(kind, _)| kind);
    match (kinds.next(), kinds.next()) {
        (Some(kind), None) => Ok(kind),
        (Some(_), Some(_)) | (None, _) => {
            Err("its keys don't tell whether it is a notification, a declaration or a party; give --kind")
        }
    }
}
