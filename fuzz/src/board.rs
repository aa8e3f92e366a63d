//! A relay board that answers anything: the driver asks on or waits, bytes that are done with are bytes that came, and no
//! contact is pulsed without a command.

use std::time::Duration;

use lane_controller::config::board::Board;
use lane_controller::config::relay::{ArmInputs, Contact, Frames, Normally, RelayArm, RelayUnit};
use lane_controller::model::{BarrierPlace, LaneId, Mono, Now, Timestamp};
use lane_controller::wire::relay::{Failure, Next, Relay};

const EXCHANGES_MAX: u64 = 64;

/// Answers the driver's requests with pieces of the input.
pub fn answers(frames: Frames, data: &[u8]) {
    let mut relay = Relay::new(unit());
    relay.begin();
    let mut rest = data;
    for exchange in 0..EXCHANGES_MAX {
        let now = Now { mono: Mono::from_micros(exchange * 200_000), wall: Timestamp::from_unix_micros(0) };
        if let Next::Ask(request) = relay.next(now) {
            assert!(!request.is_pulse(), "nothing was commanded");
            let (_, expected) = request.encode(frames, 1);
            let [length, more @ ..] = rest else { return };
            let (came, more) = more.split_at(usize::from(*length).min(more.len()));
            rest = more;
            let answer = match expected.find(came) {
                Ok(found) => {
                    assert!(found.skipped <= found.used && found.used <= came.len());
                    found.answer.map(|answer| answer.map_err(Failure::Refused))
                }
                Err(_) => None,
            };
            relay.answered(now, answer.unwrap_or(Err(Failure::Silent)));
        }
        while relay.poll_event().is_some() {}
    }
}

fn unit() -> RelayUnit {
    let contact = |input| Contact { input, normally: Normally::Open };
    let inputs = ArmInputs {
        opened: contact(0),
        closed: contact(1),
        photocell: Some(contact(2)),
        local: Some(contact(3)),
        ups: None,
        cabinet: None,
        evacuation: None,
    };
    let arm = RelayArm {
        lane: LaneId::new("in-01").expect("a name"),
        place: BarrierPlace::Exit,
        open: 0,
        close: 1,
        stop: None,
        pulse: Duration::from_millis(700),
        travel: Duration::from_secs(6),
        inputs,
    };
    let board = Board::preset("waveshare").expect("a preset");
    RelayUnit { unit: 1, board, poll: Duration::from_millis(100), arms: vec![arm], loops: vec![] }
}
