//! Journals that released versions wrote are read for ever (hazard 40): each replays to the hash that is kept here.
//! A failing one means that the code is wrong.

use std::path::{Path, PathBuf};

use lane_controller::journal::{Journal, Limits, Reader, verify};
use tempfile::TempDir;

/// File, records, hash of the last, passage that stands open.
const GOLDEN: &[(&str, u64, &str, &str)] = &[(
    "format-1.journal",
    214,
    "c6f2abf50cb18aace0734acac3fab0c99a36cbd97cdcae790d11b3cf95d08ef3",
    "ad0cb3eb-75ef-461a-b942-50307f3f9c01",
)];

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/golden").join(name)
}

#[test]
fn h40_a_journal_of_each_released_format_replays_to_its_hash_and_goes_on() {
    for (name, records, hash, open) in GOLDEN {
        let dir = TempDir::new().expect("a directory");
        std::fs::copy(kept(name), dir.path().join("journal.db")).expect("copied");
        let report = verify(dir.path()).expect("read");
        assert_eq!(report.damage, None, "{name}");
        assert_eq!((report.records, report.head.as_str()), (*records, *hash), "{name}");
        let journal = Journal::open(dir.path(), Limits::default()).expect("this version takes it");
        journal.shutdown();
        assert_eq!(verify(dir.path()).expect("read").head, *hash, "{name}: opening it changes no record");
        let passages = Reader::open(dir.path()).expect("opened").open_passages().expect("read");
        let passages: Vec<_> = passages.iter().map(|open| open.passage.to_string()).collect();
        assert_eq!(passages, [*open], "{name}");
    }
}
