//! The keys of `[risk]`.

use std::time::Duration;

use chrono::NaiveTime;

use super::check::Faults;
use super::parse::{RawDegraded, RawMode, RawRisk};
use super::{Degraded, Risk, RiskMode};

/// Shifts of a day.
pub const SHIFTS_MAX: usize = 24;

pub(super) fn risk(raw: RawRisk, faults: &mut Faults, warnings: &mut Vec<String>) -> Risk {
    if raw.response_keys_file.is_some() {
        faults.at("risk.response_keys_file", "signed answers are not available in this version; leave it out");
    }
    if raw.pre_arrival == Some(true) {
        warnings.push("[risk] pre_arrival has no effect in this version: risk is asked at the lane".to_owned());
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
