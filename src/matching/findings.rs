//! What is wrong with the vehicle in the lane and its documents.

use std::sync::Arc;

use super::choose::{Choice, Verdict};
use super::limits::{judge_axle_sum, judge_limits};
use super::policy::{MatchPolicy, Misread, Required};
use super::score::{goes, is_for_another_site};
use super::seen::SeenPapers;
use super::weight::{expected_kg, judge_weight};
use super::{digits, papers};
use crate::model::registry::{CustomsStatus, Declaration, DocumentRef, Party, PriorNotification};
use crate::model::{Clue, Finding, FindingCode, MatchQuery, MatchResult, Scored, Timestamp};

/// What the register knows for a query.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The chosen notification.
    pub notification: Option<Arc<PriorNotification>>,
    /// It was used for another passage.
    pub used: bool,
    /// So many fitted, and none clearly better.
    pub ambiguous: Option<usize>,
    /// What was considered, best first.
    pub candidates: Vec<Scored>,
    /// The declarations that go with it, first referred to first.
    pub declarations: Vec<Arc<Declaration>>,
    /// References of the notification that no declaration answers.
    pub unanswered: Vec<DocumentRef>,
    /// Parties that they name.
    pub parties: Vec<Party>,
}

impl Known {
    /// What a choice says.
    #[must_use]
    pub fn of(choice: Choice<'_>, shared: impl FnOnce(&PriorNotification) -> Option<Arc<PriorNotification>>) -> Self {
        let candidates = choice.candidates;
        match choice.verdict {
            Verdict::None => Self { candidates, ..Self::default() },
            Verdict::One(candidate) => Self {
                notification: shared(candidate.notification),
                used: candidate.used,
                candidates,
                ..Self::default()
            },
            Verdict::Ambiguous(count) => Self { ambiguous: Some(count), candidates, ..Self::default() },
        }
    }

    /// The chosen notification's own score.
    fn score(&self) -> Option<&Scored> {
        let number = &self.notification.as_ref()?.number;
        self.candidates.iter().find(|scored| scored.notification == *number)
    }
}

/// Judges what is known of a vehicle against what the lane saw.
#[must_use]
pub fn judge(query: &MatchQuery, known: Known, policy: &MatchPolicy, now: Timestamp) -> MatchResult {
    let mut findings = Vec::new();
    match &known.notification {
        Some(notification) => {
            judge_use(notification, &known, now, &mut findings);
            judge_plates(&known, policy, &mut findings);
            judge_circumstances(query, notification, policy, &mut findings);
        }
        None => judge_absence(&known, policy, &mut findings),
    }
    let not_subject = is_not_subject(&known);
    let seen = SeenPapers::sort(&query.documents);
    papers::judge(&known, &seen, policy, not_subject, now, &mut findings);
    digits::judge(&known, &mut findings);
    let expected = expected_kg(known.notification.as_deref(), &known.declarations);
    if let Some(gross_kg) = query.gross_kg
        && known.notification.is_some()
    {
        findings.extend(judge_weight(gross_kg, expected, policy.tolerance));
    }
    if let Some(gross_kg) = query.gross_kg {
        let axles = query.axles.as_ref();
        findings.extend(judge_axle_sum(gross_kg, axles, policy.tolerance));
        let notification = known.notification.as_deref();
        findings.extend(judge_limits(gross_kg, axles, notification, &policy.limits, query.arrived));
    }
    policy.weigh(&mut findings);
    let mut declarations = known.declarations.into_iter();
    MatchResult {
        notification: known.notification,
        declaration: declarations.next(),
        more_declarations: declarations.collect(),
        parties: known.parties,
        findings,
        expected_kg: expected,
        not_subject,
        candidates: known.candidates,
        assessed: None,
    }
}

/// What can be said of a notification and its documents before the vehicle is there.
#[must_use]
pub fn judge_papers(known: &Known, policy: &MatchPolicy, now: Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(notification) = &known.notification
        && is_for_another_site(notification, &policy.site)
    {
        let named = notification.site.as_deref().unwrap_or_default();
        findings.push(Finding::hold(FindingCode::WrongSite, format!("notified for the crossing point {named}")));
    }
    papers::judge(known, &SeenPapers::default(), policy, is_not_subject(known), now, &mut findings);
    digits::judge(known, &mut findings);
    policy.weigh(&mut findings);
    findings
}

fn is_not_subject(known: &Known) -> bool {
    let mut declared = known.declarations.iter().map(|declaration| declaration.customs_status).peekable();
    if declared.peek().is_some() {
        return declared.all(|status| status == CustomsStatus::Union);
    }
    known.notification.as_ref().is_some_and(|notification| notification.customs_status == CustomsStatus::Union)
}

fn judge_absence(known: &Known, policy: &MatchPolicy, findings: &mut Vec<Finding>) {
    if let Some(count) = known.ambiguous {
        let numbers: Vec<_> = known.candidates.iter().take(count).map(|scored| scored.notification.as_str()).collect();
        let detail = format!("{count} notifications fit: {}", numbers.join(", "));
        findings.push(Finding::hold(FindingCode::Ambiguous, detail));
        return;
    }
    if policy.required.contains(&Required::Notification) {
        findings.push(Finding::hold(FindingCode::NoNotification, "no prior notification names this vehicle"));
    }
    // A trailer that is notified behind another tractor may have been swapped (domain §2).
    let swapped = known.candidates.iter().find(|scored| {
        scored.has(Clue::TrailerSame) && (scored.has(Clue::TractorOther) || scored.has(Clue::TractorNear))
    });
    if let Some(scored) = swapped {
        let detail = format!("the rear plate is notified with another tractor: {}", scored.notification);
        findings.push(Finding::hold(FindingCode::PlateMismatch, detail));
    }
}

fn judge_use(notification: &PriorNotification, known: &Known, now: Timestamp, findings: &mut Vec<Finding>) {
    if notification.valid_until <= now {
        let detail = format!("the notification was valid until {}", notification.valid_until);
        findings.push(Finding::hold(FindingCode::NotificationExpired, detail));
    }
    if known.used {
        findings.push(Finding::hold(FindingCode::AlreadyUsed, "the notification was used for an earlier passage"));
    }
}

/// A plate that is not the notified one. One that is near to it never opens by itself (hazard 1).
fn judge_plates(known: &Known, policy: &MatchPolicy, findings: &mut Vec<Finding>) {
    let Some(score) = known.score() else { return };
    let lenient = policy.misread == Misread::PassesCorroborated;
    let scanned = score.has(Clue::DocumentScanned);
    let near = |code, detail: &str, corroborated: bool| {
        if corroborated { Finding::info(code, detail) } else { Finding::hold(code, detail) }
    };
    if score.has(Clue::TractorOther) {
        findings.push(Finding::hold(FindingCode::PlateMismatch, "the front plate is not the notified one"));
    } else if score.has(Clue::TractorNear) {
        let corroborated = lenient && (scanned || score.has(Clue::TrailerSame));
        let detail = "the front plate was read nearly, not exactly, as notified";
        findings.push(near(FindingCode::PlateMismatch, detail, corroborated));
    }
    if score.has(Clue::TrailerOther) {
        findings.push(Finding::hold(FindingCode::TrailerMismatch, "the rear plate is not the notified one"));
    } else if score.has(Clue::TrailerNear) {
        let corroborated = lenient && (scanned || score.has(Clue::TractorSame));
        let detail = "the rear plate was read nearly, not exactly, as notified";
        findings.push(near(FindingCode::TrailerMismatch, detail, corroborated));
    }
}

fn judge_circumstances(
    query: &MatchQuery,
    notification: &PriorNotification,
    policy: &MatchPolicy,
    findings: &mut Vec<Finding>,
) {
    if !goes(query.direction, notification.direction) {
        let detail =
            format!("notified for {}, the lane is for {}", notification.direction.as_str(), query.direction.as_str());
        findings.push(Finding::hold(FindingCode::WrongDirection, detail));
    }
    if is_for_another_site(notification, &policy.site) {
        let named = notification.site.as_deref().unwrap_or_default();
        findings.push(Finding::hold(FindingCode::WrongSite, format!("notified for the crossing point {named}")));
    }
    let Some(lead) = policy.lead else { return };
    if query.arrived < notification.submitted_at.plus(lead) {
        let detail = format!("submitted {}, less than {} before the vehicle", notification.submitted_at, minutes(lead));
        findings.push(Finding::info(FindingCode::LateNotification, detail));
    }
    if query.arrived.plus(lead) < notification.expected_at {
        let detail = format!("expected {}, more than {} later", notification.expected_at, minutes(lead));
        findings.push(Finding::info(FindingCode::TooEarly, detail));
    }
}

fn minutes(lead: std::time::Duration) -> String {
    format!("{} min", lead.as_secs() / 60)
}
