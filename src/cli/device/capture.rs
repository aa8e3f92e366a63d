//! A capture: bytes with their times, as text that a person can read and cut.
//!
//! ```text
//!  # lane-controller capture 1: /dev/ttyS0 xk3190
//!  0.000000 < 022b303430313830301b03
//!  0.200113 > 0a570d
//! ```
//! Seconds since the first line, `<` what was received or `>` what was sent, hex.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::named;
use crate::wire::scale::hex;

const HEAD: &str = "# lane-controller capture 1";
/// Bytes of one line; a line that is longer is no capture's.
const LINE_MAX_BYTES: u64 = 16 * 1_024;

/// Writes a capture.
pub(super) struct Writer {
    file: BufWriter<File>,
    started: Instant,
}

/// Which way bytes went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Received,
    Sent,
}

impl Writer {
    /// Begins a capture; `what` is for people.
    pub(super) fn create(path: &Path, what: &str) -> io::Result<Self> {
        let mut file = BufWriter::new(File::create(path).map_err(named(path))?);
        writeln!(file, "{HEAD}: {what}")?;
        Ok(Self { file, started: Instant::now() })
    }

    /// Adds bytes that went now.
    pub(super) fn add(&mut self, way: Way, bytes: &[u8]) -> io::Result<()> {
        let at = self.started.elapsed();
        let arrow = match way {
            Way::Received => '<',
            Way::Sent => '>',
        };
        writeln!(self.file, "{}.{:06} {arrow} {}", at.as_secs(), at.subsec_micros(), hex(bytes))?;
        // A technician may pull the plug: what was seen is kept.
        self.file.flush()
    }
}

/// Bytes that came, and when.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Since the capture began; none for plain bytes.
    pub(super) at: Option<Duration>,
    /// The bytes.
    pub(super) bytes: Vec<u8>,
}

/// Reads a capture's received bytes, or plain bytes, piece by piece.
pub(super) struct Reader {
    source: BufReader<Box<dyn Read>>,
    is_capture: bool,
    number: usize,
}

impl Reader {
    /// Looks whether it is a capture.
    pub(super) fn new(source: Box<dyn Read>) -> io::Result<Self> {
        let mut source = BufReader::new(source);
        let is_capture = source.fill_buf()?.starts_with(HEAD.as_bytes());
        Ok(Self { source, is_capture, number: 0 })
    }

    /// The next piece; none at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Piece>> {
        if !self.is_capture {
            let bytes = self.source.fill_buf()?.to_vec();
            self.source.consume(bytes.len());
            return Ok(if bytes.is_empty() { None } else { Some(Piece { at: None, bytes }) });
        }
        loop {
            let mut line = String::new();
            self.number += 1;
            if self.source.by_ref().take(LINE_MAX_BYTES).read_line(&mut line)? == 0 {
                return Ok(None);
            }
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = || {
                let what = format!("line {} of the capture is not `seconds < hex`", self.number);
                io::Error::new(io::ErrorKind::InvalidData, what)
            };
            let (at, way, bytes) = parse(line).ok_or_else(wrong)?;
            if way == Way::Received {
                return Ok(Some(Piece { at: Some(at), bytes }));
            }
        }
    }
}

fn parse(line: &str) -> Option<(Duration, Way, Vec<u8>)> {
    let mut words = line.split_ascii_whitespace();
    let (at, arrow, digits) = (words.next()?, words.next()?, words.next()?);
    let (seconds, micros) = at.split_once('.')?;
    let micros = micros.parse::<u32>().ok().filter(|_| micros.len() == 6)?;
    let at = Duration::from_secs(seconds.parse().ok()?) + Duration::from_micros(micros.into());
    let way = match arrow {
        "<" => Way::Received,
        ">" => Way::Sent,
        _ => return None,
    };
    let nibbles: Option<Vec<_>> = digits.chars().map(|digit| digit.to_digit(16)).collect();
    let nibbles = nibbles.filter(|nibbles| nibbles.len() % 2 == 0 && words.next().is_none())?;
    let bytes = nibbles.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, nibble| byte << 4 | nibble));
    let bytes: Option<Vec<u8>> = bytes.map(|byte| u8::try_from(byte).ok()).collect();
    Some((at, way, bytes?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static str) -> io::Result<Vec<Piece>> {
        let mut reader = Reader::new(Box::new(text.as_bytes()))?;
        let mut pieces = Vec::new();
        while let Some(piece) = reader.next()? {
            pieces.push(piece);
        }
        Ok(pieces)
    }

    #[test]
    fn a_capture_is_read_back_as_it_was_written() {
        let dir = tempfile::TempDir::new().expect("a directory");
        let path = dir.path().join("capture");
        let mut writer = Writer::create(&path, "a test").expect("created");
        writer.add(Way::Sent, b"\nW\r").expect("written");
        writer.add(Way::Received, &[0x02, 0xFF]).expect("written");
        let mut reader = Reader::new(Box::new(File::open(&path).expect("opens"))).expect("a capture");
        let piece = reader.next().expect("reads").expect("a piece");
        assert_eq!(piece.bytes, [0x02, 0xFF]);
        assert!(piece.at.is_some() && reader.next().expect("reads").is_none());
    }

    #[test]
    fn plain_bytes_are_no_capture() {
        let pieces = read("ST,GS,+011.120kg\r\n").expect("reads");
        assert_eq!(pieces, [Piece { at: None, bytes: b"ST,GS,+011.120kg\r\n".to_vec() }]);
    }

    #[test]
    fn a_broken_line_is_named() {
        for line in ["0.1 < 02", "0.000001 < 0", "0.000001 < 0g", "0.000001 = 02", "x.000001 < 02", "0.000001 < 02 03"]
        {
            assert_eq!(parse(line), None, "{line}");
        }
        let error = read("# lane-controller capture 1: x\n\n0.000000 < 02\nnonsense\n").expect_err("broken");
        assert!(error.to_string().contains("line 4"), "{error}");
    }
}
