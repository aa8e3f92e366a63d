//! Destroying a day's keys: asked for by a person or by the retention, on record before it is done, and finished at
//! the next start where a crash came between.

use std::path::Path;
use std::time::Duration;

use chrono::{Days, NaiveDate};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::access::Who;
use super::reader::Reader;
use super::seal::{KeyError, KeyName, KeyRing, day_of};
use super::store::{JournalError, Place};
use super::writer::Journal;
use crate::model::{DataClass, LaneId, NewRecord, PassageId, RecordKind, Timestamp};
use crate::risk::selection::KEEP;

/// Keys that one record names; more wait for the next one.
const KEYS_MAX: usize = 2_000;

/// Why keys go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A person wants it.
    Order,
    /// Their time is over (`[retention]`).
    Retention,
}

/// Which keys are to go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShredOrder {
    /// Of this class.
    pub class: DataClass,
    /// Of days (UTC) before this one.
    pub before: NaiveDate,
    /// Why they go.
    pub cause: Cause,
    /// Who wants it, as the system knows the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Who>,
    /// In that person's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Body of a `keys_shredded` record.
#[derive(Debug, Serialize, Deserialize)]
struct Shredded {
    #[serde(flatten)]
    order: ShredOrder,
    keys: Vec<String>,
}

/// Why keys stay.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShredRefusal {
    /// The day may still be written.
    #[error("{before} is not over: keys of days before {today} (UTC) can be destroyed")]
    NotOver {
        /// What was asked.
        before: NaiveDate,
        /// The day that it is.
        today: NaiveDate,
    },
    /// A vehicle of such a day is still there.
    #[error(
        "passage {passage} of {opened} is still open in lane {lane}; it must end before the keys of its day can go"
    )]
    Open {
        /// Its lane.
        lane: LaneId,
        /// Which.
        passage: PassageId,
        /// The day that it came.
        opened: NaiveDate,
    },
    /// Draws are remembered by plate.
    #[error(
        "random selections since {since} are remembered by plate (invariant A8); keys of days before {since} can be destroyed"
    )]
    Drawn {
        /// The first day whose draws count.
        since: NaiveDate,
    },
}

/// Why nothing was destroyed.
#[derive(Debug, thiserror::Error)]
pub enum ShredError {
    /// It must not be.
    #[error(transparent)]
    Refused(#[from] ShredRefusal),
    /// The journal can't be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The keys can't be listed or destroyed.
    #[error(transparent)]
    Keys(#[from] KeyError),
}

/// Keys that may go once their record is durable.
#[derive(Debug)]
pub struct Plan {
    /// What goes on record first.
    pub record: NewRecord,
    names: Vec<KeyName>,
}

impl Plan {
    /// How many keys.
    #[must_use]
    pub const fn keys(&self) -> usize {
        self.names.len()
    }
}

/// The day before which keys go when they are kept for so long.
#[must_use]
pub fn before_by_retention(now: Timestamp, kept: Duration) -> NaiveDate {
    let days = kept.as_secs().div_ceil(86_400);
    day_of(now).checked_sub_days(Days::new(days)).unwrap_or(NaiveDate::MIN)
}

/// What is to be destroyed in a data directory; `None` when no such key is left.
///
/// # Errors
/// When it must not be, or the journal or the keys can't be read.
pub fn plan(data: &Path, order: ShredOrder, now: Timestamp) -> Result<Option<Plan>, ShredError> {
    let today = day_of(now);
    if order.before > today {
        return Err(ShredRefusal::NotOver { before: order.before, today }.into());
    }
    let mut names = super::seal::names(data)?;
    names.retain(|name| name.class == order.class && name.day < order.before);
    names.truncate(KEYS_MAX);
    if names.is_empty() {
        return Ok(None);
    }
    let reader = Reader::open(data)?;
    for open in reader.open_passages()? {
        let opened = open.records.first().map_or(today, |record| day_of(record.at));
        if opened < order.before {
            return Err(ShredRefusal::Open { lane: open.lane, passage: open.passage, opened }.into());
        }
    }
    if order.class == DataClass::Personal {
        let since = before_by_retention(now, KEEP);
        if order.before > since && reader.has_drawn_between(since, order.before)? {
            return Err(ShredRefusal::Drawn { since }.into());
        }
    }
    let body = Shredded { order, keys: names.iter().map(ToString::to_string).collect() };
    let record = NewRecord {
        at: now,
        lane: LaneId::whole_site(),
        passage: None,
        kind: RecordKind::KeysShredded,
        // Our own struct with text keys always serialises.
        body: serde_json::to_string(&body).unwrap_or_default(),
    };
    Ok(Some(Plan { record, names }))
}

impl Journal {
    /// Destroys the keys of a plan whose record is durable; how many files there were.
    ///
    /// # Errors
    /// When one can't be overwritten or removed; the next start tries again.
    pub fn destroy(&self, plan: &Plan) -> Result<usize, ShredError> {
        Ok(self.keys().destroy(&plan.names)?)
    }
}

/// Destroys keys that the journal says are destroyed and that are still there: the record came first, then a crash.
pub(super) fn finish(connection: &Connection, place: &Place, keys: &KeyRing) -> Result<(), JournalError> {
    let there = keys.names()?;
    if there.is_empty() {
        return Ok(());
    }
    let read = || -> rusqlite::Result<Vec<String>> {
        let mut statement = connection.prepare("SELECT body FROM record WHERE kind = 'keys_shredded'")?;
        statement.query_map([], |row| row.get(0))?.collect()
    };
    for body in read().map_err(|source| place.database(source))? {
        // A record of ours always parses; one that doesn't destroys nothing.
        let Ok(shredded) = serde_json::from_str::<Shredded>(&body) else { continue };
        let named = shredded.keys.iter().filter_map(|name| KeyName::parse(name));
        let left: Vec<KeyName> = named.filter(|name| there.binary_search(name).is_ok()).collect();
        if !left.is_empty() {
            keys.destroy(&left)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
