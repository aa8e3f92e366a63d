//! Relay boards with a traffic arm behind each, on a socket or a pseudo-terminal.
//!
//! ```text
//!  controller ─ Modbus TCP ─▶ Socket ─┐                 ┌─▶ relays ─▶ Arm ─▶ limits ─┐
//!  controller ─ Modbus RTU ─▶ Line  ──┴─▶ Cabinet (unit) ┴── inputs ◀────────────────┘
//! ```
//! The bytes are its own, held against the vectors of the boards' manuals and never against the controller's code: it
//! uses nothing of the controller. A [`Cabinet`] counts the pulses that reach each contact, as a barrier with a memory
//! does, and can be made to misbehave while it runs.

mod arm;
mod bytes;
mod cabinet;
mod line;
mod socket;

pub use cabinet::{Cabinet, Kind, Trouble};
pub use line::Line;
pub use socket::{Carries, Socket};

/// Relay of the OPEN contact.
pub const OPEN: usize = 0;
/// Relay of the CLOSE contact.
pub const CLOSE: usize = 1;
/// Relay of the STOP contact.
pub const STOP: usize = 2;
/// Input of the open limit.
pub const OPENED: usize = 0;
/// Input of the closed limit.
pub const CLOSED: usize = 1;
/// Relays of a board, and as many inputs.
pub const POINTS: usize = 8;
