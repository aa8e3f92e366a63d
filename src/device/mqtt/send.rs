//! From our messages to the client's requests, without waiting.

use bytes::Bytes;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Publish, PublishProperties};
use rumqttc::v5::{AsyncClient, EventLoop, Request};

use super::flight::Flight;
use super::outbox::{Outbox, Outgoing};

/// Hands a message to the client; gives it back when the client can't take it.
pub(super) fn send(client: &AsyncClient, flight: &mut Flight, outgoing: Outgoing) -> Result<(), Outgoing> {
    let properties = PublishProperties {
        message_expiry_interval: outgoing.expiry_s,
        response_topic: outgoing.response_topic.clone(),
        correlation_data: outgoing.correlation.clone().map(Bytes::from),
        ..PublishProperties::default()
    };
    let (topic, payload) = (outgoing.topic.clone(), outgoing.payload.clone());
    match client.try_publish_with_properties(topic, QoS::AtLeastOnce, outgoing.retain, payload, properties) {
        Ok(()) => {
            flight.handed_over(outgoing.topic);
            Ok(())
        }
        Err(_) => Err(outgoing),
    }
}

/// Hands over what waits, until the client can't take more.
pub(super) fn flush(client: &AsyncClient, outbox: &mut Outbox, flight: &mut Flight) {
    while let Some(outgoing) = outbox.take() {
        if let Err(unsent) = send(client, flight, outgoing) {
            outbox.put_back(unsent);
            return;
        }
    }
}

/// What a client that is given up has not brought to the broker, in the order of sending; what expires is gone.
pub(super) fn unsent(events: &mut EventLoop, flight: &Flight) -> Vec<Outgoing> {
    events.clean();
    let parked = events.state.collision.take().map(|publish| (flight.place_of_parked(), publish));
    let pending = events.pending.drain(..).filter_map(|request| match request {
        Request::Publish(publish) => Some((flight.place(publish.pkid), publish)),
        Request::PubAck(_)
        | Request::PubRec(_)
        | Request::PubComp(_)
        | Request::PubRel(_)
        | Request::PingReq
        | Request::PingResp
        | Request::Subscribe(_)
        | Request::SubAck(_)
        | Request::Unsubscribe(_)
        | Request::UnsubAck(_)
        | Request::Disconnect => None,
    });
    let mut placed: Vec<_> = pending.chain(parked).collect();
    placed.sort_by_key(|(place, _)| *place);
    placed.into_iter().filter_map(|(_, publish)| lasting(publish)).collect()
}

/// The message again, unless it counts only for a while.
fn lasting(publish: Publish) -> Option<Outgoing> {
    if publish.properties.as_ref().is_some_and(|known| known.message_expiry_interval.is_some()) {
        return None;
    }
    let topic = String::from_utf8(publish.topic.to_vec()).ok()?;
    let (payload, retain) = (publish.payload, publish.retain);
    Some(Outgoing { topic, payload, retain, expiry_s: None, response_topic: None, correlation: None })
}
