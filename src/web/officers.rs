//! Officers: who they are, what they may order, and that they are who they say (invariant A9).

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::model::OrderKind;

/// Sign-ins hashed at once; argon2 takes 19 MiB each.
const HASHING_MAX: usize = 2;
/// Sign-ins that may wait for that.
const WAITING_MAX: usize = 16;
/// Failures in a row that lock a name.
const FAILURES_MAX: u32 = 5;
/// How long it stays locked.
const LOCKED_FOR: Duration = Duration::from_secs(30);
/// Names whose failures are remembered.
const NAMES_MAX: usize = 1_024;

/// What an officer may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Release, refer, refuse, clear a hold, close a lane.
    Officer,
    /// All orders.
    ShiftSupervisor,
    /// Reads only.
    Auditor,
}

impl Role {
    /// The role of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "officer" => Some(Self::Officer),
            "shift_supervisor" => Some(Self::ShiftSupervisor),
            "auditor" => Some(Self::Auditor),
            _ => None,
        }
    }

    const fn may(self, order: OrderKind) -> bool {
        match (self, order) {
            (Self::ShiftSupervisor, _) => true,
            // Closing is the safe side; opening again is the supervisor's.
            (Self::Officer, OrderKind::OpenLane) | (Self::Auditor, _) => false,
            (
                Self::Officer,
                OrderKind::Release | OrderKind::Refer | OrderKind::Refuse | OrderKind::CloseLane | OrderKind::ClearHold,
            ) => true,
        }
    }
}

/// One officer of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Officer {
    /// Sign-in name.
    pub name: String,
    /// What the officer may do.
    pub roles: Vec<Role>,
    /// Argon2id, PHC string.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// BLAKE3 of a random 256-bit token, hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// No longer an officer.
    #[serde(default)]
    pub revoked: bool,
}

impl Officer {
    /// Whether a role allows the order.
    #[must_use]
    pub fn may(&self, order: OrderKind) -> bool {
        self.roles.iter().any(|role| role.may(order))
    }
}

/// The officers' file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct OfficersFile {
    /// All of them.
    #[serde(default)]
    pub officer: Vec<Officer>,
}

/// Why the file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum OfficersError {
    /// Reading or writing.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not what it should be.
    #[error("{path} is no officers' file: {why}")]
    Content {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Hashing.
    #[error("the password can not be hashed: {0}")]
    Hash(String),
}

impl OfficersFile {
    /// Reads the file; none is an empty one.
    ///
    /// # Errors
    /// When it is there and can't be used.
    pub fn read(path: &Path) -> Result<Self, OfficersError> {
        match std::fs::read_to_string(path) {
            Ok(text) => toml::from_str(&text)
                .map_err(|error| OfficersError::Content { path: path.to_owned(), why: error.to_string() }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(OfficersError::File { path: path.to_owned(), source }),
        }
    }

    /// Writes the file whole, for its owner alone: a crash leaves the old one or the new one.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write(&self, path: &Path) -> Result<(), OfficersError> {
        use std::os::unix::fs::OpenOptionsExt;
        let fail = |source| OfficersError::File { path: path.to_owned(), source };
        let text = toml::to_string(self)
            .map_err(|error| OfficersError::Content { path: path.to_owned(), why: error.to_string() })?;
        let fresh = path.with_extension("new");
        let mut file =
            std::fs::File::options().create(true).truncate(true).write(true).mode(0o600).open(&fresh).map_err(fail)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(fail)?;
        std::fs::rename(&fresh, path).map_err(fail)
    }
}

/// A password as the file keeps it: argon2id with a random salt.
///
/// # Errors
/// When it can't be hashed.
pub fn hash_password(password: &str) -> Result<String, OfficersError> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|error| OfficersError::Hash(error.to_string()))
}

/// A token as the file keeps it. It is random, so that a fast hash is enough.
#[must_use]
pub fn hash_token(token: &str) -> String {
    blake3::hash(token.as_bytes()).to_hex().to_string()
}

/// How somebody says who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// Name and password.
    Password {
        /// The name.
        name: String,
        /// The password.
        password: String,
    },
    /// A bearer token.
    Token(String),
}

impl Credentials {
    /// The name, where one was given.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Password { name, .. } => Some(name),
            Self::Token(_) => None,
        }
    }
}

/// Why a sign-in failed. The caller is told no more than that it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInFailure {
    /// Name, password or token is wrong, or the officer was revoked.
    Wrong,
    /// Too many failures for that name.
    Locked,
    /// Too many sign-ins at once.
    Busy,
}

impl SignInFailure {
    /// The label that metrics use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Locked => "locked",
            Self::Busy => "busy",
        }
    }
}

#[derive(Default)]
struct Loaded {
    officers: Arc<Vec<Officer>>,
    changed: Option<SystemTime>,
    looked: Option<Instant>,
}

/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The officers, read again when their file changes.
pub struct Officers {
    path: PathBuf,
    loaded: Mutex<Loaded>,
    failures: Mutex<HashMap<String, (u32, Instant)>>,
    hashing: Semaphore,
    waiting: Semaphore,
    /// Verified for unknown names, so that they take as long as known ones.
    decoy: String,
}

impl Officers {
    /// Officers of a file.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            loaded: Mutex::default(),
            failures: Mutex::default(),
            hashing: Semaphore::new(HASHING_MAX),
            waiting: Semaphore::new(WAITING_MAX),
            decoy: hash_password("nobody").unwrap_or_default(),
        }
    }

    /// Who this is.
    ///
    /// # Errors
    /// When it is nobody, or too many tried.
    pub async fn sign_in(&self, credentials: &Credentials) -> Result<Officer, SignInFailure> {
        let officers = self.current();
        match credentials {
            Credentials::Token(token) => {
                let hash = hash_token(token);
                let found = officers.iter().find(|officer| officer.token.as_deref() == Some(hash.as_str()));
                found.filter(|officer| !officer.revoked).cloned().ok_or(SignInFailure::Wrong)
            }
            Credentials::Password { name, password } => {
                if self.is_locked(name) {
                    return Err(SignInFailure::Locked);
                }
                let known = officers.iter().find(|officer| officer.name == *name && !officer.revoked);
                let stored = known.and_then(|officer| officer.password.clone()).unwrap_or_else(|| self.decoy.clone());
                let right = self.verify(stored, password.clone()).await?;
                match known.filter(|officer| right && officer.password.is_some()) {
                    Some(officer) => {
                        self.failures().remove(name);
                        Ok(officer.clone())
                    }
                    None => {
                        self.failed(name);
                        Err(SignInFailure::Wrong)
                    }
                }
            }
        }
    }

    /// Hashes off the runtime, a few at a time, so that a flood of sign-ins takes neither memory nor the lanes' time.
    async fn verify(&self, stored: String, password: String) -> Result<bool, SignInFailure> {
        let _place = self.waiting.try_acquire().map_err(|_| SignInFailure::Busy)?;
        let _turn = self.hashing.acquire().await.map_err(|_| SignInFailure::Busy)?;
        let verified = tokio::task::spawn_blocking(move || {
            PasswordHash::new(&stored)
                .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
        });
        verified.await.map_err(|_| SignInFailure::Busy)
    }

    fn failures(&self) -> std::sync::MutexGuard<'_, HashMap<String, (u32, Instant)>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_locked(&self, name: &str) -> bool {
        self.failures().get(name).is_some_and(|(count, last)| *count >= FAILURES_MAX && last.elapsed() < LOCKED_FOR)
    }

    fn failed(&self, name: &str) {
        let mut failures = self.failures();
        if failures.len() >= NAMES_MAX {
            failures.retain(|_, (_, last)| last.elapsed() < LOCKED_FOR);
        }
        if failures.len() < NAMES_MAX {
            let entry = failures.entry(name.to_owned()).or_insert((0, Instant::now()));
            if entry.1.elapsed() >= LOCKED_FOR {
                entry.0 = 0;
            }
            *entry = (entry.0 + 1, Instant::now());
        }
    }

    /// The officers as the file has them; a broken file keeps those of before.
    fn current(&self) -> Arc<Vec<Officer>> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = loaded.looked.is_none_or(|looked| looked.elapsed() >= LOOK_EVERY);
        if fresh {
            loaded.looked = Some(Instant::now());
            let changed = std::fs::metadata(&self.path).and_then(|file| file.modified()).ok();
            if changed != loaded.changed || changed.is_none() {
                match OfficersFile::read(&self.path) {
                    Ok(file) => {
                        loaded.officers = Arc::new(file.officer);
                        loaded.changed = changed;
                    }
                    Err(error) => tracing::warn!(%error, "the officers' file is not used; those of before stay"),
                }
            }
        }
        Arc::clone(&loaded.officers)
    }
}
