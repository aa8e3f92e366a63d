//! One opening of a line after the other.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep_until, timeout};

use super::ear::{Ear, Heard};
use super::{ListenEvent, ListenSettings, Speaks, Telling};
use crate::device::line::{self, Line, Sessions, Worked};
use crate::model::{DocumentScan, Timestamp};

/// The same text within this time of the one that was told is the same scan: a reader may repeat a code that lies
/// before it. It is told once a second, for the vehicle may be another one.
const DUPLICATE_WITHIN: Duration = Duration::from_secs(1);
/// How long the line may take to accept an answer.
const SEND_WITHIN: Duration = Duration::from_secs(1);
/// Without a deadline the line is looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Bytes taken from the line at once.
const READ_BYTES: usize = 1_024;

/// A line with all that outlives one opening.
pub(super) struct Driver<C, S> {
    settings: ListenSettings,
    clock: C,
    sink: S,
    ear: Ear,
    found: bool,
    told_lost: bool,
    last: Option<(String, Instant)>,
}

/// One opened line.
struct Session {
    line: Box<dyn Line>,
    worked: Worked,
    /// When the last sign of the device came, or the line was opened.
    sign: Instant,
    /// When what is unfinished will be given up.
    unfinished: Option<Instant>,
}

impl<C: Fn() -> Timestamp + Send, S: FnMut(ListenEvent) + Send> Sessions for Driver<C, S> {
    async fn session(&mut self) -> Worked {
        let ListenSettings { port, baud, line, .. } = &self.settings;
        let line = match line::open(port, *baud, *line).await {
            Ok(line) => line,
            Err(error) => {
                let reason = format!("the port {port} can not be opened: {error}");
                self.lose(reason);
                return Worked::Ill;
            }
        };
        let mut session = Session { line, worked: Worked::Ill, sign: Instant::now(), unfinished: None };
        match self.settings.speaks {
            Speaks::Document(_) => self.find(),
            // A portal is there when it speaks.
            Speaks::Radiation { .. } => {}
        }
        let why = self.listen(&mut session).await;
        self.ear.interrupt((self.clock)());
        // There is nobody to answer any more.
        drop(self.drain(&mut session));
        self.lose(why);
        session.worked
    }
}

impl<C: Fn() -> Timestamp + Send, S: FnMut(ListenEvent) + Send> Driver<C, S> {
    pub(super) fn new(settings: ListenSettings, clock: C, sink: S) -> Self {
        let ear = Ear::new(settings.speaks);
        Self { settings, clock, sink, ear, found: false, told_lost: false, last: None }
    }

    /// Listens until the line is gone, and says why it is.
    async fn listen(&mut self, session: &mut Session) -> String {
        let mut bytes = [0_u8; READ_BYTES];
        loop {
            let wake = [self.silent_at(session), session.unfinished].into_iter().flatten().min();
            let came = tokio::select! {
                came = session.line.read(&mut bytes) => Some(came),
                () = sleep_until(wake.unwrap_or_else(|| Instant::now() + LOOK_EVERY)) => None,
            };
            let at = (self.clock)();
            match came {
                // A vanished tty reads as nothing, or as an error of the device.
                Some(Ok(0)) => return "the line was cut: nothing is at its other end".to_owned(),
                Some(Err(error)) => return format!("the line was cut: {error}"),
                Some(Ok(count)) => {
                    let came = bytes.get(..count).unwrap_or_default();
                    if self.settings.telling == Telling::Everything {
                        (self.sink)(ListenEvent::Received(came.to_vec()));
                    }
                    self.ear.hear(came, at);
                    session.unfinished = Some(Instant::now() + self.ear.patience());
                }
                None => {}
            }
            if session.unfinished.is_some_and(|end| Instant::now() >= end) {
                session.unfinished = None;
                self.ear.quiet(at);
            }
            let answers = self.drain(session);
            if !answers.is_empty() {
                if let Err(why) = send(session, &answers).await {
                    return why;
                }
                if self.settings.telling == Telling::Everything {
                    (self.sink)(ListenEvent::Sent(answers));
                }
            }
            if self.silent_at(session).is_some_and(|end| Instant::now() >= end) {
                return "nothing comes from it: check power, cable, baud and line".to_owned();
            }
        }
    }

    /// When the device counts as lost unless it speaks.
    fn silent_at(&self, session: &Session) -> Option<Instant> {
        match self.settings.speaks {
            Speaks::Document(_) => None,
            Speaks::Radiation { silence, .. } => Some(session.sign + silence),
        }
    }

    /// Tells what was heard; what is to be sent is returned.
    fn drain(&mut self, session: &mut Session) -> Vec<u8> {
        let mut answers = Vec::new();
        while let Some(heard) = self.ear.next() {
            match heard {
                Heard::Sign => {
                    (session.sign, session.worked) = (Instant::now(), Worked::Well);
                    self.find();
                }
                Heard::Document(reference) => {
                    session.worked = Worked::Well;
                    self.scanned(reference);
                }
                Heard::Radiation(reading, why) => (self.sink)(ListenEvent::Radiation(reading, why)),
                Heard::Answer(bytes) => answers.extend(bytes),
                Heard::Refused(why) => (self.sink)(ListenEvent::Refused(why)),
            }
        }
        answers
    }

    fn scanned(&mut self, reference: String) {
        let now = Instant::now();
        let again = |(last, told): &(String, Instant)| *last == reference && now - *told < DUPLICATE_WITHIN;
        if self.last.as_ref().is_some_and(again) {
            (self.sink)(ListenEvent::Duplicate);
            return;
        }
        self.last = Some((reference.clone(), now));
        (self.sink)(ListenEvent::Document(DocumentScan { reference, at: (self.clock)() }));
    }

    fn find(&mut self) {
        self.told_lost = false;
        if !std::mem::replace(&mut self.found, true) {
            (self.sink)(ListenEvent::Found);
        }
    }

    /// Tells that the device is lost, once until it is there again.
    fn lose(&mut self, reason: String) {
        self.found = false;
        if !std::mem::replace(&mut self.told_lost, true) {
            (self.sink)(ListenEvent::Lost { reason });
        }
    }
}

async fn send(session: &mut Session, bytes: &[u8]) -> Result<(), String> {
    match timeout(SEND_WITHIN, session.line.write_all(bytes)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(format!("the line was cut: {error}")),
        Err(_) => Err("the line takes no bytes".to_owned()),
    }
}
