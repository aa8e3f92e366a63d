//! Vehicle plates: from what was written or read to one form, and how near one is to another.
//!
//! ```text
//!  text ─ fold ─▶ Folded ─ Templates::canonical ─▶ the form that is compared and indexed
//!                    │           ▲ config/plates.toml
//!                    ├─ skeleton ─▶ what the fuzzy index hashes     reads ─ vote ─▶ Verdict
//!                    └─ distance ─▶ how far a read is from a plate
//! ```
//!
//! First of all no two plates of the countries in the file become one; then misread glyphs are settled where their slot leaves no
//! choice; then all is fast enough to run on every read and every notification. What it does not do: find a plate, or
//! decide what a distance or a conflict means for a vehicle.

mod distance;
mod file;
mod fold;
mod glyph;
mod pattern;
mod shape;
mod skeleton;
mod templates;
#[cfg(test)]
mod tests;
mod vote;

pub use distance::{Cost, LONGEST, distance};
pub use file::TemplateError;
pub use fold::{Folded, fold};
pub use skeleton::{SKELETON_MAX, Skeleton, skeleton};
pub use templates::{SLOTS_MAX, Settled, Templates};
pub use vote::{Ballot, Confidence, Conflict, Standing, Verdict, vote};
