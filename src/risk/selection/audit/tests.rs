//! A journal of honest draws, and every way to tamper with it.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::model::Channel;
use crate::model::selection::{DrawValue, Hit, Picked};

#[test]
fn an_honest_journal_is_drawn_again_to_the_last_draw() {
    let report = audit(honest());
    assert_eq!(report.first_faults, []);
    assert_eq!((report.draws, report.verified, report.pending), (300, 252, 48));
    assert!(report.kept > 20 && report.random > 10 && report.quota > 0, "{report:?}");
    assert_eq!((report.commitments, report.late_commitments, report.revealed), (3, 1, 2));
}

#[test]
fn a_draw_that_was_tampered_with_is_found() {
    let changes: [Change; 8] = [
        ("another number", |drawn| drawn.value = DrawValue(drawn.value.0 ^ 1)),
        ("not selected", |drawn| drawn.picked = None),
        ("selected", |drawn| drawn.picked = Some(picked())),
        ("a lower rate", |drawn| drawn.hits.iter_mut().for_each(|hit| hit.rate_ppm = 0)),
        ("another run", |drawn| drawn.hits.iter_mut().for_each(|hit| hit.run += 1)),
        ("another passage's draw", |drawn| drawn.drawn_for = PassageId(Uuid::from_u128(77_777))),
        ("another seed", |drawn| drawn.commitment = Commitment::new([9; 32])),
        ("other documents", |drawn| drawn.keys.retain(|key| matches!(key, DrawKey::Passage(_)))),
    ];
    let honest = honest();
    for (name, change) in changes {
        let mut found = 0;
        let mut changed = 0;
        for place in 0..honest.len() {
            let mut journal = honest.clone();
            let Entry { event: Event::Drawn(drawn), .. } = &mut journal[place] else { continue };
            let before = Arc::clone(drawn);
            change(Arc::make_mut(drawn));
            // The seed of the last shift is still secret: its draws can't be made again yet.
            if *drawn == before || is_pending(&before) {
                continue;
            }
            changed += 1;
            found += u32::from(audit(journal).faults > 0);
        }
        // Fewer keys or a lower rate may be what the draw would have been with them, too.
        let may_be_the_same = ["other documents", "a lower rate"].contains(&name);
        assert!(found == changed || may_be_the_same && found > 0, "{name}: {found} of {changed}");
        assert!(changed > 5, "{name}");
    }
}

#[test]
fn shredded_plates_are_no_fault_and_their_numbers_are_still_drawn_again() {
    let mut journal = honest();
    let mut shredded = 0;
    for entry in journal.iter_mut().filter(|entry| entry.at < at(1_000)) {
        let Event::Drawn(drawn) = &entry.event else { continue };
        let own = vec![DrawKey::Passage(entry.passage.expect("a passage"))];
        entry.event = Event::Shredded(Arc::new(Drawn { keys: own, ..Drawn::clone(drawn) }));
        shredded += 1;
    }
    let report = audit(journal.clone());
    assert_eq!(report.first_faults, []);
    assert!(shredded > 50 && report.shredded >= shredded, "{report:?}");
    assert_eq!(report.draws, report.verified + report.shredded + report.pending);
    for place in 0..journal.len() {
        let mut changed = journal.clone();
        let Event::Shredded(drawn) = &mut changed[place].event else { continue };
        Arc::make_mut(drawn).value.0 ^= 1;
        assert_eq!(audit(changed).faults, 1, "a number that the seed does not give is found all the same");
    }
}

#[test]
fn a_second_draw_for_a_declaration_is_found() {
    let mut journal = vec![committed(1, 0)];
    let mut ledgers = [Ledger::default(), Ledger::default()];
    for (number, ledger) in ledgers.iter_mut().enumerate() {
        let number = u64::try_from(number).expect("it fits");
        let mut drawn = drawn(ledger, 0, number, &[DrawKey::Declaration("D-1".into())]);
        Arc::make_mut(&mut drawn).number = number + 1;
        journal.push(entry(2 + number, 10, Some(number), Event::Drawn(drawn)));
    }
    journal.push(revealed(4, 0));
    assert!(audit(journal).first_faults[0].what.contains("was not kept"));
}

#[test]
fn a_seed_that_was_not_bound_or_not_before_its_draws_is_found() {
    let swapped = |a: usize, b: usize| {
        let mut journal = small();
        journal.swap(a, b);
        journal.iter_mut().zip(1..).for_each(|(entry, sequence)| entry.sequence = sequence);
        audit(journal).faults
    };
    assert_eq!(audit(small()).faults, 0);
    assert!(swapped(0, 1) > 0, "drawn before it was bound");
    assert!(swapped(1, 2) > 0, "drawn after it was revealed");
    let mut other_seed = small();
    other_seed[2] = entry(3, 30, None, Event::Revealed(SelectionRevealed { commitment: commitment(0), seed: seed(5) }));
    assert!(audit(other_seed).faults > 0);
    let mut unbound = small();
    unbound.remove(0);
    assert!(audit(unbound).faults > 0);
    let mut twice = small();
    twice.push(entry(4, 31, None, twice[0].event.clone()));
    assert!(audit(twice).faults > 0);
}

#[test]
fn a_seed_that_stays_secret_after_its_shift_is_found() {
    let mut journal = small();
    journal.pop();
    assert_eq!(audit(journal.clone()).faults, 0, "the shift may go on");
    journal.push(entry(9, 100_000, None, Event::Released));
    assert!(audit(journal).first_faults[0].what.contains("was not revealed"));
}

#[test]
fn a_draw_that_is_missing_is_counted_and_the_next_ones_are_still_verified() {
    let mut journal = honest();
    let place = journal.iter().position(|entry| matches!(entry.event, Event::Drawn(_))).expect("a draw");
    journal.remove(place);
    let report = audit(journal);
    assert_eq!(report.gaps, 1);
    assert!(report.verified > 150);
}

#[test]
fn lanes_that_wrote_side_by_side_are_put_in_the_order_of_their_draws() {
    let mut journal = honest();
    for place in (10..journal.len() - 10).step_by(3) {
        let both = [&journal[place].event, &journal[place + 1].event];
        if both.iter().all(|event| matches!(event, Event::Drawn(_))) {
            let (a, b) = (journal[place].clone(), journal[place + 1].clone());
            (journal[place].event, journal[place].passage) = (b.event, b.passage);
            (journal[place + 1].event, journal[place + 1].passage) = (a.event, a.passage);
        }
    }
    assert_eq!(audit(journal).first_faults, []);
}

/// A million in a release build; a debug build takes a tenth of it, for the sake of those who wait.
#[test]
fn a_million_draws_are_made_again_from_the_revealed_seed() {
    let draws = if cfg!(debug_assertions) { 100_000 } else { 1_000_000 };
    let mut ledger = Ledger::default();
    let mut journal = vec![committed(1, 0)];
    for number in 0..draws {
        let drawn = drawn(&mut ledger, 0, number, &[]);
        journal.push(entry(number + 2, 10, Some(number), Event::Drawn(drawn)));
    }
    journal.push(revealed(draws + 2, 0));
    let mut changed = journal.clone();
    let report = audit(journal);
    assert_eq!((report.faults, report.verified), (0, draws));
    let count = |count| f64::from(u32::try_from(count).expect("it fits"));
    let (expected, deviation) = (count(draws) * 0.02, (count(draws) * 0.02 * 0.98).sqrt());
    assert!((count(report.random) - expected).abs() < 3.29 * deviation, "{} selected", report.random);
    let Entry { event: Event::Drawn(drawn), .. } = &mut changed[54_321] else { panic!("a draw") };
    Arc::make_mut(drawn).value.0 ^= 1 << 40;
    assert_eq!(audit(changed).faults, 1);
}

proptest! {
    #[test]
    fn an_honest_ledger_is_never_accused(
        asks in proptest::collection::vec((0_u8..12, 0_u8..6, 0_u8..6, 0_u32..=1_000_000, 0_u8..4), 0..60),
    ) {
        let mut ledger = Ledger::default();
        let mut journal = vec![committed(1, 0)];
        for (passage, declaration, tractor, rate_ppm, what) in asks {
            let sequence = u64::try_from(journal.len()).expect("it fits") + 1;
            let passage = u64::from(passage);
            if what == 0 {
                ledger.released(id(passage));
                journal.push(entry(sequence, 10, Some(passage), Event::Released));
                continue;
            }
            let mut keys = vec![DrawKey::Tractor(format!("T-{tractor}").into())];
            if what > 1 {
                keys.push(DrawKey::Declaration(format!("D-{declaration}")));
            }
            let before = ledger.number();
            let hits = vec![Hit { rate_ppm, ..hit() }];
            let ask = Ask { passage: id(passage), at: at(10), keys, hits };
            let drawn = ledger.draw(&seed(0), commitment(0), ask);
            if drawn.number > before {
                journal.push(entry(sequence, 10, Some(passage), Event::Drawn(drawn)));
            }
        }
        journal.push(revealed(1_000, 0));
        prop_assert_eq!(audit(journal).first_faults, vec![]);
    }
}

/// What it does to a draw.
type Change = (&'static str, fn(&mut Drawn));

/// Three shifts of a hundred draws: the first seed was bound late, the last one is still secret.
fn honest() -> Vec<Entry> {
    let mut ledger = Ledger::default();
    let mut journal = vec![];
    for shift in 0..3 {
        let opens = i64::from(shift) * 1_000;
        let mut bound = committed(0, shift);
        bound.at = at(if shift == 0 { opens } else { opens - 500 });
        journal.push(bound);
        for number in 0..100 {
            let passage = u64::from(shift) * 100 + number;
            let keys = [
                DrawKey::Declaration(format!("D-{}", passage % 250)),
                DrawKey::Tractor(format!("T-{}", passage % 130).into()),
            ];
            let hits = vec![Hit { quota: Some(30), ..hit() }];
            let ask = Ask { passage: id(passage), at: at(opens + 10), keys: keys.to_vec(), hits };
            let drawn = draw_with(&mut ledger, shift, ask);
            journal.push(entry(0, opens + 10, Some(passage), Event::Drawn(drawn)));
            if number % 5 == 0 {
                ledger.released(id(passage));
                journal.push(entry(0, opens + 10, Some(passage), Event::Released));
            }
        }
        if shift < 2 {
            journal.push(revealed(0, shift));
        }
    }
    journal.iter_mut().zip(1..).for_each(|(entry, sequence)| entry.sequence = sequence);
    journal
}

/// Bound, drawn, revealed.
fn small() -> Vec<Entry> {
    let drawn = drawn(&mut Ledger::default(), 0, 1, &[]);
    vec![committed(1, 0), entry(2, 10, Some(1), Event::Drawn(drawn)), revealed(3, 0)]
}

fn is_pending(drawn: &Drawn) -> bool {
    drawn.commitment == commitment(2)
}

fn drawn(ledger: &mut Ledger, shift: u8, passage: u64, keys: &[DrawKey]) -> Arc<Drawn> {
    let ask =
        Ask { passage: id(passage), at: at(i64::from(shift) * 1_000 + 10), keys: keys.to_vec(), hits: vec![hit()] };
    draw_with(ledger, shift, ask)
}

fn draw_with(ledger: &mut Ledger, shift: u8, ask: Ask) -> Arc<Drawn> {
    ledger.draw(&seed(shift), commitment(shift), ask)
}

fn hit() -> Hit {
    let (channel, measures, quota) = (Channel::Red, vec![], None);
    Hit { profile: "random".into(), rate_ppm: 20_000, quota, run: 0, channel, measures }
}

fn picked() -> Picked {
    let (source, channel) = (Source::Random, Channel::Yellow);
    Picked { source, profiles: vec!["random".into()], channel, measures: vec![] }
}

fn committed(sequence: u64, shift: u8) -> Entry {
    let opens = i64::from(shift) * 1_000;
    let body = SelectionCommitted { commitment: commitment(shift), opens: at(opens), closes: at(opens + 1_000) };
    entry(sequence, opens - 500, None, Event::Committed(body))
}

fn revealed(sequence: u64, shift: u8) -> Entry {
    let body = SelectionRevealed { commitment: commitment(shift), seed: seed(shift) };
    entry(sequence, i64::from(shift) * 1_000 + 1_060, None, Event::Revealed(body))
}

fn entry(sequence: u64, seconds: i64, passage: Option<u64>, event: Event) -> Entry {
    Entry { sequence, at: at(seconds), passage: passage.map(id), event }
}

fn seed(shift: u8) -> Seed {
    Seed::new([shift; 32])
}

fn commitment(shift: u8) -> Commitment {
    commit(&seed(shift))
}

fn id(number: u64) -> PassageId {
    PassageId(Uuid::from_u128(u128::from(number)))
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_micros(seconds * 1_000_000)
}
