//! The gateway to the RMS (pure): what is asked when, how often, and which answers count.
//!
//! ```text
//!  lane ─ Arrival ─┐                                   ┌─▶ Send (again after half of the time)
//!                  ├─▶ waiting (bounded, lanes first) ─┤
//!  notification ───┘      └─ breaker ─▶ Unavailable    └─ answered ─▶ Decided │ deadline ─▶ Unavailable
//! ```
//!
//! Priorities: an answer counts for the request whose id it carries and no other; the lane's deadline is kept to the
//! end; a truck in a lane goes before one that is only notified. An answer after the one that counted is handed on: it
//! may still be stricter (hazard 27, invariant A7). What it does not do: send, sleep, verify signatures, or weigh a
//! decision.

mod breaker;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use uuid::Uuid;

use self::breaker::Breaker;
pub use self::breaker::{BreakerSettings, BreakerState};
use crate::model::risk::RiskKind;
use crate::model::{Mono, RiskDecision, RiskRequest};

/// Requests that may wait for their turn; an older assessment before arrival makes room for a newer one.
pub const WAITING_MAX: usize = 4_096;
/// Requests that are remembered after their end, for answers that come late.
pub const REMEMBERED_MAX: usize = 4_096;

/// How the gateway behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GatewaySettings {
    /// How long a request may take, its retry included.
    pub timeout: Duration,
    /// Requests under way at once.
    pub in_flight: usize,
    /// When the RMS is left alone.
    pub breaker: BreakerSettings,
}

/// Why there is no decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unavailable {
    /// No answer in time.
    Timeout,
    /// The breaker is open.
    BreakerOpen,
    /// Too much waits.
    Full,
}

impl Unavailable {
    /// For officers.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Timeout => "the RMS did not answer in time",
            Self::BreakerOpen => "the RMS does not answer; it is tried again by itself",
            Self::Full => "too many risk requests wait",
        }
    }
}

/// What is to be done; who asked is the caller's `A`.
#[derive(Debug, Clone, PartialEq)]
pub enum GatewayEffect<A> {
    /// Send this request; it is stale after so long.
    Send(Box<RiskRequest>, Duration),
    /// The answer that counts, after so long.
    Decided(A, RiskDecision, Duration),
    /// An answer after that one, or after the deadline.
    Late(A, RiskDecision),
    /// There will be none.
    Unavailable(A, Uuid, Unavailable),
    /// An answer that nobody asked for.
    Unknown(RiskDecision),
    /// The request went out once more.
    Retried,
    /// The breaker changed.
    Breaker(BreakerState),
}

#[derive(Debug)]
struct Asked<A> {
    request: Box<RiskRequest>,
    by: A,
    since: Mono,
    deadline: Mono,
    /// When it goes out once more; `None` once it has.
    again: Option<Mono>,
}

/// The gateway. After each call drain [`Self::poll_effect`] to the end, then sleep until [`Self::poll_timeout`].
#[derive(Debug)]
pub struct Gateway<A> {
    settings: GatewaySettings,
    breaker: Breaker,
    told: BreakerState,
    asked: BTreeMap<Uuid, Asked<A>>,
    arrivals: VecDeque<Asked<A>>,
    ahead: VecDeque<Asked<A>>,
    past: BTreeMap<Uuid, A>,
    past_order: VecDeque<Uuid>,
    effects: VecDeque<GatewayEffect<A>>,
}

impl<A: Clone> Gateway<A> {
    /// A gateway that has asked nothing.
    #[must_use]
    pub fn new(settings: GatewaySettings) -> Self {
        Self {
            settings,
            breaker: Breaker::new(settings.breaker),
            told: BreakerState::Closed,
            asked: BTreeMap::new(),
            arrivals: VecDeque::new(),
            ahead: VecDeque::new(),
            past: BTreeMap::new(),
            past_order: VecDeque::new(),
            effects: VecDeque::new(),
        }
    }

    /// Takes a request. One of the same id that is under way is the same request.
    pub fn ask(&mut self, now: Mono, request: Box<RiskRequest>, by: A) {
        let id = request.request_id;
        if self.asked.contains_key(&id) {
            return;
        }
        let deadline = now + self.settings.timeout;
        let asked = Asked { by, since: now, deadline, again: Some(now + self.settings.timeout / 2), request };
        match asked.request.kind {
            RiskKind::Arrival if self.arrivals.len() >= WAITING_MAX => {
                self.effects.push_back(GatewayEffect::Unavailable(asked.by, id, Unavailable::Full));
            }
            RiskKind::Arrival => self.arrivals.push_back(asked),
            RiskKind::PreArrival => {
                if self.ahead.len() >= WAITING_MAX
                    && let Some(oldest) = self.ahead.pop_front()
                {
                    let id = oldest.request.request_id;
                    self.effects.push_back(GatewayEffect::Unavailable(oldest.by, id, Unavailable::Full));
                }
                self.ahead.push_back(asked);
            }
        }
        self.advance(now);
    }

    /// Takes an answer whose correlation and signature were found in order.
    pub fn answered(&mut self, now: Mono, decision: RiskDecision) {
        let id = decision.request_id;
        if let Some(asked) = self.asked.remove(&id) {
            self.breaker.answered();
            let took = now.since(asked.since);
            self.effects.push_back(GatewayEffect::Decided(asked.by.clone(), decision, took));
            self.remember(id, asked.by);
        } else if let Some(by) = self.past.get(&id) {
            self.effects.push_back(GatewayEffect::Late(by.clone(), decision));
        } else {
            self.effects.push_back(GatewayEffect::Unknown(decision));
        }
        self.advance(now);
    }

    /// Time has passed.
    pub fn wake(&mut self, now: Mono) {
        self.advance(now);
    }

    /// The next thing to do.
    pub fn poll_effect(&mut self) -> Option<GatewayEffect<A>> {
        self.effects.pop_front()
    }

    /// When the gateway wants to be woken at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Mono> {
        let asked =
            self.asked.values().map(|asked| asked.again.map_or(asked.deadline, |again| again.min(asked.deadline)));
        let waiting = self.arrivals.front().map(|asked| asked.deadline);
        let pause = self.breaker.open_until().filter(|_| self.told == BreakerState::Open);
        asked.chain(waiting).chain(pause).min()
    }

    /// Requests under way.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.asked.len()
    }

    /// Requests that wait for their turn.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.arrivals.len() + self.ahead.len()
    }

    fn advance(&mut self, now: Mono) {
        self.expire(now);
        self.retry(now);
        self.send_waiting(now);
        let state = self.breaker.state(now);
        if state != self.told {
            self.told = state;
            self.effects.push_back(GatewayEffect::Breaker(state));
        }
    }

    fn expire(&mut self, now: Mono) {
        let over: Vec<Uuid> = self.asked.iter().filter(|(_, asked)| asked.deadline <= now).map(|(id, _)| *id).collect();
        for id in over {
            let Some(asked) = self.asked.remove(&id) else { continue };
            self.breaker.unanswered(now);
            self.give_up(id, asked.by, Unavailable::Timeout);
        }
        // A lane that waited for its turn all the time has waited long enough.
        while let Some(asked) = self.arrivals.pop_front_if(|asked| asked.deadline <= now) {
            self.give_up(asked.request.request_id, asked.by, Unavailable::Timeout);
        }
    }

    fn give_up(&mut self, id: Uuid, by: A, why: Unavailable) {
        self.effects.push_back(GatewayEffect::Unavailable(by.clone(), id, why));
        self.remember(id, by);
    }

    fn retry(&mut self, now: Mono) {
        for asked in self.asked.values_mut() {
            if asked.again.is_some_and(|again| again <= now) {
                asked.again = None;
                let rest = Duration::from_micros(asked.deadline.as_micros().saturating_sub(now.as_micros()));
                self.effects.push_back(GatewayEffect::Send(asked.request.clone(), rest));
                self.effects.push_back(GatewayEffect::Retried);
            }
        }
    }

    fn send_waiting(&mut self, now: Mono) {
        if self.breaker.state(now) == BreakerState::Open {
            // A truck that stands there is told at once; one that is only notified can wait.
            while let Some(asked) = self.arrivals.pop_front() {
                self.give_up(asked.request.request_id, asked.by, Unavailable::BreakerOpen);
            }
            return;
        }
        while self.asked.len() < self.settings.in_flight {
            let from_lane = !self.arrivals.is_empty();
            let next = if from_lane { self.arrivals.front() } else { self.ahead.front() };
            if next.is_none() || !self.breaker.lets_pass(now) {
                break;
            }
            let queue = if from_lane { &mut self.arrivals } else { &mut self.ahead };
            let Some(mut asked) = queue.pop_front() else { break };
            if !from_lane {
                // Nobody stands at a barrier for it: its time begins when it goes out.
                asked.since = now;
                asked.deadline = now + self.settings.timeout;
                asked.again = Some(now + self.settings.timeout / 2);
            }
            let rest = Duration::from_micros(asked.deadline.as_micros().saturating_sub(now.as_micros()));
            self.effects.push_back(GatewayEffect::Send(asked.request.clone(), rest));
            self.asked.insert(asked.request.request_id, asked);
        }
        self.refuse_beside_probe(now);
    }

    /// While one request probes, no truck waits behind it.
    fn refuse_beside_probe(&mut self, now: Mono) {
        if self.breaker.state(now) == BreakerState::HalfOpen {
            while let Some(asked) = self.arrivals.pop_front() {
                self.give_up(asked.request.request_id, asked.by, Unavailable::BreakerOpen);
            }
        }
    }

    fn remember(&mut self, id: Uuid, by: A) {
        if self.past.insert(id, by).is_none() {
            self.past_order.push_back(id);
        }
        if self.past_order.len() > REMEMBERED_MAX
            && let Some(oldest) = self.past_order.pop_front()
        {
            self.past.remove(&oldest);
        }
    }
}
