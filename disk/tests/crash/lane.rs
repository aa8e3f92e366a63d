//! A real lane machine with the real journal under it, and trucks; virtual time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::mpsc::channel;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use lane_controller::domain::plate::Templates;
use lane_controller::journal::{Batch, Failure, Journal, Reader};
use lane_controller::lane::{
    ArmSetup, CameraSetup, Effect, Evidence, Input, LaneSetup, Link, LoopSetup, Machine, Pair, Restored,
};
use lane_controller::model::observation::{BarrierMode, BarrierState, LoopState, PlateRead, Position, View};
use lane_controller::model::{
    BarrierPlace, Care, Channel, DeviceName, Direction, LaneId, LoopPlace, MatchResult, Mono, NewRecord, Now,
    Observation, RiskAnswer, RiskDecision, SiteId, Timestamp,
};
use uuid::Uuid;

/// Time after which a vehicle that left is gone for the lane, whatever it did.
const GONE: Duration = Duration::from_secs(15);

/// What the load did, and when by the disk's log.
#[derive(Default)]
pub(crate) struct Story {
    /// Every batch handed to the journal, in order.
    pub(crate) handed: Vec<Vec<NewRecord>>,
    /// Position at the acknowledgement, and the last sequence that was acknowledged.
    pub(crate) acknowledged: Vec<(usize, u64)>,
    /// Position at an open command, and its id.
    pub(crate) opened: Vec<(usize, Uuid)>,
    /// The journal failed.
    pub(crate) failure: Option<Failure>,
}

impl Story {
    pub(crate) fn records(&self) -> usize {
        self.handed.iter().map(Vec::len).sum()
    }
}

/// Tells the position in the disk's log.
pub(crate) type Positions = Arc<dyn Fn() -> usize + Send + Sync>;

pub(crate) struct Lane<'a> {
    pub(crate) machine: Machine,
    journal: &'a Journal,
    positions: Positions,
    micros: u64,
    reads: u64,
    pub(crate) story: &'a mut Story,
}

static TEMPLATES: LazyLock<Arc<Templates>> = LazyLock::new(|| Arc::new(Templates::embedded()));

fn setup() -> LaneSetup {
    let care = Care::required();
    let arm = ArmSetup { open_timeout: Duration::from_secs(8), close_timeout: Duration::from_secs(8), care };
    let (debounce, stuck_after) = (Duration::ZERO, Duration::from_secs(600));
    let a_loop = LoopSetup { debounce, stuck_after, pair: Pair::Single, care };
    let camera = CameraSetup { view: View::Front, within: Duration::from_secs(3), care };
    LaneSetup {
        severities: std::collections::BTreeMap::new(),
        site: SiteId::new("test").expect("a name"),
        lane: LaneId::new("in-01").expect("a name"),
        direction: Direction::Entry,
        evidence: BTreeSet::from([Evidence::TractorPlate]),
        evidence_timeout: Duration::from_secs(20),
        risk_timeout: Duration::from_secs(3),
        abandoned_after: Duration::from_secs(1_800),
        cameras: [(DeviceName::new("front").expect("a name"), camera)].into(),
        loops: LoopPlace::ALL.into_iter().map(|place| (place, a_loop)).collect(),
        scale: None,
        readers: BTreeMap::new(),
        templates: Arc::clone(&TEMPLATES),
        arms: BTreeMap::from([(BarrierPlace::Exit, arm)]),
    }
}

/// The open passage of the lane, as a start of the program reads it back.
#[allow(clippy::unwrap_in_result, reason = "a journal that can't be read fails the test")]
pub(crate) fn restored(directory: &Path) -> Option<Restored> {
    let open = Reader::open(directory).expect("opened").open_passages().expect("read");
    assert!(open.len() <= 1, "a lane has one open passage");
    open.into_iter().next().map(|open| {
        let record = |record: lane_controller::journal::StoredRecord| NewRecord {
            at: record.at,
            lane: record.lane,
            passage: record.passage,
            kind: record.kind,
            body: record.body,
        };
        Restored { passage: open.passage, records: open.records.into_iter().map(record).collect() }
    })
}

impl<'a> Lane<'a> {
    /// A lane after a start of the program: what stands open in the journal is put back, then the devices speak.
    pub(crate) fn start(journal: &'a Journal, directory: &Path, positions: Positions, story: &'a mut Story) -> Self {
        let epoch = journal.epoch();
        let [seed, ..] = epoch.to_le_bytes();
        let micros = epoch * 1_000_000_000;
        let machine = Machine::new(setup(), [seed; 32]);
        let mut lane = Self { machine, journal, positions, micros, reads: 0, story };
        if let Some(restored) = restored(directory) {
            lane.machine.restore(lane.now(), &restored);
        }
        lane.feed(Input::Link(Link::Up));
        lane.arm(Position::Closed);
        lane
    }

    pub(crate) fn now(&self) -> Now {
        let wall = 1_795_000_000_000_000_i64 + i64::try_from(self.micros).expect("in range");
        Now { mono: Mono::from_micros(self.micros), wall: Timestamp::from_unix_micros(wall) }
    }

    pub(crate) fn feed(&mut self, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            self.machine.handle(self.now(), input);
            while let Some(effect) = self.machine.poll_effect() {
                self.carry_out(effect, &mut inputs);
            }
        }
    }

    fn carry_out(&mut self, effect: Effect, answers: &mut Vec<Input>) {
        match effect {
            Effect::Record { ticket, records } => {
                self.story.handed.push(records.clone());
                answers.push(match self.append(Batch { ticket, lane: self.machine.setup().lane.clone(), records }) {
                    Ok(receipt) => Input::Recorded(receipt),
                    Err(failure) => {
                        self.story.failure.get_or_insert(failure);
                        Input::RecordFailed(ticket)
                    }
                });
            }
            Effect::Match(query) => {
                let (passage, round) = (query.passage, query.round);
                let matched = Input::Matched { passage, round, result: MatchResult::default() };
                self.machine.handle(self.now(), matched);
            }
            Effect::AskRisk(request, _) => {
                let answer = RiskAnswer::from(green(request.request_id));
                self.machine.handle(self.now(), Input::RiskAnswered { request: request.request_id, answer });
            }
            Effect::Open(authority) => {
                self.story.opened.push(((self.positions)(), authority.authority().command_id));
            }
            Effect::Close { .. }
            | Effect::Answer { .. }
            | Effect::Signal(_)
            | Effect::Tell(_)
            | Effect::Publish(_)
            | Effect::Used { .. }
            | Effect::Alarmed(..) => {}
        }
    }

    #[allow(clippy::unwrap_in_result, reason = "the test's own channel")]
    fn append(&mut self, batch: Batch) -> Result<lane_controller::model::Recorded, Failure> {
        let (tell, told) = channel();
        let positions = Arc::clone(&self.positions);
        let done = move |result: Result<lane_controller::journal::Committed, Failure>| {
            tell.send(result.map(|committed| (positions(), committed.receipt))).expect("awaited");
        };
        self.journal.append(batch, Box::new(done));
        let (position, receipt) = told.recv().expect("answered")?;
        self.story.acknowledged.push((position, receipt.last()));
        Ok(receipt)
    }

    /// Lets time pass, waking the machine whenever it asked to be woken.
    fn pass(&mut self, time: Duration) {
        let end = self.micros + u64::try_from(time.as_micros()).expect("in range");
        while let Some((at, _)) = self.machine.poll_timeout().filter(|(at, _)| at.as_micros() <= end) {
            self.micros = self.micros.max(at.as_micros());
            self.feed(Input::Wake);
        }
        self.micros = end;
    }

    fn see(&mut self, place: LoopPlace, occupied: bool) {
        let at = self.now().wall;
        self.feed(Input::Observed(Observation::Loop(place, LoopState { occupied, at })));
    }

    fn arm(&mut self, position: Position) {
        let at = self.now().wall;
        let state = BarrierState { position, mode: BarrierMode::Remote, fault: None, command_id: None, at };
        self.feed(Input::Observed(Observation::Barrier(BarrierPlace::Exit, state)));
    }

    /// Nothing stands in the lane.
    pub(crate) fn empty(&mut self) {
        for place in LoopPlace::ALL {
            self.see(place, false);
        }
        self.pass(GONE);
    }

    /// A truck drives up, is read, and stands at the stop line.
    pub(crate) fn truck_comes(&mut self) {
        self.see(LoopPlace::Approach, true);
        self.see(LoopPlace::Scale, true);
        self.see(LoopPlace::Approach, false);
        self.reads += 1;
        let read = PlateRead {
            read_id: format!("r{}-{}", self.micros, self.reads),
            track: None,
            at: self.now().wall,
            plate: Some("123ABC02".into()),
            confidence: Some(0.95),
            country: None,
            view: View::Front,
            candidates: vec![],
            image: None,
        };
        self.feed(Input::Observed(Observation::Plate(DeviceName::new("front").expect("a name"), read)));
    }

    /// The arm rises, the truck leaves, the arm comes down.
    pub(crate) fn truck_goes(&mut self) {
        self.arm(Position::Open);
        self.see(LoopPlace::Exit, true);
        self.see(LoopPlace::Scale, false);
        self.see(LoopPlace::Exit, false);
        self.pass(Duration::from_secs(1));
        self.arm(Position::Closed);
        self.pass(Duration::from_secs(11));
    }
}

fn green(request_id: Uuid) -> RiskDecision {
    RiskDecision {
        request_id,
        channel: Channel::Green,
        measures: vec![],
        profiles: vec![],
        reason: "as told".into(),
        agencies: vec![],
        valid_until: None,
    }
}
