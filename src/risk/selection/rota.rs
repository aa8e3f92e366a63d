//! Which seed is used when: one bound before its shift, used in it, revealed after it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::shift::{Shift, ShiftPlan};
use super::{Entry, Event};
use crate::model::Timestamp;
use crate::model::selection::{Commitment, Seed, SelectionCommitted, SelectionRevealed};

/// How long after its shift a seed stays secret: draws under way are over by then.
pub const REVEAL_AFTER: Duration = Duration::from_secs(60);

/// What the shell must do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Make a seed, keep it, and bind it for this shift.
    Bind(Shift),
    /// Reveal this seed.
    Reveal(SelectionRevealed),
}

#[derive(Debug, Clone)]
struct Bound {
    seed: Seed,
    shift: Shift,
    /// The commitment is in the journal.
    durable: bool,
}

/// The seeds that are secret.
#[derive(Debug, Clone)]
pub struct Rota {
    plan: ShiftPlan,
    bound: BTreeMap<Commitment, Bound>,
}

impl Rota {
    /// No seed yet.
    #[must_use]
    pub const fn new(plan: ShiftPlan) -> Self {
        Self { plan, bound: BTreeMap::new() }
    }

    /// Commitments of the journal whose seeds were not revealed.
    #[must_use]
    pub fn secret(entries: &[Entry]) -> Vec<SelectionCommitted> {
        let mut secret: BTreeMap<Commitment, SelectionCommitted> = BTreeMap::new();
        for entry in entries {
            match &entry.event {
                Event::Committed(body) => drop(secret.insert(body.commitment, body.clone())),
                Event::Revealed(body) => drop(secret.remove(&body.commitment)),
                Event::Drawn(_) | Event::Shredded(_) | Event::Released => {}
            }
        }
        secret.into_values().collect()
    }

    /// A seed was made for a shift, and its commitment is on its way to the journal.
    pub fn bind(&mut self, body: &SelectionCommitted, seed: Seed) {
        let shift = Shift { opens: body.opens, closes: body.closes };
        self.bound.insert(body.commitment, Bound { seed, shift, durable: false });
    }

    /// The commitment is in the journal: the seed may be used.
    pub fn is_durable(&mut self, commitment: Commitment) {
        if let Some(bound) = self.bound.get_mut(&commitment) {
            bound.durable = true;
        }
    }

    /// The seed of an instant: of the last shift that has begun, else of the first one.
    #[must_use]
    pub fn in_use(&self, now: Timestamp) -> Option<(Commitment, Seed)> {
        let durable = || self.bound.iter().filter(|(_, bound)| bound.durable);
        let begun = durable().filter(|(_, bound)| bound.shift.opens <= now).max_by_key(|(_, bound)| bound.shift.opens);
        let found = begun.or_else(|| durable().min_by_key(|(_, bound)| bound.shift.opens));
        found.map(|(commitment, bound)| (*commitment, bound.seed))
    }

    /// What is due. A seed that is to be revealed is not used any more.
    pub fn due(&mut self, now: Timestamp) -> Vec<Step> {
        let mut steps = vec![];
        let used = self.in_use(now).map(|(commitment, _)| commitment);
        let over: Vec<Commitment> = self
            .bound
            .iter()
            .filter(|(commitment, bound)| bound.shift.closes.plus(REVEAL_AFTER) <= now && Some(**commitment) != used)
            .filter(|(_, bound)| bound.durable)
            .map(|(commitment, _)| *commitment)
            .collect();
        for commitment in over {
            if let Some(bound) = self.bound.remove(&commitment) {
                steps.push(Step::Reveal(SelectionRevealed { commitment, seed: bound.seed }));
            }
        }
        let last = self.bound.values().map(|bound| bound.shift.closes).max();
        match last.filter(|closes| *closes > now) {
            // Nothing covers this instant: the site was down, or this is its first start.
            None => steps.push(Step::Bind(Shift { opens: now, closes: self.plan.at(now).closes })),
            Some(closes) => {
                let next_is_bound = self.bound.values().any(|bound| bound.shift.opens > now);
                if !next_is_bound {
                    steps.push(Step::Bind(Shift { opens: closes, closes: self.plan.at(closes).closes }));
                }
            }
        }
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::selection::commit;

    #[test]
    fn the_next_seed_is_bound_while_its_shift_has_not_begun_and_each_is_revealed_after_its_own() {
        let mut site = Site::new();
        assert_eq!(site.at("2026-11-24T03:00:00Z"), ["bind 2026-11-24T03:00:00.000Z", "bind 2026-11-24T08:00:00.000Z"]);
        let first = site.used("2026-11-24T07:59:59Z");
        assert_eq!(site.at("2026-11-24T07:59:59Z"), Vec::<String>::new());
        let second = site.used("2026-11-24T08:00:00Z");
        assert_ne!(first, second);
        assert_eq!(site.at("2026-11-24T08:00:00Z"), ["bind 2026-11-24T20:00:00.000Z"]);
        assert_eq!(site.at("2026-11-24T08:00:59Z"), Vec::<String>::new(), "draws may be under way");
        assert_eq!(site.at("2026-11-24T08:01:00Z"), [format!("reveal {first}")]);
        assert_eq!(site.used("2026-11-24T08:01:00Z"), second);
        // The clock is set back: what is revealed is never used again.
        assert_eq!(site.used("2026-11-24T05:00:00Z"), second);
    }

    #[test]
    fn a_seed_is_used_only_when_its_commitment_is_durable() {
        let mut rota = Rota::new(plan());
        let now = at("2026-11-24T03:00:00Z");
        let seed = Seed::new([1; 32]);
        let body = SelectionCommitted { commitment: commit(&seed), opens: now, closes: at("2026-11-24T08:00:00Z") };
        rota.bind(&body, seed);
        assert_eq!(rota.in_use(now), None);
        rota.is_durable(body.commitment);
        assert_eq!(rota.in_use(now), Some((body.commitment, seed)));
    }

    #[test]
    fn after_days_without_the_site_everything_old_is_revealed_and_a_seed_is_bound_at_once() {
        let mut site = Site::new();
        site.at("2026-11-24T03:00:00Z");
        let steps = site.at("2026-11-27T03:00:00Z");
        assert_eq!(steps.iter().filter(|step| step.starts_with("reveal")).count(), 2, "{steps:?}");
        assert!(steps.contains(&"bind 2026-11-27T03:00:00.000Z".to_owned()), "{steps:?}");
    }

    #[test]
    fn what_the_journal_does_not_reveal_is_secret() {
        let seed = Seed::new([1; 32]);
        let (opens, closes) = (at("2026-11-24T03:00:00Z"), at("2026-11-24T08:00:00Z"));
        let body = SelectionCommitted { commitment: commit(&seed), opens, closes };
        let entry = |sequence, event| Entry { sequence, at: opens, passage: None, event };
        let bound = entry(1, Event::Committed(body.clone()));
        let revealed = entry(2, Event::Revealed(SelectionRevealed { commitment: body.commitment, seed }));
        assert_eq!(Rota::secret(std::slice::from_ref(&bound)), [body]);
        assert_eq!(Rota::secret(&[bound, revealed]), []);
    }

    /// A site that does what is due at once.
    struct Site {
        rota: Rota,
        seeds: u8,
    }

    impl Site {
        fn new() -> Self {
            Self { rota: Rota::new(plan()), seeds: 0 }
        }

        fn at(&mut self, now: &str) -> Vec<String> {
            let mut done = vec![];
            loop {
                let steps = self.rota.due(at(now));
                if steps.is_empty() {
                    return done;
                }
                for step in steps {
                    match step {
                        Step::Bind(shift) => {
                            self.seeds += 1;
                            let seed = Seed::new([self.seeds; 32]);
                            let commitment = commit(&seed);
                            let Shift { opens, closes } = shift;
                            self.rota.bind(&SelectionCommitted { commitment, opens, closes }, seed);
                            self.rota.is_durable(commitment);
                            done.push(format!("bind {opens}"));
                        }
                        Step::Reveal(body) => done.push(format!("reveal {}", body.commitment)),
                    }
                }
            }
        }

        fn used(&self, now: &str) -> Commitment {
            self.rota.in_use(at(now)).expect("a seed").0
        }
    }

    fn plan() -> ShiftPlan {
        ShiftPlan::new(chrono_tz::UTC, ["08:00", "20:00"].map(|time| time.parse().expect("a time")))
    }

    fn at(text: &str) -> Timestamp {
        serde_json::from_value(text.into()).expect("an instant")
    }
}
