//! The lane machine: one vehicle after another through one lane, sans-IO (floor F1, pure).
//!
//! ```text
//!              evidence        match, risk         Record ── Recorded         arm open        arm closed
//!  vacant ──▶ occupied ──────▶ assessing ─────────▶ authorising ─────▶ releasing ──────▶ clearing ──▶ vacant
//!                 └──────────────┴──▶ held ◀─────────┴──────────────────┴────────────────┘
//!                                      └── officer's order ──▶ authorising
//! ```
//!
//! The contract with the shell: call [`Machine::handle`] with one input, drain [`Machine::poll_effect`] to the
//! end (answers to `Effect::Match` may be handed in at once, before the rest is drained: the records of a turn
//! leave as one batch, last), then sleep until [`Machine::poll_timeout`] or the next input.
//!
//! Priorities, in this order: nothing opens without a durable, unexpired, single-use authority for the vehicle
//! in the lane; on doubt the lane holds; no timeout releases; a lawful truck doesn't wait for the machine.
//!
//! What it does not do: read clocks, draw randomness, parse bytes, choose among notifications, judge risk. It is
//! not a safety function: crush protection is the barrier's own.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod admit;
mod arm;
mod arrival;
mod assess;
mod by_hand;
mod call;
mod decide;
mod devices;
mod early;
mod evidence;
mod faults;
mod finish;
mod guard;
mod health;
mod ids;
mod intrusion;
mod io;
mod leave;
mod loops;
mod machine;
mod orders;
mod pair;
mod passage;
mod plates;
mod presence;
mod release;
mod restore;
mod room;
mod roster;
mod seals;
mod setup;
mod show;
mod texts;
mod timer;
mod traffic;
mod weigh;

#[cfg(test)]
mod tests;

pub use guard::Guard;
pub use io::{Clock, Effect, Happening, Input, Intrusion, Link, Room, Step};
pub use loops::{Half, LoopFault, LoopName};
pub use machine::Machine;
pub use restore::Restored;
pub use roster::LossCause;
pub use setup::{ArmSetup, CameraSetup, Evidence, LaneSetup, LoopSetup, Pair, ScaleSetup};
pub use timer::Timer;
pub use weigh::Unused;
