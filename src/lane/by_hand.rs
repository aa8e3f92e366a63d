//! Arms that the controller does not move: a key on the spot (invariant B8), and the evacuation line (invariant B7).
//!
//! ```text
//!   key turned ──▶ alarm `local_mode`; nothing is commanded; who drives under the arm is recorded as `local`
//!   evacuation ──▶ alarm `evacuation`, the lane closes; nothing is commanded until two officers open the lane again
//! ```
//! The hardware opens for an evacuation; this only records it and keeps out of its way.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::arm::Arm;
use super::machine::Machine;
use super::passage::{Because, Way};
use super::timer::Timer;
use crate::model::{Alarm, BarrierPlace, Evacuation, Now, Order, OrderRefusal, Position, RecordKind, Service};

/// How a vehicle came under an arm that the controller does not move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ByHand {
    /// Somebody at the key let it through.
    Local,
    /// The arm was open for everybody.
    Evacuation,
}

impl Machine {
    /// An arm reported: somebody may have taken its key, or the evacuation line may be active.
    pub(super) fn watch_hands(&mut self, now: Now, place: BarrierPlace) {
        if self.arms.values().any(Arm::reports_evacuation) && self.evacuation == Evacuation::None {
            self.evacuate(now, place);
        }
        if !self.arms.values().any(Arm::is_local) {
            self.clear_alarm(now, Alarm::LocalMode);
        } else if !self.alarms.contains(&Alarm::LocalMode) {
            self.raise_alarm_about(now, Alarm::LocalMode, &json!({ "barrier": place }));
            self.void_pending(now, "somebody works a barrier by its key");
        }
    }

    fn evacuate(&mut self, now: Now, place: BarrierPlace) {
        self.void_pending(now, "the evacuation line is active");
        self.set_evacuation(Evacuation::Latched);
        self.raise_alarm_about(now, Alarm::Evacuation, &json!({ "barrier": place }));
        // On record even where the lane was closed already: a restart must not lose it.
        self.service = Service::Closed;
        let body = json!({ "service": Service::Closed, "reason": "evacuation", "evacuation": Evacuation::Latched });
        let passage = self.passage_id();
        self.record(now, passage, RecordKind::ServiceChanged, &body);
    }

    fn set_evacuation(&mut self, evacuation: Evacuation) {
        self.evacuation = evacuation;
        for arm in self.arms.values_mut() {
            arm.evacuation = evacuation;
        }
        self.dirty = true;
    }

    /// The journal says that the lane was evacuated and nobody has opened it since.
    pub fn restore_evacuation(&mut self, evacuation: Evacuation) {
        self.set_evacuation(evacuation);
        if evacuation == Evacuation::Latched {
            self.alarms.insert(Alarm::Evacuation);
        }
    }

    /// Whether the lane may be opened: after an evacuation by two, and not before the line is at rest.
    pub(super) fn judge_open_lane(&self, order: &Order) -> Result<(), OrderRefusal> {
        if self.evacuation == Evacuation::None {
            return Ok(());
        }
        if self.arms.values().any(Arm::reports_evacuation) {
            return Err(OrderRefusal::WrongState);
        }
        let second = order.second_officer.as_deref().is_some_and(|second| second != order.officer);
        if second { Ok(()) } else { Err(OrderRefusal::TwoOfficersNeeded) }
    }

    /// Two officers put the lane back: arms that the evacuation left open come down where that is safe.
    pub(super) fn end_evacuation(&mut self, now: Now) {
        if self.evacuation == Evacuation::None {
            return;
        }
        self.set_evacuation(Evacuation::None);
        self.clear_alarm(now, Alarm::Evacuation);
        let up: Vec<_> = self.arms.iter().filter(|(_, arm)| !arm.is_proved_closed()).map(|(place, _)| *place).collect();
        for place in up {
            if let Some(arm) = self.arms.get_mut(&place) {
                // The evacuation explains that it is up.
                arm.opened_by.get_or_insert(uuid::Uuid::nil());
            }
            self.command_close(now, place);
        }
    }

    /// Something is on the exit loop under an arm that the controller does not move; whether that is how it passes.
    pub(super) fn crosses_by_hand(&mut self, now: Now) -> bool {
        let arm = self.arm(BarrierPlace::Exit).filter(|arm| arm.position() != Position::Closed);
        let Some(how) = arm.and_then(Arm::by_hand) else { return false };
        let before = self.passage.as_ref().is_some_and(|passage| match &passage.way {
            Way::Closing(_, closing) => matches!(closing.because, Because::Through | Because::Back),
            Way::Standing | Way::Authorising(..) | Way::Opening(..) | Way::Driving(..) => false,
        });
        if before {
            // That one is gone; nobody tells the arm to come down behind it.
            self.complete(now);
        }
        let Some(passage) = &mut self.passage else { return false };
        if matches!(passage.way, Way::Driving(..)) {
            return false;
        }
        passage.way = Way::Standing;
        passage.by_hand = Some(how);
        let id = passage.id;
        self.timers.stop(Timer::Travel);
        self.timers.stop(Timer::Left);
        self.record(now, Some(id), RecordKind::Evidence, &json!({ "crosses": how }));
        true
    }

    /// The supervised time of a motion is over; whether that is nobody's fault, because nobody commanded it.
    pub(super) fn is_moved_by_hand(&mut self, now: Now, place: BarrierPlace) -> bool {
        if self.arm(place).and_then(Arm::by_hand).is_none() {
            return false;
        }
        let Some(passage) = &self.passage else { return true };
        match &passage.way {
            Way::Closing(_, closing) if closing.because == Because::Through || closing.because == Because::Back => {
                self.complete(now);
            }
            Way::Closing(..) | Way::Standing | Way::Authorising(..) | Way::Opening(..) | Way::Driving(..) => {}
        }
        true
    }
}
