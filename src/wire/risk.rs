//! The RMS's answer.

use super::bounds::{DEVICE_MAX_BYTES, Malformed, parse};
use crate::model::RiskDecision;

/// Reads a decision. An unknown channel or measure is an error: the lane then holds for want of an answer.
///
/// # Errors
/// When it is too long, too deep or not a decision.
pub fn decode_decision(bytes: &[u8]) -> Result<RiskDecision, Malformed> {
    parse(bytes, DEVICE_MAX_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_word_is_never_a_default() {
        let answer = |channel: &str, measure: &str| {
            let id = "00000000-0000-0000-0000-000000000001";
            format!(
                r#"{{"request_id":"{id}","channel":"{channel}","measures":["{measure}"],"profiles":[],"reason":""}}"#
            )
        };
        assert!(decode_decision(answer("green", "scan").as_bytes()).is_ok());
        assert!(decode_decision(answer("mauve", "scan").as_bytes()).is_err());
        assert!(decode_decision(answer("green", "dance").as_bytes()).is_err());
    }
}
