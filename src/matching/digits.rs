//! Check digits of the numbers that documents carry.

use super::findings::Known;
use crate::domain::{Kind, Standing, wrong_check_digit};
use crate::model::registry::DocumentKind;
use crate::model::{Finding, FindingCode, Purpose};

/// Every number whose check digit is wrong, each once. A container or an MRN that can't exist holds; a party's number
/// is told, because foreign registers have numbers of any form.
pub(super) fn judge(known: &Known, findings: &mut Vec<Finding>) {
    let mut checked: Vec<(Kind, &str)> = Vec::new();
    if let Some(notification) = &known.notification {
        checked.extend(notification.containers.iter().map(|number| (Kind::Container, number.as_str())));
        checked.extend(notification.documents.iter().map(|found| (kind_of(found.kind), found.number.as_str())));
        let carrier = &notification.carrier;
        let id = carrier.id.reveal(Purpose::Matching);
        checked.extend(party_kind(&carrier.country, id).map(|kind| (kind, id)));
    }
    for declaration in &known.declarations {
        checked.extend(declaration.containers.iter().map(|number| (Kind::Container, number.as_str())));
        checked.push((kind_of(declaration.kind.document_kind()), declaration.number.as_str()));
        let holder = &declaration.holder;
        let id = holder.id.reveal(Purpose::Matching);
        checked.extend(party_kind(&holder.country, id).map(|kind| (kind, id)));
    }
    checked.sort_unstable();
    checked.dedup();
    for (kind, number) in checked {
        let Some(wrong) = wrong_check_digit(kind, number) else { continue };
        let holds = matches!(wrong.kind, Kind::Container | Kind::Mrn) && wrong.standing == Standing::Promised;
        let finding = if holds { Finding::hold } else { Finding::info };
        findings.push(finding(FindingCode::CheckDigit, wrong.detail()));
    }
}

const fn kind_of(document: DocumentKind) -> Kind {
    match document {
        DocumentKind::TransitDeclaration | DocumentKind::GoodsDeclaration => Kind::EaeuDeclaration,
        DocumentKind::TirCarnet => Kind::TirCarnet,
        DocumentKind::Mrn => Kind::Mrn,
        DocumentKind::Cmr | DocumentKind::Permit => Kind::Notification,
    }
}

/// What a party's number is, by its country; other countries' numbers are not checked.
fn party_kind(country: &str, id: &str) -> Option<Kind> {
    match country {
        // The fifth digit tells organisations from persons.
        "KZ" => match id.as_bytes().get(4) {
            Some(b'4'..=b'9') => Some(Kind::Bin),
            Some(_) => Some(Kind::Iin),
            None => None,
        },
        "RU" => Some(Kind::Inn),
        _ => None,
    }
}
