//! Risk (floor F1, pure): what the edge itself finds risky, and one decision from everything that is known.
//!
//! ```text
//!  RiskRequest ─▶ profile (criteria) ─▶ selection (draw, quota) ─┐
//!  RMS ─▶ its decision, its agencies, or its silence ────────────┼─ merge ─▶ RiskAnswer: the strictest of all
//!  findings ─▶ hold by themselves, in the lane ──────────────────┘
//! ```
//!
//! A stricter word always wins (invariant A7), and nothing that is missing makes a decision weaker (A6). What it does
//! not do: ask the RMS (the gateway's work), judge documents (matching's), or keep secrets and records.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod gateway;
mod merge;
pub mod profile;
pub mod selection;
mod words;

pub use merge::{Degraded, Parts, Rms, Strictness, merge, strictness};
pub use words::stricter;

#[cfg(test)]
mod tests;
