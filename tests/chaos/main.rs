//! Trouble between the program and a real mosquitto: every rule of MQTT in the safety case, vehicles under chaos, and a
//! lane that floods beside one that works. docs/safety/chaos.md has the rules, the commands and the figures.

#[allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "the simulator's own, which has more than these tests use"
)]
#[path = "../../simulator/src/chaos/mod.rs"]
mod chaos;
mod controller;
mod field;
mod flood;
mod link;
mod program;
mod rules;
#[allow(dead_code, reason = "what all black-box tests share has more than these use")]
#[path = "../support/mod.rs"]
mod support;
mod vehicles;

use std::net::SocketAddr;
use std::process::{Child, Command};
use std::time::Duration;

use chaos::{Plan, Proxy};
use support::{free_port, start_broker_with};
use tempfile::TempDir;

/// Longest wait for anything that must happen.
const PATIENCE: Duration = Duration::from_secs(60);
/// Long enough for what must not happen.
const QUIET: Duration = Duration::from_secs(1);

/// A mosquitto and the trouble before it.
struct Bus {
    dir: TempDir,
    port: u16,
    broker: Child,
    more: String,
    proxy: Proxy,
}

impl Bus {
    async fn start() -> Self {
        Self::start_with("", Plan::default(), 0).await
    }

    /// With more lines in mosquitto's configuration, and dice.
    async fn start_with(more: &str, plan: Plan, seed: u64) -> Self {
        let dir = TempDir::new().expect("a directory");
        let port = free_port();
        let broker = start_broker_with(dir.path(), port, more);
        let local = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let proxy = Proxy::start(local(0), local(port), seed, plan).await.expect("a proxy");
        Self { dir, port, broker, more: more.to_owned(), proxy }
    }

    /// The broker dies without a memory, and comes back.
    fn restart(&mut self) {
        self.broker.kill().expect("killed");
        self.broker.wait().expect("it ends");
        self.broker = start_broker_with(self.dir.path(), self.port, &self.more);
    }

    /// Publishes beside the proxy.
    fn publish(&self, topic: &str, payload: &str, more: &[&str]) {
        let port = self.port.to_string();
        let arguments = ["-h", "127.0.0.1", "-p", &port, "-q", "1", "-t", topic, "-m", payload];
        let sent = Command::new("mosquitto_pub").args(arguments).args(more).status();
        assert!(sent.expect("mosquitto_pub runs").success());
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.broker.kill().ok();
        self.broker.wait().ok();
    }
}
