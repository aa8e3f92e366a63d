//! Noise on one lane's weighbridge and the decisions of the lane beside it.
//!
//! Lane in-01 has an indicator on a serial line; four lanes beside it take vehicles in turn, and the time from weight to open command
//! is measured while the line of in-01 carries frames, and while it carries random bytes at 115,200 baud. Rounds of both
//! follow each other in one run, so that whatever else the machine does meets both. Printed are microseconds, how often
//! the controller reported noise (at most once a second), and the ratio of both medians. `BENCH_PASSAGES` sets the
//! number of vehicles of each kind (400).

mod lane;
#[allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "the simulator's own, which has more than this bench uses"
)]
#[path = "../simulator/src/scale/speech/mod.rs"]
mod speech;
#[path = "../tests/support/mod.rs"]
mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use hdrhistogram::Histogram;
use lane::{Bench, FILTERS, Stop, connect, start_controller};
use speech::{Line, Motion, Shown, Shows, Speech};
use support::{free_port, start_broker};

const ROUNDS: usize = 10;
const WARM_UP: usize = 10;
/// The line has changed over before the first vehicle of a round comes.
const CHANGE_OVER: Duration = Duration::from_millis(300);

fn main() {
    let passages = std::env::var("BENCH_PASSAGES").ok().and_then(|text| text.parse().ok()).unwrap_or(400_usize);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    runtime.block_on(run(passages));
}

async fn run(passages: usize) {
    let dir = tempfile::TempDir::new().expect("a directory");
    let (port, http, scale) = (free_port(), free_port(), dir.path().join("scale"));
    let _broker = Stop(start_broker(dir.path(), port));
    let frames = Shows::Display(Shown::kilograms(0, Motion::Still));
    let line = Line::plug(&scale, Speech::Xk3190, frames).expect("a line");
    let (device, inbox) = connect(port, "device", &FILTERS).await;
    let serial = format!("driver = \"serial\"\nport = \"{}\"\nbaud = 115200\nprotocol = \"xk3190\"\n", scale.display());
    let quiet = lane::ids(2, 4);
    let noisy = lane::lane("in-01").replacen("driver = \"mqtt\"\n", &serial, 1);
    let _controller =
        Stop(start_controller(dir.path(), port, http, lane::ALONE, &format!("{noisy}{}", lane::lanes(&quiet))));
    let mut bench = Bench::new(&quiet, device, inbox);
    bench.lanes_are_ready().await;
    for _ in 0..WARM_UP {
        bench.passage().await;
    }
    let mut histograms = [(); 2].map(|()| Histogram::<u64>::new_with_bounds(1, 60_000_000, 3).expect("bounds"));
    let before = reports(http);
    for _ in 0..ROUNDS {
        for (histogram, shows) in histograms.iter_mut().zip([frames, Shows::Noise]) {
            line.show(shows);
            tokio::time::sleep(CHANGE_OVER).await;
            for _ in 0..passages.div_ceil(ROUNDS) {
                let took = bench.passage().await;
                histogram.record(u64::try_from(took.as_micros()).expect("in range")).expect("in bounds");
            }
        }
    }
    print(&histograms, reports(http) - before);
}

fn print(histograms: &[Histogram<u64>; 2], noise: u64) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} vehicles of each kind, microseconds; noise was reported {noise} times", histograms[0].len())
        .expect("printed");
    writeln!(out, "{:<28}{:>8}{:>8}{:>8}", "scale of the other lane", "p50", "p99", "max").expect("printed");
    for (name, histogram) in ["frames", "noise at 115,200 baud"].iter().zip(histograms) {
        let at = |quantile| histogram.value_at_quantile(quantile);
        writeln!(out, "{name:<28}{:>8}{:>8}{:>8}", at(0.5), at(0.99), histogram.max()).expect("printed");
    }
    let ratio = |quantile| {
        let [quiet, noisy] = histograms.each_ref().map(|histogram| histogram.value_at_quantile(quantile));
        let number = |value: u64| f64::from(u32::try_from(value).unwrap_or(u32::MAX));
        number(noisy) / number(quiet)
    };
    writeln!(out, "with / without noise: p50 {:.2} (goal 1.20), p99 {:.2}", ratio(0.5), ratio(0.99)).expect("printed");
}

/// How often the controller reported noise on the line: once a second at most.
fn reports(http: u16) -> u64 {
    let mut stream = TcpStream::connect(("127.0.0.1", http)).expect("the API listens");
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: lane\r\nConnection: close\r\n\r\n").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    let is_it = |line: &&str| line.starts_with("lane_controller_scale_frames_total{") && line.contains("\"garbled\"");
    let lines = answer.lines().filter(is_it);
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}
