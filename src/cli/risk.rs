//! `risk`: try the local profiles on a passage before they count.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{EXIT_ENVIRONMENT, EXIT_INPUT};
use crate::actor::{ProfilesError, load_profiles};
use crate::model::selection::{Drawn, Hit, Seed};
use crate::model::{PassageId, RiskAnswer, RiskRequest};
use crate::risk::profile::{Match, ProfileSet, Verdict};
use crate::risk::selection::{Ask, Ledger, RATE_ALL_PPM, commit};
use crate::risk::{Degraded, Parts, Rms, merge, strictness};

/// Longest passage file, bytes: two documents and what is around them.
const PASSAGE_MAX_BYTES: usize = 4 * 1024 * 1024;

/// What to do with the profiles.
#[derive(Debug, Subcommand)]
pub enum RiskCommand {
    /// Print what each profile says of a passage, and the merged decision, as JSON lines.
    Try {
        /// The directory of the profiles.
        profiles: PathBuf,
        /// A risk request as JSON (docs/risk.md).
        passage: PathBuf,
    },
}

#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Profiles(#[from] ProfilesError),
    #[error("{path}: {source}")]
    Read { path: PathBuf, source: io::Error },
    #[error("{path}: {why}")]
    Passage { path: PathBuf, why: String },
    #[error("standard output: {0}")]
    Output(#[from] io::Error),
}

/// Carries a command out.
#[must_use]
pub fn run(command: RiskCommand) -> ExitCode {
    let RiskCommand::Try { profiles, passage } = command;
    match try_out(&profiles, &passage) {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            // Nobody reads standard error: the exit code still tells.
            writeln!(io::stderr().lock(), "{trouble}").ok();
            match trouble {
                Trouble::Profiles(ProfilesError::Wrong { .. }) | Trouble::Passage { .. } => ExitCode::from(EXIT_INPUT),
                Trouble::Profiles(ProfilesError::Read { .. }) | Trouble::Read { .. } | Trouble::Output(_) => {
                    ExitCode::from(EXIT_ENVIRONMENT)
                }
            }
        }
    }
}

fn try_out(profiles: &Path, passage: &Path) -> Result<(), Trouble> {
    let set = load_profiles(profiles)?;
    let request = read_passage(passage)?;
    let verdicts = set.judge(&request, request.at);
    let mut out = io::BufWriter::new(io::stdout().lock());
    for verdict in &verdicts {
        writeln!(out, "{}", shown(verdict))?;
    }
    let hits: Vec<Hit> = verdicts.iter().filter_map(Verdict::hit).collect();
    let mut last = decision(&request, &set, &verdicts, &lot(&request, &hits, 0));
    if !hits.is_empty() {
        last["if_drawn"] = decision(&request, &set, &verdicts, &lot(&request, &hits, RATE_ALL_PPM));
    }
    writeln!(out, "{last}")?;
    out.flush()?;
    Ok(())
}

fn shown(verdict: &Verdict) -> Value {
    let profile = &verdict.profile;
    let says = match &verdict.says {
        Match::Matched => "matched",
        Match::NotMatched => "not_matched",
        Match::Undecidable(_) => "undecidable",
        Match::OutOfTime => "out_of_time",
    };
    let mut line = json!({
        "profile": profile.id, "verdict": says, "counts": verdict.counts(), "channel": profile.channel,
        "measures": profile.measures,
    });
    if let Match::Undecidable(why) = &verdict.says {
        line["why"] = why.as_str().into();
    }
    if let Some(rate_ppm) = profile.rate_ppm {
        line["rate_ppm"] = rate_ppm.into();
    }
    if let Some(quota) = profile.quota {
        line["quota"] = quota.into();
    }
    line
}

/// A draw that falls on nobody or on everybody: the real one depends on a secret.
fn lot(request: &RiskRequest, hits: &[Hit], rate_ppm: u32) -> Drawn {
    let seed = Seed::new([0; 32]);
    let hits = hits.iter().map(|hit| Hit { rate_ppm, quota: None, ..hit.clone() }).collect();
    let passage = request.passage.unwrap_or(PassageId(Uuid::nil()));
    let ask = Ask { passage, at: request.at, keys: vec![], hits };
    Ledger::default().draw(&seed, commit(&seed), ask).as_ref().clone()
}

fn decision(request: &RiskRequest, set: &ProfileSet, verdicts: &[Verdict], drawn: &Drawn) -> Value {
    let answer = merge(&Parts {
        request_id: request.request_id,
        now: request.at,
        rms: Rms::NotAsked,
        degraded: Degraded::Hold,
        verdicts,
        drawn: Some(drawn),
        profiles: set,
    });
    let strictness = strictness(&answer, &request.findings);
    match answer {
        RiskAnswer::Decided(reasoned) => json!({ "decision": reasoned, "strictness": strictness }),
        RiskAnswer::Unavailable { why, .. } => json!({ "unavailable": why, "strictness": strictness }),
    }
}

/// A request in which only the instant is required.
fn read_passage(path: &Path) -> Result<RiskRequest, Trouble> {
    let wrong = |why: String| Trouble::Passage { path: path.to_owned(), why };
    let bytes = std::fs::read(path).map_err(|source| Trouble::Read { path: path.to_owned(), source })?;
    if bytes.len() > PASSAGE_MAX_BYTES {
        return Err(wrong(format!("{} bytes are more than {PASSAGE_MAX_BYTES}", bytes.len())));
    }
    let mut json: Value = serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
    let Some(fields) = json.as_object_mut() else { return Err(wrong("a JSON object is expected".to_owned())) };
    let Some(at) = fields.get("at").cloned() else {
        return Err(wrong("$.at: the instant at which profiles are tried is expected".to_owned()));
    };
    let defaults = [
        ("request_id", json!(Uuid::nil())),
        ("kind", json!("arrival")),
        ("site", json!("try")),
        ("reply_by", at),
        ("vehicle", json!({})),
        ("parties", json!([])),
        ("findings", json!([])),
    ];
    for (key, value) in defaults {
        fields.entry(key).or_insert(value);
    }
    serde_path_to_error::deserialize(json).map_err(|error| wrong(format!("$.{}: {}", error.path(), error.inner())))
}
