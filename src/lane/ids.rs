//! Identifiers without a random source: drawn from a seed that the shell gives at the start.

use uuid::{Builder, Uuid};

/// A repeatable source of UUIDs: BLAKE3 in counter mode over a seed. With a random seed they are as
/// unpredictable as random ones; with a fixed seed a whole run repeats.
#[derive(Debug, Clone)]
pub(super) struct Ids {
    seed: [u8; 32],
    drawn: u64,
}

impl Ids {
    pub(super) const fn new(seed: [u8; 32]) -> Self {
        Self { seed, drawn: 0 }
    }

    pub(super) fn draw(&mut self) -> Uuid {
        self.drawn += 1;
        let hash = blake3::keyed_hash(&self.seed, &self.drawn.to_le_bytes());
        let mut bytes = [0_u8; 16];
        bytes.copy_from_slice(hash.as_bytes().split_at(16).0);
        Builder::from_random_bytes(bytes).into_uuid()
    }
}
