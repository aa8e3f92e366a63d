//! The words of the field as types (floor F0, pure): every other module speaks in these.
//!
//! A value that exists is a valid one: identifiers are checked when they are made, and the JSON payloads of
//! the contract deserialise straight into these types. Nothing here reads a clock, draws randomness or does IO.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod alarm;
pub mod authority;
pub mod care;
pub mod command;
pub mod finding;
pub mod hold;
pub mod ident;
pub mod inspection;
pub mod mass;
pub mod matched;
pub mod observation;
pub mod order;
pub mod privacy;
pub mod reader;
mod receipt;
pub mod record;
pub mod registry;
pub mod risk;
pub mod scale;
pub mod selection;
pub mod state;
pub mod time;

pub use alarm::Alarm;
pub use authority::{Authority, OpenAuthority, Recorded};
pub use care::{Care, Need};
pub use command::{BarrierCommand, CommandReason, CommandVerb, Light, Signal};
pub use finding::{Finding, FindingCode, Severity};
pub use hold::{Hold, HoldCode, Owner};
pub use ident::{DeviceName, LaneId, PassageId, SiteId};
pub use inspection::{InspectionOutcome, InspectionResult};
pub use matched::{Axles, Clue, MatchQuery, MatchResult, Point, Scored};
pub use observation::{
    BarrierMode, BarrierPlace, BarrierState, CallButton, DeviceHealth, DocumentScan, Indicated, LoopPlace, LoopState,
    Observation, PlateRead, Position, RadiationAlarm, RadiationReading, SealReport, Stability, View, WeighMethod,
    WeightReading,
};
pub use order::{Order, OrderKind, OrderRefusal};
pub use privacy::{DataClass, PersonId, PersonName, Plate, Purpose};
pub use record::{NewRecord, RecordKind, Ticket};
pub use registry::{Declaration, Party, PriorNotification, Receipt, ReceiptResult};
pub use risk::{Channel, Measure, ReasonedDecision, RiskAnswer, RiskDecision, RiskRequest};
pub use selection::{Drawn, Source};
pub use state::{Direction, Evacuation, LaneState, Outcome, PassageSummary, Phase, Service, StateVersion};
pub use time::{Mono, Now, Timestamp};
