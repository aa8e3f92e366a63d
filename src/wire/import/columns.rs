//! The columns of CSV files: one table, which docs/import.md prints.

use serde_json::{Value, json};

use super::mass::Mass;
use crate::model::registry::RegisterKind;

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cell {
    /// Text, a word of the contract, or an instant; the document's checks judge it.
    Text,
    /// A whole number.
    Whole,
    /// Kilograms, with a point.
    Mass,
    /// `true` or `false`, `1` or `0`.
    Flag,
    /// Texts between `|`.
    List,
    /// `plate` or `plate:country` between `|`.
    Plates,
    /// `kind:number` between `|`.
    Documents,
    /// `un:class` between `|`.
    Dangerous,
}

/// Whether a file can do without a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Required,
    Optional,
}

#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    /// JSON path; `{}` stands for the item of goods.
    pub(super) path: &'static str,
    pub(super) cell: Cell,
    pub(super) need: Need,
}

const fn column(name: &'static str, path: &'static str, cell: Cell, need: Need) -> Column {
    Column { name, path, cell, need }
}

use Cell::{Dangerous, Documents, Flag, List, Plates, Text, Whole};
use Need::{Optional, Required};

const NOTIFICATION: &[Column] = &[
    column("number", "$.number", Text, Required),
    column("revision", "$.revision", Whole, Optional),
    column("action", "$.action", Text, Optional),
    column("submitted_at", "$.submitted_at", Text, Required),
    column("expected_at", "$.expected_at", Text, Optional),
    column("valid_until", "$.valid_until", Text, Optional),
    column("direction", "$.direction", Text, Required),
    column("carrier_id", "$.carrier.id", Text, Required),
    column("carrier_name", "$.carrier.name", Text, Optional),
    column("carrier_country", "$.carrier.country", Text, Optional),
    column("tractor", "$.vehicle.tractor.plate", Text, Required),
    column("tractor_country", "$.vehicle.tractor.country", Text, Optional),
    column("trailers", "$.vehicle.trailers", Plates, Optional),
    column("containers", "$.containers", List, Optional),
    column("seals", "$.seals", List, Optional),
    column("documents", "$.documents", Documents, Optional),
    column("gross_kg", "$.gross_kg", Cell::Mass, Required),
    column("tare_kg", "$.tare_kg", Cell::Mass, Optional),
    column("laden_kg", "$.laden_kg", Cell::Mass, Optional),
    column("empty", "$.empty", Flag, Optional),
    column("dangerous", "$.dangerous", Dangerous, Optional),
];

const DECLARATION: &[Column] = &[
    column("number", "$.number", Text, Required),
    column("kind", "$.kind", Text, Required),
    column("revision", "$.revision", Whole, Optional),
    column("status", "$.status", Text, Required),
    column("tractor", "$.vehicle.tractor.plate", Text, Optional),
    column("tractor_country", "$.vehicle.tractor.country", Text, Optional),
    column("trailers", "$.vehicle.trailers", Plates, Optional),
    column("containers", "$.containers", List, Optional),
    column("seals", "$.seals", List, Optional),
    column("gross_kg", "$.gross_kg", Cell::Mass, Required),
    column("guarantee_kind", "$.guarantee.kind", Text, Optional),
    column("guarantee_valid_until", "$.guarantee.valid_until", Text, Optional),
    column("holder_id", "$.holder.id", Text, Required),
    column("holder_country", "$.holder.country", Text, Optional),
    column("deadline", "$.deadline", Text, Optional),
    column("customs_status", "$.customs_status", Text, Optional),
];

const PARTY: &[Column] = &[
    column("id", "$.id", Text, Required),
    column("revision", "$.revision", Whole, Optional),
    column("action", "$.action", Text, Optional),
    column("name", "$.name", Text, Required),
    column("country", "$.country", Text, Required),
    column("roles", "$.roles", List, Required),
    column("status", "$.status", Text, Required),
    column("since", "$.since", Text, Required),
];

/// Columns that repeat with every row of a document.
const GOODS: &[Column] = &[
    column("item", "$.goods[{}].item", Whole, Optional),
    column("code", "$.goods[{}].code", Text, Optional),
    column("description", "$.goods[{}].description", Text, Optional),
    column("item_gross_kg", "$.goods[{}].gross_kg", Cell::Mass, Optional),
    column("packages", "$.goods[{}].packages", Whole, Optional),
    column("origin", "$.goods[{}].origin", Text, Optional),
];

/// Columns of a kind's documents, then those of its goods.
pub(super) const fn of(kind: RegisterKind) -> (&'static [Column], &'static [Column]) {
    match kind {
        RegisterKind::Notification => (NOTIFICATION, GOODS),
        RegisterKind::Declaration => (DECLARATION, GOODS),
        RegisterKind::Party => (PARTY, &[]),
    }
}

/// The kind that a header's own column tells.
pub(super) fn kind_of(names: &[String]) -> Option<RegisterKind> {
    let has = |name: &str| names.iter().any(|known| known == name);
    match (has("carrier_id"), has("holder_id"), has("roles")) {
        (true, false, false) => Some(RegisterKind::Notification),
        (false, true, false) => Some(RegisterKind::Declaration),
        (false, false, true) => Some(RegisterKind::Party),
        _ => None,
    }
}

/// A cell that isn't empty as JSON.
pub(super) fn value(cell: Cell, text: &str) -> Result<Value, &'static str> {
    match cell {
        Text => Ok(text.into()),
        Whole => text.parse::<u64>().map(Value::from).map_err(|_| "a whole number is expected"),
        Cell::Mass => Mass::parse(text).map(Mass::to_json).ok_or("kilograms like 12500.5 are expected, with a point"),
        Flag => match text {
            "true" | "1" => Ok(true.into()),
            "false" | "0" => Ok(false.into()),
            _ => Err("true or false is expected"),
        },
        List => Ok(parts(text).map(Value::from).collect()),
        Plates => Ok(parts(text).map(plate).collect()),
        Documents => pairs(text, "kind", "number").ok_or("kind:number, more of them after `|`, is expected"),
        Dangerous => pairs(text, "un", "class").ok_or("un:class, more of them after `|`, is expected"),
    }
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split('|').map(str::trim).filter(|part| !part.is_empty())
}

fn plate(text: &str) -> Value {
    match text.rsplit_once(':') {
        Some((plate, country)) => json!({ "plate": plate.trim(), "country": country.trim() }),
        None => json!({ "plate": text }),
    }
}

fn pairs(text: &str, first: &str, second: &str) -> Option<Value> {
    let pair = |part: &str| {
        let (one, other) = part.split_once(':')?;
        Some(json!({ (first): one.trim(), (second): other.trim() }))
    };
    parts(text).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_become_the_contract_s_values() {
        for (cell, text, expected) in [
            (Text, "entry", json!("entry")),
            (Whole, "3", json!(3)),
            (Cell::Mass, "12000.50", json!(12000.5)),
            (Flag, "0", json!(false)),
            (List, "A | B|", json!(["A", "B"])),
            (Plates, "45DEF02:KZ|6", json!([{ "plate": "45DEF02", "country": "KZ" }, { "plate": "6" }])),
            (Documents, "cmr:7:1", json!([{ "kind": "cmr", "number": "7:1" }])),
            (Dangerous, "1203:3", json!([{ "un": "1203", "class": "3" }])),
        ] {
            assert_eq!(value(cell, text), Ok(expected), "{text}");
        }
        for (cell, text) in [(Whole, "-1"), (Cell::Mass, "1,5"), (Flag, "yes"), (Documents, "cmr"), (Dangerous, "3")] {
            assert!(value(cell, text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_are_told_once_and_one_column_tells_the_kind() {
        for kind in [RegisterKind::Notification, RegisterKind::Declaration, RegisterKind::Party] {
            let (head, goods) = of(kind);
            let names: Vec<_> = head.iter().chain(goods).map(|column| column.name.to_owned()).collect();
            let mut sorted = names.clone();
            sorted.sort();
            sorted.dedup();
            assert_eq!(sorted.len(), names.len(), "{kind:?}");
            assert_eq!(kind_of(&names), Some(kind));
        }
        assert_eq!(kind_of(&["number".to_owned()]), None);
    }

    #[test]
    fn every_column_and_what_it_needs_is_documented() {
        let docs = include_str!("../../../docs/import.md");
        for (kind, section) in [
            (RegisterKind::Notification, "| notifications |"),
            (RegisterKind::Declaration, "| declarations |"),
            (RegisterKind::Party, "| parties |"),
        ] {
            let table = docs.split_once(section).expect(section).1.split_once("\n\n").expect("an end").0;
            let told = |row: &str, name: &str| {
                let mut rows = table.lines().filter(|line| line.starts_with(row));
                rows.any(|line| line.contains(&format!("`{name}`")))
            };
            for column in of(kind).0 {
                let row = if column.need == Required { "| required |" } else { "| optional |" };
                assert!(told(row, column.name), "{kind:?} {} is not in the row {row}", column.name);
            }
        }
        for column in GOODS {
            assert!(docs.contains(&format!("`{}`", column.name)), "{}", column.name);
        }
    }
}
