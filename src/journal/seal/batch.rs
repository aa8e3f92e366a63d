//! The hook before the writer: a batch goes in sealed, and who handed it in hears of it in the clear.

use super::super::writer::{Batch, Committed, Done, Failure};
use super::keys::KeyRing;
use crate::model::NewRecord;

/// The batch as it is stored. `None` when there is no key for it: `done` was told, and nothing of it is written.
///
/// It runs in the thread of who hands in, so that the one writer's time is the disk's.
pub(in crate::journal) fn sealed(keys: &KeyRing, batch: Batch, done: Done) -> Option<(Batch, Done)> {
    let bodies = match batch.records.iter().map(|record| keys.seal(record)).collect::<Result<Vec<_>, _>>() {
        Ok(bodies) => bodies,
        Err(error) => {
            tracing::error!(%error, "a record can not be sealed, so it is not written");
            done(Err(Failure::Unsealed(error.to_string())));
            return None;
        }
    };
    if bodies.iter().all(Option::is_none) {
        return Some((batch, done));
    }
    let of = |(record, body): (&NewRecord, Option<String>)| NewRecord {
        at: record.at,
        lane: record.lane.clone(),
        passage: record.passage,
        kind: record.kind,
        body: body.unwrap_or_else(|| record.body.clone()),
    };
    let records = batch.records.iter().zip(bodies).map(of).collect();
    let clear = batch.records;
    let told: Done =
        Box::new(|result| done(result.map(|Committed { receipt, .. }| Committed { receipt, records: clear })));
    Some((Batch { ticket: batch.ticket, lane: batch.lane, records }, told))
}
