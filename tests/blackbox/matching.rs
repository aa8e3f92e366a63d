//! Whose vehicle is it, from what real cameras read.

use serde_json::Value;

use super::rig::{Rig, Rms, is_command, is_event};

#[test]
fn a_plate_that_the_country_s_syntax_settles_is_the_notified_one() {
    let mut rig = Rig::start(Rms::channel("green"));
    rig.notify(27_400);
    rig.drive_up_read_as("I23A8CO2", 27_400);
    rig.expect("the open command", |seen| is_command(seen, "open"));
    let matched = rig.expect("the match", |seen| is_event(seen, "matched")).payload;
    assert_eq!(matched["notification"], "PN-1");
    assert_eq!(matched["candidates"][0]["clues"][0]["clue"], "tractor_same");
}

#[test]
fn a_near_plate_is_matched_and_held_until_it_is_read_better() {
    let mut rig = Rig::start(Rms::channel("green"));
    rig.notify(27_400);
    rig.drive_up_read_as("123ABG02", 27_400);
    let state = rig.expect_held_by("plate_mismatch");
    assert_eq!(state["passage"]["notification"], "PN-1");
    assert_eq!(state["passage"]["candidates"][0]["clues"][0]["clue"], "tractor_near");
    // Surer reads outvote it.
    rig.read_plate("front", "123ABC02");
    rig.read_plate("front", "123ABC02");
    rig.expect_held_by("plate_conflict");
}

#[test]
fn a_later_read_of_the_same_vehicle_opens_what_a_misread_held() {
    let mut rig = Rig::start(Rms::channel("green"));
    rig.notify(27_400);
    rig.over_loop("approach", true);
    rig.read_track("front", "7", "123ABG02");
    rig.read_plate("rear", "45DEF02");
    rig.weigh(27_400);
    rig.expect_held_by("plate_mismatch");
    rig.read_track("front", "7", "123ABC02");
    rig.expect("the open command", |seen| is_command(seen, "open"));
}

#[test]
fn two_notifications_hold_with_both_shown_and_a_scan_decides() {
    let mut rig = Rig::start(Rms::channel("green"));
    rig.notify_as("PN-1", 27_400);
    rig.notify_as("PN-2", 27_400);
    rig.drive_up(27_400);
    let state = rig.expect_held_by("ambiguous");
    let shown = state["passage"]["candidates"].as_array().expect("candidates");
    let numbers: Vec<&Value> = shown.iter().map(|candidate| &candidate["notification"]).collect();
    assert_eq!(numbers, ["PN-1", "PN-2"]);
    rig.scan("PN-2");
    rig.expect("the open command", |seen| is_command(seen, "open"));
    rig.drive_off();
    let story = rig.expect("the story", |seen| is_event(seen, "passage_completed")).payload;
    assert_eq!(story["notification"], "PN-2");
}

#[test]
fn find_prints_the_candidates_of_a_plate_with_their_scores() {
    let mut rig = Rig::start(Rms::channel("green"));
    rig.notify(27_400);
    let (code, lines) = rig.registry(&["find", "123ABG02", "--trailer", "45DEF02"]);
    assert_eq!(code, Some(0), "{lines:?}");
    assert_eq!(lines[0]["notification"], "PN-1");
    assert!(lines[0]["score"].as_i64().is_some_and(|score| score > 0));
    assert_eq!(lines[1]["matched"], "PN-1");
    assert_eq!(rig.registry(&["find", "777ZZZ07"]).0, Some(1));
}
