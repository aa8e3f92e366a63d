//! A weighbridge indicator on a pseudo-terminal. Its lines are literal MT-SICS, written by hand.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::pty;

/// What the indicator sends, whatever it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    /// A stable weight.
    Stable(i64),
    /// Bytes that are no frame.
    Garbage,
    /// Nothing at all.
    Silent,
}

/// The indicator; dropping it cuts the line.
pub(crate) struct Indicator {
    shows: Arc<Mutex<Line>>,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
    /// Keeps the slave side alive, as a real port outlives its reader.
    _slave: OwnedFd,
}

impl Indicator {
    /// Plugs the indicator in: `port` becomes a link to the pseudo-terminal.
    pub(crate) fn plug(port: &Path, shows: Line) -> Self {
        let (line, far) = pty::plug(port);
        let shows = Arc::new(Mutex::new(shows));
        let stop = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let (shows, stop) = (Arc::clone(&shows), Arc::clone(&stop));
            move || play(line, &shows, &stop)
        });
        Self { shows, stop, thread: Some(thread), _slave: far }
    }

    pub(crate) fn show(&self, line: Line) {
        *self.shows.lock().expect("not poisoned") = line;
    }
}

impl Drop for Indicator {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// Answers every line that asks, and streams when told to.
fn play(mut line: File, shows: &Mutex<Line>, stop: &AtomicBool) {
    let mut asked = Vec::new();
    let mut streams = false;
    while !stop.load(Ordering::Relaxed) {
        let mut ready = [PollFd::new(line.as_fd(), PollFlags::POLLIN)];
        let came = poll(&mut ready, PollTimeout::from(50_u8)).expect("poll") > 0;
        let mut answers = u32::from(streams);
        if came {
            let mut bytes = [0_u8; 256];
            let Ok(count) = line.read(&mut bytes) else { continue };
            asked.extend_from_slice(&bytes[..count]);
            while let Some(end) = asked.iter().position(|byte| *byte == b'\n') {
                let command: Vec<u8> = asked.drain(..=end).collect();
                let command = String::from_utf8_lossy(&command).trim().to_owned();
                streams = match command.as_str() {
                    "SIR" => true,
                    "S" | "SI" | "@" => false,
                    _ => streams,
                };
                answers += 1;
            }
        }
        for _ in 0..answers {
            drop(line.write_all(&frame(&shows.lock().expect("not poisoned"))));
        }
    }
}

fn frame(shows: &Line) -> Vec<u8> {
    match shows {
        Line::Stable(kg) => format!("S S {kg:>10} kg\r\n").into_bytes(),
        Line::Garbage => vec![0xFF, 0x02, 0x81, 0x00, b'S', 0x0D, 0x9A, 0xFE],
        Line::Silent => vec![],
    }
}

/// Nothing on the line for longer than any reader waits.
pub(crate) const SILENCE: Duration = Duration::from_secs(4);
