//! `report`: what the journal says to those who keep the risk profiles, and to the audit department.
//!
//! ```text
//! journal ─ completed passages of the period, page by page ─ each with its own records ─▶ Told ─▶ risk │ post-entry
//! ```
//!
//! One passage is in memory at a time, so that years fit. Vehicles that are still in a lane are not counted. Reports
//! name profiles, plates and officers: they are the auditor's, and the one that names vehicles is in the access log.

mod interval;
mod officers;
mod passage;
mod post_entry;
mod risk;

use std::io::{self, Write};
use std::process::ExitCode;

use chrono::{DateTime, NaiveDate, Utc};
use clap::{Args, Subcommand, ValueEnum};

use self::passage::Told;
use self::post_entry::{COLUMNS, row};
use self::risk::{Line, PROFILES_MAX, Risk, Tally};
use super::EXIT_ENVIRONMENT;
use super::access::ForPurpose;
use super::journal::Trouble;
use super::place::Place;
use crate::journal::{Looked, Reader, Selection, Sight, StoredRecord};
use crate::model::{RecordKind, Timestamp};

/// Completed passages read at once.
const PAGE: u64 = 500;

/// Which report.
#[derive(Debug, Subcommand)]
pub enum ReportCommand {
    /// For each profile and for random selection: how often it fired, was inspected and hit, and whether it beats chance.
    Risk {
        /// Which journal.
        #[command(flatten)]
        place: Place,
        /// Which passages.
        #[command(flatten)]
        period: Period,
        /// How it is printed.
        #[arg(long, value_enum, default_value_t = RiskFormat::Table)]
        format: RiskFormat,
        /// Chance is what the share of this profile drew; every draw when none is named.
        #[arg(long, value_name = "PROFILE")]
        chance: Option<String>,
    },
    /// For each officer: how many vehicles they dealt with, and how many they let go over holds, beside all officers.
    Officers {
        /// Which journal.
        #[command(flatten)]
        place: Place,
        /// Which passages.
        #[command(flatten)]
        period: Period,
        /// How it is printed.
        #[arg(long, value_enum, default_value_t = RiskFormat::Table)]
        format: RiskFormat,
    },
    /// Passages that were let go in the blue channel, or by order over holds, for the audit department.
    PostEntry {
        /// Which journal.
        #[command(flatten)]
        place: Place,
        /// Which passages.
        #[command(flatten)]
        period: Period,
        /// How it is printed.
        #[arg(long, value_enum, default_value_t = RowFormat::Csv)]
        format: RowFormat,
        /// For what; the report names vehicles and officers.
        #[command(flatten)]
        purpose: ForPurpose,
    },
}

/// How the risk report is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RiskFormat {
    /// For people.
    Table,
    /// One object.
    Json,
    /// A line a profile, after one for chance.
    Csv,
}

/// How rows are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RowFormat {
    /// With a line of column names.
    Csv,
    /// An object a line.
    Jsonl,
}

/// When the passages ended.
#[derive(Debug, Clone, Copy, Args)]
pub struct Period {
    /// From this day (UTC) or instant (RFC 3339) on.
    #[arg(long, value_parser = instant)]
    from: Option<Timestamp>,
    /// Before this day (UTC) or instant.
    #[arg(long, value_parser = instant)]
    to: Option<Timestamp>,
}

impl Period {
    /// As the access log names it.
    fn named(self) -> String {
        let bound = |word: &str, at: Option<Timestamp>| at.map(|at| format!(" {word} {at}")).unwrap_or_default();
        format!("{}{}", bound("from", self.from), bound("to", self.to))
    }

    fn holds(self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }
}

/// A day (UTC) or an instant (RFC 3339).
pub(super) fn instant(text: &str) -> Result<Timestamp, String> {
    let day = text.parse::<NaiveDate>().ok().and_then(|day| day.and_hms_opt(0, 0, 0)).map(|day| day.and_utc());
    let at = day.or_else(|| DateTime::parse_from_rfc3339(text).ok().map(|at| at.with_timezone(&Utc)));
    at.map(Timestamp::new).ok_or_else(|| "2026-11-24 or 2026-11-24T05:00:00Z is expected".to_owned())
}

/// Carries a command out.
#[must_use]
pub fn run(command: ReportCommand) -> ExitCode {
    let done = match command {
        ReportCommand::Risk { place, period, format, chance } => risk_report(&place, period, format, chance),
        ReportCommand::Officers { place, period, format } => officers_report(&place, period, format),
        ReportCommand::PostEntry { place, period, format, purpose } => {
            post_entry_report(&place, period, format, &purpose)
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            // Nobody reads standard error: the exit code still tells.
            drop(writeln!(io::stderr().lock(), "{trouble}"));
            ExitCode::from(EXIT_ENVIRONMENT)
        }
    }
}

/// Hands every completed passage of the period to `take`, in the order of the journal.
fn each(
    reader: &Reader,
    period: Period,
    mut take: impl FnMut(&StoredRecord, &Told) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    let mut from = 1;
    loop {
        let kind = Some(RecordKind::PassageCompleted);
        let page = reader.select(&Selection { kind, from, limit: Some(PAGE), ..Selection::default() })?;
        let Some(last) = page.last() else { return Ok(()) };
        from = last.sequence + 1;
        for completed in page.iter().filter(|completed| period.holds(completed.at)) {
            let Some(passage) = completed.passage else { continue };
            take(completed, &Told::of(&reader.passage(passage)?))?;
        }
    }
}

fn risk_report(place: &Place, period: Period, format: RiskFormat, chance: Option<String>) -> Result<(), Trouble> {
    // It counts profiles and results: nobody is named.
    let reader = Reader::open(&place.directory()?)?.seeing(Sight::Masked);
    let mut tally = Tally::new(chance);
    each(&reader, period, |_, told| {
        tally.add(told);
        Ok(())
    })?;
    let report = tally.report();
    if report.uncounted > 0 {
        writeln!(io::stderr().lock(), "only the first {PROFILES_MAX} profiles are counted")?;
    }
    let mut out = io::stdout().lock();
    match format {
        RiskFormat::Table => write!(out, "{}", table(&report))?,
        RiskFormat::Json => writeln!(out, "{}", serde_json::to_string(&report).map_err(io::Error::from)?)?,
        RiskFormat::Csv => {
            csv_rows(out, HEADS, std::iter::once(&report.random).chain(&report.profiles).map(cells))?;
        }
    }
    Ok(())
}

fn officers_report(place: &Place, period: Period, format: RiskFormat) -> Result<(), Trouble> {
    let reader = Reader::open(&place.directory()?)?;
    let mut roll = officers::Roll::default();
    each(&reader, period, |_, told| {
        roll.add(told);
        Ok(())
    })?;
    let lines = roll.report();
    let mut out = io::stdout().lock();
    match format {
        RiskFormat::Table => write!(out, "{}", columns(officers::HEADS, lines.iter().map(officers::cells)))?,
        RiskFormat::Json => writeln!(out, "{}", serde_json::to_string(&lines).map_err(io::Error::from)?)?,
        RiskFormat::Csv => csv_rows(out, officers::HEADS, lines.iter().map(officers::cells))?,
    }
    Ok(())
}

fn csv_rows(out: impl Write, heads: [&str; 9], rows: impl Iterator<Item = [String; 9]>) -> Result<(), Trouble> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(heads).map_err(io::Error::from)?;
    for row in rows {
        csv.write_record(row).map_err(io::Error::from)?;
    }
    Ok(csv.flush()?)
}

/// The columns of the risk report.
const HEADS: [&str; 9] =
    ["profile", "fired", "selected", "inspected", "hits", "hit_rate", "low_95", "high_95", "verdict"];

fn cells(line: &Line) -> [String; 9] {
    let share = |share: f64| format!("{share:.4}");
    [
        line.profile.clone().unwrap_or_else(|| "(random)".to_owned()),
        line.fired.to_string(),
        line.selected.to_string(),
        line.inspected.to_string(),
        line.hits.to_string(),
        line.hit_rate.map(share).unwrap_or_default(),
        share(line.low),
        share(line.high),
        line.verdict.map(|verdict| verdict.as_str().to_owned()).unwrap_or_default(),
    ]
}

fn table(report: &Risk) -> String {
    let mut text = columns(HEADS, std::iter::once(&report.random).chain(&report.profiles).map(cells));
    text.push_str(&format!("{} completed passages\n", report.passages));
    text
}

/// Names to the left, numbers to the right.
fn columns(heads: [&str; 9], lines: impl Iterator<Item = [String; 9]>) -> String {
    let rows: Vec<[String; 9]> = std::iter::once(heads.map(str::to_owned)).chain(lines).collect();
    let widths: Vec<usize> =
        (0..heads.len()).map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for row in &rows {
        let [profile, numbers @ .., verdict] = row;
        let (first, rest) = widths.split_first().map_or((0, &[][..]), |(first, rest)| (*first, rest));
        text.push_str(&format!("{profile:<first$}"));
        for (number, width) in numbers.iter().zip(rest) {
            text.push_str(&format!("  {number:>width$}"));
        }
        text.push_str(&format!("  {verdict}"));
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

fn post_entry_report(place: &Place, period: Period, format: RowFormat, purpose: &ForPurpose) -> Result<(), Trouble> {
    let directory = place.directory()?;
    let reader = Reader::open(&directory)?;
    purpose.looked(&directory, Looked::Report, format!("post-entry{}", period.named()))?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    match format {
        RowFormat::Csv => {
            let mut csv = csv::Writer::from_writer(out);
            csv.write_record(COLUMNS).map_err(io::Error::from)?;
            each(&reader, period, |completed, told| {
                if let Some(row) = row(completed, told) {
                    csv.write_record(row.cells()).map_err(io::Error::from)?;
                }
                Ok(())
            })?;
            Ok(csv.flush()?)
        }
        RowFormat::Jsonl => {
            each(&reader, period, |completed, told| {
                if let Some(row) = row(completed, told) {
                    writeln!(out, "{}", serde_json::to_string(&row).map_err(io::Error::from)?)?;
                }
                Ok(())
            })?;
            Ok(out.flush()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_given_by_days_or_instants_and_ends_before_its_end() {
        let at = |text: &str| instant(text).expect("an instant");
        assert_eq!(at("2026-11-24"), at("2026-11-24T05:00:00+05:00"));
        for wrong in ["24.11.2026", "2026-11-31", "", "yesterday", "2026-11-24T05:00:00"] {
            assert!(instant(wrong).is_err(), "{wrong}");
        }
        let period = Period { from: Some(at("2026-11-01")), to: Some(at("2026-12-01")) };
        let cases = [("2026-10-31T23:59:59Z", false), ("2026-11-01", true), ("2026-12-01", false)];
        for (instant, expected) in cases {
            assert_eq!(period.holds(at(instant)), expected, "{instant}");
        }
    }

    #[test]
    fn the_table_stands_in_columns() {
        let text = table(&Tally::default().report());
        let expected = "profile   fired  selected  inspected  hits  hit_rate  low_95  high_95  verdict\n\
                        (random)      0         0          0     0            0.0000   1.0000\n\
                        0 completed passages\n";
        assert_eq!(text, expected);
    }
}
