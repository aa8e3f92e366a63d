//! From the configuration to the parts of a site; files that it names are read here.

use std::sync::Arc;

use super::parts::{LaneParts, RmsParts};
use super::response_keys::ResponseKeys;
use super::selection::KeepError;
use super::setup::lane_setup;
use crate::config::{self, Config};
use crate::device::camera::PresetFault;
use crate::device::listen::{ListenSettings, Speaks, Telling};
use crate::device::scale::{Expected, ScaleSettings};
use crate::domain::plate::Templates;
use crate::journal::{HeadKeyError, HeadRules, JournalError, Limits, head_key};
use crate::matching::{MatchPolicy, Misread, Required, RoadLimits, Tolerance};
use crate::metrics;
use crate::model::DeviceName;
use crate::model::scale::ScalePort;
use crate::registry::RegistryError;
use crate::risk::gateway::{BreakerSettings, GatewaySettings};
use crate::wire::camera::NoSuchPreset;

/// Why a site can't start.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The journal.
    #[error("the journal can not be opened: {0}")]
    Journal(#[from] JournalError),
    /// The key of the journal's heads.
    #[error(transparent)]
    HeadKey(#[from] HeadKeyError),
    /// The registry.
    #[error("the registry can not be opened: {0}")]
    Registry(#[from] RegistryError),
    /// A password file.
    #[error("{path} can not be read: {source}; check [mqtt] password_file")]
    Password {
        /// Which file.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The keys of the RMS.
    #[error("{path} can not be used: {why}; check [risk] response_keys_file")]
    Keys {
        /// Which file.
        path: std::path::PathBuf,
        /// Why.
        why: String,
    },
    /// The syntax of plates.
    #[error("{path} can not be used: {why}; check [policy] plates_file")]
    Plates {
        /// Which file.
        path: std::path::PathBuf,
        /// Why.
        why: String,
    },
    /// A camera's preset.
    #[error(transparent)]
    Preset(#[from] PresetFault),
    /// A camera's preset.
    #[error(transparent)]
    NoSuchPreset(#[from] NoSuchPreset),
    /// The limits of the road.
    #[error("{path} can not be used: {why}; check [policy] limits_file")]
    Limits {
        /// Which file.
        path: std::path::PathBuf,
        /// Why.
        why: String,
    },
    /// The local profiles, or the selection.
    #[error("the local profiles can not be put into force: {0}")]
    Profiles(#[from] KeepError),
    /// The actors.
    #[error("the site's actors can not be started: {0}")]
    Spawn(String),
}

/// Reads every file that the configuration names and that a site needs to start.
///
/// # Errors
/// The first that can't be used.
pub fn check_files(config: &Config) -> Result<(), RunError> {
    templates(config)?;
    limits(config)?;
    rms_parts(config)?;
    if let Some(path) = &config.heads.key_file {
        head_key(&config.data.directory, Some(path))?;
    }
    Ok(())
}

/// What the journal is told of its disk and its heads. The signing key is made here at the first start.
pub(super) fn journal_limits(config: &Config) -> Result<Limits, RunError> {
    let observer = |stats: crate::journal::CommitStats| metrics::journal_commit(stats.took, stats.records);
    let heads = HeadRules {
        site: config.site.id.clone(),
        key: head_key(&config.data.directory, config.heads.key_file.as_deref())?,
        every: config.heads.every,
        records: config.heads.records,
    };
    Ok(Limits {
        reserve_percent: config.data.reserve_percent,
        ballast_bytes: config.data.ballast_bytes,
        observer: Some(Arc::new(observer)),
        heads: Some(heads),
    })
}

/// What the site requires of vehicles and documents.
pub(super) fn match_policy(config: &Config, templates: Arc<Templates>, limits: Arc<RoadLimits>) -> MatchPolicy {
    let required = config.policy.require.iter().map(|required| match required {
        config::RequiredDocument::Notification => Required::Notification,
        config::RequiredDocument::Declaration => Required::Declaration,
    });
    let policy = &config.policy;
    MatchPolicy {
        required: required.collect(),
        tolerance: Tolerance { kg: policy.tolerance_kg, percent: policy.tolerance_percent },
        limits,
        site: config.site.id.clone(),
        templates,
        lead: policy.notification_lead,
        misread: match policy.misread {
            config::MisreadPlate::Hold => Misread::Holds,
            config::MisreadPlate::Corroborated => Misread::PassesCorroborated,
        },
        dangerous_codes: policy.dangerous_codes.clone(),
        severities: policy.severities.clone(),
    }
}

/// How the RMS is asked; `None` where the edge decides alone.
pub(super) fn rms_parts(config: &Config) -> Result<Option<RmsParts>, RunError> {
    let risk = &config.risk;
    if risk.mode == config::RiskMode::Local {
        return Ok(None);
    }
    let keys = match &risk.response_keys_file {
        Some(path) => {
            let keys = ResponseKeys::open(path).map_err(|why| RunError::Keys { path: path.clone(), why })?;
            Some(keys)
        }
        None => None,
    };
    let breaker = BreakerSettings { failures: risk.breaker_failures, pause: risk.breaker_pause };
    let settings = GatewaySettings { timeout: risk.request_timeout, in_flight: risk.in_flight, breaker };
    Ok(Some(RmsParts { settings, pre_arrival: risk.pre_arrival, keys }))
}

/// The syntax of plates: the site's own file, else what is built in.
pub(super) fn templates(config: &Config) -> Result<Arc<Templates>, RunError> {
    let Some(path) = &config.policy.plates_file else { return Ok(Arc::new(Templates::embedded())) };
    let refused = |why: String| RunError::Plates { path: path.clone(), why };
    let text = std::fs::read_to_string(path).map_err(|error| refused(error.to_string()))?;
    Templates::embedded().extended_by(&text).map(Arc::new).map_err(|error| refused(error.to_string()))
}

/// What the road allows: the site's own file, else what is built in.
pub(super) fn limits(config: &Config) -> Result<Arc<RoadLimits>, RunError> {
    let Some(path) = &config.policy.limits_file else { return Ok(Arc::new(RoadLimits::embedded())) };
    let refused = |why: String| RunError::Limits { path: path.clone(), why };
    let text = std::fs::read_to_string(path).map_err(|error| refused(error.to_string()))?;
    RoadLimits::parse(&text).map(Arc::new).map_err(|error| refused(error.to_string()))
}

/// What a lane consists of.
pub(super) fn lane_parts(config: &Config, lane: &config::Lane, templates: &Arc<Templates>) -> LaneParts {
    let setup = lane_setup(config, lane, templates);
    let scale = lane.scale.as_ref().and_then(|scale| serial_scale(config, scale));
    LaneParts { setup, scale, listeners: listeners(config, lane) }
}

/// The readers and portals on serial lines.
fn listeners(config: &Config, lane: &config::Lane) -> Vec<(DeviceName, ListenSettings)> {
    let settings = |line: &config::ReaderLine, speaks| ListenSettings {
        port: port(config, &line.port),
        baud: line.baud,
        line: line.line,
        speaks,
        telling: Telling::Readings,
    };
    let readers = lane.readers.iter().filter_map(|reader| {
        let (line, protocol) = reader.serial.as_ref()?;
        Some((reader.name.clone(), settings(line, Speaks::Document(*protocol))))
    });
    let portals = lane.portals.iter().filter_map(|portal| match &portal.way {
        config::PortalWay::Serial { line, protocol, silence } => {
            let speaks = Speaks::Radiation { protocol: *protocol, silence: *silence };
            Some((portal.name.clone(), settings(line, speaks)))
        }
        // The board's driver reads them.
        config::PortalWay::Contacts { .. } => None,
    });
    readers.chain(portals).collect()
}

/// A relative port lies in the data directory, so that a simulated line can stand beside the data.
fn port(config: &Config, port: &ScalePort) -> ScalePort {
    match port {
        ScalePort::Tty(path) => ScalePort::Tty(config.data.directory.join(path)),
        tcp @ ScalePort::Tcp { .. } => tcp.clone(),
    }
}

fn serial_scale(config: &Config, scale: &config::Scale) -> Option<(DeviceName, ScaleSettings)> {
    let serial = match &scale.driver {
        config::ScaleDriver::Serial(serial) => serial,
        config::ScaleDriver::Mqtt => return None,
    };
    let settings = ScaleSettings {
        baud: serial.baud,
        line: serial.line,
        equal_frames: serial.equal_frames,
        expected: Expected { max_kg: serial.max_kg, division_kg: serial.division_kg },
        ..ScaleSettings::new(port(config, &serial.port), serial.dialect.clone())
    };
    let silence = scale.care.silence.unwrap_or(settings.silence);
    let settings = ScaleSettings { silence, ..settings };
    Some((scale.name.clone(), settings))
}
