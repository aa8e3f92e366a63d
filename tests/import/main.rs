//! Foreign documents: samples against golden JSON, broken files and where their faults are, and the real binary that
//! imports and shows them, on a data directory and through a real broker.

mod broken;
mod broker;
mod command;
mod golden;
#[path = "../support/mod.rs"]
mod support;
mod variants;
