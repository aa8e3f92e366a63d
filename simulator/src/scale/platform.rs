//! What stands on the bridge, and how long it takes to come to rest.

use std::time::{Duration, Instant};

use crate::traffic::SCALE_INTERVAL_KG;

/// After the wheels stop, the bridge swings for that long.
const SETTLING: Duration = Duration::from_millis(500);
/// Period and reach of the swing while it isn't at rest.
const SWING_MS: u128 = 240;
const SWING_KG: u32 = 60;

/// What the bridge shows at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Rounded to the scale's interval.
    pub kg: u32,
    /// At rest.
    pub stable: bool,
}

/// The load on the bridge: from one weight to another within a time, then at rest after [`SETTLING`].
#[derive(Debug, Clone, Copy)]
pub struct Platform {
    from_kg: u32,
    to_kg: u32,
    since: Instant,
    rolling: Duration,
}

impl Platform {
    /// Nothing on it, at rest.
    #[must_use]
    pub const fn empty(now: Instant) -> Self {
        Self { from_kg: 0, to_kg: 0, since: now, rolling: Duration::ZERO }
    }

    /// From `now` on the load rolls to `kg` within `rolling`.
    pub fn roll_to(&mut self, kg: u32, rolling: Duration, now: Instant) {
        *self = Self { from_kg: self.rolled(now), to_kg: kg, since: now, rolling };
    }

    /// The load's weight at `now`, unrounded and without swing.
    fn rolled(&self, now: Instant) -> u32 {
        let gone = now.saturating_duration_since(self.since);
        if gone >= self.rolling {
            return self.to_kg;
        }
        let [gone, whole] = [gone, self.rolling].map(|t| i64::try_from(t.as_micros()).unwrap_or(i64::MAX));
        let change = (i64::from(self.to_kg) - i64::from(self.from_kg)).saturating_mul(gone) / whole.max(1);
        u32::try_from(i64::from(self.from_kg) + change).unwrap_or(0)
    }

    /// What the bridge shows at `now`.
    #[must_use]
    pub fn reading(&self, now: Instant) -> Reading {
        let gone = now.saturating_duration_since(self.since);
        let moved = self.from_kg != self.to_kg;
        let stable = !moved || gone >= self.rolling + SETTLING;
        let mut kg = self.rolled(now);
        if !stable && kg > SWING_KG {
            kg = if gone.as_millis() % SWING_MS < SWING_MS / 2 { kg + SWING_KG } else { kg - SWING_KG };
        }
        Reading { kg: kg / SCALE_INTERVAL_KG * SCALE_INTERVAL_KG, stable }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_moves_while_it_rolls_on_and_rests_half_a_second_after_it_stops() {
        let start = Instant::now();
        let mut platform = Platform::empty(start);
        assert_eq!(platform.reading(start), Reading { kg: 0, stable: true });
        platform.roll_to(36_400, Duration::from_secs(2), start);
        let at = |ms| platform.reading(start + Duration::from_millis(ms));
        assert!(!at(1_000).stable && (18_000..=18_400).contains(&at(1_000).kg), "{:?}", at(1_000));
        assert!(!at(2_499).stable);
        assert_eq!(at(2_500), Reading { kg: 36_400, stable: true });
    }

    #[test]
    fn a_truck_that_turns_round_half_way_starts_from_what_stood_there() {
        let start = Instant::now();
        let mut platform = Platform::empty(start);
        platform.roll_to(20_000, Duration::from_secs(2), start);
        platform.roll_to(0, Duration::from_secs(1), start + Duration::from_secs(1));
        let half = platform.reading(start + Duration::from_millis(1_500));
        assert!((4_900..=5_100).contains(&half.kg), "{half:?}");
        assert_eq!(platform.reading(start + Duration::from_secs(4)), Reading { kg: 0, stable: true });
    }
}
