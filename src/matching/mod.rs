//! Matching (floor F1, pure): whose vehicle is this, and what is wrong with its documents.
//!
//! ```text
//!  MatchQuery ─▶ canonical plates ─▶ index: who is near ─▶ score each ─▶ one clear winner ─▶ findings ─▶ MatchResult
//! ```
//!
//! Plates, countries, containers, documents, seals, times and directions all speak; a winner that is not clear is
//! ambiguous and holds, and everything that spoke is kept. A plate that was only nearly read finds its notification
//! and never opens by itself. What it does not do: store anything (the registry does), or decide (the lane does).
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod choose;
mod digits;
mod findings;
pub mod index;
mod limits;
mod limits_table;
mod papers;
mod plates;
mod policy;
mod score;
mod seen;
mod weight;

#[cfg(test)]
mod tests;

pub use choose::{Choice, Verdict, choose};
pub use findings::{Known, judge, judge_papers};
pub use limits::{judge_axle_sum, judge_limits};
pub use limits_table::{Combination, LimitsError, RoadLimits};
pub use plates::{FARTHEST, Part, PlateFit, SeenPlate, SeenPlates, canonical, compare};
pub use policy::{MatchPolicy, Misread, Required};
pub use score::Candidate;
pub use seen::SeenPapers;
pub use weight::{Tolerance, expected_kg, judge_weight};
