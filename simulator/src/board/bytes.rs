//! Modbus from the board's side, by hand.

/// Every request that these boards know is this long on a serial line.
pub(super) const REQUEST_BYTES: usize = 8;
/// Header of a frame on a socket, the unit included.
pub(super) const HEADER_BYTES: usize = 7;

/// A request as a board sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) function: u8,
    pub(super) address: u16,
    pub(super) value: u16,
}

impl Asked {
    /// From function code and data; `None` when it is not one of the short requests.
    pub(super) fn read(pdu: &[u8]) -> Option<Self> {
        let [function, a, b, c, d] = *pdu else { return None };
        Some(Self { function, address: u16::from_be_bytes([a, b]), value: u16::from_be_bytes([c, d]) })
    }

    /// Its own bytes again, as writes are confirmed.
    pub(super) fn echo(self) -> Vec<u8> {
        let mut pdu = vec![self.function];
        pdu.extend_from_slice(&self.address.to_be_bytes());
        pdu.extend_from_slice(&self.value.to_be_bytes());
        pdu
    }
}

/// The checksum of serial frames, one bit at a time.
pub(super) fn checksum(bytes: &[u8]) -> [u8; 2] {
    let mut register: u16 = 0xFFFF;
    for byte in bytes {
        register ^= u16::from(*byte);
        for _ in 0..8 {
            let carry = register & 0x0001 != 0;
            register >>= 1;
            if carry {
                register ^= 0xA001;
            }
        }
    }
    register.to_le_bytes()
}

/// The first whole request in what came over a serial line: its bytes, unit and function with data. Bytes before it
/// are dropped.
pub(super) fn serial_request(came: &mut Vec<u8>) -> Option<(u8, Vec<u8>)> {
    while came.len() >= REQUEST_BYTES {
        let (body, sum) = came[..REQUEST_BYTES].split_at(REQUEST_BYTES - 2);
        if checksum(body) == sum {
            let request = (body[0], body[1..].to_vec());
            came.drain(..REQUEST_BYTES);
            return Some(request);
        }
        came.remove(0);
    }
    None
}

/// A serial frame.
pub(super) fn serial_frame(unit: u8, pdu: &[u8]) -> Vec<u8> {
    let mut frame = vec![unit];
    frame.extend_from_slice(pdu);
    let sum = checksum(&frame);
    frame.extend_from_slice(&sum);
    frame
}

/// The first whole request in what came over a socket: transaction, unit, function with data.
pub(super) fn socket_request(came: &mut Vec<u8>) -> Option<([u8; 2], u8, Vec<u8>)> {
    let length = usize::from(u16::from_be_bytes([*came.get(4)?, *came.get(5)?]));
    let end = HEADER_BYTES - 1 + length;
    if length < 2 || came.len() < end {
        return None;
    }
    let frame: Vec<u8> = came.drain(..end).collect();
    Some(([frame[0], frame[1]], frame[6], frame[HEADER_BYTES..].to_vec()))
}

/// A frame on a socket.
pub(super) fn socket_frame(transaction: [u8; 2], unit: u8, pdu: &[u8]) -> Vec<u8> {
    let length = u16::try_from(pdu.len() + 1).unwrap_or(u16::MAX).to_be_bytes();
    let mut frame = vec![transaction[0], transaction[1], 0, 0, length[0], length[1], unit];
    frame.extend_from_slice(pdu);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        hex.split(' ').map(|byte| u8::from_str_radix(byte, 16).expect("hex")).collect()
    }

    #[test]
    fn the_manuals_own_frames_are_understood() {
        for (frame, function, address, value) in [
            ("01 05 00 00 FF 00 8C 3A", 5, 0x0000, 0xFF00),
            ("01 05 00 00 00 00 CD CA", 5, 0x0000, 0x0000),
            ("01 05 00 02 00 00 6C 0A", 5, 0x0002, 0x0000),
            ("01 05 02 00 00 07 8D B0", 5, 0x0200, 0x0007),
            ("01 05 02 01 00 08 9C 74", 5, 0x0201, 0x0008),
            ("01 01 00 00 00 08 3D CC", 1, 0x0000, 0x0008),
            ("01 02 00 00 00 08 79 CC", 2, 0x0000, 0x0008),
            ("01 03 10 00 00 08 40 CC", 3, 0x1000, 0x0008),
        ] {
            let mut came = [bytes("00 FF 01"), bytes(frame)].concat();
            let (unit, pdu) = serial_request(&mut came).unwrap_or_else(|| panic!("{frame}"));
            assert_eq!((unit, Asked::read(&pdu)), (1, Some(Asked { function, address, value })), "{frame}");
            assert_eq!(serial_frame(unit, &pdu), bytes(frame));
            assert!(came.is_empty());
        }
    }

    #[test]
    fn frames_on_a_socket_are_taken_one_by_one() {
        let mut came = bytes("00 07 00 00 00 06 01 02 00 00 00 08 00 08");
        assert_eq!(socket_request(&mut came), Some(([0, 7], 1, bytes("02 00 00 00 08"))));
        assert_eq!((socket_request(&mut came), came), (None, vec![0, 8]));
        assert_eq!(socket_frame([0, 7], 1, &bytes("02 01 05")), bytes("00 07 00 00 00 04 01 02 01 05"));
    }
}
