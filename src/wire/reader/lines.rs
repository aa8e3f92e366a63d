//! Lines: what most scanners, kiosks and container readers send. CR, LF or both end a line.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Framer, NoText, READY_MAX, Read, TEXT_MAX_BYTES, text};

/// A line of the longest code takes four seconds at 9,600 bits a second, but never rests that long within.
const PATIENCE: Duration = Duration::from_secs(2);

/// The framer of lines.
#[derive(Debug, Default)]
pub struct Lines {
    line: Vec<u8>,
    /// Bytes of an overlong line, which goes on until its end.
    overlong: usize,
    ready: VecDeque<Read>,
}

impl Lines {
    fn end(&mut self) {
        let line = std::mem::take(&mut self.line);
        let overlong = std::mem::take(&mut self.overlong);
        if overlong > 0 {
            self.tell(Read::Skipped { bytes: overlong, why: NoText::Overlong });
        } else if let Some(read) = text(&line) {
            self.tell(read);
        }
    }

    fn tell(&mut self, read: Read) {
        if self.ready.len() >= READY_MAX {
            self.ready.pop_front();
        }
        self.ready.push_back(read);
    }
}

impl Framer for Lines {
    fn push(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\r' | b'\n' => self.end(),
                _ if self.overlong > 0 => self.overlong += 1,
                byte if self.line.len() < TEXT_MAX_BYTES => self.line.push(*byte),
                _ => {
                    self.overlong = self.line.len() + 1;
                    self.line = Vec::new();
                }
            }
        }
    }

    fn quiet(&mut self) {
        let bytes = self.line.len() + self.overlong;
        self.line.clear();
        self.overlong = 0;
        if bytes > 0 {
            self.tell(Read::Skipped { bytes, why: NoText::CutOff });
        }
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    fn next(&mut self) -> Option<Read> {
        self.ready.pop_front()
    }
}
