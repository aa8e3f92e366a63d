//! Bytes: literal vectors, and foreign bytes of any kind.

use std::time::Duration;

use proptest::prelude::*;

use super::super::frame::{Contacts, Expected, Request};
use super::super::{Answer, Found, Refused, crc};
use super::bench::{authority, unit};
use crate::config::board::{Board, Modes};
use crate::config::relay::{Frames, RelayUnit};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(" ")
}

fn bytes(hex: &str) -> Vec<u8> {
    hex.split(' ').map(|byte| u8::from_str_radix(byte, 16).expect("hex")).collect()
}

fn rtu(request: Request) -> (String, Expected) {
    let (bytes, expected) = request.encode(Frames::Rtu, 0);
    (hex(&bytes), expected)
}

fn waveshare() -> (RelayUnit, Contacts) {
    let unit = unit("waveshare");
    let contacts = Contacts::of(&unit.board, &unit.arms[0]);
    (unit, contacts)
}

#[test]
fn requests_are_the_vectors_of_the_manual() {
    let (unit, contacts) = waveshare();
    let board = &unit.board;
    let generic = Board::preset("generic").expect("a preset");
    let mut plain = unit.arms[0].clone();
    (plain.open, plain.close) = (0, 2);
    let plain_contacts = Contacts::of(&generic, &plain);
    let mut second = unit.arms[0].clone();
    (second.close, second.pulse) = (1, Duration::from_millis(800));
    let modes = Modes { address: 0x1000, normal: 0 };
    for (what, request, expected) in [
        ("relay 0 on", Request::open(1, plain_contacts.open, authority(1)), "01 05 00 00 FF 00 8C 3A"),
        ("relay 0 off", Request::off(1, board, 0), "01 05 00 00 00 00 CD CA"),
        ("relay 2 off", Request::off(1, board, 2), "01 05 00 02 00 00 6C 0A"),
        ("read 8 relays", Request::read_relays(1, board), "01 01 00 00 00 08 3D CC"),
        ("read 8 inputs", Request::read_inputs(1, board), "01 02 00 00 00 08 79 CC"),
        ("relay 0 for 700 ms", Request::open(1, contacts.open, authority(1)), "01 05 02 00 00 07 8D B0"),
        ("relay 1 for 800 ms", Request::close(1, Contacts::of(board, &second).close), "01 05 02 01 00 08 9C 74"),
        ("read 8 modes", Request::read_modes(1, board, modes), "01 03 10 00 00 08 40 CC"),
    ] {
        assert_eq!(rtu(request).0, expected, "{what}");
    }
    assert_eq!(rtu(Request::write_mode(1, modes, 3)).0.get(..17), Some("01 06 10 03 00 00"));
}

#[test]
fn a_socket_has_a_header_and_no_sum() {
    let (unit, _) = waveshare();
    let (sent, expected) = Request::read_inputs(9, &unit.board).encode(Frames::Tcp, 0x1234);
    assert_eq!(hex(&sent), "12 34 00 00 00 06 09 02 00 00 00 08");
    let late = bytes("12 33 00 00 00 04 09 02 01 FF");
    let answer = bytes("12 34 00 00 00 04 09 02 01 05");
    let found = expected.find(&[late.as_slice(), &answer].concat()).expect("Modbus");
    let bits = vec![true, false, true, false, false, false, false, false];
    assert_eq!(found, Found { used: 20, skipped: 10, answer: Some(Ok(Answer::Bits(bits))) });
    assert_eq!(expected.find(&answer[..9]).map(|found| found.answer), Ok(None), "the rest is still to come");
    for (what, wrong) in [
        ("another unit", "12 34 00 00 00 04 08 02 01 05"),
        ("another function", "12 34 00 00 00 04 09 01 01 05"),
        ("another count", "12 34 00 00 00 05 09 02 02 05 00"),
        ("no Modbus", "48 54 54 50 2F 31 2E 31 20 34 30 30"),
        ("no length", "12 34 00 00 FF FF 09 02 01 05"),
        ("too short", "12 34 00 00 00 02 09 82"),
    ] {
        assert!(expected.find(&bytes(wrong)).is_err(), "{what}");
    }
    let refused = expected.find(&bytes("12 34 00 00 00 03 09 82 02")).expect("Modbus");
    assert_eq!(refused.answer, Some(Err(Refused(2))));
}

#[test]
fn an_answer_is_found_behind_noise_echoes_and_late_answers() {
    let (unit, _) = waveshare();
    let (_, inputs) = rtu(Request::read_inputs(1, &unit.board));
    let answer = "01 02 01 05 61 8B";
    assert_eq!(crc(&bytes("01 02 01 05")).to_le_bytes(), [0x61, 0x8B]);
    for (what, noise) in [
        ("nothing", ""),
        ("the request's own echo", "01 02 00 00 00 08 79 CC"),
        ("a late answer of another function", "01 01 01 00 51 88"),
        ("a late answer of another board", "02 02 01 FF E1 8C"),
        ("half a frame", "01 02 01"),
        ("a wrong sum", "01 02 01 05 61 8C"),
        ("line noise", "00 FF 01 01 02 02 83 00"),
    ] {
        let mut came = if noise.is_empty() { vec![] } else { bytes(noise) };
        let skipped = came.len();
        came.extend(bytes(answer));
        let found = inputs.find(&came).expect("a serial line");
        assert_eq!((found.skipped, found.used), (skipped, came.len()), "{what}");
        assert!(matches!(found.answer, Some(Ok(Answer::Bits(bits))) if bits[0] && !bits[1] && bits[2]), "{what}");
    }
    let refused = inputs.find(&bytes("01 82 02 C1 61")).expect("a serial line");
    assert_eq!(refused.answer, Some(Err(Refused(2))));
}

#[test]
fn a_pulse_is_confirmed_by_its_own_echo_only() {
    let (_, contacts) = waveshare();
    let request = Request::open(1, contacts.open, authority(1));
    assert!(request.is_pulse());
    let (_, expected) = rtu(request);
    let answered = |hex: &str| expected.find(&bytes(hex)).expect("a serial line").answer;
    assert_eq!(answered("01 05 02 00 00 07 8D B0"), Some(Ok(Answer::Written)));
    assert_eq!(answered("01 05 02 01 00 08 9C 74"), None, "another relay's");
    assert_eq!(answered("01 05 00 00 00 00 CD CA"), None, "an earlier off");
    assert!(!Request::off(1, &unit("waveshare").board, 0).is_pulse());
}

#[test]
fn a_reading_has_as_many_bits_as_were_asked_for() {
    let mut unit = unit("generic");
    unit.board.inputs.count = 12;
    let (_, expected) = rtu(Request::read_inputs(1, &unit.board));
    let body = bytes("01 02 02 FF FF");
    let came = [body.as_slice(), &crc(&body).to_le_bytes()].concat();
    let Some(Ok(Answer::Bits(bits))) = expected.find(&came).expect("a serial line").answer else { panic!("bits") };
    assert_eq!(bits, [true; 12]);
}

proptest! {
    #[test]
    fn no_bytes_panic_and_no_search_goes_backwards(came in proptest::collection::vec(any::<u8>(), 0..600), tcp in any::<bool>()) {
        let frames = if tcp { Frames::Tcp } else { Frames::Rtu };
        let unit = unit("waveshare");
        let contacts = Contacts::of(&unit.board, &unit.arms[0]);
        for request in [
            Request::read_inputs(1, &unit.board),
            Request::read_modes(1, &unit.board, Modes { address: 0, normal: 0 }),
            Request::close(1, contacts.close),
        ] {
            if let Ok(found) = request.encode(frames, 7).1.find(&came) {
                prop_assert!(found.skipped <= found.used && found.used <= came.len());
            }
        }
    }

    #[test]
    fn an_answer_survives_any_noise_before_it(noise in proptest::collection::vec(any::<u8>(), 0..300), bits in any::<u8>()) {
        let unit = unit("waveshare");
        let (_, expected) = rtu(Request::read_inputs(1, &unit.board));
        let body = [1, 2, 1, bits];
        let mut came = noise;
        came.extend(body);
        came.extend(crc(&body).to_le_bytes());
        // Bytes are dropped as the driver drops them.
        let mut found = expected.find(&came).expect("a serial line");
        while found.answer.is_none() && found.used > 0 {
            came.drain(..found.used);
            found = expected.find(&came).expect("a serial line");
        }
        prop_assert!(found.answer.is_some());
    }
}
