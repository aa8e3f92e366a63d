//! From frames to readings: agreement, rounding, and the indicator held against the configuration.

use super::ScaleEvent;
use crate::model::mass::Mass;
use crate::model::observation::Indicated;
use crate::model::{Timestamp, WeighMethod, WeightReading};
use crate::wire::scale::{Agreement, Consensus, ScaleFrame, Settings, hex};

/// What the configuration says of the scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Expected {
    /// Max, kilograms.
    pub max_kg: Option<i64>,
    /// Division, kilograms.
    pub division_kg: Option<i64>,
}

impl Expected {
    /// Whether there is anything to hold the indicator against.
    #[must_use]
    pub const fn is_any(self) -> bool {
        self.max_kg.is_some() || self.division_kg.is_some()
    }

    /// What differs between configuration and indicator, for people. What the indicator doesn't tell can't differ.
    #[must_use]
    pub fn difference(self, told: Settings) -> Option<String> {
        let differs = |what: &str, own: Option<i64>, told: Option<Mass>| match (own, told) {
            (Some(own), Some(told)) if !told.is_kg(own) => {
                Some(format!("the indicator's {what} is {told}, the configuration says {own} kg"))
            }
            _ => None,
        };
        differs("Max", self.max_kg, told.max).or_else(|| differs("division", self.division_kg, told.division))
    }
}

/// Takes frames, gives readings.
#[derive(Debug)]
pub(super) struct Weigher {
    expected: Expected,
    consensus: Consensus,
}

impl Weigher {
    pub(super) fn new(equal_frames: u8, expected: Expected) -> Self {
        Self { expected, consensus: Consensus::new(equal_frames, expected.division_kg.unwrap_or(0)) }
    }

    /// Frames on both sides of a gap don't agree.
    pub(super) fn forget(&mut self) {
        self.consensus.forget();
    }

    /// What a frame comes to; nothing while too few agree.
    pub(super) fn take(&mut self, frame: ScaleFrame, at: Timestamp) -> Option<ScaleEvent> {
        let gross = match frame.gross() {
            Ok(gross) => gross,
            Err(why) => {
                self.consensus.forget();
                return Some(ScaleEvent::Unusable { why });
            }
        };
        match self.consensus.take(gross, frame) {
            Agreement::Agreed(frame) | Agreement::Differing(frame) => {
                frame.gross().ok().map(|gross| ScaleEvent::Reading(self.reading(gross, &frame, at)))
            }
            Agreement::Waiting => None,
        }
    }

    /// Rounded to the division as the display has it; what the indicator sent stands beside it.
    fn reading(&self, gross: Mass, frame: &ScaleFrame, at: Timestamp) -> WeightReading {
        let weights = frame.weights.unwrap_or_default();
        let indicated = Indicated {
            gross_kg: gross.to_kg_text(),
            net_kg: weights.net.map(Mass::to_kg_text),
            tare_kg: weights.tare.map(Mass::to_kg_text),
            record: frame.record.clone(),
        };
        WeightReading {
            gross_kg: gross.to_division(self.expected.division_kg.unwrap_or(1)),
            stability: frame.stability,
            method: WeighMethod::Static,
            axles_kg: None,
            spacings_cm: None,
            indicated: Some(indicated),
            raw: Some(hex(&frame.raw)),
            at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Stability;
    use crate::model::mass::Unit;
    use crate::model::scale::{Dialect, DialectParts};
    use crate::wire::scale::{Decoded, WhyNot, framer};

    fn frames(protocol: &str, bytes: &[u8]) -> Vec<ScaleFrame> {
        let parts = DialectParts { protocol, ..DialectParts::default() };
        let mut framer = framer(&Dialect::new(&parts).expect("fits"));
        framer.push(bytes);
        let found = std::iter::from_fn(|| framer.next());
        found.filter_map(|found| if let Decoded::Frame(frame) = found { Some(frame) } else { None }).collect()
    }

    fn readings(weigher: &mut Weigher, frames: Vec<ScaleFrame>) -> Vec<ScaleEvent> {
        frames.into_iter().filter_map(|frame| weigher.take(frame, Timestamp::from_unix_micros(0))).collect()
    }

    #[test]
    fn a_reading_is_rounded_to_the_division_and_keeps_what_was_sent() {
        let expected = Expected { division_kg: Some(10), max_kg: None };
        let mut weigher = Weigher::new(1, expected);
        // A port that sends 85.0 kg while the display shows 80 or 90.
        let events = readings(&mut weigher, frames("st-gs", b"ST,GS,+00085.0kg\r\n"));
        let [ScaleEvent::Reading(reading)] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!((reading.gross_kg, reading.stability), (90, Stability::Stable));
        assert_eq!(reading.indicated.as_ref().expect("told").gross_kg, "85");
        assert_eq!(reading.raw.as_deref(), Some("53542c47532c2b30303038352e306b67"));
    }

    #[test]
    fn a_frame_without_a_gross_weight_is_told_with_its_reason_and_breaks_the_row() {
        let mut weigher = Weigher::new(2, Expected::default());
        let line = b"ST,GS,+040180kg\r\nOL,GS,+999999kg\r\nST,GS,+040180kg\r\nST,NT,+040180kg\r\n";
        let events = readings(&mut weigher, frames("st-gs", line));
        let why = [WhyNot::Overload, WhyNot::NetOnly].map(|why| ScaleEvent::Unusable { why });
        assert_eq!(events, why);
    }

    #[test]
    fn net_and_tare_of_the_indicator_stand_beside_the_gross_weight() {
        let mut weigher = Weigher::new(1, Expected::default());
        let events = readings(&mut weigher, frames("toledo-continuous", b"\x0221 024680015500\r"));
        let [ScaleEvent::Reading(reading)] = events.as_slice() else { panic!("{events:?}") };
        let indicated = reading.indicated.clone().expect("told");
        assert_eq!(reading.gross_kg, 40_180);
        assert_eq!((indicated.net_kg.as_deref(), indicated.tare_kg.as_deref()), (Some("24680"), Some("15500")));
    }

    #[test]
    fn another_indicator_than_the_configured_one_is_named() {
        let kg = |mantissa| Some(Mass { mantissa, decimals: 0, unit: Unit::Kilogram });
        let expected = Expected { max_kg: Some(60_000), division_kg: Some(20) };
        assert_eq!(expected.difference(Settings { max: kg(60_000), division: kg(20) }), None);
        assert_eq!(expected.difference(Settings { max: None, division: None }), None);
        let difference = |max, division| expected.difference(Settings { max: kg(max), division: kg(division) });
        assert_eq!(
            difference(80_000, 20).as_deref(),
            Some("the indicator's Max is 80000 kg, the configuration says 60000 kg")
        );
        assert!(difference(60_000, 50).is_some_and(|told| told.contains("division is 50 kg")));
    }
}
