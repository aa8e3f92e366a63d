//! How many messages of one source a lane takes (hazard 5): what is too many waits, and the newest takes its place.
//!
//! ```text
//!  message ─ a token left? ─▶ to the lane
//!                 └─ none ─▶ waits with its source: of readings the newest, of states the last two ─▶ when a token is back
//! ```
//!
//! Nothing of a source is lost for good: its newest word always arrives. Of a state the last two are kept, so that a
//! change between them is still seen as one; a loop that is that fast has been at fault for chattering long before.
//! Every waiting message holds its acknowledgement, and gives it back when a newer one takes its place.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::device::mqtt::InboundMessage;
use crate::model::Mono;

/// Messages of one source in a second; far above what loops, arms, scales and cameras say.
pub(super) const RATE_PER_S: u64 = 100;
/// Messages of one source at once.
pub(super) const BURST: u64 = 100;
/// When a token is back.
pub(super) const TOKEN_EVERY: Duration = Duration::from_millis(1_000 / RATE_PER_S);
/// Sources of one lane that are told apart; what comes from more shares one place.
const SOURCES_MAX: usize = 64;
/// The place of all others.
const OTHERS: &str = "";

/// What of a source waits when it is too fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeps {
    /// A reading: the newest.
    Newest,
    /// A state: the last two.
    Change,
}

impl Keeps {
    const fn most(self) -> usize {
        match self {
            Self::Newest => 1,
            Self::Change => 2,
        }
    }
}

/// What becomes of a message.
#[derive(Debug)]
pub(super) enum Passes {
    /// It goes on.
    Through(InboundMessage),
    /// It waits; so many older ones gave way to it.
    Waits {
        /// How many gave way.
        shed: usize,
        /// Nobody looks after those who wait yet.
        first: bool,
    },
}

#[derive(Debug)]
struct Source {
    tokens: u64,
    filled: Mono,
    waiting: VecDeque<InboundMessage>,
}

impl Source {
    /// A token, if there is one.
    fn token(&mut self, now: Mono) -> bool {
        let every = u64::try_from(TOKEN_EVERY.as_micros()).unwrap_or(u64::MAX);
        let elapsed = u64::try_from(now.since(self.filled).as_micros()).unwrap_or(u64::MAX);
        let back = elapsed / every;
        if back > 0 {
            self.tokens = self.tokens.saturating_add(back).min(BURST);
            self.filled = Mono::from_micros(self.filled.as_micros().saturating_add(back.saturating_mul(every)));
        }
        let any = self.tokens > 0;
        self.tokens = self.tokens.saturating_sub(1);
        any
    }
}

#[derive(Debug, Default)]
struct Sources {
    by_topic: BTreeMap<String, Source>,
    /// Somebody looks after those who wait.
    looked_after: bool,
}

/// The gate of one lane.
#[derive(Debug, Default)]
pub(super) struct Gate {
    sources: Mutex<Sources>,
}

impl Gate {
    fn sources(&self) -> std::sync::MutexGuard<'_, Sources> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a message through, or lets it wait.
    pub(super) fn pass(&self, now: Mono, message: InboundMessage, keeps: Keeps) -> Passes {
        let Sources { by_topic, looked_after } = &mut *self.sources();
        let is_told_apart = by_topic.contains_key(&message.topic) || by_topic.len() < SOURCES_MAX;
        let key = if is_told_apart { message.topic.as_str() } else { OTHERS };
        if !by_topic.contains_key(key) {
            let new = Source { tokens: BURST, filled: now, waiting: VecDeque::new() };
            by_topic.insert(key.to_owned(), new);
        }
        let Some(source) = by_topic.get_mut(key) else { return Passes::Through(message) };
        if source.waiting.is_empty() && source.token(now) {
            return Passes::Through(message);
        }
        source.waiting.push_back(message);
        let shed = source.waiting.len().saturating_sub(keeps.most());
        source.waiting.drain(..shed);
        Passes::Waits { shed, first: !std::mem::replace(looked_after, true) }
    }

    /// What may go on, and whether anything still waits.
    pub(super) fn release(&self, now: Mono) -> (Vec<InboundMessage>, bool) {
        let mut released = Vec::new();
        let mut sources = self.sources();
        for source in sources.by_topic.values_mut() {
            while !source.waiting.is_empty() && source.token(now) {
                released.extend(source.waiting.pop_front());
            }
        }
        sources.looked_after = sources.by_topic.values().any(|source| !source.waiting.is_empty());
        (released, sources.looked_after)
    }

    /// The connection is gone: what waited comes again, or is void.
    pub(super) fn forget(&self) {
        self.sources().by_topic.values_mut().for_each(|source| source.waiting.clear());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(topic: &str, number: u32) -> InboundMessage {
        InboundMessage::unacknowledged(topic, number.to_string())
    }

    fn at(milliseconds: u64) -> Mono {
        Mono::from_micros(1 + milliseconds * 1_000)
    }

    fn numbers(messages: &[InboundMessage]) -> Vec<&str> {
        messages.iter().map(|message| std::str::from_utf8(&message.payload).expect("text")).collect()
    }

    /// Sends so many in one instant; how many went through and were shed.
    fn flood(gate: &Gate, now: Mono, topic: &str, count: u32, keeps: Keeps) -> (usize, usize) {
        let (mut through, mut gave_way) = (0, 0);
        for number in 0..count {
            match gate.pass(now, message(topic, number), keeps) {
                Passes::Through(_) => through += 1,
                Passes::Waits { shed, .. } => gave_way += shed,
            }
        }
        (through, gave_way)
    }

    #[test]
    fn h5_a_source_that_floods_is_slowed_down_and_its_newest_word_arrives() {
        let gate = Gate::default();
        assert_eq!(flood(&gate, at(0), "plate/front", 1_000, Keeps::Newest), (100, 899));
        assert!(matches!(gate.pass(at(0), message("loop/exit", 1), Keeps::Change), Passes::Through(_)));
        assert!(gate.release(at(9)).0.is_empty());
        let (released, more) = gate.release(at(10));
        assert_eq!((numbers(&released), more), (vec!["999"], false));
    }

    #[test]
    fn h5_a_change_of_state_is_never_shed_into_a_state_that_looks_steady() {
        let gate = Gate::default();
        assert_eq!(flood(&gate, at(0), "loop/exit", 1_000, Keeps::Change), (100, 898));
        let (released, more) = gate.release(at(10));
        assert_eq!((numbers(&released), more), (vec!["998"], true));
        let (released, more) = gate.release(at(20));
        assert_eq!((numbers(&released), more), (vec!["999"], false));
    }

    #[test]
    fn c6_however_many_names_come_the_gate_stays_small_and_slows_them_together() {
        let gate = Gate::default();
        for number in 0..10_000 {
            drop(gate.pass(at(0), message(&format!("plate/{number}"), 1), Keeps::Newest));
        }
        assert_eq!(gate.sources().by_topic.len(), SOURCES_MAX + 1);
        let (released, _) = gate.release(at(1_000));
        assert_eq!(released.len(), 1, "one waits for all of them");
    }

    #[test]
    fn what_waited_for_a_connection_that_is_gone_is_forgotten() {
        let gate = Gate::default();
        flood(&gate, at(0), "loop/exit", 200, Keeps::Change);
        gate.forget();
        assert!(gate.release(at(1_000)).0.is_empty());
    }
}
