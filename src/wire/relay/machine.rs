//! The machine of one board: what to ask it next, and what its answers mean.
//!
//! ```text
//!  cut ──begin──▶ starting ──inputs proved──▶ running ──3 silences, or none for 1 s──▶ away ──pause──▶ starting
//!   ▲                                            │
//!   └──────────────── lost (line cut) ───────────┘        restart (socket given up after a pulse) ▶ starting
//! ```
//! Drive it as the lane machine is driven: [`Relay::next`] gives at most one request, [`Relay::answered`] must follow,
//! then drain [`Relay::poll_event`]. While it runs, what comes first: the proof of a pulse whose answer was lost, the
//! end of a pulse, a stop, a command, the inputs, the relays.
//!
//! It does not retry a pulse, whatever happened to it (invariant A3); reads and switching off are repeated freely.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use uuid::Uuid;

use super::arm::{Arm, Inputs};
use super::command::{Fate, NotDone};
use super::frame::{Answer, Refused, Request};
use super::portal::Portal;
use super::start::{Start, Step};
use crate::config::relay::{RelayLoop, RelayUnit};
use crate::model::{BarrierPlace, CommandVerb, DeviceName, LaneId, Mono, Now, Observation};

mod moves;
mod tell;

/// A board that gave no inputs for so long is away (invariant B3) …
const LOST_AFTER: Duration = Duration::from_secs(1);
/// … or after so many failures in a row.
const FAILURES_MAX: u32 = 3;
/// How often relays are read back while nothing else asks for it.
const READ_BACK: Duration = Duration::from_secs(1);
/// First and longest pause before a board that is away is tried again.
const PAUSE_FIRST: Duration = Duration::from_millis(200);
const PAUSE_LONGEST: Duration = Duration::from_secs(5);

/// What the machine reports.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// For a lane.
    Observed(LaneId, Observation),
    /// What became of a command.
    Commanded {
        /// The lane.
        lane: LaneId,
        /// The arm.
        place: BarrierPlace,
        /// Open or close.
        verb: CommandVerb,
        /// Its id.
        id: Uuid,
        /// What became of it.
        fate: Fate,
    },
    /// An arm on its way down was told to stop: its zone was not clear any more.
    Stopped(LaneId, BarrierPlace),
}

/// What is to be done on the line.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Send this, once, and tell what came.
    Ask(Request),
    /// Nothing before this instant, or before something happens.
    Wait(Option<Mono>),
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// None came in time, or none that could be read.
    Silent,
    /// The board refuses.
    Refused(Refused),
}

/// What the request under way is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Start(Step),
    Inputs,
    Relays,
    Pulse(usize),
    Stop(usize),
    Off(u16),
}

#[derive(Debug)]
enum Phase {
    Cut,
    Away { until: Mono, pause: Duration },
    Starting { start: Start, pause: Duration },
    Running,
}

/// What was last told of the board's devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Nothing,
    Online,
    Lost,
}

#[derive(Debug)]
struct Loop {
    wiring: RelayLoop,
    shown: Option<bool>,
}

/// One board.
#[derive(Debug)]
pub struct Relay {
    unit: RelayUnit,
    arms: Vec<Arm>,
    loops: Vec<Loop>,
    portals: Vec<Portal>,
    /// Every device that lives on the board, as lanes know it.
    devices: BTreeSet<(LaneId, DeviceName)>,
    phase: Phase,
    asked: Option<(Asked, Mono)>,
    inputs: Option<Inputs>,
    relays_due: Mono,
    read_back_now: bool,
    /// Relays that are on against all orders.
    offs: VecDeque<u16>,
    failures: u32,
    told: Told,
    details: Vec<Option<String>>,
    lost_because: String,
    events: VecDeque<Event>,
}

impl Relay {
    /// A board that nobody has spoken to yet.
    #[must_use]
    pub fn new(unit: RelayUnit) -> Self {
        let arms: Vec<_> = unit.arms.iter().map(|arm| Arm::new(&unit.board, arm.clone(), &unit.loops)).collect();
        let arm_names = unit.arms.iter().map(|arm| (&arm.lane, arm.place.as_str()));
        let loop_names = unit.loops.iter().map(|found| (&found.lane, found.place.as_str()));
        let named = arm_names.chain(loop_names).map(|(lane, name)| Some((lane.clone(), DeviceName::new(name).ok()?)));
        let portals = unit.portals.iter().map(|portal| (portal.lane.clone(), portal.name.clone()));
        Self {
            arms,
            loops: unit.loops.iter().map(|wiring| Loop { wiring: wiring.clone(), shown: None }).collect(),
            portals: unit.portals.iter().cloned().map(Portal::new).collect(),
            devices: named.flatten().chain(portals).collect(),
            phase: Phase::Cut,
            asked: None,
            inputs: None,
            relays_due: Mono::default(),
            read_back_now: false,
            offs: VecDeque::new(),
            failures: 0,
            told: Told::Nothing,
            details: Vec::new(),
            lost_because: String::new(),
            events: VecDeque::new(),
            unit,
        }
    }

    /// The line is open: the board is started from nothing.
    pub fn begin(&mut self) {
        self.asked = None;
        self.phase = Phase::Starting { start: Start::full(&self.unit), pause: PAUSE_FIRST };
    }

    /// The line was given up by ourselves and opened again: the board is proved again before anything is commanded,
    /// but what it was seen to do is not forgotten.
    pub fn restart(&mut self) {
        if self.told == Told::Lost {
            self.begin();
            return;
        }
        self.asked = None;
        self.failures = 0;
        self.phase = Phase::Starting { start: Start::again(&self.unit), pause: PAUSE_FIRST };
    }

    /// The line was cut, or can't be opened: every proof is void (hazard 14).
    pub fn lost(&mut self, now: Now, because: &str) {
        self.asked = None;
        self.lose(now, because);
        self.phase = Phase::Cut;
    }

    /// Whether an arm is on this board.
    #[must_use]
    pub fn moves(&self, lane: &LaneId, place: BarrierPlace) -> bool {
        self.arms.iter().any(|arm| arm.wiring.lane == *lane && arm.wiring.place == place)
    }

    /// The next event; drain them after every call.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Whether the driver may end: it holds no contact closed, and no command waits.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        !self.arms.iter().any(|arm| arm.is_held() || arm.waiting.is_some())
    }

    /// What to send now.
    pub fn next(&mut self, now: Now) -> Next {
        if let Phase::Away { until, pause } = self.phase {
            if now.mono < until {
                return Next::Wait(Some(until));
            }
            self.phase = Phase::Starting { start: Start::full(&self.unit), pause };
        }
        let unit = &self.unit;
        match &self.phase {
            Phase::Cut | Phase::Away { .. } => Next::Wait(None),
            Phase::Starting { start, .. } => match start.step() {
                Some(step) => {
                    let request = step.request(unit);
                    self.ask(now, Asked::Start(step), request)
                }
                None => Next::Wait(None),
            },
            Phase::Running => self.next_running(now),
        }
    }

    fn ask(&mut self, now: Now, asked: Asked, request: Request) -> Next {
        self.asked = Some((asked, now.mono));
        Next::Ask(request)
    }

    fn next_running(&mut self, now: Now) -> Next {
        let (unit, mono) = (self.unit.unit, now.mono);
        if std::mem::take(&mut self.read_back_now) {
            return self.ask(now, Asked::Relays, Request::read_relays(unit, &self.unit.board));
        }
        let overdue = self.arms.iter().find_map(|arm| arm.overdue(mono));
        if let Some(relay) = overdue.or_else(|| self.offs.pop_front()) {
            return self.ask(now, Asked::Off(relay), Request::off(unit, &self.unit.board, relay));
        }
        for index in 0..self.arms.len() {
            if let Some((asked, request)) = self.move_arm(now, index) {
                return self.ask(now, asked, request);
            }
        }
        let inputs_due = self.inputs.as_ref().map_or(mono, |inputs| inputs.at + self.unit.poll);
        // On a busy line inputs may always be due: relays get their turn all the same.
        let relays_wait = mono >= self.relays_due + READ_BACK;
        if mono >= inputs_due && !relays_wait {
            return self.ask(now, Asked::Inputs, Request::read_inputs(unit, &self.unit.board));
        }
        if mono >= self.relays_due {
            return self.ask(now, Asked::Relays, Request::read_relays(unit, &self.unit.board));
        }
        let ends = self.arms.iter().filter_map(|arm| arm.pulse_end(mono));
        Next::Wait(ends.chain([inputs_due, self.relays_due]).min())
    }

    /// Takes what came of the request that [`Self::next`] gave.
    pub fn answered(&mut self, now: Now, came: Result<Answer, Failure>) {
        let Some((asked, at)) = self.asked.take() else { return };
        if came.is_ok() {
            self.failures = 0;
        }
        match (asked, came) {
            (Asked::Start(step), came) => self.started(now, at, step, came),
            (Asked::Inputs, Ok(Answer::Bits(bits))) => self.read_inputs(now, Inputs { at, bits }),
            (Asked::Relays, Ok(Answer::Bits(bits))) => self.read_relays(at, &bits),
            (Asked::Pulse(index), came) => self.pulsed(now, index, came),
            (Asked::Stop(index), Ok(_)) => self.stopped(now, index),
            (Asked::Off(relay), Ok(_)) => {
                // The end of a pulse is looked at once; a relay that stays on is told again with each reading.
                let arm = self.arms.iter_mut().find(|arm| arm.relays().any(|wired| wired == relay));
                self.read_back_now = arm.is_some_and(|arm| arm.is_off(relay));
            }
            (Asked::Inputs | Asked::Relays, Err(Failure::Refused(refused))) => {
                self.fail(now, &format!("{refused} to be read: check the kind of the board and its addresses"));
            }
            (Asked::Inputs | Asked::Relays, Ok(_)) | (_, Err(_)) => self.failed(now),
        }
    }

    fn started(&mut self, now: Now, at: Mono, step: Step, came: Result<Answer, Failure>) {
        let Phase::Starting { start, .. } = &mut self.phase else { return };
        let values = match came {
            Ok(Answer::Bits(bits)) if step == Step::Inputs => {
                self.phase = Phase::Running;
                self.failures = 0;
                self.read_inputs(now, Inputs { at, bits });
                return;
            }
            Ok(Answer::Bits(bits)) => {
                start.done(&[]);
                self.read_relays(at, &bits);
                return;
            }
            Ok(Answer::Registers(values)) => values,
            Ok(Answer::Written) => Vec::new(),
            Err(Failure::Refused(_)) if start.may_be_refused(step, &self.unit) => Vec::new(),
            Err(Failure::Refused(refused)) => {
                self.fail(now, &format!("{refused} at its start: check the kind of the board and its addresses"));
                return;
            }
            Err(Failure::Silent) => {
                self.failed(now);
                return;
            }
        };
        start.done(&values);
        if let Step::Off(relay) = step {
            // What the driver held closed is off now.
            for arm in &mut self.arms {
                arm.is_off(relay);
            }
        }
    }

    fn read_relays(&mut self, at: Mono, relays: &[bool]) {
        self.relays_due = at + READ_BACK;
        self.offs.clear();
        for arm in &mut self.arms {
            self.offs.extend(arm.read_back(at, relays));
        }
    }

    /// A request without a usable answer.
    fn failed(&mut self, now: Now) {
        self.failures += 1;
        let old = self.inputs.as_ref().is_none_or(|inputs| now.mono.since(inputs.at) >= LOST_AFTER);
        if self.failures >= FAILURES_MAX || (self.failures > 1 && old) {
            self.fail(now, "the board does not answer: check power, line and address");
        }
    }

    /// The board is away; it is tried again after a pause.
    fn fail(&mut self, now: Now, because: &str) {
        let pause = match self.phase {
            Phase::Starting { pause, .. } => pause,
            Phase::Cut | Phase::Away { .. } | Phase::Running => PAUSE_FIRST,
        };
        self.lose(now, because);
        self.phase = Phase::Away { until: now.mono + pause, pause: (pause * 2).min(PAUSE_LONGEST) };
    }

    fn lose(&mut self, now: Now, because: &str) {
        for arm in &mut self.arms {
            arm.forget();
            if let Some(command) = arm.waiting.take() {
                let (lane, place) = (arm.wiring.lane.clone(), arm.wiring.place);
                let (verb, id, fate) = (command.verb(), command.id(), Fate::NotDone(NotDone::Away));
                self.events.push_back(Event::Commanded { lane, place, verb, id, fate });
            }
        }
        for found in &mut self.loops {
            found.shown = None;
        }
        self.forget_portals(now);
        self.inputs = None;
        self.failures = 0;
        self.read_back_now = false;
        self.offs.clear();
        let news = self.told != Told::Lost || self.lost_because != because;
        because.clone_into(&mut self.lost_because);
        if news {
            self.tell_lost(now);
        }
    }
}
