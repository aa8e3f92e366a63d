//! Readers and portals: the driver on real pseudo-terminals and sockets.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use lane_controller::device::listen::{ListenEvent, ListenSettings, Speaks, Telling, run};
use lane_controller::model::reader::{PortalProtocol, ReaderProtocol};
use lane_controller::model::scale::{LineFormat, ScalePort};
use lane_controller::model::{RadiationAlarm, Timestamp};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::oneshot;

use super::bench::{Heard, Indicator, PATIENCE, SILENCE, Speech};

const BACKGROUND: &[u8] = b"GB,000275,000306,000266,000271\r\nNB,000001,000002,000001,000000\r\n";
const LINES: Speaks = Speaks::Document(ReaderProtocol::Lines);
const PORTAL: Speaks = Speaks::Radiation { protocol: PortalProtocol::RpmLines, silence: SILENCE };

/// What the device is still to send.
type Queue = Arc<Mutex<VecDeque<&'static [u8]>>>;

/// Sends what is in the queue, one piece each time, and else `idle` again and again.
fn says(queue: &Queue, idle: &'static [u8]) -> Speech {
    let queue = Arc::clone(queue);
    Arc::new(Mutex::new(Box::new(move |heard| match heard {
        Heard::Tick => queue.lock().expect("not poisoned").pop_front().unwrap_or(idle).to_vec(),
        Heard::Bytes(_) => vec![],
    })))
}

fn say(queue: &Queue, bytes: &'static [u8]) {
    queue.lock().expect("not poisoned").push_back(bytes);
}

struct Driver {
    events: UnboundedReceiver<ListenEvent>,
    _stop: oneshot::Sender<()>,
}

impl Driver {
    fn start(port: ScalePort, speaks: Speaks) -> Self {
        let (events, came) = unbounded_channel();
        let (stop, stopped) = oneshot::channel();
        let settings =
            ListenSettings { port, baud: 9_600, line: LineFormat::default(), speaks, telling: Telling::Readings };
        let sink = move |event| drop(events.send(event));
        tokio::spawn(run(settings, || Timestamp::from_unix_micros(0), sink, stopped));
        Self { events: came, _stop: stop }
    }

    async fn next(&mut self) -> ListenEvent {
        self.wait(Some).await
    }

    /// The first event that gives an answer; within the patience, whatever else comes.
    async fn wait<T>(&mut self, mut wanted: impl FnMut(ListenEvent) -> Option<T>) -> T {
        let found = async {
            loop {
                let event = self.events.recv().await.expect("the driver runs");
                if let Some(found) = wanted(event) {
                    return found;
                }
            }
        };
        tokio::time::timeout(PATIENCE, found).await.expect("an event in time")
    }

    async fn document(&mut self) -> String {
        self.wait(|event| if let ListenEvent::Document(scan) = event { Some(scan.reference) } else { None }).await
    }

    async fn verdict(&mut self) -> (RadiationAlarm, Option<&'static str>) {
        self.wait(|event| if let ListenEvent::Radiation(found, why) = event { Some((found.alarm, why)) } else { None })
            .await
    }

    async fn lost(&mut self) -> String {
        self.wait(|event| if let ListenEvent::Lost { reason } = event { Some(reason) } else { None }).await
    }

    async fn found(&mut self) {
        self.wait(|event| (event == ListenEvent::Found).then_some(())).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_comes_through_a_tty_and_the_same_again_is_counted() {
    let (dir, queue) = (TempDir::new().expect("a directory"), Queue::default());
    let port = dir.path().join("kiosk");
    let _reader = Indicator::plug(&port, says(&queue, b""));
    let mut driver = Driver::start(ScalePort::Tty(port), LINES);
    driver.found().await;
    say(&queue, b"\xFF\xFE\x80\r\n]Q3PN-2\r\nPN-2\r\nMSCU1234566\r\n");
    assert_eq!(driver.next().await, ListenEvent::Refused("not_utf8"));
    assert_eq!(driver.document().await, "PN-2");
    assert_eq!(driver.next().await, ListenEvent::Duplicate);
    assert_eq!(driver.document().await, "MSCU1234566");
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_scan_is_given_up_and_the_next_one_is_whole() {
    let (dir, queue) = (TempDir::new().expect("a directory"), Queue::default());
    let port = dir.path().join("kiosk");
    let _reader = Indicator::plug(&port, says(&queue, b""));
    let mut driver = Driver::start(ScalePort::Tty(port), LINES);
    driver.found().await;
    say(&queue, b"PN-");
    assert_eq!(driver.next().await, ListenEvent::Refused("cut_off"));
    say(&queue, b"PN-2\r\n");
    assert_eq!(driver.document().await, "PN-2");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ssi_engine_is_answered() {
    let dir = TempDir::new().expect("a directory");
    let port = dir.path().join("kiosk");
    // PN-2, and PN-3 once the first is acknowledged; QR is symbology 1C.
    let mut heard_bytes = Vec::new();
    let mut begun = false;
    let speech: Speech = Arc::new(Mutex::new(Box::new(move |heard| match heard {
        Heard::Tick if !std::mem::replace(&mut begun, true) => vec![],
        Heard::Tick if heard_bytes.is_empty() => b"\x09\xF3\x00\x00\x1CPN-2\xFD\xEB".to_vec(),
        Heard::Tick => vec![],
        Heard::Bytes(bytes) => {
            heard_bytes.extend_from_slice(bytes);
            let acknowledged = heard_bytes.starts_with(&[0x04, 0xD0, 0x04, 0x00, 0xFF, 0x28]);
            if acknowledged { b"\x09\xF3\x00\x00\x1CPN-3\xFD\xEA".to_vec() } else { vec![] }
        }
    })));
    let _reader = Indicator::plug(&port, speech);
    let mut driver = Driver::start(ScalePort::Tty(port), Speaks::Document(ReaderProtocol::Ssi));
    assert_eq!(driver.document().await, "PN-2");
    assert_eq!(driver.document().await, "PN-3");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_is_pulled_out_is_lost_at_once_and_found_by_its_name() {
    let (dir, queue) = (TempDir::new().expect("a directory"), Queue::default());
    let port = dir.path().join("by-id");
    let mut driver = Driver::start(ScalePort::Tty(port.clone()), LINES);
    assert!(driver.lost().await.contains("can not be opened"));
    let reader = Indicator::plug(&port, says(&queue, b""));
    driver.found().await;
    drop(reader);
    assert!(driver.lost().await.contains("cut"));
    let _reader = Indicator::plug(&port, says(&queue, b""));
    driver.found().await;
    say(&queue, b"PN-2\r");
    assert_eq!(driver.document().await, "PN-2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_behind_a_device_server_is_read() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let mut driver = Driver::start(ScalePort::Tcp { host: "127.0.0.1".into(), port }, LINES);
    let (mut server, _) = listener.accept().await.expect("connected");
    server.write_all(b"PN-2\n").await.expect("sent");
    assert_eq!(driver.document().await, "PN-2");
    drop(server);
    driver.lost().await;
    let (mut server, _) = listener.accept().await.expect("connected again");
    server.write_all(b"PN-3\n").await.expect("sent");
    assert_eq!(driver.document().await, "PN-3");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_is_there_while_it_speaks_and_its_silence_is_a_fault_of_whoever_is_in_it() {
    let (dir, queue) = (TempDir::new().expect("a directory"), Queue::default());
    let port = dir.path().join("portal");
    let portal = Indicator::plug(&port, says(&queue, BACKGROUND));
    let mut driver = Driver::start(ScalePort::Tty(port.clone()), PORTAL);
    driver.found().await;
    say(&queue, b"GS,000301,000312,000280,000290,08-15-02.200\r\nNS,000001,000000,000001,000000\r\nGX,000123\r\n");
    assert_eq!(driver.verdict().await, (RadiationAlarm::None, None));
    say(&queue, b"GA,000901,000912,000880,000890\r\nGX,000124\r\n");
    assert_eq!(driver.verdict().await.0, RadiationAlarm::Gamma, "at once");
    assert_eq!(driver.verdict().await.0, RadiationAlarm::Gamma, "at the end");
    drop(portal);
    driver.lost().await;
    // It comes back in the middle of an occupancy, and falls silent.
    let says = Arc::new(Mutex::new(&b"GS,000301,000312,000280,000290\r\n"[..]));
    let speech: Speech = Arc::new(Mutex::new(Box::new({
        let says = Arc::clone(&says);
        move |_| says.lock().expect("not poisoned").to_vec()
    })));
    let _portal = Indicator::plug(&port, speech);
    driver.found().await;
    *says.lock().expect("not poisoned") = b"";
    let why = "no background was heard since the line was opened";
    assert_eq!(driver.verdict().await, (RadiationAlarm::Fault, Some(why)));
    assert!(driver.lost().await.contains("nothing comes"));
}
