//! Vehicles under chaos: every lane has its trucks, the link of the program its trouble, and every opening is judged.
//!
//! `CHAOS_VEHICLES` (120), `CHAOS_LANES` (12), `CHAOS_SEED` (1) and `CHAOS_PLAN` make it larger and worse.

#[allow(dead_code, unreachable_pub, reason = "the simulator's own, which has more than this test uses")]
#[path = "../../simulator/src/arm.rs"]
mod arm;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arm::{Arm, Delivery};
use lane_controller::model::{BarrierCommand, CommandVerb, Position, Timestamp};
use rumqttc::v5::mqttbytes::v5::Publish;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep_until, timeout};

use super::Bus;
use super::chaos::Plan;
use super::controller::{Controller, order};
use super::field::Field;

/// A cut in 2,500 packets, a duplicate in 100, a stall in 1,000.
const PLAN: &str = "cut=40,double=1000,stall=100:1500,half-open=5";
const TRAVEL: Duration = Duration::from_millis(30);
/// A loop under trucks that follow each other faster would be taken for one that chatters.
const HEADWAY: Duration = Duration::from_millis(1_100);
/// A driver waits so long before the devices are looked at, and an officer comes.
const LOOK_EVERY: Duration = Duration::from_millis(1_500);
/// Looks at one truck before it counts as stuck for ever.
const LOOKS_MAX: u32 = 80;
/// How often an officer's word is tried before somebody closes the arm by its key.
const WORDS_MAX: u32 = 4;

/// What was seen in all lanes together.
#[derive(Debug, Default)]
struct Book {
    violations: Vec<String>,
    /// Every open command on the wire, with its lane and passage.
    opens: BTreeMap<String, (String, String)>,
    obeyed: BTreeSet<String>,
    passed: u32,
    orders: u32,
    by_hand: u32,
    /// Lanes that were found closed.
    closed: u32,
    ignored: BTreeMap<String, u32>,
    longest: Duration,
}

type Shared = Arc<Mutex<Book>>;

fn number(name: &str, default: u32) -> u32 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[tokio::test(flavor = "multi_thread")]
#[allow(
    clippy::print_stdout,
    clippy::too_many_lines,
    reason = "the figures of a run; one story from start to judgement"
)]
async fn h20_a3_c6_vehicles_pass_under_chaos_and_each_opening_has_one_durable_authority() {
    let (vehicles, lanes) = (number("CHAOS_VEHICLES", 120), number("CHAOS_LANES", 12));
    let plan = std::env::var("CHAOS_PLAN").unwrap_or_else(|_| PLAN.to_owned());
    let plan: Plan = plan.parse().expect("a plan");
    let mut bus =
        Bus::start_with("max_queued_messages 100000\n", Plan::default(), number("CHAOS_SEED", 1).into()).await;
    let names: Vec<_> = (1..=lanes).map(|number| format!("in-{number:02}")).collect();
    let controller = Controller::start(&bus, &names);
    let book = Shared::default();
    let mut worlds = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let (field, inbox) = Field::put_up(bus.port, name).await;
        let first = u32::try_from(index).expect("few");
        let plates = (first..vehicles).step_by(names.len());
        let world = World::new(field, inbox, controller.http, Arc::clone(&book));
        worlds.push(tokio::spawn(world.serve(plates)));
    }
    bus.proxy.set_plan(plan);
    // However the dice fall, the connection is cut once, and the broker dies without a memory.
    passed(&book, vehicles / 4, vehicles.div_ceil(lanes)).await;
    bus.proxy.cut();
    let is_half = passed(&book, vehicles / 2, vehicles.div_ceil(lanes)).await;
    bus.restart();
    for world in worlds {
        world.await.expect("no world panics");
    }
    let count = bus.proxy.count();
    let book = book.lock().unwrap_or_else(PoisonError::into_inner);
    let (code, _) = controller.journal("verify");
    let (_, records) = controller.journal("show");
    let accounted = account(&records);
    println!(
        "{} vehicles, {lanes} lanes: {} opens on the wire, {} obeyed, {} orders, {} arms closed by hand, {} lanes found \
         closed, ignored {:?}, longest {:?}; {} connections, {} cuts, {} doubled, {} stalls, {} silences, packets {:?}",
        book.passed,
        book.opens.len(),
        book.obeyed.len(),
        book.orders,
        book.by_hand,
        book.closed,
        book.ignored,
        book.longest,
        count.accepted.len(),
        count.cut,
        count.doubled,
        count.stalled,
        count.silences,
        count.packets,
    );
    let log = controller.log();
    assert!(book.violations.is_empty(), "{:#?}\n{}\n{log}", book.violations, stories(&records, &book.violations));
    assert!(is_half, "half of them passed in time\n{log}");
    assert_eq!((book.passed, code), (vehicles, Some(0)));
    for (id, (lane, passage)) in &book.opens {
        let authority = accounted.get(id).unwrap_or_else(|| panic!("{lane}: {id} was never written down"));
        assert_eq!(&authority.passage, passage);
        assert!(authority.released < authority.commanded, "{lane}: {id} was commanded before its release was written");
    }
    let trouble = [(plan.cut, count.cut), (plan.double, count.doubled), (plan.stall, count.stalled)];
    assert!(trouble.iter().all(|(rate, seen)| *rate == 0 || *seen > 0), "there was no trouble: {count:?}");
}

/// Waits until so many have passed; a lane that is stuck gives up before this does.
async fn passed(book: &Shared, count: u32, a_lane: u32) -> bool {
    let enough = async {
        while book.lock().unwrap_or_else(PoisonError::into_inner).passed < count {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(LOOK_EVERY * LOOKS_MAX * a_lane, enough).await.is_ok()
}

/// What the journal has of the lanes that violations name.
fn stories(records: &[Value], violations: &[String]) -> String {
    let named = |record: &&Value| {
        let lane = record["lane"].as_str().unwrap_or_default();
        violations.iter().any(|violation| violation.starts_with(&format!("{lane}: ")))
    };
    records.iter().filter(named).map(|record| format!("{record}\n")).collect()
}

/// An open command as the journal has it.
struct Authority {
    passage: String,
    /// Sequence of the release that it rests on; each serves once.
    released: u64,
    commanded: u64,
}

/// The journal's open commands by their ids; each rests on a release of its own.
fn account(records: &[Value]) -> BTreeMap<String, Authority> {
    let mut releases: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    let mut authorities = BTreeMap::new();
    for record in records {
        let (Some(passage), Some(sequence)) = (record["passage"].as_str(), record["sequence"].as_u64()) else {
            continue;
        };
        if record["kind"] == "released" {
            releases.entry(passage).or_default().push(sequence);
        }
        if record["kind"] == "barrier_commanded" && record["body"]["command"] == "open" {
            let id = record["body"]["command_id"].as_str().expect("an id").to_owned();
            let released = releases.get_mut(passage).and_then(Vec::pop);
            let released = released.unwrap_or_else(|| panic!("{id} has no release of its own"));
            let authority = Authority { passage: passage.to_owned(), released, commanded: sequence };
            assert!(authorities.insert(id.clone(), authority).is_none(), "{id} was written down twice");
        }
    }
    authorities
}

/// Where the truck of a lane is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Truck {
    None,
    Stands,
    UnderTheArm,
}

struct World {
    field: Field,
    inbox: UnboundedReceiver<Publish>,
    http: u16,
    book: Shared,
    arm: Arm,
    arrives: Instant,
    truck: Truck,
    shown: Value,
}

impl World {
    fn new(field: Field, inbox: UnboundedReceiver<Publish>, http: u16, book: Shared) -> Self {
        let (arm, arrives) = (Arm::default(), Instant::now());
        Self { field, inbox, http, book, arm, arrives, truck: Truck::None, shown: Value::Null }
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn breach(&self, what: &str) {
        let told = format!("{}: {what}; the lane shows {}", self.field.lane, self.shown);
        self.book().violations.push(told);
    }

    async fn serve(mut self, plates: impl Iterator<Item = u32>) {
        for number in plates {
            let began = Instant::now();
            if !self.comes(&plate(number)).await || !self.leaves().await {
                self.breach("the truck is stuck");
                return;
            }
            {
                let mut book = self.book();
                book.passed += 1;
                book.longest = book.longest.max(began.elapsed());
            }
            self.until(began + HEADWAY, |_| false).await;
        }
    }

    /// A truck drives up and stands until the arm is up.
    async fn comes(&mut self, plate: &str) -> bool {
        self.truck = Truck::Stands;
        for look in 0..LOOKS_MAX {
            if !self.is_held() || look == 0 {
                self.field.over_loop("approach", true).await;
                self.field.read_plate(plate).await;
                self.field.weigh(27_400).await;
            }
            if self.soon(|world| world.arm.position() == Position::Open).await {
                return true;
            }
            if self.is_held() {
                let word = if look.is_multiple_of(2) { "clear_hold" } else { "release" };
                self.order(word).await;
            }
            self.open_lane().await;
        }
        false
    }

    /// It drives off, and the arm comes down behind it.
    async fn leaves(&mut self) -> bool {
        self.truck = Truck::UnderTheArm;
        self.field.over_loop("exit", true).await;
        self.field.over_loop("approach", false).await;
        self.field.weigh(0).await;
        self.truck = Truck::None;
        self.field.over_loop("exit", false).await;
        for look in 0..LOOKS_MAX {
            let over = |world: &Self| world.arm.position() == Position::Closed && world.shown["phase"] == "vacant";
            if self.soon(over).await {
                return true;
            }
            if self.is_held() {
                self.order("clear_hold").await;
            }
            self.open_lane().await;
            if look >= WORDS_MAX && self.arm.position() == Position::Open {
                self.close_by_hand().await;
            }
            if look >= WORDS_MAX {
                self.field.weigh(0).await;
            }
        }
        false
    }

    fn is_held(&self) -> bool {
        self.shown["phase"] == "held"
    }

    async fn order(&mut self, word: &'static str) {
        if let Some(passage) = self.shown["passage"]["id"].as_str().map(str::to_owned) {
            self.order_of(word, Some(passage)).await;
        }
    }

    async fn order_of(&mut self, word: &'static str, passage: Option<String>) {
        self.book().orders += 1;
        let (http, lane) = (self.http, self.field.lane.clone());
        // A refusal is an answer too: the lane is looked at again.
        tokio::task::spawn_blocking(move || order(http, &lane, word, passage.as_deref())).await.expect("asked");
    }

    /// A lane that closed because it took one truck for two is opened by a supervisor who looked.
    async fn open_lane(&mut self) {
        if self.shown["service"] == "closed" {
            self.book().closed += 1;
            self.order_of("open_lane", None).await;
        }
    }

    /// Somebody turns the key, and turns it back when the arm is down.
    async fn close_by_hand(&mut self) {
        self.book().by_hand += 1;
        self.arm = Arm::default();
        self.field.arm("closed", None).await;
    }

    async fn soon(&mut self, done: impl Fn(&Self) -> bool) -> bool {
        self.until(Instant::now() + LOOK_EVERY, done).await
    }

    /// Lets the devices live until something is so, or a time.
    async fn until(&mut self, end: Instant, done: impl Fn(&Self) -> bool) -> bool {
        loop {
            if done(self) {
                return true;
            }
            tokio::select! {
                message = self.inbox.recv() => match message {
                    Some(message) => self.take(&message).await,
                    None => return false,
                },
                () = sleep_until(self.arrives), if self.arm.is_moving() => {
                    self.arm.arrive();
                    self.say_arm().await;
                }
                () = sleep_until(end) => return false,
            }
        }
    }

    async fn take(&mut self, message: &Publish) {
        if message.topic.ends_with(b"/state") {
            self.shown = serde_json::from_slice(&message.payload).expect("a state");
            return;
        }
        let command: BarrierCommand = serde_json::from_slice(&message.payload).expect("a command");
        let delivery = if message.retain { Delivery::Retained } else { Delivery::Live };
        let expires = message.properties.as_ref().and_then(|known| known.message_expiry_interval);
        if message.retain || expires.is_none() {
            self.breach("a command that is retained, or never expires");
        }
        let is_open = command.command == CommandVerb::Open;
        let id = command.command_id.to_string();
        if is_open {
            let passage = command.passage.map(|passage| passage.to_string()).unwrap_or_default();
            let of = (self.field.lane.clone(), passage);
            let before = self.book().opens.insert(id.clone(), of.clone());
            if before.is_some_and(|before| before != of) {
                self.breach("one command for two passages");
            }
        }
        if let Err(why) = self.arm.take(&command, delivery, Timestamp::new(chrono::Utc::now())) {
            *self.book().ignored.entry(why.to_string()).or_default() += 1;
            return;
        }
        match (command.command, self.truck) {
            (CommandVerb::Open, Truck::None) => self.breach("the arm was opened and nobody stood there"),
            (CommandVerb::Close, Truck::UnderTheArm) => self.breach("the arm was closed over the truck"),
            (CommandVerb::Open, Truck::Stands | Truck::UnderTheArm)
            | (CommandVerb::Close, Truck::None | Truck::Stands) => {}
        }
        if is_open && !self.book().obeyed.insert(id) {
            self.breach("one command moved the arm twice");
        }
        self.arrives = Instant::now() + TRAVEL;
        self.say_arm().await;
    }

    async fn say_arm(&self) {
        let position = match self.arm.position() {
            Position::Closed => "closed",
            Position::Opening => "opening",
            Position::Open => "open",
            Position::Closing => "closing",
            Position::Unknown => "unknown",
        };
        self.field.arm(position, self.arm.last_taken()).await;
    }
}

/// Plates far from each other, so that none is a misread of another.
fn plate(number: u32) -> String {
    let letter = |place: u32| char::from_u32(u32::from(b'A') + number / place % 8).expect("a letter");
    format!("{:03}{}{}{}02", number * 37 % 1_000, letter(1), letter(8), letter(64))
}
