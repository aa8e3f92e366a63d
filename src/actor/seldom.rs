//! Words to people that a flood of messages must not make a flood of.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::model::Mono;

/// One word in so long.
const EVERY: Duration = Duration::from_secs(1);

/// Says a thing now and then, and counts the rest.
#[derive(Debug, Default)]
pub(super) struct Seldom(Mutex<(Option<Mono>, u64)>);

impl Seldom {
    /// Whether it is to be said, and how often it was not since it was said last.
    pub(super) fn due(&self, now: Mono) -> Option<u64> {
        let (said, passed_over) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if said.is_some_and(|at| now.since(at) < EVERY) {
            *passed_over += 1;
            return None;
        }
        *said = Some(now);
        Some(std::mem::take(passed_over))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_often_is_said_once_a_second_with_how_often() {
        let seldom = Seldom::default();
        let said: Vec<_> = (1..=25).map(|tenth| seldom.due(Mono::from_micros(tenth * 100_000))).collect();
        assert_eq!(said.iter().flatten().collect::<Vec<_>>(), [&0, &9, &9]);
    }
}
