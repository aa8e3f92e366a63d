//! The journal: the disk of record (floor F2).
//!
//! ```text
//!  append(batch, done) ─▶ bounded channel ─▶ writer thread: all that waits = one transaction ─▶ commit ─▶ done(receipt)
//!                                                       └─ chain: BLAKE3 over canonical bytes and the previous hash
//! ```
//!
//! Rules: one writer; nothing is acknowledged before its commit returned; a failed write is never tried again but
//! poisons the journal, and the process reads back from disk at its next start. Checkpoints run beside the writer. What
//! a start goes on from is looked at before anything is written; a journal that is damaged there is withheld.
//!
//! What it does not do: decide anything, or know what a record means beyond which passages are open.

mod chain;
mod checkpoint;
mod inspect;
mod reader;
mod rows;
mod salvage;
mod seeds;
mod selection;
mod space;
mod store;
mod verify;
mod writer;

pub use chain::{GENESIS, hash_record};
pub use reader::{OpenPassage, Reader, Selection, StoredRecord};
pub use salvage::{Salvage, SalvageError, salvage};
pub use seeds::{SeedError, SeedVault};
pub use space::{Ballast, Looked, Room};
pub use store::{Claim, FILE_NAME, JournalError};
pub use verify::{Damage, Report, verify};
pub use writer::{Batch, CommitStats, Committed, Done, Failure, Journal, Limits, Observer};

#[cfg(test)]
mod tests;
