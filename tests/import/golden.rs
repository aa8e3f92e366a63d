//! Each sample is pinned by what it becomes. A golden file that differs means that the code is wrong; a new sample is
//! written by running the test once with `WRITE_GOLDEN=1`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use lane_controller::wire::import::{Contents, Format, Supplement, When, import};
use serde_json::{Value, json};

#[test]
fn samples_become_what_their_golden_files_say() {
    let mut seen = 0;
    let entries = std::fs::read_dir(samples()).expect("listed").map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<_> = entries.filter(|path| !path.to_string_lossy().ends_with(".golden.json")).collect();
    paths.sort();
    for path in paths {
        let bytes = std::fs::read(&path).expect("read");
        let extension = path.extension().and_then(|extension| extension.to_str());
        let contents = import(Format::of(extension, &bytes), None, supplement(), &bytes);
        let golden = PathBuf::from(format!("{}.golden.json", path.display()));
        let found = serde_json::to_string_pretty(&shown(&contents)).expect("JSON") + "\n";
        if std::env::var_os("WRITE_GOLDEN").is_some() {
            std::fs::write(&golden, &found).expect("written");
        }
        let expected = std::fs::read_to_string(&golden).unwrap_or_default();
        assert_eq!(found, expected, "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 11, "only {seen} samples were found");
}

pub(crate) fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/samples")
}

/// What the samples lack: road notifications are valid for 30 days and vehicles come two hours after them.
fn supplement() -> Supplement {
    let after = |hours: u64| Some(When::AfterSubmission(Duration::from_secs(hours * 3_600)));
    Supplement { revision: None, expected: after(2), valid_until: after(30 * 24) }
}

fn shown(contents: &Contents) -> Value {
    let fault = |fault: &lane_controller::wire::import::Fault| json!({ "place": fault.place.to_string(), "path": fault.path, "message": fault.message });
    let documents = contents.documents.iter().map(|found| {
        let mut shown = json!({
            "place": found.place.to_string(), "kind": found.kind, "number": found.number, "revision": found.revision,
        });
        match &found.outcome {
            Ok(bytes) => shown["document"] = serde_json::from_slice(bytes).expect("JSON"),
            Err(faults) => shown["faults"] = faults.iter().map(fault).collect(),
        }
        shown
    });
    json!({ "documents": documents.collect::<Vec<_>>(), "faults": contents.faults.iter().map(fault).collect::<Vec<_>>() })
}
