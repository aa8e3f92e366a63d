//! Last sensor message in, barrier command out, with the durable write between: the whole program against its floors.
//!
//! Through a real mosquitto, in one run and in turn: a bare echo (message in, another program, message out), a bare
//! append with fdatasync, and a decision of the controller. Printed are microseconds and the ratio of the decision to
//! the sum of both floors. `BENCH_PASSAGES` sets the number of vehicles (200).
//!
//! Twice: at a site without an RMS, and with notified vehicles that an RMS cleared before they came, which takes 2 s for
//! an answer. Neither waits for a network.

mod rms;
#[path = "../../tests/support/mod.rs"]
mod support;

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use rumqttc::NetworkOptions;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Packet, Publish};
use rumqttc::v5::{AsyncClient, Event, MqttOptions};
use support::{free_port, start_broker};
use tokio::sync::mpsc;

const LANE: &str = "bcp/bench/lane/in-01";
const RECORD_BYTES: usize = 400;
const PATIENCE: Duration = Duration::from_secs(10);
const WARM_UP: usize = 10;

struct Stop(Child);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

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
    let filters = ["bench/pong", "bcp/bench/lane/+/barrier/+/command", "bcp/bench/lane/+/state"];
    let (device, inbox) = connect(port, "device", &filters).await;
    let mut bench = Bench { device, inbox, plates: 0 };
    let http = free_port();
    let _controller = Stop(start_controller(dir.path(), port, http, risk));
    bench.lane_is_ready().await;
    let vehicles = passages + WARM_UP;
    let ahead = match risk {
        Risk::Local => None,
        Risk::ClearedAhead => Some(rms::clear(port, http, vehicles).await),
    };
    let mut log = File::create(dir.path().join("floor")).expect("a file");
    let mut histograms = [(); 4].map(|()| Histogram::<u64>::new_with_bounds(1, 60_000_000, 3).expect("bounds"));
    for number in 0..vehicles {
        let echo = bench.echo().await;
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

struct Bench {
    device: AsyncClient,
    inbox: mpsc::UnboundedReceiver<Publish>,
    plates: u32,
}

impl Bench {
    async fn send(&self, topic: &str, payload: String, retain: bool) {
        self.device.publish(topic, QoS::AtLeastOnce, retain, payload).await.expect("published");
    }

    async fn state(&self, rest: &str, fields: &str) {
        self.send(&format!("{LANE}/{rest}"), format!("{{{fields},\"at\":\"{}\"}}", now()), true).await;
    }

    async fn weigh(&self, kg: u32) {
        let fields = format!("{{\"gross_kg\":{kg},\"stability\":\"stable\",\"at\":\"{}\"}}", now());
        self.send(&format!("{LANE}/weight/bridge"), fields, false).await;
    }

    async fn expect(&mut self, wanted: impl Fn(&Publish) -> bool) {
        let found = async {
            while let Some(message) = self.inbox.recv().await {
                if wanted(&message) {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, found).await.expect("the lane answers in time");
    }

    async fn expect_phase(&mut self, phase: &str) {
        let wanted = format!("\"phase\":\"{phase}\"");
        self.expect(|message| is_at(message, "/state") && contains(message, &wanted)).await;
    }

    async fn lane_is_ready(&mut self) {
        self.expect_phase("vacant").await;
        self.state("loop/approach", "\"occupied\":false").await;
        self.state("loop/exit", "\"occupied\":false").await;
        self.state("barrier/exit/state", "\"position\":\"closed\",\"mode\":\"remote\"").await;
    }

    async fn echo(&mut self) -> Duration {
        let began = Instant::now();
        self.send("bench/ping", now(), false).await;
        self.expect(|message| is_at(message, "bench/pong")).await;
        began.elapsed()
    }

    /// One vehicle; the time from its weight to its open command.
    async fn passage(&mut self) -> Duration {
        let plate = plate(self.plates);
        self.plates += 1;
        self.state("loop/approach", "\"occupied\":true").await;
        let read = format!(
            "{{\"read_id\":\"{}\",\"at\":\"{}\",\"plate\":\"{plate}\",\"confidence\":0.9,\"view\":\"front\"}}",
            self.plates,
            now()
        );
        self.send(&format!("{LANE}/plate/front"), read, false).await;
        self.expect(|message| is_at(message, "/state") && contains(message, "\"tractor\"")).await;
        let began = Instant::now();
        self.weigh(27_400).await;
        self.expect(|message| is_at(message, "/command") && contains(message, "\"open\"")).await;
        let took = began.elapsed();
        self.state("barrier/exit/state", "\"position\":\"open\",\"mode\":\"remote\"").await;
        self.state("loop/exit", "\"occupied\":true").await;
        self.state("loop/approach", "\"occupied\":false").await;
        self.weigh(0).await;
        self.state("loop/exit", "\"occupied\":false").await;
        self.expect(|message| is_at(message, "/command") && contains(message, "\"close\"")).await;
        self.state("barrier/exit/state", "\"position\":\"closed\",\"mode\":\"remote\"").await;
        self.expect_phase("vacant").await;
        took
    }
}

/// The plate of the vehicle with that number, from 0.
fn plate(number: u32) -> String {
    // Far from each other, so that none is a misread of another.
    let letter = |place: u32| char::from_u32(u32::from(b'A') + number / place % 8).expect("a letter");
    format!("{:03}{}{}{}02", number * 37 % 1000, letter(1), letter(8), letter(64))
}

fn is_at(message: &Publish, end: &str) -> bool {
    message.topic.ends_with(end.as_bytes())
}

fn contains(message: &Publish, text: &str) -> bool {
    message.payload.windows(text.len()).any(|window| window == text.as_bytes())
}

fn now() -> String {
    chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

async fn connect(port: u16, id: &str, filters: &[&str]) -> (AsyncClient, mpsc::UnboundedReceiver<Publish>) {
    let mut options = MqttOptions::new(id, "127.0.0.1", port);
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    options.set_network_options(network).set_keep_alive(Duration::from_secs(30));
    let (client, mut events) = AsyncClient::new(options, 1_000);
    for filter in filters {
        client.subscribe(*filter, QoS::AtLeastOnce).await.expect("subscribed");
    }
    let (tell, told) = mpsc::unbounded_channel();
    let (subscribed, ready) = tokio::sync::oneshot::channel();
    let wanted = filters.len();
    tokio::spawn(async move {
        let (mut subscribed, mut acknowledged) = (Some(subscribed), 0);
        while let Ok(event) = events.poll().await {
            if let Event::Incoming(Packet::SubAck(_)) = &event {
                acknowledged += 1;
                if acknowledged == wanted
                    && let Some(subscribed) = subscribed.take()
                {
                    subscribed.send(()).ok();
                }
            }
            if let Event::Incoming(Packet::Publish(publish)) = event
                && tell.send(publish).is_err()
            {
                return;
            }
        }
    });
    ready.await.expect("the broker answers");
    (client, told)
}

fn start_controller(dir: &Path, port: u16, http: u16, risk: Risk) -> Child {
    let config = dir.join("lane.toml");
    let data = dir.join("data");
    let (risk, require) = match risk {
        Risk::Local => ("mode = \"local\"", ""),
        Risk::ClearedAhead => ("mode = \"rms\"\nrequest_timeout = \"5s\"", "\"notification\""),
    };
    let text = format!(
        r#"
[site]
id = "bench"
[mqtt]
url = "mqtt://127.0.0.1:{port}"
[data]
directory = "{}"
[http]
listen = "127.0.0.1:{http}"
[risk]
{risk}
[policy]
require = [{require}]
[[lane]]
id = "in-01"
direction = "entry"
evidence = ["tractor_plate", "weight"]
[[lane.camera]]
name = "front"
view = "front"
[[lane.loop]]
name = "approach"
[[lane.loop]]
name = "exit"
[lane.scale]
name = "bridge"
driver = "mqtt"
[[lane.barrier]]
name = "exit"
driver = "mqtt"
"#,
        data.display()
    );
    std::fs::write(&config, text).expect("written");
    Command::new(env!("CARGO_BIN_EXE_lane-controller"))
        .args(["run", "--config"])
        .arg(&config)
        .env("LANE_CONTROLLER_LOG", "warn")
        .spawn()
        .expect("the controller starts")
}
