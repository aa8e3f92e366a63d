//! The keys of `[risk]`.

use std::time::Duration;

use chrono::NaiveTime;

use super::check::Faults;
use super::parse::{RawDegraded, RawMode, RawRisk};
use super::{Degraded, Risk, RiskMode};

/// Risk requests under way at once.
const IN_FLIGHT_MAX: usize = 4_096;
/// Shifts of a day.
pub const SHIFTS_MAX: usize = 24;

pub(super) fn risk(raw: RawRisk, faults: &mut Faults, warnings: &mut Vec<String>) -> Risk {
    let in_flight = raw.in_flight.unwrap_or(64);
    if !(1..=IN_FLIGHT_MAX).contains(&in_flight) {
        faults.at("risk.in_flight", format!("1 to {IN_FLIGHT_MAX} requests are expected"));
    }
    let breaker_failures = raw.breaker_failures.unwrap_or(5);
    if breaker_failures == 0 {
        faults.at("risk.breaker_failures", "one or more requests are expected");
    }
    let mode = match raw.mode {
        Some(RawMode::Local) => RiskMode::Local,
        Some(RawMode::Rms) | None => RiskMode::Rms,
    };
    if raw.profiles_directory.is_none() {
        if raw.selection.is_some() {
            warnings.push("[risk.selection] has no effect without [risk] profiles_directory".to_owned());
        }
        if mode == RiskMode::Local {
            warnings.push("[risk] mode = \"local\" without profiles_directory: no vehicle is selected".to_owned());
        }
    }
    Risk {
        mode,
        request_timeout: faults.timeout("risk.request_timeout", raw.request_timeout, Duration::from_secs(3)),
        pre_arrival: raw.pre_arrival.unwrap_or(true),
        in_flight,
        breaker_failures,
        breaker_pause: faults.timeout("risk.breaker_pause", raw.breaker_pause, Duration::from_secs(10)),
        response_keys_file: raw.response_keys_file,
        profiles_directory: raw.profiles_directory,
        degraded: match raw.degraded {
            Some(RawDegraded::Local) => Degraded::Local,
            Some(RawDegraded::Hold) | None => Degraded::Hold,
        },
        shifts: shifts(raw.selection.and_then(|selection| selection.shifts).unwrap_or_default(), faults),
    }
}

fn shifts(raw: Vec<String>, faults: &mut Faults) -> Vec<NaiveTime> {
    if raw.len() > SHIFTS_MAX {
        faults.at("risk.selection.shifts", format!("at most {SHIFTS_MAX} shifts a day are expected"));
    }
    let mut times = vec![];
    for (number, text) in raw.iter().enumerate() {
        match NaiveTime::parse_from_str(text, "%H:%M") {
            Ok(time) if times.contains(&time) => {
                faults.at(&format!("risk.selection.shifts[{number}]"), format!("there are two shifts at {text}"));
            }
            Ok(time) => times.push(time),
            Err(_) => {
                faults.at(&format!("risk.selection.shifts[{number}]"), "a local time like \"08:00\" is expected");
            }
        }
    }
    times
}
