//! `camera`: what a preset makes of a vendor's message.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use chrono::Utc;
use clap::Subcommand;
use serde_json::json;

use super::{EXIT_ENVIRONMENT, EXIT_INPUT};
use crate::device::camera::{PresetFault, preset, presets};
use crate::model::{Timestamp, View};
use crate::wire::camera::{Document, Preset, Reading, Seat, Unreadable};

/// Largest message, bytes: what the ingest takes.
const MESSAGE_MAX_BYTES: u64 = 8 * 1024 * 1024;

/// What to do with a camera's messages.
#[derive(Debug, Subcommand)]
pub enum CameraCommand {
    /// Print the plate reads that a preset makes of a message, a JSON line each.
    Try {
        /// A preset's name, or its file (`./mine.toml`).
        preset: String,
        /// The message as the camera sent it; `-` for standard input.
        file: PathBuf,
        /// What the camera's content-type header says; found out when it isn't given.
        #[arg(long)]
        content_type: Option<String>,
        /// Which end of the vehicle the camera sees.
        #[arg(long, default_value = "front", value_parser = view)]
        view: View,
        /// The zone of the camera's clock.
        #[arg(long, default_value = "UTC", value_parser = zone)]
        time_zone: chrono_tz::Tz,
        /// More presets: what `[cameras] presets_directory` says.
        #[arg(long)]
        presets_directory: Option<PathBuf>,
    },
    /// Print the presets, a JSON line each.
    Presets {
        /// More presets: what `[cameras] presets_directory` says.
        #[arg(long)]
        presets_directory: Option<PathBuf>,
    },
}

fn view(text: &str) -> Result<View, String> {
    match text {
        "front" => Ok(View::Front),
        "rear" => Ok(View::Rear),
        _ => Err("front or rear is expected".to_owned()),
    }
}

fn zone(text: &str) -> Result<chrono_tz::Tz, String> {
    text.parse().map_err(|_| "a zone like Asia/Almaty is expected".to_owned())
}

#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Preset(#[from] PresetFault),
    #[error(transparent)]
    Name(#[from] crate::wire::camera::NoSuchPreset),
    #[error("{path}: {error}")]
    Message { path: PathBuf, error: Unreadable },
    #[error("{path}: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("{path}: more than {MESSAGE_MAX_BYTES} bytes")]
    TooLong { path: PathBuf },
    #[error("{0}")]
    Output(#[from] io::Error),
}

impl Fault {
    const fn exit_code(&self) -> u8 {
        match self {
            Self::Preset(PresetFault::Unreadable { .. }) | Self::File { .. } | Self::Output(_) => EXIT_ENVIRONMENT,
            Self::Preset(_) | Self::Name(_) | Self::Message { .. } | Self::TooLong { .. } => EXIT_INPUT,
        }
    }
}

/// Carries a command out.
#[must_use]
pub fn run(command: CameraCommand) -> ExitCode {
    let done = match command {
        CameraCommand::Try { preset, file, content_type, view, time_zone, presets_directory } => {
            let seat = Seat { view, zone: time_zone };
            named(&preset, presets_directory.as_deref())
                .and_then(|preset| try_message(&preset, &file, content_type.as_deref(), seat))
        }
        CameraCommand::Presets { presets_directory } => list(presets_directory.as_deref()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            // Nobody reads standard error: the exit code still tells.
            writeln!(io::stderr().lock(), "{fault}").ok();
            ExitCode::from(fault.exit_code())
        }
    }
}

fn named(name: &str, directory: Option<&Path>) -> Result<Arc<Preset>, Fault> {
    let path = Path::new(name);
    if path.extension().is_some_and(|extension| extension == "toml") {
        return Ok(Arc::new(preset(path)?));
    }
    Ok(presets(directory)?.get(name)?)
}

fn list(directory: Option<&Path>) -> Result<(), Fault> {
    let mut out = io::stdout().lock();
    for preset in presets(directory)?.iter() {
        writeln!(out, "{}", json!({ "preset": preset.name(), "vendor": preset.vendor() }))?;
    }
    Ok(())
}

fn try_message(preset: &Preset, path: &Path, content_type: Option<&str>, seat: Seat) -> Result<(), Fault> {
    let body = message(path)?;
    let wrong = |error| Fault::Message { path: path.to_owned(), error };
    let document = Document::read(content_type, &body).map_err(wrong)?;
    let mut out = io::stdout().lock();
    let Some(document) = document else {
        writeln!(out, "{}", json!({ "ignored": "empty" }))?;
        return Ok(());
    };
    match preset.read(&document, seat, Timestamp::new(Utc::now())).map_err(wrong)? {
        Reading::Reads(reads) => {
            for read in reads {
                writeln!(out, "{}", json!(read))?;
            }
        }
        Reading::Ignored(why) => writeln!(out, "{}", json!({ "ignored": why }))?,
    }
    Ok(())
}

fn message(path: &Path) -> Result<Vec<u8>, Fault> {
    let fail = |source| Fault::File { path: path.to_owned(), source };
    let source: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(std::fs::File::open(path).map_err(fail)?)
    };
    let mut body = Vec::new();
    source.take(MESSAGE_MAX_BYTES + 1).read_to_end(&mut body).map_err(fail)?;
    let length = u64::try_from(body.len()).unwrap_or(u64::MAX);
    if length > MESSAGE_MAX_BYTES { Err(Fault::TooLong { path: path.to_owned() }) } else { Ok(body) }
}
