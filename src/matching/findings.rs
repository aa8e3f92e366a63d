//! What is wrong with the documents of the vehicle in the lane.

use std::sync::Arc;

use super::choose::Choice;
use super::weight::{Tolerance, expected_kg, judge_weight};
use crate::domain::plate::fold;
use crate::model::registry::{CustomsStatus, Declaration, DeclarationStatus, Party, PriorNotification};
use crate::model::{Finding, FindingCode, MatchQuery, MatchResult, Timestamp};

/// What a passage must be matched to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Required {
    /// A prior notification.
    Notification,
    /// A declaration.
    Declaration,
}

/// What the site requires of documents.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchPolicy {
    /// What must be there.
    pub required: Vec<Required>,
    /// How far the scale may be off.
    pub tolerance: Tolerance,
}

/// What the register knows for a query.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The chosen notification.
    pub notification: Option<Arc<PriorNotification>>,
    /// It was used for another passage.
    pub used: bool,
    /// So many fitted equally well.
    pub ambiguous: Option<usize>,
    /// The declaration that goes with it.
    pub declaration: Option<Arc<Declaration>>,
    /// Parties that they name.
    pub parties: Vec<Party>,
}

impl Known {
    /// What a choice says.
    #[must_use]
    pub fn of(choice: &Choice<'_>, shared: impl FnOnce(&PriorNotification) -> Option<Arc<PriorNotification>>) -> Self {
        match choice {
            Choice::None => Self::default(),
            Choice::One(candidate) => {
                Self { notification: shared(candidate.notification), used: candidate.used, ..Self::default() }
            }
            Choice::Ambiguous(count) => Self { ambiguous: Some(*count), ..Self::default() },
        }
    }
}

/// Judges what is known of a vehicle against what the lane saw.
#[must_use]
pub fn judge(query: &MatchQuery, known: Known, policy: &MatchPolicy, now: Timestamp) -> MatchResult {
    let mut findings = Vec::new();
    judge_notification(&known, policy, now, &mut findings);
    if let Some(notification) = &known.notification {
        findings.extend(trailer_finding(query, notification));
    }
    let not_subject = known.declaration.as_ref().is_some_and(|found| found.customs_status == CustomsStatus::Union);
    findings.extend(declaration_finding(&known, policy, not_subject));
    let expected = expected_kg(known.notification.as_deref(), known.declaration.as_deref());
    if let Some(gross_kg) = query.gross_kg
        && known.notification.is_some()
    {
        findings.extend(judge_weight(gross_kg, expected, policy.tolerance));
    }
    MatchResult {
        notification: known.notification,
        declaration: known.declaration,
        parties: known.parties,
        findings,
        expected_kg: expected,
        not_subject,
    }
}

fn judge_notification(known: &Known, policy: &MatchPolicy, now: Timestamp, findings: &mut Vec<Finding>) {
    let Some(notification) = &known.notification else {
        match known.ambiguous {
            Some(count) => {
                let detail = format!("{count} notifications fit equally well");
                findings.push(Finding::hold(FindingCode::Ambiguous, detail));
            }
            None if policy.required.contains(&Required::Notification) => {
                findings.push(Finding::hold(FindingCode::NoNotification, "no prior notification names this vehicle"));
            }
            None => {}
        }
        return;
    };
    if notification.valid_until <= now {
        let detail = format!("the notification was valid until {}", notification.valid_until);
        findings.push(Finding::hold(FindingCode::NotificationExpired, detail));
    }
    if known.used {
        findings.push(Finding::hold(FindingCode::AlreadyUsed, "the notification was used for an earlier passage"));
    }
}

/// The rear camera sees the last trailer, or the vehicle's own plate where it has none.
fn trailer_finding(query: &MatchQuery, notification: &PriorNotification) -> Option<Finding> {
    let seen = fold(query.trailer.as_deref()?);
    if seen.is_empty() {
        return None;
    }
    let notified = notification.vehicle.trailers.last().unwrap_or(&notification.vehicle.tractor);
    let same = fold(&notified.plate) == seen;
    (!same).then(|| Finding::hold(FindingCode::TrailerMismatch, "the rear plate is not the notified one"))
}

fn declaration_finding(known: &Known, policy: &MatchPolicy, not_subject: bool) -> Option<Finding> {
    let empty = known.notification.as_ref().is_some_and(|notification| notification.empty);
    match &known.declaration {
        None if empty || !policy.required.contains(&Required::Declaration) => None,
        None => Some(Finding::hold(FindingCode::NoDeclaration, "no declaration covers the goods")),
        Some(_) if not_subject => None,
        Some(declaration) if declaration.status == DeclarationStatus::Released => None,
        Some(declaration) => {
            let detail = format!("the declaration is {}", declaration.status.as_str());
            Some(Finding::hold(FindingCode::DeclarationNotReleased, detail))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::choose::{Candidate, choose};
    use super::*;
    use crate::model::{Direction, LaneId, PassageId};
    use uuid::Uuid;

    const NOW: i64 = 1_795_000_000_000_000;

    #[test]
    fn each_trouble_has_its_finding() {
        let good = || (notification(|_| {}), Some(declaration(|_| {})));
        let cases: Vec<(Vec<&str>, MatchResult)> = vec![
            (vec![], result(good(), false, |_| {})),
            (
                vec!["notification_expired"],
                result((notification(|n| n.valid_until = at(NOW - 1)), good().1), false, |_| {}),
            ),
            (vec!["already_used"], result(good(), true, |_| {})),
            (vec!["trailer_mismatch"], result(good(), false, |q| q.trailer = Some("99XYZ01".into()))),
            (vec![], result(good(), false, |q| q.trailer = None)),
            (vec!["no_declaration"], result((good().0, None), false, |_| {})),
            (vec![], result((notification(|n| n.empty = true), None), false, |_| {})),
            (
                vec!["declaration_not_released"],
                result((good().0, Some(declaration(|d| d.status = DeclarationStatus::Registered))), false, |_| {}),
            ),
            (
                vec![],
                result(
                    (
                        good().0,
                        Some(declaration(|d| {
                            d.status = DeclarationStatus::Lodged;
                            d.customs_status = CustomsStatus::Union;
                        })),
                    ),
                    false,
                    |_| {},
                ),
            ),
            (vec!["weight_discrepancy"], result(good(), false, |q| q.gross_kg = Some(35_000))),
            (vec!["tare_unknown"], result((notification(|n| n.laden_kg = None), good().1), false, |_| {})),
        ];
        for (expected, result) in cases {
            let codes: Vec<_> = result.findings.iter().map(|finding| finding.code.as_str()).collect();
            assert_eq!(codes, expected);
        }
    }

    #[test]
    fn without_a_notification_the_policy_says_whether_it_is_owed() {
        let strict = judge(&query(), Known::default(), &policy(), at(NOW));
        let codes: Vec<_> = strict.findings.iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!(codes, ["no_notification", "no_declaration"]);
        let lenient = MatchPolicy { required: vec![], ..policy() };
        assert!(judge(&query(), Known::default(), &lenient, at(NOW)).findings.is_empty());
    }

    #[test]
    fn the_best_fit_is_chosen_and_equals_are_ambiguous() {
        let plain = notification(|_| {});
        let other_trailer = notification(|n| n.vehicle.trailers[0].plate = "77ZZZ07".into());
        let expired = notification(|n| n.valid_until = at(NOW - 1));
        let exit = notification(|n| n.direction = Direction::Exit);
        let scanned = notification(|n| {
            n.number = "PN-9".into();
            n.vehicle.tractor.plate = "000AAA00".into();
        });
        let one = |query: &MatchQuery, candidates: &[&PriorNotification]| match choose(
            query,
            candidates.iter().map(|found| Candidate { notification: found, used: false }),
            at(NOW),
        ) {
            Choice::One(candidate) => Some(candidate.notification.clone()),
            Choice::None | Choice::Ambiguous(_) => None,
        };
        assert_eq!(one(&query(), &[&other_trailer, &plain]), Some(plain.clone()));
        assert_eq!(one(&query(), &[&expired, &plain]), Some(plain.clone()));
        assert_eq!(one(&query(), &[&exit]), None);
        assert_eq!(one(&query(), &[&plain, &plain]), None, "two fit equally");
        let kiosk = MatchQuery { documents: vec!["pn-9".into()], ..query() };
        assert_eq!(one(&kiosk, &[&plain, &scanned]), Some(scanned));
        let rear_only = MatchQuery { tractor: None, ..query() };
        assert_eq!(one(&rear_only, &[&plain]), None, "a trailer alone names no vehicle");
        let cyrillic = MatchQuery { tractor: Some("123авс-02".into()), ..query() };
        assert_eq!(one(&cyrillic, &[&plain]), Some(plain));
    }

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_unix_micros(micros)
    }

    fn policy() -> MatchPolicy {
        let required = vec![Required::Notification, Required::Declaration];
        MatchPolicy { required, tolerance: Tolerance { kg: 300, percent: 3.0 } }
    }

    fn query() -> MatchQuery {
        MatchQuery {
            lane: LaneId::new("in-01").expect("a name"),
            passage: PassageId(Uuid::nil()),
            round: 1,
            direction: Direction::Entry,
            tractor: Some("123 ABC 02".into()),
            trailer: Some("45DEF02".into()),
            documents: vec![],
            gross_kg: Some(27_400),
        }
    }

    fn notification(change: impl FnOnce(&mut PriorNotification)) -> PriorNotification {
        let json = serde_json::json!({
            "number": "PN-1", "revision": 1, "submitted_at": "2026-11-24T01:00:00Z",
            "expected_at": "2026-11-24T05:00:00Z", "valid_until": "2099-01-01T00:00:00Z", "direction": "entry",
            "carrier": { "id": "240440000300" }, "gross_kg": 12000, "laden_kg": 27_300,
            "vehicle": { "tractor": { "plate": "123ABC02" }, "trailers": [{ "plate": "45DEF02" }] },
        });
        let mut notification = serde_json::from_value(json).expect("a notification");
        change(&mut notification);
        notification
    }

    fn declaration(change: impl FnOnce(&mut Declaration)) -> Declaration {
        let json = serde_json::json!({
            "number": "55302/150324/0000123", "kind": "transit", "revision": 1, "status": "released",
            "goods": [{ "item": 1, "code": "870323", "gross_kg": 12000 }], "gross_kg": 12000,
            "holder": { "id": "240440000300" },
        });
        let mut declaration = serde_json::from_value(json).expect("a declaration");
        change(&mut declaration);
        declaration
    }

    fn result(
        (notification, declaration): (PriorNotification, Option<Declaration>),
        used: bool,
        change: impl FnOnce(&mut MatchQuery),
    ) -> MatchResult {
        let mut query = query();
        change(&mut query);
        let (notification, declaration) = (Some(Arc::new(notification)), declaration.map(Arc::new));
        judge(&query, Known { notification, declaration, used, ..Known::default() }, &policy(), at(NOW))
    }
}
