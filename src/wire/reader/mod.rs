//! Document and container readers on a serial line: bytes into texts, sans-IO.
//!
//! ```text
//!  bytes ─▶ Framer (lines or SSI) ─▶ Read::Text ─▶ the lane
//!                                 └▶ Read::Answer ─▶ bytes to send back
//! ```
//!
//! What a text means is not asked here: a number is recognised where it is matched. A text is whole or it is none.
//! What stays unfinished while nothing comes is thrown away, so that no half of one code is joined to the next.

mod lines;
mod ssi;

#[cfg(test)]
mod tests;

use std::time::Duration;

pub use lines::Lines;
pub use ssi::{Ssi, command};

use crate::model::reader::ReaderProtocol;

/// Longest text that a reader may read, bytes: the largest QR code holds 2,953, the largest PDF417 1,108.
pub const TEXT_MAX_BYTES: usize = 4 * 1024;
/// Found and not yet taken; who never takes loses the oldest.
const READY_MAX: usize = 1_024;

/// What a framer found next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// What the reader read, without its frame.
    Text(String),
    /// Bytes that the reader is to be sent.
    Answer(Vec<u8>),
    /// So many bytes that are no text.
    Skipped {
        /// How many.
        bytes: usize,
        /// Why.
        why: NoText,
    },
}

/// Why bytes are no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoText {
    /// Longer than [`TEXT_MAX_BYTES`].
    Overlong,
    /// Not UTF-8: another rate, parity or code page.
    NotUtf8,
    /// Nothing came for so long that the rest can't be part of it.
    CutOff,
    /// No frame begins here, or its checksum is wrong.
    BadFrame,
}

impl NoText {
    /// As metrics name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Overlong => "overlong",
            Self::NotUtf8 => "not_utf8",
            Self::CutOff => "cut_off",
            Self::BadFrame => "bad_frame",
        }
    }
}

/// Bytes in, texts out.
pub trait Framer: Send {
    /// Takes bytes as they came.
    fn push(&mut self, bytes: &[u8]);

    /// Nothing came for [`Framer::patience`]: what is unfinished stays so.
    fn quiet(&mut self);

    /// How long the rest of something unfinished may take.
    fn patience(&self) -> Duration;

    /// The next thing found, until there is none.
    fn next(&mut self) -> Option<Read>;
}

/// A fresh framer.
#[must_use]
pub fn framer(protocol: ReaderProtocol) -> Box<dyn Framer> {
    match protocol {
        ReaderProtocol::Lines => Box::new(Lines::default()),
        ReaderProtocol::Ssi => Box::new(Ssi::default()),
    }
}

/// The bytes of one read as a text: `None` when there is nothing in them.
fn text(bytes: &[u8]) -> Option<Read> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Some(Read::Skipped { bytes: bytes.len(), why: NoText::NotUtf8 });
    };
    let text = without_aim(text.trim_matches(is_frame)).trim_matches(is_frame);
    if text.is_empty() { None } else { Some(Read::Text(text.to_owned())) }
}

/// What scanners put around a code: blanks, and STX, ETX and the like where they are set to.
const fn is_frame(c: char) -> bool {
    c.is_ascii_whitespace() || c.is_ascii_control()
}

/// Without the symbology's identifier: `]`, a letter, a modifier (ISO/IEC 15424), as in `]Q3` or `]C1`.
fn without_aim(text: &str) -> &str {
    let Some(rest) = text.strip_prefix(']') else { return text };
    let mut rest = rest.chars();
    let fits = rest.next().is_some_and(|letter| letter.is_ascii_alphabetic())
        && rest.next().is_some_and(|modifier| modifier.is_ascii_alphanumeric());
    if fits { rest.as_str() } else { text }
}
