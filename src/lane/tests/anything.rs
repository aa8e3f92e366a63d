//! Whatever sensors, devices, arms and officers do, in any order: what must hold in every step.

use proptest::prelude::*;

use super::*;
use crate::lane::tests::bench::decision;

#[derive(Debug, Clone, Copy)]
enum Step {
    See(LoopPlace, bool),
    SeeB(LoopPlace, bool),
    Weigh(i64),
    Read(View),
    Arm(Position),
    Health(&'static str, bool, u8),
    Bus(Link),
    Order(OrderKind),
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let place = || prop::sample::select(LoopPlace::ALL.to_vec());
    let order = vec![
        OrderKind::Release,
        OrderKind::Refer,
        OrderKind::Refuse,
        OrderKind::ClearHold,
        OrderKind::CloseLane,
        OrderKind::OpenLane,
    ];
    let positions = vec![Position::Closed, Position::Opening, Position::Open, Position::Closing, Position::Unknown];
    let devices = vec!["front", "bridge", "approach", "exit", "exit-b", "gateway"];
    prop_oneof![
        6 => (place(), any::<bool>()).prop_map(|(place, occupied)| Step::See(place, occupied)),
        3 => (place(), any::<bool>()).prop_map(|(place, occupied)| Step::SeeB(place, occupied)),
        4 => prop::sample::select(vec![0, 27_400, 9_000, -2_000, 70_000, i64::MIN]).prop_map(Step::Weigh),
        2 => prop::sample::select(vec![View::Front, View::Rear]).prop_map(Step::Read),
        3 => prop::sample::select(positions).prop_map(Step::Arm),
        1 => (prop::sample::select(devices), any::<bool>(), 0..3_u8).prop_map(|(d, on, s)| Step::Health(d, on, s)),
        1 => prop::sample::select(vec![Link::Up, Link::Up, Link::Down]).prop_map(Step::Bus),
        2 => prop::sample::select(order).prop_map(Step::Order),
        4 => prop::sample::select(vec![40, 60, 300, 1_500, 10_000, 61_000, 700_000]).prop_map(Step::Pass),
    ]
}

fn lane(pairs: bool) -> Bench {
    Bench::built(|setup| {
        for (place, found) in &mut setup.loops {
            found.debounce = Duration::from_millis(50);
            found.care.silence = (*place == LoopPlace::Scale).then_some(Duration::from_secs(60));
            if pairs && *place != LoopPlace::Scale {
                found.pair = Pair::Paired;
            }
        }
        let scale = setup.scale.as_mut().expect("a scale");
        (scale.division_kg, scale.max_kg) = (Some(20), Some(60_000));
    })
}

fn take(lane: &mut Bench, step: Step) {
    match step {
        Step::See(place, occupied) => lane.see(place, occupied),
        Step::SeeB(place, occupied) => lane.see_b(place, occupied),
        Step::Weigh(kg) => lane.weigh(kg),
        Step::Read(View::Front) => lane.read(View::Front, "123ABC02"),
        Step::Read(View::Rear) => lane.read(View::Rear, "45DEF02"),
        Step::Arm(position) => lane.arm(BarrierPlace::Exit, position),
        Step::Health(device, online, session) => {
            lane.health(device, online, ["a", "b", "c"].get(usize::from(session)).copied());
        }
        Step::Bus(link) => lane.feed(Input::Link(link)),
        Step::Order(kind) => {
            lane.order(kind, Some("bolat"));
        }
        Step::Pass(millis) => lane.pass(Duration::from_millis(millis)),
    }
}

/// The closing zone as the wire told it, for the check of invariant B1.
#[derive(Debug)]
struct Wire {
    link: Link,
    exit: Zone,
    exit_b: Zone,
}

/// One loop under the arm.
#[derive(Debug, Default)]
struct Zone {
    said: Option<bool>,
    born: Option<u8>,
}

impl Zone {
    fn born_or_died(&mut self, online: bool, session: u8) {
        if online {
            self.born = Some(session);
        } else if self.born.is_none_or(|born| born == session) {
            self.said = None;
        }
    }
}

impl Wire {
    fn hear(&mut self, step: Step) {
        match step {
            Step::See(LoopPlace::Exit, occupied) => self.exit.said = Some(occupied),
            Step::SeeB(LoopPlace::Exit, occupied) => self.exit_b.said = Some(occupied),
            Step::Health("exit", online, session) => self.exit.born_or_died(online, session),
            Step::Health("exit-b", online, session) => self.exit_b.born_or_died(online, session),
            Step::Bus(link) => {
                let before = std::mem::replace(&mut self.link, link);
                if (before, link) == (Link::Up, Link::Down) {
                    (self.exit.said, self.exit_b.said) = (None, None);
                }
            }
            Step::See(..)
            | Step::SeeB(..)
            | Step::Weigh(_)
            | Step::Read(_)
            | Step::Arm(_)
            | Step::Health(..)
            | Step::Order(_)
            | Step::Pass(_) => {}
        }
    }

    /// Something on the wire says that the zone is taken, or nothing says that it is free.
    fn forbids(&self, pairs: bool) -> bool {
        self.exit.said != Some(false) || pairs && self.exit_b.said != Some(false)
    }
}

fn check(lane: &mut Bench, closed_before: usize, wire: &Wire, pairs: bool) {
    let closes = lane.closed.len() > closed_before;
    assert!(!(closes && wire.forbids(pairs)), "b1: closed over a zone that is not known to be free: {wire:?}");
    let state = lane.machine.state(lane.now());
    let green = lane.signals.last().is_some_and(|signal| signal.light == Light::Green);
    assert!(!green || state.passage.is_some(), "b10: green and nobody is let go");
    assert!(state.phase != Phase::Vacant || state.holds.is_empty());
    // Nothing wakes the machine for ever at one instant.
    for _ in 0..8 {
        match lane.machine.poll_timeout() {
            Some((at, _)) if at <= lane.now().mono => lane.feed(Input::Wake),
            Some(_) | None => return,
        }
    }
    panic!("the machine wants to be woken again and again: {:?}", lane.machine.poll_timeout());
}

/// Every sensor healthy, every loop free, the platform empty, the arm down: nobody is there.
fn put_right(lane: &mut Bench) {
    for device in ["front", "bridge", "approach", "exit", "exit-b", "gateway"] {
        lane.health(device, true, Some("last"));
    }
    lane.feed(Input::Link(Link::Up));
    for _ in 0..2 {
        for place in LoopPlace::ALL {
            for occupied in [true, false] {
                lane.see(place, occupied);
                lane.see_b(place, occupied);
                lane.pass(Duration::from_secs(1));
            }
        }
        lane.weigh(0);
        lane.arm(BarrierPlace::Exit, Position::Closed);
        // A flapping device must have been steady, a repeating one must repeat itself.
        for _ in 0..3 {
            lane.pass(Duration::from_secs(30));
            LoopPlace::ALL.into_iter().for_each(|place| lane.see(place, false));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn in_any_order_nothing_closes_over_a_taken_loop_and_no_lane_is_dead(
        pairs: bool,
        green: bool,
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let mut lane = lane(pairs);
        lane.rms = Some(decision(if green { Channel::Green } else { Channel::Red }));
        let exit = Zone { said: Some(false), born: None };
        let mut wire = Wire { link: Link::Up, exit, exit_b: Zone::default() };
        for step in steps {
            let closed = lane.closed.len();
            wire.hear(step);
            take(&mut lane, step);
            check(&mut lane, closed, &wire, pairs);
        }
        // Liveness (D1): once the sensors are right again and nobody is in the lane, an officer needs no tool to get it
        // going, and the next lawful truck goes.
        lane.rms = Some(decision(Channel::Green));
        put_right(&mut lane);
        for _ in 0..3 {
            if lane.machine.state(lane.now()).passage.is_some() {
                lane.order(OrderKind::ClearHold, Some("bolat"));
                lane.pass(Duration::from_secs(30));
                lane.weigh(0);
                LoopPlace::ALL.into_iter().for_each(|place| lane.see(place, false));
                lane.arm(BarrierPlace::Exit, Position::Closed);
                lane.pass(Duration::from_secs(30));
                LoopPlace::ALL.into_iter().for_each(|place| lane.see(place, false));
            }
        }
        lane.order(OrderKind::OpenLane, None);
        prop_assert_eq!(lane.machine.phase(), Phase::Vacant, "holds {:?} alarms {:?}", lane.holds(), lane.alarms());
        let opened = lane.opened.len();
        lane.truck_stands();
        prop_assert_eq!(lane.opened.len(), opened + 1, "holds {:?} alarms {:?}", lane.holds(), lane.alarms());
    }
}
