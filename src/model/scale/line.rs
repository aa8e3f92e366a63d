//! The line to an indicator: a tty or a serial device server, and how its bytes are framed.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where an indicator is plugged in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScalePort {
    /// A tty by its path, best by its `/dev/serial/by-id` name (hazard 17).
    Tty(PathBuf),
    /// A serial device server that passes the line's bytes over TCP as they are.
    Tcp {
        /// Name or address.
        host: String,
        /// TCP port.
        port: u16,
    },
}

/// Something about a line that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// No host and port.
    #[error("`{0}` is no TCP port; \"tcp://host:port\" is expected")]
    Tcp(String),
    /// No line format.
    #[error("`{0}` is no line format; data bits, parity and stop bits like \"8N1\", \"7E1\" or \"8O2\" are expected")]
    Format(String),
}

impl FromStr for ScalePort {
    type Err = LineError;

    fn from_str(text: &str) -> Result<Self, LineError> {
        let Some(address) = text.strip_prefix("tcp://") else { return Ok(Self::Tty(PathBuf::from(text))) };
        let wrong = || LineError::Tcp(text.to_owned());
        let (host, port) = address.rsplit_once(':').ok_or_else(wrong)?;
        // An IPv6 address stands in brackets.
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let port = port.parse().ok().filter(|port| *port != 0).ok_or_else(wrong)?;
        if host.is_empty() || host.contains(['/', ' ']) {
            return Err(wrong());
        }
        Ok(Self::Tcp { host: host.to_owned(), port })
    }
}

impl fmt::Display for ScalePort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tty(path) => write!(f, "{}", path.display()),
            Self::Tcp { host, port } => write!(f, "tcp://{host}:{port}"),
        }
    }
}

/// The bit that guards each byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parity {
    /// None.
    None,
    /// An even number of ones.
    Even,
    /// An odd number of ones.
    Odd,
}

/// Data bits, parity, stop bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineFormat {
    /// 7 or 8.
    pub data_bits: u8,
    /// The guard.
    pub parity: Parity,
    /// 1 or 2.
    pub stop_bits: u8,
}

impl Default for LineFormat {
    fn default() -> Self {
        Self { data_bits: 8, parity: Parity::None, stop_bits: 1 }
    }
}

impl FromStr for LineFormat {
    type Err = LineError;

    fn from_str(text: &str) -> Result<Self, LineError> {
        let wrong = || LineError::Format(text.to_owned());
        let &[data, parity, stop] = text.as_bytes() else { return Err(wrong()) };
        let data_bits = match data {
            b'7' => 7,
            b'8' => 8,
            _ => return Err(wrong()),
        };
        let parity = match parity.to_ascii_uppercase() {
            b'N' => Parity::None,
            b'E' => Parity::Even,
            b'O' => Parity::Odd,
            _ => return Err(wrong()),
        };
        let stop_bits = match stop {
            b'1' => 1,
            b'2' => 2,
            _ => return Err(wrong()),
        };
        Ok(Self { data_bits, parity, stop_bits })
    }
}

impl fmt::Display for LineFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parity = match self.parity {
            Parity::None => 'N',
            Parity::Even => 'E',
            Parity::Odd => 'O',
        };
        write!(f, "{}{parity}{}", self.data_bits, self.stop_bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_a_path_or_a_device_server() {
        assert_eq!("/dev/ttyS0".parse(), Ok(ScalePort::Tty("/dev/ttyS0".into())));
        for (text, host, port) in [
            ("tcp://10.0.0.7:4001", "10.0.0.7", 4001),
            ("tcp://[fe80::1]:23", "fe80::1", 23),
            ("tcp://moxa:1", "moxa", 1),
        ] {
            assert_eq!(text.parse(), Ok(ScalePort::Tcp { host: host.to_owned(), port }));
        }
        for text in ["tcp://", "tcp://host", "tcp://:23", "tcp://host:0", "tcp://host:70000", "tcp://a/b:1"] {
            assert_eq!(text.parse::<ScalePort>(), Err(LineError::Tcp(text.to_owned())));
        }
    }

    #[test]
    fn a_line_format_is_three_characters() {
        for text in ["8N1", "7E1", "7O2", "8E1"] {
            assert_eq!(text.parse::<LineFormat>().map(|format| format.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "8N", "9N1", "8X1", "8N3", "8N1 ", "ä1"] {
            assert!(text.parse::<LineFormat>().is_err(), "{text}");
        }
        assert_eq!(LineFormat::default().to_string(), "8N1");
    }
}
