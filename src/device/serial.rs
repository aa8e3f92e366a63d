//! A weighbridge on a serial line: opened by its path, asked, read, and opened again whenever it is gone.
//!
//! Indicators differ in what they answer to: the driver asks for a stream, then for single weights, then for stable
//! ones, and goes round while the line is silent. Frames that come unasked are always taken.

use std::path::PathBuf;
use std::time::Duration;

use bytes::BytesMut;
use futures_util::StreamExt;
use tokio::io::{AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_serial::{SerialPortBuilderExt, SerialStream};
use tokio_util::codec::{Decoder, FramedRead};

use crate::model::{Stability, Timestamp, WeighMethod, WeightReading};
use crate::wire::scale::mt_sics::Ask;
use crate::wire::scale::{Decoded, Framer, Protocol, Reply, ScaleFrame};

/// How long the line may be silent before the next way of asking is tried.
const TRY_NEXT_ASK: Duration = Duration::from_secs(1);
/// How often single weights are asked for.
const POLL: Duration = Duration::from_millis(200);
/// Silence after which the scale counts as lost.
const SILENCE: Duration = Duration::from_secs(3);
/// First and longest pause before the port is opened again.
const PAUSE_FIRST: Duration = Duration::from_millis(200);
const PAUSE_LONGEST: Duration = Duration::from_secs(5);
/// Bytes that are no frame are reported at most this often.
const GARBLED_EVERY: Duration = Duration::from_secs(1);

/// One serial line.
#[derive(Debug, Clone)]
pub struct ScaleSettings {
    /// Path of the port; a link (by-id) is followed at each opening.
    pub port: PathBuf,
    /// Bits a second.
    pub baud: u32,
    /// What the indicator speaks.
    pub protocol: Protocol,
    /// Silence after which the scale counts as lost.
    pub silence: Duration,
}

impl ScaleSettings {
    /// A line with the usual silence of 3 s.
    #[must_use]
    pub const fn new(port: PathBuf, baud: u32, protocol: Protocol) -> Self {
        Self { port, baud, protocol, silence: SILENCE }
    }
}

/// What the line shows when there is no weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Diagnosis {
    /// The port can't be opened.
    NoPort,
    /// Open, but nothing comes: indicator off, cable, menu.
    NoBytes,
    /// Bytes come, but no frames: wrong rate or protocol.
    BytesNoFrames,
}

/// What the driver reports.
#[derive(Debug, Clone, PartialEq)]
pub enum ScaleEvent {
    /// Frames come.
    Found,
    /// A weight.
    Reading(WeightReading),
    /// The indicator answers, but has no weight.
    Unusable {
        /// Why.
        why: &'static str,
    },
    /// No frames any more.
    Lost {
        /// For people.
        reason: String,
        /// For metrics.
        diagnosis: Diagnosis,
    },
    /// Bytes that are no frame; at most once a second.
    Garbled {
        /// How many.
        skipped_bytes: usize,
    },
}

/// The framer as a codec.
struct ScaleCodec {
    framer: Box<dyn Framer>,
    /// Bytes came since this was last looked at.
    heard: bool,
}

impl Decoder for ScaleCodec {
    type Item = Decoded;
    type Error = std::io::Error;

    fn decode(&mut self, source: &mut BytesMut) -> Result<Option<Decoded>, std::io::Error> {
        if !source.is_empty() {
            self.heard = true;
            self.framer.push(source);
            source.clear();
        }
        Ok(self.framer.next())
    }
}

/// Drives a line until told to stop. `sink` must not block.
pub async fn run(
    settings: ScaleSettings,
    clock: impl Fn() -> Timestamp + Send,
    sink: impl FnMut(ScaleEvent) + Send,
    mut stop: oneshot::Receiver<()>,
) {
    let mut driver = Driver { settings, clock, sink, found: false, told_lost: false, skipped: 0, skipped_told: None };
    let mut pause = PAUSE_FIRST;
    loop {
        let session = driver.session();
        let worked = tokio::select! {
            worked = session => worked,
            _ = &mut stop => return,
        };
        if worked {
            pause = PAUSE_FIRST;
        }
        tokio::select! {
            () = sleep(pause) => {}
            _ = &mut stop => return,
        }
        pause = (pause * 2).min(PAUSE_LONGEST);
    }
}

/// Opens a port; a pseudo-terminal refuses some of what a real line takes, and is read all the same.
fn open(settings: &ScaleSettings) -> Result<SerialStream, tokio_serial::Error> {
    let port = std::fs::canonicalize(&settings.port).unwrap_or_else(|_| settings.port.clone());
    let builder = tokio_serial::new(port.to_string_lossy(), settings.baud);
    let mut stream = builder.open_native_async()?;
    // Keeps a second program off the line; a pseudo-terminal has none.
    stream.set_exclusive(true).ok();
    Ok(stream)
}

/// The ways of asking, in the order in which they are tried.
const fn next_ask(ask: Ask) -> Ask {
    match ask {
        Ask::Stream => Ask::Immediate,
        Ask::Immediate => Ask::Stable,
        Ask::Stable => Ask::Stream,
    }
}

struct Driver<C, S> {
    settings: ScaleSettings,
    clock: C,
    sink: S,
    found: bool,
    told_lost: bool,
    skipped: usize,
    skipped_told: Option<Instant>,
}

/// What one opened port remembers.
struct Session {
    read: FramedRead<ReadHalf<SerialStream>, ScaleCodec>,
    write: WriteHalf<SerialStream>,
    ask: Ask,
    asked: Instant,
    last_frame: Instant,
    heard: bool,
}

impl<C: Fn() -> Timestamp + Send, S: FnMut(ScaleEvent) + Send> Driver<C, S> {
    /// One opening of the port; whether frames came.
    async fn session(&mut self) -> bool {
        let stream = match open(&self.settings) {
            Ok(stream) => stream,
            Err(error) => {
                let port = self.settings.port.display();
                self.lose(format!("the port {port} can not be opened: {error}"), Diagnosis::NoPort);
                return false;
            }
        };
        let (read, write) = tokio::io::split(stream);
        let codec = ScaleCodec { framer: self.settings.protocol.framer(), heard: false };
        let now = Instant::now();
        let read = FramedRead::new(read, codec);
        let mut session = Session { read, write, ask: Ask::Stream, asked: now, last_frame: now, heard: false };
        let mut worked = false;
        if !session.send(Ask::Stream).await {
            self.lose("the port takes no bytes".into(), Diagnosis::NoPort);
            return false;
        }
        loop {
            let wake = session.wake(self.settings.silence);
            tokio::select! {
                next = session.read.next() => match next {
                    Some(Ok(decoded)) => worked |= self.decoded(&mut session, decoded),
                    Some(Err(error)) => {
                        self.lose(format!("the line was cut: {error}"), Diagnosis::NoPort);
                        return worked;
                    }
                    None => {
                        self.lose("the line was cut".into(), Diagnosis::NoPort);
                        return worked;
                    }
                },
                () = sleep_until(wake) => {
                    if !self.quiet(&mut session).await {
                        self.lose("the line was cut".into(), Diagnosis::NoPort);
                        return worked;
                    }
                }
            }
        }
    }

    /// Takes what the framer found; whether it was a frame.
    fn decoded(&mut self, session: &mut Session, decoded: Decoded) -> bool {
        match decoded {
            Decoded::Frame(frame) => {
                session.last_frame = Instant::now();
                session.heard = false;
                session.read.decoder_mut().heard = false;
                self.told_lost = false;
                if !std::mem::replace(&mut self.found, true) {
                    (self.sink)(ScaleEvent::Found);
                }
                let at = (self.clock)();
                (self.sink)(reading(&frame, at));
                true
            }
            Decoded::Reply(Reply::Refused) => {
                session.heard = true;
                // What it refuses is asked differently at once.
                session.ask = next_ask(session.ask);
                session.asked = Instant::now() - POLL;
                false
            }
            Decoded::Reply(Reply::Accepted) => false,
            Decoded::Skipped { bytes, .. } => {
                session.heard = true;
                self.garbled(bytes.len());
                false
            }
        }
    }

    fn garbled(&mut self, bytes: usize) {
        self.skipped += bytes;
        let now = Instant::now();
        if self.skipped_told.is_none_or(|told| now - told >= GARBLED_EVERY) {
            self.skipped_told = Some(now);
            (self.sink)(ScaleEvent::Garbled { skipped_bytes: std::mem::take(&mut self.skipped) });
        }
    }

    /// Nothing came for a while: ask, ask otherwise, or say that the scale is lost. Whether the line takes bytes.
    async fn quiet(&mut self, session: &mut Session) -> bool {
        let now = Instant::now();
        let silent = now - session.last_frame;
        session.heard |= std::mem::take(&mut session.read.decoder_mut().heard);
        if silent >= self.settings.silence {
            let (reason, diagnosis) = if session.heard {
                ("bytes come, but no frames: check rate and protocol", Diagnosis::BytesNoFrames)
            } else {
                ("nothing comes from the indicator: check power, cable and menu", Diagnosis::NoBytes)
            };
            self.lose(reason.to_owned(), diagnosis);
        }
        let due = match session.ask {
            Ask::Stream => TRY_NEXT_ASK,
            Ask::Immediate | Ask::Stable => POLL,
        };
        if now - session.asked < due {
            return true;
        }
        let answered = silent < TRY_NEXT_ASK;
        if session.ask == Ask::Stream && answered {
            session.asked = now;
            return true;
        }
        let overdue = silent.as_millis() / TRY_NEXT_ASK.as_millis() % 2 == 1;
        if !answered && (session.ask == Ask::Stream || overdue) {
            session.ask = next_ask(session.ask);
        }
        session.send(session.ask).await
    }

    fn lose(&mut self, reason: String, diagnosis: Diagnosis) {
        self.found = false;
        if !std::mem::replace(&mut self.told_lost, true) {
            (self.sink)(ScaleEvent::Lost { reason, diagnosis });
        }
    }
}

impl Session {
    /// When something has to be done although nothing comes.
    fn wake(&self, silence: Duration) -> Instant {
        let ask = match self.ask {
            Ask::Stream => self.asked + TRY_NEXT_ASK,
            Ask::Immediate | Ask::Stable => self.asked + POLL,
        };
        ask.min((self.last_frame + silence).max(Instant::now() + POLL))
    }

    async fn send(&mut self, ask: Ask) -> bool {
        self.asked = Instant::now();
        let sent = tokio::time::timeout(TRY_NEXT_ASK, self.write.write_all(ask.bytes())).await;
        matches!(sent, Ok(Ok(())))
    }
}

/// A frame as the lane takes it.
fn reading(frame: &ScaleFrame, at: Timestamp) -> ScaleEvent {
    if frame.overload {
        return ScaleEvent::Unusable { why: "overload" };
    }
    if frame.underload {
        return ScaleEvent::Unusable { why: "underload" };
    }
    match frame.gross {
        Some(gross) => ScaleEvent::Reading(WeightReading {
            gross_kg: gross.to_kg_rounded(),
            stability: frame.stability,
            method: WeighMethod::Static,
            axles_kg: None,
            raw: Some(hex(&frame.raw)),
            at,
        }),
        None => ScaleEvent::Unusable { why: frame.fault.unwrap_or("no weight") },
    }
}

/// Lower-case hex of bytes.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Stability as the contract prints it.
#[must_use]
pub const fn stability_name(stability: Stability) -> &'static str {
    match stability {
        Stability::Stable => "stable",
        Stability::Moving => "moving",
        Stability::Unknown => "unknown",
    }
}
