//! The hash chain.
//!
//! Canonical bytes of a record, all integers little-endian:
//! `"lane-controller journal 1\0"`, sequence (u64), time in microseconds since the Unix epoch (i64), then lane,
//! passage (empty for none), kind and body, each as its length (u64) and its UTF-8 bytes, then the previous hash.

use crate::model::Timestamp;

/// Domain and version of the canonical bytes.
const DOMAIN: &[u8] = b"lane-controller journal 1\0";

/// The hash before the first record.
pub const GENESIS: [u8; 32] = [0; 32];

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
    let mut hasher = blake3::Hasher::new();
    hasher.update(DOMAIN);
    hasher.update(&sequence.to_le_bytes());
    hasher.update(&at.unix_micros().to_le_bytes());
    for field in [lane, passage.unwrap_or_default(), kind, body] {
        let length = u64::try_from(field.len()).unwrap_or(u64::MAX);
        hasher.update(&length.to_le_bytes());
        hasher.update(field.as_bytes());
    }
    hasher.update(previous);
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_canonical_bytes_are_pinned() {
        let at = Timestamp::from_unix_micros(1_795_000_000_123_456);
        let hash = hash_record(1, at, "in-01", None, "held", r#"{"code":"no_notification"}"#, &GENESIS);
        assert_eq!(blake3::Hash::from_bytes(hash).to_hex().as_str(), GOLDEN);
    }

    #[test]
    fn a_boundary_between_fields_can_not_be_moved() {
        let at = Timestamp::from_unix_micros(0);
        let one = hash_record(1, at, "ab", Some("c"), "held", "{}", &GENESIS);
        let other = hash_record(1, at, "a", Some("bc"), "held", "{}", &GENESIS);
        assert_ne!(one, other);
    }

    const GOLDEN: &str = "aff1897201d704c00eb6d07141aeda0a6a7a8eccce3d6e4af52815178c624964";
}
