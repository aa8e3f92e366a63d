//! What the types alone don't say: defaults, and rules between keys. Every fault is found, not only the first.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::camera::{self, Camera};
use super::duration::Text;
use super::journal::heads;
use super::parse::{Raw, RawBarrier, RawEvidence, RawLane, RawMisread, RawRequired};
use super::place::{Step, steps};
use super::reader::{portals, readers};
use super::relay::{gather, wire_barrier, wire_loop};
use super::retention::retention;
use super::risk::risk;
use super::scale::one_scale;
use super::sensors::{self, care, indispensable, need, needed_for};
use super::{
    Barrier, Config, Data, EvidenceKind, Http, Lane, MisreadPlate, Mqtt, Policy, Portal, RequiredDocument, Site,
};
use crate::model::{BarrierPlace, FindingCode, LaneId, Severity, View};

/// Lanes of one site.
pub const LANES_MAX: usize = 1_024;
/// Longest timeout that makes sense.
const TIMEOUT_MAX: Duration = Duration::from_secs(3_600);
/// Longest lead that makes sense.
const LEAD_MAX: Duration = Duration::from_secs(30 * 86_400);
/// Prior notifications are kept 30 days (domain §3).
const KEPT_DEFAULT: Duration = Duration::from_secs(30 * 86_400);
const KEPT_MAX: Duration = Duration::from_secs(3_660 * 86_400);
/// Goods that are dangerous whatever they are called: petrol, gases, explosives, ammonium nitrate, mineral acids,
/// radioactive materials. The list is the site's to extend.
const DANGEROUS_CODES: [&str; 12] =
    ["271012", "2711", "3601", "3602", "3603", "3604", "310230", "2806", "2807", "280800", "2844", "280110"];

/// The largest ballast, MiB: a mistyped one doesn't take the disk.
const BALLAST_MIB_MAX: u64 = 65_536;

/// Faults by path.
#[derive(Debug, Default)]
pub(super) struct Faults {
    pub(super) found: Vec<(Vec<Step>, String)>,
    /// Not wrong, but worth a look.
    pub(super) warnings: Vec<String>,
}

impl Faults {
    pub(super) fn add(&mut self, path: Vec<Step>, message: String) {
        self.found.push((path, message));
    }

    pub(super) fn at(&mut self, path: &str, message: impl Into<String>) {
        self.add(steps(path), message.into());
    }

    fn span(&mut self, path: &str, value: Duration, most: Duration) -> Duration {
        if value.is_zero() || value > most {
            self.at(path, format!("more than zero and at most {} hours are expected", most.as_secs() / 3_600));
        }
        value
    }

    /// Whether something below a path is wrong.
    pub(super) fn has(&self, path: &str) -> bool {
        let path = steps(path);
        self.found.iter().any(|(found, _)| found.starts_with(&path))
    }

    pub(super) fn timeout(&mut self, path: &str, given: Option<Text>, default: Duration) -> Duration {
        let value = given.map_or(default, |text| text.0);
        if value.is_zero() || value > TIMEOUT_MAX {
            self.at(path, "more than zero and at most one hour is expected");
        }
        value
    }
}

fn data(directory: PathBuf, reserve_percent: Option<u8>, ballast_mib: Option<u64>, faults: &mut Faults) -> Data {
    let (reserve_percent, ballast_mib) = (reserve_percent.unwrap_or(5), ballast_mib.unwrap_or(64));
    if !(1..=50).contains(&reserve_percent) {
        faults.at("data.reserve_percent", "1 to 50 is expected");
    }
    if ballast_mib > BALLAST_MIB_MAX {
        faults.at("data.ballast_mib", format!("at most {BALLAST_MIB_MAX} is expected"));
    }
    Data { directory, reserve_percent, ballast_bytes: ballast_mib.saturating_mul(1024 * 1024) }
}

/// Builds the configuration; faults that were found on the way make it useless.
pub(super) fn build(raw: Raw, faults: &mut Faults) -> Option<Config> {
    let mut warnings = Vec::new();
    let directory = raw.data.directory.unwrap_or_else(|| PathBuf::from("/var/lib/lane-controller"));
    let listen = raw.http.listen.unwrap_or(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9_750));
    if !listen.ip().is_loopback() {
        warnings.push(format!(
            "[http] listen = {listen} is not loopback: put a TLS proxy before it, officers sign in there"
        ));
    }
    let client_id = raw.mqtt.client_id.unwrap_or_else(|| format!("lane-controller-{}", raw.site.id));
    if !is_topic_level(&client_id) {
        faults.at("mqtt.client_id", "it names topics: letters, digits, `-`, `_` and `.` are expected");
    }
    let mqtt = Mqtt {
        url: raw.mqtt.url.unwrap_or_else(|| "mqtt://127.0.0.1:1883".to_owned()),
        client_id,
        username: raw.mqtt.username,
        password_file: raw.mqtt.password_file,
        session_expiry: raw.mqtt.session_expiry.map_or(Duration::from_secs(86_400), |text| text.0),
        command_ttl: faults.timeout("mqtt.command_ttl", raw.mqtt.command_ttl, Duration::from_secs(2)),
    };
    let retention = retention(raw.retention, faults);
    let risk = risk(raw.risk, faults, &mut warnings);
    let heads = heads(raw.journal, faults);
    let policy = policy(raw.policy, faults);
    let site = Site { id: raw.site.id, time_zone: raw.site.time_zone.unwrap_or(chrono_tz::UTC) };
    let own_presets = raw.cameras.presets_directory.is_some();
    let cameras = camera::Defaults { zone: site.time_zone, own_presets };
    let lanes = lanes(raw.lane, &cameras, faults);
    camera::check_topics(&site.id, &lanes, faults);
    let relay_lines = gather(&lanes, faults);
    let http =
        Http { listen, officers_file: raw.http.officers_file.unwrap_or_else(|| directory.join("officers.toml")) };
    let data = data(directory, raw.data.reserve_percent, raw.data.ballast_mib, faults);
    let presets_directory = raw.cameras.presets_directory;
    warnings.append(&mut faults.warnings);
    Some(Config {
        site,
        mqtt,
        data,
        retention,
        heads,
        http,
        presets_directory,
        risk,
        policy,
        lanes,
        relay_lines,
        warnings,
    })
}

fn is_topic_level(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

fn policy(raw: super::parse::RawPolicy, faults: &mut Faults) -> Policy {
    let (tolerance_kg, tolerance_percent) =
        raw.weight_tolerance.map_or((300, 3.0), |tolerance| (tolerance.kg, tolerance.percent));
    if tolerance_kg < 0 {
        faults.at("policy.weight_tolerance.kg", "zero or more kilograms are expected");
    }
    if !(0.0..=100.0).contains(&tolerance_percent) {
        faults.at("policy.weight_tolerance.percent", "0 to 100 percent are expected");
    }
    let notification_lead = raw.notification_lead.map(|lead| faults.span("policy.notification_lead", lead.0, LEAD_MAX));
    let kept = raw.notification_kept.map_or(KEPT_DEFAULT, |kept| kept.0);
    let notification_kept = faults.span("policy.notification_kept", kept, KEPT_MAX);
    let dangerous_codes = raw.dangerous_codes.unwrap_or_else(|| DANGEROUS_CODES.map(str::to_owned).to_vec());
    for (number, code) in dangerous_codes.iter().enumerate() {
        if !(2..=10).contains(&code.len()) || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            faults.at(
                &format!("policy.dangerous_codes[{number}]"),
                "the first 2 to 10 digits of a goods code are expected",
            );
        }
    }
    let require = raw.require.unwrap_or_else(|| vec![RawRequired::Notification, RawRequired::Declaration]);
    let require = require.into_iter().map(|required| match required {
        RawRequired::Notification => RequiredDocument::Notification,
        RawRequired::Declaration => RequiredDocument::Declaration,
    });
    Policy {
        tolerance_kg,
        tolerance_percent,
        require: require.collect(),
        notification_lead,
        notification_kept,
        misread: match raw.misread {
            Some(RawMisread::Corroborated) => MisreadPlate::Corroborated,
            Some(RawMisread::Hold) | None => MisreadPlate::Hold,
        },
        plates_file: raw.plates_file,
        dangerous_codes,
        limits_file: raw.limits_file,
        severities: severities(&raw.severity, faults),
    }
}

/// What says who the vehicle is, and radiation, can't be made lighter than a hold.
fn severities(raw: &BTreeMap<String, Severity>, faults: &mut Faults) -> BTreeMap<FindingCode, Severity> {
    let mut severities = BTreeMap::new();
    for (name, severity) in raw {
        // An unknown name is told as an unknown key.
        let Some(code) = FindingCode::from_name(name) else { continue };
        if *severity < code.least_severity() {
            let least = code.least_severity().as_str();
            faults.at(&format!("policy.severity.{name}"), format!("this finding can't weigh less than \"{least}\""));
        }
        severities.insert(code, *severity);
    }
    severities
}

fn lanes(raw: Vec<RawLane>, cameras: &camera::Defaults, faults: &mut Faults) -> Vec<Lane> {
    if raw.is_empty() {
        faults.at("lane", "at least one [[lane]] is expected");
    }
    if raw.len() > LANES_MAX {
        faults.at("lane", format!("{} lanes are more than {LANES_MAX}", raw.len()));
    }
    let mut ids = BTreeSet::new();
    let mut ports = BTreeSet::new();
    let mut lanes = Vec::new();
    for (index, lane) in raw.into_iter().enumerate() {
        if !ids.insert(lane.id.clone()) {
            faults.at(&format!("lane[{index}].id"), format!("there are two lanes {}", lane.id));
        }
        if lane.id == LaneId::whole_site() {
            let message = "it stands for the whole site in the journal; another name is expected";
            faults.at(&format!("lane[{index}].id"), message);
        }
        for (device, port) in ports_of(&lane) {
            if !ports.insert(port.clone()) {
                let message = format!("the port {port} is used by another device or lane");
                faults.at(&format!("lane[{index}].{device}.port"), message);
            }
        }
        lanes.push(one_lane(index, lane, cameras, faults));
    }
    lanes
}

/// Every serial port of a lane, with the path of its device.
fn ports_of(lane: &RawLane) -> Vec<(String, String)> {
    let scale = lane.scale.iter().map(|scale| ("scale".to_owned(), scale.port.clone()));
    let readers = lane.reader.iter().enumerate().map(|(n, reader)| (format!("reader[{n}]"), reader.port.clone()));
    let portals = lane.portal.iter().enumerate().map(|(n, portal)| (format!("portal[{n}]"), portal.port.clone()));
    scale.chain(readers).chain(portals).filter_map(|(device, port)| Some((device, port?))).collect()
}

fn one_lane(index: usize, raw: RawLane, defaults: &camera::Defaults, faults: &mut Faults) -> Lane {
    let path = format!("lane[{index}]");
    let mut names = BTreeSet::new();
    let mut cameras = Vec::new();
    for (number, camera) in raw.camera.into_iter().enumerate() {
        if !names.insert(camera.name.clone()) {
            faults.at(&format!("{path}.camera[{number}].name"), format!("there are two devices {}", camera.name));
        }
        let plate = match camera.view {
            View::Front => RawEvidence::TractorPlate,
            View::Rear => RawEvidence::TrailerPlate,
        };
        let need = need(camera.required, needed_for(raw.evidence.as_ref(), plate));
        let path = format!("{path}.camera[{number}]");
        let care = care(&path, camera.silence, need, faults);
        let within = faults.timeout(&format!("{path}.within"), camera.within, sensors::WITHIN_DEFAULT);
        cameras.push(camera::checked(&path, camera, camera::Watch { within, care }, defaults, faults));
    }
    let barriers = barriers(&path, raw.barrier, faults);
    let boards: Vec<_> = barriers.iter().filter_map(Barrier::relay).collect();
    let wired = raw.loops.iter().enumerate();
    let wired =
        wired.filter_map(|(number, found)| wire_loop(&format!("{path}.loop[{number}]"), found, &boards, faults));
    let wired_loops = wired.collect();
    let loops = sensors::loops(&path, raw.loops, faults);
    let weighed = needed_for(raw.evidence.as_ref(), RawEvidence::Weight);
    let scale = raw.scale.map(|scale| one_scale(&path, scale, weighed, faults));
    names.extend(scale.iter().map(|scale| scale.name.clone()));
    let readers = readers(&path, raw.reader, &mut names, faults);
    let watched = needed_for(raw.evidence.as_ref(), RawEvidence::Radiation);
    let portals = portals(&path, raw.portal, watched, &boards, &mut names, faults);
    let gives = Gives { scale: scale.is_some(), portal: portals.iter().any(Portal::tells_quiet) };
    let evidence = evidence(&path, raw.evidence, &cameras, gives, faults);
    let evidence_timeout =
        faults.timeout(&format!("{path}.evidence_timeout"), raw.evidence_timeout, Duration::from_secs(20));
    let abandoned_after = raw.abandoned_after.map_or(sensors::ABANDONED_AFTER_DEFAULT, |text| text.0);
    let abandoned_after =
        faults.span(&format!("{path}.abandoned_after"), abandoned_after, sensors::ABANDONED_AFTER_MAX);
    Lane {
        id: raw.id,
        direction: raw.direction,
        evidence,
        evidence_timeout,
        abandoned_after,
        cameras,
        loops,
        wired_loops,
        scale,
        readers,
        portals,
        barriers,
    }
}

fn barriers(path: &str, raw: Vec<RawBarrier>, faults: &mut Faults) -> Vec<Barrier> {
    let mut barriers: Vec<Barrier> = Vec::new();
    for (number, barrier) in raw.into_iter().enumerate() {
        let path = format!("{path}.barrier[{number}]");
        if barriers.iter().any(|known| known.place == barrier.name) {
            faults.at(&format!("{path}.name"), format!("there are two barriers {}", barrier.name.as_str()));
        }
        let driver = wire_barrier(&path, &barrier, faults);
        let default = Duration::from_secs(8);
        let need = indispensable(&path, barrier.required, "an arm that is not seen can't be commanded", faults);
        barriers.push(Barrier {
            place: barrier.name,
            driver,
            open_timeout: faults.timeout(&format!("{path}.open_timeout"), barrier.open_timeout, default),
            close_timeout: faults.timeout(&format!("{path}.close_timeout"), barrier.close_timeout, default),
            care: care(&path, barrier.silence, need, faults),
        });
    }
    if !barriers.iter().any(|barrier| barrier.place == BarrierPlace::Exit) {
        faults.at(path, "a [[lane.barrier]] named \"exit\" is expected");
    }
    barriers
}

/// Which devices of a lane give evidence beside its cameras.
#[derive(Debug, Clone, Copy)]
struct Gives {
    scale: bool,
    portal: bool,
}

/// What the lane's devices can give is required unless the lane says otherwise; what none can give is a fault.
fn evidence(
    path: &str,
    raw: Option<Vec<RawEvidence>>,
    cameras: &[Camera],
    gives: Gives,
    faults: &mut Faults,
) -> Vec<EvidenceKind> {
    let sees = |view: View| cameras.iter().any(|camera| camera.view == view);
    let Some(raw) = raw else {
        let available = [
            (EvidenceKind::TractorPlate, sees(View::Front)),
            (EvidenceKind::TrailerPlate, sees(View::Rear)),
            (EvidenceKind::Weight, gives.scale),
            (EvidenceKind::Radiation, gives.portal),
        ];
        return available.into_iter().filter(|(_, there)| *there).map(|(kind, _)| kind).collect();
    };
    let mut kinds = Vec::new();
    for (number, evidence) in raw.into_iter().enumerate() {
        let (kind, there, device) = match evidence {
            RawEvidence::TractorPlate => {
                (EvidenceKind::TractorPlate, sees(View::Front), "a camera with view \"front\"")
            }
            RawEvidence::TrailerPlate => (EvidenceKind::TrailerPlate, sees(View::Rear), "a camera with view \"rear\""),
            RawEvidence::Weight => (EvidenceKind::Weight, gives.scale, "a [lane.scale]"),
            RawEvidence::Document => (EvidenceKind::Document, true, ""),
            RawEvidence::Radiation => (EvidenceKind::Radiation, true, ""),
        };
        if !there {
            faults.at(
                &format!("{path}.evidence[{number}]"),
                format!("no device of the lane gives it: {device} is needed"),
            );
        }
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    kinds
}
