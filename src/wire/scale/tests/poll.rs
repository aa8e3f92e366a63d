//! What is asked, when, and what follows from the answers.

use std::time::Duration;

use super::{bytes, decode, dialect};
use crate::model::Mono;
use crate::wire::scale::{AskFirst, Poller};

/// A line that is asked, with a clock that goes where the poller wants.
struct Line {
    speech: &'static str,
    poller: Poller,
    now: Mono,
}

impl Line {
    fn new(speech: &'static str, first: AskFirst) -> Self {
        Self { speech, poller: Poller::new(&dialect(speech), first), now: Mono::from_micros(1) }
    }

    /// The next request, and how long after the last one.
    fn asked(&mut self) -> (u64, Vec<u8>) {
        let before = self.now;
        for _ in 0..10 {
            if let Some(bytes) = self.poller.due(self.now) {
                return (u64::try_from(self.now.since(before).as_millis()).expect("short"), bytes);
            }
            self.now = self.now.max(self.poller.wake().expect("something is due some day"));
        }
        panic!("{}: nothing is asked", self.speech);
    }

    #[track_caller]
    fn asks(&mut self, after_ms: u64, expected: &[u8]) {
        let (after, asked) = self.asked();
        assert_eq!((after, String::from_utf8_lossy(&asked)), (after_ms, String::from_utf8_lossy(expected)));
    }

    fn answers(&mut self, bytes: &[u8]) {
        for found in decode(&dialect(self.speech), bytes) {
            self.poller.took(self.now, &found);
        }
    }
}

const WEIGHT: &[u8] = b"S S      27400 kg\r\n";

#[test]
fn an_indicator_that_sends_by_itself_is_sent_nothing() {
    for speech in ["xk3190", "toledo-continuous", "rinstrum", "st-gs"] {
        let mut poller = Poller::new(&dialect(speech), AskFirst::Settings);
        assert_eq!((poller.due(Mono::default()), poller.wake()), (None, None), "{speech}");
    }
}

#[test]
fn a_single_weight_is_asked_for_every_two_tenths_and_one_is_outstanding() {
    let mut line = Line::new("xk3190-command address=C", AskFirst::Weights);
    line.asks(0, b"\x02CB01\x03");
    assert_eq!(line.poller.due(line.now + Duration::from_millis(300)), None, "one is outstanding");
    line.answers(b"\x02CB+04000001E\x03");
    line.asks(200, b"\x02CB01\x03");
    // Unanswered: again after seven tenths.
    line.asks(700, b"\x02CB01\x03");
}

#[test]
fn tenso_m_is_asked_with_and_without_a_crc_until_it_answers() {
    let with_crc = bytes("FF 01 C3 E3 FF FF");
    let bare = bytes("FF 01 C3 FF FF");
    let mut line = Line::new("tenso-m", AskFirst::Weights);
    for (after, request) in [(0, &with_crc), (700, &with_crc), (700, &bare), (700, &bare), (900, &with_crc)] {
        line.asks(after, request);
    }
    line.answers(&bytes("FF 01 C3 80 01 04 10 BE FF FF"));
    line.asks(200, &with_crc);
    let mut line = Line::new("tenso-m checksum=off address=2", AskFirst::Weights);
    line.asks(0, &bytes("FF 02 C3 FF FF"));
}

#[test]
fn settings_are_asked_for_first_where_they_are_to_be_held_against_the_configuration() {
    let mut line = Line::new("tenso-m checksum=on", AskFirst::Settings);
    let (_, settings) = line.asked();
    assert_eq!(settings[..3], [0xFF, 0x01, 0xC1]);
    line.answers(&bytes("FF 01 C1 00 00 06 20 20 00 04 00 05 FF FF"));
    assert_eq!(line.poller.due(line.now), None, "that had no CRC: it is no answer");
    line.poller.took(line.now, &decode(&dialect("tenso-m"), &bytes("FF 01 C1 00 00 06 20 20 00 04 00 05 FF FF"))[0]);
    line.asks(0, &bytes("FF 01 C3 E3 FF FF"));
}

#[test]
fn an_indicator_that_does_not_tell_its_settings_is_weighed_with_all_the_same() {
    let mut line = Line::new("tenso-m checksum=on", AskFirst::Settings);
    for number in 0..4 {
        let (after, asked) = line.asked();
        assert_eq!((after, asked[2]), (if number == 0 { 0 } else { 700 }, 0xC1));
    }
    line.asks(700, &bytes("FF 01 C3 E3 FF FF"));
    let mut line = Line::new("mt-sics", AskFirst::Settings);
    line.asks(0, b"I2\r\n");
    line.answers(b"ES\r\n");
    line.asks(0, b"SIR\r\n");
}

#[test]
fn sma_tells_its_settings_part_by_part() {
    let mut line = Line::new("sma", AskFirst::Settings);
    line.asks(0, b"\nI\r");
    for part in [&b"\nSMA:2/1.0\r"[..], b"\nTYP:S\r", b"\nCAP:kg :60000:2:0\r"] {
        line.answers(part);
        line.asks(0, b"\nN\r");
    }
    line.answers(b"\nEND:\r");
    line.asks(0, b"\nW\r");
}

#[test]
fn mt_sics_is_asked_for_a_stream_then_otherwise_while_it_is_silent() {
    let mut line = Line::new("mt-sics", AskFirst::Weights);
    line.asks(0, b"SIR\r\n");
    line.asks(1_000, b"SI\r\n");
    line.asks(700, b"SI\r\n");
    line.asks(700, b"S\r\n");
    line.answers(WEIGHT);
    // The tare once weights come, then the way that was answered.
    line.asks(0, b"TA\r\n");
    line.answers(b"TA A 0 kg\r\n");
    line.asks(200, b"S\r\n");
}

#[test]
fn a_way_of_asking_that_is_refused_is_left_at_once() {
    let mut line = Line::new("mt-sics", AskFirst::Weights);
    line.asks(0, b"SIR\r\n");
    line.answers(b"ES\r\n");
    line.asks(0, b"SI\r\n");
}

#[test]
fn an_indicator_that_refuses_everything_is_not_flooded() {
    let mut line = Line::new("sma", AskFirst::Weights);
    line.asks(0, b"\nW\r");
    for _ in 0..3 {
        line.answers(b"\n?\r");
        line.asks(200, b"\nW\r");
    }
    let mut line = Line::new("mt-sics", AskFirst::Weights);
    for (after, request) in
        [(0, b"SIR\r\n".as_slice()), (0, b"SI\r\n"), (0, b"S\r\n"), (200, b"SIR\r\n"), (0, b"SI\r\n")]
    {
        line.asks(after, request);
        line.answers(b"ES\r\n");
    }
}

#[test]
fn a_stream_is_not_asked_for_again_while_it_runs_but_the_tare_is() {
    let mut line = Line::new("mt-sics", AskFirst::Weights);
    line.asks(0, b"SIR\r\n");
    line.answers(WEIGHT);
    line.asks(0, b"TA\r\n");
    line.answers(b"TA A 0 kg\r\n");
    let began = line.now;
    loop {
        line.now = line.now + Duration::from_millis(500);
        line.answers(WEIGHT);
        match line.poller.due(line.now) {
            None => assert!(line.now.since(began) < Duration::from_secs(6), "the tare is never asked for again"),
            Some(asked) => {
                assert_eq!(asked, b"TA\r\n");
                break;
            }
        }
    }
    // An indicator that doesn't know the tare isn't asked for it again.
    line.answers(b"ES\r\n");
    line.asks(1_000, b"SI\r\n");
}

#[test]
fn a_declared_request_is_sent_as_it_stands() {
    let mut line = Line::new("st-gs request=READ", AskFirst::Weights);
    line.asks(0, b"READ");
    line.answers(b"ST,GS,+0040180kg\r\n");
    line.asks(200, b"READ");
}
