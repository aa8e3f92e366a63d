//! How to reach the broker, and what it is told when we connect.

use std::time::Duration;

use rumqttc::NetworkOptions;
use rumqttc::v5::MqttOptions;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Filter, LastWill};

/// What the broker may send without acknowledgement.
const RECEIVE_MAXIMUM: u16 = 512;
/// Publishes without acknowledgement; far below the packet ids, so that none collides.
const IN_FLIGHT_MAX: u16 = 256;
/// Largest packet taken: a registry document and its header (contract: 1 MiB a document).
const PACKET_MAX_BYTES: u32 = 1024 * 1024 + 16 * 1024;
const KEEP_ALIVE: Duration = Duration::from_secs(5);
const CONNECT_WITHIN_S: u64 = 5;

/// The last will.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Will {
    /// Where to; retained.
    pub topic: String,
    /// What.
    pub payload: Vec<u8>,
}

/// How to reach the broker, and as whom.
#[derive(Debug, Clone)]
pub struct LinkSettings {
    /// `mqtt://host[:port]`.
    pub url: String,
    /// Fixed, so that the session persists.
    pub client_id: String,
    /// User name.
    pub username: Option<String>,
    /// Its password.
    pub password: Option<String>,
    /// Published by the broker when we die.
    pub will: Will,
    /// Said on the will's topic on every connection, and again when something else stands there.
    pub birth: Vec<u8>,
    /// Topic filters, subscribed on every connection.
    pub subscriptions: Vec<String>,
    /// Filters of topics on which nobody but us may speak; our own messages don't come back.
    pub watched: Vec<String>,
    /// Our own canary topic; one of the subscriptions.
    pub canary: String,
    /// How long the broker keeps our session.
    pub session_expiry: Duration,
}

/// Why a link can't be set up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The address.
    #[error("`{0}` is no broker address; mqtt://host[:port] is expected in [mqtt] url")]
    Address(String),
    /// TLS.
    #[error("{0}: TLS is ended by the local broker's field listener; use mqtt:// to it over loopback")]
    Tls(String),
}

impl LinkSettings {
    /// What is subscribed on every connection: what we need, our own last will, and what only we may say.
    pub(super) fn filters(&self) -> Vec<Filter> {
        let needed = self.subscriptions.iter().chain([&self.will.topic]);
        let needed = needed.map(|filter| Filter::new(filter.clone(), QoS::AtLeastOnce));
        let watched = self.watched.iter().map(|filter| {
            let filter = Filter::new(filter.clone(), QoS::AtLeastOnce);
            Filter { nolocal: true, preserve_retain: true, ..filter }
        });
        needed.chain(watched).collect()
    }
}

/// Host and port of `mqtt://host[:port]`.
///
/// # Errors
/// When it is no such address, or asks for TLS.
pub fn broker_address(url: &str) -> Result<(String, u16), LinkError> {
    let wrong = || LinkError::Address(url.to_owned());
    if url.starts_with("mqtts://") {
        return Err(LinkError::Tls(url.to_owned()));
    }
    let rest = url.strip_prefix("mqtt://").ok_or_else(wrong)?;
    let rest = rest.trim_end_matches('/');
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().map_err(|_| wrong())?),
        None => (rest, 1883),
    };
    if host.is_empty() || host.contains(['/', '@']) {
        return Err(wrong());
    }
    Ok((host.to_owned(), port))
}

/// The client's options.
pub(super) fn options(settings: &LinkSettings) -> Result<MqttOptions, LinkError> {
    let (host, port) = broker_address(&settings.url)?;
    let mut options = MqttOptions::new(&settings.client_id, host, port);
    let mut network = NetworkOptions::new();
    // Without it a QoS 1 round trip waits for the delayed acknowledgement of TCP: 44 ms.
    network.set_tcp_nodelay(true);
    let will = LastWill::new(&settings.will.topic, settings.will.payload.clone(), QoS::AtLeastOnce, true, None);
    let expiry = u32::try_from(settings.session_expiry.as_secs()).unwrap_or(u32::MAX);
    options
        .set_network_options(network)
        .set_keep_alive(KEEP_ALIVE)
        .set_connection_timeout(CONNECT_WITHIN_S)
        .set_clean_start(false)
        .set_session_expiry_interval(Some(expiry))
        .set_receive_maximum(Some(RECEIVE_MAXIMUM))
        .set_max_packet_size(Some(PACKET_MAX_BYTES))
        .set_outgoing_inflight_upper_limit(IN_FLIGHT_MAX)
        .set_pending_throttle(Duration::ZERO)
        .set_manual_acks(true)
        .set_last_will(will);
    if let Some(username) = &settings.username {
        options.set_credentials(username, settings.password.as_deref().unwrap_or_default());
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_or_refused_with_what_is_expected() {
        for (url, address) in [
            ("mqtt://127.0.0.1", Some(("127.0.0.1", 1883))),
            ("mqtt://broker:1884/", Some(("broker", 1884))),
            ("mqtt://", None),
            ("mqtt://user@broker", None),
            ("mqtt://broker:port", None),
            ("http://broker", None),
            ("mqtts://broker", None),
        ] {
            let settings = LinkSettings {
                url: url.to_owned(),
                client_id: "c".to_owned(),
                username: None,
                password: None,
                will: Will { topic: "w".to_owned(), payload: vec![] },
                birth: vec![],
                subscriptions: vec![],
                watched: vec![],
                canary: "canary".to_owned(),
                session_expiry: Duration::from_secs(60),
            };
            let found = options(&settings).ok().map(|options| options.broker_address());
            assert_eq!(found, address.map(|(host, port)| (host.to_owned(), port)), "{url}");
        }
    }
}
