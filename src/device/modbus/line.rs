//! The task that owns a line: opens it, asks the boards in turn, and opens it again whenever it is gone.

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use super::handle::{LineHandle, Waiting};
use super::transport::{Came, Transport};
use super::{Exchange, LineEvent};
use crate::config::relay::{LineWay, RelayLine};
use crate::model::{Mono, Now};
use crate::wire::relay::{Answer, Failure, Next, Relay, Request};

/// First and longest pause before a line is opened again.
const PAUSE_FIRST: Duration = Duration::from_millis(200);
const PAUSE_LONGEST: Duration = Duration::from_secs(5);
/// A board behind a socket that was given up may need a moment before it takes the next one …
const AGAIN_WITHIN: Duration = Duration::from_millis(700);
/// … and is tried this often until then.
const AGAIN_PAUSE: Duration = Duration::from_millis(100);
/// A line on which no board answers for so long is opened anew: an adapter may hang.
const DEAF_AFTER: Duration = Duration::from_secs(5);
/// How long a task that is told to stop may take to let contacts go.
const LET_GO_WITHIN: Duration = Duration::from_secs(2);
/// Nothing to do: commands and reports wake the task.
const IDLE: Duration = Duration::from_secs(1);

/// One line and where relative ports lie.
#[derive(Debug, Clone)]
pub struct LineSettings {
    /// The line with its boards.
    pub line: RelayLine,
    /// Relative ports lie here.
    pub directory: PathBuf,
}

/// Drives a line until told to stop. `sink` must not block.
pub async fn run(
    settings: LineSettings,
    handle: LineHandle,
    clock: impl Fn() -> Now + Send,
    sink: impl FnMut(LineEvent) + Send,
    stop: oneshot::Receiver<()>,
) {
    let driving = handle.begin();
    let LineSettings { line, directory } = settings;
    let units = line.units.into_iter().map(Relay::new).collect();
    let mut driver = Driver {
        way: line.way,
        directory,
        units,
        turn: 0,
        handle,
        clock,
        sink,
        told: None,
        open: false,
        given_up: None,
    };
    driver.run(stop).await;
    drop(driving);
}

/// Why a session on an opened line ended.
enum Ended {
    /// It was told to stop, and nothing is left to do.
    Stopped,
    /// The line is gone.
    Cut(String),
    /// We gave it up: a pulse is unanswered.
    GivenUp,
}

struct Driver<C, S> {
    way: LineWay,
    directory: PathBuf,
    units: Vec<Relay>,
    /// Whose turn it is.
    turn: usize,
    handle: LineHandle,
    clock: C,
    sink: S,
    /// The reason for which the line is away, as it was told.
    told: Option<String>,
    /// Somebody answered on it.
    open: bool,
    /// Since when it is given up by ourselves: the boards are proved again, and nothing they did is forgotten.
    given_up: Option<Instant>,
}

/// Resolves when the task shall stop.
struct Stop {
    receiver: oneshot::Receiver<()>,
    asked: Option<Instant>,
}

impl Stop {
    /// Whether to stop; the instant of the first time is kept.
    fn is_asked(&mut self, waiting: &Waiting) -> bool {
        let dropped = !matches!(self.receiver.try_recv(), Err(oneshot::error::TryRecvError::Empty));
        if waiting.stop || dropped {
            self.asked.get_or_insert_with(Instant::now);
        }
        self.asked.is_some()
    }

    fn is_over(&self) -> bool {
        self.asked.is_some_and(|asked| asked.elapsed() >= LET_GO_WITHIN)
    }
}

impl<C: Fn() -> Now + Send, S: FnMut(LineEvent) + Send> Driver<C, S> {
    async fn run(&mut self, receiver: oneshot::Receiver<()>) {
        let mut stop = Stop { receiver, asked: None };
        let mut pause = PAUSE_FIRST;
        loop {
            let ended = match self.open(&mut stop).await {
                Some(Ok(mut transport)) => {
                    self.opened();
                    let ended = self.session(&mut transport, &mut stop, &mut pause).await;
                    transport.abort();
                    ended
                }
                Some(Err(reason)) => Ended::Cut(reason),
                None => Ended::Stopped,
            };
            let reason = match ended {
                Ended::Stopped => return,
                Ended::GivenUp => {
                    self.given_up = Some(Instant::now());
                    continue;
                }
                Ended::Cut(reason) => reason,
            };
            if self.given_up.is_some_and(|since| since.elapsed() < AGAIN_WITHIN) {
                if self.pause(AGAIN_PAUSE, &mut stop).await {
                    return;
                }
                continue;
            }
            self.cut(&reason);
            if self.pause(pause, &mut stop).await {
                return;
            }
            pause = (pause * 2).min(PAUSE_LONGEST);
        }
    }

    /// Opens the line; `None` when it is told to stop meanwhile.
    async fn open(&mut self, stop: &mut Stop) -> Option<Result<Transport, String>> {
        let (way, directory) = (self.way.clone(), self.directory.clone());
        let opening = Transport::open(&way, &directory);
        tokio::pin!(opening);
        loop {
            if self.take(stop) && self.may_end(stop) {
                return None;
            }
            tokio::select! {
                opened = &mut opening => return Some(opened),
                () = self.handle.news() => {}
                _ = &mut stop.receiver, if stop.asked.is_none() => {}
            }
        }
    }

    fn opened(&mut self) {
        for unit in &mut self.units {
            if self.given_up.is_some() {
                unit.restart();
            } else {
                unit.begin();
            }
        }
    }

    fn cut(&mut self, reason: &str) {
        let now = (self.clock)();
        for unit in &mut self.units {
            unit.lost(now, reason);
        }
        self.drain();
        self.open = false;
        self.given_up = None;
        if self.told.as_deref() != Some(reason) {
            self.told = Some(reason.to_owned());
            (self.sink)(LineEvent::Cut { reason: reason.to_owned() });
        }
    }

    /// Waits before the next opening; whether to stop. Commands are refused meanwhile, not kept.
    async fn pause(&mut self, pause: Duration, stop: &mut Stop) -> bool {
        let end = Instant::now() + pause;
        while Instant::now() < end {
            if self.take(stop) {
                return true;
            }
            tokio::select! {
                () = tokio::time::sleep_until(end) => {}
                () = self.handle.news() => {}
                _ = &mut stop.receiver, if stop.asked.is_none() => return true,
            }
        }
        false
    }

    /// Takes what waits for the line; whether to stop.
    fn take(&mut self, stop: &mut Stop) -> bool {
        let mut waiting = self.handle.take();
        #[cfg(test)]
        assert!(!waiting.dies, "the test said so");
        let now = (self.clock)();
        for (lane, place, command) in std::mem::take(&mut waiting.commands) {
            // Each board knows its own arms; a command is for one of them.
            if let Some(unit) = self.units.iter_mut().find(|unit| unit.moves(&lane, place)) {
                unit.command(now, &lane, place, command);
            }
        }
        if waiting.report {
            for unit in &mut self.units {
                unit.report(now);
            }
        }
        self.drain();
        stop.is_asked(&waiting)
    }

    /// Nothing is left to do, or it takes too long.
    fn may_end(&self, stop: &Stop) -> bool {
        stop.is_over() || self.units.iter().all(Relay::is_settled)
    }

    fn drain(&mut self) {
        for unit in &mut self.units {
            while let Some(event) = unit.poll_event() {
                (self.sink)(LineEvent::Board(event));
            }
        }
    }

    async fn session(&mut self, line: &mut Transport, stop: &mut Stop, pause: &mut Duration) -> Ended {
        let mut heard = Instant::now();
        loop {
            if self.take(stop) && self.may_end(stop) {
                return Ended::Stopped;
            }
            let turn = self.next_request();
            // A command may have been refused on the way.
            self.drain();
            let (index, request) = match turn {
                Turn::Ask(index, request) => (index, request),
                Turn::Rest(rest) => {
                    self.rest(rest, stop).await;
                    continue;
                }
            };
            let is_pulse = request.is_pulse();
            let came = line.exchange(request).await;
            let (exchange, cut) = self.exchanged(index, came, line.take_skipped());
            if let Some(reason) = cut {
                return Ended::Cut(reason);
            }
            if exchange != Exchange::Silent {
                heard = Instant::now();
                *pause = PAUSE_FIRST;
                self.heard();
                continue;
            }
            if is_pulse && line.can_take_back() {
                return Ended::GivenUp;
            }
            if let Err(reason) = line.resynchronise().await {
                return Ended::Cut(reason);
            }
            if heard.elapsed() >= DEAF_AFTER {
                return Ended::Cut("no board on the line answers".to_owned());
            }
        }
    }

    /// Hands what came to its board; what it was, and why the line is gone if it is.
    fn exchanged(&mut self, index: usize, came: Came, skipped: usize) -> (Exchange, Option<String>) {
        if skipped > 0 {
            (self.sink)(LineEvent::Garbled { bytes: skipped });
        }
        let (exchange, answered, cut) = sort(came);
        (self.sink)(LineEvent::Exchanged(index, exchange));
        let now = (self.clock)();
        if let Some(unit) = self.units.get_mut(index) {
            unit.answered(now, answered);
        }
        self.drain();
        (exchange, cut)
    }

    /// Somebody on the line answers.
    fn heard(&mut self) {
        self.given_up = None;
        if !std::mem::replace(&mut self.open, true) {
            self.told = None;
            (self.sink)(LineEvent::Opened);
        }
    }

    /// What the next board in turn has to ask; else until when none has. Each board is asked once: a request that was
    /// made and not sent would be lost.
    fn next_request(&mut self) -> Turn {
        let now = (self.clock)();
        let count = self.units.len();
        let mut wake: Option<Mono> = None;
        for step in 0..count {
            let index = (self.turn + step) % count;
            match self.units.get_mut(index).map(|unit| unit.next(now)) {
                Some(Next::Ask(request)) => {
                    self.turn = index + 1;
                    return Turn::Ask(index, request);
                }
                Some(Next::Wait(Some(until))) => wake = Some(wake.map_or(until, |wake| wake.min(until))),
                Some(Next::Wait(None)) | None => {}
            }
        }
        Turn::Rest(wake.map_or(IDLE, |wake| wake.since(now.mono)).min(IDLE))
    }

    /// Sleeps until a board has something to ask, or something happens.
    async fn rest(&mut self, rest: Duration, stop: &mut Stop) {
        tokio::select! {
            () = sleep(rest) => {}
            () = self.handle.news() => {}
            _ = &mut stop.receiver, if stop.asked.is_none() => {}
        }
    }
}

/// Whose turn it is on the line.
enum Turn {
    Ask(usize, Request),
    Rest(Duration),
}

/// What an exchange means for the board, and for the line.
fn sort(came: Came) -> (Exchange, Result<Answer, Failure>, Option<String>) {
    match came {
        Came::Answer(answer) => (Exchange::Answered, Ok(answer), None),
        Came::Refused(refused) => (Exchange::Refused, Err(Failure::Refused(refused)), None),
        Came::Silent => (Exchange::Silent, Err(Failure::Silent), None),
        Came::Cut(reason) => (Exchange::Cut, Err(Failure::Silent), Some(reason)),
    }
}
