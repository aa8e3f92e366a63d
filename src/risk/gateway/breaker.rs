//! The circuit breaker: an RMS that doesn't answer is left alone for a while, then tried with one request.

use std::time::Duration;

use crate::model::Mono;

/// How a breaker behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerSettings {
    /// Requests in a row that may go unanswered.
    pub failures: u32,
    /// How long no request goes out after that.
    pub pause: Duration,
}

/// Where the breaker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// Requests go out.
    Closed,
    /// None goes out.
    Open,
    /// One goes out, to see.
    HalfOpen,
}

impl BreakerState {
    /// All states.
    pub const ALL: [Self; 3] = [Self::Closed, Self::Open, Self::HalfOpen];

    /// The label that metrics use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// The breaker.
#[derive(Debug, Clone)]
pub(super) struct Breaker {
    settings: BreakerSettings,
    unanswered: u32,
    /// Until when no request goes out.
    open_until: Option<Mono>,
    /// The one request that goes out after the pause.
    probing: bool,
}

impl Breaker {
    pub(super) const fn new(settings: BreakerSettings) -> Self {
        Self { settings, unanswered: 0, open_until: None, probing: false }
    }

    pub(super) fn state(&self, now: Mono) -> BreakerState {
        match self.open_until {
            None => BreakerState::Closed,
            Some(until) if now < until => BreakerState::Open,
            Some(_) => BreakerState::HalfOpen,
        }
    }

    /// When the pause ends.
    pub(super) const fn open_until(&self) -> Option<Mono> {
        self.open_until
    }

    /// Whether a request may go out; a probe counts as gone out.
    pub(super) fn lets_pass(&mut self, now: Mono) -> bool {
        match self.state(now) {
            BreakerState::Closed => true,
            BreakerState::Open => false,
            BreakerState::HalfOpen => !std::mem::replace(&mut self.probing, true),
        }
    }

    pub(super) fn answered(&mut self) {
        self.unanswered = 0;
        self.open_until = None;
        self.probing = false;
    }

    pub(super) fn unanswered(&mut self, now: Mono) {
        self.unanswered = self.unanswered.saturating_add(1);
        let probe_failed = std::mem::take(&mut self.probing);
        if probe_failed || (self.open_until.is_none() && self.unanswered >= self.settings.failures) {
            self.open_until = Some(now + self.settings.pause);
        }
    }
}
