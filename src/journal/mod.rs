//! The journal: the disk of record (floor F2).
//!
//! ```text
//!  append(batch, done) ─ seal ─▶ bounded channel ─▶ writer thread: all that waits = one transaction ─▶ commit ─▶ done(receipt)
//!                          └─ keys: a file a day and class      └─ chain: BLAKE3 over canonical bytes and the previous hash
//!                                                       └─ now and then: a signed head over the tree of all hashes
//! ```
//!
//! Rules: one writer; nothing is acknowledged before its commit returned; a failed write is never tried again but
//! poisons the journal, and the process reads back from disk at its next start. Checkpoints run beside the writer. What
//! a start goes on from is looked at before anything is written; a journal that is damaged there is withheld.
//!
//! What it does not do: decide anything, or know what a record means beyond which passages are open and which of its
//! fields are personal.

mod access;
mod batch;
mod chain;
mod checkpoint;
mod head_key;
mod heads;
mod inspect;
mod reader;
mod requests;
mod rows;
mod salvage;
mod seal;
mod seeds;
mod selection;
mod shred;
mod space;
mod store;
mod verify;
mod writer;

pub use access::{Access, AccessError, AccessLog, AccessReport, Looked, PURPOSE_MAX_CHARS, Who};
pub use chain::{GENESIS, hash_record};
pub use head_key::{HeadKeyError, head_key, renew_head_key};
pub use heads::{HeadRules, make_key_known};
pub use reader::{OpenPassage, Reader, Selection, StoredRecord};
pub use requests::{Requests, ShredAnswer};
pub use salvage::{Salvage, SalvageError, salvage};
pub use seal::{KeyError, Sight, is_shredded};
pub use seeds::{SeedError, SeedVault};
pub use shred::{Cause, Plan, ShredError, ShredOrder, ShredRefusal, before_by_retention, plan};
pub use space::{Ballast, Room, SpaceLook};
pub use store::{Claim, FILE_NAME, JournalError};
pub use verify::{Damage, Report, verify};
pub use writer::{Batch, CommitStats, Committed, Done, Failure, Journal, Limits, Observer};

#[cfg(test)]
mod tests;
