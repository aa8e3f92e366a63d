//! MT-SICS level 0 and 1: lines of `ID status [value unit]`, ended by CR LF (Mettler Toledo manual 11780711).
//!
//! Both `S` and `SI` are taken as the id of an immediate weight, because indicators differ. Bit 7 is masked, so that a
//! line set to 7E1 is read by a port set to 8N1.

use super::{Decoded, Framer, Mass, Reply, ScaleFrame, Unit};
use crate::model::Stability;

/// Longest line kept; no reply of the level 0 and 1 sets is near it.
const LINE_MAX_BYTES: usize = 128;

/// Commands that ask for a weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Send weights until told otherwise.
    Stream,
    /// Send the weight at once.
    Immediate,
    /// Send the weight when it is stable.
    Stable,
}

impl Ask {
    /// The command's bytes.
    #[must_use]
    pub const fn bytes(self) -> &'static [u8] {
        match self {
            Self::Stream => b"SIR\r\n",
            Self::Immediate => b"SI\r\n",
            Self::Stable => b"S\r\n",
        }
    }
}

/// The framer.
#[derive(Debug, Default)]
pub struct MtSics {
    buffer: Vec<u8>,
    /// Bytes of a line that is too long to be one.
    overlong: bool,
    ready: std::collections::VecDeque<Decoded>,
}

impl Framer for MtSics {
    fn push(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte & 0x7F {
                b'\r' | b'\n' => self.end_line(),
                plain => self.keep(plain),
            }
        }
    }

    fn next(&mut self) -> Option<Decoded> {
        self.ready.pop_front()
    }
}

impl MtSics {
    fn keep(&mut self, byte: u8) {
        self.buffer.push(byte);
        if self.buffer.len() > LINE_MAX_BYTES {
            let bytes = std::mem::take(&mut self.buffer);
            self.skip(bytes, "longer than any line");
            self.overlong = true;
        }
    }

    fn end_line(&mut self) {
        let bytes = std::mem::take(&mut self.buffer);
        if std::mem::take(&mut self.overlong) && bytes.is_empty() {
            return;
        }
        if bytes.iter().all(|byte| *byte == b' ') {
            return;
        }
        // Noise before a line doesn't spoil the line: look for one that ends here, a byte further each time.
        for start in 0..bytes.len() {
            let (noise, line) = bytes.split_at(start);
            if let Some(found) = std::str::from_utf8(line).ok().and_then(|text| decode(text, line)) {
                let noise = noise.to_vec();
                if !noise.is_empty() {
                    self.skip(noise, "not part of a line");
                }
                self.ready.push_back(found);
                return;
            }
        }
        self.skip(bytes, "no reply that MT-SICS knows");
    }

    fn skip(&mut self, bytes: Vec<u8>, why: &'static str) {
        self.ready.push_back(Decoded::Skipped { bytes, why });
    }
}

fn decode(text: &str, line: &[u8]) -> Option<Decoded> {
    let mut words = text.split(' ').filter(|word| !word.is_empty());
    // A reply begins with its id in the first column.
    let id = words.next().filter(|id| text.starts_with(id))?;
    let rest: Vec<_> = words.collect();
    match (id, rest.as_slice()) {
        ("S" | "SI" | "SR" | "SIR", [status @ ("S" | "D"), weight @ ..]) => {
            let stability = if *status == "S" { Stability::Stable } else { Stability::Moving };
            let mass = mass(weight)?;
            Some(Decoded::Frame(ScaleFrame { gross: Some(mass), ..bare(stability, line) }))
        }
        ("S" | "SI" | "SR" | "SIR", ["+"]) => {
            Some(Decoded::Frame(ScaleFrame { overload: true, ..bare(Stability::Unknown, line) }))
        }
        ("S" | "SI" | "SR" | "SIR", ["-"]) => {
            Some(Decoded::Frame(ScaleFrame { underload: true, ..bare(Stability::Unknown, line) }))
        }
        ("S" | "SI" | "SR" | "SIR", ["I"]) => {
            let fault = Some("the indicator can not weigh at this moment");
            Some(Decoded::Frame(ScaleFrame { fault, ..bare(Stability::Unknown, line) }))
        }
        ("S" | "SI" | "SR" | "SIR" | "Z" | "ZI" | "T" | "TI" | "TAC", ["L"]) => Some(Decoded::Reply(Reply::Refused)),
        ("ES" | "ET" | "EL", []) => Some(Decoded::Reply(Reply::Refused)),
        ("Z" | "ZI" | "T" | "TI" | "TA" | "TAC", ["I" | "+" | "-"]) => Some(Decoded::Reply(Reply::Refused)),
        ("Z" | "ZI" | "T" | "TI" | "TA" | "TAC", ["A" | "S" | "D", ..]) => Some(Decoded::Reply(Reply::Accepted)),
        ("I0" | "I1" | "I2" | "I3" | "I4" | "I5", ["A" | "B", ..]) => Some(Decoded::Reply(Reply::Accepted)),
        _ => None,
    }
}

fn bare(stability: Stability, line: &[u8]) -> ScaleFrame {
    let raw = line.to_vec();
    ScaleFrame { gross: None, stability, overload: false, underload: false, fault: None, raw }
}

/// `["27400", "kg"]`, or with a sign that stands apart.
fn mass(words: &[&str]) -> Option<Mass> {
    match words {
        [value, unit] => Mass::parse(value, Unit::from_symbol(unit)?),
        ["-", value, unit] => Mass::parse(&format!("-{value}"), Unit::from_symbol(unit)?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STABLE: &[u8] = b"S S     100.00 g\r\n";

    #[test]
    fn the_manual_s_lines_are_read() {
        let frame = |bytes: &[u8]| match decode_all(bytes).as_slice() {
            [Decoded::Frame(frame)] => frame.clone(),
            other => panic!("{}: {other:?}", String::from_utf8_lossy(bytes)),
        };
        let stable = frame(STABLE);
        assert_eq!(stable.stability, Stability::Stable);
        assert_eq!(stable.gross.expect("a weight").to_kg_text(), "0.1");
        assert_eq!(stable.raw, b"S S     100.00 g");
        let moving = frame(b"S D     129.07 g\r\n");
        assert_eq!((moving.stability, moving.gross.expect("a weight").mantissa), (Stability::Moving, 12_907));
        assert_eq!(frame(b"SI S      27400 kg\r\n").gross.expect("a weight").to_kg_rounded(), 27_400);
        assert_eq!(frame(b"S S        -20 kg\r\n").gross.expect("a weight").to_kg_rounded(), -20);
        assert!(frame(b"S +\r\n").overload);
        assert!(frame(b"S -\r\n").underload);
        assert!(frame(b"S I\r\n").fault.is_some());
        assert_eq!(frame(b"S +\r\n").gross, None);
    }

    #[test]
    fn answers_without_a_weight_are_no_frames() {
        for (line, reply) in [
            ("ES", Reply::Refused),
            ("ET", Reply::Refused),
            ("EL", Reply::Refused),
            ("S L", Reply::Refused),
            ("Z A", Reply::Accepted),
            ("Z I", Reply::Refused),
            ("ZI D", Reply::Accepted),
            ("T S     100.00 g", Reply::Accepted),
            ("I4 A \"0123456789\"", Reply::Accepted),
        ] {
            assert_eq!(decode_all(format!("{line}\r\n").as_bytes()), [Decoded::Reply(reply)], "{line}");
        }
    }

    #[test]
    fn any_line_end_and_a_set_parity_bit_are_read() {
        let parity: Vec<u8> = STABLE.iter().map(|byte| byte | 0x80).collect();
        for bytes in [STABLE, b"S S     100.00 g\n", b"S S     100.00 g\r", &parity] {
            assert_eq!(frames(&decode_all(bytes)), 1);
        }
    }

    #[test]
    fn a_frame_cut_anywhere_is_one_frame() {
        for cut in 0..STABLE.len() {
            let (head, tail) = STABLE.split_at(cut);
            let mut framer = MtSics::default();
            framer.push(head);
            framer.push(tail);
            assert_eq!(frames(&drain(&mut framer)), 1, "cut at {cut}");
        }
        let mut framer = MtSics::default();
        STABLE.iter().for_each(|byte| framer.push(&[*byte]));
        assert_eq!(frames(&drain(&mut framer)), 1);
    }

    #[test]
    fn noise_is_skipped_and_the_next_frame_found() {
        let long = vec![0xFF; 10_000];
        let stx = vec![0x02; 10_000];
        for noise in [&b"S S  12x.00 g\r\n"[..], b"\xFF\xFE\x02", b"S D  1", b"print me\r\n", &long, &stx] {
            let mut bytes = noise.to_vec();
            if noise.len() > 1_000 {
                bytes.extend_from_slice(b"\r\n");
            }
            bytes.extend_from_slice(STABLE);
            let found = decode_all(&bytes);
            assert_eq!(frames(&found), 1, "{:?}", &noise[..noise.len().min(10)]);
            assert!(found.iter().any(|one| matches!(one, Decoded::Skipped { .. })));
        }
    }

    #[test]
    fn the_buffer_is_bounded() {
        let mut framer = MtSics::default();
        for _ in 0..1_000 {
            framer.push(&[b'x'; 100]);
            drain(&mut framer);
            assert!(framer.buffer.len() <= LINE_MAX_BYTES);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived_and_the_next_line_is_read(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut framer = MtSics::default();
            framer.push(&bytes);
            framer.push(b"\r\n");
            drain(&mut framer);
            framer.push(STABLE);
            prop_assert_eq!(frames(&drain(&mut framer)), 1);
        }

        #[test]
        fn what_is_printed_is_read(kg in -99_999_i64..999_999, stable: bool) {
            let status = if stable { 'S' } else { 'D' };
            let found = decode_all(format!("S {status} {kg:>10} kg\r\n").as_bytes());
            match found.as_slice() {
                [Decoded::Frame(frame)] => prop_assert_eq!(frame.gross.expect("a weight").to_kg_rounded(), kg),
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }

    fn decode_all(bytes: &[u8]) -> Vec<Decoded> {
        let mut framer = MtSics::default();
        framer.push(bytes);
        drain(&mut framer)
    }

    fn drain(framer: &mut MtSics) -> Vec<Decoded> {
        std::iter::from_fn(|| framer.next()).collect()
    }

    fn frames(found: &[Decoded]) -> usize {
        found.iter().filter(|one| matches!(one, Decoded::Frame(_))).count()
    }
}
