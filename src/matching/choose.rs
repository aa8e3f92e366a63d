//! Which of several notifications is this vehicle's?

use super::plates::SeenPlates;
use super::policy::MatchPolicy;
use super::score::{Candidate, IDENTITY_MIN, MARGIN_MIN, Ranked, Seen, score};
use super::seen::SeenPapers;
use crate::model::{Clue, MatchQuery, Scored, Timestamp};

/// Candidates that are told to the officer.
pub(super) const CANDIDATES_SHOWN: usize = 5;

/// What was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// None names this vehicle.
    None,
    /// One names it clearly.
    One(Candidate<'a>),
    /// Several do, and none clearly better: an officer decides (hazard 30).
    Ambiguous(usize),
}

/// What was chosen, and from what.
#[derive(Debug, Clone)]
pub struct Choice<'a> {
    /// What was chosen.
    pub verdict: Verdict<'a>,
    /// The best candidates, best first.
    pub candidates: Vec<Scored>,
}

impl PartialEq for Candidate<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.used == other.used && std::ptr::eq(self.notification, other.notification)
    }
}

impl Eq for Candidate<'_> {}

/// Chooses the notification that plates, documents and circumstances name together.
#[must_use]
pub fn choose<'a>(
    query: &MatchQuery,
    candidates: impl IntoIterator<Item = Candidate<'a>>,
    policy: &MatchPolicy,
    now: Timestamp,
) -> Choice<'a> {
    let seen = Seen {
        plates: SeenPlates::of(query, &policy.templates),
        papers: SeenPapers::sort(&query.documents),
        direction: query.direction,
        arrived: query.arrived,
        site: &policy.site,
        now,
        templates: &policy.templates,
    };
    let mut ranked: Vec<Ranked<'a>> = candidates.into_iter().map(|candidate| score(candidate, &seen)).collect();
    ranked.sort_by(|a, b| {
        let by_score = b.scored.score.cmp(&a.scored.score);
        by_score.then_with(|| a.scored.notification.cmp(&b.scored.notification))
    });
    let verdict = verdict(&ranked);
    let candidates = ranked.into_iter().take(CANDIDATES_SHOWN).map(|ranked| ranked.scored).collect();
    Choice { verdict, candidates }
}

fn verdict<'a>(ranked: &[Ranked<'a>]) -> Verdict<'a> {
    let mut able = ranked.iter().filter(|ranked| ranked.identity >= IDENTITY_MIN);
    let Some(best) = able.next() else { return Verdict::None };
    let close = able.filter(|other| best.scored.score - other.scored.score < MARGIN_MIN).count();
    // Used or expired ones are no choice to make: any of them gives the same finding.
    let spent = best.scored.has(Clue::Used) || best.scored.has(Clue::Expired);
    if close == 0 || spent { Verdict::One(best.candidate) } else { Verdict::Ambiguous(close + 1) }
}
