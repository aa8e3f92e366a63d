//! The keys' keeper: destroys keys when their time is over or somebody asked for it, and puts the access log's head on
//! record. It runs within the journal's keeper, once a second.

use std::path::PathBuf;

use super::clock::SiteClock;
use super::recorder::Recorder;
use crate::config::Retention;
use crate::journal::{
    AccessError, AccessLog, Cause, Failure, JournalError, Reader, Requests, ShredAnswer, ShredError, ShredOrder,
    before_by_retention, plan,
};
use crate::model::{DataClass, LaneId, NewRecord, RecordKind};

/// Looks between two rounds of the retention: an hour.
const RETIRE_EVERY: u64 = 3_600;
/// Looks between two looks at the access log.
const ANCHOR_EVERY: u64 = 60;

/// Why keys stay, or the log has no anchor.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Shred(#[from] ShredError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error("it is not on record: {0}")]
    Record(#[from] Failure),
    #[error("it was cut short")]
    CutShort,
}

/// What the keeper needs.
#[derive(Clone)]
pub(super) struct KeysKeeper {
    recorder: Recorder,
    data: PathBuf,
    retention: Retention,
    clock: SiteClock,
    looks: u64,
    /// The access log's head that is on record.
    anchored: Option<(u64, String)>,
}

impl KeysKeeper {
    pub(super) fn new(recorder: Recorder, retention: Retention, clock: SiteClock) -> Self {
        let data = recorder.directory.clone();
        Self { recorder, data, retention, clock, looks: 0, anchored: None }
    }

    /// One look. What fails is told, and tried again at the next.
    pub(super) async fn look(&mut self) {
        self.answer_requests().await;
        if self.looks.is_multiple_of(RETIRE_EVERY) {
            self.retire().await;
        }
        if self.looks.is_multiple_of(ANCHOR_EVERY)
            && let Err(error) = self.anchor().await
        {
            tracing::error!(%error, "the access log's head is not on record");
        }
        self.looks += 1;
    }

    async fn answer_requests(&self) {
        let requests = Requests::of(&self.data);
        let waiting = match requests.waiting() {
            Ok(waiting) => waiting,
            Err(error) => {
                tracing::warn!(%error, "requests in the data directory can not be read");
                return;
            }
        };
        for (id, order) in waiting {
            let answer = match self.shred(order).await {
                Ok((keys, sequence)) => ShredAnswer::Done { keys, sequence },
                Err(Trouble::Shred(ShredError::Refused(refusal))) => ShredAnswer::Refused(refusal.to_string()),
                Err(trouble) => ShredAnswer::Failed(trouble.to_string()),
            };
            if let Err(error) = requests.answer(id, &answer) {
                tracing::warn!(%error, "a request was carried out and not answered");
            }
        }
    }

    async fn retire(&self) {
        let now = self.clock.now().wall;
        for class in DataClass::ALL {
            let Some(kept) = self.retention.of(class) else { continue };
            let before = before_by_retention(now, kept);
            let order = ShredOrder { class, before, cause: Cause::Retention, by: None, reason: None };
            match self.shred(order).await {
                Ok((0, _)) => {}
                Ok((keys, _)) => {
                    tracing::info!(class = class.as_str(), keys, %before, "keys were destroyed: their time is over")
                }
                // A vehicle of that day is still there: the next round tries again.
                Err(Trouble::Shred(ShredError::Refused(refusal))) => {
                    tracing::warn!(class = class.as_str(), %refusal, "keys are kept beyond their time");
                }
                Err(error) => tracing::error!(class = class.as_str(), %error, "keys are kept beyond their time"),
            }
        }
    }

    /// On record first, then destroyed: how many keys, and the record's sequence.
    async fn shred(&self, order: ShredOrder) -> Result<(usize, Option<u64>), Trouble> {
        let (data, now) = (self.data.clone(), self.clock.now().wall);
        let planned = tokio::task::spawn_blocking(move || plan(&data, order, now)).await;
        let Some(plan) = planned.map_err(|_| Trouble::CutShort)?? else { return Ok((0, None)) };
        let sequence = self.recorder.record(plan.record.clone()).await?;
        let journal = std::sync::Arc::clone(&self.recorder.journal);
        let destroyed = tokio::task::spawn_blocking(move || journal.destroy(&plan)).await;
        Ok((destroyed.map_err(|_| Trouble::CutShort)??, Some(sequence)))
    }

    /// Puts the head of the access log on record when it has grown, so that its end can't be cut off unseen.
    async fn anchor(&mut self) -> Result<(), Trouble> {
        let (data, known) = (self.data.clone(), self.anchored.is_some());
        let read = move || -> Result<_, Trouble> {
            let head = AccessLog::of(&data).head()?;
            let last = if known { None } else { Reader::open(&data)?.last_anchor()? };
            Ok((head, last))
        };
        let (head, last) = tokio::task::spawn_blocking(read).await.map_err(|_| Trouble::CutShort)??;
        if self.anchored.is_none() {
            self.anchored = last;
        }
        if head.is_none() || head == self.anchored {
            return Ok(());
        }
        // A LaneEvent has a `sequence` of its own.
        let body = head.as_ref().map(|(line, hash)| serde_json::json!({ "line": line, "hash": hash }));
        let record = NewRecord {
            at: self.clock.now().wall,
            lane: LaneId::whole_site(),
            passage: None,
            kind: RecordKind::AccessAnchored,
            body: body.unwrap_or_default().to_string(),
        };
        self.recorder.record(record).await?;
        self.anchored = head;
        Ok(())
    }
}
