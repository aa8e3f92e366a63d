//! How a command asks the running controller, which alone writes the journal: a file each way in the data directory.
//!
//! ```text
//!  command ─ requests/<id>.request (written whole, renamed) ─▶ controller, once a second
//!     ◀───── requests/<id>.answer ─ then the request goes ────────┘
//! ```
//!
//! Who may write there is who owns the data directory; the owner of the file is who asks. A request is carried out at
//! most once more than it was answered, and a shred that is carried out twice destroys nothing the second time.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::access::Who;
use super::shred::ShredOrder;

/// The directory in the data directory.
const DIRECTORY: &str = "requests";
const REQUEST: &str = "request";
const ANSWER: &str = "answer";
/// Longest request or answer.
const FILE_MAX_BYTES: u64 = 16 * 1024;
/// Requests that are taken in one round.
const ROUND_MAX: usize = 16;
/// Files that are looked at in one round.
const FILES_SEEN_MAX: usize = 1_000;

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShredAnswer {
    /// Done.
    Done {
        /// Keys that were destroyed.
        keys: usize,
        /// The record; none where there was nothing to destroy.
        sequence: Option<u64>,
    },
    /// It must not be done.
    Refused(String),
    /// It could not be done.
    Failed(String),
}

/// The requests of a data directory.
#[derive(Debug, Clone)]
pub struct Requests {
    directory: PathBuf,
}

impl Requests {
    /// Those of a data directory.
    #[must_use]
    pub fn of(data: &Path) -> Self {
        Self { directory: data.join(DIRECTORY) }
    }

    fn path(&self, id: Uuid, suffix: &str) -> PathBuf {
        self.directory.join(format!("{id}.{suffix}"))
    }

    /// Hands a request in.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn hand_in(&self, order: &ShredOrder) -> io::Result<Uuid> {
        let id = Uuid::new_v4();
        self.write(&self.path(id, REQUEST), order)?;
        Ok(id)
    }

    /// Takes a request back that nobody answered.
    pub fn take_back(&self, id: Uuid) {
        // One that is answered at this moment is done all the same, and on record.
        std::fs::remove_file(self.path(id, REQUEST)).ok();
    }

    /// Requests that wait, by whom their files belong to. One that is none of ours is left alone.
    ///
    /// # Errors
    /// When they can't be listed.
    pub fn waiting(&self) -> io::Result<Vec<(Uuid, ShredOrder)>> {
        let entries = match std::fs::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut waiting = Vec::new();
        for entry in entries.take(FILES_SEEN_MAX) {
            let path = entry?.path();
            let is_request = path.extension().is_some_and(|extension| extension == REQUEST);
            let id = path.file_stem().and_then(|stem| Uuid::parse_str(stem.to_str()?).ok()).filter(|_| is_request);
            let Some((id, order)) = id.zip(read::<ShredOrder>(&path)?) else { continue };
            let by = Some(Who::of_uid(std::fs::metadata(&path)?.uid()));
            waiting.push((id, ShredOrder { by, ..order }));
            if waiting.len() >= ROUND_MAX {
                break;
            }
        }
        Ok(waiting)
    }

    /// Answers a request; it is gone then.
    ///
    /// # Errors
    /// When the answer can't be written.
    pub fn answer(&self, id: Uuid, answer: &ShredAnswer) -> io::Result<()> {
        self.write(&self.path(id, ANSWER), answer)?;
        std::fs::remove_file(self.path(id, REQUEST))
    }

    /// The answer to a request, once it is there; it is gone then.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn take_answer(&self, id: Uuid) -> io::Result<Option<ShredAnswer>> {
        let path = self.path(id, ANSWER);
        let answer = read(&path)?;
        if answer.is_some() {
            std::fs::remove_file(&path)?;
        }
        Ok(answer)
    }

    /// Written whole, then given its name, so that nobody reads half of it.
    fn write(&self, path: &Path, what: &impl Serialize) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.directory)?;
        let fresh = path.with_extension("new");
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&fresh)?;
        file.write_all(&serde_json::to_vec(what)?)?;
        std::fs::rename(&fresh, path)
    }
}

/// What a file holds; `None` when it is not there, or holds something else.
fn read<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    let mut text = Vec::new();
    match File::open(path).and_then(|file| file.take(FILE_MAX_BYTES).read_to_end(&mut text)) {
        Ok(_) => Ok(serde_json::from_slice(&text).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::journal::Cause;
    use crate::model::DataClass;

    #[test]
    fn a_request_is_asked_by_whom_its_file_belongs_to_and_answered_once() {
        let data = TempDir::new().expect("a directory");
        let requests = Requests::of(data.path());
        assert_eq!(requests.waiting().expect("listed"), []);
        let before = "2026-01-01".parse().expect("a day");
        let by = Some(Who::Officer { officer: "somebody else".into() });
        let order = ShredOrder { class: DataClass::Personal, before, cause: Cause::Order, by, reason: None };
        let id = requests.hand_in(&order).expect("written");
        std::fs::write(data.path().join("requests/nonsense.request"), "{").expect("written");
        let waiting = requests.waiting().expect("listed");
        let own = Some(Who::of_uid(nix::unistd::geteuid().as_raw()));
        assert_eq!(waiting, [(id, ShredOrder { by: own, ..order })]);
        assert_eq!(requests.take_answer(id).expect("read"), None);
        let answer = ShredAnswer::Done { keys: 2, sequence: Some(7) };
        requests.answer(id, &answer).expect("written");
        assert_eq!(requests.waiting().expect("listed"), []);
        assert_eq!(requests.take_answer(id).expect("read"), Some(answer));
        assert_eq!(requests.take_answer(id).expect("read"), None);
    }
}
