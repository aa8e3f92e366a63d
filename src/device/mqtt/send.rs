//! From our messages to the client's requests, without waiting.

use bytes::Bytes;
use rumqttc::v5::AsyncClient;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::PublishProperties;

use super::outbox::{Outbox, Outgoing};

/// Hands a message to the client; gives it back when the client can't take it.
pub(super) fn send(client: &AsyncClient, outgoing: Outgoing) -> Result<(), Outgoing> {
    let properties = PublishProperties {
        message_expiry_interval: outgoing.expiry_s,
        response_topic: outgoing.response_topic.clone(),
        correlation_data: outgoing.correlation.clone().map(Bytes::from),
        ..PublishProperties::default()
    };
    let (topic, payload) = (outgoing.topic.clone(), outgoing.payload.clone());
    client
        .try_publish_with_properties(topic, QoS::AtLeastOnce, outgoing.retain, payload, properties)
        .map_err(|_| outgoing)
}

/// Hands over what waits, until the client can't take more.
pub(super) fn flush(client: &AsyncClient, outbox: &mut Outbox) {
    while let Some(outgoing) = outbox.take() {
        if let Err(unsent) = send(client, outgoing) {
            outbox.put_back(unsent);
            return;
        }
    }
}
