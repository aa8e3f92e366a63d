//! Foreign documents from files: bytes in, the contract's documents or located faults out.
//!
//! ```text
//!  JSON, JSON lines ─▶ json ────────────────────────┐
//!  CSV ─▶ table ─▶ draft ───────────────────────────┼─▶ parse_document ─▶ Found: the document's JSON, or its faults
//!  XML ─▶ xml ─▶ node ─▶ ncts, eaeu, tir ─▶ draft ──┘
//! ```
//!
//! Every document ends in [`parse_document`](super::registry::parse_document), as those that come over MQTT do. A fault
//! says where in the file, at which field, and what is expected. A wrong document takes no other document of its file
//! with it. What a foreign format lacks comes from a rule that docs/import.md states or from the caller's
//! [`Supplement`], else it is a fault: nothing is made up.
//!
//! What this folder does not do: read files, know the time, or store anything.

mod columns;
mod draft;
mod eaeu;
mod instant;
mod json;
mod locate;
mod mass;
mod ncts;
mod node;
mod place;
mod table;
mod tir;
mod xml;

use std::time::Duration;

use crate::model::Timestamp;
use crate::model::registry::RegisterKind;

pub use place::Place;

/// Largest file, bytes.
pub const FILE_MAX_BYTES: usize = 64 * 1024 * 1024;
/// Faults named of one document.
const FAULTS_MAX: usize = 50;
/// Broken documents after which the rest of a JSON or CSV file is given up: finding the next one again costs time.
const RESYNCS_MAX: usize = 100;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One document, an array, or one document a line.
    Json,
    /// A header, then a row an item of goods.
    Csv,
    /// A message of NCTS, of the EAEU or of the WCO data model.
    Xml,
}

impl Format {
    /// By the file's extension, else by the first character that is not blank.
    #[must_use]
    pub fn of(extension: Option<&str>, bytes: &[u8]) -> Self {
        match extension.map(str::to_ascii_lowercase).as_deref() {
            Some("json" | "jsonl" | "ndjson") => return Self::Json,
            Some("csv") => return Self::Csv,
            Some("xml") => return Self::Xml,
            Some(_) | None => {}
        }
        let bytes = bytes.strip_prefix(BOM).unwrap_or(bytes);
        match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'<') => Self::Xml,
            Some(b'{' | b'[') => Self::Json,
            Some(_) | None => Self::Csv,
        }
    }
}

/// The mark that some programs put before UTF-8.
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// An instant that a caller gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// This one.
    At(Timestamp),
    /// So long after the document was submitted.
    AfterSubmission(Duration),
}

/// What a caller gives for documents that lack it. A value that the document itself states stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Supplement {
    /// Revision.
    pub revision: Option<u64>,
    /// When vehicles are expected.
    pub expected: Option<When>,
    /// Until when notifications may be used.
    pub valid_until: Option<When>,
}

/// Something wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Line and column.
    pub place: Place,
    /// JSON path, element path or column.
    pub path: String,
    /// What is wrong and what is expected.
    pub message: String,
}

/// One document of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where it begins.
    pub place: Place,
    /// Its register.
    pub kind: RegisterKind,
    /// Its number, where it could be read.
    pub number: Option<String>,
    /// Its revision, where it could be read.
    pub revision: Option<u64>,
    /// The document as the contract writes it, or everything that is wrong.
    pub outcome: Result<Vec<u8>, Vec<Fault>>,
}

/// What a file holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    /// Its documents, in their order.
    pub documents: Vec<Found>,
    /// What is wrong with the file, or with parts of it that are no document.
    pub faults: Vec<Fault>,
}

/// Reads a file. `kind` is for JSON and CSV; without it each document's (or the header's) keys tell. An XML document
/// tells by its root element.
#[must_use]
pub fn import(format: Format, kind: Option<RegisterKind>, supplement: Supplement, bytes: &[u8]) -> Contents {
    if bytes.len() > FILE_MAX_BYTES {
        let message = format!("{} bytes are more than the {FILE_MAX_BYTES} that are allowed; split it", bytes.len());
        return Contents::broken(Place::START, "file", message);
    }
    match format {
        Format::Json => json::read(kind, bytes),
        Format::Csv => table::read(kind, supplement, bytes),
        Format::Xml => xml::read(kind, supplement, bytes),
    }
}

impl Contents {
    fn broken(place: Place, path: &str, message: impl Into<String>) -> Self {
        let fault = Fault { place, path: path.to_owned(), message: message.into() };
        Self { documents: vec![], faults: vec![fault] }
    }

    /// The file can't be read on from here.
    fn fail(&mut self, place: Place, path: &str, message: impl Into<String>) {
        self.faults.push(Fault { place, path: path.to_owned(), message: message.into() });
    }
}

#[cfg(test)]
mod tests;
