//! One arm on a board: its contacts, its feedback, the command that waits for it and the pulse that runs.

use std::time::Duration;

use uuid::Uuid;

use super::command::{Act, Command, Gate, NotDone};
use super::feedback::{Fault, Feedback, Limits};
use super::frame::{Contacts, Request};
use crate::config::board::{Board, PulseMaker};
use crate::config::relay::{Contact, Normally, RelayArm, RelayLoop};
use crate::model::{BarrierMode, BarrierPlace, BarrierState, CommandVerb, LoopPlace, Mono, Now, Position};

/// How long after its end a pulse may still be seen on its relay: boards count in tenths of a second.
const PULSE_GRACE: Duration = Duration::from_millis(500);

/// Inputs as read at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Inputs {
    /// When they were asked for: what they prove is at least that old.
    pub(super) at: Mono,
    pub(super) bits: Vec<bool>,
}

impl Inputs {
    /// Whether a contact is active. One that the board doesn't have is: a sensor that can't be trusted.
    pub(super) fn active(&self, contact: Contact) -> bool {
        let closed = self.bits.get(usize::from(contact.input)).copied();
        match contact.normally {
            Normally::Open => closed.unwrap_or(true),
            Normally::Closed => !closed.unwrap_or(false),
        }
    }

    fn any(&self, contact: Option<Contact>) -> bool {
        contact.is_some_and(|contact| self.active(contact))
    }
}

/// Who ends a pulse that went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    Board,
    /// `confirmed`: since when the relay is known to be on.
    Driver {
        confirmed: Option<Mono>,
    },
}

/// A pulse that went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pulse {
    relay: u16,
    until: Mono,
    ends: Ends,
}

/// What the last inputs make of an arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) position: Position,
    mode: BarrierMode,
    fault: Option<Fault>,
    zone_clear: bool,
}

#[derive(Debug)]
pub(super) struct Arm {
    pub(super) wiring: RelayArm,
    contacts: Contacts,
    ends: Ends,
    /// What must be clear for a close.
    zone: Vec<Contact>,
    pub(super) feedback: Feedback,
    pub(super) gate: Gate,
    pub(super) waiting: Option<Command>,
    /// The pulse of the last command, and what it was.
    pulse: Option<(Pulse, CommandVerb, Uuid)>,
    stopping: Option<Pulse>,
    relay_fault: Option<Fault>,
    /// The last command that the board is known to have taken.
    pub(super) taken: Option<Uuid>,
    pub(super) seen: Option<Seen>,
    shown: Option<(Seen, Option<Uuid>)>,
}

/// The loop under an arm.
const fn under(place: BarrierPlace) -> Option<LoopPlace> {
    match place {
        BarrierPlace::Entry => Some(LoopPlace::Approach),
        BarrierPlace::Exit => Some(LoopPlace::Exit),
        BarrierPlace::Inspection => None,
    }
}

impl Arm {
    pub(super) fn new(board: &Board, wiring: RelayArm, loops: &[RelayLoop]) -> Self {
        let beneath =
            loops.iter().filter(|found| found.lane == wiring.lane && Some(found.place) == under(wiring.place));
        let zone = beneath.map(|found| found.contact).chain(wiring.inputs.photocell).collect();
        let ends = match board.pulse {
            PulseMaker::Board { .. } => Ends::Board,
            PulseMaker::Driver => Ends::Driver { confirmed: None },
        };
        Self {
            contacts: Contacts::of(board, &wiring),
            ends,
            zone,
            feedback: Feedback::new(wiring.travel),
            gate: Gate::default(),
            waiting: None,
            pulse: None,
            stopping: None,
            relay_fault: None,
            taken: None,
            seen: None,
            shown: None,
            wiring,
        }
    }

    /// The relays that are wired to it.
    pub(super) fn relays(&self) -> impl Iterator<Item = u16> {
        [Some(self.wiring.open), Some(self.wiring.close), self.wiring.stop].into_iter().flatten()
    }

    /// Takes the inputs.
    pub(super) fn see(&mut self, now: Mono, inputs: &Inputs) {
        let wired = &self.wiring.inputs;
        let limits = match (inputs.active(wired.opened), inputs.active(wired.closed)) {
            (false, false) => Limits::Neither,
            (false, true) => Limits::Closed,
            (true, false) => Limits::Opened,
            (true, true) => Limits::Both,
        };
        let (position, of_limits) = self.feedback.see(now, limits);
        let evacuation = inputs.any(wired.evacuation).then_some(Fault::Evacuation);
        let mode = if inputs.any(wired.local) { BarrierMode::Local } else { BarrierMode::Remote };
        self.seen = Some(Seen {
            position,
            mode,
            fault: [evacuation, of_limits, self.relay_fault].into_iter().flatten().min(),
            zone_clear: !self.zone.iter().any(|contact| inputs.active(*contact)),
        });
    }

    /// Its state, if it is another than the one that was shown last.
    pub(super) fn show(&mut self, now: Now) -> Option<BarrierState> {
        let seen = self.seen?;
        // What is under the arm is the loops' to show.
        let shown = (Seen { zone_clear: true, ..seen }, self.taken);
        if self.shown == Some(shown) {
            return None;
        }
        self.shown = Some(shown);
        Some(BarrierState {
            position: seen.position,
            mode: seen.mode,
            fault: seen.fault.map(|fault| fault.as_str().to_owned()),
            command_id: self.taken,
            at: now.wall,
        })
    }

    /// The next state is shown whatever it is.
    pub(super) fn show_again(&mut self) {
        self.shown = None;
    }

    /// Everything that was known is void.
    pub(super) fn forget(&mut self) {
        self.feedback.forget();
        self.pulse = None;
        self.stopping = None;
        self.relay_fault = None;
        self.seen = None;
        self.shown = None;
    }

    fn pulses(&self) -> impl Iterator<Item = Pulse> {
        self.pulse.map(|(pulse, ..)| pulse).into_iter().chain(self.stopping)
    }

    /// Whether a contact is, or may be, closed.
    pub(super) fn is_busy(&self, now: Mono) -> bool {
        self.pulses().any(|pulse| now < pulse.until || pulse.ends != Ends::Board)
    }

    /// Whether the driver holds a contact closed.
    pub(super) fn is_held(&self) -> bool {
        self.pulses().any(|pulse| pulse.ends != Ends::Board)
    }

    /// When the next pulse is to be ended by the driver, or was ended by the board.
    pub(super) fn pulse_end(&self, now: Mono) -> Option<Mono> {
        self.pulses().map(|pulse| pulse.until).filter(|until| *until > now).min()
    }

    /// The relay that the driver must switch off now.
    pub(super) fn overdue(&self, now: Mono) -> Option<u16> {
        let overdue = |pulse: &Pulse| pulse.ends != Ends::Board && now >= pulse.until;
        self.pulses().find(overdue).map(|pulse| pulse.relay)
    }

    fn begin(&self, now: Mono, relay: u16) -> Pulse {
        Pulse { relay, until: now + self.wiring.pulse, ends: self.ends }
    }

    /// The request for a stop: it comes down as it was told, and its zone is not clear any more. A stop is repeated
    /// until it is confirmed.
    pub(super) fn stop(&mut self, now: Mono, unit: u8) -> Option<Request> {
        let seen = self.seen?;
        let needed = seen.position == Position::Closing && self.feedback.is_told_to_close() && !seen.zone_clear;
        if !needed || seen.mode == BarrierMode::Local || self.stopping.is_some_and(|pulse| pulse.ends != Ends::Board) {
            return None;
        }
        let (relay, contact) = self.wiring.stop.zip(self.contacts.stop)?;
        self.stopping = Some(self.begin(now, relay));
        Some(Request::stop(unit, contact))
    }

    /// The board confirmed the stop.
    pub(super) fn stopped(&mut self, now: Mono) {
        self.feedback.stopped();
        let until = now + self.wiring.pulse;
        if let Some(pulse) = &mut self.stopping {
            pulse.confirm(now, until);
        }
    }

    /// Whether a command may go out now, or may yet.
    pub(super) fn ready(&self, now: Mono, verb: CommandVerb) -> Result<Ready, NotDone> {
        let Some(seen) = self.seen else { return Ok(Ready::NotYet) };
        if seen.mode == BarrierMode::Local {
            return Err(NotDone::Local);
        }
        if seen.fault.is_some() {
            return Err(NotDone::Faulty);
        }
        if self.is_busy(now) {
            return Ok(Ready::NotYet);
        }
        match verb {
            // A second pulse would hold many an arm up for the next vehicle (devices.md §3, memory mode).
            CommandVerb::Open if seen.position != Position::Closed => Err(NotDone::NotClosed),
            CommandVerb::Close if !seen.zone_clear => Ok(Ready::ZoneTaken),
            CommandVerb::Open | CommandVerb::Close => Ok(Ready::Now),
        }
    }

    /// The one request that a command makes.
    pub(super) fn act(&mut self, now: Mono, unit: u8, command: Command) -> Request {
        let (verb, id) = (command.verb(), command.id());
        let (relay, request) = match command.into_act() {
            Act::Open(authority) => (self.wiring.open, Request::open(unit, self.contacts.open, authority)),
            Act::Close(_) => (self.wiring.close, Request::close(unit, self.contacts.close)),
        };
        self.pulse = Some((self.begin(now, relay), verb, id));
        // Told although no answer is there yet: whatever the limits show from here on has this reason.
        self.feedback.told(now, verb);
        request
    }

    /// The command whose pulse went out last.
    pub(super) fn commanded(&self) -> Option<(CommandVerb, Uuid)> {
        self.pulse.map(|(_, verb, id)| (verb, id))
    }

    /// The board confirmed the pulse.
    pub(super) fn confirmed(&mut self, now: Mono) {
        let until = now + self.wiring.pulse;
        if let Some((pulse, _, id)) = &mut self.pulse {
            pulse.confirm(now, until);
            self.taken = Some(*id);
        }
    }

    /// The board refused the pulse.
    pub(super) fn refused(&mut self) {
        self.pulse = None;
        self.feedback.untold();
    }

    /// The relay is known to be off; whether that ends a pulse.
    pub(super) fn is_off(&mut self, relay: u16) -> bool {
        let command = self.pulse.take_if(|(pulse, ..)| pulse.relay == relay).is_some();
        let stop = self.stopping.take_if(|pulse| pulse.relay == relay).is_some();
        command || stop
    }

    /// Takes the relays as read; those that are on against all orders.
    pub(super) fn read_back(&mut self, at: Mono, relays: &[bool]) -> Vec<u16> {
        let is_on = |relay: u16| relays.get(usize::from(relay)).copied().unwrap_or(false);
        let stuck: Vec<_> = self.relays().filter(|relay| is_on(*relay) && !self.may_be_on(at, *relay)).collect();
        if let Some((pulse, _, id)) = self.pulse
            && is_on(pulse.relay)
        {
            // The answer may have been lost; here is the proof.
            self.taken = Some(id);
        }
        let dead = self.pulses().any(|pulse| pulse.must_be_on(at) && !is_on(pulse.relay));
        self.relay_fault = match (stuck.is_empty(), dead) {
            (false, _) => Some(Fault::RelayStuck),
            (true, true) => Some(Fault::RelayDead),
            (true, false) => None,
        };
        let over = |pulse: &Pulse| pulse.ends == Ends::Board && at >= pulse.until + PULSE_GRACE;
        self.pulse.take_if(|(pulse, ..)| over(pulse));
        self.stopping.take_if(|pulse| over(pulse));
        stuck
    }

    fn may_be_on(&self, at: Mono, relay: u16) -> bool {
        let mut ours = self.pulses().filter(|pulse| pulse.relay == relay);
        ours.any(|pulse| pulse.ends != Ends::Board || at < pulse.until + PULSE_GRACE)
    }
}

impl Pulse {
    const fn confirm(&mut self, now: Mono, until: Mono) {
        self.until = until;
        if let Ends::Driver { confirmed } = &mut self.ends {
            *confirmed = Some(now);
        }
    }

    /// Confirmed by the board, and not switched off since.
    fn must_be_on(&self, at: Mono) -> bool {
        match self.ends {
            Ends::Driver { confirmed: Some(confirmed) } => at >= confirmed && at < self.until,
            Ends::Driver { confirmed: None } | Ends::Board => false,
        }
    }
}

/// Whether a waiting command may go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ready {
    Now,
    /// A pulse still runs, or the inputs are not there yet.
    NotYet,
    /// Something is, or may be, under the arm.
    ZoneTaken,
}
