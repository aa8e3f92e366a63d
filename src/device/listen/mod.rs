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
use tokio::time::sleep;

use super::line::Pause;
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
    mut stop: oneshot::Receiver<()>,
) {
    let mut driver = session::Driver::new(settings, clock, sink);
    let mut pause = Pause::new();
    loop {
        let worked = tokio::select! {
            worked = driver.session() => worked,
            _ = &mut stop => return,
        };
        if worked == session::Worked::Well {
            pause.worked();
        }
        tokio::select! {
            () = sleep(pause.take()) => {}
            _ = &mut stop => return,
        }
    }
}
