//! One disk: files as the program sees them, the log of what reached it, and the faults that it is told to have.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sqlite_plugin::vars;

use crate::crash::{Crashes, Image};
use crate::locks::Locks;
use crate::shared::Shared;

/// A file's identity: a name that is removed and created again is another file.
pub(crate) type Inode = usize;

/// One operation, as it reached the disk.
#[derive(Debug, Clone)]
pub enum Op {
    /// A name for a new, empty file.
    Create {
        /// The name in the directory.
        name: String,
        /// Which file.
        inode: usize,
    },
    /// A name is taken away.
    Remove {
        /// Which.
        name: String,
    },
    /// Bytes are written.
    Write {
        /// Which file.
        inode: usize,
        /// Where, bytes from its beginning.
        at: usize,
        /// What.
        bytes: Arc<[u8]>,
    },
    /// A file is cut, or made longer by zeros.
    Truncate {
        /// Which file.
        inode: usize,
        /// Its size from here on, bytes.
        size: usize,
    },
    /// Everything written to a file is durable.
    Sync {
        /// Which file.
        inode: usize,
        /// The directory is synced with it, as SQLite does after it creates a log.
        with_directory: Names,
    },
    /// A sync failed: what waited will never reach the disk, and a later sync doesn't tell.
    SyncFailed {
        /// Which file.
        inode: usize,
    },
}

/// Whether a sync of a file makes its directory durable too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// It does.
    Synced,
    /// It doesn't.
    Left,
}

/// What goes wrong. Counts are of operations since the fault was set, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// One sync fails; later ones say that all is well.
    Sync(usize),
    /// One write fails.
    Write(usize),
    /// All files together can't be larger than so many bytes.
    Full(usize),
}

#[derive(Debug, Default)]
pub(crate) struct State {
    base: Image,
    names: BTreeMap<String, Inode>,
    files: Vec<Vec<u8>>,
    log: Vec<Op>,
    unsynced_names: Vec<Inode>,
    fault: Option<Fault>,
    pub(crate) locks: BTreeMap<Inode, Locks>,
    pub(crate) shared: BTreeMap<Inode, Shared>,
}

/// A disk that stands in for a directory until it is dropped.
#[derive(Debug)]
pub struct Disk {
    directory: PathBuf,
    state: Arc<Mutex<State>>,
}

static MOUNTED: Mutex<BTreeMap<PathBuf, Arc<Mutex<State>>>> = Mutex::new(BTreeMap::new());

fn mounted() -> MutexGuard<'static, BTreeMap<PathBuf, Arc<Mutex<State>>>> {
    MOUNTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The disk of a path, and the name there.
pub(crate) fn find(path: &str) -> Option<(Arc<Mutex<State>>, String)> {
    let path = Path::new(path);
    let name = path.file_name()?.to_str()?.to_owned();
    Some((mounted().get(path.parent()?)?.clone(), name))
}

pub(crate) fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Disk {
    /// Mounts a disk that holds `image` in place of a directory: what SQLite opens there, it opens on this disk.
    #[must_use]
    pub fn mount(directory: &Path, image: Image) -> Self {
        let mut state = State { base: image.clone(), ..State::default() };
        for (name, bytes) in image {
            state.names.insert(name, state.files.len());
            state.files.push(bytes);
        }
        let state = Arc::new(Mutex::new(state));
        mounted().insert(directory.to_owned(), Arc::clone(&state));
        Self { directory: directory.to_owned(), state }
    }

    /// Operations so far: the place of a boundary.
    #[must_use]
    pub fn position(&self) -> usize {
        locked(&self.state).log.len()
    }

    /// A handle for other threads that tells the position.
    pub fn positions(&self) -> impl Fn() -> usize + Send + 'static {
        let state = Arc::clone(&self.state);
        move || locked(&state).log.len()
    }

    /// Sets a fault, or mends the disk.
    pub fn set_fault(&self, fault: Option<Fault>) {
        locked(&self.state).fault = fault;
    }

    /// Everything as the program sees it: what is there when the program dies and the machine goes on.
    #[must_use]
    pub fn image(&self) -> Image {
        let state = locked(&self.state);
        let content = |inode: &Inode| state.files.get(*inode).cloned().unwrap_or_default();
        state.names.iter().map(|(name, inode)| (name.clone(), content(inode))).collect()
    }

    /// Size of all files, bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.image().values().map(Vec::len).sum()
    }

    /// The log so far, to crash in it.
    #[must_use]
    pub fn crashes(&self) -> Crashes {
        let state = locked(&self.state);
        Crashes::new(state.base.clone(), state.log.clone())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let mut mounted = mounted();
        if mounted.get(&self.directory).is_some_and(|state| Arc::ptr_eq(state, &self.state)) {
            mounted.remove(&self.directory);
        }
    }
}

impl State {
    pub(crate) fn lookup(&self, name: &str) -> Option<Inode> {
        self.names.get(name).copied()
    }

    pub(crate) fn create(&mut self, name: &str) -> Inode {
        let inode = self.files.len();
        self.files.push(Vec::new());
        self.names.insert(name.to_owned(), inode);
        self.unsynced_names.push(inode);
        self.log.push(Op::Create { name: name.to_owned(), inode });
        inode
    }

    pub(crate) fn remove(&mut self, name: &str) -> bool {
        let is_there = self.names.remove(name).is_some();
        if is_there {
            self.log.push(Op::Remove { name: name.to_owned() });
        }
        is_there
    }

    pub(crate) fn content(&self, inode: Inode) -> &[u8] {
        self.files.get(inode).map(Vec::as_slice).unwrap_or_default()
    }

    /// A fault that counts down and strikes once.
    fn strikes(&mut self, counted: impl Fn(Fault) -> Option<(usize, Fault)>) -> bool {
        match self.fault.and_then(counted) {
            Some((0, _)) => {
                self.fault = None;
                true
            }
            Some((_, next)) => {
                self.fault = Some(next);
                false
            }
            None => false,
        }
    }

    pub(crate) fn write(&mut self, inode: Inode, at: usize, bytes: &[u8]) -> Result<(), i32> {
        let failed = self.strikes(|fault| match fault {
            Fault::Write(left) => Some((left, Fault::Write(left.saturating_sub(1)))),
            Fault::Sync(_) | Fault::Full(_) => None,
        });
        if failed {
            return Err(vars::SQLITE_IOERR_WRITE);
        }
        let end = at + bytes.len();
        let grows = end.saturating_sub(self.content(inode).len());
        if let Some(Fault::Full(most)) = self.fault
            && self.files.iter().enumerate().map(|(inode, file)| self.counts(inode, file)).sum::<usize>() + grows > most
        {
            return Err(vars::SQLITE_FULL);
        }
        apply(self.files.get_mut(inode), &Change::Write(at, bytes));
        self.log.push(Op::Write { inode, at, bytes: bytes.into() });
        Ok(())
    }

    /// A file without a name takes no space.
    fn counts(&self, inode: Inode, file: &[u8]) -> usize {
        if self.names.values().any(|named| *named == inode) { file.len() } else { 0 }
    }

    pub(crate) fn truncate(&mut self, inode: Inode, size: usize) {
        apply(self.files.get_mut(inode), &Change::Truncate(size));
        self.log.push(Op::Truncate { inode, size });
    }

    pub(crate) fn sync(&mut self, inode: Inode, syncs_names: bool) -> Result<(), i32> {
        let failed = self.strikes(|fault| match fault {
            Fault::Sync(left) => Some((left, Fault::Sync(left.saturating_sub(1)))),
            Fault::Write(_) | Fault::Full(_) => None,
        });
        if failed {
            self.log.push(Op::SyncFailed { inode });
            return Err(vars::SQLITE_IOERR_FSYNC);
        }
        let names = syncs_names && self.unsynced_names.contains(&inode);
        if names {
            self.unsynced_names.clear();
        }
        self.log.push(Op::Sync { inode, with_directory: if names { Names::Synced } else { Names::Left } });
        Ok(())
    }
}

/// A change of a file's content.
pub(crate) enum Change<'a> {
    Write(usize, &'a [u8]),
    Truncate(usize),
}

pub(crate) fn apply(file: Option<&mut Vec<u8>>, change: &Change<'_>) {
    let Some(file) = file else { return };
    match change {
        Change::Write(at, bytes) => {
            if file.len() < at + bytes.len() {
                file.resize(at + bytes.len(), 0);
            }
            if let Some(place) = file.get_mut(*at..at + bytes.len()) {
                place.copy_from_slice(bytes);
            }
        }
        Change::Truncate(size) => file.resize(*size, 0),
    }
}
