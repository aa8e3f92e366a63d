//! Literal bytes of manuals and captures: what the encoders must send.

use super::rinstrum::Format;
use super::toledo::Increment;
use super::*;

fn bytes(hex: &str) -> Vec<u8> {
    hex.split(' ').map(|byte| u8::from_str_radix(byte, 16).expect("hex")).collect()
}

fn shown(digits: i64, decimals: u8, unit: Unit) -> Shown {
    Shown { digits, decimals, unit, ..Shown::kilograms(0, Motion::Still) }
}

fn kg(digits: i64) -> Shown {
    Shown::kilograms(digits, Motion::Still)
}

fn moving(shown: Shown) -> Shown {
    Shown { motion: Motion::Moving, ..shown }
}

#[track_caller]
fn sends(speech: Speech, shown: Shown, expected: &[u8]) {
    let sent = speech.frame(shown);
    assert_eq!(sent, expected, "{speech:?}: {:?}", String::from_utf8_lossy(&sent));
}

#[test]
fn yaohua_frames_are_those_of_the_manuals_and_captures() {
    let kilogram = Unit::Kilogram;
    sends(Speech::Xk3190, kg(0), &bytes("02 2B 30 30 30 30 30 30 30 31 42 03"));
    sends(Speech::Xk3190, shown(12_345, 2, kilogram), &bytes("02 2B 30 31 32 33 34 35 32 31 38 03"));
    sends(Speech::Xk3190, shown(-20, 3, kilogram), &bytes("02 2D 30 30 30 30 32 30 33 31 43 03"));
    sends(Speech::Xk3190, Shown::kilograms(MAX_KG + 1, Motion::Still), b"");
    // "+0204805" is 20480.5 kg in tenths.
    sends(Speech::SevenDigitsTenths, shown(204_805, 1, kilogram), b"\x02+020480510\x03");
    sends(Speech::EqualsReversed, shown(3_000, 3, kilogram), &bytes("3D 30 30 30 2E 33 30 30 30"));
    sends(Speech::Equals, shown(3_000, 3, kilogram), &bytes("3D 30 30 30 33 2E 30 30 30"));
    sends(Speech::EqualsReversed, kg(-40_180), b"=.081040-");
    sends(Speech::EqualsPrice, shown(3_000, 3, kilogram), b"=0003.000;00000.00");
    sends(Speech::A12, shown(4_139, 3, kilogram), &bytes("57 47 30 30 34 2E 31 33 39 6B 67 33 44 0D 0A"));
    sends(Speech::A12, kg(MAX_KG + 1), b"         OL23\r\n");
    assert_eq!(Speech::A12.frame(kg(-40_180)).len(), 15, "the sign takes a digit's place");
}

#[test]
fn yaohua_requests_are_answered_by_the_addressed_indicator_only() {
    let mut talk = Talk::new(Speech::Xk3190Command);
    let gross = bytes("02 41 42 2B 30 34 30 30 30 30 30 31 43 03");
    assert_eq!(talk.take(&bytes("02 41 42 30 33 03"), kg(40_000)), gross);
    assert_eq!(talk.take(&bytes("02 41 41 30 30 03"), kg(40_000)), bytes("02 41 41 30 30 03"));
    assert_eq!(talk.take(&bytes("02 41 44 30 35 03"), kg(-12)).get(..4), Some(&b"\x02AD-"[..]));
    assert_eq!(talk.take(&bytes("02 42 42 30 30 03"), kg(1)), b"", "another address");
    assert_eq!(talk.take(&bytes("02 41 42 30 34 03"), kg(1)), b"", "a wrong check");
    // Byte by byte, behind noise.
    let parts = bytes("FF 02 41 42 30 33 03");
    let answer: Vec<u8> = parts.iter().flat_map(|byte| talk.take(&[*byte], kg(40_000))).collect();
    assert_eq!(answer, gross);
}

#[test]
fn toledo_frames_are_made_of_the_manual_s_tables() {
    let net = Shown { side: Side::Net { tare: 15_500 }, ..kg(24_680) };
    let pounds = shown(12_345, 0, Unit::Pound);
    let (one, two, five) = (Increment::ONE, Increment::TWO, Increment::FIVE);
    for (display, increment, hex) in [
        (kg(40_180), one, "02 2A 30 20 30 34 30 31 38 30 30 30 30 30 30 30 0D 2A"),
        (moving(kg(40_180)), one, "02 2A 38 20 30 34 30 31 38 30 30 30 30 30 30 30 0D 22"),
        (net, two, "02 32 31 20 30 32 34 36 38 30 30 31 35 35 30 30 0D 0F"),
        (kg(MAX_KG + 1), two, "02 32 34 20 30 30 30 30 30 30 30 30 30 30 30 30 0D 2B"),
        // Five as increment, pounds as unit.
        (pounds, five, "02 3A 20 20 30 31 32 33 34 35 30 30 30 30 30 30 0D 28"),
    ] {
        assert_eq!(toledo::with_sum(toledo::standard(display, increment)), bytes(hex));
    }
    sends(Speech::Toledo, kg(40_180), &bytes("02 32 30 20 30 34 30 31 38 30 30 30 30 30 30 30 0D"));
    sends(Speech::ToledoShort, kg(40_180), &bytes("02 32 30 20 30 34 30 31 38 30 0D"));
}

#[test]
fn tenso_m_is_asked_and_answers_as_two_public_implementations_agree() {
    assert_eq!(tenso_m::request(0xC3), bytes("FF 01 C3 E3 FF FF"));
    assert_eq!(tenso_m::request(0xC2), bytes("FF 01 C2 8A FF FF"));
    assert_eq!(tenso_m::request(0xC0), bytes("FF 01 C0 58 FF FF"));
    let mut talk = Talk::new(Speech::TensoM);
    let gross = bytes("FF 01 C3 E3 FF FF");
    assert_eq!(talk.take(&gross, kg(40_180)), bytes("FF 01 C3 80 01 04 10 BE FF FF"));
    assert_eq!(talk.take(&gross, kg(69)), bytes("FF 01 C3 69 00 00 10 FF FE FF FF"), "a stuffed CRC");
    assert_eq!(talk.take(&bytes("FF 02 C3 E3 FF FF"), kg(69)), b"", "another address");
    let settings = talk.take(&tenso_m::request(0xC1), kg(0));
    assert_eq!(settings[..12], bytes("FF 01 C1 00 00 06 20 20 00 04 00 05"), "Max 60 000 kg, division 20 kg");
}

#[test]
fn mt_sics_lines_are_the_captured_ones() {
    let dynamic = moving(shown(12_907, 2, Unit::Gram));
    sends(
        Speech::MtSics,
        shown(10_000, 2, Unit::Gram),
        &bytes("53 20 53 20 20 20 20 20 31 30 30 2E 30 30 20 67 0D 0A"),
    );
    sends(Speech::MtSics, dynamic, &bytes("53 20 44 20 20 20 20 20 31 32 39 2E 30 37 20 67 0D 0A"));
    sends(Speech::MtSics, kg(MAX_KG + 1), &bytes("53 20 2B 0D 0A"));
    let mut talk = Talk::new(Speech::MtSics);
    assert!(!talk.streams());
    assert_eq!(talk.take(b"SI", kg(40_180)), b"");
    assert_eq!(talk.take(b"R\r\n", kg(40_180)), b"S S      40180 kg\r\n");
    assert!(talk.streams());
    assert_eq!(talk.take(b"Z\r\nFOO\r\n", kg(0)), b"Z A\r\nES\r\n");
    assert!(talk.streams(), "only a weight or a reset ends a stream");
    assert_eq!(talk.take(b"TA\r\n", kg(0)), b"TA A          0 kg\r\n");
    talk.take(b"@\r\n", kg(0));
    assert!(!talk.streams());
}

#[test]
fn lines_that_begin_with_their_status_are_those_of_the_manuals() {
    let manual = bytes("53 54 2C 47 53 2C 2B 30 31 31 2E 31 32 30 6B 67 0D 0A");
    sends(Speech::StGs, shown(11_120, 3, Unit::Kilogram), &manual);
    sends(Speech::StGs, moving(kg(-40)), b"US,GS,-0000040kg\r\n");
    // CAS: 1 behind the words is the device; bit 7, stable, fixed, gross are lit.
    sends(Speech::Cas, kg(40_180), b"ST,GS,1\xE4,   40180 kg\r\n");
    sends(Speech::Cas, moving(kg(40_180)), b"US,GS,1\xA4,   40180 kg\r\n");
    sends(Speech::Cas, kg(0), b"ST,GS,1\xE5,       0 kg\r\n");
    assert_eq!(Speech::Cas.frame(kg(MAX_KG + 1)).len(), 22);
}

#[test]
fn sma_replies_have_the_specification_s_widths() {
    let five = shown(5_025, 3, Unit::Pound);
    sends(Speech::Sma, five, &bytes("0A 20 31 47 20 20 20 20 20 20 20 35 2E 30 32 35 6C 62 20 0D"));
    let zero = shown(0, 3, Unit::Pound);
    sends(Speech::Sma, zero, &bytes("0A 5A 31 47 20 20 20 20 20 20 20 30 2E 30 30 30 6C 62 20 0D"));
    let mut talk = Talk::new(Speech::Sma);
    assert_eq!(talk.take(b"\nW\r", moving(kg(40_180))), b"\n 1GM      40180kg \r");
    assert_eq!(talk.take(b"\nI\r\nN\r\nN\r\nN\r", kg(0)), b"\nTYP:S\r\nCAP:kg :60000:20:0\r\nCMD:HPTMCR\r\nEND:\r");
    assert_eq!(talk.take(b"\nX\r", kg(0)), b"\n?\r");
}

#[test]
fn rinstrum_formats_are_those_of_the_manuals() {
    let sends = |format, shown, expected: &[u8]| sends(Speech::Rinstrum(format), shown, expected);
    sends(Format::One, kg(40_180), &bytes("02 20 20 20 34 30 31 38 30 47 03"));
    sends(Format::One, moving(kg(40_180)), b"\x02   40180M\x03");
    sends(Format::Two, kg(40_180), b"\x02   40180G  - kg\x03");
    sends(Format::Two, moving(kg(40_180)), b"\x02   40180GM -   \x03");
    sends(Format::Three, kg(0), b"\x02       0GSIZ  \x03");
    sends(Format::Four, kg(40_180), b"STGR   40180kg");
    sends(Format::Five, moving(kg(40_180)), b"   40180KGM\r\n");
}

#[test]
fn a_name_that_does_not_exist_is_answered_with_those_that_do() {
    for (protocol, layout, speech) in NAMES {
        assert_eq!(Speech::named(protocol, Some(layout)), Ok(speech));
    }
    assert_eq!(Speech::named("xk3190", None), Ok(Speech::Xk3190));
    let unknown = Speech::named("6.43", None).expect_err("no such");
    assert!(unknown.contains("tenso-m") && unknown.contains("\"6.43\""), "{unknown}");
    let unknown = Speech::named("rinstrum", Some("fmt_6")).expect_err("no such");
    assert!(unknown.contains("fmt_5") && !unknown.contains("a12"), "{unknown}");
}
