//! What the demo's controller finds on disk: directory, configuration, officers.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use lane_controller::model::Direction;

/// The demo's site.
pub const SITE: &str = "demo";
/// The lanes, in the order in which they are put up.
pub const LANES: [(&str, Direction); 4] = [
    ("in-01", Direction::Entry),
    ("in-02", Direction::Entry),
    ("out-01", Direction::Exit),
    ("out-02", Direction::Exit),
];
/// Who signs orders: name, role, password. Secrets of a site on loopback that lives for minutes.
pub const INSPECTOR: (&str, &str, &str) = ("inspector", "officer", "demo-inspector-only");
/// Who gives the second signature.
pub const SUPERVISOR: (&str, &str, &str) = ("supervisor", "shift_supervisor", "demo-supervisor-only");

/// Why there is no place for the demo.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A directory that is not the demo's alone.
    #[error("{0} is not empty; the demo needs an empty directory, because its journal starts at the first record")]
    NotEmpty(PathBuf),
    /// The disk.
    #[error("{doing} {path}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
}

/// The demo's directory; a temporary one is removed with it.
#[derive(Debug)]
pub struct Home {
    root: PathBuf,
    _temporary: Option<tempfile::TempDir>,
}

impl Home {
    /// Takes `keep`, or makes a temporary directory.
    ///
    /// # Errors
    /// When `keep` is not empty, or the disk refuses.
    pub fn make(keep: Option<&Path>) -> Result<Self, SetupError> {
        let Some(root) = keep else {
            let temporary = tempfile::Builder::new().prefix("lane-demo-").tempdir();
            let path = std::env::temp_dir();
            let temporary =
                temporary.map_err(|source| SetupError::Io { doing: "making a directory in", path, source })?;
            return Ok(Self { root: temporary.path().to_owned(), _temporary: Some(temporary) });
        };
        let failed = |source| SetupError::Io { doing: "making", path: root.to_owned(), source };
        std::fs::create_dir_all(root).map_err(failed)?;
        if std::fs::read_dir(root).map_err(failed)?.next().is_some() {
            return Err(SetupError::NotEmpty(root.to_owned()));
        }
        let root = root.canonicalize().map_err(failed)?;
        Ok(Self { root, _temporary: None })
    }

    /// The directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The controller's configuration.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.root.join("lane-controller.toml")
    }

    /// The controller's `[data] directory`.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// The officers.
    #[must_use]
    pub fn officers(&self) -> PathBuf {
        self.root.join("officers.toml")
    }

    /// What the controller says.
    #[must_use]
    pub fn controller_log(&self) -> PathBuf {
        self.root.join("controller.log")
    }

    /// What the simulator says.
    #[must_use]
    pub fn simulator_log(&self) -> PathBuf {
        self.root.join("simulator.log")
    }

    /// Writes the configuration, and makes the data directory.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write_config(&self, broker_port: u16, http: SocketAddr, ports: &[PathBuf]) -> Result<(), SetupError> {
        let data = self.data();
        std::fs::create_dir_all(&data).map_err(|source| SetupError::Io { doing: "making", path: data, source })?;
        let path = self.config();
        std::fs::write(&path, self.config_text(broker_port, http, ports)).map_err(|source| SetupError::Io {
            doing: "writing",
            path,
            source,
        })
    }

    fn config_text(&self, broker_port: u16, http: SocketAddr, ports: &[PathBuf]) -> String {
        let mut text = format!(
            r#"[site]
id = "{SITE}"
time_zone = "Asia/Almaty"

[mqtt]
url = "mqtt://127.0.0.1:{broker_port}"
client_id = "lane-controller-{SITE}"

[data]
reserve_percent = 1
ballast_mib = 0
directory = {data}

[http]
listen = "{http}"
officers_file = {officers}

[risk]
mode = "rms"
request_timeout = "1s"
pre_arrival = true

[policy]
weight_tolerance = {{ kg = 300, percent = 3.0 }}
notification_lead = "2h"
require = ["notification", "declaration"]
"#,
            data = quoted(&self.data()),
            officers = quoted(&self.officers()),
        );
        for ((id, direction), port) in LANES.iter().zip(ports) {
            text.push_str(&lane_text(id, *direction, port));
        }
        text
    }
}

fn lane_text(id: &str, direction: Direction, port: &Path) -> String {
    format!(
        r#"
[[lane]]
id = "{id}"
direction = "{direction}"
evidence = ["tractor_plate", "trailer_plate", "weight"]
evidence_timeout = "20s"

[[lane.camera]]
name = "front"
view = "front"
format = "native"

[[lane.camera]]
name = "rear"
view = "rear"
format = "native"

[[lane.loop]]
name = "approach"

[[lane.loop]]
name = "scale"

[[lane.loop]]
name = "exit"

[lane.scale]
name = "bridge"
driver = "serial"
port = {port}
baud = 9600
protocol = "mt-sics"
minimum_kg = 400

[[lane.barrier]]
name = "exit"
driver = "mqtt"
open_timeout = "8s"
close_timeout = "8s"
"#,
        direction = direction.as_str(),
        port = quoted(port),
    )
}

/// A TOML basic string; JSON's escapes are among TOML's.
fn quoted(path: &Path) -> String {
    serde_json::Value::from(path.to_string_lossy()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_has_a_lane_for_every_port_and_no_more() {
        let keep = tempfile::tempdir().expect("a directory");
        let home = Home::make(Some(&keep.path().join("a \"demo\""))).expect("made");
        let http = SocketAddr::from(([127, 0, 0, 1], 9750));
        let text = home.config_text(18_830, http, &["/dev/pts/7".into(), "/dev/pts/8".into()]);
        assert_eq!(text.matches("[[lane]]").count(), 2);
        assert!(text.contains("id = \"in-02\"\ndirection = \"entry\""));
        assert!(text.contains("port = \"/dev/pts/8\""));
        assert!(text.contains("a \\\"demo\\\"/data\""), "{text}");
        assert!(text.contains("url = \"mqtt://127.0.0.1:18830\""));
    }

    #[test]
    fn a_directory_with_something_in_it_is_not_taken() {
        let keep = tempfile::tempdir().expect("a directory");
        std::fs::write(keep.path().join("journal.db"), "x").expect("written");
        assert!(matches!(Home::make(Some(keep.path())), Err(SetupError::NotEmpty(_))));
        assert!(Home::make(Some(&keep.path().join("new"))).is_ok());
    }
}
