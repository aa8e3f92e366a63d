//! The access log: who looked at what, when and for what; a line each, chained, and written before anything is shown.
//!
//! ```text
//!  web handler, command ─ record(access) ─▶ lock ─▶ line with the hash of the one before ─▶ sync ─▶ only then the look
//! ```
//!
//! It is a file of its own because commands write it beside a running controller. Its head goes into the journal now
//! and then (`access_anchored`), so that its end can't be cut off unseen either. It names no plate: a passage, a
//! number, a report. What it does not do: tell who reads the live state of a lane, which is on every screen.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::chain::GENESIS;
use crate::model::Timestamp;

/// The file in the data directory.
const FILE_NAME: &str = "access.jsonl";
/// Domain and version of the chained bytes.
const DOMAIN: &[u8] = b"lane-controller access 1\0";
/// Longest purpose, characters.
pub const PURPOSE_MAX_CHARS: usize = 200;
/// Longest name of what was looked at, characters.
const OF_MAX_CHARS: usize = 200;
/// No line is longer: both texts, escaped, and the rest.
const LINE_MAX_BYTES: u64 = 16 * 1024;

/// Who looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Who {
    /// An officer who was signed in.
    Officer {
        /// Sign-in name.
        officer: String,
    },
    /// A user of the system.
    User {
        /// The account's name, where it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<String>,
        /// The account.
        uid: u32,
        /// The account that was signed in with, where it is another one (`sudo`).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        login_uid: Option<u32>,
    },
}

impl Who {
    /// The user that runs this process.
    #[must_use]
    pub fn of_process() -> Self {
        let uid = nix::unistd::getuid().as_raw();
        let login: Option<u32> =
            std::fs::read_to_string("/proc/self/loginuid").ok().and_then(|text| text.trim().parse().ok());
        // No login session at all reads as all ones.
        let login_uid = login.filter(|login| *login != u32::MAX && *login != uid);
        Self::User { user: account(uid), uid, login_uid }
    }

    /// The user of that account.
    #[must_use]
    pub fn of_uid(uid: u32) -> Self {
        Self::User { user: account(uid), uid, login_uid: None }
    }
}

fn account(uid: u32) -> Option<String> {
    nix::unistd::User::from_uid(uid.into()).ok().flatten().map(|user| user.name)
}

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Looked {
    /// One passage's records.
    Passage,
    /// Records of the journal.
    Records,
    /// A report.
    Report,
    /// Documents of the register.
    Register,
}

/// One look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: Who,
    /// At what.
    pub what: Looked,
    /// Which: a passage's id, a number, a period. No plate.
    pub of: String,
    /// For what, in the person's words.
    pub purpose: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    sequence: u64,
    entry: Access,
    hash: String,
}

/// Why a look could not be written down or read: nothing is shown then.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The file.
    #[error("the access log {path} can not be used: {source}; nothing is shown without it")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its end is no line of ours.
    #[error("the access log {path} does not end as it was written; keep it, and put it aside to begin a new one")]
    Damaged {
        /// Which.
        path: PathBuf,
    },
}

/// What is in the log, and whether it is whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccessReport {
    /// Lines from the instant on that was asked for, with their sequence.
    pub entries: Vec<(u64, Access)>,
    /// Good lines, from the first.
    pub lines: u64,
    /// The first thing that is wrong.
    pub fault: Option<String>,
}

/// The access log of a data directory.
#[derive(Debug, Clone)]
pub struct AccessLog {
    path: PathBuf,
}

fn hash(previous: &[u8; 32], sequence: u64, entry: &Access) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(DOMAIN).update(previous).update(&sequence.to_le_bytes());
    // Our own struct with text keys always serialises.
    hasher.update(&serde_json::to_vec(entry).unwrap_or_default());
    *hasher.finalize().as_bytes()
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

impl AccessLog {
    /// The log of a data directory.
    #[must_use]
    pub fn of(data: &Path) -> Self {
        Self { path: data.join(FILE_NAME) }
    }

    fn fail(&self, source: io::Error) -> AccessError {
        AccessError::File { path: self.path.clone(), source }
    }

    /// Writes a look down; it is durable when this returns, and only then may anything be shown. Blocks.
    ///
    /// # Errors
    /// When it can't be written: the look must not be granted.
    pub fn record(&self, access: &Access) -> Result<u64, AccessError> {
        let is_new = !self.path.exists();
        let mut file = self.open().map_err(|source| self.fail(source))?;
        file.lock().map_err(|source| self.fail(source))?;
        let (last, previous) = self.last_of(&mut file)?;
        let (of, purpose) = (cut(&access.of, OF_MAX_CHARS), cut(&access.purpose, PURPOSE_MAX_CHARS));
        let entry = Access { of, purpose, ..access.clone() };
        let sequence = last + 1;
        let hash = blake3::Hash::from_bytes(hash(&previous, sequence, &entry)).to_hex().to_string();
        let mut text = serde_json::to_vec(&Line { sequence, entry, hash }).unwrap_or_default();
        text.push(b'\n');
        let mut write = || {
            file.write_all(&text)?;
            file.sync_all()?;
            let parent = self.path.parent().filter(|_| is_new);
            parent.map_or(Ok(()), |parent| File::open(parent)?.sync_all())
        };
        write().map_err(|source| self.fail(source))?;
        Ok(sequence)
    }

    /// For the service alone; a log that root begins belongs to whom the data directory belongs.
    fn open(&self) -> io::Result<File> {
        let file = OpenOptions::new().create(true).read(true).append(true).mode(0o600).open(&self.path)?;
        if nix::unistd::geteuid().is_root()
            && let Some(parent) = self.path.parent()
        {
            let owner = std::fs::metadata(parent)?;
            std::os::unix::fs::fchown(&file, Some(owner.uid()), Some(owner.gid()))?;
        }
        Ok(file)
    }

    /// The last line's sequence and hash. What a crash left of a line that nobody relied on is cut off.
    fn last_of(&self, file: &mut File) -> Result<(u64, [u8; 32]), AccessError> {
        let mut whole_tail = || -> io::Result<(u64, Vec<u8>)> {
            let length = file.metadata()?.len();
            let start = length.saturating_sub(LINE_MAX_BYTES);
            file.seek(SeekFrom::Start(start))?;
            let mut tail = Vec::new();
            Read::by_ref(file).take(LINE_MAX_BYTES).read_to_end(&mut tail)?;
            let whole = tail.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            if whole < tail.len() {
                tail.truncate(whole);
                file.set_len(start + u64::try_from(whole).unwrap_or(0))?;
            }
            Ok((start, tail))
        };
        let (start, tail) = whole_tail().map_err(|source| self.fail(source))?;
        let lines = tail.strip_suffix(b"\n").unwrap_or_default();
        let last = lines.rsplit(|byte| *byte == b'\n').next().filter(|line| !line.is_empty());
        match last {
            None if start == 0 => Ok((0, GENESIS)),
            None => Err(AccessError::Damaged { path: self.path.clone() }),
            Some(line) => {
                let line: Option<Line> = serde_json::from_slice(line).ok();
                let known =
                    line.and_then(|line| Some((line.sequence, *blake3::Hash::from_hex(&line.hash).ok()?.as_bytes())));
                known.ok_or_else(|| AccessError::Damaged { path: self.path.clone() })
            }
        }
    }

    /// The last line's sequence and hash, hex; `None` when nobody looked yet.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn head(&self) -> Result<Option<(u64, String)>, AccessError> {
        if !self.path.exists() {
            return Ok(None);
        }
        let mut file = self.open().map_err(|source| self.fail(source))?;
        file.lock().map_err(|source| self.fail(source))?;
        let (sequence, hash) = self.last_of(&mut file)?;
        Ok((sequence > 0).then(|| (sequence, blake3::Hash::from_bytes(hash).to_hex().to_string())))
    }

    /// Reads the log, checks its chain, and that it holds what the journal says of it: sequences and hashes.
    ///
    /// # Errors
    /// When it can't be read; what is wrong with it is in the report.
    pub fn read(&self, since: Option<Timestamp>, anchors: &[(u64, String)]) -> Result<AccessReport, AccessError> {
        let mut report = AccessReport::default();
        let mut previous = GENESIS;
        let mut missing: Vec<&(u64, String)> = anchors.iter().collect();
        let mut lines = match File::open(&self.path) {
            Ok(file) => BufReader::new(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                report.fault = missing.first().map(|(last, _)| cut_off(*last));
                return Ok(report);
            }
            Err(error) => return Err(self.fail(error)),
        };
        loop {
            let mut text = Vec::new();
            lines.by_ref().take(LINE_MAX_BYTES).read_until(b'\n', &mut text).map_err(|source| self.fail(source))?;
            if text.is_empty() {
                break;
            }
            let expected = report.lines + 1;
            let line: Option<Line> = serde_json::from_slice(&text).ok();
            let good = line.filter(|line| line.sequence == expected).and_then(|line| {
                let own = hash(&previous, line.sequence, &line.entry);
                (blake3::Hash::from_hex(&line.hash).ok()? == blake3::Hash::from_bytes(own)).then_some((line, own))
            });
            let Some((line, own)) = good else {
                report.fault = Some(format!("line {expected} was changed, removed, or put in"));
                return Ok(report);
            };
            (report.lines, previous) = (expected, own);
            missing.retain(|(sequence, hash)| *sequence != expected || *hash != line.hash);
            if since.is_none_or(|since| since <= line.entry.at) {
                report.entries.push((line.sequence, line.entry));
            }
        }
        report.fault = missing.first().map(|(last, _)| cut_off(*last));
        Ok(report)
    }
}

fn cut_off(last: u64) -> String {
    format!("the journal knows of line {last} as it was then, and it is not there: the log was cut off or begun anew")
}

#[cfg(test)]
mod tests;
