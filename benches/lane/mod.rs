//! Lanes that are driven over MQTT and timed: what the benches of the whole program share.
//!
//! Vehicles follow each other faster than any drive, so they take turns at several lanes: more than ten in ten seconds on
//! one loop is a loop that chatters.

use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rumqttc::NetworkOptions;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Packet, Publish};
use rumqttc::v5::{AsyncClient, Event, MqttOptions};
use tokio::sync::mpsc;

const PATIENCE: Duration = Duration::from_secs(10);

/// A child that ends with the bench.
pub(crate) struct Stop(pub(crate) Child);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// What a bench of the lane subscribes to, beside its own topics.
pub(crate) const FILTERS: [&str; 2] = ["bcp/bench/lane/+/barrier/+/command", "bcp/bench/lane/+/state"];

/// The devices of lanes.
pub(crate) struct Bench {
    lanes: Vec<String>,
    /// The lane whose turn it is.
    lane: String,
    device: AsyncClient,
    inbox: mpsc::UnboundedReceiver<Publish>,
    plates: u32,
}

impl Bench {
    /// The devices of the lanes of these ids.
    pub(crate) fn new(ids: &[String], device: AsyncClient, inbox: mpsc::UnboundedReceiver<Publish>) -> Self {
        let lanes: Vec<_> = ids.iter().map(|id| format!("bcp/bench/lane/{id}")).collect();
        Self { lane: lanes[0].clone(), lanes, device, inbox, plates: 0 }
    }

    /// Publishes.
    pub(crate) async fn send(&self, topic: &str, payload: String, retain: bool) {
        self.device.publish(topic, QoS::AtLeastOnce, retain, payload).await.expect("published");
    }

    async fn state(&self, rest: &str, fields: &str) {
        self.send(&format!("{}/{rest}", self.lane), format!("{{{fields},\"at\":\"{}\"}}", now()), true).await;
    }

    async fn weigh(&self, kg: u32) {
        let fields = format!("{{\"gross_kg\":{kg},\"stability\":\"stable\",\"at\":\"{}\"}}", now());
        self.send(&format!("{}/weight/bridge", self.lane), fields, false).await;
    }

    /// Waits for a message.
    pub(crate) async fn expect(&mut self, mut wanted: impl FnMut(&Publish) -> bool) {
        let found = async {
            while let Some(message) = self.inbox.recv().await {
                if wanted(&message) {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, found).await.expect("the lane answers in time");
    }

    /// The same of this lane's own messages.
    async fn expect_here(&mut self, wanted: impl Fn(&Publish) -> bool) {
        let own = format!("{}/", self.lane);
        self.expect(|message| message.topic.starts_with(own.as_bytes()) && wanted(message)).await;
    }

    async fn expect_phase(&mut self, phase: &str) {
        let wanted = format!("\"phase\":\"{phase}\"");
        self.expect_here(|message| is_at(message, "/state") && contains(message, &wanted)).await;
    }

    /// Waits for the controller, then says what devices say when they start.
    pub(crate) async fn lanes_are_ready(&mut self) {
        let mut missing = self.lanes.clone();
        while !missing.is_empty() {
            let mut ready = None;
            self.expect(|message| {
                let is_vacant = contains(message, "\"phase\":\"vacant\"");
                ready = missing.iter().position(|lane| is_vacant && is_at(message, &format!("{lane}/state")));
                ready.is_some()
            })
            .await;
            missing.swap_remove(ready.expect("a lane"));
        }
        for lane in self.lanes.clone() {
            self.lane = lane;
            self.state("loop/approach", "\"occupied\":false").await;
            self.state("loop/exit", "\"occupied\":false").await;
            self.state("barrier/exit/state", "\"position\":\"closed\",\"mode\":\"remote\"").await;
        }
    }

    /// One vehicle, at the lane whose turn it is; the time from its weight to its open command.
    pub(crate) async fn passage(&mut self) -> Duration {
        let turn = usize::try_from(self.plates).unwrap_or(0) % self.lanes.len();
        self.lane.clone_from(&self.lanes[turn]);
        let plate = plate(self.plates);
        self.plates += 1;
        self.state("loop/approach", "\"occupied\":true").await;
        let read = format!(
            "{{\"read_id\":\"{}\",\"at\":\"{}\",\"plate\":\"{plate}\",\"confidence\":0.9,\"view\":\"front\"}}",
            self.plates,
            now()
        );
        self.send(&format!("{}/plate/front", self.lane), read, false).await;
        self.expect_here(|message| is_at(message, "/state") && contains(message, "\"tractor\"")).await;
        let began = Instant::now();
        self.weigh(27_400).await;
        self.expect_here(|message| is_at(message, "/command") && contains(message, "\"open\"")).await;
        let took = began.elapsed();
        self.state("barrier/exit/state", "\"position\":\"open\",\"mode\":\"remote\"").await;
        self.state("loop/exit", "\"occupied\":true").await;
        self.state("loop/approach", "\"occupied\":false").await;
        self.weigh(0).await;
        self.state("loop/exit", "\"occupied\":false").await;
        self.expect_here(|message| is_at(message, "/command") && contains(message, "\"close\"")).await;
        self.state("barrier/exit/state", "\"position\":\"closed\",\"mode\":\"remote\"").await;
        self.expect_phase("vacant").await;
        took
    }
}

/// The plate of the vehicle with that number, from 0.
pub(crate) fn plate(number: u32) -> String {
    // Far from each other, so that none is a misread of another.
    let letter = |place: u32| char::from_u32(u32::from(b'A') + number / place % 8).expect("a letter");
    format!("{:03}{}{}{}02", number * 37 % 1000, letter(1), letter(8), letter(64))
}

/// Whether the topic ends so.
pub(crate) fn is_at(message: &Publish, end: &str) -> bool {
    message.topic.ends_with(end.as_bytes())
}

/// Whether the payload has that text.
pub(crate) fn contains(message: &Publish, text: &str) -> bool {
    message.payload.windows(text.len()).any(|window| window == text.as_bytes())
}

/// This moment, as messages have it.
pub(crate) fn now() -> String {
    chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

/// A connected client that has subscribed.
pub(crate) async fn connect(port: u16, id: &str, filters: &[&str]) -> (AsyncClient, mpsc::UnboundedReceiver<Publish>) {
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

/// Neither papers nor an RMS.
pub(crate) const ALONE: &str = "[risk]\nmode = \"local\"\n[policy]\nrequire = []\n";

/// The controller with these tables of risk and policy, and these lanes.
pub(crate) fn start_controller(dir: &Path, mqtt: u16, http: u16, rules: &str, lanes: &str) -> Child {
    let config = dir.join("lane.toml");
    let data = dir.join("data");
    let text = format!(
        r#"
[site]
id = "bench"
[mqtt]
url = "mqtt://127.0.0.1:{mqtt}"
[data]
reserve_percent = 1
ballast_mib = 0
directory = "{}"
[http]
listen = "127.0.0.1:{http}"
{rules}{lanes}"#,
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

/// The ids of so many lanes, from that number on.
pub(crate) fn ids(first: usize, count: usize) -> Vec<String> {
    (first..first + count).map(|number| format!("in-{number:02}")).collect()
}

/// Lanes whose devices speak MQTT.
pub(crate) fn lanes(ids: &[String]) -> String {
    ids.iter().map(|id| lane(id)).collect()
}

/// A lane whose devices speak MQTT.
pub(crate) fn lane(id: &str) -> String {
    format!(
        r#"
[[lane]]
id = "{id}"
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
"#
    )
}
