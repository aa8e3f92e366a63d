//! Documents to a running controller, through its broker: published as any trader's, their receipts awaited.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use rumqttc::NetworkOptions;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Packet, PubAckReason, Publish, SubscribeReasonCode};
use rumqttc::v5::{AsyncClient, Event, EventLoop, MqttOptions};
use tokio::time::Instant;
use uuid::Uuid;

use super::Trouble;
use super::import::Ready;
use crate::config::parse_duration;
use crate::device::mqtt::broker_address;
use crate::model::registry::RegisterKind;
use crate::model::{Receipt, SiteId};
use crate::wire::bounds::DOCUMENT_MAX_BYTES;
use crate::wire::topic;

/// Publishes without acknowledgement.
const IN_FLIGHT_MAX: u16 = 64;
/// Requests that may wait for the event loop: a chunk of documents and some of our own.
const REQUESTS_MAX: usize = 512;
/// A document and its header.
const PACKET_MAX_BYTES: usize = DOCUMENT_MAX_BYTES + 16 * 1024;

/// How to reach a running controller.
#[derive(Debug, Args)]
pub struct ThroughBroker {
    /// Hand the documents to a running controller through this broker: mqtt://host[:port].
    #[arg(long, value_name = "URL", requires = "site")]
    mqtt: Option<String>,
    /// The site whose controller takes them.
    #[arg(long, requires = "mqtt", value_parser = site)]
    site: Option<SiteId>,
    /// User name at the broker.
    #[arg(long, requires = "mqtt")]
    username: Option<String>,
    /// A file with its password.
    #[arg(long, requires = "username")]
    password_file: Option<PathBuf>,
    /// How long to wait for the next receipt.
    #[arg(long, requires = "mqtt", default_value = "30s", value_parser = wait)]
    wait: Duration,
}

fn site(name: &str) -> Result<SiteId, String> {
    SiteId::new(name).map_err(|error| error.to_string())
}

fn wait(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "a duration like 30s is expected".to_owned())
}

/// A connection that publishes documents.
pub(super) struct Publisher {
    runtime: tokio::runtime::Runtime,
    client: AsyncClient,
    events: EventLoop,
    site: SiteId,
    url: String,
    wait: Duration,
}

/// By what a receipt is known as a document's.
type Key = (RegisterKind, String, u64);

impl Publisher {
    /// Connects and subscribes to the receipts; `None` when no broker was asked for.
    pub(super) fn connect(how: &ThroughBroker) -> Result<Option<Self>, Trouble> {
        let (Some(url), Some(site)) = (&how.mqtt, &how.site) else { return Ok(None) };
        let (host, port) = broker_address(url)?;
        let mut options = MqttOptions::new(format!("lane-controller-import-{}", Uuid::new_v4().simple()), host, port);
        let mut network = NetworkOptions::new();
        network.set_tcp_nodelay(true);
        options
            .set_network_options(network)
            .set_clean_start(true)
            .set_max_packet_size(u32::try_from(PACKET_MAX_BYTES).ok())
            .set_outgoing_inflight_upper_limit(IN_FLIGHT_MAX);
        if let Some(username) = &how.username {
            let password = match &how.password_file {
                Some(path) => std::fs::read_to_string(path)
                    .map_err(|error| Trouble::Password { path: path.clone(), why: error.to_string() })?,
                None => String::new(),
            };
            options.set_credentials(username, password.trim_end_matches(['\r', '\n']));
        }
        let (client, events) = AsyncClient::new(options, REQUESTS_MAX);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut publisher = Self { runtime, client, events, site: site.clone(), url: url.clone(), wait: how.wait };
        publisher.subscribe()?;
        Ok(Some(publisher))
    }

    fn subscribe(&mut self) -> Result<(), Trouble> {
        let topic = topic::receipt(&self.site);
        self.client.try_subscribe(&topic, QoS::AtLeastOnce).map_err(|error| self.fail(error))?;
        let until = Instant::now() + self.wait;
        loop {
            let Some(packet) = self.next(until)? else {
                return Err(self.fail("it does not answer the subscription"));
            };
            if let Packet::SubAck(answer) = packet {
                let taken = matches!(answer.return_codes.first(), Some(SubscribeReasonCode::Success(_)));
                return if taken { Ok(()) } else { Err(self.fail(format!("{topic} may not be read by this user"))) };
            }
        }
    }

    /// Publishes documents and awaits their receipts: those that came, in the order of the documents, and what kept
    /// the others away.
    pub(super) fn submit(&mut self, documents: &[Ready]) -> (Vec<Receipt>, Result<(), Trouble>) {
        let mut receipts = BTreeMap::new();
        let done = self.exchange(documents, &mut receipts);
        (receipts.into_values().collect(), done)
    }

    fn exchange(&mut self, documents: &[Ready], receipts: &mut BTreeMap<usize, Receipt>) -> Result<(), Trouble> {
        let mut awaited: BTreeMap<Key, VecDeque<usize>> = BTreeMap::new();
        for (index, document) in documents.iter().enumerate() {
            let topic = topic::registry(&self.site, document.kind);
            let key = (document.kind, document.number.clone(), document.revision);
            awaited.entry(key).or_default().push_back(index);
            self.client
                .try_publish(topic, QoS::AtLeastOnce, false, document.json.clone())
                .map_err(|error| self.fail(error))?;
        }
        let mut until = Instant::now() + self.wait;
        while receipts.len() < documents.len() {
            let Some(packet) = self.next(until)? else {
                return Err(Trouble::NoReceipt { missing: documents.len() - receipts.len(), wait: self.wait });
            };
            let ours = match packet {
                Packet::PubAck(ack) => self.acknowledged(ack.reason).map(|()| true)?,
                Packet::Publish(publish) => {
                    let answered = answered(&publish, &mut awaited);
                    answered.map(|(index, receipt)| receipts.insert(index, receipt)).is_some()
                }
                Packet::Connect(..)
                | Packet::ConnAck(_)
                | Packet::PubRec(_)
                | Packet::PubRel(_)
                | Packet::PubComp(_)
                | Packet::Subscribe(_)
                | Packet::SubAck(_)
                | Packet::Unsubscribe(_)
                | Packet::UnsubAck(_)
                | Packet::PingReq(_)
                | Packet::PingResp(_)
                | Packet::Disconnect(_)
                | Packet::Auth(_) => false,
            };
            if ours {
                until = Instant::now() + self.wait;
            }
        }
        Ok(())
    }

    fn acknowledged(&self, reason: PubAckReason) -> Result<(), Trouble> {
        match reason {
            PubAckReason::Success => Ok(()),
            PubAckReason::NoMatchingSubscribers => Err(Trouble::NobodyListens(format!("bcp/{}/registry/…", self.site))),
            PubAckReason::UnspecifiedError
            | PubAckReason::ImplementationSpecificError
            | PubAckReason::NotAuthorized
            | PubAckReason::TopicNameInvalid
            | PubAckReason::PacketIdentifierInUse
            | PubAckReason::QuotaExceeded
            | PubAckReason::PayloadFormatInvalid => Err(self.fail(format!("a document was refused: {reason:?}"))),
        }
    }

    /// The next packet; `None` when none came in time.
    fn next(&mut self, until: Instant) -> Result<Option<Packet>, Trouble> {
        let events = &mut self.events;
        let polled = self.runtime.block_on(async {
            loop {
                match tokio::time::timeout_at(until, events.poll()).await {
                    Ok(Ok(Event::Incoming(packet))) => return Ok(Some(packet)),
                    Ok(Ok(Event::Outgoing(_))) => {}
                    Ok(Err(error)) => return Err(error.to_string()),
                    Err(_) => return Ok(None),
                }
            }
        });
        polled.map_err(|why| Trouble::Broker { url: self.url.clone(), why })
    }

    fn fail(&self, why: impl std::fmt::Display) -> Trouble {
        Trouble::Broker { url: self.url.clone(), why: why.to_string() }
    }

    /// Takes leave of the broker.
    pub(super) fn close(mut self) {
        if self.client.try_disconnect().is_ok() {
            // The broker closes its side; whatever else it says, all receipts are here.
            while let Ok(Some(_)) = self.next(Instant::now() + Duration::from_secs(1)) {}
        }
    }
}

/// Which of our documents a receipt answers. Others' receipts come on the same topic.
fn answered(publish: &Publish, awaited: &mut BTreeMap<Key, VecDeque<usize>>) -> Option<(usize, Receipt)> {
    let receipt: Receipt = serde_json::from_slice(&publish.payload).ok()?;
    let key = (receipt.kind, receipt.number.clone()?, receipt.revision?);
    let index = awaited.get_mut(&key)?.pop_front()?;
    Some((index, receipt))
}
