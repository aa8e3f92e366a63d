//! The passage ends with its whole story, and the next vehicle may be there already.

use serde_json::{Value, json};

use super::by_hand::ByHand;
use super::io::{Happening, Step};
use super::machine::Machine;
use super::passage::Passage;
use super::presence::Seen;
use crate::model::{Alarm, BarrierPlace, LoopPlace, Now, Outcome, Position, RecordKind, View};

impl Machine {
    /// The passage ends; its story goes to the journal in one record.
    pub(super) fn complete(&mut self, now: Now) {
        let exit_closed = self.arm(BarrierPlace::Exit).is_some_and(|arm| arm.position() == Position::Closed);
        let Some(mut passage) = self.passage.take() else { return };
        self.timers.stop_passage();
        self.clear_alarm(now, Alarm::Abandoned);
        self.clear_alarm(now, Alarm::DriverCalls);
        if exit_closed {
            passage.steps.closed = Some(now.wall);
        }
        let outcome = final_outcome(&passage);
        let story = story(&passage, outcome);
        let id = passage.id;
        for document in passage.crossing_documents() {
            let crossed = matches!(outcome, Outcome::Released | Outcome::ReleasedConditional | Outcome::NotSubject);
            if crossed {
                let body = json!({ "document": document, "instant": passage.steps.left });
                self.record(now, Some(id), RecordKind::FrontierCrossed, &body);
            }
        }
        self.record(now, Some(id), RecordKind::PassageCompleted, &story);
        self.tell(Happening::Took(Step::Total, now.mono.since(passage.marks.arrived)));
        self.tell(Happening::Completed { outcome, channel: passage.channel(), direction: self.setup.direction });
        if let Some(scale) = &mut self.scale {
            scale.leave(now.mono, passage.gathered.weight(), self.sensors.platform());
        }
        let seen_before = |read: &super::evidence::Read| {
            let tracks = passage.gathered.reads().iter().map(|old| &old.read.track);
            read.read.track.is_some() && tracks.into_iter().any(|track| *track == read.read.track)
        };
        self.early.retain(|(_, kept)| !seen_before(kept));
        self.forget_followers();
        let next_waits = self.traffic.queued && self.sensors.at(LoopPlace::Approach) == Seen::Occupied;
        let next_is_in = self.traffic.behind && self.sensors.at_stop_line() == Seen::Occupied;
        if next_waits || next_is_in {
            self.open_passage(now);
        } else if self.sensors.at(LoopPlace::Scale) == Seen::Occupied {
            self.await_announcement(now);
        }
    }
}

fn final_outcome(passage: &Passage) -> Outcome {
    match passage.outcome {
        Some(outcome) => outcome,
        None if passage.by_hand == Some(ByHand::Local) => Outcome::Local,
        None if passage.by_hand == Some(ByHand::Evacuation) => Outcome::Unresolved,
        None if passage.restored && passage.commanded => Outcome::Released,
        None if passage.restored || passage.crossed => Outcome::Unresolved,
        None => Outcome::Reversed,
    }
}

/// The whole passage in one object (contract, `passage_completed`).
fn story(passage: &Passage, outcome: Outcome) -> Value {
    json!({
        "outcome": outcome,
        "channel": passage.channel(),
        "steps": passage.steps,
        "plates": passage.gathered.reads(),
        "tractor": passage.gathered.plate(View::Front),
        "trailer": passage.gathered.plate(View::Rear),
        "notification": passage.notification(),
        "declaration": passage.declaration(),
        "documents": passage.gathered.documents(),
        "weight": passage.gathered.weight(),
        "seals": passage.seals.reports(),
        "findings": passage.findings,
        "profiles": passage.risk.as_ref().map(|risk| &risk.profiles),
        "measures": passage.risk.as_ref().map(|risk| &risk.measures),
        "source": passage.source,
        "degraded": passage.degraded,
        "orders": passage.orders,
        "restored": passage.restored,
    })
}
