//! Each guard of the machine is turned off in turn, and its absence is found: by the search, with the shortest story,
//! or, where the small world can't show it, by a scenario of its own.

mod invariants;
mod scenarios;

use super::search::bfs::{Found, search};
use super::search::world::{Action, DECIDED, FOLLOWED, Form, INSIDE, OPEN, Plan, SENT, STANDS, Trouble};
use super::*;
use Action::Order as Orders;

/// No guard is as well hidden as this.
const STATES_MAX: usize = 150_000;

/// The world in which the lack of a guard shows, or `None` where only a scenario shows it.
fn world_of(guard: Guard) -> Option<Plan> {
    use Trouble::{
        Again, BadOrder, Clock, Crash, Force, JournalFails, Key, Link as LinkGone, Misread, Order as AnOrder, Stricter,
        Unlawful,
    };
    let alone = |start, troubles: &[(Trouble, u8)]| Plan {
        name: "guard",
        alone: true,
        start,
        troubles: troubles.iter().copied().chain([(Trouble::Back, 4)]).collect(),
        off: Some(guard),
        wanted: guard.invariants(),
        ..Plan::default()
    };
    let both = |start| Plan { alone: false, ..alone(start, &[]) };
    let slow = |troubles| Plan { slow_register: true, ..alone(STANDS, troubles) };
    Some(match guard {
        Guard::OwnReceipt
        | Guard::JournalInTime
        | Guard::StillReady
        | Guard::PresenceSeen
        | Guard::EvidenceDeadline => alone(&[], &[]),
        Guard::JournalTakes => alone(&[], &[(JournalFails, 1), (AnOrder, 1)]),
        Guard::EmptyEnds | Guard::NewcomerEnds => both(STANDS),
        Guard::NextOnesReads | Guard::TailgatingCloses => both(OPEN),
        Guard::PartsCounted | Guard::SecondCrossing | Guard::NobodyBehind => both(FOLLOWED),
        Guard::NewEvidenceVoids => alone(DECIDED, &[(Misread, 1)]),
        Guard::RestoredWaits => alone(STANDS, &[(Crash, 1)]),
        Guard::NotTwice => alone(DECIDED, &[(Crash, 1), (AnOrder, 1)]),
        Guard::PassInTime | Guard::CloseRetriesBounded | Guard::ZoneClear | Guard::CrossingWithoutLeave => {
            alone(OPEN, &[])
        }
        Guard::ClosedTakesNone => alone(&[Orders(OrderKind::CloseLane, Form::One)], &[(AnOrder, 1)]),
        Guard::FindingsHold => slow(&[(Unlawful, 1)]),
        Guard::MatchInTime => slow(&[]),
        Guard::RiskInTime => alone(STANDS, &[]),
        Guard::HeldStays | Guard::ChannelHolds => alone(STANDS, &[(Stricter, 1)]),
        Guard::OwnAnswer => both(STANDS),
        Guard::OwnMatch => Plan { alone: false, ..slow(&[]) },
        Guard::LinkUp => alone(STANDS, &[(LinkGone, 1)]),
        Guard::LateStricterVoids | Guard::LateWeakerIgnored => alone(DECIDED, &[(Again, 2)]),
        Guard::StricterStays | Guard::TwoOfficers => alone(STANDS, &[(Stricter, 1), (AnOrder, 1)]),
        Guard::RestoredRisk => alone(STANDS, &[(Stricter, 1), (Crash, 1), (AnOrder, 1)]),
        Guard::OrderReason | Guard::OrderInTime | Guard::OrderOfPassage | Guard::OrderSeen => {
            alone(STANDS, &[(Stricter, 1), (BadOrder, 1)])
        }
        Guard::OrderOnce => alone(STANDS, &[(BadOrder, 1)]),
        Guard::OthersClosed => Plan { entry: true, ..alone(INSIDE, &[(Force, 1), (AnOrder, 1)]) },
        Guard::ProvedClosed => alone(STANDS, &[(Force, 1), (AnOrder, 1)]),
        Guard::OpenSupervised => alone(SENT, &[]),
        Guard::ForcedTold => alone(&[], &[(Force, 1)]),
        Guard::RemoteOnly => alone(STANDS, &[(Key, 1)]),
        Guard::GreenProved => alone(OPEN, &[(Force, 1)]),
        Guard::ClockStepVoids => alone(DECIDED, &[(Clock, 1)]),
        Guard::EarlyFresh
        | Guard::PairCounted
        | Guard::FollowerHolds
        | Guard::DecisionValid
        | Guard::LostDeviceHolds
        | Guard::AgencyHolds
        | Guard::EarlierStands
        | Guard::SightLost
        | Guard::LoopFaultHolds
        | Guard::ProofDies
        | Guard::OwnWeight
        | Guard::SingleOnScale
        | Guard::WeighedStanding
        | Guard::OwnDevices
        | Guard::EarlyBounded
        | Guard::OfficersWay => return None,
    })
}

fn is_found(guard: Guard, found: &Found) -> bool {
    let fell = found.violation.as_ref().map(|(violation, _)| violation.invariant);
    let line = match fell {
        Some(fell) => format!("{fell} falls after {} states, by a story of {} steps", found.states, found.depth),
        None => found.line(),
    };
    println!("{guard:?}: {line}");
    fell.is_some_and(|fell| guard.invariants().contains(&fell))
}

/// Of `count` parts, this one: two tests share the guards, so that they run side by side.
fn each_guard(part: usize, count: usize) {
    let searched: Vec<_> = Guard::ALL.into_iter().filter(|guard| world_of(*guard).is_some()).collect();
    let mut missed = Vec::new();
    for guard in searched.into_iter().skip(part).step_by(count) {
        let found = search(world_of(guard).expect("searched"), STATES_MAX);
        if !is_found(guard, &found) {
            let story = found.violation.map(|(violation, story)| format!("{violation:?}\n{}", story.join("\n")));
            missed.push(format!("{guard:?}: {}", story.unwrap_or_else(|| "nothing falls".into())));
        }
    }
    assert!(missed.is_empty(), "{} guards are not missed:\n{}", missed.len(), missed.join("\n\n"));
}

#[test]
fn every_second_guard_is_missed_by_the_search_when_it_is_turned_off() {
    each_guard(0, 2);
}

#[test]
fn every_other_guard_is_missed_by_the_search_when_it_is_turned_off() {
    each_guard(1, 2);
}

#[test]
fn the_worlds_of_the_guards_have_no_violation_while_all_guards_hold() {
    for guard in Guard::ALL {
        if let Some(plan) = world_of(guard) {
            search(Plan { off: None, wanted: &[], ..plan }, 300).assert_clean();
        }
    }
}
