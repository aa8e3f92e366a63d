//! What is wrong with declarations, parties, containers, seals and goods.

use super::findings::Known;
use super::policy::{MatchPolicy, Required};
use super::seen::SeenPapers;
use crate::domain::{NumberKey, number_key};
use crate::model::registry::{
    Declaration, DeclarationKind, DeclarationStatus, DocumentKind, Goods, Party, PartyStatus, PriorNotification,
};
use crate::model::{Finding, FindingCode, Timestamp};

/// Whether a hold on the goods' papers applies at all.
pub(super) fn judge(
    known: &Known,
    seen: &SeenPapers,
    policy: &MatchPolicy,
    not_subject: bool,
    now: Timestamp,
    findings: &mut Vec<Finding>,
) {
    judge_presence(known, policy, not_subject, findings);
    for declaration in &known.declarations {
        judge_declaration(declaration, not_subject, now, findings);
    }
    for party in &known.parties {
        findings.extend(party_finding(party));
    }
    if let Some(notification) = known.notification.as_deref() {
        judge_containers(notification, &known.declarations, seen, findings);
        judge_seals(notification, &known.declarations, findings);
        findings.extend(goods_finding(notification, &known.declarations));
        findings.extend(dangerous_finding(notification, &known.declarations, seen, policy));
    }
}

fn judge_presence(known: &Known, policy: &MatchPolicy, not_subject: bool, findings: &mut Vec<Finding>) {
    let empty = known.notification.as_ref().is_some_and(|notification| notification.empty);
    if empty || not_subject || !policy.required.contains(&Required::Declaration) {
        return;
    }
    if known.declarations.is_empty() {
        findings.push(Finding::hold(FindingCode::NoDeclaration, "no declaration covers the goods"));
        return;
    }
    for reference in &known.unanswered {
        let owed = match reference.kind {
            DocumentKind::TransitDeclaration | DocumentKind::GoodsDeclaration | DocumentKind::Mrn => true,
            // A carnet may travel with the transit declaration that was made on it.
            DocumentKind::TirCarnet | DocumentKind::Cmr | DocumentKind::Permit => false,
        };
        if owed {
            let detail = format!("the declaration {} is referred to and not known", reference.number);
            findings.push(Finding::hold(FindingCode::NoDeclaration, detail));
        }
    }
}

fn judge_declaration(declaration: &Declaration, not_subject: bool, now: Timestamp, findings: &mut Vec<Finding>) {
    if not_subject {
        return;
    }
    if declaration.status != DeclarationStatus::Released {
        let detail = format!("the declaration {} is {}", declaration.number, declaration.status.as_str());
        findings.push(Finding::hold(FindingCode::DeclarationNotReleased, detail));
    }
    if let Some(deadline) = declaration.deadline.filter(|deadline| *deadline <= now) {
        let detail = format!("the procedure of {} should have ended by {deadline}", declaration.number);
        findings.push(Finding::hold(FindingCode::DeadlinePassed, detail));
    }
    findings.extend(guarantee_finding(declaration, now));
}

/// Transit is secured. Where no security is told, customs accepted what it was shown when it released the declaration;
/// one that is told and has run out contradicts that.
fn guarantee_finding(declaration: &Declaration, now: Timestamp) -> Option<Finding> {
    match declaration.kind {
        DeclarationKind::Transit | DeclarationKind::CommonTransit => {}
        DeclarationKind::Goods | DeclarationKind::Tir => return None,
    }
    match &declaration.guarantee {
        Some(guarantee) if guarantee.valid_until > now => None,
        Some(guarantee) => {
            let detail = format!("the guarantee of {} held until {}", declaration.number, guarantee.valid_until);
            Some(Finding::hold(FindingCode::GuaranteeMissing, detail))
        }
        None => {
            let detail = format!("no guarantee of {} is known", declaration.number);
            Some(Finding::info(FindingCode::GuaranteeMissing, detail))
        }
    }
}

fn party_finding(party: &Party) -> Option<Finding> {
    match party.status {
        PartyStatus::Active => None,
        PartyStatus::Suspended => {
            Some(Finding::hold(FindingCode::CarrierSuspended, format!("suspended since {}", party.since)))
        }
        PartyStatus::Excluded => {
            Some(Finding::block(FindingCode::CarrierSuspended, format!("excluded since {}", party.since)))
        }
    }
}

fn keys(numbers: &[String]) -> Vec<NumberKey> {
    let mut keys: Vec<_> = numbers.iter().map(|number| number_key(number)).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Numbers that one side names and the other doesn't, when both name any.
fn disagree(a: &[NumberKey], b: &[NumberKey]) -> bool {
    !a.is_empty() && !b.is_empty() && a != b
}

fn judge_containers(
    notification: &PriorNotification,
    declarations: &[std::sync::Arc<Declaration>],
    seen: &SeenPapers,
    findings: &mut Vec<Finding>,
) {
    let notified = keys(&notification.containers);
    let declared = declared_numbers(declarations, |declaration| &declaration.containers);
    if disagree(&notified, &declared) {
        let detail = "notification and declaration name different containers";
        findings.push(Finding::hold(FindingCode::ContainerMismatch, detail));
    }
    let papers = if notified.is_empty() { &declared } else { &notified };
    let strangers = seen.containers.iter().filter(|seen| !papers.contains(seen)).count();
    if strangers > 0 {
        let detail = format!("{strangers} containers on the vehicle are in no paper");
        findings.push(Finding::hold(FindingCode::ContainerMismatch, detail));
    }
}

fn judge_seals(
    notification: &PriorNotification,
    declarations: &[std::sync::Arc<Declaration>],
    findings: &mut Vec<Finding>,
) {
    let declared = declared_numbers(declarations, |declaration| &declaration.seals);
    if disagree(&keys(&notification.seals), &declared) {
        let detail = "notification and declaration name different seals";
        findings.push(Finding::hold(FindingCode::SealMismatch, detail));
    }
}

fn declared_numbers(
    declarations: &[std::sync::Arc<Declaration>],
    numbers: impl Fn(&Declaration) -> &Vec<String>,
) -> Vec<NumberKey> {
    let all: Vec<String> = declarations.iter().flat_map(|declaration| numbers(declaration).iter().cloned()).collect();
    keys(&all)
}

fn goods_finding(notification: &PriorNotification, declarations: &[std::sync::Arc<Declaration>]) -> Option<Finding> {
    let notified = notification.goods.len();
    let declared: usize = declarations.iter().map(|declaration| declaration.goods.len()).sum();
    let differ = notified > 0 && declared > 0 && notified != declared;
    differ.then(|| {
        let detail = format!("{notified} goods are notified, {declared} declared");
        Finding::info(FindingCode::GoodsCount, detail)
    })
}

/// Dangerous by an orange plate on the vehicle, or by a code of the goods, and not notified as dangerous.
fn dangerous_finding(
    notification: &PriorNotification,
    declarations: &[std::sync::Arc<Declaration>],
    seen: &SeenPapers,
    policy: &MatchPolicy,
) -> Option<Finding> {
    let notified = |un: &String| notification.dangerous.iter().any(|dangerous| dangerous.un == *un);
    if let Some(un) = seen.dangerous.iter().find(|un| !notified(un)) {
        let detail = format!("UN {un} is on the vehicle's orange plate and not notified");
        return Some(Finding::hold(FindingCode::DangerousUndeclared, detail));
    }
    if !notification.dangerous.is_empty() {
        return None;
    }
    let is_dangerous = |goods: &&Goods| policy.dangerous_codes.iter().any(|code| goods.code.starts_with(code.as_str()));
    let declared = declarations.iter().flat_map(|declaration| &declaration.goods);
    notification.goods.iter().chain(declared).find(is_dangerous).map(|goods| {
        let detail = format!("goods of code {} are dangerous and not notified as such", goods.code);
        Finding::hold(FindingCode::DangerousUndeclared, detail)
    })
}
