//! One opening of a line after the other, and what is remembered between them.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep_until};

use super::diagnosis::{Diagnosis, LineWatch};
use super::weigh::Weigher;
use super::{ScaleEvent, ScaleSettings, Telling};
use crate::device::line::{self, Line, Sessions, Worked};
use crate::model::{Mono, Timestamp};
use crate::wire::scale::{AskFirst, Decoded, Framer, NoFrame, Poller, framer};

/// How long the line may take to accept a request.
const SEND_WITHIN: Duration = Duration::from_secs(1);
/// Frames on both sides of such a gap don't agree.
const GAP: Duration = Duration::from_secs(2);
/// Bytes that are no frame are reported at most this often.
const GARBLED_EVERY: Duration = Duration::from_secs(1);
/// How often a line that is silent already is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Bytes taken from the line at once.
const READ_BYTES: usize = 1_024;

/// A line with all that outlives one opening.
pub(super) struct Driver<C, S> {
    settings: ScaleSettings,
    clock: C,
    sink: S,
    started: Instant,
    found: bool,
    told_lost: bool,
    line: Option<Diagnosis>,
    skipped: usize,
    skipped_told: Option<Mono>,
}

/// What one opened line remembers.
struct Session {
    line: Box<dyn Line>,
    framer: Box<dyn Framer>,
    poller: Poller,
    weigher: Weigher,
    watch: LineWatch,
    last_frame: Option<Mono>,
}

/// Why a session ends.
enum End {
    /// The line is gone.
    Cut(String),
    /// Open, but without frames.
    Silent,
    /// The indicator isn't the configured one.
    OtherScale(String),
}

impl<C: Fn() -> Timestamp + Send, S: FnMut(ScaleEvent) + Send> Sessions for Driver<C, S> {
    async fn session(&mut self) -> Worked {
        let ScaleSettings { port, baud, line, .. } = &self.settings;
        let line = match line::open(port, *baud, *line).await {
            Ok(line) => line,
            Err(error) => {
                let reason = format!("the port {} can not be opened: {error}", self.settings.port);
                self.lose(reason, Diagnosis::NoPort);
                return Worked::Ill;
            }
        };
        let first = if self.settings.expected.is_any() { AskFirst::Settings } else { AskFirst::Weights };
        let now = self.now();
        let mut session = Session {
            line,
            framer: framer(&self.settings.dialect),
            poller: Poller::new(&self.settings.dialect, first),
            weigher: Weigher::new(self.settings.equal_frames, self.settings.expected),
            watch: LineWatch::new(now, self.settings.silence),
            last_frame: None,
        };
        // A line that was lost for another reason stays what it was until it shows something else.
        if matches!(self.line, None | Some(Diagnosis::NoPort)) {
            self.show(Diagnosis::Listening);
        }
        let end = self.talk(&mut session).await;
        let worked = if session.last_frame.is_some() { Worked::Well } else { Worked::Ill };
        match end {
            End::Cut(why) => self.lose(format!("the line was cut: {why}"), Diagnosis::NoPort),
            // The port is fine: it is opened again soon.
            End::Silent => return Worked::Well,
            End::OtherScale(why) => {
                self.lose(why, Diagnosis::OtherScale);
                return Worked::Ill;
            }
        }
        worked
    }
}

impl<C: Fn() -> Timestamp + Send, S: FnMut(ScaleEvent) + Send> Driver<C, S> {
    pub(super) fn new(settings: ScaleSettings, clock: C, sink: S) -> Self {
        let started = Instant::now();
        Self {
            settings: ScaleSettings { dialect: settings.dialect.clone().addressed(), ..settings },
            clock,
            sink,
            started,
            found: false,
            told_lost: false,
            line: None,
            skipped: 0,
            skipped_told: None,
        }
    }

    fn now(&self) -> Mono {
        Mono::default() + self.started.elapsed()
    }

    async fn talk(&mut self, session: &mut Session) -> End {
        let mut bytes = [0_u8; READ_BYTES];
        loop {
            if let Err(why) = self.ask(session).await {
                return End::Cut(why);
            }
            let wake = self.started + Duration::from_micros(self.wake(session).as_micros());
            let came = tokio::select! {
                came = session.line.read(&mut bytes) => Some(came),
                () = sleep_until(wake) => None,
            };
            match came {
                // A vanished tty reads as nothing, or as an error of the device.
                Some(Ok(0)) => return End::Cut("nothing is at its other end".to_owned()),
                Some(Err(error)) => return End::Cut(error.to_string()),
                Some(Ok(count)) => {
                    if let Err(end) = self.take(session, bytes.get(..count).unwrap_or_default()) {
                        return end;
                    }
                }
                None => {}
            }
            if let Err(end) = self.look(session) {
                return end;
            }
        }
    }

    /// When something has to be done although nothing comes.
    fn wake(&self, session: &Session) -> Mono {
        let now = self.now();
        let look = Some(session.watch.wake()).filter(|wake| *wake > now).unwrap_or(now + LOOK_EVERY);
        session.poller.wake().map_or(look, |ask| ask.min(look))
    }

    async fn ask(&mut self, session: &mut Session) -> Result<(), String> {
        let Some(bytes) = session.poller.due(self.now()) else { return Ok(()) };
        match tokio::time::timeout(SEND_WITHIN, session.line.write_all(&bytes)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(error.to_string()),
            Err(_) => return Err("it takes no bytes".to_owned()),
        }
        if self.settings.telling == Telling::Everything {
            (self.sink)(ScaleEvent::Sent(bytes));
        }
        Ok(())
    }

    fn take(&mut self, session: &mut Session, bytes: &[u8]) -> Result<(), End> {
        let now = self.now();
        if self.settings.telling == Telling::Everything {
            (self.sink)(ScaleEvent::Received(bytes.to_vec()));
        }
        session.watch.heard(now);
        session.framer.push(bytes);
        while let Some(found) = session.framer.next() {
            session.watch.found(now, &found);
            session.poller.took(now, &found);
            if self.settings.telling == Telling::Everything {
                (self.sink)(ScaleEvent::Decoded(found.clone()));
            }
            match found {
                Decoded::Frame(frame) => {
                    let gap = GAP.min(self.settings.silence);
                    if session.last_frame.is_some_and(|last| now.since(last) >= gap) {
                        session.weigher.forget();
                    }
                    session.last_frame = Some(now);
                    self.told_lost = false;
                    self.show(Diagnosis::Streaming);
                    if !std::mem::replace(&mut self.found, true) {
                        (self.sink)(ScaleEvent::Found);
                    }
                    if let Some(event) = session.weigher.take(frame, (self.clock)()) {
                        (self.sink)(event);
                    }
                }
                Decoded::Settings(told) => {
                    if let Some(difference) = self.settings.expected.difference(told) {
                        return Err(End::OtherScale(difference));
                    }
                }
                Decoded::Reply(_) => {}
                Decoded::Skipped { bytes, why } => self.garbled(now, bytes.len(), why),
            }
        }
        Ok(())
    }

    fn garbled(&mut self, now: Mono, bytes: usize, why: NoFrame) {
        self.skipped += bytes;
        if self.skipped_told.is_none_or(|told| now.since(told) >= GARBLED_EVERY) {
            self.skipped_told = Some(now);
            tracing::trace!(port = %self.settings.port, %why, "bytes that are no frame");
            (self.sink)(ScaleEvent::Garbled { skipped_bytes: std::mem::take(&mut self.skipped) });
        }
    }

    /// What the line shows now, and whether the session goes on.
    fn look(&mut self, session: &Session) -> Result<(), End> {
        let now = self.now();
        let diagnosis = session.watch.diagnosis(now);
        match diagnosis {
            Diagnosis::Streaming | Diagnosis::Listening => {}
            Diagnosis::FramesNotRead => {
                let why = session.watch.why_not_read().map_or("", NoFrame::as_str);
                self.lose(format!("{} ({why})", diagnosis.advice()), diagnosis);
            }
            Diagnosis::NoPort | Diagnosis::NoBytes | Diagnosis::BytesNoFrames | Diagnosis::OtherScale => {
                self.lose(diagnosis.advice().to_owned(), diagnosis);
            }
        }
        if session.watch.silent(now) >= self.settings.reopen_after {
            return Err(End::Silent);
        }
        Ok(())
    }

    /// Tells that the scale is lost, once until frames come again; what the line shows is told whenever it changes.
    fn lose(&mut self, reason: String, diagnosis: Diagnosis) {
        self.found = false;
        self.show(diagnosis);
        if !std::mem::replace(&mut self.told_lost, true) {
            (self.sink)(ScaleEvent::Lost { reason, diagnosis });
        }
    }

    fn show(&mut self, diagnosis: Diagnosis) {
        if self.line != Some(diagnosis) {
            self.line = Some(diagnosis);
            (self.sink)(ScaleEvent::Line(diagnosis));
        }
    }
}
