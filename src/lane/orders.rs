//! Officers' orders: bound to one passage, used once, expiring, and four eyes where the risk is red (invariant A9).

use serde_json::json;

use super::guard::Guard;
use super::io::Effect;
use super::machine::Machine;
use super::passage::{Awaiting, Purpose};
use super::presence::Seen;
use crate::model::{
    Alarm, BarrierPlace, CommandReason, HoldCode, LoopPlace, Now, Order, OrderKind, OrderRefusal, Outcome, RecordKind,
    Recorded, Service, Source, Ticket,
};

/// Holds that an officer's word does not drop: they need a release, a referral or a refusal.
const fn stays(code: HoldCode) -> bool {
    matches!(
        code,
        HoldCode::ReferredDocuments
            | HoldCode::ReferredInspection
            | HoldCode::AgencyHold
            | HoldCode::BusDown
            | HoldCode::JournalUnavailable
            | HoldCode::DiskLow
    )
}

impl Machine {
    pub(super) fn on_order(&mut self, now: Now, order: Order) {
        match self.judge_order(now, &order) {
            Ok(()) => self.carry_out(now, &order),
            Err(refusal) => self.refuse_order(now, &order, refusal),
        }
    }

    fn judge_order(&self, now: Now, order: &Order) -> Result<(), OrderRefusal> {
        let guards = self.guards;
        if !guards.holds(Guard::JournalTakes, !self.poisoned) {
            return Err(OrderRefusal::JournalUnavailable);
        }
        if !guards.holds(Guard::OrderReason, !order.reason.trim().is_empty()) {
            return Err(OrderRefusal::ReasonMissing);
        }
        if !guards.holds(Guard::OrderInTime, now.mono < order.expires) {
            return Err(OrderRefusal::Expired);
        }
        let named = order.kind.needs_passage();
        let is_for_this = order.passage.is_some() && order.passage == self.passage_id();
        if !guards.holds(Guard::OrderOfPassage, !named || is_for_this) {
            return Err(OrderRefusal::OtherPassage);
        }
        if !guards.holds(Guard::OrderSeen, order.seen.is_none_or(|seen| seen == self.state(now).version)) {
            return Err(OrderRefusal::Stale);
        }
        if order.kind == OrderKind::OpenLane {
            return self.judge_open_lane(order);
        }
        if order.kind == OrderKind::ClearHold && self.is_out_of_sight() && guards.keeps(Guard::OfficersWay) {
            return Ok(());
        }
        let Some(passage) = self.passage.as_ref().filter(|_| named) else { return Ok(()) };
        if !guards.holds(Guard::OrderOnce, passage.is_standing() && !passage.holds.is_empty()) {
            return Err(OrderRefusal::WrongState);
        }
        match order.kind {
            OrderKind::Release => self.judge_release(order),
            OrderKind::Refer => self.judge_refer(),
            OrderKind::Refuse | OrderKind::CloseLane | OrderKind::OpenLane => Ok(()),
            // What was commanded before a restart is never commanded again by itself (invariant A3).
            OrderKind::ClearHold if !guards.holds(Guard::NotTwice, !(passage.restored && passage.commanded)) => {
                Err(OrderRefusal::WrongState)
            }
            OrderKind::ClearHold => Ok(()),
        }
    }

    fn judge_release(&self, order: &Order) -> Result<(), OrderRefusal> {
        let two = self.passage.as_ref().is_some_and(super::passage::Passage::needs_two_officers);
        let second = order.second_officer.as_deref().is_some_and(|second| second != order.officer);
        if !self.guards.holds(Guard::TwoOfficers, !two || second) {
            return Err(OrderRefusal::TwoOfficersNeeded);
        }
        self.ready_to_open(BarrierPlace::Exit).map_err(|not_ready| not_ready.refusal)?;
        if self.others_proved_closed(BarrierPlace::Exit) { Ok(()) } else { Err(OrderRefusal::BarrierNotReady) }
    }

    fn judge_refer(&self) -> Result<(), OrderRefusal> {
        if !self.arms.contains_key(&BarrierPlace::Inspection) {
            return Ok(());
        }
        self.ready_to_open(BarrierPlace::Inspection).map_err(|not_ready| not_ready.refusal)?;
        if self.others_proved_closed(BarrierPlace::Inspection) { Ok(()) } else { Err(OrderRefusal::BarrierNotReady) }
    }

    fn carry_out(&mut self, now: Now, order: &Order) {
        self.stirred = true;
        self.record_order(now, order, None);
        self.clear_alarm(now, Alarm::DriverCalls);
        self.clear_alarm(now, Alarm::ForeignCommand);
        self.clear_alarm(now, Alarm::RetainedMessage);
        if let Some(passage) = self.passage.as_mut().filter(|_| order.kind.needs_passage()) {
            passage.note_order(order, now.wall);
        }
        match order.kind {
            OrderKind::Release => self.plan_release(now, CommandReason::Order, Some(order.id)),
            OrderKind::Refer => self.refer(now, order),
            OrderKind::Refuse => self.refuse(now, order),
            OrderKind::CloseLane => self.set_service(now, Service::Closed, &order.reason),
            OrderKind::OpenLane => self.open_lane(now, &order.reason),
            OrderKind::ClearHold if self.is_out_of_sight() => self.end_out_of_sight(now),
            OrderKind::ClearHold => self.clear_holds(now),
        }
        self.unanswered.push((self.ticket(), order.id));
    }

    fn refer(&mut self, now: Now, order: &Order) {
        self.selected(Source::Manual);
        let Some(passage) = &mut self.passage else { return };
        let documents =
            passage.is_held_by(HoldCode::ReferredDocuments) && !passage.is_held_by(HoldCode::ReferredInspection);
        let outcome = if documents { Outcome::ReferredDocuments } else { Outcome::ReferredInspection };
        passage.outcome = Some(outcome);
        passage.steps.decided = Some(now.wall);
        passage.marks.decided = Some(now.mono);
        let (id, source) = (passage.id, passage.source);
        self.record(now, Some(id), RecordKind::Referred, &json!({ "outcome": outcome, "source": source }));
        if self.arms.contains_key(&BarrierPlace::Inspection) {
            let purpose =
                Purpose { barrier: BarrierPlace::Inspection, reason: CommandReason::Refer, order: Some(order.id) };
            self.authorise(now, purpose);
        }
    }

    fn refuse(&mut self, now: Now, order: &Order) {
        let Some(passage) = &mut self.passage else { return };
        passage.outcome = Some(Outcome::Refused);
        passage.steps.decided = Some(now.wall);
        passage.awaiting = Awaiting::Nothing;
        let id = passage.id;
        self.record(now, Some(id), RecordKind::Refused, &json!({ "outcome": Outcome::Refused }));
        let way_back = self.arms.contains_key(&BarrierPlace::Entry)
            && self.ready_to_open(BarrierPlace::Entry).is_ok()
            && self.others_proved_closed(BarrierPlace::Entry);
        if way_back {
            let purpose = Purpose { barrier: BarrierPlace::Entry, reason: CommandReason::Order, order: Some(order.id) };
            self.authorise(now, purpose);
        }
    }

    fn open_lane(&mut self, now: Now, reason: &str) {
        self.clear_alarm(now, Alarm::Tailgating);
        self.clear_alarm(now, Alarm::UnknownCrossing);
        self.clear_alarm(now, Alarm::WrongWay);
        self.clear_alarm(now, Alarm::LateStricterDecision);
        self.end_evacuation(now);
        self.set_service(now, Service::Open, reason);
        let waits = self.sensors.at(LoopPlace::Approach) == Seen::Occupied;
        let is_in = self.traffic.behind && self.sensors.at_stop_line() == Seen::Occupied;
        if (waits || is_in) && self.passage.is_none() {
            self.open_passage(now);
        }
    }

    /// The cause is dealt with: what may be dropped is dropped, and the vehicle is judged from the start.
    fn clear_holds(&mut self, now: Now) {
        let Some(passage) = &mut self.passage else { return };
        let guards = self.guards;
        passage.holds.retain(|hold| !guards.holds(Guard::StricterStays, !stays(hold.code)));
        passage.outcome = None;
        self.dirty = true;
        // What is still so is not cleared by a word: a release is another order.
        self.hold_for_faults(now);
        self.hold_for_devices(now);
        self.hold_for_forced_arms(now);
        self.judge_again(now);
    }

    fn refuse_order(&mut self, now: Now, order: &Order, refusal: OrderRefusal) {
        self.record_order(now, order, Some(refusal));
        self.emit(Effect::Answer { order: order.id, result: Err(refusal) });
    }

    fn record_order(&mut self, now: Now, order: &Order, refusal: Option<OrderRefusal>) {
        let result = refusal.map_or("accepted", OrderRefusal::as_str);
        let body = json!({
            "order_id": order.id, "order": order.kind, "officer": order.officer,
            "second_officer": order.second_officer, "reason": order.reason, "state": order.seen, "result": result,
        });
        self.record(now, order.passage, RecordKind::Order, &body);
    }

    pub(super) fn answer_recorded(&mut self, receipt: &Recorded) {
        self.answer(receipt.ticket(), Ok(receipt.first()));
    }

    pub(super) fn answer_failed(&mut self, ticket: Ticket) {
        self.answer(ticket, Err(OrderRefusal::JournalUnavailable));
    }

    fn answer(&mut self, ticket: Ticket, result: Result<u64, OrderRefusal>) {
        let answered: Vec<_> = self.unanswered.extract_if(.., |(waits, _)| *waits == ticket).collect();
        for (_, order) in answered {
            self.emit(Effect::Answer { order, result });
        }
    }
}
