//! Signed answers of the RMS: Ed25519 over the exact bytes of the payload, the key named beside it.
//!
//! The MQTT 5 user properties `key-id` and `signature` (base64, 64 bytes) travel with the answer. Keys come from a
//! file; several may be valid at once, so that they can be changed without a gap. Where keys are configured an answer
//! without a signature that holds counts as none (contract, `response_keys_file`).

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use serde::Deserialize;

use crate::model::Timestamp;

/// The user property that names the key.
pub const KEY_ID: &str = "key-id";
/// The user property with the signature.
pub const SIGNATURE: &str = "signature";

/// Why a signed message counts as none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignatureRefusal {
    /// There is no signature, or no key is named.
    Unsigned,
    /// No key of that name is known.
    UnknownKey,
    /// The key is not valid at this time.
    KeyNotValid,
    /// The signature is none, or is not over these bytes by that key.
    Wrong,
}

impl SignatureRefusal {
    /// The label that metrics use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::UnknownKey => "unknown_key",
            Self::KeyNotValid => "key_not_valid",
            Self::Wrong => "wrong_signature",
        }
    }
}

/// Why a keys file can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// It isn't TOML of the expected shape.
    #[error("{0}")]
    Form(String),
    /// A key is none.
    #[error("key `{id}`: 32 bytes of an Ed25519 public key in base64 are expected")]
    Key {
        /// Its name.
        id: String,
    },
    /// Two keys of one name.
    #[error("there are two keys `{id}`")]
    Double {
        /// Their name.
        id: String,
    },
    /// No key at all: every answer would count as none.
    #[error("at least one [[key]] with id and public is expected")]
    Empty,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    key: Vec<RawKey>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKey {
    id: String,
    public: String,
    #[serde(default)]
    valid_from: Option<Timestamp>,
    #[serde(default)]
    valid_until: Option<Timestamp>,
}

struct Key {
    public: VerifyingKey,
    valid_from: Option<Timestamp>,
    valid_until: Option<Timestamp>,
}

/// The public keys of those whose word counts.
pub struct PublicKeys(BTreeMap<String, Key>);

impl fmt::Debug for PublicKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl PublicKeys {
    /// Reads a keys file.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, KeysError> {
        let file: File = toml::from_str(text).map_err(|error| KeysError::Form(error.to_string()))?;
        let mut keys = BTreeMap::new();
        for raw in file.key {
            let bytes = STANDARD.decode(raw.public.trim()).ok();
            let bytes = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
            let Some(public) = bytes.and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok()) else {
                return Err(KeysError::Key { id: raw.id });
            };
            let key = Key { public, valid_from: raw.valid_from, valid_until: raw.valid_until };
            if keys.insert(raw.id.clone(), key).is_some() {
                return Err(KeysError::Double { id: raw.id });
            }
        }
        if keys.is_empty() { Err(KeysError::Empty) } else { Ok(Self(keys)) }
    }

    /// Whether `payload` is signed by one of the keys; `properties` are the message's user properties.
    ///
    /// # Errors
    /// Why it counts as none.
    pub fn verify(
        &self,
        payload: &[u8],
        properties: &[(String, String)],
        now: Timestamp,
    ) -> Result<(), SignatureRefusal> {
        let property = |name: &str| properties.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let (Some(id), Some(signature)) = (property(KEY_ID), property(SIGNATURE)) else {
            return Err(SignatureRefusal::Unsigned);
        };
        let key = self.0.get(id).ok_or(SignatureRefusal::UnknownKey)?;
        let early = key.valid_from.is_some_and(|from| now < from);
        let over = key.valid_until.is_some_and(|until| until <= now);
        if early || over {
            return Err(SignatureRefusal::KeyNotValid);
        }
        let bytes = STANDARD.decode(signature.trim()).map_err(|_| SignatureRefusal::Wrong)?;
        let signature = Signature::from_slice(&bytes).map_err(|_| SignatureRefusal::Wrong)?;
        key.public.verify_strict(payload, &signature).map_err(|_| SignatureRefusal::Wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer, SigningKey};
    use proptest::prelude::*;

    const NOW: i64 = 1_795_600_000_000_000;

    #[test]
    fn only_a_signature_over_these_bytes_by_a_known_valid_key_counts() {
        let keys = keys("valid_until = \"2099-01-01T00:00:00Z\"");
        let payload = b"{\"channel\":\"green\"}";
        let good = signed(payload);
        assert_eq!(keys.verify(payload, &good, now()), Ok(()));
        assert_eq!(keys.verify(b"{\"channel\":\"grEen\"}", &good, now()), Err(SignatureRefusal::Wrong));
        assert_eq!(keys.verify(payload, &[], now()), Err(SignatureRefusal::Unsigned));
        assert_eq!(keys.verify(payload, &good[..1], now()), Err(SignatureRefusal::Unsigned));
        let other = vec![(KEY_ID.to_owned(), "rms-2".to_owned()), good[1].clone()];
        assert_eq!(keys.verify(payload, &other, now()), Err(SignatureRefusal::UnknownKey));
        for wrong in ["", "!!", "AAAA", &STANDARD.encode([0_u8; 64])] {
            let wrong = vec![good[0].clone(), (SIGNATURE.to_owned(), wrong.to_owned())];
            assert_eq!(keys.verify(payload, &wrong, now()), Err(SignatureRefusal::Wrong));
        }
    }

    #[test]
    fn a_key_counts_only_in_its_time() {
        let payload = b"x";
        for validity in ["valid_until = \"2020-01-01T00:00:00Z\"", "valid_from = \"2099-01-01T00:00:00Z\""] {
            assert_eq!(keys(validity).verify(payload, &signed(payload), now()), Err(SignatureRefusal::KeyNotValid));
        }
    }

    #[test]
    fn a_wrong_keys_file_says_what_is_wrong() {
        let key = format!("[[key]]\nid = \"a\"\npublic = \"{}\"\n", public());
        for (text, expected) in [
            ("", "at least one"),
            ("[[key]]\nid = \"a\"\n", "missing field `public`"),
            ("[[key]]\nid = \"a\"\npublic = \"AAAA\"\n", "key `a`"),
            (&format!("{key}{key}"), "two keys `a`"),
            (&format!("{key}colour = 1\n"), "unknown field"),
        ] {
            let error = PublicKeys::parse(text).expect_err(expected).to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    proptest! {
        #[test]
        fn nothing_forged_counts(payload in proptest::collection::vec(any::<u8>(), 0..64), signature: Vec<u8>, id in ".{0,8}") {
            let properties = [(KEY_ID.to_owned(), id), (SIGNATURE.to_owned(), STANDARD.encode(signature))];
            prop_assert!(keys("").verify(&payload, &properties, now()).is_err());
        }
    }

    fn now() -> Timestamp {
        Timestamp::from_unix_micros(NOW)
    }

    fn secret() -> SigningKey {
        SigningKey::from_bytes(&[7; 32])
    }

    fn public() -> String {
        STANDARD.encode(secret().verifying_key().to_bytes())
    }

    fn keys(more: &str) -> PublicKeys {
        PublicKeys::parse(&format!("[[key]]\nid = \"rms-1\"\npublic = \"{}\"\n{more}\n", public())).expect("keys")
    }

    fn signed(payload: &[u8]) -> Vec<(String, String)> {
        let signature = STANDARD.encode(secret().sign(payload).to_bytes());
        vec![(KEY_ID.to_owned(), "rms-1".to_owned()), (SIGNATURE.to_owned(), signature)]
    }
}
