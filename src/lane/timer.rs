//! The lane's wake-ups: a small fixed table, each with its reason.

use crate::model::Mono;

/// Why the machine wants to be woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// Required evidence is still missing: assess with what there is; what is missing holds.
    Evidence,
    /// The register has not answered: hold.
    Match,
    /// The risk gateway has not answered although its own deadline passed: hold.
    Risk,
    /// The journal has not acknowledged a decision: void it and hold.
    Journal,
    /// The other arm has not proved closed: hold.
    Interlock,
    /// The arm has not reached its limit: fault, hold (closing is tried once more).
    Travel,
    /// The vehicle has not passed the open arm: the authority is over, hold.
    Pass,
    /// The exit loop stayed free: the vehicle has left.
    Left,
    /// The zone stayed empty: the vehicle has gone another way.
    Empty,
    /// Nothing has happened to the vehicle for long: alarm.
    Abandoned,
    /// A plate reader has said nothing of the vehicle: alarm.
    Camera,
    /// The stop line is taken and the approach loop has not said so: a passage begins, held.
    Unannounced,
    /// A loop's fall lasted, its chatter ended, or it has been occupied for long.
    Loops,
    /// A device has been silent for too long, or steady for long enough.
    Devices,
}

const COUNT: usize = 14;
const ALL: [Timer; COUNT] = [
    Timer::Evidence,
    Timer::Match,
    Timer::Risk,
    Timer::Journal,
    Timer::Interlock,
    Timer::Travel,
    Timer::Pass,
    Timer::Left,
    Timer::Empty,
    Timer::Abandoned,
    Timer::Camera,
    Timer::Unannounced,
    Timer::Loops,
    Timer::Devices,
];

impl Timer {
    /// Whether it ends with the vehicle's passage; the others are the lane's.
    const fn is_of_passage(self) -> bool {
        match self {
            Self::Evidence
            | Self::Match
            | Self::Risk
            | Self::Journal
            | Self::Interlock
            | Self::Travel
            | Self::Pass
            | Self::Left
            | Self::Empty
            | Self::Abandoned
            | Self::Camera => true,
            Self::Unannounced | Self::Loops | Self::Devices => false,
        }
    }
}

/// Deadlines, at most one a reason.
#[derive(Debug, Clone, Default)]
pub(super) struct Timers {
    at: [Option<Mono>; COUNT],
}

impl Timers {
    const fn slot(timer: Timer) -> usize {
        match timer {
            Timer::Evidence => 0,
            Timer::Match => 1,
            Timer::Risk => 2,
            Timer::Journal => 3,
            Timer::Interlock => 4,
            Timer::Travel => 5,
            Timer::Pass => 6,
            Timer::Left => 7,
            Timer::Empty => 8,
            Timer::Abandoned => 9,
            Timer::Camera => 10,
            Timer::Unannounced => 11,
            Timer::Loops => 12,
            Timer::Devices => 13,
        }
    }

    pub(super) fn set(&mut self, timer: Timer, at: Mono) {
        self.at[Self::slot(timer)] = Some(at);
    }

    pub(super) fn stop(&mut self, timer: Timer) {
        self.at[Self::slot(timer)] = None;
    }

    pub(super) fn is_set(&self, timer: Timer) -> bool {
        self.at[Self::slot(timer)].is_some()
    }

    /// The passage is over, and with it everything that it waited for.
    pub(super) fn stop_passage(&mut self) {
        ALL.into_iter().filter(|timer| timer.is_of_passage()).for_each(|timer| self.stop(timer));
    }

    /// The next wake-up and its reason.
    pub(super) fn next(&self) -> Option<(Mono, Timer)> {
        ALL.into_iter().filter_map(|timer| self.at[Self::slot(timer)].map(|at| (at, timer))).min()
    }

    /// Takes one timer that is due.
    pub(super) fn take_due(&mut self, now: Mono) -> Option<Timer> {
        let (at, timer) = self.next()?;
        (at <= now).then(|| {
            self.stop(timer);
            timer
        })
    }
}

#[cfg(test)]
crate::lane::tests::search::digest::digest!(Timers { at } without {});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_timer_has_its_own_slot() {
        for (index, timer) in ALL.into_iter().enumerate() {
            assert_eq!(Timers::slot(timer), index);
        }
    }

    #[test]
    fn the_earliest_deadline_is_taken_first_and_once() {
        let mut timers = Timers::default();
        timers.set(Timer::Pass, Mono::from_micros(30));
        timers.set(Timer::Left, Mono::from_micros(10));
        assert_eq!(timers.next(), Some((Mono::from_micros(10), Timer::Left)));
        assert_eq!(timers.take_due(Mono::from_micros(9)), None);
        assert_eq!(timers.take_due(Mono::from_micros(40)), Some(Timer::Left));
        assert_eq!(timers.take_due(Mono::from_micros(40)), Some(Timer::Pass));
        assert_eq!(timers.take_due(Mono::from_micros(40)), None);
    }
}
