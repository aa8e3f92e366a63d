//! What every framer must survive (devices.md §6), over one table of protocols and good frames.

use proptest::prelude::*;

use super::encode::{CASES, Case, Guard};
use super::{decode, drain, frames};
use crate::wire::scale::{Decoded, framer};

/// Weights with every digit, one whose Tenso-M CRC is FF, and an empty platform.
const WEIGHTS: [i64; 5] = [40_180, 0, 20, 69, 98_765];
/// Bytes that a framer may keep: longer than any frame of any protocol, and a run of noise.
const KEPT_MAX: usize = 256;

fn weights(found: &[Decoded]) -> Vec<i64> {
    frames(found).iter().map(|frame| frame.gross().expect("a weight").to_kg_rounded()).collect()
}

fn for_each(check: impl Fn(&Case, i64, Vec<u8>)) {
    for case in CASES {
        for kg in WEIGHTS {
            check(case, kg, (case.frame)(kg));
        }
    }
}

#[test]
fn a_good_frame_is_one_weight_and_nothing_else() {
    for_each(|case, kg, frame| {
        let found = decode(&case.dialect(), &frame);
        assert_eq!((weights(&found), found.len()), (vec![kg], 1), "{}: {found:?}", case.speech);
    });
}

#[test]
fn frames_that_come_byte_by_byte_are_the_same_frames() {
    for case in CASES {
        let stream: Vec<u8> = WEIGHTS.iter().flat_map(|kg| (case.frame)(*kg)).collect();
        let whole = decode(&case.dialect(), &stream);
        assert_eq!(weights(&whole), WEIGHTS, "{}", case.speech);
        let mut framer = framer(&case.dialect());
        stream.iter().for_each(|byte| framer.push(&[*byte]));
        framer.finish();
        assert_eq!(drain(framer.as_mut()), whole, "{}", case.speech);
    }
}

#[test]
fn a_frame_cut_anywhere_by_two_reads_is_one_frame() {
    for_each(|case, kg, frame| {
        for cut in 0..=frame.len() {
            let (head, tail) = frame.split_at(cut);
            let mut framer = framer(&case.dialect());
            framer.push(head);
            framer.push(tail);
            framer.finish();
            assert_eq!(weights(&drain(framer.as_mut())), [kg], "{} cut at {cut}", case.speech);
        }
    });
}

#[test]
fn a_frame_is_told_when_its_last_byte_is_in_and_not_later() {
    for_each(|case, kg, frame| {
        let mut framer = framer(&case.dialect());
        framer.push(&frame);
        assert_eq!(weights(&drain(framer.as_mut())), [kg], "{}", case.speech);
    });
}

#[test]
fn a_false_start_before_a_true_frame_does_not_hide_it() {
    for_each(|case, kg, frame| {
        for length in 1..4.min(frame.len()) {
            let stream = [&frame[..length], &frame, &frame].concat();
            let found = weights(&decode(&case.dialect(), &stream));
            // A declared line begins where the last one ended; every other frame is found at once.
            let expected = if case.speech.starts_with("pattern") { vec![kg] } else { vec![kg, kg] };
            assert_eq!(found, expected, "{} after {length} of its bytes", case.speech);
        }
    });
}

#[test]
fn a_frame_with_a_wrong_check_directly_before_a_good_one_costs_only_itself() {
    for_each(|case, kg, frame| {
        if case.guard == Guard::Form {
            return;
        }
        for at in 0..frame.len() {
            let mut bad = frame.clone();
            bad[at] ^= 0x01;
            let found = weights(&decode(&case.dialect(), &[bad, frame.clone()].concat()));
            // A changed line end is no changed weight.
            let is_end = matches!(frame[at], b'\r' | b'\n') && at + 2 >= frame.len() && case.speech.contains("a12");
            assert!(found == [kg] || is_end && found == [kg, kg], "{}, byte {at}: {found:?}", case.speech);
        }
    });
}

#[test]
fn the_rest_of_a_frame_that_lost_its_head_is_not_taken() {
    for_each(|case, kg, frame| {
        if case.speech.contains("fmt_5") {
            // It has no mark at its start: three frames that agree are its only guard.
            return;
        }
        for lost in 1..frame.len() {
            let stream = [&frame[lost..], &frame, &frame].concat();
            let found = weights(&decode(&case.dialect(), &stream));
            assert!(found.ends_with(&[kg]) && found.iter().all(|found| *found == kg), "{}: {found:?}", case.speech);
        }
    });
}

#[test]
fn ten_kilobytes_of_one_byte_are_skipped_in_bounded_memory_and_the_next_frame_found() {
    for case in CASES {
        for byte in [0xFF, 0x02, 0x00, b'\n', b'=', b'S', b' ', b'0', 0xFE, 0x7F] {
            let mut framer = framer(&case.dialect());
            let mut told = 0;
            for pushed in 1..=10_000 {
                framer.push(&[byte]);
                for found in drain(framer.as_mut()) {
                    let Decoded::Skipped { bytes, .. } = found else { panic!("{}: {found:?}", case.speech) };
                    told += bytes.len();
                }
                // Ends of lines are filler: they are neither kept nor told.
                let is_filler = told == 0 && (matches!(byte, 0x02 | b'\n') || case.speech.starts_with("pattern"));
                assert!(pushed - told <= KEPT_MAX || is_filler, "{}, byte {byte:#x}", case.speech);
            }
            // A stretch without a line's end is the first line's head.
            framer.push(b"\r");
            framer.push(&(case.frame)(40_180));
            let found = weights(&drain(framer.as_mut()));
            assert_eq!(found, [40_180], "{} after {byte:#x}", case.speech);
        }
    }
}

#[test]
fn a_check_in_lower_case_is_the_same_check() {
    for_each(|case, kg, frame| {
        if case.speech.starts_with("xk3190") && case.guard == Guard::Check {
            let lower: Vec<u8> = frame.iter().rev().take(4).map(u8::to_ascii_lowercase).collect();
            let mut stream = frame.clone();
            for (at, byte) in lower.iter().enumerate() {
                let place = stream.len() - 1 - at;
                stream[place] = *byte;
            }
            assert_eq!(weights(&decode(&case.dialect(), &stream)), [kg], "{}", case.speech);
        }
    });
}

#[test]
fn bit_seven_of_every_byte_changes_no_weight() {
    for_each(|case, kg, frame| {
        let parity: Vec<u8> = frame.iter().map(|byte| byte | 0x80).collect();
        let found = weights(&decode(&case.dialect(), &parity));
        // Tenso-M needs all eight bits.
        let expected = if case.speech.starts_with("tenso-m") { vec![] } else { vec![kg] };
        assert_eq!(found, expected, "{}", case.speech);
    });
}

#[test]
fn even_parity_read_as_a_data_bit_changes_no_weight() {
    for_each(|case, kg, frame| {
        if case.speech.starts_with("tenso-m") || frame.iter().any(|byte| byte & 0x80 != 0) {
            return;
        }
        let even: Vec<u8> = frame.iter().map(|byte| byte | if byte.count_ones() % 2 == 1 { 0x80 } else { 0 }).collect();
        assert_eq!(weights(&decode(&case.dialect(), &even)), [kg], "{}", case.speech);
    });
}

#[test]
fn a_line_ends_with_cr_or_lf_or_both() {
    for_each(|case, kg, frame| {
        let Some(text) = frame.strip_suffix(b"\r\n") else { return };
        for end in [&b"\r"[..], b"\n", b"\r\n", b"\n\r", b"\r\n\r\n"] {
            let stream = [text, end, text, end].concat();
            assert_eq!(weights(&decode(&case.dialect(), &stream)), [kg, kg], "{} {end:?}", case.speech);
        }
    });
}

#[test]
fn of_two_indicators_on_one_line_only_the_addressed_one_is_read() {
    let first = super::bytes("FF 01 C3 80 01 04 10 FF FF");
    let second = super::bytes("FF 02 C3 69 00 00 10 FF FF");
    let stream = [&first[..], &second, &first, &second].concat();
    for (speech, expected) in [("tenso-m checksum=off address=1", 40_180), ("tenso-m checksum=off address=2", 69)] {
        assert_eq!(weights(&decode(&super::dialect(speech), &stream)), [expected; 2], "{speech}");
    }
    let stream = b"\x02AB+04000001C\x03\x02BB+000020019\x03\x02AB+04000001C\x03";
    for (speech, expected) in [("xk3190-command address=A", vec![40_000; 2]), ("xk3190-command address=B", vec![20])] {
        assert_eq!(weights(&decode(&super::dialect(speech), stream)), expected, "{speech}");
    }
}

/// A stream of good frames with changes, and noise between.
fn changed_frames(case: &'static Case) -> impl Strategy<Value = Vec<u8>> {
    let piece = (0_i64..100_000, proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3), noise());
    proptest::collection::vec(piece, 1..8).prop_map(move |pieces| {
        let mut stream = Vec::new();
        for (kg, changes, noise) in pieces {
            let mut frame = (case.frame)(kg);
            for (at, byte) in changes {
                let at = at.index(frame.len());
                frame[at] = byte;
            }
            stream.extend(frame);
            stream.extend(noise);
        }
        stream
    })
}

fn noise() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..24)
}

fn case() -> impl Strategy<Value = &'static Case> {
    (0..CASES.len()).prop_map(|at| &CASES[at])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_survived_and_every_one_is_accounted_for(
        case in case(),
        pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..6),
    ) {
        let mut framer = framer(&case.dialect());
        let mut told = 0;
        for piece in &pieces {
            framer.push(piece);
        }
        framer.finish();
        for found in drain(framer.as_mut()) {
            told += match found {
                Decoded::Frame(frame) => frame.raw.len(),
                Decoded::Skipped { bytes, .. } => bytes.len(),
                Decoded::Reply(_) | Decoded::Settings(_) => 0,
            };
        }
        let pushed: usize = pieces.iter().map(Vec::len).sum();
        prop_assert!(told <= pushed, "{}: {told} of {pushed}", case.speech);
    }

    #[test]
    fn no_frame_is_told_that_its_check_denies((case, stream) in case().prop_flat_map(|case| (Just(case), changed_frames(case)))) {
        for frame in frames(&decode(&case.dialect(), &stream)) {
            prop_assert!(!(case.denies)(&frame.raw), "{}: {:02x?}", case.speech, frame.raw);
        }
    }

    #[test]
    fn pieces_of_any_size_give_the_same_frames(
        (case, stream) in case().prop_flat_map(|case| (Just(case), changed_frames(case))),
        size in 1_usize..40,
    ) {
        let mut framer = framer(&case.dialect());
        stream.chunks(size).for_each(|piece| framer.push(piece));
        framer.finish();
        prop_assert_eq!(drain(framer.as_mut()), decode(&case.dialect(), &stream), "{}", case.speech);
    }

    #[test]
    fn after_any_noise_the_next_frame_but_one_is_found(case in case(), noise in noise(), kg in 0_i64..100_000) {
        let frame = (case.frame)(kg);
        let mut framer = framer(&case.dialect());
        framer.push(&noise);
        framer.push(&frame);
        drain(framer.as_mut());
        // Noise may be the head of a longer frame, which ends within the first good one; then the next is whole.
        framer.push(&frame);
        framer.push(&frame);
        let found = weights_or_none(&drain(framer.as_mut()));
        prop_assert!(found.ends_with(&[Some(kg)]), "{}: {noise:02x?} {found:?}", case.speech);
    }
}

fn weights_or_none(found: &[Decoded]) -> Vec<Option<i64>> {
    frames(found).iter().map(|frame| frame.gross().ok().map(|gross| gross.to_kg_rounded())).collect()
}
