//! How often each officer lets vehicles go over holds, beside all officers together (hazard 43). Pure.

use std::collections::BTreeMap;

use serde::Serialize;

use super::interval::{Share, Word};
use super::passage::Told;

/// What one officer did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Deeds {
    dealt_with: u32,
    overrides: u32,
    approved: u32,
    found_later: u32,
}

/// The deeds of a period, grown by one passage after another.
#[derive(Debug, Default)]
pub(super) struct Roll {
    officers: BTreeMap<String, Deeds>,
    all: Share,
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Line {
    /// The officer's sign-in name; none for all together.
    pub(super) officer: Option<String>,
    /// Vehicles that the officer ordered anything for.
    pub(super) dealt_with: u32,
    /// Of these, let go by the officer's own release over holds.
    pub(super) overrides: u32,
    /// Releases of other officers that this one approved as the second.
    pub(super) approved: u32,
    /// Of the overrides, an inspection found something afterwards.
    pub(super) found_later: u32,
    pub(super) override_rate: Option<f64>,
    /// 95 % (Wilson).
    pub(super) low: f64,
    pub(super) high: f64,
    /// Whether the rate lies above that of all; none for all together.
    pub(super) verdict: Option<&'static str>,
}

impl Roll {
    /// Counts one completed passage.
    pub(super) fn add(&mut self, told: &Told) {
        for officer in &told.officers {
            self.officers.entry(officer.clone()).or_default().dealt_with += 1;
        }
        self.all.looks += u32::from(!told.officers.is_empty());
        let Some(over) = &told.overridden else { return };
        self.all.hits += 1;
        let found = told.looked().is_some_and(|outcome| outcome.is_hit());
        let first = self.officers.entry(over.officer.clone()).or_default();
        first.overrides += 1;
        first.found_later += u32::from(found);
        if let Some(second) = &over.second_officer {
            self.officers.entry(second.clone()).or_default().approved += 1;
        }
    }

    /// All together first, then the officers by name.
    pub(super) fn report(self) -> Vec<Line> {
        let all = self.all;
        let (approved, found_later) = self
            .officers
            .values()
            .fold((0, 0), |(approved, found), deeds| (approved + deeds.approved, found + deeds.found_later));
        let together = Deeds { dealt_with: all.looks, overrides: all.hits, approved, found_later };
        let own = self.officers.into_iter().map(|(officer, deeds)| {
            let share = Share { hits: deeds.overrides, looks: deeds.dealt_with };
            let verdict = match share.against(all) {
                Word::Better => "above",
                Word::NoBetter => "not_above",
                Word::TooFew => "too_few",
            };
            line(Some(officer), deeds, Some(verdict))
        });
        std::iter::once(line(None, together, None)).chain(own).collect()
    }
}

fn line(officer: Option<String>, deeds: Deeds, verdict: Option<&'static str>) -> Line {
    let Deeds { dealt_with, overrides, approved, found_later } = deeds;
    let share = Share { hits: overrides, looks: dealt_with };
    let (low, high) = share.interval();
    Line { officer, dealt_with, overrides, approved, found_later, override_rate: share.rate(), low, high, verdict }
}

/// The columns of the report.
pub(super) const HEADS: [&str; 9] =
    ["officer", "dealt_with", "overrides", "approved", "found_later", "override_rate", "low_95", "high_95", "verdict"];

pub(super) fn cells(line: &Line) -> [String; 9] {
    let share = |share: f64| format!("{share:.4}");
    [
        line.officer.clone().unwrap_or_else(|| "(all)".to_owned()),
        line.dealt_with.to_string(),
        line.overrides.to_string(),
        line.approved.to_string(),
        line.found_later.to_string(),
        line.override_rate.map(share).unwrap_or_default(),
        share(line.low),
        share(line.high),
        line.verdict.unwrap_or_default().to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::passage::Override;
    use super::*;
    use crate::model::Timestamp;

    #[test]
    fn an_officer_who_lets_more_go_than_the_others_shows() {
        let mut roll = Roll::default();
        for number in 0..100 {
            for officer in ["aigul", "bolat", "dana"] {
                let lets_go = officer == "dana" || number % 10 == 0;
                roll.add(&dealt(officer, lets_go, None, "nothing_found"));
            }
        }
        roll.add(&dealt("erlan", true, Some("aigul"), "violation"));
        let lines = roll.report();
        let told: Vec<_> = lines
            .iter()
            .map(|line| (line.officer.as_deref(), line.dealt_with, line.overrides, line.approved, line.verdict))
            .collect();
        let expected = [
            (None, 301, 121, 1, None),
            (Some("aigul"), 100, 10, 1, Some("not_above")),
            (Some("bolat"), 100, 10, 0, Some("not_above")),
            (Some("dana"), 100, 100, 0, Some("above")),
            (Some("erlan"), 1, 1, 0, Some("too_few")),
        ];
        assert_eq!(told, expected);
        assert_eq!(lines.iter().map(|line| line.found_later).collect::<Vec<_>>(), [1, 0, 0, 0, 1]);
    }

    #[test]
    fn a_passage_without_orders_counts_for_nobody() {
        let mut roll = Roll::default();
        roll.add(&Told::default());
        let lines = roll.report();
        assert_eq!((lines.len(), lines[0].dealt_with, lines[0].override_rate), (1, 0, None));
    }

    fn dealt(officer: &str, lets_go: bool, second: Option<&str>, found: &str) -> Told {
        let overridden = lets_go.then(|| Override {
            at: Timestamp::from_unix_micros(0),
            officer: officer.into(),
            second_officer: second.map(str::to_owned),
            reason: "as told".into(),
            holds: ["referred_documents".to_owned()].into(),
        });
        let inspection = Some(serde_json::from_value(json!({ "result": found })).expect("an outcome"));
        Told { officers: [officer.to_owned()].into(), overridden, inspection, ..Told::default() }
    }
}
