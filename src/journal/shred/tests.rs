//! A shred's promises: on record first, only what is over, the chain verifies, and a crash between is made good.

use std::sync::mpsc::channel;

use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::journal::{Batch, Limits, Sight, is_shredded, verify};
use crate::model::Ticket;

const DAY_S: i64 = 86_400;
/// 2026-11-18T11:06:40Z.
const NOW_S: i64 = 1_795_000_000;

#[test]
fn after_a_shred_the_chain_verifies_and_the_rest_of_the_journal_reads_as_before() {
    let site = Site::with_days(&[90, 40, 0]);
    let before = site.bodies(Sight::Sealed);
    let told = site.shred(DataClass::Personal, days_ago(30)).expect("allowed").expect("keys");
    assert_eq!(told, 2);
    assert_eq!(verify(site.path()).expect("read").damage, None);
    assert_eq!(site.bodies(Sight::Sealed)[..before.len()], before, "nothing of the chain was touched");
    let clear = site.bodies(Sight::Clear);
    let tractor = |at: usize| clear[at]["tractor"].as_str().unwrap_or_default().to_owned();
    assert!(is_shredded(&tractor(0)) && is_shredded(&tractor(2)), "{clear:?}");
    assert_eq!(tractor(4), "123ABC02", "a day that is kept is read");
    assert_eq!(clear[1]["officer"], "aigul", "another class is kept");
    let record = clear.last().expect("on record");
    assert_eq!((&record["class"], &record["before"]), (&"personal".into(), &"2026-10-19".into()));
    assert_eq!((&record["cause"], &record["by"]["officer"]), (&"order".into(), &"dana".into()));
    assert_eq!(record["reason"], "law");
    assert_eq!(record["keys"].as_array().map(Vec::len), Some(2));
    assert!(site.shred(DataClass::Personal, days_ago(30)).expect("allowed").is_none(), "nothing is left of them");
}

#[test]
fn a_day_that_is_not_over_keeps_its_key() {
    let site = Site::with_days(&[1, 0]);
    let today = days_ago(0);
    let refused = site.shred(DataClass::Officers, today.succ_opt().expect("a day"));
    assert!(matches!(refused, Err(ShredError::Refused(ShredRefusal::NotOver { .. }))), "{refused:?}");
    assert_eq!(site.shred(DataClass::Officers, today).expect("allowed"), Some(1), "yesterday's goes");
}

#[test]
fn a_vehicle_that_is_still_there_keeps_the_keys_of_its_day() {
    let site = Site::with_days(&[3, 2, 0]);
    let passage = PassageId(Uuid::from_u128(9));
    site.write(vec![NewRecord { passage: Some(passage), ..record(2, RecordKind::PassageOpened, "{}") }]);
    let refused = site.shred(DataClass::Personal, days_ago(1));
    let open = |error: &ShredError| matches!(error, ShredError::Refused(ShredRefusal::Open { passage: found, .. }) if *found == passage);
    assert!(refused.as_ref().is_err_and(open), "{refused:?}");
    assert_eq!(site.shred(DataClass::Personal, days_ago(2)).expect("allowed"), Some(1), "days before it may go");
    site.write(vec![NewRecord { passage: Some(passage), ..record(0, RecordKind::PassageCompleted, "{}") }]);
    assert_eq!(site.shred(DataClass::Personal, days_ago(1)).expect("allowed"), Some(1));
}

#[test]
fn plates_that_draws_are_remembered_by_stay_as_long_as_the_draws_count() {
    let site = Site::with_days(&[40, 20, 0]);
    site.write(vec![record(20, RecordKind::SelectionDrawn, r#"{"keys":[{"tractor":"123ABC02"}]}"#)]);
    let refused = site.shred(DataClass::Personal, days_ago(10));
    assert!(matches!(refused, Err(ShredError::Refused(ShredRefusal::Drawn { .. }))), "{refused:?}");
    assert_eq!(site.shred(DataClass::Personal, days_ago(30)).expect("allowed"), Some(1));
    assert_eq!(site.shred(DataClass::Officers, days_ago(10)).expect("no plates"), Some(2));
}

#[test]
fn a_shred_that_a_crash_interrupted_is_finished_at_the_next_start() {
    let site = Site::with_days(&[90, 0]);
    let order = site.order(DataClass::Personal, days_ago(30));
    let plan = plan(site.path(), order, now()).expect("allowed").expect("a key");
    site.write(vec![plan.record.clone()]);
    assert!(site.path().join("keys").join(format!("{}.key", plan.names[0])).exists(), "the crash came here");
    let Site { dir, journal } = site;
    drop(journal);
    drop(Journal::open(dir.path(), Limits::default()).expect("opened"));
    assert!(!dir.path().join("keys").join(format!("{}.key", plan.names[0])).exists());
    assert_eq!(super::super::seal::names(dir.path()).expect("listed").len(), 3, "and no other key");
}

#[test]
fn retention_counts_whole_days() {
    let day = |hours: u64| before_by_retention(now(), Duration::from_secs(hours * 3_600));
    assert_eq!((day(0), day(24), day(25)), (days_ago(0), days_ago(1), days_ago(2)));
    assert!(before_by_retention(now(), Duration::MAX) < days_ago(300));
}

struct Site {
    dir: TempDir,
    journal: Journal,
}

impl Site {
    /// Two records a day: a release and an order.
    fn with_days(days: &[i64]) -> Self {
        let dir = TempDir::new().expect("a directory");
        let journal = Journal::open(dir.path(), Limits::default()).expect("opened");
        let site = Self { dir, journal };
        for day in days {
            site.write(vec![
                record(*day, RecordKind::Released, r#"{"tractor":"123ABC02"}"#),
                record(*day, RecordKind::Order, r#"{"officer":"aigul"}"#),
            ]);
        }
        site
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn write(&self, records: Vec<NewRecord>) {
        let (tell, told) = channel();
        let batch = Batch { ticket: Ticket(1), lane: LaneId::whole_site(), records: records.clone() };
        self.journal.append(batch, Box::new(move |result| tell.send(result).expect("awaited")));
        let committed = told.recv().expect("answered").expect("durable");
        assert_eq!(committed.records, records, "who writes hears of it in the clear");
    }

    fn order(&self, class: DataClass, before: NaiveDate) -> ShredOrder {
        ShredOrder {
            class,
            before,
            cause: Cause::Order,
            by: Some(Who::Officer { officer: "dana".into() }),
            reason: Some("law".into()),
        }
    }

    fn shred(&self, class: DataClass, before: NaiveDate) -> Result<Option<usize>, ShredError> {
        let Some(plan) = plan(self.path(), self.order(class, before), now())? else { return Ok(None) };
        self.write(vec![plan.record.clone()]);
        self.journal.destroy(&plan).map(Some)
    }

    fn bodies(&self, sight: Sight) -> Vec<serde_json::Value> {
        let reader = Reader::open(self.path()).expect("opened").seeing(sight);
        let records = reader.select(&crate::journal::Selection::default()).expect("read");
        records.iter().map(|record| serde_json::from_str(&record.body).expect("JSON")).collect()
    }
}

fn now() -> Timestamp {
    Timestamp::from_unix_micros(NOW_S * 1_000_000)
}

fn days_ago(days: u64) -> NaiveDate {
    day_of(now()).checked_sub_days(Days::new(days)).expect("a day")
}

fn record(days_ago: i64, kind: RecordKind, body: &str) -> NewRecord {
    let at = Timestamp::from_unix_micros((NOW_S - days_ago * DAY_S) * 1_000_000);
    NewRecord { at, lane: LaneId::new("in-01").expect("a name"), passage: None, kind, body: body.to_owned() }
}
