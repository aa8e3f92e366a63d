//! The growing pause before a child is started again.

use std::time::Duration;

/// First pause.
const FIRST: Duration = Duration::from_millis(100);
/// Longest pause.
const LONGEST: Duration = Duration::from_secs(10);
/// A child that ran this long is forgiven its earlier deaths.
pub(super) const FORGIVEN_AFTER: Duration = Duration::from_secs(60);

/// The pause before start number `deaths` + 1, with up to a quarter of jitter from `dice`.
pub(super) fn pause(deaths: u32, dice: u64) -> Duration {
    let base = FIRST.saturating_mul(1_u32 << deaths.min(10)).min(LONGEST);
    let jitter = base.as_millis() / 4;
    let extra = u64::try_from(jitter).unwrap_or(0).saturating_mul(dice % 1_000) / 1_000;
    base + Duration::from_millis(extra)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_ceiling() {
        let pauses: Vec<_> = (0..20).map(|deaths| pause(deaths, 0)).collect();
        assert_eq!(pauses[0], FIRST);
        assert!(pauses.windows(2).all(|pair| pair[0] <= pair[1]));
        assert_eq!(pauses[19], LONGEST);
        assert!(pause(19, 999) < LONGEST.mul_f64(1.26));
    }
}
