//! Which characters of a plate are taken for one another (domain §2).
//!
//! Two relations, kept apart: **twins** are a digit and a letter of one shape, which the slot of a template settles
//! for free; **confused** are the classes that readers mix up, which cost in a distance and never change a text.

/// A character by its number: 0 to 9 the digits, 10 to 35 the letters A to Z.
pub(super) const SYMBOLS: [char; 36] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M',
    'N', 'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z',
];

const TWINS: [(char, char); 5] = [('0', 'O'), ('1', 'I'), ('8', 'B'), ('5', 'S'), ('2', 'Z')];

/// Classes overlap: G is taken for 6 and for C, yet 6 is not taken for C.
pub(super) const CLASSES: [&str; 15] =
    ["0ODQ", "1ILT", "8B", "5S", "2Z", "6G", "4A", "7TY", "CG", "MNW", "UV", "PRF", "EF", "KX", "HN"];

/// The number of a digit or a Latin letter.
pub(super) fn symbol(c: char) -> Option<u8> {
    let byte = u8::try_from(c).ok()?;
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'Z' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// The digit that looks like a letter, or the letter that looks like a digit.
pub(super) fn twin(c: char) -> Option<char> {
    TWINS.iter().find_map(|&(digit, letter)| match c {
        _ if c == digit => Some(letter),
        _ if c == letter => Some(digit),
        _ => None,
    })
}

/// A bit for each symbol that readers take for this character; none for other glyphs.
pub(super) fn confusions(c: char) -> u64 {
    symbol(c).and_then(|number| CONFUSED.get(usize::from(number))).copied().unwrap_or(0)
}

/// By symbol, a bit for each symbol that is taken for it.
const CONFUSED: [u64; 36] = {
    let mut table = [0_u64; 36];
    let mut class = 0;
    while class < CLASSES.len() {
        let bytes = CLASSES[class].as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            let mut j = 0;
            while j < bytes.len() {
                if i != j {
                    table[place(bytes[i])] |= 1 << place(bytes[j]);
                }
                j += 1;
            }
            i += 1;
        }
        class += 1;
    }
    table
};

/// The number of a digit or letter of `CLASSES`, as an index.
pub(super) const fn place(byte: u8) -> usize {
    let number = if byte.is_ascii_digit() { byte - b'0' } else { byte - b'A' + 10 };
    number as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confused(a: char, b: char) -> bool {
        symbol(b).is_some_and(|b| confusions(a) >> b & 1 == 1)
    }

    #[test]
    fn twins_are_one_digit_and_one_letter_and_readers_take_them_for_each_other() {
        for (digit, letter) in TWINS {
            assert!(digit.is_ascii_digit() && letter.is_ascii_uppercase());
            assert_eq!((twin(digit), twin(letter)), (Some(letter), Some(digit)));
            assert!(confused(digit, letter), "{digit} {letter}");
        }
        assert_eq!((twin('A'), twin('7'), twin('挂')), (None, None, None));
    }

    #[test]
    fn confusion_is_symmetric_and_never_of_a_character_with_itself() {
        for a in SYMBOLS {
            assert_eq!(symbol(a).map(|number| SYMBOLS[usize::from(number)]), Some(a));
            assert!(!confused(a, a));
            for b in SYMBOLS {
                let listed = a != b && CLASSES.iter().any(|class| class.contains(a) && class.contains(b));
                assert_eq!((confused(a, b), confused(b, a)), (listed, listed), "{a} {b}");
            }
        }
        assert!(!confused('6', 'C') && confused('6', 'G') && confused('G', 'C'));
        assert!(!confused('粤', '京'));
    }
}
