//! Alarms: what needs a person at the lane, apart from any one vehicle.

use serde::{Serialize, Serializer};

/// What is wrong with the lane; a closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Alarm {
    /// The arm did not reach its limit in time, or reports a fault.
    BarrierFault,
    /// The arm is open without an authority.
    BarrierForced,
    /// A second vehicle crossed under one authority.
    Tailgating,
    /// A device that the lane needs is away.
    DeviceLost,
    /// The journal takes no records.
    JournalUnavailable,
    /// The journal's disk is nearly full.
    DiskLow,
    /// Devices on the bus can't be reached.
    BusDown,
    /// A stricter decision came after the arm had opened.
    LateStricterDecision,
    /// A vehicle crossed the exit and no passage names it.
    UnknownCrossing,
    /// The RMS gives no usable answer: vehicles are held, or local profiles decide, as the site has configured it.
    RiskDegraded,
    /// A command for an arm of the lane was kept by the broker, or came from another client (hazard 21).
    ForeignCommand,
    /// The broker had kept a message of the lane that is no state; it was refused (hazard 21).
    RetainedMessage,
    /// The driver pressed the call button.
    DriverCalls,
    /// A loop chatters, sticks, or contradicts the other sensors (hazards 6, 7).
    LoopFault,
    /// A vehicle came in against the travel.
    WrongWay,
    /// A vehicle has stood for long, and nothing happened to it.
    Abandoned,
    /// The lane works without something that it can do without for a while.
    LaneDegraded,
    /// A plate reader said nothing of the vehicle before it (hazard 4).
    CameraSilent,
    /// The scale's reading stands still where it can't (hazard 15).
    ScaleFault,
    /// A barrier is worked by its key: nothing is commanded (invariant B8).
    LocalMode,
    /// The evacuation line was active: nothing is commanded until two officers open the lane (invariant B7).
    Evacuation,
}

impl Alarm {
    /// The code that contract and metrics print.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BarrierFault => "barrier_fault",
            Self::BarrierForced => "barrier_forced",
            Self::Tailgating => "tailgating",
            Self::DeviceLost => "device_lost",
            Self::JournalUnavailable => "journal_unavailable",
            Self::DiskLow => "disk_low",
            Self::BusDown => "bus_down",
            Self::LateStricterDecision => "late_stricter_decision",
            Self::UnknownCrossing => "unknown_crossing",
            Self::RiskDegraded => "risk_degraded",
            Self::ForeignCommand => "foreign_command",
            Self::RetainedMessage => "retained_message",
            Self::DriverCalls => "driver_calls",
            Self::LoopFault => "loop_fault",
            Self::WrongWay => "wrong_way",
            Self::Abandoned => "abandoned",
            Self::LaneDegraded => "lane_degraded",
            Self::CameraSilent => "camera_silent",
            Self::ScaleFault => "scale_fault",
            Self::LocalMode => "local_mode",
            Self::Evacuation => "evacuation",
        }
    }
}

impl Serialize for Alarm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
