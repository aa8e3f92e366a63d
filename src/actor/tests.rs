//! Supervision: what dies is started again, and what was open is held.

#[allow(dead_code, unreachable_pub, unused_imports, missing_docs, reason = "the simulator's own")]
#[path = "../../simulator/src/board/mod.rs"]
mod board;

use std::net::SocketAddr;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tempfile::TempDir;
use tokio::time::timeout;

use super::intake::{NotTaken, Taken};
use super::lane::LaneMsg;
use super::running::{Running, start};
use crate::config::{self, Config};
use crate::journal::{Reader, Selection};
use crate::lane::{Input, Link};
use crate::model::{
    Alarm, BarrierMode, BarrierPlace, BarrierState, DeviceName, LaneId, LoopPlace, LoopState, Observation, Phase,
    PlateRead, Position, RecordKind, Timestamp, View,
};

const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_that_dies_is_started_again_with_its_vehicle_held() {
    let dir = TempDir::new().expect("a directory");
    let running = start(&config(&dir)).await.expect("started");
    let lane = LaneId::new("in-01").expect("a name");
    vehicle_comes(&running, &lane).await;
    let before = running.board().lane(&lane).expect("shown").passage.clone().expect("a passage").id;
    let dead = running.router.lane_actor(&lane).expect("it runs");
    dead.kill();
    let held = shown(&running, &lane, |state| state.holds.iter().any(|hold| hold.code.as_str() == "restarted")).await;
    assert_eq!(held.passage.expect("a passage").id, before, "the vehicle is not lost");
    assert_eq!(held.phase, Phase::Held);
    let again = running.router.lane_actor(&lane).expect("it runs again");
    assert_ne!(again.get_id(), dead.get_id());
    assert!(running.pulse().beats().await);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c5_h36_a_lane_that_panics_again_and_again_leaves_the_other_one_at_work() {
    const PANICS: usize = 4;
    let dir = TempDir::new().expect("a directory");
    let text = config_text(&dir);
    let (site, lane) = text.split_once("[[lane]]").expect("it has a lane");
    let other = lane.replace("in-01", "in-02");
    let text = format!("{site}[policy]\nrequire = []\n[[lane]]{lane}[[lane]]{other}");
    let text = text.replace("direction = \"entry\"\n", "direction = \"entry\"\nevidence = [\"tractor_plate\"]\n");
    let running = start(&config::parse(&text, []).expect("valid")).await.expect("started");
    let [panics, works] = ["in-01", "in-02"].map(|id| LaneId::new(id).expect("a name"));
    vehicle_comes(&running, &panics).await;
    let mut dead = Vec::new();
    let panicking = async {
        while dead.len() < PANICS {
            match running.router.lane_actor(&panics).filter(|actor| !dead.contains(&actor.get_id())) {
                Some(actor) => {
                    actor.cast(LaneMsg::Panic).expect("taken");
                    dead.push(actor.get_id());
                }
                None => tokio::task::yield_now().await,
            }
        }
    };
    let working = async {
        vehicle_comes(&running, &works).await;
        let at = running.clock().now().wall;
        for observation in [
            Observation::Loop(LoopPlace::Exit, LoopState { occupied: false, at }),
            Observation::Barrier(BarrierPlace::Exit, closed(at)),
            Observation::Plate(DeviceName::new("front").expect("a name"), read(at)),
        ] {
            assert!(running.router.cast(&works, LaneMsg::Feed(Input::Observed(observation))));
        }
        shown(&running, &works, |state| state.phase == Phase::Releasing).await;
    };
    timeout(PATIENCE, async { tokio::join!(panicking, working) }).await.expect("in time");
    let held = shown(&running, &panics, |state| state.holds.iter().any(|hold| hold.code.as_str() == "restarted")).await;
    assert!(held.passage.is_some(), "the vehicle in the lane that panicked is not lost");
    let reader = Reader::open(dir.path()).expect("a journal");
    let released = Selection { kind: Some(RecordKind::Released), ..Selection::default() };
    let released = reader.select(&released).expect("read");
    assert_eq!(released.iter().map(|record| &record.lane).collect::<Vec<_>>(), [&works]);
    running.stop().await;
}

fn closed(at: Timestamp) -> BarrierState {
    BarrierState { position: Position::Closed, mode: BarrierMode::Remote, fault: None, command_id: None, at }
}

fn read(at: Timestamp) -> PlateRead {
    PlateRead {
        read_id: "1".to_owned(),
        track: None,
        at,
        plate: Some("123ABC02".into()),
        confidence: Some(0.97),
        country: None,
        view: View::Front,
        candidates: vec![],
        image: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h37_a_lane_that_does_not_answer_stops_the_pulse_of_the_watchdog() {
    let dir = TempDir::new().expect("a directory");
    let running = start(&config(&dir)).await.expect("started");
    assert!(running.pulse().beats().await);
    let lane = LaneId::new("in-01").expect("a name");
    // A ping whose answer is never taken stands for an actor that hangs: the mailbox is stopped with a gate.
    let (gate, waits) = tokio::sync::oneshot::channel();
    let actor = running.router.lane_actor(&lane).expect("it runs");
    actor.cast(LaneMsg::Hang(waits)).expect("taken");
    assert!(!running.pulse().beats().await);
    drop(gate);
    assert!(running.pulse().beats().await);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_driver_of_a_relay_line_that_dies_is_started_again_and_its_arm_is_unknown_meanwhile() {
    let cabinet = board::Cabinet::new(1, board::Kind::Timed, Duration::from_millis(500));
    let free = SocketAddr::from(([127, 0, 0, 1], 0));
    let socket = board::Socket::listen(free, board::Carries::Tcp, vec![cabinet.clone()]).expect("an address");
    let dir = TempDir::new().expect("a directory");
    let barrier = format!(
        "driver = \"modbus-tcp\"\naddress = \"{}\"\nboard = \"waveshare\"\nopen_relay = 1\nclose_relay = 2\n\
         inputs = {{ opened = 1, closed = 2 }}",
        socket.address()
    );
    let exit = "[[lane.loop]]\nname = \"exit\"\n";
    let text = config_text(&dir).replace("driver = \"mqtt\"", &barrier);
    let text = text.replace(exit, &format!("{exit}driver = \"modbus\"\ninput = 3\n"));
    let running = start(&config::parse(&text, []).expect("valid")).await.expect("started");
    let lane = LaneId::new("in-01").expect("a name");
    let mut events = running.board().listen();
    cabinet.force_open();
    shown(&running, &lane, |state| state.alarms.contains(&Alarm::BarrierForced)).await;
    running.relays[0].1.kill();
    let mut told = Vec::new();
    while told.last().is_none_or(|event| event != "device_found") {
        let event = timeout(PATIENCE, events.recv()).await.expect("in time").expect("told");
        let event: serde_json::Value = serde_json::from_str(&event.json).expect("JSON");
        told.push(event["event"].as_str().expect("a name").to_owned());
    }
    assert!(told.iter().any(|event| event == "device_lost"), "{told:?}");
    cabinet.force_closed();
    shown(&running, &lane, |state| state.alarms.iter().all(|alarm| *alarm == Alarm::BusDown)).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c2_c3_a_pushed_read_is_answered_when_it_is_durable_and_a_repeat_of_it_changes_nothing() {
    let dir = TempDir::new().expect("a directory");
    let running = start(&config(&dir)).await.expect("started");
    let lane = LaneId::new("in-01").expect("a name");
    vehicle_comes(&running, &lane).await;
    let read = push(&running, "1", Utc::now()).await;
    assert_eq!(read, Ok(Taken::Read));
    assert_eq!(evidence(&dir), ["1"], "it is in the journal when the camera is answered");
    assert_eq!(push(&running, "1", Utc::now()).await, Ok(Taken::Duplicate));
    assert_eq!(evidence(&dir), ["1"]);
    running.stop().await;
    let again = start(&config(&dir)).await.expect("started again");
    assert_eq!(push(&again, "1", Utc::now()).await, Ok(Taken::Duplicate), "after a restart, too");
    assert_eq!(evidence(&dir), ["1"]);
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h45_a_read_from_another_time_is_journaled_and_never_evidence() {
    let dir = TempDir::new().expect("a directory");
    let running = start(&config(&dir)).await.expect("started");
    let lane = LaneId::new("in-01").expect("a name");
    vehicle_comes(&running, &lane).await;
    for (id, off) in [("old", TimeDelta::minutes(-10)), ("future", TimeDelta::hours(5))] {
        assert_eq!(push(&running, id, Utc::now() + off).await, Ok(Taken::Late), "{id}");
    }
    assert_eq!(evidence(&dir), ["old", "future"]);
    let passage = running.board().lane(&lane).expect("shown").passage.clone().expect("a passage");
    assert_eq!(passage.tractor, None, "the vehicle in the lane has no plate of them");
    let reader = Reader::open(dir.path()).expect("a journal");
    let of_passage = reader.passage(passage.id).expect("read");
    assert!(of_passage.iter().all(|record| record.kind != RecordKind::Evidence));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c2_a_read_that_its_lane_did_not_take_is_not_answered_as_taken() {
    let dir = TempDir::new().expect("a directory");
    let running = start(&config(&dir)).await.expect("started");
    let lane = LaneId::new("in-01").expect("a name");
    vehicle_comes(&running, &lane).await;
    let actor = running.router.lane_actor(&lane).expect("it runs");
    let (gate, waits) = tokio::sync::oneshot::channel();
    actor.cast(LaneMsg::Hang(waits)).expect("taken");
    // The read waits in the mailbox of an actor that is killed: it is lost, and said to be.
    let ingress = running.router.ingress(&lane).expect("it has one");
    let (pushed, ()) = tokio::join!(push(&running, "1", Utc::now()), async {
        while ingress.depth() == 0 {
            tokio::task::yield_now().await;
        }
        actor.kill();
    });
    drop(gate);
    assert_eq!(pushed, Err(NotTaken::Lost));
    assert_eq!(evidence(&dir), Vec::<String>::new());
    // The lane comes back with its vehicle held, and the camera's repeat is taken as new.
    shown(&running, &lane, |state| state.phase == Phase::Held).await;
    assert_eq!(push(&running, "1", Utc::now()).await, Ok(Taken::Read));
    assert_eq!(evidence(&dir), ["1"]);
    running.stop().await;
}

async fn push(running: &Running, id: &str, at: DateTime<Utc>) -> Result<Taken, NotTaken> {
    let (lane, camera) = (LaneId::new("in-01").expect("a name"), DeviceName::new("front").expect("a name"));
    let message = serde_json::json!({
        "eventType": "ANPR", "UUID": id, "dateTime": at.to_rfc3339(),
        "ANPR": { "licensePlate": "123ABC02", "confidenceLevel": 97 },
    });
    running.intake().push(&lane, &camera, None, message.to_string().into()).await
}

/// Ids of the plate reads that the journal holds.
fn evidence(dir: &TempDir) -> Vec<String> {
    let reader = Reader::open(dir.path()).expect("a journal");
    let records = reader.select(&Selection { kind: Some(RecordKind::Evidence), ..Selection::default() }).expect("read");
    let id = |body: &str| -> String {
        let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
        body["plate"]["read"]["read_id"].as_str().expect("an id").to_owned()
    };
    records.iter().map(|record| id(&record.body)).collect()
}

fn config(dir: &TempDir) -> Config {
    config::parse(&config_text(dir), []).expect("valid")
}

fn config_text(dir: &TempDir) -> String {
    format!(
        r#"
[site]
id = "test"
[mqtt]
url = "mqtt://127.0.0.1:9"
[data]
reserve_percent = 1
ballast_mib = 0
directory = "{}"
[risk]
mode = "local"
[[lane]]
id = "in-01"
direction = "entry"
[[lane.camera]]
name = "front"
view = "front"
format = "hikvision"
[[lane.loop]]
name = "approach"
[[lane.loop]]
name = "exit"
[[lane.barrier]]
name = "exit"
driver = "mqtt"
"#,
        dir.path().display()
    )
}

async fn vehicle_comes(running: &Running, lane: &LaneId) {
    assert!(running.router.cast(lane, LaneMsg::Feed(Input::Link(Link::Up))));
    let state = LoopState { occupied: true, at: running.clock().now().wall };
    let observed = Input::Observed(Observation::Loop(LoopPlace::Approach, state));
    assert!(running.router.cast(lane, LaneMsg::Feed(observed)));
    shown(running, lane, |state| state.passage.is_some()).await;
}

async fn shown(
    running: &Running,
    lane: &LaneId,
    wanted: impl Fn(&crate::model::LaneState) -> bool,
) -> crate::model::LaneState {
    let board = running.board();
    let wait = async {
        loop {
            match board.lane(lane) {
                Some(state) if wanted(&state) => return state.as_ref().clone(),
                Some(_) | None => tokio::task::yield_now().await,
            }
        }
    };
    timeout(PATIENCE, wait).await.expect("shown in time")
}
