//! Weighbridge indicators: bytes into frames and requests into bytes, sans-IO.
//!
//! ```text
//!  bytes ─▶ Framer (one a protocol) ─▶ Decoded ─▶ Consensus ─▶ a weight that counts
//!  now, Decoded ─▶ Poller ─▶ bytes to send
//! ```
//!
//! One contract for every protocol: bytes go in as they come, frames come out; the buffer is bounded; after bytes that
//! are no frame it goes on with the next byte. Weights are whole numbers with their decimals, never floating point.

mod consensus;
mod field;
mod frame;
mod mt_sics;
mod pattern;
mod poll;
mod rinstrum;
mod scan;
mod sma;
mod st_gs;
mod tenso_m;
mod toledo;
mod xk3190;
mod xk3190_command;
mod xk3190_text;

#[cfg(test)]
mod tests;

pub use consensus::{Agreement, Consensus};
pub use frame::{Decoded, NoFrame, Reply, ScaleFrame, Settings, Weights, WhyNot, hex};
pub use poll::{AskFirst, Poller};

use crate::model::scale::{Dialect, StGsLayout, Xk3190Layout};
use scan::Scan;

/// Bytes in, frames out.
pub trait Framer: Send {
    /// Takes bytes as they came.
    fn push(&mut self, bytes: &[u8]);

    /// The next thing found, until there is none.
    fn next(&mut self) -> Option<Decoded>;

    /// Nothing more will come: what is left is no frame.
    fn finish(&mut self);
}

/// A fresh framer.
#[must_use]
pub fn framer(dialect: &Dialect) -> Box<dyn Framer> {
    match dialect {
        Dialect::Xk3190 { layout, checksum, unit } => match layout {
            Xk3190Layout::Manual | Xk3190Layout::SevenDigitsTenths => {
                Box::new(Scan::new(xk3190::Xk3190 { layout: *layout, unit: *unit }))
            }
            Xk3190Layout::EqualsReversed | Xk3190Layout::Equals | Xk3190Layout::EqualsPrice => {
                Box::new(Scan::new(xk3190_text::Equals { layout: *layout, unit: *unit }))
            }
            Xk3190Layout::A12 => Box::new(Scan::new(xk3190_text::A12::new(*checksum))),
        },
        Dialect::Xk3190Command { address, unit } => {
            Box::new(Scan::new(xk3190_command::Xk3190Command { address: *address, unit: *unit }))
        }
        Dialect::ToledoContinuous { layout, checksum } => Box::new(Scan::new(toledo::Toledo::new(*layout, *checksum))),
        Dialect::TensoM { address, checksum, unit } => {
            Box::new(Scan::new(tenso_m::TensoM::new(*address, *checksum, *unit)))
        }
        Dialect::MtSics => Box::new(Scan::new(mt_sics::MtSics::default())),
        Dialect::StGs { layout: StGsLayout::Standard, .. } => Box::new(Scan::new(st_gs::StGs)),
        Dialect::StGs { layout: StGsLayout::CasCi100, .. } => Box::new(Scan::new(st_gs::CasCi100)),
        Dialect::Sma => Box::new(Scan::new(sma::Sma::default())),
        Dialect::Rinstrum { layout, unit } => Box::new(Scan::new(rinstrum::Rinstrum { layout: *layout, unit: *unit })),
        Dialect::Pattern { pattern, unit, .. } => {
            Box::new(Scan::new(pattern::Pattern { pattern: pattern.clone(), unit: *unit }))
        }
    }
}
