//! Plate readers of all makes: their own JSON and XML into the contract's PlateRead, by a preset.
//!
//! ```text
//! body ─ multipart? ─▶ XML or JSON ─▶ Document (one tree) ─ Preset ─▶ Reading: PlateReads, or why there is none
//! ```
//!
//! A preset is a TOML file (`config/cameras/`, or the operator's own): which messages a camera sends, and where each
//! value stands in them. What it declares (scale, zone, country codes) is never guessed, and what isn't as declared is
//! refused with its place. The id of a read is the same for every repeat of an event.
//!
//! What it does not do: trust a device's clock, keep pictures, or decide whether a read is late or known.

mod builtin;
mod clock;
mod country;
mod document;
mod json;
mod map;
mod multipart;
mod parse;
mod preset;
mod xml;

pub use builtin::{BUILTIN, Library, NoSuchPreset};
pub use document::{Document, Unreadable};
pub use map::{Mapped, Reading, Seat};
pub use parse::PresetError;
pub use preset::{Answer, Ignored, Movement, Preset};
