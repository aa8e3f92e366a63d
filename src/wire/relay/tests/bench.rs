//! A machine on a bench: a board that answers its bytes, and a clock that moves when it is told to.

use std::time::Duration;

use uuid::Uuid;

use super::super::{Command, Event, Failure, Fate, Next, Refused, Relay, Stamp, crc};
use crate::config::board::Board;
use crate::config::relay::{ArmInputs, Contact, Frames, Normally, RelayArm, RelayLoop, RelayUnit};
use crate::model::{
    Authority, BarrierMode, BarrierPlace, BarrierState, CommandReason, LaneId, LoopPlace, Mono, Now, Observation,
    OpenAuthority, Position, Recorded, Ticket, Timestamp,
};

/// How long an exchange takes.
const EXCHANGE_MS: u64 = 10;
/// How long the driver waits for an answer.
const SILENCE_MS: u64 = 250;

pub(super) const OPENED: usize = 0;
pub(super) const CLOSED: usize = 1;
pub(super) const EXIT_LOOP: usize = 2;
pub(super) const PHOTOCELL: usize = 3;
pub(super) const LOCAL: usize = 4;
pub(super) const BATTERY: usize = 5;
pub(super) const EVACUATION: usize = 6;

pub(super) fn lane() -> LaneId {
    LaneId::new("in-01").expect("a name")
}

fn contact(input: usize) -> Contact {
    Contact { input: u16::try_from(input).expect("small"), normally: Normally::Open }
}

/// One arm with everything wired; its exit loop and its photocell are normally closed.
pub(super) fn unit(board: &str) -> RelayUnit {
    let closed = |input: usize| Contact { normally: Normally::Closed, ..contact(input) };
    let inputs = ArmInputs {
        opened: contact(OPENED),
        closed: contact(CLOSED),
        photocell: Some(closed(PHOTOCELL)),
        local: Some(contact(LOCAL)),
        ups: Some(contact(BATTERY)),
        cabinet: None,
        evacuation: Some(contact(EVACUATION)),
    };
    let arm = RelayArm {
        lane: lane(),
        place: BarrierPlace::Exit,
        open: 0,
        close: 1,
        stop: None,
        pulse: Duration::from_millis(700),
        travel: Duration::from_secs(6),
        inputs,
    };
    let exit = RelayLoop { lane: lane(), place: LoopPlace::Exit, contact: closed(EXIT_LOOP) };
    let board = Board::preset(board).expect("a preset");
    RelayUnit { unit: 1, board, poll: Duration::from_millis(100), arms: vec![arm], loops: vec![exit], portals: vec![] }
}

pub(super) fn authority(id: u128) -> OpenAuthority {
    let authority = Authority {
        lane: lane(),
        passage: None,
        barrier: BarrierPlace::Exit,
        reason: CommandReason::Release,
        command_id: Uuid::from_u128(id),
        ticket: Ticket(1),
        issued: Mono::from_micros(1),
        expires: Mono::from_micros(9),
    };
    let receipt = Recorded::durable(Ticket(1), lane(), 1, 1);
    OpenAuthority::grant(authority, &receipt, Mono::from_micros(2)).expect("granted")
}

/// What the board does with requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Temper {
    Answers,
    /// It obeys, and its answer is lost.
    AnswerLost,
    /// Nothing reaches it.
    Dead,
    /// It refuses one function.
    Refuses(u8),
}

pub(super) struct Bench {
    pub(super) relay: Relay,
    pub(super) ms: u64,
    pub(super) relays: [bool; 8],
    pub(super) inputs: [bool; 8],
    pub(super) modes: [u16; 8],
    pub(super) temper: Temper,
    /// A relay that answers on whatever it is told.
    pub(super) welded: Option<usize>,
    /// A relay that never goes on.
    pub(super) dead: Option<usize>,
    flash_until: [u64; 8],
    /// Requests as the board got them: function, address, value.
    pub(super) got: Vec<(u8, u16, u16)>,
    pub(super) events: Vec<Event>,
    shown: Option<BarrierState>,
    sequence: u64,
}

impl Bench {
    /// Started and proved, arm closed, zone clear.
    pub(super) fn running(unit: RelayUnit) -> Self {
        let mut bench = Self::cold(unit);
        bench.relay.begin();
        bench.run(500);
        assert_eq!(bench.position(), Position::Closed);
        bench.got.clear();
        bench.events.clear();
        bench
    }

    pub(super) fn cold(unit: RelayUnit) -> Self {
        let mut inputs = [false; 8];
        (inputs[CLOSED], inputs[EXIT_LOOP], inputs[PHOTOCELL]) = (true, true, true);
        Self {
            relay: Relay::new(unit),
            ms: 1_000,
            relays: [false; 8],
            inputs,
            modes: [0; 8],
            temper: Temper::Answers,
            welded: None,
            dead: None,
            flash_until: [0; 8],
            got: vec![],
            events: vec![],
            shown: None,
            sequence: 0,
        }
    }

    pub(super) fn now(&self) -> Now {
        let wall = Timestamp::from_unix_micros(1_795_000_000_000_000 + i64::try_from(self.ms).expect("small") * 1_000);
        Now { mono: Mono::from_micros(self.ms * 1_000), wall }
    }

    /// Drives the machine for a while.
    pub(super) fn run(&mut self, ms: u64) {
        let end = self.ms + ms;
        while self.ms < end {
            match self.relay.next(self.now()) {
                Next::Wait(until) => {
                    let until = until.map_or(end, |until| until.as_micros() / 1_000);
                    self.ms = until.clamp(self.ms + 1, end.max(self.ms + 1));
                }
                Next::Ask(request) => {
                    let (bytes, expected) = request.encode(Frames::Rtu, 0);
                    let answer = self.board(&bytes);
                    self.ms += if answer.is_some() { EXCHANGE_MS } else { 2 * SILENCE_MS };
                    let came = match answer {
                        Some(answer) => {
                            let found = expected.find(&answer).expect("a serial line").answer.expect("an answer");
                            found.map_err(Failure::Refused)
                        }
                        None => Err(Failure::Silent),
                    };
                    self.relay.answered(self.now(), came);
                }
            }
            self.drain();
        }
    }

    pub(super) fn drain(&mut self) {
        while let Some(event) = self.relay.poll_event() {
            if let Event::Observed(_, Observation::Barrier(_, state)) = &event {
                self.shown = Some(state.clone());
            }
            self.events.push(event);
        }
    }

    /// The board's side, by hand.
    fn board(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let [unit, function, a, b, c, d, ..] = *bytes else { panic!("eight bytes") };
        let (address, value) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        self.got.push((function, address, value));
        if self.temper == Temper::Dead {
            return None;
        }
        let mut answer = vec![unit, function];
        if self.temper == Temper::Refuses(function) {
            answer = vec![unit, function | 0x80, 2];
        } else {
            match function {
                1 => answer.extend([1, pack(&self.read_relays())]),
                2 => answer.extend([1, pack(&self.inputs)]),
                3 => {
                    answer.push(16);
                    answer.extend(self.modes.iter().flat_map(|mode| mode.to_be_bytes()));
                }
                5 => {
                    self.switch(address, value);
                    answer.extend([a, b, c, d]);
                }
                6 => {
                    self.modes[usize::from(address - 0x1000)] = value;
                    answer.extend([a, b, c, d]);
                }
                other => panic!("function {other}"),
            }
        }
        answer.extend(crc(&answer).to_le_bytes());
        (self.temper != Temper::AnswerLost).then_some(answer)
    }

    fn switch(&mut self, address: u16, value: u16) {
        if let Some(relay) = address.checked_sub(0x0200) {
            self.flash_until[usize::from(relay)] = self.ms + u64::from(value) * 100;
        } else {
            self.relays[usize::from(address)] = value == 0xFF00;
        }
    }

    fn read_relays(&self) -> [bool; 8] {
        std::array::from_fn(|relay| {
            let on = self.relays[relay] || self.ms < self.flash_until[relay];
            (on || self.welded == Some(relay)) && self.dead != Some(relay)
        })
    }

    fn stamp(&mut self) -> Stamp {
        self.sequence += 1;
        Stamp { epoch: 1, sequence: self.sequence, issued: self.now().mono, ttl: Duration::from_secs(2) }
    }

    pub(super) fn open(&mut self, id: u128) {
        let command = Command::open(authority(id), self.stamp());
        self.relay.command(self.now(), &lane(), BarrierPlace::Exit, command);
        self.drain();
    }

    pub(super) fn close(&mut self, id: u128) {
        let command = Command::close(Uuid::from_u128(id), self.stamp());
        self.relay.command(self.now(), &lane(), BarrierPlace::Exit, command);
        self.drain();
    }

    /// The arm's limits.
    pub(super) fn limits(&mut self, opened: bool, closed: bool) {
        (self.inputs[OPENED], self.inputs[CLOSED]) = (opened, closed);
    }

    /// Pulses that reached the board on a relay, by either way of making one.
    pub(super) fn pulses(&self, relay: u16) -> usize {
        let is = |(function, address, value): &&(u8, u16, u16)| {
            *function == 5 && *value != 0 && (*address == relay || *address == 0x0200 + relay)
        };
        self.got.iter().filter(is).count()
    }

    /// The state that was told last.
    pub(super) fn state(&self) -> BarrierState {
        self.shown.clone().expect("a state was told")
    }

    pub(super) fn position(&self) -> Position {
        self.state().position
    }

    pub(super) fn fault(&self) -> Option<String> {
        self.state().fault
    }

    pub(super) fn mode(&self) -> BarrierMode {
        self.state().mode
    }

    pub(super) fn fates(&self) -> Vec<(u128, Fate)> {
        let fates = self.events.iter().filter_map(|event| match event {
            Event::Commanded { id, fate, .. } => Some((id.as_u128(), *fate)),
            Event::Observed(..) | Event::Stopped(..) => None,
        });
        fates.collect()
    }

    /// Loops as they were told, in order.
    pub(super) fn loops(&self) -> Vec<bool> {
        let loops = self.events.iter().filter_map(|event| match event {
            Event::Observed(_, Observation::Loop(_, state)) => Some(state.occupied),
            Event::Observed(..) | Event::Commanded { .. } | Event::Stopped(..) => None,
        });
        loops.collect()
    }

    /// Health as it was told, in order: online, and the detail.
    pub(super) fn health(&self) -> Vec<(bool, Option<String>)> {
        let health = self.events.iter().filter_map(|event| match event {
            Event::Observed(_, Observation::Health(device, health)) => {
                assert_eq!(device.as_str(), "exit");
                Some((health.online, health.detail.clone()))
            }
            Event::Observed(..) | Event::Commanded { .. } | Event::Stopped(..) => None,
        });
        health.collect()
    }
}

fn pack(bits: &[bool; 8]) -> u8 {
    bits.iter().enumerate().fold(0, |byte, (bit, on)| byte | u8::from(*on) << bit)
}

pub(super) const REFUSED: Refused = Refused(2);
