//! Random selection that nobody can steer.
//!
//! ```text
//!  before the shift   seed ─ SHA-256 ─▶ commitment, journaled and published      the seed stays secret
//!  in the shift       HMAC-SHA-256(seed, passage id) < rate ?  ─▶ selected       the ledger keeps every draw
//!  after the shift    seed journaled and published ─▶ anybody draws again        the audit
//! ```
//!
//! Nobody knows before a vehicle is in the lane whether it will be drawn: its passage id is random and the seed is
//! secret. Nobody can change it afterwards: the seed was bound by its commitment. Nobody can try again: the ledger
//! keeps a draw for the declaration, the notification and the vehicle (invariant A8).
//!
//! What it does not do: keep secrets or write records (the journal and the actors do), or make randomness.

mod audit;
mod ledger;
mod rota;
mod shift;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

pub use audit::{AuditReport, Entry, Event, Fault, audit};
pub use ledger::{Ask, KEEP, Ledger};
pub use rota::{REVEAL_AFTER, Rota, Step};
pub use shift::{Shift, ShiftPlan};

use crate::model::PassageId;
use crate::model::selection::{Commitment, DrawValue, Seed};

/// A rate of all vehicles.
pub const RATE_ALL_PPM: u32 = 1_000_000;

/// What is published before the seed is used.
#[must_use]
pub fn commit(seed: &Seed) -> Commitment {
    Commitment::new(Sha256::digest(seed.bytes()).into())
}

/// The number drawn for a passage: the first 64 bits of HMAC-SHA-256 with the seed as key over the passage id as the
/// journal prints it, so that common tools draw it too.
#[must_use]
pub fn draw(seed: &Seed, passage: PassageId) -> DrawValue {
    let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
    let text = passage.0.hyphenated().encode_lower(&mut text);
    // An HMAC takes a key of any length; without one the vehicle is selected: doubt holds.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(seed.bytes()) else { return DrawValue(0) };
    mac.update(text.as_bytes());
    let bytes = mac.finalize().into_bytes();
    let first = bytes.first_chunk::<8>().copied().unwrap_or_default();
    DrawValue(u64::from_be_bytes(first))
}

/// Whether a drawn number falls into a rate; exact for every rate.
#[must_use]
pub fn falls_into(value: DrawValue, rate_ppm: u32) -> bool {
    u128::from(value.0) * u128::from(RATE_ALL_PPM) < u128::from(rate_ppm) << 64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    /// Made with `openssl dgst -sha256`, so that docs/risk.md may say so.
    #[test]
    fn common_tools_draw_the_same() {
        let seed = Seed::from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f").expect("hex");
        let passage = PassageId(Uuid::from_u128(0x0192_f5b0_1c1e_7c3a_9f00_0123_4567_89ab));
        assert_eq!(passage.to_string(), "0192f5b0-1c1e-7c3a-9f00-0123456789ab");
        assert_eq!(commit(&seed).to_hex(), "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd");
        assert_eq!(draw(&seed, passage), DrawValue(OPENSSL));
    }

    #[test]
    fn a_rate_of_all_takes_all_and_a_rate_of_none_takes_none() {
        for value in [0, 1, u64::MAX / 2, u64::MAX] {
            assert!(falls_into(DrawValue(value), RATE_ALL_PPM));
            assert!(!falls_into(DrawValue(value), 0));
        }
        let half = u64::MAX / 2;
        assert!(falls_into(DrawValue(half), 500_000));
        assert!(!falls_into(DrawValue(half + 1), 500_000));
    }

    /// 99.9 % of all seeds give a share within 3.29 standard deviations; this seed is one of them.
    #[test]
    fn a_hundred_thousand_draws_keep_to_every_rate() {
        let (seed, draws) = (Seed::new([7; 32]), 100_000_u32);
        let rates = [1_000, 20_000, 100_000, 500_000];
        let mut selected = [0_u32; 4];
        for number in 0..draws {
            let value = draw(&seed, PassageId(Uuid::from_u128(number.into())));
            for (count, rate) in selected.iter_mut().zip(rates) {
                *count += u32::from(falls_into(value, rate));
            }
        }
        for (count, rate) in selected.into_iter().zip(rates) {
            let share = f64::from(rate) / 1e6;
            let expected = f64::from(draws) * share;
            let deviation = (expected * (1.0 - share)).sqrt();
            assert!((f64::from(count) - expected).abs() < 3.29 * deviation, "{count} of {rate}");
        }
    }

    proptest! {
        #[test]
        fn a_greater_rate_takes_whom_a_smaller_one_takes(value: u64, a in 0..=RATE_ALL_PPM, b in 0..=RATE_ALL_PPM) {
            let (small, great) = (a.min(b), a.max(b));
            prop_assert!(!falls_into(DrawValue(value), small) || falls_into(DrawValue(value), great));
        }
    }

    const OPENSSL: u64 = 0xf72e_4a82_574d_0f25;
}
