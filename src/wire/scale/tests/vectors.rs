//! Literal bytes of manuals and captures, and what they mean (devices.md §1).

use super::{bytes, decode, dialect, frames, told};
use crate::wire::scale::{Decoded, NoFrame, Reply};

/// One frame and nothing else.
#[track_caller]
fn reads(speech: &str, input: &[u8], expected: &str) {
    let found = decode(&dialect(speech), input);
    let frames = frames(&found);
    assert_eq!(frames.len(), 1, "{speech}: {found:?}");
    assert_eq!(found.len(), 1, "{speech}: {found:?}");
    assert_eq!(told(&frames[0]), expected, "{speech}");
    let is_end = |byte: &u8| matches!(byte & 0x7F, b'\r' | b'\n');
    let text = input.iter().rposition(|byte| !is_end(byte)).map_or(0, |last| last + 1);
    assert!([&input[..text], input].contains(&frames[0].raw.as_slice()), "{speech}: {:02x?}", frames[0].raw);
}

/// No frame, and why not.
#[track_caller]
fn refuses(speech: &str, input: &[u8], why: NoFrame) {
    let found = decode(&dialect(speech), input);
    assert!(frames(&found).is_empty(), "{speech}: {found:?}");
    let skipped = |one: &Decoded| matches!(one, Decoded::Skipped { why: told, .. } if *told == why);
    assert!(found.iter().any(skipped), "{speech}: {found:?}");
}

#[test]
fn the_yaohua_frame_is_six_digits_and_a_number_of_decimals() {
    for (hex, expected) in [
        ("02 2B 30 30 30 30 30 30 30 31 42 03", "gross=0 kg unknown"),
        ("02 2B 30 31 32 33 34 35 32 31 38 03", "gross=123.45 kg unknown"),
        ("02 2D 30 30 30 30 32 30 33 31 43 03", "gross=-0.02 kg unknown"),
        // Nibbles as clones write them: ten is ':', fifteen '?'.
        ("02 2B 30 30 30 30 30 30 30 31 3B 03", "gross=0 kg unknown"),
        ("02 2B 30 30 30 30 30 30 30 31 62 03", "gross=0 kg unknown"),
    ] {
        reads("xk3190", &bytes(hex), expected);
    }
    reads("xk3190 unit=t", &bytes("02 2B 30 34 30 31 38 30 33 31 35 03"), "gross=40180 t unknown");
    refuses("xk3190", &bytes("02 2D 30 30 30 30 32 30 33 31 44 03"), NoFrame::BadCheck);
}

#[test]
fn more_decimals_than_four_mean_another_layout_which_is_never_guessed() {
    // "+0204805": seven digits in tenths, 20480.5 kg.
    let lorry = bytes("02 2B 30 32 30 34 38 30 35 31 30 03");
    refuses("xk3190", &lorry, NoFrame::LayoutSuspect);
    reads("xk3190 layout=seven_digits_tenths", &lorry, "gross=20480.5 kg unknown");
    let zero = bytes("02 2B 30 30 30 30 30 30 30 31 42 03");
    reads("xk3190 layout=seven_digits_tenths", &zero, "gross=0 kg unknown");
}

#[test]
fn the_check_of_a_yaohua_frame_is_always_ten_to_one_f() {
    for declared in ["30 30", "46 46"] {
        let hex = format!("02 2B 30 30 30 30 30 30 30 {declared} 03");
        refuses("xk3190", &bytes(&hex), NoFrame::BadCheck);
    }
}

#[test]
fn replies_to_yaohua_commands_come_in_three_widths() {
    for (frame, expected) in [
        (&bytes("02 41 42 2B 30 34 30 30 30 30 30 31 43 03")[..], "gross=40000 kg unknown"),
        (b"\x02AC+015500018\x03", "tare=15500 kg unknown"),
        (b"\x02AD-012405319\x03", "net=-12.405 kg unknown"),
        // K9-R: a point among six digits. H2B: eight digits.
        (b"\x02AB+0401.800B\x03", "gross=401.8 kg unknown"),
        (b"\x02AB+04018000015\x03", "gross=4018000 kg unknown"),
    ] {
        reads("xk3190-command", frame, expected);
    }
    refuses("xk3190-command", b"\x02AB+040000718\x03", NoFrame::BadCheck);
    refuses("xk3190-command", b"\x02AB+04000071B\x03", NoFrame::LayoutSuspect);
    refuses("xk3190-command address=B", b"\x02AB+04000001C\x03", NoFrame::Foreign);
    let answers = [
        (&b"\x02AA00\x03"[..], Reply::Accepted),
        (b"\x02AB03\x03", Reply::Echo),
        (b"\x02AF123456780F\x03", Reply::Accepted),
    ];
    for (frame, reply) in answers {
        let found = decode(&dialect("xk3190-command"), frame);
        assert_eq!(found, [Decoded::Reply(reply)], "{}", String::from_utf8_lossy(frame));
    }
}

#[test]
fn the_equals_formats_are_told_apart_by_configuration_only() {
    reads("xk3190 layout=equals_reversed", &bytes("3D 30 30 30 2E 33 30 30 30"), "gross=3 kg unknown");
    reads("xk3190 layout=equals", &bytes("3D 30 30 30 33 2E 30 30 30"), "gross=3 kg unknown");
    reads("xk3190 layout=equals_reversed", b"=.081040-", "gross=-40180 kg unknown");
    reads("xk3190 layout=equals", b"=-040180.", "gross=-40180 kg unknown");
    let found = decode(&dialect("xk3190 layout=equals_price"), b"=0003.000;0012.50=0003.000;00012.50");
    assert_eq!(frames(&found).iter().map(told).collect::<Vec<_>>(), ["gross=3 kg unknown"; 2]);
    refuses("xk3190 layout=equals_price", b"=0003.000=0003.000", NoFrame::LayoutSuspect);
}

#[test]
fn the_a12_line_has_a_check_of_its_own_and_its_clones_have_none() {
    let manual = bytes("57 47 30 30 34 2E 31 33 39 6B 67 33 44 0D 0A");
    reads("xk3190 layout=a12", &manual, "gross=4.139 kg unknown");
    reads("xk3190 layout=a12", b"         OL23\r\n", "Overload unknown");
    reads("xk3190 layout=a12", b"         LO23\r\n", "Underload unknown");
    reads("xk3190 layout=a12", b"wn-003.17kg\r\n", "net=-3.17 kg unknown");
    reads("xk3190 layout=a12", b"ww0003.17kg\r\n", "gross=3.17 kg unknown");
    // A clone's nibble above ten: the check 3E as "3>".
    reads("xk3190 layout=a12 checksum=on", b"WG059691 kg3>\r\n", "gross=59691 kg unknown");
    refuses("xk3190 layout=a12", b"WG004.139kg3E\r\n", NoFrame::BadCheck);
    refuses("xk3190 layout=a12 checksum=on", b"ww0003.17kg\r\n", NoFrame::BadCheck);
    // Once several had a right check none may be missing; a single one may be noise.
    let lost = b"WG004.139kg\r\n";
    let count = |stream: &[u8]| frames(&decode(&dialect("xk3190 layout=a12"), stream)).len();
    assert_eq!(count(&[&manual[..], lost].concat()), 2);
    assert_eq!(count(&[&manual.repeat(3)[..], lost].concat()), 3);
}

#[test]
fn the_toledo_frame_tells_motion_net_range_and_unit() {
    for (hex, expected) in [
        ("02 2A 30 20 30 34 30 31 38 30 30 30 30 30 30 30 0D 2A", "gross=40180 kg stable"),
        ("02 2A 38 20 30 34 30 31 38 30 30 30 30 30 30 30 0D 22", "gross=40180 kg moving"),
        ("02 32 31 20 30 32 34 36 38 30 30 31 35 35 30 30 0D 0F", "gross=40180 net=24680 tare=15500 kg stable"),
        ("02 32 34 20 30 30 30 30 30 30 30 30 30 30 30 30 0D 2B", "Overload kg stable"),
        ("02 3A 20 20 30 31 32 33 34 35 30 30 30 30 30 30 0D 28", "gross=5599.59780765 lb stable"),
    ] {
        let frame = bytes(hex);
        reads("toledo-continuous checksum=on", &frame, expected);
        let found = decode(&dialect("toledo-continuous"), &frame);
        assert_eq!(frames(&found).iter().map(told).collect::<Vec<_>>(), [expected], "without the check's byte");
    }
}

#[test]
fn a_toledo_frame_is_unusable_until_zeroed_and_while_expanded() {
    let frame = |a: u8, b: u8, c: u8, digits: &str| {
        let mut frame = vec![0x02, a, b, c];
        frame.extend_from_slice(digits.as_bytes());
        frame.push(0x0D);
        frame
    };
    for (a, b, c, digits, expected) in [
        (0x2A, 0x36, 0x20, "000020000000", "Underload kg stable"),
        (0x2A, 0x70, 0x20, "040180000000", "NotZeroed kg stable"),
        (0x2A, 0x30, 0x30, "401805000000", "Expanded kg stable"),
        (0x2A, 0x30, 0x23, "040180000000", "UnknownUnit stable"),
        (0x2A, 0x30, 0x20, "            ", "NoDigits kg stable"),
        (0x2A, 0x30, 0x20, "   -80000000", ""),
        (0x28, 0x30, 0x20, "   401000000", "gross=40100 kg stable"),
        (0x29, 0x30, 0x20, "  4018000000", "gross=40180 kg stable"),
        (0x2D, 0x32, 0x22, " 40180000000", "gross=-40180 t stable"),
        (0x2F, 0x30, 0x21, "401805000000", "gross=0.00401805 g stable"),
        (0x2A, 0x30, 0x20, "040180015500", "gross=40180 tare=15500 kg stable"),
        (0x2A, 0x31, 0x20, "024680      ", "net=24680 kg stable"),
    ] {
        if expected.is_empty() {
            refuses("toledo-continuous", &frame(a, b, c, digits), NoFrame::Noise);
        } else {
            reads("toledo-continuous", &frame(a, b, c, digits), expected);
        }
    }
    reads("toledo-continuous layout=short", &frame(0x2A, 0x30, 0x20, "040180"), "gross=40180 kg stable");
}

#[test]
fn a_toledo_checksum_may_be_a_mark_itself() {
    // The sum is made 02 and 0D by the last digits of the tare.
    for wanted in [0x02_u8, 0x0D] {
        let found = (0..1_000_000).find_map(|tare| {
            let mut frame = format!("\x02\x2A\x30\x20040180{tare:06}\r").into_bytes();
            let sum = frame.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
            let check = sum.wrapping_neg() & 0x7F;
            frame.push(check);
            (check == wanted).then_some(frame)
        });
        let frame = found.expect("some tare does");
        let twice = frame.repeat(3);
        let found = decode(&dialect("toledo-continuous checksum=on"), &twice);
        assert_eq!((frames(&found).len(), found.len()), (3, 3), "{found:?}");
    }
}

#[test]
fn tenso_m_frames_are_stuffed_and_guarded() {
    for (hex, expected) in [
        ("FF 01 C3 80 01 04 10 BE FF FF", "gross=40180 kg stable"),
        ("FF 01 C3 69 00 00 10 FF FE FF FF", "gross=69 kg stable"),
        // Without a CRC: 80.5 and motion, minus.
        ("FF 01 C3 05 08 00 81 FF FF", "gross=-80.5 kg moving"),
        ("FF 01 C2 05 08 00 11 FF FF", "net=80.5 kg stable"),
        ("FF 01 C3 99 99 99 18 FF FF", "Overload kg stable"),
    ] {
        reads("tenso-m", &bytes(hex), expected);
    }
    refuses("tenso-m", &bytes("FF 01 C3 80 01 04 10 BF FF FF"), NoFrame::BadCheck);
    refuses("tenso-m checksum=on", &bytes("FF 01 C3 80 01 04 10 FF FF"), NoFrame::BadCheck);
    refuses("tenso-m", &bytes("FF 01 C3 8A 01 04 10 FF FF"), NoFrame::BadCheck);
    refuses("tenso-m address=2", &bytes("FF 01 C3 80 01 04 10 BE FF FF"), NoFrame::Foreign);
}

#[test]
fn a_tenso_m_frame_that_lost_a_byte_is_no_frame_once_several_had_a_right_crc() {
    let good = bytes("FF 01 C3 80 01 04 10 BE FF FF");
    let mut lost = good.clone();
    lost.remove(3);
    // Alone it looks like a weight without a CRC; two more would have to agree with it.
    let found = decode(&dialect("tenso-m"), &lost);
    assert_eq!(frames(&found).iter().map(told).collect::<Vec<_>>(), ["Overload kg stable"]);
    let found = decode(&dialect("tenso-m"), &[&good.repeat(3)[..], &lost, &good].concat());
    assert_eq!(frames(&found).iter().map(told).collect::<Vec<_>>(), ["gross=40180 kg stable"; 4]);
}

#[test]
fn tenso_m_settings_tell_max_and_division() {
    let found = decode(&dialect("tenso-m"), &bytes("FF 01 C1 00 00 06 20 20 00 04 00 05 FF FF"));
    let [Decoded::Settings(settings)] = found.as_slice() else { panic!("{found:?}") };
    assert!(settings.max.expect("told").is_kg(60_000) && settings.division.expect("told").is_kg(20));
    for (hex, reply) in [
        ("FF 01 C0 58 FF FF", Reply::Accepted),
        ("FF 01 C3 E3 FF FF", Reply::Echo),
        ("FF 01 C2 8A FF FF", Reply::Echo),
        ("FF 01 EE 06 FF FF", Reply::Refused),
        ("FF 01 FD 54 42 31 30 32 20 56 31 2E 30 FF FF", Reply::Refused),
    ] {
        assert_eq!(decode(&dialect("tenso-m"), &bytes(hex)), [Decoded::Reply(reply)], "{hex}");
    }
}

#[test]
fn mt_sics_lines_are_read_with_both_ids() {
    for (line, expected) in [
        (&b"\x53\x20\x53\x20\x20\x20\x20\x20\x31\x30\x30\x2E\x30\x30\x20\x67\x0D\x0A"[..], "gross=0.1 g stable"),
        (b"\x53\x20\x44\x20\x20\x20\x20\x20\x31\x32\x39\x2E\x30\x37\x20\x67\x0D\x0A", "gross=0.12907 g moving"),
        (b"SI S      27400 kg\r\n", "gross=27400 kg stable"),
        (b"S S        -20 kg\r\n", "gross=-20 kg stable"),
        (b"S S        100 pcs\r\n", "UnknownUnit stable"),
        (b"S +\r\n", "Overload unknown"),
        (b"S -\r\n", "Underload unknown"),
        (b"S I\r\n", "Busy unknown"),
        (b"S S      27400 kg\n", "gross=27400 kg stable"),
        (b"S S      27400 kg\r", "gross=27400 kg stable"),
    ] {
        reads("mt-sics", line, expected);
    }
}

#[test]
fn mt_sics_answers_without_a_weight_are_no_frames() {
    for (line, reply) in [
        ("ES", Reply::Refused),
        ("ET", Reply::Refused),
        ("EL", Reply::Refused),
        ("S L", Reply::Refused),
        ("Z A", Reply::Accepted),
        ("Z I", Reply::Refused),
        ("Z +", Reply::Refused),
        ("ZI D", Reply::Accepted),
        ("T S     100.00 g", Reply::Accepted),
        ("TI D      99.70 g", Reply::Accepted),
        ("TA A       0.00 g", Reply::Accepted),
        ("TAC A", Reply::Accepted),
        ("TAC I", Reply::Refused),
        ("I0 B 0 \"I0\"", Reply::More),
        ("I1 A \"01\" \"2.00\" \"2.20\" \"\" \"\"", Reply::Accepted),
        ("I3 A \"2.10 10.28.0.493.142\"", Reply::Accepted),
        ("I4 A \"0123456789\"", Reply::Accepted),
        ("SIR", Reply::Echo),
    ] {
        let found = decode(&dialect("mt-sics"), format!("{line}\r\n").as_bytes());
        assert_eq!(found, [Decoded::Reply(reply)], "{line}");
    }
    let found = decode(&dialect("mt-sics"), b"I2 A \"IND780 60000 kg\"\r\n");
    let [Decoded::Settings(settings)] = found.as_slice() else { panic!("{found:?}") };
    assert!(settings.max.expect("told").is_kg(60_000));
    refuses("mt-sics", b"print me\r\n", NoFrame::Foreign);
}

#[test]
fn what_mt_sics_tells_is_net_as_soon_as_a_tare_is_known() {
    let tell = |lines: &str| {
        let found = decode(&dialect("mt-sics"), lines.replace('|', "\r\n").as_bytes());
        frames(&found).iter().map(told).collect::<Vec<_>>()
    };
    assert_eq!(tell("TA A 0 kg|S S 40180 kg|"), ["gross=40180 kg stable"]);
    assert_eq!(tell("TA A 15500 kg|S S 24680 kg|"), ["net=24680 tare=15500 kg stable"], "no gross weight");
    assert_eq!(tell("TA A 15500 kg|TA A 0 kg|S S 40180 kg|"), ["gross=40180 kg stable"]);
}

#[test]
fn st_gs_lines_of_several_makers_are_read() {
    for (line, expected) in [
        (bytes("53 54 2C 47 53 2C 2B 30 31 31 2E 31 32 30 6B 67 0D 0A"), "gross=11.12 kg stable"),
        (b"US,NT,-0012.34kg\r\n".to_vec(), "net=-12.34 kg moving"),
        (b"OL,GS,        kg\r\n".to_vec(), "Overload kg unknown"),
        (b"ST,GS,  40180,kg\r\n".to_vec(), "gross=40180 kg stable"),
        (b"ST,GS,    40.180 t \r".to_vec(), "gross=40180 t stable"),
        (b"ST,GS,+0040,18 t\n".to_vec(), "gross=40180 t stable"),
        (b"ST,TR,+0015500kg\r\n".to_vec(), "tare=15500 kg stable"),
        (b"HD,GS,+0015500kg\r\n".to_vec(), "Held kg unknown"),
        (b"ST,GS,+0000100oz\r\n".to_vec(), "UnknownUnit stable"),
    ] {
        reads("st-gs", &line, expected);
    }
}

#[test]
fn the_lamps_of_a_cas_line_are_bits_and_may_look_like_a_line_end() {
    let line = |head: &str, lamps: u8, rest: &str| {
        let mut line = format!("{head}1").into_bytes();
        line.push(lamps);
        line.extend_from_slice(format!(",{rest}\r\n").as_bytes());
        assert_eq!(line.len(), 22);
        line
    };
    for (head, lamps, rest, expected) in [
        ("ST,GS,", 0b1110_0100, "   40180 kg", "gross=40180 kg stable not-zero"),
        ("ST,GS,", 0b1100_0101, "00000000 kg", "gross=0 kg stable zero"),
        ("US,GS,", 0b1010_0100, "   40180 kg", "gross=40180 kg moving not-zero"),
        // The word says stable, the lamp doesn't.
        ("ST,GS,", 0b1010_0100, "   40180 kg", "gross=40180 kg moving not-zero"),
        ("ST,GS,", 0b1111_0100, "   40180 kg", "Held kg stable not-zero"),
        ("ST,NT,", 0b1110_0010, "000013.5  t", "net=13500 t stable not-zero"),
        ("OL,GS,", 0b1010_0100, "         kg", "Overload kg unknown not-zero"),
        // 0x8D and 0x8A are CR and LF without their bit 7.
        ("US,GS,", 0x8D, "00000000 kg", "gross=0 kg moving zero"),
        ("US,NT,", 0x8A, "00000020 kg", "net=20 kg moving not-zero"),
        // Relays instead of the blank.
        ("ST,GS,", 0b1110_0100, "   40180\u{7}kg", "gross=40180 kg stable not-zero"),
    ] {
        reads("st-gs", &line(head, lamps, rest), expected);
    }
    refuses("st-gs", &line("ST,GS,", 0b0110_0100, "   40180 kg"), NoFrame::Malformed);
}

#[test]
fn the_cas_ci_100_tells_its_state_in_four_bytes() {
    let reply = |line: &str, status: &[u8; 4]| [b"\n", line.as_bytes(), b"\r\n", status, b"\r\x03"].concat();
    for (line, status, expected) in [
        ("  40180kg", b"0pp0", "gross=40180 kg stable not-zero"),
        ("  40.18 t", b"1pp0", ""),
        ("- 40180kg", b"1pp0", "gross=-40180 kg moving not-zero"),
        ("  24680kg", b"0pt0", "net=24680 kg stable not-zero"),
        ("      0kg", b"2pp0", "gross=0 kg stable zero"),
        ("^^^^^^^^kg", b"0rp0", "Overload kg stable not-zero"),
        ("________kg", b"0qp0", "Underload kg stable not-zero"),
        ("--------kg", b"0px0", "ZeroError kg stable not-zero"),
        ("  40180kg", b"0pp4", "Held kg stable not-zero"),
        ("     12pcs", b"0pp1", "UnknownUnit stable not-zero"),
        ("  40180kg", b"4pp0", "DeviceError kg stable not-zero"),
    ] {
        let expected = if expected.is_empty() { "gross=40180 t moving not-zero" } else { expected };
        reads("st-gs layout=cas_ci100", &reply(line, status), expected);
    }
}

#[test]
fn sma_replies_tell_range_motion_and_zero() {
    for (hex, expected) in [
        ("0A 20 31 47 20 20 20 20 20 20 20 35 2E 30 32 35 6C 62 20 0D", "gross=2.27930165925 lb stable not-zero"),
        ("0A 5A 31 47 20 20 20 20 20 20 20 30 2E 30 30 30 6C 62 20 0D", "gross=0 lb stable zero"),
    ] {
        reads("sma", &bytes(hex), expected);
    }
    for (line, expected) in [
        (" 1GM      40180kg ", "gross=40180 kg moving not-zero"),
        (" 1N       24680kg ", "net=24680 kg stable not-zero"),
        (" 1T       15500kg ", "tare=15500 kg stable not-zero"),
        ("O1G       99999kg ", "Overload kg stable"),
        ("U1G         -99kg ", "Underload kg stable"),
        ("E1G  ----------kg ", "ZeroError kg stable"),
        ("I1G  ----------kg ", "NotZeroed kg stable"),
        ("T1G  ----------kg ", "TareError kg stable"),
        (" 1g     40180.5kg ", "Expanded kg stable"),
        (" 1G         100pcs", "UnknownUnit stable"),
    ] {
        reads("sma", format!("\n{line}\r").as_bytes(), expected);
    }
    refuses("sma", b"\nX1G       40180kg \r", NoFrame::Malformed);
}

#[test]
fn sma_information_tells_max_and_division_at_its_end() {
    let tell = |lines: &[&str]| {
        let input: String = lines.iter().map(|line| format!("\n{line}\r")).collect();
        decode(&dialect("sma"), input.as_bytes())
    };
    let more = Decoded::Reply(Reply::More);
    let found = tell(&["SMA:2/1.0", "TYP:S", "CAP:kg :60000:2:0", "CMD:HPTMCR", "END:"]);
    assert_eq!(found[..4], [more.clone(), more.clone(), more.clone(), more]);
    let Decoded::Settings(settings) = &found[4] else { panic!("{found:?}") };
    assert!(settings.max.expect("told").is_kg(60_000) && settings.division.expect("told").is_kg(2));
    // As long as a weight.
    let found = tell(&["CAP:kg :60000:20:0", "END:"]);
    let Some(Decoded::Settings(settings)) = found.last() else { panic!("{found:?}") };
    assert!(settings.max.expect("told").is_kg(60_000) && settings.division.expect("told").is_kg(20));
    let found = tell(&["CAP:kg :30000:1:0", "CAP:kg :60000:2:0", "END:"]);
    let Some(Decoded::Settings(settings)) = found.last() else { panic!("{found:?}") };
    assert!(settings.max.expect("told").is_kg(60_000) && settings.division.is_none(), "two divisions");
    let found = tell(&["CAP:kg :6000:1:2", "END:"]);
    let Some(Decoded::Settings(settings)) = found.last() else { panic!("{found:?}") };
    assert!(settings.max.is_none(), "it isn't told whether the capacity counts hundredths");
    assert_eq!(tell(&["?"]), [Decoded::Reply(Reply::Refused)]);
    assert_eq!(tell(&["!"]), [Decoded::Reply(Reply::Refused)]);
    assert_eq!(tell(&["W"]), [Decoded::Reply(Reply::Echo)]);
}

#[test]
fn rinstrum_formats_are_read_by_their_layout() {
    for (layout, line, expected) in [
        ("fmt_1", "\x02   40180G\x03", "gross=40180 kg stable"),
        ("fmt_1", "\x02-  40.18N\x03", "net=-40.18 kg stable"),
        ("fmt_1", "\x02   40180M\x03", "gross=40180 kg moving"),
        ("fmt_1", "\x02        O\x03", "Overload kg stable"),
        ("fmt_1", "\x02        E\x03", "DeviceError kg stable"),
        ("fmt_2", "\x02   40180G  - kg\x03", "gross=40180 kg stable not-zero"),
        ("fmt_2", "\x02   40180GM -   \x03", "gross=40180 kg moving not-zero"),
        ("fmt_2", "\x02   40.18N Z1  t\x03", "net=40180 t stable zero"),
        ("fmt_2", "\x02        U  - kg\x03", "Underload kg stable not-zero"),
        ("fmt_3", "\x02   40180GSI   \x03", "gross=40180 kg stable not-zero"),
        ("fmt_3", "\x02   40180NMIZ  \x03", "net=40180 kg moving zero"),
        ("fmt_3", "\x02        GSO   \x03", "Overload kg stable not-zero"),
        ("fmt_4", "STGR   40180kg", "gross=40180 kg stable"),
        ("fmt_4", "USNT-  40180kg", "net=-40180 kg moving"),
        ("fmt_4", "OLGR        kg", "Overload kg unknown"),
        ("fmt_5", "   40180KG \r\n", "gross=40180 kg stable"),
        ("fmt_5", "   40.18TNM\r\n", "net=40180 t moving"),
        ("fmt_5", "        KGO\r\n", "Overload kg unknown"),
        ("fmt_5", "        KGI\r\n", "DeviceError kg unknown"),
    ] {
        reads(&format!("rinstrum layout={layout}"), line.as_bytes(), expected);
    }
    reads("rinstrum", &bytes("02 20 20 20 34 30 31 38 30 47 03"), "gross=40180 kg stable");
}

#[test]
fn a_declared_line_is_read_by_its_groups() {
    let line = |pattern: &str, line: &str| {
        let found = decode(&dialect(&format!("pattern pattern={pattern}")), line.as_bytes());
        frames(&found).iter().map(told).collect::<Vec<_>>()
    };
    let full = r"(?<status>..),(?<record>\d+),(?<sign>[+-])(?<net>[\d.]+),(?<tare>\d+)(?<unit>kg|oz)(?<zero>Z)?";
    assert_eq!(
        line(full, "ST,000017,+24680.5,15500kg\r\n"),
        ["gross=40180.5 net=24680.5 tare=15500 kg stable not-zero record=000017"]
    );
    assert_eq!(line(full, "OL,000018,+0,0kgZ\r\n"), ["Overload kg unknown zero record=000018"]);
    assert_eq!(line(full, "XX,000018,+1,0kg\r\n"), [""; 0], "a word that isn't known may be a fault");
    assert_eq!(line(full, "ST,000018,+1,0oz\r\n"), ["UnknownUnit stable not-zero record=000018"]);
    let prot_f = r"(?<sign>[\x20-])(?:(?<weight>[0-9.]{6})|(?<moving>IIIIII))";
    assert_eq!(line(prot_f, "\u{2}-00.396\u{3}"), ["gross=-0.396 kg unknown"]);
    assert_eq!(line(prot_f, "\u{2}-IIIIII\u{3}"), ["NoDigits kg moving"]);
    let marks = r"(?<weight>[-\d,]+)(?<stable>\*)?";
    assert_eq!(line(marks, "\u{2}40180*\u{3}"), ["gross=40180 kg stable"]);
    assert_eq!(line(marks, "-12,5\r"), ["gross=-12.5 kg moving"], "a mark of rest that isn't there");
    assert_eq!(line(r"(?:(?<moving>D)|(?<overload>H))?(?<weight>\d*)", "H\r"), ["Overload kg unknown"]);
    assert_eq!(line(r"(?<weight>\d+)", "x40180\r\n40180x\r\n"), [""; 0], "the whole line must fit");
}
