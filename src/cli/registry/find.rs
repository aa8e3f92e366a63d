//! `registry find`: which notifications a plate may mean, and why.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

use chrono::Utc;
use clap::Args;
use serde_json::json;
use uuid::Uuid;

use super::super::access::ForPurpose;
use super::{EXIT_INPUT, Place, Trouble, tell};
use crate::domain::plate::Templates;
use crate::journal::Looked;
use crate::matching::{MatchPolicy, Misread, Required, RoadLimits, Tolerance};
use crate::model::registry::PlateOf;
use crate::model::{Direction, FindingCode, LaneId, MatchQuery, PassageId, SiteId, Timestamp};
use crate::registry::View;

/// What was seen.
#[derive(Debug, Args)]
pub struct Find {
    /// The front plate, as read.
    plate: String,
    /// The rear plate, as read.
    #[arg(long)]
    trailer: Option<String>,
    /// ISO alpha-2 country of the front plate.
    #[arg(long)]
    country: Option<String>,
    /// A number that was scanned at the kiosk; may be given several times.
    #[arg(long)]
    document: Vec<String>,
    /// Which way the lane goes.
    #[arg(long, default_value = "transit", value_parser = direction)]
    direction: Direction,
    /// Which registry.
    #[command(flatten)]
    place: Place,
    /// For what; a plate is looked for.
    #[command(flatten)]
    purpose: ForPurpose,
}

fn direction(name: &str) -> Result<Direction, String> {
    [Direction::Entry, Direction::Exit, Direction::Transit]
        .into_iter()
        .find(|direction| direction.as_str() == name)
        .ok_or_else(|| "entry, exit or transit is expected".to_owned())
}

/// A JSON line a candidate, best first; the last line says what a lane would make of it.
pub(super) fn run(command: &Find) -> Result<ExitCode, Trouble> {
    let templates = Arc::new(Templates::embedded());
    let directory = command.place.directory()?;
    let view = View::open(&directory, &templates)?;
    let now = Timestamp::new(Utc::now());
    let plate = |text: &str, country: Option<&String>| PlateOf { plate: text.into(), country: country.cloned() };
    let query = MatchQuery {
        lane: LaneId::new("find").map_err(io::Error::other)?,
        passage: PassageId(Uuid::nil()),
        round: 1,
        direction: command.direction,
        arrived: now,
        tractor: Some(plate(&command.plate, command.country.as_ref())),
        trailer: command.trailer.as_deref().map(|text| plate(text, None)),
        documents: command.document.clone(),
        gross_kg: None,
        axles: None,
    };
    let result = view.find(&query, &policy(templates)?, now)?;
    // The plate that was looked for is not repeated there.
    let found: Vec<&str> = result.candidates.iter().map(|candidate| candidate.notification.as_str()).collect();
    command.purpose.looked(&directory, Looked::Register, format!("find: {}", found.join(", ")))?;
    let mut out = io::stdout().lock();
    for candidate in &result.candidates {
        let line = serde_json::to_string(candidate).map_err(io::Error::from)?;
        writeln!(out, "{line}")?;
    }
    let verdict = json!({
        "matched": result.notification.as_ref().map(|notification| &notification.number),
        "declarations": result.declarations().map(|declaration| &declaration.number).collect::<Vec<_>>(),
        // Which crossing point asks is not known here.
        "findings": result.findings.iter().filter(|found| found.code != FindingCode::WrongSite).collect::<Vec<_>>(),
    });
    writeln!(out, "{verdict}")?;
    if result.candidates.is_empty() {
        tell("no live notification has a plate like this");
        return Ok(ExitCode::from(EXIT_INPUT));
    }
    Ok(ExitCode::SUCCESS)
}

/// Papers as a site requires them by default; a lane's own policy may differ.
fn policy(templates: Arc<Templates>) -> Result<MatchPolicy, Trouble> {
    Ok(MatchPolicy {
        required: vec![Required::Notification, Required::Declaration],
        tolerance: Tolerance { kg: 300, percent: 3.0 },
        limits: Arc::new(RoadLimits::embedded()),
        site: SiteId::new("any").map_err(io::Error::other)?,
        templates,
        lead: None,
        misread: Misread::Holds,
        dangerous_codes: Vec::new(),
        severities: BTreeMap::new(),
    })
}
