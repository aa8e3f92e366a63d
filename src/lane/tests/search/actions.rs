//! What may happen next, and what it does.

use super::super::*;
use super::truth::Violation;
use super::world::{AWAY, Action, Form, GONE, Trouble, Word, World, answer, matched};

/// No wait for a wake-up is longer in a story.
const WAIT_MAX: Duration = Duration::from_secs(130);
const WAIT_MAX_MICROS: u64 = 130_000_000;
/// No time passes while more batches wait for the journal.
const WRITTEN_MAX: usize = 2;
/// How long somebody waits whom no wake-up ends the wait of: longer than any authority lasts.
const LONG_MICROS: u64 = 70_000_000;

impl World {
    /// Everything that may happen in this state.
    pub(super) fn actions(&self) -> Vec<Action> {
        let mut actions = Vec::with_capacity(24);
        let wakes = self.machine.as_ref().and_then(Machine::poll_timeout);
        let wakes = wakes.is_some_and(|(at, _)| at <= self.now().mono + WAIT_MAX);
        let waits = self.machine.as_ref().is_some_and(|machine| machine.passage.is_some());
        // The journal may be late, and not for ever.
        let passes = self.written.len() <= WRITTEN_MAX;
        if passes && (wakes || waits) {
            actions.push(Action::Wait);
        }
        for vehicle in (0..if self.plan.alone { 1 } else { 2 }).filter(|_| passes) {
            self.moves_of(vehicle, &mut actions);
        }
        for arm in self.arms.iter().filter(|_| passes) {
            if matches!(arm.position, Position::Opening | Position::Closing) {
                actions.push(Action::ArmMoves(arm.place));
            }
        }
        for index in (0_u8..).take(self.commands.len()) {
            actions.push(Action::Arrives(index));
            if self.may(Trouble::CommandLost) {
                actions.push(Action::Lost(index));
            }
        }
        match &self.machine {
            Some(machine) => self.of_the_controller(machine, &mut actions),
            None => actions.push(Action::Restart),
        }
        self.of_the_road(&mut actions);
        actions
    }

    fn moves_of(&self, vehicle: u8, actions: &mut Vec<Action>) {
        let at = self.vehicles[usize::from(vehicle)];
        let other = self.vehicles[usize::from(1 - vehicle)];
        let is_in = |place| (1..GONE).contains(&place);
        let up = |place| self.arm(place).is_none_or(|arm| matches!(arm.position, Position::Open | Position::Closing));
        let free_ahead = !is_in(other) || other < at || at + 1 < other || at + 1 == GONE;
        // A loop at the stop line can't tell two vehicles over it: that needs a pair, or a count of axles (hazard 9).
        let over = |place: u8| matches!(place, 2..=4);
        let apart = |place: u8| !(over(place) && over(other));
        let forward = at < GONE
            && free_ahead
            && apart(at + 1)
            && match at {
                1 => up(BarrierPlace::Entry),
                3 => up(BarrierPlace::Exit),
                _ => true,
            };
        let free_behind = !is_in(other) || other > at || other + 1 < at;
        let back = at > AWAY
            && at < GONE
            && self.may(Trouble::Back)
            && free_behind
            && apart(at - 1)
            && match at {
                3 => up(BarrierPlace::Entry),
                5 => up(BarrierPlace::Exit),
                _ => true,
            };
        let lost = self.may(Trouble::ReportLost);
        for (may, seen, unseen) in [
            (forward, Action::Forward(vehicle), Action::ForwardUnseen(vehicle)),
            (back, Action::Back(vehicle), Action::BackUnseen(vehicle)),
        ] {
            if may {
                actions.push(seen);
            }
            if may && lost {
                actions.push(unseen);
            }
        }
        if self.machine.is_some() && self.may_read(vehicle) {
            actions.push(Action::Read(vehicle));
        }
        if self.machine.is_some() && self.may(Trouble::Misread) && matches!(at, 2 | 3) {
            actions.push(Action::Misread(vehicle));
        }
    }

    fn of_the_controller(&self, machine: &Machine, actions: &mut Vec<Action>) {
        if !self.written.is_empty() {
            actions.push(Action::Commit);
            if self.may(Trouble::JournalFails) {
                actions.push(Action::CommitFails);
            }
        }
        if self.may(Trouble::Crash) {
            let all = u8::try_from(self.written.len()).unwrap_or(u8::MAX);
            let mut durable = vec![0, 1.min(all), all];
            durable.dedup();
            actions.extend(durable.into_iter().map(Action::Crash));
        }
        for index in (0_u8..).take(self.queries.len()) {
            actions.push(Action::Match(index, true));
            if self.may(Trouble::Unlawful) {
                actions.push(Action::Match(index, false));
            }
        }
        self.of_the_rms(actions);
        self.of_officers(machine, actions);
    }

    fn of_the_rms(&self, actions: &mut Vec<Action>) {
        for (index, question) in (0_u8..).zip(&self.questions) {
            if question.answered.is_none() {
                actions.push(Action::Answer(index, Word::Green));
                if self.may(Trouble::Stricter) {
                    actions.extend([Action::Answer(index, Word::Red), Action::Answer(index, Word::Yellow)]);
                }
                if self.may(Trouble::Unavailable) {
                    actions.push(Action::Answer(index, Word::Unavailable));
                }
            } else if self.may(Trouble::Again) {
                actions.extend([Action::Again(index, Word::Green), Action::Again(index, Word::Red)]);
            }
        }
    }

    fn of_officers(&self, machine: &Machine, actions: &mut Vec<Action>) {
        if self.may(Trouble::Order) {
            if machine.passage.as_ref().is_some_and(|passage| !passage.holds.is_empty()) {
                actions.push(Action::Order(OrderKind::Release, Form::One));
                actions.push(Action::Order(OrderKind::Release, Form::Two));
                actions.push(Action::Order(OrderKind::Refuse, Form::One));
                // An officer who says that the vehicle is gone has looked.
                if !machine.is_out_of_sight() || !(0..2).any(|vehicle| matches!(self.vehicles[vehicle], 3..=5)) {
                    actions.push(Action::Order(OrderKind::ClearHold, Form::One));
                }
            }
            if machine.service == Service::Closed {
                actions.push(Action::Order(OrderKind::OpenLane, Form::One));
            }
        }
        if self.may(Trouble::BadOrder) && machine.passage.is_some() {
            for form in [Form::One, Form::Same, Form::OtherPassage, Form::Old, Form::Mute, Form::Stale] {
                actions.push(Action::Order(OrderKind::Release, form));
            }
        }
    }

    fn of_the_road(&self, actions: &mut Vec<Action>) {
        for arm in &self.arms {
            if self.may(Trouble::Force) && matches!(arm.position, Position::Closed | Position::Open) {
                actions.push(Action::Force(arm.place));
            }
            if self.may(Trouble::Key) {
                actions.push(Action::Key(arm.place));
            }
        }
        match self.link {
            Link::Up if self.may(Trouble::Link) => actions.push(Action::Link(Link::Down)),
            Link::Up => {}
            Link::Down => actions.push(Action::Link(Link::Up)),
        }
        if self.may(Trouble::Clock) {
            actions.push(Action::ClockSteps);
        }
    }

    /// The world after it.
    pub(super) fn after(&self, action: Action) -> Self {
        let mut world = self.clone();
        world.act(action);
        if world.told.is_some() {
            let line = world.machine.as_ref().map(|machine| {
                let state = machine.state(world.now());
                let holds: Vec<_> = state.holds.iter().map(|hold| hold.code.as_str()).collect();
                format!("    {}, holds {holds:?}, light {:?}", state.phase.as_str(), world.truth.light)
            });
            world.tell(|| line.unwrap_or_else(|| "    (the controller is down)".into()));
        }
        world
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Wait => {
                let wakes = self.machine.as_ref().and_then(Machine::poll_timeout).map(|(at, _)| at.as_micros());
                let soon = wakes.filter(|at| *at <= self.micros + WAIT_MAX_MICROS);
                self.micros = soon.map_or(self.micros + LONG_MICROS, |at| self.micros.max(at));
                self.refuse_old_commands();
                self.feed(Input::Wake);
            }
            Action::Forward(vehicle) => self.moves(vehicle, self.vehicles[usize::from(vehicle)] + 1, true),
            Action::Back(vehicle) => {
                self.spend(Trouble::Back);
                self.moves(vehicle, self.vehicles[usize::from(vehicle)] - 1, true);
            }
            Action::ForwardUnseen(vehicle) => {
                self.spend(Trouble::ReportLost);
                self.moves(vehicle, self.vehicles[usize::from(vehicle)] + 1, false);
            }
            Action::BackUnseen(vehicle) => {
                self.spend(Trouble::ReportLost);
                self.spend(Trouble::Back);
                self.moves(vehicle, self.vehicles[usize::from(vehicle)] - 1, false);
            }
            Action::Read(vehicle) => self.reads(vehicle, vehicle),
            Action::Misread(vehicle) => {
                self.spend(Trouble::Misread);
                self.reads(vehicle, 1 - vehicle);
            }
            Action::ArmMoves(place) => self.arm_moves(place),
            Action::Arrives(index) => self.command_arrives(usize::from(index)),
            Action::Lost(index) => {
                self.spend(Trouble::CommandLost);
                self.commands.remove(usize::from(index));
            }
            Action::Commit => self.commit(),
            Action::CommitFails => {
                self.spend(Trouble::JournalFails);
                self.truth.journal_failed = true;
                for batch in std::mem::take(&mut self.written) {
                    self.feed(Input::RecordFailed(batch.ticket));
                }
            }
            Action::Crash(durable) => {
                self.spend(Trouble::Crash);
                self.crash(usize::from(durable));
            }
            Action::Restart => self.restart(),
            Action::Match(index, fine) => self.match_answers(usize::from(index), fine),
            Action::Answer(index, word) => self.rms_answers(usize::from(index), word),
            Action::Again(index, word) => {
                self.spend(Trouble::Again);
                self.rms_says(usize::from(index), word);
            }
            Action::Order(kind, form) => self.order(kind, form),
            Action::Force(place) => {
                self.spend(Trouble::Force);
                if let Some(arm) = self.arm(place) {
                    let up = arm.position == Position::Open;
                    let position = if up { Position::Closing } else { Position::Open };
                    self.set_arm(super::world::RealArm { position, ..arm });
                }
            }
            Action::Key(place) => {
                self.spend(Trouble::Key);
                if let Some(arm) = self.arm(place) {
                    let mode = if arm.mode == BarrierMode::Local { BarrierMode::Remote } else { BarrierMode::Local };
                    self.set_arm(super::world::RealArm { mode, ..arm });
                }
            }
            Action::Link(link) => self.link_changes(link),
            Action::ClockSteps => {
                self.spend(Trouble::Clock);
                self.truth.stepped = true;
                self.feed(Input::Clock(Clock::Stepped));
            }
        }
    }

    fn match_answers(&mut self, index: usize, fine: bool) {
        let query = self.queries.remove(index);
        if !fine {
            self.spend(Trouble::Unlawful);
        }
        self.truth.matched(&query, fine);
        self.feed(matched(&query, fine));
    }

    fn rms_answers(&mut self, index: usize, word: Word) {
        match word {
            Word::Green => {}
            Word::Yellow | Word::Red => self.spend(Trouble::Stricter),
            Word::Unavailable => self.spend(Trouble::Unavailable),
        }
        self.rms_says(index, word);
        if self.may(Trouble::Again) {
            self.questions[index].answered = Some(word);
        } else {
            self.questions.remove(index);
        }
    }

    fn rms_says(&mut self, index: usize, word: Word) {
        let question = self.questions[index];
        self.truth.answered(question.passage, question.id, word);
        self.feed(answer(&question, word));
    }

    fn order(&mut self, kind: OrderKind, form: Form) {
        let bad = match form {
            Form::One if kind == OrderKind::Release => !self.may(Trouble::Order),
            Form::One | Form::Two => false,
            Form::Same | Form::OtherPassage | Form::Old | Form::Mute | Form::Stale => true,
        };
        self.spend(if bad { Trouble::BadOrder } else { Trouble::Order });
        let passage = self.machine.as_ref().and_then(Machine::passage_id);
        let second = match form {
            Form::One => None,
            Form::Same => Some("aigul"),
            Form::Two | Form::OtherPassage | Form::Old | Form::Mute | Form::Stale => Some("bolat"),
        };
        let now = self.now().mono;
        let order = Order {
            id: Uuid::from_u128(u128::from(self.micros) + (7 << 100)),
            kind,
            passage: if form == Form::OtherPassage { Some(PassageId(Uuid::nil())) } else { passage },
            reason: if form == Form::Mute { String::new() } else { "looked".into() },
            officer: "aigul".into(),
            second_officer: second.map(str::to_owned),
            seen: (form == Form::Stale).then(StateVersion::default),
            expires: if form == Form::Old { now } else { now + Duration::from_secs(60) },
        };
        self.truth.order = Some((kind, form));
        self.feed(Input::Ordered(order));
        self.truth.order = None;
    }

    fn link_changes(&mut self, link: Link) {
        self.link = link;
        match link {
            Link::Down => {
                self.spend(Trouble::Link);
                self.truth.link_is_up();
                self.feed(Input::Link(Link::Down));
            }
            Link::Up => self.devices_speak(),
        }
    }

    /// Everything that was last said is said again: nothing may change by it (C3).
    pub(super) fn repeat_everything(&self) -> Option<Violation> {
        let mut again = self.clone();
        let before = again.digest();
        if again.machine.is_none() || again.link == Link::Down {
            return None;
        }
        for place in LoopPlace::ALL {
            if self.truth.heard_loop(place) == Some(self.is_over(place)) {
                again.report_loop(place);
            }
        }
        for arm in self.arms.clone() {
            again.report_arm(arm);
        }
        if let Some(receipt) = &self.receipt {
            again.feed(Input::Recorded(receipt.clone()));
        }
        for question in &self.questions {
            if let Some(word) = question.answered {
                again.feed(answer(question, word));
            }
        }
        if again.broken.is_some() {
            return again.broken;
        }
        again.truth = self.truth.clone();
        let what = "a message that was said twice changed something".to_owned();
        (again.digest() != before).then_some(Violation { invariant: "C3", what })
    }
}
