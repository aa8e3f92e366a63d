//! The keys of `[journal]`.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::check::Faults;
use super::duration::Text;

/// Records between two heads at most.
const RECORDS_MAX: u64 = 1_000_000;

/// How the journal's heads are signed.
#[derive(Debug, Clone)]
pub struct Heads {
    /// A new record is under a signed head after so long …
    pub every: Duration,
    /// … or when so many are not, whichever comes first.
    pub records: u64,
    /// The signing key; `None`: one that is made at the first start, in the data directory.
    pub key_file: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct RawJournal {
    head_every: Option<Text>,
    head_records: Option<u64>,
    head_key_file: Option<PathBuf>,
}

pub(super) fn heads(raw: RawJournal, faults: &mut Faults) -> Heads {
    let records = raw.head_records.unwrap_or(1_000);
    if !(1..=RECORDS_MAX).contains(&records) {
        faults.at("journal.head_records", format!("1 to {RECORDS_MAX} records are expected"));
    }
    Heads {
        every: faults.timeout("journal.head_every", raw.head_every, Duration::from_secs(60)),
        records,
        key_file: raw.head_key_file,
    }
}
