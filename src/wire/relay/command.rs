//! Commands on their way to a board, and the rules by which a device takes them (invariants A10, A11).
//!
//! A command is moved from hand to hand and never copied: an open command carries its [`OpenAuthority`] until the
//! request that uses it up is made.

use std::collections::VecDeque;
use std::time::Duration;

use uuid::Uuid;

use crate::model::{CommandVerb, Mono, OpenAuthority};

/// Command ids remembered; a controller that repeats itself does so within seconds.
const TAKEN_MAX: usize = 64;

/// Who commands, and until when it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Grows with every start of the controller (invariant A11).
    pub epoch: u64,
    /// Grows with every command of this epoch.
    pub sequence: u64,
    /// When it was issued.
    pub issued: Mono,
    /// How long it counts (invariant A10).
    pub ttl: Duration,
}

/// What an arm is told, and by what right.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Act {
    Open(OpenAuthority),
    Close(Uuid),
}

/// One command.
#[derive(Debug, PartialEq, Eq)]
pub struct Command {
    act: Act,
    stamp: Stamp,
}

impl Command {
    /// The one opening that an authority allows.
    #[must_use]
    pub const fn open(authority: OpenAuthority, stamp: Stamp) -> Self {
        Self { act: Act::Open(authority), stamp }
    }

    /// A closing.
    #[must_use]
    pub const fn close(command_id: Uuid, stamp: Stamp) -> Self {
        Self { act: Act::Close(command_id), stamp }
    }

    /// Open or close.
    #[must_use]
    pub const fn verb(&self) -> CommandVerb {
        match self.act {
            Act::Open(_) => CommandVerb::Open,
            Act::Close(_) => CommandVerb::Close,
        }
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        match &self.act {
            Act::Open(authority) => authority.authority().command_id,
            Act::Close(id) => *id,
        }
    }

    /// Whether it counts no more; one of unknown age counts as expired.
    #[must_use]
    pub fn is_expired(&self, now: Mono) -> bool {
        now < self.stamp.issued || now >= self.stamp.issued + self.stamp.ttl
    }

    pub(super) fn into_act(self) -> Act {
        self.act
    }
}

/// Why a command moves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotDone {
    /// Its time has passed.
    #[error("it had expired")]
    Expired,
    /// A later controller has spoken.
    #[error("its epoch is lower than the last one")]
    LowerEpoch,
    /// A later command has come before it.
    #[error("a later command has come before it")]
    OutOfSequence,
    /// It was taken before.
    #[error("it was taken before")]
    Repeated,
    /// A newer command took its place before it went out.
    #[error("a newer command took its place")]
    Superseded,
    /// The board is away, or its inputs are not proved again yet.
    #[error("the board is away")]
    Away,
    /// Somebody turned the key on the spot (invariant B8).
    #[error("the barrier is in local mode")]
    Local,
    /// The arm or its board reports a fault.
    #[error("the barrier reports a fault")]
    Faulty,
    /// An open command finds the arm anywhere but at its closed limit.
    #[error("the arm is not proved closed")]
    NotClosed,
    /// The closing zone did not become positively clear in time (invariant B1).
    #[error("the closing zone was not clear")]
    ZoneNotClear,
    /// The board refused the request: its exception code.
    #[error("the board refused it with exception {0}")]
    Refused(u8),
}

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The board confirmed the pulse.
    Done,
    /// The pulse went out and no answer came: it is not sent again; the limits tell.
    Unknown,
    /// Nothing went out.
    NotDone(NotDone),
}

impl Fate {
    /// The label that metrics use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Unknown => "unknown",
            Self::NotDone(why) => match why {
                NotDone::Expired => "expired",
                NotDone::LowerEpoch => "lower_epoch",
                NotDone::OutOfSequence => "out_of_sequence",
                NotDone::Repeated => "repeated",
                NotDone::Superseded => "superseded",
                NotDone::Away => "away",
                NotDone::Local => "local",
                NotDone::Faulty => "faulty",
                NotDone::NotClosed => "not_closed",
                NotDone::ZoneNotClear => "zone_not_clear",
                NotDone::Refused(_) => "refused",
            },
        }
    }
}

/// What one arm remembers of the commands that it took.
#[derive(Debug, Clone, Default)]
pub(super) struct Gate {
    epoch: u64,
    sequence: u64,
    taken: VecDeque<Uuid>,
}

impl Gate {
    /// Takes a command once, in order, while it counts. A refused one leaves no trace.
    pub(super) fn take(&mut self, now: Mono, command: &Command) -> Result<(), NotDone> {
        let Stamp { epoch, sequence, .. } = command.stamp;
        if self.taken.contains(&command.id()) {
            return Err(NotDone::Repeated);
        }
        if command.is_expired(now) {
            return Err(NotDone::Expired);
        }
        if epoch < self.epoch {
            return Err(NotDone::LowerEpoch);
        }
        if epoch == self.epoch && sequence <= self.sequence {
            return Err(NotDone::OutOfSequence);
        }
        (self.epoch, self.sequence) = (epoch, sequence);
        if self.taken.len() >= TAKEN_MAX {
            self.taken.pop_front();
        }
        self.taken.push_back(command.id());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Mono {
        Mono::from_micros(ms * 1_000)
    }

    fn close(id: u128, epoch: u64, sequence: u64) -> Command {
        let stamp = Stamp { epoch, sequence, issued: at(100), ttl: Duration::from_secs(2) };
        Command::close(Uuid::from_u128(id), stamp)
    }

    #[test]
    fn a10_a_command_is_taken_once_in_order_and_in_time() {
        let mut gate = Gate::default();
        assert_eq!(gate.take(at(100), &close(1, 1, 1)), Ok(()));
        assert_eq!(gate.take(at(101), &close(1, 1, 2)), Err(NotDone::Repeated));
        assert_eq!(gate.take(at(101), &close(2, 1, 1)), Err(NotDone::OutOfSequence));
        assert_eq!(gate.take(at(2_100), &close(3, 1, 3)), Err(NotDone::Expired), "at the very instant");
        assert_eq!(gate.take(at(99), &close(3, 1, 3)), Err(NotDone::Expired), "of unknown age");
        assert_eq!(gate.take(at(2_099), &close(3, 1, 3)), Ok(()), "what was refused left no trace");
    }

    #[test]
    fn a11_a_lower_epoch_is_refused_and_a_higher_one_counts_anew() {
        let mut gate = Gate::default();
        assert_eq!(gate.take(at(100), &close(1, 5, 9)), Ok(()));
        assert_eq!(gate.take(at(100), &close(2, 4, 10)), Err(NotDone::LowerEpoch));
        assert_eq!(gate.take(at(100), &close(3, 6, 1)), Ok(()));
    }
}
