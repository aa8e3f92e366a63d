//! What the site requires of vehicles and their documents.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::limits_table::RoadLimits;
use super::weight::Tolerance;
use crate::domain::plate::Templates;
use crate::model::{Finding, FindingCode, Severity, SiteId};

/// What a passage must be matched to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Required {
    /// A prior notification.
    Notification,
    /// A declaration.
    Declaration,
}

/// What a plate that was only nearly read as notified does (hazard 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Misread {
    /// It holds.
    #[default]
    Holds,
    /// It passes where the other plate or a scanned document names the same notification exactly.
    PassesCorroborated,
}

/// What the site requires.
#[derive(Debug, Clone)]
pub struct MatchPolicy {
    /// What must be there.
    pub required: Vec<Required>,
    /// How far the scale may be off.
    pub tolerance: Tolerance,
    /// What the road allows.
    pub limits: Arc<RoadLimits>,
    /// The site itself.
    pub site: SiteId,
    /// The syntax of plates.
    pub templates: Arc<Templates>,
    /// How long before the vehicle a notification must come, and how much earlier than expected it may come itself.
    pub lead: Option<Duration>,
    /// What a misread plate does.
    pub misread: Misread,
    /// Beginnings of goods codes that are dangerous goods.
    pub dangerous_codes: Vec<String>,
    /// Findings that weigh other than by default.
    pub severities: BTreeMap<FindingCode, Severity>,
}

impl MatchPolicy {
    /// Gives findings the weight that the site wants them to have.
    pub(super) fn weigh(&self, findings: &mut [Finding]) {
        for finding in findings {
            if let Some(severity) = self.severities.get(&finding.code) {
                finding.severity = *severity;
            }
        }
    }
}
