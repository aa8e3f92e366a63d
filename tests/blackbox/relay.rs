//! A lane whose exit arm and exit loop end on a relay board: the whole program, a real socket, a board that counts.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::json;

use super::board::{CLOSE, Cabinet, Carries, Kind, OPEN, Socket, Trouble};
use super::rig::{Rig, Rms, is_command, is_event, now};

const EXIT_LOOP: usize = 2;
const GAMMA: usize = 4;
const HEALTHY: usize = 5;
const BETWEEN_PILLARS: usize = 6;
/// Longest wait for the arm.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often the board is looked at.
const LOOK: Duration = Duration::from_millis(10);
/// Long enough for a second pulse to come.
const QUIET: Duration = Duration::from_secs(3);

struct Wired {
    rig: Rig,
    board: Cabinet,
    _socket: Socket,
}

/// The exit of the lane on a board, instead of on the bus.
fn on_board(config: &str, address: SocketAddr) -> String {
    let barrier = format!(
        r#"name = "exit"
driver = "modbus-tcp"
address = "{address}"
board = "waveshare"
open_relay = 1
close_relay = 2
inputs = {{ opened = 1, closed = 2 }}
poll = "50ms"
"#
    );
    config
        .replace("name = \"exit\"\ndriver = \"mqtt\"\n", &barrier)
        .replace("[[lane.loop]]\nname = \"exit\"\n", "[[lane.loop]]\nname = \"exit\"\ndriver = \"modbus\"\ninput = 3\n")
}

impl Wired {
    /// Arm and loop of the exit on the board, everything proved, a truck notified.
    fn start(travel: Duration) -> Self {
        let mut lane = Self::cold(travel, |config, address| on_board(&config, address));
        lane.rig.over_loop("approach", false);
        lane.rig.expect_phase("vacant");
        lane.rig.notify(27_400);
        lane
    }

    fn cold(travel: Duration, config: impl FnOnce(String, SocketAddr) -> String) -> Self {
        let board = Cabinet::new(1, Kind::Timed, travel);
        let socket = Socket::listen(SocketAddr::from(([127, 0, 0, 1], 0)), Carries::Tcp, vec![board.clone()]);
        let socket = socket.expect("an address");
        let mut rig = Rig::cold_with(Rms::channel("green"), |text| config(text, socket.address()));
        rig.start_controller();
        Self { rig, board, _socket: socket }
    }

    /// Waits for the board; the RMS answers meanwhile.
    #[track_caller]
    fn await_board(&mut self, what: &str, wanted: impl Fn(&Cabinet) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !wanted(&self.board) {
            assert!(Instant::now() < end, "waited in vain for {what}\n{}", self.rig.log());
            self.rig.watch(LOOK);
        }
    }

    /// The truck drives under the arm and away; the arm comes down.
    fn drive_off(&mut self) {
        self.rig.expect_phase("clearing");
        self.board.close_input(EXIT_LOOP);
        self.rig.over_loop("approach", false);
        self.rig.weigh(0);
        self.rig.watch(Duration::from_millis(300));
        self.board.open_input(EXIT_LOOP);
        self.await_board("the arm to come down", |board| board.pulses(CLOSE) == 1 && board.is_closed());
    }
}

#[test]
fn a_truck_goes_through_on_exactly_one_pulse() {
    let mut lane = Wired::start(Duration::from_millis(600));
    lane.rig.drive_up(27_400);
    lane.await_board("the arm to rise", Cabinet::is_open);
    lane.drive_off();
    let story = lane.rig.expect("the story", |seen| is_event(seen, "passage_completed")).payload;
    assert_eq!(story["outcome"], "released");
    for step in ["decided", "opened", "left", "closed"] {
        assert!(story["steps"][step].is_string(), "{step} is missing: {story}");
    }
    lane.rig.expect_phase("vacant");
    lane.rig.watch(QUIET);
    assert_eq!((lane.board.orders(OPEN), lane.board.orders(CLOSE)), (1, 1));
    assert_eq!(lane.rig.opens(), 0, "an arm has one way: nothing goes over the bus");
    assert_eq!(lane.rig.journal("verify").0, Some(0));
    let (_, metrics) = lane.rig.http("GET /metrics", &[], "");
    let counted = metrics
        .lines()
        .find(|line| line.starts_with("lane_controller_relay_commands_total{") && line.contains("\"open\""));
    assert!(counted.is_some_and(|line| line.contains("\"done\"") && line.ends_with(" 1")), "{counted:?}");
}

#[test]
fn a_lost_answer_opens_once_and_does_not_stop_the_truck() {
    let mut lane = Wired::start(Duration::from_millis(600));
    lane.board.trouble(5, Trouble::AnswerLost, 1);
    lane.rig.drive_up(27_400);
    lane.await_board("the arm to rise", Cabinet::is_open);
    lane.drive_off();
    let story = lane.rig.expect("the story", |seen| is_event(seen, "passage_completed")).payload;
    assert_eq!(story["outcome"], "released");
    assert_eq!((lane.board.orders(OPEN), lane.board.pulses(OPEN)), (1, 1));
}

#[test]
fn a_portal_by_contacts_lets_a_quiet_truck_go_and_holds_one_that_alarms() {
    for alarms in [false, true] {
        let mut lane = Wired::cold(Duration::from_millis(600), |config, address| {
            let portal = "\n[[lane.portal]]\nname = \"gate\"\ndriver = \"modbus\"\n\
                          inputs = { gamma = 5, fault = 6, occupied = 7 }\nnormally_closed = [\"fault\"]\n";
            on_board(&config, address).replace("\"weight\"]", "\"weight\", \"radiation\"]") + portal
        });
        lane.board.close_input(HEALTHY);
        lane.rig.over_loop("approach", false);
        lane.rig.expect_phase("vacant");
        lane.rig.notify(27_400);
        lane.board.close_input(BETWEEN_PILLARS);
        lane.rig.drive_up(27_400);
        if alarms {
            lane.board.close_input(GAMMA);
            lane.rig.expect_held_by("radiation");
            assert_eq!(lane.board.orders(OPEN), 0);
            continue;
        }
        lane.rig.watch(Duration::from_millis(500));
        assert_eq!(lane.board.orders(OPEN), 0, "its verdict is not in");
        lane.board.open_input(BETWEEN_PILLARS);
        lane.await_board("the arm to rise", Cabinet::is_open);
    }
}

#[test]
fn a3_killed_after_the_pulse_the_controller_does_not_send_it_again() {
    for lost in [None, Some(Trouble::RequestLost)] {
        let mut lane = Wired::start(Duration::from_secs(2));
        if let Some(lost) = lost {
            lane.board.trouble(5, lost, 1);
        }
        lane.rig.drive_up(27_400);
        lane.await_board("the pulse", |board| board.orders(OPEN) == 1);
        lane.rig.restart_after_kill();
        lane.rig.over_loop("approach", true);
        lane.rig.expect_phase("held");
        lane.rig.watch(QUIET);
        assert_eq!(lane.board.orders(OPEN), 1, "commanded is never commanded again");
        assert_eq!(lane.board.pulses(OPEN), usize::from(lost.is_none()));
        assert_eq!(lane.rig.journal("verify").0, Some(0));
    }
}

#[test]
fn a3_killed_between_record_and_pulse_the_controller_does_not_make_up_for_it() {
    let mut lane = Wired::start(Duration::from_millis(600));
    // A slow board keeps the line busy while the command becomes durable.
    lane.board.trouble(2, Trouble::Late(Duration::from_millis(200)), usize::MAX);
    lane.rig.drive_up(27_400);
    lane.rig.expect("the command in the journal", |seen| is_event(seen, "barrier_commanded"));
    lane.rig.kill_controller();
    lane.board.end_troubles();
    let before = lane.board.orders(OPEN);
    lane.rig.start_controller();
    lane.rig.over_loop("approach", true);
    lane.rig.expect_phase("held");
    lane.rig.watch(QUIET);
    assert_eq!(lane.board.orders(OPEN), before, "commanded is never commanded again");
    assert_eq!(lane.rig.journal("verify").0, Some(0));
}

#[test]
fn a_board_without_power_holds_the_lane_and_brings_it_back() {
    let mut lane = Wired::start(Duration::from_millis(600));
    lane.rig.over_loop("approach", true);
    lane.rig.expect_phase("occupied");
    lane.board.cut_power();
    lane.rig.expect("the arm is lost", |seen| is_event(seen, "device_lost") && seen.payload["device"] == "exit");
    assert_eq!(lane.rig.http("GET /health/ready", &[], "").0, 503);
    lane.rig.drive_up(27_400);
    lane.rig.expect_held_by("device_lost");
    assert_eq!(lane.board.orders(OPEN), 0);
    lane.board.restore_power();
    lane.rig.expect("the arm is found", |seen| is_event(seen, "device_found") && seen.payload["device"] == "exit");
    lane.await_board("the arm to rise", Cabinet::is_open);
    assert_eq!(lane.board.orders(OPEN), 1);
}

#[test]
fn an_arm_lifted_by_hand_is_an_alarm_in_a_second() {
    let mut lane = Wired::start(Duration::from_millis(600));
    lane.board.force_open();
    let alarm = lane.rig.expect("the alarm", |seen| is_event(seen, "alarm_raised")).payload;
    assert_eq!(alarm["alarm"], "barrier_forced");
    lane.board.force_closed();
    lane.rig.expect("its end", |seen| is_event(seen, "alarm_cleared") && seen.payload["alarm"] == "barrier_forced");
    assert_eq!(lane.board.orders(OPEN), 0);
}

#[test]
fn nobody_on_the_bus_speaks_for_an_arm_on_a_board() {
    let mut lane = Wired::start(Duration::from_millis(600));
    lane.rig.barrier("open");
    lane.rig.over_loop("exit", true);
    lane.rig.drive_up(27_400);
    lane.await_board("the arm to rise", Cabinet::is_open);
    assert!(!lane.rig.seen.iter().any(|seen| is_event(seen, "alarm_raised")), "the lies were not believed");
    assert!(!lane.rig.seen.iter().any(|seen| is_command(seen, "open")));
    let (_, metrics) = lane.rig.http("GET /metrics", &[], "");
    assert!(metrics.lines().any(|line| line.contains("inbound_rejected_total") && line.contains("\"wired\"")));
}

#[test]
fn the_broker_may_go_and_come_back_and_the_board_is_known_again() {
    let mut lane = Wired::start(Duration::from_millis(600));
    lane.rig.over_loop("approach", true);
    lane.rig.expect_phase("occupied");
    lane.rig.kill_broker();
    lane.rig.await_lanes(|lanes| lanes[0]["phase"] == "held");
    lane.rig.restart_broker();
    lane.rig.await_lanes(|lanes| lanes[0]["phase"] == "occupied");
    lane.rig.drive_up(27_400);
    lane.await_board("the arm to rise", Cabinet::is_open);
    assert_eq!(lane.board.orders(OPEN), 1);
}

/// The exit arm on the board, the exit loop on the bus: one name, two ways.
fn arm_only(config: String, address: SocketAddr) -> String {
    on_board(&config, address).replace("driver = \"modbus\"\ninput = 3\n", "")
}

#[test]
fn the_death_of_a_loop_on_the_bus_is_not_mended_by_the_board_of_its_namesake() {
    let mut lane = Wired::cold(Duration::from_millis(600), arm_only);
    for place in ["approach", "exit"] {
        lane.rig.over_loop(place, false);
    }
    lane.rig.expect_phase("vacant");
    let health = |online: bool| json!({ "online": online, "session": "s", "at": now() });
    let topic = lane.rig.lane_topic("device/exit/health");
    lane.rig.publish(&topic, &health(true), &["-r"]);
    lane.rig.publish(&topic, &health(false), &["-r"]);
    lane.rig.expect("the loop is lost", |seen| is_event(seen, "device_lost") && seen.payload["device"] == "exit");
    lane.rig.notify(27_400);
    lane.rig.drive_up(27_400);
    lane.rig.watch(QUIET);
    assert!(!lane.rig.seen.iter().any(|seen| is_event(seen, "device_found")), "the board does not speak for the loop");
    assert_eq!(lane.board.orders(CLOSE), 0);
    lane.rig.publish(&topic, &health(true), &["-r"]);
    lane.rig.expect("the loop is found", |seen| is_event(seen, "device_found"));
}

#[test]
fn a_board_that_is_away_beside_a_loop_on_the_bus_is_a_fault_of_its_arm() {
    let mut lane = Wired::cold(Duration::from_millis(600), arm_only);
    for place in ["approach", "exit"] {
        lane.rig.over_loop(place, false);
    }
    lane.rig.expect_phase("vacant");
    lane.board.cut_power();
    lane.rig.expect("the alarm", |seen| is_event(seen, "alarm_raised") && seen.payload["alarm"] == "barrier_fault");
    lane.board.restore_power();
    lane.rig.expect("its end", |seen| is_event(seen, "alarm_cleared") && seen.payload["alarm"] == "barrier_fault");
    lane.rig.notify(27_400);
    lane.rig.drive_up(27_400);
    lane.await_board("the arm to rise", Cabinet::is_open);
    assert_eq!(lane.board.orders(OPEN), 1);
}
