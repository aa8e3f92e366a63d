//! The hash chain: the verifier's own (`verifier/src/chain.rs` has the canonical bytes), with the model's types.

use journal_verify::Fields;

use crate::model::Timestamp;

pub use journal_verify::GENESIS;

/// A record's hash over its canonical bytes and the hash of the one before it.
#[must_use]
pub fn hash_record(
    sequence: u64,
    at: Timestamp,
    lane: &str,
    passage: Option<&str>,
    kind: &str,
    body: &str,
    previous: &[u8; 32],
) -> [u8; 32] {
    let fields = Fields {
        sequence,
        at: at.unix_micros(),
        lane: lane.as_bytes(),
        passage: passage.map(str::as_bytes),
        kind: kind.as_bytes(),
        body: body.as_bytes(),
    };
    journal_verify::hash_record(&fields, previous)
}
