//! Opening a site from its configuration, and the handle by which a process holds it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ractor::{Actor, ActorRef};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::board::{Board, Part};
use super::bus::LinkArgs;
use super::clock::SiteClock;
use super::link::Router;
use super::local::LocalRisk;
use super::outlet::Outlet;
use super::selection::{KeepError, Keeper, KeeperParts};
use super::site::{LaneParts, SiteActor, SiteMsg, SiteParts, all_answer};
use crate::config::{self, Config};
use crate::device::mqtt::{LinkHandle, LinkSettings, Outgoing, Will};
use crate::device::serial::ScaleSettings;
use crate::journal::{Journal, JournalError, Limits, Reader, StoredRecord};
use crate::lane::{ArmSetup, Evidence, LaneSetup, ScaleSetup};
use crate::matching::{MatchPolicy, Required, Tolerance};
use crate::metrics;
use crate::model::{DeviceName, LaneId, PassageId, RecordKind};
use crate::registry::{Registry, RegistryError};
use crate::risk::Degraded;
use crate::risk::profile::ProfileSet;
use crate::risk::selection::ShiftPlan;
use crate::wire::event::shown_body;
use crate::wire::scale::{Protocol, UnknownProtocol};
use crate::wire::topic;

/// How long the link may take to send what waits when the controller stops.
const LINK_STOP_WITHIN: Duration = Duration::from_secs(2);
/// How often a poisoned journal is looked for; the process ends then and reads back from disk.
const POISON_LOOK: Duration = Duration::from_millis(200);
/// How long after poison the lanes have to show that they hold.
const POISON_GRACE: Duration = Duration::from_secs(1);

/// Why a site can't start.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The journal.
    #[error("the journal can not be opened: {0}")]
    Journal(#[from] JournalError),
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
    /// A scale's protocol.
    #[error(transparent)]
    Protocol(#[from] UnknownProtocol),
    /// The local profiles, or the selection.
    #[error("the local profiles can not be put into force: {0}")]
    Profiles(#[from] KeepError),
    /// The actors.
    #[error("the site's actors can not be started: {0}")]
    Spawn(String),
}

/// A site that runs.
pub struct Running {
    pub(super) site: ActorRef<SiteMsg>,
    ended: JoinHandle<()>,
    link: LinkHandle,
    journal: Arc<Journal>,
    registry: Arc<Registry>,
    pub(super) router: Router,
    lanes: Vec<LaneId>,
    board: Board,
    clock: SiteClock,
    status: (String, Vec<u8>),
    directory: std::path::PathBuf,
}

/// Shows whether the site answers.
pub struct Pulse {
    router: Router,
    lanes: Vec<LaneId>,
}

impl Pulse {
    /// Whether every lane that runs answered in time.
    pub async fn beats(&self) -> bool {
        all_answer(&self.router, &self.lanes).await
    }
}

/// Opens journal, registry and link, restores what was open, and starts the actors.
///
/// # Errors
/// When a part can't be opened; what to do is in the message.
pub async fn start(config: &Config) -> Result<Running, RunError> {
    let clock = SiteClock::start();
    let (board, desk) = Board::new();
    board.set_away(Part::Start, "site", "the actors are starting");
    board.set_away(Part::Broker, "mqtt", "not connected yet");
    let directory = config.data.directory.clone();
    let journal = Arc::new(Journal::open(&directory, journal_limits())?);
    let reader = Reader::open(&directory)?;
    let registry = Arc::new(Registry::open(&directory)?);
    replay_used(&reader, &registry)?;
    let lanes: Vec<LaneId> = config.lanes.iter().map(|lane| lane.id.clone()).collect();
    let router = Router::new(config.site.id.clone(), lanes.iter().cloned(), board.clone());
    let settings = link_settings(config, clock)?;
    let status = status_payloads(clock);
    let status_topic = topic::status(&config.site.id, &config.mqtt.client_id);
    let online = Outgoing::retained(status_topic.clone(), status.online);
    let link = LinkHandle::new();
    let outlet = Outlet::new(config.site.id.clone(), link.clone(), journal.epoch(), config.mqtt.command_ttl);
    let keeper = open_keeper(config, &journal, &reader, &outlet, &board, clock).await?;
    let local = match &keeper {
        Some(keeper) => keeper.local.clone(),
        None => LocalRisk::new(ProfileSet::default(), None, degraded(config)),
    };
    let parts = SiteParts {
        lanes: config.lanes.iter().map(|lane| lane_parts(config, lane)).collect::<Result<_, _>>()?,
        journal: Arc::clone(&journal),
        reader,
        registry: Arc::clone(&registry),
        policy: match_policy(config),
        rms_timeout: (config.risk.mode == config::RiskMode::Rms).then_some(config.risk.request_timeout),
        local,
        keeper,
        outlet,
        link: LinkArgs { handle: link.clone(), settings, router: router.clone() },
        router: router.clone(),
        board: board.clone(),
        clock,
        desk,
    };
    let spawned = Actor::spawn(None, SiteActor, parts).await;
    let (site, ended) = spawned.map_err(|error| RunError::Spawn(error.to_string()))?;
    link.publish(online).ok();
    let status = (status_topic, status.offline);
    Ok(Running { site, ended, link, journal, registry, router, lanes, board, clock, status, directory })
}

/// A record as the HTTP interface shows it.
fn shown_record(record: &StoredRecord) -> serde_json::Value {
    let mut shown = record.to_json();
    let body = shown_body(record.kind, &record.body);
    shown["body"] = serde_json::from_str(&body).unwrap_or_default();
    shown
}

const fn degraded(config: &Config) -> Degraded {
    match config.risk.degraded {
        config::Degraded::Hold => Degraded::Hold,
        config::Degraded::Local => Degraded::Local,
    }
}

async fn open_keeper(
    config: &Config,
    journal: &Arc<Journal>,
    reader: &Reader,
    outlet: &Outlet,
    board: &Board,
    clock: SiteClock,
) -> Result<Option<Keeper>, KeepError> {
    let Some(profiles) = &config.risk.profiles_directory else { return Ok(None) };
    let parts = KeeperParts {
        profiles: profiles.clone(),
        data: config.data.directory.clone(),
        plan: ShiftPlan::new(config.site.time_zone, config.risk.shifts.iter().copied()),
        degraded: degraded(config),
        journal: Arc::clone(journal),
        outlet: outlet.clone(),
        board: board.clone(),
        clock,
    };
    Keeper::open(parts, reader).await.map(Some)
}

struct Status {
    online: Vec<u8>,
    offline: Vec<u8>,
}

fn status_payloads(clock: SiteClock) -> Status {
    let payload = |online: bool| {
        let version = env!("CARGO_PKG_VERSION");
        serde_json::json!({ "online": online, "version": version, "since": clock.now().wall }).to_string().into_bytes()
    };
    Status { online: payload(true), offline: payload(false) }
}

fn journal_limits() -> Limits {
    let observer = |stats: crate::journal::CommitStats| metrics::journal_commit(stats.took, stats.records);
    Limits { observer: Some(Arc::new(observer)), ..Limits::default() }
}

/// Notifications that the journal says were used after the register last heard of it.
fn replay_used(reader: &Reader, registry: &Registry) -> Result<(), RunError> {
    #[derive(serde::Deserialize)]
    struct Released {
        notification: Option<String>,
    }
    for record in reader.records_of_kind_after(RecordKind::Released, registry.used_through())? {
        let released = serde_json::from_str::<Released>(&record.body).ok();
        let number = released.and_then(|released| released.notification);
        if let (Some(number), Some(passage)) = (number, record.passage) {
            registry.mark_used(&number, passage, record.sequence);
        }
    }
    Ok(())
}

fn link_settings(config: &Config, clock: SiteClock) -> Result<LinkSettings, RunError> {
    let password = match &config.mqtt.password_file {
        Some(path) => Some(read_secret(path)?),
        None => None,
    };
    let will =
        Will { topic: topic::status(&config.site.id, &config.mqtt.client_id), payload: status_payloads(clock).offline };
    Ok(LinkSettings {
        url: config.mqtt.url.clone(),
        client_id: config.mqtt.client_id.clone(),
        username: config.mqtt.username.clone(),
        password,
        will,
        subscriptions: topic::subscriptions(&config.site.id, &config.mqtt.client_id),
        canary: topic::canary(&config.site.id, &config.mqtt.client_id),
        session_expiry: config.mqtt.session_expiry,
    })
}

fn read_secret(path: &Path) -> Result<String, RunError> {
    let text = std::fs::read_to_string(path).map_err(|source| RunError::Password { path: path.to_owned(), source })?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn match_policy(config: &Config) -> MatchPolicy {
    let required = config.policy.require.iter().map(|required| match required {
        config::RequiredDocument::Notification => Required::Notification,
        config::RequiredDocument::Declaration => Required::Declaration,
    });
    let tolerance = Tolerance { kg: config.policy.tolerance_kg, percent: config.policy.tolerance_percent };
    MatchPolicy { required: required.collect(), tolerance }
}

fn lane_parts(config: &Config, lane: &config::Lane) -> Result<LaneParts, RunError> {
    let evidence = lane.evidence.iter().map(|evidence| match evidence {
        config::EvidenceKind::TractorPlate => Evidence::TractorPlate,
        config::EvidenceKind::TrailerPlate => Evidence::TrailerPlate,
        config::EvidenceKind::Weight => Evidence::Weight,
        config::EvidenceKind::Document => Evidence::Documents,
        config::EvidenceKind::Radiation => Evidence::Radiation,
    });
    let arms = lane.barriers.iter().map(|barrier| {
        let arm = ArmSetup { open_timeout: barrier.open_timeout, close_timeout: barrier.close_timeout };
        (barrier.place, arm)
    });
    let setup = LaneSetup {
        site: config.site.id.clone(),
        lane: lane.id.clone(),
        direction: lane.direction,
        evidence: evidence.collect(),
        evidence_timeout: lane.evidence_timeout,
        risk_timeout: config.risk.request_timeout,
        cameras: lane.cameras.iter().map(|camera| camera.name.clone()).collect(),
        loops: lane.loops.iter().copied().collect(),
        scale: lane.scale.as_ref().map(|scale| ScaleSetup { name: scale.name.clone(), minimum_kg: scale.minimum_kg }),
        arms: arms.collect::<BTreeMap<_, _>>(),
    };
    let scale = match &lane.scale {
        Some(scale) => serial_scale(config, scale)?,
        None => None,
    };
    Ok(LaneParts { setup, scale })
}

/// A relative port lies in the data directory, so that a simulated line can stand beside the data.
fn serial_scale(config: &Config, scale: &config::Scale) -> Result<Option<(DeviceName, ScaleSettings)>, RunError> {
    match &scale.driver {
        config::ScaleDriver::Serial(serial) => {
            let port = config.data.directory.join(&serial.port);
            let protocol = Protocol::from_name(&serial.protocol)?;
            Ok(Some((scale.name.clone(), ScaleSettings::new(port, serial.baud, protocol))))
        }
        config::ScaleDriver::Mqtt => Ok(None),
    }
}

impl Running {
    /// What the site shows.
    #[must_use]
    pub fn board(&self) -> Board {
        self.board.clone()
    }

    /// The site's clocks.
    #[must_use]
    pub const fn clock(&self) -> SiteClock {
        self.clock
    }

    /// Shows whether the lanes answer.
    #[must_use]
    pub fn pulse(&self) -> Pulse {
        Pulse { router: self.router.clone(), lanes: self.lanes.clone() }
    }

    /// Reads a passage back from the journal.
    #[must_use]
    pub fn passage_reader(&self) -> Arc<dyn Fn(PassageId) -> Result<Option<serde_json::Value>, String> + Send + Sync> {
        let directory = self.directory.clone();
        Arc::new(move |passage| {
            let reader = Reader::open(&directory).map_err(|error| error.to_string())?;
            let records = reader.passage(passage).map_err(|error| error.to_string())?;
            let shown: Vec<_> = records.iter().map(shown_record).collect();
            Ok((!shown.is_empty()).then_some(serde_json::Value::Array(shown)))
        })
    }

    /// Waits until the site can't go on; the reason.
    pub async fn failed(&self) -> String {
        loop {
            if self.journal.is_poisoned() {
                tokio::time::sleep(POISON_GRACE).await;
                return "the journal failed; it is read back from disk at the next start".to_owned();
            }
            if self.ended.is_finished() {
                return "an actor that everything needs ended".to_owned();
            }
            tokio::time::sleep(POISON_LOOK).await;
        }
    }

    /// Stops in order: no new passages, barriers secured, journal synced, status published.
    pub async fn stop(self) {
        let (done, secured) = oneshot::channel();
        if self.site.cast(SiteMsg::Secure(done)).is_ok() {
            secured.await.ok();
        }
        self.journal.flush();
        let (topic, payload) = self.status;
        self.link.publish(Outgoing::retained(topic, payload)).ok();
        tokio::time::timeout(LINK_STOP_WITHIN, self.link.shutdown()).await.ok();
        self.site.stop(None);
        self.ended.await.ok();
        self.registry.shutdown();
        self.journal.shutdown();
        tracing::info!("stopped");
    }
}
