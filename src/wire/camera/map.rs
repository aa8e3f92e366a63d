//! A document through a preset: plate reads, or why it has none.

use serde::Serialize;

use super::country;
use super::document::{Document, Path, Scope, Unreadable};
use super::preset::{
    Absence, Codes, Condition, Country, Ignored, Mapping, Message, Movement, Preset, Scaled, Then, Wants, Words,
};
use crate::model::observation::PlateCandidate;
use crate::model::{Plate, PlateRead, Timestamp, View};

/// Reads of one message: vehicles in one picture.
const READS_MAX: usize = 16;
/// Other readings that are kept.
const CANDIDATES_MAX: usize = 8;
/// Longest plate text, characters; none is longer, and a document isn't a plate.
const PLATE_MAX_CHARS: usize = 32;
/// Longest identifier or reference that is kept as it came, bytes.
const REFERENCE_MAX_BYTES: usize = 128;

/// What a camera's place in the lane adds to its messages.
#[derive(Debug, Clone, Copy)]
pub struct Seat {
    /// Which end of the vehicle it sees.
    pub view: View,
    /// The zone of its clock, for times without an offset.
    pub zone: chrono_tz::Tz,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// These reads, one a vehicle.
    Reads(Vec<Mapped>),
    /// Nothing that is evidence.
    Ignored(Ignored),
}

/// One read, and what a PlateRead has no place for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mapped {
    /// The read.
    #[serde(flatten)]
    pub read: PlateRead,
    /// Which way the vehicle moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<Movement>,
}

impl Preset {
    /// The vendor's own name of the camera that a document is from.
    #[must_use]
    pub fn source(&self, document: &Document) -> Option<String> {
        document.text(&self.source)
    }

    /// Makes reads of a document. `received` settles which of two equal wall times is meant.
    ///
    /// # Errors
    /// When no message of the preset fits, or a value isn't what the preset declares.
    pub fn read(&self, document: &Document, seat: Seat, received: Timestamp) -> Result<Reading, Unreadable> {
        for message in &self.messages {
            let everywhere = Scope { root: &document.root, item: &document.root };
            let Some(root) = message.root.iter().find_map(|path| everywhere.find(path)) else { continue };
            let scope = Scope { root, item: root };
            if !message.when.iter().all(|condition| holds(condition, scope)) {
                continue;
            }
            return match &message.then {
                Then::Ignore(why) => Ok(Reading::Ignored(*why)),
                Then::Read(mapping) => {
                    let read = Read { mapping, scope, seat, received, message };
                    read.all()
                }
            };
        }
        let known: Vec<_> = self.messages.iter().map(|message| message.name.as_str()).collect();
        Err(Unreadable::malformed("/", format!("no message of preset {} fits: {}", self.name, known.join(", "))))
    }
}

fn holds(condition: &Condition, scope: Scope<'_>) -> bool {
    match &condition.wants {
        Wants::Present => condition.at.iter().any(|path| scope.find(path).is_some()),
        Wants::Absent => condition.at.iter().all(|path| scope.find(path).is_none()),
        Wants::OneOf(words) => scope.text(&condition.at).is_some_and(|(_, text)| words.contains(&text.to_lowercase())),
    }
}

/// One message on its way through its mapping.
#[derive(Clone, Copy)]
struct Read<'a> {
    mapping: &'a Mapping,
    message: &'a Message,
    scope: Scope<'a>,
    seat: Seat,
    received: Timestamp,
}

impl<'a> Read<'a> {
    fn all(self) -> Result<Reading, Unreadable> {
        let mut reads = Vec::new();
        if self.mapping.each.is_empty() {
            reads.extend(self.one(0)?);
        } else {
            let listed = self.mapping.each.iter().find_map(|path| self.scope.find(path));
            let entries = match listed {
                Some(serde_json::Value::Array(entries)) => entries.as_slice(),
                Some(single) => std::slice::from_ref(single),
                None => return Err(self.lacks("list of reads", &self.mapping.each)),
            };
            if entries.len() > READS_MAX {
                let message = format!("{} reads in one message are more than {READS_MAX}", entries.len());
                return Err(Unreadable::malformed(shown(&self.mapping.each), message));
            }
            for (index, item) in entries.iter().enumerate() {
                let scope = Scope { root: self.scope.root, item };
                reads.extend(Read { scope, ..self }.one(index)?);
            }
        }
        Ok(if reads.is_empty() { Reading::Ignored(Ignored::Other) } else { Reading::Reads(reads) })
    }

    fn one(self, index: usize) -> Result<Option<Mapped>, Unreadable> {
        let plate = match (self.scope.text(&self.mapping.plate), self.mapping.absent) {
            (Some((path, text)), _) => self.plate(path, text)?,
            (None, Absence::NoPlate) => None,
            (None, Absence::Ignore) => return Ok(None),
            (None, Absence::Refuse) => return Err(self.lacks("plate", &self.mapping.plate)),
        };
        let confidence = match (&plate, &self.mapping.confidence) {
            (Some(_), Some(scaled)) => share(scaled, self.scope)?,
            (Some(_) | None, _) => None,
        };
        let candidates = self.candidates(plate.as_ref())?;
        let read = PlateRead {
            read_id: self.read_id(index)?,
            track: self.scope.text(&self.mapping.track).map(|(_, text)| reference(text)),
            at: self.at()?,
            country: self.mapping.country.as_ref().and_then(|country| named_country(country, self.scope)),
            view: self.mapping.view.as_ref().and_then(|words| meaning(words, self.scope)).unwrap_or(self.seat.view),
            image: self.scope.text(&self.mapping.image).map(|(_, text)| text).filter(|text| is_reference(text)),
            plate,
            confidence,
            candidates,
        };
        let direction = self.mapping.direction.as_ref().and_then(|words| meaning(words, self.scope));
        Ok(Some(Mapped { read, direction }))
    }

    fn lacks(self, what: &str, paths: &[Path]) -> Unreadable {
        let message = format!("a message {} has no {what} there", self.message.name);
        Unreadable::malformed(shown(paths), message)
    }

    /// The plate's text, or none for a word that says so.
    fn plate(self, path: &Path, text: String) -> Result<Option<Plate>, Unreadable> {
        if self.mapping.no_plate.contains(&text.to_lowercase()) {
            return Ok(None);
        }
        if text.chars().count() > PLATE_MAX_CHARS || text.chars().any(char::is_control) {
            let message = format!("a plate has at most {PLATE_MAX_CHARS} characters, and no control characters");
            return Err(Unreadable::malformed(path.as_str(), message));
        }
        Ok(Some(text.into()))
    }

    fn candidates(self, plate: Option<&Plate>) -> Result<Vec<PlateCandidate>, Unreadable> {
        let wanted = &self.mapping.candidates;
        let listed = wanted.each.iter().find_map(|path| self.scope.find(path)?.as_array());
        let mut found = Vec::new();
        for item in listed.into_iter().flatten() {
            let scope = Scope { root: self.scope.root, item };
            let Some((path, text)) = scope.text(&wanted.plate) else { continue };
            let confidence = wanted.confidence.as_ref().map(|scaled| share(scaled, scope)).transpose()?.flatten();
            found.extend(self.plate(path, text)?.map(|plate| PlateCandidate { plate, confidence }));
        }
        for path in &wanted.also {
            let Some((path, text)) = self.scope.text(std::slice::from_ref(path)) else { continue };
            found.extend(self.plate(path, text)?.map(|plate| PlateCandidate { plate, confidence: None }));
        }
        found.retain(|candidate| Some(&candidate.plate) != plate);
        found.truncate(CANDIDATES_MAX);
        Ok(found)
    }

    /// The same for every repeat of an event: the vendor's id, or else a hash of what tells it from others.
    fn read_id(self, index: usize) -> Result<String, Unreadable> {
        let id = self.scope.text(&self.mapping.id).map(|(_, id)| id).filter(|id| !id.is_empty());
        if let Some(id) = id {
            let id = reference(id);
            return Ok(if index == 0 { id } else { format!("{id}-{index}") });
        }
        let mut hash = blake3::Hasher::new();
        let mut known = 0;
        for path in &self.mapping.identity {
            let value = self.scope.text(std::slice::from_ref(path)).map(|(_, text)| text);
            known += usize::from(value.as_ref().is_some_and(|text| !text.is_empty()));
            // Lengths keep neighbours apart.
            let value = value.unwrap_or_default();
            hash.update(&value.len().to_le_bytes());
            hash.update(value.as_bytes());
        }
        if known == 0 {
            let paths = [self.mapping.id.as_slice(), self.mapping.identity.as_slice()].concat();
            return Err(self.lacks("identity", &paths));
        }
        hash.update(&index.to_le_bytes());
        Ok(short(&hash.finalize()))
    }

    fn at(self) -> Result<Timestamp, Unreadable> {
        for time in &self.mapping.times {
            if let Some((path, text)) = self.scope.text(&time.at)
                && !text.is_empty()
            {
                let at = time.format.instant(&text, self.seat.zone, self.received);
                return at.map_err(|message| Unreadable::malformed(path.as_str(), message));
            }
        }
        if self.mapping.times.is_empty() {
            return Ok(self.received);
        }
        let paths: Vec<_> = self.mapping.times.iter().flat_map(|time| time.at.iter().cloned()).collect();
        Err(self.lacks("time", &paths))
    }
}

fn shown(paths: &[Path]) -> String {
    paths.iter().map(Path::as_str).collect::<Vec<_>>().join(" or ")
}

/// A value on its declared scale as a share of 1, with four decimals.
fn share(scaled: &Scaled, scope: Scope<'_>) -> Result<Option<f64>, Unreadable> {
    let Some((path, text)) = scope.text(&scaled.at).filter(|(_, text)| !text.is_empty()) else { return Ok(None) };
    let value: f64 = text.parse().unwrap_or(f64::NAN);
    if !(0.0..=scaled.scale).contains(&value) {
        let message = format!("`{text}` is not between 0 and {}, the scale that the preset declares", scaled.scale);
        return Err(Unreadable::malformed(path.as_str(), message));
    }
    Ok(Some((value / scaled.scale * 10_000.0).round() / 10_000.0))
}

fn meaning<T: Copy>(words: &Words<T>, scope: Scope<'_>) -> Option<T> {
    scope.text(&words.at).and_then(|(_, text)| words.words.get(&text.to_lowercase()).copied())
}

fn named_country(country: &Country, scope: Scope<'_>) -> Option<String> {
    let (_, text) = scope.text(&country.at)?;
    match &country.codes {
        Codes::Alpha2 => country::from_alpha_2(text.split('-').next()?),
        Codes::Alpha2Region => country::from_alpha_2(text.split_once('-')?.0),
        Codes::Alpha3 => country::from_alpha_3(&text),
        Codes::Table(table) => table.get(&text.to_lowercase()).cloned(),
    }
}

fn is_reference(text: &str) -> bool {
    !text.is_empty() && text.len() <= REFERENCE_MAX_BYTES && text.chars().all(|c| c.is_ascii_graphic() || c == ' ')
}

/// An identifier as it came, or its hash where that could not stand in a record or a log.
fn reference(text: String) -> String {
    if is_reference(&text) { text } else { short(&blake3::hash(text.as_bytes())) }
}

/// 128 bits: far more than one camera's reads need.
fn short(hash: &blake3::Hash) -> String {
    hash.to_hex().chars().take(32).collect()
}
