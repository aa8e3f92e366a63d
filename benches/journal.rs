//! The journal by itself: a decision's records made durable, against a bare append with fdatasync.
//!
//! First one decision at a time with a pause between, as a lane makes them, in turn with a bare append of 400 bytes and
//! of as many bytes as the records have; then many at once, whose group commits share a sync. Printed are microseconds
//! and ratios, decisions a second and how many of them a sync carried. `BENCH_DECISIONS` sets the number of the first
//! part (400).

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use lane_controller::journal::{Batch, Journal, Limits};
use lane_controller::model::{LaneId, NewRecord, PassageId, RecordKind, Ticket, Timestamp};
use uuid::Uuid;

/// Between two decisions of a busy lane much passes through the processor's caches.
const PAUSE: Duration = Duration::from_millis(5);
const WARM_UP: usize = 300;
const SMALL: usize = 400;
/// Decisions of each lane in the second part.
const EACH: usize = 200;

fn main() {
    let decisions = std::env::var("BENCH_DECISIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(400_usize);
    let dir = tempfile::TempDir::new().expect("a directory");
    one_at_a_time(dir.path(), decisions);
    for lanes in [1, 10, 100, 1_000] {
        many_at_once(&dir.path().join(format!("{lanes}")), lanes);
    }
}

fn one_at_a_time(dir: &Path, decisions: usize) {
    let journal = Journal::open(&dir.join("journal"), Limits::default()).expect("a journal");
    let bytes: usize = decision(0).iter().map(|record| record.body.len()).sum();
    let mut log = File::create(dir.join("floor")).expect("a file");
    let mut histograms = [(); 3].map(|()| Histogram::<u64>::new_with_bounds(1, 60_000_000, 3).expect("bounds"));
    for number in 0..decisions + WARM_UP {
        let took = [append(&mut log, SMALL), append(&mut log, bytes), commit(&journal, number)];
        if number >= WARM_UP {
            for (histogram, took) in histograms.iter_mut().zip(took) {
                histogram.record(u64::try_from(took.as_micros()).expect("in range")).expect("in bounds");
            }
        }
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{decisions} decisions of six records, microseconds").expect("printed");
    writeln!(out, "{:<32}{:>8}{:>8}{:>8}{:>8}", "", "p50", "p99", "max", "ratio").expect("printed");
    let names = [format!("append {SMALL} + fdatasync"), format!("append {bytes} + fdatasync"), "journal".to_owned()];
    let floor = histograms[0].value_at_quantile(0.5);
    for (name, histogram) in names.iter().zip(&histograms) {
        let at = |quantile| histogram.value_at_quantile(quantile);
        let number = |value: u64| f64::from(u32::try_from(value).unwrap_or(u32::MAX));
        let ratio = number(at(0.5)) / number(floor);
        writeln!(out, "{name:<32}{:>8}{:>8}{:>8}{ratio:>8.2}", at(0.5), at(0.99), histogram.max()).expect("printed");
    }
}

/// Bytes at the end of a file, durable.
fn append(log: &mut File, bytes: usize) -> Duration {
    std::thread::sleep(PAUSE);
    let record = vec![b'x'; bytes];
    let began = Instant::now();
    log.write_all(&record).expect("written");
    log.sync_data().expect("synced");
    began.elapsed()
}

fn commit(journal: &Journal, number: usize) -> Duration {
    std::thread::sleep(PAUSE);
    let batch = batch(0, number);
    let (done, durable) = channel();
    let began = Instant::now();
    journal.append(batch, Box::new(move |result| done.send(result).expect("somebody waits")));
    durable.recv().expect("an answer").expect("durable");
    began.elapsed()
}

/// Every lane decides again as soon as its last decision is durable.
fn many_at_once(dir: &Path, lanes: usize) {
    let commits = Arc::new(AtomicUsize::new(0));
    let limits = Limits {
        observer: Some(Arc::new({
            let commits = Arc::clone(&commits);
            move |_| {
                commits.fetch_add(1, Ordering::Relaxed);
            }
        })),
        ..Limits::default()
    };
    let journal = Arc::new(Journal::open(dir, limits).expect("a journal"));
    let (ended, all) = channel();
    let began = Instant::now();
    for lane in 0..lanes {
        again(&journal, lane, EACH, &Arc::new(Mutex::new(ended.clone())));
    }
    for _ in 0..lanes {
        all.recv().expect("every lane ends");
    }
    let took = began.elapsed().as_secs_f64();
    let number = |value: usize| f64::from(u32::try_from(value).unwrap_or(u32::MAX));
    let (decisions, commits) = (number(lanes * EACH), number(commits.load(Ordering::Relaxed)));
    writeln!(
        std::io::stdout().lock(),
        "{lanes:>5} lanes: {:>8.0} decisions a second, {:>8.0} records a second, {:>6.1} decisions a sync",
        decisions / took,
        decisions * 6.0 / took,
        decisions / commits
    )
    .expect("printed");
}

fn again(journal: &Arc<Journal>, lane: usize, left: usize, ended: &Arc<Mutex<Sender<()>>>) {
    let (next, ended) = (Arc::clone(journal), Arc::clone(ended));
    let done = move |result: Result<_, _>| {
        let _: lane_controller::journal::Committed = result.expect("durable");
        if left > 1 {
            again(&next, lane, left - 1, &ended);
        } else {
            ended.lock().expect("not poisoned").send(()).expect("somebody waits");
        }
    };
    journal.append(batch(lane, left), Box::new(done));
}

fn batch(lane: usize, number: usize) -> Batch {
    let ticket = Ticket(u64::try_from(number).unwrap_or(0) + 1);
    Batch { ticket, lane: LaneId::new(&format!("in-{lane:04}")).expect("a name"), records: decision(lane) }
}

/// The records of a decision as a lane writes them when the weight comes in.
fn decision(lane: usize) -> Vec<NewRecord> {
    let lane = LaneId::new(&format!("in-{lane:04}")).expect("a name");
    let passage = Some(PassageId(Uuid::new_v4()));
    let id = Uuid::new_v4();
    let bodies = [
        (
            RecordKind::Evidence,
            r#"{"weight":{"at":"2026-11-24T21:29:21.212Z","gross_kg":27400,"method":"static","stability":"stable"}}"#
                .to_owned(),
        ),
        (
            RecordKind::Matched,
            r#"{"candidates":[],"declaration":null,"expected_kg":null,"findings":[],"not_subject":false,"notification":null}"#
                .to_owned(),
        ),
        (RecordKind::RiskRequested, format!(r#"{{"request_id":"{id}"}}"#)),
        (
            RecordKind::RiskDecided,
            format!(
                r#"{{"channel":"green","kind":"arrival","measures":[],"reason":"no local profile selects the vehicle","request_id":"{id}"}}"#
            ),
        ),
        (
            RecordKind::Released,
            format!(
                r#"{{"authority":"{id}","channel":"green","declaration":null,"documents":[],"notification":null,"orders":[],"plates":{{"front":"370CBA02"}},"reason":"release"}}"#
            ),
        ),
        (
            RecordKind::BarrierCommanded,
            format!(r#"{{"barrier":"exit","command":"open","command_id":"{id}","order":null,"reason":"release"}}"#),
        ),
    ];
    let at = Timestamp::from_unix_micros(1_795_000_000_123_456);
    bodies.map(|(kind, body)| NewRecord { at, lane: lane.clone(), passage, kind, body }).into()
}
