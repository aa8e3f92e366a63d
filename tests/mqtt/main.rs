//! The link against a real mosquitto: nothing is lost before it is owned, nothing expires late, and it comes back.

#[path = "../support/mod.rs"]
mod support;

use std::collections::VecDeque;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use lane_controller::device::mqtt::{Ack, InboundMessage, LinkEvent, LinkHandle, LinkSettings, Outgoing, Will, start};
use support::{free_port, start_broker};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;

const PATIENCE: Duration = Duration::from_secs(20);
/// Long enough for a wrong delivery to arrive.
const QUIET: Duration = Duration::from_millis(500);

#[tokio::test(flavor = "multi_thread")]
async fn c2_a_message_that_nobody_owned_comes_again_and_an_owned_one_does_not() {
    let broker = Broker::start();
    let mut first = Link::start(&broker, "c").await;
    broker.publish("bcp/t/one", "owned", &[]);
    broker.publish("bcp/t/two", "not owned", &[]);
    drop(first.message().await.ack);
    let kept: Ack = first.message().await.ack;
    first.unacknowledged(1).await;
    first.handle.shutdown().await;
    std::mem::forget(kept);
    let mut second = Link::start(&broker, "c").await;
    let again = second.message().await;
    assert_eq!((again.topic.as_str(), again.duplicate), ("bcp/t/two", true));
    drop(again.ack);
    second.nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledgements_keep_the_order_of_receipt() {
    let broker = Broker::start();
    let mut first = Link::start(&broker, "c").await;
    for number in ["1", "2", "3"] {
        broker.publish("bcp/t/x", number, &[]);
    }
    let one = first.message().await;
    drop(first.message().await);
    drop(first.message().await);
    first.unacknowledged(3).await;
    drop(one);
    first.unacknowledged(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_never_has_more_under_way_than_the_limit() {
    let broker = Broker::start();
    let mut link = Link::start(&broker, "c").await;
    let lines: String = (0..3_000).map(|number| format!("{number}\n")).collect();
    let flood = tokio::task::spawn_blocking({
        let port = broker.port.to_string();
        move || {
            use std::io::Write;
            let mut child = Command::new("mosquitto_pub")
                .args(["-h", "127.0.0.1", "-p", &port, "-q", "0", "-t", "bcp/t/flood", "-l"])
                .stdin(Stdio::piped())
                .spawn()
                .expect("mosquitto_pub runs");
            child.stdin.take().expect("piped").write_all(lines.as_bytes()).expect("written");
            assert!(child.wait().expect("it ends").success());
        }
    });
    let mut held = Vec::new();
    while let Ok(Some(LinkEvent::Message(message))) = tokio::time::timeout(QUIET, link.events.recv()).await {
        held.push(message);
    }
    assert_eq!(held.len(), 1_024, "reading stops at the limit");
    assert!(link.handle.waits() > 0);
    held.clear();
    assert!(tokio::time::timeout(PATIENCE, link.events.recv()).await.expect("reading goes on").is_some());
    flood.await.expect("flooded");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_comes_back_and_brings_states_and_events_but_no_stale_command() {
    let mut broker = Broker::start();
    let mut link = Link::start(&broker, "c").await;
    broker.kill();
    link.down().await;
    link.handle.publish(Outgoing::retained("out/state".into(), b"old".to_vec())).expect("kept");
    link.handle.publish(Outgoing::retained("out/state".into(), b"latest".to_vec())).expect("kept");
    link.handle.publish(Outgoing::plain("out/event".into(), b"event".to_vec())).expect("kept");
    assert!(link.handle.publish(Outgoing::expiring("out/command".into(), b"open".to_vec(), 2)).is_err());
    broker.restart();
    let witness = broker.witness("out/#");
    link.up().await;
    assert_eq!(witness.lines(2), ["out/event event", "out/state latest"]);
    broker.publish("bcp/t/x", "subscribed again", &[]);
    assert_eq!(link.message().await.payload.as_ref(), b"subscribed again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a10_a_command_expires_and_is_never_kept_by_the_broker() {
    let broker = Broker::start();
    let link = Link::start(&broker, "c").await;
    let witness = broker.witness("out/#");
    link.handle.publish(Outgoing::expiring("out/command".into(), b"open".to_vec(), 2)).expect("sent");
    assert_eq!(witness.lines(1), ["out/command open"]);
    broker.publish("out/late", "now", &["-r"]);
    assert_eq!(broker.witness("out/#").lines(1), ["out/late now"], "only the state was kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_ended_runs_again_on_the_same_handle() {
    let broker = Broker::start();
    let mut link = Link::start(&broker, "c").await;
    let witness = broker.witness("out/#");
    link.task.abort();
    link.run_again(&broker, "c");
    link.down().await;
    link.up().await;
    link.handle.publish(Outgoing::plain("out/event".into(), b"alive".to_vec())).expect("sent");
    assert_eq!(witness.lines(1), ["out/event alive"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_will_tells_of_a_death() {
    let broker = Broker::start();
    let witness = broker.witness("will/#");
    let link = Link::start(&broker, "c").await;
    link.task.abort();
    assert_eq!(witness.lines(2), ["will/c born", "will/c gone"]);
}

struct Broker {
    dir: TempDir,
    port: u16,
    child: Child,
}

impl Broker {
    fn start() -> Self {
        let dir = TempDir::new().expect("a directory");
        let port = free_port();
        let child = start_broker(dir.path(), port);
        Self { dir, port, child }
    }

    fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("it ends");
    }

    fn restart(&mut self) {
        self.child = start_broker(self.dir.path(), self.port);
    }

    fn publish(&self, topic: &str, payload: &str, more: &[&str]) {
        let port = self.port.to_string();
        let arguments = ["-h", "127.0.0.1", "-p", &port, "-q", "1", "-t", topic, "-m", payload];
        let sent = Command::new("mosquitto_pub").args(arguments).args(more).status();
        assert!(sent.expect("mosquitto_pub runs").success());
    }

    /// A subscriber that is not ours. It is subscribed when this returns.
    fn witness(&self, filter: &str) -> Witness {
        use std::io::BufRead;
        let port = self.port.to_string();
        let mut child = Command::new("mosquitto_sub")
            .args(["-h", "127.0.0.1", "-p", &port, "-q", "1", "-t", filter, "-t", "ready", "-v"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("mosquitto_sub runs");
        let lines = std::io::BufReader::new(child.stdout.take().expect("piped"));
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || lines.lines().map_while(Result::ok).all(|line| tell.send(line).is_ok()));
        self.publish("ready", "yes", &["-r"]);
        let mut early = Vec::new();
        loop {
            let line: String = told.recv_timeout(PATIENCE).expect("subscribed");
            if line == "ready yes" {
                break;
            }
            early.push(line);
        }
        Witness { child, told, early }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

struct Witness {
    child: Child,
    told: std::sync::mpsc::Receiver<String>,
    early: Vec<String>,
}

impl Witness {
    fn lines(&self, count: usize) -> Vec<String> {
        let later = (self.early.len()..count).map(|_| self.told.recv_timeout(PATIENCE).expect("a message"));
        self.early.iter().take(count).cloned().chain(later).collect()
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn settings(broker: &Broker, client_id: &str) -> LinkSettings {
    LinkSettings {
        url: format!("mqtt://127.0.0.1:{}", broker.port),
        client_id: client_id.to_owned(),
        username: None,
        password: None,
        will: Will { topic: format!("will/{client_id}"), payload: b"gone".to_vec() },
        birth: b"born".to_vec(),
        subscriptions: vec!["bcp/t/#".to_owned(), "canary".to_owned()],
        watched: vec![],
        canary: "canary".to_owned(),
        session_expiry: Duration::from_secs(60),
    }
}

struct Link {
    handle: LinkHandle,
    task: JoinHandle<()>,
    events: UnboundedReceiver<LinkEvent>,
    /// A kept session's messages come before the subscriptions are answered.
    early: VecDeque<InboundMessage>,
}

impl Link {
    async fn start(broker: &Broker, client_id: &str) -> Self {
        let settings = settings(broker, client_id);
        let (tell, events) = unbounded_channel();
        let handler = Box::new(move |event| drop(tell.send(event)));
        let (handle, task) = start(settings, handler).expect("started");
        let mut link = Self { handle, task, events, early: VecDeque::new() };
        link.up().await;
        link
    }

    /// The task ended; another takes over.
    fn run_again(&mut self, broker: &Broker, client_id: &str) {
        let (tell, events) = unbounded_channel();
        let handler = Box::new(move |event| drop(tell.send(event)));
        self.task = self.handle.run(settings(broker, client_id), handler).expect("run");
        self.events = events;
    }

    async fn event(&mut self) -> LinkEvent {
        tokio::time::timeout(PATIENCE, self.events.recv()).await.expect("in time").expect("the link runs")
    }

    async fn up(&mut self) {
        loop {
            match self.event().await {
                LinkEvent::Up { .. } => return,
                LinkEvent::Message(message) => self.early.push_back(message),
                LinkEvent::Down { .. }
                | LinkEvent::Stalled
                | LinkEvent::SubscriptionRefused { .. }
                | LinkEvent::PublishRefused { .. }
                | LinkEvent::TakenOver { .. } => {}
            }
        }
    }

    async fn down(&mut self) {
        while !matches!(self.event().await, LinkEvent::Down { .. }) {}
    }

    async fn message(&mut self) -> InboundMessage {
        if let Some(message) = self.early.pop_front() {
            return message;
        }
        loop {
            if let LinkEvent::Message(message) = self.event().await {
                return message;
            }
        }
    }

    async fn nothing(&mut self) {
        let event = tokio::time::timeout(QUIET, self.events.recv()).await;
        assert!(event.is_err(), "{event:?}");
    }

    /// Waits until so many messages wait for their owner.
    async fn unacknowledged(&self, count: usize) {
        let wait = async {
            while self.handle.unacknowledged() != count {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("so many wait");
    }
}
