//! The indicator's answers: MT-SICS level 0 and the level 1 stream.
//!
//! ```text
//!  "SI\r\n" ─▶ take() ─▶ Answer::Now(bytes) | WhenStable | Stream | Nothing
//! ```
//! It knows no clock and no line: who holds it asks again when the load rests, and ticks while it streams.

use super::Reading;
use super::speech::sics::{self, Asked, When};
use super::speech::{Motion, Range, Shown, Side, Speech, Unit};

/// The longest command that it takes; the rest of a longer line is dropped and answered `ES`.
const COMMAND_MAX_BYTES: usize = 64;

/// What is to be sent for a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// These bytes, at once.
    Now(Vec<u8>),
    /// [`Indicator::weight`] once the load rests, or [`Indicator::timed_out`].
    WhenStable,
    /// [`Indicator::weight`] again and again.
    Stream,
    /// Nothing: the line isn't complete.
    Nothing,
}

/// An indicator: what it weighs in, and the line that it is being sent.
#[derive(Debug, Clone)]
pub struct Indicator {
    unit: Unit,
    decimals: u8,
    capacity: u32,
    serial: String,
    line: Vec<u8>,
}

impl Indicator {
    /// An indicator that shows whole kilograms.
    #[must_use]
    pub const fn kilograms(capacity: u32, serial: String) -> Self {
        Self { unit: Unit::Kilogram, decimals: 0, capacity, serial, line: Vec::new() }
    }

    /// Takes one byte of the line; the command is answered at its line feed.
    pub fn take(&mut self, byte: u8, reading: Reading) -> Answer {
        if byte != b'\n' {
            if self.line.len() <= COMMAND_MAX_BYTES {
                self.line.push(byte);
            }
            return Answer::Nothing;
        }
        let line = std::mem::take(&mut self.line);
        self.command(line.strip_suffix(b"\r").unwrap_or(&line), reading)
    }

    fn command(&self, command: &[u8], reading: Reading) -> Answer {
        match sics::asked(command, self.shown(reading), i64::from(self.capacity), &self.serial) {
            Asked::Nothing => Answer::Nothing,
            Asked::Weight(When::Now) => Answer::Now(self.weight(reading)),
            Asked::Weight(When::AtRest) => Answer::WhenStable,
            Asked::Weight(When::Again) => Answer::Stream,
            Asked::Reply(words) => Answer::Now(words.into_bytes()),
        }
    }

    /// A weight, stable or dynamic, or the sign of overload.
    #[must_use]
    pub fn weight(&self, reading: Reading) -> Vec<u8> {
        Speech::MtSics.frame(self.shown(reading))
    }

    fn shown(&self, reading: Reading) -> Shown {
        Shown {
            digits: i64::from(reading.kg),
            decimals: self.decimals,
            unit: self.unit,
            motion: if reading.stable { Motion::Still } else { Motion::Moving },
            side: Side::Gross,
            range: if reading.kg > self.capacity { Range::Over } else { Range::Within },
        }
    }

    /// The answer when the load did not come to rest in time.
    #[must_use]
    pub fn timed_out(&self) -> Vec<u8> {
        b"S I\r\n".to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STABLE: bool = true;
    const DYNAMIC: bool = false;

    /// A laboratory balance, because the published captures come from one; its readings are hundredths of a gram.
    fn balance() -> Indicator {
        Indicator {
            unit: Unit::Gram,
            decimals: 2,
            capacity: 100_000,
            serial: "B021002593".to_owned(),
            line: Vec::new(),
        }
    }

    fn bridge() -> Indicator {
        Indicator::kilograms(60_000, "LS-0001".to_owned())
    }

    fn ask(mut indicator: Indicator, command: &str, kg: u32, stable: bool) -> Answer {
        let mut last = Answer::Nothing;
        for byte in command.bytes() {
            assert_eq!(last, Answer::Nothing, "answered within the line");
            last = indicator.take(byte, Reading { kg, stable });
        }
        last
    }

    fn bytes(hex: &str) -> Answer {
        Answer::Now(hex.split(' ').map(|byte| u8::from_str_radix(byte, 16).expect("hex")).collect())
    }

    #[test]
    fn weights_are_the_captured_bytes() {
        let stable = bytes("53 20 53 20 20 20 20 20 31 30 30 2E 30 30 20 67 0D 0A");
        assert_eq!(ask(balance(), "SI\r\n", 10_000, STABLE), stable);
        let dynamic = bytes("53 20 44 20 20 20 20 20 31 32 39 2E 30 37 20 67 0D 0A");
        assert_eq!(ask(balance(), "SI\r\n", 12_907, DYNAMIC), dynamic);
        let overload = bytes("53 20 2B 0D 0A");
        assert_eq!(ask(balance(), "SI\r\n", 100_001, STABLE), overload);
        assert_eq!(balance().timed_out(), b"S I\r\n");
    }

    #[test]
    fn a_bridge_answers_in_whole_kilograms_right_aligned_in_ten() {
        assert_eq!(ask(bridge(), "SI\r\n", 40_180, STABLE), Answer::Now(b"S S      40180 kg\r\n".to_vec()));
        assert_eq!(ask(bridge(), "SI\r\n", 0, STABLE), Answer::Now(b"S S          0 kg\r\n".to_vec()));
    }

    #[test]
    fn commands_are_answered_by_the_letter_of_the_protocol() {
        for (command, kg, stable, expected) in [
            ("Z\r\n", 0, STABLE, "Z A\r\n"),
            ("Z\r\n", 0, DYNAMIC, "Z I\r\n"),
            ("Z\r\n", 20_000, STABLE, "Z +\r\n"),
            ("ZI\r\n", 0, DYNAMIC, "ZI D\r\n"),
            ("@\r\n", 0, STABLE, "I4 A \"LS-0001\"\r\n"),
            ("I4\r\n", 0, STABLE, "I4 A \"LS-0001\"\r\n"),
            ("si\r\n", 0, STABLE, "ES\r\n"),
            ("SIX\r\n", 0, STABLE, "ES\r\n"),
            ("\u{1}\r\n", 0, STABLE, "ES\r\n"),
        ] {
            assert_eq!(ask(bridge(), command, kg, stable), Answer::Now(expected.into()), "{command:?}");
        }
        assert_eq!(ask(bridge(), "S\r\n", 0, DYNAMIC), Answer::WhenStable);
        assert_eq!(ask(bridge(), "SIR\r\n", 0, STABLE), Answer::Stream);
        assert_eq!(ask(bridge(), "\r\n", 0, STABLE), Answer::Nothing);
    }

    #[test]
    fn a_line_without_end_costs_no_memory_and_the_next_command_is_answered() {
        let mut indicator = bridge();
        for _ in 0..10_000 {
            assert_eq!(indicator.take(b'S', Reading { kg: 0, stable: true }), Answer::Nothing);
        }
        assert!(indicator.line.len() <= COMMAND_MAX_BYTES + 1);
        assert_eq!(indicator.take(b'\n', Reading { kg: 0, stable: true }), Answer::Now(b"ES\r\n".to_vec()));
        assert_eq!(ask(indicator, "SI\r\n", 20, STABLE), Answer::Now(b"S S         20 kg\r\n".to_vec()));
    }
}
