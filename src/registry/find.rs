//! A lane's question answered: who is near, whole documents, the choice, what goes with it.

use std::sync::Arc;

use super::index::Index;
use super::shelf::Shelf;
use crate::domain::plate::{Folded, fold};
use crate::domain::{NumberKey, number_key};
use crate::matching::{Candidate, Known, MatchPolicy, SeenPapers, SeenPlates, choose, judge};
use crate::model::registry::{Declaration, DocumentRef, Party, PriorNotification};
use crate::model::risk::Assessment;
use crate::model::{MatchQuery, MatchResult, PassageId, Purpose, Timestamp};

/// A notification that may be meant, and who used it.
pub(super) struct Considered {
    notification: Arc<PriorNotification>,
    used_by: Option<PassageId>,
}

/// What memory answers under its lock: numbers, nothing is read meanwhile.
pub(super) fn near(index: &Index, query: &MatchQuery, policy: &MatchPolicy) -> Vec<String> {
    index.near(&SeenPlates::of(query, &policy.templates), query.arrived)
}

/// Whole notifications that plates or papers lead to.
pub(super) fn consider(
    shelf: &Shelf,
    mut numbers: Vec<String>,
    query: &MatchQuery,
    used_by: impl Fn(&str) -> Option<PassageId>,
) -> rusqlite::Result<Vec<Considered>> {
    let papers = SeenPapers::sort(&query.documents);
    for key in papers.numbers.iter().chain(&papers.containers) {
        numbers.extend(shelf.referring(key)?);
    }
    numbers.sort_unstable();
    numbers.dedup();
    let mut considered = Vec::with_capacity(numbers.len());
    for number in numbers {
        if let Some(notification) = shelf.notification(&number)? {
            considered.push(Considered { used_by: used_by(&number), notification });
        }
    }
    Ok(considered)
}

/// The choice, with everything that goes with the chosen one, judged.
pub(super) fn answer(
    shelf: &Shelf,
    considered: &[Considered],
    query: &MatchQuery,
    policy: &MatchPolicy,
    now: Timestamp,
    party: impl Fn(&str) -> Option<Party>,
) -> rusqlite::Result<MatchResult> {
    let candidates = considered.iter().map(|one| Candidate {
        notification: &one.notification,
        used: one.used_by.is_some_and(|passage| passage != query.passage),
    });
    let choice = choose(query, candidates, policy, now);
    let known = Known::of(choice, |chosen| {
        considered.iter().find(|one| std::ptr::eq(&*one.notification, chosen)).map(|one| Arc::clone(&one.notification))
    });
    let tractor = query.tractor.as_ref().map(|tractor| fold(tractor.plate.reveal(Purpose::Matching)));
    let joined = join(shelf, &query.documents, tractor.as_ref(), known.notification.as_deref())?;
    let parties = parties_of(known.notification.as_deref(), &joined.declarations, party);
    let known = Known { declarations: joined.declarations, unanswered: joined.unanswered, parties, ..known };
    let result = judge(query, known, policy, now);
    let assessed = match &result.notification {
        Some(notification) => shelf.assessment(&notification.number)?.filter(|assessment| result.covers(assessment)),
        None => None,
    };
    Ok(MatchResult { assessed: assessed.map(|assessment| Assessment::clone(&assessment)), ..result })
}

/// Declarations by number, with their revisions.
pub(super) fn revisions(declarations: &[Arc<Declaration>]) -> Vec<(String, u64)> {
    declarations.iter().map(|declaration| (declaration.number.clone(), declaration.revision)).collect()
}

/// A notification with everything that goes with it, before the vehicle is there.
pub(super) fn dossier(
    shelf: &Shelf,
    number: &str,
    party: impl Fn(&str) -> Option<Party>,
) -> rusqlite::Result<Option<Known>> {
    let Some(notification) = shelf.notification(number)? else { return Ok(None) };
    let joined = join(shelf, &[], None, Some(&notification))?;
    let parties = parties_of(Some(&notification), &joined.declarations, party);
    Ok(Some(Known {
        notification: Some(notification),
        declarations: joined.declarations,
        unanswered: joined.unanswered,
        parties,
        ..Known::default()
    }))
}

struct Joined {
    declarations: Vec<Arc<Declaration>>,
    unanswered: Vec<DocumentRef>,
}

/// One submission serves all: the declarations that the notification refers to; else what a reader scanned; else what
/// names the vehicle.
fn join(
    shelf: &Shelf,
    scanned: &[String],
    tractor: Option<&Folded>,
    notification: Option<&PriorNotification>,
) -> rusqlite::Result<Joined> {
    let mut joined = Joined { declarations: Vec::new(), unanswered: Vec::new() };
    for reference in notification.into_iter().flat_map(|found| &found.documents) {
        match shelf.declaration(&number_key(&reference.number))? {
            Some(declaration) => add(&mut joined.declarations, declaration),
            None => joined.unanswered.push(reference.clone()),
        }
    }
    if !joined.declarations.is_empty() {
        return Ok(joined);
    }
    for key in SeenPapers::sort(scanned).numbers {
        if let Some(declaration) = shelf.declaration(&key)? {
            add(&mut joined.declarations, declaration);
        }
    }
    if joined.declarations.is_empty()
        && let Some(tractor) = tractor
        && let [only] = shelf.declared_for(tractor)?.as_slice()
        && let Some(declaration) = shelf.declaration(&NumberKey::from_stored(only))?
    {
        joined.declarations.push(declaration);
    }
    Ok(joined)
}

fn add(declarations: &mut Vec<Arc<Declaration>>, declaration: Arc<Declaration>) {
    if !declarations.iter().any(|known| known.number == declaration.number) {
        declarations.push(declaration);
    }
}

fn parties_of(
    notification: Option<&PriorNotification>,
    declarations: &[Arc<Declaration>],
    party: impl Fn(&str) -> Option<Party>,
) -> Vec<Party> {
    let carrier = notification.map(|found| found.carrier.id.reveal(Purpose::Register));
    let holders = declarations.iter().map(|found| found.holder.id.reveal(Purpose::Register));
    let mut ids: Vec<&str> = carrier.into_iter().chain(holders).collect();
    let mut seen = std::collections::BTreeSet::new();
    ids.retain(|id| seen.insert(*id));
    ids.into_iter().filter_map(party).collect()
}
