//! Lanes with trucks behind a real broker. Devices keep their state on it; trucks move by what the lanes publish.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rumqttc::{Client, Connection, Event, MqttOptions, Packet, QoS};
use serde_json::{Value, json};

use super::controller::Officer;

pub(crate) const SITE: &str = "test";
/// Longest wait for anything that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// How often trucks are moved.
const TICK: Duration = Duration::from_millis(20);
/// Between two trucks of a lane: more often its loops would count as chattering.
const BETWEEN_TRUCKS: Duration = Duration::from_millis(1_300);

pub(crate) fn lane_name(lane: usize) -> String {
    format!("in-{:02}", lane + 1)
}

/// What a truck or a device does next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Move {
    Approach(bool),
    Exit(bool),
    Plate,
    ArmClosed,
}

#[derive(Default)]
struct Lane {
    /// The last state since the controller started; none before.
    state: Option<Value>,
    /// Its first one.
    first: Option<Value>,
    truck_stands: bool,
    is_open: bool,
    moves: VecDeque<(Duration, Move)>,
    moved: Option<Instant>,
    came: Option<Instant>,
    trucks: u32,
}

#[derive(Default)]
struct Seen {
    lanes: Vec<Lane>,
    runs: bool,
    /// Open commands by id, and how often each was seen.
    opens: BTreeMap<String, u32>,
    marks: u64,
    stopped: bool,
}

/// The world. Dropped, it stands still.
pub(crate) struct World {
    seen: Arc<(Mutex<Seen>, Condvar)>,
    client: Client,
    marks: u64,
}

fn locked(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

fn now() -> String {
    chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

impl World {
    /// Empty lanes, arms down; trucks come as soon as a lane is vacant.
    pub(crate) fn start(port: u16, lanes: usize) -> Self {
        let mut options = MqttOptions::new("world", "127.0.0.1", port);
        options.set_keep_alive(Duration::from_secs(30));
        let (client, connection) = Client::new(options, 1_000);
        let seen = Seen { lanes: (0..lanes).map(|_| Lane::default()).collect(), ..Seen::default() };
        let seen = Arc::new((Mutex::new(seen), Condvar::new()));
        client.subscribe(format!("bcp/{SITE}/#"), QoS::AtLeastOnce).expect("asked");
        let world = Self { seen: Arc::clone(&seen), client: client.clone(), marks: 0 };
        std::thread::spawn(move || listen(connection, &seen));
        for lane in 0..lanes {
            for step in [Move::Approach(false), Move::Exit(false), Move::ArmClosed] {
                send(&client, lane, step, 0);
            }
        }
        let (seen, client) = (Arc::clone(&world.seen), client);
        std::thread::spawn(move || drive(&seen, &client));
        world
    }

    /// An officer lets go whoever is held after a restart and stands at a closed arm.
    pub(crate) fn has_officer(&self, officer: Officer) {
        let seen = Arc::clone(&self.seen);
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(TICK * 5);
                let guard = locked(&seen.0);
                if guard.stopped {
                    return;
                }
                let waits = |(number, lane): (usize, &Lane)| {
                    let stands = lane.truck_stands && !lane.is_open && lane.moves.is_empty();
                    lane.restarted().filter(|_| stands).map(|passage| (lane_name(number), passage))
                };
                let waiting: Vec<_> = guard.lanes.iter().enumerate().filter_map(waits).collect();
                drop(guard);
                for (lane, passage) in waiting {
                    officer.release(&lane, &passage);
                }
            }
        });
    }

    fn with<T>(&self, read: impl FnOnce(&mut Seen) -> T) -> T {
        read(&mut locked(&self.seen.0))
    }

    /// The controller is gone: nothing moves, and what it said counts no more.
    pub(crate) fn controller_died(&mut self) {
        self.with(|seen| seen.runs = false);
        // All that the broker has of it comes before a message of our own.
        self.marks += 1;
        let mark = self.marks;
        self.client.publish(format!("bcp/{SITE}/mark"), QoS::AtLeastOnce, false, mark.to_string()).expect("sent");
        self.wait_for("the mark", |seen| seen.marks >= mark);
        self.with(|seen| {
            for lane in &mut seen.lanes {
                (lane.state, lane.first) = (None, None);
            }
        });
    }

    /// The controller was started: its states count.
    pub(crate) fn controller_starts(&self) {
        self.with(|seen| seen.runs = true);
    }

    #[track_caller]
    fn wait_for(&self, what: &str, wanted: impl Fn(&Seen) -> bool) {
        assert!(self.happens(wanted), "waited in vain for {what}: {:#?}", self.states());
    }

    /// Waits until it is so, and tells whether it was.
    fn happens(&self, wanted: impl Fn(&Seen) -> bool) -> bool {
        let (seen, changed) = &*self.seen;
        let end = Instant::now() + PATIENCE;
        let mut guard = locked(seen);
        while !wanted(&guard) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            guard = changed.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Waits until every lane has said how it starts; what each said first.
    pub(crate) fn first_states(&self) -> Option<BTreeMap<String, Value>> {
        if !self.happens(|seen| seen.lanes.iter().all(|lane| lane.first.is_some())) {
            return None;
        }
        let first = |(number, lane): (usize, &Lane)| Some((lane_name(number), lane.first.clone()?));
        Some(self.with(|seen| seen.lanes.iter().enumerate().filter_map(first).collect()))
    }

    /// Waits until so many more trucks were let go on every lane.
    pub(crate) fn serves(&self, trucks: u32) -> bool {
        let before: Vec<u32> = self.with(|seen| seen.lanes.iter().map(|lane| lane.trucks).collect());
        self.happens(|seen| seen.lanes.iter().zip(&before).all(|(lane, before)| lane.trucks >= before + trucks))
    }

    /// Waits until trucks are let go again.
    pub(crate) fn goes_on(&self) -> bool {
        let trucks = |seen: &Seen| seen.lanes.iter().map(|lane| lane.trucks).sum::<u32>();
        let before = self.with(|seen| trucks(seen));
        self.happens(|seen| trucks(seen) > before)
    }

    /// Waits until all lanes show something.
    pub(crate) fn all_show(&self, wanted: impl Fn(&Value) -> bool) -> bool {
        self.happens(|seen| seen.lanes.iter().all(|lane| lane.state.as_ref().is_some_and(&wanted)))
    }

    /// Waits until every lane has shown something since it is asked, at one time or another.
    pub(crate) fn each_showed(&self, wanted: impl Fn(&Value) -> bool) -> bool {
        let shown = Mutex::new(BTreeSet::new());
        self.happens(|seen| {
            let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
            for (number, lane) in seen.lanes.iter().enumerate() {
                if lane.state.as_ref().is_some_and(&wanted) {
                    shown.insert(number);
                }
            }
            shown.len() == seen.lanes.len()
        })
    }

    /// Open commands seen, and how often each.
    pub(crate) fn opens(&self) -> BTreeMap<String, u32> {
        self.with(|seen| seen.opens.clone())
    }

    pub(crate) fn states(&self) -> Vec<String> {
        let shown = |lane: &Lane| lane.state.as_ref().map(|state| state.to_string()).unwrap_or_default();
        self.with(|seen| seen.lanes.iter().map(shown).collect())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.with(|seen| seen.stopped = true);
        drop(self.client.disconnect());
    }
}

fn listen(mut connection: Connection, seen: &(Mutex<Seen>, Condvar)) {
    for event in connection.iter() {
        match event {
            Ok(Event::Incoming(Packet::Publish(message))) => {
                let payload = serde_json::from_slice(&message.payload).unwrap_or(Value::Null);
                take(&mut locked(&seen.0), &message.topic, payload, message.retain);
                seen.1.notify_all();
            }
            Ok(_) => {}
            Err(_) => return,
        }
    }
}

fn take(seen: &mut Seen, topic: &str, payload: Value, retained: bool) {
    let parts: Vec<&str> = topic.split('/').collect();
    match parts.as_slice() {
        [_, _, "mark"] => seen.marks = payload.as_u64().unwrap_or(0),
        [_, _, "lane", name, "state"] if seen.runs && !retained => {
            if let Some(lane) = lane_of(seen, name) {
                lane.first.get_or_insert_with(|| payload.clone());
                lane.state = Some(payload);
            }
        }
        [_, _, "lane", name, "barrier", "exit", "command"] => {
            let is_open = payload["command"] == "open";
            if is_open {
                let id = payload["command_id"].as_str().expect("an id").to_owned();
                *seen.opens.entry(id).or_default() += 1;
            }
            if let Some(lane) = lane_of(seen, name) {
                // An arm moves whether the controller lives or not.
                lane.is_open = is_open;
                lane.trucks += u32::from(is_open);
                lane.moves.push_back((Duration::from_millis(30), Move::ArmClosed));
            }
        }
        _ => {}
    }
}

fn lane_of<'a>(seen: &'a mut Seen, name: &str) -> Option<&'a mut Lane> {
    let number: usize = name.strip_prefix("in-")?.parse().ok()?;
    seen.lanes.get_mut(number.checked_sub(1)?)
}

fn send(client: &Client, lane: usize, step: Move, number: u64) {
    let name = lane_name(lane);
    let at = now();
    let (rest, payload, retained) = match step {
        Move::Approach(occupied) => ("loop/approach", json!({ "occupied": occupied, "at": at }), true),
        Move::Exit(occupied) => ("loop/exit", json!({ "occupied": occupied, "at": at }), true),
        Move::Plate => {
            // One truck a lane: reads that the broker kept for a dead controller contradict nothing.
            let plate = format!("{:03}ABC02", lane + 1);
            let id = format!("{name}-{number}");
            let read = json!({ "read_id": id, "at": at, "plate": plate, "confidence": 0.97, "view": "front" });
            ("plate/front", read, false)
        }
        Move::ArmClosed => ("barrier/exit/state", json!({ "position": "closed", "mode": "remote", "at": at }), true),
    };
    publish(client, &name, rest, &payload, retained);
}

fn publish(client: &Client, lane: &str, rest: &str, payload: &Value, retained: bool) {
    let topic = format!("bcp/{SITE}/lane/{lane}/{rest}");
    client.publish(topic, QoS::AtLeastOnce, retained, payload.to_string()).expect("sent");
}

/// Moves trucks and arms until the world stops.
fn drive(seen: &(Mutex<Seen>, Condvar), client: &Client) {
    let mut reads = 0;
    loop {
        std::thread::sleep(TICK);
        let mut guard = locked(&seen.0);
        if guard.stopped {
            return;
        }
        let runs = guard.runs;
        let mut sent = vec![];
        for (number, lane) in guard.lanes.iter_mut().enumerate() {
            if let Some(step) = lane.next(runs) {
                sent.push((number, step, lane.is_open));
            }
        }
        drop(guard);
        for (number, step, is_open) in sent {
            reads += 1;
            if step == Move::ArmClosed {
                let position = if is_open { "open" } else { "closed" };
                let state = json!({ "position": position, "mode": "remote", "at": now() });
                publish(client, &lane_name(number), "barrier/exit/state", &state, true);
            } else {
                send(client, number, step, reads);
            }
        }
    }
}

impl Lane {
    /// The next move that is due.
    fn next(&mut self, runs: bool) -> Option<Move> {
        if runs && self.moves.is_empty() {
            self.plan();
        }
        let (wait, step) = *self.moves.front()?;
        // Trucks stand still without a controller; arms don't.
        if (!runs && step != Move::ArmClosed) || self.moved.is_some_and(|moved| moved.elapsed() < wait) {
            return None;
        }
        self.moves.pop_front();
        self.moved = Some(Instant::now());
        Some(step)
    }

    /// The passage that is held because the controller was started again.
    fn restarted(&self) -> Option<String> {
        let state = self.state.as_ref()?;
        let holds = state["holds"].as_array()?;
        let is_restarted = holds.iter().any(|hold| hold["code"] == "restarted");
        is_restarted.then(|| state["passage"]["id"].as_str().map(str::to_owned)).flatten()
    }

    /// What the truck does now that nothing is under way.
    fn plan(&mut self) {
        let Some(phase) = self.state.as_ref().and_then(|state| state["phase"].as_str()) else { return };
        let ms = Duration::from_millis;
        let rested = self.came.is_none_or(|came| came.elapsed() > BETWEEN_TRUCKS);
        match (phase, self.truck_stands, self.is_open) {
            ("vacant", false, false) if rested => {
                self.came = Some(Instant::now());
                self.truck_stands = true;
                self.moves.extend([(ms(0), Move::Approach(true)), (ms(60), Move::Plate)]);
            }
            ("clearing" | "held", true, true) => {
                self.truck_stands = false;
                let out = [Move::Exit(true), Move::Approach(false), Move::Exit(false)];
                self.moves.extend(out.map(|step| (ms(80), step)));
            }
            // Not let go: it backs out, unless an officer is to look at it.
            ("held", true, false) if rested && self.restarted().is_none() => {
                self.truck_stands = false;
                self.moves.push_back((ms(100), Move::Approach(false)));
            }
            _ => {}
        }
    }
}
