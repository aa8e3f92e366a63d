//! Devices that speak by themselves: document readers and radiation portals on a tty or a serial device server.
//!
//! ```text
//!  line ─ bytes ─▶ Ear (framer, or the portal's machine) ─▶ ListenEvent ─▶ the actor
//!    ▲              │
//!    └── answers ◀──┘
//! ```
//! A reader has nothing to say for hours: it is there while its line can be held open. A portal tells its background
//! every few seconds: it is lost when it falls silent. What it said before is never repeated.

mod ear;
mod session;

use std::time::Duration;

use tokio::sync::oneshot;

pub use super::line::Telling;

use super::line;
use crate::model::reader::{PortalProtocol, ReaderProtocol};
use crate::model::scale::{LineFormat, ScalePort};
use crate::model::{DocumentScan, RadiationReading, Timestamp};

/// What a device speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    /// It reads documents.
    Document(ReaderProtocol),
    /// It measures radiation.
    Radiation {
        /// Its protocol.
        protocol: PortalProtocol,
        /// Silence after which it counts as lost.
        silence: Duration,
    },
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenSettings {
    /// Where the device is plugged in.
    pub port: ScalePort,
    /// Bits a second.
    pub baud: u32,
    /// How bytes are framed.
    pub line: LineFormat,
    /// What it speaks.
    pub speaks: Speaks,
    /// How much is told.
    pub telling: Telling,
}

/// What the driver reports.
#[derive(Debug, Clone, PartialEq)]
pub enum ListenEvent {
    /// The device is there.
    Found,
    /// A document was read.
    Document(DocumentScan),
    /// A portal's verdict, and what made it a fault.
    Radiation(RadiationReading, Option<&'static str>),
    /// The same document again within a second.
    Duplicate,
    /// Bytes that were not understood, and why.
    Refused(&'static str),
    /// Bytes as they came ([`Telling::Everything`]).
    Received(Vec<u8>),
    /// Bytes as they were sent ([`Telling::Everything`]).
    Sent(Vec<u8>),
    /// The device is away.
    Lost {
        /// For people.
        reason: String,
    },
}

/// Drives a line until told to stop. `sink` must not block.
pub async fn run(
    settings: ListenSettings,
    clock: impl Fn() -> Timestamp + Send,
    sink: impl FnMut(ListenEvent) + Send,
    stop: oneshot::Receiver<()>,
) {
    line::drive(session::Driver::new(settings, clock, sink), stop).await;
}
