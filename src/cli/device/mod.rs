//! `device`: decode captured bytes, watch a line, replay a capture.

mod capture;
mod decode;
mod listen;
mod replay;
mod show;
mod watch;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::EXIT_ENVIRONMENT;
use crate::device::listen::Speaks;
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
    /// Read the line of a scale, a reader or a portal and print what comes, what it means, and each second what the line shows.
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

/// What the device speaks: the keys of `[lane.scale]`, or a protocol of `[[lane.reader]]` or `[[lane.portal]]`.
#[derive(Debug, Args)]
pub struct DialectArguments {
    /// The protocol of a scale, of a reader (lines, ssi) or of a portal (rpm-lines).
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

/// A device by its protocol.
enum Device {
    /// It weighs.
    Scale(Dialect),
    /// It reads documents, or measures radiation.
    Listened(Speaks),
}

impl DialectArguments {
    /// The device; what doesn't fit is told.
    fn device(&self) -> Result<Device, ExitCode> {
        let Some(speaks) = listen::named(&self.protocol) else { return self.dialect().map(Device::Scale) };
        let given = [
            ("layout", &self.layout),
            ("checksum", &self.checksum),
            ("address", &self.address),
            ("unit", &self.unit),
            ("pattern", &self.pattern),
            ("request", &self.request),
        ];
        let mut fits = true;
        for (key, _) in given.iter().filter(|(_, given)| given.is_some()) {
            tell(&format!("error: --{key}: {} has no use for it", self.protocol));
            fits = false;
        }
        if fits { Ok(Device::Listened(speaks)) } else { Err(ExitCode::from(EXIT_USAGE)) }
    }

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
        DeviceCommand::Decode { dialect, file } => dialect.device().map(|device| match device {
            Device::Scale(dialect) => decode::run(&dialect, file),
            Device::Listened(speaks) => listen::decode(speaks, file),
        }),
        DeviceCommand::Watch { port, dialect, baud, line, capture, seconds } => dialect.device().map(|device| {
            let watch = watch::Watch { port, baud, line, capture, seconds };
            match device {
                Device::Scale(dialect) => watch::run(watch, dialect),
                Device::Listened(speaks) => listen::watch(watch, speaks, &dialect.protocol),
            }
        }),
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
