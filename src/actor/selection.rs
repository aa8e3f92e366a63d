//! The selection's keeper: binds and reveals seeds by the shifts, and puts changed profiles into force.
//!
//! Its first round runs before any lane starts, so that a seed is there when the first vehicle is drawn.

use std::path::PathBuf;
use std::time::Duration;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use serde::Serialize;
use serde_json::json;

use super::clock::SiteClock;
use super::local::{Draws, LocalRisk};
use super::profiles::{Look, ProfilesError, load_profiles, look};
use super::recorder::Recorder;
use crate::journal::{Failure, JournalError, Reader, SeedError, SeedVault};
use crate::metrics;
use crate::model::selection::{Seed, SelectionCommitted};
use crate::model::{LaneId, NewRecord, RecordKind, Timestamp};
use crate::risk::Degraded;
use crate::risk::profile::ProfileSet;
use crate::risk::selection::{KEEP, Ledger, Rota, Shift, ShiftPlan, Step};

/// How often the keeper looks at the clock.
const TICK: Duration = Duration::from_secs(1);
/// Ticks between two looks at the profiles' directory.
const LOOK_EVERY: u64 = 3;

/// Why seeds or profiles can't be kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// The profiles.
    #[error(transparent)]
    Profiles(#[from] ProfilesError),
    /// The secrets.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// What the journal has of earlier draws.
    #[error(transparent)]
    Read(#[from] JournalError),
    /// The journal took no record.
    #[error("the selection is not on record: {0}")]
    Journal(#[from] Failure),
    /// The system gave no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
}

/// What the keeper needs.
#[derive(Clone)]
pub(super) struct Keeper {
    pub(super) local: LocalRisk,
    directory: PathBuf,
    seen: Look,
    vault: SeedVault,
    recorder: Recorder,
    clock: SiteClock,
}

/// What it is opened from.
pub(super) struct KeeperParts {
    pub(super) profiles: PathBuf,
    pub(super) data: PathBuf,
    pub(super) plan: ShiftPlan,
    pub(super) degraded: Degraded,
    pub(super) recorder: Recorder,
    pub(super) clock: SiteClock,
}

impl Keeper {
    /// Loads the profiles, reads the draws back, and sees to it that a seed is bound.
    pub(super) async fn open(parts: KeeperParts, reader: &Reader) -> Result<Self, KeepError> {
        // Looked at before it is read: a change in between shows.
        let seen = look(&parts.profiles).unwrap_or_default();
        let set = load_profiles(&parts.profiles)?;
        let vault = SeedVault::open(&parts.data)?;
        let now = parts.clock.now().wall;
        let entries = reader.selections(Some(before(now, KEEP)))?;
        let mut rota = Rota::new(parts.plan);
        let mut secret = vec![];
        for body in Rota::secret(&entries) {
            if let Some(seed) = vault.find(body.commitment)? {
                rota.bind(&body, seed);
                rota.is_durable(body.commitment);
                secret.push(body.commitment);
            } else {
                tracing::error!(shift = %body.opens, "the secret of a shift's selections is lost: its draws can not be verified");
            }
        }
        vault.keep_only(&secret)?;
        let digest = set.digest().to_owned();
        let changed = reader.last_profiles()?.is_none_or(|last| last != digest);
        let draws = Draws { rota, ledger: Ledger::read_back(entries) };
        let keeper = Self {
            local: LocalRisk::new(set.clone(), Some(draws), parts.degraded),
            directory: parts.profiles,
            seen,
            vault,
            recorder: parts.recorder,
            clock: parts.clock,
        };
        if changed {
            keeper.record_profiles(&set).await?;
        }
        keeper.keep_shifts().await?;
        Ok(keeper)
    }

    /// Does what the shifts want.
    async fn keep_shifts(&self) -> Result<(), KeepError> {
        loop {
            let now = self.clock.now().wall;
            let steps = self.local.draws().map(|mut draws| draws.rota.due(now)).unwrap_or_default();
            if steps.is_empty() {
                return Ok(());
            }
            for step in steps {
                match step {
                    Step::Bind(shift) => self.bind(shift).await?,
                    Step::Reveal(body) => {
                        self.record(RecordKind::SelectionRevealed, &body).await?;
                        self.vault.forget(body.commitment)?;
                        tracing::info!(commitment = %body.commitment, "a shift's selections can be verified");
                    }
                }
            }
        }
    }

    /// The seed is on disk before its commitment is on record, and on record before it is used.
    async fn bind(&self, shift: Shift) -> Result<(), KeepError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| KeepError::Random(error.to_string()))?;
        let seed = Seed::new(bytes);
        let commitment = self.vault.keep(&seed)?;
        let body = SelectionCommitted { commitment, opens: shift.opens, closes: shift.closes };
        if let Some(mut draws) = self.local.draws() {
            draws.rota.bind(&body, seed);
        }
        self.record(RecordKind::SelectionCommitted, &body).await?;
        if let Some(mut draws) = self.local.draws() {
            draws.rota.is_durable(commitment);
        }
        Ok(())
    }

    async fn record_profiles(&self, set: &ProfileSet) -> Result<(), KeepError> {
        let profiles: Vec<_> = set
            .profiles()
            .iter()
            .map(|profile| json!({ "id": profile.id, "channel": profile.channel, "rate_ppm": profile.rate_ppm }))
            .collect();
        let body = json!({ "digest": set.digest(), "profiles": profiles });
        self.record(RecordKind::ProfilesChanged, &body).await
    }

    /// Writes a record of the whole site, and tells the world once it is durable.
    async fn record(&self, kind: RecordKind, body: &impl Serialize) -> Result<(), KeepError> {
        // Our own bodies with text keys always serialise.
        let body = serde_json::to_string(body).unwrap_or_else(|_| "{}".to_owned());
        let (at, lane) = (self.clock.now().wall, LaneId::whole_site());
        self.recorder.record(NewRecord { at, lane, passage: None, kind, body }).await?;
        Ok(())
    }

    /// Puts the profiles of a changed directory into force. Wrong ones are refused, and those before stay.
    async fn reload(&self) -> Result<(), KeepError> {
        match load_profiles(&self.directory) {
            // Touched, and still the same.
            Ok(set) if set.digest() == self.local.profiles().digest() => {}
            Ok(set) => {
                self.record_profiles(&set).await?;
                tracing::info!(profiles = set.profiles().len(), "local profiles came into force");
                metrics::profiles_loaded(metrics::ProfilesLoaded::Taken);
                self.local.set_profiles(set);
            }
            Err(error) => {
                metrics::profiles_loaded(metrics::ProfilesLoaded::Refused);
                tracing::warn!("local profiles are refused, those before stay in force: {error}");
            }
        }
        Ok(())
    }
}

fn before(now: Timestamp, by: Duration) -> Timestamp {
    let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_unix_micros(now.unix_micros().saturating_sub(by))
}

/// Time to look.
#[derive(Debug)]
pub(super) struct Tick;

pub(super) struct SelectionKeeper;

pub(super) struct KeeperState {
    keeper: Keeper,
    ticks: u64,
}

impl Actor for SelectionKeeper {
    type Msg = Tick;
    type State = KeeperState;
    type Arguments = Keeper;

    async fn pre_start(&self, me: ActorRef<Tick>, keeper: Keeper) -> Result<KeeperState, ActorProcessingErr> {
        drop(me.send_interval(TICK, || Tick));
        Ok(KeeperState { keeper, ticks: 0 })
    }

    async fn handle(&self, _: ActorRef<Tick>, Tick: Tick, state: &mut KeeperState) -> Result<(), ActorProcessingErr> {
        if let Err(error) = state.keeper.keep_shifts().await {
            tracing::error!(%error, "the selection's shifts can not be kept");
        }
        if state.ticks.is_multiple_of(LOOK_EVERY) {
            state.look().await;
        }
        state.ticks += 1;
        Ok(())
    }
}

impl KeeperState {
    async fn look(&mut self) {
        // A directory that can't be read now keeps what was read before.
        let Ok(seen) = look(&self.keeper.directory) else { return };
        if seen == self.keeper.seen {
            return;
        }
        self.keeper.seen = seen;
        if let Err(error) = self.keeper.reload().await {
            tracing::error!(%error, "profiles that came into force are not on record; they are not taken");
        }
    }
}
