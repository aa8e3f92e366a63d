//! From text to the typed configuration, with every error at its place.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::PathBuf;

use serde::Deserialize;
use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::Config;
use super::camera::Travel;
use super::check::{Faults, build};
use super::duration::Text;
use super::journal::RawJournal;
use super::keys::{KEYS, Keys};
use super::place::{Step, find, line_column, shown, steps};
use super::reader::{RawPortal, RawReader};
use super::relay::{RawInputs, RawParity, RawRole};
use super::retention::RawRetention;
use crate::model::{DeviceName, Direction, LaneId, Severity, SiteId, View};

/// Prefix of environment variables that override keys; `__` stands for the dot.
const PREFIX: &str = "LANE_CONTROLLER__";

/// One thing that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {key}: {message}")]
pub struct ConfigError {
    /// From 1; 0 when the key stands in no line.
    pub line: usize,
    /// From 1.
    pub column: usize,
    /// Its bytes in the text.
    pub span: Range<usize>,
    /// The key's path.
    pub key: String,
    /// What is wrong, and what is expected.
    pub message: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Raw {
    pub(super) site: RawSite,
    #[serde(default)]
    pub(super) mqtt: RawMqtt,
    #[serde(default)]
    pub(super) data: RawData,
    #[serde(default)]
    pub(super) retention: RawRetention,
    #[serde(default)]
    pub(super) journal: RawJournal,
    #[serde(default)]
    pub(super) http: RawHttp,
    #[serde(default)]
    pub(super) cameras: RawCameras,
    #[serde(default)]
    pub(super) risk: RawRisk,
    #[serde(default)]
    pub(super) policy: RawPolicy,
    #[serde(default)]
    pub(super) lane: Vec<RawLane>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawSite {
    pub(super) id: SiteId,
    #[serde(default)]
    pub(super) time_zone: Option<chrono_tz::Tz>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct RawMqtt {
    pub(super) url: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) username: Option<String>,
    pub(super) password_file: Option<PathBuf>,
    pub(super) session_expiry: Option<Text>,
    pub(super) command_ttl: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct RawData {
    pub(super) directory: Option<PathBuf>,
    pub(super) reserve_percent: Option<u8>,
    pub(super) ballast_mib: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct RawHttp {
    pub(super) listen: Option<SocketAddr>,
    pub(super) officers_file: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct RawCameras {
    pub(super) presets_directory: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawMode {
    Rms,
    Local,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct RawRisk {
    pub(super) mode: Option<RawMode>,
    pub(super) request_timeout: Option<Text>,
    pub(super) pre_arrival: Option<bool>,
    pub(super) in_flight: Option<usize>,
    pub(super) breaker_failures: Option<u32>,
    pub(super) breaker_pause: Option<Text>,
    pub(super) response_keys_file: Option<PathBuf>,
    pub(super) profiles_directory: Option<PathBuf>,
    pub(super) degraded: Option<RawDegraded>,
    pub(super) selection: Option<RawSelection>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawDegraded {
    Hold,
    Local,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct RawSelection {
    pub(super) shifts: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawTolerance {
    pub(super) kg: i64,
    pub(super) percent: f64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawRequired {
    Notification,
    Declaration,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawMisread {
    Hold,
    Corroborated,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct RawPolicy {
    pub(super) weight_tolerance: Option<RawTolerance>,
    #[serde(default)]
    pub(super) notification_lead: Option<Text>,
    pub(super) notification_kept: Option<Text>,
    pub(super) require: Option<Vec<RawRequired>>,
    pub(super) misread: Option<RawMisread>,
    pub(super) plates_file: Option<PathBuf>,
    pub(super) dangerous_codes: Option<Vec<String>>,
    pub(super) limits_file: Option<PathBuf>,
    #[serde(default)]
    pub(super) severity: BTreeMap<String, Severity>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawEvidence {
    TractorPlate,
    TrailerPlate,
    Weight,
    Document,
    Radiation,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawLane {
    pub(super) id: LaneId,
    pub(super) direction: Direction,
    pub(super) evidence: Option<Vec<RawEvidence>>,
    pub(super) evidence_timeout: Option<Text>,
    pub(super) abandoned_after: Option<Text>,
    #[serde(default)]
    pub(super) camera: Vec<RawCamera>,
    #[serde(default, rename = "loop")]
    pub(super) loops: Vec<RawLoop>,
    pub(super) scale: Option<RawScale>,
    #[serde(default)]
    pub(super) reader: Vec<RawReader>,
    #[serde(default)]
    pub(super) portal: Vec<RawPortal>,
    #[serde(default)]
    pub(super) barrier: Vec<RawBarrier>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawCamera {
    pub(super) name: DeviceName,
    pub(super) view: View,
    pub(super) format: Option<String>,
    pub(super) time_zone: Option<chrono_tz::Tz>,
    pub(super) max_age: Option<Text>,
    pub(super) direction: Option<Travel>,
    pub(super) topic: Option<String>,
    pub(super) source: Option<String>,
    pub(super) ingest_secret_file: Option<PathBuf>,
    #[serde(default)]
    pub(super) ingest_from: Vec<String>,
    pub(super) within: Option<Text>,
    pub(super) silence: Option<Text>,
    pub(super) required: Option<bool>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawLoop {
    pub(super) name: crate::model::LoopPlace,
    pub(super) driver: Option<String>,
    pub(super) input: Option<u16>,
    pub(super) normally: Option<String>,
    pub(super) barrier: Option<crate::model::BarrierPlace>,
    pub(super) pair: Option<String>,
    pub(super) debounce: Option<Text>,
    pub(super) stuck_after: Option<Text>,
    pub(super) silence: Option<Text>,
    pub(super) required: Option<bool>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawMethod {
    Static,
    AxleByAxle,
    InMotion,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawScale {
    pub(super) name: DeviceName,
    pub(super) driver: String,
    pub(super) port: Option<String>,
    pub(super) baud: Option<u32>,
    pub(super) line: Option<String>,
    pub(super) protocol: Option<String>,
    pub(super) layout: Option<String>,
    pub(super) checksum: Option<String>,
    pub(super) address: Option<RawAddress>,
    pub(super) unit: Option<String>,
    pub(super) pattern: Option<String>,
    pub(super) request: Option<String>,
    pub(super) equal_frames: Option<u8>,
    pub(super) minimum_kg: Option<i64>,
    pub(super) max_kg: Option<i64>,
    pub(super) division_kg: Option<i64>,
    pub(super) method: Option<RawMethod>,
    pub(super) silence: Option<Text>,
    pub(super) required: Option<bool>,
}

/// A number or a letter, as the indicator's menu has it.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum RawAddress {
    Number(i64),
    Letter(String),
}

#[derive(Debug, Deserialize)]
pub(super) struct RawBarrier {
    pub(super) name: crate::model::BarrierPlace,
    pub(super) driver: String,
    pub(super) open_timeout: Option<Text>,
    pub(super) close_timeout: Option<Text>,
    pub(super) port: Option<PathBuf>,
    pub(super) baud: Option<u32>,
    pub(super) parity: Option<RawParity>,
    pub(super) address: Option<String>,
    pub(super) unit: Option<u8>,
    pub(super) board: Option<String>,
    pub(super) relay_address: Option<u16>,
    pub(super) relay_count: Option<u16>,
    pub(super) input_address: Option<u16>,
    pub(super) input_count: Option<u16>,
    pub(super) open_relay: Option<u16>,
    pub(super) close_relay: Option<u16>,
    pub(super) stop_relay: Option<u16>,
    pub(super) pulse: Option<Text>,
    pub(super) poll: Option<Text>,
    pub(super) inputs: Option<RawInputs>,
    pub(super) normally_closed: Option<Vec<RawRole>>,
    pub(super) silence: Option<Text>,
    pub(super) required: Option<bool>,
}

/// Parses and checks a configuration; `environment` may override keys.
///
/// # Errors
/// Everything that is wrong, by place.
pub fn parse(text: &str, environment: impl IntoIterator<Item = (String, String)>) -> Result<Config, Vec<ConfigError>> {
    let root = match DeTable::parse(text) {
        Ok(root) => root.into_inner(),
        Err(error) => {
            let span = error.span().unwrap_or(0..0);
            return Err(vec![at(text, span, String::new(), error.message().to_owned())]);
        }
    };
    let mut faults = Faults::default();
    unknown_keys(&root, &KEYS, &mut Vec::new(), &mut faults);
    let mut table: Table = toml::from_str(text)
        .map_err(|error| vec![at(text, error.span().unwrap_or(0..0), String::new(), error.message().to_owned())])?;
    for (name, value) in environment {
        override_key(&mut table, &name, &value, &mut faults);
    }
    let config = match serde_path_to_error::deserialize::<_, Raw>(table) {
        Ok(raw) => build(raw, &mut faults),
        Err(error) => {
            let path = error.path().to_string();
            faults.add(steps(if path == "." { "" } else { &path }), error.into_inner().message().to_owned());
            None
        }
    };
    match config {
        Some(config) if faults.found.is_empty() => Ok(config),
        Some(_) | None => Err(faults
            .found
            .into_iter()
            .map(|(path, message)| at(text, find(&root, &path), shown(&path), message))
            .collect()),
    }
}

fn at(text: &str, span: Range<usize>, key: String, message: String) -> ConfigError {
    let (line, column) = line_column(text, span.start);
    ConfigError { line, column, span, key, message }
}

fn unknown_keys(table: &DeTable<'_>, keys: &Keys, path: &mut Vec<Step>, faults: &mut Faults) {
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        path.push(Step::Key(name.to_owned()));
        if !keys.knows(name) {
            faults.add(path.clone(), unknown(name, keys));
        } else if let Some(within) = keys.table(name) {
            match value.get_ref() {
                DeValue::Table(table) => unknown_keys(table, within, path, faults),
                DeValue::Array(array) => {
                    for (index, item) in array.iter().enumerate() {
                        path.push(Step::Index(index));
                        if let Some(table) = item.get_ref().as_table() {
                            unknown_keys(table, within, path, faults);
                        }
                        path.pop();
                    }
                }
                DeValue::String(_)
                | DeValue::Integer(_)
                | DeValue::Float(_)
                | DeValue::Boolean(_)
                | DeValue::Datetime(_) => {}
            }
        }
        path.pop();
    }
}

fn unknown(name: &str, keys: &Keys) -> String {
    match keys.nearest(name) {
        Some(nearest) => format!("there is no key `{name}`; did you mean `{nearest}`?"),
        None => format!("there is no key `{name}`; known here: {}", keys.listed()),
    }
}

/// `LANE_CONTROLLER__MQTT__URL=…` sets `mqtt.url`.
fn override_key(table: &mut Table, name: &str, value: &str, faults: &mut Faults) {
    let Some(path) = name.strip_prefix(PREFIX) else { return };
    let path: Vec<_> = path.split("__").map(str::to_lowercase).collect();
    let Some((last, tables)) = path.split_last() else { return };
    let (mut keys, mut here) = (&KEYS, table);
    for step in tables {
        let Some(within) = keys.table(step) else {
            faults.add(vec![Step::Key(name.to_owned())], unknown(step, keys));
            return;
        };
        keys = within;
        let entry = here.entry(step.clone()).or_insert_with(|| Value::Table(Table::new()));
        let Value::Table(inner) = entry else {
            faults.add(vec![Step::Key(name.to_owned())], "lanes can not be overridden by environment".to_owned());
            return;
        };
        here = inner;
    }
    if !keys.values.contains(&last.as_str()) {
        faults.add(vec![Step::Key(name.to_owned())], unknown(last, keys));
        return;
    }
    let parsed = toml::from_str::<Table>(&format!("value = {value}")).ok().and_then(|mut one| one.remove("value"));
    here.insert(last.clone(), parsed.unwrap_or_else(|| Value::String(value.to_owned())));
}
