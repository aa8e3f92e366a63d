//! Signed heads: what a witness keeps.
//!
//! Signed are the canonical bytes of a head, all integers little-endian: `"lane-controller head 1\0"`, site as its length
//! (u64) and its UTF-8 bytes, epoch (u64), size (u64), root (32 bytes), the last record's hash (32 bytes), then time and
//! key id, each as its length (u64) and its UTF-8 bytes. The signature is plain Ed25519 (RFC 8032) over them.

use std::io::BufRead;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::hex;
use crate::tree::Hash;

/// Domain and version of the canonical bytes.
const DOMAIN: &[u8] = b"lane-controller head 1\0";
/// The one version there is.
const VERSION: u32 = 1;
/// Longest line of a file with heads or keys, bytes; ours have some 500.
const LINE_MAX_BYTES: u64 = 16 * 1024;

/// What a head says of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The site.
    pub site: String,
    /// The controller's start that signed it.
    pub epoch: u64,
    /// Records under it: the last one's sequence.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
    /// Hash of the last one.
    pub last_hash: Hash,
    /// When it was signed, as text (RFC 3339).
    pub at: String,
}

/// A head with its signature, as it is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedHead {
    version: u32,
    site: String,
    epoch: u64,
    size: u64,
    #[serde(with = "hex")]
    root: Hash,
    #[serde(with = "hex")]
    last_hash: Hash,
    at: String,
    key_id: String,
    #[serde(with = "hex")]
    signature: [u8; 64],
}

/// Why a head counts as none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeadFault {
    /// It isn't one.
    #[error("it is no head: {0}")]
    Form(String),
    /// Another version's.
    #[error("it has version {0}, this program knows {VERSION}; run a newer one")]
    Version(u32),
    /// Nobody's.
    #[error("it is signed by key {0}, which is not among the public keys given")]
    UnknownKey(String),
    /// Forged or damaged.
    #[error("its signature does not hold")]
    Signature,
    /// It covers nothing.
    #[error("it covers no record")]
    Empty,
}

/// Names a public key: the first 8 bytes of its SHA-256, in hexadecimal.
#[must_use]
pub fn key_id(key: &VerifyingKey) -> String {
    let digest = Sha256::digest(key.as_bytes());
    hex::encode(digest.get(..8).unwrap_or_default())
}

/// Signs a head.
#[must_use]
pub fn sign(head: &Head, key: &SigningKey) -> SignedHead {
    let key_id = key_id(&key.verifying_key());
    let signature = key.sign(&canonical(head, &key_id)).to_bytes();
    let Head { site, epoch, size, root, last_hash, at } = head.clone();
    SignedHead { version: VERSION, site, epoch, size, root, last_hash, at, key_id, signature }
}

fn canonical(head: &Head, key_id: &str) -> Vec<u8> {
    let mut bytes = DOMAIN.to_vec();
    let text = |bytes: &mut Vec<u8>, text: &str| {
        bytes.extend_from_slice(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_le_bytes());
        bytes.extend_from_slice(text.as_bytes());
    };
    text(&mut bytes, &head.site);
    bytes.extend_from_slice(&head.epoch.to_le_bytes());
    bytes.extend_from_slice(&head.size.to_le_bytes());
    bytes.extend_from_slice(&head.root);
    bytes.extend_from_slice(&head.last_hash);
    text(&mut bytes, &head.at);
    text(&mut bytes, key_id);
    bytes
}

impl SignedHead {
    /// Reads a head from its JSON; its signature is not looked at yet.
    ///
    /// # Errors
    /// When it is none.
    pub fn from_json(text: &str) -> Result<Self, HeadFault> {
        let head: Self = serde_json::from_str(text).map_err(|error| HeadFault::Form(error.to_string()))?;
        match (head.version, head.size) {
            (VERSION, 0) => Err(HeadFault::Empty),
            (VERSION, _) => Ok(head),
            (other, _) => Err(HeadFault::Version(other)),
        }
    }

    /// As it is published and kept: one line.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Numbers and text with text keys always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Records under it, by its own word.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// When it was signed, by its own word.
    #[must_use]
    pub fn at(&self) -> &str {
        &self.at
    }

    /// The key that it names.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// What it says, once a known key is seen to have said it.
    ///
    /// # Errors
    /// When none did.
    pub fn verify(&self, keys: &PublicKeys) -> Result<Head, HeadFault> {
        let key = keys.get(&self.key_id).ok_or_else(|| HeadFault::UnknownKey(self.key_id.clone()))?;
        let head = Head {
            site: self.site.clone(),
            epoch: self.epoch,
            size: self.size,
            root: self.root,
            last_hash: self.last_hash,
            at: self.at.clone(),
        };
        let signature = Signature::from_bytes(&self.signature);
        key.verify_strict(&canonical(&head, &self.key_id), &signature).map_err(|_| HeadFault::Signature)?;
        Ok(head)
    }
}

/// A public key as `lane-controller journal key` prints it; other fields are for people.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PublicKey {
    /// Its name, which follows from the key.
    pub key_id: String,
    /// `ed25519`.
    pub algorithm: String,
    /// The key.
    #[serde(with = "hex")]
    pub public: [u8; 32],
    /// When it began to sign, as text.
    pub since: String,
}

impl PublicKey {
    /// Of a signing key.
    #[must_use]
    pub fn of(key: &VerifyingKey, since: String) -> Self {
        Self { key_id: key_id(key), algorithm: "ed25519".to_owned(), public: key.to_bytes(), since }
    }
}

/// Why keys can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeysFault {
    /// A line is no key.
    #[error("line {line}: {why}; lines as `lane-controller journal key` prints them are expected")]
    Line {
        /// From 1.
        line: usize,
        /// Why.
        why: String,
    },
    /// There is none.
    #[error("there is no key; lines as `lane-controller journal key` prints them are expected")]
    None,
}

/// The public keys whose word counts.
#[derive(Debug, Clone, Default)]
pub struct PublicKeys(Vec<(String, VerifyingKey)>);

impl PublicKeys {
    /// From JSON lines.
    ///
    /// # Errors
    /// The first line that is no key; or there is none.
    pub fn parse(text: &str) -> Result<Self, KeysFault> {
        let mut keys = Self::default();
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
            let fail = |why: String| KeysFault::Line { line: number, why };
            let key: PublicKey = serde_json::from_str(line).map_err(|error| fail(error.to_string()))?;
            keys.add(&key).map_err(fail)?;
        }
        if keys.0.is_empty() { Err(KeysFault::None) } else { Ok(keys) }
    }

    /// Adds a key.
    ///
    /// # Errors
    /// Why it is none.
    pub fn add(&mut self, key: &PublicKey) -> Result<(), String> {
        if key.algorithm != "ed25519" {
            return Err(format!("algorithm `{}` is not known", key.algorithm));
        }
        let public = VerifyingKey::from_bytes(&key.public).map_err(|_| "this is no Ed25519 public key".to_owned())?;
        let id = key_id(&public);
        if id != key.key_id {
            return Err(format!("the key has the id {id}, not {}", key.key_id));
        }
        self.0.push((id, public));
        Ok(())
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a key of that name is known.
    #[must_use]
    pub fn knows(&self, id: &str) -> bool {
        self.get(id).is_some()
    }

    fn get(&self, id: &str) -> Option<&VerifyingKey> {
        self.0.iter().find(|(known, _)| known == id).map(|(_, key)| key)
    }
}

/// Reads heads, a JSON line each: one head, or what a witness gathered.
///
/// # Errors
/// The first line that is none, by its number.
pub fn read_heads(mut from: impl BufRead) -> Result<Vec<SignedHead>, (usize, HeadFault)> {
    let mut heads = Vec::new();
    for number in 1.. {
        let mut line = String::new();
        let fail = |why: String| (number, HeadFault::Form(why));
        let mut bounded = std::io::Read::take(&mut from, LINE_MAX_BYTES);
        let read = bounded.read_line(&mut line).map_err(|error| fail(error.to_string()))?;
        if read == 0 {
            break;
        }
        if !line.ends_with('\n') && bounded.limit() == 0 {
            return Err(fail(format!("a line of at most {LINE_MAX_BYTES} bytes is expected")));
        }
        if !line.trim().is_empty() {
            heads.push(SignedHead::from_json(line.trim()).map_err(|fault| (number, fault))?);
        }
    }
    if heads.is_empty() { Err((1, HeadFault::Form("the file is empty".to_owned()))) } else { Ok(heads) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_head_s_bytes_and_signature_are_pinned() {
        let signed = sign(&head(), &key(7));
        let golden = concat!(
            r#"{"version":1,"site":"korday","epoch":3,"size":1042,"root":"0101010101010101010101010101010101010101010101010101010101010101","#,
            r#""last_hash":"0202020202020202020202020202020202020202020202020202020202020202","at":"2026-11-24T05:12:03.412Z","#,
            r#""key_id":"fe812c12f3ab4ce6","signature":"c88ee4d7f80bc816a8b30bbc734ea967824ac2d90d8b251487fae8dd85ccce1624df197a13ae3f6ba05c2cee09f5dd561bdfe00c41c486034f4166fbb900db01"}"#
        );
        assert_eq!(signed.to_json(), golden);
        assert_eq!(SignedHead::from_json(golden), Ok(signed));
    }

    #[test]
    fn a_head_counts_only_as_it_was_signed_and_by_a_known_key() {
        let signed = sign(&head(), &key(7));
        assert_eq!(signed.verify(&keys(&[7, 8])), Ok(head()));
        assert!(matches!(signed.verify(&keys(&[8])), Err(HeadFault::UnknownKey(_))));
        let changes: [fn(&mut SignedHead); 8] = [
            |head| head.site.push('x'),
            |head| head.epoch += 1,
            |head| head.size -= 1,
            |head| head.root[0] ^= 1,
            |head| head.last_hash[31] ^= 1,
            |head| head.at.push('x'),
            |head| head.signature[0] ^= 1,
            |head| head.signature = [0; 64],
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut changed = signed.clone();
            change(&mut changed);
            assert_eq!(changed.verify(&keys(&[7])), Err(HeadFault::Signature), "change {number}");
        }
        // The same signature under another known key's name.
        let renamed = SignedHead { key_id: key_id(&key(8).verifying_key()), ..signed };
        assert_eq!(renamed.verify(&keys(&[7, 8])), Err(HeadFault::Signature));
    }

    #[test]
    fn what_is_no_head_says_why() {
        let good = sign(&head(), &key(7)).to_json();
        for (text, expected) in [
            (String::new(), "no head"),
            ("{}".to_owned(), "missing field"),
            (good.replace("\"version\":1", "\"version\":2"), "version 2"),
            (good.replace("\"size\":1042", "\"size\":0"), "covers no record"),
            (good.replace("\"size\":1042", "\"size\":-1"), "no head"),
            (good.replace("\"epoch\"", "\"more\":1,\"epoch\""), "unknown field"),
            (good.replace("0101", "01"), "64 lower-case"),
        ] {
            let fault = SignedHead::from_json(&text).expect_err(expected).to_string();
            assert!(fault.contains(expected), "{fault}");
        }
    }

    #[test]
    fn a_file_of_heads_is_read_line_by_line_and_a_wrong_line_is_named() {
        let line = sign(&head(), &key(7)).to_json();
        assert_eq!(read_heads(format!("{line}\n\n{line}").as_bytes()).map(|heads| heads.len()), Ok(2));
        assert_eq!(read_heads(format!("{line}\nx").as_bytes()).expect_err("no head").0, 2);
        assert_eq!(read_heads(&b""[..]).expect_err("empty").0, 1);
        let endless = "x".repeat(100_000);
        assert!(read_heads(endless.as_bytes()).expect_err("too long").1.to_string().contains("at most"));
    }

    #[test]
    fn keys_are_lines_whose_name_follows_from_the_key() {
        let line =
            |seed| serde_json::to_string(&PublicKey::of(&key(seed).verifying_key(), "2026".into())).expect("prints");
        let two = PublicKeys::parse(&format!("{}\n{}\n", line(7), line(8))).expect("keys");
        assert!(two.knows(&key_id(&key(8).verifying_key())));
        let renamed = line(7).replace(&key_id(&key(7).verifying_key()), "0123456789abcdef");
        for (text, expected) in [
            (String::new(), "no key"),
            ("x".to_owned(), "line 1"),
            (format!("{}\n{{}}", line(7)), "line 2"),
            (renamed, "has the id"),
            (line(7).replace("ed25519", "rsa"), "`rsa`"),
        ] {
            let fault = PublicKeys::parse(&text).expect_err(expected).to_string();
            assert!(fault.contains(expected), "{fault}");
        }
    }

    proptest! {
        #[test]
        fn foreign_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            drop(read_heads(&bytes[..]));
            drop(PublicKeys::parse(&String::from_utf8_lossy(&bytes)));
        }

        #[test]
        fn a_head_reads_back_whatever_it_says(site in ".{0,40}", epoch: u64, size in 1_u64.., root: [u8; 32], at in ".{0,40}") {
            let head = Head { site, epoch, size, root, last_hash: root, at };
            let signed = sign(&head, &key(7));
            let again = SignedHead::from_json(&signed.to_json()).expect("a head");
            prop_assert_eq!(again.verify(&keys(&[7])), Ok(head));
        }
    }

    fn head() -> Head {
        let at = "2026-11-24T05:12:03.412Z".to_owned();
        Head { site: "korday".into(), epoch: 3, size: 1_042, root: [1; 32], last_hash: [2; 32], at }
    }

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_bytes(&[seed; 32])
    }

    fn keys(seeds: &[u8]) -> PublicKeys {
        let mut keys = PublicKeys::default();
        for seed in seeds {
            keys.add(&PublicKey::of(&key(*seed).verifying_key(), String::new())).expect("a key");
        }
        keys
    }
}
