//! The serial line: a pty whose far end the controller opens like any tty.
//!
//! A thread a scale holds the near end: it waits in poll(2), so that an answer leaves as soon as its command is in.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::openpty;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::{read, ttyname, write};

use super::{Answer, Indicator, Platform, Reading};

/// While nobody has the far end open, it is looked for that often.
const UNPLUGGED_PAUSE: Duration = Duration::from_millis(50);
/// An indicator streams that often, in milliseconds.
const STREAM_EVERY_MS: u16 = 100;
/// `S` waits that long for the load to rest.
const STABLE_WITHIN: Duration = Duration::from_secs(3);
/// Bytes taken from the line at once.
const READ_BYTES: usize = 256;

/// Why there is no serial line.
#[derive(Debug, thiserror::Error)]
#[error("no pseudo terminal for a scale: {doing}: {source}; is /dev/pts mounted, are ptys left?")]
pub struct PtyError {
    doing: &'static str,
    source: io::Error,
}

/// A scale on a pty; it falls silent soon after this is dropped.
#[derive(Debug)]
pub struct Pty {
    port: PathBuf,
    unplugged: Arc<AtomicBool>,
}

impl Pty {
    /// Plugs an indicator into a fresh pty in raw mode.
    ///
    /// # Errors
    /// When the system has no pty to give.
    pub fn plug(indicator: Indicator, platform: Arc<Mutex<Platform>>) -> Result<Self, PtyError> {
        let failed = |doing| move |errno: Errno| PtyError { doing, source: errno.into() };
        let pty = openpty(None, None).map_err(failed("opening it"))?;
        let mut settings = tcgetattr(&pty.slave).map_err(failed("reading its settings"))?;
        cfmakeraw(&mut settings);
        tcsetattr(&pty.slave, SetArg::TCSANOW, &settings).map_err(failed("making it raw"))?;
        let port = ttyname(&pty.slave).map_err(failed("asking its name"))?;
        fcntl(&pty.master, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map_err(failed("making it non-blocking"))?;
        // The far end is closed here: an exclusive open by the controller must find no one else.
        drop(pty.slave);
        let unplugged = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&unplugged);
        let mut conversation = Conversation { line: pty.master, indicator, platform, streaming: None, waiting: None };
        std::thread::Builder::new()
            .name("scale".to_owned())
            .spawn(move || conversation.hold(&stop))
            .map_err(|source| PtyError { doing: "starting its thread", source })?;
        Ok(Self { port, unplugged })
    }

    /// What the controller opens.
    #[must_use]
    pub fn port(&self) -> &Path {
        &self.port
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        self.unplugged.store(true, Ordering::Relaxed);
    }
}

struct Conversation {
    line: OwnedFd,
    indicator: Indicator,
    platform: Arc<Mutex<Platform>>,
    /// Since when it streams: the instant of the last weight sent.
    streaming: Option<Instant>,
    /// Since when it waits for the load to rest.
    waiting: Option<Instant>,
}

impl Conversation {
    fn hold(&mut self, stop: &AtomicBool) {
        let mut bytes = [0_u8; READ_BYTES];
        while !stop.load(Ordering::Relaxed) {
            let mut waiting = [PollFd::new(self.line.as_fd(), PollFlags::POLLIN)];
            let arrived = poll(&mut waiting, PollTimeout::from(STREAM_EVERY_MS));
            match arrived.and_then(|_| read(&self.line, &mut bytes)) {
                Ok(count) if count > 0 => bytes.iter().take(count).for_each(|byte| self.answer(*byte)),
                Err(Errno::EAGAIN | Errno::EINTR) => {}
                // Nobody has the far end open: EIO, or nothing.
                Ok(_) | Err(_) => {
                    (self.streaming, self.waiting) = (None, None);
                    std::thread::sleep(UNPLUGGED_PAUSE);
                }
            }
            self.tick();
        }
    }

    fn reading(&self) -> Reading {
        self.platform.lock().unwrap_or_else(PoisonError::into_inner).reading(Instant::now())
    }

    fn answer(&mut self, byte: u8) {
        let reading = self.reading();
        let answer = self.indicator.take(byte, reading);
        if answer != Answer::Nothing {
            (self.streaming, self.waiting) = (None, None);
        }
        match answer {
            Answer::Nothing => {}
            Answer::Now(bytes) => self.send(&bytes),
            Answer::Stream => {
                self.send(&self.indicator.weight(reading));
                self.streaming = Some(Instant::now());
            }
            Answer::WhenStable if reading.stable => self.send(&self.indicator.weight(reading)),
            Answer::WhenStable => self.waiting = Some(Instant::now()),
        }
    }

    fn tick(&mut self) {
        let reading = self.reading();
        if self.streaming.is_some_and(|sent| sent.elapsed() >= Duration::from_millis(STREAM_EVERY_MS.into())) {
            self.streaming = Some(Instant::now());
            self.send(&self.indicator.weight(reading));
        }
        let Some(since) = self.waiting else { return };
        if reading.stable {
            self.waiting = None;
            self.send(&self.indicator.weight(reading));
        } else if since.elapsed() >= STABLE_WITHIN {
            self.waiting = None;
            self.send(&self.indicator.timed_out());
        }
    }

    /// An indicator doesn't wait for a line that is full: what doesn't fit is lost, as on a real one.
    fn send(&self, bytes: &[u8]) {
        if let Err(errno) = write(&self.line, bytes) {
            tracing::debug!(%errno, "an answer of the scale was lost");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::{Read, Write};

    use super::*;

    fn plugged(kg: u32) -> (Pty, Arc<Mutex<Platform>>) {
        let mut platform = Platform::empty(Instant::now());
        platform.roll_to(kg, Duration::ZERO, Instant::now());
        let platform = Arc::new(Mutex::new(platform));
        let pty = Pty::plug(Indicator::kilograms(60_000, "T-1".to_owned()), Arc::clone(&platform)).expect("a pty");
        (pty, platform)
    }

    /// Asks as the controller would: through a file.
    async fn ask(port: &Path, command: &'static str, lines: usize) -> String {
        let port = port.to_owned();
        let asked = tokio::task::spawn_blocking(move || {
            let mut tty = OpenOptions::new().read(true).write(true).open(port).expect("opens");
            tty.write_all(command.as_bytes()).expect("written");
            let (mut answer, mut byte) = (Vec::new(), [0_u8]);
            while answer.iter().filter(|byte| **byte == b'\n').count() < lines {
                tty.read_exact(&mut byte).expect("read");
                answer.push(byte[0]);
            }
            String::from_utf8(answer).expect("text")
        });
        tokio::time::timeout(Duration::from_secs(10), asked).await.expect("in time").expect("joined")
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_line_is_raw_and_answers_each_time_it_is_opened() {
        let (pty, _platform) = plugged(0);
        assert_eq!(ask(pty.port(), "SI\r\n", 1).await, "S S          0 kg\r\n");
        assert_eq!(ask(pty.port(), "@\r\nFOO\r\n", 2).await, "I4 A \"T-1\"\r\nES\r\n");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn s_waits_until_the_load_rests() {
        let (pty, _platform) = plugged(36_400);
        assert_eq!(ask(pty.port(), "S\r\n", 1).await, "S S      36400 kg\r\n");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn sir_streams() {
        let (pty, _platform) = plugged(0);
        assert_eq!(ask(pty.port(), "SIR\r\n", 3).await, "S S          0 kg\r\n".repeat(3));
    }
}
