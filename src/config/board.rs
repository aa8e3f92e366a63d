//! Relay boards: where each kind keeps its relays and inputs, and who ends a pulse (presets: config/boards/).

use std::time::Duration;

use serde::Deserialize;

/// Relays or inputs of one board; more than any board on the market has.
pub const POINTS_MAX: u16 = 64;

/// One kind of board.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// For people.
    pub title: String,
    /// What the first terminal is called: 0 or 1.
    pub numbered_from: u16,
    /// Read by function 01, switched by function 05.
    pub relays: Block,
    /// Read by function 02.
    pub inputs: Block,
    /// Who ends a pulse.
    pub pulse: PulseMaker,
    /// Boards whose inputs can switch relays by themselves.
    #[serde(default)]
    pub modes: Option<Modes>,
}

/// A run of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// The first one.
    pub address: u16,
    /// How many.
    pub count: u16,
}

/// Who ends a pulse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum PulseMaker {
    /// The board: a crash of the controller leaves no contact closed.
    Board {
        /// Address of the first relay's pulse command (function 05).
        address: u16,
        /// What one of its value lasts, milliseconds.
        unit_ms: u16,
        /// Its largest value.
        most: u16,
    },
    /// The driver: on, wait, off; all relays are switched off before anything else at a start.
    Driver,
}

/// One register a relay that says what switches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Modes {
    /// The first relay's register.
    pub address: u16,
    /// The value for "by commands alone".
    pub normal: u16,
}

/// The presets by name.
const PRESETS: [(&str, &str); 5] = [
    ("waveshare", include_str!("../../config/boards/waveshare.toml")),
    ("generic", include_str!("../../config/boards/generic.toml")),
    ("moxa-iologik-e1214", include_str!("../../config/boards/moxa-iologik-e1214.toml")),
    ("icp-das-et-2260", include_str!("../../config/boards/icp-das-et-2260.toml")),
    ("icp-das-m-7000", include_str!("../../config/boards/icp-das-m-7000.toml")),
];

impl Board {
    /// The board that the configuration calls so.
    #[must_use]
    pub fn preset(name: &str) -> Option<Self> {
        let (_, text) = PRESETS.iter().find(|(known, _)| *known == name)?;
        toml::from_str(text).ok()
    }

    /// All names, for an error.
    #[must_use]
    pub fn presets() -> String {
        PRESETS.map(|(name, _)| name).join(", ")
    }

    /// The distance to the first address of what is printed as `number`.
    #[must_use]
    pub fn offset(&self, number: u16, block: Block) -> Option<u16> {
        number.checked_sub(self.numbered_from).filter(|offset| *offset < block.count)
    }

    /// What is printed beside the first and the last point of a block.
    #[must_use]
    pub const fn numbers(&self, block: Block) -> (u16, u16) {
        (self.numbered_from, self.numbered_from.saturating_add(block.count.saturating_sub(1)))
    }

    /// The value of the pulse command for `pulse`; `None` when the board can't time it so.
    #[must_use]
    pub fn pulse_value(unit_ms: u16, most: u16, pulse: Duration) -> Option<u16> {
        let unit = Duration::from_millis(unit_ms.into());
        let whole = pulse.as_micros().checked_rem(unit.as_micros())? == 0;
        let value = u16::try_from(pulse.as_micros().checked_div(unit.as_micros())?).ok()?;
        (whole && (1..=most).contains(&value)).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_a_board() {
        for (name, text) in PRESETS {
            let board: Board = toml::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!((1..=POINTS_MAX).contains(&board.relays.count), "{name}");
            assert!((1..=POINTS_MAX).contains(&board.inputs.count), "{name}");
            assert!(board.numbered_from <= 1, "{name}");
            assert!(Board::presets().contains(name));
        }
        assert_eq!(Board::preset("acme"), None);
    }

    #[test]
    fn terminals_are_named_as_they_are_printed() {
        let waveshare = Board::preset("waveshare").expect("a preset");
        assert_eq!(waveshare.offset(1, waveshare.relays), Some(0));
        assert_eq!(waveshare.offset(8, waveshare.relays), Some(7));
        assert_eq!(waveshare.offset(0, waveshare.relays), None);
        assert_eq!(waveshare.offset(9, waveshare.relays), None);
        let moxa = Board::preset("moxa-iologik-e1214").expect("a preset");
        assert_eq!((moxa.offset(0, moxa.inputs), moxa.offset(6, moxa.inputs)), (Some(0), None));
        assert_eq!(moxa.numbers(moxa.inputs), (0, 5));
    }

    #[test]
    fn a_board_times_whole_steps_only() {
        for (pulse_ms, value) in [(500, Some(5)), (100, Some(1)), (150, None), (0, None), (3_276_700, Some(0x7FFF))] {
            assert_eq!(Board::pulse_value(100, 0x7FFF, Duration::from_millis(pulse_ms)), value, "{pulse_ms}");
        }
        assert_eq!(Board::pulse_value(0, 1, Duration::from_millis(100)), None);
    }
}
