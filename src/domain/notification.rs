//! Numbers of prior notifications.

use serde::{Deserialize, Serialize};

use super::form::{FormError, NUMBER_MAX_CHARS, text_identifier, unframed};

/// The number of a prior notification: an opaque token. Nothing in it is checked or changed; compare by
/// [`super::number_key`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NotificationNumber(String);
text_identifier!(NotificationNumber);

impl NotificationNumber {
    /// Takes 1 to 50 characters, without a reader's frame and without control characters.
    ///
    /// # Errors
    /// When there are none, more, or a control character is among them.
    pub fn parse(text: &str) -> Result<Self, FormError> {
        let text = unframed(text);
        let found = text.chars().count();
        if found == 0 {
            return Err(FormError::Empty);
        }
        if found > NUMBER_MAX_CHARS {
            return Err(FormError::Length { found, wanted: "1 to 50" });
        }
        if let Some((index, found)) = text.chars().enumerate().find(|(_, c)| c.is_control()) {
            return Err(FormError::Character { at: index + 1, found, wanted: "a character that prints" });
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notifications_number_is_any_token_of_1_to_50_characters() {
        for (read, number) in [("PN-2026-000123", "PN-2026-000123"), (" pn-9\r\n", "pn-9"), ("№ 7", "№ 7"), ("x", "x")]
        {
            assert_eq!(NotificationNumber::parse(read).expect(read).as_str(), number);
        }
        assert!(NotificationNumber::parse(&"я".repeat(50)).is_ok(), "characters, not bytes");
        assert_eq!(NotificationNumber::parse("\r\n"), Err(FormError::Empty));
        assert!(matches!(NotificationNumber::parse(&"1".repeat(51)), Err(FormError::Length { found: 51, .. })));
        assert!(matches!(NotificationNumber::parse("PN-1\nPN-2"), Err(FormError::Character { at: 5, .. })));
    }
}
