//! Devices that speak by themselves: a document reader and a radiation portal on a pseudo-terminal.
//!
//! Their bytes are made here from the manuals' layouts; nothing of the controller's decoders is used.

use std::fs::File;
use std::io::{self, BufRead, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::{DeviceError, Then, is_free, obey, say};
use crate::scale::speech::open_tty;

/// A portal tells its background so often.
const BACKGROUND_EVERY: Duration = Duration::from_secs(5);
/// Counts of the four panels of a quiet portal, gamma and neutron.
const QUIET: (u32, u32) = (110, 1);
/// Counts of an alarm.
const LOUD: (u32, u32) = (9_000, 40);
/// Longest text of one packet: its length is one byte, and counts the head and the symbology.
const SSI_TEXT_MAX_BYTES: usize = 250;

/// A document reader.
#[derive(Debug, clap::Args)]
pub struct Reader {
    /// The controller's name of the protocol
    #[arg(long, value_enum, default_value_t = Reads::Lines)]
    protocol: Reads,
    /// The name that the port gets
    #[arg(long, value_name = "LINK", default_value = "./reader")]
    port: PathBuf,
}

/// What a reader speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Reads {
    /// A line a code.
    Lines,
    /// SSI packets.
    Ssi,
}

/// A radiation portal with text lines.
#[derive(Debug, clap::Args)]
pub struct Portal {
    /// The name that the port gets
    #[arg(long, value_name = "LINK", default_value = "./portal")]
    port: PathBuf,
}

/// A port by its name; the name goes with it.
struct Port {
    link: PathBuf,
    line: Arc<Mutex<File>>,
    /// Keeps the far end alive, as a real port outlives its reader.
    _far: OwnedFd,
}

impl Port {
    fn open(link: &Path, what: &str) -> Result<Self, DeviceError> {
        is_free(link)?;
        let doing =
            || format!("a pseudo-terminal named {} (is its folder there, is /dev/pts mounted?)", link.display());
        let (near, far) = open_tty(link).map_err(|source| DeviceError::Io { doing: doing(), source })?;
        say(&format!("the {what} is at {}", link.display()));
        Ok(Self { link: link.to_owned(), line: Arc::new(Mutex::new(File::from(near))), _far: far })
    }

    /// A line takes what it can: a full one, that nobody reads, loses bytes.
    fn send(&self, bytes: &[u8]) {
        send(&self.line, bytes);
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        if self.link.is_symlink() {
            std::fs::remove_file(&self.link).ok();
        }
    }
}

fn send(line: &Mutex<File>, bytes: &[u8]) {
    match line.lock().unwrap_or_else(PoisonError::into_inner).write_all(bytes) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
        Err(error) => say(&format!("the line takes nothing: {error}")),
    }
}

impl Reader {
    pub(super) fn run(&self, input: impl BufRead) -> Result<(), DeviceError> {
        let port = Port::open(&self.port, "reader")?;
        obey(input, |line| match line {
            "" => Ok(Then::GoesOn),
            "quit" => Ok(Then::Ends),
            text => {
                port.send(&scanned(self.protocol, text)?);
                Ok(Then::GoesOn)
            }
        })
    }
}

/// A code as the reader sends it.
fn scanned(protocol: Reads, text: &str) -> Result<Vec<u8>, DeviceError> {
    match protocol {
        Reads::Lines => Ok(format!("{text}\r\n").into_bytes()),
        Reads::Ssi if text.len() > SSI_TEXT_MAX_BYTES => {
            Err(DeviceError::Asked(format!("{} bytes are more than one packet's {SSI_TEXT_MAX_BYTES}", text.len())))
        }
        // Length, decoded data, from the decoder, no status, QR, text, and the two's complement of the sum.
        Reads::Ssi => {
            let length = u8::try_from(5 + text.len()).unwrap_or(u8::MAX);
            let mut packet = vec![length, 0xF3, 0x00, 0x00, 0x1C];
            packet.extend(text.bytes());
            let sum = packet.iter().fold(0_u16, |sum, byte| sum.wrapping_add(u16::from(*byte)));
            packet.extend(sum.wrapping_neg().to_be_bytes());
            Ok(packet)
        }
    }
}

const WORDS: &str = "vehicle, gamma, neutron, high, low, quit";

impl Portal {
    pub(super) fn run(&self, input: impl BufRead) -> Result<(), DeviceError> {
        let port = Port::open(&self.port, "portal")?;
        let (stop, line) = (Arc::new(AtomicBool::new(false)), Arc::clone(&port.line));
        let stopped = Arc::clone(&stop);
        std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                send(&line, &background());
                std::thread::sleep(BACKGROUND_EVERY);
            }
        });
        let ended = obey(input, |line| match line {
            "" => Ok(Then::GoesOn),
            "quit" => Ok(Then::Ends),
            word => {
                port.send(&told(word)?);
                Ok(Then::GoesOn)
            }
        });
        stop.store(true, Ordering::Relaxed);
        ended
    }
}

/// Two letters and the four panels.
fn counts(code: &str, each: u32) -> String {
    format!("{code},{each:06},{each:06},{each:06},{each:06}\r\n")
}

fn background() -> Vec<u8> {
    (counts("GB", QUIET.0) + &counts("NB", QUIET.1)).into_bytes()
}

/// What the portal sends of what happens to it.
fn told(word: &str) -> Result<Vec<u8>, DeviceError> {
    let passes = |alarm: Option<String>| {
        let quiet = counts("GS", QUIET.0) + &counts("NS", QUIET.1);
        format!("{quiet}{}{quiet}GX\r\n", alarm.unwrap_or_default())
    };
    Ok(match word {
        "vehicle" => passes(None),
        "gamma" => passes(Some(counts("GA", LOUD.0))),
        "neutron" => passes(Some(counts("NA", LOUD.1))),
        "high" => counts("GH", LOUD.0),
        "low" => counts("GL", 0),
        _ => return Err(DeviceError::Asked(format!("{word:?} is not understood; there are: {WORDS}"))),
    }
    .into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_sent_as_the_manuals_have_it() {
        assert_eq!(scanned(Reads::Lines, "PN-1").expect("a line"), b"PN-1\r\n");
        let packet = scanned(Reads::Ssi, "A").expect("a packet");
        // 06 F3 00 00 1C 41 sums up to 0156; its complement is FEAA.
        assert_eq!(packet, [0x06, 0xF3, 0x00, 0x00, 0x1C, 0x41, 0xFE, 0xAA]);
        assert!(scanned(Reads::Ssi, &"A".repeat(251)).is_err());
    }

    #[test]
    fn a_portal_tells_a_vehicle_from_its_first_count_to_its_end() {
        let text = |word: &str| String::from_utf8(told(word).expect(word)).expect("text");
        assert!(text("vehicle").starts_with("GS,000110,000110,000110,000110\r\nNS,"));
        assert!(text("vehicle").ends_with("GX\r\n") && !text("vehicle").contains("GA"));
        assert!(text("gamma").contains("GA,009000,") && text("neutron").contains("NA,000040,"));
        assert!(text("high").starts_with("GH,"));
        assert!(told("explode").expect_err("a slip").to_string().contains("vehicle, gamma"));
    }

    #[test]
    fn a_reader_goes_and_its_port_with_it() {
        let dir = tempfile::TempDir::new().expect("a directory");
        let port = dir.path().join("reader");
        let reader = Reader { protocol: Reads::Ssi, port: port.clone() };
        reader.run(&b"PN-1\nquit\n"[..]).expect("runs");
        assert!(!port.is_symlink());
        Portal { port: port.clone() }.run(&b"vehicle\nquit\n"[..]).expect("runs");
        assert!(!port.is_symlink());
    }
}
