//! Who was heard when: deadlines of silence, losses, and devices that come and go (hazards 4, 22, 23).
//!
//! ```text
//!            silent for too long, or its last will                    too many losses in a minute
//!  Here ──────────────────────────────────────────▶ Lost ── back ──────────────────────────────────▶ Unsteady
//!    ▲                                                └── back ──▶ Here                                 │
//!    └─────────────────────────────── steady for half a minute ─────────────────────────────────────────┘
//! ```
//! A device that was lost by its silence is back by any word; one whose last will came, by its next birth.

use std::collections::VecDeque;
use std::time::Duration;

use super::setup::{LOSSES_MAX, LOSSES_WITHIN, LaneSetup, OTHERS_MAX, Pair, STEADY_FOR};
use crate::model::{Care, DeviceName, Mono, Need};

/// What a device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Camera,
    Loop,
    Scale,
    Reader,
    Barrier,
    /// Known only by its births and deaths.
    Other,
}

/// Why a device is lost; a closed set, so that it may label a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LossCause {
    /// Its last will, or its driver.
    Death,
    /// It said nothing for too long.
    Silence,
    /// It was born anew without a death, as when two clients use its name.
    Takeover,
}

impl LossCause {
    /// The label that metrics use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Death => "death",
            Self::Silence => "silence",
            Self::Takeover => "takeover",
        }
    }
}

/// Two devices may have one name: an arm and the loop under it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) name: DeviceName,
    pub(super) kind: Kind,
}

impl Key {
    fn is(&self, kind: Kind, name: &str) -> bool {
        self.kind == kind && self.name.as_str() == name
    }
}

/// What the lane must be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Notice {
    Lost(Key, LossCause),
    /// It went away again before it was believed again.
    LostAgain(Key, LossCause),
    /// Its death is told once more: what it may have said meanwhile is void.
    StillLost(Key),
    /// It is there, but not believed yet.
    Unsteady(Key),
    Found(Key),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Here,
    Lost(LossCause),
    /// It is there since then, and must stay.
    Unsteady(Mono),
}

#[derive(Debug, Clone)]
struct Entry {
    care: Care,
    heard: Option<Mono>,
    standing: Standing,
    losses: VecDeque<Mono>,
    /// It was lost while it was not believed: the lane has it as lost already.
    told: bool,
}

impl Entry {
    const fn new(care: Care) -> Self {
        Self { care, heard: None, standing: Standing::Here, losses: VecDeque::new(), told: false }
    }

    fn count_loss(&mut self, now: Mono) {
        self.losses.push_back(now);
        while self.losses.len() > LOSSES_MAX + 1 || self.losses.front().is_some_and(|at| now.since(*at) > LOSSES_WITHIN)
        {
            self.losses.pop_front();
        }
    }

    fn is_restless(&self, now: Mono) -> bool {
        self.losses.iter().filter(|at| now.since(**at) <= LOSSES_WITHIN).count() > LOSSES_MAX
    }

    fn lose(&mut self, now: Mono, key: &Key, cause: LossCause) -> Option<Notice> {
        if matches!(self.standing, Standing::Lost(_)) {
            return Some(Notice::StillLost(key.clone()));
        }
        self.standing = Standing::Lost(cause);
        self.count_loss(now);
        if std::mem::replace(&mut self.told, true) {
            Some(Notice::LostAgain(key.clone(), cause))
        } else {
            Some(Notice::Lost(key.clone(), cause))
        }
    }

    fn come_back(&mut self, now: Mono, key: &Key) -> Option<Notice> {
        self.heard = Some(now);
        if self.is_restless(now) {
            self.standing = Standing::Unsteady(now);
            return Some(Notice::Unsteady(key.clone()));
        }
        self.standing = Standing::Here;
        std::mem::replace(&mut self.told, false).then(|| Notice::Found(key.clone()))
    }

    fn silent_at(&self) -> Option<Mono> {
        match self.standing {
            Standing::Here | Standing::Unsteady(_) => Some(self.heard? + self.care.silence?),
            Standing::Lost(_) => None,
        }
    }

    fn steady_at(&self) -> Option<Mono> {
        match self.standing {
            Standing::Unsteady(since) => Some(since + STEADY_FOR),
            Standing::Here | Standing::Lost(_) => None,
        }
    }
}

/// The devices of a lane.
#[derive(Debug, Clone)]
pub(super) struct Roster {
    /// A dozen at most, looked through at each message.
    entries: Vec<(Key, Entry)>,
    others: usize,
}

impl Roster {
    pub(super) fn new(setup: &LaneSetup) -> Self {
        let mut entries = Vec::new();
        let mut enter = |name: &DeviceName, kind, care| {
            entries.push((Key { name: name.clone(), kind }, Entry::new(care)));
        };
        for (name, camera) in &setup.cameras {
            enter(name, Kind::Camera, camera.care);
        }
        for (name, care) in &setup.readers {
            enter(name, Kind::Reader, *care);
        }
        if let Some(scale) = &setup.scale {
            enter(&scale.name, Kind::Scale, scale.care);
        }
        for (place, arm) in &setup.arms {
            named(place.as_str()).iter().for_each(|name| enter(name, Kind::Barrier, arm.care));
        }
        for (place, found) in &setup.loops {
            named(place.as_str()).iter().for_each(|name| enter(name, Kind::Loop, found.care));
            if found.pair == Pair::Paired {
                named(place.pair_str()).iter().for_each(|name| enter(name, Kind::Loop, found.care));
            }
        }
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        Self { entries, others: 0 }
    }

    /// Devices on the bus can be reached: their silence is counted from here on.
    pub(super) fn resume(&mut self, now: Mono) {
        for (_, entry) in &mut self.entries {
            entry.heard = Some(now);
        }
    }

    /// They can't: that they are silent says nothing of them.
    pub(super) fn suspend(&mut self) {
        for (_, entry) in &mut self.entries {
            entry.heard = None;
        }
    }

    /// A device reported.
    pub(super) fn heard(&mut self, now: Mono, kind: Kind, name: &str) -> Option<Notice> {
        let (key, entry) = self.entries.iter_mut().find(|(key, _)| key.is(kind, name))?;
        entry.heard = Some(now);
        match entry.standing {
            Standing::Lost(LossCause::Silence) => entry.come_back(now, key),
            Standing::Here | Standing::Unsteady(_) | Standing::Lost(LossCause::Death | LossCause::Takeover) => None,
        }
    }

    /// Whether what a device says may be built on.
    pub(super) fn believes(&self, kind: Kind, name: &DeviceName) -> bool {
        let entry = self.entries.iter().find(|(key, _)| key.is(kind, name.as_str()));
        entry.is_none_or(|(_, entry)| !matches!(entry.standing, Standing::Unsteady(_)))
    }

    /// Whether births and deaths of that name are listened to. Names that the setup doesn't have are bounded.
    pub(super) fn admits(&mut self, name: &DeviceName) -> bool {
        if self.of(name).next().is_some() {
            return true;
        }
        if self.others >= OTHERS_MAX {
            return false;
        }
        self.others += 1;
        self.entries.push((Key { name: name.clone(), kind: Kind::Other }, Entry::new(Care::optional())));
        true
    }

    fn of<'a>(&'a mut self, name: &'a DeviceName) -> impl Iterator<Item = &'a mut (Key, Entry)> {
        self.entries.iter_mut().filter(move |(key, _)| key.name == *name)
    }

    fn get(&self, key: &Key) -> Option<&Entry> {
        self.entries.iter().find(|(known, _)| known == key).map(|(_, entry)| entry)
    }

    /// It was born, or says that it lives.
    pub(super) fn born(&mut self, now: Mono, name: &DeviceName) -> Vec<Notice> {
        let mut notices = Vec::new();
        for (key, entry) in self.of(name) {
            entry.heard = Some(now);
            if matches!(entry.standing, Standing::Lost(_)) {
                notices.extend(entry.come_back(now, key));
            }
        }
        notices
    }

    /// It was born anew without having died. Once is a restart; often, somebody else uses its name.
    pub(super) fn replaced(&mut self, now: Mono, name: &DeviceName) -> Vec<Notice> {
        let mut notices = Vec::new();
        for (key, entry) in self.of(name) {
            match entry.standing {
                Standing::Lost(_) => continue,
                Standing::Here => entry.count_loss(now),
                Standing::Unsteady(_) => {
                    entry.count_loss(now);
                    entry.standing = Standing::Unsteady(now);
                    continue;
                }
            }
            if entry.is_restless(now) {
                entry.standing = Standing::Unsteady(now);
                entry.told = true;
                notices.push(Notice::Lost(key.clone(), LossCause::Takeover));
                notices.push(Notice::Unsteady(key.clone()));
            }
        }
        notices
    }

    /// Its last will came.
    pub(super) fn died(&mut self, now: Mono, name: &DeviceName) -> Vec<Notice> {
        self.of(name).filter_map(|(key, entry)| entry.lose(now, key, LossCause::Death)).collect()
    }

    /// Takes what time alone decides.
    pub(super) fn settle(&mut self, now: Mono) -> Vec<Notice> {
        let mut notices = Vec::new();
        for (key, entry) in &mut self.entries {
            if entry.silent_at().is_some_and(|at| at <= now) {
                notices.extend(entry.lose(now, key, LossCause::Silence));
            }
            if entry.steady_at().is_some_and(|at| at <= now) {
                entry.standing = Standing::Here;
                entry.told = false;
                notices.push(Notice::Found(key.clone()));
            }
        }
        notices
    }

    /// When a silence is too long, or a device has been steady.
    pub(super) fn due(&self) -> Option<Mono> {
        self.entries.iter().flat_map(|(_, entry)| [entry.silent_at(), entry.steady_at()]).flatten().min()
    }

    /// Devices that the lane has as lost.
    pub(super) fn away(&self, need: Need) -> impl Iterator<Item = &Key> {
        self.entries.iter().filter(move |(_, entry)| entry.told && entry.care.need == need).map(|(key, _)| key)
    }

    /// The lane has a device of that name as lost.
    pub(super) fn is_away(&self, name: &DeviceName) -> bool {
        self.entries.iter().any(|(key, entry)| key.name == *name && entry.told)
    }

    /// What becomes of the lane while that device is away.
    pub(super) fn need(&self, key: &Key) -> Need {
        self.get(key).map_or(Need::Optional, |entry| entry.care.need)
    }

    /// How long a device may be silent.
    pub(super) fn silence(&self, key: &Key) -> Option<Duration> {
        self.get(key).and_then(|entry| entry.care.silence)
    }
}

/// The names of places are device names.
fn named(place: &str) -> Option<DeviceName> {
    DeviceName::new(place).ok()
}

// Devices of a search are never silent for too long: when they were heard says nothing.
#[cfg(test)]
crate::lane::tests::search::digest::digest!(Entry { losses, told } without { care, heard, standing });
#[cfg(test)]
crate::lane::tests::search::digest::digest!(Roster { others } without { entries });

#[cfg(test)]
mod tests;
