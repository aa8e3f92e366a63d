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
    /// The trailer in the lane is not the notified one.
    TrailerMismatch,
    /// Neither laden weight nor tare is known: the scale can't be held against the documents.
    TareUnknown,
    /// Plate readers disagree about one plate.
    PlateConflict,
    /// Required evidence was still missing at the deadline.
    EvidenceMissing,
    /// Radiation above background, or a portal that can't be trusted.
    Radiation,
}

impl FindingCode {
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
            Self::TrailerMismatch => "trailer_mismatch",
            Self::TareUnknown => "tare_unknown",
            Self::PlateConflict => "plate_conflict",
            Self::EvidenceMissing => "evidence_missing",
            Self::Radiation => "radiation",
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
