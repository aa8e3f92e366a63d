//! One lane is flooded over MQTT, and the decisions of the lanes beside it (invariants C5 and C6, hazard 5).
//!
//! Lane in-01 gets 10,000 messages a second: plate reads, a loop that chatters, garbage, and names that it doesn't have.
//! Four lanes beside it take vehicles in turn, and the time from weight to open command is measured before, during and
//! after the flood. The controller's resident memory is read through the whole run. `FLOOD_MINUTES` (10) sets how long
//! the flood lasts, `FLOOD_PER_SECOND` (10,000) how fast it is, `BENCH_PASSAGES` (200) the vehicles before and after it.

mod lane;
#[allow(dead_code, reason = "what all black-box tests share has more than this bench uses")]
#[path = "../tests/support/mod.rs"]
mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use hdrhistogram::Histogram;
use lane::{Bench, FILTERS, Stop, connect, now, start_controller};
use rumqttc::v5::AsyncClient;
use rumqttc::v5::mqttbytes::QoS;
use support::{free_port, start_broker_with};
use tokio::time::Instant;

const WARM_UP: usize = 20;
/// How often messages of the flood are sent, and memory is read.
const TICK: Duration = Duration::from_millis(10);
const READ_MEMORY_EVERY: Duration = Duration::from_secs(5);

fn main() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(run());
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

async fn run() {
    let passages = number("BENCH_PASSAGES", 200);
    let lasts = Duration::from_secs(60 * number("FLOOD_MINUTES", 10));
    let dir = tempfile::TempDir::new().expect("a directory");
    let (port, http) = (free_port(), free_port());
    // Else the broker drops messages for a reader that is slow for a moment, whichever lane they are of.
    let _broker = Stop(start_broker_with(dir.path(), port, "max_queued_messages 100000\n"));
    let (device, inbox) = connect(port, "device", &FILTERS).await;
    let quiet = lane::ids(2, 4);
    let lanes = format!("{}{}", lane::lane("in-01"), lane::lanes(&quiet));
    let controller = Stop(start_controller(dir.path(), port, http, lane::ALONE, &lanes));
    let memory = Memory { pid: controller.0.id(), began: Instant::now() };
    let mut bench = Bench::new(&quiet, device, inbox);
    bench.lanes_are_ready().await;
    for _ in 0..WARM_UP {
        bench.passage().await;
    }
    let mut rows = vec![("before", passages_of(&mut bench, |done| done < passages).await)];
    memory.print("before the flood");
    let (flooder, _) = connect(port, "flooder", &["bench/nothing"]).await;
    let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let flooding = tokio::spawn(flood(flooder, Arc::clone(&stop), Arc::clone(&sent)));
    let reading = tokio::spawn(memory.watch(Arc::clone(&stop)));
    let (began, before) = (Instant::now(), cpu(controller.0.id()));
    rows.push(("during", passages_of(&mut bench, |_| began.elapsed() < lasts).await));
    let (took, ticks) = (began.elapsed(), cpu(controller.0.id()) - before);
    stop.store(true, Ordering::Release);
    flooding.await.expect("flooded");
    let seen = reading.await.expect("read");
    rows.push(("after", passages_of(&mut bench, |done| done < passages).await));
    memory.print("after the flood");
    print(&rows, &seen);
    let mut out = std::io::stdout().lock();
    let sent = sent.load(Ordering::Relaxed);
    writeln!(
        out,
        "{sent} messages in {} s; the controller used {ticks} hundredths of a second of processor",
        took.as_secs()
    )
    .expect("printed");
    writeln!(out, "{}", counters(http)).expect("printed");
}

/// Vehicles while more are wanted; the times from weight to open command.
async fn passages_of(bench: &mut Bench, wanted: impl Fn(u64) -> bool) -> Histogram<u64> {
    let mut histogram = Histogram::<u64>::new_with_bounds(1, 60_000_000, 3).expect("bounds");
    while wanted(histogram.len()) {
        let took = bench.passage().await;
        histogram.record(u64::try_from(took.as_micros()).expect("in range")).expect("in bounds");
    }
    histogram
}

async fn flood(client: AsyncClient, stop: Arc<AtomicBool>, sent: Arc<AtomicU64>) {
    let a_tick = number("FLOOD_PER_SECOND", 10_000) / 100;
    let mut tick = tokio::time::interval(TICK);
    let mut turn = 0_u64;
    while !stop.load(Ordering::Acquire) {
        tick.tick().await;
        for _ in 0..a_tick {
            turn += 1;
            let (rest, payload) = message(turn);
            let topic = format!("bcp/bench/lane/in-01/{rest}");
            client.publish(topic, QoS::AtMostOnce, false, payload).await.expect("published");
            sent.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn message(turn: u64) -> (String, String) {
    let at = now();
    match turn % 5 {
        0 | 1 => {
            let plate = format!("{:03}ABC02", turn % 1_000);
            let read = format!(
                "{{\"read_id\":\"f{turn}\",\"at\":\"{at}\",\"plate\":\"{plate}\",\"confidence\":0.9,\"view\":\"front\"}}"
            );
            ("plate/front".to_owned(), read)
        }
        2 => ("loop/approach".to_owned(), format!("{{\"occupied\":{},\"at\":\"{at}\"}}", turn.is_multiple_of(2))),
        3 => ("weight/bridge".to_owned(), "{".repeat(200)),
        _ => (format!("plate/camera-{turn}"), "nothing".to_owned()),
    }
}

/// The controller's resident memory.
#[derive(Clone, Copy)]
struct Memory {
    pid: u32,
    began: Instant,
}

impl Memory {
    fn kib(self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a size");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    fn print(self, when: &str) {
        let seconds = self.began.elapsed().as_secs();
        writeln!(std::io::stdout().lock(), "{seconds:>5} s  {:>8} KiB  {when}", self.kib()).expect("printed");
    }

    async fn watch(self, stop: Arc<AtomicBool>) -> Vec<u64> {
        let mut seen = Vec::new();
        while !stop.load(Ordering::Acquire) {
            tokio::time::sleep(READ_MEMORY_EVERY).await;
            seen.push(self.kib());
            if seen.len().is_multiple_of(12) {
                self.print("in the flood");
            }
        }
        seen
    }
}

/// Processor time that a process used, in hundredths of a second (Linux: the clock ticks of user space).
fn cpu(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    let fields = stat.rsplit(") ").next().expect("fields").split(' ');
    fields.skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number")).sum()
}

fn print(rows: &[(&str, Histogram<u64>)], seen: &[u64]) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:<10}{:>10}{:>8}{:>8}{:>8}  microseconds", "flood", "vehicles", "p50", "p99", "max")
        .expect("printed");
    for (name, histogram) in rows {
        let at = |quantile| histogram.value_at_quantile(quantile);
        writeln!(out, "{name:<10}{:>10}{:>8}{:>8}{:>8}", histogram.len(), at(0.5), at(0.99), histogram.max())
            .expect("printed");
    }
    let ratio = |quantile| {
        let at = |row: usize| rows[row].1.value_at_quantile(quantile);
        let float = |value: u64| f64::from(u32::try_from(value).unwrap_or(u32::MAX));
        float(at(1)) / float(at(0))
    };
    writeln!(out, "during / before: p50 {:.2}, p99 {:.2}", ratio(0.5), ratio(0.99)).expect("printed");
    let quarter = |number: usize| {
        let length = seen.len().div_ceil(4).max(1);
        seen.chunks(length).nth(number).and_then(|quarter| quarter.iter().max()).copied().unwrap_or_default()
    };
    writeln!(out, "most memory by quarters of the flood, KiB: {:?}", [0, 1, 2, 3].map(quarter)).expect("printed");
}

/// What the controller counted of the flood.
fn counters(http: u16) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", http)).expect("the API listens");
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: lane\r\nConnection: close\r\n\r\n").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    let told = ["lane_controller_ingress_shed_total{", "lane_controller_inbound_rejected_total{"];
    let lines = answer.lines().filter(|line| told.iter().any(|name| line.starts_with(name)));
    lines.collect::<Vec<_>>().join("\n")
}
