//! The real program as a child process, and what its journal says.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lane_controller::journal::{Reader, Selection, StoredRecord};
use lane_controller::model::{PassageId, RecordKind};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::support::{free_port, start_broker};
use super::world::{PATIENCE, SITE, lane_name};

/// A mosquitto, ended when dropped.
pub(crate) struct Broker(Child);

impl Broker {
    pub(crate) fn start(dir: &Path, port: u16) -> Self {
        Self(start_broker(dir, port))
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The program with its directory, its configuration and its log.
pub(crate) struct Controller {
    pub(crate) dir: PathBuf,
    pub(crate) data: PathBuf,
    http_port: u16,
    child: Option<Child>,
}

/// Who lets vehicles go that are held after a restart.
#[derive(Clone)]
pub(crate) struct Officer {
    http_port: u16,
    token: String,
}

impl Officer {
    /// Orders a release. Whether it is carried out shows at the arm.
    pub(crate) fn release(&self, lane: &str, passage: &str) {
        let body = format!(r#"{{"order":"release","passage":"{passage}","reason":"looked at after the restart"}}"#);
        let head = format!(
            "POST /api/v1/lanes/{lane}/orders HTTP/1.1\r\nHost: lane\r\nConnection: close\r\nContent-Type: application/json\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\r\n",
            self.token,
            body.len()
        );
        // The controller may be killed at this moment.
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.http_port)) else { return };
        if stream.write_all((head + &body).as_bytes()).is_ok() {
            drop(stream.read_to_string(&mut String::new()));
        }
    }
}

/// Lanes that need a plate alone, by local rules.
fn config(dir: &Path, data: &Path, mqtt_port: u16, http_port: u16, lanes: usize, more: &str) -> String {
    let officers = dir.join("officers.toml").display().to_string();
    let data = data.display();
    let mut text = format!(
        r#"
[site]
id = "{SITE}"
[mqtt]
url = "mqtt://127.0.0.1:{mqtt_port}"
client_id = "lane-controller-test"
[http]
listen = "127.0.0.1:{http_port}"
officers_file = "{officers}"
[risk]
mode = "local"
[policy]
require = []
[data]
directory = "{data}"
{more}
"#
    );
    for lane in 0..lanes {
        text.push_str(&format!(
            r#"
[[lane]]
id = "{}"
direction = "entry"
evidence = ["tractor_plate"]
[[lane.camera]]
name = "front"
view = "front"
[[lane.loop]]
name = "approach"
[[lane.loop]]
name = "exit"
[[lane.barrier]]
name = "exit"
driver = "mqtt"
"#,
            lane_name(lane)
        ));
    }
    text
}

impl Controller {
    /// Lanes of a site on a broker, with its journal in `data`.
    pub(crate) fn new(dir: &Path, data: &Path, mqtt_port: u16, lanes: usize, more: &str) -> Self {
        let http_port = free_port();
        std::fs::write(dir.join("lane.toml"), config(dir, data, mqtt_port, http_port, lanes, more)).expect("written");
        Self { dir: dir.to_owned(), data: data.to_owned(), http_port, child: None }
    }

    /// An officer of the site: the address of its API and a token.
    pub(crate) fn officer(&self) -> Officer {
        let output = Command::new(env!("CARGO_BIN_EXE_lane-controller"))
            .args(["officer", "add", "aigul", "--role", "shift_supervisor", "--token", "--file"])
            .arg(self.dir.join("officers.toml"))
            .output()
            .expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Officer { http_port: self.http_port, token: String::from_utf8_lossy(&output.stdout).trim().to_owned() }
    }

    fn log_file(&self) -> Stdio {
        File::options().create(true).append(true).open(self.dir.join("log")).expect("a log").into()
    }

    pub(crate) fn start(&mut self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lane-controller"));
        command.args(["run", "--config"]).arg(self.dir.join("lane.toml"));
        self.child = Some(command.stderr(self.log_file()).spawn().expect("it starts"));
    }

    /// The same with no file larger than so many KiB: a write beyond that fails as on a broken disk.
    pub(crate) fn start_with_small_files(&mut self, kib: u32) {
        let limited = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", kib * 2);
        let mut command = Command::new("sh");
        command.args(["-c", &limited, env!("CARGO_BIN_EXE_lane-controller"), "run", "--config"]);
        self.child = Some(command.arg(self.dir.join("lane.toml")).stderr(self.log_file()).spawn().expect("it starts"));
    }

    /// Waits until it ends by itself; its exit code.
    #[track_caller]
    #[allow(clippy::unwrap_in_result, reason = "a child that can't be awaited fails the test")]
    pub(crate) fn ends(&mut self) -> Option<i32> {
        let end = Instant::now() + PATIENCE;
        let child = self.child.as_mut().expect("it runs");
        while Instant::now() < end {
            if let Some(status) = child.try_wait().expect("asked") {
                self.child = None;
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("it goes on\n{}", self.log());
    }

    /// Waits until readiness says something; the whole answer.
    #[track_caller]
    pub(crate) fn says(&self, wanted: impl Fn(u16, &str) -> bool) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let (status, body) = self.ready().unwrap_or_default();
            if wanted(status, &body) {
                return body;
            }
            assert!(Instant::now() < end, "readiness is {status} {body}\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    #[allow(clippy::unwrap_in_result, reason = "an answer that is none fails the test")]
    fn ready(&self) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.http_port)).ok()?;
        stream.write_all(b"GET /health/ready HTTP/1.1\r\nHost: lane\r\nConnection: close\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        Some((status, answer.split_once("\r\n\r\n").unwrap_or_default().1.to_owned()))
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.as_ref().expect("it runs").id()).expect("a pid"))
    }

    /// Power off: nothing is cleaned up.
    pub(crate) fn kill(&mut self) {
        kill(self.pid(), Signal::SIGKILL).expect("killed");
        self.child.take().expect("it runs").wait().expect("it ends");
    }

    pub(crate) fn log(&self) -> String {
        let log = std::fs::read_to_string(self.dir.join("log")).unwrap_or_default();
        let lines: Vec<_> = log.lines().rev().take(60).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    /// Exit code and report of `journal verify`.
    pub(crate) fn verify(&self) -> (Option<i32>, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_lane-controller"))
            .args(["journal", "verify", "--data"])
            .arg(&self.data)
            .output()
            .expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// Authorities to open, as the journal holds them, counted as it grows.
#[derive(Default)]
pub(crate) struct Authorities {
    through: u64,
    /// Command id to passage.
    pub(crate) all: BTreeMap<String, PassageId>,
    passages: BTreeMap<PassageId, u32>,
    completed: u64,
}

impl Authorities {
    /// Takes in what was written since the last look.
    pub(crate) fn look(&mut self, data: &Path) {
        let Ok(reader) = Reader::open(data) else { return };
        let records = reader.select(&Selection { from: self.through + 1, ..Selection::default() }).expect("read");
        for record in &records {
            self.through = record.sequence;
            self.count(record);
        }
    }

    fn count(&mut self, record: &StoredRecord) {
        self.completed += u64::from(record.kind == RecordKind::PassageCompleted);
        if record.kind != RecordKind::BarrierCommanded {
            return;
        }
        let body: serde_json::Value = serde_json::from_str(&record.body).expect("JSON");
        if body["command"] != "open" {
            return;
        }
        let passage = record.passage.expect("an authority names its passage");
        let id = body["command_id"].as_str().expect("an id").to_owned();
        assert!(self.all.insert(id, passage).is_none(), "an authority is in the journal twice");
        // An officer may let a vehicle go again after a restart.
        if body["reason"] == "release" {
            let times = self.passages.entry(passage).or_default();
            *times += 1;
            assert_eq!(*times, 1, "a passage has two authorities of the controller's own");
        }
    }

    pub(crate) const fn records(&self) -> u64 {
        self.through
    }

    /// Passages that ended.
    pub(crate) const fn completed(&self) -> u64 {
        self.completed
    }
}

/// Passages that the journal has open, by lane.
pub(crate) fn open_passages(data: &Path) -> BTreeMap<String, String> {
    let Ok(reader) = Reader::open(data) else { return BTreeMap::new() };
    let open = reader.open_passages().expect("read");
    open.into_iter().map(|open| (open.lane.as_str().to_owned(), open.passage.to_string())).collect()
}
