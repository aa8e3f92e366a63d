//! The key that signs heads: a file for the service alone, made at the first start.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;

/// The file in the data directory.
const FILE: &str = "head.key";
/// Longest file that is looked at, bytes.
const FILE_MAX_BYTES: u64 = 1_024;

/// Why the signing key can't be used.
#[derive(Debug, thiserror::Error)]
pub enum HeadKeyError {
    /// The file.
    #[error("the key of the journal's heads {path} can not be used: {source}; give the service access to it")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What is in it.
    #[error(
        "the key of the journal's heads {path} is none: 64 hexadecimal digits are expected, from a good random source"
    )]
    Form {
        /// Which.
        path: PathBuf,
    },
    /// The system gave no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
}

/// The signing key: the one of a configured file, or else that of the data directory, which is made when there is none.
///
/// # Errors
/// When it can't be read, is none, or can't be made.
pub fn head_key(data: &Path, configured: Option<&Path>) -> Result<SigningKey, HeadKeyError> {
    if let Some(path) = configured {
        return read(path);
    }
    let path = data.join(FILE);
    match read(&path) {
        Err(HeadKeyError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => make(data),
        read => read,
    }
}

/// Replaces the key of the data directory. The public half of the one before stays known to the journal.
///
/// # Errors
/// When it can't be made.
pub fn renew_head_key(data: &Path) -> Result<SigningKey, HeadKeyError> {
    make(data)
}

fn read(path: &Path) -> Result<SigningKey, HeadKeyError> {
    let fail = |source| HeadKeyError::File { path: path.to_owned(), source };
    let file = File::open(path).map_err(fail)?;
    let mode = file.metadata().map_err(fail)?.permissions().mode();
    if mode & 0o077 != 0 {
        let mode = mode & 0o777;
        tracing::warn!(path = %path.display(), "the key of the journal's heads has mode {mode:03o}: 600 is expected");
    }
    let mut text = String::new();
    file.take(FILE_MAX_BYTES).read_to_string(&mut text).map_err(fail)?;
    let seed = blake3::Hash::from_hex(text.trim()).map_err(|_| HeadKeyError::Form { path: path.to_owned() })?;
    Ok(SigningKey::from_bytes(seed.as_bytes()))
}

/// The new key is whole on disk before it has the name of the old one.
fn make(data: &Path) -> Result<SigningKey, HeadKeyError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| HeadKeyError::Random(error.to_string()))?;
    let (path, fresh) = (data.join(FILE), data.join(format!("{FILE}.new")));
    let write = || {
        // The key comes before the journal: at the first start there may be no directory yet.
        DirBuilder::new().recursive(true).mode(0o700).create(data)?;
        match std::fs::remove_file(&fresh) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
        file.write_all(blake3::Hash::from_bytes(seed).to_hex().as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        std::fs::rename(&fresh, &path)?;
        File::open(data)?.sync_all()
    };
    write().map_err(|source| HeadKeyError::File { path: path.clone(), source })?;
    Ok(SigningKey::from_bytes(&seed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_for_the_service_alone_and_can_be_replaced() {
        let parent = tempfile::tempdir().expect("a directory");
        let data = parent.path().join("first/start");
        let first = head_key(&data, None).expect("made");
        let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&data), mode(&data.join(FILE))), (0o700, 0o600));
        assert_eq!(head_key(&data, None).expect("read"), first);
        let second = renew_head_key(&data).expect("made");
        assert_ne!(second, first);
        assert_eq!(head_key(&data, None).expect("read"), second);
    }

    #[test]
    fn a_configured_key_is_read_and_never_made() {
        let data = tempfile::tempdir().expect("a directory");
        let path = data.path().join("credential");
        let wanted = || head_key(data.path(), Some(&path));
        assert!(matches!(wanted(), Err(HeadKeyError::File { .. })));
        assert!(!data.path().join(FILE).exists());
        for wrong in ["", "abc", &"g".repeat(64), &"a".repeat(2_000)] {
            std::fs::write(&path, wrong).expect("written");
            assert!(matches!(wanted(), Err(HeadKeyError::Form { .. })), "{wrong}");
        }
        std::fs::write(&path, format!("{}\n", "07".repeat(32))).expect("written");
        assert_eq!(wanted().expect("a key"), SigningKey::from_bytes(&[7; 32]));
    }
}
