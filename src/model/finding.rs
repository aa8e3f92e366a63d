//! Findings: what the lane noticed about a vehicle and its documents.

use serde::{Deserialize, Serialize};

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Told, holds nothing.
    Info,
    /// Holds the passage; one officer may release.
    Hold,
    /// Holds the passage; two different officers are needed to release.
    Block,
}

impl Severity {
    /// The name that the contract prints.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Hold => "hold",
            Self::Block => "block",
        }
    }
}

/// What was noticed; a closed set, so that it may label a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingCode {
    /// No prior notification names this vehicle.
    NoNotification,
    /// The notification's validity has passed.
    NotificationExpired,
    /// The notification was used for an earlier passage.
    AlreadyUsed,
    /// Several notifications fit and none clearly better.
    Ambiguous,
    /// No declaration covers the goods.
    NoDeclaration,
    /// The declaration's status doesn't allow the goods to move.
    DeclarationNotReleased,
    /// The scale disagrees with what was declared, beyond tolerance.
    WeightDiscrepancy,
    /// The vehicle, or one of its axles, is heavier than the road allows.
    WeightLimit,
    /// The axle loads don't add up to the gross weight.
    AxleSum,
    /// The trailer in the lane is not the notified one.
    TrailerMismatch,
    /// The front plate in the lane is not the notified one, as read.
    PlateMismatch,
    /// Containers disagree: seen, notified, declared.
    ContainerMismatch,
    /// Seals disagree: notified, declared.
    SealMismatch,
    /// The vehicle came more than the notified lead before it was expected.
    TooEarly,
    /// The notification came less than the lead before the vehicle.
    LateNotification,
    /// The notification is for another border crossing point.
    WrongSite,
    /// The notification is for the other direction.
    WrongDirection,
    /// The carrier, or who answers for the procedure, may not act.
    CarrierSuspended,
    /// No guarantee that holds covers the transit.
    GuaranteeMissing,
    /// The procedure's deadline has passed.
    DeadlinePassed,
    /// A number's check digit is wrong.
    CheckDigit,
    /// Notification and declaration list different numbers of goods.
    GoodsCount,
    /// Goods that are dangerous by their code, or by the plate on the vehicle, were not notified as dangerous.
    DangerousUndeclared,
    /// Neither laden weight nor tare is known: the scale can't be held against the documents.
    TareUnknown,
    /// Plate readers disagree about one plate.
    PlateConflict,
    /// Required evidence was still missing at the deadline.
    EvidenceMissing,
    /// Radiation above background, or a portal that can't be trusted.
    Radiation,
    /// A navigation seal is broken, or somebody tampers with it.
    SealBroken,
    /// A navigation seal reports something that an officer must look at.
    SealSuspect,
}

impl FindingCode {
    /// Every code.
    pub const ALL: [Self; 29] = [
        Self::NoNotification,
        Self::NotificationExpired,
        Self::AlreadyUsed,
        Self::Ambiguous,
        Self::NoDeclaration,
        Self::DeclarationNotReleased,
        Self::WeightDiscrepancy,
        Self::WeightLimit,
        Self::AxleSum,
        Self::TrailerMismatch,
        Self::PlateMismatch,
        Self::ContainerMismatch,
        Self::SealMismatch,
        Self::TooEarly,
        Self::LateNotification,
        Self::WrongSite,
        Self::WrongDirection,
        Self::CarrierSuspended,
        Self::GuaranteeMissing,
        Self::DeadlinePassed,
        Self::CheckDigit,
        Self::GoodsCount,
        Self::DangerousUndeclared,
        Self::TareUnknown,
        Self::PlateConflict,
        Self::EvidenceMissing,
        Self::Radiation,
        Self::SealBroken,
        Self::SealSuspect,
    ];

    /// The least weight that a site may give it: what says who the vehicle is, radiation, and navigation seals
    /// always hold.
    #[must_use]
    pub const fn least_severity(self) -> Severity {
        match self {
            Self::NoNotification
            | Self::Ambiguous
            | Self::PlateMismatch
            | Self::PlateConflict
            | Self::EvidenceMissing
            | Self::SealSuspect => Severity::Hold,
            Self::Radiation | Self::SealBroken => Severity::Block,
            Self::NotificationExpired
            | Self::AlreadyUsed
            | Self::NoDeclaration
            | Self::DeclarationNotReleased
            | Self::WeightDiscrepancy
            | Self::WeightLimit
            | Self::AxleSum
            | Self::TrailerMismatch
            | Self::ContainerMismatch
            | Self::SealMismatch
            | Self::TooEarly
            | Self::LateNotification
            | Self::WrongSite
            | Self::WrongDirection
            | Self::CarrierSuspended
            | Self::GuaranteeMissing
            | Self::DeadlinePassed
            | Self::CheckDigit
            | Self::GoodsCount
            | Self::DangerousUndeclared
            | Self::TareUnknown => Severity::Info,
        }
    }

    /// Every code's name, in the same order.
    pub const NAMES: [&'static str; Self::ALL.len()] = {
        let mut names = [""; Self::ALL.len()];
        let mut index = 0;
        while index < names.len() {
            names[index] = Self::ALL[index].as_str();
            index += 1;
        }
        names
    };

    /// The code of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == name)
    }

    /// The code as contract and metrics print it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoNotification => "no_notification",
            Self::NotificationExpired => "notification_expired",
            Self::AlreadyUsed => "already_used",
            Self::Ambiguous => "ambiguous",
            Self::NoDeclaration => "no_declaration",
            Self::DeclarationNotReleased => "declaration_not_released",
            Self::WeightDiscrepancy => "weight_discrepancy",
            Self::WeightLimit => "weight_limit",
            Self::AxleSum => "axle_sum",
            Self::TrailerMismatch => "trailer_mismatch",
            Self::PlateMismatch => "plate_mismatch",
            Self::ContainerMismatch => "container_mismatch",
            Self::SealMismatch => "seal_mismatch",
            Self::TooEarly => "too_early",
            Self::LateNotification => "late_notification",
            Self::WrongSite => "wrong_site",
            Self::WrongDirection => "wrong_direction",
            Self::CarrierSuspended => "carrier_suspended",
            Self::GuaranteeMissing => "guarantee_missing",
            Self::DeadlinePassed => "deadline_passed",
            Self::CheckDigit => "check_digit",
            Self::GoodsCount => "goods_count",
            Self::DangerousUndeclared => "dangerous_undeclared",
            Self::TareUnknown => "tare_unknown",
            Self::PlateConflict => "plate_conflict",
            Self::EvidenceMissing => "evidence_missing",
            Self::Radiation => "radiation",
            Self::SealBroken => "seal_broken",
            Self::SealSuspect => "seal_suspect",
        }
    }
}

/// One finding (contract, RiskRequest).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What.
    pub code: FindingCode,
    /// How much it weighs.
    pub severity: Severity,
    /// For people; names no plate.
    pub detail: String,
}

impl Finding {
    /// A finding that holds.
    #[must_use]
    pub fn hold(code: FindingCode, detail: impl Into<String>) -> Self {
        Self { code, severity: Severity::Hold, detail: detail.into() }
    }

    /// A finding that only informs.
    #[must_use]
    pub fn info(code: FindingCode, detail: impl Into<String>) -> Self {
        Self { code, severity: Severity::Info, detail: detail.into() }
    }

    /// A finding that needs two officers.
    #[must_use]
    pub fn block(code: FindingCode, detail: impl Into<String>) -> Self {
        Self { code, severity: Severity::Block, detail: detail.into() }
    }
}
