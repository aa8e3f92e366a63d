//! Tamper evidence of the journal, for auditors who trust nobody: the chain, the Merkle tree over it, signed heads, and
//! the proofs between them. The controller writes with this library and the program `journal-verify` reads with it.
//!
//! ```text
//!  record ─▶ canonical bytes ─▶ BLAKE3 with the hash before it = the record's hash     (chain)
//!                                      │ leaf
//!                                      ▼
//!                  RFC 6962 tree over all hashes, SHA-256 ─▶ root                        (tree)
//!                                      │ site, epoch, size, root, last hash, time
//!                                      ▼
//!                          Ed25519 signature = a signed head ─▶ witness                 (head)
//! ```
//!
//! A head that left the site binds every record up to its size: who rewrites the journal and its chain afterwards can't
//! make the tree come out at the same root. An inclusion proof shows that a record is under a head, a consistency proof
//! that one head continues another; both need nothing but the public key.
//!
//! What it does not do: write, repair, or know what a record means.

mod chain;
mod head;
mod hex;
mod proof;
mod prove;
mod store;
mod tree;
mod verify;
mod walk;

pub use chain::{Fields, GENESIS, hash_record};
pub use head::{Head, HeadFault, KeysFault, PublicKey, PublicKeys, SignedHead, key_id, read_heads, sign};
pub use proof::{Gather, consistency_ranges, inclusion_ranges, verify_consistency, verify_inclusion};
pub use prove::{Proof, ProofFault, RecordFields, check_proof, prove_consistency, prove_inclusion};
pub use store::{FILE_NAME, FORMAT_VERSION, JournalFile, OpenError};
pub use tree::{Edge, Hash, empty_root, leaf_hash, node_hash};
pub use verify::{Depth, KeysFrom, Report, Request, VerifyError, verify};
pub use walk::{Damage, Mark, Row, Walk};
