//! One form of a plate, whatever script and separators it was written in.

use std::fmt;

use smol_str::{SmolStr, SmolStrBuilder};
use unicode_normalization::UnicodeNormalization;

/// A pass after the first only joins what a separator held apart; this bounds the passes over odd texts.
const PASSES_MAX: usize = 4;

/// A folded plate. Letters stay letters and digits digits: only the script and the separators go.
///
/// 24 bytes; up to 23 bytes of text lie within, so a plate takes no heap.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Folded(SmolStr);

/// Masked as `model::Plate` is (invariant C8).
impl fmt::Debug for Folded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Folded {
    /// The folded text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Nothing was left of it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// From characters that are folded already.
    pub(super) fn of(chars: impl Iterator<Item = char>) -> Self {
        let mut text = SmolStrBuilder::new();
        for c in chars {
            text.push(c);
        }
        Self(text.finish())
    }
}

/// Folds a plate: NFKC (full-width forms to ASCII), upper case, all but letters and digits out, and the Cyrillic
/// letters that look like Latin ones to Latin (domain §2). Chinese province glyphs stay.
#[must_use]
pub fn fold(plate: &str) -> Folded {
    if plate.is_ascii() {
        let kept = plate.chars().filter(char::is_ascii_alphanumeric);
        return Folded::of(kept.map(|c| c.to_ascii_uppercase()));
    }
    let mut folded = pass(plate);
    for _ in 1..PASSES_MAX {
        let again = pass(folded.as_str());
        if again == folded {
            break;
        }
        folded = again;
    }
    folded
}

fn pass(text: &str) -> Folded {
    Folded::of(text.nfkc().flat_map(char::to_uppercase).filter(|c| c.is_alphanumeric()).map(latin))
}

const fn latin(c: char) -> char {
    match c {
        'А' => 'A',
        'В' => 'B',
        'Е' => 'E',
        'К' => 'K',
        'М' => 'M',
        'Н' => 'H',
        'О' => 'O',
        'Р' => 'P',
        'С' => 'C',
        'Т' => 'T',
        'У' => 'Y',
        'Х' => 'X',
        'І' => 'I',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn scripts_and_separators_fold_and_letters_stay_letters() {
        for (written, folded) in [
            ("123 ABC 02", "123ABC02"),
            ("123-авс-02", "123ABC02"),
            ("О12АВС02", "O12ABC02"),
            ("012ABC02", "012ABC02"),
            ("１２３ａｂｃ02", "123ABC02"),
            ("粤B·12345", "粤B12345"),
            ("粤Ｂ·Ｄ１２３４５", "粤BD12345"),
            ("新A1234挂", "新A1234挂"),
            ("а 123 вс 777", "A123BC777"),
            ("Ⓐ１²ⅷ", "A12VIII"),
            ("KZ\u{a0}123\u{200b}ABC", "KZ123ABC"),
            (" .- ", ""),
            ("🚚", ""),
        ] {
            assert_eq!(fold(written).as_str(), folded, "{written}");
        }
    }

    #[test]
    fn every_character_folds_to_what_stays() {
        for c in '\0'..=char::MAX {
            let once = fold(&c.to_string());
            assert_eq!(fold(once.as_str()), once, "{c:?}");
            assert!(!c.is_alphabetic() || once.as_str().chars().all(|c| !c.is_ascii_digit()), "{c:?} became a digit");
        }
    }

    #[test]
    fn what_a_separator_held_apart_is_joined_once_and_for_all() {
        // A Hangul syllable written as its parts with a hyphen between, and a vowel sign of two halves.
        for parts in ["\u{1112}-\u{1161}-\u{11ab}", "\u{9c7}.\u{9be}"] {
            let once = fold(parts);
            assert_eq!(once.as_str().chars().count(), 1);
            assert_eq!(fold(once.as_str()), once);
        }
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in "\\PC{0,20}") {
            let once = fold(&text);
            prop_assert_eq!(fold(once.as_str()), once);
        }

        #[test]
        fn ascii_and_its_full_width_forms_fold_alike(text in "[ -~]{0,20}") {
            let wide: String = text.chars().map(|c| match c {
                '!'..='~' => char::from_u32(u32::from(c) + 0xFEE0).expect("a full-width form"),
                _ => c,
            }).collect();
            prop_assert_eq!(fold(&wide), fold(&text));
        }
    }
}
