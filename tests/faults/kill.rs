//! SIGKILL at random instants under load (hazard 36): no authority lost, none used twice, every lane resumed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::controller::{Authorities, Broker, Controller, open_passages};
use super::support::free_port;
use super::world::World;

/// Lanes of the site; each lets about a truck a second go.
const LANES: usize = 16;
/// Kills in the suite. The safety case's figure is 200: `LANE_CONTROLLER_KILLS=200`.
const KILLS: u32 = 20;

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[test]
#[ignore = "its last edits were not yet seen green on a quiet machine: run with --run-ignored all"]
fn h36_killed_at_any_instant_it_loses_and_doubles_no_authority_and_resumes_every_lane() {
    let kills = number("LANE_CONTROLLER_KILLS").unwrap_or_else(|| u64::from(KILLS));
    let seed = number("LANE_CONTROLLER_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    eprintln!("LANE_CONTROLLER_SEED={seed} LANE_CONTROLLER_KILLS={kills}");
    let mut dice = Dice(seed);
    let dir = TempDir::new().expect("a directory");
    let data = dir.path().join("data");
    let mqtt_port = free_port();
    let _broker = Broker::start(dir.path(), mqtt_port);
    let mut controller = Controller::new(dir.path(), &data, mqtt_port, LANES, "ballast_mib = 1");
    let mut world = World::start(mqtt_port, LANES);
    world.has_officer(controller.officer());
    let (mut authorities, mut resumed, mut early) = (Authorities::default(), 0, 0);
    let began = Instant::now();
    for kill in 0..kills {
        let open = open_passages(&data);
        world.controller_starts();
        controller.start();
        // One in four doesn't live to its first word.
        if dice.below(4) == 0 {
            early += 1;
            std::thread::sleep(Duration::from_millis(dice.below(300)));
        } else {
            let first = world.first_states();
            let first = first.unwrap_or_else(|| panic!("kill {kill}: the lanes are silent\n{}", controller.log()));
            resumed += all_resumed(&open, &first, kill);
            std::thread::sleep(Duration::from_millis(dice.below(1_500)));
        }
        controller.kill();
        world.controller_died();
        let (code, report) = controller.verify();
        // Killed before it had made a journal there is nothing to verify.
        assert!(code == Some(0) || !data.join("journal.db").exists(), "kill {kill}: {report}");
        authorities.look(&data);
        recount(&world.opens(), &authorities, kill);
    }
    let opens = world.opens().len();
    eprintln!(
        "{kills} kills ({early} during the start) in {:?}: {} records, {} authorities, {opens} commands seen, {resumed} passages resumed; 0 lost, 0 doubled",
        began.elapsed(),
        authorities.records(),
        authorities.all.len()
    );
    assert!(opens > 0, "the load is a load");
    world.controller_starts();
    controller.start();
    assert!(world.goes_on(), "no lane serves any more: {:#?}\n{}", world.states(), controller.log());
    controller.kill();
}

/// Every passage that was open at the kill is back in its lane, held.
#[track_caller]
pub(crate) fn all_resumed(open: &BTreeMap<String, String>, first: &BTreeMap<String, Value>, kill: u64) -> usize {
    for (lane, state) in first {
        match open.get(lane) {
            Some(passage) => {
                assert_eq!(state["passage"]["id"], passage.as_str(), "kill {kill}, {lane}");
                assert_eq!(state["phase"], "held", "kill {kill}, {lane}");
                let holds = state["holds"].as_array().expect("holds");
                assert!(holds.iter().any(|hold| hold["code"] == "restarted"), "kill {kill}, {lane}: {state}");
            }
            // Empty, or a vehicle that came just now.
            None => assert_ne!(state["phase"], "releasing", "kill {kill}, {lane}: {state}"),
        }
    }
    open.len()
}

/// Commands on the wire against authorities in the journal.
#[track_caller]
pub(crate) fn recount(opens: &BTreeMap<String, u32>, authorities: &Authorities, kill: u64) {
    for (id, times) in opens {
        assert_eq!(*times, 1, "kill {kill}: the command {id} went out {times} times");
        assert!(authorities.all.contains_key(id), "kill {kill}: the command {id} has no authority in the journal");
    }
}
