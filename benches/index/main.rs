//! The fuzzy plate index at the size that it is made for, and PostgreSQL's pg_trgm beside it in the same run.
//!
//! Printed are nanoseconds of single lookups, each of another plate of the whole set, so that caches are as cold as in
//! service; then inserts beside readers; then the same plates and slips asked of pg_trgm. `BENCH_PLATES` sets the
//! number of notifications (1000000), `BENCH_ROUNDS` how often each kind is measured (5). The best round tells what the
//! index does where others leave the machine alone.

mod plates;
mod trgm;
mod updates;

use std::io::Write;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use lane_controller::matching::index::{Completeness, PlateIndex, VehicleIndex};
use plates::{End, Random, SLIPS, Slip, different, misread};

const SEED: u64 = 20_261_124;
const QUERIES: usize = 100_000;
const GOAL_P50_NS: u64 = 3_000;
const GOAL_P99_NS: u64 = 8_000;
const GOAL_BYTES: usize = 120;
const LOADED_WITHIN: Duration = Duration::from_secs(5);
/// Notifications of one truck where the fleet returns.
const TRIPS: usize = 3;

fn main() {
    let count = setting("BENCH_PLATES", 1_000_000);
    let rounds = setting("BENCH_ROUNDS", 5);
    let mut random = Random(SEED);
    let tractors = different(&mut random, End::Tractor, count);
    let trailers = different(&mut random, End::Trailer, count);

    say(&format!("{count} notifications, every tractor and trailer different; {rounds} rounds of {QUERIES} lookups"));
    let vehicles: Vec<_> = (0_u32..).zip(tractors.iter().zip(&trailers)).map(|(id, (a, b))| (id, a, b)).collect();
    let resident = resident_bytes();
    let began = Instant::now();
    let mut index = VehicleIndex::build(&vehicles).expect("room");
    let took = began.elapsed();
    let resident = resident_bytes().saturating_sub(resident);
    say(&format!("built in {took:.2?} (goal, with all else that loads: {LOADED_WITHIN:?})"));
    memory("tractors", index.tractors().memory_bytes(), count);
    memory("trailers", index.rears().memory_bytes(), count);
    say(&format!("the process grew by {} bytes a plate", resident / (2 * count)));

    say(&format!("one end: goal p50 {GOAL_P50_NS}, p99 {GOAL_P99_NS}"));
    say(&heading());
    clock();
    let mut exchanged_p50 = 0;
    for (end, one, plates) in [("tractor", index.tractors(), &tractors), ("trailer", index.rears(), &trailers)] {
        for (name, slip) in SLIPS {
            let p50 = lookups(&format!("{end}, {name}"), one, plates, slip, rounds, &mut random);
            if matches!((end, slip), ("tractor", Slip::Exchanged)) {
                exchanged_p50 = p50;
            }
        }
    }
    pairs(&index, &tractors, &trailers, rounds, &mut random);
    updates::beside_readers(&mut index, &tractors, &mut random);
    drop(index);
    returning(&tractors, rounds, &mut random);
    trgm::beside(&tractors, exchanged_p50, &mut random);
}

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn say(line: &str) {
    writeln!(std::io::stdout().lock(), "{line}").expect("printed");
}

fn memory(name: &str, bytes: usize, count: usize) {
    say(&format!("{name}: {} bytes a plate (goal {GOAL_BYTES})", bytes / count));
}

/// What the clock itself takes is in every figure.
fn clock() {
    let mut times = Times::new();
    for _ in 0..QUERIES {
        times.take(|| ());
    }
    times.end_round();
    times.print("the clock alone", 0);
}

/// One kind of slip; gives the median.
fn lookups(name: &str, index: &PlateIndex, plates: &[String], slip: Slip, rounds: usize, random: &mut Random) -> u64 {
    let (mut times, mut found, mut hits) = (Times::new(), Vec::new(), 0);
    for _ in 0..rounds {
        for _ in 0..QUERIES {
            let at = random.index(plates.len());
            // As in service, the key was made a moment ago; the index has not been asked for it.
            let query = misread(random, &plates[at], slip);
            let told = times.take(|| index.lookup(&query, &mut found));
            assert_eq!(told, Completeness::All, "{query}");
            let id = u32::try_from(at).expect("in range");
            let fine = matches!(slip, Slip::Foreign) || found.iter().any(|hit| hit.id == id);
            assert!(fine, "{query} does not find {}", plates[at]);
            hits += found.len();
        }
        times.end_round();
    }
    times.print(name, hits);
    times.all.value_at_quantile(0.5)
}

/// Tractor and rear plate together, each with a slip of its own.
fn pairs(index: &VehicleIndex, tractors: &[String], trailers: &[String], rounds: usize, random: &mut Random) {
    let (mut times, mut found, mut hits) = (Times::new(), Vec::new(), 0);
    for _ in 0..rounds {
        for _ in 0..QUERIES {
            let at = random.index(tractors.len());
            let tractor = misread(random, &tractors[at], Slip::Exchanged);
            let trailer = misread(random, &trailers[at], Slip::LeftOut);
            times.take(|| index.lookup(Some(&tractor), Some(&trailer), &mut found));
            let id = u32::try_from(at).expect("in range");
            let both = found.iter().any(|one| one.id == id && one.tractor.is_some() && one.rear.is_some());
            assert!(both, "{tractor} with {trailer}");
            hits += found.len();
        }
        times.end_round();
    }
    times.print("both ends together", hits);
}

/// The same number of notifications, of trucks that come several times.
fn returning(tractors: &[String], rounds: usize, random: &mut Random) {
    let trucks = &tractors[..tractors.len() / TRIPS];
    let trips = (0_u32..).zip(trucks.iter().cycle().take(tractors.len())).map(|(id, plate)| (plate, id));
    let index = PlateIndex::build(trips).expect("room");
    say(&format!("each tractor {TRIPS} times"));
    memory("tractors", index.memory_bytes(), tractors.len());
    say(&heading());
    lookups("tractor, exact", &index, trucks, Slip::None, rounds, random);
    lookups("tractor, one exchanged", &index, trucks, Slip::Exchanged, rounds, random);
}

fn heading() -> String {
    format!(
        "{:<26}{:>8}{:>8}{:>8}{:>10}   best round{:>8}{:>8}{:>8}",
        "nanoseconds", "p50", "p99", "p99.9", "max", "p50", "p99", "hits"
    )
}

/// Nanoseconds of one kind of call.
struct Times {
    all: Histogram<u64>,
    round: Histogram<u64>,
    best: Option<[u64; 2]>,
}

impl Times {
    fn new() -> Self {
        let histogram = || Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("bounds");
        Self { all: histogram(), round: histogram(), best: None }
    }

    fn take<T>(&mut self, call: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let value = std::hint::black_box(call());
        self.record(began.elapsed());
        value
    }

    fn record(&mut self, took: Duration) {
        self.round.record(u64::try_from(took.as_nanos()).expect("in range")).expect("in bounds");
    }

    fn end_round(&mut self) {
        let round = [0.5, 0.99].map(|quantile| self.round.value_at_quantile(quantile));
        self.best = Some(self.best.map_or(round, |best| [best[0].min(round[0]), best[1].min(round[1])]));
        self.all.add(&self.round).expect("the same bounds");
        self.round.reset();
    }

    fn print(&self, name: &str, hits: usize) {
        let [p50, p99, p999] = [0.5, 0.99, 0.999].map(|quantile| self.all.value_at_quantile(quantile));
        let [best_p50, best_p99] = self.best.unwrap_or_default();
        let calls = usize::try_from(self.all.len()).expect("in range").max(1);
        let hundredths = hits * 100 / calls;
        say(&format!(
            "{name:<26}{p50:>8}{p99:>8}{p999:>8}{:>10}             {best_p50:>8}{best_p99:>8}{:>5}.{:02}",
            self.all.max(),
            hundredths / 100,
            hundredths % 100,
        ));
    }
}

/// What the process holds in memory.
fn resident_bytes() -> usize {
    const PAGE_BYTES: usize = 4_096;
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * PAGE_BYTES
}
