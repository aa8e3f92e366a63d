//! The machine: its state, its one door in and its two doors out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde::Serialize;
use uuid::Uuid;

use super::arm::Arm;
use super::early::Foretold;
use super::evidence::Read;
use super::guard::{Guard, Guards};
use super::ids::Ids;
use super::io::{Clock, Effect, Happening, Input, Link, Room};
use super::passage::{Passage, Way};
use super::presence::{Platform, Presence, Sensors};
use super::roster::Roster;
use super::setup::{EMPTY_SETTLE, EMPTY_SETTLE_STANDING, LaneSetup, ScaleSetup};
use super::timer::{Timer, Timers};
use super::traffic::Traffic;
use super::weigh::Scale;
use crate::model::{
    Alarm, BarrierPlace, DeviceName, Evacuation, HoldCode, LaneState, Mono, NewRecord, Now, PassageId, RecordKind,
    Recorded, Service, Severity, Signal, Ticket,
};

/// What the shell has not carried out yet.
#[derive(Debug, Default)]
struct Outbox(VecDeque<Effect>);

/// The lane machine. See the module head for its contract.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
pub struct Machine {
    pub(super) guards: Guards,
    pub(super) setup: Arc<LaneSetup>,
    pub(super) ids: Ids,
    pub(super) timers: Timers,
    pub(super) sensors: Sensors,
    pub(super) arms: BTreeMap<BarrierPlace, Arm>,
    pub(super) service: Service,
    pub(super) evacuation: Evacuation,
    pub(super) passage: Option<Passage>,
    pub(super) link: Link,
    /// On the journal's disk.
    pub(super) room: Room,
    pub(super) alarms: BTreeSet<Alarm>,
    /// The session of each device's last birth.
    pub(super) births: BTreeMap<DeviceName, Option<String>>,
    pub(super) roster: Roster,
    /// Cameras that said nothing of the vehicle before them.
    pub(super) silent: BTreeSet<DeviceName>,
    /// Devices that spoke and that the lane's setup doesn't name.
    pub(super) strangers: BTreeSet<DeviceName>,
    /// Reads of a vehicle that the approach loop has not seen yet.
    pub(super) early: VecDeque<(Mono, Read)>,
    /// What portals and seal readers told of a vehicle that has no passage yet.
    pub(super) foretold: Foretold,
    pub(super) traffic: Traffic,
    pub(super) scale: Option<Scale>,
    /// Something happened to the vehicle in the lane in this turn.
    pub(super) stirred: bool,
    /// The controller stops: no vehicle is taken any more.
    pub(super) stopping: bool,
    /// The journal has failed for good.
    pub(super) poisoned: bool,
    /// Orders whose records wait for the journal.
    pub(super) unanswered: Vec<(Ticket, Uuid)>,
    next_ticket: u64,
    unrecorded: Vec<NewRecord>,
    effects: Outbox,
    pub(super) dirty: bool,
    pub(super) shown: Option<LaneState>,
    pub(super) signalled: Option<Signal>,
}

impl Machine {
    /// A machine for an empty lane. `seed` feeds its identifiers; the lane is closed to the world until devices
    /// have spoken.
    #[must_use]
    pub fn new(setup: LaneSetup, seed: [u8; 32]) -> Self {
        let platform = setup.scale.as_ref().is_some_and(ScaleSetup::is_platform);
        let sensors = Sensors::new(&setup.loops, if platform { Platform::Watched } else { Platform::None });
        let arms = setup.arms.iter().map(|(place, arm)| (*place, Arm::new(*arm))).collect();
        let roster = Roster::new(&setup);
        let scale = setup.scale.clone().map(Scale::new);
        Self {
            guards: Guards::all(),
            setup: Arc::new(setup),
            ids: Ids::new(seed),
            timers: Timers::default(),
            sensors,
            arms,
            service: Service::Open,
            evacuation: Evacuation::None,
            passage: None,
            link: Link::Down,
            room: Room::Enough,
            alarms: BTreeSet::new(),
            births: BTreeMap::new(),
            roster,
            silent: BTreeSet::new(),
            strangers: BTreeSet::new(),
            early: VecDeque::new(),
            foretold: Foretold::default(),
            traffic: Traffic::new(),
            scale,
            stirred: false,
            stopping: false,
            poisoned: false,
            unanswered: Vec::new(),
            next_ticket: 1,
            unrecorded: Vec::new(),
            effects: Outbox::default(),
            dirty: true,
            shown: None,
            signalled: None,
        }
    }

    /// What the lane consists of.
    #[must_use]
    pub fn setup(&self) -> &LaneSetup {
        &self.setup
    }

    /// Takes one input. Drain [`Self::poll_effect`] afterwards.
    pub fn handle(&mut self, now: Now, input: Input) {
        match input {
            Input::Observed(observation) => self.on_observation(now, observation),
            Input::Matched { passage, round, result } => self.on_matched(now, passage, round, result),
            Input::RegisterChanged => self.on_register_changed(now),
            Input::RiskAnswered { request, answer } => self.on_risk_answered(now, request, answer),
            Input::RiskHeard(word) => self.on_risk_heard(now, &word),
            Input::Ordered(order) => self.on_order(now, order),
            Input::Recorded(receipt) => self.on_recorded(now, &receipt),
            Input::RecordFailed(ticket) => self.on_record_failed(now, ticket),
            Input::Link(link) => self.on_link(now, link),
            Input::Room(room) => self.on_room(now, room),
            Input::Intrusion(intrusion) => self.on_intrusion(now, intrusion),
            Input::Clock(Clock::Stepped) if self.guards.keeps(Guard::ClockStepVoids) => {
                self.void_pending(now, "the clock was set while it waited");
            }
            Input::Clock(Clock::Stepped) => {}
            Input::Stop => self.on_stop(now),
            Input::Wake => {}
        }
        while let Some(timer) = self.timers.take_due(now.mono) {
            self.on_timer(now, timer);
        }
        self.watch(now);
        self.show(now);
    }

    /// The next thing to carry out. The records of a turn come last, as one batch.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        if let Some(effect) = self.effects.0.pop_front() {
            return Some(effect);
        }
        if self.unrecorded.is_empty() {
            return None;
        }
        let ticket = self.ticket();
        self.next_ticket += 1;
        Some(Effect::Record { ticket, records: std::mem::take(&mut self.unrecorded) })
    }

    /// When the machine wants `Input::Wake` at the latest, and why.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Mono, Timer)> {
        self.timers.next()
    }

    /// The ticket that the records of this turn will carry.
    pub(super) const fn ticket(&self) -> Ticket {
        Ticket(self.next_ticket)
    }

    pub(super) fn emit(&mut self, effect: Effect) {
        self.effects.0.push_back(effect);
    }

    pub(super) fn tell(&mut self, happening: Happening) {
        self.emit(Effect::Tell(happening));
    }

    /// Adds a record to this turn's batch.
    pub(super) fn record(&mut self, now: Now, passage: Option<PassageId>, kind: RecordKind, body: &impl Serialize) {
        // Bodies are our own structs and maps with text keys: they always serialise.
        let body = serde_json::to_string(body).unwrap_or_else(|_| "{}".to_owned());
        self.unrecorded.push(NewRecord { at: now.wall, lane: self.setup.lane.clone(), passage, kind, body });
        self.dirty = true;
    }

    pub(super) fn passage_id(&self) -> Option<PassageId> {
        self.passage.as_ref().map(|passage| passage.id)
    }

    pub(super) fn arm(&self, place: BarrierPlace) -> Option<&Arm> {
        self.arms.get(&place)
    }

    pub(super) fn draw_id(&mut self) -> Uuid {
        self.ids.draw()
    }

    fn on_recorded(&mut self, now: Now, receipt: &Recorded) {
        let guards = self.guards;
        let is_own = |ticket: Ticket| guards.holds(Guard::OwnReceipt, ticket == receipt.ticket());
        let waits = self
            .passage
            .as_ref()
            .is_some_and(|passage| matches!(&passage.way, Way::Authorising(authority, _) if is_own(authority.ticket)));
        if waits {
            self.timers.stop(Timer::Journal);
            self.grant(now, receipt);
        }
        self.answer_recorded(receipt);
    }

    fn on_record_failed(&mut self, now: Now, ticket: Ticket) {
        self.poisoned = true;
        self.raise_alarm(now, Alarm::JournalUnavailable);
        self.void_pending(now, "the journal failed");
        self.hold(now, HoldCode::JournalUnavailable, "the journal takes no records");
        self.answer_failed(ticket);
    }

    fn on_timer(&mut self, now: Now, timer: Timer) {
        match timer {
            Timer::Evidence => self.assess(now),
            Timer::Match => self.match_unavailable(now),
            Timer::Risk => self.risk_unavailable(now, "the risk gateway did not answer"),
            Timer::Journal => self.journal_late(now),
            Timer::Interlock => {
                self.hold(now, HoldCode::Interlock, "the other arm of the lane is not proved closed");
            }
            Timer::Travel => self.travel_over(now),
            Timer::Pass => self.pass_over(now),
            Timer::Left => self.left(now),
            Timer::Empty => self.gone_another_way(now),
            Timer::Abandoned => self.raise_alarm(now, Alarm::Abandoned),
            Timer::Camera => self.cameras_silent(now),
            Timer::Unannounced => self.unannounced(now),
            Timer::Loops => {
                self.settle_loops(now);
                self.look_for_stuck_loops(now);
            }
            Timer::Devices => self.settle_devices(now),
        }
    }

    /// What the end of a turn starts or stops waiting for.
    fn watch(&mut self, now: Now) {
        self.watch_presence(now);
        self.watch_cameras();
        self.watch_abandoned(now);
        for (timer, due) in [(Timer::Loops, self.sensors.due()), (Timer::Devices, self.roster.due())] {
            match due {
                Some(at) => self.timers.set(timer, at),
                None => self.timers.stop(timer),
            }
        }
    }

    /// A vehicle that stands, and that nothing happens to, is abandoned at last; any move or order ends that.
    fn watch_abandoned(&mut self, now: Now) {
        let stirred = std::mem::take(&mut self.stirred);
        let standing = self.passage.as_ref().is_some_and(Passage::is_standing);
        if stirred || !standing {
            self.timers.stop(Timer::Abandoned);
            self.clear_alarm(now, Alarm::Abandoned);
        }
        if standing && stirred {
            self.timers.set(Timer::Abandoned, now.mono + self.setup.abandoned_after);
        }
    }

    /// Starts or stops the wait for an empty zone.
    fn watch_presence(&mut self, now: Now) {
        let watched = self.passage.as_ref().is_some_and(|passage| !matches!(passage.way, Way::Closing(..)))
            && self.guards.keeps(Guard::EmptyEnds);
        if watched && self.sensors.presence() == Presence::Empty {
            if !self.timers.is_set(Timer::Empty) {
                let undecided =
                    self.passage.as_ref().is_some_and(|passage| passage.is_standing() && passage.outcome.is_none());
                let settle = if undecided { EMPTY_SETTLE_STANDING } else { EMPTY_SETTLE };
                self.timers.set(Timer::Empty, now.mono + settle);
            }
        } else {
            self.timers.stop(Timer::Empty);
        }
    }

    /// Holds the vehicle in the lane, once per code and detail.
    pub(super) fn hold(&mut self, now: Now, code: HoldCode, detail: impl Into<String>) {
        self.hold_with(now, code, detail.into(), Severity::Hold);
    }

    pub(super) fn hold_with(&mut self, now: Now, code: HoldCode, detail: String, severity: Severity) {
        let Some(passage) = &mut self.passage else { return };
        if passage.holds.iter().any(|hold| hold.code == code && hold.detail == detail) {
            return;
        }
        let hold = crate::model::Hold { code, detail, since: now.wall, severity };
        passage.holds.push(hold.clone());
        let id = passage.id;
        self.timers.stop(Timer::Interlock);
        self.record(now, Some(id), RecordKind::Held, &hold);
        self.tell(Happening::Held(code));
    }

    /// The cause of a hold is gone: it is dropped, and the verdict stands again.
    pub(super) fn heal(&mut self, now: Now, code: HoldCode) {
        let Some(passage) = &mut self.passage else { return };
        if !passage.is_held_by(code) {
            return;
        }
        passage.holds.retain(|hold| hold.code != code);
        self.dirty = true;
        self.conclude(now);
    }

    /// The cause of one hold is gone, and others of the same code may stay.
    pub(super) fn heal_detail(&mut self, now: Now, code: HoldCode, detail: &str) {
        let Some(passage) = &mut self.passage else { return };
        let before = passage.holds.len();
        passage.holds.retain(|hold| hold.code != code || hold.detail != detail);
        if passage.holds.len() < before {
            self.dirty = true;
            self.conclude(now);
        }
    }

    pub(super) fn raise_alarm(&mut self, now: Now, alarm: Alarm) {
        if !self.alarms.contains(&alarm) {
            self.raise_alarm_about(now, alarm, &serde_json::Value::Null);
        }
    }

    /// Raises an alarm and records what it is about, each time anew: the same alarm may be on for another cause.
    pub(super) fn raise_alarm_about(&mut self, now: Now, alarm: Alarm, about: &serde_json::Value) {
        let passage = self.passage_id();
        let mut body = serde_json::json!({ "alarm": alarm });
        if let (Some(body), Some(about)) = (body.as_object_mut(), about.as_object()) {
            body.extend(about.clone());
        }
        self.record(now, passage, RecordKind::AlarmRaised, &body);
        if self.alarms.insert(alarm) {
            self.emit(Effect::Alarmed(alarm, true));
        }
    }

    pub(super) fn clear_alarm(&mut self, now: Now, alarm: Alarm) {
        if self.alarms.remove(&alarm) {
            let passage = self.passage_id();
            self.record(now, passage, RecordKind::AlarmCleared, &serde_json::json!({ "alarm": alarm }));
            self.emit(Effect::Alarmed(alarm, false));
        }
    }
}

/// A machine is copied between two turns only: what it wants done is nobody's to do twice.
#[cfg(test)]
impl Clone for Outbox {
    fn clone(&self) -> Self {
        assert!(self.0.is_empty(), "drain the machine first");
        Self::default()
    }
}
