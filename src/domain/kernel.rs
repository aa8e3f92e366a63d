//! The check digit that containers (ISO 6346), movement and guarantee reference numbers (EU rule R0028) share.
//!
//! ```text
//!  value of a character × 2^place, summed, mod 11, mod 10
//! ```
//!
//! It sees a single wrong character unless the right one is equal mod 11 ([`BLIND`]), and can't tell a remainder of 10
//! from one of 0. So it raises confidence, and a repair that could end in two numbers is none.

use super::form::{Class, FormError, Shape, compact, places};
use super::verdict::{Repair, Verdict};

/// Characters that the kernel can't tell from each other: equal mod 11. `0` stands alone.
pub const BLIND: [&str; 10] = ["1BLV", "2CMW", "3DNX", "4EOY", "5FPZ", "6GQ", "7HR", "8IS", "9JT", "AKU"];

/// Glyphs that readers and eyes take for each other, letter and digit.
pub(super) const LOOKALIKES: [(char, char); 6] =
    [('O', '0'), ('I', '1'), ('S', '5'), ('B', '8'), ('Z', '2'), ('G', '6')];

const MODULUS: u32 = 11;
/// Places of a number where letters and digits may stand, at most: an MRN has 13.
const FREE_PLACES_MAX: usize = 13;

/// What a remainder of 10, written 0, means for a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ten {
    /// ISO 6346 advises against such serials: the check is weak.
    Weak,
    /// As good as any other.
    Plain,
}

/// A character's value: digits count themselves, letters from 10 on without the multiples of 11.
#[must_use]
pub const fn value(c: char) -> Option<u32> {
    match c {
        '0'..='9' => Some(c as u32 - '0' as u32),
        'A' => Some(10),
        'B'..='K' => Some(c as u32 - 'B' as u32 + 12),
        'L'..='U' => Some(c as u32 - 'L' as u32 + 23),
        'V'..='Z' => Some(c as u32 - 'V' as u32 + 34),
        _ => None,
    }
}

/// The weighted sum mod 11: 0 to 10. `None` for characters that have no value.
#[must_use]
pub fn remainder(body: &str) -> Option<u32> {
    let mut weight = 1;
    let mut sum = 0;
    for c in body.chars() {
        sum = (sum + value(c)? * weight) % MODULUS;
        weight = weight * 2 % MODULUS;
    }
    Some(sum)
}

/// Judges a number whose last character is the check digit over all before it.
pub(super) fn verdict(number: &str, ten: Ten) -> Verdict {
    let mut body = number.chars();
    let (Some(written), Some(remainder)) = (body.next_back(), remainder(body.as_str())) else {
        return Verdict::NeverIssued;
    };
    let expected = remainder % 10;
    if written.to_digit(10) != Some(expected) {
        return Verdict::Wrong { expected: expected.to_string() };
    }
    if remainder == 10 && ten == Ten::Weak { Verdict::Weak } else { Verdict::Valid }
}

/// A kind of number that the kernel checks, as repairs need it.
pub(super) struct Checked<T> {
    /// What may stand where.
    pub(super) shape: Shape,
    /// Where the check digit stands, from 0; what follows isn't checked.
    pub(super) digit_at: usize,
    /// Reads one.
    pub(super) parse: fn(&str) -> Result<T, FormError>,
    /// Checks one.
    pub(super) verdict: fn(&T) -> Verdict,
}

/// Swaps look-alike characters until the check holds. A place that takes only letters or only digits settles its
/// glyph; where both may stand, both are tried. Every combination counts: more than one that holds is none.
pub(super) fn repair<T>(read: &str, kind: &Checked<T>) -> Repair<T> {
    let good = |text: &str| (kind.parse)(text).ok().filter(|number| (kind.verdict)(number).holds());
    if let Some(number) = good(read) {
        return Repair::Holds(number);
    }
    let Ok(read) = compact(read) else { return Repair::None };
    if read.chars().count() != places(kind.shape).count() {
        return Repair::None;
    }
    let options: Vec<_> = read.chars().zip(places(kind.shape)).map(|(c, class)| readings(c, class)).collect();
    let free = options.iter().filter(|(_, other)| other.is_some()).count().min(FREE_PLACES_MAX);
    let mut only = None;
    for choice in 0..1_u32 << free {
        if !sum_holds(picked(&options, choice), kind.digit_at) {
            continue;
        }
        let text: String = picked(&options, choice).collect();
        // What a kind asks beyond its shape stands in settled places: it fails for one reading or for all.
        let Some(number) = good(&text) else { return Repair::None };
        if only.is_some() {
            return Repair::Several;
        }
        only = Some(number);
    }
    only.map_or(Repair::None, Repair::One)
}

/// One reading: each free place takes a bit of the choice.
fn picked(options: &[(char, Option<char>)], choice: u32) -> impl Iterator<Item = char> {
    let mut left = choice;
    options.iter().map(move |(first, other)| match other {
        Some(other) => {
            let taken = left % 2 == 1;
            left /= 2;
            if taken { *other } else { *first }
        }
        None => *first,
    })
}

fn sum_holds(reading: impl Iterator<Item = char>, digit_at: usize) -> bool {
    let mut weight = 1;
    let mut sum = 0;
    for (at, c) in reading.enumerate() {
        let Some(value) = value(c) else { return false };
        if at == digit_at {
            return sum % MODULUS % 10 == value;
        }
        sum += value * weight;
        weight = weight * 2 % MODULUS;
    }
    false
}

/// What a glyph may mean in its place.
fn readings(c: char, class: Class) -> (char, Option<char>) {
    let twin = LOOKALIKES.into_iter().find_map(|(letter, digit)| match c {
        _ if c == letter => Some(digit),
        _ if c == digit => Some(letter),
        _ => None,
    });
    match twin {
        Some(twin) if !class.holds(c) => (twin, None),
        Some(twin) if class.holds(twin) => (c, Some(twin)),
        Some(_) | None => (c, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALPHABET: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    #[test]
    fn letters_count_from_ten_without_multiples_of_eleven() {
        let values: Vec<_> = ALPHABET.chars().filter_map(value).collect();
        let expected: Vec<u32> = (0..=38).filter(|value| *value == 0 || value % 11 != 0).collect();
        assert_eq!(values, expected);
        for none in ['a', ' ', 'Я', '/'] {
            assert_eq!(value(none), None);
        }
    }

    #[test]
    fn the_blind_sets_are_all_there_are() {
        for a in ALPHABET.chars() {
            for b in ALPHABET.chars().filter(|b| *b != a) {
                let together = BLIND.iter().any(|set| set.contains(a) && set.contains(b));
                let equal = value(a).expect("a value") % 11 == value(b).expect("a value") % 11;
                assert_eq!(together, equal, "{a} and {b}");
            }
        }
    }

    /// One character changed: caught, unless the two are of one blind set, or the remainder went between 0 and 10.
    #[track_caller]
    fn assert_caught_or_blind(number: &str) {
        let (body, written) = number.split_at(number.len() - 1);
        let before = remainder(body).expect("a remainder");
        for (at, old) in body.char_indices() {
            for new in ALPHABET.chars().filter(|new| *new != old) {
                let mut changed = body.to_owned();
                changed.replace_range(at..=at, &new.to_string());
                let after = remainder(&changed).expect("a remainder");
                let blind = BLIND.iter().any(|set| set.contains(old) && set.contains(new));
                assert_eq!(before == after, blind, "{old} → {new} at {at} of {number}");
                let folded = before.min(after) == 0 && before.max(after) == 10;
                let passes = verdict(&format!("{changed}{written}"), Ten::Plain).holds();
                assert_eq!(passes, blind || folded, "{old} → {new} at {at} of {number}");
            }
        }
        for new in ALPHABET.chars().filter(|new| !written.contains(*new)) {
            assert!(!verdict(&format!("{body}{new}"), Ten::Plain).holds(), "{body}{new}");
        }
    }

    #[test]
    fn a_single_wrong_character_is_caught_outside_the_blind_sets() {
        for number in ["CSQU3054383", "TASU1170000", "22ITZXBZYUTJFLJXK6", "24GB0000010000295"] {
            assert_caught_or_blind(number);
        }
    }

    proptest! {
        #[test]
        fn it_is_caught_in_every_number(body in "[0-9A-Z]{1,17}") {
            let digit = remainder(&body).expect("a remainder") % 10;
            assert_caught_or_blind(&format!("{body}{digit}"));
        }

        #[test]
        fn no_text_is_too_strange_for_it(text in ".{0,60}") {
            let _judged = verdict(&text, Ten::Weak);
        }
    }
}
