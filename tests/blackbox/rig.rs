//! The test bench: broker, controller, devices, traders, RMS.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::indicator::{Indicator, Line};
use super::papers::{declaration, notification};
use super::site::config;
use super::support::{free_port, start_broker};

/// Longest wait for anything that must happen.
const PATIENCE: Duration = Duration::from_secs(20);
pub(crate) const SITE: &str = "test";
pub(crate) const LANE: &str = "in-01";

/// A message as a subscriber saw it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) topic: String,
    pub(crate) retained: bool,
    pub(crate) expiry: Option<u64>,
    pub(crate) response_topic: String,
    pub(crate) correlation: String,
    pub(crate) payload: Value,
}

/// How the RMS behaves.
#[derive(Debug, Clone)]
pub(crate) enum Rms {
    Answers(Value),
    Silent,
}

impl Rms {
    pub(crate) fn channel(channel: &str) -> Self {
        Self::Answers(json!({ "channel": channel, "measures": [], "profiles": ["p-7"], "reason": "as the test says" }))
    }
}

pub(crate) struct Rig {
    pub(crate) dir: TempDir,
    pub(crate) mqtt_port: u16,
    pub(crate) http_port: u16,
    broker: Child,
    controller: Option<Child>,
    subscriber: Child,
    messages: Receiver<Seen>,
    pub(crate) seen: Vec<Seen>,
    pub(crate) scale: Option<Indicator>,
    rms: Rms,
    reads: u32,
    /// What was seen before belongs to an earlier controller.
    restarted: usize,
}

impl Rig {
    /// Everything runs, the devices have spoken, the lane is vacant.
    pub(crate) fn start(rms: Rms) -> Self {
        let mut rig = Self::cold(rms);
        rig.start_controller();
        rig.devices_speak();
        rig.expect_phase("vacant");
        rig
    }

    /// Broker and line are there, the controller isn't.
    pub(crate) fn cold(rms: Rms) -> Self {
        Self::cold_with(rms, |config| config)
    }

    /// The same with another configuration.
    pub(crate) fn cold_with(rms: Rms, changed: impl FnOnce(String) -> String) -> Self {
        let dir = TempDir::new().expect("a directory");
        let (mqtt_port, http_port) = (free_port(), free_port());
        let broker = start_broker(dir.path(), mqtt_port);
        let (subscriber, messages) = subscribe(mqtt_port, "#");
        std::fs::create_dir(dir.path().join("data")).expect("a directory");
        let port = dir.path().join("scale");
        let scale = Some(Indicator::plug(&port, Line::Stable(0)));
        let config = changed(config(dir.path(), mqtt_port, http_port));
        std::fs::write(dir.path().join("lane.toml"), config).expect("written");
        Self {
            dir,
            mqtt_port,
            http_port,
            broker,
            controller: None,
            subscriber,
            messages,
            seen: vec![],
            scale,
            rms,
            reads: 0,
            restarted: 0,
        }
    }

    pub(crate) fn config_path(&self) -> PathBuf {
        self.dir.path().join("lane.toml")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    pub(crate) fn scale_port(&self) -> PathBuf {
        self.dir.path().join("scale")
    }

    pub(crate) fn start_controller(&mut self) {
        let log = File::options().create(true).append(true).open(self.dir.path().join("log")).expect("a log");
        let child = Command::new(env!("CARGO_BIN_EXE_lane-controller"))
            .args(["run", "--config"])
            .env("LANE_CONTROLLER_LOG", "trace")
            .arg(self.config_path())
            .stderr(log)
            .spawn()
            .expect("the controller starts");
        self.controller = Some(child);
        self.expect("the controller is online", |seen| {
            seen.topic.ends_with("/status") && seen.payload["online"] == true && !seen.retained
        });
    }

    fn pid(&self) -> Pid {
        let id = self.controller.as_ref().expect("it runs").id();
        Pid::from_raw(i32::try_from(id).expect("a pid"))
    }

    /// Power off: nothing is cleaned up.
    pub(crate) fn kill_controller(&mut self) {
        kill(self.pid(), Signal::SIGKILL).expect("killed");
        self.controller.take().expect("it runs").wait().expect("it ends");
        self.take_waiting();
        self.restarted = self.seen.len();
    }

    /// An ordered stop; the exit code.
    #[allow(clippy::unwrap_in_result, reason = "a child that can't be awaited fails the test")]
    pub(crate) fn stop_controller(&mut self) -> Option<i32> {
        kill(self.pid(), Signal::SIGTERM).expect("told");
        self.controller.take().expect("it runs").wait().expect("it ends").code()
    }

    pub(crate) fn kill_broker(&mut self) {
        self.broker.kill().expect("killed");
        self.broker.wait().expect("it ends");
    }

    /// The broker comes back with no memory, and the witness subscribes again.
    pub(crate) fn restart_broker(&mut self) {
        self.broker = start_broker(self.dir.path(), self.mqtt_port);
        self.subscriber.kill().expect("killed");
        self.subscriber.wait().expect("it ends");
        (self.subscriber, self.messages) = subscribe(self.mqtt_port, "#");
    }

    /// Asks the API until the lanes are as wanted.
    pub(crate) fn await_lanes(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let lanes = serde_json::from_str(&self.http("GET /api/v1/lanes", &[], "").1).expect("JSON");
            if wanted(&lanes) {
                return lanes;
            }
            assert!(Instant::now() < end, "the lanes are {lanes}\n{}", self.log());
            std::thread::yield_now();
        }
    }

    pub(crate) fn restart_after_kill(&mut self) {
        self.kill_controller();
        self.start_controller();
    }

    /// All devices report as they do when they start.
    pub(crate) fn devices_speak(&self) {
        for place in ["approach", "exit"] {
            self.over_loop(place, false);
        }
        self.barrier("closed");
    }

    pub(crate) fn over_loop(&self, place: &str, occupied: bool) {
        let topic = self.lane_topic(&format!("loop/{place}"));
        self.publish(&topic, &json!({ "occupied": occupied, "at": now() }), &["-r"]);
    }

    pub(crate) fn barrier(&self, position: &str) {
        let topic = self.lane_topic("barrier/exit/state");
        self.publish(&topic, &json!({ "position": position, "mode": "remote", "at": now() }), &["-r"]);
    }

    pub(crate) fn read_plate(&mut self, camera: &str, plate: &str) {
        self.reads += 1;
        let read = json!({
            "read_id": format!("read-{}", self.reads), "at": now(), "plate": plate, "confidence": 0.97, "view": camera,
        });
        self.publish(&self.lane_topic(&format!("plate/{camera}")), &read, &[]);
    }

    /// A read of a vehicle that the camera follows: a later one of the same track revises it.
    pub(crate) fn read_track(&mut self, camera: &str, track: &str, plate: &str) {
        self.reads += 1;
        let read = json!({
            "read_id": format!("read-{}", self.reads), "track": track, "at": now(), "plate": plate, "confidence": 0.97,
            "view": camera,
        });
        self.publish(&self.lane_topic(&format!("plate/{camera}")), &read, &[]);
    }

    pub(crate) fn scan(&self, reference: &str) {
        self.publish(&self.lane_topic("document/kiosk"), &json!({ "reference": reference, "at": now() }), &[]);
    }

    pub(crate) fn weigh(&self, kg: i64) {
        self.scale.as_ref().expect("plugged in").show(Line::Stable(kg));
    }

    pub(crate) fn lane_topic(&self, rest: &str) -> String {
        format!("bcp/{SITE}/lane/{LANE}/{rest}")
    }

    pub(crate) fn publish(&self, topic: &str, payload: &Value, more: &[&str]) {
        publish_raw(self.mqtt_port, topic, &payload.to_string(), more);
    }

    /// A truck is notified and declared; both receipts are in.
    pub(crate) fn notify(&mut self, laden_kg: i64) {
        self.notify_as("PN-1", laden_kg);
    }

    /// The same under a number of its own.
    pub(crate) fn notify_as(&mut self, number: &str, laden_kg: i64) {
        self.submit("declaration", &declaration());
        self.submit("notification", &notification(number, laden_kg));
    }

    /// A document goes to the register; its receipt is in.
    pub(crate) fn submit(&mut self, kind: &str, document: &Value) {
        self.publish(&format!("bcp/{SITE}/registry/{kind}"), document, &[]);
        self.expect("a receipt", |seen| {
            seen.topic.ends_with("/registry/receipt")
                && seen.payload["kind"] == kind
                && (seen.payload["result"] == "accepted" || seen.payload["result"] == "duplicate")
        });
    }

    /// The truck drives up and everything is read of it.
    pub(crate) fn drive_up(&mut self, kg: i64) {
        self.drive_up_read_as("123 ABC 02", kg);
    }

    /// The same, with what the front camera makes of its plate.
    pub(crate) fn drive_up_read_as(&mut self, front: &str, kg: i64) {
        self.over_loop("approach", true);
        self.read_plate("front", front);
        self.read_plate("rear", "45-DEF-02");
        self.weigh(kg);
    }

    /// The arm rises, the truck leaves, the arm comes down as commanded.
    pub(crate) fn drive_off(&mut self) {
        self.barrier("open");
        self.expect_phase("clearing");
        self.over_loop("exit", true);
        self.over_loop("approach", false);
        self.weigh(0);
        self.over_loop("exit", false);
        self.expect("a close command", |seen| is_command(seen, "close"));
        self.barrier("closed");
    }

    /// Waits for a message; answers risk requests meanwhile.
    #[track_caller]
    pub(crate) fn expect(&mut self, what: &str, wanted: impl Fn(&Seen) -> bool) -> Seen {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.messages.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(seen) => {
                    self.take(seen.clone());
                    if wanted(&seen) {
                        return seen;
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("waited in vain for {what}; seen: {:#?}\nlog:\n{}", self.last_seen(), self.log());
                }
            }
        }
    }

    /// Watches for a while; for what must not happen.
    pub(crate) fn watch(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while let Ok(seen) = self.messages.recv_timeout(end.saturating_duration_since(Instant::now())) {
            self.take(seen);
        }
    }

    fn take_waiting(&mut self) {
        while let Ok(seen) = self.messages.try_recv() {
            self.take(seen);
        }
    }

    fn take(&mut self, seen: Seen) {
        if seen.topic.starts_with("rms/")
            && let Rms::Answers(answer) = &self.rms
        {
            let mut answer = answer.clone();
            answer["request_id"] = seen.payload["request_id"].clone();
            let more = ["-V", "5", "-D", "publish", "correlation-data", seen.correlation.as_str()];
            publish_raw(self.mqtt_port, &seen.response_topic, &answer.to_string(), &more);
        }
        self.seen.push(seen);
    }

    #[track_caller]
    pub(crate) fn expect_phase(&mut self, phase: &str) -> Value {
        let last = self.seen.iter().skip(self.restarted).rev().find(|seen| is_state(seen));
        if let Some(last) = last.filter(|last| last.payload["phase"] == phase) {
            return last.payload.clone();
        }
        self.expect(phase, |seen| is_state(seen) && seen.payload["phase"] == phase).payload
    }

    /// Held with that code among the reasons, and nothing was opened.
    #[track_caller]
    pub(crate) fn expect_held_by(&mut self, code: &str) -> Value {
        let state = self.expect(code, |seen| {
            let holds = seen.payload["holds"].as_array().cloned().unwrap_or_default();
            is_state(seen) && seen.payload["phase"] == "held" && holds.iter().any(|hold| hold["code"] == code)
        });
        self.watch(Duration::from_millis(500));
        assert_eq!(self.opens(), 0, "no arm may open");
        state.payload
    }

    /// The one open command, whether it was seen already or is still to come.
    #[track_caller]
    pub(crate) fn expect_open(&mut self) {
        if self.opens() == 0 {
            self.expect("the open command", |seen| is_command(seen, "open"));
        }
    }

    /// Open commands seen so far.
    pub(crate) fn opens(&self) -> usize {
        self.seen.iter().filter(|seen| is_command(seen, "open")).count()
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    fn last_seen(&self) -> Vec<String> {
        let tail = self.seen.iter().rev().take(12).rev();
        tail.map(|seen| format!("{} {}", seen.topic, seen.payload)).collect()
    }

    /// Runs the controller's command line; exit code and JSON lines.
    pub(crate) fn tool(&self, arguments: &[&str]) -> (Option<i32>, Vec<Value>) {
        let output =
            Command::new(env!("CARGO_BIN_EXE_lane-controller")).args(arguments).output().expect("the tool runs");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        (output.status.code(), text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect())
    }

    pub(crate) fn journal(&self, verb: &str) -> (Option<i32>, Vec<Value>) {
        let data = self.data();
        let place = ["journal", verb, "--data", data.to_str().expect("UTF-8")];
        let reveal: &[&str] = if verb == "show" { &["--reveal", "a test"] } else { &[] };
        self.tool(&[&place, reveal].concat())
    }

    pub(crate) fn registry(&self, arguments: &[&str]) -> (Option<i32>, Vec<Value>) {
        let data = self.data();
        let data = ["--data", data.to_str().expect("UTF-8")];
        self.tool(&["registry"].iter().chain(arguments).chain(&data).copied().collect::<Vec<_>>())
    }

    /// One HTTP request; status and body.
    pub(crate) fn http(&self, request: &str, headers: &[String], body: &str) -> (u16, String) {
        let (status, _, body) = self.http_with_head(request, headers, body);
        (status, body)
    }

    /// The same with the head of the answer between them.
    pub(crate) fn http_with_head(&self, request: &str, headers: &[String], body: &str) -> (u16, String, String) {
        http_at(self.http_port, request, headers, body)
    }
}

/// One HTTP request; status, head in lower case, body.
pub(crate) fn http_at(port: u16, request: &str, headers: &[String], body: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the API listens");
    let mut text = format!("{request} HTTP/1.1\r\nHost: lane\r\nConnection: close\r\n");
    for header in headers {
        text.push_str(header);
        text.push_str("\r\n");
    }
    text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    stream.write_all(text.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    (status, head.to_ascii_lowercase(), body.to_owned())
}

impl Drop for Rig {
    fn drop(&mut self) {
        let children = [Some(&mut self.subscriber), Some(&mut self.broker), self.controller.as_mut()];
        for child in children.into_iter().flatten() {
            drop(child.kill());
            drop(child.wait());
        }
        // Whatever a test does, its truck is not in the log (invariant C8).
        if !std::thread::panicking() {
            let log = self.log();
            for plate in ["123ABC02", "123 ABC 02", "45DEF02", "45-DEF-02", "240440000300"] {
                assert!(!log.contains(plate), "{plate} is in the log");
            }
        }
    }
}

pub(crate) fn is_state(seen: &Seen) -> bool {
    seen.topic.ends_with(&format!("lane/{LANE}/state"))
}

pub(crate) fn is_command(seen: &Seen, verb: &str) -> bool {
    seen.topic.ends_with("/command") && seen.payload["command"] == verb
}

pub(crate) fn is_event(seen: &Seen, event: &str) -> bool {
    seen.topic.ends_with("/event") && seen.payload["event"] == event
}

pub(crate) fn now() -> String {
    chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

/// One line a message: topic, retain flag, expiry, response topic, correlation, payload.
fn subscribe(port: u16, filter: &str) -> (Child, Receiver<Seen>) {
    let mut child = Command::new("mosquitto_sub")
        .args(["-V", "5", "-h", "127.0.0.1", "-p", &port.to_string(), "-q", "1", "-t", filter])
        .args(["-F", "%t\t%r\t%E\t%R\t%D\t%p"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("mosquitto_sub starts");
    let lines = BufReader::new(child.stdout.take().expect("piped"));
    let (tell, messages) = channel();
    std::thread::spawn(move || read_messages(lines, &tell));
    // The subscription is there when a retained probe comes back.
    publish_raw(port, "probe", "{}", &["-r"]);
    assert_eq!(messages.recv_timeout(PATIENCE).map(|seen: Seen| seen.topic).as_deref(), Ok("probe"));
    publish_raw(port, "probe", "", &["-r"]);
    (child, messages)
}

fn read_messages(lines: impl BufRead, tell: &Sender<Seen>) {
    for line in lines.lines().map_while(Result::ok) {
        let mut fields = line.splitn(6, '\t');
        let mut next = || fields.next().unwrap_or_default().to_owned();
        let (topic, retained, expiry) = (next(), next() == "1", next().parse().ok());
        let (response_topic, correlation, payload) = (next(), next(), next());
        let Ok(payload) = serde_json::from_str(&payload) else { continue };
        let seen = Seen { topic, retained, expiry, response_topic, correlation, payload };
        if tell.send(seen).is_err() {
            return;
        }
    }
}

pub(crate) fn publish_raw(port: u16, topic: &str, payload: &str, more: &[&str]) {
    let sent = Command::new("mosquitto_pub")
        .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-q", "1", "-t", topic, "-m", payload])
        .args(more)
        .status()
        .expect("mosquitto_pub runs");
    assert!(sent.success());
}

/// What a subscriber gets that comes afterwards.
pub(crate) fn subscribe_late(port: u16, filter: &str) -> String {
    let output = Command::new("mosquitto_sub")
        .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-q", "1", "-W", "1", "-t", filter])
        .output()
        .expect("mosquitto_sub runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
