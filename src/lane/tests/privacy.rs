//! What a lane prints of itself names no vehicle and no person (invariant C8).

use super::bench::lawful;
use super::*;
use crate::model::observation::PlateCandidate;
use crate::model::privacy::MASK;

/// Of the truck of the bench: as read and as notified, and its carrier.
const SECRETS: [&str; 6] = ["123ABC02", "123ABD02", "45DEF02", "240440000300", "TIR-SECRET", "officer-secret"];

#[test]
fn c8_nothing_that_a_lane_prints_of_itself_names_a_vehicle_or_a_person() {
    let mut lane = Bench::ready();
    lane.holds_receipts = true;
    let mut printed = String::new();
    lane.see(LoopPlace::Approach, true);
    lane.see(LoopPlace::Scale, true);
    lane.read(View::Front, "123ABC02");
    print(&lane, &mut printed);
    let at = lane.now().wall;
    let scan = DocumentScan { reference: "TIR-SECRET".into(), at };
    lane.feed(Input::Observed(Observation::Document(DeviceName::new("kiosk").expect("a name"), scan)));
    lane.read_as(View::Front, "123ABD02", None, 0.9);
    lane.read(View::Rear, "45DEF02");
    lane.weigh(27_400);
    lane.acknowledge_all();
    print(&lane, &mut printed);
    lane.order(OrderKind::Release, None);
    lane.acknowledge_all();
    lane.truck_leaves();
    lane.acknowledge_all();
    print(&lane, &mut printed);
    let written: String = lane.journal.iter().map(|record| record.body.as_str()).collect();
    for secret in ["123ABC02", "123ABD02", "45DEF02", "TIR-SECRET"] {
        assert!(written.contains(secret), "the journal is told {secret}");
    }
    for secret in SECRETS {
        assert!(!printed.contains(secret), "{secret} is printed");
    }
    assert!(printed.contains(MASK), "and its place is");
}

#[test]
fn c8_a_panic_over_a_value_names_no_vehicle() {
    let read = || PlateRead {
        read_id: "r1".into(),
        track: None,
        at: Timestamp::from_unix_micros(0),
        plate: Some("123ABC02".into()),
        confidence: None,
        country: None,
        view: View::Front,
        candidates: vec![PlateCandidate { plate: "45DEF02".into(), confidence: None }],
        image: None,
    };
    let panics: [Box<dyn Fn() + std::panic::UnwindSafe>; 3] = [
        Box::new(move || refused(read()).expect("a panic")),
        Box::new(|| assert_eq!(Plate::from("123ABC02"), Plate::from("45DEF02"))),
        Box::new(|| panic!("{:?} {}", lawful().notification, PersonId::from("240440000300"))),
    ];
    for panic in panics {
        let told = std::panic::catch_unwind(panic).expect_err("it panics");
        let told = told.downcast_ref::<String>().expect("a text");
        assert!(told.contains(MASK), "{told}");
        assert!(SECRETS.iter().all(|secret| !told.contains(secret)), "{told}");
    }
}

fn refused(read: PlateRead) -> Result<(), Box<PlateRead>> {
    Err(Box::new(read))
}

fn print(lane: &Bench, printed: &mut String) {
    let state = lane.machine.state(lane.now());
    printed.push_str(&format!("{:?}{:#?}{state:?}{:?}{:?}", lane.machine, lane.machine, lane.journal, lane.asked));
    printed.push_str(&format!("{:?}{:?}{:?}{:?}", lane.queries, lane.matched, lane.opened, lane.happenings));
    printed.push_str(&format!("{:?}{:?}", lane.unacknowledged, lane.signals));
}
