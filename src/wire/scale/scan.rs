//! Looks for frames in a stream: one place that buffers, bounds and resynchronises for every protocol.
//!
//! ```text
//!  buffer: [ noise … | a frame may begin here … ]
//!            run        Shape::look ─▶ Whole | More | No (one byte joins the run) | NoLine | Filler
//! ```
//!
//! After bytes that are no frame the next byte is looked at, never the next start mark: a false start within a true
//! frame must not cost the true one.

use std::collections::VecDeque;

use super::Framer;
use super::frame::{Decoded, NoFrame};

/// Bytes that are told as one run of noise.
const RUN_MAX_BYTES: usize = 64;
/// Found and not yet taken; who never takes loses the oldest.
const READY_MAX: usize = 4_096;

/// What the bytes at the front are.
#[derive(Debug)]
pub(super) enum Look {
    /// A frame of so many bytes, at least one; the last `end` of them are its line end.
    Whole {
        /// Bytes with the line end.
        length: usize,
        /// Bytes of the line end.
        end: usize,
        /// What they say.
        found: Decoded,
    },
    /// They may become one.
    More,
    /// No frame begins here.
    No(NoFrame),
    /// So many bytes are no frame, and none begins among them.
    NoLine(usize, NoFrame),
    /// So many bytes between frames, told to nobody.
    Filler(usize),
}

impl Look {
    /// A frame without a line end.
    pub(super) const fn whole(length: usize, found: Decoded) -> Self {
        Self::Whole { length, end: 0, found }
    }
}

/// The shape of a protocol's frames.
pub(super) trait Shape: Send {
    /// Bytes of its longest frame: with so many [`Look::More`] is no answer.
    const LONGEST: usize;

    /// Looks at the bytes at the front, at least one and at most [`Shape::LONGEST`].
    fn look(&mut self, bytes: &[u8]) -> Look;
}

/// The scanner.
#[derive(Debug)]
pub(super) struct Scan<S> {
    shape: S,
    buffer: Vec<u8>,
    run: Vec<u8>,
    why: NoFrame,
    ready: VecDeque<Decoded>,
}

impl<S: Shape> Scan<S> {
    pub(super) const fn new(shape: S) -> Self {
        Self { shape, buffer: Vec::new(), run: Vec::new(), why: NoFrame::Noise, ready: VecDeque::new() }
    }

    /// Takes apart what is there; the last frame that may still come is left.
    fn scan(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        let mut rest = buffer.as_slice();
        while let [first, others @ ..] = rest {
            // Never more than the longest frame, so that it doesn't matter in which pieces the bytes came.
            let front = rest.get(..S::LONGEST).unwrap_or(rest);
            match self.shape.look(front) {
                Look::Whole { length, end, mut found } => {
                    let (frame, behind) = rest.split_at_checked(length.max(1)).unwrap_or((rest, &[]));
                    if let Decoded::Frame(told) = &mut found {
                        told.raw = frame.get(..length.saturating_sub(end)).unwrap_or(frame).to_vec();
                    }
                    self.end_run();
                    self.tell(found);
                    rest = behind;
                }
                Look::More if front.len() < S::LONGEST => break,
                Look::More => {
                    self.skip(*first, NoFrame::Overlong);
                    rest = others;
                }
                Look::No(why) => {
                    self.skip(*first, why);
                    rest = others;
                }
                Look::NoLine(length, why) => {
                    let (line, behind) = rest.split_at_checked(length.max(1)).unwrap_or((rest, &[]));
                    line.iter().for_each(|byte| self.skip(*byte, why));
                    rest = behind;
                }
                Look::Filler(length) => {
                    self.end_run();
                    rest = rest.get(length.max(1)..).unwrap_or_default();
                }
            }
        }
        self.buffer = rest.to_vec();
    }

    /// One byte joins the run; a run tells the first thing that is more than noise.
    fn skip(&mut self, byte: u8, why: NoFrame) {
        let whole_frame = matches!(why, NoFrame::BadCheck | NoFrame::Malformed | NoFrame::LayoutSuspect);
        if whole_frame || self.run.len() >= RUN_MAX_BYTES {
            self.end_run();
        }
        if self.why == NoFrame::Noise {
            self.why = why;
        }
        self.run.push(byte);
    }

    fn end_run(&mut self) {
        let why = std::mem::replace(&mut self.why, NoFrame::Noise);
        if !self.run.is_empty() {
            let bytes = std::mem::take(&mut self.run);
            self.tell(Decoded::Skipped { bytes, why });
        }
    }

    fn tell(&mut self, found: Decoded) {
        if self.ready.len() >= READY_MAX {
            self.ready.pop_front();
        }
        self.ready.push_back(found);
    }
}

impl<S: Shape> Framer for Scan<S> {
    fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
        self.scan();
    }

    fn next(&mut self) -> Option<Decoded> {
        self.ready.pop_front()
    }

    fn finish(&mut self) {
        while !self.buffer.is_empty() {
            // A shorter frame may stand within one that never ended.
            let first = self.buffer.remove(0);
            self.skip(first, NoFrame::CutOff);
            self.scan();
        }
        self.end_run();
    }
}

/// The front of a text line.
pub(super) enum Line<'a> {
    /// Ends of lines, so many bytes.
    End(usize),
    /// No end yet.
    More,
    /// The text; its end is one byte.
    Text(&'a [u8]),
}

/// The line at the front: up to CR or LF, whatever their bit 7 (a 7E1 line that was opened as 8N1).
pub(super) fn line(bytes: &[u8]) -> Line<'_> {
    let is_end = |byte: &u8| matches!(byte & 0x7F, b'\r' | b'\n');
    match bytes.iter().position(is_end) {
        None => Line::More,
        Some(0) => Line::End(bytes.iter().take_while(|byte| is_end(byte)).count()),
        Some(length) => Line::Text(bytes.get(..length).unwrap_or_default()),
    }
}
