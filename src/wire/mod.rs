//! Bytes and JSON to and from the model (floor F1, pure): topics, payloads, registry documents, scale protocols.
//!
//! What comes from outside is checked for size and depth before it is parsed, and an error names the place in it.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod barrier;
pub mod bounds;
pub mod camera;
pub mod event;
pub mod import;
pub mod payload;
pub mod radiation;
pub mod reader;
pub mod registry;
pub mod relay;
pub mod risk;
pub mod scale;
pub mod signature;
pub mod topic;
