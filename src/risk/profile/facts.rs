//! The facts of a passage, as expressions see them: the risk request, by the schema.

use std::collections::BTreeMap;
use std::sync::Arc;

use cel::objects::{Key, Map};
use cel::{Context, Env, Value};
use chrono::DateTime;
use serde_json::Value as Json;

use super::schema::{Item, Kind, Nullable, Presence, VARIABLES};
use crate::domain::plate::fold;
use crate::model::registry::Party;
use crate::model::{RiskRequest, Timestamp};

/// Everything that an expression may ask about one passage.
#[derive(Debug, Clone)]
pub struct Facts {
    values: BTreeMap<&'static str, Value>,
}

impl Facts {
    /// The facts of a request at an instant.
    #[must_use]
    pub fn of(request: &RiskRequest, now: Timestamp) -> Self {
        // Our own types always serialise.
        let mut json = serde_json::to_value(request).unwrap_or_default();
        if let Some(fields) = json.as_object_mut() {
            fields.insert("now".to_owned(), serde_json::to_value(now).unwrap_or_default());
            fields.insert("carrier".to_owned(), serde_json::to_value(carrier(request)).unwrap_or_default());
            // Nothing measured is a record without fields: `has()` answers.
            fields.entry("measured").or_insert_with(|| Json::Object(serde_json::Map::new()));
        }
        let lifted = VARIABLES.iter().filter_map(|variable| {
            let json = json.get(variable.name).unwrap_or(&Json::Null);
            match (lift(json, variable.kind), variable.null) {
                (Some(value), _) => Some((variable.name, value)),
                (None, Nullable::Maybe) => Some((variable.name, Value::Null)),
                (None, Nullable::Never) => None,
            }
        });
        Self { values: lifted.collect() }
    }

    pub(super) fn context<'p, 'v>(&self, env: Arc<Env>) -> Context<'p, 'v> {
        let mut context = Context::with_env(env);
        for (name, value) in &self.values {
            context.add_variable_from_value(*name, value.clone());
        }
        context
    }

    /// How many elements the longest list at a path has; `*` steps into every element of a list.
    pub(super) fn longest(&self, path: &[&str]) -> u64 {
        let Some((root, rest)) = path.split_first() else { return 0 };
        self.values.get(root).map_or(0, |value| longest(value, rest))
    }
}

/// The party that the notification names as its carrier.
fn carrier(request: &RiskRequest) -> Option<&Party> {
    let id = &request.notification.as_ref()?.carrier.id;
    request.parties.iter().find(|party| party.id == *id)
}

/// A value of the schema's kind; `None` where there is none.
fn lift(json: &Json, kind: Kind) -> Option<Value> {
    match kind {
        Kind::One(item) => one(json, item),
        Kind::List(item) => {
            let values: Vec<Value> = json.as_array()?.iter().filter_map(|json| one(json, item)).collect();
            Some(Value::List(Arc::new(values)))
        }
    }
}

fn one(json: &Json, item: Item) -> Option<Value> {
    match item {
        Item::Bool => json.as_bool().map(Value::Bool),
        Item::Int => json.as_i64().map(Value::Int),
        Item::Double => json.as_f64().map(Value::Float),
        Item::Text | Item::Word(_) => json.as_str().map(Value::from),
        Item::Plate => json.as_str().map(|plate| Value::from(fold(plate).as_str())),
        Item::Time => DateTime::parse_from_rfc3339(json.as_str()?).ok().map(Value::Timestamp),
        Item::Record(fields) => {
            let json = json.as_object()?;
            // The interpreter's own map: expressions can't go through a record, so that its order is never seen.
            let known = fields.iter().filter_map(|field| {
                let value = json.get(field.name).and_then(|json| lift(json, field.kind));
                let missing_list = || match (field.kind, field.presence) {
                    (Kind::List(_), Presence::Always) => Some(Value::List(Arc::default())),
                    (Kind::List(_) | Kind::One(_), Presence::Always | Presence::Sometimes) => None,
                };
                Some((Key::from(field.name), value.or_else(missing_list)?))
            });
            Some(Value::Map(Map { map: Arc::new(known.collect()) }))
        }
        Item::Any | Item::Null | Item::Span => None,
    }
}

fn longest(value: &Value, path: &[&str]) -> u64 {
    match (path.split_first(), value) {
        (None, Value::List(list)) => u64::try_from(list.len()).unwrap_or(u64::MAX),
        (Some((&"*", rest)), Value::List(list)) => list.iter().map(|value| longest(value, rest)).max().unwrap_or(0),
        (Some((field, rest)), Value::Map(map)) => {
            map.map.get(&Key::from(*field)).map_or(0, |value| longest(value, rest))
        }
        (None | Some(_), _) => 0,
    }
}
