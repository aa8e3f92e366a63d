use proptest::prelude::*;

use super::*;

fn fed(protocol: ReaderProtocol, pieces: &[&[u8]]) -> Vec<Read> {
    let mut framer = framer(protocol);
    pieces.iter().for_each(|piece| framer.push(piece));
    framer.quiet();
    std::iter::from_fn(|| framer.next()).collect()
}

fn texts(protocol: ReaderProtocol, bytes: &[u8]) -> Vec<String> {
    let found = fed(protocol, &[bytes]).into_iter();
    found
        .filter_map(|read| match read {
            Read::Text(text) => Some(text),
            Read::Answer(_) | Read::Skipped { .. } => None,
        })
        .collect()
}

/// A packet of decoded data, its checksum computed here.
fn packet(status: u8, text: &[u8]) -> Vec<u8> {
    let mut packet = vec![u8::try_from(5 + text.len()).expect("fits"), 0xF3, 0, status, 0x1C];
    packet.extend_from_slice(text);
    let sum: u32 = packet.iter().map(|byte| u32::from(*byte)).sum();
    let check = 0x1_0000 - sum % 0x1_0000;
    packet.extend([u8::try_from(check >> 8 & 0xFF).expect("fits"), u8::try_from(check & 0xFF).expect("fits")]);
    packet
}

#[test]
fn a_line_is_what_the_reader_read_without_what_stands_around_it() {
    for (line, expected) in [
        (&b"PN-2\r\n"[..], vec!["PN-2"]),
        (b"PN-2\rPN-3\r", vec!["PN-2", "PN-3"]),
        (b"\n\nPN-2\n", vec!["PN-2"]),
        (b"]Q3PN-2\r\n", vec!["PN-2"]),
        (b"]C1 PN-2\r\n", vec!["PN-2"]),
        (b"\x02PN-2\x03\r\n", vec!["PN-2"]),
        (b"]not an aim\n", vec!["t an aim"]),
        (b"]-1\n", vec!["]-1"]),
        (b"MSCU 123456 6\n", vec!["MSCU 123456 6"]),
        ("№ 55302/150324/0000123\r\n".as_bytes(), vec!["№ 55302/150324/0000123"]),
        (b"PN-2", vec![]),
    ] {
        assert_eq!(texts(ReaderProtocol::Lines, line), expected, "{}", String::from_utf8_lossy(line));
    }
}

#[test]
fn what_is_no_text_is_counted_and_the_next_line_is_read() {
    let long = vec![b'A'; TEXT_MAX_BYTES + 1];
    for (bytes, why) in [(&long[..], NoText::Overlong), (b"PN-\xFF\xFE", NoText::NotUtf8)] {
        let found = fed(ReaderProtocol::Lines, &[bytes, b"\r\nPN-2\r\n"]);
        let expected = [Read::Skipped { bytes: bytes.len(), why }, Read::Text("PN-2".into())];
        assert_eq!(found, expected);
    }
    assert_eq!(fed(ReaderProtocol::Lines, &[&long[1..], b"\n"]), [Read::Text("A".repeat(TEXT_MAX_BYTES))]);
}

#[test]
fn half_a_line_is_not_joined_to_the_next_one() {
    let mut lines = Lines::default();
    lines.push(b"PN-");
    lines.quiet();
    lines.push(b"PN-2\n");
    let found: Vec<_> = std::iter::from_fn(|| lines.next()).collect();
    assert_eq!(found, [Read::Skipped { bytes: 3, why: NoText::CutOff }, Read::Text("PN-2".into())]);
}

#[test]
fn ssi_commands_are_those_of_the_manual() {
    assert_eq!(command(0xE4), [0x04, 0xE4, 0x04, 0x00, 0xFF, 0x14], "start decode");
    // The manual's ACK comes from the engine: source 00.
    assert_eq!(fed(ReaderProtocol::Ssi, &[&[0x04, 0xD0, 0x00, 0x00, 0xFF, 0x2C]]), []);
}

#[test]
fn decoded_data_is_acknowledged_and_told_once() {
    let acknowledged = Read::Answer(vec![0x04, 0xD0, 0x04, 0x00, 0xFF, 0x28]);
    let text = Read::Text("PN-2".into());
    let once = packet(0, b"PN-2\r");
    assert_eq!(fed(ReaderProtocol::Ssi, &[&once]), [acknowledged.clone(), text.clone()]);
    let again = packet(1, b"PN-2\r");
    let expected = [acknowledged.clone(), text.clone(), acknowledged.clone()];
    assert_eq!(fed(ReaderProtocol::Ssi, &[&once, &again]), expected, "sent again because the answer was lost");
    let (first, second) = (packet(2, b"PN"), packet(0, b"-2"));
    assert_eq!(fed(ReaderProtocol::Ssi, &[&first, &second]), [acknowledged.clone(), acknowledged.clone(), text]);
    assert_eq!(
        fed(ReaderProtocol::Ssi, &[&first]),
        [acknowledged, Read::Skipped { bytes: 2, why: NoText::CutOff }],
        "the rest never came"
    );
}

#[test]
fn a_packet_is_found_after_noise_a_false_beginning_and_a_wrong_checksum() {
    let good = packet(0, b"PN-2");
    let mut wrong = packet(0, b"PN-1");
    *wrong.last_mut().expect("a byte") ^= 1;
    for noise in [&[0_u8; 40][..], &[0xFF; 10], &[0x09], &[4, 0xD0], &wrong] {
        let found = texts(ReaderProtocol::Ssi, &[noise, &good].concat());
        assert_eq!(found, ["PN-2"], "{noise:02x?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic_and_pieces_do_not_matter(
        bytes in proptest::collection::vec(any::<u8>(), 0..700),
        size in 1_usize..50,
    ) {
        for (_, protocol) in ReaderProtocol::NAMES {
            let pieces: Vec<_> = bytes.chunks(size).collect();
            prop_assert_eq!(fed(protocol, &[&bytes]), fed(protocol, &pieces));
        }
    }

    #[test]
    fn after_any_noise_the_next_good_code_is_found(noise in proptest::collection::vec(any::<u8>(), 0..300)) {
        let lines = [&noise, &b"\r\nPN-2\r\n"[..]].concat();
        prop_assert_eq!(texts(ReaderProtocol::Lines, &lines).pop(), Some("PN-2".to_owned()));
        // What was noise ends with the silence behind it.
        let mut ssi = Ssi::default();
        ssi.push(&noise);
        ssi.quiet();
        while ssi.next().is_some() {}
        ssi.push(&packet(0, b"PN-2"));
        let found: Vec<_> = std::iter::from_fn(|| ssi.next()).collect();
        prop_assert_eq!(found.last(), Some(&Read::Text("PN-2".to_owned())));
    }

    #[test]
    fn what_is_sent_is_read(text in "[A-Z0-9/.-]{1,200}") {
        prop_assert_eq!(texts(ReaderProtocol::Ssi, &packet(0, text.as_bytes())), vec![text.clone()]);
        prop_assert_eq!(texts(ReaderProtocol::Lines, format!("{text}\r\n").as_bytes()), vec![text]);
    }
}
