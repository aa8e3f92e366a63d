//! `device`: decode captured bytes, watch a line, replay a capture.

mod capture;
mod decode;
mod replay;
mod show;
mod watch;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::EXIT_ENVIRONMENT;
use crate::model::scale::{Dialect, DialectParts, LineFormat, ScalePort};

/// The arguments don't fit together.
const EXIT_USAGE: u8 = 2;

/// What to do with a device's bytes.
#[derive(Debug, Subcommand)]
pub enum DeviceCommand {
    /// Print a JSON line for each frame of captured bytes.
    Decode {
        /// What the device speaks.
        #[command(flatten)]
        dialect: DialectArguments,
        /// The captured bytes, or a capture of `device watch`; standard input when none.
        file: Option<PathBuf>,
    },
    /// Read a scale's line and print what comes, what it means, and each second what the line shows.
    Watch {
        /// A tty, or tcp://host:port of a serial device server.
        port: ScalePort,
        /// What the device speaks.
        #[command(flatten)]
        dialect: DialectArguments,
        /// Bits a second.
        #[arg(long, default_value_t = crate::device::scale::BAUD_DEFAULT)]
        baud: u32,
        /// Data bits, parity and stop bits, like 8N1 or 7E1.
        #[arg(long, default_value_t = LineFormat::default())]
        line: LineFormat,
        /// Keep the bytes with their times in this file.
        #[arg(long)]
        capture: Option<PathBuf>,
        /// Stop after so many seconds.
        #[arg(long)]
        seconds: Option<u64>,
    },
    /// Play captured bytes onto a pseudo-terminal, whose name is printed, once somebody opens it.
    Replay {
        /// A capture of `device watch`, at its own pace; or bytes.
        file: PathBuf,
        /// Play at this rate instead.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        bytes_per_second: Option<u32>,
    },
}

/// What the device speaks: the keys of `[lane.scale]`.
#[derive(Debug, Args)]
pub struct DialectArguments {
    /// The scale protocol.
    #[arg(long)]
    protocol: String,
    /// One of the protocol's layouts.
    #[arg(long)]
    layout: Option<String>,
    /// auto, on or off.
    #[arg(long)]
    checksum: Option<String>,
    /// The indicator's address, a letter or a number.
    #[arg(long)]
    address: Option<String>,
    /// The indicator's unit where the protocol doesn't tell it: kg, t, g or lb.
    #[arg(long)]
    unit: Option<String>,
    /// The line as a regular expression (protocol `pattern`).
    #[arg(long)]
    pattern: Option<String>,
    /// What asks for a line (protocols `pattern` and `st-gs`).
    #[arg(long)]
    request: Option<String>,
}

impl DialectArguments {
    /// The dialect; what doesn't fit is told.
    fn dialect(&self) -> Result<Dialect, ExitCode> {
        let parts = DialectParts {
            protocol: &self.protocol,
            layout: self.layout.as_deref(),
            checksum: self.checksum.as_deref(),
            address: self.address.as_deref(),
            unit: self.unit.as_deref(),
            pattern: self.pattern.as_deref(),
            request: self.request.as_deref(),
        };
        Dialect::new(&parts).map_err(|errors| {
            for error in errors {
                tell(&format!("error: --{}: {}", error.key, error.message));
            }
            ExitCode::from(EXIT_USAGE)
        })
    }
}

/// Carries a command out.
#[must_use]
pub fn run(command: DeviceCommand) -> ExitCode {
    let done = match command {
        DeviceCommand::Decode { dialect, file } => dialect.dialect().map(|dialect| decode::run(&dialect, file)),
        DeviceCommand::Watch { port, dialect, baud, line, capture, seconds } => {
            dialect.dialect().map(|dialect| watch::run(watch::Watch { port, dialect, baud, line, capture, seconds }))
        }
        DeviceCommand::Replay { file, bytes_per_second } => Ok(replay::run(&file, bytes_per_second)),
    };
    match done {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            tell(&error.to_string());
            ExitCode::from(EXIT_ENVIRONMENT)
        }
        Err(code) => code,
    }
}

fn tell(text: &str) {
    // Nobody reads standard error: the exit code still tells.
    writeln!(io::stderr().lock(), "{text}").ok();
}

/// An error that names its file.
fn named(path: &std::path::Path) -> impl Fn(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
