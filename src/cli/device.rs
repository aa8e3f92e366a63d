//! `device`: decode captured bytes.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Map, Value, json};

use super::EXIT_ENVIRONMENT;
use crate::device::serial::{hex, stability_name};
use crate::wire::scale::{Decoded, Protocol, Reply, ScaleFrame};

/// What to do with a device's bytes.
#[derive(Debug, Subcommand)]
pub enum DeviceCommand {
    /// Print a JSON line for each frame of captured bytes.
    Decode {
        /// The scale protocol.
        #[arg(long, value_parser = protocol)]
        protocol: Protocol,
        /// The captured bytes; standard input when none.
        file: Option<PathBuf>,
    },
}

fn protocol(name: &str) -> Result<Protocol, String> {
    Protocol::from_name(name).map_err(|error| error.to_string())
}

/// Carries a command out.
#[must_use]
pub fn run(command: DeviceCommand) -> ExitCode {
    let DeviceCommand::Decode { protocol, file } = command;
    match decode(protocol, file) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody reads standard error: the exit code still tells.
            writeln!(io::stderr().lock(), "{error}").ok();
            ExitCode::from(EXIT_ENVIRONMENT)
        }
    }
}

fn decode(protocol: Protocol, file: Option<PathBuf>) -> io::Result<()> {
    let mut source: Box<dyn Read> = match &file {
        Some(path) => {
            let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
            Box::new(std::fs::File::open(path).map_err(named)?)
        }
        None => Box::new(io::stdin().lock()),
    };
    let mut framer = protocol.framer();
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut bytes = [0_u8; 4_096];
    loop {
        let count = source.read(&mut bytes)?;
        if count == 0 {
            break;
        }
        framer.push(bytes.split_at(count).0);
        while let Some(decoded) = framer.next() {
            writeln!(out, "{}", shown(&decoded))?;
        }
    }
    out.flush()
}

fn shown(decoded: &Decoded) -> Value {
    match decoded {
        Decoded::Frame(frame) => Value::Object(shown_frame(frame)),
        Decoded::Reply(Reply::Accepted) => json!({ "reply": "accepted" }),
        Decoded::Reply(Reply::Refused) => json!({ "reply": "refused" }),
        Decoded::Skipped { bytes, why } => json!({ "skipped": hex(bytes), "why": why }),
    }
}

fn shown_frame(frame: &ScaleFrame) -> Map<String, Value> {
    let mut line = Map::new();
    if let Some(gross) = frame.gross {
        // The text is an exact decimal number.
        let number = serde_json::from_str(&gross.to_kg_text()).unwrap_or(Value::Null);
        line.insert("gross_kg".into(), number);
        line.insert("unit".into(), gross.unit.symbol().into());
    }
    line.insert("stability".into(), stability_name(frame.stability).into());
    for (name, set) in [("overload", frame.overload), ("underload", frame.underload)] {
        if set {
            line.insert(name.into(), true.into());
        }
    }
    if let Some(fault) = frame.fault {
        line.insert("fault".into(), fault.into());
    }
    line.insert("raw".into(), hex(&frame.raw).into());
    line
}
