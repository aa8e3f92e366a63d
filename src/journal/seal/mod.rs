//! Sealing: personal fields are encrypted before a record is hashed, so that a day's key can be destroyed and the
//! chain still verifies.
//!
//! ```text
//!  NewRecord ─ fields of its kind ─▶ {"sealed":"…","key":"2026-11-24-personal-1f2e3d4c"} ─▶ hash, disk
//!                                          │ key: a file a day and class, in memory while it is written with
//!  StoredRecord ◀─ text, mask or (shredded) ┘
//! ```
//!
//! XChaCha20-Poly1305 with a random nonce for each field; lane, passage, kind, time and path of the field are bound to
//! it, so that no sealed text counts anywhere but where it was written. What it does not do: decide when a key goes.

mod batch;
mod envelope;
mod fields;
mod keys;
mod walk;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;

pub(super) use self::batch::sealed;
use self::envelope::{Envelope, Place};
use self::fields::{Fit, fields, fit};
pub use self::keys::KeyError;
pub(super) use self::keys::KeyRing;
use self::keys::Secret;
pub(super) use self::keys::{KeyName, names};
use self::walk::{Step, walk};
use crate::model::privacy::MASK;
use crate::model::{LaneId, NewRecord, PassageId, RecordKind, Timestamp};

/// How a sealed field begins; nothing else in a body does.
const OPENING: &str = r#"{"sealed":""#;
/// How a text begins whose key was destroyed.
const SHREDDED: &str = "(shredded ";

/// How much a reader sees of sealed fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// What was sealed, as long as its key is there.
    Clear,
    /// A mask in its place.
    Masked,
    /// As it is stored: what the chain is over.
    Sealed,
}

/// Whether a text stands where a destroyed key leaves nothing to read.
#[must_use]
pub fn is_shredded(text: &str) -> bool {
    text.starts_with(SHREDDED)
}

/// Keys belong to days of UTC, by the time of the record.
pub(super) fn day_of(at: Timestamp) -> NaiveDate {
    at.utc().date_naive()
}

impl KeyRing {
    /// The body as it is stored; `None` when nothing of it is personal.
    ///
    /// # Errors
    /// When there is no key to seal with: such a record must not be written.
    pub(super) fn seal(&self, record: &NewRecord) -> Result<Option<String>, KeyError> {
        let wanted = fields(record.kind);
        if wanted.is_empty() {
            return Ok(None);
        }
        let (day, mut edits, mut failed) = (day_of(record.at), Vec::new(), None);
        let mut nonces = Nonces::default();
        let passage = record.passage.map(|passage| passage.to_string());
        let walked = walk(&record.body, &mut |path, range| {
            let Some(value) = record.body.get(range.clone()) else { return Step::Over };
            let class = match fit(wanted, path) {
                Fit::Is(class) => class,
                Fit::Leads => return Step::Into,
                Fit::No => return Step::Over,
            };
            if !matches!(value, "null" | "[]" | "{}" | "\"\"") {
                let place = place(&record.lane, passage.as_deref(), record.kind, record.at, path);
                let sealed = self
                    .current(day, class)
                    .and_then(|(name, secret)| envelope::seal(&secret, &name, nonces.next()?, &place, value));
                match sealed {
                    Ok(sealed) => edits.push((range, sealed)),
                    Err(error) => failed = Some(error),
                }
            }
            Step::Over
        });
        match (failed, walked) {
            (Some(error), _) => Err(error),
            // Our own bodies are objects; what isn't could hide what must be sealed.
            (None, None) => Err(KeyError::Unreadable(record.kind.as_str())),
            (None, Some(())) if edits.is_empty() => Ok(None),
            (None, Some(())) => Ok(Some(spliced(&record.body, edits))),
        }
    }
}

/// One random half for a record, and a count: no nonce comes twice under a key.
#[derive(Default)]
struct Nonces {
    random: Option<[u8; 16]>,
    used: u64,
}

impl Nonces {
    fn next(&mut self) -> Result<[u8; 24], KeyError> {
        let random = match self.random {
            Some(random) => random,
            None => {
                let mut fresh = [0; 16];
                getrandom::fill(&mut fresh).map_err(|error| KeyError::Random(error.to_string()))?;
                *self.random.insert(fresh)
            }
        };
        let mut nonce = [0; 24];
        let (first, second) = nonce.split_at_mut(16);
        first.copy_from_slice(&random);
        second.copy_from_slice(&self.used.to_le_bytes());
        self.used += 1;
        Ok(nonce)
    }
}

/// Opens the sealed fields of what was read; it keeps the keys that it found only as long as it lives.
pub(super) struct Opener {
    data: PathBuf,
    sight: Sight,
    found: BTreeMap<String, Option<Secret>>,
}

/// Why a sealed field is not opened.
#[derive(Debug)]
pub(super) enum NotOpened {
    /// Its key doesn't open it: it was changed, or moved.
    NotOurs,
    /// The key is there and can't be read.
    Key(KeyError),
}

impl Opener {
    pub(super) fn new(data: &Path, sight: Sight) -> Self {
        Self { data: data.to_owned(), sight, found: BTreeMap::new() }
    }

    /// The body as it is to be seen.
    pub(super) fn open(
        &mut self,
        (lane, passage, kind, at): (&LaneId, Option<PassageId>, RecordKind, Timestamp),
        body: String,
    ) -> Result<String, NotOpened> {
        if self.sight == Sight::Sealed || !body.contains(OPENING) {
            return Ok(body);
        }
        let passage = passage.map(|passage| passage.to_string());
        let (mut edits, mut failed) = (Vec::new(), None);
        let walked = walk(&body, &mut |path, range| {
            let Some(value) = body.get(range.clone()) else { return Step::Over };
            if !value.starts_with(OPENING) {
                return Step::Into;
            }
            match self.shown(value, &place(lane, passage.as_deref(), kind, at, path)) {
                Ok(shown) => edits.push((range, shown)),
                Err(why) => failed = Some(why),
            }
            Step::Over
        });
        match (failed, walked) {
            (Some(why), _) => Err(why),
            (None, None) => Err(NotOpened::NotOurs),
            (None, Some(())) => Ok(spliced(&body, edits)),
        }
    }

    fn shown(&mut self, value: &str, place: &Place<'_>) -> Result<String, NotOpened> {
        if self.sight == Sight::Masked {
            return Ok(format!("\"{MASK}\""));
        }
        let envelope = Envelope::parse(value).ok_or(NotOpened::NotOurs)?;
        let name = KeyName::parse(envelope.key).ok_or(NotOpened::NotOurs)?;
        let secret = match self.found.get(envelope.key) {
            Some(found) => found,
            None => {
                let found = keys::find(&self.data, &name).map_err(NotOpened::Key)?;
                self.found.entry(envelope.key.to_owned()).or_insert(found)
            }
        };
        match secret {
            Some(secret) => envelope.open(secret, place).ok_or(NotOpened::NotOurs),
            None if envelope.is_list() => Ok(format!("{{\"shredded\":\"{}\"}}", name.day)),
            None => Ok(format!("\"{SHREDDED}{})\"", name.day)),
        }
    }
}

fn place<'a>(lane: &'a LaneId, passage: Option<&'a str>, kind: RecordKind, at: Timestamp, path: &'a str) -> Place<'a> {
    Place { lane: lane.as_str(), passage: passage.unwrap_or_default(), kind: kind.as_str(), at: at.unix_micros(), path }
}

/// The text with other values in the place of some; the edits are in order and apart.
fn spliced(text: &str, edits: Vec<(std::ops::Range<usize>, String)>) -> String {
    let grown: usize = edits.iter().map(|(_, value)| value.len()).sum();
    let mut all = String::with_capacity(text.len() + grown);
    let mut from = 0;
    for (range, value) in edits {
        all.push_str(text.get(from..range.start).unwrap_or_default());
        all.push_str(&value);
        from = range.end;
    }
    all.push_str(text.get(from..).unwrap_or_default());
    all
}

#[cfg(test)]
mod tests;
