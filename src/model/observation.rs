//! What devices report: the device payloads of the contract.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::privacy::Masked;
use super::{DeviceName, Plate, Timestamp};

/// Which end of the vehicle a camera sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// The tractor's plate.
    Front,
    /// The last trailer's plate, or the vehicle's own where it has none.
    Rear,
}

/// Another reading of the same plate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlateCandidate {
    /// The text.
    pub plate: Plate,
    /// 0 to 1.
    #[serde(default)]
    pub confidence: Option<f64>,
}

/// One read of a plate reader (`plate/<camera>`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlateRead {
    /// Unique per read; a redelivery carries the same one.
    pub read_id: String,
    /// The tracker's identity of the vehicle; its text may be revised by a later read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub track: Option<String>,
    /// Device time: evidence only.
    pub at: Timestamp,
    /// `None`: no plate found, which still proves presence.
    pub plate: Option<Plate>,
    /// 0 to 1.
    #[serde(default)]
    pub confidence: Option<f64>,
    /// ISO alpha-2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Which end was seen.
    pub view: View,
    /// Other readings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<PlateCandidate>,
    /// A reference to the picture, never the picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
}

/// The place of a loop is its name (contract: approach, scale, exit, in order of travel).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoopPlace {
    /// Before the stop line; its rising edge begins a passage.
    Approach,
    /// At the platform.
    Scale,
    /// Under the exit arm: its closing zone.
    Exit,
}

/// State of an induction loop (`loop/<loop>`, retained).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoopState {
    /// Metal over the loop.
    pub occupied: bool,
    /// Device time.
    pub at: Timestamp,
}

/// Whether the indicator calls the weight stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stability {
    /// The indicator says so.
    Stable,
    /// The indicator says it moves.
    Moving,
    /// The protocol doesn't tell: the lane's own window decides.
    Unknown,
}

/// How a weight was taken; kinds are never mixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum WeighMethod {
    /// The whole vehicle at rest.
    #[default]
    Static,
    /// Axle after axle at rest.
    AxleByAxle,
    /// In motion (OIML R 134).
    InMotion,
}

/// One reading of a scale (`weight/<scale>` or a serial indicator).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WeightReading {
    /// Kilograms, whole; negative below zero.
    pub gross_kg: i64,
    /// What the indicator says of stability.
    pub stability: Stability,
    /// How it was taken.
    #[serde(default)]
    pub method: WeighMethod,
    /// Axle loads, first axle first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub axles_kg: Option<Vec<i64>>,
    /// Distances between neighbouring axles, centimetres, foremost first; what axle groups are told by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spacings_cm: Option<Vec<i64>>,
    /// What the indicator itself showed; a serial scale tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indicated: Option<Indicated>,
    /// The frame as it came, in hex, kept for the journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// Device time.
    pub at: Timestamp,
}

/// What an indicator showed, exact and unrounded: a copy of its data, not the legal record (OIML R 76).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Indicated {
    /// Gross weight, kilograms as a decimal number.
    pub gross_kg: String,
    /// Net weight likewise, where a tare is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub net_kg: Option<String>,
    /// Tare likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tare_kg: Option<String>,
    /// The number under which the indicator keeps this weighing (its alibi memory).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
}

/// What a radiation portal says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RadiationAlarm {
    /// Nothing above background.
    None,
    /// Gamma alarm.
    Gamma,
    /// Neutron alarm.
    Neutron,
    /// Both.
    GammaNeutron,
    /// The portal can't be trusted (background high or low): holds like an alarm.
    Fault,
}

impl RadiationAlarm {
    /// What two readings of one vehicle say together: the worse, and both alarms where each has one.
    #[must_use]
    pub const fn joined(self, other: Self) -> Self {
        match (self, other) {
            (Self::None, other) | (other, Self::None) => other,
            (Self::Fault, other) | (other, Self::Fault) => other,
            (Self::Gamma, Self::Gamma) => Self::Gamma,
            (Self::Neutron, Self::Neutron) => Self::Neutron,
            (Self::GammaNeutron, _) | (_, Self::GammaNeutron) | (Self::Gamma | Self::Neutron, _) => Self::GammaNeutron,
        }
    }
}

/// One occupancy of a radiation portal (`radiation/<portal>`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RadiationReading {
    /// The verdict.
    pub alarm: RadiationAlarm,
    /// Highest count rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_cps: Option<f64>,
    /// Device time.
    pub at: Timestamp,
}

/// What a document reader read (`document/<reader>`).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentScan {
    /// A notification number, declaration number, MRN or TIR carnet number.
    pub reference: String,
    /// Device time.
    pub at: Timestamp,
}

/// A reader reads whatever is held before it.
impl fmt::Debug for DocumentScan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DocumentScan").field("reference", &Masked).field("at", &self.at).finish()
    }
}

/// What a navigation seal on the vehicle reports (`seal/<reader>`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealReport {
    /// The seal's id.
    pub seal: String,
    /// The transport that it is on: the same seal serves many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<String>,
    /// The event's code as it came, `01` to `07`; one that isn't known holds (invariant A6).
    pub event: String,
    /// Device time.
    pub at: Timestamp,
}

/// A driver's call button (`call/<button>`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallButton {
    /// Pressed, or let go again: only the first is a call.
    pub pressed: bool,
    /// Device time.
    pub at: Timestamp,
}

/// Which arm of the lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BarrierPlace {
    /// Before the platform (optional).
    Entry,
    /// The way out: what a release opens.
    Exit,
    /// The way to the inspection bay (optional).
    Inspection,
}

impl BarrierPlace {
    /// All places, in order of travel.
    pub const ALL: [Self; 3] = [Self::Entry, Self::Exit, Self::Inspection];

    /// The device name that topics use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Exit => "exit",
            Self::Inspection => "inspection",
        }
    }
}

impl LoopPlace {
    /// All places, in order of travel.
    pub const ALL: [Self; 3] = [Self::Approach, Self::Scale, Self::Exit];

    /// The device name that topics use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approach => "approach",
            Self::Scale => "scale",
            Self::Exit => "exit",
        }
    }

    /// The device name of the second loop of a pair: it lies behind the first, in the direction of travel.
    #[must_use]
    pub const fn pair_str(self) -> &'static str {
        match self {
            Self::Approach => "approach-b",
            Self::Scale => "scale-b",
            Self::Exit => "exit-b",
        }
    }
}

/// Where an arm is; only feedback says so (invariant B4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// Closed limit proved.
    Closed,
    /// Moving up.
    Opening,
    /// Open limit proved.
    Open,
    /// Moving down.
    Closing,
    /// Not known.
    Unknown,
}

/// Who may move the arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BarrierMode {
    /// The controller.
    Remote,
    /// A key on the spot: no commands (invariant B8).
    Local,
}

/// State of a barrier (`barrier/<barrier>/state`, retained).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BarrierState {
    /// Where the arm is.
    pub position: Position,
    /// Who may move it.
    pub mode: BarrierMode,
    /// The device's own fault code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// The last command taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_id: Option<Uuid>,
    /// Device time.
    pub at: Timestamp,
}

/// Birth and death of a device (`device/<device>/health`, retained, and its last will).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceHealth {
    /// Alive.
    pub online: bool,
    /// Random per start: a death counts only for the session of the last birth (hazard 22).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Device time.
    pub at: Timestamp,
}

/// One report of one device of a lane.
#[derive(Debug, Clone, PartialEq)]
pub enum Observation {
    /// A plate reader.
    Plate(DeviceName, PlateRead),
    /// A loop.
    Loop(LoopPlace, LoopState),
    /// The second loop of a pair.
    PairLoop(LoopPlace, LoopState),
    /// A scale.
    Weight(DeviceName, WeightReading),
    /// A radiation portal.
    Radiation(DeviceName, RadiationReading),
    /// A document reader.
    Document(DeviceName, DocumentScan),
    /// A reader of navigation seals.
    Seal(DeviceName, SealReport),
    /// A call button.
    Call(DeviceName, CallButton),
    /// A barrier.
    Barrier(BarrierPlace, BarrierState),
    /// Birth or death of any device.
    Health(DeviceName, DeviceHealth),
}
