//! What an expression can ask about: every variable, every field, and what kind of value it has.
//!
//! One table serves the check of expressions, the facts of a passage and the test of docs/risk.md.

use crate::model::FindingCode;

/// A single value's kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Item {
    /// Not known.
    Any,
    Null,
    Bool,
    Int,
    /// Masses and everything else that is measured.
    Double,
    Text,
    /// A plate: folded, so that script and spaces don't matter.
    Plate,
    Time,
    /// Between two times.
    Span,
    /// One of these words.
    Word(&'static [&'static str]),
    Record(&'static [Field]),
}

/// A value's kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    One(Item),
    List(Item),
}

/// Whether a field is always there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Always,
    /// `has()` tells.
    Sometimes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) presence: Presence,
}

/// A variable; one that may be `null` says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Variable {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) null: Nullable,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nullable {
    Never,
    Maybe,
}

const fn always(name: &'static str, item: Item) -> Field {
    Field { name, kind: Kind::One(item), presence: Presence::Always }
}

const fn sometimes(name: &'static str, item: Item) -> Field {
    Field { name, kind: Kind::One(item), presence: Presence::Sometimes }
}

const fn list(name: &'static str, item: Item) -> Field {
    Field { name, kind: Kind::List(item), presence: Presence::Always }
}

const fn variable(name: &'static str, item: Item, null: Nullable) -> Variable {
    Variable { name, kind: Kind::One(item), null }
}

const fn lists(name: &'static str, item: Item) -> Variable {
    Variable { name, kind: Kind::List(item), null: Nullable::Never }
}

const DIRECTIONS: &[&str] = &["entry", "exit", "transit"];
const DOCUMENTS: &[&str] = &["transit_declaration", "goods_declaration", "tir_carnet", "mrn", "cmr", "permit"];
const RADIATION: &[&str] = &["none", "gamma", "neutron", "gamma_neutron", "fault"];
const SEVERITIES: &[&str] = &["info", "hold", "block"];
const ROLES: &[&str] = &["carrier", "customs_carrier", "representative", "aeo", "warehouse"];
const PARTY_STATUS: &[&str] = &["active", "suspended", "excluded"];
const DECLARATIONS: &[&str] = &["transit", "goods", "tir", "common_transit"];
const DECLARATION_STATUS: &[&str] = &["lodged", "registered", "released", "suspended", "completed", "cancelled"];
const CUSTOMS: &[&str] = &["foreign", "union"];
const REQUESTS: &[&str] = &["pre_arrival", "arrival"];
pub(super) const FINDINGS: &[&str] = &FindingCode::NAMES;

const PLATE: &[Field] = &[always("plate", Item::Plate), sometimes("country", Item::Text)];
const VEHICLE: &[Field] = &[always("tractor", Item::Record(PLATE)), list("trailers", Item::Record(PLATE))];
const CARRIER: &[Field] = &[always("id", Item::Text), always("name", Item::Text), always("country", Item::Text)];
const DOCUMENT: &[Field] = &[always("kind", Item::Word(DOCUMENTS)), always("number", Item::Text)];
const GOODS: &[Field] = &[
    always("item", Item::Int),
    always("code", Item::Text),
    always("description", Item::Text),
    always("gross_kg", Item::Double),
    sometimes("packages", Item::Int),
    sometimes("origin", Item::Text),
];
const DANGEROUS: &[Field] = &[always("un", Item::Text), always("class", Item::Text)];
const NOTIFICATION: &[Field] = &[
    always("number", Item::Text),
    always("revision", Item::Int),
    always("submitted_at", Item::Time),
    always("expected_at", Item::Time),
    always("valid_until", Item::Time),
    always("direction", Item::Word(DIRECTIONS)),
    always("carrier", Item::Record(CARRIER)),
    always("vehicle", Item::Record(VEHICLE)),
    list("containers", Item::Text),
    list("seals", Item::Text),
    list("documents", Item::Record(DOCUMENT)),
    list("goods", Item::Record(GOODS)),
    always("gross_kg", Item::Double),
    sometimes("tare_kg", Item::Double),
    sometimes("laden_kg", Item::Double),
    always("empty", Item::Bool),
    list("dangerous", Item::Record(DANGEROUS)),
];
const GUARANTEE: &[Field] = &[always("kind", Item::Text), always("valid_until", Item::Time)];
const HOLDER: &[Field] = &[always("id", Item::Text), always("country", Item::Text)];
const DECLARATION: &[Field] = &[
    always("number", Item::Text),
    always("kind", Item::Word(DECLARATIONS)),
    always("revision", Item::Int),
    always("status", Item::Word(DECLARATION_STATUS)),
    sometimes("vehicle", Item::Record(VEHICLE)),
    list("containers", Item::Text),
    list("seals", Item::Text),
    list("goods", Item::Record(GOODS)),
    always("gross_kg", Item::Double),
    sometimes("guarantee", Item::Record(GUARANTEE)),
    always("holder", Item::Record(HOLDER)),
    sometimes("deadline", Item::Time),
    always("customs_status", Item::Word(CUSTOMS)),
];
const PARTY: &[Field] = &[
    always("id", Item::Text),
    always("revision", Item::Int),
    always("name", Item::Text),
    always("country", Item::Text),
    list("roles", Item::Word(ROLES)),
    always("status", Item::Word(PARTY_STATUS)),
    always("since", Item::Time),
];
const SEEN: &[Field] =
    &[sometimes("tractor", Item::Plate), sometimes("trailer", Item::Plate), sometimes("country", Item::Text)];
const MEASURED: &[Field] = &[
    sometimes("gross_kg", Item::Double),
    Field { name: "axles_kg", kind: Kind::List(Item::Double), presence: Presence::Sometimes },
    sometimes("radiation", Item::Word(RADIATION)),
];
const FINDING: &[Field] =
    &[always("code", Item::Word(FINDINGS)), always("severity", Item::Word(SEVERITIES)), always("detail", Item::Text)];

/// Every variable.
pub(super) const VARIABLES: &[Variable] = &[
    variable("now", Item::Time, Nullable::Never),
    variable("kind", Item::Word(REQUESTS), Nullable::Never),
    variable("site", Item::Text, Nullable::Never),
    variable("lane", Item::Text, Nullable::Maybe),
    variable("direction", Item::Word(DIRECTIONS), Nullable::Maybe),
    variable("vehicle", Item::Record(SEEN), Nullable::Never),
    variable("notification", Item::Record(NOTIFICATION), Nullable::Maybe),
    variable("declaration", Item::Record(DECLARATION), Nullable::Maybe),
    variable("carrier", Item::Record(PARTY), Nullable::Maybe),
    lists("parties", Item::Record(PARTY)),
    variable("measured", Item::Record(MEASURED), Nullable::Never),
    lists("findings", Item::Record(FINDING)),
];

/// The variable of that name.
pub(super) fn find(name: &str) -> Option<&'static Variable> {
    VARIABLES.iter().find(|variable| variable.name == name)
}

/// How an error calls a kind.
pub(super) fn called(kind: Kind) -> &'static str {
    match kind {
        Kind::List(_) => "a list",
        Kind::One(item) => match item {
            Item::Any => "a value",
            Item::Null => "null",
            Item::Bool => "true or false",
            Item::Int => "a whole number",
            Item::Double => "a decimal number",
            Item::Text | Item::Plate => "a text",
            Item::Word(_) => "a word",
            Item::Time => "a time",
            Item::Span => "a duration",
            Item::Record(_) => "a record",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finding_may_be_asked_about() {
        assert_eq!(FindingCode::ALL.map(FindingCode::as_str), FINDINGS);
    }

    #[test]
    fn every_field_is_in_the_docs() {
        let docs = include_str!("../../../docs/risk.md");
        for variable in VARIABLES {
            assert!(docs.contains(&format!("`{}`", variable.name)), "{}", variable.name);
            fields(variable.kind, &mut |field| assert!(docs.contains(&format!("`{}`", field.name)), "{}", field.name));
        }
    }

    fn fields(kind: Kind, seen: &mut impl FnMut(&Field)) {
        let (Kind::One(item) | Kind::List(item)) = kind;
        if let Item::Record(record) = item {
            for field in record {
                seen(field);
                fields(field.kind, seen);
            }
        }
    }
}
