//! Opening a site from its configuration, and the handle by which a process holds it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use ractor::{Actor, ActorRef};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::board::{Board, Part};
use super::build::{RunError, journal_limits, lane_parts, limits, match_policy, rms_parts, templates};
use super::bus::LinkArgs;
use super::clock::SiteClock;
use super::intake::{Cameras, Intake};
use super::keys::KeysKeeper;
use super::link::Router;
use super::local::LocalRisk;
use super::outlet::Outlet;
use super::parts::SiteParts;
use super::recorder::Recorder;
use super::selection::{KeepError, Keeper, KeeperParts};
use super::site::{SiteActor, SiteMsg, all_answer};
use super::wiring::{self, Lines};
use crate::config::{self, Config};
use crate::device::camera::presets;
use crate::device::mqtt::{LinkHandle, LinkSettings, Outgoing, Will};
use crate::journal::{Journal, Reader, Sight, StoredRecord};
use crate::metrics;
use crate::model::{DeviceName, LaneId, PassageId, RecordKind};
use crate::registry::Registry;
use crate::risk::Degraded;
use crate::risk::profile::ProfileSet;
use crate::risk::selection::ShiftPlan;
use crate::wire::event::shown_body;
use crate::wire::topic;

/// How long the link may take to send what waits when the controller stops.
const LINK_STOP_WITHIN: Duration = Duration::from_secs(2);
/// How long relay boards may take to let their contacts go when the controller stops.
const RELAYS_STOP_WITHIN: Duration = Duration::from_secs(3);
/// How often a poisoned journal is looked for; the process ends then and reads back from disk.
const POISON_LOOK: Duration = Duration::from_millis(200);
/// How many of the journal's last records are looked at for reads that a camera may repeat.
const KNOWN_RECORDS_MAX: u64 = 4_096;
/// How long after poison the lanes have to show that they hold.
const POISON_GRACE: Duration = Duration::from_secs(1);

/// Reads a passage's records, with so much of its personal fields; the error is for people.
pub type PassageReader = Arc<dyn Fn(PassageId, Sight) -> Result<Option<serde_json::Value>, String> + Send + Sync>;

/// A site that runs.
pub struct Running {
    pub(super) site: ActorRef<SiteMsg>,
    ended: JoinHandle<()>,
    link: LinkHandle,
    pub(super) relays: Lines,
    journal: Arc<Journal>,
    registry: Arc<Registry>,
    recorder: Recorder,
    pub(super) router: Router,
    lanes: Vec<LaneId>,
    board: Board,
    clock: SiteClock,
    farewell: Outgoing,
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
    let (journal, reader) = open_journal(config)?;
    let templates = templates(config)?;
    let registry = Arc::new(Registry::open(&directory, Arc::clone(&templates))?);
    let lanes: Vec<LaneId> = config.lanes.iter().map(|lane| lane.id.clone()).collect();
    let cameras = Cameras::new(config, &presets(config.presets_directory.as_deref())?)?;
    if let Some(reader) = &reader {
        replay_used(reader, &registry)?;
        enter_known_reads(reader, &cameras)?;
    }
    let link = LinkHandle::new();
    let router =
        Router::new(config.site.id.clone(), lanes.iter().cloned(), board.clone(), cameras, clock, link.clone());
    let settings = link_settings(config, &router, clock)?;
    let farewell = Outgoing::retained(settings.will.topic.clone(), settings.will.payload.clone());
    let relays = wiring::lines(config);
    wiring::wire(config, &relays, &router);
    let arms = wiring::arms(&relays);
    let outlet = Outlet::new(config.site.id.clone(), link.clone(), journal.epoch(), config.mqtt.command_ttl, arms);
    let recorder = Recorder {
        journal: Arc::clone(&journal),
        outlet: outlet.clone(),
        board: board.clone(),
        directory: directory.clone(),
    };
    let keeper = match &reader {
        Some(reader) => open_keeper(config, &recorder, reader, clock).await?,
        None => None,
    };
    let local = match &keeper {
        Some(keeper) => keeper.local.clone(),
        None => LocalRisk::new(ProfileSet::default(), None, degraded(config)),
    };
    let parts = SiteParts {
        site: config.site.id.clone(),
        lanes: config.lanes.iter().map(|lane| lane_parts(config, lane, &templates)).collect(),
        relays: relays.clone(),
        journal: Arc::clone(&journal),
        keys: KeysKeeper::new(recorder.clone(), config.retention, clock),
        reader,
        registry: Arc::clone(&registry),
        policy: Arc::new(match_policy(config, templates, limits(config)?)),
        notification_kept: config.policy.notification_kept,
        rms: rms_parts(config)?,
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
    Ok(Running {
        site,
        ended,
        link,
        relays,
        journal,
        registry,
        recorder,
        router,
        lanes,
        board,
        clock,
        farewell,
        directory,
    })
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
    recorder: &Recorder,
    reader: &Reader,
    clock: SiteClock,
) -> Result<Option<Keeper>, KeepError> {
    let Some(profiles) = &config.risk.profiles_directory else { return Ok(None) };
    let parts = KeeperParts {
        profiles: profiles.clone(),
        data: config.data.directory.clone(),
        plan: ShiftPlan::new(config.site.time_zone, config.risk.shifts.iter().copied()),
        degraded: degraded(config),
        recorder: recorder.clone(),
        clock,
    };
    Keeper::open(parts, reader).await.map(Some)
}

struct Status {
    online: Vec<u8>,
    offline: Vec<u8>,
}

/// Birth and last will carry the same session: a death counts only for the birth before it (Rules of MQTT).
fn status_payloads(clock: SiteClock) -> Status {
    let (version, since, session) = (env!("CARGO_PKG_VERSION"), clock.now().wall, Uuid::new_v4());
    let payload = |online: bool| {
        let status = serde_json::json!({ "online": online, "version": version, "since": since, "session": session });
        status.to_string().into_bytes()
    };
    Status { online: payload(true), offline: payload(false) }
}

/// A damaged journal stops no process: the lanes hold, and officers see why (hazard 35).
fn open_journal(config: &Config) -> Result<(Arc<Journal>, Option<Reader>), RunError> {
    let directory = &config.data.directory;
    match Journal::open(directory, journal_limits(config)?) {
        Ok(journal) => {
            if journal.cut_off() > 0 {
                tracing::warn!(
                    frames = journal.cut_off(),
                    "the journal's last write was cut off by a crash; it was never acknowledged and is dropped"
                );
            }
            metrics::journal_cut_off(journal.cut_off() > 0);
            Ok((Arc::new(journal), Some(Reader::open(directory)?)))
        }
        Err(error) if error.is_damage() => {
            let why = format!(
                "{error}; the lanes hold until an officer has saved what can be read: `lane-controller journal salvage`"
            );
            tracing::error!("{why}");
            Ok((Arc::new(Journal::withhold(directory, &journal_limits(config)?, &why)?), None))
        }
        Err(error) => Err(error.into()),
    }
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

/// Reads that the journal holds, so that a camera that repeats its last ones after our restart changes nothing (C3).
fn enter_known_reads(reader: &Reader, cameras: &Cameras) -> Result<(), RunError> {
    #[derive(serde::Deserialize)]
    struct Evidence {
        plate: Plate,
    }
    #[derive(serde::Deserialize)]
    struct Plate {
        camera: DeviceName,
        read: Read,
    }
    #[derive(serde::Deserialize)]
    struct Read {
        read_id: String,
    }
    for record in reader.latest(KNOWN_RECORDS_MAX)?.iter().rev() {
        if record.kind == RecordKind::Evidence
            && let Ok(Evidence { plate }) = serde_json::from_str(&record.body)
        {
            cameras.owned(&record.lane, &plate.camera, &plate.read.read_id);
        }
    }
    Ok(())
}

fn link_settings(config: &Config, router: &Router, clock: SiteClock) -> Result<LinkSettings, RunError> {
    let password = match &config.mqtt.password_file {
        Some(path) => Some(read_secret(path)?),
        None => None,
    };
    let status = status_payloads(clock);
    let will = Will { topic: topic::status(&config.site.id, &config.mqtt.client_id), payload: status.offline };
    let mut subscriptions = topic::subscriptions(&config.site.id, &config.mqtt.client_id);
    subscriptions.extend(router.cameras().topics().cloned());
    Ok(LinkSettings {
        url: config.mqtt.url.clone(),
        client_id: config.mqtt.client_id.clone(),
        username: config.mqtt.username.clone(),
        password,
        will,
        birth: status.online,
        subscriptions,
        watched: topic::watched(&config.site.id),
        canary: topic::canary(&config.site.id, &config.mqtt.client_id),
        session_expiry: config.mqtt.session_expiry,
    })
}

fn read_secret(path: &Path) -> Result<String, RunError> {
    let text = std::fs::read_to_string(path).map_err(|source| RunError::Password { path: path.to_owned(), source })?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
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

    /// Where messages that cameras push come in.
    #[must_use]
    pub fn intake(&self) -> Intake {
        Intake::new(self.router.clone(), self.clock)
    }

    /// Where records that no lane makes are written.
    #[must_use]
    pub fn recorder(&self) -> Recorder {
        self.recorder.clone()
    }

    /// Reads a passage back from the journal.
    #[must_use]
    pub fn passage_reader(&self) -> PassageReader {
        let directory = self.directory.clone();
        Arc::new(move |passage, sight| {
            let reader = Reader::open(&directory).map_err(|error| error.to_string())?.seeing(sight);
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
        let let_go = join_all(self.relays.iter().map(|(_, line)| line.shutdown()));
        tokio::time::timeout(RELAYS_STOP_WITHIN, let_go).await.ok();
        self.journal.flush();
        if let Some(head) = self.recorder.signed_head() {
            self.recorder.outlet.head(&head);
        }
        self.link.farewell(self.farewell);
        tokio::time::timeout(LINK_STOP_WITHIN, self.link.shutdown()).await.ok();
        self.site.stop(None);
        self.ended.await.ok();
        self.registry.shutdown();
        self.journal.shutdown();
        tracing::info!("stopped");
    }
}
