//! Good journals, of which none may raise an alarm.

use journal_verify::{Depth, JournalFile, Request, SignedHead, verify};

use super::bench::{Dice, directory, keys, open, record, write};

const JOURNALS: u64 = 1_000;

#[test]
fn no_good_journal_raises_an_alarm() {
    let (mut records, mut heads, mut openings) = (0, 0, 0);
    for seed in 1..=JOURNALS {
        let dir = directory();
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut written = 0;
        // A witness takes heads along from the running journal.
        let mut witnessed: Vec<SignedHead> = vec![];
        for _ in 0..=dice.roll(2) {
            let journal = open(dir.path(), u64::try_from(1 + dice.roll(30)).expect("small"));
            for _ in 0..dice.roll(4) {
                let batch: Vec<_> = (0..=dice.roll(24)).map(|_| record(&mut dice)).collect();
                written += batch.len();
                write(&journal, batch);
                witnessed.extend(journal.signed_head().map(|head| head.as_ref().clone()));
            }
            openings += 1;
        }
        let request = Request { heads: witnessed, keys: Some(keys()), depth: Depth::Structure };
        let report = verify(dir.path(), &request).expect("read");
        assert_eq!(report.damage, None, "seed {seed}");
        let all = u64::try_from(written).expect("small");
        assert_eq!((report.records, report.vouched, report.heads_of_unknown_keys), (all, all, 0), "seed {seed}");
        records += report.records;
        heads += JournalFile::open(dir.path()).expect("opened").heads().expect("read").len();
    }
    println!("{JOURNALS} good journals, opened {openings} times, {records} records, {heads} heads: 0 alarms");
}
