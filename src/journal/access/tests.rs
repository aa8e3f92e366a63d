//! The log's promises: durable and chained, by many writers at once, and honest about every change.

use tempfile::TempDir;

use super::*;

#[test]
fn looks_are_chained_over_processes_and_read_back_since_an_instant() {
    let data = TempDir::new().expect("a directory");
    for number in 1..=5 {
        assert_eq!(AccessLog::of(data.path()).record(&look(number)).expect("written"), number);
    }
    let log = AccessLog::of(data.path());
    let report = log.read(Some(look(4).at), &[]).expect("read");
    assert_eq!(report.entries, [(4, look(4)), (5, look(5))]);
    assert_eq!((report.lines, &report.fault), (5, &None));
    let head = log.head().expect("read").expect("a line");
    assert_eq!(log.read(None, &[head]).expect("read").fault, None);
}

#[test]
fn writers_side_by_side_lose_nothing() {
    let data = TempDir::new().expect("a directory");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for number in 1..=25 {
                    AccessLog::of(data.path()).record(&look(number)).expect("written");
                }
            });
        }
    });
    let report = AccessLog::of(data.path()).read(None, &[]).expect("read");
    assert_eq!((report.lines, report.fault), (100, None));
}

#[test]
fn every_line_that_is_changed_removed_or_put_in_is_found() {
    let data = TempDir::new().expect("a directory");
    let log = AccessLog::of(data.path());
    for number in 1..=6 {
        log.record(&look(number)).expect("written");
    }
    let path = data.path().join(FILE_NAME);
    let whole = std::fs::read_to_string(&path).expect("read");
    let lines: Vec<&str> = whole.lines().collect();
    let anchor = log.head().expect("read").expect("a line");
    let without = |place: usize| [&lines[..place], &lines[place + 1..]].concat();
    let mut tampered: Vec<Vec<String>> =
        (0..6).map(|place| without(place).iter().map(ToString::to_string).collect()).collect();
    tampered.push(lines.iter().map(|line| line.replace("court", "other")).collect());
    tampered.push(lines.iter().map(|line| line.replacen("\"entry\":{", "\"entry\":{\"more\":1,", 1)).collect());
    tampered.push(lines.iter().chain(&lines[5..]).map(ToString::to_string).collect());
    tampered.push(lines[..3].iter().map(ToString::to_string).collect());
    tampered.push(vec![]);
    for changed in tampered {
        std::fs::write(&path, changed.iter().map(|line| format!("{line}\n")).collect::<String>()).expect("written");
        let report = log.read(None, std::slice::from_ref(&anchor)).expect("read");
        assert!(report.fault.is_some(), "{changed:?}");
    }
    std::fs::remove_file(&path).expect("removed");
    assert!(log.read(None, &[anchor]).expect("read").fault.is_some(), "a log that is gone");
}

#[test]
fn what_a_crash_left_of_a_line_is_cut_off_and_the_chain_goes_on() {
    let data = TempDir::new().expect("a directory");
    let log = AccessLog::of(data.path());
    log.record(&look(1)).expect("written");
    let path = data.path().join(FILE_NAME);
    let whole = std::fs::read_to_string(&path).expect("read");
    std::fs::write(&path, format!("{whole}{{\"sequence\":2,\"ent")).expect("written");
    assert_eq!(log.record(&look(2)).expect("written"), 2);
    assert_eq!(log.read(None, &[]).expect("read").fault, None);
}

#[test]
fn a_log_that_can_not_be_written_grants_no_look() {
    let data = TempDir::new().expect("a directory");
    let path = data.path().join(FILE_NAME);
    std::fs::create_dir(&path).expect("made");
    assert!(matches!(AccessLog::of(data.path()).record(&look(1)), Err(AccessError::File { .. })));
    std::fs::remove_dir(&path).expect("removed");
    std::fs::write(&path, "this is no line of ours\n").expect("written");
    assert!(matches!(AccessLog::of(data.path()).record(&look(1)), Err(AccessError::Damaged { .. })));
}

#[test]
fn long_words_are_cut_so_that_a_line_has_a_bound() {
    let data = TempDir::new().expect("a directory");
    let log = AccessLog::of(data.path());
    for _ in 0..3 {
        let long = Access { of: "\u{1}".repeat(10_000), purpose: "é".repeat(10_000), ..look(1) };
        log.record(&long).expect("written");
    }
    let report = log.read(None, &[]).expect("read");
    assert_eq!((report.lines, report.fault), (3, None));
    assert_eq!(report.entries[0].1.purpose.chars().count(), PURPOSE_MAX_CHARS);
}

fn look(number: u64) -> Access {
    let who = if number.is_multiple_of(2) {
        Who::Officer { officer: "aigul".into() }
    } else {
        Who::User { user: Some("root".into()), uid: 0, login_uid: Some(1_000) }
    };
    let at = Timestamp::from_unix_micros(1_795_000_000_000_000 + i64::try_from(number).expect("it fits") * 1_000_000);
    Access {
        at,
        who,
        what: Looked::Passage,
        of: "00000000-0000-0000-0000-000000000005".into(),
        purpose: "court 7".into(),
    }
}
