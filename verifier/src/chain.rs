//! The hash chain.
//!
//! Canonical bytes of a record, all integers little-endian:
//! `"lane-controller journal 1\0"`, sequence (u64), time in microseconds since the Unix epoch (i64), then lane,
//! passage (empty for none), kind and body, each as its length (u64) and its bytes as stored, then the previous hash.

use crate::tree::Hash;

/// Domain and version of the canonical bytes.
const DOMAIN: &[u8] = b"lane-controller journal 1\0";

/// The hash before the first record.
pub const GENESIS: Hash = [0; 32];

/// What is hashed of a record, as bytes: a text that is none is hashed as it is.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a> {
    /// From 1.
    pub sequence: u64,
    /// Microseconds since the Unix epoch.
    pub at: i64,
    /// The lane.
    pub lane: &'a [u8],
    /// The passage; `None` and an empty one hash alike, so an empty one is no passage (see [`crate::Walk`]).
    pub passage: Option<&'a [u8]>,
    /// The kind.
    pub kind: &'a [u8],
    /// The body.
    pub body: &'a [u8],
}

/// A record's hash over its canonical bytes and the hash of the one before it.
#[must_use]
pub fn hash_record(fields: &Fields<'_>, previous: &Hash) -> Hash {
    hash_with(fields, previous, &mut Vec::new())
}

/// As [`hash_record`], with a buffer to be used again: one long update costs less than many short ones.
pub(crate) fn hash_with(fields: &Fields<'_>, previous: &Hash, scratch: &mut Vec<u8>) -> Hash {
    scratch.clear();
    scratch.extend_from_slice(DOMAIN);
    scratch.extend_from_slice(&fields.sequence.to_le_bytes());
    scratch.extend_from_slice(&fields.at.to_le_bytes());
    for field in [fields.lane, fields.passage.unwrap_or_default(), fields.kind, fields.body] {
        let length = u64::try_from(field.len()).unwrap_or(u64::MAX);
        scratch.extend_from_slice(&length.to_le_bytes());
        scratch.extend_from_slice(field);
    }
    scratch.extend_from_slice(previous);
    *blake3::hash(scratch).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOLDEN: &str = "aff1897201d704c00eb6d07141aeda0a6a7a8eccce3d6e4af52815178c624964";

    #[test]
    fn the_canonical_bytes_are_pinned() {
        let fields = Fields {
            sequence: 1,
            at: 1_795_000_000_123_456,
            lane: b"in-01",
            passage: None,
            kind: b"held",
            body: br#"{"code":"no_notification"}"#,
        };
        assert_eq!(crate::hex::encode(&hash_record(&fields, &GENESIS)), GOLDEN);
    }

    #[test]
    fn a_boundary_between_fields_can_not_be_moved() {
        let one = Fields { sequence: 1, at: 0, lane: b"ab", passage: Some(b"c"), kind: b"held", body: b"{}" };
        let other = Fields { lane: b"a", passage: Some(b"bc"), ..one };
        assert_ne!(hash_record(&one, &GENESIS), hash_record(&other, &GENESIS));
    }
}
