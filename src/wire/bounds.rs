//! Size, depth and typed parsing of foreign JSON.

use std::fmt;

use serde::de::DeserializeOwned;

use crate::model::privacy::MASK;

/// Largest device message, bytes (contract).
pub const DEVICE_MAX_BYTES: usize = 64 * 1024;
/// Largest registry document, bytes (contract).
pub const DOCUMENT_MAX_BYTES: usize = 1024 * 1024;
/// Deepest nesting (contract).
pub const DEPTH_MAX: usize = 16;

/// Why foreign JSON was refused. Printed, it tells nothing of what came; whole its message is for who sent it.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Too long.
    #[error("{found} bytes are more than the {most} that are allowed")]
    TooLong {
        /// Bytes that came.
        found: usize,
        /// Bytes that are allowed.
        most: usize,
    },
    /// Nested too deeply.
    #[error("the JSON is nested deeper than {DEPTH_MAX} levels")]
    TooDeep,
    /// Not the payload that the topic wants.
    #[error("{path}: {}", without_values(.message))]
    Json {
        /// JSON path.
        path: String,
        /// What was expected, and what came.
        message: String,
    },
}

impl fmt::Debug for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Malformed({self})")
    }
}

/// Parses one JSON value within its bounds.
///
/// # Errors
/// When it is too long, too deep, or not what is expected; the JSON path says where.
pub fn parse<T: DeserializeOwned>(bytes: &[u8], most: usize) -> Result<T, Malformed> {
    if bytes.len() > most {
        return Err(Malformed::TooLong { found: bytes.len(), most });
    }
    if !is_shallow(bytes) {
        return Err(Malformed::TooDeep);
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { "$".to_owned() } else { format!("$.{path}") };
        Malformed::Json { path, message: error.into_inner().to_string() }
    })?;
    json.end().map_err(|error| Malformed::Json { path: "$".into(), message: error.to_string() })?;
    Ok(value)
}

/// A parser's message without what it quotes of the foreign text, which may be a plate or a name (invariant C8): all
/// from the first quotation mark to the last goes. What was expected and the names of our own keys stay.
#[must_use]
pub fn without_values(message: &str) -> String {
    if ["missing field", "duplicate field"].iter().any(|ours| message.starts_with(ours)) {
        return message.to_owned();
    }
    let (told, expected) = message.rfind(", expected ").map_or((message, ""), |at| message.split_at(at));
    let is_mark = |c: char| c == '"' || c == '`';
    let quoted = told.find(is_mark).zip(told.rfind(is_mark));
    let parts = quoted.and_then(|(first, last)| Some((told.get(..first)?, told.get(last + 1..)?)));
    match parts {
        Some((before, after)) => format!("{before}{MASK}{after}{expected}"),
        None => message.to_owned(),
    }
}

/// Whether brackets outside of strings nest no deeper than allowed; looks at each byte once.
#[must_use]
pub fn is_shallow(bytes: &[u8]) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in bytes {
        match (in_text, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (true, b'"') => in_text = false,
            (false, b'"') => in_text = true,
            (false, b'[' | b'{') => {
                depth += 1;
                if depth > DEPTH_MAX {
                    return false;
                }
            }
            (false, b']' | b'}') => depth = depth.saturating_sub(1),
            (true | false, _) => {}
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_outside_of_strings_only() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(is_shallow(nested(DEPTH_MAX).as_bytes()));
        assert!(!is_shallow(nested(DEPTH_MAX + 1).as_bytes()));
        assert!(is_shallow(format!("\"{}\\\"[\"", "[".repeat(100)).as_bytes()));
    }

    #[test]
    fn a_fault_names_its_place_and_what_was_expected_and_never_what_came() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum View {
            Front,
        }
        #[derive(Debug, serde::Deserialize)]
        #[expect(dead_code, reason = "only its faults are looked at")]
        struct Read {
            view: View,
            confidence: f64,
        }
        let fault = |json: &str| parse::<Read>(json.as_bytes(), 200).expect_err("a fault").to_string();
        for value in ["123ABC02", r#"1`2\"3`ABC02"#, ", expected 123ABC02", r"\u0410123BC77"] {
            for json in [
                format!(r#"{{"view":"front","confidence":"{value}"}}"#),
                format!(r#"{{"view":"{value}","confidence":1}}"#),
                format!(r#"{{"view":"front","confidence":["{value}"]}}"#),
            ] {
                let told = fault(&json);
                assert!(!told.contains("ABC02") && !told.contains("BC77"), "{told}");
            }
        }
        assert_eq!(fault(r#"{"view":"front","confidence":"12302"}"#), FLOAT);
        assert_eq!(fault(r#"{"view":"front"}"#), "$: missing field `confidence` at line 1 column 16");
        assert!(fault(r#"{"view":"x"}"#).contains("expected `front`"));
    }

    const FLOAT: &str = "$.confidence: invalid type: string ***, expected f64 at line 1 column 36";

    #[test]
    fn what_follows_the_value_is_refused() {
        assert!(parse::<u8>(b"1 ", 10).is_ok());
        assert!(parse::<u8>(b"1 2", 10).is_err());
        assert!(parse::<u8>(b"1", 0).is_err());
    }
}
