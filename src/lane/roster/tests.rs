//! Silence, losses and restlessness, table by table.

use std::time::Duration;

use super::*;
use crate::lane::tests::bench::setup;
use crate::model::BarrierPlace;

fn at(seconds: u64) -> Mono {
    Mono::from_micros(seconds * 1_000_000)
}

const FRONT: &str = "front";

fn front() -> DeviceName {
    DeviceName::new(FRONT).expect("a name")
}

fn key(name: &str, kind: Kind) -> Key {
    Key { name: DeviceName::new(name).expect("a name"), kind }
}

/// A lane whose front camera owes a word every ten seconds.
fn roster() -> Roster {
    let mut setup = setup(&[BarrierPlace::Exit]);
    let camera = setup.cameras.get_mut(&front()).expect("a camera");
    camera.care = Care { silence: Some(Duration::from_secs(10)), need: Need::Optional };
    let mut roster = Roster::new(&setup);
    roster.resume(at(0));
    roster
}

#[test]
fn a_device_that_owes_a_word_is_lost_by_silence_and_back_by_any_word() {
    let mut roster = roster();
    assert_eq!(roster.due(), Some(at(10)), "devices that speak only when there is something to say owe none");
    assert_eq!(roster.settle(at(9)), []);
    assert_eq!(roster.heard(at(9), Kind::Camera, FRONT), None);
    let key = key("front", Kind::Camera);
    assert_eq!(roster.settle(at(19)), [Notice::Lost(key.clone(), LossCause::Silence)]);
    assert_eq!(roster.away(Need::Optional).count(), 1);
    assert_eq!(roster.settle(at(60)), [], "lost once");
    assert_eq!(roster.heard(at(61), Kind::Camera, FRONT), Some(Notice::Found(key)));
    assert_eq!(roster.away(Need::Optional).count(), 0);
}

#[test]
fn h18_the_silence_of_a_bus_that_is_down_is_no_device_s() {
    let mut roster = roster();
    roster.suspend();
    assert_eq!(roster.due(), None);
    assert_eq!(roster.settle(at(1_000)), []);
    roster.resume(at(1_000));
    assert_eq!(roster.due(), Some(at(1_010)));
}

#[test]
fn a_device_whose_last_will_came_is_back_only_by_its_birth() {
    let mut roster = roster();
    assert_eq!(roster.died(at(1), &front()).len(), 1);
    let again = roster.died(at(1), &front());
    assert_eq!(again, [Notice::StillLost(key("front", Kind::Camera))], "a death told twice is one");
    assert_eq!(roster.heard(at(2), Kind::Camera, FRONT), None);
    assert_eq!(roster.born(at(3), &front()), [Notice::Found(key("front", Kind::Camera))]);
}

#[test]
fn one_name_may_be_a_loop_and_an_arm() {
    let mut roster = roster();
    let exit = DeviceName::new("exit").expect("a name");
    let lost = roster.died(at(1), &exit);
    let both = [Kind::Loop, Kind::Barrier].map(|kind| Notice::Lost(key("exit", kind), LossCause::Death));
    assert_eq!(lost, both);
    assert_eq!(roster.away(Need::Required).count(), 2);
}

#[test]
fn h23_a_device_that_comes_and_goes_is_believed_only_when_it_was_steady() {
    let mut roster = roster();
    for second in 1..=3 {
        assert!(matches!(roster.died(at(second), &front())[..], [Notice::Lost(..)]));
        assert!(matches!(roster.born(at(second), &front())[..], [Notice::Found(_)]), "loss {second}");
    }
    roster.died(at(4), &front());
    assert_eq!(roster.born(at(5), &front()), [Notice::Unsteady(key("front", Kind::Camera))]);
    assert!(!roster.believes(Kind::Camera, &front()));
    assert_eq!(roster.away(Need::Optional).count(), 1, "still lost for the lane");
    let again = roster.died(at(20), &front());
    assert_eq!(again, [Notice::LostAgain(key("front", Kind::Camera), LossCause::Death)]);
    roster.born(at(21), &front());
    for second in 22..51 {
        roster.heard(at(second), Kind::Camera, FRONT);
        assert_eq!(roster.settle(at(second)), []);
    }
    assert_eq!(roster.settle(at(51)), [Notice::Found(key("front", Kind::Camera))]);
    assert!(roster.believes(Kind::Camera, &front()));
}

#[test]
fn h23_takeovers_are_losses_that_nobody_saw() {
    let mut roster = Roster::new(&setup(&[BarrierPlace::Exit]));
    let exit = DeviceName::new("exit").expect("a name");
    for second in 1..=3 {
        assert_eq!(roster.replaced(at(second), &exit), [], "a restart is none");
    }
    let notices = roster.replaced(at(4), &exit);
    assert_eq!(notices.iter().filter(|n| matches!(n, Notice::Lost(_, LossCause::Takeover))).count(), 2);
    assert!(!roster.believes(Kind::Barrier, &exit));
    assert_eq!(roster.replaced(at(30), &exit), []);
    assert_eq!(roster.settle(at(34)), [], "the half minute begins anew with each");
    assert_eq!(roster.settle(at(60)).len(), 2);
}

#[test]
fn names_that_the_lane_does_not_have_are_bounded() {
    let mut roster = roster();
    let admitted = (0..1_000).filter(|n| roster.admits(&DeviceName::new(&format!("x{n}")).expect("a name"))).count();
    assert_eq!(admitted, OTHERS_MAX);
    assert!(roster.admits(&front()));
}
