//! The RMS's public keys: read when the controller starts, and again when their file changes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::metrics::{self, KeysLoaded};
use crate::wire::signature::PublicKeys;

/// What the file looked like.
type Look = Option<(SystemTime, u64)>;

/// Whose signed answers count, and where they are kept.
#[derive(Debug, Clone)]
pub(super) struct ResponseKeys {
    path: PathBuf,
    keys: Arc<PublicKeys>,
    seen: Look,
}

impl ResponseKeys {
    /// Reads the file.
    ///
    /// # Errors
    /// Why it can't be used, for people.
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        // Looked at before it is read: a change in between shows.
        let seen = look(path);
        Ok(Self { path: path.to_owned(), keys: Arc::new(read(path)?), seen })
    }

    pub(super) fn current(&self) -> &PublicKeys {
        &self.keys
    }

    /// Takes a file that has changed. One that can't be used is refused, and the keys before it stay: an answer that
    /// nobody signed never counts meanwhile.
    pub(super) fn look_again(&mut self) {
        let seen = look(&self.path);
        if seen == self.seen {
            return;
        }
        self.seen = seen;
        match read(&self.path) {
            Ok(keys) => {
                tracing::info!(?keys, "the keys of the RMS changed");
                metrics::keys_loaded(KeysLoaded::Taken);
                self.keys = Arc::new(keys);
            }
            Err(why) => {
                let path = self.path.display();
                tracing::warn!(%path, %why, "the keys of the RMS are refused, those before stay in force");
                metrics::keys_loaded(KeysLoaded::Refused);
            }
        }
    }
}

fn look(path: &Path) -> Look {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

fn read(path: &Path) -> Result<PublicKeys, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    PublicKeys::parse(&text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "[[key]]\nid = \"one\"\npublic = \"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n";

    #[test]
    fn a_changed_file_is_taken_and_a_wrong_one_or_none_keeps_the_keys_before_it() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("keys.toml");
        let write = |text: &str| std::fs::write(&path, text).expect("written");
        write(ONE);
        let mut keys = ResponseKeys::open(&path).expect("keys");
        let names = |keys: &ResponseKeys| format!("{:?}", keys.current());
        assert_eq!(names(&keys), "{\"one\"}");
        write(&format!("{ONE}{}", ONE.replace("one", "other")));
        keys.look_again();
        assert_eq!(names(&keys), "{\"one\", \"other\"}");
        for wrong in ["", "[[key]]\nid = \"one\"\npublic = \"short\"\n"] {
            write(wrong);
            keys.look_again();
            assert_eq!(names(&keys), "{\"one\", \"other\"}", "{wrong}");
        }
        std::fs::remove_file(&path).expect("removed");
        keys.look_again();
        assert_eq!(names(&keys), "{\"one\", \"other\"}");
        write(&ONE.replace("one", "next"));
        keys.look_again();
        assert_eq!(names(&keys), "{\"next\"}", "the old ones are gone");
        assert!(ResponseKeys::open(&directory.path().join("none")).is_err());
    }
}
