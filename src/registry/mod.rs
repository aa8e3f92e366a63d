//! The registry: what traders submitted (floor F2), durable, and in memory for the lanes.
//!
//! Documents go to the disk through one writer thread, all that waits as one transaction; a receipt is given only
//! then. Lookups are answered from memory, in microseconds, and never wait for the disk.
//!
//! A lower revision than the stored one is stale, the same one a duplicate; a withdrawn document leaves its revision
//! behind, so that an older upsert can't bring it back.

mod index;
mod store;
mod writer;

pub use store::RegistryError;
pub use writer::{Registry, RegistryFailure, SubmitDone, Submitted};

#[cfg(test)]
mod tests;
