//! Frames must agree before a weight counts: what noise makes of one frame it hardly makes of the next.
//!
//! While the load moves all frames differ. Then the middle one of the last three is told as a moving weight: it shows
//! that something rolls on or off, and is never weighed with. Two that agree beside one that doesn't are a disturbed
//! line, not a load that moves, and nothing is told.

use std::collections::VecDeque;

use super::frame::ScaleFrame;
use crate::model::Stability;
use crate::model::mass::Mass;

/// Most frames that can be asked to agree.
pub(super) const FRAMES_MAX: usize = 10;
/// Frames of which the middle one is told while they differ.
const MIDDLE_OF: usize = 3;

/// The rule, and the frames that it has seen.
#[derive(Debug)]
pub struct Consensus {
    frames: usize,
    band_kg: i64,
    seen: VecDeque<(Mass, ScaleFrame)>,
}

/// What a frame came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agreement {
    /// So many frames agree; the middle one.
    Agreed(ScaleFrame),
    /// The last three all differ: something moves. The stability is `Moving` whatever the frame said.
    Differing(ScaleFrame),
    /// Too few frames agree yet.
    Waiting,
}

impl Consensus {
    /// So many frames in a row must agree, at least one; weights agree when they differ by no more than `band_kg`.
    #[must_use]
    pub fn new(frames: u8, band_kg: i64) -> Self {
        Self { frames: usize::from(frames).clamp(1, FRAMES_MAX), band_kg, seen: VecDeque::new() }
    }

    /// Takes a frame that has a gross weight.
    pub fn take(&mut self, gross: Mass, frame: ScaleFrame) -> Agreement {
        self.seen.push_back((gross, frame.clone()));
        while self.seen.len() > self.frames.max(MIDDLE_OF) {
            self.seen.pop_front();
        }
        let mut last: Vec<_> = self.seen.iter().rev().take(self.frames).collect();
        let agrees = |(mass, other): &&(Mass, ScaleFrame)| {
            mass.is_within(gross, self.band_kg) && mass.unit == gross.unit && other.stability == frame.stability
        };
        if last.len() == self.frames && last.iter().all(agrees) {
            // Of frames that differ within the division the middle one is nearest to what stands there; of two the
            // lighter.
            last.sort_by_key(|(mass, _)| mass.exact());
            let middle = last.get(last.len().saturating_sub(1) / 2);
            return Agreement::Agreed(middle.map_or(frame, |(_, middle)| middle.clone()));
        }
        let mut last: Vec<_> = self.seen.iter().rev().take(MIDDLE_OF).collect();
        last.sort_by_key(|(mass, _)| mass.exact());
        let [(low, _), (middle, frame), (high, _)] = last.as_slice() else { return Agreement::Waiting };
        if low.is_within(*middle, self.band_kg) || middle.is_within(*high, self.band_kg) {
            return Agreement::Waiting;
        }
        Agreement::Differing(ScaleFrame { stability: Stability::Moving, ..frame.clone() })
    }

    /// Forgets what it has seen: frames on both sides of a gap, or of a frame without a weight, don't agree.
    pub fn forget(&mut self) {
        self.seen.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::mass::Unit;
    use crate::wire::scale::Weights;

    fn frame(kg: i64, stability: Stability) -> (Mass, ScaleFrame) {
        let mass = Mass { mantissa: kg, decimals: 0, unit: Unit::Kilogram };
        (mass, ScaleFrame::weighed(Weights::gross(mass), stability))
    }

    /// Kilograms that count, kilograms that move, or nothing, frame by frame.
    fn told(consensus: &mut Consensus, weights: &[i64]) -> Vec<(&'static str, i64)> {
        let mut told = Vec::new();
        for kg in weights {
            let (mass, frame) = frame(*kg, Stability::Stable);
            let kg = |frame: &ScaleFrame| frame.gross().expect("a weight").to_kg_rounded();
            told.push(match consensus.take(mass, frame) {
                Agreement::Agreed(frame) => ("agreed", kg(&frame)),
                Agreement::Differing(frame) => {
                    assert_eq!(frame.stability, Stability::Moving);
                    ("moving", kg(&frame))
                }
                Agreement::Waiting => ("waiting", 0),
            });
        }
        told
    }

    #[test]
    fn a_weight_counts_when_three_frames_agree_and_one_that_noise_changed_never_does() {
        let mut consensus = Consensus::new(3, 0);
        let found = told(&mut consensus, &[40_180, 40_180, 40_180, 80_180, 40_180, 40_180, 40_180]);
        assert_eq!(
            found,
            [
                ("waiting", 0),
                ("waiting", 0),
                ("agreed", 40_180),
                ("waiting", 0),
                ("waiting", 0),
                ("waiting", 0),
                ("agreed", 40_180)
            ]
        );
    }

    #[test]
    fn a_load_that_rolls_on_is_seen_but_does_not_count() {
        let mut consensus = Consensus::new(2, 0);
        let found = told(&mut consensus, &[0, 0, 8_000, 17_000, 26_000]);
        assert_eq!(found[2..], [("waiting", 0), ("moving", 8_000), ("moving", 17_000)]);
    }

    #[test]
    fn frames_within_a_division_agree_and_the_middle_one_is_told() {
        let mut consensus = Consensus::new(3, 20);
        for weights in [[40_180, 40_200, 40_190], [40_190, 40_180, 40_200], [40_180, 40_190, 40_200]] {
            consensus.forget();
            assert_eq!(told(&mut consensus, &weights)[2], ("agreed", 40_190), "{weights:?}");
        }
        assert_eq!(told(&mut consensus, &[40_220, 40_250, 40_280])[2], ("moving", 40_250));
    }

    #[test]
    fn frames_on_both_sides_of_a_gap_do_not_agree() {
        let mut consensus = Consensus::new(2, 0);
        assert_eq!(told(&mut consensus, &[100]), [("waiting", 0)]);
        consensus.forget();
        assert_eq!(told(&mut consensus, &[100, 100]), [("waiting", 0), ("agreed", 100)]);
    }

    #[test]
    fn frames_that_differ_in_stability_do_not_agree() {
        let mut consensus = Consensus::new(2, 0);
        let (mass, moving) = frame(100, Stability::Moving);
        assert_eq!(consensus.take(mass, moving), Agreement::Waiting);
        let (mass, stable) = frame(100, Stability::Stable);
        assert_eq!(consensus.take(mass, stable.clone()), Agreement::Waiting);
        assert_eq!(consensus.take(mass, stable.clone()), Agreement::Agreed(stable));
    }

    #[test]
    fn one_frame_is_enough_where_one_is_asked_for() {
        assert_eq!(told(&mut Consensus::new(1, 0), &[5, 6]), [("agreed", 5), ("agreed", 6)]);
        assert_eq!(told(&mut Consensus::new(0, 0), &[5]), [("agreed", 5)]);
    }
}
