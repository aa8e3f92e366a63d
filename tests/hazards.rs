//! The safety case against the tests: every invariant and every hazard is carried by a test whose name begins with its
//! id (`a3_…`, `h20_…`, several ids where a test carries several), or says here why it is not.
//!
//! `cargo test --test hazards -- --nocapture` prints which tests carry which id.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// How many invariants each letter has, and how many hazards there are.
const SERIES: [(char, u8); 5] = [('a', 12), ('b', 10), ('c', 9), ('d', 1), ('h', 50)];

/// Ids without a test of their name, and why. An id that gets a test must leave this list.
const WITHOUT: [(&str, &str); 7] = [
    ("c9", "no supervisor's view is served yet; states carry their instants"),
    ("h2", "not built: no lane knows what stands in another one"),
    ("h29", "not built: the age of the store is not judged; a notification's own validity is"),
    ("h38", "MemoryMax and LimitNOFILE are the unit's (systemd/check); the flood bench shows that queues are bounded"),
    ("h42", "no sessions: every order is signed with name and word, and attempts are limited"),
    ("h46", "one server a site: a second writer on the same data is kept out (a12), a second server is not built"),
    ("h50", "scrapes and slow clients have no limits of their own yet"),
];

#[test]
#[allow(clippy::print_stdout, reason = "whoever asks is told which tests carry which id")]
fn every_invariant_and_hazard_is_carried_by_a_test_or_says_why_not() {
    let (carried, without) = (carried(), BTreeMap::from(WITHOUT));
    let mut nobody = Vec::new();
    for id in ids() {
        match (carried.get(&id), without.get(id.as_str())) {
            (Some(tests), None) => println!("{id:<4} {}", tests.join("\n     ")),
            (None, Some(why)) => println!("{id:<4} - {why}"),
            (None, None) => nobody.push(id),
            (Some(tests), Some(_)) => panic!("{id} is carried by {tests:?}: take it off the list of those without"),
        }
    }
    assert!(nobody.is_empty(), "no test carries {nobody:?}");
    let known: BTreeSet<_> = ids().collect();
    let unknown: Vec<_> = carried.keys().filter(|id| !known.contains(*id)).collect();
    assert!(unknown.is_empty(), "the safety case has no {unknown:?}");
}

fn ids() -> impl Iterator<Item = String> {
    SERIES.iter().flat_map(|(letter, most)| (1..=*most).map(move |number| format!("{letter}{number}")))
}

/// Tests by the ids that their names begin with: file and name.
fn carried() -> BTreeMap<String, Vec<String>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for folder in ["src", "tests", "simulator/src", "simulator/tests"] {
        for path in sources(&root.join(folder)) {
            let text = std::fs::read_to_string(&path).expect("read");
            let file = path.strip_prefix(&root).expect("below the root").display().to_string();
            for name in tests(&text) {
                for id in name.split('_').map_while(id) {
                    found.entry(id).or_default().push(format!("{file} {name}"));
                }
            }
        }
    }
    found
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("listed") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Names of test functions: those below a test attribute.
fn tests(text: &str) -> Vec<&str> {
    let mut is_test = false;
    let mut names = Vec::new();
    for line in text.lines().map(str::trim_start) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if let Some((_, rest)) = line.split_once("fn ").filter(|_| is_test) {
            is_test = false;
            names.extend(rest.split(['(', '<']).next());
        }
    }
    names
}

/// An id in its canonical form, of a part of a name.
fn id(part: &str) -> Option<String> {
    let letter = part.chars().next().filter(|letter| SERIES.iter().any(|(known, _)| known == letter))?;
    let number: u8 = part.get(1..)?.parse().ok()?;
    (part.len() == format!("{letter}{number}").len()).then(|| format!("{letter}{number}"))
}
