//! The ledger keeps every draw: no second draw by re-entry, another read, another lane or a restart (invariant A8).
//!
//! It is a fold over the journal's draws and releases: the running controller and the auditor hold the same one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::audit::order_draws;
use super::{Entry, Event, draw, falls_into};
use crate::model::selection::{Commitment, DrawKey, DrawValue, Drawn, Hit, Picked, Seed, Source};
use crate::model::{PassageId, Timestamp};

/// How long a draw is kept for documents and vehicles that come again: as long as a prior notification is.
pub const KEEP: Duration = Duration::from_secs(30 * 86_400);
/// Keys below which nobody looks for those that are too old.
const PRUNE_MIN: usize = 16_384;

/// A question to the ledger.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The passage.
    pub passage: PassageId,
    /// When.
    pub at: Timestamp,
    /// What the draw is remembered under; the passage's own key is added.
    pub keys: Vec<DrawKey>,
    /// The profiles that match; `run` is filled in by the ledger.
    pub hits: Vec<Hit>,
}

#[derive(Debug, Clone)]
struct Kept {
    at: Timestamp,
    drawn: Arc<Drawn>,
}

/// All draws that still count.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    number: u64,
    kept: BTreeMap<DrawKey, Kept>,
    /// Keys above which those that are too old are let go.
    prune_above: usize,
    runs: BTreeMap<String, u32>,
}

impl Ledger {
    /// The ledger as the journal has it. `entries` are in order of their sequence.
    #[must_use]
    pub fn read_back(mut entries: Vec<Entry>) -> Self {
        order_draws(&mut entries);
        let mut ledger = Self::default();
        for Entry { at, passage, event, .. } in entries {
            match event {
                Event::Drawn(drawn) | Event::Shredded(drawn) => ledger.take(at, drawn),
                Event::Released => passage.into_iter().for_each(|passage| ledger.released(passage)),
                Event::Committed(_) | Event::Revealed(_) => {}
            }
        }
        ledger
    }

    /// The number of the last draw.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Draws for a passage, or keeps what was drawn before for it, its documents or its vehicle. The same question
    /// again has the same answer, under the same number.
    pub fn draw(&mut self, seed: &Seed, commitment: Commitment, ask: Ask) -> Arc<Drawn> {
        let ask = self.completed(ask);
        let known = self.known(&ask);
        let (commitment, drawn_for, value, fresh) = match known.first() {
            Some(kept) => (kept.commitment, kept.drawn_for, kept.value, Fresh::No),
            None => (commitment, ask.passage, draw(seed, ask.passage), Fresh::Yes),
        };
        let before = known.iter().filter_map(|kept| kept.picked.as_ref());
        let picked = picked(before, &ask.hits, value, fresh);
        if let Some(kept) = self.kept.get(&DrawKey::Passage(ask.passage)) {
            let same = &kept.drawn;
            if same.keys == ask.keys && same_hits(&same.hits, &ask.hits) && same.picked == picked {
                return Arc::clone(same);
            }
        }
        let number = self.number + 1;
        let drawn = Drawn { number, commitment, drawn_for, value, keys: ask.keys, hits: ask.hits, picked };
        let drawn = Arc::new(drawn);
        self.take(ask.at, Arc::clone(&drawn));
        drawn
    }

    /// Whether a selection stands for these keys, whatever profiles say today.
    #[must_use]
    pub fn stands(&self, passage: PassageId, at: Timestamp, keys: &[DrawKey]) -> bool {
        let ask = self.completed(Ask { passage, at, keys: keys.to_vec(), hits: vec![] });
        self.known(&ask).iter().any(|drawn| drawn.picked.is_some())
    }

    /// Takes a draw of the journal.
    pub fn take(&mut self, at: Timestamp, drawn: Arc<Drawn>) {
        self.number = self.number.max(drawn.number);
        let is_fresh = drawn.keys.contains(&DrawKey::Passage(drawn.drawn_for)) && !self.has(drawn.drawn_for);
        for hit in drawn.hits.iter().filter(|_| is_fresh) {
            let run = if drawn.picked.is_some() { 0 } else { hit.run.saturating_add(1) };
            self.runs.insert(hit.profile.clone(), run);
        }
        for key in &drawn.keys {
            self.kept.insert(key.clone(), Kept { at, drawn: Arc::clone(&drawn) });
        }
        if self.kept.len() > self.prune_above {
            self.kept.retain(|_, kept| kept.at.plus(KEEP) > at);
            self.prune_above = PRUNE_MIN.max(self.kept.len() * 2);
        }
    }

    /// Where draws before this one are missing: takes the journal's word for its number, and for how often its
    /// profiles were not drawn.
    pub(super) fn skip_to(&mut self, number: u64, hits: &[Hit]) {
        self.number = number.saturating_sub(1);
        for hit in hits {
            self.runs.insert(hit.profile.clone(), hit.run);
        }
    }

    /// A vehicle was let go: its next journey is drawn anew. Its documents keep their draw.
    pub fn released(&mut self, passage: PassageId) {
        let own = DrawKey::Passage(passage);
        let Some(kept) = self.kept.get(&own) else { return };
        for key in kept.drawn.keys.clone().iter().filter(|key| key.is_vehicle()) {
            if self.kept.get(key).is_some_and(|kept| kept.drawn.keys.contains(&own)) {
                self.kept.remove(key);
            }
        }
    }

    pub(super) fn has(&self, passage: PassageId) -> bool {
        self.kept.contains_key(&DrawKey::Passage(passage))
    }

    /// The question with the passage's own key and the runs of its profiles.
    fn completed(&self, mut ask: Ask) -> Ask {
        ask.keys.push(DrawKey::Passage(ask.passage));
        ask.keys.sort_unstable();
        ask.keys.dedup();
        for hit in &mut ask.hits {
            hit.run = self.runs.get(&hit.profile).copied().unwrap_or(0);
        }
        ask
    }

    /// The draws that count for these keys, the strictest first. A selection stands under any key. A vehicle that
    /// was not selected has that from its documents alone: with other documents it may carry other goods, and is
    /// drawn anew.
    fn known(&self, ask: &Ask) -> Vec<&Drawn> {
        let has_documents =
            ask.keys.iter().any(|key| matches!(key, DrawKey::Declaration(_) | DrawKey::Notification(_)));
        let kept = ask.keys.iter().filter_map(|key| Some((key, self.kept.get(key)?)));
        let mut known: Vec<&Drawn> = kept
            .filter(|(_, kept)| kept.at.plus(KEEP) > ask.at)
            .filter(|(key, kept)| kept.drawn.picked.is_some() || !key.is_vehicle() || !has_documents)
            .map(|(_, kept)| kept.drawn.as_ref())
            .collect();
        known.sort_unstable_by_key(|drawn| (drawn.picked.is_none(), drawn.value, drawn.number));
        known.dedup_by_key(|drawn| drawn.number);
        known
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fresh {
    Yes,
    No,
}

/// Whether the same profiles ask for the same; the runs count draws, not questions.
fn same_hits(a: &[Hit], b: &[Hit]) -> bool {
    let bare = |hit: &Hit| Hit { run: 0, ..hit.clone() };
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| bare(a) == bare(b))
}

/// What was selected before stays selected; a number that falls into the rate of another profile selects for it too.
fn picked<'a>(
    before: impl Iterator<Item = &'a Picked>,
    hits: &[Hit],
    value: DrawValue,
    fresh: Fresh,
) -> Option<Picked> {
    let drawn = hits.iter().filter(|hit| falls_into(value, hit.rate_ppm)).map(|hit| of(hit, Source::Random));
    let picked = before.cloned().chain(drawn).reduce(both);
    if picked.is_some() || fresh == Fresh::No {
        return picked;
    }
    let owed = hits.iter().filter(|hit| hit.quota.is_some_and(|quota| hit.run.saturating_add(1) >= quota));
    owed.map(|hit| of(hit, Source::Quota)).reduce(both)
}

fn of(hit: &Hit, source: Source) -> Picked {
    Picked { source, profiles: vec![hit.profile.clone()], channel: hit.channel, measures: hit.measures.clone() }
}

/// Two selections of one vehicle: the stricter channel, every measure; the first source stands.
fn both(mut all: Picked, other: Picked) -> Picked {
    all.channel = all.channel.max(other.channel);
    all.profiles.extend(other.profiles);
    all.profiles.sort_unstable();
    all.profiles.dedup();
    all.measures.extend(other.measures);
    all.measures.sort_unstable();
    all.measures.dedup();
    all
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::model::Channel;
    use crate::model::risk::Measure;
    use crate::risk::selection::commit;

    const SEED: Seed = Seed::new([3; 32]);

    #[test]
    fn a8_a_draw_is_kept_for_the_same_documents_in_another_passage() {
        for number in 0..200 {
            let mut ledger = Ledger::default();
            let keys = [declaration("D-1"), tractor("123ABC02")];
            let first = ask_at(&mut ledger, number, 0, &keys, 500_000);
            let again = ask_at(&mut ledger, number + 1_000, 60, &[declaration("D-1"), tractor("999XYZ02")], 500_000);
            assert_eq!(again.picked, first.picked);
            assert_eq!((again.drawn_for, again.value), (first.drawn_for, first.value));
        }
    }

    #[test]
    fn a_selected_vehicle_stays_selected_with_other_documents_or_another_trailer() {
        let mut ledger = Ledger::default();
        let first = ask_at(&mut ledger, 1, 0, &[declaration("D-1"), tractor("A"), trailer("B")], 1_000_000);
        assert!(first.picked.is_some());
        for (passage, keys) in [(2, [declaration("D-2"), tractor("A")]), (3, [declaration("D-3"), trailer("B")])] {
            assert_eq!(ask_at(&mut ledger, passage, 60, &keys, 0).picked, first.picked, "{keys:?}");
        }
        assert_eq!(ask_at(&mut ledger, 4, 60, &[declaration("D-4"), tractor("C")], 0).picked, None);
    }

    #[test]
    fn a_vehicle_that_was_not_selected_is_drawn_anew_with_other_documents() {
        let mut ledger = Ledger::default();
        let first = ask_at(&mut ledger, 1, 0, &[declaration("D-1"), tractor("A")], 0);
        let other = ask_at(&mut ledger, 2, 60, &[declaration("D-2"), tractor("A")], 0);
        assert_ne!(other.drawn_for, first.drawn_for);
        let without = ask_at(&mut ledger, 3, 120, &[tractor("A")], 0);
        assert_eq!(without.drawn_for, other.drawn_for, "nothing else names it");
    }

    #[test]
    fn a_released_vehicle_is_drawn_anew_and_its_documents_are_not() {
        let mut ledger = Ledger::default();
        ask_at(&mut ledger, 1, 0, &[declaration("D-1"), tractor("A")], 1_000_000);
        ledger.released(passage(1));
        assert_eq!(ask_at(&mut ledger, 2, 60, &[declaration("D-2"), tractor("A")], 0).picked, None);
        assert!(ask_at(&mut ledger, 3, 60, &[declaration("D-1"), tractor("C")], 0).picked.is_some());
    }

    #[test]
    fn a_draw_ends_after_the_time_that_it_is_kept_for() {
        let mut ledger = Ledger::default();
        let first = ask_at(&mut ledger, 1, 0, &[declaration("D-1")], 1_000_000);
        let seconds = i64::try_from(KEEP.as_secs()).expect("it fits");
        assert_eq!(ask_at(&mut ledger, 2, seconds - 1, &[declaration("D-1")], 0).picked, first.picked);
        // The passage before kept it on.
        assert!(ask_at(&mut ledger, 3, seconds, &[declaration("D-1")], 0).picked.is_some());
        assert_eq!(ask_at(&mut ledger, 4, 3 * seconds, &[declaration("D-1")], 0).picked, None);
    }

    #[test]
    fn the_same_question_again_has_the_same_answer_and_number() {
        let mut ledger = Ledger::default();
        let first = ask_at(&mut ledger, 1, 0, &[declaration("D-1")], 20_000);
        assert_eq!(ask_at(&mut ledger, 1, 9, &[declaration("D-1")], 20_000), first);
        let wider = ask_at(&mut ledger, 1, 20, &[declaration("D-1")], 1_000_000);
        assert_eq!((wider.number, wider.value), (first.number + 1, first.value));
        assert!(wider.picked.is_some(), "a greater rate takes the same number");
        let narrower = ask_at(&mut ledger, 1, 30, &[declaration("D-1")], 0);
        assert_eq!(narrower.picked, wider.picked, "what was selected stays selected");
    }

    #[test]
    fn another_seed_does_not_change_what_was_drawn() {
        let mut ledger = Ledger::default();
        let first = ask_at(&mut ledger, 1, 0, &[declaration("D-1")], 500_000);
        let other = Seed::new([4; 32]);
        let ask =
            Ask { passage: passage(2), at: at(60), keys: vec![declaration("D-1")], hits: vec![hit(500_000, None)] };
        let kept = ledger.draw(&other, commit(&other), ask);
        assert_eq!((kept.commitment, kept.value, &kept.picked), (first.commitment, first.value, &first.picked));
    }

    #[test]
    fn a_quota_forces_a_selection_after_so_many_hits_without_one() {
        let mut ledger = Ledger::default();
        let mut sources = vec![];
        for number in 0..10 {
            let ask = Ask { passage: passage(number), at: at(0), keys: vec![], hits: vec![hit(0, Some(4))] };
            sources.push(ledger.draw(&SEED, commit(&SEED), ask).picked.as_ref().map(|picked| picked.source));
        }
        let forced = Some(Source::Quota);
        assert_eq!(sources, [None, None, None, forced, None, None, None, forced, None, None]);
    }

    #[test]
    fn two_kept_selections_of_one_vehicle_are_both_carried_out() {
        let mut ledger = Ledger::default();
        let red =
            Hit { channel: Channel::Red, measures: vec![Measure::Scan], profile: "b".into(), ..hit(1_000_000, None) };
        let ask = Ask { passage: passage(1), at: at(0), keys: vec![tractor("A")], hits: vec![red] };
        ledger.draw(&SEED, commit(&SEED), ask);
        ask_at(&mut ledger, 2, 0, &[declaration("D-1")], 1_000_000);
        let drawn = ask_at(&mut ledger, 3, 0, &[declaration("D-1"), tractor("A")], 0);
        let all = drawn.picked.as_ref().expect("selected");
        assert_eq!((all.channel, all.profiles.as_slice()), (Channel::Red, &["a".to_owned(), "b".to_owned()][..]));
        assert_eq!(all.measures, [Measure::DocumentCheck, Measure::Scan]);
    }

    #[test]
    fn a_ledger_read_back_from_the_journal_goes_on_as_the_one_before() {
        let mut live = Ledger::default();
        let mut journal = vec![];
        for number in 0..300 {
            let keys = vec![declaration(&format!("D-{}", number % 40)), tractor(&format!("T-{}", number % 70))];
            let ask = Ask { passage: passage(number), at: at(0), keys, hits: vec![hit(200_000, Some(9))] };
            journal.push(live.draw(&SEED, commit(&SEED), ask.clone()));
            let mut restarted = Ledger::default();
            journal.iter().for_each(|drawn| restarted.take(at(0), Arc::clone(drawn)));
            let next = Ask { passage: passage(9_999), ..ask };
            let (a, b) =
                (live.clone().draw(&SEED, commit(&SEED), next.clone()), restarted.draw(&SEED, commit(&SEED), next));
            assert_eq!(a, b);
        }
    }

    fn ask_at(ledger: &mut Ledger, number: u128, seconds: i64, keys: &[DrawKey], rate_ppm: u32) -> Arc<Drawn> {
        let ask =
            Ask { passage: passage(number), at: at(seconds), keys: keys.to_vec(), hits: vec![hit(rate_ppm, None)] };
        ledger.draw(&SEED, commit(&SEED), ask)
    }

    fn hit(rate_ppm: u32, quota: Option<u32>) -> Hit {
        let measures = vec![Measure::DocumentCheck];
        Hit { profile: "a".into(), rate_ppm, quota, run: 0, channel: Channel::Yellow, measures }
    }

    fn passage(number: u128) -> PassageId {
        PassageId(Uuid::from_u128(number))
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_micros(seconds * 1_000_000)
    }

    fn declaration(number: &str) -> DrawKey {
        DrawKey::Declaration(number.to_owned())
    }

    fn tractor(plate: &str) -> DrawKey {
        DrawKey::Tractor(plate.into())
    }

    fn trailer(plate: &str) -> DrawKey {
        DrawKey::Trailer(plate.into())
    }
}
