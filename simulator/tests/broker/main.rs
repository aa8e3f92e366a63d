//! What the embedded broker must do for the demo: each property that the contract builds on, over real sockets.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hdrhistogram::Histogram;
use lane_simulator::broker::Broker;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{LastWill, Publish, PublishProperties};
use rumqttc::v5::{AsyncClient, Event, Incoming, MqttOptions};
use tokio::sync::mpsc;

/// Nothing on loopback takes longer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Long enough for a wrong delivery to arrive.
const QUIET: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread")]
async fn a_retained_state_reaches_who_subscribes_later_and_is_marked_retained() {
    let broker = Broker::start().await.expect("a broker");
    let device = Client::connect(options(&broker, "device")).await;
    device.publish("bcp/demo/lane/in-01/loop/exit", true, "1", None).await;
    device.publish("bcp/demo/lane/in-02/loop/exit", true, "2", None).await;

    let mut late = Client::connect(options(&broker, "late")).await;
    late.subscribe("bcp/demo/lane/+/loop/+").await;
    let mut payloads = [late.next().await, late.next().await];
    payloads.sort_by(|a, b| a.payload.cmp(&b.payload));
    assert_eq!(
        payloads.iter().map(|p| (p.payload.as_ref(), p.retain)).collect::<Vec<_>>(),
        [(b"1".as_slice(), true), (b"2".as_slice(), true)]
    );

    device.publish("bcp/demo/lane/in-01/loop/exit", true, "3", None).await;
    let live = late.next().await;
    assert_eq!((live.payload.as_ref(), live.retain), (b"3".as_slice(), false), "a live one is not marked");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_retained_payload_clears_the_state() {
    let broker = Broker::start().await.expect("a broker");
    let device = Client::connect(options(&broker, "device")).await;
    device.publish("bcp/demo/x", true, "1", None).await;
    device.publish("bcp/demo/x", true, "", None).await;
    let mut late = Client::connect(options(&broker, "late")).await;
    late.subscribe("bcp/demo/x").await;
    late.nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_will_of_a_device_that_vanishes_is_published_and_retained() {
    let broker = Broker::start().await.expect("a broker");
    let mut world = Client::connect(options(&broker, "world")).await;
    world.subscribe("bcp/demo/health").await;
    let mut dying = options(&broker, "device");
    dying.set_last_will(LastWill::new("bcp/demo/health", "dead", QoS::AtLeastOnce, true, None));
    let device = Client::connect(dying).await;
    device.vanish();
    assert_eq!(world.next().await.payload.as_ref(), b"dead");

    let mut late = Client::connect(options(&broker, "late")).await;
    late.subscribe("bcp/demo/health").await;
    let kept = late.next().await;
    assert_eq!((kept.payload.as_ref(), kept.retain), (b"dead".as_slice(), true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_says_goodbye_leaves_no_last_will() {
    let broker = Broker::start().await.expect("a broker");
    let mut world = Client::connect(options(&broker, "world")).await;
    world.subscribe("bcp/demo/health").await;
    let mut polite = options(&broker, "device");
    polite.set_last_will(LastWill::new("bcp/demo/health", "dead", QoS::AtLeastOnce, true, None));
    let device = Client::connect(polite).await;
    device.client.disconnect().await.expect("queued");
    world.nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retained_message_is_gone_after_its_own_expiry_and_only_then() {
    let broker = Broker::start().await.expect("a broker");
    let device = Client::connect(options(&broker, "device")).await;
    device.publish("bcp/demo/short", true, "1", Some(expires_in(1))).await;
    device.publish("bcp/demo/long", true, "1", None).await;
    let mut early = Client::connect(options(&broker, "early")).await;
    early.subscribe("bcp/demo/short").await;
    assert_eq!(early.next().await.payload.as_ref(), b"1");

    tokio::time::sleep(Duration::from_millis(1300)).await;
    let mut late = Client::connect(options(&broker, "late")).await;
    late.subscribe("bcp/demo/#").await;
    assert_eq!(late.next().await.topic.as_ref(), b"bcp/demo/long");
    late.nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_session_gets_what_it_missed_but_no_expired_command() {
    let broker = Broker::start().await.expect("a broker");
    let kept = || {
        let mut kept = options(&broker, "controller");
        kept.set_clean_start(false).set_session_expiry_interval(Some(3600));
        kept
    };
    let first = Client::connect(kept()).await;
    first.subscribe("bcp/demo/#").await;
    first.vanish();
    tokio::time::sleep(QUIET).await;
    let device = Client::connect(options(&broker, "device")).await;
    device.publish("bcp/demo/command", false, "open", Some(expires_in(1))).await;
    device.publish("bcp/demo/read", false, "plate", None).await;

    tokio::time::sleep(Duration::from_millis(1300)).await;
    let mut again = Client::connect(kept()).await;
    assert!(again.session_present, "the session was kept");
    assert_eq!(again.next().await.payload.as_ref(), b"plate");
    again.nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_expires_at_once_misses_what_came_while_it_was_away() {
    let broker = Broker::start().await.expect("a broker");
    let barrier = Client::connect(options(&broker, "barrier")).await;
    barrier.subscribe("bcp/demo/command").await;
    barrier.vanish();
    tokio::time::sleep(QUIET).await;
    let controller = Client::connect(options(&broker, "controller")).await;
    controller.publish("bcp/demo/command", false, "open", None).await;
    let mut again = Client::connect(options(&broker, "barrier")).await;
    again.subscribe("bcp/demo/command").await;
    again.nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_response_topic_and_correlation_data_arrive_as_sent() {
    let broker = Broker::start().await.expect("a broker");
    let mut rms = Client::connect(options(&broker, "rms")).await;
    rms.subscribe("rms/demo/request").await;
    let controller = Client::connect(options(&broker, "controller")).await;
    let asked = PublishProperties {
        response_topic: Some("bcp/demo/risk/response".into()),
        correlation_data: Some(Bytes::from_static(&[0, 1, 0xff])),
        message_expiry_interval: Some(60),
        ..PublishProperties::default()
    };
    controller.publish("rms/demo/request", false, "{}", Some(asked)).await;
    let properties = rms.next().await.properties.expect("properties");
    assert_eq!(properties.response_topic.as_deref(), Some("bcp/demo/risk/response"));
    assert_eq!(properties.correlation_data.as_deref(), Some([0, 1, 0xff].as_slice()));
    assert!(properties.message_expiry_interval.is_some_and(|left| (58..=60).contains(&left)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_document_of_one_mebibyte_passes() {
    let broker = Broker::start().await.expect("a broker");
    let mut registry = Client::connect(options(&broker, "registry")).await;
    registry.subscribe("bcp/demo/registry/declaration").await;
    let trader = Client::connect(options(&broker, "trader")).await;
    trader.publish("bcp/demo/registry/declaration", false, &"x".repeat(1024 * 1024), None).await;
    assert_eq!(registry.next().await.payload.len(), 1024 * 1024);
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_of_mqtt_3_1_1_take_part() {
    if !Command::new("mosquitto_pub").arg("--help").stdout(Stdio::null()).status().is_ok_and(|s| s.code() <= Some(1)) {
        eprintln!("mosquitto_pub is not installed: not tried");
        return;
    }
    let broker = Broker::start().await.expect("a broker");
    let port = broker.port().to_string();
    let mut world = Client::connect(options(&broker, "world")).await;
    world.subscribe("bcp/demo/#").await;
    let old = ["-V", "mqttv311", "-h", "127.0.0.1", "-p", &port, "-q", "1", "-t", "bcp/demo/state"];
    let sent = Command::new("mosquitto_pub").args(old).args(["-r", "-m", "closed"]).status();
    assert!(sent.expect("mosquitto_pub runs").success());
    assert_eq!(world.next().await.payload.as_ref(), b"closed");

    let read = tokio::task::spawn_blocking(move || {
        let old = ["-V", "mqttv311", "-h", "127.0.0.1", "-p", &port, "-q", "1", "-t", "bcp/demo/+"];
        Command::new("mosquitto_sub").args(old).args(["-C", "1", "-W", "5"]).output()
    });
    let read = read.await.expect("joined").expect("mosquitto_sub runs");
    assert_eq!(String::from_utf8_lossy(&read.stdout).trim(), "closed");
}

/// Prints its figures (`--nocapture`); what it asserts is an order of magnitude above them, to catch a stall.
#[tokio::test(flavor = "multi_thread")]
async fn a_qos_1_echo_is_not_stalled_by_delayed_acknowledgements() {
    let broker = Broker::start().await.expect("a broker");
    let mut client = Client::connect(options(&broker, "echo")).await;
    client.subscribe("bcp/demo/echo").await;
    let mut micros = Histogram::<u64>::new(3).expect("a histogram");
    for round in 0..2_000_u32 {
        let start = Instant::now();
        client.publish("bcp/demo/echo", false, &round.to_string(), None).await;
        client.next().await;
        if round >= 200 {
            micros.record(u64::try_from(start.elapsed().as_micros()).expect("short")).expect("in range");
        }
    }
    let [p50, p99, max] = [micros.value_at_quantile(0.5), micros.value_at_quantile(0.99), micros.max()];
    println!("QoS 1 echo: p50 {p50} µs, p99 {p99} µs, max {max} µs");
    assert!(p50 < 20_000, "the median of {p50} µs is a stall: is nodelay set?");
}

fn options(broker: &Broker, id: &str) -> MqttOptions {
    let mut options = MqttOptions::new(id, "127.0.0.1", broker.port());
    options.set_clean_start(true).set_keep_alive(Duration::from_secs(5));
    options.set_max_packet_size(Some(2 * 1024 * 1024));
    let mut network = options.network_options();
    network.set_tcp_nodelay(true);
    options.set_network_options(network);
    options
}

fn expires_in(seconds: u32) -> PublishProperties {
    PublishProperties { message_expiry_interval: Some(seconds), ..PublishProperties::default() }
}

/// A client whose acknowledgements can be awaited.
struct Client {
    client: AsyncClient,
    session_present: bool,
    publishes: mpsc::UnboundedReceiver<Publish>,
    acknowledged: tokio::sync::Mutex<mpsc::UnboundedReceiver<()>>,
    poll: tokio::task::JoinHandle<()>,
}

impl Client {
    async fn connect(options: MqttOptions) -> Self {
        let (client, mut events) = AsyncClient::new(options, 64);
        let session_present = loop {
            match tokio::time::timeout(PATIENCE, events.poll()).await.expect("an answer").expect("connected") {
                Event::Incoming(Incoming::ConnAck(ack)) => break ack.session_present,
                Event::Incoming(_) | Event::Outgoing(_) => {}
            }
        };
        let (publish, publishes) = mpsc::unbounded_channel();
        let (acknowledge, acknowledged) = mpsc::unbounded_channel();
        let poll = tokio::spawn(async move {
            while let Ok(event) = events.poll().await {
                let gone = match event {
                    Event::Incoming(Incoming::Publish(p)) => publish.send(p).is_err(),
                    Event::Incoming(Incoming::PubAck(_) | Incoming::SubAck(_)) => acknowledge.send(()).is_err(),
                    Event::Incoming(_) | Event::Outgoing(_) => false,
                };
                if gone {
                    return;
                }
            }
        });
        Self { client, session_present, publishes, acknowledged: tokio::sync::Mutex::new(acknowledged), poll }
    }

    async fn acknowledged(&self) {
        let mut acknowledged = self.acknowledged.lock().await;
        tokio::time::timeout(PATIENCE, acknowledged.recv()).await.expect("in time").expect("acknowledged");
    }

    async fn subscribe(&self, filter: &str) {
        self.client.subscribe(filter, QoS::AtLeastOnce).await.expect("queued");
        self.acknowledged().await;
    }

    async fn publish(&self, topic: &str, retain: bool, payload: &str, properties: Option<PublishProperties>) {
        let (qos, payload) = (QoS::AtLeastOnce, payload.to_owned());
        match properties {
            Some(with) => self.client.publish_with_properties(topic, qos, retain, payload, with).await,
            None => self.client.publish(topic, qos, retain, payload).await,
        }
        .expect("queued");
        self.acknowledged().await;
    }

    async fn next(&mut self) -> Publish {
        tokio::time::timeout(PATIENCE, self.publishes.recv()).await.expect("in time").expect("a message")
    }

    /// Nothing more arrives within [`QUIET`].
    async fn nothing(&mut self) {
        let arrived = tokio::time::timeout(QUIET, self.publishes.recv()).await;
        assert!(arrived.is_err(), "unexpected: {arrived:?}");
    }

    /// The socket closes without a DISCONNECT.
    fn vanish(&self) {
        self.poll.abort();
    }
}
