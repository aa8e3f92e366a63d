//! MT-SICS level 0 and the level 1 stream: what a command asks an indicator for.

use super::{Motion, Shown, Side};

/// What is to be sent for a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Nothing: the line was empty.
    Nothing,
    /// The weight.
    Weight(When),
    /// These words.
    Reply(String),
}

/// When the weight is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// At once.
    Now,
    /// Once the load rests.
    AtRest,
    /// Again and again.
    Again,
}

/// A command, without its end, to an indicator that shows `shown`; `max` in its digits.
#[must_use]
pub fn asked(command: &[u8], shown: Shown, max: i64, serial: &str) -> Asked {
    let rests = shown.motion == Motion::Still;
    let tare = match shown.side {
        Side::Net { tare } => tare,
        Side::Gross => 0,
    };
    let reply = match command {
        b"" => return Asked::Nothing,
        b"S" => return Asked::Weight(When::AtRest),
        b"SI" => return Asked::Weight(When::Now),
        b"SIR" => return Asked::Weight(When::Again),
        // Zero can be set within 2 % of Max.
        b"Z" if shown.digits.abs() > max / 50 => "Z +".to_owned(),
        b"ZI" if shown.digits.abs() > max / 50 => "ZI +".to_owned(),
        b"Z" => if rests { "Z A" } else { "Z I" }.to_owned(),
        b"ZI" => if rests { "ZI S" } else { "ZI D" }.to_owned(),
        b"TA" => format!("TA A {tare:>10} {}", shown.unit.symbol()),
        b"I2" => format!("I2 A \"SIM {max} {}\"", shown.unit.symbol()),
        b"@" | b"I4" => format!("I4 A \"{serial}\""),
        _unknown => "ES".to_owned(),
    };
    Asked::Reply(format!("{reply}\r\n"))
}
