//! The one place that reads the clocks for the actors.

use std::time::{Duration, Instant};

use crate::model::{Mono, Now, Timestamp};

/// Wall time may drift this far against monotonic time between two looks before it counts as a step (invariant C7).
const STEP_MIN: Duration = Duration::from_secs(1);

/// The site's clocks. Cheap to copy.
#[derive(Debug, Clone, Copy)]
pub struct SiteClock {
    start: Instant,
}

impl SiteClock {
    /// Starts the monotonic clock. It never starts at zero, so that no deadline lies before it.
    #[must_use]
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// Both times.
    #[must_use]
    pub fn now(&self) -> Now {
        Now { mono: self.mono(), wall: Timestamp::new(chrono::Utc::now()) }
    }

    /// Time for rules.
    #[must_use]
    pub fn mono(&self) -> Mono {
        let micros = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        Mono::from_micros(micros.saturating_add(1))
    }

    /// The runtime's instant of a monotonic time.
    #[must_use]
    pub fn instant(&self, at: Mono) -> Instant {
        self.start + Duration::from_micros(at.as_micros().saturating_sub(1))
    }
}

/// Watches for steps of the wall clock.
#[derive(Debug)]
pub(super) struct StepWatch {
    last: Now,
}

impl StepWatch {
    pub(super) const fn new(now: Now) -> Self {
        Self { last: now }
    }

    /// Whether wall time moved against monotonic time since the last look.
    pub(super) fn stepped(&mut self, now: Now) -> bool {
        let mono = i64::try_from(now.mono.since(self.last.mono).as_micros()).unwrap_or(i64::MAX);
        let wall = now.wall.unix_micros().saturating_sub(self.last.wall.unix_micros());
        self.last = now;
        wall.abs_diff(mono) > u64::try_from(STEP_MIN.as_micros()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c7_h31_a_step_of_the_wall_clock_is_seen_either_way_and_once() {
        let at = |mono: u64, wall: i64| Now {
            mono: Mono::from_micros(mono * 1_000_000),
            wall: Timestamp::from_unix_micros(wall * 1_000_000),
        };
        let mut watch = StepWatch::new(at(10, 1_000));
        assert!(!watch.stepped(at(11, 1_001)));
        assert!(watch.stepped(at(12, 4_602)));
        assert!(!watch.stepped(at(13, 4_603)));
        assert!(watch.stepped(at(14, 1_004)));
    }
}
