//! `journal selection`: the auditor draws again.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;

use super::EXIT_INPUT;
use super::journal::Trouble;
use super::place::Place;
use crate::journal::{Reader, verify};
use crate::risk::selection::audit;

/// What to do with the selections of the journal.
#[derive(Debug, Subcommand)]
pub enum SelectionCommand {
    /// Check the journal's chain, and make every draw again from the revealed seeds; exit 1 names what is wrong.
    Verify {
        /// Which journal.
        #[command(flatten)]
        place: Place,
    },
}

pub(super) fn run(command: SelectionCommand) -> Result<ExitCode, Trouble> {
    let SelectionCommand::Verify { place } = command;
    let directory = place.directory()?;
    let chain = verify(&directory)?;
    if let Some(damage) = chain.damage {
        let line = json!({ "records": chain.records, "damage": damage });
        writeln!(io::stdout().lock(), "{line}")?;
        writeln!(io::stderr().lock(), "{damage}")?;
        return Ok(ExitCode::from(EXIT_INPUT));
    }
    let report = audit(Reader::open(&directory)?.selections(None)?);
    let line = serde_json::to_string(&report).map_err(io::Error::from)?;
    writeln!(io::stdout().lock(), "{line}")?;
    let mut err = io::stderr().lock();
    for fault in &report.first_faults {
        writeln!(err, "{fault}")?;
    }
    if report.faults == 0 {
        writeln!(err, "{} draws, {} made again, {} still secret", report.draws, report.verified, report.pending)?;
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::from(EXIT_INPUT))
}
