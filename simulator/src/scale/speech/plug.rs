//! The indicator's line: a pseudo-terminal whose far end has a name that stays when it is plugged anew.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::openpty;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::{read, ttyname, write};

use super::noise::Noise;
use super::{Shown, Speech, Talk};

/// How often the thread looks at display and line, milliseconds.
const LOOK_MS: u16 = 10;
/// A stream's frames follow each other so closely.
const FRAME_EVERY: Duration = Duration::from_millis(100);

/// What goes out on the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shows {
    /// What stands on the display.
    Display(Shown),
    /// The same through a disturbed line: bytes before frames, and wrong digits in them.
    Disturbed(Shown),
    /// Nothing: switched off, or in its menu.
    Silence,
    /// Any bytes, at the rate of 115,200 baud.
    Noise,
}

/// A fresh pseudo-terminal in raw mode under that name: the device's end, which never blocks, and the far one, which is
/// kept alive as a real port outlives its reader.
///
/// # Errors
/// When the system has none to give, or the name can't be had.
pub fn open_tty(link: &Path) -> io::Result<(OwnedFd, OwnedFd)> {
    let pty = openpty(None, None)?;
    // No child may keep the line alive after this end is gone.
    for end in [pty.master.as_fd(), pty.slave.as_fd()] {
        fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    }
    let mut raw = tcgetattr(&pty.slave)?;
    cfmakeraw(&mut raw);
    tcsetattr(&pty.slave, SetArg::TCSANOW, &raw)?;
    fcntl(&pty.master, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    let fresh = link.with_extension("fresh");
    std::os::unix::fs::symlink(ttyname(&pty.slave)?, &fresh)?;
    std::fs::rename(&fresh, link)?;
    Ok((pty.master, pty.slave))
}

/// A plugged line; dropping it pulls the plug.
#[derive(Debug)]
pub struct Line {
    port: PathBuf,
    shows: Arc<Mutex<Shows>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// Keeps the far end alive, as a real port outlives its reader.
    _slave: OwnedFd,
}

impl Line {
    /// Plugs an indicator in; `link` becomes the name of its port.
    ///
    /// # Errors
    /// When the system has no pseudo-terminal to give, or the name can't be had.
    pub fn plug(link: &Path, speech: Speech, shows: Shows) -> io::Result<Self> {
        let (master, slave) = open_tty(link)?;
        let (shows, stop) = (Arc::new(Mutex::new(shows)), Arc::new(AtomicBool::new(false)));
        let (shown, stopped) = (Arc::clone(&shows), Arc::clone(&stop));
        let serve = move || serve(&master, Talk::new(speech), speech, &shown, &stopped);
        let thread = std::thread::Builder::new().name("scale".to_owned()).spawn(serve)?;
        Ok(Self { port: link.to_owned(), shows, stop, thread: Some(thread), _slave: slave })
    }

    /// What the controller opens.
    #[must_use]
    pub fn port(&self) -> &Path {
        &self.port
    }

    /// From now on the line carries that.
    pub fn show(&self, shows: Shows) {
        *self.shows.lock().unwrap_or_else(PoisonError::into_inner) = shows;
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn serve(line: &OwnedFd, mut talk: Talk, speech: Speech, shows: &Mutex<Shows>, stop: &AtomicBool) {
    let (mut bytes, mut noise, mut sent) = ([0_u8; 256], Noise::new(Instant::now()), Instant::now());
    while !stop.load(Ordering::Relaxed) {
        let mut waiting = [PollFd::new(line.as_fd(), PollFlags::POLLIN)];
        let came = match poll(&mut waiting, PollTimeout::from(LOOK_MS)).and_then(|_| read(line, &mut bytes)) {
            Ok(count) => count,
            Err(Errno::EAGAIN | Errno::EINTR) => 0,
            Err(_) => {
                std::thread::sleep(Duration::from_millis(LOOK_MS.into()));
                0
            }
        };
        let now = Instant::now();
        let shows = *shows.lock().unwrap_or_else(PoisonError::into_inner);
        let din = noise.bytes(now);
        let (Shows::Display(shown) | Shows::Disturbed(shown)) = shows else {
            if shows == Shows::Noise {
                send(line, &din);
            }
            continue;
        };
        let mut frame = talk.take(&bytes[..came], shown);
        if talk.streams() && now.saturating_duration_since(sent) >= FRAME_EVERY {
            sent = now;
            frame = speech.frame(shown);
        }
        match shows {
            Shows::Disturbed(_) if !frame.is_empty() => send(line, &noise.over(frame)),
            Shows::Display(_) | Shows::Disturbed(_) | Shows::Silence | Shows::Noise => send(line, &frame),
        }
    }
}

/// A line takes what it can: a full one loses bytes.
fn send(line: &OwnedFd, bytes: &[u8]) {
    if !bytes.is_empty() {
        write(line, bytes).ok();
    }
}
