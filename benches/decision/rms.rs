//! The RMS of the bench: it takes 2 s for an answer, and vehicles are notified long enough before.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rumqttc::v5::AsyncClient;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Publish, PublishProperties};

use super::lane::{connect, contains, now, plate};

const ANSWERS_AFTER: Duration = Duration::from_secs(2);
/// Longest wait for all answers.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the RMS was asked.
pub(super) struct Ahead {
    /// Questions of lanes.
    arrivals: Arc<AtomicUsize>,
}

/// Notifies so many vehicles; returns when the RMS has cleared them all.
pub(super) async fn clear(port: u16, http: u16, vehicles: usize) -> Ahead {
    let (rms, mut questions) = connect(port, "rms", &["rms/bench/request"]).await;
    let arrivals = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&arrivals);
    let trader = rms.clone();
    tokio::spawn(async move {
        while let Some(question) = questions.recv().await {
            if contains(&question, "\"kind\":\"arrival\"") {
                counted.fetch_add(1, Ordering::Relaxed);
            }
            tokio::spawn(answer(rms.clone(), question));
        }
    });
    for number in 0..u32::try_from(vehicles).expect("a few") {
        let topic = "bcp/bench/registry/notification";
        trader.publish(topic, QoS::AtLeastOnce, false, notification(number)).await.expect("published");
    }
    let end = Instant::now() + PATIENCE;
    while metric(http, "risk_requests_total{result=\"answered\"}") < vehicles {
        assert!(Instant::now() < end, "the RMS did not clear all");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ahead { arrivals }
}

impl Ahead {
    /// The figures mean nothing unless every decision was the one before arrival.
    pub(super) fn nobody_was_asked_at_the_lane(&self, http: u16, vehicles: usize) {
        assert_eq!(self.arrivals.load(Ordering::Relaxed), 0, "a lane asked the RMS");
        assert_eq!(metric(http, "risk_decisions_total{when=\"before_arrival\"}"), vehicles);
    }
}

async fn answer(rms: AsyncClient, question: Publish) {
    tokio::time::sleep(ANSWERS_AFTER).await;
    let asked = question.properties.expect("a question has a response topic");
    let id = asked.correlation_data.expect("a question has a correlation");
    let text = std::str::from_utf8(&id).expect("text");
    let word =
        format!("{{\"request_id\":\"{text}\",\"channel\":\"green\",\"measures\":[],\"profiles\":[],\"reason\":\"\"}}");
    let properties = PublishProperties { correlation_data: Some(id.clone()), ..PublishProperties::default() };
    let topic = asked.response_topic.expect("a response topic");
    rms.publish_with_properties(topic, QoS::AtLeastOnce, false, word, properties).await.expect("published");
}

fn notification(number: u32) -> String {
    let (plate, now) = (plate(number), now());
    format!(
        r#"{{"number":"PN-{number}","revision":1,"action":"upsert","submitted_at":"{now}","expected_at":"{now}",
        "valid_until":"2099-01-01T00:00:00.000Z","direction":"entry","carrier":{{"id":"240440000300","name":"Carrier",
        "country":"KZ"}},"vehicle":{{"tractor":{{"plate":"{plate}","country":"KZ"}},"trailers":[]}},"containers":[],
        "seals":[],"documents":[],"goods":[],"gross_kg":12000,"laden_kg":27400,"empty":false,"dangerous":[]}}"#
    )
}

/// A counter's value.
fn metric(http: u16, series: &str) -> usize {
    let mut stream = TcpStream::connect(("127.0.0.1", http)).expect("the API listens");
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: lane\r\nConnection: close\r\n\r\n").expect("sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("answered");
    let line = text.lines().find_map(|line| line.strip_prefix("lane_controller_")?.strip_prefix(series));
    line.and_then(|value| value.trim().parse().ok()).unwrap_or(0)
}
