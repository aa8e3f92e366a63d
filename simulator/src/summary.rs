//! The judgement at the end: the simulator's book against the controller's metrics and events.
//!
//! ```text
//!  trucks by expected outcome ─┐
//!  passages_total in /metrics ─┼─ equal, per lane and outcome? ─▶ Verdict { complaints }
//!  passage_completed events ───┘
//! ```
//! It is pure: what was counted comes in, words come out.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::kind::Kind;
use crate::ledger::{Departure, Entry, Pages};

/// The controller's counter of passages.
const COUNTER: &str = "lane_controller_passages_total";

/// Passages by lane and outcome.
pub type Counts = BTreeMap<(String, String), u64>;

/// What is wrong; nothing when the demo passed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// A sentence each.
    pub complaints: Vec<String>,
}

/// Reads the counter of passages out of Prometheus text, summed over direction and channel.
///
/// # Errors
/// A line of that counter that can't be read.
pub fn passages_in(metrics: &str) -> Result<Counts, String> {
    let mut counts = Counts::new();
    for line in metrics.lines().filter(|line| line.starts_with(COUNTER)) {
        let unread = || format!("a line of /metrics that can't be read: {line}");
        let (labels, value) = line
            .strip_prefix(COUNTER)
            .and_then(|rest| rest.strip_prefix('{'))
            .and_then(|rest| rest.split_once('}'))
            .ok_or_else(unread)?;
        let label = |name: &str| {
            labels.split(',').find_map(|label| {
                let (key, value) = label.split_once('=')?;
                (key.trim() == name).then(|| value.trim_matches('"').to_owned())
            })
        };
        let (Some(lane), Some(outcome)) = (label("lane"), label("outcome")) else { return Err(unread()) };
        let value: u64 = value.trim().parse().map_err(|_| unread())?;
        *counts.entry((lane, outcome)).or_default() += value;
    }
    counts.retain(|_, count| *count > 0);
    Ok(counts)
}

/// Judges the book against the controller's counters.
#[must_use]
pub fn judge(pages: &Pages, metrics: &Counts) -> Verdict {
    let mut complaints = pages.breaches.clone();
    if pages.more_breaches > 0 {
        complaints.push(format!("and {} more breaches of the contract", pages.more_breaches));
    }
    let mut expected = Counts::new();
    for truck in &pages.trucks {
        *expected.entry((truck.lane.clone(), truck.expected().as_str().to_owned())).or_default() += 1;
        complaints.extend(complain(truck, pages));
    }
    let mut events = Counts::new();
    for passage in pages.completed.values() {
        *events.entry((passage.lane.clone(), passage.outcome.clone())).or_default() += 1;
    }
    complaints.extend(differences("the passage_completed events", &expected, &events));
    complaints.extend(differences("the counter in /metrics", &expected, metrics));
    Verdict { complaints }
}

fn differences(whose: &str, expected: &Counts, counted: &Counts) -> Vec<String> {
    let mut keys: Vec<_> = expected.keys().chain(counted.keys()).collect();
    keys.sort();
    keys.dedup();
    keys.into_iter()
        .filter_map(|key| {
            let [want, have] = [expected, counted].map(|counts| counts.get(key).copied().unwrap_or(0));
            let (lane, outcome) = key;
            (want != have)
                .then(|| format!("{lane}: {want} vehicles should have ended as {outcome}, {whose} count {have}"))
        })
        .collect()
}

/// What is wrong about one truck.
fn complain(truck: &Entry, pages: &Pages) -> Vec<String> {
    let name = format!("{}: truck {} ({})", truck.lane, truck.ordinal, truck.kind.name());
    let mut complaints = Vec::new();
    let Some(left) = truck.left else {
        return vec![format!("{name} still stands in the lane")];
    };
    let Some(passage) = &truck.passage else {
        return vec![format!("{name} left, and no passage was ever shown for it")];
    };
    if left == Departure::Exit && !pages.commanded.contains(passage) {
        complaints.push(format!("{name} left through the exit with no barrier_commanded event"));
    }
    let ends: Vec<&str> =
        pages.completed.values().filter(|done| done.passage == *passage).map(|done| done.outcome.as_str()).collect();
    if ends != [truck.expected().as_str()] {
        complaints.push(format!("{name} should have ended as {}, it ended as {ends:?}", truck.expected().as_str()));
    }
    match truck.kind.expectation().held {
        None if !truck.holds.is_empty() => complaints.push(format!("{name} was held: {:?}", truck.holds)),
        Some((code, _)) if !truck.holds.contains(code.as_str()) => {
            complaints.push(format!("{name} was never held for {}, but for {:?}", code.as_str(), truck.holds));
        }
        None | Some(_) => {}
    }
    complaints
}

/// The tables for people.
#[must_use]
pub fn tables(pages: &Pages) -> String {
    let mut text = String::new();
    write_kinds(&mut text, pages);
    write_counts(&mut text, "holds", &holds(pages));
    write_counts(&mut text, "commands that an arm ignored", &pages.ignored);
    write_counts(&mut text, "orders that were refused at first", &pages.refusals);
    for (whom, needs_officer) in [("without an officer", false), ("with an officer", true)] {
        let mut waits: Vec<Duration> =
            pages.trucks.iter().filter(|truck| truck.kind.needs_officer() == needs_officer).filter_map(wait).collect();
        waits.sort_unstable();
        if let (Some(median), Some(p90)) = (rank(&waits, 50), rank(&waits, 90)) {
            line(
                &mut text,
                &format!(
                    "from standing to arm open, {whom}: median {} ms, p90 {} ms ({} vehicles)",
                    median.as_millis(),
                    p90.as_millis(),
                    waits.len()
                ),
            );
        }
    }
    text
}

fn wait(truck: &Entry) -> Option<Duration> {
    Some(truck.opened?.saturating_duration_since(truck.stopped?))
}

/// The value that `percent` of the sorted `values` don't exceed.
fn rank(values: &[Duration], percent: usize) -> Option<Duration> {
    let rank = (values.len() * percent).div_ceil(100).max(1);
    values.get(rank - 1).copied()
}

fn holds(pages: &Pages) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for code in pages.trucks.iter().flat_map(|truck| &truck.holds) {
        *counts.entry(code.clone()).or_default() += 1;
    }
    counts
}

fn write_kinds(text: &mut String, pages: &Pages) {
    line(text, &format!("{:<24} {:>8}   outcomes", "kind of truck", "vehicles"));
    for kind in Kind::ALL {
        let trucks: Vec<&Entry> = pages.trucks.iter().filter(|truck| truck.kind == kind).collect();
        if trucks.is_empty() {
            continue;
        }
        let mut outcomes: BTreeMap<&str, u32> = BTreeMap::new();
        for truck in &trucks {
            let end = pages.completed.values().find(|done| Some(&done.passage) == truck.passage.as_ref());
            *outcomes.entry(end.map_or("none", |done| done.outcome.as_str())).or_default() += 1;
        }
        let outcomes: Vec<String> = outcomes.into_iter().map(|(outcome, count)| format!("{outcome} {count}")).collect();
        line(text, &format!("{:<24} {:>8}   {}", kind.name(), trucks.len(), outcomes.join(", ")));
    }
    line(text, &format!("{:<24} {:>8}", "all", pages.trucks.len()));
}

fn write_counts(text: &mut String, title: &str, counts: &BTreeMap<String, u32>) {
    if counts.is_empty() {
        return;
    }
    line(text, &format!("{title}:"));
    for (what, count) in counts {
        line(text, &format!("  {count:>6}  {what}"));
    }
}

fn line(text: &mut String, line: &str) {
    text.push_str(line.trim_end());
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::ledger::{Completed, Ledger};

    /// A book in which one truck of `kind` did what it should.
    fn right(kind: Kind) -> Ledger {
        let ledger = Ledger::default();
        ledger.arrives("in-01", 1, kind);
        let expectation = kind.expectation();
        ledger.standing("in-01", |truck| {
            truck.passage = Some("p".to_owned());
            truck.stopped = Some(Instant::now());
            truck.holds.extend(expectation.held.map(|(code, _)| code.as_str().to_owned()));
            truck.left = Some(Departure::Exit);
        });
        let mut pages = ledger.pages();
        pages.commanded.insert("p".to_owned());
        let outcome = expectation.outcome.as_str().to_owned();
        pages.completed.insert(1, Completed { lane: "in-01".to_owned(), passage: "p".to_owned(), outcome });
        drop(pages);
        ledger
    }

    fn metrics(kind: Kind) -> Counts {
        Counts::from([(("in-01".to_owned(), kind.expectation().outcome.as_str().to_owned()), 1)])
    }

    #[test]
    fn a_right_passage_of_every_kind_is_no_complaint() {
        for kind in Kind::ALL {
            assert_eq!(judge(&right(kind).pages(), &metrics(kind)), Verdict::default(), "{kind:?}");
        }
    }

    #[track_caller]
    fn wrong(kind: Kind, spoil: impl FnOnce(&mut Pages), complaint: &str) {
        let ledger = right(kind);
        spoil(&mut ledger.pages());
        let verdict = judge(&ledger.pages(), &metrics(kind));
        assert!(verdict.complaints.iter().any(|said| said.contains(complaint)), "{complaint}: {verdict:?}");
    }

    #[test]
    fn whatever_is_wrong_about_a_truck_is_named() {
        wrong(Kind::Lawful, |pages| pages.commanded.clear(), "no barrier_commanded");
        wrong(Kind::Lawful, |pages| pages.completed.clear(), "passage_completed events count 0");
        wrong(Kind::Lawful, |pages| pages.trucks[0].left = None, "still stands");
        wrong(Kind::Lawful, |pages| pages.trucks[0].passage = None, "no passage was ever shown");
        wrong(Kind::Lawful, |pages| pages.trucks[0].holds.extend(["device_lost".to_owned()]), "was held");
        wrong(Kind::Overweight, |pages| pages.trucks[0].holds.clear(), "never held for weight_discrepancy");
        wrong(Kind::Red, |pages| pages.breaches.push("the arm went up".into()), "the arm went up");
        wrong(
            Kind::Red,
            |pages| pages.completed.values_mut().for_each(|done| done.outcome = "released".into()),
            "should have ended as referred_inspection",
        );
    }

    #[test]
    fn c4_a_counter_that_differs_from_the_book_is_named() {
        let ledger = right(Kind::Lawful);
        let verdict = judge(&ledger.pages(), &Counts::new());
        assert_eq!(
            verdict.complaints,
            ["in-01: 1 vehicles should have ended as released, the counter in /metrics count 0"]
        );
    }

    #[test]
    fn the_counter_is_summed_over_direction_and_channel() {
        let text = "# TYPE lane_controller_passages_total counter\n\
            lane_controller_passages_total{lane=\"in-01\",direction=\"entry\",outcome=\"released\",channel=\"green\"} 3\n\
            lane_controller_passages_total{lane=\"in-01\",direction=\"entry\",outcome=\"released\",channel=\"red\"} 2\n\
            lane_controller_passages_total{lane=\"in-01\",direction=\"entry\",outcome=\"refused\",channel=\"\"} 0\n\
            other_total{lane=\"in-01\"} 9\n";
        assert_eq!(passages_in(text), Ok(Counts::from([(("in-01".into(), "released".into()), 5)])));
        assert!(passages_in("lane_controller_passages_total{lane=\"in-01\"} 3").is_err());
        assert!(passages_in("lane_controller_passages_total 3").is_err());
    }

    #[test]
    fn median_and_p90_are_values_that_occurred() {
        let values: Vec<_> = (1..=10).map(Duration::from_millis).collect();
        assert_eq!(rank(&values, 50), Some(Duration::from_millis(5)));
        assert_eq!(rank(&values, 90), Some(Duration::from_millis(9)));
        assert_eq!(rank(&values[..1], 90), Some(Duration::from_millis(1)));
        assert_eq!(rank(&[], 50), None);
    }
}
