//! A serial line, a tty by its path or a serial device server by TCP: opened, and opened again whenever it is gone.
//! Scales, readers and portals share it.

use std::io;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::sleep;
use tokio_serial::{ClearBuffer, DataBits, SerialPort, SerialPortBuilderExt, StopBits};

use crate::model::scale::{LineFormat, Parity, ScalePort};

/// How long a device server may take to answer.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// A device server that says nothing is asked after so long whether it is still there, then so often, so many times:
/// a reader may have nothing to say for hours, and must be missed long before.
const KEEP_ALIVE_AFTER: Duration = Duration::from_secs(10);
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(5);
const KEEP_ALIVE_TIMES: u32 = 3;
/// First and longest pause before a line is opened again (hazard 17).
const PAUSE_FIRST: Duration = Duration::from_millis(200);
const PAUSE_LONGEST: Duration = Duration::from_secs(5);

/// Bytes both ways, whatever carries them.
pub(super) trait Line: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Line for T {}

/// How much a driver tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Telling {
    /// What a lane needs.
    Readings,
    /// Every byte and every frame too, for a technician who watches.
    Everything,
}

/// How long to wait before a line is opened again: longer each time, until it worked.
#[derive(Debug)]
struct Pause(Duration);

impl Pause {
    const fn new() -> Self {
        Self(PAUSE_FIRST)
    }

    /// The line worked: the next pause is the first again.
    const fn worked(&mut self) {
        self.0 = PAUSE_FIRST;
    }

    /// This pause; the next one is twice as long.
    fn take(&mut self) -> Duration {
        let pause = self.0;
        self.0 = (pause * 2).min(PAUSE_LONGEST);
        pause
    }
}

/// Whether a session is followed by the next one soon, or after a pause that grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Worked {
    /// The device spoke as it should, or the line could be held open.
    Well,
    /// It didn't, or another one did.
    Ill,
}

/// A device on a line, with all that outlives one opening of it.
pub(super) trait Sessions {
    /// One opening of the line, until it is gone or given up.
    fn session(&mut self) -> impl Future<Output = Worked> + Send;
}

/// Opens a line again and again until told to stop.
pub(super) async fn drive(mut device: impl Sessions, mut stop: oneshot::Receiver<()>) {
    let mut pause = Pause::new();
    loop {
        let worked = tokio::select! {
            worked = device.session() => worked,
            _ = &mut stop => return,
        };
        if worked == Worked::Well {
            pause.worked();
        }
        tokio::select! {
            () = sleep(pause.take()) => {}
            _ = &mut stop => return,
        }
    }
}

/// Opens the line anew at `baud` bits a second; a link (by-id) is followed at each opening (hazard 17).
pub(super) async fn open(port: &ScalePort, baud: u32, format: LineFormat) -> io::Result<Box<dyn Line>> {
    match port {
        ScalePort::Tty(path) => {
            let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.clone());
            let LineFormat { data_bits, parity, stop_bits } = format;
            let builder = tokio_serial::new(path.to_string_lossy(), baud)
                .data_bits(if data_bits == 7 { DataBits::Seven } else { DataBits::Eight })
                .stop_bits(if stop_bits == 2 { StopBits::Two } else { StopBits::One })
                .parity(match parity {
                    Parity::None => tokio_serial::Parity::None,
                    Parity::Even => tokio_serial::Parity::Even,
                    Parity::Odd => tokio_serial::Parity::Odd,
                });
            let mut stream = builder.open_native_async()?;
            // Keeps a second program off the line; a pseudo-terminal has none.
            stream.set_exclusive(true).ok();
            // What was sent before the line was opened says nothing of now.
            stream.clear(ClearBuffer::Input).ok();
            Ok(Box::new(stream))
        }
        ScalePort::Tcp { host, port } => {
            let connect = TcpStream::connect((host.as_str(), *port));
            let stream = tokio::time::timeout(CONNECT_WITHIN, connect).await.map_err(|_| {
                io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {} s", CONNECT_WITHIN.as_secs()))
            })??;
            stream.set_nodelay(true)?;
            let keep_alive = TcpKeepalive::new().with_time(KEEP_ALIVE_AFTER).with_interval(KEEP_ALIVE_EVERY);
            SockRef::from(&stream).set_tcp_keepalive(&keep_alive.with_retries(KEEP_ALIVE_TIMES))?;
            Ok(Box::new(stream))
        }
    }
}
