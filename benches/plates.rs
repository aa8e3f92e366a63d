//! Plates: microseconds of folding, settling, distance and skeleton, and how often two plates share a skeleton.
//!
//! Over plates of Kazakhstan, Russia, Uzbekistan and Kyrgyzstan made up by a fixed generator, one in four of them read
//! with a twin swapped. `BENCH_PLATES` sets their number (1,000,000).

use std::collections::HashMap;
use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

use lane_controller::domain::plate::{Cost, Folded, Skeleton, Templates, distance, fold, skeleton};

const ALL: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const RUSSIAN: &str = "ABEKMHOPCTYX";
const DIGITS: &str = "0123456789";
const TWINS: [(char, char); 5] = [('0', 'O'), ('1', 'I'), ('8', 'B'), ('5', 'S'), ('2', 'Z')];

macro_rules! tell {
    ($($line:tt)*) => { writeln!(std::io::stdout(), $($line)*).expect("printed") };
}

/// SplitMix64: the same plates in every run.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).expect("small");
        usize::try_from(self.next() % end).expect("small")
    }

    fn one_of(&mut self, set: &str) -> char {
        let place = self.below(set.chars().count());
        set.chars().nth(place).expect("within")
    }
}

/// A plate by `#` digit, `L` letter, `r` two digits of a region.
fn plate(dice: &mut Dice, form: &str, letters: &str, regions: usize) -> String {
    let mut text = String::new();
    for slot in form.chars() {
        match slot {
            '#' => text.push(dice.one_of(DIGITS)),
            'L' => text.push(dice.one_of(letters)),
            'r' => text.push_str(&format!("{:02}", 1 + dice.below(regions))),
            other => text.push(other),
        }
    }
    text
}

/// A plate's form, its letters, the number of its regions, its country.
type Form = (&'static str, &'static str, usize, &'static str);

const FORMS: [Form; 8] = [
    ("###LLLr", ALL, 20, "KZ"),
    ("###LLr", ALL, 20, "KZ"),
    ("L###LLr", RUSSIAN, 99, "RU"),
    ("L###LL1r", RUSSIAN, 99, "RU"),
    ("LL####r", RUSSIAN, 99, "RU"),
    ("rL###LL", ALL, 95, "UZ"),
    ("r###LLL", ALL, 95, "UZ"),
    ("rKG###LLL", ALL, 9, "KG"),
];

fn plates(count: usize, forms: &[Form]) -> Vec<(String, &'static str)> {
    let mut dice = Dice(42);
    let mut one = || {
        let (form, letters, regions, country) = forms[dice.below(forms.len())];
        (plate(&mut dice, form, letters, regions), country)
    };
    (0..count).map(|_| one()).collect()
}

/// One twin of a plate swapped, where it has any.
fn misread(dice: &mut Dice, plate: &str) -> String {
    let twin = |c: char| TWINS.iter().find_map(|&(a, b)| if c == a { Some(b) } else { (c == b).then_some(a) });
    let places: Vec<usize> = plate.chars().enumerate().filter(|(_, c)| twin(*c).is_some()).map(|(i, _)| i).collect();
    if places.is_empty() {
        return plate.to_owned();
    }
    let place = places[dice.below(places.len())];
    plate.chars().enumerate().map(|(i, c)| if i == place { twin(c).unwrap_or(c) } else { c }).collect()
}

fn each<I, T>(items: &[I], work: impl Fn(&I) -> T) {
    for item in items {
        black_box(work(black_box(item)));
    }
}

fn timed<T>(name: &str, count: usize, mut work: impl FnMut() -> T) -> T {
    let began = Instant::now();
    let done = work();
    let micros = began.elapsed().as_secs_f64() * 1e6;
    let count = f64::from(u32::try_from(count).expect("small"));
    tell!("{name:<34} {:>7.3} µs", micros / count);
    done
}

fn main() {
    let count = std::env::var("BENCH_PLATES").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000_usize);
    let began = Instant::now();
    let templates = Templates::embedded();
    tell!("{:<34} {:>7.0} µs", "reading the templates", began.elapsed().as_secs_f64() * 1e6);
    let mut dice = Dice(7);
    let plates = plates(count, &FORMS);
    let reads: Vec<String> = plates
        .iter()
        .map(|(plate, _)| if dice.below(4) == 0 { misread(&mut dice, plate) } else { plate.clone() })
        .collect();
    let folded: Vec<Folded> = timed("fold, Latin", count, || reads.iter().map(|read| fold(read)).collect());
    let cyrillic: Vec<String> = reads.iter().map(|read| read.replace('A', "А").replace('C', "С")).collect();
    timed("fold, with Cyrillic letters", count, || each(&cyrillic, |read| fold(read)));
    let at_home: Vec<(&Folded, &str)> = folded.iter().zip(plates.iter().map(|(_, country)| *country)).collect();
    timed("settle, all countries", count, || each(&folded, |plate| templates.settle(plate, None)));
    timed("settle, its country", count, || each(&at_home, |(plate, country)| templates.settle(plate, Some(country))));
    let healed = timed("canonical, all countries", count, || {
        folded
            .iter()
            .zip(&plates)
            .filter(|(read, (plate, _))| templates.canonical(read, None).as_str() == plate)
            .count()
    });
    let healed_at_home = timed("canonical, its country", count, || {
        let home = |(read, (_, cc)): &(&Folded, &(String, &str))| templates.canonical(read, Some(cc));
        folded.iter().zip(&plates).filter(|pair| home(pair).as_str() == pair.1.0).count()
    });
    let pairs: Vec<(&Folded, &Folded)> = folded.iter().zip(folded.iter().skip(1)).collect();
    timed("distance, any two plates", count, || each(&pairs, |(a, b)| distance(a, b, Cost::new(u16::MAX))));
    timed("distance, any two, at most 2", count, || each(&pairs, |(a, b)| distance(a, b, Cost::new(2))));
    timed("skeleton", count, || each(&folded, skeleton));
    let misreads = folded.iter().zip(&plates).filter(|(read, (plate, _))| read.as_str() != plate).count();
    tell!(
        "misread by a twin {misreads}: not healed {} without a country, {} with it",
        count - healed,
        count - healed_at_home
    );
    collisions("all of them", &plates);
    for country in ["KZ", "RU", "UZ", "KG"] {
        let own: Vec<Form> = FORMS.into_iter().filter(|form| form.3 == country).collect();
        collisions(country, &self::plates(count, &own));
    }
}

/// How many other plates a lookup by skeleton finds beside the right one.
fn collisions(name: &str, plates: &[(String, &str)]) {
    let mut plates: Vec<Folded> = plates.iter().map(|(plate, _)| fold(plate)).collect();
    plates.sort_unstable();
    plates.dedup();
    let mut buckets: HashMap<Skeleton, u32> = HashMap::new();
    for plate in &plates {
        *buckets.entry(skeleton(plate)).or_default() += 1;
    }
    let all = f64::from(u32::try_from(plates.len()).expect("small"));
    let sharing: u32 = buckets.values().filter(|count| **count > 1).sum();
    let others: u32 = buckets.values().map(|count| count * (count - 1)).sum();
    tell!(
        "{name}: {} plates, {} skeletons; {:.1} % share theirs, {:.3} other plates a lookup, {} in the fullest",
        plates.len(),
        buckets.len(),
        100.0 * f64::from(sharing) / all,
        f64::from(others) / all,
        buckets.values().max().expect("one"),
    );
}
