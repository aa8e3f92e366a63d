//! Indicators that are asked: what came over the line, and what goes back.

use super::sics::{self, Asked, When};
use super::{MAX_KG, Range, Shown, Side, Speech, lines, tenso_m, yaohua};

/// Bytes that may wait for the rest of a request; a longer one is none.
const WAITING_MAX: usize = 128;

/// One indicator's end of the conversation.
#[derive(Debug, Clone)]
pub struct Talk {
    speech: Speech,
    came: Vec<u8>,
    streams: bool,
    /// Lines of an answer that are asked for one by one.
    told: usize,
}

/// SMA: what "I" and the "N" behind it tell.
const SMA_INFORMATION: [&str; 4] = ["TYP:S", "CAP:kg :60000:20:0", "CMD:HPTMCR", "END:"];
/// SMA: what "A" and the "B" behind it tell.
const SMA_ABOUT: [&str; 5] = ["SMA:2/1.0", "MFG:simulated", "MOD:bridge", "REV:1.0", "END:"];

impl Talk {
    /// An indicator that was just switched on.
    #[must_use]
    pub const fn new(speech: Speech) -> Self {
        Self { speech, came: Vec::new(), streams: speech.streams(), told: 0 }
    }

    /// Whether a frame goes out again and again.
    #[must_use]
    pub const fn streams(&self) -> bool {
        self.streams
    }

    /// Takes bytes, gives what is answered.
    pub fn take(&mut self, bytes: &[u8], shown: Shown) -> Vec<u8> {
        if self.speech.streams() {
            return Vec::new();
        }
        self.came.extend_from_slice(bytes);
        let mut answers = Vec::new();
        while let Some(answer) = self.next(shown) {
            answers.extend(answer);
        }
        if self.came.len() > WAITING_MAX {
            self.came.clear();
        }
        answers
    }

    fn next(&mut self, shown: Shown) -> Option<Vec<u8>> {
        match self.speech {
            Speech::Xk3190Command => {
                yaohua::request(&mut self.came).map(|(address, command)| match (address, command) {
                    (b'A', b'A') => yaohua::handshake(b'A'),
                    (b'A', b'B' | b'D') => yaohua::reply(b'A', command, shown),
                    (b'A', b'C') => yaohua::reply(b'A', b'C', Shown { digits: tare(shown), ..shown }),
                    _another_or_unknown => Vec::new(),
                })
            }
            Speech::TensoM => tenso_m::answer(&mut self.came, shown),
            Speech::MtSics => self.line(b'\n').map(|line| self.mt_sics(line.trim_end(), shown)),
            Speech::Sma => self.line(b'\r').map(|line| self.sma(&line, shown)),
            Speech::Xk3190
            | Speech::SevenDigitsTenths
            | Speech::EqualsReversed
            | Speech::Equals
            | Speech::EqualsPrice
            | Speech::A12
            | Speech::Toledo
            | Speech::ToledoSum
            | Speech::ToledoShort
            | Speech::StGs
            | Speech::Cas
            | Speech::Rinstrum(_) => None,
        }
    }

    /// The next line without its end.
    fn line(&mut self, end: u8) -> Option<String> {
        let at = self.came.iter().position(|byte| *byte == end)?;
        let line: Vec<u8> = self.came.drain(..=at).collect();
        Some(String::from_utf8_lossy(&line[..at]).into_owned())
    }

    fn mt_sics(&mut self, command: &str, shown: Shown) -> Vec<u8> {
        if command == "@" {
            self.streams = false;
        }
        match sics::asked(command.as_bytes(), shown, MAX_KG, "SIM-0001") {
            Asked::Nothing => Vec::new(),
            // The load of this bridge rests, or the answer says that it doesn't.
            Asked::Weight(when) => {
                self.streams = when == When::Again;
                lines::mt_sics(shown)
            }
            Asked::Reply(words) => words.into_bytes(),
        }
    }

    fn sma(&mut self, line: &str, shown: Shown) -> Vec<u8> {
        let command = line.rsplit('\n').next().unwrap_or_default();
        let next = self.told.saturating_add(1);
        let mut from = |list: &[&str], told: usize| {
            self.told = told;
            list.get(self.told).map_or("?", |text| text).to_owned()
        };
        let text = match command {
            "W" | "P" => return lines::sma(shown),
            "A" => from(&SMA_ABOUT, 0),
            "B" => from(&SMA_ABOUT, next),
            "I" => from(&SMA_INFORMATION, 0),
            "N" => from(&SMA_INFORMATION, next),
            _unknown => "?".to_owned(),
        };
        format!("\n{text}\r").into_bytes()
    }
}

const fn tare(shown: Shown) -> i64 {
    match (shown.side, shown.range) {
        (Side::Net { tare }, _) => tare,
        (Side::Gross, Range::Within | Range::Over) => 0,
    }
}
