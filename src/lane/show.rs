//! What the lane shows: its state and its light, only when they change.

use super::guard::Guard;
use super::io::Effect;
use super::leave::SECOND_UNDER;
use super::machine::Machine;
use super::passage::{Because, Judged, Passage, Way};
use super::texts::{Message, texts};
use crate::model::{
    Alarm, BarrierPlace, FindingCode, HoldCode, LaneState, Light, Now, PassageSummary, Phase, Plate, Scored, Service,
    Signal, StateVersion, View,
};

impl Machine {
    /// Where the lane is.
    #[must_use]
    pub fn phase(&self) -> Phase {
        let Some(passage) = &self.passage else {
            return match self.service {
                Service::Open => Phase::Vacant,
                Service::Closed => Phase::OutOfService,
            };
        };
        match &passage.way {
            Way::Authorising(_, purpose) if purpose.barrier != BarrierPlace::Entry => Phase::Releasing,
            Way::Opening(going) if going.barrier != BarrierPlace::Entry => Phase::Releasing,
            Way::Closing(_, closing) if matches!(closing.because, Because::Void | Because::Unseen) => Phase::Held,
            Way::Driving(going, _) | Way::Closing(going, _) if going.barrier != BarrierPlace::Entry => Phase::Clearing,
            Way::Standing | Way::Authorising(..) | Way::Opening(_) | Way::Driving(..) | Way::Closing(..) => {
                standing_phase(passage)
            }
        }
    }

    /// The lane as it is at this instant.
    #[must_use]
    pub fn state(&self, now: Now) -> LaneState {
        LaneState {
            lane: self.setup.lane.clone(),
            version: StateVersion::default(),
            phase: self.phase(),
            service: self.service,
            passage: self.passage.as_ref().map(summary),
            holds: self.passage.as_ref().map(|passage| passage.holds.clone()).unwrap_or_default(),
            alarms: self.alarms.iter().copied().collect(),
            at: now.wall,
        }
        .versioned()
    }

    pub(super) fn show(&mut self, now: Now) {
        if !self.dirty {
            return;
        }
        self.dirty = false;
        let signal = self.signal();
        if self.signalled.as_ref() != Some(&signal) {
            self.signalled = Some(signal.clone());
            self.emit(Effect::Signal(signal));
        }
        let state = self.state(now);
        let same = self.shown.as_ref().is_some_and(|shown| LaneState { at: now.wall, ..shown.clone() } == state);
        if !same {
            self.shown = Some(state.clone());
            self.emit(Effect::Publish(Box::new(state)));
        }
    }

    /// Green only while an authority lives and the arm is proved open (invariant B10).
    fn signal(&self) -> Signal {
        let driving = self.passage.as_ref().and_then(|passage| match &passage.way {
            Way::Driving(going, _) => {
                // The authority is used up when a second vehicle drives under it.
                let lives = !passage.holds.iter().any(|hold| hold.detail == SECOND_UNDER);
                let open = lives && self.arm(going.barrier).is_some_and(super::arm::Arm::is_open);
                self.guards.holds(Guard::GreenProved, open).then_some(going)
            }
            Way::Standing | Way::Authorising(..) | Way::Opening(_) | Way::Closing(..) => None,
        });
        if let Some(going) = driving {
            let message = match going.barrier {
                BarrierPlace::Entry => Message::DriveIn,
                BarrierPlace::Exit => Message::Go,
                BarrierPlace::Inspection => Message::ToInspection,
            };
            return Signal { light: Light::Green, text: texts(message) };
        }
        let (light, message) = match self.phase() {
            Phase::Vacant => (Light::Red, Message::Welcome),
            Phase::Occupied | Phase::Assessing if self.alarms.contains(&Alarm::DriverCalls) => {
                (Light::Amber, Message::CallTaken)
            }
            Phase::Occupied | Phase::Assessing => (Light::Amber, Message::Wait),
            Phase::Held => (Light::Red, self.held_message()),
            Phase::Releasing | Phase::Clearing => (Light::Red, Message::Wait),
            Phase::OutOfService => (Light::Red, Message::LaneClosed),
        };
        Signal { light, text: texts(message) }
    }

    /// What the driver is told; never why a profile selected the vehicle.
    fn held_message(&self) -> Message {
        let documents = self.passage.as_ref().is_some_and(|passage| passage.is_held_by(HoldCode::ReferredDocuments));
        if documents { Message::DocumentsPlease } else { Message::OfficerComes }
    }
}

fn standing_phase(passage: &Passage) -> Phase {
    if !passage.holds.is_empty() {
        return Phase::Held;
    }
    match passage.judged {
        Judged::NotYet => Phase::Occupied,
        Judged::Asking | Judged::Done => Phase::Assessing,
    }
}

/// While an officer must say which notification is the vehicle's, the officer sees which there are.
fn candidates_to_show(passage: &Passage) -> Vec<Scored> {
    let undecided = [FindingCode::Ambiguous, FindingCode::NoNotification, FindingCode::PlateMismatch];
    let asks = undecided.into_iter().any(|code| passage.is_held_by(HoldCode::Finding(code)));
    match &passage.matched {
        Some(matched) if asks => matched.candidates.clone(),
        Some(_) | None => Vec::new(),
    }
}

fn summary(passage: &Passage) -> PassageSummary {
    PassageSummary {
        id: passage.id,
        since: passage.steps.arrived,
        tractor: passage.gathered.plate(View::Front).map(Plate::from),
        trailer: passage.gathered.plate(View::Rear).map(Plate::from),
        notification: passage.notification().map(str::to_owned),
        declaration: passage.declaration().map(str::to_owned),
        gross_kg: passage.gathered.weight().map(|reading| reading.gross_kg),
        channel: passage.channel(),
        candidates: candidates_to_show(passage),
    }
}
