//! Heads of the running controller: published for a witness, who then holds them against a journal that was cut.

use std::os::unix::fs::PermissionsExt;

use journal_verify::{PublicKeys, SignedHead};

use super::rig::{Rig, Rms, Seen, http_at, subscribe_late};

const TOPIC: &str = "bcp/test/journal/head";

#[test]
fn a_witness_is_sent_every_head_and_finds_what_an_insider_cut_off() {
    let mut rig = Rig::cold_with(Rms::channel("green"), |config| format!("{config}\n[journal]\nhead_every = \"1s\"\n"));
    rig.start_controller();
    rig.devices_speak();
    rig.notify(27_400);
    rig.drive_up(27_400);
    rig.expect_open();
    let opened = records(&rig);
    let seen = rig.expect("a head over the release", |seen| is_head(seen) && size(seen) >= opened);
    let keys = keys(&rig);
    let first = head(&seen);
    assert_eq!(first.verify(&keys).expect("signed").site, "test");
    let mode = std::fs::metadata(rig.data().join("head.key")).expect("a key").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let (status, _, body) = http_at(rig.http_port, "GET /api/v1/journal/head", &[], "");
    assert_eq!(status, 200);
    assert!(SignedHead::from_json(&body).expect("a head").size() >= first.size());
    let (_, _, metrics) = http_at(rig.http_port, "GET /metrics", &[], "");
    for name in ["lane_controller_journal_head_age_seconds", "lane_controller_journal_head_behind_records"] {
        assert!(metrics.contains(name), "{name}");
    }

    rig.drive_off();
    assert_eq!(rig.stop_controller(), Some(0));
    let last = subscribe_late(rig.mqtt_port, TOPIC);
    let last = SignedHead::from_json(last.trim()).expect("the broker keeps it");
    assert_eq!(last.size(), records(&rig), "after an ordered stop everything is under a published head");

    let witnessed = rig.dir.path().join("witnessed.jsonl");
    let lines = [first.to_json(), last.to_json()].join("\n");
    std::fs::write(&witnessed, lines).expect("written");
    let verify = |rig: &Rig| {
        let (data, witnessed) = (rig.data(), witnessed.display().to_string());
        rig.tool(&["journal", "verify", "--data", data.to_str().expect("UTF-8"), "--head", &witnessed])
    };
    let (code, report) = verify(&rig);
    assert_eq!((code, &report[0]["vouched"]), (Some(0), &last.size().into()));
    let journal = rusqlite::Connection::open(rig.data().join("journal.db")).expect("opened");
    let cut = format!(
        "DELETE FROM record WHERE sequence > {0}; DELETE FROM head_signed WHERE size > {0}; DELETE FROM head_edge; \
         UPDATE head SET (sequence, hash) = (SELECT sequence, hash FROM record WHERE sequence = {0})",
        first.size()
    );
    journal.execute_batch(&cut).expect("cut");
    assert_eq!(rig.journal("verify").0, Some(0), "the insider made everything fit");
    let (code, report) = verify(&rig);
    assert_eq!((code, &report[0]["damage"]["damage"]), (Some(2), &"shorter".into()));
}

#[test]
fn a_broker_that_lost_its_memory_is_told_the_newest_head_again() {
    let mut rig = Rig::cold_with(Rms::Silent, |config| format!("{config}\n[journal]\nhead_records = 1\n"));
    rig.start_controller();
    rig.devices_speak();
    rig.notify(27_400);
    rig.over_loop("approach", true);
    rig.expect_phase("occupied");
    let before = head(&rig.expect("a head", is_head));
    rig.kill_broker();
    rig.restart_broker();
    let again = head(&rig.expect("a head again", is_head));
    assert!(again.size() >= before.size());
}

fn is_head(seen: &Seen) -> bool {
    seen.topic == TOPIC
}

fn head(seen: &Seen) -> SignedHead {
    SignedHead::from_json(&seen.payload.to_string()).expect("a head")
}

fn size(seen: &Seen) -> u64 {
    head(seen).size()
}

fn records(rig: &Rig) -> u64 {
    rig.journal("verify").1[0]["records"].as_u64().expect("a number")
}

fn keys(rig: &Rig) -> PublicKeys {
    let (code, lines) = rig.journal("key");
    assert_eq!(code, Some(0));
    let lines: Vec<_> = lines.iter().map(ToString::to_string).collect();
    PublicKeys::parse(&lines.join("\n")).expect("keys")
}
