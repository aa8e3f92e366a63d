//! The vehicle leaves, the arm comes down, the passage ends with its whole story.

use serde_json::json;

use super::guard::Guard;
use super::io::{Effect, Happening, Step};
use super::machine::Machine;
use super::passage::{Because, Crossing, Going, Passage, Way};
use super::presence::Seen;
use super::setup::{CLOSE_RETRIES, LEFT_SETTLE};
use super::timer::Timer;
use crate::model::authority::AUTHORITY_PASS_WITHIN;
use crate::model::{Alarm, BarrierPlace, HoldCode, LoopPlace, Now, Outcome, RecordKind, Service};

/// The hold of a passage under whose opening a second vehicle drives.
pub(super) const SECOND_UNDER: &str = "a second vehicle is under the arm";

/// The loop under an arm: its closing zone. The inspection arm has none, so it is never told to close.
const fn closing_zone(place: BarrierPlace) -> Option<LoopPlace> {
    match place {
        BarrierPlace::Entry => Some(LoopPlace::Approach),
        BarrierPlace::Exit => Some(LoopPlace::Exit),
        BarrierPlace::Inspection => None,
    }
}

impl Machine {
    pub(super) fn on_exit_taken(&mut self, now: Now) {
        if self.passage.is_none() {
            self.traffic.exit_rose = Some(now.mono);
            self.crossing_without_passage(now);
            return;
        }
        if self.crosses_by_hand(now) {
            return;
        }
        let Some(passage) = &self.passage else {
            self.crossing_without_passage(now);
            return;
        };
        match passage.way {
            Way::Driving(going, Crossing::Under) if going.barrier == BarrierPlace::Exit => {
                self.timers.stop(Timer::Left);
            }
            Way::Driving(going, Crossing::Before) if going.barrier == BarrierPlace::Exit => self.go_under(going),
            Way::Closing(going, closing) if going.barrier == BarrierPlace::Exit => {
                self.crossed_while_closing(now, going, closing.because);
            }
            Way::Standing | Way::Authorising(..) | Way::Opening(..) | Way::Driving(..) | Way::Closing(..) => {}
        }
    }

    /// The vehicle is on the exit loop; what leaves the stop line from here on are its parts.
    pub(super) fn go_under(&mut self, going: Going) {
        let whole = self.sensors.at_stop_line() == Seen::Free;
        if let Some(passage) = &mut self.passage {
            passage.way = Way::Driving(going, Crossing::Under);
            passage.parts_left = usize::from(whole);
            passage.taken_again = 0;
        }
        self.timers.stop(Timer::Left);
    }

    /// Something drives under an arm that has no leave for anybody.
    fn crossed_while_closing(&mut self, now: Now, going: Going, because: Because) {
        match because {
            Because::Through if !self.guards.keeps(Guard::SecondCrossing) => {}
            Because::Through => self.tailgated(now),
            Because::Back | Because::Void => {
                if let Some(passage) = &mut self.passage {
                    passage.crossed = true;
                }
                self.crossing_without_passage(now);
            }
            Because::Unseen => {
                let since = self.passage.as_ref().and_then(|passage| passage.lost);
                let another = self.traffic.taken.is_some_and(|taken| since.is_some_and(|since| taken > since));
                if another {
                    self.tailgated(now);
                    return;
                }
                self.found_again(now);
                self.timers.set(Timer::Pass, now.mono + AUTHORITY_PASS_WITHIN);
                self.go_under(going);
            }
        }
    }

    /// A second vehicle under an arm that one authority opened: an incident that closes the lane (invariant A5).
    pub(super) fn tailgated(&mut self, now: Now) {
        self.raise_alarm(now, Alarm::Tailgating);
        self.hold(now, HoldCode::Tailgating, SECOND_UNDER);
        if self.guards.keeps(Guard::TailgatingCloses) {
            self.set_service(now, Service::Closed, "tailgating");
        }
    }

    fn crossing_without_passage(&mut self, now: Now) {
        let closed = self.arm(BarrierPlace::Exit).is_some_and(super::arm::Arm::is_proved_closed);
        if !self.guards.holds(Guard::CrossingWithoutLeave, closed) {
            self.raise_alarm(now, Alarm::UnknownCrossing);
        }
    }

    pub(super) fn on_exit_freed(&mut self, now: Now) {
        let Some(passage) = &self.passage else { return };
        if passage.by_hand.is_some() && passage.is_standing() {
            self.timers.set(Timer::Left, now.mono + LEFT_SETTLE);
            return;
        }
        if let Way::Driving(going, Crossing::Under) = passage.way
            && going.barrier == BarrierPlace::Exit
        {
            self.timers.set(Timer::Left, now.mono + LEFT_SETTLE);
            return;
        }
        if let Way::Closing(going, _) = passage.way
            && going.barrier == BarrierPlace::Exit
        {
            self.command_close(now, BarrierPlace::Exit);
            return;
        }
        // A restored vehicle that the journal says was let go: its way through is observed, not commanded again.
        let let_go = passage.restored && passage.commanded && passage.is_standing();
        let arm_up = self.arm(BarrierPlace::Exit).is_some_and(|arm| !arm.is_proved_closed());
        if let_go && arm_up {
            let command_id = self.arm(BarrierPlace::Exit).and_then(|arm| arm.opened_by).unwrap_or_default();
            let going = Going { barrier: BarrierPlace::Exit, command_id, since: now.mono };
            if let Some(passage) = &mut self.passage {
                passage.way = Way::Driving(going, Crossing::Under);
            }
            self.timers.set(Timer::Left, now.mono + LEFT_SETTLE);
        }
    }

    /// The exit loop stayed free after the vehicle was on it.
    pub(super) fn left(&mut self, now: Now) {
        // With a loop at the stop line a vehicle that only rolled back off the exit loop is still seen there, unless
        // another one may have driven up behind it: that one must not find the arm up.
        let another = self.traffic.queued || self.traffic.behind;
        let alone = self.guards.holds(Guard::NobodyBehind, !another);
        if self.sensors.at(LoopPlace::Scale) == Seen::Occupied && alone {
            self.rolled_back(now);
            return;
        }
        let Some(passage) = &mut self.passage else { return };
        if passage.by_hand.is_some() && passage.is_standing() {
            passage.steps.left = Some(now.wall);
            self.complete(now);
            return;
        }
        let Way::Driving(going, Crossing::Under) = passage.way else { return };
        passage.steps.left = Some(now.wall);
        let opened = passage.marks.opened;
        if let Some(opened) = opened {
            self.tell(Happening::Took(Step::Leaving, now.mono.since(opened)));
        }
        self.close_again(now, going, Because::Through);
    }

    /// It may drive again while its authority lasts; whose time ran out under the arm stays.
    fn rolled_back(&mut self, now: Now) {
        let in_time = self.timers.is_set(Timer::Pass);
        let Some(Passage { way: Way::Driving(going, crossing), .. }) = &mut self.passage else { return };
        if in_time {
            *crossing = Crossing::Before;
            return;
        }
        let going = *going;
        self.close_again(now, going, Because::Void);
    }

    /// The zone stayed empty without a crossing: the vehicle went back, or to the bay.
    pub(super) fn gone_another_way(&mut self, now: Now) {
        self.timers.stop(Timer::Empty);
        let Some(passage) = &mut self.passage else { return };
        match passage.way {
            Way::Standing => match self.arm(BarrierPlace::Exit) {
                // Lost from sight before a restart: what the exit loop says is as doubtful as it was.
                Some(arm) if !arm.is_proved_closed() && passage_lost(self.passage.as_ref()) => {
                    let command_id = arm.opened_by.unwrap_or_default();
                    self.lose_sight(now, Going { barrier: BarrierPlace::Exit, command_id, since: now.mono });
                }
                // Let go before a restart and gone since: the arm comes down before the passage ends.
                Some(arm) if !arm.is_proved_closed() && passage_let_go(self.passage.as_ref()) => {
                    let command_id = arm.opened_by.unwrap_or_default();
                    let going = Going { barrier: BarrierPlace::Exit, command_id, since: now.mono };
                    self.close_again(now, going, Because::Through);
                }
                Some(_) | None => self.complete(now),
            },
            Way::Authorising(..) => {
                self.void_pending(now, "the vehicle left the lane");
                self.complete(now);
            }
            Way::Opening(going) => self.gone_under_way(now, going, Crossing::Before),
            Way::Driving(going, crossing) => self.gone_under_way(now, going, crossing),
            Way::Closing(..) => {}
        }
    }

    /// The zone is empty while an arm is up, or on its way up.
    fn gone_under_way(&mut self, now: Now, going: Going, crossing: Crossing) {
        let at_exit = going.barrier == BarrierPlace::Exit;
        let through = going.barrier == BarrierPlace::Inspection || at_exit && crossing == Crossing::Under;
        let may_be_under = at_exit && self.arm(BarrierPlace::Exit).is_some_and(|arm| !arm.is_proved_closed());
        let went_back = self.traffic.went_back(going.since, self.sensors.at(LoopPlace::Approach));
        if !self.guards.holds(Guard::SightLost, !may_be_under || through || went_back) {
            self.lose_sight(now, going);
            return;
        }
        if let Some(passage) = &mut self.passage {
            if through {
                passage.steps.left = Some(now.wall);
            } else if at_exit {
                passage.outcome = Some(Outcome::Reversed);
            }
        }
        self.close_again(now, going, if through { Because::Through } else { Because::Back });
    }

    /// Commands a close where the zone is positively clear; supervises it in any case.
    pub(super) fn command_close(&mut self, now: Now, place: BarrierPlace) {
        let guards = self.guards;
        let clear = guards.holds(Guard::ZoneClear, closing_zone(place).is_some_and(|zone| self.sensors.is_clear(zone)));
        let takes =
            self.arm(place).is_some_and(|arm| arm.is_sound() && guards.holds(Guard::RemoteOnly, !arm.is_local()));
        let reached = guards.holds(Guard::LinkUp, self.link == super::io::Link::Up);
        let timeout = self.arms.get_mut(&place).map(|arm| {
            arm.told = Some(now.mono);
            arm.setup.close_timeout
        });
        self.timers.set(Timer::Travel, now.mono + timeout.unwrap_or_default());
        if clear && takes && reached {
            let command_id = self.draw_id();
            let passage = self.passage_id();
            let body = json!({ "barrier": place, "command": "close", "command_id": command_id, "reason": "secure" });
            self.record(now, passage, RecordKind::BarrierCommanded, &body);
            self.emit(Effect::Close { barrier: place, passage, command_id });
        }
    }

    /// The arm did not reach its limit in time (invariant B5).
    pub(super) fn travel_over(&mut self, now: Now) {
        let moving = self.passage.as_ref().and_then(|passage| match &passage.way {
            Way::Opening(going) | Way::Closing(going, _) => Some(going.barrier),
            Way::Standing | Way::Authorising(..) | Way::Driving(..) => None,
        });
        if moving.is_some_and(|place| self.is_moved_by_hand(now, place)) {
            return;
        }
        let guards = self.guards;
        let Some(passage) = &mut self.passage else { return };
        match &mut passage.way {
            Way::Opening(_) if !guards.keeps(Guard::OpenSupervised) => {}
            Way::Opening(going) => {
                let going = *going;
                passage.outcome = None;
                self.arm_fault(now, going.barrier, "the arm did not open in time");
                self.close_again(now, going, Because::Void);
            }
            Way::Closing(going, closing)
                if guards.holds(Guard::CloseRetriesBounded, closing.retries < CLOSE_RETRIES) =>
            {
                closing.retries = closing.retries.saturating_add(1);
                let place = going.barrier;
                self.command_close(now, place);
            }
            Way::Closing(going, _) => {
                let place = going.barrier;
                self.arm_fault(now, place, "the arm did not close in time");
            }
            Way::Standing | Way::Authorising(..) | Way::Driving(..) => {}
        }
    }

    pub(super) fn arm_fault(&mut self, now: Now, place: BarrierPlace, why: &str) {
        self.raise_alarm(now, Alarm::BarrierFault);
        self.tell(Happening::ArmFault(place));
        self.hold(now, HoldCode::BarrierFault, format!("{} barrier: {why}", place.as_str()));
    }

    /// The vehicle did not pass the open arm in time (invariant A4).
    pub(super) fn pass_over(&mut self, now: Now) {
        let Some(passage) = &mut self.passage else { return };
        let Way::Driving(going, crossing) = passage.way else { return };
        if !self.guards.keeps(Guard::PassInTime) {
            return;
        }
        if crossing == Crossing::Under {
            // Never close on it; the exit loop decides.
            self.hold(now, HoldCode::AuthorityExpired, "the vehicle stands under the arm");
            return;
        }
        passage.outcome = None;
        self.hold(now, HoldCode::AuthorityExpired, "the vehicle did not pass the open arm in time");
        self.close_again(now, going, Because::Void);
    }

    /// The closed limit is proved.
    pub(super) fn arm_closed(&mut self, now: Now, place: BarrierPlace) {
        if let Some(arm) = self.arms.get_mut(&place) {
            arm.opened_by = None;
            arm.told = None;
        }
        if self.arms.values().all(super::arm::Arm::is_proved_closed) {
            self.clear_alarm(now, Alarm::BarrierForced);
            self.clear_alarm(now, Alarm::BarrierFault);
        }
        let Some(passage) = &mut self.passage else { return };
        match passage.way {
            Way::Closing(going, closing) if going.barrier == place => {
                self.timers.stop(Timer::Travel);
                if place == BarrierPlace::Entry {
                    passage.way = Way::Standing;
                    self.entered(now, closing.because);
                    return;
                }
                match closing.because {
                    Because::Through | Because::Back => self.complete(now),
                    Because::Void => passage.way = Way::Standing,
                    Because::Unseen => {
                        passage.outcome = Some(Outcome::Unresolved);
                        self.complete(now);
                    }
                }
            }
            // The arm came down by itself before the vehicle was through: that authority is used up.
            Way::Driving(going, Crossing::Before) if going.barrier == place && place != BarrierPlace::Entry => {
                passage.way = Way::Standing;
                passage.outcome = None;
                self.timers.stop(Timer::Pass);
                self.hold(now, HoldCode::AuthorityExpired, "the arm closed before the vehicle passed");
            }
            Way::Driving(going, Crossing::Under) if going.barrier == place => {
                passage.steps.left.get_or_insert(now.wall);
                self.complete(now);
            }
            Way::Driving(going, _) if going.barrier == place => {
                passage.way = Way::Standing;
                self.entered(now, Because::Through);
            }
            Way::Standing | Way::Authorising(..) | Way::Opening(..) | Way::Driving(..) | Way::Closing(..) => {}
        }
    }

    /// Secures the lane for a stop: pending openings die, an arm over a clear zone comes down.
    pub(super) fn on_stop(&mut self, now: Now) {
        self.stopping = true;
        self.void_pending(now, "the controller stops");
        let open: Vec<_> = self.arms.iter().filter(|(_, arm)| arm.is_open()).map(|(place, _)| *place).collect();
        for place in open {
            self.command_close(now, place);
        }
    }

    pub(super) fn set_service(&mut self, now: Now, service: Service, reason: &str) {
        if self.service == service {
            return;
        }
        self.service = service;
        let passage = self.passage_id();
        self.record(now, passage, RecordKind::ServiceChanged, &json!({ "service": service, "reason": reason }));
    }
}

fn passage_let_go(passage: Option<&Passage>) -> bool {
    passage.is_some_and(|passage| passage.restored && passage.commanded)
}

fn passage_lost(passage: Option<&Passage>) -> bool {
    passage.is_some_and(|passage| passage.lost.is_some())
}
