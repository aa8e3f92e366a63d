//! `lane-simulator devices`: one simulated device for whoever integrates one, on the wire as the real one is.
//!
//! ```text
//!  standard input, script ─▶ scale ─ a pseudo-terminal ─▶ the controller
//!  standard input ─────────▶ board ─ Modbus TCP, RTU ───▶
//!  command line ───────────▶ camera ─ HTTP, MQTT ───────▶
//!  standard input ─────────▶ reader, portal ─ a tty ────▶
//! ```
//!
//! What is said to people goes to standard output, a line each; a device that can't run ends with a sentence that says why.

use std::io::{self, BufRead, Write};
use std::path::Path;

pub mod board;
pub mod camera;
pub mod scale;
pub mod speaker;

/// The devices.
#[derive(Debug, clap::Subcommand)]
pub enum Device {
    /// A weighbridge's indicator on a pseudo-terminal; it is told by lines on standard input.
    Scale(scale::Scale),
    /// A relay board with a traffic arm behind it; it is told by lines on standard input.
    Board(board::Board),
    /// One read of a plate, as a vendor's camera sends it.
    Camera(camera::Camera),
    /// A document reader on a pseudo-terminal; each line of standard input is a code that it reads.
    Reader(speaker::Reader),
    /// A radiation portal on a pseudo-terminal; it is told by lines on standard input.
    Portal(speaker::Portal),
}

/// Why a device ends.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// What was asked for makes no sense.
    #[error("{0}")]
    Asked(String),
    /// The environment doesn't give what it needs.
    #[error("{doing}: {source}")]
    Io {
        /// What was tried.
        doing: String,
        /// Why it failed.
        source: io::Error,
    },
    /// The other side doesn't take what was sent.
    #[error("{0}")]
    Refused(String),
}

/// Runs a device until it is told to end, or its message is sent.
///
/// # Errors
/// When it can't run, or its message isn't taken.
pub fn run(device: &Device) -> Result<(), DeviceError> {
    match device {
        Device::Scale(scale) => scale.run(io::stdin().lock()),
        Device::Board(board) => board.run(io::stdin().lock()),
        Device::Camera(camera) => camera.run(),
        Device::Reader(reader) => reader.run(io::stdin().lock()),
        Device::Portal(portal) => portal.run(io::stdin().lock()),
    }
}

/// A line for people; with standard output closed there is nobody to tell.
fn say(line: &str) {
    let mut out = io::stdout().lock();
    drop(writeln!(out, "{line}").and_then(|()| out.flush()));
}

/// A port's name takes the place of an earlier one, never of a file.
fn is_free(port: &Path) -> Result<(), DeviceError> {
    if port.exists() && !port.is_symlink() {
        return Err(DeviceError::Asked(format!("{} is a file: a port needs a name of its own", port.display())));
    }
    Ok(())
}

/// Whether the device goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    GoesOn,
    Ends,
}

/// Carries out lines until one ends the device; when there are none left it stays as it is until it is killed.
fn obey(lines: impl BufRead, mut carry_out: impl FnMut(&str) -> Result<Then, DeviceError>) -> Result<(), DeviceError> {
    for line in lines.lines() {
        let line = line.map_err(|source| DeviceError::Io { doing: "reading standard input".to_owned(), source })?;
        match carry_out(line.trim()) {
            Ok(Then::GoesOn) => {}
            Ok(Then::Ends) => return Ok(()),
            // A slip of the pen doesn't end a device on which a controller depends.
            Err(DeviceError::Asked(why)) => say(&why),
            Err(error) => return Err(error),
        }
    }
    loop {
        std::thread::park();
    }
}
