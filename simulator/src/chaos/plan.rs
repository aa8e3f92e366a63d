//! How much trouble, by dice: rates for every packet, and how long a stall lasts.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Rates in a hundred thousandths of packets, each packet of either direction drawing once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Plan {
    /// The connection is cut instead of the packet: what is in flight is lost.
    pub cut: u32,
    /// A publish comes twice.
    pub double: u32,
    /// Nothing goes on in that direction for a while.
    pub stall: u32,
    /// The longest stall.
    pub stall_most: Duration,
    /// Nothing goes on in either direction for a while, then the connection is cut.
    pub half_open: u32,
}

/// What befalls a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It goes on.
    Passes,
    /// It comes twice.
    Doubled,
    /// It waits, and all behind it.
    Waits(Duration),
    /// The connection is cut before it.
    Cut,
    /// Both ways fall silent for so long, then the connection is cut.
    Silence(Duration),
}

const WHOLE: u32 = 100_000;

/// Dice for one direction of one connection: the same seed throws the same.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The dice of that connection and direction under `seed`.
    #[must_use]
    pub const fn new(seed: u64, connection: u64, direction: u64) -> Self {
        Self(seed ^ (connection * 2 + direction + 1).wrapping_mul(0xD6E8_FEB8_6659_FD93))
    }

    /// SplitMix64 (Steele, Lea, Flood 2014).
    fn throw(&mut self, below: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        u32::try_from((mixed ^ (mixed >> 31)) % u64::from(below.max(1))).unwrap_or(0)
    }

    /// What befalls the next packet.
    pub fn fate(&mut self, plan: &Plan) -> Fate {
        let mut thrown = self.throw(WHOLE);
        let mut is = |rate: u32| {
            let hit = thrown < rate;
            thrown = thrown.saturating_sub(rate);
            hit && rate > 0
        };
        if is(plan.cut) {
            Fate::Cut
        } else if is(plan.double) {
            Fate::Doubled
        } else if is(plan.stall) {
            Fate::Waits(self.up_to(plan.stall_most))
        } else if is(plan.half_open) {
            Fate::Silence(self.up_to(plan.stall_most))
        } else {
            Fate::Passes
        }
    }

    fn up_to(&mut self, most: Duration) -> Duration {
        most * self.throw(1_000) / 1_000
    }
}

/// A plan that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no plan: `cut=20,double=500,stall=10:2000,half-open=2` is expected, rates in 100,000 packets, the longest \
     stall in milliseconds"
)]
pub struct NoPlan(String);

impl FromStr for Plan {
    type Err = NoPlan;

    fn from_str(text: &str) -> Result<Self, NoPlan> {
        let wrong = || NoPlan(text.to_owned());
        let mut plan = Self { stall_most: Duration::from_secs(2), ..Self::default() };
        for item in text.split(',').filter(|item| !item.is_empty()) {
            let (name, value) = item.split_once('=').ok_or_else(wrong)?;
            let (rate, longest) = value.split_once(':').map_or((value, None), |(rate, most)| (rate, Some(most)));
            let rate: u32 = rate.parse().ok().filter(|rate| *rate <= WHOLE).ok_or_else(wrong)?;
            if let Some(longest) = longest {
                plan.stall_most = Duration::from_millis(longest.parse().map_err(|_| wrong())?);
            }
            match name {
                "cut" => plan.cut = rate,
                "double" => plan.double = rate,
                "stall" => plan.stall = rate,
                "half-open" => plan.half_open = rate,
                _ => return Err(wrong()),
            }
        }
        Ok(plan)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cut, double, stall, stall_most, half_open } = self;
        write!(f, "cut={cut},double={double},stall={stall}:{},half-open={half_open}", stall_most.as_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_read_as_it_is_printed_and_nonsense_is_refused() {
        let plan: Plan = "cut=20,double=500,stall=10:1500,half-open=2".parse().expect("a plan");
        assert_eq!(plan.to_string().parse(), Ok(plan));
        assert_eq!((plan.cut, plan.stall_most), (20, Duration::from_millis(1_500)));
        for text in ["cut", "cut=x", "cut=100001", "tear=1", "stall=1:x"] {
            assert!(text.parse::<Plan>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_seed_throws_the_same_and_rates_are_kept() {
        let plan: Plan = "cut=1000,double=10000".parse().expect("a plan");
        let fates = |seed| {
            let mut dice = Dice::new(seed, 0, 0);
            (0..10_000).map(|_| dice.fate(&plan)).collect::<Vec<_>>()
        };
        assert_eq!(fates(7), fates(7));
        assert_ne!(fates(7), fates(8));
        let count = |fate| fates(7).iter().filter(|thrown| **thrown == fate).count();
        assert!((50..200).contains(&count(Fate::Cut)), "{}", count(Fate::Cut));
        assert!((800..1_200).contains(&count(Fate::Doubled)), "{}", count(Fate::Doubled));
    }
}
