//! Document numbers, comparable however they were written.

use super::document::written_form;
use super::form::{parts, unframed};

/// A document number in comparable form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NumberKey(String);

impl NumberKey {
    /// A key that was stored as text.
    #[must_use]
    pub fn from_stored(key: &str) -> Self {
        Self(key.to_owned())
    }

    /// The comparable text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The canonical print of what has a known form: an EAEU number in any spelling, a container, movement, guarantee or
/// carnet number however spaced. Of any other number: upper case, without a reader's frame, and one separator for
/// `/`, `-` and space. No character of it is changed, and no zero dropped.
#[must_use]
pub fn number_key(number: &str) -> NumberKey {
    let number = unframed(number);
    NumberKey(written_form(number).unwrap_or_else(|| parts(&number.to_uppercase()).join("/")))
}

#[cfg(test)]
mod tests {
    use super::super::{Check, DocumentNumber};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_number_is_the_same_however_it_is_written() {
        for same in [
            &["55302/150324/0000123", "55302/150324/123", "55302-150324-0000123", " 55302 150324 123 "][..],
            &["XW44062317", "xw44062317", "XW 44062317", "XW-44062317", "]C1XW44062317\r\n"],
            &["24GB000246J8NY33L7", "24 gb 000246J8NY33L7"],
            &["CSQU3054383", "CSQU 305438 3", "csqu-305438-3", "СSQU3054383"],
            &["PN-2026-12", "pn/2026/12", "*PN 2026 12*"],
        ] {
            for written in same {
                assert_eq!(number_key(written), number_key(same[0]), "{written}");
            }
        }
    }

    #[test]
    fn different_numbers_stay_different() {
        for (one, other) in [
            ("10012020/150324/0000123", "55302/150324/0000123"),
            ("PN-0012", "PN-12"),
            ("PN-1-23", "PN-12-3"),
            ("AB-1234-5678", "AB-12345-678"),
            ("24-GB-000246J8NY33L7", "24GB-000246J8NY33L7"),
            ("55302/310224/0000123", "55302/310224/123"),
            ("55302/150324/A12", "55302/150324/0A12"),
            ("PN.1", "PN1"),
            ("01234567", "1234567"),
        ] {
            assert_ne!(number_key(one), number_key(other), "{one} {other}");
        }
        assert_eq!(number_key("55302/150324/123").as_str(), "55302/150324/0000123", "as it is printed");
        assert_eq!(number_key("").as_str(), "");
    }

    proptest! {
        #[test]
        fn a_key_is_the_key_of_itself(text in "\\PC{0,40}|[0-9A-Z /.-]{1,30}") {
            let key = number_key(&text);
            prop_assert_eq!(number_key(key.as_str()), key);
        }

        #[test]
        fn a_recognised_number_prints_what_compares_equal(text in "[0-9A-Z]{1,5}[ /.-]?[0-9A-Z]{1,14}[ /-]?[0-9]{0,9}") {
            let number = DocumentNumber::recognise(&text);
            if number.check != Check::Invalid {
                prop_assert_eq!(number_key(&number.canonical), number_key(&text));
            }
        }
    }
}
