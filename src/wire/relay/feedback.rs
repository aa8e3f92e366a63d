//! Where an arm is, by its limit contacts and by what it was told (invariant B4).
//!
//! ```text
//!   closed ──limit lost──▶ told open?  yes ▶ opening            no ▶ unknown, soon opening: by force
//!   open   ──limit lost──▶ told close? yes ▶ closing            no ▶ closing: by itself, by hand
//!   neither limit for longer than the travel time ▶ fault       both limits ▶ fault
//! ```
//! A limit proves; a command only explains what the limits show. Time is an argument.

use std::time::Duration;

use crate::model::{CommandVerb, Mono, Position};

/// How long a closed limit may be lost without a command before the arm counts as forced: an arm in the wind bounces.
const FORCED_SETTLE: Duration = Duration::from_millis(300);

/// What the two limit contacts say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limits {
    /// Between the limits.
    Neither,
    /// At the closed limit.
    Closed,
    /// At the open limit.
    Opened,
    /// Can't be true.
    Both,
}

/// What is wrong with an arm or its board, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The evacuation line is active: the hardware opens, nothing is commanded (invariant B7).
    Evacuation,
    /// Both limits at once.
    BothLimits,
    /// A relay is on that nobody switched on.
    RelayStuck,
    /// A relay did not go on.
    RelayDead,
    /// Neither limit for longer than the travel time.
    LimitTimeout,
}

impl Fault {
    /// The code that the barrier's state carries.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Evacuation => "evacuation",
            Self::BothLimits => "both_limits",
            Self::RelayStuck => "relay_stuck",
            Self::RelayDead => "relay_dead",
            Self::LimitTimeout => "limit_timeout",
        }
    }
}

/// A limit that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Closed,
    Open,
}

/// What an arm was told and has not done yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Told {
    verb: CommandVerb,
    at: Mono,
}

/// The feedback of one arm.
#[derive(Debug, Clone)]
pub struct Feedback {
    travel: Duration,
    told: Option<Told>,
    /// The limit that was seen last.
    last: Option<End>,
    /// Since when neither is seen.
    between: Option<Mono>,
}

impl Feedback {
    /// Nothing is known yet. `travel`: how long the arm may be between its limits.
    #[must_use]
    pub const fn new(travel: Duration) -> Self {
        Self { travel, told: None, last: None, between: None }
    }

    /// A command may have reached the arm: a motion that it explains has its own travel time.
    pub fn told(&mut self, now: Mono, verb: CommandVerb) {
        self.told = Some(Told { verb, at: now });
        if self.between.is_some() {
            self.between = Some(now);
        }
    }

    /// Whether it was told to come down and is not there yet.
    #[must_use]
    pub fn is_told_to_close(&self) -> bool {
        self.told.is_some_and(|told| told.verb == CommandVerb::Close)
    }

    /// The last command did not reach the arm.
    pub fn untold(&mut self) {
        self.told = None;
    }

    /// The arm was stopped between its limits: which way it goes on nobody knows.
    pub fn stopped(&mut self) {
        self.told = None;
        self.last = None;
    }

    /// Everything that was known is void (hazard 14).
    pub fn forget(&mut self) {
        *self = Self::new(self.travel);
    }

    /// Takes the limits as read; where the arm is, and what is wrong.
    pub fn see(&mut self, now: Mono, limits: Limits) -> (Position, Option<Fault>) {
        match limits {
            Limits::Both => {
                self.forget();
                (Position::Unknown, Some(Fault::BothLimits))
            }
            Limits::Closed => {
                self.at_limit(now, End::Closed, CommandVerb::Close);
                (Position::Closed, None)
            }
            Limits::Opened => {
                self.at_limit(now, End::Open, CommandVerb::Open);
                (Position::Open, None)
            }
            Limits::Neither => self.moving(now),
        }
    }

    fn at_limit(&mut self, now: Mono, end: End, reached_by: CommandVerb) {
        self.between = None;
        self.last = Some(end);
        let done = |told: &Told| told.verb == reached_by || now.since(told.at) > self.travel;
        // An arm that did not move in its time has not been told any more: what it does then is its own.
        if self.told.as_ref().is_some_and(done) {
            self.told = None;
        }
    }

    fn moving(&mut self, now: Mono) -> (Position, Option<Fault>) {
        let since = *self.between.get_or_insert(now);
        let took = now.since(since);
        if took > self.travel {
            return (Position::Unknown, Some(Fault::LimitTimeout));
        }
        let position = match (self.told.map(|told| told.verb), self.last) {
            (Some(CommandVerb::Open), _) => Position::Opening,
            (Some(CommandVerb::Close), _) | (None, Some(End::Open)) => Position::Closing,
            (None, Some(End::Closed)) if took >= FORCED_SETTLE => Position::Opening,
            (None, Some(End::Closed) | None) => Position::Unknown,
        };
        (position, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRAVEL_MS: u64 = 6_000;

    fn at(ms: u64) -> Mono {
        Mono::from_micros(ms * 1_000 + 1)
    }

    enum Step {
        Told(CommandVerb),
        See(Limits, Position, Option<Fault>),
        Stopped,
    }
    use CommandVerb::{Close, Open};
    use Fault::{BothLimits, LimitTimeout};
    use Limits::{Both, Closed, Neither, Opened};
    use Step::{See, Stopped, Told};

    #[track_caller]
    fn play(story: &str, steps: &[(u64, Step)]) {
        let mut feedback = Feedback::new(Duration::from_millis(TRAVEL_MS));
        for (ms, step) in steps {
            match step {
                Told(verb) => feedback.told(at(*ms), *verb),
                Stopped => feedback.stopped(),
                See(limits, position, fault) => {
                    assert_eq!(feedback.see(at(*ms), *limits), (*position, *fault), "{story}, at {ms} ms");
                }
            }
        }
    }

    #[test]
    fn a_commanded_arm_goes_up_and_comes_down() {
        play(
            "there and back",
            &[
                (0, See(Closed, Position::Closed, None)),
                (10, Told(Open)),
                (100, See(Closed, Position::Closed, None)),
                (300, See(Neither, Position::Opening, None)),
                (5_000, See(Neither, Position::Opening, None)),
                (5_100, See(Opened, Position::Open, None)),
                (60_000, See(Opened, Position::Open, None)),
                (60_010, Told(Close)),
                (60_100, See(Opened, Position::Open, None)),
                (60_300, See(Neither, Position::Closing, None)),
                (65_000, See(Closed, Position::Closed, None)),
            ],
        );
    }

    #[test]
    fn b6_a_closed_limit_lost_without_a_command_is_an_arm_opened_by_force() {
        play(
            "wind, key or weld",
            &[
                (0, See(Closed, Position::Closed, None)),
                (100, See(Neither, Position::Unknown, None)),
                (399, See(Neither, Position::Unknown, None)),
                (400, See(Neither, Position::Opening, None)),
                (2_000, See(Opened, Position::Open, None)),
            ],
        );
        play(
            "a bounce proves nothing and accuses nobody",
            &[
                (0, See(Closed, Position::Closed, None)),
                (100, See(Neither, Position::Unknown, None)),
                (200, See(Closed, Position::Closed, None)),
                (450, See(Neither, Position::Unknown, None)),
            ],
        );
        play(
            "a command that the arm did not follow explains nothing later",
            &[
                (0, See(Closed, Position::Closed, None)),
                (10, Told(Open)),
                (6_100, See(Closed, Position::Closed, None)),
                (6_200, See(Neither, Position::Unknown, None)),
                (6_500, See(Neither, Position::Opening, None)),
            ],
        );
        play(
            "nor does one that it has followed",
            &[
                (0, See(Closed, Position::Closed, None)),
                (10, Told(Open)),
                (1_000, See(Opened, Position::Open, None)),
                (2_000, See(Closed, Position::Closed, None)),
                (2_100, See(Neither, Position::Unknown, None)),
            ],
        );
    }

    #[test]
    fn an_open_arm_that_leaves_its_limit_by_itself_is_coming_down() {
        play(
            "a barrier with its own timer",
            &[
                (0, See(Opened, Position::Open, None)),
                (100, See(Neither, Position::Closing, None)),
                (3_000, See(Closed, Position::Closed, None)),
            ],
        );
    }

    #[test]
    fn b4_both_limits_or_none_for_longer_than_the_travel_time_are_faults() {
        play(
            "both",
            &[
                (0, See(Closed, Position::Closed, None)),
                (100, See(Both, Position::Unknown, Some(BothLimits))),
                (200, See(Neither, Position::Unknown, None)),
                (300, See(Closed, Position::Closed, None)),
            ],
        );
        play(
            "stuck on the way",
            &[
                (0, See(Closed, Position::Closed, None)),
                (10, Told(Open)),
                (100, See(Neither, Position::Opening, None)),
                (6_100, See(Neither, Position::Opening, None)),
                (6_101, See(Neither, Position::Unknown, Some(LimitTimeout))),
                (9_000, See(Opened, Position::Open, None)),
            ],
        );
        play(
            "a second command has its own time",
            &[
                (0, See(Closed, Position::Closed, None)),
                (10, Told(Open)),
                (100, See(Neither, Position::Opening, None)),
                (5_000, Told(Close)),
                (6_200, See(Neither, Position::Closing, None)),
                (11_000, See(Neither, Position::Closing, None)),
                (11_001, See(Neither, Position::Unknown, Some(LimitTimeout))),
            ],
        );
        play(
            "found so",
            &[(0, See(Neither, Position::Unknown, None)), (6_001, See(Neither, Position::Unknown, Some(LimitTimeout)))],
        );
    }

    #[test]
    fn a_stopped_arm_goes_nobody_knows_where() {
        play(
            "stopped on its way down, then reversed by its own chain",
            &[
                (0, See(Opened, Position::Open, None)),
                (10, Told(Close)),
                (200, See(Neither, Position::Closing, None)),
                (300, Stopped),
                (400, See(Neither, Position::Unknown, None)),
                (2_000, See(Opened, Position::Open, None)),
            ],
        );
    }
}
