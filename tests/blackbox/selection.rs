//! Local profiles and the lot beside the RMS, and without it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::rig::{Rig, Rms, is_event};

#[test]
fn a8_h43_a_lot_holds_what_the_rms_would_release_and_comes_again_is_not_drawn_again() {
    let mut rig = rig(Rms::channel("green"), "degraded = \"hold\"", &[("lot", "true", "red", Some(1_000_000))]);
    rig.start_controller();
    rig.devices_speak();
    rig.notify(27_400);
    rig.drive_up(27_400);
    let state = rig.expect_held_by("referred_inspection");
    assert_eq!(state["passage"]["channel"], "red");
    let told = |event: &str| rig.seen.iter().rev().find(|seen| is_event(seen, event)).expect("told").payload.clone();
    let decided = told("risk_decided");
    assert_eq!((&decided["source"], &decided["reason"]), (&"random".into(), &"as the test says; Look inside".into()));
    assert_eq!(
        (&decided["profiles"], &told("selection_drawn")["keys"]),
        (&().into(), &().into()),
        "for auditors alone"
    );
    assert_eq!(told("selection_committed")["lane"], "site");
    let first = state["passage"]["id"].clone();

    rig.restart_after_kill();
    rig.devices_speak();
    rig.weigh(0);
    rig.expect("the vehicle went back", |seen| is_event(seen, "passage_completed"));
    // Nobody is selected by these profiles any more.
    write(&rig, &[("none", "false", "red", None)]);
    rig.expect("other profiles", |seen| is_event(seen, "profiles_changed"));
    rig.drive_up(27_400);
    let again = rig.expect_held_by("referred_inspection");
    assert_ne!(again["passage"]["id"], first);
    let drawn = drawn(&rig);
    let (kept, before) = (drawn.last().expect("a draw"), drawn.first().expect("a draw"));
    assert_eq!(kept["body"]["drawn_for"], first);
    assert_eq!(kept["body"]["value"], before["body"]["value"]);
    assert_eq!(kept["body"]["picked"]["source"], "random");

    let (code, report) = verify(&rig);
    assert_eq!((code, &report[0]["faults"], &report[0]["pending"]), (Some(0), &0.into(), &2.into()), "{report:?}");
    let story = rig.http(&format!("GET /api/v1/passages/{}", first.as_str().expect("an id")), &[], "").1;
    assert!(story.contains("risk_decided") && !story.contains("lot"), "{story}");
}

#[test]
fn without_an_rms_a_draw_is_on_record_before_the_release_that_rests_on_it() {
    let mut rig = rig(Rms::Silent, "", &[("lot", "true", "blue", Some(1_000_000))]);
    let config = std::fs::read_to_string(rig.config_path()).expect("read");
    std::fs::write(rig.config_path(), config.replace("mode = \"rms\"", "mode = \"local\"")).expect("written");
    rig.start_controller();
    rig.devices_speak();
    rig.notify(27_400);
    rig.drive_up(27_400);
    rig.expect_open();
    rig.drive_off();
    let story = rig.expect("the story", |seen| is_event(seen, "passage_completed")).payload;
    assert_eq!((&story["outcome"], &story["source"]), (&"released_conditional".into(), &"random".into()));
    let (_, records) = rig.journal("show");
    let place = |kind: &str| records.iter().position(|record| record["kind"] == kind).expect("on record");
    assert!(place("selection_committed") < place("selection_drawn"));
    assert!(place("selection_drawn") < place("released"));
    assert_eq!(verify(&rig).0, Some(0));
}

#[test]
fn while_the_rms_is_away_local_profiles_decide_with_yellow_as_the_least_and_every_passage_shows_it() {
    let mut rig = rig(Rms::Silent, "degraded = \"local\"", &[("never", "false", "red", None)]);
    rig.start_controller();
    rig.devices_speak();
    rig.notify(27_400);
    rig.drive_up(27_400);
    let state = rig.expect_held_by("referred_documents");
    assert_eq!(state["passage"]["channel"], "yellow");
    assert_eq!(state["alarms"], serde_json::json!(["risk_degraded"]));
    let decided = rig.seen.iter().find(|seen| is_event(seen, "risk_decided")).expect("told");
    assert_eq!(decided.payload["degraded"], "the RMS did not answer in time");
}

#[test]
fn while_the_rms_is_away_what_the_edge_found_stands_beside_the_hold() {
    let mut rig = rig(Rms::Silent, "degraded = \"hold\"", &[("criteria", "measured.gross_kg > 1.0", "red", None)]);
    rig.start_controller();
    rig.devices_speak();
    rig.notify(27_400);
    rig.drive_up(27_400);
    rig.expect_held_by("risk_unavailable");
    let state = rig.expect_phase("held");
    let codes: Vec<_> = state["holds"].as_array().expect("holds").iter().map(|hold| hold["code"].clone()).collect();
    assert!(codes.contains(&"referred_inspection".into()), "{codes:?}");
    assert_eq!(state["alarms"], serde_json::json!(["risk_degraded"]));
}

#[test]
fn wrong_profiles_are_refused_and_those_before_stay() {
    let mut rig = rig(Rms::channel("green"), "degraded = \"hold\"", &[("criteria", "true", "yellow", None)]);
    rig.start_controller();
    rig.devices_speak();
    rig.notify(27_400);
    write(&rig, &[("criteria", "tru", "green", None)]);
    let refused = "criteria.toml:2:15: there is no variable `tru`";
    let end = Instant::now() + Duration::from_secs(20);
    while !rig.log().contains(refused) {
        assert!(Instant::now() < end, "{}", rig.log());
        rig.watch(Duration::from_millis(100));
    }
    assert!(rig.http("GET /metrics", &[], "").1.contains("lane_controller_profile_loads_total{result=\"refused\"} 1"));
    rig.drive_up(27_400);
    rig.expect_held_by("referred_documents");

    let config = rig.config_path();
    let config = config.to_str().expect("UTF-8");
    assert_eq!(rig.tool(&["check", "--config", config]).0, Some(1), "a check finds it before the start");
}

type Profile = (&'static str, &'static str, &'static str, Option<u32>);

/// A rig whose controller has these profiles.
fn rig(rms: Rms, more: &str, profiles: &[Profile]) -> Rig {
    let rig = Rig::cold(rms);
    let config = std::fs::read_to_string(rig.config_path()).expect("read");
    let directory = directory(&rig);
    let risk = format!("[risk]\nprofiles_directory = \"{}\"\n{more}", directory.display());
    std::fs::write(rig.config_path(), config.replace("[risk]", &risk)).expect("written");
    std::fs::create_dir(&directory).expect("a directory");
    write(&rig, profiles);
    rig
}

fn directory(rig: &Rig) -> PathBuf {
    rig.dir.path().join("risk")
}

/// Exchanges the profiles in one step, as an editor that writes a whole file does.
fn write(rig: &Rig, profiles: &[Profile]) {
    let directory = directory(rig);
    for (id, expression, channel, rate) in profiles {
        let rate = rate.map_or_else(String::new, |rate| format!("rate_ppm = {rate}\n"));
        let text = format!(
            "id = \"{id}\"\nexpression = '{expression}'\nchannel = \"{channel}\"\n{rate}[reason]\nkk = \"Қара\"\nru = \"Смотри\"\nen = \"Look inside\"\n"
        );
        let hidden = directory.join(".new");
        std::fs::write(&hidden, text).expect("written");
        std::fs::rename(hidden, directory.join(format!("{id}.toml"))).expect("renamed");
    }
    for entry in std::fs::read_dir(&directory).expect("listed") {
        let path = entry.expect("an entry").path();
        let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
        if !profiles.iter().any(|(id, ..)| *id == stem) {
            std::fs::remove_file(path).expect("removed");
        }
    }
}

fn drawn(rig: &Rig) -> Vec<serde_json::Value> {
    let (code, records) = rig.journal("show");
    assert_eq!(code, Some(0));
    records.into_iter().filter(|record| record["kind"] == "selection_drawn").collect()
}

fn verify(rig: &Rig) -> (Option<i32>, Vec<serde_json::Value>) {
    let data = rig.data();
    rig.tool(&["journal", "selection", "verify", "--data", data.to_str().expect("UTF-8")])
}
