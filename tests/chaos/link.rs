//! The program's own link behind the proxy, and a witness at the broker.

use std::time::Duration;

use lane_controller::device::mqtt::{InboundMessage, LinkEvent, LinkHandle, LinkSettings, Will, start};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Packet;
use rumqttc::v5::{AsyncClient, Event, MqttOptions};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::{Bus, PATIENCE, QUIET};

pub(crate) const BIRTH: &str = "born";

pub(crate) struct Link {
    pub(crate) handle: LinkHandle,
    events: UnboundedReceiver<LinkEvent>,
}

impl Link {
    /// It is up when this returns.
    pub(crate) async fn start(bus: &Bus) -> Self {
        let mut link = Self::begin(bus);
        link.up().await;
        link
    }

    pub(crate) fn begin(bus: &Bus) -> Self {
        let settings = LinkSettings {
            url: format!("mqtt://127.0.0.1:{}", bus.proxy.address().port()),
            client_id: "c".to_owned(),
            username: None,
            password: None,
            will: Will { topic: "will/c".to_owned(), payload: b"gone".to_vec() },
            birth: BIRTH.into(),
            subscriptions: vec!["canary".to_owned(), "in/#".to_owned()],
            watched: vec!["only-we/#".to_owned()],
            canary: "canary".to_owned(),
            session_expiry: Duration::from_secs(600),
        };
        let (tell, events) = unbounded_channel();
        let handler = Box::new(move |event| drop(tell.send(event)));
        let (handle, _task) = start(settings, handler).expect("an address");
        Self { handle, events }
    }

    /// The next event that is wanted.
    pub(crate) async fn event<T>(&mut self, what: &str, wanted: impl Fn(LinkEvent) -> Option<T>) -> T {
        let found = async {
            while let Some(event) = self.events.recv().await {
                if let Some(found) = wanted(event) {
                    return Some(found);
                }
            }
            None
        };
        let found = tokio::time::timeout(PATIENCE, found).await;
        found.unwrap_or_else(|_| panic!("waited in vain for {what}")).expect("the link runs")
    }

    pub(crate) async fn up(&mut self) {
        self.event("a connection", |event| matches!(event, LinkEvent::Up { .. }).then_some(())).await;
    }

    /// It is down, for whatever reason.
    pub(crate) async fn down(&mut self) {
        let is_down = |event| {
            let down = matches!(event, LinkEvent::Down { .. } | LinkEvent::Stalled | LinkEvent::TakenOver { .. });
            down.then_some(())
        };
        self.event("the end of a connection", is_down).await;
    }

    pub(crate) async fn message(&mut self) -> InboundMessage {
        let message = |event| match event {
            LinkEvent::Message(message) => Some(message),
            LinkEvent::Up { .. }
            | LinkEvent::Down { .. }
            | LinkEvent::Stalled
            | LinkEvent::SubscriptionRefused { .. }
            | LinkEvent::PublishRefused { .. }
            | LinkEvent::TakenOver { .. } => None,
        };
        self.event("a message", message).await
    }

    /// Nothing is reported for a while.
    pub(crate) async fn nothing(&mut self) {
        let event = tokio::time::timeout(QUIET, self.events.recv()).await;
        assert!(event.is_err(), "{event:?}");
    }
}

/// A subscriber that is not ours, beside the proxy.
pub(crate) struct Witness {
    lines: UnboundedReceiver<String>,
}

impl Witness {
    /// It is subscribed when this returns.
    pub(crate) async fn of(bus: &Bus, filter: &str) -> Self {
        let id = format!("witness-{}", uuid::Uuid::new_v4());
        let mut options = MqttOptions::new(id, "127.0.0.1", bus.port);
        options.set_max_packet_size(Some(1024 * 1024));
        let (client, mut events) = AsyncClient::new(options, 10);
        client.subscribe(filter, QoS::AtLeastOnce).await.expect("asked");
        let (tell, lines) = unbounded_channel();
        let (subscribed, ready) = tokio::sync::oneshot::channel();
        tokio::spawn(async move {
            let (mut subscribed, _client) = (Some(subscribed), client);
            while let Ok(event) = events.poll().await {
                match event {
                    Event::Incoming(Packet::SubAck(_)) => drop(subscribed.take().map(|ready| ready.send(()))),
                    Event::Incoming(Packet::Publish(publish)) => {
                        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                        if tell.send(format!("{} {}", text(&publish.topic), text(&publish.payload))).is_err() {
                            return;
                        }
                    }
                    Event::Incoming(_) | Event::Outgoing(_) => {}
                }
            }
        });
        ready.await.expect("the broker answers");
        Self { lines }
    }

    pub(crate) async fn line(&mut self) -> String {
        tokio::time::timeout(PATIENCE, self.lines.recv()).await.expect("in time").expect("the broker lives")
    }

    /// Lines up to the one that is the last.
    pub(crate) async fn until(&mut self, last: &str) -> Vec<String> {
        let mut lines = Vec::new();
        while lines.last().is_none_or(|line| line != last) {
            lines.push(self.line().await);
        }
        lines
    }
}
