//! A small world around one real machine: two vehicles, arms, a journal, a register, an RMS and officers.
//!
//! Reports of loops and arms are heard in the instant in which something moves, unless one is lost; commands to arms,
//! commits, answers and orders wait as long as they like, so every order of theirs is tried. A move of a vehicle or an
//! arm takes a second. How much goes wrong in one story is bounded by the plan; what may happen when it goes right is not.

use std::sync::Arc;

use super::super::bench::{decision, lawful, setup};
use super::super::*;
use super::digest::{Digest, Walk, hash_of, round, walk_machine};
use super::truth::{Facts, Truth, Violation};

/// What may go wrong, and how often in one story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::lane::tests) enum Trouble {
    /// The controller is killed.
    Crash,
    /// A command never reaches its arm.
    CommandLost,
    /// A loop's report is lost.
    ReportLost,
    /// The register finds something that holds.
    Unlawful,
    /// The RMS says something stricter than green.
    Stricter,
    /// The RMS gives no answer that can be used.
    Unavailable,
    /// The RMS answers a second time.
    Again,
    /// An officer orders.
    Order,
    /// An order that must be refused.
    BadOrder,
    /// An arm is opened by hand, or brought down.
    Force,
    /// Somebody turns the key of an arm.
    Key,
    /// The link to the devices goes away.
    Link,
    /// The wall clock is set.
    Clock,
    /// A camera reads the other vehicle's plate.
    Misread,
    /// The journal fails once.
    JournalFails,
    /// A vehicle goes back by one place.
    Back,
}

const TROUBLES: usize = 16;

/// What a search goes through.
#[derive(Debug, Clone, Default)]
pub(in crate::lane::tests) struct Plan {
    pub(in crate::lane::tests) name: &'static str,
    /// A lane with an entry arm, too.
    pub(in crate::lane::tests) entry: bool,
    /// The second vehicle stays away.
    pub(in crate::lane::tests) alone: bool,
    /// The register answers when it likes, not at once.
    pub(in crate::lane::tests) slow_register: bool,
    /// What has happened before the search begins.
    pub(in crate::lane::tests) start: &'static [Action],
    pub(in crate::lane::tests) troubles: Vec<(Trouble, u8)>,
    pub(in crate::lane::tests) off: Option<Guard>,
    /// The invariants that are looked at; all where none is named.
    pub(in crate::lane::tests) wanted: &'static [&'static str],
}

/// Where a vehicle is; 2 and 4 are over two loops.
pub(in crate::lane::tests) const AWAY: u8 = 0;
pub(in crate::lane::tests) const GONE: u8 = 6;
pub(in crate::lane::tests) const PLATES: [&str; 2] = ["123ABC02", "456DEF02"];

const fn covers(place: u8, of: LoopPlace) -> bool {
    match of {
        LoopPlace::Approach => matches!(place, 1 | 2),
        LoopPlace::Scale => matches!(place, 2..=4),
        LoopPlace::Exit => matches!(place, 4 | 5),
    }
}

/// An arm as it stands on the road.
#[derive(Debug, Clone, Copy)]
pub(in crate::lane::tests) struct RealArm {
    pub(in crate::lane::tests) place: BarrierPlace,
    pub(in crate::lane::tests) position: Position,
    pub(in crate::lane::tests) mode: BarrierMode,
}

/// A command on its way.
#[derive(Debug, Clone, Copy)]
pub(in crate::lane::tests) struct Sent {
    pub(in crate::lane::tests) place: BarrierPlace,
    opens: bool,
    at: Mono,
}

/// A record, and what of it a restart looks at.
#[derive(Debug, Clone)]
pub(in crate::lane::tests) struct Kept {
    pub(in crate::lane::tests) record: NewRecord,
    print: u64,
}

#[derive(Debug, Clone)]
pub(in crate::lane::tests) struct Written {
    pub(in crate::lane::tests) ticket: Ticket,
    pub(in crate::lane::tests) records: Vec<Arc<Kept>>,
}

/// What survives a crash.
#[derive(Debug, Clone)]
pub(in crate::lane::tests) struct Durable {
    pub(in crate::lane::tests) open: Option<PassageId>,
    pub(in crate::lane::tests) records: Vec<Arc<Kept>>,
    service: Service,
    sequence: u64,
}

/// What the RMS was asked.
#[derive(Debug, Clone, Copy)]
pub(in crate::lane::tests) struct Question {
    pub(in crate::lane::tests) id: Uuid,
    pub(in crate::lane::tests) passage: PassageId,
    pub(in crate::lane::tests) answered: Option<Word>,
}

#[derive(Debug, Clone, Copy)]
pub(in crate::lane::tests) struct Query {
    pub(in crate::lane::tests) passage: PassageId,
    pub(in crate::lane::tests) round: u32,
    pub(in crate::lane::tests) vehicle: Option<u8>,
}

/// What the RMS may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::lane::tests) enum Word {
    Green,
    Yellow,
    Red,
    Unavailable,
}

/// How an order is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::lane::tests) enum Form {
    One,
    Two,
    /// Twice the same officer.
    Same,
    OtherPassage,
    Old,
    Mute,
    Stale,
}

/// One thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::lane::tests) enum Action {
    Wait,
    Forward(u8),
    Back(u8),
    ForwardUnseen(u8),
    BackUnseen(u8),
    Read(u8),
    Misread(u8),
    ArmMoves(BarrierPlace),
    Arrives(u8),
    Lost(u8),
    Commit,
    CommitFails,
    /// So many of the waiting batches are durable.
    Crash(u8),
    Restart,
    Match(u8, bool),
    Answer(u8, Word),
    Again(u8, Word),
    Order(OrderKind, Form),
    Force(BarrierPlace),
    Key(BarrierPlace),
    Link(Link),
    ClockSteps,
}

/// The whole world at one instant.
#[derive(Debug, Clone)]
pub(in crate::lane::tests) struct World {
    pub(in crate::lane::tests) plan: Arc<Plan>,
    pub(in crate::lane::tests) machine: Option<Machine>,
    pub(in crate::lane::tests) micros: u64,
    pub(in crate::lane::tests) left: [u8; TROUBLES],
    pub(in crate::lane::tests) vehicles: [u8; 2],
    /// The camera has read it since it came.
    read: [bool; 2],
    pub(in crate::lane::tests) arms: Vec<RealArm>,
    pub(in crate::lane::tests) commands: Vec<Sent>,
    pub(in crate::lane::tests) written: Vec<Written>,
    pub(in crate::lane::tests) durable: Durable,
    pub(in crate::lane::tests) queries: Vec<Query>,
    pub(in crate::lane::tests) questions: Vec<Question>,
    pub(in crate::lane::tests) link: Link,
    pub(in crate::lane::tests) restarts: u8,
    /// The last receipt.
    pub(in crate::lane::tests) receipt: Option<Recorded>,
    pub(in crate::lane::tests) truth: Truth,
    pub(in crate::lane::tests) broken: Option<Violation>,
    /// The story, where somebody wants to read it.
    pub(in crate::lane::tests) told: Option<Vec<String>>,
}

/// Seconds that a command may wait before its arm refuses it (invariant A10: the arm's own rule).
const COMMAND_TTL: Duration = Duration::from_secs(2);
/// How long an arm may be on its way.
pub(in crate::lane::tests) const TRAVEL: Duration = Duration::from_secs(3);
const DAY: Duration = Duration::from_secs(86_400);

fn lane(plan: &Plan) -> LaneSetup {
    let arms: &[BarrierPlace] =
        if plan.entry { &[BarrierPlace::Entry, BarrierPlace::Exit] } else { &[BarrierPlace::Exit] };
    let mut setup = setup(arms);
    setup.evidence = BTreeSet::from([Evidence::TractorPlate]);
    setup.scale = None;
    setup.cameras.retain(|_, camera| camera.view == View::Front);
    // What takes longer than any story is another test's.
    setup.cameras.values_mut().for_each(|camera| camera.within = DAY);
    setup.loops.values_mut().for_each(|found| found.stuck_after = DAY);
    setup.abandoned_after = DAY;
    // Short waits make small worlds.
    setup.evidence_timeout = Duration::from_secs(5);
    setup.risk_timeout = Duration::from_secs(1);
    for arm in setup.arms.values_mut() {
        (arm.open_timeout, arm.close_timeout) = (TRAVEL, TRAVEL);
    }
    setup
}

impl World {
    pub(in crate::lane::tests) fn new(plan: Plan) -> Self {
        let mut machine = Machine::new(lane(&plan), [7; 32]);
        if let Some(guard) = plan.off {
            machine.turn_off(guard);
        }
        let mut left = [0; TROUBLES];
        plan.troubles.iter().for_each(|(trouble, times)| left[*trouble as usize] = *times);
        let place = |place| RealArm { place, position: Position::Closed, mode: BarrierMode::Remote };
        let arms = machine.setup().arms.keys().map(|arm| place(*arm)).collect();
        let mut world = Self {
            plan: Arc::new(plan),
            machine: Some(machine),
            micros: 1_000_000_000,
            left,
            vehicles: [AWAY; 2],
            read: [false; 2],
            arms,
            commands: vec![],
            written: vec![],
            durable: Durable { open: None, records: vec![], service: Service::Open, sequence: 0 },
            queries: vec![],
            questions: vec![],
            link: Link::Up,
            restarts: 0,
            receipt: None,
            truth: Truth::default(),
            broken: None,
            told: None,
        };
        world.devices_speak();
        world.commit();
        let start = world.plan.start;
        start.iter().fold(world, |world, action| world.after(*action))
    }

    pub(in crate::lane::tests) fn now(&self) -> Now {
        let wall = 1_795_000_000_000_000_i64 + i64::try_from(self.micros).expect("in range");
        Now { mono: Mono::from_micros(self.micros), wall: Timestamp::from_unix_micros(wall) }
    }

    /// What tells this state from others.
    pub(in crate::lane::tests) fn digest(&self) -> u64 {
        let mut walk = Walk::default();
        self.vehicles.walk(&mut walk);
        self.read.walk(&mut walk);
        self.left.walk(&mut walk);
        for arm in &self.arms {
            (arm.position, (arm.mode, 0_u8)).walk(&mut walk);
        }
        for sent in &self.commands {
            (sent.place, sent.opens, sent.at).walk(&mut walk);
        }
        walk.put(100 + self.queries.len() as u64);
        for query in &self.queries {
            (round(query.passage, query.round), query.vehicle).walk(&mut walk);
        }
        for question in &self.questions {
            walk.name(question.id);
            question.passage.walk(&mut walk);
            question.answered.map(|word| word as u64).walk(&mut walk);
        }
        self.link.walk(&mut walk);
        walk.put(u64::from(self.machine.is_some()));
        if let Some(machine) = &self.machine {
            walk_machine(machine, &mut walk);
        }
        for batch in &self.written {
            batch.ticket.walk(&mut walk);
            walk.unordered(batch.records.iter().map(|kept| kept.print));
        }
        (self.durable.open, self.durable.service).walk(&mut walk);
        // A record that says what another one said already adds nothing to a restart.
        let mut prints: Vec<u64> = self.durable.records.iter().map(|kept| kept.print).collect();
        prints.sort_unstable();
        prints.dedup();
        prints.walk(&mut walk);
        self.truth.walk(&mut walk);
        walk.finish(self.now().mono)
    }

    /// Whether there is room for one more of that trouble.
    pub(in crate::lane::tests) const fn may(&self, trouble: Trouble) -> bool {
        self.left[trouble as usize] > 0
    }

    pub(in crate::lane::tests) const fn spend(&mut self, trouble: Trouble) {
        self.left[trouble as usize] -= 1;
    }

    pub(in crate::lane::tests) fn tell(&mut self, line: impl FnOnce() -> String) {
        if let Some(told) = &mut self.told {
            told.push(line());
        }
    }

    /// One input to the machine, and everything that it wants.
    pub(in crate::lane::tests) fn feed(&mut self, input: Input) {
        let Some(mut machine) = self.machine.take() else { return };
        let now = self.now();
        self.truth.begin(&machine);
        machine.handle(now, input);
        while let Some(effect) = machine.poll_effect() {
            self.carry_out(&mut machine, effect);
        }
        self.judge(&machine);
        self.machine = Some(machine);
    }

    fn carry_out(&mut self, machine: &mut Machine, effect: Effect) {
        match effect {
            Effect::Record { ticket, records } => {
                for record in &records {
                    self.judge_record(record);
                }
                let records = records.into_iter().map(|record| Arc::new(Kept { print: print(&record), record }));
                self.written.push(Written { ticket, records: records.collect() });
            }
            Effect::Match(query) => {
                let plate = query.tractor.as_ref().map(|read| read.plate.reveal(crate::model::Purpose::Matching));
                let vehicle = PLATES.iter().position(|known| Some(*known) == plate);
                let vehicle = vehicle.and_then(|vehicle| u8::try_from(vehicle).ok());
                let query = Query { passage: query.passage, round: query.round, vehicle };
                self.truth.asked_register(&query);
                if self.plan.slow_register {
                    self.queries.push(query);
                    let old = self.queries.len().saturating_sub(2);
                    self.queries.drain(..old);
                } else {
                    self.truth.matched(&query, true);
                    machine.handle(self.now(), matched(&query, true));
                }
            }
            Effect::AskRisk(request, _) => {
                let passage = request.passage.expect("of a passage");
                self.truth.asked_rms(passage, request.request_id);
                self.questions.push(Question { id: request.request_id, passage, answered: None });
                let old = self.questions.len().saturating_sub(2);
                self.questions.drain(..old);
            }
            Effect::Open(authority) => {
                self.tell(|| format!("    → OPEN {}", authority.authority().barrier.as_str()));
                self.judge_open(&authority);
                let (place, at) = (authority.authority().barrier, self.now().mono);
                self.commands.push(Sent { place, opens: true, at });
            }
            Effect::Close { barrier, .. } => {
                self.tell(|| format!("    → CLOSE {}", barrier.as_str()));
                self.judge_close(machine, barrier);
                self.commands.push(Sent { place: barrier, opens: false, at: self.now().mono });
            }
            Effect::Signal(signal) => self.truth.light = signal.light,
            Effect::Alarmed(alarm, on) => {
                self.tell(|| format!("    → alarm {} {}", alarm.as_str(), if on { "on" } else { "off" }));
            }
            Effect::Publish(_) | Effect::Answer { .. } | Effect::Used { .. } | Effect::Tell(_) => {}
        }
    }

    /// Time passes, and the machine is woken whenever it asked to be.
    pub(in crate::lane::tests) fn pass(&mut self, time: Duration) {
        let end = self.micros + u64::try_from(time.as_micros()).expect("in range");
        while let Some((at, _)) = self.machine.as_ref().and_then(Machine::poll_timeout) {
            if at.as_micros() > end || self.broken.is_some() {
                break;
            }
            self.micros = self.micros.max(at.as_micros());
            self.feed(Input::Wake);
        }
        self.micros = end;
        self.refuse_old_commands();
    }

    /// A command that waited for too long is refused by its arm whenever it comes: it is gone.
    pub(in crate::lane::tests) fn refuse_old_commands(&mut self) {
        let now = self.now().mono;
        self.commands.retain(|sent| now.since(sent.at) <= COMMAND_TTL);
    }

    /// Every device says how it is.
    pub(in crate::lane::tests) fn devices_speak(&mut self) {
        self.truth.link_is_up();
        self.feed(Input::Link(Link::Up));
        for place in LoopPlace::ALL {
            self.report_loop(place);
        }
        for arm in self.arms.clone() {
            self.report_arm(arm);
        }
    }

    pub(in crate::lane::tests) fn is_over(&self, place: LoopPlace) -> bool {
        self.vehicles.iter().any(|vehicle| covers(*vehicle, place))
    }

    pub(in crate::lane::tests) fn report_loop(&mut self, place: LoopPlace) {
        if self.machine.is_none() || self.link == Link::Down {
            return;
        }
        let (occupied, at) = (self.is_over(place), self.now().wall);
        self.truth.hear_loop(place, occupied);
        self.tell(|| format!("    the {} loop says {}", place.as_str(), if occupied { "occupied" } else { "free" }));
        self.feed(Input::Observed(Observation::Loop(place, LoopState { occupied, at })));
    }

    pub(in crate::lane::tests) fn report_arm(&mut self, arm: RealArm) {
        if self.machine.is_none() || self.link == Link::Down {
            return;
        }
        self.truth.hear_arm(arm.place, arm.position, arm.mode);
        self.tell(|| format!("    the {} arm says {:?} {:?}", arm.place.as_str(), arm.position, arm.mode));
        let state =
            BarrierState { position: arm.position, mode: arm.mode, fault: None, command_id: None, at: self.now().wall };
        self.feed(Input::Observed(Observation::Barrier(arm.place, state)));
    }

    pub(in crate::lane::tests) fn arm(&self, place: BarrierPlace) -> Option<RealArm> {
        self.arms.iter().copied().find(|arm| arm.place == place)
    }

    pub(in crate::lane::tests) fn set_arm(&mut self, changed: RealArm) {
        self.arms.iter_mut().filter(|arm| arm.place == changed.place).for_each(|arm| *arm = changed);
        self.report_arm(changed);
    }

    /// A vehicle moves, and the loops that it came on or left say so, unless that is lost.
    pub(in crate::lane::tests) fn moves(&mut self, vehicle: u8, to: u8, seen: bool) {
        self.pass(Duration::from_secs(1));
        let before = LoopPlace::ALL.map(|place| self.is_over(place));
        let from = std::mem::replace(&mut self.vehicles[usize::from(vehicle)], to);
        if to == AWAY {
            self.read[usize::from(vehicle)] = false;
        }
        if self.machine.is_none() || self.link == Link::Down || !seen {
            self.truth.blind = true;
        }
        for (place, before) in LoopPlace::ALL.into_iter().zip(before) {
            if self.is_over(place) != before && seen {
                self.report_loop(place);
            }
        }
        self.judge_move(vehicle, from, to);
    }

    pub(in crate::lane::tests) fn reads(&mut self, vehicle: u8, plate: u8) {
        if vehicle == plate {
            self.read[usize::from(vehicle)] = true;
        } else {
            self.truth.misread = true;
        }
        let read = PlateRead {
            read_id: format!("{plate}{vehicle}"),
            track: None,
            at: self.now().wall,
            plate: Some(PLATES[usize::from(plate)].into()),
            confidence: Some(0.95),
            country: None,
            view: View::Front,
            candidates: vec![],
            image: None,
        };
        self.feed(Input::Observed(Observation::Plate(DeviceName::new("front").expect("a name"), read)));
    }

    pub(in crate::lane::tests) fn may_read(&self, vehicle: u8) -> bool {
        matches!(self.vehicles[usize::from(vehicle)], 2 | 3) && !self.read[usize::from(vehicle)]
    }

    pub(in crate::lane::tests) fn command_arrives(&mut self, index: usize) {
        let sent = self.commands.remove(index);
        let Some(arm) = self.arm(sent.place) else { return };
        if arm.mode == BarrierMode::Local {
            return;
        }
        let position = match (sent.opens, arm.position) {
            (true, Position::Closed | Position::Closing) => Position::Opening,
            (false, Position::Open | Position::Opening) => Position::Closing,
            (_, position) => position,
        };
        if position != arm.position {
            self.set_arm(RealArm { position, ..arm });
        }
    }

    pub(in crate::lane::tests) fn arm_moves(&mut self, place: BarrierPlace) {
        self.pass(Duration::from_secs(1));
        let Some(arm) = self.arm(place) else { return };
        let zone = if place == BarrierPlace::Entry { LoopPlace::Approach } else { LoopPlace::Exit };
        let position = match arm.position {
            Position::Opening => Position::Open,
            // The barrier's own protection, which this program is none of.
            Position::Closing if self.is_over(zone) => Position::Opening,
            Position::Closing => Position::Closed,
            other @ (Position::Closed | Position::Open | Position::Unknown) => other,
        };
        self.truth.arm_stands(place, position);
        self.set_arm(RealArm { position, ..arm });
    }

    /// So many of the waiting batches become durable.
    pub(in crate::lane::tests) fn sync(&mut self, batches: usize) -> Vec<(Ticket, u64, u64)> {
        let mut receipts = Vec::new();
        for batch in self.written.drain(..batches) {
            let first = self.durable.sequence + 1;
            self.durable.sequence += batch.records.len() as u64;
            receipts.push((batch.ticket, first, self.durable.sequence));
            for kept in batch.records {
                self.durable.take(kept);
            }
        }
        receipts
    }

    /// One fsync for all that waits, and its receipts.
    pub(in crate::lane::tests) fn commit(&mut self) {
        let lane = LaneId::new("in-01").expect("a name");
        for (ticket, first, last) in self.sync(self.written.len()) {
            let receipt = Recorded::durable(ticket, lane.clone(), first, last);
            self.receipt = Some(receipt.clone());
            self.feed(Input::Recorded(receipt));
        }
    }

    pub(in crate::lane::tests) fn crash(&mut self, durable: usize) {
        self.sync(durable);
        self.written.clear();
        self.machine = None;
        self.receipt = None;
        self.queries.clear();
        self.questions.clear();
        self.truth.crash(self.durable.open, &self.durable.records);
    }

    pub(in crate::lane::tests) fn restart(&mut self) {
        self.pass(Duration::from_secs(2));
        self.restarts += 1;
        let mut machine = Machine::new(lane(&self.plan), [7 + self.restarts; 32]);
        if let Some(guard) = self.plan.off {
            machine.turn_off(guard);
        }
        machine.restore_service(self.durable.service);
        if let Some(passage) = self.durable.open {
            let records = self.durable.records.iter().map(|kept| kept.record.clone()).collect();
            machine.restore(self.now(), &Restored { passage, records });
        }
        self.machine = Some(machine);
        self.feed(Input::Wake);
        if self.link == Link::Up {
            self.devices_speak();
        }
    }

    pub(in crate::lane::tests) fn facts(&self) -> Option<&Facts> {
        self.truth.facts.as_ref()
    }
}

impl Durable {
    fn take(&mut self, kept: Arc<Kept>) {
        let kind = kept.record.kind;
        if matches!(kind, RecordKind::PassageOpened | RecordKind::PassageCompleted) {
            self.open = kept.record.passage.filter(|_| kind == RecordKind::PassageOpened);
            self.records.clear();
        } else if kind == RecordKind::ServiceChanged {
            self.service = if kept.record.body.contains("closed") { Service::Closed } else { Service::Open };
        }
        if self.open.is_some() && kept.record.passage == self.open {
            self.records.push(kept);
        }
    }
}

/// What a restart looks at of a record; everything else of it is evidence.
fn print(record: &NewRecord) -> u64 {
    let says = |text: &str| u64::from(record.body.contains(text));
    let first =
        |texts: &[&str]| texts.iter().position(|text| record.body.contains(text)).map_or(9, |index| index as u64);
    let looks: [(RecordKind, u64); 7] = [
        (RecordKind::Evidence, first(&PLATES)),
        (RecordKind::Matched, record.body.matches("\"severity\":\"hold\"").count() as u64),
        (RecordKind::RiskDecided, first(&["\"green\"", "\"yellow\"", "\"red\""])),
        (RecordKind::BarrierCommanded, says("\"open\"") + 2 * says("\"barrier\":\"entry\"")),
        (RecordKind::Held, says("no loop saw where to")),
        (RecordKind::ServiceChanged, says("closed")),
        (RecordKind::Order, says("accepted")),
    ];
    let detail: u64 = looks.into_iter().find(|(kind, _)| *kind == record.kind).map_or(0, |(_, detail)| detail);
    hash_of(record.kind.as_str()) ^ detail.rotate_left(40) ^ u64::from(record.passage.is_some())
}

pub(in crate::lane::tests) fn matched(query: &Query, fine: bool) -> Input {
    static LAWFUL: std::sync::OnceLock<MatchResult> = std::sync::OnceLock::new();
    let mut result = LAWFUL.get_or_init(lawful).clone();
    if let Some(notification) = &mut result.notification {
        let notification = Arc::make_mut(notification);
        notification.number = format!("N-{}", query.vehicle.unwrap_or(9));
        // A vehicle of one part: what leaves the stop line after it is another one.
        notification.vehicle.trailers.clear();
    }
    if query.vehicle.is_none() || !fine {
        result = MatchResult { notification: None, ..result };
        result.findings = vec![Finding::hold(FindingCode::NoNotification, "nobody announced it")];
    }
    Input::Matched { passage: query.passage, round: query.round, result }
}

pub(in crate::lane::tests) fn answer(question: &Question, word: Word) -> Input {
    let channel = match word {
        Word::Green => Channel::Green,
        Word::Yellow => Channel::Yellow,
        Word::Red => Channel::Red,
        Word::Unavailable => {
            let answer = RiskAnswer::unavailable("the RMS is away");
            return Input::RiskAnswered { request: question.id, answer };
        }
    };
    let decision = RiskDecision { request_id: question.id, ..decision(channel) };
    Input::RiskAnswered { request: question.id, answer: decision.into() }
}

/// A truck stands at the stop line of a lane with an exit arm, and was read.
pub(in crate::lane::tests) const STANDS: &[Action] =
    &[Action::Forward(0), Action::Forward(0), Action::Forward(0), Action::Read(0)];
/// Its release is on its way to the journal.
pub(in crate::lane::tests) const DECIDED: &[Action] =
    &[Action::Forward(0), Action::Forward(0), Action::Forward(0), Action::Read(0), Action::Answer(0, Word::Green)];
/// The open command is out.
pub(in crate::lane::tests) const SENT: &[Action] = &[
    Action::Forward(0),
    Action::Forward(0),
    Action::Forward(0),
    Action::Read(0),
    Action::Answer(0, Word::Green),
    Action::Commit,
];
/// The arm is open for it.
pub(in crate::lane::tests) const OPEN: &[Action] = &[
    Action::Forward(0),
    Action::Forward(0),
    Action::Forward(0),
    Action::Read(0),
    Action::Answer(0, Word::Green),
    Action::Commit,
    Action::Arrives(0),
    Action::ArmMoves(BarrierPlace::Exit),
];
/// It has gone under the arm, and another one stands at the stop line.
pub(in crate::lane::tests) const FOLLOWED: &[Action] = &[
    Action::Forward(0),
    Action::Forward(0),
    Action::Forward(0),
    Action::Read(0),
    Action::Answer(0, Word::Green),
    Action::Commit,
    Action::Arrives(0),
    Action::ArmMoves(BarrierPlace::Exit),
    Action::Forward(0),
    Action::Forward(0),
    Action::Forward(1),
    Action::Forward(1),
];
/// It stands inside a lane with two arms, the entry closed behind it, and was read.
pub(in crate::lane::tests) const INSIDE: &[Action] = &[
    Action::Forward(0),
    Action::Commit,
    Action::Arrives(0),
    Action::ArmMoves(BarrierPlace::Entry),
    Action::Forward(0),
    Action::Forward(0),
    Action::Arrives(0),
    Action::ArmMoves(BarrierPlace::Entry),
    Action::Read(0),
];
