//! What metrics count of risk.

use std::time::Duration;

use metrics::{counter, gauge, histogram};

use super::{
    PROFILES, RISK, RISK_BREAKER, RISK_DECIDED, RISK_KEYS, RISK_LATENCY, RISK_SIGNATURE, RISK_UNDER_WAY, SELECTIONS,
    label,
};
use crate::model::risk::RiskKind;
use crate::model::{LaneId, Source};
use crate::risk::gateway::BreakerState;
use crate::wire::signature::SignatureRefusal;

/// What became of a risk request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RiskResult {
    /// Answered in time.
    Answered,
    /// Asked once more.
    Retried,
    /// No answer in time.
    Timeout,
    /// An answer after that, or a second one.
    Late,
    /// The correlation is another request's.
    Foreign,
    /// Not an answer.
    Malformed,
    /// Not asked: the breaker is open.
    BreakerOpen,
    /// Not asked: too much waits.
    Full,
}

/// A risk request's way.
pub fn risk_request(result: RiskResult) {
    let result = match result {
        RiskResult::Answered => "answered",
        RiskResult::Retried => "retried",
        RiskResult::Timeout => "timeout",
        RiskResult::Late => "late",
        RiskResult::Foreign => "foreign",
        RiskResult::Malformed => "malformed",
        RiskResult::BreakerOpen => "breaker_open",
        RiskResult::Full => "full",
    };
    counter!(RISK, "result" => result).increment(1);
}

/// A decision counted.
pub fn risk_decided(kind: RiskKind) {
    let when = match kind {
        RiskKind::PreArrival => "before_arrival",
        RiskKind::Arrival => "at_lane",
    };
    counter!(RISK_DECIDED, "when" => when).increment(1);
}

/// The breaker before the RMS changed.
pub fn risk_breaker(state: BreakerState) {
    for known in BreakerState::ALL {
        gauge!(RISK_BREAKER, "state" => known.as_str()).set(if known == state { 1.0 } else { 0.0 });
    }
}

/// So many requests are under way, so many wait.
pub fn risk_under_way(in_flight: usize, waiting: usize) {
    for (stage, count) in [("in_flight", in_flight), ("waiting", waiting)] {
        gauge!(RISK_UNDER_WAY, "stage" => stage).set(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
    }
}

/// An answer of the RMS counts as none.
pub fn risk_answer_refused(refusal: SignatureRefusal) {
    counter!(RISK_SIGNATURE, "reason" => refusal.as_str()).increment(1);
}

/// What became of a changed keys file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeysLoaded {
    /// They count.
    Taken,
    /// Those before stay.
    Refused,
}

/// The keys' file changed.
pub fn keys_loaded(result: KeysLoaded) {
    let result = match result {
        KeysLoaded::Taken => "taken",
        KeysLoaded::Refused => "refused",
    };
    counter!(RISK_KEYS, "result" => result).increment(1);
}

/// The RMS took so long.
pub fn risk_latency(took: Duration) {
    histogram!(RISK_LATENCY).record(took);
}

/// A vehicle was selected.
pub fn selected(lane: &LaneId, source: Source) {
    counter!(SELECTIONS, "lane" => label(lane), "source" => source.as_str()).increment(1);
}

/// What became of changed profiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProfilesLoaded {
    /// They are in force.
    Taken,
    /// They are wrong; those before stay.
    Refused,
}

/// The profiles' directory changed.
pub fn profiles_loaded(result: ProfilesLoaded) {
    let result = match result {
        ProfilesLoaded::Taken => "taken",
        ProfilesLoaded::Refused => "refused",
    };
    counter!(PROFILES, "result" => result).increment(1);
}
