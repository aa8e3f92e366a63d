//! A small seeded generator, so that a seed names the same traffic on every machine and in every version.

/// SplitMix64 (Steele, Lea, Flood 2014): plenty for traffic, nothing for secrets.
#[derive(Debug, Clone)]
pub struct Prng(u64);

impl Prng {
    /// The generator of `stream` under `seed`; streams don't depend on each other.
    #[must_use]
    pub const fn new(seed: u64, stream: u64) -> Self {
        Self(seed ^ stream.wrapping_mul(0xD6E8_FEB8_6659_FD93))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from `low` to `high`, both included; `low` when there is nothing between.
    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        let span = u64::from(high.saturating_sub(low)) + 1;
        low.saturating_add(u32::try_from(self.next() % span).unwrap_or(0))
    }

    /// One of `choices`.
    ///
    /// # Panics
    /// With no choices, which is an error of the caller.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        assert!(!choices.is_empty(), "a choice among none");
        let last = u32::try_from(choices.len() - 1).unwrap_or(u32::MAX);
        choices[usize::try_from(self.between(0, last)).unwrap_or(0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_names_the_same_numbers_everywhere() {
        let mut prng = Prng::new(1, 0);
        assert_eq!([prng.next(), prng.next()], [0x910A_2DEC_8902_5CC1, 0xBEEB_8DA1_658E_EC67]);
    }

    #[test]
    fn numbers_stay_within_their_bounds_and_reach_both() {
        let mut prng = Prng::new(7, 3);
        let drawn: std::collections::BTreeSet<u32> = (0..200).map(|_| prng.between(5, 9)).collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), [5, 6, 7, 8, 9]);
        assert_eq!(prng.between(4, 4), 4);
    }
}
