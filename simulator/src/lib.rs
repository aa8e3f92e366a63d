//! sim
pub mod broker;
