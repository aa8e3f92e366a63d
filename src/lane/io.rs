//! What goes into the machine and what comes out.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::loops::{LoopFault, LoopName};
use super::roster::LossCause;
use super::weigh::Unused;
use crate::model::risk::{RiskKind, RiskWord};
use crate::model::{
    Alarm, BarrierPlace, Channel, DeviceName, Direction, FindingCode, HoldCode, LaneState, MatchQuery, MatchResult,
    NewRecord, Observation, OpenAuthority, Order, OrderRefusal, Outcome, PassageId, Recorded, RiskAnswer, RiskDecision,
    RiskRequest, Signal, Source, Ticket,
};

/// Whether the devices behind the message bus can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Messages flow.
    Up,
    /// They don't: every state that came over the bus is unknown.
    Down,
}

/// Whether the journal's disk has room for new authorities (hazard 32).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// It has.
    Enough,
    /// Less than the reserve is free: nothing new is opened, what is under way is closed and written down.
    Short,
}

/// What the shell noticed of the clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// Wall time moved against monotonic time by more than a second (invariant C7).
    Stepped,
}

/// What nobody may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intrusion {
    /// A command for that arm was kept by the broker, or came from another client (invariant A12).
    Command(BarrierPlace),
    /// The broker had kept a message that is no state; which kind.
    Retained(&'static str),
}

/// One thing that happened.
#[derive(Debug, Clone)]
pub enum Input {
    /// A device reported.
    Observed(Observation),
    /// The register answered.
    Matched {
        /// Whose question.
        passage: PassageId,
        /// Which question.
        round: u32,
        /// The answer.
        result: MatchResult,
    },
    /// The register changed in a way that may concern the vehicle in the lane.
    RegisterChanged,
    /// The risk gateway answered.
    RiskAnswered {
        /// Which request.
        request: Uuid,
        /// The answer.
        answer: RiskAnswer,
    },
    /// The RMS said something that nobody here waits for; it concerns the vehicle in the lane or nobody here.
    RiskHeard(Arc<RiskWord>),
    /// An officer ordered.
    Ordered(Order),
    /// The journal acknowledged.
    Recorded(Recorded),
    /// The journal failed; the records of this batch are not durable.
    RecordFailed(Ticket),
    /// The bus came or went.
    Link(Link),
    /// A message of the lane was refused because it can't be right (hazard 21).
    Intrusion(Intrusion),
    /// The journal's disk was looked at.
    Room(Room),
    /// The clocks disagree.
    Clock(Clock),
    /// The controller stops: no vehicle is taken any more, arms come down where that is safe.
    Stop,
    /// A wake-up; which timer is due is the machine's business.
    Wake,
}

/// A step of the Time Release Study, for the dwell histogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Arrival to evidence complete.
    Evidence,
    /// Evidence complete to decision.
    Decision,
    /// Decision to arm open.
    Opening,
    /// Arm open to vehicle gone.
    Leaving,
    /// Arrival to vehicle gone.
    Total,
}

impl Step {
    /// The label that metrics use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Evidence => "evidence",
            Self::Decision => "decision",
            Self::Opening => "opening",
            Self::Leaving => "leaving",
            Self::Total => "total",
        }
    }
}

/// What metrics count; the shell carries it there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// A passage ended.
    Completed {
        /// How.
        outcome: Outcome,
        /// The channel, if one was given.
        channel: Option<Channel>,
        /// The way.
        direction: Direction,
    },
    /// A step took so long.
    Took(Step, Duration),
    /// A hold was placed.
    Held(HoldCode),
    /// A finding was made.
    Found(FindingCode),
    /// An arm reached a limit after so long.
    Travelled(BarrierPlace, Duration),
    /// An arm did not do what it was told.
    ArmFault(BarrierPlace),
    /// A decision counted that was taken before arrival, or at the lane.
    Decided(RiskKind),
    /// The vehicle was selected for a check.
    Selected(Source),
    /// The driver pressed the call button.
    DriverCalled,
    /// A late or foreign answer was ignored.
    AnswerIgnored,
    /// A reading of a device that the lane doesn't have was ignored.
    StrangerIgnored,
    /// A device that the lane's setup doesn't name was heard for the first time; what it says counts.
    StrangerHeard(DeviceName),
    /// A reading was no evidence.
    ReadingUnused(Unused),
    /// A loop can't be trusted.
    LoopFault(LoopName, LoopFault),
    /// A device was lost.
    DeviceLost(DeviceName, LossCause),
    /// A device is there.
    DeviceUp(DeviceName),
}

/// What the shell must carry out, in order.
#[derive(Debug)]
pub enum Effect {
    /// Journal: make these durable as one batch, then hand back `Recorded` or `RecordFailed`. Publish them as
    /// LaneEvents once they are.
    Record {
        /// Names the batch.
        ticket: Ticket,
        /// The records of this turn.
        records: Vec<NewRecord>,
    },
    /// Registry: answer with `Matched`.
    Match(MatchQuery),
    /// Risk gateway: answer with `RiskAnswered`. Where the RMS has decided before arrival, its decision counts as its
    /// answer and no network is asked.
    AskRisk(Box<RiskRequest>, Option<Box<RiskDecision>>),
    /// Barrier: send the one open command that this allows.
    Open(OpenAuthority),
    /// Barrier: send a close command.
    Close {
        /// Which arm.
        barrier: BarrierPlace,
        /// For which passage.
        passage: Option<PassageId>,
        /// Its id.
        command_id: Uuid,
    },
    /// Devices: set light and display.
    Signal(Signal),
    /// World: show the lane.
    Publish(Box<LaneState>),
    /// Officer: the order's answer, with its record's batch.
    Answer {
        /// Which order.
        order: Uuid,
        /// Durable under this sequence, or refused.
        result: Result<u64, OrderRefusal>,
    },
    /// Registry: the notification is used up by this passage, as the journal says under this sequence.
    Used {
        /// Its number.
        notification: String,
        /// The passage.
        passage: PassageId,
        /// Journal sequence.
        sequence: u64,
    },
    /// Metrics.
    Tell(Happening),
    /// Health and readiness: an alarm is on or off.
    Alarmed(Alarm, bool),
}
