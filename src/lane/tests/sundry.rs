//! Seals, portals and the call button.

use super::super::early::FORETOLD;
use super::super::weigh::Unused;
use super::*;

fn name(name: &str) -> DeviceName {
    DeviceName::new(name).expect("a name")
}

impl Bench {
    fn seal(&mut self, event: &str) {
        self.seal_on(event, Some("6b4d6e1c-6f0a-4f57-9f0e-0d4c1b8f2a10"));
    }

    fn seal_on(&mut self, event: &str, transport: Option<&str>) {
        let (seal, transport) = ("KZ0001234".to_owned(), transport.map(str::to_owned));
        let report = SealReport { seal, transport, event: event.to_owned(), at: self.now().wall };
        self.feed(Input::Observed(Observation::Seal(name("gate"), report)));
    }

    fn portal(&mut self, alarm: RadiationAlarm) {
        let reading = RadiationReading { alarm, peak_cps: None, at: self.now().wall };
        self.feed(Input::Observed(Observation::Radiation(name("portal"), reading)));
    }

    fn call(&mut self, pressed: bool) {
        let call = CallButton { pressed, at: self.now().wall };
        self.feed(Input::Observed(Observation::Call(name("post"), call)));
    }

    fn calls(&self) -> bool {
        self.machine.state(self.now()).alarms.contains(&Alarm::DriverCalls)
    }

    fn drives_up(&mut self) {
        self.see(LoopPlace::Approach, true);
        self.see(LoopPlace::Scale, true);
        self.see(LoopPlace::Approach, false);
    }

    fn is_read(&mut self) {
        self.read(View::Front, "123ABC02");
        self.read(View::Rear, "45DEF02");
        self.weigh(27_400);
    }

    fn truck_with_seal(event: &str) -> Self {
        let mut lane = Self::ready();
        lane.drives_up();
        lane.seal(event);
        lane.is_read();
        lane
    }
}

#[test]
fn what_a_seal_reports_holds_refers_or_is_noted() {
    for (event, hold) in [
        ("01", Some("seal_broken")),
        ("02", Some("seal_broken")),
        ("03", Some("seal_suspect")),
        ("04", Some("seal_suspect")),
        ("05", None),
        ("06", Some("seal_suspect")),
        ("07", Some("seal_broken")),
        ("08", Some("seal_suspect")),
        ("", Some("seal_suspect")),
        ("broken\u{0}", Some("seal_suspect")),
    ] {
        let lane = Bench::truck_with_seal(event);
        assert_eq!(lane.holds(), hold.into_iter().collect::<Vec<_>>(), "{event:?}");
        assert_eq!(lane.opened.len(), usize::from(hold.is_none()), "{event:?}");
    }
}

#[test]
fn a_broken_seal_needs_two_officers_and_a_suspect_one_needs_one() {
    let mut lane = Bench::truck_with_seal("07");
    assert_eq!(lane.order(OrderKind::Release, None), Some(Err(OrderRefusal::TwoOfficersNeeded)));
    assert!(lane.order(OrderKind::Release, Some("bolat")).is_some_and(|answer| answer.is_ok()));
    let mut lane = Bench::truck_with_seal("04");
    assert!(lane.order(OrderKind::Release, None).is_some_and(|answer| answer.is_ok()));
}

#[test]
fn a_low_battery_of_a_seal_on_no_known_transport_is_looked_at() {
    for (transport, held) in [(None, false), (Some("6b4d6e1c-6f0a-4f57-9f0e-0d4c1b8f2a10"), false), (Some("?"), true)] {
        let mut lane = Bench::ready();
        lane.drives_up();
        lane.seal_on("05", transport);
        lane.is_read();
        assert_eq!(lane.holds(), if held { vec!["seal_suspect"] } else { vec![] }, "{transport:?}");
    }
}

#[test]
fn a_seal_that_reports_after_the_decision_takes_it_back_until_the_arm_is_open() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    assert_eq!(lane.machine.phase(), Phase::Releasing);
    lane.seal("02");
    assert_eq!(lane.closed, [BarrierPlace::Exit], "the arm is told to stay down");
    lane.arm(BarrierPlace::Exit, Position::Closed);
    assert_eq!(lane.machine.phase(), Phase::Held);
    assert!(lane.holds().contains(&"seal_broken"), "{:?}", lane.holds());
    let mut lane = Bench::ready();
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.seal("02");
    assert!(lane.machine.state(lane.now()).alarms.contains(&Alarm::LateStricterDecision), "it drives: follow it");
}

#[test]
fn the_same_report_again_changes_nothing_and_a_flood_keeps_the_gravest() {
    let mut lane = Bench::truck_with_seal("03");
    let records = lane.journal.len();
    lane.seal("03");
    assert_eq!(lane.journal.len(), records);
    for number in 0..200 {
        lane.seal(&format!("x{number}"));
    }
    lane.seal("07");
    lane.assert_held_by("seal_broken");
}

#[test]
fn a_seal_s_report_outlives_a_restart() {
    let lane = Bench::truck_with_seal("07");
    let passage = lane.passage();
    let records = lane.journal.clone();
    let mut again = Bench::ready();
    let now = again.now();
    again.machine.restore(now, &Restored { passage, records });
    again.see(LoopPlace::Scale, true);
    again.assert_held_by("seal_broken");
    assert!(again.order(OrderKind::ClearHold, None).is_some_and(|answer| answer.is_ok()));
    again.assert_held_by("seal_broken");
}

#[test]
fn a_seal_that_reports_just_before_the_loop_is_of_the_vehicle_that_comes() {
    let mut lane = Bench::ready();
    lane.seal("07");
    assert_eq!(lane.kinds(), [RecordKind::Evidence]);
    lane.truck_stands();
    lane.assert_held_by("seal_broken");
    let mut lane = Bench::ready();
    lane.seal("07");
    lane.pass(FORETOLD + Duration::from_secs(1));
    lane.truck_stands();
    assert_eq!(lane.opened.len(), 1, "that was somebody else");
}

#[test]
fn a_portal_before_the_loop_speaks_of_the_vehicle_that_comes() {
    for (alarm, opened) in [(RadiationAlarm::None, 1), (RadiationAlarm::Gamma, 0), (RadiationAlarm::Fault, 0)] {
        let mut lane = Bench::ready();
        lane.portal(alarm);
        lane.portal(RadiationAlarm::None);
        lane.truck_stands();
        assert_eq!(lane.opened.len(), opened, "{alarm:?}");
    }
    let mut lane = Bench::ready();
    lane.portal(RadiationAlarm::Gamma);
    lane.pass(FORETOLD + Duration::from_secs(1));
    lane.truck_stands();
    assert_eq!(lane.opened.len(), 1, "that was somebody else");
}

#[test]
fn an_alarm_while_one_vehicle_leaves_holds_the_next() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    lane.portal(RadiationAlarm::Neutron);
    lane.truck_leaves();
    lane.opened.clear();
    lane.truck_stands();
    lane.assert_held_by("radiation");
}

#[test]
fn a_neutron_alarm_after_a_gamma_alarm_is_told_as_both() {
    let mut lane = Bench::ready();
    lane.drives_up();
    lane.portal(RadiationAlarm::Gamma);
    lane.portal(RadiationAlarm::Neutron);
    lane.portal(RadiationAlarm::None);
    lane.is_read();
    lane.assert_held_by("radiation");
    let details: Vec<_> = lane.machine.state(lane.now()).holds.into_iter().map(|hold| hold.detail).collect();
    assert_eq!(details, ["gamma and neutron alarm"]);
}

#[test]
fn a_call_is_an_alarm_until_an_officer_orders_something() {
    let mut lane = Bench::ready();
    lane.rms = Some(bench::decision(Channel::Yellow));
    lane.drives_up();
    lane.call(true);
    lane.call(false);
    lane.call(true);
    assert!(lane.calls());
    assert_eq!(lane.signals.last().expect("a signal").text.en, "Your call was received, please wait");
    let calls = lane.happenings.iter().filter(|happening| **happening == Happening::DriverCalled).count();
    assert_eq!(calls, 2);
    let alarms = lane.kinds().into_iter().filter(|kind| *kind == RecordKind::AlarmRaised).count();
    assert_eq!(alarms, 1, "raised once");
    lane.is_read();
    lane.assert_held_by("referred_documents");
    assert!(lane.order(OrderKind::ClearHold, None).is_some_and(|answer| answer.is_ok()));
    assert!(!lane.calls());
}

#[test]
fn a_call_holds_nobody_and_ends_when_the_vehicle_has_left() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    lane.call(true);
    assert_eq!(lane.opened.len(), 1);
    lane.truck_leaves();
    assert!(!lane.calls());
}

#[test]
fn a_button_that_is_let_go_calls_nobody() {
    let mut lane = Bench::ready();
    lane.call(false);
    assert!(!lane.calls() && lane.journal.is_empty());
}

#[test]
fn a_document_scanned_before_the_passage_begins_is_the_next_vehicles() {
    let mut lane = Bench::ready();
    scan(&mut lane, "PN-1");
    lane.pass(Duration::from_secs(20));
    lane.truck_stands();
    assert_eq!(lane.queries.last().expect("asked").documents, ["PN-1"]);

    let mut lane = Bench::ready();
    scan(&mut lane, "PN-1");
    lane.pass(Duration::from_secs(31));
    lane.truck_stands();
    assert!(lane.queries.last().expect("asked").documents.is_empty(), "it waited too long");
    let unused = |lane: &Bench| {
        let of_nobody = |happening: &&Happening| **happening == Happening::ReadingUnused(Unused::NoVehicle);
        lane.happenings.iter().filter(of_nobody).count()
    };
    assert_eq!(unused(&lane), 1, "and is counted");
    let mut lane = Bench::ready();
    for number in 0..20 {
        scan(&mut lane, &format!("PN-{number}"));
    }
    assert_eq!(unused(&lane), 12, "the oldest give way");
}

#[test]
fn a_document_scanned_while_a_vehicle_leaves_is_the_next_ones() {
    let mut lane = Bench::ready();
    lane.truck_stands();
    lane.arm(BarrierPlace::Exit, Position::Open);
    scan(&mut lane, "PN-2");
    lane.truck_leaves();
    lane.truck_stands();
    assert_eq!(lane.queries.last().expect("asked").documents, ["PN-2"]);
    assert_eq!(lane.completed(), ["released"]);
}

#[test]
fn what_the_lane_itself_finds_weighs_what_the_site_says_and_no_less_than_it_must() {
    let missing = |severity| {
        let mut lane = Bench::built(|setup| {
            setup.severities.insert(FindingCode::EvidenceMissing, severity);
        });
        lane.see(LoopPlace::Approach, true);
        lane.see(LoopPlace::Scale, true);
        lane.see(LoopPlace::Approach, false);
        lane.read(View::Front, "123ABC02");
        lane.weigh(27_400);
        lane.pass(Duration::from_secs(30));
        lane.assert_held_by("evidence_missing");
        lane.order(OrderKind::Release, None)
    };
    assert_eq!(missing(Severity::Block), Some(Err(OrderRefusal::TwoOfficersNeeded)));
    assert!(missing(Severity::Hold).is_some_and(|answer| answer.is_ok()));
    assert!(missing(Severity::Info).is_some_and(|answer| answer.is_ok()), "it holds all the same");
    let mut lane = Bench::built(|setup| {
        setup.severities.insert(FindingCode::Radiation, Severity::Hold);
    });
    lane.portal(RadiationAlarm::Gamma);
    lane.truck_stands();
    assert_eq!(lane.order(OrderKind::Release, None), Some(Err(OrderRefusal::TwoOfficersNeeded)));
}

#[test]
fn a_seal_reader_that_nobody_named_counts_and_is_told_of_once() {
    let strangers = |lane: &Bench| {
        let told = |happening: &&Happening| **happening == Happening::StrangerHeard(name("pole"));
        lane.happenings.iter().filter(told).count()
    };
    let mut lane = Bench::built(|setup| {
        setup.readers.insert(name("kiosk"), Care::optional());
    });
    lane.truck_stands();
    for _ in 0..2 {
        let at = lane.now().wall;
        let report = SealReport { seal: "KZ0001234".into(), transport: None, event: "02".into(), at };
        lane.feed(Input::Observed(Observation::Seal(name("pole"), report)));
    }
    assert!(lane.holds().contains(&"seal_broken"), "{:?}", lane.holds());
    assert_eq!(strangers(&lane), 1);
}

fn scan(lane: &mut Bench, reference: &str) {
    let at = lane.now().wall;
    let scan = DocumentScan { reference: reference.into(), at };
    lane.feed(Input::Observed(Observation::Document(name("kiosk"), scan)));
}
