//! The lane actor: feeds one machine, carries out its effects, sleeps until its next wake-up.
//!
//! A turn is one message and everything that the machine wants of it. The register and the local decision answer
//! within the turn, so that a decision and its evidence are one batch for the journal: one sync.

mod ask;
mod count;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use uuid::Uuid;

use super::board::{Board, OrderDone};
use super::clock::SiteClock;
use super::ingress::{Arrival, Ingress, Kept};
use super::journal::standing;
use super::link::Router;
use super::local::LocalRisk;
use super::outlet::Outlet;
use crate::journal::{Batch, Committed, Failure, Journal};
use crate::lane::{Effect, Input, LaneSetup, Link, Machine, Restored};
use crate::matching::MatchPolicy;
use crate::metrics;
use crate::model::{
    Alarm, Evacuation, LaneId, NewRecord, Observation, Order, OrderRefusal, RecordKind, RiskAnswer, Service, Ticket,
};
use crate::registry::Registry;

/// What a lane is told.
#[derive(Debug)]
pub(super) enum LaneMsg {
    /// A device reported.
    Arrived(Arrival),
    /// The journal's answer, with what was kept until then.
    Journaled(Result<Committed, (Ticket, Failure)>),
    /// The risk gateway's answer.
    Risk(Uuid, RiskAnswer, Kept),
    /// An officer's order.
    Order(Order, oneshot::Sender<Result<OrderDone, OrderRefusal>>),
    /// Something to be journaled for the lane.
    Note(NewRecord),
    /// The same, with what is kept until it is durable.
    Keep(NewRecord, Kept),
    /// The register took a document.
    RegisterChanged,
    /// Answer, to show that the lane takes messages.
    Ping(oneshot::Sender<()>),
    /// Stops the mailbox until the gate is dropped.
    #[cfg(test)]
    Hang(oneshot::Receiver<()>),
    /// Panics in the middle of a turn.
    #[cfg(test)]
    Panic,
    /// Anything else that the machine takes as it is.
    Feed(Input),
}

/// Who decides the channel.
#[derive(Debug, Clone)]
pub(super) enum Decider {
    /// The RMS, through its gateway.
    Rms(Router),
    /// The edge alone.
    Local,
}

/// What a lane actor is made of.
pub(super) struct LaneArgs {
    pub(super) setup: LaneSetup,
    pub(super) restored: Option<Restored>,
    /// As an officer left it.
    pub(super) service: Service,
    /// As the journal left it.
    pub(super) evacuation: Evacuation,
    pub(super) journal: Arc<Journal>,
    pub(super) registry: Arc<Registry>,
    pub(super) policy: Arc<MatchPolicy>,
    pub(super) decider: Decider,
    pub(super) local: LocalRisk,
    pub(super) outlet: Outlet,
    pub(super) ingress: Ingress,
    pub(super) board: Board,
    pub(super) clock: SiteClock,
    pub(super) link: Link,
}

pub(super) struct LaneActor;

pub(super) struct LaneState {
    me: ActorRef<LaneMsg>,
    machine: Machine,
    args: LaneArgs,
    orders: BTreeMap<Uuid, oneshot::Sender<Result<OrderDone, OrderRefusal>>>,
    /// Notes wait here until the next batch leaves.
    notes: Vec<NewRecord>,
    /// States wait here until the records that they rest on are durable: nobody is shown what a crash could undo.
    unshown: VecDeque<(Ticket, Box<crate::model::LaneState>)>,
    last_ticket: Ticket,
    durable: Ticket,
    wake: watch::Sender<Option<Instant>>,
    sleeper: JoinHandle<()>,
    /// When the message came that the running turn answers; the start of the decision latency.
    turn_began: crate::model::Mono,
    evidence_at: crate::model::Mono,
    coalesced: u64,
}

impl Drop for LaneState {
    fn drop(&mut self) {
        self.sleeper.abort();
    }
}

/// A wake-up has its own sleeper, so that it is not late by what waits in a timer queue.
async fn sleep_and_wake(me: ActorRef<LaneMsg>, mut at: watch::Receiver<Option<Instant>>) {
    loop {
        let due = *at.borrow_and_update();
        let Some(due) = due else {
            if at.changed().await.is_err() {
                return;
            }
            continue;
        };
        tokio::select! {
            () = tokio::time::sleep_until(due) => {
                if me.cast(LaneMsg::Feed(Input::Wake)).is_err() || at.changed().await.is_err() {
                    return;
                }
            }
            changed = at.changed() => if changed.is_err() { return },
        }
    }
}

impl Actor for LaneActor {
    type Msg = LaneMsg;
    type State = LaneState;
    type Arguments = LaneArgs;

    async fn pre_start(&self, me: ActorRef<LaneMsg>, args: LaneArgs) -> Result<LaneState, ActorProcessingErr> {
        let mut seed = [0_u8; 32];
        let (low, high) = seed.split_at_mut(16);
        low.copy_from_slice(Uuid::new_v4().as_bytes());
        high.copy_from_slice(Uuid::new_v4().as_bytes());
        let (wake, at) = watch::channel(None);
        let sleeper = tokio::spawn(sleep_and_wake(me.clone(), at));
        let now = args.clock.now();
        let mut state = LaneState {
            me,
            machine: Machine::new(args.setup.clone(), seed),
            orders: BTreeMap::new(),
            notes: Vec::new(),
            unshown: VecDeque::new(),
            last_ticket: Ticket(0),
            durable: Ticket(0),
            wake,
            sleeper,
            turn_began: now.mono,
            evidence_at: now.mono,
            coalesced: 0,
            args,
        };
        state.machine.restore_service(state.args.service);
        state.machine.restore_evacuation(state.args.evacuation);
        if let Some(restored) = state.args.restored.take() {
            state.machine.restore(now, &restored);
        }
        for input in standing(state.args.link, &state.args.journal) {
            state.turn(input, Kept::default());
        }
        Ok(state)
    }

    async fn handle(
        &self,
        _: ActorRef<LaneMsg>,
        msg: LaneMsg,
        state: &mut LaneState,
    ) -> Result<(), ActorProcessingErr> {
        #[cfg(test)]
        if let LaneMsg::Hang(gate) = msg {
            gate.await.ok();
            return Ok(());
        }
        state.take(msg);
        while let Some(arrival) = state.args.ingress.next_waiting() {
            state.take(LaneMsg::Arrived(arrival));
        }
        Ok(())
    }
}

impl LaneState {
    fn lane(&self) -> &LaneId {
        &self.args.setup.lane
    }

    fn take(&mut self, msg: LaneMsg) {
        match msg {
            LaneMsg::Arrived(Arrival { observation, kept }) => {
                self.evidence_at = self.args.clock.mono();
                let names_vehicle = matches!(observation, Observation::Plate(..) | Observation::Document(..));
                self.turn(Input::Observed(observation), kept);
                if names_vehicle {
                    self.look_ahead();
                }
            }
            LaneMsg::Journaled(Ok(committed)) => self.journaled(&committed),
            LaneMsg::Journaled(Err((ticket, failure))) => {
                tracing::error!(lane = %self.lane(), %failure, "the journal did not take a batch; the lane holds");
                self.turn(Input::RecordFailed(ticket), Kept::default());
            }
            LaneMsg::Risk(request, answer, kept) => self.turn(Input::RiskAnswered { request, answer }, kept),
            LaneMsg::Order(order, answer) => {
                self.orders.insert(order.id, answer);
                self.turn(Input::Ordered(order), Kept::default());
            }
            LaneMsg::Note(record) => {
                self.notes.push(record);
                self.turn(Input::Wake, Kept::default());
            }
            LaneMsg::Keep(record, kept) => {
                self.notes.push(record);
                self.append(Ticket(0), Vec::new(), Some(kept));
            }
            LaneMsg::RegisterChanged => self.register_changed(),
            LaneMsg::Ping(answer) => {
                answer.send(()).ok();
            }
            #[cfg(test)]
            LaneMsg::Hang(_) => {}
            #[cfg(test)]
            LaneMsg::Panic => panic!("as a test wants it"),
            LaneMsg::Feed(input) => self.turn(input, Kept::default()),
        }
    }

    /// One input and all its effects.
    fn turn(&mut self, input: Input, kept: Kept) {
        let now = self.args.clock.now();
        self.turn_began = now.mono;
        self.machine.handle(now, input);
        self.drain(kept);
        let due = self.machine.poll_timeout().map(|(at, _)| Instant::from_std(self.args.clock.instant(at)));
        self.wake.send_if_modified(|at| {
            let changed = *at != due;
            *at = due;
            changed
        });
    }

    /// The batch is durable: first what it allows, then telling the world.
    fn journaled(&mut self, committed: &Committed) {
        self.durable = self.durable.max(committed.receipt.ticket());
        self.turn(Input::Recorded(committed.receipt.clone()), Kept::default());
        self.show_through(self.durable);
        for (sequence, record) in (committed.receipt.first()..).zip(&committed.records) {
            if let (RecordKind::Released, Some(passage)) = (record.kind, record.passage) {
                self.args.local.released(passage);
            }
            self.args.board.tell(self.args.outlet.event(sequence, record));
        }
    }

    fn drain(&mut self, kept: Kept) {
        let mut kept = Some(kept);
        let mut shown = None;
        while let Some(effect) = self.machine.poll_effect() {
            if let Effect::Record { ticket, records } = effect {
                self.last_ticket = ticket;
                self.append(ticket, records, kept.take());
            } else if let Effect::Publish(state) = effect {
                shown = Some(state);
            } else {
                self.carry_out(effect);
            }
        }
        if let Some(state) = shown {
            self.show_when_durable(state);
        }
        if !self.notes.is_empty() {
            // A ticket that the machine never hands out: nobody waits for notes.
            self.append(Ticket(0), Vec::new(), kept.take());
        }
        // Nothing to make durable: the message is owned at once.
        if let Some(kept) = kept {
            kept.settle();
        }
    }

    /// Shows a state once its turn's records are durable; one that says that the journal is away, at once.
    fn show_when_durable(&mut self, state: Box<crate::model::LaneState>) {
        self.unshown.push_back((self.last_ticket, state));
        if self.unshown.back().is_some_and(|(_, state)| state.alarms.contains(&Alarm::JournalUnavailable)) {
            self.show_through(self.last_ticket);
        } else {
            self.show_through(self.durable);
        }
    }

    fn show_through(&mut self, ticket: Ticket) {
        while let Some((_, state)) = self.unshown.pop_front_if(|(rests_on, _)| *rests_on <= ticket) {
            metrics::phase(self.lane(), state.phase);
            self.args.outlet.state(&state);
            self.args.board.show(Arc::from(state));
        }
    }

    /// Notes leave with the batch, and before its release: a draw is on record when the vehicle is let go.
    fn append(&mut self, ticket: Ticket, mut records: Vec<NewRecord>, kept: Option<Kept>) {
        let place = records.iter().position(|record| record.kind == RecordKind::Released).unwrap_or(records.len());
        records.splice(place..place, self.notes.drain(..));
        let me = self.me.clone();
        let batch = Batch { ticket, lane: self.lane().clone(), records };
        let done = move |result: Result<Committed, Failure>| {
            let result = result.map_err(|failure| (ticket, failure));
            let durable = result.is_ok();
            // A lane that is gone is restored from the journal.
            me.cast(LaneMsg::Journaled(result)).ok();
            // Acknowledge only what is durable: the rest comes again (invariant C2).
            match kept {
                Some(kept) if durable => kept.settle(),
                Some(kept) => kept.withhold(),
                None => {}
            }
        };
        self.args.journal.append(batch, Box::new(done));
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            // Drained by the caller.
            Effect::Record { .. } | Effect::Publish(_) => {}
            Effect::Match(query) => self.find(&query),
            Effect::AskRisk(request, earlier) => self.ask_risk(*request, earlier.as_deref()),
            Effect::Open(authority) => {
                let (barrier, reason) = (authority.authority().barrier, authority.authority().reason);
                let sent = self.args.outlet.open(self.args.clock.now(), self.lane(), authority);
                metrics::decision_latency(self.args.clock.mono().since(self.evidence_at));
                metrics::barrier_command(self.lane(), barrier, crate::model::CommandVerb::Open, reason);
                if let Err(why) = sent {
                    tracing::warn!(lane = %self.lane(), %why, "the open command was not sent; the arm is supervised");
                }
            }
            Effect::Close { barrier, passage, command_id } => {
                let now = self.args.clock.now();
                let sent = self.args.outlet.close(now, self.lane(), barrier, passage, command_id);
                let reason = crate::model::CommandReason::Secure;
                metrics::barrier_command(self.lane(), barrier, crate::model::CommandVerb::Close, reason);
                if let Err(why) = sent {
                    tracing::warn!(lane = %self.lane(), %why, "the close command was not sent; the arm is supervised");
                }
            }
            Effect::Signal(signal) => self.args.outlet.signal(self.lane(), &signal),
            Effect::Answer { order, result } => {
                if let Some(answer) = self.orders.remove(&order) {
                    // An officer who went away is answered by the journal.
                    answer.send(result.map(|sequence| OrderDone { sequence })).ok();
                }
            }
            Effect::Used { notification, passage, sequence } => {
                self.args.registry.mark_used(&notification, passage, sequence);
            }
            Effect::Tell(happening) => self.count(&happening),
            Effect::Alarmed(alarm, on) => self.alarmed(alarm, on),
        }
    }
}
