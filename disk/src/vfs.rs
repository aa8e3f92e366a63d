//! The one small trait through which SQLite writes and syncs.

use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Once};

use sqlite_plugin::flags::{AccessFlags, LockLevel, OpenKind, OpenOpts, ShmLockMode};
use sqlite_plugin::vars;
use sqlite_plugin::vfs::{RegisterOpts, Vfs, VfsHandle, VfsResult, register_static};

use crate::disk::{Change, Inode, State, apply, find, locked};

/// A file that SQLite has open.
struct Handle {
    me: u64,
    place: Place,
    maps: Maps,
}

enum Place {
    Disk {
        state: Arc<Mutex<State>>,
        inode: Inode,
        syncs_names: bool,
    },
    /// A temporary file; nobody reads it after a crash.
    Memory(Vec<u8>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Maps {
    None,
    Shared,
}

impl VfsHandle for Handle {
    fn readonly(&self) -> bool {
        false
    }

    fn in_memory(&self) -> bool {
        false
    }
}

/// The file system of all mounted disks.
struct Simulated;

static HANDLES: AtomicU64 = AtomicU64::new(1);

/// Makes the simulated disks SQLite's default file system in this process, once. SQLite then opens nothing outside of
/// a mounted [`crate::Disk`].
///
/// # Panics
/// When SQLite refuses it.
pub fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let installed = register_static(c"lane-disk".to_owned(), Simulated, RegisterOpts { make_default: true });
        assert!(installed.is_ok(), "SQLite takes the file system");
    });
}

impl Vfs for Simulated {
    type Handle = Handle;

    fn open(&self, path: Option<&str>, opts: OpenOpts) -> VfsResult<Handle> {
        let me = HANDLES.fetch_add(1, Ordering::Relaxed);
        let Some(path) = path else { return Ok(Handle { me, place: Place::Memory(vec![]), maps: Maps::None }) };
        let (state, name) = find(path).ok_or(vars::SQLITE_CANTOPEN)?;
        let known = locked(&state).lookup(&name);
        let may_create = !opts.mode().is_readonly() && opts.flags() & vars::SQLITE_OPEN_CREATE != 0;
        let inode = match known {
            Some(_) if opts.mode().must_create() => return Err(vars::SQLITE_CANTOPEN),
            Some(inode) => inode,
            None if may_create => locked(&state).create(&name),
            None => return Err(vars::SQLITE_CANTOPEN),
        };
        let syncs_names = matches!(opts.kind(), OpenKind::MainJournal | OpenKind::SuperJournal | OpenKind::Wal);
        Ok(Handle { me, place: Place::Disk { state, inode, syncs_names }, maps: Maps::None })
    }

    fn delete(&self, path: &str) -> VfsResult<()> {
        let (state, name) = find(path).ok_or(vars::SQLITE_IOERR_DELETE)?;
        let was_there = locked(&state).remove(&name);
        if was_there { Ok(()) } else { Err(vars::SQLITE_IOERR_DELETE_NOENT) }
    }

    fn access(&self, path: &str, _: AccessFlags) -> VfsResult<bool> {
        let Some((state, name)) = find(path) else { return Ok(false) };
        let state = locked(&state);
        // An empty log counts as none, as it does for SQLite's own file system.
        Ok(state.lookup(&name).is_some_and(|inode| name.ends_with(".db") || !state.content(inode).is_empty()))
    }

    fn file_size(&self, handle: &mut Handle) -> VfsResult<usize> {
        Ok(match &handle.place {
            Place::Disk { state, inode, .. } => locked(state).content(*inode).len(),
            Place::Memory(bytes) => bytes.len(),
        })
    }

    fn truncate(&self, handle: &mut Handle, size: usize) -> VfsResult<()> {
        match &mut handle.place {
            Place::Disk { state, inode, .. } => locked(state).truncate(*inode, size),
            Place::Memory(bytes) => apply(Some(bytes), &Change::Truncate(size)),
        }
        Ok(())
    }

    fn write(&self, handle: &mut Handle, offset: usize, data: &[u8]) -> VfsResult<usize> {
        match &mut handle.place {
            Place::Disk { state, inode, .. } => locked(state).write(*inode, offset, data)?,
            Place::Memory(bytes) => apply(Some(bytes), &Change::Write(offset, data)),
        }
        Ok(data.len())
    }

    fn read(&self, handle: &mut Handle, offset: usize, data: &mut [u8]) -> VfsResult<usize> {
        let copy = |bytes: &[u8], data: &mut [u8]| {
            let there = bytes.get(offset..).unwrap_or_default();
            let count = there.len().min(data.len());
            data.iter_mut().zip(there).for_each(|(to, from)| *to = *from);
            count
        };
        Ok(match &handle.place {
            Place::Disk { state, inode, .. } => copy(locked(state).content(*inode), data),
            Place::Memory(bytes) => copy(bytes, data),
        })
    }

    fn lock(&self, handle: &mut Handle, level: LockLevel) -> VfsResult<()> {
        match &handle.place {
            Place::Disk { state, inode, .. } => locked(state).locks.entry(*inode).or_default().lock(handle.me, level),
            Place::Memory(_) => Ok(()),
        }
    }

    fn unlock(&self, handle: &mut Handle, level: LockLevel) -> VfsResult<()> {
        if let Place::Disk { state, inode, .. } = &handle.place {
            locked(state).locks.entry(*inode).or_default().unlock(handle.me, level);
        }
        Ok(())
    }

    fn check_reserved_lock(&self, handle: &mut Handle) -> VfsResult<bool> {
        Ok(match &handle.place {
            Place::Disk { state, inode, .. } => locked(state).locks.entry(*inode).or_default().is_reserved(),
            Place::Memory(_) => false,
        })
    }

    fn sync(&self, handle: &mut Handle) -> VfsResult<()> {
        match &handle.place {
            Place::Disk { state, inode, syncs_names } => locked(state).sync(*inode, *syncs_names),
            Place::Memory(_) => Ok(()),
        }
    }

    fn close(&self, mut handle: Handle) -> VfsResult<()> {
        self.unlock(&mut handle, LockLevel::Unlocked)?;
        self.shm_unmap(&mut handle, false)
    }

    /// What SQLite's own file system says of an ordinary disk.
    fn device_characteristics(&self, _: &mut Handle) -> VfsResult<i32> {
        Ok(vars::SQLITE_IOCAP_POWERSAFE_OVERWRITE)
    }

    fn shm_map(
        &self,
        handle: &mut Handle,
        region_idx: usize,
        region_size: usize,
        extend: bool,
    ) -> VfsResult<Option<NonNull<u8>>> {
        let Place::Disk { state, inode, .. } = &handle.place else { return Err(vars::SQLITE_IOERR_SHMMAP) };
        let mut state = locked(state);
        let shared = state.shared.entry(*inode).or_default();
        if handle.maps == Maps::None {
            handle.maps = Maps::Shared;
            shared.enter();
        }
        shared.map(region_idx, region_size, extend)
    }

    fn shm_lock(&self, handle: &mut Handle, offset: u32, count: u32, mode: ShmLockMode) -> VfsResult<()> {
        let Place::Disk { state, inode, .. } = &handle.place else { return Err(vars::SQLITE_IOERR_SHMLOCK) };
        let place = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let (first, count) = (place(offset), place(count));
        locked(state).shared.entry(*inode).or_default().lock(handle.me, first, count, mode)
    }

    fn shm_unmap(&self, handle: &mut Handle, _: bool) -> VfsResult<()> {
        if let (Place::Disk { state, inode, .. }, Maps::Shared) = (&handle.place, handle.maps) {
            locked(state).shared.entry(*inode).or_default().leave(handle.me);
            handle.maps = Maps::None;
        }
        Ok(())
    }
}
