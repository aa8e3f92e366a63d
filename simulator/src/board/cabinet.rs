//! One board in its cabinet: relays, inputs, the arm behind them, and what can go wrong with all of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::arm::Arm;
use super::bytes::Asked;
use super::{CLOSE, CLOSED, OPEN, OPENED, POINTS, STOP};

/// The first address of the timed pulses, and of the mode registers.
const TIMED: usize = 0x0200;
const MODES: usize = 0x1000;
/// Timed pulses count in these.
const TENTH: Duration = Duration::from_millis(100);
const ILLEGAL_FUNCTION: u8 = 1;
const ILLEGAL_ADDRESS: u8 = 2;
const ILLEGAL_VALUE: u8 = 3;

/// What the board can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It ends pulses by itself, and has modes: the Waveshare map.
    Timed,
    /// It switches relays on and off.
    Plain,
}

/// How it answers requests of one function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It obeys, and the answer is lost on the way.
    AnswerLost,
    /// The request is lost on the way.
    RequestLost,
    /// It obeys, and answers late.
    Late(Duration),
    /// It obeys, and noise comes with the answer.
    Noise,
}

#[derive(Debug)]
struct State {
    kind: Kind,
    powered: bool,
    relays: [bool; POINTS],
    timed_until: [Option<Instant>; POINTS],
    welded: [bool; POINTS],
    modes: [u16; POINTS],
    inputs: [bool; POINTS],
    both_limits: bool,
    arm: Arm,
    /// Pulses that reached each relay's contact.
    pulses: [usize; POINTS],
    /// Requests that were meant to close each relay's contact, lost ones too.
    orders: [usize; POINTS],
    requests: usize,
    troubles: Vec<(u8, Trouble, usize)>,
    unwelcome: usize,
}

/// What a board sends back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    /// `None`: nothing comes.
    pub(super) pdu: Option<Vec<u8>>,
    pub(super) after: Duration,
    pub(super) noise: bool,
}

/// One board with its arm. Cheap to clone: every clone is the same board.
#[derive(Debug, Clone)]
pub struct Cabinet {
    unit: u8,
    state: Arc<Mutex<State>>,
}

impl Cabinet {
    /// A board that is switched on, its arm closed, its inputs at rest; `travel`: how long the arm takes.
    #[must_use]
    pub fn new(unit: u8, kind: Kind, travel: Duration) -> Self {
        let state = State {
            kind,
            powered: true,
            relays: [false; POINTS],
            timed_until: [None; POINTS],
            welded: [false; POINTS],
            modes: [0; POINTS],
            inputs: [false; POINTS],
            both_limits: false,
            arm: Arm::closed(travel, Instant::now()),
            pulses: [0; POINTS],
            orders: [0; POINTS],
            requests: 0,
            troubles: Vec::new(),
            unwelcome: 0,
        };
        Self { unit, state: Arc::new(Mutex::new(state)) }
    }

    /// Its Modbus address.
    #[must_use]
    pub const fn unit(&self) -> u8 {
        self.unit
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.arm.pass(Instant::now());
        state
    }

    /// An input's contact closes; the limits follow the arm.
    pub fn close_input(&self, input: usize) {
        if let Some(contact) = self.state().inputs.get_mut(input) {
            *contact = true;
        }
    }

    /// An input's contact opens.
    pub fn open_input(&self, input: usize) {
        if let Some(contact) = self.state().inputs.get_mut(input) {
            *contact = false;
        }
    }

    /// Holds the arm where it is.
    pub fn stall(&self) {
        self.state().arm.stalled = true;
    }

    /// Lets the arm go on.
    pub fn let_go(&self) {
        self.state().arm.stalled = false;
    }

    /// Both limit contacts closed, wherever the arm is.
    pub fn hold_both_limits(&self) {
        self.state().both_limits = true;
    }

    /// The limits follow the arm again.
    pub fn release_limits(&self) {
        self.state().both_limits = false;
    }

    /// Somebody lifts the arm.
    pub fn force_open(&self) {
        self.state().arm.up();
    }

    /// Somebody lets the arm down.
    pub fn force_closed(&self) {
        self.state().arm.down();
    }

    /// A relay's contact stays closed, whatever it is told.
    pub fn weld(&self, relay: usize) {
        if let Some(contact) = self.state().welded.get_mut(relay) {
            *contact = true;
        }
    }

    /// Every relay obeys again.
    pub fn mend(&self) {
        self.state().welded = [false; POINTS];
    }

    /// Sets every relay's mode register; 0 is "by commands alone".
    pub fn set_modes(&self, mode: u16) {
        self.state().modes = [mode; POINTS];
    }

    /// Every relay's mode register.
    #[must_use]
    pub fn modes(&self) -> [u16; POINTS] {
        self.state().modes
    }

    /// Brings the supply back.
    pub fn restore_power(&self) {
        self.state().powered = true;
    }

    /// Cuts the supply: relays fall, connections end.
    pub fn cut_power(&self) {
        let mut state = self.state();
        state.powered = false;
        state.relays = [false; POINTS];
        state.timed_until = [None; POINTS];
    }

    /// Whether it has power.
    #[must_use]
    pub fn is_powered(&self) -> bool {
        self.state().powered
    }

    /// The next `times` requests of a function meet with trouble.
    pub fn trouble(&self, function: u8, trouble: Trouble, times: usize) {
        self.state().troubles.push((function, trouble, times));
    }

    /// The next `connections` are accepted and dropped: a board that still holds on to an earlier one.
    pub fn turn_away(&self, connections: usize) {
        self.state().unwelcome = connections;
    }

    /// Whether a new connection is taken.
    pub(super) fn welcomes(&self) -> bool {
        let mut state = self.state();
        let welcome = state.unwelcome == 0;
        state.unwelcome = state.unwelcome.saturating_sub(1);
        welcome && state.powered
    }

    /// Every request is answered as it should be again.
    pub fn end_troubles(&self) {
        self.state().troubles.clear();
    }

    /// Switches a relay on behind everybody's back, as a crash between on and off leaves it.
    pub fn leave_on(&self, relay: usize) {
        if let Some(contact) = self.state().relays.get_mut(relay) {
            *contact = true;
        }
    }

    /// Pulses that reached a relay's contact.
    #[must_use]
    pub fn pulses(&self, relay: usize) -> usize {
        self.state().pulses.get(relay).copied().unwrap_or_default()
    }

    /// Requests to close a relay's contact that were sent to the board, whether or not they reached it.
    #[must_use]
    pub fn orders(&self, relay: usize) -> usize {
        self.state().orders.get(relay).copied().unwrap_or_default()
    }

    /// Requests that came in all.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.state().requests
    }

    /// Whether a relay's contact is closed.
    #[must_use]
    pub fn is_on(&self, relay: usize) -> bool {
        self.state().is_on(relay)
    }

    /// Whether the arm is at its closed limit.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.state().arm.is_closed()
    }

    /// Whether the arm is at its open limit.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state().arm.is_open()
    }

    /// Obeys a request.
    pub(super) fn answer(&self, pdu: &[u8]) -> Reply {
        let mut state = self.state();
        let mut reply = Reply { pdu: None, after: Duration::ZERO, noise: false };
        if !state.powered {
            return reply;
        }
        state.requests += 1;
        let function = pdu.first().copied().unwrap_or_default();
        let asked = Asked::read(pdu);
        let trouble = state.take_trouble(function, asked);
        if let Some(relay) = asked.and_then(|asked| state.closes(asked)) {
            state.orders[relay] += 1;
        }
        if trouble == Some(Trouble::RequestLost) {
            return reply;
        }
        let answer = match asked {
            Some(asked) => state.obey(asked),
            None => Err(ILLEGAL_FUNCTION),
        };
        match trouble {
            Some(Trouble::AnswerLost) => return reply,
            Some(Trouble::Late(after)) => reply.after = after,
            Some(Trouble::Noise) => reply.noise = true,
            Some(Trouble::RequestLost) | None => {}
        }
        reply.pdu = Some(answer.unwrap_or_else(|code| vec![function | 0x80, code]));
        reply
    }
}

impl State {
    fn is_on(&self, relay: usize) -> bool {
        let timed = self.timed_until.get(relay).copied().flatten().is_some_and(|until| Instant::now() < until);
        timed
            || self.relays.get(relay).copied().unwrap_or_default()
            || self.welded.get(relay).copied().unwrap_or_default()
    }

    /// Switching off is no order, and meets no trouble that is meant for pulses.
    fn take_trouble(&mut self, function: u8, asked: Option<Asked>) -> Option<Trouble> {
        if function == 5 && asked.is_some_and(|asked| asked.value == 0) {
            return None;
        }
        let index = self.troubles.iter().position(|(of, _, times)| *of == function && *times > 0)?;
        let (_, trouble, times) = self.troubles.get_mut(index)?;
        *times -= 1;
        Some(*trouble)
    }

    /// The relay whose contact a request closes.
    fn closes(&self, asked: Asked) -> Option<usize> {
        let address = usize::from(asked.address);
        if asked.function != 5 || asked.value == 0 {
            return None;
        }
        let timed = address.checked_sub(TIMED).filter(|relay| *relay < POINTS && self.kind == Kind::Timed);
        timed.or((address < POINTS).then_some(address))
    }

    fn obey(&mut self, asked: Asked) -> Result<Vec<u8>, u8> {
        let address = usize::from(asked.address);
        match asked.function {
            1 => self.bits(asked, |state, relay| state.is_on(relay)),
            2 => self.bits(asked, State::input),
            3 if self.kind == Kind::Timed && asked.address == 0x1000 && usize::from(asked.value) <= POINTS => {
                let count = usize::from(asked.value);
                let mut pdu = vec![3, u8::try_from(count * 2).unwrap_or(u8::MAX)];
                self.modes.iter().take(count).for_each(|mode| pdu.extend_from_slice(&mode.to_be_bytes()));
                Ok(pdu)
            }
            5 => self.switch(asked, address),
            6 if self.kind == Kind::Timed => {
                let mode = address.checked_sub(MODES).and_then(|relay| self.modes.get_mut(relay));
                *mode.ok_or(ILLEGAL_ADDRESS)? = asked.value;
                Ok(asked.echo())
            }
            3 | 6 => Err(ILLEGAL_ADDRESS),
            _ => Err(ILLEGAL_FUNCTION),
        }
    }

    fn bits(&self, asked: Asked, is_on: impl Fn(&Self, usize) -> bool) -> Result<Vec<u8>, u8> {
        let (first, count) = (usize::from(asked.address), usize::from(asked.value));
        if count == 0 || first + count > POINTS {
            return Err(ILLEGAL_ADDRESS);
        }
        let byte = (0..count).fold(0_u8, |byte, bit| byte | u8::from(is_on(self, first + bit)) << bit);
        Ok(vec![asked.function, 1, byte])
    }

    fn input(&self, input: usize) -> bool {
        match input {
            OPENED => self.both_limits || self.arm.is_open(),
            CLOSED => self.both_limits || self.arm.is_closed(),
            other => self.inputs.get(other).copied().unwrap_or_default(),
        }
    }

    fn switch(&mut self, asked: Asked, address: usize) -> Result<Vec<u8>, u8> {
        if let Some(relay) = self.closes(asked) {
            let was_on = self.is_on(relay);
            if address >= TIMED {
                self.timed_until[relay] = Some(Instant::now() + TENTH * u32::from(asked.value));
            } else if asked.value == 0xFF00 {
                self.relays[relay] = true;
            } else {
                return Err(ILLEGAL_VALUE);
            }
            if !was_on {
                self.contact_closes(relay);
            }
            return Ok(asked.echo());
        }
        if asked.value != 0 || address >= POINTS {
            return Err(ILLEGAL_ADDRESS);
        }
        self.relays[address] = false;
        self.timed_until[address] = None;
        Ok(asked.echo())
    }

    fn contact_closes(&mut self, relay: usize) {
        self.pulses[relay] += 1;
        match relay {
            OPEN => self.arm.up(),
            CLOSE => self.arm.down(),
            STOP => self.arm.stop(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(cabinet: &Cabinet, pdu: &[u8]) -> Vec<u8> {
        cabinet.answer(pdu).pdu.expect("an answer")
    }

    #[test]
    fn a_timed_pulse_counts_once_and_ends_by_itself() {
        let cabinet = Cabinet::new(1, Kind::Timed, Duration::ZERO);
        assert_eq!(ask(&cabinet, &[2, 0, 0, 0, 8])[2] & 0b11, 0b11, "no way between its limits: both at once");
        let pulse = [5, 2, 0, 0, 1];
        assert_eq!(ask(&cabinet, &pulse), pulse);
        assert_eq!(ask(&cabinet, &[1, 0, 0, 0, 8]), [1, 1, 1]);
        assert_eq!((cabinet.pulses(OPEN), cabinet.orders(OPEN)), (1, 1));
        while cabinet.is_on(OPEN) {
            std::thread::yield_now();
        }
        assert_eq!(ask(&cabinet, &[1, 0, 0, 0, 8]), [1, 1, 0]);
    }

    #[test]
    fn a_plain_board_knows_on_and_off_only() {
        let cabinet = Cabinet::new(1, Kind::Plain, Duration::from_secs(9));
        assert_eq!(ask(&cabinet, &[5, 2, 0, 0, 1]), [0x85, 2]);
        assert_eq!(ask(&cabinet, &[5, 0, 0, 0, 7]), [0x85, 3]);
        assert_eq!(ask(&cabinet, &[3, 0x10, 0, 0, 8]), [0x83, 2]);
        assert_eq!(ask(&cabinet, &[8, 0, 0, 0, 0]), [0x88, 1]);
        ask(&cabinet, &[5, 0, 0, 0xFF, 0]);
        assert!(cabinet.is_on(OPEN) && !cabinet.is_closed());
        ask(&cabinet, &[5, 0, 0, 0, 0]);
        assert!(!cabinet.is_on(OPEN));
        assert_eq!(cabinet.pulses(OPEN), 1);
    }

    #[test]
    fn a_lost_request_moves_nothing_and_a_lost_answer_does() {
        let cabinet = Cabinet::new(1, Kind::Plain, Duration::from_secs(9));
        cabinet.trouble(5, Trouble::RequestLost, 1);
        cabinet.trouble(5, Trouble::AnswerLost, 1);
        assert_eq!(cabinet.answer(&[5, 0, 0, 0xFF, 0]).pdu, None);
        assert_eq!((cabinet.pulses(OPEN), cabinet.orders(OPEN)), (0, 1));
        assert_eq!(cabinet.answer(&[5, 0, 0, 0xFF, 0]).pdu, None);
        assert_eq!((cabinet.pulses(OPEN), cabinet.orders(OPEN)), (1, 2));
        cabinet.cut_power();
        assert_eq!(cabinet.answer(&[1, 0, 0, 0, 8]).pdu, None);
    }
}
