//! Registry documents: parsed whole, every fault named with its JSON path.

use std::sync::Arc;

use serde_json::Value;

use super::bounds::{DOCUMENT_MAX_BYTES, Malformed, parse};
use crate::model::Purpose;
use crate::model::registry::{Declaration, Goods, Party, PathError, PriorNotification, RegisterKind, Vehicle};

/// Items of goods that one document may carry (contract).
pub const GOODS_MAX: usize = 999;
/// Longest number of a notification, characters.
const NUMBER_MAX_CHARS: usize = 50;
/// Faults named in one receipt.
const ERRORS_MAX: usize = 50;

/// A document that may be stored.
#[derive(Debug, Clone, PartialEq)]
pub enum Document {
    /// A prior notification.
    Notification(Arc<PriorNotification>),
    /// A declaration.
    Declaration(Arc<Declaration>),
    /// A party.
    Party(Party),
}

impl Document {
    /// Which register it belongs to.
    #[must_use]
    pub const fn kind(&self) -> RegisterKind {
        match self {
            Self::Notification(_) => RegisterKind::Notification,
            Self::Declaration(_) => RegisterKind::Declaration,
            Self::Party(_) => RegisterKind::Party,
        }
    }
}

/// A document that may not, with what could be read of its identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Its number, where it could be read.
    pub number: Option<String>,
    /// Its revision, where it could be read.
    pub revision: Option<u64>,
    /// Everything that is wrong.
    pub errors: Vec<PathError>,
}

/// Parses a document of a register.
///
/// # Errors
/// All that is wrong with it, by JSON path.
pub fn parse_document(kind: RegisterKind, bytes: &[u8]) -> Result<Document, Rejection> {
    let parsed = match kind {
        RegisterKind::Notification => {
            parse(bytes, DOCUMENT_MAX_BYTES).map(|found| Document::Notification(Arc::new(found)))
        }
        RegisterKind::Declaration => {
            parse(bytes, DOCUMENT_MAX_BYTES).map(|found| Document::Declaration(Arc::new(found)))
        }
        RegisterKind::Party => parse(bytes, DOCUMENT_MAX_BYTES).map(Document::Party),
    };
    let document = parsed.map_err(|malformed| unreadable(kind, bytes, &malformed))?;
    let mut errors = Errors(Vec::new());
    match &document {
        Document::Notification(notification) => check_notification(notification, &mut errors),
        Document::Declaration(declaration) => check_declaration(declaration, &mut errors),
        Document::Party(party) => errors.text("$.id", party.id.reveal(Purpose::Register), NUMBER_MAX_CHARS),
    }
    if errors.0.is_empty() {
        return Ok(document);
    }
    let (number, revision) = identity(&document);
    Err(Rejection { number: Some(number.to_owned()), revision: Some(revision), errors: errors.0 })
}

/// Number (a party's id) and revision.
#[must_use]
pub fn identity(document: &Document) -> (&str, u64) {
    match document {
        Document::Notification(notification) => (&notification.number, notification.revision),
        Document::Declaration(declaration) => (&declaration.number, declaration.revision),
        Document::Party(party) => (party.id.reveal(Purpose::Register), party.revision),
    }
}

/// The fault that stopped the parser, and what a second, lenient look finds of the document's identity.
fn unreadable(kind: RegisterKind, bytes: &[u8], malformed: &Malformed) -> Rejection {
    let loose: Option<Value> = parse(bytes, DOCUMENT_MAX_BYTES).ok();
    let key = if kind == RegisterKind::Party { "id" } else { "number" };
    let field = |name: &str| loose.as_ref().and_then(|value| value.get(name));
    let (path, message) = match malformed {
        Malformed::Json { path, message } => (path.clone(), message.clone()),
        Malformed::TooLong { .. } | Malformed::TooDeep => ("$".to_owned(), malformed.to_string()),
    };
    Rejection {
        number: field(key).and_then(Value::as_str).map(str::to_owned),
        revision: field("revision").and_then(Value::as_u64),
        errors: vec![PathError { path, message }],
    }
}

struct Errors(Vec<PathError>);

impl Errors {
    fn add(&mut self, path: impl Into<String>, message: impl Into<String>) {
        if self.0.len() < ERRORS_MAX {
            self.0.push(PathError { path: path.into(), message: message.into() });
        }
    }

    fn text(&mut self, path: &str, text: &str, most: usize) {
        if text.trim().is_empty() || text.chars().count() > most {
            self.add(path, format!("1 to {most} characters are expected"));
        }
    }

    fn mass(&mut self, path: &str, kg: f64) {
        if !kg.is_finite() || kg < 0.0 {
            self.add(path, "a mass in kilograms, zero or more, is expected");
        }
    }
}

fn check_notification(notification: &PriorNotification, errors: &mut Errors) {
    errors.text("$.number", &notification.number, NUMBER_MAX_CHARS);
    errors.mass("$.gross_kg", notification.gross_kg);
    for (path, kg) in [("$.tare_kg", notification.tare_kg), ("$.laden_kg", notification.laden_kg)] {
        if let Some(kg) = kg {
            errors.mass(path, kg);
        }
    }
    check_vehicle(&notification.vehicle, errors);
    check_goods(&notification.goods, errors);
    for (index, document) in notification.documents.iter().enumerate() {
        errors.text(&format!("$.documents[{index}].number"), &document.number, NUMBER_MAX_CHARS);
    }
}

fn check_declaration(declaration: &Declaration, errors: &mut Errors) {
    errors.text("$.number", &declaration.number, NUMBER_MAX_CHARS);
    errors.mass("$.gross_kg", declaration.gross_kg);
    if declaration.goods.is_empty() {
        errors.add("$.goods", format!("1 to {GOODS_MAX} items are expected"));
    }
    if let Some(vehicle) = &declaration.vehicle {
        check_vehicle(vehicle, errors);
    }
    check_goods(&declaration.goods, errors);
}

fn check_vehicle(vehicle: &Vehicle, errors: &mut Errors) {
    errors.text("$.vehicle.tractor.plate", vehicle.tractor.plate.reveal(Purpose::Register), 20);
    for (index, trailer) in vehicle.trailers.iter().enumerate() {
        errors.text(&format!("$.vehicle.trailers[{index}].plate"), trailer.plate.reveal(Purpose::Register), 20);
    }
}

fn check_goods(goods: &[Goods], errors: &mut Errors) {
    if goods.len() > GOODS_MAX {
        errors.add("$.goods", format!("{} items are more than {GOODS_MAX}", goods.len()));
    }
    for (index, item) in goods.iter().enumerate() {
        if item.item == 0 {
            errors.add(format!("$.goods[{index}].item"), "items are counted from 1");
        }
        let digits = item.code.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || !(6..=10).contains(&item.code.len()) {
            errors.add(format!("$.goods[{index}].code"), "6 to 10 digits are expected");
        }
        errors.mass(&format!("$.goods[{index}].gross_kg"), item.gross_kg);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_fault_is_named_with_its_path() {
        let mut document = declaration(2);
        document["goods"][1]["code"] = "12".into();
        document["goods"][0]["item"] = 0.into();
        document["gross_kg"] = (-1).into();
        let rejection = check(&document).expect_err("faults");
        let paths: Vec<_> = rejection.errors.iter().map(|error| error.path.as_str()).collect();
        assert_eq!(paths, ["$.gross_kg", "$.goods[0].item", "$.goods[1].code"]);
        assert_eq!((rejection.number.as_deref(), rejection.revision), (Some("D-1"), Some(1)));
    }

    #[test]
    fn a_missing_key_is_named_and_the_identity_still_read() {
        let mut document = declaration(1);
        document.as_object_mut().expect("an object").remove("status");
        let rejection = check(&document).expect_err("a fault");
        assert!(rejection.errors[0].message.contains("status"), "{rejection:?}");
        assert_eq!(rejection.number.as_deref(), Some("D-1"));
    }

    #[test]
    fn goods_may_be_999_and_not_one_more() {
        assert!(check(&declaration(GOODS_MAX)).is_ok());
        let rejection = check(&declaration(GOODS_MAX + 1)).expect_err("too many");
        assert_eq!(rejection.errors[0].path, "$.goods");
        assert!(check(&declaration(0)).is_err());
    }

    fn check(document: &Value) -> Result<Document, Rejection> {
        parse_document(RegisterKind::Declaration, document.to_string().as_bytes())
    }

    fn declaration(goods: usize) -> Value {
        let goods: Vec<_> =
            (1..=goods).map(|item| serde_json::json!({ "item": item, "code": "8703239019", "gross_kg": 1 })).collect();
        serde_json::json!({
            "number": "D-1", "kind": "transit", "revision": 1, "status": "released", "goods": goods, "gross_kg": 1,
            "holder": { "id": "240440000300", "country": "KZ" },
        })
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            for kind in [RegisterKind::Notification, RegisterKind::Declaration, RegisterKind::Party] {
                prop_assert!(parse_document(kind, &bytes).is_err());
            }
        }
    }
}
