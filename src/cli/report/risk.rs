//! How often each profile fired, was looked into, and was right; beside the same of chance. Pure.

use std::collections::BTreeMap;

use serde::Serialize;

use super::interval::{Share, Word};
use super::passage::Told;

/// Profiles that are counted; an RMS that makes up an id a vehicle must not take the memory.
pub(super) const PROFILES_MAX: usize = 10_000;

/// One line of counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Counts {
    fired: u32,
    selected: u32,
    inspected: u32,
    hits: u32,
}

impl Counts {
    fn add(&mut self, told: &Told, selected: bool) {
        self.fired = self.fired.saturating_add(1);
        self.selected = self.selected.saturating_add(u32::from(selected));
        if let Some(outcome) = told.looked() {
            self.inspected = self.inspected.saturating_add(1);
            self.hits = self.hits.saturating_add(u32::from(outcome.is_hit()));
        }
    }

    const fn share(self) -> Share {
        Share { hits: self.hits, looks: self.inspected }
    }
}

/// The counts of a period, grown by one passage after another.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Chance is what this profile's share drew; every draw when none.
    chance_of: Option<String>,
    passages: u64,
    chance: Counts,
    profiles: BTreeMap<String, Counts>,
    /// Mentions of profiles beyond [`PROFILES_MAX`].
    uncounted: u64,
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Line {
    /// The profile's id; none for random selection.
    pub(super) profile: Option<String>,
    /// Vehicles that it matched; that the draw picked.
    pub(super) fired: u32,
    /// Of these, a decision rests on it.
    pub(super) selected: u32,
    /// Of those that it matched, somebody looked into.
    pub(super) inspected: u32,
    /// Of these, something was found.
    pub(super) hits: u32,
    pub(super) hit_rate: Option<f64>,
    /// 95 % (Wilson).
    pub(super) low: f64,
    pub(super) high: f64,
    /// Against random selection; none for itself.
    pub(super) verdict: Option<Word>,
}

/// The report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Risk {
    /// Completed passages of the period.
    pub(super) passages: u64,
    pub(super) uncounted: u64,
    pub(super) random: Line,
    pub(super) profiles: Vec<Line>,
}

impl Tally {
    pub(super) fn new(chance_of: Option<String>) -> Self {
        Self { chance_of, ..Self::default() }
    }

    /// Counts one completed passage.
    pub(super) fn add(&mut self, told: &Told) {
        self.passages += 1;
        let by_chance = self.chance_of.as_ref().map_or(told.by_chance, |profile| told.chance_of.contains(profile));
        if by_chance {
            self.chance.add(told, true);
        }
        for profile in &told.fired {
            if self.profiles.len() >= PROFILES_MAX && !self.profiles.contains_key(profile) {
                self.uncounted += 1;
                continue;
            }
            self.profiles.entry(profile.clone()).or_default().add(told, told.selected.contains(profile));
        }
    }

    /// The report: chance first, then the profiles by their ids.
    pub(super) fn report(self) -> Risk {
        let chance = self.chance.share();
        let profiles = self.profiles.into_iter();
        Risk {
            passages: self.passages,
            uncounted: self.uncounted,
            random: line(None, self.chance, None),
            profiles: profiles
                .map(|(profile, counts)| line(Some(profile), counts, Some(counts.share().against(chance))))
                .collect(),
        }
    }
}

fn line(profile: Option<String>, counts: Counts, verdict: Option<Word>) -> Line {
    let Counts { fired, selected, inspected, hits } = counts;
    let (low, high) = counts.share().interval();
    Line { profile, fired, selected, inspected, hits, hit_rate: counts.share().rate(), low, high, verdict }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    #[test]
    fn a_vehicle_counts_once_for_each_profile_that_matched_it_and_for_chance() {
        let mut tally = Tally::default();
        tally.add(&told(&["p-1", "p-2"], &["p-1"], Some("violation"), Some("p-2")));
        tally.add(&told(&["p-1"], &["p-1"], Some("nothing_found"), None));
        tally.add(&told(&["p-1"], &[], None, None));
        tally.add(&told(&[], &[], None, None));
        let report = tally.report();
        assert_eq!((report.passages, report.uncounted), (4, 0));
        let counts = |line: &Line| (line.fired, line.selected, line.inspected, line.hits);
        assert_eq!(counts(&report.random), (1, 1, 1, 1));
        let profiles: Vec<_> =
            report.profiles.iter().map(|line| (line.profile.as_deref().unwrap_or("-"), counts(line))).collect();
        assert_eq!(profiles, [("p-1", (3, 2, 2, 1)), ("p-2", (1, 0, 1, 1))]);
    }

    #[test]
    fn a_profile_no_better_than_chance_shows() {
        let mut tally = Tally::default();
        for number in 0..100 {
            let found = |one_in: u32| if number % one_in == 0 { "discrepancy" } else { "nothing_found" };
            tally.add(&told(&["good"], &["good"], Some(found(2)), None));
            tally.add(&told(&["idle"], &["idle"], Some(found(20)), None));
            tally.add(&told(&["sweep"], &["sweep"], Some(found(20)), Some("sweep")));
        }
        tally.add(&told(&["new"], &["new"], Some("violation"), None));
        let words: Vec<_> = tally.report().profiles.into_iter().map(|line| (line.profile, line.verdict)).collect();
        let expected =
            [("good", Word::Better), ("idle", Word::NoBetter), ("new", Word::TooFew), ("sweep", Word::NoBetter)];
        assert_eq!(words, expected.map(|(profile, word)| (Some(profile.to_owned()), Some(word))));
    }

    #[test]
    fn one_profile_can_stand_for_chance() {
        let mut tally = Tally::new(Some("sweep".into()));
        tally.add(&told(&["sweep"], &["sweep"], Some("nothing_found"), Some("sweep")));
        tally.add(&told(&["narrow"], &["narrow"], Some("violation"), Some("narrow")));
        let report = tally.report();
        assert_eq!((report.random.fired, report.random.hits), (1, 0));
    }

    #[test]
    fn considered_satisfactory_counts_as_no_look() {
        let mut tally = Tally::default();
        let mut told = told(&["p-1"], &["p-1"], Some("nothing_found"), None);
        if let Some(outcome) = &mut told.inspection {
            outcome.code = Some(crate::model::inspection::ControlCode::A2);
        }
        tally.add(&told);
        assert_eq!(tally.report().profiles.first().map(|line| line.inspected), Some(0));
    }

    #[test]
    fn ids_without_end_take_no_memory_without_end() {
        let mut tally = Tally::default();
        for number in 0..PROFILES_MAX + 5 {
            tally.add(&told(&[&number.to_string()], &[], None, None));
        }
        let report = tally.report();
        assert_eq!((report.profiles.len(), report.uncounted), (PROFILES_MAX, 5));
    }

    fn told(fired: &[&str], selected: &[&str], result: Option<&str>, chance_of: Option<&str>) -> Told {
        let set = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>();
        let inspection = result.map(|result| serde_json::from_value(json!({ "result": result })).expect("an outcome"));
        Told {
            fired: set(fired),
            selected: set(selected),
            by_chance: chance_of.is_some(),
            chance_of: chance_of.into_iter().map(str::to_owned).collect(),
            inspection,
            ..Told::default()
        }
    }
}
