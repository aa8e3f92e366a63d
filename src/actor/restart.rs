//! What the journal says of a lane that starts anew; of a damaged one (no reader) nothing is believed.

use serde::Deserialize;

use crate::journal::{JournalError, Reader};
use crate::lane::Restored;
use crate::model::{Evacuation, LaneId, NewRecord, RecordKind, Service};

/// The passage that was never completed.
pub(super) fn open_passage(reader: Option<&Reader>, lane: &LaneId) -> Result<Option<Restored>, JournalError> {
    let Some(reader) = reader else { return Ok(None) };
    let last = reader.open_passages()?.into_iter().filter(|open| open.lane == *lane).last();
    Ok(last.map(|open| {
        let records = open.records.into_iter().map(|record| NewRecord {
            at: record.at,
            lane: record.lane,
            passage: record.passage,
            kind: record.kind,
            body: record.body,
        });
        Restored { passage: open.passage, records: records.collect() }
    }))
}

/// A lane that an officer or an evacuation closed stays closed.
pub(super) fn service(reader: Option<&Reader>, lane: &LaneId) -> Result<Service, JournalError> {
    let Some(reader) = reader else { return Ok(Service::Open) };
    Ok(reader.last_service(lane)?.unwrap_or(Service::Open))
}

/// A lane that was evacuated waits for its two officers over a restart, too.
pub(super) fn evacuation(reader: Option<&Reader>, lane: &LaneId) -> Result<Evacuation, JournalError> {
    #[derive(Deserialize)]
    struct Body {
        #[serde(default)]
        evacuation: Evacuation,
    }
    if service(reader, lane)? == Service::Open {
        return Ok(Evacuation::None);
    }
    let Some(reader) = reader else { return Ok(Evacuation::None) };
    let changes = reader.records_of_kind_after(RecordKind::ServiceChanged, 0)?;
    let last = changes.into_iter().rfind(|record| record.lane == *lane);
    Ok(last
        .and_then(|record| serde_json::from_str::<Body>(&record.body).ok())
        .map_or(Evacuation::None, |body| body.evacuation))
}
