//! What is left of a plate when all that readers confuse is the same.

use std::fmt;

use super::fold::Folded;
use super::glyph::{CLASSES, place, symbol};

/// Characters that a skeleton holds; a longer text is cut, which only makes a lookup find too much.
pub const SKELETON_MAX: usize = 16;
const BITS: usize = 4;
const MASK: u64 = 0xF;

// Every position is one hexadecimal digit of a 64-bit number.
const _: () = assert!(SKELETON_MAX * BITS == 64);

/// A plate up to confusion: two plates that differ only by characters of one confusion class (domain §2), however many
/// and however chained, have the same skeleton. What the fuzzy index hashes, 8 bytes a plate.
///
/// The classes overlap, so the partition is their closure, 14 groups: `0ODQ` `1ILT7Y` `2Z` `3` `4A` `5S` `6GC` `8B`
/// `9` `EFPR` `HNMW` `J` `KX` `UV`; every other glyph (a Chinese province) is one more. It is coarse in letters, so a
/// lookup must measure the distance of what it finds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Skeleton(u64);

/// The skeleton of a plate.
#[must_use]
pub fn skeleton(plate: &Folded) -> Skeleton {
    let codes = plate.as_str().chars().take(SKELETON_MAX).map(|c| match symbol(c) {
        Some(number) => GROUPS.get(usize::from(number)).copied().unwrap_or(OTHER),
        None => OTHER,
    });
    Skeleton(codes.enumerate().fold(0, |packed, (position, code)| packed | code << (position * BITS)))
}

impl Skeleton {
    /// All of it as one number; equal numbers are equal skeletons.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// Number of characters, at most [`SKELETON_MAX`].
    #[must_use]
    pub const fn len(self) -> usize {
        SKELETON_MAX - self.0.leading_zeros() as usize / BITS
    }

    /// Nothing was in the plate.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Without the character at a position: the deletion neighbourhood of an index. Itself when there is none.
    #[must_use]
    pub const fn without(self, position: usize) -> Self {
        if position >= SKELETON_MAX {
            return self;
        }
        let below = (1 << (position * BITS)) - 1;
        let kept = self.0 & below;
        // Two steps: a shift by all 64 bits is none.
        let above = (self.0 >> (position * BITS)) >> BITS;
        Self(kept | above << (position * BITS))
    }
}

impl fmt::Debug for Skeleton {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Skeleton({:#x})", self.0)
    }
}

/// All glyphs that are no digit and no Latin letter. 0 is the end of the text.
const OTHER: u64 = MASK;

/// The group of each symbol, from 1.
const GROUPS: [u64; 36] = {
    let joined = joined();
    let mut groups = [0_u64; 36];
    let mut next = 1;
    let mut symbol = 0;
    while symbol < 36 {
        groups[symbol] = if joined[symbol] == symbol { next } else { groups[joined[symbol]] };
        if joined[symbol] == symbol {
            next += 1;
        }
        symbol += 1;
    }
    assert!(next <= OTHER, "a group's number is one hexadecimal digit, and the last is for other glyphs");
    groups
};

/// The closure of the classes: each symbol's lowest relative.
const fn joined() -> [usize; 36] {
    let mut lowest = [0; 36];
    let mut symbol = 0;
    while symbol < 36 {
        lowest[symbol] = symbol;
        symbol += 1;
    }
    let mut class = 0;
    while class < CLASSES.len() {
        let bytes = CLASSES[class].as_bytes();
        let mut i = 1;
        while i < bytes.len() {
            let (a, b) = (lowest[place(bytes[0])], lowest[place(bytes[i])]);
            let (low, high) = if a < b { (a, b) } else { (b, a) };
            let mut symbol = 0;
            while symbol < 36 {
                if lowest[symbol] == high {
                    lowest[symbol] = low;
                }
                symbol += 1;
            }
            i += 1;
        }
        class += 1;
    }
    lowest
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::super::fold;
    use super::super::glyph::{SYMBOLS, confusions};
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> Skeleton {
        skeleton(&fold(text))
    }

    #[test]
    fn the_groups_are_those_of_the_docs() {
        let mut groups: BTreeMap<u64, BTreeSet<char>> = BTreeMap::new();
        for c in SYMBOLS {
            groups.entry(of(&c.to_string()).as_u64()).or_default().insert(c);
        }
        let listed = ["0ODQ", "1ILT7Y", "2Z", "3", "4A", "5S", "6GC", "8B", "9", "EFPR", "HNMW", "J", "KX", "UV"];
        let listed: BTreeSet<BTreeSet<char>> = listed.iter().map(|group| group.chars().collect()).collect();
        assert_eq!(groups.into_values().collect::<BTreeSet<_>>(), listed);
    }

    #[test]
    fn any_chain_of_confusions_keeps_the_skeleton() {
        for (plate, read) in [("123ABC02", "I23A8G0Z"), ("O12KMX77", "Q72XHK1T"), ("粤B12345", "京8I2345")] {
            assert_eq!(of(plate), of(read), "{plate} {read}");
        }
        assert_ne!(of("123ABC02"), of("129ABC02"));
        assert_ne!(of("123ABC02"), of("123ABC0"));
    }

    #[test]
    fn a_skeleton_without_a_character_is_that_of_the_shorter_text() {
        let text = "123ABC02粤KMHJ97X";
        assert_eq!(of(text).len(), SKELETON_MAX);
        for (position, (at, _)) in text.char_indices().enumerate() {
            let shorter: String = text.char_indices().filter(|(index, _)| *index != at).map(|(_, c)| c).collect();
            assert_eq!(of(text).without(position), of(&shorter), "{position}");
        }
        assert_eq!(of(text).without(SKELETON_MAX), of(text));
        assert!(of("").is_empty() && of("").without(0).is_empty());
        assert_eq!(of("AB").without(7), of("AB"));
    }

    proptest! {
        #[test]
        fn a_confused_character_never_changes_the_skeleton(text in "[0-9A-Z]{1,16}", at in 0_usize..16, to in 0_usize..36) {
            let (place, to) = (to, SYMBOLS[to]);
            let read: String = text.chars().enumerate()
                .map(|(i, c)| if i == at && confusions(c) >> place & 1 == 1 { to } else { c }).collect();
            prop_assert_eq!(of(&read), of(&text));
            prop_assert_eq!(of(&text).len(), text.len());
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,40}", position in any::<usize>()) {
            let short = of(&text).without(position);
            prop_assert!(short.len() <= SKELETON_MAX);
        }
    }
}
