//! What a reviewer would otherwise have to remember: floors, file sizes, clock bans, and that codes, keys and metrics
//! are in the docs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Floors by folder or file of `src/`; a file imports from its own folder and from floors below.
const FLOORS: [(&str, u8); 16] = [
    ("cli", 5),
    ("web", 5),
    ("metrics", 5),
    ("actor", 4),
    ("device", 3),
    ("journal", 2),
    ("registry", 2),
    ("lane", 1),
    ("matching", 1),
    ("risk", 1),
    ("wire", 1),
    ("model", 0),
    ("domain", 0),
    ("config", 0),
    ("main", 6),
    ("lib", 6),
];
/// Pure folders: each says so at its head, and the compiler holds it.
const PURE: [&str; 7] = ["lane", "matching", "risk", "wire", "model", "domain", "config"];
const LINES_MAX: usize = 400;
/// Actors count what they do in metrics, whose names live a floor above.
/// The command line starts the listener. The configuration speaks in the model's words.
const ALLOWED: [(&str, &str); 5] =
    [("actor", "metrics"), ("web", "metrics"), ("cli", "metrics"), ("cli", "web"), ("config", "model")];

#[test]
fn imports_go_down() {
    let floors = BTreeMap::from(FLOORS);
    for (path, text) in sources() {
        let own = folder(&path);
        let floor = floors.get(own.as_str()).unwrap_or_else(|| panic!("{} is on no floor", path.display()));
        for used in used_folders(&text) {
            let Some(other) = floors.get(used.as_str()) else { continue };
            let fine = used == own || other < floor || ALLOWED.contains(&(own.as_str(), used.as_str()));
            assert!(fine, "{} (floor {floor}) imports crate::{used} (floor {other})", path.display());
        }
    }
}

#[test]
fn files_are_short() {
    for (path, text) in sources() {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default().lines().count();
        assert!(code <= LINES_MAX || is_test(&path), "{} has {code} lines before its tests", path.display());
        let name = path.file_stem().and_then(|stem| stem.to_str()).expect("a name");
        assert!(!["utils", "common", "manager", "helpers"].contains(&name), "{} says nothing", path.display());
    }
}

#[test]
fn pure_folders_ban_clocks_and_randomness() {
    for folder in PURE {
        let head = read(&format!("src/{folder}/mod.rs"));
        let banned = "#![deny(clippy::disallowed_methods, clippy::disallowed_types)]";
        assert!(head.contains(banned), "src/{folder}/mod.rs lacks {banned}");
    }
}

#[test]
fn every_hold_finding_and_alarm_is_explained() {
    let docs = read("docs/holds.md");
    for file in ["src/model/hold.rs", "src/model/finding.rs", "src/model/alarm.rs"] {
        let text = read(file);
        let codes: Vec<_> = text.lines().filter_map(code).collect();
        assert!(codes.len() >= 8, "{file} names no codes");
        for code in codes.into_iter().filter(|code| !["customs", "other_agency", "carrier", "device"].contains(code)) {
            assert!(docs.contains(&format!("`{code}`")), "docs/holds.md does not explain {code}");
        }
    }
}

#[test]
fn every_key_is_documented() {
    let docs = read("docs/configuration.md");
    for key in lane_controller::config::all_keys() {
        assert!(docs.contains(&format!("`{key}`")), "docs/configuration.md does not explain {key}");
    }
}

#[test]
fn every_metric_is_documented() {
    let docs = read("docs/metrics.md");
    for metric in lane_controller::metrics::CATALOGUE {
        assert!(docs.contains(&format!("`{}`", metric.name)), "docs/metrics.md does not explain {}", metric.name);
        assert!(docs.contains(metric.help), "docs/metrics.md tells something else of {}", metric.name);
    }
}

#[test]
fn every_scale_protocol_layout_and_diagnosis_is_on_the_operators_page() {
    use lane_controller::device::scale::Diagnosis;
    use lane_controller::model::scale::{Protocol, RinstrumLayout, StGsLayout, ToledoLayout, Xk3190Layout};

    let docs = read("docs/devices/scales.md");
    let layouts = Xk3190Layout::NAMES.map(|(name, _)| name).into_iter();
    let layouts =
        layouts.chain(ToledoLayout::NAMES.map(|(name, _)| name)).chain(StGsLayout::NAMES.map(|(name, _)| name));
    let layouts = layouts.chain(RinstrumLayout::NAMES.map(|(name, _)| name));
    let names = Protocol::ALL.map(Protocol::as_str).into_iter().chain(layouts);
    for name in names.chain(Diagnosis::ALL.map(Diagnosis::as_str)) {
        assert!(docs.contains(&format!("`{name}`")), "docs/devices/scales.md does not explain {name}");
    }
}

#[test]
fn camera_presets_of_configuration_and_wire_are_the_same() {
    let names = lane_controller::wire::camera::BUILTIN.map(|(name, _)| name);
    assert_eq!(names, lane_controller::config::BUILTIN_PRESETS);
    let docs = read("docs/devices/cameras.md");
    for name in names {
        assert!(docs.contains(&format!("`{name}`")), "docs/devices/cameras.md does not explain {name}");
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn sources() -> Vec<(PathBuf, String)> {
    fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(directory).expect("listed") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join("src"), &mut found);
    assert!(found.len() > 50, "the sources were not found");
    found.into_iter().map(|path| (path.clone(), std::fs::read_to_string(&path).expect("read"))).collect()
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs")
}

/// The first part below `src/`, without `.rs`.
fn folder(path: &Path) -> String {
    let inner = path.strip_prefix(root().join("src")).expect("below src");
    let first = inner.components().next().expect("a part").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// Folders named as `crate::folder` outside of comments.
fn used_folders(text: &str) -> Vec<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let parts = code.flat_map(|line| line.split("crate::").skip(1));
    let named = parts.map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
    named.collect()
}

/// `=> "code",` of an `as_str`.
fn code(line: &str) -> Option<&str> {
    line.trim().strip_suffix("\",")?.split_once("=> \"").map(|(_, code)| code)
}
