//! Local profiles: the risk rules of the edge.
//!
//! ```text
//!  *.toml ─ file ─▶ expression ─ check (schema) ─▶ ProfileSet ─┐
//!  RiskRequest ─ facts (schema) ───────────────────────────────┴─ cost ─ evaluate ─▶ a Verdict for each profile
//! ```
//!
//! A profile is an expression in CEL over what is known of the passage, and what follows when it is true. A set is
//! taken whole or refused with every fault at its file, line and column. An expression that can't tell (a document or
//! a field is missing) counts as true where its profile holds the vehicle: doubt holds.
//!
//! What it does not do: read files or draw (the actors and `selection` do), or put verdicts together (`merge` does).

mod check;
mod cost;
mod expression;
mod facts;
mod file;
mod schema;

use std::collections::BTreeMap;
use std::sync::Arc;

use cel::Env;

pub use cost::{VISITS_ALL_MAX, VISITS_MAX};
pub use expression::{DEPTH_MAX, EXPRESSION_MAX_BYTES, NODES_MAX};
pub use facts::Facts;
pub use file::{FILE_MAX_BYTES, ProfileFault};

use crate::model::command::Texts;
use crate::model::risk::Measure;
use crate::model::selection::Hit;
use crate::model::{Channel, RiskRequest, Timestamp};
use expression::{Expression, Said, environment};

/// Profiles of one site.
pub const PROFILES_MAX: usize = 256;

/// One rule.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Names it for journal and auditors, never for officers and drivers.
    pub id: String,
    expression: Expression,
    /// The channel of a vehicle that it matches, or that is drawn from those.
    pub channel: Channel,
    /// What is to be done then.
    pub measures: Vec<Measure>,
    /// What the officer reads.
    pub reason: Texts,
    /// It counts from then on …
    pub valid_from: Option<Timestamp>,
    /// … until then.
    pub valid_until: Option<Timestamp>,
    /// Of a million vehicles that it matches, so many are selected; all without it.
    pub rate_ppm: Option<u32>,
    /// Of so many matches in a row at least one is selected.
    pub quota: Option<u32>,
}

/// What a profile says of a passage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// The expression is true.
    Matched,
    /// It is false.
    NotMatched,
    /// It can't tell; why.
    Undecidable(String),
    /// The profile doesn't count at this time.
    OutOfTime,
}

/// A profile and what it says.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// Which one.
    pub profile: Arc<Profile>,
    /// What it says.
    pub says: Match,
}

impl Verdict {
    /// Whether the profile counts for the passage. Doubt holds: where a profile holds vehicles, one that can't tell
    /// counts too.
    #[must_use]
    pub fn counts(&self) -> bool {
        match self.says {
            Match::Matched => true,
            Match::Undecidable(_) => self.profile.channel >= Channel::Yellow,
            Match::NotMatched | Match::OutOfTime => false,
        }
    }

    /// Whether it selects by itself: it counts, and asks for no draw.
    #[must_use]
    pub fn selects(&self) -> bool {
        self.counts() && self.profile.rate_ppm.is_none()
    }

    /// What it asks of the draw, if it counts and asks.
    #[must_use]
    pub fn hit(&self) -> Option<Hit> {
        let rate_ppm = self.profile.rate_ppm.filter(|_| self.counts())?;
        Some(Hit {
            profile: self.profile.id.clone(),
            rate_ppm,
            quota: self.profile.quota,
            run: 0,
            channel: self.profile.channel,
            measures: self.profile.measures.clone(),
        })
    }
}

/// All profiles of a site.
#[derive(Clone)]
pub struct ProfileSet {
    profiles: Vec<Arc<Profile>>,
    digest: String,
    env: Arc<Env>,
}

impl std::fmt::Debug for ProfileSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProfileSet").field("digest", &self.digest).field("profiles", &self.profiles.len()).finish()
    }
}

impl Default for ProfileSet {
    /// No profiles.
    fn default() -> Self {
        Self { profiles: vec![], digest: digest(&[]), env: environment() }
    }
}

impl ProfileSet {
    /// Takes the files of a directory, each by its name and text; all of them or none.
    ///
    /// # Errors
    /// Everything that is wrong, by file, line and column.
    pub fn load(files: &[(String, String)]) -> Result<Self, Vec<ProfileFault>> {
        let mut files: Vec<_> = files.iter().collect();
        files.sort_unstable();
        let mut faults = vec![];
        let mut profiles = vec![];
        let mut ids: BTreeMap<String, &str> = BTreeMap::new();
        let here = |file: &str, message: String| ProfileFault {
            file: file.to_owned(),
            line: 1,
            column: 1,
            span: 0..0,
            message,
        };
        for (name, text) in files.iter().take(PROFILES_MAX) {
            match file::parse(name, text) {
                Ok(profile) => {
                    if let Some(first) = ids.insert(profile.id.clone(), name) {
                        faults.push(here(name, format!("there is a profile `{}` in {first} already", profile.id)));
                    }
                    profiles.push(Arc::new(profile));
                }
                Err(found) => faults.extend(found),
            }
        }
        if let Some((name, _)) = files.get(PROFILES_MAX) {
            faults.push(here(name, format!("{} profiles are more than {PROFILES_MAX}", files.len())));
        }
        if faults.is_empty() { Ok(Self { profiles, digest: digest(&files), env: environment() }) } else { Err(faults) }
    }

    /// The profiles, by file name.
    #[must_use]
    pub fn profiles(&self) -> &[Arc<Profile>] {
        &self.profiles
    }

    /// Names the set by its content, so that the journal shows which one counted.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The profile of that id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Arc<Profile>> {
        self.profiles.iter().find(|profile| profile.id == id)
    }

    /// What every profile says of a request at an instant.
    #[must_use]
    pub fn judge(&self, request: &RiskRequest, now: Timestamp) -> Vec<Verdict> {
        if self.profiles.is_empty() {
            return vec![];
        }
        let facts = Facts::of(request, now);
        let context = facts.context(Arc::clone(&self.env));
        let mut left = VISITS_ALL_MAX;
        let judged = self.profiles.iter().map(|profile| {
            let begun = profile.valid_from.is_none_or(|from| from <= now);
            let ended = profile.valid_until.is_some_and(|until| until <= now);
            let says = if !begun || ended {
                Match::OutOfTime
            } else {
                match profile.expression.evaluate(&facts, &context, &mut left) {
                    Said::True => Match::Matched,
                    Said::False => Match::NotMatched,
                    Said::Undecidable(why) => Match::Undecidable(why),
                }
            };
            Verdict { profile: Arc::clone(profile), says }
        });
        judged.collect()
    }
}

fn digest(files: &[&(String, String)]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in files.iter().flat_map(|(name, text)| [name, text]) {
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        hasher.update(&length.to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests;
