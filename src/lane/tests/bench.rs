//! A lane on the bench: a journal that acknowledges when told to, a register and an RMS that answer as told.

use super::*;

/// What the register will say.
pub(super) fn lawful() -> MatchResult {
    let json = serde_json::json!({
        "number": "N-1", "revision": 1, "submitted_at": "2026-11-24T01:00:00Z", "expected_at": "2026-11-24T05:00:00Z",
        "valid_until": "2026-12-24T05:00:00Z", "direction": "entry", "carrier": { "id": "240440000300" },
        "vehicle": { "tractor": { "plate": "123ABC02" }, "trailers": [{ "plate": "45DEF02" }] },
        "documents": [{ "kind": "transit_declaration", "number": "55302/150324/0000123" }], "gross_kg": 12000.0,
    });
    MatchResult {
        notification: Some(Arc::new(serde_json::from_value(json).expect("a notification"))),
        ..MatchResult::default()
    }
}

pub(super) fn decision(channel: Channel) -> RiskDecision {
    RiskDecision {
        request_id: Uuid::nil(),
        channel,
        measures: vec![],
        profiles: vec![],
        reason: "as told".into(),
        agencies: vec![],
        valid_until: None,
    }
}

pub(super) struct Bench {
    pub(super) machine: Machine,
    pub(super) micros: u64,
    pub(super) matched: MatchResult,
    /// `None`: the RMS is silent.
    pub(super) rms: Option<RiskDecision>,
    pub(super) asked: Vec<RiskRequest>,
    /// Batches that wait for an acknowledgement when `holds_receipts`.
    pub(super) unacknowledged: Vec<(Ticket, Vec<NewRecord>)>,
    pub(super) holds_receipts: bool,
    pub(super) journal: Vec<NewRecord>,
    pub(super) opened: Vec<OpenAuthority>,
    pub(super) closed: Vec<BarrierPlace>,
    pub(super) answers: Vec<(Uuid, Result<u64, OrderRefusal>)>,
    pub(super) signals: Vec<Signal>,
    pub(super) happenings: Vec<Happening>,
    /// Questions to the register.
    pub(super) queries: Vec<MatchQuery>,
    reads: u32,
}

pub(in crate::lane) fn setup(arms: &[BarrierPlace]) -> LaneSetup {
    let care = Care::required();
    let arm = ArmSetup { open_timeout: Duration::from_secs(8), close_timeout: Duration::from_secs(8), care };
    let (debounce, stuck_after) = (Duration::ZERO, Duration::from_secs(600));
    let a_loop = LoopSetup { debounce, stuck_after, pair: Pair::Single, care };
    let camera = |name, view| {
        (DeviceName::new(name).expect("a name"), CameraSetup { view, within: Duration::from_secs(3), care })
    };
    let scale = ScaleSetup {
        name: DeviceName::new("bridge").expect("a name"),
        minimum_kg: 400,
        division_kg: None,
        max_kg: None,
        method: WeighMethod::Static,
        care,
    };
    LaneSetup {
        site: SiteId::new("test").expect("a name"),
        lane: LaneId::new("in-01").expect("a name"),
        direction: Direction::Entry,
        evidence: BTreeSet::from([Evidence::TractorPlate, Evidence::TrailerPlate, Evidence::Weight]),
        evidence_timeout: Duration::from_secs(20),
        risk_timeout: Duration::from_secs(3),
        abandoned_after: Duration::from_secs(1_800),
        cameras: [camera("front", View::Front), camera("rear", View::Rear)].into(),
        loops: LoopPlace::ALL.into_iter().map(|place| (place, a_loop)).collect(),
        scale: Some(scale),
        readers: BTreeMap::new(),
        templates: Arc::new(crate::domain::plate::Templates::embedded()),
        arms: arms.iter().map(|place| (*place, arm)).collect::<BTreeMap<_, _>>(),
        severities: BTreeMap::new(),
    }
}

impl Bench {
    /// A healthy, empty lane with an exit arm.
    pub(super) fn ready() -> Self {
        Self::with(&[BarrierPlace::Exit])
    }

    pub(super) fn with(arms: &[BarrierPlace]) -> Self {
        let mut bench = Self::cold(arms);
        bench.devices_speak(arms);
        bench
    }

    /// A healthy, empty lane with an exit arm that consists of what `change` makes of the usual one.
    pub(super) fn built(change: impl FnOnce(&mut LaneSetup)) -> Self {
        let mut setup = setup(&[BarrierPlace::Exit]);
        change(&mut setup);
        let mut bench = Self::cold(&[BarrierPlace::Exit]);
        bench.machine = Machine::new(setup, [7; 32]);
        bench.devices_speak(&[BarrierPlace::Exit]);
        bench
    }

    /// A lane whose devices have not spoken yet.
    pub(super) fn cold(arms: &[BarrierPlace]) -> Self {
        Self {
            machine: Machine::new(setup(arms), [7; 32]),
            micros: 1_000_000,
            matched: lawful(),
            rms: Some(decision(Channel::Green)),
            asked: vec![],
            unacknowledged: vec![],
            holds_receipts: false,
            journal: vec![],
            opened: vec![],
            closed: vec![],
            answers: vec![],
            signals: vec![],
            happenings: vec![],
            queries: vec![],
            reads: 0,
        }
    }

    pub(super) fn devices_speak(&mut self, arms: &[BarrierPlace]) {
        self.feed(Input::Link(Link::Up));
        for place in LoopPlace::ALL {
            self.see(place, false);
        }
        for place in arms {
            self.arm(*place, Position::Closed);
        }
        self.weigh(0);
    }

    pub(super) fn now(&self) -> Now {
        let wall = 1_795_000_000_000_000_i64 + i64::try_from(self.micros).expect("in range");
        Now { mono: Mono::from_micros(self.micros), wall: Timestamp::from_unix_micros(wall) }
    }

    pub(super) fn feed(&mut self, input: Input) {
        let now = self.now();
        self.machine.handle(now, input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(effect) = self.machine.poll_effect() {
            self.carry_out(effect);
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        let now = self.now();
        match effect {
            Effect::Record { ticket, records } if self.holds_receipts => self.unacknowledged.push((ticket, records)),
            Effect::Record { ticket, records } => self.acknowledge(ticket, records),
            Effect::Match(query) => {
                let (passage, round, result) = (query.passage, query.round, self.matched.clone());
                self.queries.push(query);
                self.machine.handle(now, Input::Matched { passage, round, result });
            }
            Effect::AskRisk(request, earlier) => {
                let id = request.request_id;
                self.asked.push(*request);
                if let Some(decision) = earlier.map(|earlier| *earlier).or_else(|| self.rms.clone()) {
                    self.answer_risk(id, decision);
                }
            }
            Effect::Open(authority) => self.opened.push(authority),
            Effect::Close { barrier, .. } => self.closed.push(barrier),
            Effect::Answer { order, result } => self.answers.push((order, result)),
            Effect::Signal(signal) => self.signals.push(signal),
            Effect::Tell(happening) => self.happenings.push(happening),
            Effect::Publish(_) | Effect::Used { .. } | Effect::Alarmed(..) => {}
        }
    }

    pub(super) fn answer_risk(&mut self, request: Uuid, decision: RiskDecision) {
        let answer = RiskAnswer::from(RiskDecision { request_id: request, ..decision });
        let now = self.now();
        self.machine.handle(now, Input::RiskAnswered { request, answer });
    }

    /// The gateway answers the last request.
    pub(super) fn answer_with(&mut self, answer: impl FnOnce(Uuid) -> RiskAnswer) {
        let request = self.asked.last().expect("asked").request_id;
        self.feed(Input::RiskAnswered { request, answer: answer(request) });
    }

    /// The journal makes a batch durable.
    pub(super) fn acknowledge(&mut self, ticket: Ticket, records: Vec<NewRecord>) {
        let first = self.journal.len() as u64 + 1;
        let last = first + records.len() as u64 - 1;
        self.journal.extend(records);
        let lane = self.machine.setup().lane.clone();
        let now = self.now();
        self.machine.handle(now, Input::Recorded(Recorded::durable(ticket, lane, first, last)));
        self.drain();
    }

    /// Acknowledges everything that waits.
    pub(super) fn acknowledge_all(&mut self) {
        for (ticket, records) in std::mem::take(&mut self.unacknowledged) {
            self.acknowledge(ticket, records);
        }
    }

    /// Lets time pass, waking the machine whenever it asked to be woken.
    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.micros + u64::try_from(time.as_micros()).expect("in range");
        while let Some((at, _)) = self.machine.poll_timeout().filter(|(at, _)| at.as_micros() <= end) {
            self.micros = self.micros.max(at.as_micros());
            self.feed(Input::Wake);
        }
        self.micros = end;
    }

    pub(super) fn see(&mut self, place: LoopPlace, occupied: bool) {
        let at = self.now().wall;
        self.feed(Input::Observed(Observation::Loop(place, LoopState { occupied, at })));
    }

    /// The second loop of a pair.
    pub(super) fn see_b(&mut self, place: LoopPlace, occupied: bool) {
        let at = self.now().wall;
        self.feed(Input::Observed(Observation::PairLoop(place, LoopState { occupied, at })));
    }

    /// A device's birth or last will.
    pub(super) fn health(&mut self, device: &str, online: bool, session: Option<&str>) {
        let at = self.now().wall;
        let health = DeviceHealth { online, session: session.map(str::to_owned), detail: None, at };
        let device = DeviceName::new(device).expect("a name");
        self.feed(Input::Observed(Observation::Health(device, health)));
    }

    pub(super) fn arm(&mut self, place: BarrierPlace, position: Position) {
        self.arm_with(place, position, BarrierMode::Remote, None);
    }

    pub(super) fn arm_with(&mut self, place: BarrierPlace, position: Position, mode: BarrierMode, fault: Option<&str>) {
        let fault = fault.map(str::to_owned);
        let state = BarrierState { position, mode, fault, command_id: None, at: self.now().wall };
        self.feed(Input::Observed(Observation::Barrier(place, state)));
    }

    pub(super) fn weigh(&mut self, gross_kg: i64) {
        self.weigh_as(gross_kg, Stability::Stable);
    }

    pub(super) fn weigh_as(&mut self, gross_kg: i64, stability: Stability) {
        let method = WeighMethod::Static;
        let at = self.now().wall;
        self.weigh_by(WeightReading {
            gross_kg,
            stability,
            method,
            axles_kg: None,
            spacings_cm: None,
            indicated: None,
            raw: None,
            at,
        });
    }

    pub(super) fn weigh_by(&mut self, reading: WeightReading) {
        self.feed(Input::Observed(Observation::Weight(DeviceName::new("bridge").expect("a name"), reading)));
    }

    pub(super) fn read(&mut self, view: View, plate: &str) {
        self.read_as(view, plate, None, 0.95);
    }

    pub(super) fn read_as(&mut self, view: View, plate: &str, track: Option<&str>, confidence: f64) {
        self.reads += 1;
        let read = PlateRead {
            read_id: format!("r{}", self.reads),
            track: track.map(str::to_owned),
            at: self.now().wall,
            plate: Some(plate.into()),
            confidence: Some(confidence),
            country: None,
            view,
            candidates: vec![],
            image: None,
        };
        let camera = if view == View::Front { "front" } else { "rear" };
        self.feed(Input::Observed(Observation::Plate(DeviceName::new(camera).expect("a name"), read)));
    }

    /// A truck drives up and everything is read of it; it stands at the stop line.
    pub(super) fn truck_stands(&mut self) {
        self.see(LoopPlace::Approach, true);
        self.see(LoopPlace::Scale, true);
        self.see(LoopPlace::Approach, false);
        self.read(View::Front, "123ABC02");
        self.read(View::Rear, "45DEF02");
        self.weigh(27_400);
    }

    /// The arm rises, the truck leaves, the arm comes down.
    pub(super) fn truck_leaves(&mut self) {
        self.arm(BarrierPlace::Exit, Position::Open);
        self.see(LoopPlace::Exit, true);
        self.see(LoopPlace::Scale, false);
        self.weigh(0);
        self.see(LoopPlace::Exit, false);
        self.pass(LEFT_SETTLE);
        self.arm(BarrierPlace::Exit, Position::Closed);
    }

    pub(super) fn passage(&self) -> PassageId {
        let at = self.now();
        self.machine.state(at).passage.expect("a passage").id
    }

    pub(super) fn order(&mut self, kind: OrderKind, second: Option<&str>) -> Option<Result<u64, OrderRefusal>> {
        let passage = self.machine.state(self.now()).passage.map(|passage| passage.id);
        let expires = self.now().mono + Duration::from_secs(60);
        self.order_as(Order {
            id: Uuid::from_u128(self.answers.len() as u128 + 1),
            kind,
            passage,
            reason: "checked".into(),
            officer: "aigul".into(),
            second_officer: second.map(str::to_owned),
            seen: None,
            expires,
        })
    }

    pub(super) fn order_as(&mut self, order: Order) -> Option<Result<u64, OrderRefusal>> {
        let id = order.id;
        self.feed(Input::Ordered(order));
        self.answers.iter().rev().find(|(answered, _)| *answered == id).map(|(_, result)| *result)
    }

    pub(super) fn holds(&self) -> Vec<&'static str> {
        self.machine.state(self.now()).holds.iter().map(|hold| hold.code.as_str()).collect()
    }

    pub(super) fn alarms(&self) -> Vec<&'static str> {
        self.machine.state(self.now()).alarms.iter().map(|alarm| alarm.as_str()).collect()
    }

    /// What the lane counts as the vehicle's weight.
    pub(super) fn weighed(&self) -> Option<i64> {
        self.machine.state(self.now()).passage.and_then(|passage| passage.gross_kg)
    }

    pub(super) fn kinds(&self) -> Vec<RecordKind> {
        self.journal.iter().map(|record| record.kind).collect()
    }

    pub(super) fn completed(&self) -> Vec<String> {
        let stories = self.journal.iter().filter(|record| record.kind == RecordKind::PassageCompleted);
        stories
            .map(|record| serde_json::from_str::<serde_json::Value>(&record.body).expect("a story"))
            .map(|story| story["outcome"].as_str().expect("an outcome").to_owned())
            .collect()
    }

    #[track_caller]
    pub(super) fn assert_held_by(&self, code: &str) {
        assert_eq!(self.machine.phase(), Phase::Held, "holds {:?}", self.holds());
        assert!(self.holds().contains(&code), "{code} is not among {:?}", self.holds());
        assert!(self.opened.is_empty(), "nothing may open");
    }
}
