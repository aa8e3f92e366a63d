//! The devices of a lane: they speak to the broker beside the proxy, and say their states again when it comes back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Filter, Packet, Publish};
use rumqttc::v5::{AsyncClient, Event, EventLoop, MqttOptions};
use rumqttc::{NetworkOptions, Outgoing};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use super::controller::SITE;

type States = Arc<Mutex<BTreeMap<String, String>>>;

pub(crate) struct Field {
    pub(crate) lane: String,
    client: AsyncClient,
    states: States,
    reads: u32,
    session: String,
    /// The last number of each topic.
    sequences: Mutex<BTreeMap<String, u64>>,
}

impl Field {
    /// Connected, subscribed to what concerns the lane; loops free, arm closed.
    pub(crate) async fn put_up(port: u16, lane: &str) -> (Self, UnboundedReceiver<Publish>) {
        let mut options = MqttOptions::new(format!("devices-{lane}"), "127.0.0.1", port);
        let mut network = NetworkOptions::new();
        network.set_tcp_nodelay(true);
        options.set_network_options(network).set_clean_start(true).set_session_expiry_interval(Some(0));
        let (client, events) = AsyncClient::new(options, 10_000);
        let filters = ["barrier/exit/command", "state"].map(|rest| format!("bcp/{SITE}/lane/{lane}/{rest}"));
        let (tell, inbox) = unbounded_channel();
        let (subscribed, ready) = oneshot::channel();
        let states = States::default();
        tokio::spawn(poll(events, client.clone(), filters.to_vec(), Arc::clone(&states), tell, subscribed));
        ready.await.expect("the broker answers");
        let (session, sequences) = (uuid::Uuid::new_v4().to_string(), Mutex::default());
        let field = Self { lane: lane.to_owned(), client, states, reads: 0, session, sequences };
        field.over_loop("approach", false).await;
        field.over_loop("exit", false).await;
        field.arm("closed", None).await;
        (field, inbox)
    }

    fn topic(&self, rest: &str) -> String {
        format!("bcp/{SITE}/lane/{}/{rest}", self.lane)
    }

    pub(crate) async fn state(&self, rest: &str, payload: &Value) {
        let (topic, payload) = (self.topic(rest), self.stamped(rest, payload));
        self.states.lock().unwrap_or_else(PoisonError::into_inner).insert(topic.clone(), payload.clone());
        self.client.publish(topic, QoS::AtLeastOnce, true, payload).await.expect("queued");
    }

    pub(crate) async fn say(&self, rest: &str, payload: &Value) {
        let payload = self.stamped(rest, payload);
        self.client.publish(self.topic(rest), QoS::AtLeastOnce, false, payload).await.expect("queued");
    }

    /// As the contract recommends: what a broker delivers again after a cut is known by its stamp. Without one a loop's
    /// last two states, told again, are another vehicle.
    fn stamped(&self, rest: &str, payload: &Value) -> String {
        let mut payload = payload.clone();
        if payload.get("sequence").is_none() {
            let mut sequences = self.sequences.lock().unwrap_or_else(PoisonError::into_inner);
            let sequence = sequences.entry(rest.to_owned()).or_default();
            *sequence += 1;
            payload["session"] = json!(self.session);
            payload["sequence"] = json!(sequence);
        }
        payload.to_string()
    }

    /// What is no JSON, or what may be lost.
    pub(crate) async fn say_raw(&self, rest: &str, payload: Vec<u8>, qos: QoS) {
        self.client.publish(self.topic(rest), qos, false, payload).await.expect("queued");
    }

    pub(crate) async fn over_loop(&self, name: &str, occupied: bool) {
        self.state(&format!("loop/{name}"), &json!({ "occupied": occupied, "at": now() })).await;
    }

    pub(crate) async fn arm(&self, position: &str, command_id: Option<uuid::Uuid>) {
        let state = json!({ "position": position, "mode": "remote", "command_id": command_id, "at": now() });
        self.state("barrier/exit/state", &state).await;
    }

    pub(crate) async fn read_plate(&mut self, plate: &str) {
        self.reads += 1;
        let read = json!({
            "read_id": format!("{}-{}", self.lane, self.reads), "at": now(), "plate": plate, "confidence": 0.95,
            "view": "front",
        });
        self.say("plate/front", &read).await;
    }

    pub(crate) async fn weigh(&self, kg: u32) {
        self.say("weight/bridge", &json!({ "gross_kg": kg, "stability": "stable", "at": now() })).await;
    }
}

pub(crate) fn now() -> String {
    chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

async fn poll(
    mut events: EventLoop,
    client: AsyncClient,
    filters: Vec<String>,
    states: States,
    tell: UnboundedSender<Publish>,
    subscribed: oneshot::Sender<()>,
) {
    let mut subscribed = Some(subscribed);
    loop {
        match events.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                let filters = filters.iter().map(|filter| Filter::new(filter.clone(), QoS::AtLeastOnce));
                client.try_subscribe_many(filters).expect("queued");
                for (topic, payload) in states.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                    client.try_publish(topic.clone(), QoS::AtLeastOnce, true, payload.clone()).expect("queued");
                }
            }
            Ok(Event::Incoming(Packet::SubAck(_))) => drop(subscribed.take().map(|ready| ready.send(()))),
            Ok(Event::Incoming(Packet::Publish(publish))) => {
                if tell.send(publish).is_err() {
                    return;
                }
            }
            Ok(Event::Outgoing(Outgoing::Disconnect)) => return,
            Ok(Event::Incoming(_) | Event::Outgoing(_)) => {}
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}
