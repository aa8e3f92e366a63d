//! Stamped device messages (contract: `session` and `sequence`): each changes state at most once (invariant C3).
//!
//! A state that is older than the last one says nothing any more; a reading that comes late counts once. After the
//! link was away the last state counts again, because the lane has forgotten it: that is what the broker had kept.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use super::fate::{Entry, Fate, Known, Told};
use super::gate::Keeps;
use crate::wire::payload::Stamp;

/// Sources of one lane whose stamps are remembered; messages of more are taken as they come.
const SOURCES_MAX: usize = 64;
/// A reading that is older by more than this is of the past; as many are remembered (`Known`).
const LATE_MAX: u64 = 64;
/// Sessions of a source that are over and remembered: a late message of one of them is none of the present.
const SESSIONS_MAX: usize = 4;

/// What a stamp tells of its message.
#[derive(Debug)]
pub(super) enum Stamped {
    /// It is the next one; so many are missing before it. A reading's fate is told.
    Next {
        /// Messages between the last one and this one.
        missing: u64,
        /// Who waits for the reading.
        told: Option<Told>,
    },
    /// It comes after a newer one, and counts.
    Late(Option<Told>),
    /// It was taken before; what it was taken for may still be on its way.
    Repeated(Option<watch::Receiver<Fate>>),
    /// It is older than what is known, or of a session that is over.
    Past,
}

#[derive(Debug, Default)]
struct Source {
    session: Option<String>,
    last: Option<u64>,
    /// The lane has forgotten the last state.
    forgotten: bool,
    over: VecDeque<Option<String>>,
    known: Known,
}

impl Source {
    fn judge(&mut self, stamp: &Stamp, keeps: Keeps) -> Stamped {
        if self.last.is_some() && self.session != stamp.session {
            if self.over.contains(&stamp.session) {
                return Stamped::Past;
            }
            let before = std::mem::take(self);
            self.over = before.over;
            self.over.push_back(before.session);
            if self.over.len() > SESSIONS_MAX {
                self.over.pop_front();
            }
        }
        self.session.clone_from(&stamp.session);
        match keeps {
            Keeps::Change => self.judge_state(stamp.sequence),
            Keeps::Newest => self.judge_reading(stamp),
        }
    }

    fn judge_state(&mut self, sequence: u64) -> Stamped {
        let forgotten = std::mem::take(&mut self.forgotten);
        match self.last {
            Some(last) if sequence < last => {
                self.forgotten = forgotten;
                Stamped::Past
            }
            Some(last) if sequence == last && !forgotten => Stamped::Repeated(None),
            Some(_) | None => Stamped::Next { missing: self.step(sequence), told: None },
        }
    }

    fn judge_reading(&mut self, stamp: &Stamp) -> Stamped {
        let last = self.last;
        if last.is_some_and(|last| stamp.sequence.saturating_add(LATE_MAX) <= last) {
            return Stamped::Past;
        }
        match self.known.enter(&stamp.sequence.to_string()) {
            Entry::Owned => Stamped::Repeated(None),
            Entry::Pending(fate) => Stamped::Repeated(Some(fate)),
            Entry::New(told, _) if last.is_some_and(|last| stamp.sequence < last) => Stamped::Late(Some(told)),
            Entry::New(told, _) => Stamped::Next { missing: self.step(stamp.sequence), told: Some(told) },
        }
    }

    /// It is the last one from here on; how many are missing before it.
    fn step(&mut self, sequence: u64) -> u64 {
        let before = self.last.replace(sequence);
        before.map_or(0, |last| sequence.saturating_sub(last).saturating_sub(1))
    }
}

/// The stamps of a lane's sources.
#[derive(Debug, Default)]
pub(super) struct Sequences {
    sources: Mutex<BTreeMap<String, Source>>,
}

impl Sequences {
    fn sources(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Source>> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Judges a message of that topic.
    pub(super) fn judge(&self, topic: &str, stamp: &Stamp, keeps: Keeps) -> Stamped {
        let mut sources = self.sources();
        if !sources.contains_key(topic) {
            if sources.len() >= SOURCES_MAX {
                return Stamped::Next { missing: 0, told: None };
            }
            sources.insert(topic.to_owned(), Source::default());
        }
        let judged = sources.get_mut(topic).map(|source| source.judge(stamp, keeps));
        judged.unwrap_or(Stamped::Next { missing: 0, told: None })
    }

    /// The lane forgets every state with the link: each may be said once more.
    pub(super) fn forget_states(&self) {
        self.sources().values_mut().for_each(|source| source.forgotten = true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(session: &str, sequence: u64) -> Stamp {
        Stamp { session: Some(session.to_owned()), sequence }
    }

    fn own(told: Option<Told>) {
        if let Some(told) = told {
            told.owned();
        }
    }

    /// What becomes of messages one after the other, in a word each.
    fn story(keeps: Keeps, stamps: &[(&str, u64)]) -> Vec<String> {
        let sequences = Sequences::default();
        let word = |(session, sequence): &(&str, u64)| {
            if *session == "link away" {
                sequences.forget_states();
                return "-".to_owned();
            }
            match sequences.judge("topic", &stamp(session, *sequence), keeps) {
                Stamped::Next { missing, told } => {
                    own(told);
                    if missing == 0 { "next".to_owned() } else { format!("after {missing}") }
                }
                Stamped::Late(told) => {
                    own(told);
                    "late".to_owned()
                }
                Stamped::Repeated(_) => "repeated".to_owned(),
                Stamped::Past => "past".to_owned(),
            }
        };
        stamps.iter().map(word).collect()
    }

    #[test]
    fn c3_a_stamped_state_changes_the_lane_once_and_an_older_one_never() {
        let told = story(
            Keeps::Change,
            &[("a", 1), ("a", 1), ("a", 2), ("a", 1), ("a", 5), ("link away", 0), ("a", 4), ("a", 5), ("a", 5)],
        );
        assert_eq!(told, ["next", "repeated", "next", "past", "after 2", "-", "past", "next", "repeated"]);
    }

    #[test]
    fn c3_h20_a_reading_counts_once_in_whatever_order_it_comes() {
        let told = story(
            Keeps::Newest,
            &[("a", 10), ("a", 12), ("a", 11), ("a", 11), ("a", 12), ("a", 100), ("a", 36), ("a", 37)],
        );
        assert_eq!(told, ["next", "after 1", "late", "repeated", "repeated", "after 87", "past", "late"]);
    }

    #[test]
    fn a_device_that_restarts_counts_anew_and_its_earlier_session_is_over() {
        let told = story(Keeps::Change, &[("a", 7), ("b", 1), ("a", 8), ("b", 2), ("c", 1), ("b", 3)]);
        assert_eq!(told, ["next", "next", "past", "next", "next", "past"]);
    }

    #[tokio::test]
    async fn c2_a_repeat_waits_for_its_first_and_a_lost_reading_may_come_again() {
        let sequences = Sequences::default();
        let Stamped::Next { told, .. } = sequences.judge("t", &stamp("a", 1), Keeps::Newest) else { panic!("new") };
        let repeat = sequences.judge("t", &stamp("a", 1), Keeps::Newest);
        assert!(matches!(repeat, Stamped::Repeated(Some(_))), "{repeat:?}");
        drop(told);
        let again = sequences.judge("t", &stamp("a", 1), Keeps::Newest);
        assert!(matches!(again, Stamped::Next { missing: 0, .. }), "{again:?}");
    }

    #[test]
    fn c6_however_many_sources_come_their_memory_is_bounded() {
        let sequences = Sequences::default();
        for number in 0..10_000 {
            drop(sequences.judge(&number.to_string(), &stamp("a", 1), Keeps::Newest));
        }
        assert_eq!(sequences.sources().len(), SOURCES_MAX);
    }
}
