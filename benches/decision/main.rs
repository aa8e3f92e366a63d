//! Last sensor message in, barrier command out, with the durable write between: the whole program against its floors.
//!
//! Through a real mosquitto, in one run and in turn: a bare echo (message in, another program, message out), a bare
//! append with fdatasync, and a decision of the controller. Printed are microseconds and the ratio of the decision to
//! the sum of both floors. `BENCH_PASSAGES` sets the number of vehicles (200).
//!
//! Twice: at a site without an RMS, and with notified vehicles that an RMS cleared before they came, which takes 2 s for
//! an answer. Neither waits for a network.

#[path = "../lane/mod.rs"]
mod lane;
mod rms;
#[path = "../../tests/support/mod.rs"]
mod support;

use std::fs::File;
use std::io::Write;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use lane::{Bench, FILTERS, Stop, connect, is_at, now, start_controller};
use rumqttc::v5::mqttbytes::QoS;
use support::{free_port, start_broker};

const RECORD_BYTES: usize = 400;
const WARM_UP: usize = 10;
/// Lanes that take turns.
const LANES: usize = 4;

fn main() {
    let passages = std::env::var("BENCH_PASSAGES").ok().and_then(|text| text.parse().ok()).unwrap_or(200_usize);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        run("without an RMS", passages, Risk::Local).await;
        run("cleared before arrival, RMS answers after 2 s", passages, Risk::ClearedAhead).await;
    });
}

/// Who decides.
#[derive(Clone, Copy)]
enum Risk {
    Local,
    ClearedAhead,
}

impl Risk {
    /// The tables of risk and policy.
    fn rules(self) -> &'static str {
        match self {
            Self::Local => lane::ALONE,
            Self::ClearedAhead => {
                "[risk]\nmode = \"rms\"\nrequest_timeout = \"5s\"\n[policy]\nrequire = [\"notification\"]\n"
            }
        }
    }
}

async fn run(title: &str, passages: usize, risk: Risk) {
    let dir = tempfile::TempDir::new().expect("a directory");
    let port = free_port();
    let _broker = Stop(start_broker(dir.path(), port));
    let (echo, mut echo_in) = connect(port, "echo", &["bench/ping"]).await;
    tokio::spawn(async move {
        while let Some(message) = echo_in.recv().await {
            echo.publish("bench/pong", QoS::AtLeastOnce, false, message.payload).await.expect("published");
        }
    });
    let filters = [&["bench/pong"][..], &FILTERS].concat();
    let (device, inbox) = connect(port, "device", &filters).await;
    let lanes = lane::ids(1, LANES);
    let mut bench = Bench::new(&lanes, device, inbox);
    let http = free_port();
    let _controller = Stop(start_controller(dir.path(), port, http, risk.rules(), &lane::lanes(&lanes)));
    bench.lanes_are_ready().await;
    let vehicles = passages + WARM_UP;
    let ahead = match risk {
        Risk::Local => None,
        Risk::ClearedAhead => Some(rms::clear(port, http, vehicles).await),
    };
    let mut log = File::create(dir.path().join("floor")).expect("a file");
    let mut histograms = [(); 4].map(|()| Histogram::<u64>::new_with_bounds(1, 60_000_000, 3).expect("bounds"));
    for number in 0..vehicles {
        let echo = echo_of(&mut bench).await;
        let sync = append(&mut log);
        let decision = bench.passage().await;
        if number >= WARM_UP {
            for (histogram, took) in histograms.iter_mut().zip([echo, sync, echo + sync, decision]) {
                histogram.record(u64::try_from(took.as_micros()).expect("in range")).expect("in bounds");
            }
        }
    }
    if let Some(ahead) = ahead {
        ahead.nobody_was_asked_at_the_lane(http, vehicles);
    }
    print(title, passages, &histograms);
}

fn print(title: &str, passages: usize, histograms: &[Histogram<u64>; 4]) {
    let mut out = std::io::stdout().lock();
    let at = |histogram: &Histogram<u64>, quantile| histogram.value_at_quantile(quantile);
    writeln!(out, "{title}: {passages} vehicles, microseconds").expect("printed");
    writeln!(out, "{:<28}{:>8}{:>8}{:>8}", "", "p50", "p99", "max").expect("printed");
    for (name, histogram) in
        ["MQTT echo", "append + fdatasync", "floor (sum of both)", "decision"].iter().zip(histograms)
    {
        let row = [at(histogram, 0.5), at(histogram, 0.99), histogram.max()];
        writeln!(out, "{name:<28}{:>8}{:>8}{:>8}", row[0], row[1], row[2]).expect("printed");
    }
    let [.., floor, decision] = histograms;
    let ratio = |quantile| {
        let text = |value: u64| f64::from(u32::try_from(value).unwrap_or(u32::MAX));
        text(at(decision, quantile)) / text(at(floor, quantile))
    };
    writeln!(out, "decision / floor: p50 {:.2} (goal 1.25), p99 {:.2} (goal 2.00)", ratio(0.5), ratio(0.99))
        .expect("printed");
}

/// One record's bytes, durable.
fn append(log: &mut File) -> Duration {
    let record = [b'x'; RECORD_BYTES];
    let began = Instant::now();
    log.write_all(&record).expect("written");
    log.sync_data().expect("synced");
    began.elapsed()
}

/// A message to another program and back.
async fn echo_of(bench: &mut Bench) -> Duration {
    let began = Instant::now();
    bench.send("bench/ping", now(), false).await;
    bench.expect(|message| is_at(message, "bench/pong")).await;
    began.elapsed()
}
