//! What a key is found by: the hash of the whole, and of what is left without each of its characters.
//!
//! Two keys that lie one edit apart share at least one of these: one is the other less a character, or both become
//! equal when the character in which they differ is left out. So a lookup needs no guess at the wrong character.

/// Longest key that is found by one edit, characters. A registry document's plate has at most 20; the rest is room
/// for letters that become two in upper case. Longer keys are found exactly.
pub const FUZZY_CHARS_MAX: usize = 32;
/// The whole, and one less each character.
pub(super) const VARIANTS_MAX: usize = FUZZY_CHARS_MAX + 1;

/// Odd, so that it has an inverse; from the digits of the golden ratio.
const BASE: u64 = 0x9E37_79B9_7F4A_7C15;
const BASE_INVERSE: u64 = inverse(BASE);
const _: () = assert!(BASE.wrapping_mul(BASE_INVERSE) == 1);

/// Newton's iteration: each round doubles the bits that are right, beginning with three.
const fn inverse(odd: u64) -> u64 {
    let mut found = odd;
    let mut round = 0;
    while round < 5 {
        found = found.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(found)));
        round += 1;
    }
    found
}

/// The hashes of one key.
#[derive(Debug)]
pub(super) struct Variants {
    /// The whole first, then without each character. A run of equal characters counts once: "AAB" less its first or
    /// its second character is the same text.
    hashes: [u64; VARIANTS_MAX],
    len: usize,
}

impl Variants {
    pub(super) fn of(key: &str) -> Self {
        let mut terms = [0; FUZZY_CHARS_MAX];
        let mut chars = 0;
        let (mut whole, mut power) = (0_u64, 1_u64);
        for character in key.chars() {
            // Plus one: a text that ends in U+0000 is not the text without it.
            let term = (u64::from(u32::from(character)) + 1).wrapping_mul(power);
            if let Some(place) = terms.get_mut(chars) {
                *place = term;
            }
            whole = whole.wrapping_add(term);
            power = power.wrapping_mul(BASE);
            chars += 1;
        }
        let mut hashes = [0; VARIANTS_MAX];
        hashes[0] = scatter(whole);
        let mut len = 1;
        let (mut before, mut previous) = (0_u64, None);
        for term in terms.iter().take(chars).filter(|_| chars <= FUZZY_CHARS_MAX) {
            let after = whole.wrapping_sub(before).wrapping_sub(*term);
            if previous != Some(*term)
                && let Some(place) = hashes.get_mut(len)
            {
                *place = scatter(before.wrapping_add(after.wrapping_mul(BASE_INVERSE)));
                len += 1;
            }
            before = before.wrapping_add(*term);
            previous = Some(term.wrapping_mul(BASE));
        }
        Self { hashes, len }
    }

    /// Hashes as if a key had them.
    #[cfg(test)]
    pub(super) fn from_hashes(given: &[u64]) -> Self {
        let mut hashes = [0; VARIANTS_MAX];
        hashes[..given.len()].copy_from_slice(given);
        Self { hashes, len: given.len() }
    }

    /// The hash of the whole key.
    pub(super) const fn whole(&self) -> u64 {
        self.hashes[0]
    }

    /// All hashes, that of the whole key first.
    pub(super) fn all(&self) -> &[u64] {
        self.hashes.get(..self.len).unwrap_or(&self.hashes)
    }
}

impl IntoIterator for Variants {
    type Item = u64;
    type IntoIter = std::iter::Take<std::array::IntoIter<u64, VARIANTS_MAX>>;

    fn into_iter(self) -> Self::IntoIter {
        self.hashes.into_iter().take(self.len)
    }
}

/// Spreads a sum over all 64 bits; each sum has its own value.
const fn scatter(sum: u64) -> u64 {
    let mixed = (sum ^ (sum >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed ^ (mixed >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_run_of_equal_characters_counts_once() {
        assert_eq!(Variants::of("123ABC02").all().len(), 9);
        assert_eq!(Variants::of("777AAA07").all().len(), 5);
        assert_eq!(Variants::of("").all().len(), 1);
    }

    #[test]
    fn a_key_that_is_too_long_is_found_by_the_whole_only() {
        let longest: String = ('a'..='z').chain('0'..='5').collect();
        assert_eq!(longest.len(), FUZZY_CHARS_MAX);
        assert_eq!(Variants::of(&longest).all().len(), FUZZY_CHARS_MAX + 1);
        assert_eq!(Variants::of(&format!("{longest}x")).all().len(), 1);
    }

    proptest! {
        #[test]
        fn each_variant_is_the_hash_of_the_key_less_one_character(key in "[a-c粤0-2]{0,12}") {
            let chars: Vec<char> = key.chars().collect();
            let less = |left_out: usize| -> String {
                chars.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, c)| c).collect()
            };
            let mut expected = vec![Variants::of(&key).whole()];
            for at in 0..chars.len() {
                if at == 0 || chars[at] != chars[at - 1] {
                    expected.push(Variants::of(&less(at)).whole());
                }
            }
            let variants = Variants::of(&key);
            prop_assert_eq!(variants.all(), expected);
        }
    }
}
