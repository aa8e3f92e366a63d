//! The binary beside a running controller: through a real broker, never past it.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use super::command::{lane_controller, lines, told};
use super::golden::samples;
use super::support::{free_port, start_broker};

#[test]
fn a_running_controller_takes_documents_through_its_broker_and_only_there() {
    let dir = TempDir::new().expect("a directory");
    let site = Site::start(dir.path());
    let sample = samples().join("declarations.csv");
    let sample = sample.to_str().expect("a path");
    let data = dir.path().join("data");
    let data = data.to_str().expect("a path");
    let past = lane_controller(&["registry", "import", sample, "--data", data]);
    assert_eq!(past.status.code(), Some(3), "{past:?}");
    assert!(told(&past).contains("--mqtt URL --site SITE"), "{past:?}");
    for result in ["accepted", "duplicate"] {
        let through = lane_controller(&["registry", "import", sample, "--mqtt", &site.url, "--site", "test"]);
        let results: Vec<_> = lines(&through).iter().map(|receipt| receipt["result"].clone()).collect();
        assert_eq!(results, [result, "rejected", "rejected"], "{through:?}");
        assert_eq!(through.status.code(), Some(1));
    }
    let shown = lane_controller(&["registry", "show", "55302/221126/123", "--data", data]);
    assert_eq!(shown.status.code(), Some(0), "{shown:?}");
}

#[test]
fn many_documents_are_each_answered_in_their_order() {
    let dir = TempDir::new().expect("a directory");
    let site = Site::start(dir.path());
    let many = dir.path().join("many.csv");
    let rows: String =
        (0..700).map(|number| format!("P-{number},1,Name,KZ,carrier,active,2020-01-01T00:00:00Z\n")).collect();
    std::fs::write(&many, format!("id,revision,name,country,roles,status,since\n{rows}")).expect("written");
    let many = many.to_str().expect("a path");
    let through = lane_controller(&["registry", "import", many, "--mqtt", &site.url, "--site", "test"]);
    assert_eq!(through.status.code(), Some(0), "{}", told(&through));
    let numbers: Vec<_> = lines(&through).iter().map(|receipt| receipt["number"].clone()).collect();
    assert_eq!(numbers, (0..700).map(|number| format!("P-{number}")).collect::<Vec<_>>());
}

#[test]
fn where_no_controller_listens_nothing_is_said_to_be_taken() {
    let dir = TempDir::new().expect("a directory");
    let port = free_port();
    let _broker = Killed(start_broker(dir.path(), port));
    let url = format!("mqtt://127.0.0.1:{port}");
    let sample = samples().join("array.json");
    let sample = sample.to_str().expect("a path");
    let alone = lane_controller(&["registry", "import", sample, "--mqtt", &url, "--site", "test"]);
    assert_eq!(alone.status.code(), Some(3), "{alone:?}");
    assert!(told(&alone).contains("nobody takes bcp/test/registry/"), "{alone:?}");
    let silent = Killed(subscriber(port, "bcp/test/registry/party"));
    let unanswered =
        lane_controller(&["registry", "import", sample, "--mqtt", &url, "--site", "test", "--wait", "300ms"]);
    assert_eq!(unanswered.status.code(), Some(3), "{unanswered:?}");
    assert!(told(&unanswered).contains("no receipt for 1 documents"), "{unanswered:?}");
    drop(silent);
}

/// A broker and the real controller on it, subscribed.
struct Site {
    url: String,
    controller: Child,
    _broker: Killed,
}

impl Site {
    fn start(dir: &Path) -> Self {
        let (mqtt, http) = (free_port(), free_port());
        let broker = Killed(start_broker(dir, mqtt));
        let config = dir.join("lane.toml");
        std::fs::create_dir(dir.join("data")).expect("a directory");
        std::fs::write(&config, config_text(dir, mqtt, http)).expect("written");
        let controller = Command::new(env!("CARGO_BIN_EXE_lane-controller"))
            .args(["run", "--config"])
            .arg(&config)
            .stderr(Stdio::null())
            .spawn()
            .expect("the controller starts");
        // It says that it is online once its subscriptions are taken.
        let port = mqtt.to_string();
        let awaiting = ["-h", "127.0.0.1", "-p", &port, "-C", "1", "-W", "20", "-t", "bcp/test/controller/+/status"];
        let online = Command::new("mosquitto_sub").args(awaiting).output().expect("mosquitto_sub runs");
        assert!(String::from_utf8_lossy(&online.stdout).contains("\"online\":true"), "{online:?}");
        Self { url: format!("mqtt://127.0.0.1:{mqtt}"), controller, _broker: broker }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Ok(id) = i32::try_from(self.controller.id()) {
            kill(Pid::from_raw(id), Signal::SIGTERM).ok();
        }
        self.controller.wait().ok();
    }
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Takes a topic's messages and says nothing; it is subscribed when this returns.
fn subscriber(port: u16, topic: &str) -> Child {
    let port = port.to_string();
    let broker = ["-h", "127.0.0.1", "-p", &port];
    let ready = ["-r", "-q", "1", "-t", "ready", "-m", "ready"];
    assert!(Command::new("mosquitto_pub").args(broker).args(ready).status().expect("mosquitto_pub runs").success());
    let mut child = Command::new("mosquitto_sub")
        .args(broker)
        .args(["-q", "1", "-t", topic, "-t", "ready"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("mosquitto_sub runs");
    let mut line = [0; 6];
    // The retained message comes after the one answer for both topics.
    child.stdout.as_mut().expect("piped").read_exact(&mut line).expect("a line");
    child
}

fn config_text(dir: &Path, mqtt: u16, http: u16) -> String {
    let dir = dir.display();
    format!(
        r#"
[site]
id = "test"

[mqtt]
url = "mqtt://127.0.0.1:{mqtt}"

[data]
reserve_percent = 1
ballast_mib = 0
directory = "{dir}/data"

[http]
listen = "127.0.0.1:{http}"
officers_file = "{dir}/officers.toml"

[[lane]]
id = "in-01"
direction = "entry"
evidence = ["tractor_plate"]
evidence_timeout = "5s"

[[lane.camera]]
name = "front"
view = "front"
format = "native"

[[lane.loop]]
name = "approach"

[[lane.loop]]
name = "exit"

[[lane.barrier]]
name = "exit"
driver = "mqtt"
open_timeout = "3s"
close_timeout = "3s"
"#
    )
}
