//! How often a sign-in may fail: by name, and altogether. Bounded memory, time as an argument.
//!
//! An attempt counts from its beginning, so that a hundred at once get no more guesses than one after another.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Failures in a row that lock a name.
pub(super) const FAILURES_MAX: u32 = 5;
/// How long it stays locked after the last one.
pub(super) const LOCKED_FOR: Duration = Duration::from_secs(30);
/// Names whose failures are remembered.
const NAMES_MAX: usize = 1_024;
/// Failures altogether that may come at once.
pub(super) const FAILURES_AT_ONCE: u32 = 30;
/// One more after each of these.
const ONE_MORE_EVERY: Duration = Duration::from_secs(2);
/// So long after a sign-in a name is not kept out by the failures of others: a shift.
const KNOWN_FOR: Duration = Duration::from_hours(12);

// A flood of made-up names can't push a locked name out before its time.
const _: () = assert!(FAILURES_AT_ONCE as u64 + LOCKED_FOR.as_secs() / ONE_MORE_EVERY.as_secs() < NAMES_MAX as u64 / 2);

/// Why an attempt is not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TooMany {
    /// Of this name.
    OfName(Duration),
    /// Of everybody.
    Altogether(Duration),
}

#[derive(Debug)]
struct OfName {
    count: u32,
    last: Instant,
}

/// Failed sign-ins.
#[derive(Debug)]
pub(super) struct Attempts {
    names: HashMap<String, OfName>,
    /// Officers who signed in, and when last; as many as the officers' file has.
    known: HashMap<String, Instant>,
    left: u32,
    filled: Instant,
}

impl Attempts {
    pub(super) fn new(now: Instant) -> Self {
        Self { names: HashMap::new(), known: HashMap::new(), left: FAILURES_AT_ONCE, filled: now }
    }

    /// Counts an attempt; [`Self::right`] takes it back.
    pub(super) fn begin(&mut self, now: Instant, name: &str) -> Result<(), TooMany> {
        let old = |last: Instant| now.saturating_duration_since(last) >= LOCKED_FOR;
        if self.names.get(name).is_some_and(|of_name| old(of_name.last)) {
            self.names.remove(name);
        }
        if let Some(of_name) = self.names.get(name).filter(|of_name| of_name.count >= FAILURES_MAX) {
            return Err(TooMany::OfName(LOCKED_FOR.saturating_sub(now.saturating_duration_since(of_name.last))));
        }
        let known = self.known.get(name).is_some_and(|at| now.saturating_duration_since(*at) < KNOWN_FOR);
        if !known {
            self.may_fail(now).map_err(TooMany::Altogether)?;
        }
        if self.names.len() >= NAMES_MAX && !self.names.contains_key(name) {
            self.names.retain(|_, of_name| !old(of_name.last));
        }
        let of_name = self.names.entry(name.to_owned()).or_insert(OfName { count: 0, last: now });
        of_name.count += 1;
        of_name.last = now;
        Ok(())
    }

    /// It was who it said.
    pub(super) fn right(&mut self, now: Instant, name: &str) {
        self.names.remove(name);
        self.known.retain(|_, at| now.saturating_duration_since(*at) < KNOWN_FOR);
        self.known.insert(name.to_owned(), now);
    }

    /// It was not looked at after all.
    pub(super) fn not_made(&mut self, name: &str) {
        let Some(of_name) = self.names.get_mut(name) else { return };
        of_name.count = of_name.count.saturating_sub(1);
        if of_name.count == 0 {
            self.names.remove(name);
        }
    }

    /// Counts a failure against the allowance of all.
    ///
    /// # Errors
    /// When there are too many; after how long another one is taken.
    pub(super) fn wrong(&mut self, now: Instant) -> Result<(), Duration> {
        self.may_fail(now)?;
        self.left -= 1;
        Ok(())
    }

    fn may_fail(&mut self, now: Instant) -> Result<(), Duration> {
        let passed = now.saturating_duration_since(self.filled);
        let more = u32::try_from(passed.as_micros() / ONE_MORE_EVERY.as_micros()).unwrap_or(u32::MAX);
        self.left = self.left.saturating_add(more).min(FAILURES_AT_ONCE);
        self.filled += ONE_MORE_EVERY.saturating_mul(more);
        if self.left > 0 {
            Ok(())
        } else {
            Err(ONE_MORE_EVERY.saturating_sub(now.saturating_duration_since(self.filled)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_lock_a_name_for_half_a_minute_and_a_right_word_takes_them_back() {
        let start = Instant::now();
        let mut attempts = Attempts::new(start);
        for _ in 1..FAILURES_MAX {
            assert_eq!(attempts.begin(start, "aigul"), Ok(()));
        }
        attempts.right(start, "aigul");
        for _ in 0..FAILURES_MAX {
            assert_eq!(attempts.begin(start, "aigul"), Ok(()));
            assert_eq!(attempts.wrong(start), Ok(()));
        }
        let later = start + Duration::from_secs(10);
        assert_eq!(attempts.begin(later, "aigul"), Err(TooMany::OfName(Duration::from_secs(20))));
        assert_eq!(attempts.begin(later, "bolat"), Ok(()), "another name is not locked");
        assert_eq!(attempts.begin(start + LOCKED_FOR, "aigul"), Ok(()));
    }

    #[test]
    fn attempts_at_once_get_no_more_guesses_than_one_after_another() {
        let start = Instant::now();
        let mut attempts = Attempts::new(start);
        let begun = (0..100).filter(|_| attempts.begin(start, "aigul").is_ok()).count();
        assert_eq!(begun, FAILURES_MAX as usize);
        attempts.not_made("aigul");
        assert_eq!(attempts.begin(start, "aigul"), Ok(()), "one that was not looked at is no guess");
    }

    #[test]
    fn a_flood_of_made_up_names_is_stopped_and_keeps_no_officer_on_duty_out() {
        let start = Instant::now();
        let mut attempts = Attempts::new(start);
        assert_eq!(attempts.begin(start, "aigul"), Ok(()));
        attempts.right(start, "aigul");
        for _ in 0..FAILURES_MAX {
            assert_eq!(attempts.begin(start, "bolat"), Ok(()));
            assert_eq!(attempts.wrong(start), Ok(()));
        }
        let mut looked_at = 0;
        for number in 0..100_000_u32 {
            let now = start + Duration::from_micros(u64::from(number) * 250);
            if attempts.begin(now, &number.to_string()).is_ok() && attempts.wrong(now).is_ok() {
                looked_at += 1;
            }
        }
        // 25 s of flood: what may come at once, less the five, and one each two seconds.
        assert_eq!(looked_at, FAILURES_AT_ONCE - FAILURES_MAX + 12);
        assert!(attempts.names.len() < NAMES_MAX);
        let end = start + Duration::from_secs(25);
        assert!(matches!(attempts.begin(end, "stranger"), Err(TooMany::Altogether(_))));
        assert!(matches!(attempts.begin(end, "bolat"), Err(TooMany::OfName(_))), "locked through the flood");
        assert_eq!(attempts.begin(end, "aigul"), Ok(()));
    }
}
