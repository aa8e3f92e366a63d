//! Relay boards: what the keys mean, and each fault at its key.

use std::time::Duration;

use super::super::{Config, EvidenceKind, parse};
use super::*;
use crate::config::board::PulseMaker;

const ONE: &str = r#"
[site]
id = "korday"

[[lane]]
id = "in-01"
direction = "entry"

[[lane.loop]]
name = "approach"

[[lane.loop]]
name = "exit"
driver = "modbus"
input = 3
normally = "closed"

[[lane.barrier]]
name = "exit"
driver = "modbus-tcp"
address = "10.0.5.20:502"
board = "waveshare"
open_relay = 1
close_relay = 2
inputs = { opened = 1, closed = 2, photocell = 4, local = 5 }
normally_closed = ["photocell"]
"#;

const SECOND_LANE: &str = r#"
[[lane]]
id = "in-02"
direction = "entry"

[[lane.loop]]
name = "exit"
driver = "modbus"
input = 8

[[lane.barrier]]
name = "exit"
driver = "modbus-tcp"
address = "10.0.5.20:502"
board = "waveshare"
open_relay = 3
close_relay = 4
stop_relay = 5
inputs = { opened = 6, closed = 7, local = 5 }
"#;

fn valid(text: &str) -> Config {
    parse(text, []).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

#[track_caller]
fn refused(text: &str, key: &str, expected: &str) {
    let errors = parse(text, []).expect_err("refused");
    let found = errors.iter().any(|error| error.key == key && error.message.contains(expected) && error.line > 0);
    assert!(found, "{key}: {expected}: {errors:#?}");
    assert_eq!(errors.len(), 1, "one fault, one message: {errors:#?}");
}

#[test]
fn terminals_become_distances_to_the_board_s_first_address() {
    let config = valid(ONE);
    let [line] = config.relay_lines.as_slice() else { panic!("one line") };
    assert_eq!(line.way, LineWay::Tcp { address: "10.0.5.20:502".into(), frames: Frames::Tcp });
    let [unit] = line.units.as_slice() else { panic!("one board") };
    assert_eq!((unit.unit, unit.poll), (1, Duration::from_millis(100)));
    let arm = &unit.arms[0];
    assert_eq!((arm.open, arm.close, arm.stop), (0, 1, None));
    assert_eq!((arm.pulse, arm.travel), (Duration::from_millis(500), Duration::from_secs(8)));
    assert_eq!(arm.inputs.photocell, Some(Contact { input: 3, normally: Normally::Closed }));
    assert_eq!(arm.inputs.local, Some(Contact { input: 4, normally: Normally::Open }));
    let exit = RelayLoop {
        lane: arm.lane.clone(),
        place: crate::model::LoopPlace::Exit,
        contact: Contact { input: 2, normally: Normally::Closed },
    };
    assert_eq!(unit.loops, [exit], "the approach loop speaks for itself");
    assert_eq!(config.lanes[0].loops.len(), 2);
}

#[test]
fn two_lanes_may_share_a_board_and_two_boards_a_line() {
    let config = valid(&format!("{ONE}{SECOND_LANE}"));
    assert_eq!(config.relay_lines.len(), 1);
    assert_eq!(config.relay_lines[0].units.len(), 1);
    assert_eq!(config.relay_lines[0].units[0].arms.len(), 2, "the key on the cabinet is both lanes' key");
    let other_board = SECOND_LANE.replace("board = \"waveshare\"", "board = \"waveshare\"\nunit = 2");
    let config = valid(&format!("{ONE}{other_board}"));
    assert_eq!(config.relay_lines.len(), 1);
    assert_eq!(config.relay_lines[0].units.iter().map(|unit| unit.unit).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn a_serial_line_has_rate_and_parity_and_may_end_in_a_serial_server() {
    let serial = ONE
        .replace("modbus-tcp", "modbus-rtu")
        .replace("address = \"10.0.5.20:502\"", "port = \"/dev/ttyS1\"\nbaud = 19200\nparity = \"even\"");
    let config = valid(&serial);
    let expected = LineWay::Serial { port: "/dev/ttyS1".into(), baud: 19_200, parity: Parity::Even };
    assert_eq!(config.relay_lines[0].way, expected);
    let server = ONE.replace("modbus-tcp", "modbus-rtu");
    let expected = LineWay::Tcp { address: "10.0.5.20:502".into(), frames: Frames::Rtu };
    assert_eq!(valid(&server).relay_lines[0].way, expected);
}

#[test]
fn a_board_of_another_make_is_described_by_its_addresses() {
    let text = ONE
        .replace("board = \"waveshare\"", "relay_address = 16\nrelay_count = 16\ninput_address = 32\ninput_count = 16");
    let config = valid(&text);
    let unit = &config.relay_lines[0].units[0];
    assert_eq!(unit.board.pulse, PulseMaker::Driver);
    assert_eq!((unit.board.relays.address, unit.board.inputs.address, unit.board.inputs.count), (16, 32, 16));
    assert_eq!(unit.arms[0].open, 1, "a plain board counts from 0");
}

#[test]
fn each_wrong_key_is_named() {
    let barrier = "lane[0].barrier[0]";
    for (from, to, key, expected) in [
        ("address = \"10.0.5.20:502\"\n", "", barrier, "needs its `address`"),
        ("10.0.5.20:502", "10.0.5.20", "lane[0].barrier[0].address", "host:port"),
        ("modbus-tcp\"\naddress = \"10.0.5.20:502\"", "modbus-rtu\"", barrier, "needs its `port`"),
        ("board = \"waveshare\"", "board = \"wave\"", "lane[0].barrier[0].board", "waveshare, generic"),
        ("board = \"waveshare\"", "board = \"waveshare\"\nunit = 0", "lane[0].barrier[0].unit", "1 to 247"),
        ("board = \"waveshare\"", "board = \"waveshare\"\nunit = 300", "lane[0].barrier[0].unit", "invalid value"),
        ("open_relay = 1\n", "", "lane[0].barrier[0].open_relay", "printed beside"),
        ("close_relay = 2", "close_relay = 9", "lane[0].barrier[0].close_relay", "numbered 1 to 8"),
        ("close_relay = 2", "close_relay = 1", "lane[0].barrier[0].close_relay", "relay 1 of this board is used"),
        ("close_relay = 2", "close_relay = 2\npulse = \"2s\"", "lane[0].barrier[0].pulse", "100ms to 1s"),
        ("close_relay = 2", "close_relay = 2\npulse = \"250ms\"", "lane[0].barrier[0].pulse", "steps of 100ms"),
        ("close_relay = 2", "close_relay = 2\npoll = \"1s\"", "lane[0].barrier[0].poll", "prove nothing"),
        ("opened = 1, ", "", "lane[0].barrier[0].inputs", "`opened` and `closed`"),
        ("opened = 1", "opened = 0", "lane[0].barrier[0].inputs.opened", "numbered 1 to 8"),
        ("opened = 1", "opened = 2", "lane[0].barrier[0].inputs.closed", "input 2 of this board is used"),
        ("photocell = 4, ", "", "lane[0].barrier[0].normally_closed[0]", "no input `photocell`"),
        ("input = 3", "input = 4", "lane[0].loop[1].input", "input 4 of this board is used"),
        ("input = 3", "input = 40", "lane[0].loop[1].input", "numbered 1 to 8"),
        ("input = 3\n", "", "lane[0].loop[1]", "needs its `input`"),
        ("normally = \"closed\"", "normally = \"shut\"", "lane[0].loop[1].normally", "\"open\" or \"closed\""),
        ("driver = \"modbus\"\n", "", "lane[0].loop[1].name", "need driver = \"modbus\""),
    ] {
        let text = ONE.replacen(from, to, 1);
        assert_ne!(text, ONE, "{from}");
        refused(&text, key, expected);
    }
}

#[test]
fn what_lanes_say_of_one_board_or_line_must_agree() {
    let lanes = |second: String| format!("{ONE}{second}");
    let generic = SECOND_LANE.replace("\"waveshare\"", "\"generic\"").replace("input = 8", "input = 7");
    refused(&lanes(generic), "lane[1].barrier[0]", "is one board");
    let rtu = SECOND_LANE.replace("modbus-tcp", "modbus-rtu").replace("board =", "unit = 2\nboard =");
    refused(&lanes(rtu), "lane[1].barrier[0]", "is one line");
    let taken = SECOND_LANE.replace("open_relay = 3", "open_relay = 1");
    refused(&lanes(taken), "lane[1].barrier[0].open_relay", "relay 1 of this board is used");
    let other_polarity = SECOND_LANE.replace("stop_relay", "normally_closed = [\"local\"]\nstop_relay");
    refused(&lanes(other_polarity), "lane[1].barrier[0].inputs.local", "input 5 of this board is used");
}

#[test]
fn a_line_is_not_a_scale_s_port_too() {
    let scale = "[lane.scale]\nname = \"b\"\ndriver = \"serial\"\nport = \"/dev/ttyS1\"\nprotocol = \"mt-sics\"\n\n[[lane.barrier]]";
    let text = ONE
        .replace("modbus-tcp", "modbus-rtu")
        .replace("address = \"10.0.5.20:502\"", "port = \"/dev/ttyS1\"")
        .replace("[[lane.barrier]]", scale);
    refused(&text, "lane[0].barrier[0].port", "used by a scale");
}

#[test]
fn a_loop_says_on_whose_board_it_ends_when_there_are_two() {
    let entry = r#"
[[lane.barrier]]
name = "entry"
driver = "modbus-tcp"
address = "10.0.5.21:502"
board = "waveshare"
open_relay = 1
close_relay = 2
inputs = { opened = 1, closed = 2 }
"#;
    let text = format!("{ONE}{entry}");
    refused(&text, "lane[0].loop[1]", "`barrier` says");
    let config = valid(&text.replace("input = 3", "input = 3\nbarrier = \"exit\""));
    assert_eq!(config.relay_lines.iter().map(|line| line.units[0].loops.len()).collect::<Vec<_>>(), [1, 0]);
    refused(&ONE.replace("input = 3", "input = 3\nbarrier = \"entry\""), "lane[0].loop[1].driver", "there is none");
    let exit_on_the_bus = format!("[[lane.barrier]]\nname = \"exit\"\ndriver = \"mqtt\"\n\n{entry}");
    let text = ONE.split("[[lane.barrier]]").next().expect("the lane").to_owned() + &exit_on_the_bus;
    refused(&text, "lane[0].loop[1].driver", "only where the exit barrier does");
}

const PORTAL: &str = r#"
[[lane.portal]]
name = "gate"
driver = "modbus"
inputs = { gamma = 6, neutron = 7, fault = 8, occupied = 1 }
normally_closed = ["fault"]
"#;

fn with_portal() -> String {
    let free = ONE.replace("opened = 1, closed = 2, photocell = 4, local = 5", "opened = 4, closed = 2");
    free.replace("normally_closed = [\"photocell\"]\n", "") + PORTAL
}

#[test]
fn a_portal_by_contacts_ends_on_the_board_of_an_arm() {
    let config = valid(&with_portal());
    let portal = &config.relay_lines[0].units[0].portals[0];
    assert_eq!(portal.name.as_str(), "gate");
    assert_eq!(portal.inputs.fault, Contact { input: 7, normally: Normally::Closed });
    assert_eq!(portal.inputs.occupied, Some(Contact { input: 0, normally: Normally::Open }));
    let required = |config: &Config| config.lanes[0].evidence.contains(&EvidenceKind::Radiation);
    assert!(required(&config), "it tells who is quiet");
    let blind = valid(&with_portal().replace(", occupied = 1", ""));
    assert!(!required(&blind), "without an occupancy contact nobody is told quiet");
}

#[test]
fn each_wrong_key_of_a_portal_by_contacts_is_named() {
    for (from, to, key, expected) in [
        ("gamma = 6, ", "", "lane[0].portal[0].inputs", "`gamma` and `fault`"),
        ("fault = 8, ", "", "lane[0].portal[0].inputs", "`gamma` and `fault`"),
        ("neutron = 7", "neutron = 9", "lane[0].portal[0].inputs.neutron", "numbered 1 to 8"),
        ("neutron = 7", "neutron = 2", "lane[0].portal[0].inputs.neutron", "input 2 of this board is used"),
        ("[\"fault\"]", "[\"fault\", \"shut\"]", "lane[0].portal[0].normally_closed[1]", "unknown variant"),
        ("driver = \"modbus\"\ninputs", "driver = \"relay\"\ninputs", "lane[0].portal[0].driver", "or \"modbus\""),
        ("[\"fault\"]", "[\"fault\"]\nport = \"/dev/ttyS1\"", "lane[0].portal[0].port", "driver = \"serial\""),
        ("[\"fault\"]", "[\"fault\"]\nbarrier = \"entry\"", "lane[0].portal[0].driver", "there is none"),
        (
            ", neutron = 7, fault = 8, occupied = 1 }\nnormally_closed = [\"fault\"]",
            ", fault = 8 }\nnormally_closed = [\"neutron\"]",
            "lane[0].portal[0].normally_closed[0]",
            "no input `neutron`",
        ),
    ] {
        let text = with_portal();
        let (before, portal) = text.split_at(text.len() - PORTAL.len());
        let changed = portal.replacen(from, to, 1);
        assert_ne!(changed, portal, "{from}");
        refused(&format!("{before}{changed}"), key, expected);
    }
}
