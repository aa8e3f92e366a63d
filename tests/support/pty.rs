//! The device's end of a serial line: a pseudo-terminal whose far end has a name that the controller opens.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::pty::openpty;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::ttyname;

/// Makes `port` a link to a fresh pseudo-terminal in raw mode. What is returned: the device's end, and the far one, which
/// is kept alive as a real port outlives its reader.
pub(crate) fn plug(port: &Path) -> (File, OwnedFd) {
    let pty = openpty(None, None).expect("a pseudo-terminal");
    // No child may keep the line alive after this end is gone.
    for end in [pty.master.as_fd(), pty.slave.as_fd()] {
        fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).expect("closed on exec");
    }
    let mut raw = tcgetattr(&pty.slave).expect("its settings");
    cfmakeraw(&mut raw);
    tcsetattr(&pty.slave, SetArg::TCSANOW, &raw).expect("raw mode");
    let tty: PathBuf = ttyname(&pty.slave).expect("its name");
    let fresh = port.with_extension("fresh");
    std::os::unix::fs::symlink(tty, &fresh).expect("a link");
    std::fs::rename(fresh, port).expect("the port's name");
    (File::from(pty.master), pty.slave)
}
