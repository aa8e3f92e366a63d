//! The registry: what traders submitted (floor F2), durable, and found by what lanes see.
//!
//! ```text
//!  document ─▶ writer (one thread, all that waits is one transaction) ─▶ store ─▶ receipt
//!                                                                          └─▶ index: plates, in memory
//!  MatchQuery ─▶ index: numbers that are near ─▶ shelf: whole documents ─▶ matching: choice, findings
//! ```
//!
//! A receipt is given only once its document is durable. Memory holds what a plate may mean; whole documents are read
//! from the disk when a lane asks, the last ones kept at hand.
//!
//! A lower revision than the stored one is stale, the same one a duplicate; a withdrawn document leaves its revision
//! behind, so that an older upsert can't bring it back.

mod find;
mod handle;
mod index;
mod keys;
mod load;
mod reader;
mod shelf;
mod store;
mod view;
mod writer;

pub use handle::{AssessDone, Dossier, Registry, RegistryFailure, SubmitDone, Submitted};
pub use reader::{Reader, Reference, StoredDocument, Use};
pub use store::RegistryError;
pub use view::View;

#[cfg(test)]
mod tests;
