//! MQTT 5 packets as far as trouble needs them: where one ends, what it is, and the few fields that are changed.
//!
//! It shares nothing with the controller's client: what both got wrong would not be found.

/// Largest packet that passes, bytes; the broker's own limit is lower.
pub(super) const PACKET_MAX_BYTES: usize = 4 * 1024 * 1024;

/// The kind of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names are MQTT's own")]
pub enum Kind {
    Connect,
    Connack,
    Publish,
    Puback,
    Subscribe,
    Suback,
    Pingreq,
    Pingresp,
    Disconnect,
    Other,
}

/// Bytes that are no MQTT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a packet of a length that MQTT doesn't have, or that is too long")]
pub struct Broken;

/// One packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    first: u8,
    body: Vec<u8>,
}

impl Packet {
    /// Takes one packet from the head of `buffer`; `None` while it is not whole.
    ///
    /// # Errors
    /// When no packet can come of it.
    pub fn take(buffer: &mut Vec<u8>) -> Result<Option<Self>, Broken> {
        let Some((&first, rest)) = buffer.split_first() else { return Ok(None) };
        let mut length = 0_usize;
        for (place, byte) in rest.iter().enumerate() {
            if place > 3 {
                return Err(Broken);
            }
            length |= usize::from(byte & 0x7F) << (7 * place);
            if byte & 0x80 == 0 {
                let head = place + 2;
                if length > PACKET_MAX_BYTES {
                    return Err(Broken);
                }
                let Some(body) = buffer.get(head..head + length) else { return Ok(None) };
                let packet = Self { first, body: body.to_vec() };
                buffer.drain(..head + length);
                return Ok(Some(packet));
            }
        }
        if rest.len() > 3 { Err(Broken) } else { Ok(None) }
    }

    /// The packet's bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.first];
        let mut length = self.body.len();
        loop {
            let low = u8::try_from(length & 0x7F).unwrap_or(0);
            length >>= 7;
            bytes.push(if length > 0 { low | 0x80 } else { low });
            if length == 0 {
                break;
            }
        }
        bytes.extend(&self.body);
        bytes
    }

    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self.first >> 4 {
            1 => Kind::Connect,
            2 => Kind::Connack,
            3 => Kind::Publish,
            4 => Kind::Puback,
            8 => Kind::Subscribe,
            9 => Kind::Suback,
            12 => Kind::Pingreq,
            13 => Kind::Pingresp,
            14 => Kind::Disconnect,
            _ => Kind::Other,
        }
    }

    /// A publish with quality of service 1.
    #[must_use]
    pub const fn is_at_least_once(&self) -> bool {
        self.first >> 4 == 3 && (self.first >> 1) & 3 == 1
    }

    /// A publish's retain flag.
    #[must_use]
    pub const fn is_retained(&self) -> bool {
        self.first & 1 == 1
    }

    /// A publish's topic.
    #[must_use]
    pub fn topic(&self) -> Option<&str> {
        let length = usize::from(self.number_at(0)?);
        (self.kind() == Kind::Publish).then(|| std::str::from_utf8(self.body.get(2..2 + length)?).ok()).flatten()
    }

    /// The packet id of a publish with quality of service 1, or of its answer.
    #[must_use]
    pub fn id(&self) -> Option<u16> {
        match self.kind() {
            Kind::Publish if self.is_at_least_once() => self.number_at(2 + usize::from(self.number_at(0)?)),
            Kind::Puback => self.number_at(0),
            Kind::Publish
            | Kind::Connect
            | Kind::Connack
            | Kind::Subscribe
            | Kind::Suback
            | Kind::Pingreq
            | Kind::Pingresp
            | Kind::Disconnect
            | Kind::Other => None,
        }
    }

    fn number_at(&self, place: usize) -> Option<u16> {
        let bytes = self.body.get(place..place + 2)?;
        Some(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    /// The same, marked as sent before.
    #[must_use]
    pub fn again(&self) -> Self {
        Self { first: self.first | 8, body: self.body.clone() }
    }

    /// An answer to subscriptions that refuses the last of them.
    #[must_use]
    pub fn refusing_the_last(&self) -> Self {
        let mut refusing = self.clone();
        if let (Kind::Suback, Some(last)) = (self.kind(), refusing.body.last_mut()) {
            *last = 0x87;
        }
        refusing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PUBLISH, quality of service 1, topic `a/b`, id 10, no properties, payload `hi`.
    const PUBLISH: [u8; 12] = [0x32, 10, 0, 3, b'a', b'/', b'b', 0, 10, 0, b'h', b'i'];

    #[test]
    fn a_packet_is_taken_when_it_is_whole_and_its_bytes_are_the_same() {
        let stream: Vec<u8> = [&PUBLISH[..], &[0x40, 2, 0, 10], &[0xC0, 0]].concat();
        let (mut buffer, mut packets) = (Vec::new(), Vec::new());
        for byte in &stream {
            buffer.push(*byte);
            packets.extend(Packet::take(&mut buffer).expect("whole or not"));
        }
        let kinds: Vec<_> = packets.iter().map(Packet::kind).collect();
        assert_eq!(kinds, [Kind::Publish, Kind::Puback, Kind::Pingreq]);
        assert_eq!(packets.iter().flat_map(Packet::bytes).collect::<Vec<_>>(), stream);
        assert_eq!((packets[0].topic(), packets[0].id(), packets[1].id()), (Some("a/b"), Some(10), Some(10)));
        assert_eq!(packets[0].again().bytes()[0], 0x3A);
    }

    #[test]
    fn a_length_of_two_bytes_goes_there_and_back() {
        let packet = Packet { first: 0x30, body: vec![0; 300] };
        let mut bytes = packet.bytes();
        assert_eq!(bytes[..3], [0x30, 0xAC, 2]);
        assert_eq!(Packet::take(&mut bytes), Ok(Some(packet)));
        assert!(bytes.is_empty());
    }

    #[test]
    fn lengths_that_mqtt_does_not_have_are_refused() {
        for bytes in [[0x30, 0xFF, 0xFF, 0xFF, 0xFF, 1], [0x30, 0xFF, 0xFF, 0xFF, 0x7F, 0]] {
            assert_eq!(Packet::take(&mut bytes.to_vec()), Err(Broken));
        }
    }
}
