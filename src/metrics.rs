//! Metrics, each named once (floor F5). Labels are closed sets: never a plate, a person or a profile.

mod bus;
mod device;
mod risk;

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use crate::lane::Step;
use crate::model::registry::RegisterKind;
use crate::model::{
    Channel, Direction, FindingCode, HoldCode, LaneId, MatchResult, OrderRefusal, Outcome, Phase, ReceiptResult,
};

pub use bus::{Sequence, ingress_shed, mqtt_connection, mqtt_refused, mqtt_taken_over, sequence};
pub use device::{
    CameraResult, Frame, Up, alarm, barrier_command, barrier_fault, barrier_travel, camera_message, camera_skew,
    device_lost, device_up, driver_called, loop_fault, reading_unused, relay_command, relay_exchange, scale_frame,
    scale_line, serial_message, stranger_heard,
};
pub use risk::{
    KeysLoaded, ProfilesLoaded, RiskResult, keys_loaded, profiles_loaded, risk_answer_refused, risk_breaker,
    risk_decided, risk_latency, risk_request, risk_under_way, selected,
};

/// Kind of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Distribution, in seconds unless the name says otherwise.
    Histogram,
}

/// One metric.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Full name.
    pub name: &'static str,
    /// Kind.
    pub kind: Kind,
    /// What it tells.
    pub help: &'static str,
}

macro_rules! catalogue {
    ($($constant:ident = $name:literal, $kind:ident, $help:literal;)*) => {
        $(const $constant: &str = concat!("lane_controller_", $name);)*
        /// Every metric of the program.
        pub const CATALOGUE: &[Metric] = &[$(Metric { name: $constant, kind: Kind::$kind, help: $help }),*];
    };
}

catalogue! {
    PASSAGES = "passages_total", Counter, "Passages ended, by lane, direction, outcome and channel.";
    DWELL = "dwell_seconds", Histogram, "Time of a passage's steps, by lane, direction and step.";
    PHASE = "lane_phase", Gauge, "1 for the phase that a lane is in, 0 for the others.";
    HELD = "holds_total", Counter, "Holds placed, by lane, code and who must act.";
    FINDINGS = "findings_total", Counter, "Findings made, by lane and code.";
    MATCHES = "matches_total", Counter, "Lookups in the register, by result.";
    DECISION = "decision_seconds", Histogram, "Last evidence in to open command out, the durable write included.";
    DEVICE_UP = "device_up", Gauge, "1 while a device is alive, by lane and device.";
    DEVICE_LOSSES = "device_losses_total", Counter, "Times that a device was lost, by lane, device and cause.";
    LOOP_FAULTS = "loop_faults_total", Counter, "Times that a loop could not be trusted, by lane, loop and fault.";
    UNUSED = "readings_unused_total", Counter, "Readings of the scale that were no evidence, by lane and reason.";
    ALARMS = "lane_alarm", Gauge, "1 while an alarm of a lane is on, by lane and alarm.";
    SCALE_FRAMES = "scale_frames_total", Counter, "Frames of serial scales, by lane, device and result.";
    SCALE_LINE = "scale_line_state", Gauge, "1 for what a serial scale's line shows, 0 for the rest, by lane and device.";
    SERIAL_MESSAGES = "serial_messages_total", Counter, "What readers and radiation portals on serial lines sent, by lane, device and result.";
    CALLS = "driver_calls_total", Counter, "Times that a driver pressed the call button, by lane.";
    COMMANDS = "barrier_commands_total", Counter, "Barrier commands sent, by lane, barrier, command and reason.";
    TRAVEL = "barrier_travel_seconds", Histogram, "Open command to open limit, by lane and barrier.";
    ARM_FAULTS = "barrier_faults_total", Counter, "Arms that did not do what they were told, by lane and barrier.";
    RELAY_EXCHANGES = "relay_exchanges_total", Counter, "Exchanges with relay boards, by lane, device and result.";
    RELAY_COMMANDS = "relay_commands_total", Counter, "Commands to arms on relay boards and what became of them, by lane, barrier, command and result.";
    RISK = "risk_requests_total", Counter, "Requests to the RMS and what became of them, by result.";
    SELECTIONS = "selections_total", Counter, "Vehicles selected for a check, by lane and source.";
    PROFILES = "profile_loads_total", Counter, "Directories of local profiles that changed, by result.";
    RISK_LATENCY = "risk_request_seconds", Histogram, "Request to usable answer of the RMS.";
    RISK_DECIDED = "risk_decisions_total", Counter, "Decisions that counted, by when they were taken.";
    RISK_BREAKER = "risk_breaker_state", Gauge, "1 for the state that the breaker before the RMS is in, by state.";
    RISK_UNDER_WAY = "risk_requests_under_way", Gauge, "Risk requests under way and waiting, by stage.";
    RISK_SIGNATURE = "risk_answers_refused_total", Counter, "Answers of the RMS that count as none, by reason.";
    RISK_KEYS = "risk_keys_loaded_total", Counter, "Keys files of the RMS that changed, by result.";
    ORDERS = "orders_total", Counter, "Officers' orders, by order and result.";
    SIGN_IN_FAILURES = "sign_in_failures_total", Counter, "Sign-ins that failed, by reason.";
    DOCUMENTS = "registry_documents_total", Counter, "Registry documents, by register and result.";
    STRANGERS = "strangers_heard_total", Counter, "Seal readers and call buttons that no configuration names, by lane.";
    REJECTED = "inbound_rejected_total", Counter, "Inbound messages refused, by kind and reason.";
    CAMERA_MESSAGES = "camera_messages_total", Counter, "Messages of cameras that speak their vendor's format, by lane, device and result.";
    CAMERA_SKEW = "camera_clock_skew_seconds", Gauge, "The last read's device time minus its receipt, by lane and device.";
    COMMIT = "journal_commit_seconds", Histogram, "A commit of the journal, sync included.";
    BATCH = "journal_commit_records", Histogram, "Records in a commit of the journal.";
    POISONED = "journal_poisoned", Gauge, "1 once a write to the journal has failed.";
    HEAD_AGE = "journal_head_age_seconds", Gauge, "Age of the journal's newest signed head.";
    HEAD_BEHIND = "journal_head_behind_records", Gauge, "Records that no signed head covers yet.";
    DAMAGED = "journal_damaged", Gauge, "1 while the journal is damaged and every lane holds.";
    CUT_OFF = "journal_cut_off", Gauge, "1 where a crash had cut the last write off that was never acknowledged, as this start found it.";
    DISK_FREE = "journal_disk_free_bytes", Gauge, "Bytes free on the journal's disk.";
    BALLAST = "journal_ballast", Gauge, "1 while the journal's ballast lies on its disk.";
    CONNECTED = "mqtt_connected", Gauge, "1 while the broker can be reached.";
    CONNECTIONS = "mqtt_connections_total", Counter, "Connections made to the broker.";
    REFUSED = "mqtt_refused_total", Counter, "Messages and subscriptions that the broker refused, by what.";
    TAKEOVERS = "mqtt_takeovers_total", Counter, "Times that another client took the controller's session, or that the broker closed the connection too often.";
    SHED = "ingress_shed_total", Counter, "Messages of sources that send too fast, replaced by newer ones, by lane and kind.";
    SEQUENCE = "inbound_sequence_total", Counter, "Stamped device messages that were missing, late, repeated or past, by lane and result.";
    COALESCED = "ingress_coalesced_total", Counter, "Readings replaced by newer ones of the same device, by lane.";
    MAILBOX = "mailbox_depth", Gauge, "Readings under way to a lane, by lane.";
    RESTARTS = "actor_restarts_total", Counter, "Actors started again, by kind.";
    BUILD = "build_info", Gauge, "1, with the version.";
}

/// From a truck that is read at once to a day in the lane.
const DWELL_BUCKETS: [f64; 16] =
    [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0, 14400.0, 86400.0];
/// From a fast sync to a stuck one.
const LATENCY_BUCKETS: [f64; 14] =
    [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
const BATCH_BUCKETS: [f64; 10] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 500.0, 1000.0, 5000.0];

/// Installs the recorder of the process.
///
/// # Errors
/// When there is one already.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    let full = |name: &str| Matcher::Full(name.to_owned());
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(full(DWELL), &DWELL_BUCKETS)?
        .set_buckets_for_metric(full(TRAVEL), &DWELL_BUCKETS)?
        .set_buckets_for_metric(full(DECISION), &LATENCY_BUCKETS)?
        .set_buckets_for_metric(full(RISK_LATENCY), &LATENCY_BUCKETS)?
        .set_buckets_for_metric(full(COMMIT), &LATENCY_BUCKETS)?
        .set_buckets_for_metric(full(BATCH), &BATCH_BUCKETS)?
        .install_recorder()?;
    describe();
    gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(handle)
}

fn describe() {
    for metric in CATALOGUE {
        match metric.kind {
            Kind::Counter => describe_counter!(metric.name, metric.help),
            Kind::Gauge => describe_gauge!(metric.name, metric.help),
            Kind::Histogram => describe_histogram!(metric.name, metric.help),
        }
    }
}

fn label(lane: &LaneId) -> String {
    lane.as_str().to_owned()
}

/// A passage ended.
pub fn passage_completed(lane: &LaneId, direction: Direction, outcome: Outcome, channel: Option<Channel>) {
    let channel = channel.map_or("none", Channel::as_str);
    counter!(PASSAGES, "lane" => label(lane), "direction" => direction.as_str(), "outcome" => outcome.as_str(), "channel" => channel)
        .increment(1);
}

/// A step of a passage took so long.
pub fn dwell(lane: &LaneId, direction: Direction, step: Step, took: Duration) {
    histogram!(DWELL, "lane" => label(lane), "direction" => direction.as_str(), "step" => step.as_str()).record(took);
}

/// A lane is in a phase.
pub fn phase(lane: &LaneId, phase: Phase) {
    for known in Phase::ALL {
        let is = if known == phase { 1.0 } else { 0.0 };
        gauge!(PHASE, "lane" => label(lane), "phase" => known.as_str()).set(is);
    }
}

/// A hold was placed.
pub fn held(lane: &LaneId, code: HoldCode) {
    counter!(HELD, "lane" => label(lane), "code" => code.as_str(), "owner" => code.owner().as_str()).increment(1);
}

/// A finding was made.
pub fn finding(lane: &LaneId, code: FindingCode) {
    counter!(FINDINGS, "lane" => label(lane), "code" => code.as_str()).increment(1);
}

/// The register answered.
pub fn match_outcome(result: &MatchResult) {
    let ambiguous = result.findings.iter().any(|finding| finding.code == FindingCode::Ambiguous);
    let outcome = match (&result.notification, ambiguous) {
        (Some(_), _) => "matched",
        (None, true) => "ambiguous",
        (None, false) => "not_matched",
    };
    counter!(MATCHES, "result" => outcome).increment(1);
}

/// Last evidence in, open command out.
pub fn decision_latency(took: Duration) {
    histogram!(DECISION).record(took);
}

/// An order was carried out, or refused by the lane.
pub fn order(order: &'static str, refusal: Option<OrderRefusal>) {
    counter!(ORDERS, "order" => order, "result" => refusal.map_or("done", OrderRefusal::as_str)).increment(1);
}

/// A sign-in failed.
pub fn sign_in_failed(reason: &'static str) {
    counter!(SIGN_IN_FAILURES, "reason" => reason).increment(1);
}

/// A registry document was answered.
pub fn registry_document(kind: RegisterKind, result: ReceiptResult) {
    let result = match result {
        ReceiptResult::Accepted => "accepted",
        ReceiptResult::Duplicate => "duplicate",
        ReceiptResult::Stale => "stale",
        ReceiptResult::Rejected => "rejected",
    };
    counter!(DOCUMENTS, "register" => kind.as_str(), "result" => result).increment(1);
}

/// An inbound message was refused.
pub fn inbound_rejected(kind: &'static str, reason: &'static str) {
    counter!(REJECTED, "kind" => kind, "reason" => reason).increment(1);
}

/// The journal committed.
pub fn journal_commit(took: Duration, records: usize) {
    histogram!(COMMIT).record(took);
    histogram!(BATCH).record(u32::try_from(records).map_or(f64::from(u32::MAX), f64::from));
}

/// Whether the journal takes records.
pub fn journal_poisoned(poisoned: bool) {
    gauge!(POISONED).set(if poisoned { 1.0 } else { 0.0 });
}

/// The newest signed head is so old, and so many records are not under it.
pub fn journal_head(age: Duration, behind: u64) {
    gauge!(HEAD_AGE).set(age.as_secs_f64());
    gauge!(HEAD_BEHIND).set(u32::try_from(behind).map_or(f64::from(u32::MAX), f64::from));
}

/// Whether the journal is damaged.
pub fn journal_damaged(damaged: bool) {
    gauge!(DAMAGED).set(if damaged { 1.0 } else { 0.0 });
}

/// Whether this start found a last write that a crash had cut off.
pub fn journal_cut_off(cut_off: bool) {
    gauge!(CUT_OFF).set(if cut_off { 1.0 } else { 0.0 });
}

/// What is free on the journal's disk.
pub fn journal_space(free_bytes: u64, ballast: bool) {
    let kib = u32::try_from(free_bytes / 1024).unwrap_or(u32::MAX);
    gauge!(DISK_FREE).set(f64::from(kib) * 1024.0);
    gauge!(BALLAST).set(if ballast { 1.0 } else { 0.0 });
}

/// Whether the broker can be reached.
pub fn mqtt_connected(connected: bool) {
    gauge!(CONNECTED).set(if connected { 1.0 } else { 0.0 });
}

/// Readings were replaced by newer ones.
pub fn ingress_coalesced(lane: &LaneId, readings: u64) {
    counter!(COALESCED, "lane" => label(lane)).increment(readings);
}

/// Readings under way to a lane.
pub fn mailbox_depth(lane: &LaneId, depth: usize) {
    gauge!(MAILBOX, "lane" => label(lane)).set(u32::try_from(depth).map_or(f64::from(u32::MAX), f64::from));
}

/// An actor is started again.
pub fn actor_restarted(kind: &'static str) {
    counter!(RESTARTS, "actor" => kind).increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_prefixed_and_end_in_their_unit() {
        let mut names: Vec<_> = CATALOGUE.iter().map(|metric| metric.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        for metric in CATALOGUE {
            assert!(metric.name.starts_with("lane_controller_"));
            let ends = match metric.kind {
                Kind::Counter => metric.name.ends_with("_total"),
                Kind::Histogram => metric.name.ends_with("_seconds") || metric.name.ends_with("_records"),
                Kind::Gauge => true,
            };
            assert!(ends, "{}", metric.name);
        }
    }
}
