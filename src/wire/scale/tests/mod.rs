//! Every framer against the manuals' bytes, broken bytes and noise.

mod encode;
mod noise;
mod poll;
mod robust;
mod vectors;

use super::{Decoded, Framer, ScaleFrame, framer};
use crate::model::Stability;
use crate::model::scale::{Dialect, DialectParts};

/// A dialect by `protocol key=value …`.
pub(super) fn dialect(text: &str) -> Dialect {
    let mut words = text.split(' ');
    let mut parts = DialectParts { protocol: words.next().expect("a protocol"), ..DialectParts::default() };
    for word in words {
        let (key, value) = word.split_once('=').expect("key=value");
        let place = match key {
            "layout" => &mut parts.layout,
            "checksum" => &mut parts.checksum,
            "address" => &mut parts.address,
            "unit" => &mut parts.unit,
            "pattern" => &mut parts.pattern,
            "request" => &mut parts.request,
            other => panic!("{other}"),
        };
        *place = Some(value);
    }
    Dialect::new(&parts).unwrap_or_else(|errors| panic!("{text}: {errors:?}"))
}

/// Everything that a framer has found.
pub(super) fn drain(framer: &mut dyn Framer) -> Vec<Decoded> {
    std::iter::from_fn(|| framer.next()).collect()
}

/// Everything in these bytes and nothing else.
pub(super) fn decode(dialect: &Dialect, bytes: &[u8]) -> Vec<Decoded> {
    let mut framer = framer(dialect);
    framer.push(bytes);
    framer.finish();
    drain(framer.as_mut())
}

/// The frames of what was found.
pub(super) fn frames(found: &[Decoded]) -> Vec<ScaleFrame> {
    let frame = |one: &Decoded| if let Decoded::Frame(frame) = one { Some(frame.clone()) } else { None };
    found.iter().filter_map(frame).collect()
}

/// `gross=40180 net=… tare=… kg stable zero`, or the reason.
pub(super) fn told(frame: &ScaleFrame) -> String {
    let mut words = Vec::new();
    match &frame.weights {
        Ok(weights) => {
            for (name, mass) in [("gross", weights.gross), ("net", weights.net), ("tare", weights.tare)] {
                words.extend(mass.map(|mass| format!("{name}={}", mass.to_kg_text())));
            }
        }
        Err(why) => words.push(format!("{why:?}")),
    }
    words.extend(frame.unit.map(|unit| unit.symbol().to_owned()));
    words.push(
        match frame.stability {
            Stability::Stable => "stable",
            Stability::Moving => "moving",
            Stability::Unknown => "unknown",
        }
        .to_owned(),
    );
    words.extend(frame.zero.map(|zero| if zero { "zero" } else { "not-zero" }.to_owned()));
    words.extend(frame.record.as_ref().map(|record| format!("record={record}")));
    words.join(" ")
}

/// Bytes of "02 2B …".
pub(super) fn bytes(hex: &str) -> Vec<u8> {
    hex.split_ascii_whitespace().map(|byte| u8::from_str_radix(byte, 16).expect("hex")).collect()
}
