//! `journal verify`, `head`, `key` and `prove`: the verifier's library at work on a data directory.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use journal_verify::{
    Depth, HeadFault, JournalFile, KeysFrom, OpenError, ProofFault, PublicKeys, Request, SignedHead, VerifyError,
    prove_consistency, prove_inclusion, read_heads,
};

use super::journal::Trouble;
use super::place::Place;
use super::{EXIT_ENVIRONMENT, EXIT_INPUT};
use crate::journal::{Claim, JournalError, renew_head_key};

/// Largest file with keys, bytes.
const KEYS_MAX_BYTES: u64 = 1024 * 1024;

/// What a journal is held against.
#[derive(Debug, Args)]
pub struct VerifyArguments {
    /// Heads that a witness kept, a JSON line each; may be given several times.
    #[arg(long)]
    head: Vec<PathBuf>,
    /// The site's public keys, as `journal key` printed them; without it those in the journal itself count.
    #[arg(long)]
    key: Option<PathBuf>,
    /// Check the pages and indexes of the database too.
    #[arg(long)]
    deep: bool,
}

/// What is to be proved.
#[derive(Debug, Args)]
#[group(id = "proved", required = true)]
pub struct ProveArguments {
    /// A record's sequence.
    #[arg(conflicts_with_all = ["from", "to"])]
    sequence: Option<u64>,
    /// The head that the record is under: the first of this file; the journal's newest without it.
    #[arg(long, requires = "sequence")]
    head: Option<PathBuf>,
    /// The earlier head.
    #[arg(long, requires = "to")]
    from: Option<PathBuf>,
    /// The later head, which continues it.
    #[arg(long, requires = "from")]
    to: Option<PathBuf>,
}

/// Which heads to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Newest,
    All,
}

impl Which {
    pub(super) const fn from_all(all: bool) -> Self {
        if all { Self::All } else { Self::Newest }
    }
}

/// Whether the signing key is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Renewal {
    Keep,
    Renew,
}

impl Renewal {
    pub(super) const fn from_flag(renew: bool) -> Self {
        if renew { Self::Renew } else { Self::Keep }
    }
}

/// What is wrong with heads, keys and proofs.
#[derive(Debug, thiserror::Error)]
pub(super) enum HeadsFault {
    #[error("{path}: {why}")]
    File { path: PathBuf, why: String },
    #[error("{0}")]
    Unusable(String),
    #[error("the journal keeps no signed head yet")]
    NoHead,
    #[error(transparent)]
    Proof(ProofFault),
}

impl HeadsFault {
    /// What can't be proved is the input's fault; nothing here says that a journal is good.
    pub(super) const fn exit_code(&self) -> u8 {
        match self {
            Self::File { .. } | Self::Unusable(_) => EXIT_ENVIRONMENT,
            Self::NoHead | Self::Proof(_) => EXIT_INPUT,
        }
    }
}

impl From<ProofFault> for Trouble {
    fn from(fault: ProofFault) -> Self {
        match fault {
            ProofFault::Open(error @ OpenError::NoRecord { .. }) => Self::Heads(HeadsFault::Proof(error.into())),
            ProofFault::Open(error) => Self::Journal(error.into()),
            fault @ (ProofFault::Head { .. }
            | ProofFault::NotCovered { .. }
            | ProofFault::Order { .. }
            | ProofFault::TooShort { .. }
            | ProofFault::Contradicted
            | ProofFault::Wrong) => Self::Heads(HeadsFault::Proof(fault)),
        }
    }
}

impl From<OpenError> for Trouble {
    fn from(error: OpenError) -> Self {
        Self::Journal(error.into())
    }
}

fn heads_of(path: &Path) -> Result<Vec<SignedHead>, HeadsFault> {
    let fail = |why: String| HeadsFault::File { path: path.to_owned(), why };
    let file = File::open(path).map_err(|error| fail(error.to_string()))?;
    read_heads(BufReader::new(file)).map_err(|(line, fault)| fail(format!("line {line}: {fault}")))
}

fn first_head(path: &Path) -> Result<SignedHead, HeadsFault> {
    let first = heads_of(path)?.into_iter().next();
    first.ok_or_else(|| HeadsFault::File { path: path.to_owned(), why: "there is no head".to_owned() })
}

fn keys_of(path: &Path) -> Result<PublicKeys, HeadsFault> {
    let fail = |why: String| HeadsFault::File { path: path.to_owned(), why };
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(KEYS_MAX_BYTES).read_to_string(&mut text));
    read.map_err(|error| fail(error.to_string()))?;
    PublicKeys::parse(&text).map_err(|fault| fail(fault.to_string()))
}

pub(super) fn verify(place: &Place, against: &VerifyArguments) -> Result<ExitCode, Trouble> {
    let mut request = Request::default();
    for path in &against.head {
        request.heads.extend(heads_of(path)?);
    }
    request.keys = against.key.as_deref().map(keys_of).transpose()?;
    request.depth = if against.deep { Depth::Structure } else { Depth::Records };
    let report = journal_verify::verify(&place.directory()?, &request).map_err(|error| match error {
        VerifyError::Open(error) => Trouble::Journal(JournalError::from(error)),
        error @ VerifyError::Head { .. } => Trouble::Heads(HeadsFault::Unusable(error.to_string())),
    })?;
    let line = serde_json::to_string(&report).map_err(io::Error::from)?;
    writeln!(io::stdout().lock(), "{line}")?;
    let mut err = io::stderr().lock();
    if !request.heads.is_empty() && report.keys == KeysFrom::Journal {
        writeln!(err, "the heads were held against the journal's own keys: give --key those of the site's set-up")?;
    }
    let Some(damage) = &report.damage else {
        let vouched = report.vouched;
        writeln!(err, "{} records, all in order; signed heads vouch for {vouched} of them", report.records)?;
        return Ok(ExitCode::SUCCESS);
    };
    match damage.first_bad() {
        Some(sequence) => writeln!(err, "broken at {sequence}: {damage}")?,
        None => writeln!(err, "broken: {damage}")?,
    }
    Ok(ExitCode::from(damage.exit_code()))
}

pub(super) fn show(place: &Place, which: Which) -> Result<ExitCode, Trouble> {
    let file = JournalFile::open(&place.directory()?)?;
    let mut out = io::stdout().lock();
    match which {
        Which::Newest => writeln!(out, "{}", file.latest_head()?.ok_or(HeadsFault::NoHead)?)?,
        Which::All => {
            for (_, head) in file.heads()? {
                writeln!(out, "{head}")?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn keys(place: &Place, renewal: Renewal) -> Result<ExitCode, Trouble> {
    let directory = place.directory()?;
    if renewal == Renewal::Renew {
        let claim = Claim::of(&directory)?;
        let key = renew_head_key(&directory)?;
        crate::journal::make_key_known(&directory, &key)?;
        drop(claim);
    }
    let mut out = io::stdout().lock();
    for key in JournalFile::open(&directory)?.keys()? {
        writeln!(out, "{}", serde_json::to_string(&key).map_err(io::Error::from)?)?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn prove(place: &Place, what: &ProveArguments) -> Result<ExitCode, Trouble> {
    let file = JournalFile::open(&place.directory()?)?;
    let mut keys = PublicKeys::default();
    for key in file.keys()? {
        keys.add(&key).map_err(HeadsFault::Unusable)?;
    }
    let proof = match (what.sequence, &what.from, &what.to) {
        (Some(sequence), ..) => prove_inclusion(&file, sequence, head_for(&file, what)?, &keys)?,
        (None, Some(from), Some(to)) => prove_consistency(&file, first_head(from)?, first_head(to)?, &keys)?,
        // clap asks for one or the other.
        (None, _, _) => return Err(Trouble::Filter(String::new(), "sequence")),
    };
    let line = serde_json::to_string(&proof).map_err(io::Error::from)?;
    writeln!(io::stdout().lock(), "{line}")?;
    Ok(ExitCode::SUCCESS)
}

fn head_for(file: &JournalFile, what: &ProveArguments) -> Result<SignedHead, Trouble> {
    if let Some(path) = &what.head {
        return Ok(first_head(path)?);
    }
    let text = file.latest_head()?.ok_or(HeadsFault::NoHead)?;
    let unusable = |fault: HeadFault| HeadsFault::Unusable(format!("the journal's newest head: {fault}"));
    Ok(SignedHead::from_json(&text).map_err(unusable)?)
}
