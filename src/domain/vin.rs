//! Vehicle identification numbers (ISO 3779).

use serde::{Deserialize, Serialize};

use super::form::{Class, FormError, Shape, compact, require, text_identifier};
use super::verdict::Verdict;

/// Seventeen characters.
pub(super) const SHAPE: Shape = &[(Class::Alphanumeric, 17)];
/// Weights by place; the ninth is the check character itself.
const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
const CHECK_PLACE: usize = 8;

/// A vehicle identification number of the right form. Makers for North America keep the check character at the ninth
/// place, European ones put there what they like: it can speak for a number, not against one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Vin(String);
text_identifier!(Vin);

impl Vin {
    /// Reads 17 letters and digits without I, O and Q.
    ///
    /// # Errors
    /// When the form is another.
    pub fn parse(text: &str) -> Result<Self, FormError> {
        let text = compact(text)?;
        require(&text, SHAPE, "17 letters and digits")?;
        match text.chars().enumerate().find(|(_, c)| matches!(c, 'I' | 'O' | 'Q')) {
            Some((index, found)) => {
                let wanted = "a digit or a letter other than I, O and Q";
                Err(FormError::Character { at: index + 1, found, wanted })
            }
            None => Ok(Self(text)),
        }
    }

    /// Who made it: the world manufacturer identifier (ISO 3780).
    #[must_use]
    pub fn maker(&self) -> &str {
        self.0.get(..3).unwrap_or_default()
    }

    /// The check character that North American makers would have put at the ninth place.
    #[must_use]
    pub fn expected(&self) -> char {
        let sum: u32 = self.0.chars().zip(WEIGHTS).map(|(c, weight)| value(c) * weight).sum();
        char::from_digit(sum % 11, 10).unwrap_or('X')
    }

    /// Valid where the check character holds; where it doesn't, nothing is known.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if self.0.chars().nth(CHECK_PLACE) == Some(self.expected()) { Verdict::Valid } else { Verdict::Unchecked }
    }

    /// What a check character that doesn't hold means.
    #[must_use]
    pub fn remark(&self) -> Option<String> {
        let expected = self.expected();
        let remark =
            format!("the 9th character is no check character ({expected} would be); only North America owes one");
        (self.verdict() == Verdict::Unchecked).then_some(remark)
    }
}

/// Digits count themselves; letters run 1 to 9 three times, without I, O, Q, and from S on with 2.
const fn value(c: char) -> u32 {
    match c {
        '0'..='9' => c as u32 - '0' as u32,
        'A'..='H' => c as u32 - 'A' as u32 + 1,
        'J'..='R' => c as u32 - 'J' as u32 + 1,
        'S'..='Z' => c as u32 - 'S' as u32 + 2,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vin_has_seventeen_characters_without_i_o_q() {
        let vin = Vin::parse("1m8gdm9axkp042788").expect("a number");
        assert_eq!((vin.verdict(), vin.maker(), vin.expected()), (Verdict::Valid, "1M8", 'X'));
        for bad in [
            "",
            "1M8GDM9AXKP04278",
            "1M8GDM9AXKP0427888",
            "1M8GDM9AXKPO42788",
            "IM8GDM9AXKP042788",
            "QM8GDM9AXKP042788",
        ] {
            assert!(Vin::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_european_vin_is_unchecked_and_never_wrong() {
        let european = Vin::parse("WMA06XZZ9FM123456").expect("a number");
        assert_eq!(european.verdict(), Verdict::Unchecked);
        assert!(european.remark().is_some());
        assert_eq!(Vin::parse("11111111111111111").expect("a number").verdict(), Verdict::Valid);
    }

    /// Letters and digits that weigh the same.
    const BLIND: [&str; 10] = ["0", "1AJ", "2BKS", "3CLT", "4DMU", "5ENV", "6FW", "7GPX", "8HY", "9RZ"];

    #[test]
    fn a_wrong_character_loses_the_check_outside_the_sets_of_equal_weight() {
        let number = "1M8GDM9AXKP042788";
        for (at, old) in number.char_indices() {
            for new in BLIND.concat().chars().filter(|new| *new != old) {
                let mut changed = number.to_owned();
                changed.replace_range(at..=at, &new.to_string());
                let valid = Vin::parse(&changed).expect("a form").verdict() == Verdict::Valid;
                let blind = at != CHECK_PLACE && BLIND.iter().any(|set| set.contains(old) && set.contains(new));
                assert_eq!(valid, blind, "{old} → {new} at {at}");
            }
        }
    }
}
