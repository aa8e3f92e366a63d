//! One opened line: a tty or a socket, and one exchange on it.

use std::io;
use std::path::Path;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_serial::{ClearBuffer, SerialPort, SerialPortBuilderExt, SerialStream};

use crate::config::relay::{Frames, LineWay, Parity};
use crate::wire::relay::{Answer, Expected, RTU_MAX_BYTES, Refused, Request, TCP_MAX_BYTES};

/// How long a board may take to answer, the time on the wire not counted.
const ANSWER_WITHIN: Duration = Duration::from_millis(250);
/// How long a line without transactions must be quiet after a silence, so that a late answer meets no later question.
const QUIET: Duration = ANSWER_WITHIN;
/// A line that never is quiet is not waited for longer than this.
const QUIET_WITHIN: Duration = Duration::from_secs(2);
/// How long a connection may take to be made.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// Bytes kept while an answer is looked for.
const BUFFER_MAX: usize = 4 * TCP_MAX_BYTES;
const _: () = assert!(BUFFER_MAX > 2 * RTU_MAX_BYTES);

/// What an exchange brought.
#[derive(Debug)]
pub(super) enum Came {
    Answer(Answer),
    Refused(Refused),
    Silent,
    Cut(String),
}

#[derive(Debug)]
enum Stream {
    Serial(SerialStream),
    Tcp(TcpStream),
}

/// An opened line.
#[derive(Debug)]
pub(super) struct Transport {
    stream: Stream,
    frames: Frames,
    transaction: u16,
    buffer: BytesMut,
    /// How long one character takes on the wire.
    character: Duration,
    /// The silence that ends a frame (Modbus over Serial Line V1.02, 2.5.1.1).
    gap: Duration,
    last_byte: Instant,
    skipped: usize,
}

impl Transport {
    /// Opens a line. Relative ports lie below `directory`.
    pub(super) async fn open(way: &LineWay, directory: &Path) -> Result<Self, String> {
        let (stream, frames, baud) = match way {
            LineWay::Serial { port, baud, parity } => {
                let port = directory.join(port);
                let stream = open_port(&port, *baud, *parity)
                    .map_err(|error| format!("the port {} can not be opened: {error}", port.display()))?;
                (Stream::Serial(stream), Frames::Rtu, Some(*baud))
            }
            LineWay::Tcp { address, frames } => {
                let connected = timeout(CONNECT_WITHIN, TcpStream::connect(address)).await;
                let connected = connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
                let stream = connected.and_then(|stream| stream.set_nodelay(true).map(|()| stream));
                let stream = stream.map_err(|error| format!("{address} can not be reached: {error}"))?;
                (Stream::Tcp(stream), *frames, None)
            }
        };
        let (character, gap) = baud.map_or((Duration::ZERO, Duration::ZERO), |baud| (character(baud), gap(baud)));
        let (buffer, last_byte) = (BytesMut::new(), Instant::now());
        Ok(Self { stream, frames, transaction: 0, buffer, character, gap, last_byte, skipped: 0 })
    }

    /// Sends a request once, and waits for its answer.
    pub(super) async fn exchange(&mut self, request: Request) -> Came {
        self.transaction = self.transaction.wrapping_add(1);
        let (bytes, expected) = request.encode(self.frames, self.transaction);
        let rest = self.gap.saturating_sub(self.last_byte.elapsed());
        if !rest.is_zero() {
            sleep(rest).await;
        }
        if self.frames == Frames::Rtu {
            // Whatever came unasked is no answer. A socket's transactions tell that by themselves.
            self.skipped += self.buffer.len();
            self.buffer.clear();
        }
        let sent = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let end = Instant::now() + ANSWER_WITHIN + self.character * sent.saturating_add(expected.serial_bytes());
        match timeout_at(end, self.talk(&bytes, &expected)).await {
            Ok(came) => came,
            Err(_) => Came::Silent,
        }
    }

    async fn talk(&mut self, bytes: &[u8], expected: &Expected) -> Came {
        if let Err(error) = self.write(bytes).await {
            return Came::Cut(format!("the line takes no bytes: {error}"));
        }
        loop {
            match self.read().await {
                Ok(0) => return Came::Cut("the line was cut".to_owned()),
                Ok(_) => {}
                Err(error) => return Came::Cut(format!("the line was cut: {error}")),
            }
            let found = match expected.find(&self.buffer) {
                Ok(found) => found,
                Err(broken) => return Came::Cut(broken.to_string()),
            };
            self.skipped += found.skipped;
            drop(self.buffer.split_to(found.used.min(self.buffer.len())));
            match found.answer {
                Some(Ok(answer)) => return Came::Answer(answer),
                Some(Err(refused)) => return Came::Refused(refused),
                None => {}
            }
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.stream {
            Stream::Serial(stream) => stream.write_all(bytes).await,
            Stream::Tcp(stream) => stream.write_all(bytes).await,
        }
    }

    async fn read(&mut self) -> io::Result<usize> {
        if self.buffer.len() >= BUFFER_MAX {
            self.skipped += self.buffer.len();
            self.buffer.clear();
        }
        let count = match &mut self.stream {
            Stream::Serial(stream) => stream.read_buf(&mut self.buffer).await,
            Stream::Tcp(stream) => stream.read_buf(&mut self.buffer).await,
        };
        self.last_byte = Instant::now();
        count
    }

    /// After a silence: a line without transactions is listened to until it is quiet. Whether it is still there.
    pub(super) async fn resynchronise(&mut self) -> Result<(), String> {
        if self.frames == Frames::Tcp {
            return Ok(());
        }
        if let Stream::Serial(stream) = &self.stream {
            // What an adapter has not sent by now must not be sent later.
            stream.clear(ClearBuffer::Output).ok();
        }
        let end = Instant::now() + QUIET_WITHIN;
        while Instant::now() < end {
            match timeout(QUIET, self.read()).await {
                Ok(Ok(0)) => return Err("the line was cut".to_owned()),
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Err(format!("the line was cut: {error}")),
                Err(_) => break,
            }
        }
        Ok(())
    }

    /// Bytes that belonged to no answer, since the last call.
    pub(super) fn take_skipped(&mut self) -> usize {
        std::mem::take(&mut self.skipped)
    }

    /// Whether closing it keeps what was written and not yet delivered from ever being delivered.
    pub(super) const fn can_take_back(&self) -> bool {
        matches!(self.stream, Stream::Tcp(_))
    }

    /// Gives the line up: a socket is reset, so that the system doesn't deliver later what it still holds.
    pub(super) fn abort(self) {
        if let Stream::Tcp(stream) = self.stream
            && let Err(error) = stream.set_zero_linger()
        {
            tracing::debug!(%error, "a relay board's socket could not be reset");
        }
    }
}

/// Opens a port; a pseudo-terminal refuses some of what a real line takes, and is used all the same.
fn open_port(port: &Path, baud: u32, parity: Parity) -> Result<SerialStream, tokio_serial::Error> {
    let parity = match parity {
        Parity::None => tokio_serial::Parity::None,
        Parity::Even => tokio_serial::Parity::Even,
        Parity::Odd => tokio_serial::Parity::Odd,
    };
    let real = std::fs::canonicalize(port).unwrap_or_else(|_| port.to_owned());
    let mut stream = tokio_serial::new(real.to_string_lossy(), baud).parity(parity).open_native_async()?;
    // One owner a line (invariant A12); a pseudo-terminal has no such thing.
    stream.set_exclusive(true).ok();
    Ok(stream)
}

/// A character is eleven bits at most.
fn character(baud: u32) -> Duration {
    Duration::from_secs(11) / baud.max(1)
}

/// Three and a half characters; above 19200 bits a second a fixed 1.75 ms.
fn gap(baud: u32) -> Duration {
    if baud > 19_200 { Duration::from_micros(1_750) } else { character(baud) * 7 / 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_apart_by_three_and_a_half_characters() {
        assert_eq!(gap(9_600).as_micros(), 4_010);
        assert_eq!(gap(19_200).as_micros(), 2_005);
        assert_eq!(gap(115_200).as_micros(), 1_750);
        assert_eq!(character(1_200).as_micros(), 9_166);
    }
}
