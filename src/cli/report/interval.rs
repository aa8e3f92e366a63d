//! The Wilson score interval of a share, and what two of them say of each other. Pure.

/// The 97.5 % point of the normal distribution: intervals are of 95 %.
const Z: f64 = 1.959_963_984_540_054;
/// With fewer looks than this on either side nothing is said.
pub(super) const LOOKS_MIN: u32 = 10;
/// With so many on both sides intervals that overlap say that there is no difference worth the name.
pub(super) const LOOKS_ENOUGH: u32 = 30;

/// Hits among looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Share {
    pub(super) hits: u32,
    pub(super) looks: u32,
}

/// What a share says against chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Word {
    /// The whole interval lies above that of chance.
    Better,
    /// It does not, and there were looks enough to tell.
    NoBetter,
    /// Not enough looks.
    TooFew,
}

impl Word {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::NoBetter => "no_better",
            Self::TooFew => "too_few",
        }
    }
}

impl Share {
    /// The share itself; none without looks.
    pub(super) fn rate(self) -> Option<f64> {
        (self.looks > 0).then(|| f64::from(self.hits) / f64::from(self.looks))
    }

    /// Lower and upper bound (Wilson 1927): sound for few looks and for shares near 0 and 1, where the usual
    /// mean plus or minus two deviations is not.
    pub(super) fn interval(self) -> (f64, f64) {
        let Some(rate) = self.rate() else { return (0.0, 1.0) };
        let looks = f64::from(self.looks);
        let weight = 1.0 + Z * Z / looks;
        let centre = rate + Z * Z / (2.0 * looks);
        let half = Z * (rate * (1.0 - rate) / looks + Z * Z / (4.0 * looks * looks)).sqrt();
        (((centre - half) / weight).max(0.0), ((centre + half) / weight).min(1.0))
    }

    /// Whether it is better than chance.
    pub(super) fn against(self, chance: Self) -> Word {
        let looks = self.looks.min(chance.looks);
        let ((low, high), (chance_low, chance_high)) = (self.interval(), chance.interval());
        if looks < LOOKS_MIN {
            Word::TooFew
        } else if low > chance_high {
            Word::Better
        } else if high < chance_low || looks >= LOOKS_ENOUGH {
            Word::NoBetter
        } else {
            Word::TooFew
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_wilsons() {
        // Computed by hand from z² = 3.841458820694124: 0 of n is 0 to z²/(n+z²), n of n its mirror, and half of n
        // lies symmetric about a half with half width z/(2·sqrt(n+z²)).
        let cases = [
            (0, 10, 0.0, 0.277_533),
            (10, 10, 0.722_467, 1.0),
            (5, 10, 0.236_593, 0.763_407),
            (1, 100, 0.001_767, 0.054_486),
            (50, 100, 0.403_832, 0.596_168),
            (0, 1, 0.0, 0.793_451),
            (0, 0, 0.0, 1.0),
        ];
        for (hits, looks, low, high) in cases {
            let (found_low, found_high) = Share { hits, looks }.interval();
            let near = |a: f64, b: f64| (a - b).abs() < 1e-5;
            assert!(near(found_low, low) && near(found_high, high), "{hits}/{looks}: {found_low} {found_high}");
        }
    }

    #[test]
    fn a_share_is_better_than_chance_only_when_the_intervals_are_apart() {
        let share = |hits, looks| Share { hits, looks };
        let cases = [
            (share(20, 40), share(1, 100), Word::Better),
            (share(8, 10), share(1, 100), Word::Better),
            (share(1, 100), share(1, 100), Word::NoBetter),
            (share(5, 40), share(3, 100), Word::NoBetter),
            (share(0, 200), share(40, 100), Word::NoBetter),
            (share(0, 12), share(90, 100), Word::NoBetter),
            (share(2, 12), share(3, 100), Word::TooFew),
            (share(9, 9), share(0, 1000), Word::TooFew),
            (share(40, 40), share(0, 5), Word::TooFew),
            (share(40, 40), share(0, 0), Word::TooFew),
        ];
        for (profile, chance, expected) in cases {
            assert_eq!(profile.against(chance), expected, "{profile:?} against {chance:?}");
        }
    }
}
