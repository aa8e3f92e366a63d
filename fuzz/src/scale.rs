//! Bytes of a scale's line: whatever comes, the framer neither panics nor keeps more than a frame, it finds the same
//! frames in whatever pieces the bytes come, and it tells no frame that its check denies.

use std::sync::OnceLock;
use std::time::Duration;

use lane_controller::model::Mono;
use lane_controller::model::scale::{Checksum, Dialect, DialectParts, Protocol, Xk3190Layout};
use lane_controller::wire::scale::{AskFirst, Consensus, Decoded, Framer, Poller, ScaleFrame, framer};

/// One process runs one target.
static DIALECTS: OnceLock<Vec<Dialect>> = OnceLock::new();

/// Runs one input.
pub fn check(speeches: &[&str], data: &[u8]) {
    let dialects = DIALECTS.get_or_init(|| speeches.iter().map(|speech| dialect(speech)).collect());
    let [chooser, size, bytes @ ..] = data else { return };
    let Some(dialect) = dialects.get(usize::from(*chooser) % dialects.len()) else { return };
    let whole = decode(dialect, bytes, bytes.len().max(1));
    let pieces = decode(dialect, bytes, usize::from(*size % 32) + 1);
    assert_eq!(whole, pieces, "the same bytes in other pieces");
    let told: usize = whole.iter().map(length).sum();
    assert!(told <= bytes.len(), "{told} bytes are told of {}", bytes.len());
    follow(dialect, whole);
}

fn decode(dialect: &Dialect, bytes: &[u8], size: usize) -> Vec<Decoded> {
    let mut framer = framer(dialect);
    let mut found = Vec::new();
    for piece in bytes.chunks(size) {
        framer.push(piece);
        drain(framer.as_mut(), &mut found);
    }
    framer.finish();
    drain(framer.as_mut(), &mut found);
    found
}

fn drain(framer: &mut dyn Framer, found: &mut Vec<Decoded>) {
    found.extend(std::iter::from_fn(|| framer.next()));
}

fn length(found: &Decoded) -> usize {
    match found {
        Decoded::Frame(frame) => frame.raw.len(),
        Decoded::Skipped { bytes, .. } => bytes.len(),
        Decoded::Reply(_) | Decoded::Settings(_) => 0,
    }
}

/// What is found goes the way that it goes in the driver.
fn follow(dialect: &Dialect, found: Vec<Decoded>) {
    let mut poller = Poller::new(dialect, AskFirst::Settings);
    let mut consensus = Consensus::new(dialect.equal_frames(), 20);
    let mut now = Mono::default();
    for one in found {
        now = now + Duration::from_millis(37);
        let asked = poller.due(now);
        assert!(asked.is_none_or(|asked| !asked.is_empty()));
        poller.took(now, &one);
        let Decoded::Frame(frame) = one else { continue };
        assert!(!denied(dialect, &frame), "{:02x?}", frame.raw);
        if let Ok(gross) = frame.gross() {
            assert!(gross.to_kg_text().len() < 40 && gross.decimals <= 8);
            assert!(gross.to_division(20) % 20 == 0 || gross.to_division(20).abs() > i64::MAX / 2);
            consensus.take(gross, frame);
        }
    }
}

/// Whether the frame's own check says that it is none: computed here, not asked of the decoder.
fn denied(dialect: &Dialect, frame: &ScaleFrame) -> bool {
    let raw = frame.raw.as_slice();
    match dialect {
        Dialect::ToledoContinuous { checksum: Checksum::On, .. } => {
            raw.iter().map(|byte| u32::from(byte & 0x7F)).sum::<u32>() % 128 != 0
        }
        Dialect::Xk3190 { layout: Xk3190Layout::Manual | Xk3190Layout::SevenDigitsTenths, .. } => {
            !xor_holds(raw, 1, raw.len() - 3)
        }
        Dialect::Xk3190 { layout: Xk3190Layout::A12, checksum: Checksum::On, .. } => !xor_holds(raw, 0, 11),
        Dialect::Xk3190Command { .. } => !xor_holds(raw, 1, raw.len() - 3),
        Dialect::TensoM { checksum: Checksum::On, .. } => {
            let inner = &raw[1..raw.len() - 2];
            let mut remainder = 0_u8;
            let mut bytes = inner.iter();
            while let Some(byte) = bytes.next() {
                remainder ^= byte;
                for _ in 0..8 {
                    remainder = (remainder << 1) ^ if remainder & 0x80 == 0 { 0 } else { 0x69 };
                }
                if *byte == 0xFF {
                    assert_eq!(bytes.next(), Some(&0xFE), "stuffing");
                }
            }
            remainder != 0
        }
        Dialect::Xk3190 { .. }
        | Dialect::ToledoContinuous { .. }
        | Dialect::TensoM { .. }
        | Dialect::MtSics
        | Dialect::StGs { .. }
        | Dialect::Sma
        | Dialect::Rinstrum { .. }
        | Dialect::Pattern { .. } => false,
    }
}

/// Whether two hex characters at `to` are the exclusive or of `from` to `to`.
fn xor_holds(raw: &[u8], from: usize, to: usize) -> bool {
    let sum = raw[from..to].iter().fold(0, |sum, byte| sum ^ (byte & 0x7F));
    let nibble = |at: usize| match raw[at] & 0x7F {
        letter @ (b'A'..=b'F' | b'a'..=b'f') => (letter & 0x0F) + 9,
        other => other - b'0',
    };
    nibble(to) << 4 | nibble(to + 1) == sum
}

/// A dialect by `protocol key=value …`.
#[must_use]
pub fn dialect(text: &str) -> Dialect {
    let mut words = text.split(' ');
    let mut parts = DialectParts { protocol: words.next().unwrap_or_default(), ..DialectParts::default() };
    for word in words {
        match word.split_once('=').expect("key=value") {
            ("layout", value) => parts.layout = Some(value),
            ("checksum", value) => parts.checksum = Some(value),
            ("address", value) => parts.address = Some(value),
            ("pattern", value) => parts.pattern = Some(value),
            ("request", value) => parts.request = Some(value),
            (other, _) => panic!("{other}"),
        }
    }
    let dialect = Dialect::new(&parts).expect("fits");
    assert!(Protocol::ALL.contains(&dialect.protocol()));
    dialect
}
