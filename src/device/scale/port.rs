//! Opening the line: a tty by its path, or a serial device server by TCP.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_serial::{ClearBuffer, DataBits, SerialPort, SerialPortBuilderExt, StopBits};

use super::ScaleSettings;
use crate::model::scale::{LineFormat, Parity, ScalePort};

/// How long a device server may take to answer.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);

/// Bytes both ways, whatever carries them.
pub(super) trait Line: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Line for T {}

/// Opens the line anew; a link (by-id) is followed at each opening (hazard 17).
pub(super) async fn open(settings: &ScaleSettings) -> io::Result<Box<dyn Line>> {
    match &settings.port {
        ScalePort::Tty(path) => {
            let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.clone());
            let LineFormat { data_bits, parity, stop_bits } = settings.line;
            let builder = tokio_serial::new(path.to_string_lossy(), settings.baud)
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
            // What was sent before the line was opened is no weight of now.
            stream.clear(ClearBuffer::Input).ok();
            Ok(Box::new(stream))
        }
        ScalePort::Tcp { host, port } => {
            let connect = TcpStream::connect((host.as_str(), *port));
            let stream = tokio::time::timeout(CONNECT_WITHIN, connect).await.map_err(|_| {
                io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {} s", CONNECT_WITHIN.as_secs()))
            })??;
            stream.set_nodelay(true)?;
            Ok(Box::new(stream))
        }
    }
}
