//! One sealed field: XChaCha20-Poly1305 over its JSON text, bound to the place where it stands.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use serde::Deserialize;

use super::keys::{KeyError, KeyName, Secret};

/// Domain and version of what is bound.
const DOMAIN: &[u8] = b"lane-controller seal 1\0";
const NONCE_BYTES: usize = 24;
/// Texts are filled up to a multiple of this, so that a length doesn't tell a plate's country.
const FILLED_TO_BYTES: usize = 16;

/// Where a field stands; a sealed text counts nowhere else.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) lane: &'a str,
    /// Empty for none.
    pub(super) passage: &'a str,
    pub(super) kind: &'a str,
    /// Microseconds since the Unix epoch.
    pub(super) at: i64,
    pub(super) path: &'a str,
}

impl Place<'_> {
    fn bound(&self, key: &str) -> Vec<u8> {
        let mut bound = Vec::with_capacity(192);
        bound.extend_from_slice(DOMAIN);
        bound.extend_from_slice(&self.at.to_le_bytes());
        for field in [self.lane, self.passage, self.kind, self.path, key] {
            let length = u64::try_from(field.len()).unwrap_or(u64::MAX);
            bound.extend_from_slice(&length.to_le_bytes());
            bound.extend_from_slice(field.as_bytes());
        }
        bound
    }
}

/// Seals a JSON value; the envelope is one, too.
pub(super) fn seal(
    secret: &Secret,
    name: &KeyName,
    nonce: [u8; NONCE_BYTES],
    place: &Place<'_>,
    value: &str,
) -> Result<String, KeyError> {
    let name = name.to_string();
    let mut text = value.as_bytes().to_vec();
    // Spaces behind a value are JSON, and cut off again.
    text.resize(text.len().next_multiple_of(FILLED_TO_BYTES), b' ');
    let cipher = XChaCha20Poly1305::new((&**secret).into());
    cipher
        .encrypt_in_place(&XNonce::from(nonce), &place.bound(&name), &mut text)
        .map_err(|_| KeyError::Unreadable("a field too long to be sealed"))?;
    let mut sealed = STANDARD_NO_PAD.encode([nonce.as_slice(), text.as_slice()].concat());
    sealed.insert_str(0, super::OPENING);
    sealed.push_str("\",\"key\":\"");
    sealed.push_str(&name);
    sealed.push_str(if value.starts_with('"') { "\"}" } else { "\",\"of\":\"list\"}" });
    Ok(sealed)
}

/// A sealed field as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Envelope<'a> {
    sealed: &'a str,
    /// Names the key.
    pub(super) key: &'a str,
    /// `list` when it is no text.
    #[serde(default)]
    of: Option<&'a str>,
}

impl<'a> Envelope<'a> {
    pub(super) fn parse(value: &'a str) -> Option<Self> {
        serde_json::from_str(value).ok()
    }

    /// It holds a list or an object.
    pub(super) const fn is_list(&self) -> bool {
        self.of.is_some()
    }

    /// The JSON value within; `None` when it is not what was sealed there with this key.
    pub(super) fn open(&self, secret: &Secret, place: &Place<'_>) -> Option<String> {
        let mut bytes = STANDARD_NO_PAD.decode(self.sealed).ok()?;
        let (nonce, text) = bytes.split_at_mut_checked(NONCE_BYTES)?;
        let nonce: [u8; NONCE_BYTES] = (&*nonce).try_into().ok()?;
        let mut text = text.to_vec();
        let cipher = XChaCha20Poly1305::new((&**secret).into());
        cipher.decrypt_in_place(&XNonce::from(nonce), &place.bound(self.key), &mut text).ok()?;
        let mut value = String::from_utf8(text).ok()?;
        value.truncate(value.trim_end().len());
        Some(value)
    }
}
