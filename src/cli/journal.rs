//! `journal`: verify, show, export, salvage; its heads and proofs are next door.

use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use uuid::Uuid;

use super::access::{self, AccessCommand, Reveal};
use super::heads::{self, HeadsFault, ProveArguments, VerifyArguments};
use super::place::{NoPlace, Place};
use super::selection::{self, SelectionCommand};
use super::shred::{self, ShredCommand};
use super::{EXIT_ENVIRONMENT, EXIT_INPUT};
use crate::journal::{
    AccessError, HeadKeyError, JournalError, Looked, Reader, Salvage, SalvageError, Selection, Sight, salvage,
};
use crate::model::{LaneId, PassageId, RecordKind};

/// Records read at once by `show` and `export`.
const PAGE: u64 = 1_000;

/// What to do with the journal.
#[derive(Debug, Subcommand)]
pub enum JournalCommand {
    /// Check every record against its hash, its place and the signed heads; exit 1 names the first that is wrong, 2 says
    /// that the journal is shorter than a head.
    Verify {
        /// Which journal.
        #[command(flatten)]
        place: Place,
        /// Held against what.
        #[command(flatten)]
        against: VerifyArguments,
    },
    /// Print the newest signed head that the journal keeps, as it was published.
    Head {
        /// Which journal.
        #[command(flatten)]
        place: Place,
        /// All that it keeps, a line each.
        #[arg(long)]
        all: bool,
    },
    /// Print the public keys that signed heads, the newest last: what auditors and witnesses need.
    Key {
        /// Which journal.
        #[command(flatten)]
        place: Place,
        /// Replace the signing key first; the controller must not run.
        #[arg(long)]
        renew: bool,
    },
    /// Print a proof that a record is under a head, or that a head continues another; `journal-verify --proof` checks it.
    Prove {
        /// Which journal.
        #[command(flatten)]
        place: Place,
        /// Of what.
        #[command(flatten)]
        what: ProveArguments,
    },
    /// Print records as JSON lines; plates, persons and officers are masked unless a purpose is named.
    Show {
        /// Which journal.
        #[command(flatten)]
        place: Place,
        /// Which records.
        #[command(flatten)]
        filter: Filter,
        /// For what they are shown.
        #[command(flatten)]
        reveal: Reveal,
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
    /// Print the whole journal as JSON lines, for an archive: as it is stored, so that the hashes hold and a destroyed
    /// key reaches the archive too; in the clear when a purpose is named.
    Export {
        /// Which journal.
        #[command(flatten)]
        place: Place,
        /// For what it is shown.
        #[command(flatten)]
        reveal: Reveal,
    },
    /// Print who looked at what, when and for what; exit 1 when the log was tampered with.
    Access(AccessCommand),
    /// Destroy the keys of days that are over, so that nobody reads their personal fields again; the chain still
    /// verifies.
    Shred(ShredCommand),
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
    #[error(transparent)]
    Place(#[from] NoPlace),
    #[error("`{0}` is no {1}")]
    Filter(String, &'static str),
    #[error(transparent)]
    Heads(#[from] HeadsFault),
    #[error(transparent)]
    HeadKey(#[from] HeadKeyError),
    #[error("{path} can not be written: {source}; name a new file in a directory that you may write to")]
    Copy { path: PathBuf, source: io::Error },
    #[error("{0}")]
    Salvage(#[from] SalvageError),
    #[error("standard output: {0}")]
    Output(#[from] io::Error),
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error("{0}")]
    Shred(String),
    #[error("{0}")]
    Refused(String),
}

impl Filter {
    /// As the access log names it.
    fn named(&self) -> (Looked, String) {
        if let Some(passage) = self.passage {
            return (Looked::Passage, passage.to_string());
        }
        let mut of = format!("from {}", self.from);
        let more = [
            ("lane", self.lane.clone()),
            ("kind", self.kind.clone()),
            ("limit", self.limit.map(|limit| limit.to_string())),
        ];
        for (name, value) in more {
            of.extend(value.map(|value| format!(", {name} {value}")));
        }
        (Looked::Records, of)
    }
}

/// Carries a command out.
#[must_use]
pub fn run(command: JournalCommand) -> ExitCode {
    let done = match command {
        JournalCommand::Verify { place, against } => heads::verify(&place, &against),
        JournalCommand::Head { place, all } => heads::show(&place, heads::Which::from_all(all)),
        JournalCommand::Key { place, renew } => heads::keys(&place, heads::Renewal::from_flag(renew)),
        JournalCommand::Prove { place, what } => heads::prove(&place, &what),
        JournalCommand::Show { place, filter, reveal } => show(&place, filter, &reveal, Sight::Masked),
        JournalCommand::Access(command) => access::run(&command),
        JournalCommand::Shred(command) => shred::run(&command),
        JournalCommand::Selection(command) => selection::run(command),
        JournalCommand::Salvage { out, place } => save(&out, &place),
        JournalCommand::Export { place, reveal } => {
            let all = Filter { passage: None, lane: None, kind: None, from: 1, limit: None };
            show(&place, all, &reveal, Sight::Sealed)
        }
    };
    done.unwrap_or_else(|trouble| {
        let code = match &trouble {
            Trouble::Filter(..) | Trouble::Refused(_) => EXIT_INPUT,
            Trouble::Heads(fault) => fault.exit_code(),
            Trouble::Journal(_)
            | Trouble::Place(_)
            | Trouble::HeadKey(_)
            | Trouble::Access(_)
            | Trouble::Shred(_)
            | Trouble::Copy { .. }
            | Trouble::Salvage(_)
            | Trouble::Output(_) => EXIT_ENVIRONMENT,
        };
        // Nobody reads standard error: the exit code still tells.
        drop(writeln!(io::stderr().lock(), "{trouble}"));
        ExitCode::from(code)
    })
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

/// `hidden` is what is seen when no purpose is named.
fn show(place: &Place, filter: Filter, reveal: &Reveal, hidden: Sight) -> Result<ExitCode, Trouble> {
    let directory = place.directory()?;
    let reader = Reader::open(&directory)?;
    let (what, of) = filter.named();
    let sight = if reveal.granted(&directory, what, of)? { Sight::Clear } else { hidden };
    let reader = reader.seeing(sight);
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
