//! Exhaustive search over the real machine: no second model that could drift from it.
//!
//! ```text
//!  state = machine + vehicles + arms + commands on their way + batches not durable + journal + open questions + truth
//!  every action that is possible in it ──▶ handle, drain, judge ──▶ state, if it was not seen before
//! ```
//!
//! Breadth first, so the first violation has the shortest story, which is printed. Each world begins where its troubles
//! are worth most, since what goes right before needs many steps. Figures and limits: `docs/safety/search.md`.

mod actions;
pub(in crate::lane::tests) mod bfs;
pub(in crate::lane) mod digest;
pub(in crate::lane::tests) mod truth;
pub(in crate::lane::tests) mod world;

use bfs::search;
use world::Trouble::{
    Again, Back, BadOrder, Clock, CommandLost, Crash, Force, JournalFails, Key, Link as LinkGone, Misread, Order,
    ReportLost, Stricter, Unavailable, Unlawful,
};
use world::{DECIDED, FOLLOWED, INSIDE, OPEN, Plan, STANDS, Trouble};

/// States that each world is searched to.
const STATES: usize = 130_000;
const WORLDS: usize = 8;
const _: () = assert!(STATES * WORLDS >= 1_000_000, "the programme of the safety case");

/// The worlds, each with the troubles of its kind.
fn world(index: usize) -> Plan {
    let plan =
        |name, start, troubles: &[(Trouble, u8)]| Plan { name, start, troubles: troubles.to_vec(), ..Plan::default() };
    match index {
        0 => Plan { entry: true, ..plan("two arms, from the road", &[], &[(Crash, 1), (Back, 2)]) },
        1 => Plan {
            entry: true,
            ..plan("two arms, inside", INSIDE, &[(CommandLost, 1), (Order, 1), (Crash, 1), (Stricter, 1), (Back, 3)])
        },
        2 => plan("one arm, from the road", &[], &[(Crash, 1), (Back, 3)]),
        // Without a crash: what an officer's release of a restored passage names is open (docs/safety/search.md).
        3 => plan("one follows", FOLLOWED, &[(Order, 1), (CommandLost, 1), (Back, 2)]),
        4 => plan("late answers", DECIDED, &[(Again, 2), (Stricter, 1), (Order, 1), (Crash, 1), (Back, 1)]),
        5 => Plan {
            slow_register: true,
            ..plan("slow register", STANDS, &[(Unlawful, 1), (Unavailable, 1), (Misread, 1), (Back, 3)])
        },
        6 => plan(
            "troubles of the road",
            OPEN,
            &[(Force, 1), (Key, 1), (LinkGone, 1), (ReportLost, 1), (Order, 1), (Back, 1)],
        ),
        _ => plan(
            "journal and orders",
            STANDS,
            &[(JournalFails, 1), (Clock, 1), (Order, 1), (BadOrder, 1), (Stricter, 1)],
        ),
    }
}

fn no_invariant_falls(index: usize) {
    let found = search(world(index), STATES);
    found.assert_clean();
    assert!(found.complete || found.states >= STATES);
}

#[test]
fn no_invariant_falls_in_a_lane_with_two_arms() {
    no_invariant_falls(0);
}

#[test]
fn no_invariant_falls_in_a_lane_with_two_arms_and_a_vehicle_inside() {
    no_invariant_falls(1);
}

#[test]
fn no_invariant_falls_in_a_lane_with_one_arm() {
    no_invariant_falls(2);
}

#[test]
fn no_invariant_falls_in_a_lane_where_one_follows_another() {
    no_invariant_falls(3);
}

#[test]
#[ignore = "open: two findings of this world are not mended yet (docs/safety/search.md)"]
fn no_invariant_falls_in_a_lane_with_late_answers() {
    no_invariant_falls(4);
}

#[test]
fn no_invariant_falls_in_a_lane_with_a_slow_register() {
    no_invariant_falls(5);
}

#[test]
fn no_invariant_falls_in_a_lane_with_troubles_of_the_road() {
    no_invariant_falls(6);
}

#[test]
fn no_invariant_falls_in_a_lane_with_a_failing_journal_and_bad_orders() {
    no_invariant_falls(7);
}
