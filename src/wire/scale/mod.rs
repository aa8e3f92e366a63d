//! Weighbridge indicators: bytes into frames, sans-IO.
//!
//! One contract for every protocol: bytes go in as they come, frames come out; the buffer is bounded; after bytes that
//! are no frame it goes on with the next byte. Weights are whole numbers with their decimals, never floating point.

mod mass;
pub mod mt_sics;

use std::fmt;

pub use mass::{Mass, Unit};

use crate::model::Stability;

/// One frame of an indicator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaleFrame {
    /// What stands on the platform.
    pub gross: Option<Mass>,
    /// What the indicator says of stability.
    pub stability: Stability,
    /// Above the range: no weight.
    pub overload: bool,
    /// Below the range: no weight.
    pub underload: bool,
    /// Why there is no weight although the indicator answered.
    pub fault: Option<&'static str>,
    /// The bytes as they came.
    pub raw: Vec<u8>,
}

/// What a framer found next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    /// A frame with a weight, or with the reason why there is none.
    Frame(ScaleFrame),
    /// An answer that carries no weight: to a command, or unsolicited.
    Reply(Reply),
    /// Bytes that are no frame.
    Skipped {
        /// The bytes.
        bytes: Vec<u8>,
        /// Why.
        why: &'static str,
    },
}

/// An answer without a weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// Carried out, or information.
    Accepted,
    /// The indicator doesn't know or can't do that.
    Refused,
}

/// Bytes in, frames out.
pub trait Framer: Send {
    /// Takes bytes as they came.
    fn push(&mut self, bytes: &[u8]);

    /// The next thing found, until there is none.
    fn next(&mut self) -> Option<Decoded>;
}

/// A scale protocol by its name in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Mettler Toledo Standard Interface Command Set, level 0 and 1.
    MtSics,
}

/// No such protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is no scale protocol; known: {}", Protocol::NAMES.join(", "))]
pub struct UnknownProtocol {
    found: String,
}

impl Protocol {
    /// All names.
    pub const NAMES: [&'static str; 1] = ["mt-sics"];

    /// The protocol of that name.
    ///
    /// # Errors
    /// When there is none; the message names those there are.
    pub fn from_name(name: &str) -> Result<Self, UnknownProtocol> {
        match name {
            "mt-sics" => Ok(Self::MtSics),
            _ => Err(UnknownProtocol { found: name.to_owned() }),
        }
    }

    /// A fresh framer.
    #[must_use]
    pub fn framer(self) -> Box<dyn Framer> {
        match self {
            Self::MtSics => Box::new(mt_sics::MtSics::default()),
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MtSics => "mt-sics",
        })
    }
}
