//! What a preset says: which messages a camera sends, and where each value of a plate read stands in them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::clock::Format;
use super::document::Path;

/// A vendor's messages, and how they become plate reads.
#[derive(Debug, Clone)]
pub struct Preset {
    pub(super) name: String,
    pub(super) vendor: String,
    pub(super) source: Vec<Path>,
    pub(super) answer: Option<Answer>,
    pub(super) messages: Vec<Message>,
}

/// What a camera wants to hear when its message was taken.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Its content type.
    pub content_type: String,
    /// Its body.
    pub body: String,
}

impl Preset {
    /// Its name: what a camera's `format` says.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whose messages they are, for people.
    #[must_use]
    pub fn vendor(&self) -> &str {
        &self.vendor
    }

    /// What the vendor wants to hear; `None`: any success will do.
    #[must_use]
    pub fn answer(&self) -> Option<&Answer> {
        self.answer.as_ref()
    }
}

/// Why a message is no evidence; the answer is a success all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ignored {
    /// The camera says that it lives.
    Heartbeat,
    /// A read of the past, sent again after a pause.
    History,
    /// The vehicle has left the camera's view: what is said of it came before.
    Ended,
    /// Another kind of event.
    Other,
    /// An empty body, as connection tests send it.
    Empty,
}

impl Ignored {
    /// The word that answers use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Heartbeat => "heartbeat",
            Self::History => "history",
            Self::Ended => "ended",
            Self::Other => "other",
            Self::Empty => "empty",
        }
    }
}

/// One kind of message; the first whose conditions all hold counts.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) name: String,
    /// Where its paths begin: the first of these that is there.
    pub(super) root: Vec<Path>,
    pub(super) when: Vec<Condition>,
    pub(super) then: Then,
}

#[derive(Debug, Clone)]
pub(super) enum Then {
    Ignore(Ignored),
    Read(Box<Mapping>),
}

#[derive(Debug, Clone)]
pub(super) struct Condition {
    pub(super) at: Vec<Path>,
    pub(super) wants: Wants,
}

#[derive(Debug, Clone)]
pub(super) enum Wants {
    /// One of these words, without regard to case.
    OneOf(Vec<String>),
    /// Anything but `null`.
    Present,
    /// Nothing, or `null`.
    Absent,
}

/// Where the values of a read stand.
#[derive(Debug, Clone)]
pub(super) struct Mapping {
    /// The list with one read an entry; none: the message is one read.
    pub(super) each: Vec<Path>,
    pub(super) plate: Vec<Path>,
    pub(super) absent: Absence,
    /// Words that say that no plate was found, lower case.
    pub(super) no_plate: Vec<String>,
    pub(super) id: Vec<Path>,
    pub(super) identity: Vec<Path>,
    pub(super) track: Vec<Path>,
    pub(super) confidence: Option<Scaled>,
    pub(super) times: Vec<DeviceTime>,
    pub(super) country: Option<Country>,
    pub(super) direction: Option<Words<Movement>>,
    pub(super) view: Option<Words<crate::model::View>>,
    pub(super) candidates: Candidates,
    pub(super) image: Vec<Path>,
}

/// What a message without any plate value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Absence {
    /// Not what the preset expects.
    #[default]
    Refuse,
    /// A vehicle whose plate was not found.
    NoPlate,
    /// Nothing to tell yet.
    Ignore,
}

/// A number with its declared scale: never guessed.
#[derive(Debug, Clone)]
pub(super) struct Scaled {
    pub(super) at: Vec<Path>,
    /// The value that means certainty.
    pub(super) scale: f64,
}

#[derive(Debug, Clone)]
pub(super) struct DeviceTime {
    pub(super) at: Vec<Path>,
    pub(super) format: Format,
}

#[derive(Debug, Clone)]
pub(super) struct Country {
    pub(super) at: Vec<Path>,
    pub(super) codes: Codes,
}

/// How a vendor names countries. What isn't known names none.
#[derive(Debug, Clone)]
pub(super) enum Codes {
    /// `kz`, or `us-ca` with a region behind it.
    Alpha2,
    /// `us-ca` only: a bare region (`mo`) would look like a country.
    Alpha2Region,
    /// `KAZ`.
    Alpha3,
    /// The vendor's own words or numbers, lower case.
    Table(BTreeMap<String, String>),
}

/// A vendor's words, lower case, for a few meanings.
#[derive(Debug, Clone)]
pub(super) struct Words<T> {
    pub(super) at: Vec<Path>,
    pub(super) words: BTreeMap<String, T>,
}

/// Which way the camera saw the vehicle move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Movement {
    /// Towards the camera, or in.
    Forward,
    /// Away from it, or out.
    Reverse,
}

/// Other readings of the same plate.
#[derive(Debug, Clone, Default)]
pub(super) struct Candidates {
    pub(super) each: Vec<Path>,
    pub(super) plate: Vec<Path>,
    pub(super) confidence: Option<Scaled>,
    /// Single values beside the list.
    pub(super) also: Vec<Path>,
}
