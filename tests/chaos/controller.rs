//! The real program behind the proxy.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use base64::Engine;
use serde_json::{Value, json};

use super::support::free_port;
use super::{Bus, PATIENCE};

pub(crate) const SITE: &str = "chaos";
const OFFICER: &str = "aigul";
const PASSWORD: &str = "correct horse";

pub(crate) struct Controller {
    child: Child,
    pub(crate) http: u16,
    data: std::path::PathBuf,
    log: std::path::PathBuf,
}

impl Controller {
    /// It serves its API when this returns.
    pub(crate) fn start(bus: &Bus, lanes: &[String]) -> Self {
        Self::start_at(bus, bus.proxy.address().port(), lanes)
    }

    /// The same with its broker on that port.
    pub(crate) fn start_at(bus: &Bus, mqtt: u16, lanes: &[String]) -> Self {
        let (dir, http) = (bus.dir.path(), free_port());
        let (config, data, log, officers) =
            (dir.join("lane.toml"), dir.join("data"), dir.join("log"), dir.join("officers.toml"));
        add_officer(&officers);
        let lanes: String = lanes.iter().map(|id| lane(id)).collect();
        let text = format!(
            "[site]\nid = \"{SITE}\"\n[mqtt]\nurl = \"mqtt://127.0.0.1:{mqtt}\"\n[data]\nreserve_percent = 1\nballast_mib = 0\ndirectory = \"{}\"\n\
             [http]\nlisten = \"127.0.0.1:{http}\"\nofficers_file = \"{}\"\n\
             [risk]\nmode = \"local\"\n[policy]\nrequire = []\n{lanes}",
            data.display(),
            officers.display()
        );
        std::fs::write(&config, text).expect("written");
        let child = Command::new(env!("CARGO_BIN_EXE_lane-controller"))
            .args(["run", "--config"])
            .arg(&config)
            .env("LANE_CONTROLLER_LOG", "info")
            .stderr(std::fs::File::create(&log).expect("a log"))
            .spawn()
            .expect("the controller starts");
        let controller = Self { child, http, data, log };
        controller.await_ready();
        controller
    }

    /// It is connected to the broker and every lane runs.
    fn await_ready(&self) {
        let began = Instant::now();
        while self.request("GET /health/ready", "").is_none_or(|(status, _)| status != 200) {
            assert!(began.elapsed() < PATIENCE, "it is not ready: {}", self.log());
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    /// One HTTP request in an officer's name; `None` when nobody listens.
    #[allow(clippy::unwrap_in_result, reason = "an answer that is none fails the test")]
    pub(crate) fn request(&self, request: &str, body: &str) -> Option<(u16, String)> {
        request_at(self.http, request, body)
    }

    pub(crate) fn lane(&self, lane: &str) -> Value {
        let (_, body) = self.request(&format!("GET /api/v1/lanes/{lane}"), "").expect("the API listens");
        serde_json::from_str(&body).expect("JSON")
    }

    /// Asks until the lane is as wanted.
    pub(crate) fn await_lane(&self, lane: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let state = self.lane(lane);
            if wanted(&state) {
                return state;
            }
            assert!(began.elapsed() < PATIENCE, "waited in vain for {what}: {state}\n{}", self.log());
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    /// Asks until a metric is at least that; a metric that is not there is 0.
    pub(crate) fn await_metric(&self, name: &str, least: u64) {
        let began = Instant::now();
        while self.metric(name) < least {
            assert!(began.elapsed() < PATIENCE, "{name} stays at {}\n{}", self.metric(name), self.log());
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    pub(crate) fn metric(&self, name: &str) -> u64 {
        let (_, body) = self.request("GET /metrics", "").expect("the API listens");
        let value = body.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        value.unwrap_or_default()
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// What the journal's tool says: exit code and lines.
    pub(crate) fn journal(&self, verb: &str) -> (Option<i32>, Vec<Value>) {
        let output = Command::new(env!("CARGO_BIN_EXE_lane-controller"))
            .args(["journal", verb, "--data"])
            .arg(&self.data)
            .output()
            .expect("the tool runs");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        (output.status.code(), text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect())
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn add_officer(file: &std::path::Path) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_lane-controller"))
        .args(["officer", "add", OFFICER, "--role", "shift_supervisor", "--file"])
        .arg(file)
        .stdin(Stdio::piped())
        .spawn()
        .expect("the tool runs");
    child.stdin.take().expect("piped").write_all(format!("{PASSWORD}\n").as_bytes()).expect("written");
    assert!(child.wait().expect("it ends").success());
}

/// One HTTP request in an officer's name; `None` when nobody listens.
#[allow(clippy::unwrap_in_result, reason = "an answer that is none fails the test")]
fn request_at(port: u16, request: &str, body: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let credentials = base64::engine::general_purpose::STANDARD.encode(format!("{OFFICER}:{PASSWORD}"));
    let length = body.len();
    let text = format!(
        "{request} HTTP/1.1\r\nHost: lane\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Authorization: Basic {credentials}\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(text.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let status = answer.split(' ').nth(1)?.parse().expect("a status");
    Some((status, answer.split_once("\r\n\r\n")?.1.to_owned()))
}

/// An officer's order for the vehicle in the lane; what the lane answered.
pub(crate) fn order(http: u16, lane: &str, order: &str, passage: Option<&str>) -> Option<(u16, String)> {
    let body = json!({ "order": order, "passage": passage, "reason": "looked at the lane" });
    request_at(http, &format!("POST /api/v1/lanes/{lane}/orders"), &body.to_string())
}

/// A lane whose devices speak MQTT.
fn lane(id: &str) -> String {
    format!(
        r#"
[[lane]]
id = "{id}"
direction = "entry"
evidence = ["tractor_plate", "weight"]
evidence_timeout = "5s"
[[lane.camera]]
name = "front"
view = "front"
[[lane.loop]]
name = "approach"
[[lane.loop]]
name = "exit"
[lane.scale]
name = "bridge"
driver = "mqtt"
[[lane.barrier]]
name = "exit"
driver = "mqtt"
open_timeout = "3s"
close_timeout = "3s"
"#
    )
}
