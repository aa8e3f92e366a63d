//! A weighbridge on a line: opened by its path or address, asked where it has to be, read, and opened again whenever it
//! is gone.
//!
//! ```text
//!  port ─ bytes ─▶ Framer ─▶ Weigher (agreement, rounding) ─▶ ScaleEvent ─▶ the actor
//!    ▲                │
//!    └──── Poller ◀───┴─▶ LineWatch ─▶ Diagnosis
//! ```
//! No weight is ever repeated: what is told is a frame that came now. A line that falls silent is lost, not its last
//! weight kept.

mod diagnosis;
mod session;
mod weigh;

use std::time::Duration;

use tokio::sync::oneshot;

pub use diagnosis::{Diagnosis, LineWatch};
pub use weigh::Expected;

pub use super::line::Telling;

use super::line;
use crate::model::scale::{Dialect, LineFormat, ScalePort};
use crate::model::{Timestamp, WeightReading};
use crate::wire::scale::{Decoded, WhyNot};

/// Silence after which the scale counts as lost (hazard 16).
const SILENCE: Duration = Duration::from_secs(3);
/// A line without a frame for so long is opened anew: the other end of a connection may be gone, and what the framer
/// took for the indicator's settings may have been noise.
const REOPEN_AFTER: Duration = Duration::from_secs(10);
/// Bits a second unless the configuration says otherwise.
pub const BAUD_DEFAULT: u32 = 9_600;

/// One line.
#[derive(Debug, Clone)]
pub struct ScaleSettings {
    /// Where the indicator is plugged in.
    pub port: ScalePort,
    /// Bits a second.
    pub baud: u32,
    /// How bytes are framed.
    pub line: LineFormat,
    /// What the indicator speaks.
    pub dialect: Dialect,
    /// Frames in a row that must agree.
    pub equal_frames: u8,
    /// What the configuration says of the scale.
    pub expected: Expected,
    /// Silence after which the scale counts as lost.
    pub silence: Duration,
    /// Time without a frame after which the line is opened anew; longer than `silence`.
    pub reopen_after: Duration,
    /// How much is told.
    pub telling: Telling,
}

impl ScaleSettings {
    /// A line with the usual rate, format and silence.
    #[must_use]
    pub fn new(port: ScalePort, dialect: Dialect) -> Self {
        Self {
            port,
            baud: BAUD_DEFAULT,
            line: LineFormat::default(),
            equal_frames: dialect.equal_frames(),
            dialect,
            expected: Expected::default(),
            silence: SILENCE,
            reopen_after: REOPEN_AFTER,
            telling: Telling::Readings,
        }
    }
}

/// What the driver reports.
#[derive(Debug, Clone, PartialEq)]
pub enum ScaleEvent {
    /// Frames come.
    Found,
    /// A weight.
    Reading(WeightReading),
    /// The indicator answers, but has no gross weight.
    Unusable {
        /// Why.
        why: WhyNot,
    },
    /// No frames any more.
    Lost {
        /// For people.
        reason: String,
        /// What the line shows.
        diagnosis: Diagnosis,
    },
    /// Bytes that are no frame; at most once a second.
    Garbled {
        /// How many.
        skipped_bytes: usize,
    },
    /// What the line shows has changed.
    Line(Diagnosis),
    /// Bytes as they came ([`Telling::Everything`]).
    Received(Vec<u8>),
    /// Bytes as they were sent ([`Telling::Everything`]).
    Sent(Vec<u8>),
    /// What the framer found ([`Telling::Everything`]).
    Decoded(Decoded),
}

/// Drives a line until told to stop. `sink` must not block.
pub async fn run(
    settings: ScaleSettings,
    clock: impl Fn() -> Timestamp + Send,
    sink: impl FnMut(ScaleEvent) + Send,
    stop: oneshot::Receiver<()>,
) {
    line::drive(session::Driver::new(settings, clock, sink), stop).await;
}
