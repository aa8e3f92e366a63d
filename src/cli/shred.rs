//! `journal shred`: destroys keys, by itself where no controller runs, else by asking the one that does.

use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use chrono::{NaiveDate, Utc};
use clap::Args;
use serde_json::json;

use super::EXIT_INPUT;
use super::journal::Trouble;
use super::place::Place;
use crate::journal::{
    Batch, Cause, FILE_NAME, Journal, JournalError, Limits, Requests, ShredAnswer, ShredError, ShredOrder, Who, plan,
};
use crate::model::{DataClass, Ticket, Timestamp};

/// How long the controller may take; it looks once a second.
const ANSWERED_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Longest reason, characters.
const REASON_MAX_CHARS: usize = 500;

/// Which keys are destroyed.
#[derive(Debug, Args)]
pub struct ShredCommand {
    /// Which journal.
    #[command(flatten)]
    place: Place,
    /// Of days (UTC) before this one, like 2026-11-24.
    #[arg(long)]
    before: NaiveDate,
    /// personal: plates, persons and their papers; officers: which officer did what, and in which words.
    #[arg(long, default_value = "personal", value_parser = class)]
    class: DataClass,
    /// Why; it goes on record.
    #[arg(long, value_parser = reason)]
    reason: String,
}

fn class(name: &str) -> Result<DataClass, String> {
    DataClass::from_name(name).ok_or_else(|| "personal or officers is expected".to_owned())
}

fn reason(text: &str) -> Result<String, String> {
    let fits = !text.trim().is_empty() && text.chars().count() <= REASON_MAX_CHARS;
    fits.then(|| text.trim().to_owned()).ok_or_else(|| format!("1 to {REASON_MAX_CHARS} characters are expected"))
}

pub(super) fn run(command: &ShredCommand) -> Result<ExitCode, Trouble> {
    let data = command.place.directory()?;
    let missing = || Trouble::from(JournalError::Missing { path: data.join(FILE_NAME) });
    let owner = std::fs::metadata(data.join(FILE_NAME)).map_err(|_| missing())?.uid();
    if owner != nix::unistd::geteuid().as_raw() {
        let path = data.display();
        return Err(Trouble::Shred(format!("the journal in {path} belongs to user {owner}; run this as that user")));
    }
    let order = ShredOrder {
        class: command.class,
        before: command.before,
        cause: Cause::Order,
        by: Some(Who::of_process()),
        reason: Some(command.reason.clone()),
    };
    let answer = match Journal::open(&data, Limits::default()) {
        Ok(journal) => alone(&data, &journal, order),
        Err(JournalError::InUse { .. }) => asked(&data, &order)?,
        Err(error) => return Err(error.into()),
    };
    let (keys, sequence) = match answer {
        ShredAnswer::Done { keys, sequence } => (keys, sequence),
        ShredAnswer::Refused(why) => return Err(Trouble::Refused(why)),
        ShredAnswer::Failed(why) => return Err(Trouble::Shred(why)),
    };
    let (class, before) = (command.class, command.before);
    let line = json!({ "shredded": keys, "class": class, "before": before, "sequence": sequence });
    writeln!(io::stdout().lock(), "{line}")?;
    if keys == 0 {
        writeln!(io::stderr().lock(), "there is no such key; nothing was destroyed")?;
        return Ok(ExitCode::from(EXIT_INPUT));
    }
    Ok(ExitCode::SUCCESS)
}

/// No controller runs: this process writes the record, then destroys.
fn alone(data: &Path, journal: &Journal, order: ShredOrder) -> ShredAnswer {
    let failed = |why: &dyn std::fmt::Display| ShredAnswer::Failed(why.to_string());
    let plan = match plan(data, order, Timestamp::new(Utc::now())) {
        Ok(Some(plan)) => plan,
        Ok(None) => return ShredAnswer::Done { keys: 0, sequence: None },
        Err(ShredError::Refused(refusal)) => return ShredAnswer::Refused(refusal.to_string()),
        Err(error) => return failed(&error),
    };
    let (tell, told) = channel();
    let record = plan.record.clone();
    let batch = Batch { ticket: Ticket(0), lane: record.lane.clone(), records: vec![record] };
    // Whoever waits for it is below.
    journal.append(batch, Box::new(move |result| drop(tell.send(result))));
    let sequence = match told.recv() {
        Ok(Ok(committed)) => committed.receipt.first(),
        Ok(Err(failure)) => return failed(&failure),
        Err(error) => return failed(&error),
    };
    match journal.destroy(&plan) {
        Ok(keys) => ShredAnswer::Done { keys, sequence: Some(sequence) },
        Err(error) => failed(&error),
    }
}

/// The controller that runs does it.
fn asked(data: &Path, order: &ShredOrder) -> Result<ShredAnswer, Trouble> {
    let requests = Requests::of(data);
    let id = requests.hand_in(order)?;
    let end = Instant::now() + ANSWERED_WITHIN;
    while Instant::now() < end {
        if let Some(answer) = requests.take_answer(id)? {
            return Ok(answer);
        }
        std::thread::sleep(LOOK_EVERY);
    }
    requests.take_back(id);
    let seconds = ANSWERED_WITHIN.as_secs();
    Err(Trouble::Shred(format!(
        "the running controller did not answer within {seconds} s; look at its log and journal"
    )))
}
