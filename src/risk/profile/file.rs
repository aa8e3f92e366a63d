//! A profile's file: TOML, every fault with line and column.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::Profile;
use super::expression::Expression;
use crate::config::line_column;
use crate::model::command::Texts;
use crate::model::risk::Measure;
use crate::model::{Channel, Timestamp};
use crate::risk::selection::RATE_ALL_PPM;

/// Largest file, bytes.
pub const FILE_MAX_BYTES: usize = 64 * 1024;
/// Longest id, characters.
const ID_MAX_CHARS: usize = 64;
/// Longest reason in one language, characters: it stands on an officer's screen.
const REASON_MAX_CHARS: usize = 300;
/// Longest quota.
const QUOTA_MAX: u32 = 100_000;

/// What is wrong with a profile, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct ProfileFault {
    /// The file's name.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
    /// Its bytes in the file.
    pub span: Range<usize>,
    /// What is wrong, and what is expected.
    pub message: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    id: Spanned<String>,
    #[serde(default, rename = "note")]
    _note: Option<String>,
    expression: Spanned<String>,
    channel: Channel,
    #[serde(default)]
    measures: Vec<Measure>,
    reason: Reason,
    valid_from: Option<Spanned<toml::value::Datetime>>,
    valid_until: Option<Spanned<toml::value::Datetime>>,
    rate_ppm: Option<Spanned<u32>>,
    quota: Option<Spanned<u32>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    kk: Spanned<String>,
    ru: Spanned<String>,
    en: Spanned<String>,
}

/// Where faults are noted.
struct Faults<'t> {
    file: &'t str,
    text: &'t str,
    found: Vec<ProfileFault>,
}

impl Faults<'_> {
    fn at(&mut self, span: Range<usize>, message: impl Into<String>) {
        let (line, column) = line_column(self.text, span.start);
        self.found.push(ProfileFault { file: self.file.to_owned(), line, column, span, message: message.into() });
    }
}

/// Reads one file.
pub(super) fn parse(file: &str, text: &str) -> Result<Profile, Vec<ProfileFault>> {
    let mut faults = Faults { file, text, found: vec![] };
    if text.len() > FILE_MAX_BYTES {
        faults.at(0..0, format!("{} bytes are more than the {FILE_MAX_BYTES} of a profile", text.len()));
        return Err(faults.found);
    }
    let raw: Raw = match toml::from_str(text) {
        Ok(raw) => raw,
        Err(error) => {
            faults.at(error.span().unwrap_or(0..0), error.message());
            return Err(faults.found);
        }
    };
    let profile = build(raw, &mut faults);
    match profile {
        Some(profile) if faults.found.is_empty() => Ok(profile),
        Some(_) | None => Err(faults.found),
    }
}

fn build(raw: Raw, faults: &mut Faults<'_>) -> Option<Profile> {
    let id = raw.id.get_ref();
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !(1..=ID_MAX_CHARS).contains(&id.len()) || !id.chars().all(letters) {
        faults.at(raw.id.span(), format!("1 to {ID_MAX_CHARS} characters of a-z, 0-9 and `-` are expected"));
    }
    let reason = reason(&raw.reason, id, faults);
    let expression = match Expression::parse(raw.expression.get_ref()) {
        Ok(expression) => Some(expression),
        Err(fault) => {
            let at = in_file(faults.text, raw.expression.span(), fault.at);
            faults.at(at..raw.expression.span().end.max(at), fault.message);
            None
        }
    };
    let valid_from = raw.valid_from.and_then(|at| instant(&at, faults));
    let until = raw.valid_until.as_ref().map(Spanned::span);
    let valid_until = raw.valid_until.and_then(|at| instant(&at, faults));
    if let (Some(from), Some(to), Some(span)) = (valid_from, valid_until, until)
        && to <= from
    {
        faults.at(span, "it ends before it begins");
    }
    if let Some(rate) = &raw.rate_ppm
        && !(1..=RATE_ALL_PPM).contains(rate.get_ref())
    {
        faults.at(rate.span(), format!("1 to {RATE_ALL_PPM} of a million are expected"));
    }
    if let Some(quota) = &raw.quota {
        if raw.rate_ppm.is_none() {
            faults.at(quota.span(), "a quota needs a rate_ppm: without one every match is selected");
        }
        if !(2..=QUOTA_MAX).contains(quota.get_ref()) {
            faults.at(quota.span(), format!("2 to {QUOTA_MAX} hits are expected"));
        }
    }
    Some(Profile {
        id: raw.id.into_inner(),
        expression: expression?,
        channel: raw.channel,
        measures: raw.measures,
        reason,
        valid_from,
        valid_until,
        rate_ppm: raw.rate_ppm.map(Spanned::into_inner),
        quota: raw.quota.map(Spanned::into_inner),
    })
}

/// The officer reads the reason aloud; the profile's name in it would help the smuggler (domain §4).
fn reason(raw: &Reason, id: &str, faults: &mut Faults<'_>) -> Texts {
    for text in [&raw.kk, &raw.ru, &raw.en] {
        let length = text.get_ref().trim().chars().count();
        if !(1..=REASON_MAX_CHARS).contains(&length) {
            faults.at(text.span(), format!("1 to {REASON_MAX_CHARS} characters are expected"));
        }
        if !id.is_empty() && text.get_ref().to_lowercase().contains(id) {
            faults.at(text.span(), "the reason names the profile: officers and drivers must not learn it");
        }
    }
    let take = |text: &Spanned<String>| text.get_ref().trim().to_owned();
    Texts { kk: take(&raw.kk), ru: take(&raw.ru), en: take(&raw.en) }
}

fn instant(at: &Spanned<toml::value::Datetime>, faults: &mut Faults<'_>) -> Option<Timestamp> {
    let parsed = chrono::DateTime::parse_from_rfc3339(&at.get_ref().to_string());
    match parsed {
        Ok(at) => Some(Timestamp::new(at.to_utc())),
        Err(_) => {
            faults.at(at.span(), "an instant with its offset is expected, like 2026-11-24T00:00:00+05:00");
            None
        }
    }
}

/// Where a byte of a TOML string stands in the file: behind the quotes, with escapes counted as they are written.
fn in_file(text: &str, span: Range<usize>, at: usize) -> usize {
    let Some(raw) = text.get(span.clone()) else { return span.start };
    let quotes = ["'''", "\"\"\"", "'", "\""].into_iter().find(|quotes| raw.starts_with(quotes)).unwrap_or("");
    let mut offset = quotes.len();
    if quotes.len() == 3 {
        let newline = raw
            .get(offset..)
            .map_or(0, |rest| ["\r\n", "\n"].into_iter().find(|newline| rest.starts_with(newline)).map_or(0, str::len));
        offset += newline;
    }
    let Some(written) = raw.get(offset..) else { return span.start };
    if quotes.starts_with('\'') {
        return (span.start + offset + at).min(span.end);
    }
    let mut decoded = 0;
    let mut rest = written;
    while !rest.is_empty() {
        let (taken, gives) = one_character(rest);
        if decoded >= at && gives > 0 {
            break;
        }
        decoded += gives;
        rest = rest.get(taken.max(1)..).unwrap_or("");
    }
    (span.start + raw.len() - rest.len()).min(span.end)
}

/// Bytes that the first character of a basic string takes, and bytes that it stands for.
fn one_character(written: &str) -> (usize, usize) {
    let mut characters = written.chars();
    let Some(first) = characters.next() else { return (0, 0) };
    if first != '\\' {
        return (first.len_utf8(), first.len_utf8());
    }
    match characters.next() {
        Some('u') => (6, unicode(written, 2..6)),
        Some('U') => (10, unicode(written, 2..10)),
        // The line goes on behind white space.
        Some(' ' | '\t' | '\r' | '\n') => {
            let space = written.len() - 1 - written.get(1..).map_or(0, |rest| rest.trim_start().len());
            (1 + space, 0)
        }
        Some(_) => (2, 1),
        None => (1, 0),
    }
}

fn unicode(written: &str, digits: Range<usize>) -> usize {
    let code = written.get(digits).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    code.and_then(char::from_u32).map_or(1, char::len_utf8)
}
