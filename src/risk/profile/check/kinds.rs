//! Which kinds go together.

use super::super::schema::{Item, Kind};

pub(super) const fn is_number(item: Item) -> bool {
    matches!(item, Item::Int | Item::Double)
}

pub(super) const fn is_text(item: Item) -> bool {
    matches!(item, Item::Text | Item::Plate | Item::Word(_))
}

/// The kind that covers both.
pub(super) fn joined(a: Item, b: Item) -> Option<Item> {
    match (a, b) {
        (Item::Any, other) | (other, Item::Any) => Some(other),
        (a, b) if a == b => Some(a),
        (a, b) if is_text(a) && is_text(b) => Some(Item::Text),
        _other => None,
    }
}

pub(super) fn joined_kinds(a: Kind, b: Kind) -> Option<Kind> {
    match (a, b) {
        (Kind::One(a), Kind::One(b)) => joined(a, b).map(Kind::One),
        (Kind::List(a), Kind::List(b)) => joined(a, b).map(Kind::List),
        (Kind::One(_), Kind::List(_)) | (Kind::List(_), Kind::One(_)) => None,
    }
}
