//! Relay boards on a line: bytes carried, nothing decided (the rules are in `wire::relay`).
//!
//! ```text
//!  LineHandle ─ command, report ─▶ line task ─ one request at a time ─▶ tty | socket ─▶ boards
//!                                     └─▶ sink(LineEvent)
//! ```
//! One task owns a line and all boards on it (invariant A12). A port is opened exclusively; a socket that swallowed the
//! answer to a pulse is reset, so that nothing of it reaches the board later.

mod handle;
mod line;
mod transport;

use crate::wire::relay::Event;

pub use handle::{LineHandle, NotTaken};
pub use line::{LineSettings, run};

/// What became of one exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exchange {
    /// Answered as it should be.
    Answered,
    /// No answer in time.
    Silent,
    /// The board refused.
    Refused,
    /// The line is gone.
    Cut,
}

/// What the driver reports.
#[derive(Debug, Clone, PartialEq)]
pub enum LineEvent {
    /// A board has something to tell.
    Board(Event),
    /// The line is open.
    Opened,
    /// The line is not open, or not any more; told once a reason.
    Cut {
        /// For people.
        reason: String,
    },
    /// An exchange with the board of this index ended.
    Exchanged(usize, Exchange),
    /// Bytes on the line that belong to no answer.
    Garbled {
        /// How many.
        bytes: usize,
    },
}
