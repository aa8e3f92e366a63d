//! `registry import`: files in, a receipt for each document out.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::Args;

use super::broker::{Publisher, ThroughBroker};
use super::{EXIT_ENVIRONMENT, EXIT_INPUT, Place, Trouble, tell};
use crate::config::parse_duration;
use crate::domain::plate::Templates;
use crate::journal::Claim;
use crate::model::registry::{PathError, RegisterKind};
use crate::model::{Receipt, ReceiptResult, Timestamp};
use crate::registry::{Registry, RegistryFailure};
use crate::wire::import::{Contents, FILE_MAX_BYTES, Fault, Format, Found, Supplement, When, import};

/// Documents handed in at once; then their receipts are awaited.
const CHUNK: usize = 256;

/// Bring documents in from files.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("to").required(true).args(["data", "config", "mqtt"])))]
pub struct Import {
    /// JSON, JSON lines, CSV or XML; by the file's extension, else by its first character.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// notification, declaration or party; without it the documents' keys, or a CSV file's columns, tell.
    #[arg(long, value_parser = kind)]
    kind: Option<RegisterKind>,
    /// The data directory of a controller that doesn't run.
    #[arg(long)]
    data: Option<PathBuf>,
    /// A configuration that names it.
    #[arg(long)]
    config: Option<PathBuf>,
    /// The controller that runs, through its broker.
    #[command(flatten)]
    broker: ThroughBroker,
    /// What documents of foreign formats lack.
    #[command(flatten)]
    supplement: SupplementArgs,
}

/// What documents of foreign formats lack; a value that a document has itself stays.
#[derive(Debug, Args)]
pub(super) struct SupplementArgs {
    /// Revision of documents that have none.
    #[arg(long)]
    revision: Option<u64>,
    /// When vehicles are expected, like 2026-11-24T05:00:00Z.
    #[arg(long, value_parser = instant, conflicts_with = "expected_after")]
    expected_at: Option<Timestamp>,
    /// How long after submission vehicles are expected, like 2h.
    #[arg(long, value_parser = duration)]
    expected_after: Option<Duration>,
    /// Until when notifications may be used.
    #[arg(long, value_parser = instant, conflicts_with = "valid_for")]
    valid_until: Option<Timestamp>,
    /// How long after submission notifications may be used, like 30d.
    #[arg(long, value_parser = duration)]
    valid_for: Option<Duration>,
}

fn kind(name: &str) -> Result<RegisterKind, String> {
    [RegisterKind::Notification, RegisterKind::Declaration, RegisterKind::Party]
        .into_iter()
        .find(|kind| kind.as_str() == name)
        .ok_or_else(|| "notification, declaration or party is expected".to_owned())
}

fn instant(text: &str) -> Result<Timestamp, String> {
    DateTime::parse_from_rfc3339(text)
        .map(|at| Timestamp::new(at.with_timezone(&Utc)))
        .map_err(|_| "an instant like 2026-11-24T05:12:03Z is expected".to_owned())
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "a duration like 45m, 2h or 30d is expected".to_owned())
}

impl SupplementArgs {
    fn supplement(&self) -> Supplement {
        let when = |at: Option<Timestamp>, after: Option<Duration>| {
            at.map(When::At).or_else(|| after.map(When::AfterSubmission))
        };
        Supplement {
            revision: self.revision,
            expected: when(self.expected_at, self.expected_after),
            valid_until: when(self.valid_until, self.valid_for),
        }
    }
}

pub(super) fn run(command: &Import) -> Result<ExitCode, Trouble> {
    let mut sink = Sink::open(command)?;
    let (mut rejected, mut unread) = (false, false);
    for file in &command.files {
        match read(file) {
            Ok(bytes) => {
                let extension = file.extension().and_then(|extension| extension.to_str());
                let format = Format::of(extension, &bytes);
                let contents = import(format, command.kind, command.supplement.supplement(), &bytes);
                rejected |= take(file, contents, &mut sink)? == Outcome::Rejected;
            }
            Err(error) => {
                tell(&format!("{}: {error}", file.display()));
                unread = true;
            }
        }
    }
    sink.close();
    Ok(match (unread, rejected) {
        (true, _) => ExitCode::from(EXIT_ENVIRONMENT),
        (false, true) => ExitCode::from(EXIT_INPUT),
        (false, false) => ExitCode::SUCCESS,
    })
}

/// Reads a file, and one byte more than may be in it, so that a longer one is refused.
fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = u64::try_from(FILE_MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    File::open(file)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Where documents go.
enum Sink {
    /// The registry of a data directory on which no controller runs.
    Registry { registry: Registry, _claim: Claim },
    /// A running controller.
    Broker(Box<Publisher>),
}

impl Sink {
    fn open(command: &Import) -> Result<Self, Trouble> {
        if let Some(publisher) = Publisher::connect(&command.broker)? {
            return Ok(Self::Broker(Box::new(publisher)));
        }
        let place = Place { data: command.data.clone(), config: command.config.clone() };
        let directory = place.directory()?;
        let Ok(metadata) = std::fs::metadata(&directory) else { return Err(Trouble::NoDirectory(directory)) };
        if metadata.uid() != nix::unistd::geteuid().as_raw() {
            return Err(Trouble::OtherOwner { path: directory, owner: metadata.uid() });
        }
        // A controller keeps the registry in memory: what another process stores, its lanes would not see.
        let claim = Claim::of(&directory)?;
        Ok(Self::Registry { registry: Registry::open(&directory, Arc::new(Templates::embedded()))?, _claim: claim })
    }

    /// Hands documents in: the receipts that came, in the same order, and what kept the others away.
    fn submit(&mut self, documents: &[Ready]) -> (Vec<Receipt>, Result<(), Trouble>) {
        match self {
            Self::Registry { registry, .. } => {
                let (tell, told) = channel();
                for (index, document) in documents.iter().enumerate() {
                    let tell = tell.clone();
                    let done = Box::new(move |result| {
                        // The receiver lives until every document is answered.
                        tell.send((index, result)).ok();
                    });
                    registry.submit(document.kind, document.json.clone(), now(), done);
                }
                drop(tell);
                let (mut receipts, mut done) = (Vec::new(), Ok(()));
                for (index, result) in told {
                    match result {
                        Ok(submitted) => receipts.push((index, submitted.receipt)),
                        Err(failure) => done = Err(failure.into()),
                    }
                }
                if done.is_ok() && receipts.len() < documents.len() {
                    done = Err(RegistryFailure::Closed.into());
                }
                receipts.sort_by_key(|(index, _)| *index);
                (receipts.into_iter().map(|(_, receipt)| receipt).collect(), done)
            }
            Self::Broker(publisher) => publisher.submit(documents),
        }
    }

    fn close(self) {
        match self {
            Self::Registry { registry, .. } => registry.shutdown(),
            Self::Broker(publisher) => publisher.close(),
        }
    }
}

/// A document that may be handed in.
pub(super) struct Ready {
    pub(super) kind: RegisterKind,
    pub(super) number: String,
    pub(super) revision: u64,
    pub(super) json: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Taken,
    Rejected,
}

fn now() -> Timestamp {
    Timestamp::new(Utc::now())
}

/// Counts of one file.
#[derive(Default)]
struct Tally {
    accepted: usize,
    duplicate: usize,
    stale: usize,
    rejected: usize,
}

impl Tally {
    fn count(&mut self, result: ReceiptResult) {
        *match result {
            ReceiptResult::Accepted => &mut self.accepted,
            ReceiptResult::Duplicate => &mut self.duplicate,
            ReceiptResult::Stale => &mut self.stale,
            ReceiptResult::Rejected => &mut self.rejected,
        } += 1;
    }
}

fn take(file: &Path, contents: Contents, sink: &mut Sink) -> Result<Outcome, Trouble> {
    let mut tally = Tally::default();
    let mut ready = Vec::new();
    for fault in &contents.faults {
        tell_fault(file, fault);
    }
    for found in contents.documents {
        match found {
            Found { kind, number: Some(number), revision: Some(revision), outcome: Ok(json), .. } => {
                ready.push(Ready { kind, number, revision, json });
                if ready.len() >= CHUNK {
                    hand_in(&mut ready, sink, &mut tally)?;
                }
            }
            found => {
                // Receipts come in the order of the documents.
                hand_in(&mut ready, sink, &mut tally)?;
                let faults = found.outcome.as_ref().err().map(Vec::as_slice).unwrap_or_default();
                faults.iter().for_each(|fault| tell_fault(file, fault));
                print(&rejection(&found, faults), &mut tally)?;
            }
        }
    }
    hand_in(&mut ready, sink, &mut tally)?;
    let Tally { accepted, duplicate, stale, rejected } = tally;
    let faults = contents.faults.len();
    let mut line =
        format!("{}: {accepted} accepted, {duplicate} duplicate, {stale} stale, {rejected} rejected", file.display());
    if faults > 0 {
        line.push_str(&format!("; {faults} faults in what is no document"));
    }
    tell(&line);
    Ok(if rejected + faults > 0 { Outcome::Rejected } else { Outcome::Taken })
}

fn hand_in(ready: &mut Vec<Ready>, sink: &mut Sink, tally: &mut Tally) -> Result<(), Trouble> {
    if ready.is_empty() {
        return Ok(());
    }
    let (receipts, done) = sink.submit(ready);
    for receipt in &receipts {
        print(receipt, tally)?;
    }
    ready.clear();
    done
}

fn print(receipt: &Receipt, tally: &mut Tally) -> Result<(), Trouble> {
    tally.count(receipt.result);
    let line = serde_json::to_string(receipt).map_err(io::Error::from)?;
    Ok(writeln!(io::stdout().lock(), "{line}")?)
}

/// One line that a program can read too.
fn tell_fault(file: &Path, fault: &Fault) {
    tell(&format!("{}:{}: {}: {}", file.display(), fault.place, fault.path, fault.message));
}

fn rejection(found: &Found, faults: &[Fault]) -> Receipt {
    let errors = faults.iter().map(|fault| PathError {
        path: fault.path.clone(),
        message: format!("line {}, column {}: {}", fault.place.line, fault.place.column, fault.message),
    });
    Receipt {
        kind: found.kind,
        number: found.number.clone(),
        revision: found.revision,
        result: ReceiptResult::Rejected,
        errors: errors.collect(),
        at: now(),
    }
}
