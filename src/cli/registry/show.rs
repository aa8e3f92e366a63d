//! `registry show`: what is stored under a number.

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::{Value, json};

use super::super::access::ForPurpose;
use super::{EXIT_INPUT, Place, Trouble, tell};
use crate::journal::Looked;
use crate::model::registry::{DocumentRef, RegisterKind};
use crate::registry::{Reader, StoredDocument};

pub(super) fn run(number: &str, place: &Place, purpose: &ForPurpose) -> Result<ExitCode, Trouble> {
    let directory = place.directory()?;
    let reader = Reader::open(&directory)?;
    let documents = reader.documents(number)?;
    purpose.looked(&directory, Looked::Register, named(&documents))?;
    let shown = documents.iter().map(|stored| show(&reader, stored)).collect::<Result<Vec<_>, Trouble>>()?;
    let all = json!({ "number": number, "referred_by": reader.referring_to(number)?, "documents": shown });
    let text = serde_json::to_string_pretty(&all).map_err(io::Error::from)?;
    writeln!(io::stdout().lock(), "{text}")?;
    if documents.is_empty() {
        tell(&format!("no register has a document {number}"));
        return Ok(ExitCode::from(EXIT_INPUT));
    }
    Ok(ExitCode::SUCCESS)
}

/// As the access log names what was found: a party's id may be a person's, so it isn't repeated there.
fn named(documents: &[StoredDocument]) -> String {
    let name = |stored: &StoredDocument| match stored.kind {
        RegisterKind::Party => stored.kind.as_str().to_owned(),
        RegisterKind::Notification | RegisterKind::Declaration => format!("{} {}", stored.kind.as_str(), stored.number),
    };
    let names: Vec<String> = documents.iter().map(name).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

fn show(reader: &Reader, stored: &StoredDocument) -> Result<Value, Trouble> {
    let document: Value = serde_json::from_slice(&stored.json).unwrap_or(Value::Null);
    let mut shown = json!({
        "kind": stored.kind, "number": stored.number, "revision": stored.revision, "withdrawn": stored.withdrawn,
    });
    if stored.kind == RegisterKind::Notification {
        shown["used_by"] = json!(reader.used_by(&stored.number)?);
        let named = document.get("documents").cloned().unwrap_or_default();
        let references: Vec<DocumentRef> = serde_json::from_value(named).unwrap_or_default();
        let referred = references.iter().map(|reference| refer(reader, reference));
        shown["refers_to"] = Value::Array(referred.collect::<Result<_, Trouble>>()?);
    }
    shown["document"] = document;
    Ok(shown)
}

/// A reference, and what of it is stored.
fn refer(reader: &Reader, reference: &DocumentRef) -> Result<Value, Trouble> {
    let stored = reader.documents(&reference.number)?;
    let stored = stored.iter().filter(|stored| stored.kind == RegisterKind::Declaration).map(|stored| {
        let document: Value = serde_json::from_slice(&stored.json).unwrap_or(Value::Null);
        json!({ "number": stored.number, "revision": stored.revision, "status": document.get("status") })
    });
    let stored: Vec<_> = stored.collect();
    Ok(json!({ "kind": reference.kind, "number": reference.number, "declarations": stored }))
}
