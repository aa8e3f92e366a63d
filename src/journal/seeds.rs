//! The secret seeds of selections, until they are revealed: a file each, for the service alone.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::model::selection::{Commitment, Seed};
use crate::risk::selection::commit;

/// The directory in the data directory.
const DIRECTORY: &str = "selection";
const SUFFIX: &str = "seed";

/// Why a seed can't be kept or read.
#[derive(Debug, thiserror::Error)]
#[error("the secret of selections {path} can not be used: {source}; give the service access to it")]
pub struct SeedError {
    path: PathBuf,
    source: io::Error,
}

/// Where the seeds are.
#[derive(Debug, Clone)]
pub struct SeedVault {
    directory: PathBuf,
}

impl SeedVault {
    /// Opens the vault of a data directory, and makes it when there is none.
    ///
    /// # Errors
    /// When the directory can't be made.
    pub fn open(data: &Path) -> Result<Self, SeedError> {
        let directory = data.join(DIRECTORY);
        let fail = |source| SeedError { path: directory.clone(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(&directory).map_err(fail)?;
        File::open(data).and_then(|data| data.sync_all()).map_err(fail)?;
        Ok(Self { directory })
    }

    fn path(&self, commitment: Commitment) -> PathBuf {
        self.directory.join(format!("{commitment}.{SUFFIX}"))
    }

    /// Keeps a seed; it is durable when this returns.
    ///
    /// # Errors
    /// When it can't be written: such a seed must not be bound.
    pub fn keep(&self, seed: &Seed) -> Result<Commitment, SeedError> {
        let commitment = commit(seed);
        let path = self.path(commitment);
        let write = || {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            file.write_all(seed.to_hex().as_bytes())?;
            file.sync_all()?;
            File::open(&self.directory)?.sync_all()
        };
        write().map_err(|source| SeedError { path: path.clone(), source })?;
        Ok(commitment)
    }

    /// The seed behind a commitment; `None` when it is not there or is another one.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn find(&self, commitment: Commitment) -> Result<Option<Seed>, SeedError> {
        let path = self.path(commitment);
        let mut text = String::new();
        let read = File::open(&path).and_then(|file| file.take(1_024).read_to_string(&mut text));
        match read {
            Ok(_) => Ok(Seed::from_hex(text.trim()).ok().filter(|seed| commit(seed) == commitment)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(SeedError { path, source }),
        }
    }

    /// Drops a seed that is revealed.
    ///
    /// # Errors
    /// When its file can't be removed.
    pub fn forget(&self, commitment: Commitment) -> Result<(), SeedError> {
        let path = self.path(commitment);
        match std::fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(SeedError { path, source }),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Drops every seed but these: what was never bound, or is revealed.
    ///
    /// # Errors
    /// When a file can't be removed.
    pub fn keep_only(&self, secret: &[Commitment]) -> Result<(), SeedError> {
        let kept: Vec<PathBuf> = secret.iter().map(|commitment| self.path(*commitment)).collect();
        let fail = |path: &Path, source| SeedError { path: path.to_owned(), source };
        for entry in std::fs::read_dir(&self.directory).map_err(|source| fail(&self.directory, source))? {
            let path = entry.map_err(|source| fail(&self.directory, source))?.path();
            let is_seed = path.extension().is_some_and(|extension| extension == SUFFIX);
            if is_seed && !kept.contains(&path) {
                std::fs::remove_file(&path).map_err(|source| fail(&path, source))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_seed_is_for_the_service_alone_and_reads_back() {
        let data = tempfile::tempdir().expect("a directory");
        let vault = SeedVault::open(data.path()).expect("a vault");
        let seed = Seed::new([8; 32]);
        let commitment = vault.keep(&seed).expect("kept");
        let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(&vault.path(commitment)), 0o600);
        assert_eq!(mode(&vault.directory), 0o700);
        let again = SeedVault::open(data.path()).expect("a vault");
        assert_eq!(again.find(commitment).expect("read"), Some(seed));
        assert_eq!(again.find(commit(&Seed::new([9; 32]))).expect("read"), None);
    }

    #[test]
    fn a_seed_that_was_exchanged_is_none() {
        let data = tempfile::tempdir().expect("a directory");
        let vault = SeedVault::open(data.path()).expect("a vault");
        let commitment = vault.keep(&Seed::new([8; 32])).expect("kept");
        for text in [Seed::new([9; 32]).to_hex(), String::new(), "x".repeat(64)] {
            std::fs::write(vault.path(commitment), text).expect("written");
            assert_eq!(vault.find(commitment).expect("read"), None);
        }
    }

    #[test]
    fn what_is_revealed_or_was_never_bound_is_dropped() {
        let data = tempfile::tempdir().expect("a directory");
        let vault = SeedVault::open(data.path()).expect("a vault");
        let [a, b] = [1, 2].map(|byte| vault.keep(&Seed::new([byte; 32])).expect("kept"));
        vault.keep_only(&[b]).expect("dropped");
        assert_eq!((vault.find(a).expect("read"), vault.find(b).expect("read").is_some()), (None, true));
    }
}
