//! What sealing costs the journal.
//!
//! The same records, once with personal fields and once of the same size without: a lane's whole decision as one batch,
//! one after the other (median and p99 to durable), and by a hundred waiting lanes (records a second). Rounds of both
//! follow each other in one run. `BENCH_BATCHES` sets the batches of each kind and round (2,000).

use std::io::Write;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use lane_controller::journal::{Batch, Journal, Limits};
use lane_controller::model::{LaneId, NewRecord, RecordKind, Ticket, Timestamp};

const ROUNDS: usize = 5;
const WAITING: u64 = 100;

const READ: &str = r#"{"plate":{"camera":"front","read":{"at":"2026-11-24T05:12:03.412Z","candidates":[{"confidence":0.61,"plate":"128ABC02"}],"confidence":0.97,"plate":"123ABC02","read_id":"f0e1","view":"front"}}}"#;
const WEIGHT: &str =
    r#"{"weight":{"at":"2026-11-24T05:12:03.412Z","gross_kg":27400,"method":"static","stability":"stable"}}"#;
const DECIDED: &str = r#"{"request_id":"00000000-0000-0000-0000-000000000005","channel":"green","measures":[],"profiles":[],"reason":"nothing speaks against it","kind":"arrival"}"#;
const RELEASED: &str = r#"{"channel":"green","declaration":"55302/150324/0000123","notification":"PN-1","outcome":"released","reason":"release","tractor":"123ABC02","trailer":"45DEF02"}"#;
const COMMANDED: &str =
    r#"{"barrier":"exit","command":"open","command_id":"00000000-0000-0000-0000-000000000005","reason":"release"}"#;

/// Whether the records have personal fields.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fields {
    Personal,
    Open,
}

fn main() {
    let batches = std::env::var("BENCH_BATCHES").ok().and_then(|text| text.parse().ok()).unwrap_or(2_000_u64);
    let mut singles = [Histogram::<u64>::new(3).expect("a histogram"), Histogram::new(3).expect("a histogram")];
    let mut rates = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (place, fields) in [Fields::Open, Fields::Personal].into_iter().enumerate() {
            let dir = tempfile::tempdir().expect("a directory");
            let journal = Journal::open(dir.path(), Limits::default()).expect("opened");
            alone(&journal, fields, batches / 10, &mut singles[place]);
            rates[place].push(together(&journal, fields, batches));
        }
    }
    for (place, name) in ["open", "personal"].into_iter().enumerate() {
        let (single, rate) = (&singles[place], &mut rates[place]);
        rate.sort_by(f64::total_cmp);
        let [p50, p99] = [0.5, 0.99].map(|share| single.value_at_quantile(share));
        let middle = rate[ROUNDS / 2];
        writeln!(
            std::io::stdout(),
            "{name:<9} one decision durable: p50 {p50} us, p99 {p99} us; a hundred lanes: {middle:.0} records/s"
        )
        .expect("printed");
    }
}

/// The records of one decision.
fn decision(fields: Fields, number: u64) -> Batch {
    let lane = LaneId::new(&format!("in-{:02}", number % WAITING)).expect("a name");
    let at = Timestamp::from_unix_micros(1_795_000_000_000_000 + i64::try_from(number).expect("it fits"));
    let record = |kind, body: &str| {
        // Keys that are no one's fields keep their length.
        let body = match fields {
            Fields::Personal => body.to_owned(),
            Fields::Open => {
                body.replace("\"plate\":{", "\"plata\":{").replace("\"reason\"", "\"reasom\"").replace("\"tr", "\"tt")
            }
        };
        NewRecord { at, lane: lane.clone(), passage: None, kind, body }
    };
    let records = vec![
        record(RecordKind::Evidence, READ),
        record(RecordKind::Evidence, WEIGHT),
        record(RecordKind::RiskDecided, DECIDED),
        record(RecordKind::Released, RELEASED),
        record(RecordKind::BarrierCommanded, COMMANDED),
    ];
    Batch { ticket: Ticket(number), lane: lane.clone(), records }
}

fn append(journal: &Journal, batch: Batch, tell: &Sender<usize>) {
    let tell = tell.clone();
    let done = move |result: Result<lane_controller::journal::Committed, _>| {
        tell.send(result.expect("durable").records.len()).expect("awaited");
    };
    journal.append(batch, Box::new(done));
}

/// One after the other.
fn alone(journal: &Journal, fields: Fields, batches: u64, took: &mut Histogram<u64>) {
    let (tell, told) = channel();
    for number in 0..batches {
        let batch = decision(fields, number);
        let began = Instant::now();
        append(journal, batch, &tell);
        told.recv().expect("answered");
        took.record(u64::try_from(began.elapsed().as_micros()).expect("it fits")).expect("recorded");
    }
}

/// As many as there are lanes wait at any time; records a second.
fn together(journal: &Journal, fields: Fields, batches: u64) -> f64 {
    let (tell, told) = channel();
    let made: Vec<Batch> = (0..batches + WAITING).map(|number| decision(fields, number)).collect();
    let mut records = 0_usize;
    let began = Instant::now();
    for (number, batch) in made.into_iter().enumerate() {
        append(journal, batch, &tell);
        if number >= usize::try_from(WAITING).expect("it fits") {
            records += told.recv().expect("answered");
        }
    }
    let took: Duration = began.elapsed();
    f64::from(u32::try_from(records).expect("it fits")) / took.as_secs_f64()
}
