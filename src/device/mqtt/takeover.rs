//! Another client under our own client id takes our session away, and we take it back: a war that one side must leave.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Takeovers within [`COUNTED_WITHIN`] that a restart explains; one more is an intruder (hazard 23).
pub(super) const TAKEOVERS_MAX: usize = 3;
const COUNTED_WITHIN: Duration = Duration::from_secs(60);
/// How long the session is left to the other one then: lanes hold, and no more than two changes a minute go on.
pub(super) const LEFT_FOR: Duration = Duration::from_secs(30);

/// When our session was taken.
#[derive(Debug, Default)]
pub(super) struct Takeovers(VecDeque<Instant>);

impl Takeovers {
    /// It was taken; how often within the last minute.
    pub(super) fn note(&mut self, now: Instant) -> usize {
        self.0.push_back(now);
        while self.0.len() > TAKEOVERS_MAX + 1
            || self.0.front().is_some_and(|at| now.duration_since(*at) > COUNTED_WITHIN)
        {
            self.0.pop_front();
        }
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn h23_takeovers_of_the_last_minute_are_counted_and_the_count_is_bounded() {
        let (mut takeovers, start) = (Takeovers::default(), Instant::now());
        let counts: Vec<_> = (0..6).map(|second| takeovers.note(start + Duration::from_secs(second))).collect();
        assert_eq!(counts, [1, 2, 3, 4, 4, 4]);
        assert_eq!(takeovers.note(start + Duration::from_secs(120)), 1);
    }
}
