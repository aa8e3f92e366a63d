//! What every number's text goes through first: the reader's frame comes off, separators go, scripts fold, and the
//! form is held against what the standard says.

use super::plate::fold;

/// Longest text that is looked at as a number, characters (domain §1: a notification's number).
pub const NUMBER_MAX_CHARS: usize = 50;

/// Why a text is no number of the kind that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// No character was left.
    #[error("nothing was read")]
    Empty,
    /// Too short or too long.
    #[error("{found} characters where {wanted} are expected")]
    Length {
        /// Characters without separators.
        found: usize,
        /// What a number of the kind has.
        wanted: &'static str,
    },
    /// A character that can't stand where it stands.
    #[error("character {at} is `{found}` where {wanted} is expected")]
    Character {
        /// From 1, separators not counted.
        at: usize,
        /// What stands there.
        found: char,
        /// What may stand there.
        wanted: &'static str,
    },
    /// Parts between separators.
    #[error("{found} parts where office/DDMMYY/serial are expected")]
    Parts {
        /// How many there are.
        found: usize,
    },
    /// The customs office of an EAEU number.
    #[error("the office has {found} characters where 2, 5 or 8 digits are expected")]
    Office {
        /// How many there are.
        found: usize,
    },
    /// The date of an EAEU number.
    #[error("`{0}` is no date DDMMYY")]
    Date(String),
    /// The serial of an EAEU number.
    #[error("the serial has {found} characters where 1 to 7 letters or digits are expected")]
    Serial {
        /// How many there are.
        found: usize,
    },
    /// Two letters that name no country.
    #[error("`{0}` is no country code")]
    Country(String),
    /// What the kind's own rule says.
    #[error("{0}")]
    Rule(&'static str),
}

/// What may stand in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// 0 to 9.
    Digit,
    /// A to Z.
    Letter,
    /// Either.
    Alphanumeric,
}

impl Class {
    pub(super) const fn holds(self, c: char) -> bool {
        match self {
            Self::Digit => c.is_ascii_digit(),
            Self::Letter => c.is_ascii_uppercase(),
            Self::Alphanumeric => c.is_ascii_digit() || c.is_ascii_uppercase(),
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Digit => "a digit",
            Self::Letter => "a letter",
            Self::Alphanumeric => "a letter or a digit",
        }
    }
}

/// Runs of places, in order.
pub(super) type Shape = &'static [(Class, usize)];

/// The class of every place.
pub(super) fn places(shape: Shape) -> impl Iterator<Item = Class> {
    shape.iter().flat_map(|(class, count)| std::iter::repeat_n(*class, *count))
}

/// Holds a compact text against a shape; `wanted` tells the length in words.
pub(super) fn require(text: &str, shape: Shape, wanted: &'static str) -> Result<(), FormError> {
    let found = text.chars().count();
    if found != places(shape).count() {
        return Err(FormError::Length { found, wanted });
    }
    match text.chars().zip(places(shape)).enumerate().find(|(_, (c, class))| !class.holds(*c)) {
        Some((index, (found, class))) => Err(FormError::Character { at: index + 1, found, wanted: class.words() }),
        None => Ok(()),
    }
}

/// Whether a compact text has a shape.
pub(super) fn fits(text: &str, shape: Shape) -> bool {
    require(text, shape, "").is_ok()
}

/// What readers put around a number and nobody means: an AIM symbology identifier (`]C1`, ISO/IEC 15424), the
/// asterisks of Code 39, line ends and other control characters, marks without width.
pub(super) fn unframed(text: &str) -> &str {
    let text = trimmed(text);
    let text = trimmed(without_symbology(text));
    let inner = text.strip_prefix('*').and_then(|rest| rest.strip_suffix('*'));
    inner.map_or(text, trimmed)
}

fn trimmed(text: &str) -> &str {
    let frame = |c: char| c.is_whitespace() || c.is_control() || is_invisible(c);
    text.trim_matches(frame)
}

const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{00AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}')
}

fn without_symbology(text: &str) -> &str {
    let mut rest = text.chars();
    let mark = (rest.next(), rest.next(), rest.next());
    match mark {
        (Some(']'), Some(code), Some(modifier))
            if code.is_ascii_alphabetic() && modifier.is_ascii_alphanumeric() && !rest.as_str().is_empty() =>
        {
            rest.as_str()
        }
        _ => text,
    }
}

/// What people and printers put between the parts of a number.
pub(super) fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '/' | '-' | '.' | '_' | '[' | ']' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// The parts between separators; `.` and `_` don't part them.
pub(super) fn parts(text: &str) -> Vec<&str> {
    let parting = |c: char| c.is_whitespace() || matches!(c, '/' | '-' | '\u{2010}'..='\u{2015}' | '\u{2212}');
    text.split(parting).filter(|part| !part.is_empty()).collect()
}

/// Upper-case ASCII letters and digits: without frame and separators, look-alike Cyrillic letters as Latin ones.
///
/// # Errors
/// When nothing is left, when it is too long for any number, or for a character that no number has.
pub(super) fn compact(text: &str) -> Result<String, FormError> {
    let text = unframed(text);
    let found = text.chars().count();
    if found > NUMBER_MAX_CHARS {
        return Err(FormError::Length { found, wanted: "at most 50" });
    }
    let strange = |c: &char| !(c.is_alphanumeric() || is_separator(*c) || is_invisible(*c));
    if let Some(stranger) = text.chars().find(strange) {
        return Err(foreign(text, stranger));
    }
    let folded = fold(text).as_str().to_owned();
    if let Some(stranger) = folded.chars().find(|c| !Class::Alphanumeric.holds(*c)) {
        return Err(foreign(&folded, stranger));
    }
    if folded.is_empty() { Err(FormError::Empty) } else { Ok(folded) }
}

fn foreign(text: &str, found: char) -> FormError {
    let before = text.chars().take_while(|c| *c != found).filter(|c| !is_separator(*c)).count();
    FormError::Character { at: before + 1, found, wanted: Class::Alphanumeric.words() }
}

/// Gives a type over one text its printing, its parsing and its form in JSON (a string).
macro_rules! text_identifier {
    ($name:ident) => {
        impl $name {
            /// The canonical text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        $crate::domain::form::parsed_identifier!($name);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

/// Gives a type that parses and prints the traits that follow from both.
macro_rules! parsed_identifier {
    ($name:ident) => {
        impl std::str::FromStr for $name {
            type Err = $crate::domain::FormError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::domain::FormError;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(number: $name) -> Self {
                number.to_string()
            }
        }
    };
}

pub(super) use {parsed_identifier, text_identifier};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_readers_frame_is_no_part_of_the_number() {
        for read in [
            "CSQU3054383",
            "]C1CSQU3054383",
            "]d2\u{1d}CSQU3054383\r\n",
            "\u{2}CSQU3054383\u{3}",
            "*CSQU3054383*",
            "\u{feff}csqu3054383",
            " CSQU 305438 3 ",
            "CSQU-305438-[3]",
            "СSQU3054383",
            "ＣＳＱＵ３０５４３８３",
        ] {
            assert_eq!(compact(read).as_deref(), Ok("CSQU3054383"), "{read}");
        }
    }

    #[test]
    fn what_is_no_frame_stays() {
        assert_eq!(unframed("]C1"), "]C1", "an identifier without a number");
        assert_eq!(unframed("*1"), "*1");
        assert_eq!(compact(" \r\n"), Err(FormError::Empty));
        assert_eq!(compact("-/-"), Err(FormError::Empty));
        let strange = FormError::Character { at: 3, found: '!', wanted: "a letter or a digit" };
        assert_eq!(compact("a-b!"), Err(strange));
        let cyrillic = FormError::Character { at: 2, found: 'Ж', wanted: "a letter or a digit" };
        assert_eq!(compact("аж"), Err(cyrillic));
        assert!(matches!(compact(&"1".repeat(51)), Err(FormError::Length { found: 51, .. })));
    }
}
