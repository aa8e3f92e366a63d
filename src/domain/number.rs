//! Document numbers, comparable however they were written.

/// A document number in comparable form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NumberKey(String);

impl NumberKey {
    /// The comparable text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Upper case, one separator for `/`, `-` and space, and no padding of an all-digit serial of an EAEU number
/// (`office/DDMMYY/serial`, domain §1).
#[must_use]
pub fn number_key(number: &str) -> NumberKey {
    let upper = number.trim().to_uppercase();
    let parts: Vec<_> = upper.split(['/', '-', ' ']).filter(|part| !part.is_empty()).collect();
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let key = match parts.as_slice() {
        [office, date, serial]
            if matches!(office.len(), 2 | 5 | 8)
                && date.len() == 6
                && serial.len() <= 7
                && all_digits(office)
                && all_digits(date)
                && all_digits(serial) =>
        {
            let bare = serial.trim_start_matches('0');
            format!("{office}/{date}/{}", if bare.is_empty() { "0" } else { bare })
        }
        parts => parts.join("/"),
    };
    NumberKey(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_same_however_it_is_written() {
        let same = ["55302/150324/0000123", "55302/150324/123", "55302-150324-0000123", " 55302 150324 123 "];
        for written in same {
            assert_eq!(number_key(written), number_key(same[0]), "{written}");
        }
        assert_ne!(number_key("10012020/150324/0000123"), number_key(same[0]));
        assert_eq!(number_key("xw44062317"), number_key("XW44062317"));
        assert_ne!(number_key("PN-0012"), number_key("PN-12"), "only EAEU serials are padded");
    }
}
