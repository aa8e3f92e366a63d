//! `journal-verify`: the verifier as a program of its own, for auditors.
//!
//! Exit codes: 0 all in order, 1 broken (the first bad record is named), 2 the journal is shorter than a head, 3 it could
//! not be looked at. The report, a JSON line, goes to standard output, a sentence to standard error.

use std::ffi::OsString;
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use journal_verify::{
    Depth, KeysFrom, Proof, ProofFault, PublicKeys, Report, Request, check_proof, read_heads, verify,
};

const HELP: &str = "\
Verifies the journal of a lane-controller.

journal-verify [--head FILE]... [--key FILE] [--deep] JOURNAL
    JOURNAL is a data directory, or the journal.db in it or a copy of it.
    --head FILE   heads that a witness kept, a JSON line each; all are held against the journal
    --key FILE    the site's public keys, as `lane-controller journal key` printed them when the site was set up;
                  without it the keys in the journal itself count, which whoever can write it can replace
    --deep        SQLite's own check of pages and indexes too

journal-verify --proof FILE --key FILE
    Checks a proof that `lane-controller journal prove` printed, with nothing but the public keys.

Exit codes: 0 in order, 1 broken (the first bad record is named), 2 shorter than a head, 3 could not be looked at.
";

/// It could not be looked at.
const EXIT_TROUBLE: u8 = 3;
/// Largest file with keys or a proof, bytes: a record's body may be long.
const FILE_MAX_BYTES: u64 = 16 * 1024 * 1024;

#[derive(Default)]
struct Arguments {
    heads: Vec<PathBuf>,
    key: Option<PathBuf>,
    proof: Option<PathBuf>,
    journal: Option<PathBuf>,
    depth: Depth,
}

enum Asked {
    Help,
    Version,
    Work(Arguments),
}

fn main() -> ExitCode {
    let done = match parse(std::env::args_os().skip(1)) {
        Ok(Asked::Help) => write!(io::stdout().lock(), "{HELP}").map(|()| 0).map_err(|error| error.to_string()),
        Ok(Asked::Version) => writeln!(io::stdout().lock(), "journal-verify {}", env!("CARGO_PKG_VERSION"))
            .map(|()| 0)
            .map_err(|error| error.to_string()),
        Ok(Asked::Work(arguments)) => work(arguments),
        Err(error) => Err(format!("{error}; `journal-verify --help` tells how it is used")),
    };
    ExitCode::from(done.unwrap_or_else(|trouble| {
        say(&trouble);
        EXIT_TROUBLE
    }))
}

fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Asked, lexopt::Error> {
    use lexopt::prelude::{Long, Short, Value};
    let mut found = Arguments::default();
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Asked::Help),
            Short('V') | Long("version") => return Ok(Asked::Version),
            Long("head") => found.heads.push(parser.value()?.into()),
            Long("key") if found.key.is_none() => found.key = Some(parser.value()?.into()),
            Long("proof") if found.proof.is_none() => found.proof = Some(parser.value()?.into()),
            Long("deep") => found.depth = Depth::Structure,
            Value(journal) if found.journal.is_none() => found.journal = Some(journal.into()),
            Short(_) | Long(_) | Value(_) => return Err(argument.unexpected()),
        }
    }
    Ok(Asked::Work(found))
}

fn work(arguments: Arguments) -> Result<u8, String> {
    match (arguments.journal, arguments.proof) {
        (Some(journal), None) => {
            let mut request = Request { depth: arguments.depth, ..Request::default() };
            for path in &arguments.heads {
                let file = std::fs::File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
                let heads = read_heads(BufReader::new(file));
                let heads = heads.map_err(|(line, fault)| format!("{}, line {line}: {fault}", path.display()))?;
                request.heads.extend(heads);
            }
            request.keys = arguments.key.as_deref().map(keys).transpose()?;
            look(&journal, &request)
        }
        (None, Some(proof)) => {
            let key = arguments.key.ok_or("--proof needs --key FILE")?;
            prove(&proof, &keys(&key)?)
        }
        (Some(_), Some(_)) => Err("--proof needs no journal".to_owned()),
        (None, None) => Err("a journal is expected".to_owned()),
    }
}

fn keys(path: &Path) -> Result<PublicKeys, String> {
    PublicKeys::parse(&text(path)?).map_err(|fault| format!("{}: {fault}", path.display()))
}

fn text(path: &Path) -> Result<String, String> {
    let fail = |error: io::Error| format!("{}: {error}", path.display());
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(fail)?;
    io::Read::read_to_string(&mut io::Read::take(file, FILE_MAX_BYTES), &mut text).map_err(fail)?;
    Ok(text)
}

fn look(journal: &Path, request: &Request) -> Result<u8, String> {
    let report = verify(journal, request).map_err(|error| error.to_string())?;
    let line = serde_json::to_string(&report).map_err(|error| error.to_string())?;
    writeln!(io::stdout().lock(), "{line}").map_err(|error| error.to_string())?;
    if !request.heads.is_empty() && report.keys == KeysFrom::Journal {
        say(
            "the heads were held against the journal's own keys: give --key those that you took when the site was set up",
        );
    }
    Ok(verdict(&report))
}

fn verdict(report: &Report) -> u8 {
    let Some(damage) = &report.damage else {
        let Report { records, vouched, .. } = report;
        say(&format!("{records} records, all in order; signed heads vouch for {vouched} of them"));
        return 0;
    };
    match damage.first_bad() {
        Some(sequence) => say(&format!("broken at {sequence}: {damage}")),
        None => say(&format!("broken: {damage}")),
    }
    damage.exit_code()
}

fn prove(path: &Path, keys: &PublicKeys) -> Result<u8, String> {
    let proof: Proof =
        serde_json::from_str(&text(path)?).map_err(|error| format!("{}: it is no proof: {error}", path.display()))?;
    match check_proof(&proof, keys) {
        Ok(shown) => {
            say(&shown);
            Ok(0)
        }
        Err(fault @ ProofFault::Head { .. }) => Err(fault.to_string()),
        Err(fault) => {
            say(&fault.to_string());
            Ok(1)
        }
    }
}

fn say(text: &str) {
    // Nobody reads standard error: the exit code still tells.
    drop(writeln!(io::stderr().lock(), "{text}"));
}
