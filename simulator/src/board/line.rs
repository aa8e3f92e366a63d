//! Boards on a serial line: Modbus RTU on a pseudo-terminal, several units on one pair of wires.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::openpty;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::{read, ttyname, write};

use super::bytes::{serial_frame, serial_request};
use super::cabinet::Cabinet;

/// How often the thread looks whether to stop, milliseconds.
const LOOK_MS: u16 = 10;
/// What a noisy line adds before an answer.
const NOISE: [u8; 5] = [0x00, 0xFF, 0x01, 0x02, 0x83];

/// A line; dropping it pulls the plug.
#[derive(Debug)]
pub struct Line {
    port: PathBuf,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// Keeps the far end alive, as a real port outlives its reader.
    _slave: OwnedFd,
}

impl Line {
    /// Puts boards on a fresh pseudo-terminal. `link`: a name for its far end that stays when the line is plugged anew.
    ///
    /// # Errors
    /// When the system has no pseudo-terminal to give, or the name can't be had.
    pub fn plug(link: &Path, cabinets: Vec<Cabinet>) -> io::Result<Self> {
        let pty = openpty(None, None)?;
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
        let stop = Arc::new(AtomicBool::new(false));
        let (master, stopped) = (pty.master, Arc::clone(&stop));
        let serve = move || serve(&master, &cabinets, &stopped);
        let thread = std::thread::Builder::new().name("line".to_owned()).spawn(serve)?;
        Ok(Self { port: link.to_owned(), stop, thread: Some(thread), _slave: pty.slave })
    }

    /// What the controller opens.
    #[must_use]
    pub fn port(&self) -> &Path {
        &self.port
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

fn serve(line: &OwnedFd, cabinets: &[Cabinet], stop: &AtomicBool) {
    let (mut came, mut bytes) = (Vec::new(), [0_u8; 256]);
    while !stop.load(Ordering::Relaxed) {
        let mut waiting = [PollFd::new(line.as_fd(), PollFlags::POLLIN)];
        let arrived = poll(&mut waiting, PollTimeout::from(LOOK_MS)).and_then(|_| read(line, &mut bytes));
        match arrived {
            Ok(count) if count > 0 => came.extend_from_slice(&bytes[..count]),
            Err(Errno::EAGAIN | Errno::EINTR) => {
                // Silence ends a frame: half of one is dropped.
                came.clear();
                continue;
            }
            Ok(_) | Err(_) => {
                std::thread::sleep(std::time::Duration::from_millis(LOOK_MS.into()));
                continue;
            }
        }
        while let Some((unit, pdu)) = serial_request(&mut came) {
            let Some(cabinet) = cabinets.iter().find(|cabinet| cabinet.unit() == unit) else { continue };
            let reply = cabinet.answer(&pdu);
            let Some(pdu) = reply.pdu else { continue };
            std::thread::sleep(reply.after);
            if reply.noise {
                write(line, &NOISE).ok();
            }
            // A line takes what it can: a full one loses bytes.
            write(line, &serial_frame(unit, &pdu)).ok();
        }
    }
}
