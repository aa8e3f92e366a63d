//! The keys: a file a day and class, for the service alone, durable before it is used and overwritten when it goes.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use chrono::NaiveDate;
use zeroize::Zeroizing;

use crate::model::DataClass;

/// The directory in the data directory.
const DIRECTORY: &str = "keys";
const SUFFIX: &str = "key";
/// Keys that are kept in memory: today's and yesterday's of each class, and a few of late records.
const KEPT_MAX: usize = 8;

/// 256 random bits, wiped when they are dropped.
pub(super) type Secret = Zeroizing<[u8; 32]>;

/// Why a record can't be sealed, or a key not be destroyed.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Reading, writing or removing.
    #[error("the journal's key {path} can not be used: {source}; give the service access to it")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The system gave no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
    /// A body that can't be taken apart.
    #[error("a record can not be sealed: {0}")]
    Unreadable(&'static str),
}

/// Names a key: the day and class that it is for, and which of those it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct KeyName {
    pub(crate) day: NaiveDate,
    pub(crate) class: DataClass,
    /// Follows from the key, so that a key made anew for the same day is another one.
    id: [u8; 4],
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = self.id;
        write!(f, "{}-{}-{a:02x}{b:02x}{c:02x}{d:02x}", self.day, self.class.as_str())
    }
}

impl KeyName {
    fn of(day: NaiveDate, class: DataClass, secret: &Secret) -> Self {
        let [a, b, c, d, ..] = blake3::derive_key("lane-controller 2026-11-24 journal key id", secret.as_slice());
        Self { day, class, id: [a, b, c, d] }
    }

    /// The key of that name, as far as its form goes.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let (rest, id) = name.rsplit_once('-')?;
        let (day, class) = rest.rsplit_once('-')?;
        let is_hex = id.len() == 8 && id.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        let id = is_hex.then(|| u32::from_str_radix(id, 16).ok()).flatten()?;
        let key = Self { day: day.parse().ok()?, class: DataClass::from_name(class)?, id: id.to_be_bytes() };
        (key.to_string() == name).then_some(key)
    }

    fn path(&self, data: &Path) -> PathBuf {
        data.join(DIRECTORY).join(format!("{self}.{SUFFIX}"))
    }
}

fn fail(path: &Path) -> impl FnOnce(io::Error) -> KeyError + '_ {
    |source| KeyError::File { path: path.to_owned(), source }
}

/// The key behind a name; `None` when it is not there, or not whole.
pub(super) fn find(data: &Path, name: &KeyName) -> Result<Option<Secret>, KeyError> {
    let path = name.path(data);
    let mut bytes = Zeroizing::new(Vec::with_capacity(64));
    let read = File::open(&path).and_then(|file| file.take(64).read_to_end(&mut bytes));
    match read {
        Ok(_) => {
            let secret = <[u8; 32]>::try_from(bytes.as_slice()).ok().map(Zeroizing::new);
            Ok(secret.filter(|secret| KeyName::of(name.day, name.class, secret) == *name))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(fail(&path)(error)),
    }
}

/// The keys of a data directory, for its one writer.
pub(crate) struct KeyRing {
    data: PathBuf,
    kept: Mutex<BTreeMap<(NaiveDate, DataClass), (KeyName, Secret)>>,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").finish_non_exhaustive()
    }
}

impl KeyRing {
    /// The keys of a data directory; the first one makes their own directory.
    pub(crate) fn of(data: &Path) -> Self {
        Self { data: data.to_owned(), kept: Mutex::default() }
    }

    /// The key to seal with; made, and durable, when the day has none yet.
    pub(super) fn current(&self, day: NaiveDate, class: DataClass) -> Result<(KeyName, Secret), KeyError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.get(&(day, class)) {
            return Ok(known.clone());
        }
        let of_the_day = |name: &KeyName| name.day == day && name.class == class;
        let mut stored = None;
        for name in self.names()?.into_iter().filter(of_the_day) {
            if let Some(secret) = find(&self.data, &name)? {
                stored = Some((name, secret));
                break;
            }
        }
        let key = match stored {
            Some(key) => key,
            None => self.make(day, class)?,
        };
        kept.insert((day, class), key.clone());
        while kept.len() > KEPT_MAX {
            kept.pop_first();
        }
        Ok(key)
    }

    fn make(&self, day: NaiveDate, class: DataClass) -> Result<(KeyName, Secret), KeyError> {
        let mut secret = Zeroizing::new([0; 32]);
        getrandom::fill(secret.as_mut_slice()).map_err(|error| KeyError::Random(error.to_string()))?;
        let name = KeyName::of(day, class, &secret);
        let path = name.path(&self.data);
        let directory = self.data.join(DIRECTORY);
        let write = || {
            DirBuilder::new().recursive(true).mode(0o700).create(&directory)?;
            File::open(&self.data)?.sync_all()?;
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            file.write_all(secret.as_slice())?;
            file.sync_all()?;
            File::open(&directory)?.sync_all()
        };
        write().map_err(fail(&path))?;
        Ok((name, secret))
    }

    /// All keys that there are, in order.
    ///
    /// # Errors
    /// When their directory can't be read.
    pub(crate) fn names(&self) -> Result<Vec<KeyName>, KeyError> {
        names(&self.data)
    }

    /// Destroys keys: overwritten, synced, removed. What is gone already is fine. How many files there were.
    ///
    /// # Errors
    /// When a file can't be overwritten or removed; those before it are gone.
    pub(crate) fn destroy(&self, names: &[KeyName]) -> Result<usize, KeyError> {
        let mut destroyed = 0;
        for name in names {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.retain(|_, (known, _)| known != name);
            drop(kept);
            let path = name.path(&self.data);
            let overwrite = || {
                let mut file = OpenOptions::new().write(true).open(&path)?;
                file.write_all(&[0; 32])?;
                file.sync_all()?;
                std::fs::remove_file(&path)
            };
            match overwrite() {
                Ok(()) => destroyed += 1,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(fail(&path)(error)),
            }
        }
        if destroyed == 0 {
            return Ok(0);
        }
        let directory = self.data.join(DIRECTORY);
        File::open(&directory).and_then(|directory| directory.sync_all()).map_err(fail(&directory))?;
        Ok(destroyed)
    }
}

/// All keys of a data directory, in order; none when it has no keys.
pub(crate) fn names(data: &Path) -> Result<Vec<KeyName>, KeyError> {
    let directory = data.join(DIRECTORY);
    let entries = match std::fs::read_dir(&directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(fail(&directory)(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(fail(&directory))?.path();
        let is_key = path.extension().is_some_and(|extension| extension == SUFFIX);
        let name = path.file_stem().and_then(|stem| stem.to_str()).filter(|_| is_key).and_then(KeyName::parse);
        found.extend(name);
    }
    found.sort_unstable();
    Ok(found)
}
