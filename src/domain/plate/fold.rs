//! One canonical form of a plate, whatever script and separators it was written in.

/// A folded plate. Letters stay letters and digits digits: only the script and the separators go.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Folded(String);

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
}

/// Folds a plate: full-width forms to ASCII, upper case, separators out, and the Cyrillic letters that look like
/// Latin ones to Latin (domain §2). Chinese province glyphs stay.
#[must_use]
pub fn fold(plate: &str) -> Folded {
    Folded(
        plate
            .chars()
            .flat_map(narrow)
            .flat_map(char::to_uppercase)
            .filter(|c| c.is_alphanumeric())
            .map(latin)
            .collect(),
    )
}

/// Full-width ASCII (U+FF01 to U+FF5E) as NFKC maps it.
fn narrow(c: char) -> Option<char> {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0),
        _ => Some(c),
    }
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
            ("а 123 вс 777", "A123BC777"),
            (" .- ", ""),
        ] {
            assert_eq!(fold(written).as_str(), folded, "{written}");
        }
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in ".{0,20}") {
            let once = fold(&text);
            prop_assert_eq!(fold(once.as_str()), once);
        }
    }
}
