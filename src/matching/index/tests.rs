use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const BUDGET_BYTES: usize = 120;

/// What the index must say, by looking at everything.
#[derive(Debug, Default)]
struct Textbook(BTreeSet<(String, u32)>);

impl Textbook {
    fn lookup(&self, key: &str) -> Vec<Hit> {
        // Optimal string alignment: one neighbouring pair may be swapped.
        let distance = |known: &str| u8::try_from(strsim::osa_distance(known, key)).unwrap_or(u8::MAX);
        let mut hits: Vec<_> = self.0.iter().map(|(known, id)| Hit { edits: distance(known), id: *id }).collect();
        hits.retain(|hit| hit.edits <= 1);
        hits.sort_unstable();
        hits
    }
}

#[derive(Debug, Clone)]
enum Step {
    Insert(String, u32),
    Remove(String, u32),
    Lookup(String),
}

fn key() -> impl Strategy<Value = String> {
    // A narrow alphabet, so that most keys have neighbours; letters of one to four bytes; a few keys too long for a row.
    prop_oneof![9 => "[ab1é粤🚛]{0,4}", 1 => "[ab]{0,1}粤AB12345粤AB12345[ab]{0,1}"]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (key(), 0..6_u32).prop_map(|(key, id)| Step::Insert(key, id)),
        2 => (key(), 0..6_u32).prop_map(|(key, id)| Step::Remove(key, id)),
        2 => key().prop_map(Step::Lookup),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn it_finds_exactly_what_a_look_at_everything_finds(steps in proptest::collection::vec(step(), 0..120)) {
        let (mut index, mut textbook) = (PlateIndex::new(), Textbook::default());
        for step in steps {
            match step {
                Step::Insert(key, id) => {
                    let new = if textbook.0.insert((key.clone(), id)) { Inserted::New } else { Inserted::Known };
                    prop_assert_eq!(index.insert(&key, id), Ok(new));
                }
                Step::Remove(key, id) => {
                    let gone = textbook.0.remove(&(key.clone(), id));
                    let expected = if gone { Removed::Gone } else { Removed::Unknown };
                    prop_assert_eq!(index.remove(&key, id), expected);
                }
                Step::Lookup(key) => prop_assert_eq!(find(&index, &key), textbook.lookup(&key)),
            }
            prop_assert_eq!(index.len(), textbook.0.len());
        }
        let built = PlateIndex::build(textbook.0.iter().map(|(key, id)| (key, *id))).expect("room");
        prop_assert_eq!(built.len(), textbook.0.len());
        for (key, _) in &textbook.0 {
            prop_assert_eq!(find(&index, key), textbook.lookup(key));
            prop_assert_eq!(find(&built, key), textbook.lookup(key), "built at once");
        }
    }
}

#[test]
fn a_misread_plate_finds_its_notification_whatever_the_slip() {
    let mut index = PlateIndex::new();
    for (id, plate) in (1..).zip(["123ABC02", "A123BC777", "粤B12345", "粤B1234挂", "01KG123ABC"]) {
        assert_eq!(index.insert(plate, id), Ok(Inserted::New));
    }
    for (read, id, edits) in [
        ("123ABC02", 1, 0),
        ("123A8C02", 1, 1),
        ("123ABC0", 1, 1),
        ("I123ABC02", 1, 1),
        ("213ABC02", 1, 1),
        ("A123BC77", 2, 1),
        ("B12345", 3, 1),
        ("京B12345", 3, 1),
        ("B粤12345", 3, 1),
        ("粤B1234", 4, 1),
        ("01KG123ABC", 5, 0),
    ] {
        assert!(find(&index, read).contains(&Hit { edits, id }), "{read}");
    }
    assert_eq!(find(&index, "粤B1234").len(), 2, "a digit or a glyph less");
    assert_eq!(find(&index, "321ABC02"), [], "two edits");
}

#[test]
fn a_plate_with_thousands_of_notifications_gives_some_and_says_so() {
    let mut index = PlateIndex::new();
    for id in (0..5_000).rev() {
        index.insert("123ABC02", id).expect("room");
    }
    index.insert("123ABC03", 9_999).expect("room");
    let mut found = Vec::new();
    assert_eq!(index.lookup("123ABC02", &mut found), Completeness::More);
    let first: Vec<_> = (0..5_000).take(HITS_MAX).map(|id| Hit { edits: 0, id }).collect();
    assert_eq!(found, first, "the very plate comes first");
    assert!(index.exact("123ABC02").iter().copied().eq(0..5_000), "who wants all has all");
    for id in 2..5_000 {
        assert_eq!(index.remove("123ABC02", id), Removed::Gone);
    }
    assert_eq!(index.lookup("123ABC02", &mut found), Completeness::All);
    assert_eq!(found, [(0, 0), (0, 1), (1, 9_999)].map(|(edits, id)| Hit { edits, id }));
}

#[test]
fn a_plate_that_is_crowded_by_made_up_ones_is_still_found() {
    let mut index = PlateIndex::new();
    let made_up = ('一'..='鿿').take(3_000).zip(0..);
    for (glyph, id) in made_up {
        index.insert(&format!("123ABC02{glyph}"), id).expect("room");
    }
    index.insert("123ABC02", 9_999).expect("room");
    let mut found = Vec::new();
    assert_eq!(index.lookup("123ABC02", &mut found), Completeness::More);
    assert_eq!(found.len(), HITS_MAX);
    assert_eq!(found.first(), Some(&Hit { edits: 0, id: 9_999 }));
    assert!(found.iter().skip(1).all(|hit| hit.edits == 1));
    assert_eq!(index.exact("123ABC02"), [9_999]);
}

#[test]
fn a_key_that_is_too_long_is_found_without_an_edit_only() {
    let mut index = PlateIndex::new();
    let long = "ABCD1234".repeat(5);
    assert!(long.len() > FUZZY_CHARS_MAX);
    let before = index.memory_bytes();
    index.insert(&long, 1).expect("room");
    let taken = index.memory_bytes();
    assert!(taken > before + long.len());
    assert_eq!(find(&index, &long), [Hit { edits: 0, id: 1 }]);
    assert_eq!(find(&index, long.trim_end_matches('4')), []);
    assert_eq!(index.remove(&long, 1), Removed::Gone);
    assert!(index.is_empty());
    for id in 2..100 {
        index.insert(&long, id).expect("room");
        assert_eq!(index.remove(&long, id), Removed::Gone);
    }
    assert!(index.memory_bytes() <= taken, "{} after {taken}", index.memory_bytes());
}

#[test]
fn a_plate_costs_no_more_than_its_budget() {
    const PLATES: u32 = 200_000;
    let built = PlateIndex::build((0..PLATES).map(|number| (plate(number), number))).expect("room");
    assert_eq!(built.len(), 200_000);
    assert!(built.memory_bytes() < BUDGET_BYTES * built.len(), "{} bytes", built.memory_bytes());
    for number in (0..PLATES).step_by(997) {
        let mut misread = plate(number);
        misread.replace_range(1..2, "?");
        assert!(find(&built, &misread).contains(&Hit { edits: 1, id: number }), "{misread}");
    }
}

#[test]
fn plates_that_come_and_go_cost_nothing_in_the_end() {
    const PLATES: u32 = 40_000;
    let mut index = PlateIndex::new();
    for number in 0..PLATES {
        index.insert(&plate(number), number).expect("room");
    }
    let full = index.memory_bytes();
    assert!(full < BUDGET_BYTES * index.len(), "{full} bytes");
    for number in 0..PLATES {
        assert_eq!(index.remove(&plate(number), number), Removed::Gone);
    }
    assert!(index.is_empty());
    let empty = index.memory_bytes();
    assert!(empty < full * 3 / 4, "{empty} of {full} bytes stay: the shards give theirs back, the rows wait");
    for number in PLATES..PLATES * 2 {
        index.insert(&plate(number), number).expect("room");
    }
    assert!(index.memory_bytes() < full + full / 10, "{} after {full}", index.memory_bytes());
    assert_eq!(find(&index, &plate(PLATES + 7)).first(), Some(&Hit { edits: 0, id: PLATES + 7 }));
}

#[test]
fn a_truck_that_comes_often_costs_little_more() {
    let trips = |trips: u32| (0..60_000).map(move |id| (format!("{:06}", id / trips), id));
    let once = PlateIndex::build(trips(1)).expect("room");
    let thrice = PlateIndex::build(trips(3)).expect("room");
    assert_eq!(once.len(), thrice.len());
    assert!(thrice.memory_bytes() < once.memory_bytes() * 2 / 3, "{} bytes", thrice.memory_bytes());
}

#[track_caller]
fn find(index: &PlateIndex, key: &str) -> Vec<Hit> {
    let mut found = vec![Hit { edits: 9, id: 9 }];
    assert_eq!(index.lookup(key, &mut found), Completeness::All);
    found
}

/// A Kazakh plate; each number below a million has its own.
fn plate(number: u32) -> String {
    let letter = |part: u32| char::from_u32(u32::from('A') + part % 26).expect("a letter");
    let series = number / 1_000;
    let letters: String = [series / 676, series / 26, series].map(letter).iter().collect();
    format!("{:03}{letters}{:02}", number % 1_000, number % 20 + 1)
}
