//! The weighbridge: a platform that trucks stand on, and its indicator that speaks MT-SICS on a serial line.
//!
//! ```text
//!  lane (drives) ─▶ Platform ─ reading at an instant ─▶ Indicator ─ bytes ─▶ pty ─▶ the controller's serial port
//! ```
//!
//! [`speech`] has the indicators of every other protocol, for `lane-simulator devices` and for the tests of the whole program.
//!
//! The bytes are made here and nowhere else: the simulator shares no code with the controller's decoders, so that
//! an error of theirs can't hide behind the same error here.

mod indicator;
mod platform;
mod pty;
pub mod speech;

pub use indicator::{Answer, Indicator};
pub use platform::{Platform, Reading};
pub use pty::{Pty, PtyError};
