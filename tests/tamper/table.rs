//! Every row and bit of the record table.

use journal_verify::{Damage, Request, Walk, verify};
use lane_controller::journal::FILE_NAME;
use rusqlite::Connection;

use super::bench::{Dice, RECORDS, Record, chain_anew, directory, keys, made, marks, own_head, walk_on};

/// Of so many flips one is made in the database too.
const IN_DATABASE_EVERY: u64 = 20_011;
const FIELDS: [&str; 8] = ["sequence", "at", "lane", "passage", "kind", "body", "previous", "hash"];

/// Bits of a field.
fn bits(record: &Record, field: usize) -> usize {
    let bytes = match field {
        0 | 1 => 8,
        2 => record.lane.len(),
        3 => record.passage.as_ref().map_or(0, Vec::len),
        4 => record.kind.len(),
        5 => record.body.len(),
        6 => record.previous.len(),
        _ => record.hash.len(),
    };
    bytes * 8
}

fn flip(record: &mut Record, field: usize, bit: usize) {
    let text = match field {
        0 => {
            record.sequence ^= 1 << bit;
            return;
        }
        1 => {
            record.at ^= 1 << bit;
            return;
        }
        2 => &mut record.lane,
        3 => record.passage.as_mut().expect("it has bits"),
        4 => &mut record.kind,
        5 => &mut record.body,
        6 => &mut record.previous,
        _ => &mut record.hash,
    };
    text[bit / 8] ^= 1 << (bit % 8);
}

/// Makes a change in the database; `false` when SQLite's own rules don't let it stand there.
fn store(connection: &Connection, was: i64, record: &Record) -> bool {
    let sql = "UPDATE OR IGNORE record SET sequence = ?1, at = ?2, lane = CAST(?3 AS TEXT), passage = CAST(?4 AS TEXT), \
               kind = CAST(?5 AS TEXT), body = CAST(?6 AS TEXT), previous = ?7, hash = ?8 WHERE sequence = ?9";
    let Record { sequence, at, lane, passage, kind, body, previous, hash } = record;
    let values = rusqlite::params![sequence, at, lane, passage, kind, body, previous, hash, was];
    connection.execute(sql, values).expect("carried out") == 1
}

#[test]
fn every_flipped_bit_of_every_field_is_found_at_its_record() {
    let dir = directory();
    let (mut records, heads) = made(dir.path());
    let marks = marks(&heads);
    let connection = Connection::open(dir.path().join(FILE_NAME)).expect("opened");
    connection.pragma_update(None, "synchronous", "OFF").expect("set");
    let request = Request { heads: vec![], keys: Some(keys()), ..Request::default() };
    let (mut flips, mut in_database) = ([0_u64; 8], 0);
    let mut walk = Walk::new(&marks);
    for (place, record) in records.iter_mut().enumerate() {
        let sequence = u64::try_from(place + 1).expect("small");
        for field in 0..FIELDS.len() {
            for bit in 0..bits(record, field) {
                let was = record.sequence;
                flip(record, field, bit);
                let found = walk.clone().step(&record.row());
                let at = found.as_ref().and_then(Damage::first_bad);
                assert_eq!(at, Some(sequence), "bit {bit} of {} of record {sequence}: {found:?}", FIELDS[field]);
                flips[field] += 1;
                if flips.iter().sum::<u64>().is_multiple_of(IN_DATABASE_EVERY) && store(&connection, was, record) {
                    let changed = record.sequence;
                    let report = verify(dir.path(), &request).expect("read");
                    // A sequence that became another one is met where it stands by now.
                    let expected = if field == 0 { report.damage.clone() } else { found };
                    assert!(report.damage.is_some(), "bit {bit} of {} of record {sequence}", FIELDS[field]);
                    assert_eq!(report.damage, expected, "bit {bit} of {} of record {sequence}", FIELDS[field]);
                    in_database += 1;
                    flip(record, field, bit);
                    assert!(store(&connection, changed, record));
                } else {
                    flip(record, field, bit);
                }
            }
        }
        assert_eq!(walk.step(&record.row()), None);
    }
    let all: u64 = flips.iter().sum();
    println!("{all} bits flipped, {all} found at their record; {in_database} of them in the database too");
    for (field, flips) in FIELDS.iter().zip(flips) {
        println!("  {field:<10}{flips:>9}");
    }
    assert_eq!(verify(dir.path(), &request).expect("read").damage, None);
}

/// What is done to a record, or from it on.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Deleted,
    SwappedWithNext,
    SwappedWithFirst,
    Doubled,
    CutFromHere,
    PassageEmptied,
}

const DEEDS: [Deed; 6] = [
    Deed::Deleted,
    Deed::SwappedWithNext,
    Deed::SwappedWithFirst,
    Deed::Doubled,
    Deed::CutFromHere,
    Deed::PassageEmptied,
];

/// Does it; the place from which on rows differ. `None` where there is nothing to do.
fn done(deed: Deed, records: &mut Vec<Record>, place: usize) -> Option<usize> {
    let swap = |records: &mut Vec<Record>, a: usize, b: usize| {
        let (one, other) = (records[a].sequence, records[b].sequence);
        records.swap(a, b);
        (records[a].sequence, records[b].sequence) = (one, other);
        a.min(b)
    };
    match deed {
        Deed::Deleted => drop(records.remove(place)),
        Deed::SwappedWithNext if place + 1 < records.len() => return Some(swap(records, place, place + 1)),
        Deed::SwappedWithFirst if place > 0 => return Some(swap(records, 0, place)),
        Deed::SwappedWithNext | Deed::SwappedWithFirst => return None,
        Deed::Doubled => {
            let twin = records[place].clone();
            records.insert(place + 1, twin);
            for (place, record) in records.iter_mut().enumerate().skip(place + 1) {
                record.sequence = i64::try_from(place + 1).expect("small");
            }
            return Some(place + 1);
        }
        Deed::CutFromHere => records.truncate(place),
        Deed::PassageEmptied => {
            if records[place].passage.is_some() {
                return None;
            }
            records[place].passage = Some(vec![]);
        }
    }
    Some(place)
}

#[test]
fn a_record_deleted_swapped_doubled_or_cut_is_found_by_the_chain_or_by_a_signed_head() {
    let dir = directory();
    let (good, heads) = made(dir.path());
    let marks = marks(&heads);
    let states = states(&good, &marks);
    let bare = states_without_heads(&good);
    for deed in DEEDS {
        let (mut plain, mut by_head, mut shorter, mut unseen) = (0, 0, 0, 0);
        for place in 0..RECORDS {
            let mut records = good.clone();
            let Some(from) = done(deed, &mut records, place) else { continue };
            // The chain and the unsigned head as they were.
            let damage = walk_on(states[from].clone(), &records[from..], own_head(&good));
            let damage = damage.unwrap_or_else(|| panic!("{deed:?} {place} was not found"));
            let first = damage.first_bad().expect("named");
            let named = u64::try_from(from + 1).expect("small");
            assert!((named..=named + 1).contains(&first), "{deed:?} {place}: {damage}");
            plain += 1;
            if matches!(deed, Deed::PassageEmptied) {
                continue;
            }
            // The chain and the unsigned head made anew: nothing but a signed head can tell.
            chain_anew(&mut records, from);
            if walk_on(bare[from].clone(), &records[from..], own_head(&records)).is_none() {
                unseen += 1;
            }
            match walk_on(states[from].clone(), &records[from..], own_head(&records)) {
                Some(Damage::Rewritten { from, to }) => {
                    assert!((from..=to).contains(&named), "{deed:?} {place}: {from} to {to}");
                    by_head += 1;
                }
                Some(Damage::Shorter { last, head: 1_000 }) => {
                    assert_eq!(usize::try_from(last).expect("small"), records.len());
                    shorter += 1;
                }
                // A record added after the newest head is no change of what was signed: the next head binds it.
                None if matches!(deed, Deed::Doubled) && from == RECORDS => unseen -= 1,
                other => panic!("{deed:?} {place}: {other:?}"),
            }
        }
        println!(
            "{deed:?}: {plain} found by the chain; chain made anew: {by_head} rewritten, {shorter} shorter, {unseen} without a signed head unseen"
        );
        assert!(plain > 0);
        assert_eq!(by_head + shorter, unseen, "the chain alone never finds what was chained anew");
    }
}

#[test]
fn a_flipped_bit_whose_chain_was_made_anew_is_found_by_the_next_signed_head() {
    let dir = directory();
    let (good, heads) = made(dir.path());
    let marks = marks(&heads);
    let states = states(&good, &marks);
    let mut dice = Dice(11);
    let mut found = 0;
    for place in 0..RECORDS {
        for field in 1..6 {
            let mut records = good.clone();
            let bits = bits(&records[place], field);
            if bits == 0 {
                continue;
            }
            flip(&mut records[place], field, dice.roll(bits));
            chain_anew(&mut records, place);
            let damage = walk_on(states[place].clone(), &records[place..], own_head(&records));
            let through = u64::try_from((place / 100 + 1) * 100).expect("small");
            assert_eq!(damage, Some(Damage::Rewritten { from: through - 99, to: through }), "record {}", place + 1);
            found += 1;
        }
    }
    println!("{found} records changed with the whole chain made anew: {found} found within the 100 of their head");
}

/// The walk's state before each record of a good journal.
fn states<'m>(good: &[Record], marks: &'m [journal_verify::Mark]) -> Vec<Walk<'m>> {
    let mut walk = Walk::new(marks);
    let mut states = vec![];
    for record in good {
        states.push(walk.clone());
        assert_eq!(walk.step(&record.row()), None);
    }
    assert_eq!(walk.finish(own_head(good)), None);
    states.push(walk);
    states
}

fn states_without_heads(good: &[Record]) -> Vec<Walk<'static>> {
    states(good, &[])
}
