//! A driver, its boards, and what it told.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use lane_controller::config;
use lane_controller::device::modbus::{LineEvent, LineHandle, LineSettings, run};
use lane_controller::journal::{Batch, Journal, Limits};
use lane_controller::model::{
    Authority, BarrierPlace, BarrierState, CommandReason, DeviceHealth, LaneId, Mono, NewRecord, Now, Observation,
    OpenAuthority, Position, RecordKind, Ticket, Timestamp,
};
use lane_controller::wire::relay::{Command, Event, Fate, Stamp};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout_at;
use uuid::Uuid;

use super::board::{Cabinet, Carries, Kind, Line, Socket};

/// Longest wait for what must happen.
const PATIENCE: Duration = Duration::from_secs(20);
/// Long enough for what must not happen.
pub(crate) const QUIET: Duration = Duration::from_millis(1_500);
/// How long the simulated arm takes.
pub(crate) const TRAVEL: Duration = Duration::from_millis(600);

pub(crate) const EXIT_LOOP: usize = 2;
pub(crate) const PHOTOCELL: usize = 3;
pub(crate) const LOCAL: usize = 4;

/// How the boards are reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Socket,
    Line,
    /// Serial frames over a socket.
    Server,
}

pub(crate) const WAYS: [Way; 3] = [Way::Socket, Way::Line, Way::Server];

/// What carries the bytes; dropping it cuts the way.
pub(crate) enum Plugged {
    Socket { _socket: Socket },
    Line { _line: Line },
}

pub(crate) struct Rig {
    pub(crate) dir: TempDir,
    pub(crate) cabinets: Vec<Cabinet>,
    pub(crate) plugged: Option<Plugged>,
    pub(crate) handle: LineHandle,
    events: UnboundedReceiver<LineEvent>,
    pub(crate) seen: Vec<LineEvent>,
    journal: Journal,
    began: Instant,
    sequence: u64,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

pub(crate) fn lane(number: usize) -> LaneId {
    LaneId::new(&format!("in-{:02}", number + 1)).expect("a name")
}

fn at(began: Instant) -> Now {
    let micros = u64::try_from(began.elapsed().as_micros()).expect("small") + 1;
    Now { mono: Mono::from_micros(micros), wall: Timestamp::new(chrono::Utc::now()) }
}

/// One lane a board, all on one way.
fn config_text(way: Way, address: Option<SocketAddr>, kind: Kind, boards: usize) -> String {
    let board = match kind {
        Kind::Timed => "waveshare",
        Kind::Plain => "generic",
    };
    // The presets count from 1 and from 0.
    let first = u16::from(kind == Kind::Timed);
    let driver = match (way, address) {
        (Way::Socket, Some(address)) => format!("driver = \"modbus-tcp\"\naddress = \"{address}\""),
        (Way::Server, Some(address)) => format!("driver = \"modbus-rtu\"\naddress = \"{address}\""),
        (Way::Line, _) | (Way::Socket | Way::Server, None) => {
            "driver = \"modbus-rtu\"\nport = \"line\"\nbaud = 115200".to_owned()
        }
    };
    let mut text = "[site]\nid = \"test\"\n".to_owned();
    for number in 0..boards {
        let input = |offset: u16| offset + first;
        text.push_str(&format!(
            r#"
[[lane]]
id = "{lane}"
direction = "entry"
[[lane.loop]]
name = "exit"
driver = "modbus"
input = {exit}
[[lane.barrier]]
name = "exit"
{driver}
unit = {unit}
board = "{board}"
open_relay = {open}
close_relay = {close}
pulse = "300ms"
poll = "50ms"
open_timeout = "2s"
close_timeout = "2s"
inputs = {{ opened = {opened}, closed = {closed}, photocell = {photocell}, local = {local} }}
"#,
            lane = lane(number),
            unit = number + 1,
            open = first,
            close = first + 1,
            opened = input(0),
            closed = input(1),
            exit = input(2),
            photocell = input(3),
            local = input(4),
        ));
    }
    text
}

impl Rig {
    /// One board that is proved.
    pub(crate) async fn proved(way: Way, kind: Kind) -> Self {
        let mut rig = Self::start(way, kind, 1);
        rig.expect_online(0).await;
        rig
    }

    pub(crate) fn start(way: Way, kind: Kind, boards: usize) -> Self {
        Self::start_with(way, kind, boards, |_| {})
    }

    /// `before` may put the boards into disorder before the driver sees them.
    pub(crate) fn start_with(way: Way, kind: Kind, boards: usize, before: impl Fn(&Cabinet)) -> Self {
        let dir = TempDir::new().expect("a directory");
        let unit = |number: usize| u8::try_from(number + 1).expect("small");
        let cabinets: Vec<_> = (0..boards).map(|number| Cabinet::new(unit(number), kind, TRAVEL)).collect();
        cabinets.iter().for_each(before);
        let (plugged, address) = plug(way, None, dir.path(), &cabinets);
        let config = config::parse(&config_text(way, address, kind, boards), []).expect("valid");
        let [line] = config.relay_lines.as_slice() else { panic!("one line") };
        let settings = LineSettings { line: line.clone(), directory: dir.path().to_owned() };
        let handle = LineHandle::new();
        let (tell, events) = unbounded_channel();
        let (stop, stopped) = oneshot::channel();
        let began = Instant::now();
        let sink = move |event| drop(tell.send(event));
        let task = tokio::spawn(run(settings, handle.clone(), move || at(began), sink, stopped));
        let journal = Journal::open(&dir.path().join("data"), Limits::default()).expect("a journal");
        let (seen, sequence, stop) = (vec![], 0, Some(stop));
        Self { dir, cabinets, plugged: Some(plugged), handle, events, seen, journal, began, sequence, stop, task }
    }

    pub(crate) fn board(&self) -> &Cabinet {
        &self.cabinets[0]
    }

    /// Cuts the way, and makes it anew under the same name.
    pub(crate) fn plug_again(&mut self, way: Way, address: Option<SocketAddr>) {
        self.plugged = None;
        self.plugged = Some(plug(way, address, self.dir.path(), &self.cabinets).0);
    }

    fn stamp(&mut self, issued: Mono) -> Stamp {
        self.sequence += 1;
        Stamp { epoch: 1, sequence: self.sequence, issued, ttl: Duration::from_secs(2) }
    }

    /// Opens as the lane does: the reason is durable first.
    pub(crate) async fn open(&mut self, number: usize, id: u128) {
        let authority = self.authority(&lane(number), id).await;
        let now = at(self.began).mono;
        let command = Command::open(authority, self.stamp(now));
        self.handle.command(&lane(number), BarrierPlace::Exit, command).expect("taken");
    }

    pub(crate) fn close(&mut self, id: u128) {
        let now = at(self.began).mono;
        let command = Command::close(Uuid::from_u128(id), self.stamp(now));
        self.handle.command(&lane(0), BarrierPlace::Exit, command).expect("taken");
    }

    async fn authority(&self, lane: &LaneId, id: u128) -> OpenAuthority {
        let (now, ticket) = (at(self.began), Ticket(u64::try_from(id).expect("small")));
        let kind = RecordKind::BarrierCommanded;
        let record = NewRecord { at: now.wall, lane: lane.clone(), passage: None, kind, body: "{}".into() };
        let (done, receipt) = oneshot::channel();
        let batch = Batch { ticket, lane: lane.clone(), records: vec![record] };
        self.journal.append(batch, Box::new(move |result| drop(done.send(result))));
        let committed = receipt.await.expect("answered").expect("durable");
        let authority = Authority {
            lane: lane.clone(),
            passage: None,
            barrier: BarrierPlace::Exit,
            reason: CommandReason::Release,
            command_id: Uuid::from_u128(id),
            ticket,
            issued: now.mono,
            expires: now.mono + Duration::from_secs(120),
        };
        OpenAuthority::grant(authority, &committed.receipt, now.mono).expect("granted")
    }

    /// Waits for an event.
    #[track_caller]
    pub(crate) fn expect(
        &mut self,
        what: impl std::fmt::Display,
        wanted: impl Fn(&LineEvent) -> bool,
    ) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let end = tokio::time::Instant::now() + PATIENCE;
            loop {
                let Ok(Some(event)) = timeout_at(end, self.events.recv()).await else {
                    panic!("{caller}: waited in vain for {what}; seen: {:#?}", self.told());
                };
                let found = wanted(&event);
                self.seen.push(event);
                if found {
                    return;
                }
            }
        }
    }

    /// Takes what comes for a while.
    pub(crate) async fn watch(&mut self, time: Duration) {
        let end = tokio::time::Instant::now() + time;
        while let Ok(Some(event)) = timeout_at(end, self.events.recv()).await {
            self.seen.push(event);
        }
    }

    #[track_caller]
    pub(crate) fn expect_state(
        &mut self,
        what: impl std::fmt::Display,
        wanted: impl Fn(&BarrierState) -> bool,
    ) -> impl Future<Output = ()> {
        self.expect(what, move |event| state(event).is_some_and(&wanted))
    }

    #[track_caller]
    pub(crate) fn expect_position(&mut self, position: Position) -> impl Future<Output = ()> {
        self.expect_state(format!("{position:?}"), move |state| state.position == position)
    }

    #[track_caller]
    pub(crate) fn expect_fault(&mut self, fault: Option<&'static str>) -> impl Future<Output = ()> {
        self.expect_state(format!("{fault:?}"), move |state| state.fault.as_deref() == fault)
    }

    #[track_caller]
    pub(crate) fn expect_online(&mut self, number: usize) -> impl Future<Output = ()> {
        self.expect("the board is there", move |event| health(event, number).is_some_and(|health| health.online))
    }

    #[track_caller]
    pub(crate) fn expect_lost(&mut self, number: usize) -> impl Future<Output = ()> {
        self.expect("the board is lost", move |event| health(event, number).is_some_and(|health| !health.online))
    }

    #[track_caller]
    pub(crate) fn expect_fate(&mut self, id: u128, expected: Fate) -> impl Future<Output = ()> {
        self.expect(format!("{id}: {expected:?}"), move |event| match event {
            LineEvent::Board(Event::Commanded { id: of, fate, .. }) => of.as_u128() == id && *fate == expected,
            LineEvent::Board(Event::Observed(..) | Event::Stopped(..))
            | LineEvent::Opened
            | LineEvent::Cut { .. }
            | LineEvent::Exchanged(..)
            | LineEvent::Garbled { .. } => false,
        })
    }

    /// Whether a board was said to be lost since the events were last forgotten.
    pub(crate) fn was_lost(&self) -> bool {
        self.seen.iter().any(|event| health(event, 0).is_some_and(|health| !health.online))
    }

    /// What was told, without the exchanges.
    pub(crate) fn told(&self) -> Vec<&LineEvent> {
        self.seen.iter().filter(|event| !matches!(event, LineEvent::Exchanged(..))).collect()
    }

    /// Stops the driver as the program does, and waits for it.
    pub(crate) async fn stop(self) -> Vec<Cabinet> {
        self.handle.shutdown().await;
        self.task.await.expect("it ended well");
        drop(self.stop);
        self.cabinets
    }

    /// Stops the driver as its actor does.
    pub(crate) async fn drop_driver(mut self) -> Vec<Cabinet> {
        drop(self.stop.take());
        self.task.await.expect("it ended well");
        self.cabinets
    }
}

fn plug(way: Way, address: Option<SocketAddr>, dir: &Path, cabinets: &[Cabinet]) -> (Plugged, Option<SocketAddr>) {
    let carries = match way {
        Way::Socket => Carries::Tcp,
        Way::Server => Carries::Serial,
        Way::Line => {
            let line = Line::plug(&dir.join("line"), cabinets.to_vec()).expect("a pseudo-terminal");
            return (Plugged::Line { _line: line }, None);
        }
    };
    let address = address.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)));
    let socket = Socket::listen(address, carries, cabinets.to_vec()).expect("an address");
    let address = socket.address();
    (Plugged::Socket { _socket: socket }, Some(address))
}

impl Plugged {
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Socket { _socket: socket } => Some(socket.address()),
            Self::Line { .. } => None,
        }
    }
}

fn state(event: &LineEvent) -> Option<&BarrierState> {
    match event {
        LineEvent::Board(Event::Observed(_, Observation::Barrier(_, state))) => Some(state),
        LineEvent::Board(..)
        | LineEvent::Opened
        | LineEvent::Cut { .. }
        | LineEvent::Exchanged(..)
        | LineEvent::Garbled { .. } => None,
    }
}

fn health(event: &LineEvent, number: usize) -> Option<&DeviceHealth> {
    match event {
        LineEvent::Board(Event::Observed(of, Observation::Health(_, health))) if *of == lane(number) => Some(health),
        LineEvent::Board(..)
        | LineEvent::Opened
        | LineEvent::Cut { .. }
        | LineEvent::Exchanged(..)
        | LineEvent::Garbled { .. } => None,
    }
}
