//! The identifiers of the field (floor F0, pure): plates and document numbers as types that parse, check and print.
//!
//! ```text
//!  what a camera, a kiosk or a trader wrote ─▶ one canonical form ─▶ compared, indexed, shown
//! ```
//!
//! A check digit raises confidence and never identifies alone; nothing here guesses a number. What it does not do:
//! look anything up, or judge a vehicle (matching does).
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod number;
pub mod plate;

pub use number::{NumberKey, number_key};
