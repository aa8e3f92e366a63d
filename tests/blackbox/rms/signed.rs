//! Signed answers: where keys are configured, nothing else counts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer, SigningKey};

use super::*;

#[test]
fn an_answer_without_a_signature_that_holds_releases_nothing() {
    let mut rig = with_keys(&[("rms-1", 1, ""), ("rms-0", 9, "valid_until = \"2020-01-01T00:00:00Z\"")]);
    rig.notify(27_400);
    rig.drive_up(27_400);
    let asked = request(&mut rig, "arrival", 0);
    let body = body(&asked, &green());
    let good = sign(1, &body);
    send(&rig, &asked, &body, &[]);
    send(&rig, &asked, &body, &[("key-id", "rms-1")]);
    await_metric(&rig, "risk_answers_refused_total{reason=\"unsigned\"}", 2.0);
    send(&rig, &asked, &body, &[("key-id", "rms-1"), ("signature", &sign(2, &body))]);
    let changed = body.replace("as the test says", "as the forger says");
    send(&rig, &asked, &changed, &[("key-id", "rms-1"), ("signature", &good)]);
    send(&rig, &asked, &format!("{body} "), &[("key-id", "rms-1"), ("signature", &good)]);
    await_metric(&rig, "risk_answers_refused_total{reason=\"wrong_signature\"}", 3.0);
    send(&rig, &asked, &body, &[("key-id", "rms-2"), ("signature", &good)]);
    await_metric(&rig, "risk_answers_refused_total{reason=\"unknown_key\"}", 1.0);
    send(&rig, &asked, &body, &[("key-id", "rms-0"), ("signature", &sign(9, &body))]);
    await_metric(&rig, "risk_answers_refused_total{reason=\"key_not_valid\"}", 1.0);
    stays_closed(&mut rig);
    send(&rig, &asked, &body, &[("key-id", "rms-1"), ("signature", &good)]);
    opens_once(&mut rig);
}

#[test]
fn while_keys_change_the_old_and_the_new_one_count() {
    let mut rig = with_keys(&[("rms-1", 1, "valid_until = \"2099-01-01T00:00:00Z\""), ("rms-2", 2, "")]);
    rig.notify(27_400);
    for (number, key) in [(0, 1), (1, 2)] {
        if number == 1 {
            rig.restart_after_kill();
            let mut revised = super::super::papers::notification("PN-1", 27_400);
            revised["revision"] = json!(2);
            rig.submit("notification", &revised);
        }
        let asked = request(&mut rig, "pre_arrival", number);
        let body = body(&asked, &green());
        send(&rig, &asked, &body, &[("key-id", &format!("rms-{key}")), ("signature", &sign(key, &body))]);
        await_kept(&rig, &asked);
    }
    rig.drive_up(27_400);
    opens_once(&mut rig);
    assert!(requests(&rig, "arrival").is_empty());
}

#[test]
fn a_key_is_changed_without_a_restart_and_a_wrong_file_leaves_the_keys_before_it() {
    let mut rig = with_keys(&[("rms-1", 1, "")]);
    let (fresh, loaded) = (rig.dir.path().join("rms-keys.new"), "risk_keys_loaded_total");
    let replace = |rig: &Rig, text: &str, result: &str| {
        std::fs::write(&fresh, text).expect("written");
        std::fs::rename(&fresh, keys_file(rig)).expect("in its place");
        await_metric(rig, &format!("{loaded}{{result=\"{result}\"}}"), 1.0);
    };
    replace(&rig, "[[key]]\nid = \"rms-1\"\n", "refused");
    replace(&rig, &entry(&("rms-2", 2, "")), "taken");
    rig.notify(27_400);
    let asked = request(&mut rig, "pre_arrival", 0);
    let body = body(&asked, &green());
    send(&rig, &asked, &body, &[("key-id", "rms-1"), ("signature", &sign(1, &body))]);
    await_metric(&rig, "risk_answers_refused_total{reason=\"unknown_key\"}", 1.0);
    send(&rig, &asked, &body, &[("key-id", "rms-2"), ("signature", &sign(2, &body))]);
    await_kept(&rig, &asked);
    rig.drive_up(27_400);
    opens_once(&mut rig);
}

#[test]
fn an_unsigned_word_before_arrival_clears_nobody() {
    let mut rig = with_keys(&[("rms-1", 1, "")]);
    rig.notify(27_400);
    let ahead = request(&mut rig, "pre_arrival", 0);
    reply(&rig, &ahead, &green());
    await_metric(&rig, "risk_answers_refused_total{reason=\"unsigned\"}", 1.0);
    rig.drive_up(27_400);
    request(&mut rig, "arrival", 0);
    stays_closed(&mut rig);
}

/// A rig whose RMS signs: key ids, secrets, and what else the keys file says of each.
fn with_keys(keys: &[(&str, u8, &str)]) -> Rig {
    let mut rig = Rig::cold_with(Rms::Silent, |config| {
        // The keys file stands beside the officers'.
        let (_, directory) = config.split_once("officers_file = \"").expect("officers");
        let (directory, _) = directory.split_once("/officers.toml").expect("officers");
        let keys = format!("{PATIENT}\nresponse_keys_file = \"{directory}/rms-keys.toml\"");
        config.replace("request_timeout = \"1s\"", &keys)
    });
    let text: String = keys.iter().map(entry).collect();
    std::fs::write(keys_file(&rig), text).expect("written");
    rig.start_controller();
    rig.devices_speak();
    rig.expect_phase("vacant");
    rig
}

fn entry((id, secret, more): &(&str, u8, &str)) -> String {
    let public = STANDARD.encode(SigningKey::from_bytes(&[*secret; 32]).verifying_key().to_bytes());
    format!("[[key]]\nid = \"{id}\"\npublic = \"{public}\"\n{more}\n")
}

fn keys_file(rig: &Rig) -> std::path::PathBuf {
    rig.dir.path().join("rms-keys.toml")
}

fn sign(secret: u8, body: &str) -> String {
    STANDARD.encode(SigningKey::from_bytes(&[secret; 32]).sign(body.as_bytes()).to_bytes())
}
