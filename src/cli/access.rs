//! `journal access`: who looked at what; and the one way for commands to show personal data: named, written down, then
//! shown.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use chrono::Utc;
use clap::Args;
use serde_json::json;

use super::EXIT_INPUT;
use super::journal::Trouble;
use super::place::Place;
use super::report::instant;
use crate::journal::{Access, AccessError, AccessLog, JournalError, Looked, PURPOSE_MAX_CHARS, Reader, Who};
use crate::model::Timestamp;

/// For what personal data is shown.
#[derive(Debug, Args)]
pub struct Reveal {
    /// Show plates, persons and officers; the purpose (a case, an appeal, an audit) goes into the access log.
    #[arg(long, value_name = "PURPOSE", value_parser = purpose)]
    reveal: Option<String>,
}

/// For what a command that always shows personal data is run.
#[derive(Debug, Args)]
pub struct ForPurpose {
    /// For what: a case, an appeal, an audit. It goes into the access log.
    #[arg(long, value_parser = purpose, default_value = "not said")]
    purpose: String,
}

fn purpose(text: &str) -> Result<String, String> {
    let text = text.trim();
    let fits = (1..=PURPOSE_MAX_CHARS).contains(&text.chars().count());
    fits.then(|| text.to_owned()).ok_or_else(|| format!("1 to {PURPOSE_MAX_CHARS} characters are expected"))
}

impl Reveal {
    /// Whether personal data may be shown: a purpose was named, and the look is in the access log.
    pub(super) fn granted(&self, data: &Path, what: Looked, of: String) -> Result<bool, AccessError> {
        let Some(purpose) = &self.reveal else { return Ok(false) };
        looked(data, what, of, purpose).map(|()| true)
    }
}

impl ForPurpose {
    /// Writes the look down; nothing may be shown when it fails.
    pub(super) fn looked(&self, data: &Path, what: Looked, of: String) -> Result<(), AccessError> {
        looked(data, what, of, &self.purpose)
    }
}

fn looked(data: &Path, what: Looked, of: String, purpose: &str) -> Result<(), AccessError> {
    let at = Timestamp::new(Utc::now());
    let access = Access { at, who: Who::of_process(), what, of, purpose: purpose.to_owned() };
    AccessLog::of(data).record(&access).map(drop)
}

/// What of the access log is printed.
#[derive(Debug, Args)]
pub struct AccessCommand {
    /// Which journal.
    #[command(flatten)]
    place: Place,
    /// From this day (UTC) or instant (RFC 3339) on.
    #[arg(long, value_parser = instant)]
    since: Option<Timestamp>,
}

pub(super) fn run(command: &AccessCommand) -> Result<ExitCode, Trouble> {
    let directory = command.place.directory()?;
    let anchors = match Reader::open(&directory) {
        Ok(reader) => reader.anchors()?,
        // Registers can be looked at before there is a journal.
        Err(JournalError::Missing { .. }) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let report = AccessLog::of(&directory).read(command.since, &anchors)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    for (sequence, Access { at, who, what, of, purpose }) in &report.entries {
        let line = json!({ "sequence": sequence, "at": at, "who": who, "what": what, "of": of, "purpose": purpose });
        writeln!(out, "{line}")?;
    }
    out.flush()?;
    let mut talk = io::stderr().lock();
    match &report.fault {
        None => {
            writeln!(
                talk,
                "{} looks in all, all in order, {} heads of the log on record",
                report.lines,
                anchors.len()
            )?;
            Ok(ExitCode::SUCCESS)
        }
        Some(fault) => {
            writeln!(talk, "the access log was tampered with: {fault}")?;
            Ok(ExitCode::from(EXIT_INPUT))
        }
    }
}
