//! Noise on the line: any bytes at a rate, and frames with a byte that isn't theirs.

use std::time::{Duration, Instant};

/// 115,200 baud, ten bits a byte.
const BYTES_A_SECOND: u128 = 11_520;
/// No more at once, however long nobody looked.
const BURST_MAX: u128 = 2_048;

/// A seeded source of noise.
#[derive(Debug)]
pub(super) struct Noise {
    state: u64,
    since: Instant,
}

impl Noise {
    pub(super) const fn new(now: Instant) -> Self {
        Self { state: 0x9E37_79B9_7F4A_7C15, since: now }
    }

    /// Xorshift (Marsaglia 2003): plenty for noise.
    fn draw(&mut self) -> u8 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state.to_be_bytes()[0]
    }

    /// What the line carries since it was last asked.
    pub(super) fn bytes(&mut self, now: Instant) -> Vec<u8> {
        let passed: Duration = now.saturating_duration_since(self.since);
        self.since = now;
        let count = (passed.as_micros() * BYTES_A_SECOND / 1_000_000).min(BURST_MAX);
        (0..count).map(|_| self.draw()).collect()
    }

    /// A frame with a few bytes before it, and, two times of three, with a digit in the place of another byte.
    pub(super) fn over(&mut self, mut frame: Vec<u8>) -> Vec<u8> {
        let before: Vec<u8> = (0..self.draw() % 4).map(|_| self.draw()).collect();
        let (at, digit) = (usize::from(self.draw()), b'0' + self.draw() % 10);
        if !self.draw().is_multiple_of(3) && !frame.is_empty() {
            let at = at % frame.len();
            frame[at] = digit;
        }
        [before, frame].concat()
    }
}
