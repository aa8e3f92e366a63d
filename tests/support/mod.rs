//! What black-box tests and benches share: a real mosquitto on a free port of loopback.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longest wait for a program to listen.
const LISTENS_WITHIN: Duration = Duration::from_secs(20);

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

/// Starts a mosquitto without a memory; it listens when this returns.
pub(crate) fn start_broker(dir: &Path, port: u16) -> Child {
    start_broker_with(dir, port, "")
}

/// The same with more lines in its configuration.
pub(crate) fn start_broker_with(dir: &Path, port: u16, more: &str) -> Child {
    let config = dir.join("mosquitto.conf");
    let always = "allow_anonymous true\npersistence false\nset_tcp_nodelay true\n";
    let text = format!("listener {port} 127.0.0.1\n{always}{more}");
    std::fs::write(&config, text).expect("written");
    let paths = ["/usr/sbin/mosquitto", "/usr/bin/mosquitto"];
    let mosquitto = paths.into_iter().find(|path| Path::new(path).exists());
    let mosquitto = mosquitto.expect("mosquitto is installed: apt-get install mosquitto mosquitto-clients");
    let broker = Command::new(mosquitto).arg("-c").arg(&config).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(began.elapsed() < LISTENS_WITHIN, "mosquitto does not listen");
        std::thread::yield_now();
    }
    broker.expect("mosquitto starts")
}
