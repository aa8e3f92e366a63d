//! What must be true of a journal after a crash.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::channel;

use lane_controller::journal::{Batch, Committed, Failure, Journal, Limits, Reader, Selection, StoredRecord, verify};
use lane_controller::model::{LaneId, NewRecord, PassageId, Phase, RecordKind, Ticket, Timestamp};
use lane_disk::{Disk, Image};

use crate::lane::{Lane, Story, restored};

/// Judges crash after crash in one directory.
pub(crate) struct Judge {
    directory: PathBuf,
    /// Numbers of records with which the lane was resumed already: with the same records it does the same.
    resumed: BTreeSet<usize>,
}

impl Judge {
    pub(crate) fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), resumed: BTreeSet::new() }
    }

    /// Opens what a crash at `position` left, and holds it against what was handed in and acknowledged until then.
    /// Returns how many records are there.
    #[track_caller]
    pub(crate) fn judge(&mut self, image: Image, story: &Story, position: usize, what: &str) -> usize {
        let directory = self.directory.as_path();
        let what = format!("{what} at {position}");
        let disk = Disk::mount(directory, image);
        let journal = Journal::open(directory, Limits::default());
        let journal = journal.unwrap_or_else(|error| panic!("{what}: it opens: {error}"));
        assert_eq!(verify(directory).expect("read").damage, None, "{what}");
        let found = all(directory);
        let acknowledged = story.acknowledged.iter().filter(|(at, _)| *at <= position);
        let due = acknowledged.map(|(_, last)| *last).max().unwrap_or(0);
        let count = u64::try_from(found.len()).expect("few");
        assert!(count >= due, "{what}: {due} were acknowledged, {count} are there");
        whole_batches(&found, story, &what);
        commands(&found, story, position, &what);
        let open = open_passage(&found);
        assert_eq!(restored(directory).map(|restored| restored.passage), open, "{what}: the open passage");
        if self.resumed.insert(found.len()) {
            resumes(&journal, directory, &disk, open, &what);
        } else {
            takes_a_record(&journal, &what);
        }
        journal.shutdown();
        drop(journal);
        assert_eq!(verify(directory).expect("read").damage, None, "{what}: after the next records");
        found.len()
    }
}

fn all(directory: &Path) -> Vec<StoredRecord> {
    Reader::open(directory).expect("opened").select(&Selection::default()).expect("read")
}

/// What is there is what was handed in, and no batch is half there.
fn whole_batches(found: &[StoredRecord], story: &Story, what: &str) {
    let mut rest = found;
    for batch in &story.handed {
        if rest.is_empty() {
            return;
        }
        assert!(rest.len() >= batch.len(), "{what}: a batch is half there");
        let (these, others) = rest.split_at(batch.len());
        for (stored, handed) in these.iter().zip(batch) {
            assert!(same(stored, handed), "{what}: record {} is another one", stored.sequence);
        }
        rest = others;
    }
    assert!(rest.is_empty(), "{what}: records that nobody handed in");
}

fn same(stored: &StoredRecord, handed: &NewRecord) -> bool {
    stored.kind == handed.kind
        && stored.body == handed.body
        && stored.passage == handed.passage
        && stored.at == handed.at
}

/// Every command that went out has its authority, once.
fn commands(found: &[StoredRecord], story: &Story, position: usize, what: &str) {
    let mut authorities = BTreeSet::new();
    for record in found.iter().filter(|record| record.kind == RecordKind::BarrierCommanded) {
        let body: serde_json::Value = serde_json::from_str(&record.body).expect("JSON");
        let id = body["command_id"].as_str().expect("an id").to_owned();
        assert!(authorities.insert(id), "{what}: an authority is doubled");
    }
    for (at, id) in &story.opened {
        let is_there = authorities.contains(&id.to_string());
        assert!(*at > position || is_there, "{what}: a command went out and its authority is lost");
    }
}

/// What was opened and not completed.
fn open_passage(found: &[StoredRecord]) -> Option<PassageId> {
    let of_kind = |kind| found.iter().filter(move |record| record.kind == kind).filter_map(|record| record.passage);
    let completed: BTreeSet<_> = of_kind(RecordKind::PassageCompleted).collect();
    of_kind(RecordKind::PassageOpened).rfind(|passage| !completed.contains(passage))
}

fn takes_a_record(journal: &Journal, what: &str) {
    let lane = LaneId::new("in-01").expect("a name");
    let at = Timestamp::from_unix_micros(1_795_000_000_000_000);
    let body = r#"{"alarm":"bus_down"}"#.to_owned();
    let record = NewRecord { at, lane: lane.clone(), passage: None, kind: RecordKind::AlarmRaised, body };
    let (tell, told) = channel();
    let done = move |result: Result<Committed, Failure>| tell.send(result.map(|_| ())).expect("awaited");
    journal.append(Batch { ticket: Ticket(1), lane, records: vec![record] }, Box::new(done));
    assert_eq!(told.recv().expect("answered"), Ok(()), "{what}: it takes records");
}

/// The passage that stands open comes back, held, and nothing opens by itself; the lane then goes on.
fn resumes(journal: &Journal, directory: &Path, disk: &Disk, open: Option<PassageId>, what: &str) {
    let mut story = Story::default();
    let positions = disk.positions();
    let mut lane = Lane::start(journal, directory, Arc::new(positions), &mut story);
    if let Some(open) = open {
        let state = lane.machine.state(lane.now());
        assert_eq!(lane.machine.phase(), Phase::Held, "{what}");
        assert!(state.holds.iter().any(|hold| hold.code.as_str() == "restarted"), "{what}");
        assert_eq!(state.passage.map(|passage| passage.id), Some(open), "{what}");
    }
    lane.empty();
    assert_eq!(lane.machine.phase(), Phase::Vacant, "{what}: the lane is free again");
    assert!(lane.story.opened.is_empty(), "{what}: nothing opens by itself");
    lane.truck_comes();
    assert_eq!(story.opened.len(), 1, "{what}: the next truck is served");
    assert_eq!(story.failure, None, "{what}");
}
