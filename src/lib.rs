//! `lane-controller` runs the lanes of road border crossing points.
//!
//! ```text
//! tty / MQTT bytes ─ device/ ─▶ wire/ frame ─▶ model::Observation ─▶ lane/ (input) ─▶ effects
//!                                                                       │
//!    Record(decision) ─▶ journal/ ─▶ durable ─▶ Recorded(receipt) ──────┤   only then
//!                                                                       ├─▶ Open(OpenAuthority) ─▶ wire/ ─▶ device/ ─▶ barrier
//!    Match ─▶ registry/ + matching/ ─▶ Matched ─────────────────────────┤
//!    AskRisk ─▶ risk/ + RMS over MQTT ─▶ Decided ───────────────────────┤
//!                                                                       └─▶ LaneState ─▶ MQTT, web/, metrics
//! ```
//!
//! Floors, top to bottom: `cli`, `web`, `metrics`; `actor`; `device`; `journal`, `registry`; the pure `lane`,
//! `matching`, `risk`, `wire`; `model`, `domain`, `config`. A file imports from its own folder and from floors below.

pub mod actor;
pub mod cli;
pub mod config;
pub mod device;
pub mod domain;
pub mod journal;
pub mod lane;
pub mod matching;
pub mod metrics;
pub mod model;
pub mod registry;
pub mod risk;
pub mod web;
pub mod wire;
