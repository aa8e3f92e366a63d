//! `device replay`: captured bytes onto a pseudo-terminal, so that a driver can be shown what a site had.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::openpty;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::{read, ttyname, write};

use super::{capture, named, tell};

/// While nobody has the pseudo-terminal open, it is looked for that often.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Who opens a line clears what waits there first.
const SETTLING: Duration = Duration::from_millis(100);
/// Rate of plain bytes: 9600 bits a second, eight data bits.
const RATE_DEFAULT: u32 = 960;
/// Pieces in which bytes are played at a rate.
const PIECE_EVERY: Duration = Duration::from_millis(10);

pub(super) fn run(file: &Path, bytes_per_second: Option<u32>) -> io::Result<()> {
    let mut reader = capture::Reader::new(Box::new(File::open(file).map_err(named(file))?))?;
    let pty = openpty(None, None)?;
    let mut raw = tcgetattr(&pty.slave)?;
    cfmakeraw(&mut raw);
    tcsetattr(&pty.slave, SetArg::TCSANOW, &raw)?;
    writeln!(io::stdout().lock(), "{}", ttyname(&pty.slave)?.display())?;
    io::stdout().flush()?;
    // Closed here, so that it shows whether somebody else has it open.
    drop(pty.slave);
    let mut line = Replay { line: pty.master, started: None };
    line.wait_for(Reader::There)?;
    sleep(SETTLING);
    tell("somebody listens: playing");
    while let Some(piece) = reader.next()? {
        match (piece.at, bytes_per_second) {
            (Some(at), None) => line.at(at, &piece.bytes)?,
            (_, rate) => line.paced(&piece.bytes, rate.unwrap_or(RATE_DEFAULT))?,
        }
    }
    tell("played; waiting until the pseudo-terminal is closed");
    line.wait_for(Reader::Gone)
}

struct Replay {
    line: OwnedFd,
    /// When the capture's clock began.
    started: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    There,
    Gone,
}

impl Replay {
    /// Whether somebody has the other end open; what it sends is dropped.
    fn reader(&self) -> io::Result<Reader> {
        let mut state = [PollFd::new(self.line.as_fd(), PollFlags::POLLIN)];
        poll(&mut state, PollTimeout::ZERO)?;
        let [state] = state;
        let shown = state.revents().unwrap_or(PollFlags::empty());
        if shown.contains(PollFlags::POLLIN) {
            let mut requests = [0_u8; 256];
            // Requests aren't answered: what was captured is played, whatever is asked.
            read(&self.line, &mut requests).ok();
        }
        Ok(if shown.contains(PollFlags::POLLHUP) { Reader::Gone } else { Reader::There })
    }

    fn wait_for(&self, wanted: Reader) -> io::Result<()> {
        while self.reader()? != wanted {
            sleep(LOOK_EVERY);
        }
        Ok(())
    }

    /// Plays bytes at their time.
    fn at(&mut self, at: Duration, bytes: &[u8]) -> io::Result<()> {
        let started = *self.started.get_or_insert_with(|| Instant::now().checked_sub(at).unwrap_or_else(Instant::now));
        sleep((started + at).saturating_duration_since(Instant::now()));
        self.send(bytes)
    }

    /// Plays bytes at a rate.
    fn paced(&self, bytes: &[u8], per_second: u32) -> io::Result<()> {
        let per_piece = (u128::from(per_second) * PIECE_EVERY.as_millis() / 1_000).max(1);
        let micros = per_piece * 1_000_000 / u128::from(per_second);
        let pause = Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX));
        for piece in bytes.chunks(usize::try_from(per_piece).unwrap_or(1)) {
            self.send(piece)?;
            sleep(pause);
        }
        Ok(())
    }

    /// A reader that opens the line anew is waited for; what it missed meanwhile is late, not lost.
    fn send(&self, mut bytes: &[u8]) -> io::Result<()> {
        self.wait_for(Reader::There)?;
        while !bytes.is_empty() {
            match write(&self.line, bytes) {
                Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(())
    }
}
