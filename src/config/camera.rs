//! Plate readers: their preset, the way their messages come, and who may push them.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use chrono_tz::Tz;
use ipnet::IpNet;
use serde::Deserialize;

use super::Lane;
use super::check::Faults;
use super::parse::RawCamera;
use crate::model::{Care, DeviceName, SiteId, View};

/// The presets that come with the program.
pub const BUILTIN_PRESETS: [&str; 6] = ["axis", "dahua", "frigate", "hikvision", "plate-recognizer", "rekor"];
/// A read whose device time is off by more is no evidence for the vehicle in the lane.
const MAX_AGE_DEFAULT: Duration = Duration::from_secs(60);
/// Longest topic of a foreign device, bytes.
const TOPIC_MAX_BYTES: usize = 256;

/// One plate reader.
#[derive(Debug, Clone)]
pub struct Camera {
    /// As topics name it.
    pub name: DeviceName,
    /// Which end of the vehicle it sees.
    pub view: View,
    /// How long it may say nothing of the vehicle before it.
    pub within: Duration,
    /// How it is looked after.
    pub care: Care,
    /// `None`: it speaks the contract's PlateRead.
    pub vendor: Option<Vendor>,
}

/// How a plate reader is watched.
pub(super) struct Watch {
    pub(super) within: Duration,
    pub(super) care: Care,
}

/// A plate reader that speaks its vendor's own format.
#[derive(Debug, Clone)]
pub struct Vendor {
    /// The preset's name.
    pub preset: String,
    /// The zone of its clock, for times without an offset.
    pub zone: Tz,
    /// How far its clock may be from ours, either way.
    pub max_age: Duration,
    /// Only vehicles that move so are evidence.
    pub direction: Option<Travel>,
    /// A topic of its own, beside the contract's.
    pub topic: Option<String>,
    /// The vendor's name of the camera; messages of others are not its.
    pub source: Option<String>,
    /// Who may push its messages by HTTP.
    pub ingest: Option<Ingest>,
}

/// Who may push a camera's messages by HTTP: whoever meets all that is set.
#[derive(Debug, Clone)]
pub struct Ingest {
    /// A file with the secret.
    pub secret_file: Option<PathBuf>,
    /// Networks; empty: any.
    pub from: Vec<IpNet>,
}

/// The way a vehicle moves before a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Travel {
    /// Towards the camera, or in.
    Forward,
    /// Away from it, or out.
    Reverse,
}

/// What a camera takes from the rest of the configuration.
pub(super) struct Defaults {
    pub(super) zone: Tz,
    /// The operator has presets of his own, which only the disk knows.
    pub(super) own_presets: bool,
}

pub(super) fn checked(path: &str, raw: RawCamera, watch: Watch, defaults: &Defaults, faults: &mut Faults) -> Camera {
    let Watch { within, care } = watch;
    let preset = raw.format.clone().filter(|format| format != "native");
    let Some(preset) = preset else {
        no_vendor_keys(path, &raw, faults);
        return Camera { name: raw.name, view: raw.view, within, care, vendor: None };
    };
    if !defaults.own_presets && !BUILTIN_PRESETS.contains(&preset.as_str()) {
        let known = BUILTIN_PRESETS.join(", ");
        let message = format!("\"native\" or one of {known} is expected; others need [cameras] presets_directory");
        faults.at(&format!("{path}.format"), message);
    }
    let vendor = Vendor {
        preset,
        zone: raw.time_zone.unwrap_or(defaults.zone),
        max_age: faults.timeout(&format!("{path}.max_age"), raw.max_age, MAX_AGE_DEFAULT),
        direction: raw.direction,
        topic: raw.topic,
        source: raw.source,
        ingest: ingest(path, raw.ingest_secret_file, &raw.ingest_from, faults),
    };
    Camera { name: raw.name, view: raw.view, within, care, vendor: Some(vendor) }
}

/// A PlateRead says everything itself.
fn no_vendor_keys(path: &str, raw: &RawCamera, faults: &mut Faults) {
    for (key, is_set) in [
        ("time_zone", raw.time_zone.is_some()),
        ("max_age", raw.max_age.is_some()),
        ("direction", raw.direction.is_some()),
        ("topic", raw.topic.is_some()),
        ("source", raw.source.is_some()),
        ("ingest_secret_file", raw.ingest_secret_file.is_some()),
        ("ingest_from", !raw.ingest_from.is_empty()),
    ] {
        if is_set {
            faults.at(&format!("{path}.{key}"), "it goes with a preset: a `format` other than \"native\" is expected");
        }
    }
}

fn ingest(path: &str, secret_file: Option<PathBuf>, from: &[String], faults: &mut Faults) -> Option<Ingest> {
    let mut networks = Vec::new();
    for (number, text) in from.iter().enumerate() {
        // A bare address is a network of one.
        match text.parse().or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from)) {
            Ok(network) => networks.push(network),
            Err(_) => {
                let message = format!("`{text}` is no network; \"10.1.0.0/16\" or \"10.1.0.7\" is expected");
                faults.at(&format!("{path}.ingest_from[{number}]"), message);
            }
        }
    }
    (secret_file.is_some() || !networks.is_empty()).then_some(Ingest { secret_file, from: networks })
}

/// Topics of foreign devices: none of ours, and every message of one belongs to one camera.
pub(super) fn check_topics(site: &SiteId, lanes: &[Lane], faults: &mut Faults) {
    let mut taken = BTreeSet::new();
    for (number, lane) in lanes.iter().enumerate() {
        for (index, camera) in lane.cameras.iter().enumerate() {
            let Some(vendor) = &camera.vendor else { continue };
            let Some(topic) = &vendor.topic else { continue };
            let path = format!("lane[{number}].camera[{index}]");
            if let Some(why) = not_a_topic(site, topic) {
                faults.at(&format!("{path}.topic"), why);
            }
            if !taken.insert((topic, &vendor.source)) {
                let message = "another camera has this topic and no other `source`: whose messages are they?";
                faults.at(&format!("{path}.topic"), message);
            }
        }
    }
    for (number, lane) in lanes.iter().enumerate() {
        for (index, camera) in lane.cameras.iter().enumerate() {
            let topic = camera.vendor.as_ref().filter(|vendor| vendor.source.is_none()).and_then(|v| v.topic.as_ref());
            if topic.is_some_and(|topic| taken.iter().filter(|(known, _)| *known == topic).count() > 1) {
                let message = "other cameras share the topic: the vendor's name of this one is expected";
                faults.at(&format!("lane[{number}].camera[{index}].source"), message);
            }
        }
    }
}

fn not_a_topic(site: &SiteId, topic: &str) -> Option<String> {
    let ours = format!("bcp/{site}/");
    if topic.is_empty() || topic.len() > TOPIC_MAX_BYTES || topic.contains(['+', '#', '\0']) || topic.starts_with('$') {
        return Some("one topic without wildcards is expected, like \"frigate/tracked_object_update\"".to_owned());
    }
    topic.starts_with(&ours).then(|| format!("{ours} is the controller's own; messages on plate/<camera> come anyway"))
}
