//! Fifty thousand noisy frames a protocol: how many wrong weights count (safety case, test programme).

use std::collections::VecDeque;

use super::encode::{CASES, Case, Guard};
use super::{drain, frames};
use crate::wire::scale::{Agreement, Consensus, framer};

const FRAMES: i64 = 50_000;
/// The load rests for so many frames, then rolls for a few.
const RESTS: i64 = 16;
const ROLLS: i64 = 4;
/// Frames back to which a true weight is looked for: the framer may hold one, the consensus three.
const LOOK_BACK: usize = 8;
/// Of a thousand bytes so many are hit.
const HIT_PER_MILLE: u64 = 10;

/// Repeatable randomness of its own.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn hits(&mut self, per_mille: u64) -> bool {
        self.roll() % 1_000 < per_mille
    }

    fn byte(&mut self) -> u8 {
        self.roll().to_le_bytes()[3]
    }
}

/// A resting load, then another one.
fn load(number: i64) -> i64 {
    let (cycle, phase) = (number / (RESTS + ROLLS), number % (RESTS + ROLLS));
    let resting = |cycle: i64| cycle * 7_919 % 4_500 * 20;
    if phase < RESTS {
        return resting(cycle);
    }
    resting(cycle) + (resting(cycle + 1) - resting(cycle)) * (phase - RESTS + 1) / (ROLLS + 1)
}

/// Bits flip, bytes are lost, doubled, put in between, or a burst covers some.
fn disturbed(frame: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut line = Vec::new();
    let mut burst = 0;
    for byte in frame {
        if dice.hits(1) {
            burst = 4;
        }
        if burst > 0 {
            burst -= 1;
            line.push(dice.byte());
        } else if dice.hits(HIT_PER_MILLE) {
            match dice.roll() % 4 {
                0 => line.push(byte ^ (1 << (dice.roll() % 8))),
                1 => {}
                2 => line.extend([*byte, *byte]),
                _ => line.extend([dice.byte(), *byte]),
            }
        } else {
            line.push(*byte);
        }
    }
    line
}

struct Counts {
    right: usize,
    wrong: usize,
}

fn count(case: &Case, dice: &mut Dice) -> Counts {
    let mut framer = framer(&case.dialect());
    let mut consensus = Consensus::new(case.dialect().equal_frames(), 0);
    let mut recent = VecDeque::new();
    let mut counts = Counts { right: 0, wrong: 0 };
    for number in 0..FRAMES {
        let kg = load(number);
        recent.push_back(kg);
        if recent.len() > LOOK_BACK {
            recent.pop_front();
        }
        framer.push(&disturbed(&(case.frame)(kg), dice));
        for frame in frames(&drain(framer.as_mut())) {
            let Ok(gross) = frame.gross() else {
                consensus.forget();
                continue;
            };
            if let Agreement::Agreed(frame) = consensus.take(gross, frame) {
                let counted = frame.gross().expect("a weight");
                match recent.iter().any(|kg| counted.is_kg(*kg)) {
                    true => counts.right += 1,
                    false => counts.wrong += 1,
                }
            }
        }
    }
    counts
}

#[test]
fn of_fifty_thousand_noisy_frames_a_protocol_no_wrong_weight_counts() {
    for (number, case) in CASES.iter().enumerate() {
        let mut dice = Dice(0x5EED_0000 + number as u64);
        let Counts { right, wrong } = count(case, &mut dice);
        assert_eq!(wrong, 0, "{}: {right} right", case.speech);
        assert!(right > 15_000, "{}: {right} of {FRAMES} are too few to weigh with", case.speech);
    }
}

#[test]
fn without_agreement_noise_would_be_weighed_with() {
    // The rule is needed: the framers alone let wrong weights through where the check is weak.
    let case = CASES.iter().find(|case| case.speech == "mt-sics").expect("there");
    let mut dice = Dice(0x5EED);
    let mut framer = framer(&case.dialect());
    let mut wrong = 0;
    for _ in 0..FRAMES / 10 {
        framer.push(&disturbed(&(case.frame)(40_180), &mut dice));
        let weights = frames(&drain(framer.as_mut())).into_iter().filter_map(|frame| frame.gross().ok());
        wrong += weights.filter(|gross| !gross.is_kg(40_180)).count();
    }
    assert!(wrong > 50, "{wrong}");
}

#[test]
fn where_there_is_a_check_no_single_changed_byte_makes_another_weight() {
    let mut dice = Dice(0x0DD5);
    for case in CASES.iter().filter(|case| case.guard == Guard::Check) {
        let mut framer = framer(&case.dialect());
        for number in 0..FRAMES {
            let kg = load(number);
            let mut frame = (case.frame)(kg);
            let at = usize::try_from(dice.roll() % frame.len() as u64).expect("an index");
            frame[at] ^= dice.byte();
            framer.push(&frame);
            for frame in frames(&drain(framer.as_mut())) {
                let gross = frame.gross();
                assert!(gross.is_err() || gross.is_ok_and(|gross| gross.is_kg(kg)), "{}: {frame:02x?}", case.speech);
            }
        }
    }
}
