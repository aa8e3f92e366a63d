//! What the bytes of a line say, whatever the device is.

use std::time::Duration;

use super::Speaks;
use crate::model::reader::PortalProtocol;
use crate::model::{RadiationReading, Timestamp};
use crate::wire::radiation::{Portal, Told};
use crate::wire::reader::{Framer, Read, framer};

/// What was heard.
#[derive(Debug)]
pub(super) enum Heard {
    /// Something that proves that the device speaks its protocol.
    Sign,
    /// A document's text.
    Document(String),
    /// A portal's verdict.
    Radiation(RadiationReading, Option<&'static str>),
    /// Bytes to be sent.
    Answer(Vec<u8>),
    /// Bytes that were not understood.
    Refused(&'static str),
}

/// One device's protocol.
pub(super) enum Ear {
    Reader(Box<dyn Framer>),
    Portal(Box<Portal>),
}

impl Ear {
    pub(super) fn new(speaks: Speaks) -> Self {
        match speaks {
            Speaks::Document(protocol) => Self::Reader(framer(protocol)),
            Speaks::Radiation { protocol: PortalProtocol::RpmLines, .. } => Self::Portal(Box::default()),
        }
    }

    pub(super) fn hear(&mut self, bytes: &[u8], at: Timestamp) {
        match self {
            Self::Reader(framer) => framer.push(bytes),
            Self::Portal(portal) => portal.push(bytes, at),
        }
    }

    /// Nothing came for the patience of the protocol.
    pub(super) fn quiet(&mut self, at: Timestamp) {
        match self {
            Self::Reader(framer) => framer.quiet(),
            Self::Portal(portal) => portal.quiet(at),
        }
    }

    pub(super) fn patience(&self) -> Duration {
        match self {
            Self::Reader(framer) => framer.patience(),
            Self::Portal(portal) => portal.patience(),
        }
    }

    /// The line is gone: what is unfinished stays so.
    pub(super) fn interrupt(&mut self, at: Timestamp) {
        match self {
            Self::Reader(framer) => framer.quiet(),
            Self::Portal(portal) => portal.interrupt(at),
        }
    }

    pub(super) fn next(&mut self) -> Option<Heard> {
        Some(match self {
            Self::Reader(framer) => match framer.next()? {
                Read::Text(text) => Heard::Document(text),
                Read::Answer(bytes) => Heard::Answer(bytes),
                Read::Skipped { why, .. } => Heard::Refused(why.as_str()),
            },
            Self::Portal(portal) => match portal.take()? {
                Told::Line => Heard::Sign,
                Told::Reading(reading, why) => Heard::Radiation(reading, why),
                Told::Refused(why) => Heard::Refused(why.as_str()),
            },
        })
    }
}
