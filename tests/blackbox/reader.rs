//! A QR reader on a serial line, a seal reader and a call button, from the device to the barrier.

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::pty::openpty;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::ttyname;
use serde_json::json;

use super::rig::{Rig, Rms, is_command, is_event, is_state, now};

const READER: &str = r#"
[[lane.reader]]
name = "kiosk"
driver = "serial"
port = "kiosk"
protocol = "lines"
"#;

/// A reader on a pseudo-terminal; dropping it pulls it out.
struct Reader {
    line: File,
    _slave: OwnedFd,
}

impl Reader {
    fn plug(port: &Path) -> Self {
        let pty = openpty(None, None).expect("a pseudo-terminal");
        // No child may keep the line alive after this end is gone.
        for end in [pty.master.as_fd(), pty.slave.as_fd()] {
            fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).expect("closed on exec");
        }
        let mut raw = tcgetattr(&pty.slave).expect("its settings");
        cfmakeraw(&mut raw);
        tcsetattr(&pty.slave, SetArg::TCSANOW, &raw).expect("raw mode");
        let fresh = port.with_extension("fresh");
        std::os::unix::fs::symlink(ttyname(&pty.slave).expect("its name"), &fresh).expect("a link");
        std::fs::rename(fresh, port).expect("the port's name");
        Self { line: File::from(pty.master), _slave: pty.slave }
    }

    fn reads(&mut self, code: &str) {
        self.line.write_all(format!("]Q3{code}\r\n").as_bytes()).expect("sent");
    }
}

#[test]
fn a_scan_at_a_serial_reader_decides_between_two_notifications() {
    let mut rig = Rig::cold_with(Rms::channel("green"), |config| config + READER);
    rig.start_controller();
    // Found again only if it was lost before.
    let mut reader = Reader::plug(&rig.data().join("kiosk"));
    rig.expect("the reader is found", |seen| is_event(seen, "device_found") && seen.payload["device"] == "kiosk");
    rig.devices_speak();
    rig.expect_phase("vacant");
    rig.notify_as("PN-1", 27_400);
    rig.notify_as("PN-2", 27_400);
    rig.drive_up(27_400);
    rig.expect_held_by("ambiguous");
    reader.reads("PN-2");
    rig.expect("the open command", |seen| is_command(seen, "open"));
    rig.drive_off();
    let story = rig.expect("the story", |seen| is_event(seen, "passage_completed")).payload;
    assert_eq!(story["notification"], "PN-2");
    drop(reader);
    rig.expect("the reader is lost", |seen| is_event(seen, "device_lost") && seen.payload["device"] == "kiosk");
}

#[test]
fn a_broken_seal_holds_and_a_call_is_shown() {
    let mut rig = Rig::start(Rms::channel("green"));
    rig.notify(27_400);
    let event = json!({ "seal": "KZ0001234", "event": "02", "at": now() });
    rig.over_loop("approach", true);
    rig.expect_phase("occupied");
    rig.publish(&rig.lane_topic("seal/gate"), &event, &[]);
    rig.read_plate("front", "123ABC02");
    rig.read_plate("rear", "45DEF02");
    rig.weigh(27_400);
    let state = rig.expect_held_by("seal_broken");
    assert!(state["holds"][0]["detail"].as_str().is_some_and(|detail| detail.contains("KZ0001234")), "{state}");
    rig.publish(&rig.lane_topic("call/post"), &json!({ "pressed": true, "at": now() }), &[]);
    rig.expect("the alarm", |seen| {
        let alarms = seen.payload["alarms"].as_array().cloned().unwrap_or_default();
        is_state(seen) && alarms.contains(&json!("driver_calls"))
    });
}
