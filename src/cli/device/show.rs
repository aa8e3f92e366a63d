//! What a framer found, as the contract prints it.

use serde_json::{Map, Value, json};

use crate::model::Stability;
use crate::model::mass::Mass;
use crate::wire::scale::{Decoded, Reply, ScaleFrame, Settings, WhyNot, hex};

/// One JSON object.
pub(super) fn shown(found: &Decoded) -> Value {
    match found {
        Decoded::Frame(frame) => Value::Object(frame_shown(frame)),
        Decoded::Settings(Settings { max, division }) => {
            json!({ "settings": { "max_kg": max.map(kilograms), "division_kg": division.map(kilograms) } })
        }
        Decoded::Reply(reply) => {
            let reply = match reply {
                Reply::Accepted => "accepted",
                Reply::More => "more",
                Reply::Refused => "refused",
                Reply::Echo => "echo",
            };
            json!({ "reply": reply })
        }
        Decoded::Skipped { bytes, why } => json!({ "skipped": hex(bytes), "why": why.as_str() }),
    }
}

fn frame_shown(frame: &ScaleFrame) -> Map<String, Value> {
    let mut line = Map::new();
    let weights = frame.weights.unwrap_or_default();
    for (name, mass) in [("gross_kg", weights.gross), ("net_kg", weights.net), ("tare_kg", weights.tare)] {
        if let Some(mass) = mass {
            line.insert(name.into(), kilograms(mass));
        }
    }
    line.insert("unit".into(), frame.unit.map_or(Value::Null, |unit| unit.symbol().into()));
    let stability = match frame.stability {
        Stability::Stable => "stable",
        Stability::Moving => "moving",
        Stability::Unknown => "unknown",
    };
    line.insert("stability".into(), stability.into());
    if let Some(zero) = frame.zero {
        line.insert("zero".into(), zero.into());
    }
    match frame.weights {
        Ok(_) => {}
        Err(WhyNot::Overload) => drop(line.insert("overload".into(), true.into())),
        Err(WhyNot::Underload) => drop(line.insert("underload".into(), true.into())),
        Err(why) => drop(line.insert("fault".into(), why.as_str().into())),
    }
    if let Some(record) = &frame.record {
        line.insert("record".into(), record.as_str().into());
    }
    line.insert("raw".into(), hex(&frame.raw).into());
    line
}

/// The text is an exact decimal number.
fn kilograms(mass: Mass) -> Value {
    serde_json::from_str(&mass.to_kg_text()).unwrap_or(Value::Null)
}
