//! How far two keys lie apart, as far as the index cares: equal, one edit, or further.

/// What is needed to turn one key into the other: 0 or 1 edits; `None` when one is not enough.
///
/// An edit is one character put in, left out, or exchanged for another, or two neighbours swapped. A character is a
/// Unicode scalar: a Chinese province glyph is one, not three bytes.
pub(super) fn edits(one: &[u8], other: &[u8]) -> Option<u8> {
    if one == other {
        return Some(0);
    }
    let same = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    // Both share the bytes before, so this is the start of a character in both.
    let same = start_of_character(one, same).min(start_of_character(other, same));
    let (one, other) = (one.get(same..)?, other.get(same..)?);
    let (one_first, one_rest) = one.split_at(width(one));
    let (other_first, other_rest) = other.split_at(width(other));
    let exchanged = one_rest == other_rest;
    let left_out = one_rest == other || one == other_rest;
    (exchanged || left_out || swapped((one_first, one_rest), (other_first, other_rest))).then_some(1)
}

fn swapped((a, after_a): (&[u8], &[u8]), (b, after_b): (&[u8], &[u8])) -> bool {
    after_a.strip_prefix(b).is_some_and(|rest| after_b.strip_prefix(a) == Some(rest))
}

/// Steps back from the middle of a character to its start.
fn start_of_character(text: &[u8], mut at: usize) -> usize {
    while at > 0 && text.get(at).is_some_and(|byte| byte & 0xC0 == 0x80) {
        at -= 1;
    }
    at
}

/// Bytes of the first character of a text in UTF-8; 0 when it is empty.
fn width(text: &[u8]) -> usize {
    let bytes = match text.first() {
        None => 0,
        Some(0..=0x7F) => 1,
        Some(0x80..=0xDF) => 2,
        Some(0xE0..=0xEF) => 3,
        Some(0xF0..=0xFF) => 4,
    };
    bytes.min(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_character_more_less_other_or_swapped_is_one_edit() {
        for (one, other, expected) in [
            ("123ABC02", "123ABC02", Some(0)),
            ("123ABC02", "128ABC02", Some(1)),
            ("123ABC02", "123ABC0", Some(1)),
            ("123ABC02", "23ABC02", Some(1)),
            ("123ABC02", "123AABC02", Some(1)),
            ("123ABC02", "132ABC02", Some(1)),
            ("123ABC02", "123ABC20", Some(1)),
            ("123ABC02", "321ABC02", None),
            ("123ABC02", "123AB", None),
            ("123ABC02", "13ABC023", None),
            ("粤B12345", "京B12345", Some(1)),
            ("粤B12345", "粨B12345", Some(1)),
            ("粤B12345", "B12345", Some(1)),
            ("粤B12345", "B粤12345", Some(1)),
            ("粤B1234挂", "粤B1234", Some(1)),
            ("粤B12345", "京A12345", None),
            ("", "", Some(0)),
            ("", "挂", Some(1)),
            ("", "12", None),
        ] {
            assert_eq!(edits(one.as_bytes(), other.as_bytes()), expected, "{one} and {other}");
            assert_eq!(edits(other.as_bytes(), one.as_bytes()), expected, "{other} and {one}");
        }
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_textbook(one in "[ab1é粤粨]{0,6}", other in "[ab1é粤粨]{0,6}") {
            // Optimal string alignment: neighbours may be swapped, once.
            let distance = strsim::osa_distance(&one, &other);
            let expected = u8::try_from(distance).ok().filter(|distance| *distance <= 1);
            prop_assert_eq!(edits(one.as_bytes(), other.as_bytes()), expected);
        }

        #[test]
        fn no_bytes_make_it_fail(one: Vec<u8>, other: Vec<u8>) {
            prop_assert_eq!(edits(&one, &other), edits(&other, &one));
        }
    }
}
