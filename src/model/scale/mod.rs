//! How a weighbridge indicator is reached and what it speaks: what the configuration and the command line say of it.
//!
//! ```text
//!  keys of [lane.scale], options of `device` ─▶ Dialect, ScalePort, LineFormat ─▶ wire::scale, device::scale
//! ```

mod dialect;
mod line;
mod parts;
mod pattern;
mod protocol;

pub use dialect::{Dialect, TENSO_M_ADDRESS, XK3190_ADDRESS};
pub use line::{LineError, LineFormat, Parity, ScalePort};
pub use parts::{DialectError, DialectParts};
pub use pattern::{PATTERN_MAX_BYTES, PatternError, WeightPattern};
pub use protocol::{Checksum, Protocol, RinstrumLayout, StGsLayout, ToledoLayout, UnknownProtocol, Xk3190Layout};
