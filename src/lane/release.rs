//! The write-ahead: plan, record, and only then open (invariants A1 to A4).

use serde_json::json;

use super::guard::Guard;
use super::io::{Effect, Happening, Link, Room, Step};
use super::machine::Machine;
use super::passage::{Because, Closing, Crossing, Going, Purpose, Way};
use super::presence::{Presence, Seen};
use super::room::DISK_LOW;
use super::setup::JOURNAL_WITHIN;
use super::timer::Timer;
use crate::model::authority::{AUTHORITY_COMMAND_WITHIN, AUTHORITY_PASS_WITHIN};
use crate::model::{
    Alarm, Authority, BarrierPlace, Channel, CommandReason, HoldCode, LoopPlace, Now, OpenAuthority, OrderRefusal,
    Outcome, RecordKind, Recorded,
};

/// Why an arm can't be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotReady {
    pub(super) hold: HoldCode,
    pub(super) detail: String,
    pub(super) refusal: OrderRefusal,
}

impl NotReady {
    fn new(hold: HoldCode, detail: impl Into<String>, refusal: OrderRefusal) -> Self {
        Self { hold, detail: detail.into(), refusal }
    }
}

impl Machine {
    /// Everything that must be true of the lane at the moment an arm is opened.
    pub(super) fn ready_to_open(&self, place: BarrierPlace) -> Result<(), NotReady> {
        let guards = self.guards;
        if !guards.holds(Guard::JournalTakes, !self.poisoned) {
            let detail = "the journal takes no records";
            return Err(NotReady::new(HoldCode::JournalUnavailable, detail, OrderRefusal::JournalUnavailable));
        }
        if self.room == Room::Short {
            return Err(NotReady::new(HoldCode::DiskLow, DISK_LOW, OrderRefusal::JournalUnavailable));
        }
        if !guards.holds(Guard::LinkUp, self.link == Link::Up) {
            let detail = "devices on the message bus can not be reached";
            return Err(NotReady::new(HoldCode::BusDown, detail, OrderRefusal::BarrierNotReady));
        }
        if !guards.holds(Guard::PresenceSeen, self.sensors.presence() == Presence::Present) {
            let detail = "no sensor proves that the vehicle stands in the lane";
            return Err(NotReady::new(HoldCode::PresenceUnknown, detail, OrderRefusal::PresenceUnknown));
        }
        let Some(arm) = self.arm(place) else {
            return Err(NotReady::new(HoldCode::BarrierFault, "no such barrier", OrderRefusal::NoSuchBarrier));
        };
        if !guards.holds(Guard::ProvedClosed, arm.is_known()) {
            let detail = format!("the {} barrier has not reported its state", place.as_str());
            return Err(NotReady::new(HoldCode::DeviceLost, detail, OrderRefusal::BarrierNotReady));
        }
        let local = Some("the barrier is in local mode".to_owned())
            .filter(|_| !guards.holds(Guard::RemoteOnly, !arm.is_local()));
        match local.or_else(|| arm.refusal().filter(|_| guards.keeps(Guard::ProvedClosed))) {
            Some(detail) => Err(NotReady::new(HoldCode::BarrierFault, detail, OrderRefusal::BarrierNotReady)),
            None => Ok(()),
        }
    }

    /// Every other arm of the lane is proved closed (invariants B2, B3).
    pub(super) fn others_proved_closed(&self, place: BarrierPlace) -> bool {
        let closed = self.arms.iter().filter(|(other, _)| **other != place).all(|(_, arm)| arm.is_proved_closed());
        self.guards.holds(Guard::OthersClosed, closed)
    }

    /// Plans the way out; holds when the lane isn't ready, waits when another arm is still coming down.
    pub(super) fn plan_release(&mut self, now: Now, reason: CommandReason, order: Option<uuid::Uuid>) {
        let purpose = Purpose { barrier: BarrierPlace::Exit, reason, order };
        if let Err(not_ready) = self.ready_to_open(BarrierPlace::Exit) {
            self.hold(now, not_ready.hold, not_ready.detail);
            return;
        }
        if !self.others_proved_closed(BarrierPlace::Exit) {
            self.wait_for_other_arm(now);
            return;
        }
        let outcome = self.release_outcome();
        let Some(passage) = &mut self.passage else { return };
        passage.outcome = Some(outcome);
        passage.steps.decided = Some(now.wall);
        passage.marks.decided = Some(now.mono);
        let (id, channel) = (passage.id, passage.channel());
        let (notification, declaration) =
            (passage.notification().map(str::to_owned), passage.declaration().map(str::to_owned));
        let body = json!({
            "outcome": outcome, "channel": channel, "reason": reason,
            "notification": notification, "declaration": declaration,
            "tractor": passage.gathered.plate(crate::model::View::Front),
            "trailer": passage.gathered.plate(crate::model::View::Rear),
        });
        self.record(now, Some(id), RecordKind::Released, &body);
        self.authorise(now, purpose);
    }

    fn wait_for_other_arm(&mut self, now: Now) {
        if !self.timers.is_set(Timer::Interlock) {
            let longest = self.arms.values().map(|arm| arm.setup.close_timeout).max().unwrap_or_default();
            self.timers.set(Timer::Interlock, now.mono + longest);
        }
    }

    fn release_outcome(&self) -> Outcome {
        let Some(passage) = &self.passage else { return Outcome::Unresolved };
        let not_subject = passage.matched.as_ref().is_some_and(|matched| matched.not_subject);
        match passage.channel() {
            Some(Channel::Blue) => Outcome::ReleasedConditional,
            Some(Channel::Green | Channel::Yellow | Channel::Red) | None if not_subject => Outcome::NotSubject,
            Some(Channel::Green | Channel::Yellow | Channel::Red) | None => Outcome::Released,
        }
    }

    /// Writes the authority and its one command ahead; both leave with this turn's batch.
    pub(super) fn authorise(&mut self, now: Now, purpose: Purpose) {
        let command_id = self.draw_id();
        let ticket = self.ticket();
        let Some(passage) = &mut self.passage else { return };
        let authority = Authority {
            lane: self.setup.lane.clone(),
            passage: Some(passage.id),
            barrier: purpose.barrier,
            reason: purpose.reason,
            command_id,
            ticket,
            issued: now.mono,
            expires: now.mono + AUTHORITY_COMMAND_WITHIN,
        };
        let body = json!({
            "barrier": purpose.barrier, "command": "open", "command_id": command_id, "reason": purpose.reason,
            "order": purpose.order,
        });
        let id = passage.id;
        passage.way = Way::Authorising(authority, purpose);
        self.timers.stop(Timer::Interlock);
        self.timers.set(Timer::Journal, now.mono + JOURNAL_WITHIN);
        self.record(now, Some(id), RecordKind::BarrierCommanded, &body);
    }

    /// The records are durable: open, if everything is still as it was when they were written.
    pub(super) fn grant(&mut self, now: Now, receipt: &Recorded) {
        let Some(passage) = &mut self.passage else { return };
        let Way::Authorising(authority, purpose) = std::mem::replace(&mut passage.way, Way::Standing) else { return };
        let place = purpose.barrier;
        let not_ready = self.ready_to_open(place).err().or_else(|| {
            let closed = self.others_proved_closed(place);
            (!closed).then(|| {
                NotReady::new(HoldCode::Interlock, "the other arm is not proved closed", OrderRefusal::BarrierNotReady)
            })
        });
        if let Some(not_ready) = not_ready.filter(|_| self.guards.keeps(Guard::StillReady)) {
            self.not_opened(now, not_ready.hold, not_ready.detail);
            return;
        }
        let command_id = authority.command_id;
        let granted = match OpenAuthority::grant(authority, receipt, now.mono) {
            Ok(granted) => granted,
            Err(refusal) => {
                self.not_opened(now, HoldCode::AuthorityExpired, refusal.to_string());
                return;
            }
        };
        let sequence = granted.sequence();
        self.emit(Effect::Open(granted));
        self.opening(now, Going { barrier: place, command_id, since: now.mono }, &purpose, sequence);
    }

    fn opening(&mut self, now: Now, going: Going, purpose: &Purpose, sequence: u64) {
        let timeout = self.arms.get_mut(&going.barrier).map(|arm| {
            arm.opened_by = Some(going.command_id);
            arm.told = Some(now.mono);
            arm.setup.open_timeout
        });
        self.timers.set(Timer::Travel, now.mono + timeout.unwrap_or_default());
        self.dirty = true;
        let Some(passage) = &mut self.passage else { return };
        passage.way = Way::Opening(going);
        let id = passage.id;
        let notification = passage.notification().map(str::to_owned);
        match purpose.reason {
            CommandReason::Release | CommandReason::Order => {
                passage.commanded = true;
                if let Some(notification) = notification {
                    self.emit(Effect::Used { notification, passage: id, sequence });
                }
            }
            CommandReason::Refer => passage.commanded = true,
            CommandReason::Admit | CommandReason::Secure => {}
        }
    }

    fn not_opened(&mut self, now: Now, hold: HoldCode, detail: String) {
        self.stand();
        self.hold(now, hold, detail);
    }

    /// A pending authority dies; what was commanded but is not open yet is closed again (invariants A2, A7).
    pub(super) fn void_pending(&mut self, now: Now, why: &str) {
        let Some(passage) = &mut self.passage else { return };
        match &passage.way {
            Way::Authorising(..) => {
                passage.way = Way::Standing;
                passage.outcome = None;
                self.timers.stop(Timer::Journal);
                self.hold(now, HoldCode::StricterDecision, format!("the release was taken back: {why}"));
            }
            Way::Opening(going) => {
                let going = *going;
                passage.outcome = None;
                self.close_again(now, going, Because::Void);
                self.hold(now, HoldCode::StricterDecision, format!("the release was taken back: {why}"));
            }
            Way::Standing | Way::Driving(..) | Way::Closing(..) => {}
        }
    }

    pub(super) fn journal_late(&mut self, now: Now) {
        if !self.guards.keeps(Guard::JournalInTime) {
            return;
        }
        let waits = self.passage.as_mut().is_some_and(|passage| {
            let waits = matches!(passage.way, Way::Authorising(..));
            if waits {
                passage.way = Way::Standing;
                passage.outcome = None;
            }
            waits
        });
        if waits {
            self.raise_alarm(now, Alarm::JournalUnavailable);
            self.hold(now, HoldCode::JournalUnavailable, "the journal did not make the decision durable in time");
        }
    }

    /// The open limit is proved: the vehicle may drive.
    pub(super) fn arm_opened(&mut self, now: Now, place: BarrierPlace) {
        let Some(passage) = &mut self.passage else { return };
        let Way::Opening(going) = passage.way else { return };
        if going.barrier != place {
            return;
        }
        let under = place == BarrierPlace::Exit && self.sensors.at(LoopPlace::Exit) == Seen::Occupied;
        passage.way = Way::Driving(going, Crossing::Before);
        if place != BarrierPlace::Entry {
            passage.steps.opened = Some(now.wall);
            passage.marks.opened = Some(now.mono);
        }
        let decided = passage.marks.decided;
        if under {
            self.go_under(going);
        }
        self.timers.stop(Timer::Travel);
        self.timers.set(Timer::Pass, now.mono + AUTHORITY_PASS_WITHIN);
        self.tell(Happening::Travelled(place, now.mono.since(going.since)));
        if let Some(decided) = decided {
            self.tell(Happening::Took(Step::Opening, now.mono.since(decided)));
        }
    }

    /// Tells the arm to close if its zone is positively clear (invariant B1); else it stays up and is watched.
    pub(super) fn close_again(&mut self, now: Now, going: Going, because: Because) {
        if let Some(passage) = &mut self.passage {
            passage.way = Way::Closing(going, Closing { because, retries: 0 });
        }
        // The light changes with the way, whether a command goes out or not (invariant B10).
        self.dirty = true;
        self.timers.stop(Timer::Pass);
        self.timers.stop(Timer::Left);
        self.command_close(now, going.barrier);
        // An arm that never left its closed limit will not report it again; one that rises all the same has no
        // authority.
        let still_closed = self.arms.get_mut(&going.barrier).is_some_and(|arm| {
            let still_closed = arm.is_proved_closed();
            if still_closed {
                arm.opened_by = None;
            }
            still_closed
        });
        if !still_closed {
            return;
        }
        self.timers.stop(Timer::Travel);
        match because {
            Because::Void => self.stand(),
            Because::Through | Because::Back | Because::Unseen => self.complete(now),
        }
    }

    /// The vehicle stays where it is; nothing is under way to an arm.
    pub(super) fn stand(&mut self) {
        if let Some(passage) = &mut self.passage {
            passage.way = Way::Standing;
            passage.outcome = None;
        }
    }
}
