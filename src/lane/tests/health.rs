//! Devices that are silent, die, come and go.

use super::*;
use crate::lane::setup::{OTHERS_MAX, STEADY_FOR};

/// Safety case, hazard 4.
const CAMERA_SILENT_AFTER: Duration = Duration::from_secs(3);
const TEN: Duration = Duration::from_secs(10);

fn lost(lane: &Bench) -> Vec<&NewRecord> {
    lane.journal.iter().filter(|record| record.kind == RecordKind::DeviceLost).collect()
}

#[test]
fn h4_a_camera_that_says_nothing_of_the_vehicle_before_it_is_told_after_three_seconds() {
    let mut lane = Bench::ready();
    lane.see(LoopPlace::Approach, true);
    lane.see(LoopPlace::Scale, true);
    lane.see(LoopPlace::Approach, false);
    lane.read(View::Rear, "45DEF02");
    lane.weigh(27_400);
    lane.pass(CAMERA_SILENT_AFTER - Duration::from_millis(1));
    assert_eq!(lane.alarms(), Vec::<&str>::new());
    lane.pass(Duration::from_millis(1));
    assert_eq!(lane.alarms(), ["lane_degraded", "camera_silent"]);
    let raised = lane.journal.iter().find(|record| record.body.contains("camera_silent")).expect("journaled");
    assert!(raised.body.contains("\"camera\":\"front\""), "{}", raised.body);
    assert_eq!(lane.machine.phase(), Phase::Occupied, "the lane still waits for the read");
    lane.pass(Duration::from_secs(20));
    let state = lane.machine.state(lane.now());
    assert_eq!(state.holds[0].detail, "tractor_plate: camera front says nothing");
    lane.read(View::Front, "123ABC02");
    assert_eq!(lane.alarms(), Vec::<&str>::new());
    assert_eq!(lane.opened.len(), 1, "a late read is used all the same");
}

#[test]
fn h4_a_read_without_a_plate_is_a_word_and_one_before_the_loop_counts() {
    let mut lane = Bench::ready();
    let blind = |id: &str, view, lane: &Bench| PlateRead {
        read_id: id.into(),
        track: None,
        at: lane.now().wall,
        plate: None,
        confidence: None,
        country: None,
        view,
        candidates: vec![],
        image: None,
    };
    let front = blind("f", View::Front, &lane);
    lane.feed(Input::Observed(Observation::Plate(DeviceName::new("front").expect("a name"), front)));
    lane.see(LoopPlace::Approach, true);
    lane.pass(TEN);
    assert_eq!(lane.alarms(), Vec::<&str>::new(), "the rear camera sees nothing yet");
    lane.see(LoopPlace::Scale, true);
    lane.see(LoopPlace::Approach, false);
    lane.pass(CAMERA_SILENT_AFTER);
    assert_eq!(lane.alarms(), ["lane_degraded", "camera_silent"], "now it does");
    let rear = blind("r", View::Rear, &lane);
    lane.feed(Input::Observed(Observation::Plate(DeviceName::new("rear").expect("a name"), rear)));
    assert_eq!(lane.alarms(), Vec::<&str>::new());
}

#[test]
fn a_required_device_that_is_lost_holds_the_lane_until_it_is_found() {
    for device in ["front", "bridge", "approach", "exit"] {
        let mut lane = Bench::ready();
        lane.health(device, true, Some("s1"));
        lane.health(device, false, Some("s1"));
        assert_eq!(lane.alarms(), ["device_lost"], "{device}");
        lane.truck_stands();
        lane.pass(Duration::from_secs(30));
        lane.assert_held_by("device_lost");
        lane.order(OrderKind::ClearHold, None);
        lane.assert_held_by("device_lost");
        lane.health(device, true, Some("s2"));
        assert!(!lane.alarms().contains(&"device_lost"), "{device}");
        if device == "exit" {
            assert!(lane.opened.is_empty(), "neither its arm nor its loop is proved again");
            lane.see(LoopPlace::Exit, false);
            lane.arm(BarrierPlace::Exit, Position::Closed);
        }
        lane.see(LoopPlace::Approach, false);
        lane.weigh(27_400);
        assert!(!lane.holds().contains(&"device_lost"), "{device}: {:?}", lane.holds());
    }
}

#[test]
fn a_required_device_that_is_lost_while_a_vehicle_stands_holds_it() {
    for device in ["front", "bridge", "approach", "exit"] {
        let mut lane = Bench::ready();
        lane.see(LoopPlace::Approach, true);
        lane.see(LoopPlace::Scale, true);
        lane.health(device, false, None);
        lane.assert_held_by("device_lost");
    }
}

#[test]
fn what_a_dead_device_says_before_its_birth_is_void_when_it_dies_again() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.health("exit", false, None);
    lane.see(LoopPlace::Exit, false);
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.health("exit", false, None);
    lane.pass(AUTHORITY_PASS_WITHIN * 2);
    assert!(lane.closed.is_empty());
}

#[test]
fn an_optional_device_that_is_lost_degrades_the_lane_and_holds_nobody() {
    let mut lane = Bench::built(|setup| {
        setup.evidence.remove(&Evidence::TrailerPlate);
        let rear = DeviceName::new("rear").expect("a name");
        setup.cameras.get_mut(&rear).expect("a camera").care = Care::optional();
    });
    lane.health("rear", false, None);
    assert_eq!(lane.alarms(), ["lane_degraded"]);
    lane.truck_stands();
    assert_eq!(lane.opened.len(), 1);
    lane.health("rear", true, None);
    assert_eq!(lane.alarms(), Vec::<&str>::new());
    let kinds = lane.kinds();
    assert!(kinds.contains(&RecordKind::DeviceLost) && kinds.contains(&RecordKind::DeviceFound));
    assert_eq!(lost(&lane)[0].body, r#"{"cause":"death","detail":null,"device":"rear"}"#);
    assert!(
        lane.happenings.contains(&Happening::DeviceLost(DeviceName::new("rear").expect("a name"), LossCause::Death))
    );
}

#[test]
fn a_decision_that_stands_is_not_taken_back_by_a_camera_that_is_lost() {
    let mut lane = Bench::ready();
    lane.holds_receipts = true;
    lane.truck_stands();
    lane.health("front", false, None);
    lane.acknowledge_all();
    assert_eq!(lane.opened.len(), 1);
}

#[test]
fn a_device_that_repeats_its_state_is_held_to_its_deadline_of_silence() {
    let mut lane = Bench::built(|setup| {
        setup.loops.get_mut(&LoopPlace::Exit).expect("a loop").care.silence = Some(TEN);
    });
    for _ in 0..5 {
        lane.pass(TEN / 2);
        lane.see(LoopPlace::Exit, false);
    }
    assert_eq!(lane.alarms(), Vec::<&str>::new());
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.pass(TEN);
    assert_eq!(lane.alarms(), ["device_lost"]);
    assert!(lost(&lane)[0].body.contains("silent for 10000 ms"), "{}", lost(&lane)[0].body);
    lane.pass(AUTHORITY_PASS_WITHIN);
    assert!(lane.closed.is_empty(), "b1: a loop that is silent is not known to be free");
    lane.see(LoopPlace::Exit, false);
    assert!(!lane.alarms().contains(&"device_lost"), "any word brings it back");
}

#[test]
fn h18_the_silence_of_a_bus_that_is_down_loses_no_device() {
    let mut lane = Bench::built(|setup| {
        setup.loops.get_mut(&LoopPlace::Exit).expect("a loop").care.silence = Some(TEN);
    });
    lane.feed(Input::Link(Link::Down));
    lane.pass(Duration::from_secs(600));
    assert_eq!(lane.alarms(), ["bus_down"]);
    lane.feed(Input::Link(Link::Up));
    lane.pass(TEN - Duration::from_millis(1));
    assert_eq!(lane.alarms(), Vec::<&str>::new());
    lane.pass(Duration::from_millis(1));
    assert_eq!(lane.alarms(), ["device_lost"]);
}

#[test]
fn h23_an_arm_whose_device_comes_and_goes_is_not_believed_until_it_was_steady() {
    let mut lane = Bench::ready();
    for session in ["a", "b", "c", "d"] {
        lane.health("exit", true, Some(session));
        lane.health("exit", false, Some(session));
    }
    lane.health("exit", true, Some("e"));
    lane.see(LoopPlace::Exit, false);
    lane.arm(BarrierPlace::Exit, Position::Closed);
    lane.truck_stands();
    lane.assert_held_by("device_lost");
    assert!(lane.alarms().contains(&"device_lost"));
    assert_eq!(
        lane.order(OrderKind::Release, None),
        Some(Err(OrderRefusal::BarrierNotReady)),
        "it isn't proved closed"
    );
    lane.pass(STEADY_FOR - Duration::from_millis(1));
    assert!(lane.opened.is_empty());
    lane.pass(Duration::from_millis(1));
    assert!(!lane.alarms().contains(&"device_lost"));
    assert_eq!(lane.opened.len(), 1, "what it reported meanwhile counts from now on");
    assert_eq!(lost(&lane).len(), 4, "each loss is an event");
}

#[test]
fn h23_two_clients_that_use_one_name_are_found_out_by_their_births() {
    let mut lane = Bench::ready();
    for turn in 0..5 {
        lane.health("exit", true, Some(if turn % 2 == 0 { "ours" } else { "theirs" }));
        lane.arm(BarrierPlace::Exit, Position::Closed);
    }
    assert!(lane.alarms().contains(&"device_lost"));
    assert!(lost(&lane)[0].body.contains("takeover"));
    lane.truck_stands();
    lane.assert_held_by("device_lost");
}

#[test]
fn b1_a_loop_whose_device_comes_and_goes_is_occupied() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    for session in ["a", "b", "c", "d"] {
        lane.health("exit", true, Some(session));
        lane.health("exit", false, Some(session));
    }
    lane.health("exit", true, Some("e"));
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.see(LoopPlace::Exit, false);
    assert!(lane.alarms().contains(&"loop_fault"));
    lane.pass(STEADY_FOR - Duration::from_millis(1));
    assert!(lane.closed.is_empty());
}

#[test]
fn readings_of_a_scale_that_comes_and_goes_are_no_evidence() {
    let mut lane = Bench::ready();
    for session in ["a", "b", "c", "d"] {
        lane.health("bridge", true, Some(session));
        lane.health("bridge", false, Some(session));
    }
    lane.health("bridge", true, Some("e"));
    lane.truck_stands();
    assert_eq!(lane.weighed(), None);
    assert!(lane.happenings.contains(&Happening::ReadingUnused(Unused::Unsteady)));
}

#[test]
fn names_that_nobody_configured_are_listened_to_up_to_a_bound() {
    let mut lane = Bench::ready();
    for number in 0..1_000 {
        lane.health(&format!("x{number}"), false, None);
    }
    assert_eq!(lane.alarms(), ["lane_degraded"]);
    assert_eq!(lost(&lane).len(), OTHERS_MAX);
    assert!(lane.happenings.contains(&Happening::StrangerIgnored));
}

#[test]
fn where_readers_are_named_only_these_give_evidence() {
    let kiosk = DeviceName::new("kiosk").expect("a name");
    for (named, counts) in [(None, true), (Some("kiosk"), true), (Some("other"), false)] {
        let mut lane = Bench::built(|setup| {
            let named = named.map(|name| (DeviceName::new(name).expect("a name"), Care::optional()));
            setup.readers = named.into_iter().collect();
        });
        lane.see(LoopPlace::Approach, true);
        let scan = DocumentScan { reference: "PN-1".into(), at: lane.now().wall };
        lane.feed(Input::Observed(Observation::Document(kiosk.clone(), scan)));
        let taken = lane.kinds().contains(&RecordKind::Evidence);
        assert_eq!(taken, counts, "{named:?}");
    }
}

#[test]
fn the_read_that_begins_a_passage_is_the_camera_s_word() {
    let mut lane = Bench::built(|setup| {
        setup.loops.remove(&LoopPlace::Approach);
    });
    lane.see(LoopPlace::Scale, true);
    lane.read(View::Front, "123ABC02");
    lane.read(View::Rear, "45DEF02");
    lane.pass(TEN);
    assert_eq!(lane.alarms(), Vec::<&str>::new());
}
