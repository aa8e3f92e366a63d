#![no_main]
//! An operator's expression: taken or refused, never more than its limits, and read by without a panic.

use lane_controller::model::mass::Unit;
use lane_controller::model::scale::{Dialect, WeightPattern};
use lane_controller::wire::scale::framer;

libfuzzer_sys::fuzz_target!(|input: (&str, &[u8])| {
    let (source, bytes) = input;
    let Ok(pattern) = WeightPattern::new(source) else { return };
    let mut framer = framer(&Dialect::Pattern { pattern, unit: Unit::Kilogram, request: None });
    framer.push(bytes);
    framer.finish();
    while framer.next().is_some() {}
});
