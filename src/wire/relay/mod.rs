//! Arms and loops on Modbus relay boards: the bytes, and the machine that speaks them (devices.md §3).
//!
//! ```text
//!  Command(OpenAuthority) ─▶ Relay ─▶ Request ─▶ bytes ─▶ board
//!                              │  ▲                          │
//!          Observation ◀───────┘  └── Answer ◀── bytes ◀─────┘
//! ```
//! The board is the device of the contract here: this is where a command is taken once, in order, in time, and only
//! into an arm that is proved (invariants A10, A11, B1, B4, B8). The driver above only carries bytes.
//!
//! What it is not: a safety function. Crush protection is wired into the barrier's own controller and works without
//! this program; a zone that must be clear for a close, and a stop, come on top of it.

mod arm;
mod command;
mod feedback;
mod frame;
mod machine;
mod portal;
mod start;

pub use command::{Command, Fate, NotDone, Stamp};
pub use feedback::{Fault, Feedback, Limits};
pub use frame::{Answer, Broken, Contacts, Expected, Found, RTU_MAX_BYTES, Refused, Request, TCP_MAX_BYTES, crc};
pub use machine::{Event, Failure, Next, Relay};

#[cfg(test)]
mod tests;
