//! `journal`: verify, show, export, salvage.

use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Deserialize;
use uuid::Uuid;

use super::selection::{self, SelectionCommand};
use super::{EXIT_ENVIRONMENT, EXIT_INPUT};
use crate::journal::{JournalError, Reader, Salvage, SalvageError, Selection, salvage, verify};
use crate::model::{LaneId, PassageId, RecordKind};

/// Records read at once by `show` and `export`.
const PAGE: u64 = 1_000;

/// What to do with the journal.
#[derive(Debug, Subcommand)]
pub enum JournalCommand {
    /// Check every record against its hash, its place and the head; exit 1 names the first that is wrong.
    Verify {
        /// Which journal.
        #[command(flatten)]
        place: Place,
    },
    /// Print records as JSON lines.
    Show {
        /// Which journal.
        #[command(flatten)]
        place: Place,
        /// Which records.
        #[command(flatten)]
        filter: Filter,
    },
    /// Verify the random selections.
    #[command(subcommand)]
    Selection(SelectionCommand),
    /// Save what can be read of a damaged journal as JSON lines, and report what can't; exit 1 when anything is missing.
    Salvage {
        /// A new file for the records.
        out: PathBuf,
        /// Which journal.
        #[command(flatten)]
        place: Place,
    },
    /// Print the whole journal as JSON lines, for an archive.
    Export {
        /// Which journal.
        #[command(flatten)]
        place: Place,
    },
}

/// Where the journal is.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Place {
    /// The data directory.
    #[arg(long)]
    data: Option<PathBuf>,
    /// A configuration that names it.
    #[arg(long)]
    config: Option<PathBuf>,
}

/// Which records to print.
#[derive(Debug, Args)]
pub struct Filter {
    /// Of this passage.
    #[arg(long)]
    passage: Option<Uuid>,
    /// Of this lane.
    #[arg(long)]
    lane: Option<String>,
    /// Of this kind.
    #[arg(long)]
    kind: Option<String>,
    /// From this sequence on.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// At most so many.
    #[arg(long)]
    limit: Option<u64>,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("{0}")]
    Journal(#[from] JournalError),
    #[error("{path}: {why}")]
    Config { path: PathBuf, why: String },
    #[error("`{0}` is no {1}")]
    Filter(String, &'static str),
    #[error("{path} can not be written: {source}; name a new file in a directory that you may write to")]
    Copy { path: PathBuf, source: io::Error },
    #[error("{0}")]
    Salvage(#[from] SalvageError),
    #[error("standard output: {0}")]
    Output(#[from] io::Error),
}

impl Place {
    pub(super) fn directory(&self) -> Result<PathBuf, Trouble> {
        match (&self.data, &self.config) {
            (Some(data), _) => Ok(data.clone()),
            (None, Some(config)) => directory_of(config),
            (None, None) => Ok(PathBuf::from(".")),
        }
    }
}

fn directory_of(config: &Path) -> Result<PathBuf, Trouble> {
    #[derive(Deserialize)]
    struct Data {
        directory: PathBuf,
    }
    #[derive(Deserialize)]
    struct Only {
        data: Data,
    }
    let wrong = |why: String| Trouble::Config { path: config.to_owned(), why };
    let text = std::fs::read_to_string(config).map_err(|error| wrong(error.to_string()))?;
    let only: Only = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    Ok(only.data.directory)
}

/// Carries a command out.
#[must_use]
pub fn run(command: JournalCommand) -> ExitCode {
    let done = match command {
        JournalCommand::Verify { place } => check(&place),
        JournalCommand::Show { place, filter } => show(&place, filter),
        JournalCommand::Selection(command) => selection::run(command),
        JournalCommand::Salvage { out, place } => save(&out, &place),
        JournalCommand::Export { place } => {
            let all = Filter { passage: None, lane: None, kind: None, from: 1, limit: None };
            show(&place, all)
        }
    };
    done.unwrap_or_else(|trouble| {
        let code = if matches!(trouble, Trouble::Filter(..)) { EXIT_INPUT } else { EXIT_ENVIRONMENT };
        // Nobody reads standard error: the exit code still tells.
        drop(writeln!(io::stderr().lock(), "{trouble}"));
        ExitCode::from(code)
    })
}

fn check(place: &Place) -> Result<ExitCode, Trouble> {
    let report = verify(&place.directory()?)?;
    let line = serde_json::to_string(&report).map_err(io::Error::from)?;
    writeln!(io::stdout().lock(), "{line}")?;
    match &report.damage {
        None => {
            writeln!(io::stderr().lock(), "{} records, all in order", report.records)?;
            Ok(ExitCode::SUCCESS)
        }
        Some(damage) => {
            writeln!(io::stderr().lock(), "{damage}")?;
            Ok(ExitCode::from(EXIT_INPUT))
        }
    }
}

fn save(out: &Path, place: &Place) -> Result<ExitCode, Trouble> {
    let directory = place.directory()?;
    let fail = |source| Trouble::Copy { path: out.to_owned(), source };
    // Never over a file that is there: it may be an earlier copy.
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(out).map_err(fail)?;
    let mut copy = io::BufWriter::new(&file);
    let report = salvage(&directory, &mut copy)?;
    drop(copy);
    file.sync_all().map_err(fail)?;
    writeln!(io::stdout().lock(), "{}", serde_json::to_string(&report).map_err(io::Error::from)?)?;
    let Salvage { prefix, intact, changed, lost, .. } = &report;
    writeln!(
        io::stderr().lock(),
        "{intact} records are as they were written, the first {prefix} of them in one chain; {changed} were changed, {lost} are lost"
    )?;
    Ok(if report.is_whole() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_INPUT) })
}

fn show(place: &Place, filter: Filter) -> Result<ExitCode, Trouble> {
    let reader = Reader::open(&place.directory()?)?;
    let lane = filter.lane.map(|lane| LaneId::new(&lane).map_err(|_| Trouble::Filter(lane, "lane"))).transpose()?;
    let kind = filter.kind.map(|kind| RecordKind::from_name(&kind).ok_or(Trouble::Filter(kind, "kind"))).transpose()?;
    let passage = filter.passage.map(PassageId);
    let mut left = filter.limit.unwrap_or(u64::MAX);
    let mut from = filter.from;
    let mut out = io::BufWriter::new(io::stdout().lock());
    while left > 0 {
        let limit = Some(left.min(PAGE));
        let page = reader.select(&Selection { passage, lane: lane.clone(), kind, from, limit })?;
        let Some(last) = page.last() else { break };
        from = last.sequence + 1;
        left -= u64::try_from(page.len()).unwrap_or(left);
        for record in &page {
            writeln!(out, "{}", record.to_json())?;
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
