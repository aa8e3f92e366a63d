//! Holds: why a vehicle stays, who must act, and since when.

use serde::{Serialize, Serializer};

use super::Timestamp;
use super::finding::{FindingCode, Severity};

/// Who must act for a hold to end (Time Release Study owners).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// Customs officers.
    Customs,
    /// Another agency at the border.
    OtherAgency,
    /// The carrier.
    Carrier,
    /// A device or the program itself.
    Device,
}

impl Owner {
    /// The label that metrics use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customs => "customs",
            Self::OtherAgency => "other_agency",
            Self::Carrier => "carrier",
            Self::Device => "device",
        }
    }
}

/// Why a vehicle is held; a closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HoldCode {
    /// A finding of severity hold or block.
    Finding(FindingCode),
    /// Yellow channel: documents to be checked.
    ReferredDocuments,
    /// Red channel: inspection.
    ReferredInspection,
    /// An agency other than customs is not clear.
    AgencyHold,
    /// The RMS gave no usable answer within its deadline.
    RiskUnavailable,
    /// The registry gave no answer in time.
    MatchUnavailable,
    /// The journal failed or is late: nothing opens (design, write-ahead).
    JournalUnavailable,
    /// The journal's disk is nearly full: nothing new opens (hazard 32).
    DiskLow,
    /// The link to the devices is down.
    BusDown,
    /// A device that the lane needs is away.
    DeviceLost,
    /// The controller restarted while the vehicle was in the lane.
    Restarted,
    /// The arm did not do what it was told in time (invariant B5).
    BarrierFault,
    /// The arm opened without an authority (invariant B6).
    BarrierForced,
    /// The other arm of the lane is not proved closed (invariants B2, B3).
    Interlock,
    /// The authority expired before it was used up (invariant A4).
    AuthorityExpired,
    /// It isn't known whether the vehicle still stands there (invariant A2).
    PresenceUnknown,
    /// A stricter word came after the decision (invariant A7).
    StricterDecision,
    /// An officer holds it.
    OfficerHold,
    /// A second vehicle crossed, or may have (invariant A5).
    Tailgating,
    /// A loop can't be trusted, or the loops contradict each other (hazards 6, 7).
    LoopFault,
    /// It came in against the travel.
    WrongWay,
}

impl HoldCode {
    /// The code as contract and metrics print it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Finding(code) => code.as_str(),
            Self::ReferredDocuments => "referred_documents",
            Self::ReferredInspection => "referred_inspection",
            Self::AgencyHold => "agency_hold",
            Self::RiskUnavailable => "risk_unavailable",
            Self::MatchUnavailable => "match_unavailable",
            Self::JournalUnavailable => "journal_unavailable",
            Self::DiskLow => "disk_low",
            Self::BusDown => "bus_down",
            Self::DeviceLost => "device_lost",
            Self::Restarted => "restarted",
            Self::BarrierFault => "barrier_fault",
            Self::BarrierForced => "barrier_forced",
            Self::Interlock => "interlock",
            Self::AuthorityExpired => "authority_expired",
            Self::PresenceUnknown => "presence_unknown",
            Self::StricterDecision => "stricter_decision",
            Self::OfficerHold => "officer_hold",
            Self::Tailgating => "tailgating",
            Self::LoopFault => "loop_fault",
            Self::WrongWay => "wrong_way",
        }
    }

    /// Who must act.
    #[must_use]
    pub const fn owner(self) -> Owner {
        match self {
            Self::Finding(
                FindingCode::NoNotification
                | FindingCode::NotificationExpired
                | FindingCode::NoDeclaration
                | FindingCode::DeclarationNotReleased
                | FindingCode::TooEarly
                | FindingCode::LateNotification
                | FindingCode::WrongSite
                | FindingCode::WrongDirection
                | FindingCode::GuaranteeMissing
                | FindingCode::DeadlinePassed
                | FindingCode::CheckDigit
                | FindingCode::GoodsCount,
            ) => Owner::Carrier,
            Self::Finding(FindingCode::EvidenceMissing | FindingCode::PlateConflict | FindingCode::AxleSum)
            | Self::RiskUnavailable
            | Self::MatchUnavailable
            | Self::JournalUnavailable
            | Self::DiskLow
            | Self::BusDown
            | Self::DeviceLost
            | Self::Restarted
            | Self::BarrierFault
            | Self::BarrierForced
            | Self::Interlock
            | Self::PresenceUnknown
            | Self::LoopFault => Owner::Device,
            Self::AgencyHold => Owner::OtherAgency,
            Self::Finding(
                FindingCode::AlreadyUsed
                | FindingCode::Ambiguous
                | FindingCode::WeightDiscrepancy
                | FindingCode::WeightLimit
                | FindingCode::TrailerMismatch
                | FindingCode::PlateMismatch
                | FindingCode::ContainerMismatch
                | FindingCode::SealMismatch
                | FindingCode::CarrierSuspended
                | FindingCode::DangerousUndeclared
                | FindingCode::TareUnknown
                | FindingCode::Radiation
                | FindingCode::SealBroken
                | FindingCode::SealSuspect,
            )
            | Self::ReferredDocuments
            | Self::ReferredInspection
            | Self::AuthorityExpired
            | Self::StricterDecision
            | Self::OfficerHold
            | Self::Tailgating
            | Self::WrongWay => Owner::Customs,
        }
    }

    /// Whether a release over this hold needs two different officers (invariant A9).
    #[must_use]
    pub const fn needs_two_officers(self, severity: Severity) -> bool {
        matches!(self, Self::ReferredInspection | Self::Finding(FindingCode::Radiation))
            || matches!(severity, Severity::Block)
    }
}

impl Serialize for HoldCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One reason why a vehicle stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hold {
    /// Why.
    pub code: HoldCode,
    /// For officers; names no plate.
    pub detail: String,
    /// Since when.
    pub since: Timestamp,
    /// Weight of the finding behind it.
    #[serde(skip)]
    pub severity: Severity,
}
