//! What a line shows: told from the bytes alone, so that a technician knows where to look.

use std::time::Duration;

use crate::model::Mono;
use crate::wire::scale::{Decoded, NoFrame};

/// What a line shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Diagnosis {
    /// The port can't be opened.
    NoPort,
    /// Just opened: too early to tell.
    Listening,
    /// Open, but nothing comes: indicator off, cable, menu.
    NoBytes,
    /// Bytes come, but nothing of a frame's shape: wrong rate, line format or protocol.
    BytesNoFrames,
    /// Frames come, but their check fails or they say what can't be: wrong layout, checksum or address, or noise.
    FramesNotRead,
    /// Frames come, but of an indicator with another Max or division than the configuration names.
    OtherScale,
    /// Frames come and are read.
    Streaming,
}

impl Diagnosis {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::NoPort,
        Self::Listening,
        Self::NoBytes,
        Self::BytesNoFrames,
        Self::FramesNotRead,
        Self::OtherScale,
        Self::Streaming,
    ];

    /// As metrics and the command line name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoPort => "no_port",
            Self::Listening => "listening",
            Self::NoBytes => "no_bytes",
            Self::BytesNoFrames => "bytes_no_frames",
            Self::FramesNotRead => "frames_not_read",
            Self::OtherScale => "other_scale",
            Self::Streaming => "streaming",
        }
    }

    /// What to do, for people.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::NoPort => "the port can not be opened: check its name, its rights and the cable",
            Self::Listening => "just opened",
            Self::NoBytes => "nothing comes from the indicator: check power, cable, menu and that it sends",
            Self::BytesNoFrames => "bytes come, but no frames: check baud, line and protocol",
            Self::FramesNotRead => "frames come, but can not be read: check layout, checksum and address",
            Self::OtherScale => "the indicator is not the configured one: check max_kg and division_kg",
            Self::Streaming => "frames come",
        }
    }
}

/// Keeps when what was last heard.
#[derive(Debug)]
pub struct LineWatch {
    silence: Duration,
    opened: Mono,
    bytes: Option<Mono>,
    shaped: Option<(Mono, NoFrame)>,
    frame: Option<Mono>,
}

impl LineWatch {
    /// A line that was opened at `now`; what was heard longer than `silence` ago doesn't count.
    #[must_use]
    pub const fn new(now: Mono, silence: Duration) -> Self {
        Self { silence, opened: now, bytes: None, shaped: None, frame: None }
    }

    /// Bytes came.
    pub const fn heard(&mut self, now: Mono) {
        self.bytes = Some(now);
    }

    /// The framer found something.
    pub fn found(&mut self, now: Mono, found: &Decoded) {
        match found {
            Decoded::Frame(_) => self.frame = Some(now),
            Decoded::Settings(_) | Decoded::Reply(_) => {}
            Decoded::Skipped { why, .. } if why.is_shaped() => self.shaped = Some((now, *why)),
            Decoded::Skipped { .. } => {}
        }
    }

    /// What the line shows.
    #[must_use]
    pub fn diagnosis(&self, now: Mono) -> Diagnosis {
        let is_recent = |at: Option<Mono>| at.is_some_and(|at| now.since(at) < self.silence);
        if is_recent(self.frame) {
            Diagnosis::Streaming
        } else if now.since(self.opened) < self.silence {
            Diagnosis::Listening
        } else if is_recent(self.shaped.map(|(at, _)| at)) {
            Diagnosis::FramesNotRead
        } else if is_recent(self.bytes) {
            Diagnosis::BytesNoFrames
        } else {
            Diagnosis::NoBytes
        }
    }

    /// Why the last frame wasn't read.
    #[must_use]
    pub fn why_not_read(&self) -> Option<NoFrame> {
        self.shaped.map(|(_, why)| why)
    }

    /// When the diagnosis may change although nothing comes.
    #[must_use]
    pub fn wake(&self) -> Mono {
        self.frame.unwrap_or(self.opened).max(self.opened) + self.silence
    }

    /// How long no frame has come.
    #[must_use]
    pub fn silent(&self, now: Mono) -> Duration {
        now.since(self.frame.unwrap_or(self.opened))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::scale::{Dialect, DialectParts};
    use crate::wire::scale::framer;

    const GOOD: &[u8] = b"\x02+00000001B\x03";

    fn at(seconds: u64) -> Mono {
        Mono::from_micros(seconds * 1_000_000)
    }

    /// Feeds bytes each second and asks in the fourth.
    fn shown(bytes: &[u8]) -> Diagnosis {
        let parts = DialectParts { protocol: "xk3190", ..DialectParts::default() };
        let mut framer = framer(&Dialect::new(&parts).expect("fits"));
        let mut watch = LineWatch::new(at(0), Duration::from_secs(3));
        for second in 0..4 {
            if !bytes.is_empty() {
                watch.heard(at(second));
            }
            framer.push(bytes);
            while let Some(found) = framer.next() {
                watch.found(at(second), &found);
            }
        }
        watch.diagnosis(at(4))
    }

    #[test]
    fn each_trouble_shows_itself() {
        assert_eq!(shown(GOOD), Diagnosis::Streaming);
        assert_eq!(shown(b""), Diagnosis::NoBytes);
        assert_eq!(shown(&[0xF8, 0x80, 0x1E, 0x00].repeat(40)), Diagnosis::BytesNoFrames, "another rate");
        assert_eq!(shown(b"\x02+000000019\x03"), Diagnosis::FramesNotRead, "a wrong check");
        assert_eq!(shown(b"\x02+020480518\x03\x02+020480518\x03"), Diagnosis::FramesNotRead, "another layout");
    }

    #[test]
    fn a_line_that_falls_silent_is_told_after_the_silence_and_not_before() {
        let mut watch = LineWatch::new(at(0), Duration::from_secs(3));
        assert_eq!(watch.diagnosis(at(2)), Diagnosis::Listening);
        watch.heard(at(2));
        let parts = DialectParts { protocol: "xk3190", ..DialectParts::default() };
        let mut framer = framer(&Dialect::new(&parts).expect("fits"));
        framer.push(GOOD);
        watch.found(at(2), &framer.next().expect("a frame"));
        assert_eq!((watch.diagnosis(at(4)), watch.wake()), (Diagnosis::Streaming, at(5)));
        assert_eq!(watch.diagnosis(at(5)), Diagnosis::NoBytes);
    }
}
