//! Matching (floor F1, pure): whose vehicle is this, and what is wrong with its documents.
//!
//! ```text
//!  MatchQuery ─▶ fold plates ─▶ choose among candidates ─▶ join the declaration ─▶ findings ─▶ MatchResult
//! ```
//!
//! Plates are compared folded and exactly; a document that a reader scanned names the notification directly. What it
//! does not do: store anything (the registry does), or decide (the lane does).
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod choose;
mod findings;
mod weight;

pub use choose::{Candidate, Choice, choose};
pub use findings::{Known, MatchPolicy, Required, judge};
pub use weight::{Tolerance, expected_kg, judge_weight};
