//! Officers: who they are, what they may order, and that they are who they say (invariant A9).

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use super::attempts::{Attempts, TooMany};
use crate::model::OrderKind;

/// Sign-ins hashed at once; argon2 takes 19 MiB each.
const HASHING_MAX: usize = 2;
/// Sign-ins that may wait for that.
const WAITING_MAX: usize = 16;
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

/// What an officer does at the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Orders.
    Order(OrderKind),
    /// Approves an order of another one.
    Approve(OrderKind),
    /// Records what an inspection found.
    RecordOutcome,
    /// Reads plates, persons and officers' names in the journal.
    Reveal,
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

    const fn may(self, deed: Deed) -> bool {
        match (self, deed) {
            (Self::ShiftSupervisor, _) | (_, Deed::Reveal) => true,
            // Closing is the safe side; opening again, after an incident too, is the supervisor's.
            (Self::Officer, Deed::Order(OrderKind::OpenLane)) | (Self::Auditor, _) => false,
            (
                Self::Officer,
                Deed::RecordOutcome
                // A shift has one supervisor: who opens an evacuated lane is approved by an officer.
                | Deed::Approve(_)
                | Deed::Order(
                    OrderKind::Release
                    | OrderKind::Refer
                    | OrderKind::Refuse
                    | OrderKind::CloseLane
                    | OrderKind::ClearHold,
                ),
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
    /// Whether a role allows it.
    #[must_use]
    pub fn may(&self, deed: Deed) -> bool {
        !self.revoked && self.roles.iter().any(|role| role.may(deed))
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

    /// Reads the file, changes it and writes it, while every other editor waits: no edit is lost.
    ///
    /// # Errors
    /// When it can't be read or written, or `change` fails; then it stays as it is.
    pub fn edit<E: From<OfficersError>>(path: &Path, change: impl FnOnce(&mut Self) -> Result<(), E>) -> Result<(), E> {
        use std::os::unix::fs::OpenOptionsExt;
        // Beside the file: the file itself is replaced. It stays, so that all wait for the same one.
        let beside = path.with_extension("lock");
        let fail = |source| OfficersError::File { path: beside.clone(), source };
        let lock = std::fs::File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&beside)
            .map_err(fail)?;
        lock.lock().map_err(fail)?;
        let mut file = Self::read(path)?;
        change(&mut file)?;
        file.write(path)?;
        Ok(())
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
        std::fs::rename(&fresh, path).map_err(fail)?;
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        std::fs::File::open(directory.unwrap_or(Path::new(".")))
            .and_then(|directory| directory.sync_all())
            .map_err(fail)
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
#[derive(Clone, PartialEq, Eq)]
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

/// A secret is not printed by accident.
impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("name", &self.name()).finish_non_exhaustive()
    }
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
    /// Too many failures for that name; after so long it may try again.
    Locked(Duration),
    /// Too many failures altogether; after so long another one is taken.
    Limited(Duration),
    /// Too many sign-ins at once.
    Busy,
}

impl SignInFailure {
    /// The label that metrics use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Locked(_) => "locked",
            Self::Limited(_) => "limited",
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
    attempts: Mutex<Attempts>,
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
            attempts: Mutex::new(Attempts::new(Instant::now())),
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
                // A right token is let in whatever others do: nobody guesses 244 random bits.
                found.filter(|officer| !officer.revoked).cloned().ok_or_else(|| self.failed())
            }
            Credentials::Password { name, password } => {
                self.attempts().begin(Instant::now(), name).map_err(|too_many| match too_many {
                    TooMany::OfName(after) => SignInFailure::Locked(after),
                    TooMany::Altogether(after) => SignInFailure::Limited(after),
                })?;
                let known = officers.iter().find(|officer| officer.name == *name && !officer.revoked);
                let stored = known.and_then(|officer| officer.password.clone()).unwrap_or_else(|| self.decoy.clone());
                let right = match self.verify(stored, password.clone()).await {
                    Ok(right) => right,
                    Err(failure) => {
                        self.attempts().not_made(name);
                        return Err(failure);
                    }
                };
                let Some(officer) = known.filter(|officer| right && officer.password.is_some()) else {
                    return Err(self.failed());
                };
                self.attempts().right(Instant::now(), name);
                Ok(officer.clone())
            }
        }
    }

    /// Whether that officer may do it at this moment: a right that was taken a second ago is gone.
    #[must_use]
    pub fn still_may(&self, name: &str, deed: Deed) -> bool {
        self.current().iter().any(|officer| officer.name == name && officer.may(deed))
    }

    /// Counts a failure; one too many is told apart, so that a flood of them does not fill the journal.
    pub(super) fn failed(&self) -> SignInFailure {
        match self.attempts().wrong(Instant::now()) {
            Ok(()) => SignInFailure::Wrong,
            Err(after) => SignInFailure::Limited(after),
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

    fn attempts(&self) -> std::sync::MutexGuard<'_, Attempts> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_is_anybodys_opening_the_supervisors_and_an_auditor_reads_only() {
        let by_officers = [
            Deed::Order(OrderKind::Release),
            Deed::Order(OrderKind::Refer),
            Deed::Order(OrderKind::Refuse),
            Deed::Order(OrderKind::ClearHold),
            Deed::Order(OrderKind::CloseLane),
            Deed::RecordOutcome,
        ];
        let deeds = by_officers.into_iter().map(|deed| (deed, true)).chain([(Deed::Order(OrderKind::OpenLane), false)]);
        for (deed, officers) in deeds {
            assert_eq!(somebody("a", &[Role::Officer]).may(deed), officers, "{deed:?}");
            assert!(somebody("a", &[Role::ShiftSupervisor]).may(deed), "{deed:?}");
            assert!(!somebody("a", &[Role::Auditor]).may(deed), "{deed:?}");
            assert!(!somebody("a", &[]).may(deed), "{deed:?}");
            if let Deed::Order(order) = deed {
                assert!(somebody("a", &[Role::Officer]).may(Deed::Approve(order)), "{deed:?}");
                assert!(!somebody("a", &[Role::Auditor]).may(Deed::Approve(order)), "{deed:?}");
            }
            let revoked = Officer { revoked: true, ..somebody("a", &[Role::ShiftSupervisor]) };
            assert!(!revoked.may(deed), "{deed:?}");
        }
        assert!(somebody("a", &[Role::Auditor, Role::Officer]).may(Deed::RecordOutcome), "roles add up");
    }

    #[tokio::test]
    async fn a_right_word_signs_in_and_a_revoked_officer_does_not_confirm() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("officers.toml");
        let aigul = Officer {
            password: Some(hash_password("correct horse").expect("hashed")),
            ..somebody("aigul", &[Role::Officer])
        };
        let bolat = Officer { token: Some(hash_token("t0ken")), ..somebody("bolat", &[Role::Officer]) };
        let gone = Officer { revoked: true, ..somebody("dana", &[Role::Officer]) };
        OfficersFile { officer: vec![aigul, bolat, gone] }.write(&path).expect("written");
        let officers = Officers::new(path);
        let password =
            |name: &str, password: &str| Credentials::Password { name: name.into(), password: password.into() };
        let cases = [
            (password("aigul", "correct horse"), Ok("aigul")),
            (password("aigul", "wrong horse"), Err(SignInFailure::Wrong)),
            (password("bolat", ""), Err(SignInFailure::Wrong)),
            (password("nobody", "nobody"), Err(SignInFailure::Wrong)),
            (password("dana", "correct horse"), Err(SignInFailure::Wrong)),
            (Credentials::Token("t0ken".into()), Ok("bolat")),
            (Credentials::Token(String::new()), Err(SignInFailure::Wrong)),
        ];
        for (credentials, expected) in cases {
            let signed_in = officers.sign_in(&credentials).await.map(|officer| officer.name);
            assert_eq!(signed_in.as_deref().map_err(|failure| *failure), expected, "{credentials:?}");
        }
        let release = Deed::Order(OrderKind::Release);
        let still = ["aigul", "dana", "nobody"].map(|name| officers.still_may(name, release));
        assert_eq!(still, [true, false, false]);
    }

    fn somebody(name: &str, roles: &[Role]) -> Officer {
        Officer { name: name.into(), roles: roles.to_vec(), password: None, token: None, revoked: false }
    }
}
