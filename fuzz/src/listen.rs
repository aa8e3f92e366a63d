//! Bytes of a reader's or a portal's line: whatever comes, nothing panics, pieces don't matter, what is kept is bounded,
//! and a portal that was told a line which nobody understands within an occupancy doesn't call it quiet.

use lane_controller::model::reader::ReaderProtocol;
use lane_controller::model::{RadiationAlarm, Timestamp};
use lane_controller::wire::radiation::{Portal, Told};
use lane_controller::wire::reader::{Read, TEXT_MAX_BYTES, framer};

/// Runs one input through a reader's framer; the first byte chooses the pieces.
pub fn reader(protocol: ReaderProtocol, data: &[u8]) {
    let [size, bytes @ ..] = data else { return };
    let whole = read(protocol, bytes, bytes.len().max(1));
    let pieces = read(protocol, bytes, usize::from(*size % 32) + 1);
    assert_eq!(whole, pieces, "the same bytes in other pieces");
    for read in whole {
        if let Read::Text(text) = read {
            assert!(!text.is_empty() && text.len() <= TEXT_MAX_BYTES);
            assert_eq!(text.trim_matches(|c: char| c.is_ascii_whitespace() || c.is_ascii_control()), text);
        }
    }
}

fn read(protocol: ReaderProtocol, bytes: &[u8], size: usize) -> Vec<Read> {
    let mut framer = framer(protocol);
    bytes.chunks(size).for_each(|piece| framer.push(piece));
    framer.quiet();
    std::iter::from_fn(|| framer.next()).collect()
}

/// Runs one input through a portal.
pub fn portal(data: &[u8]) {
    let [size, bytes @ ..] = data else { return };
    let whole = told(bytes, bytes.len().max(1));
    assert_eq!(whole, told(bytes, usize::from(*size % 32) + 1), "the same bytes in other pieces");
    let mut background = false;
    for told in whole {
        match told {
            Told::Line => background = true,
            Told::Reading(reading, why) => {
                // Of very many lines the first are not told any more.
                assert!(background || bytes.len() > 1_000, "no verdict without a line");
                assert!(reading.alarm != RadiationAlarm::None || why.is_none(), "a doubtful vehicle is not quiet");
            }
            Told::Refused(_) => {}
        }
    }
}

fn told(bytes: &[u8], size: usize) -> Vec<Told> {
    let at = Timestamp::from_unix_micros(0);
    let mut portal = Portal::default();
    bytes.chunks(size).for_each(|piece| portal.push(piece, at));
    portal.interrupt(at);
    std::iter::from_fn(|| portal.take()).collect()
}
