//! Foreign JSON into a tree: no key twice, bounded in depth and nodes, pictures left out.

use std::cell::Cell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::document::Unreadable;
use crate::wire::bounds::{DEPTH_MAX, is_shallow};

/// Values of one document; a camera's largest known event has a few hundred.
pub(super) const NODES_MAX: u32 = 20_000;
/// Longest text that is kept, bytes. A longer one is a picture in base64, and is left out.
pub(super) const TEXT_MAX_BYTES: usize = 4_096;

/// Reads one JSON value.
pub(super) fn read(bytes: &[u8]) -> Result<Value, Unreadable> {
    if !is_shallow(bytes) {
        return Err(Unreadable::malformed("$", format!("the JSON is nested deeper than {DEPTH_MAX} levels")));
    }
    let nodes = Cell::new(0);
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let tree = Tree { nodes: &nodes }.deserialize(&mut json).and_then(|value| json.end().map(|()| value));
    tree.map_err(|error| Unreadable::malformed("$", error.to_string()))
}

#[derive(Clone, Copy)]
struct Tree<'a> {
    nodes: &'a Cell<u32>,
}

impl Tree<'_> {
    fn count<E: de::Error>(self) -> Result<(), E> {
        self.nodes.set(self.nodes.get() + 1);
        if self.nodes.get() > NODES_MAX {
            return Err(E::custom(format_args!("there are more than {NODES_MAX} values")));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.count()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(if value.len() > TEXT_MAX_BYTES { Value::Null } else { value.into() })
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            // Two values for one key: which one a reader takes is chance (hazard 24).
            if values.contains_key(&key) {
                return Err(de::Error::custom(format_args!("the key `{key}` is there twice")));
            }
            let value = map.next_value_seed(self)?;
            values.insert(key, value);
        }
        Ok(Value::Object(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_what_the_text_says_without_its_pictures() {
        let picture = "A".repeat(TEXT_MAX_BYTES + 1);
        let text = format!(r#"{{"a":[1,-2,0.5,true,null,"é"],"picture":"{picture}"}}"#);
        let expected = serde_json::json!({ "a": [1, -2, 0.5, true, null, "é"], "picture": null });
        assert_eq!(read(text.as_bytes()), Ok(expected));
    }

    #[test]
    fn h24_hostile_json_is_refused_with_its_reason() {
        let many = format!("[{}0]", "0,".repeat(NODES_MAX as usize));
        for (text, expected) in [
            (r#"{"a":1,"a":2}"#, "`a` is there twice"),
            (r#"{"a":NaN}"#, "expected value"),
            (r#"{"a":1} x"#, "trailing characters"),
            (&"[".repeat(100), "deeper than"),
            (&many, "more than 20000 values"),
            ("\"\u{0}\"", "control character"),
        ] {
            let error = read(text.as_bytes()).expect_err(expected).to_string();
            assert!(error.contains(expected), "{error}");
        }
        assert!(read(b"\"\xff\"").is_err(), "not UTF-8");
    }
}
