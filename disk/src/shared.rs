//! The memory that connections in WAL mode share: the index of the log, and its locks. It never reaches the disk.

use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use sqlite_plugin::flags::ShmLockMode;
use sqlite_plugin::vars;

/// Size of a region, bytes: SQLite asks for no other.
const REGION_BYTES: usize = 32 * 1024;
/// Locks that a log has.
const LOCKS: usize = 8;

/// Words with inner mutability: SQLite writes to them by address.
type Region = &'static [AtomicU64];

/// Regions that no disk uses.
static SPARE: Mutex<Vec<Region>> = Mutex::new(Vec::new());

#[derive(Debug, Default)]
pub(crate) struct Shared {
    regions: Vec<Region>,
    users: usize,
    readers: [Vec<u64>; LOCKS],
    writer: [Option<u64>; LOCKS],
}

fn take_region() -> Region {
    let spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner).pop();
    spare.unwrap_or_else(|| {
        let words = (0..REGION_BYTES / size_of::<AtomicU64>()).map(|_| AtomicU64::new(0));
        Box::leak(words.collect::<Box<[_]>>())
    })
}

impl Shared {
    /// The region's address; it is made when `extend` says so.
    pub(crate) fn map(&mut self, index: usize, size: usize, extend: bool) -> Result<Option<NonNull<u8>>, i32> {
        if size != REGION_BYTES {
            return Err(vars::SQLITE_IOERR_SHMMAP);
        }
        if extend {
            while self.regions.len() <= index {
                self.regions.push(take_region());
            }
        }
        Ok(self.regions.get(index).map(|region| NonNull::from(*region).cast()))
    }

    pub(crate) const fn enter(&mut self) {
        self.users += 1;
    }

    /// A connection goes; the last one leaves nothing behind.
    pub(crate) fn leave(&mut self, me: u64) {
        self.users = self.users.saturating_sub(1);
        for slot in 0..LOCKS {
            self.release(me, slot);
        }
        if self.users == 0 {
            for region in self.regions.drain(..) {
                region.iter().for_each(|word| word.store(0, Ordering::SeqCst));
                SPARE.lock().unwrap_or_else(PoisonError::into_inner).push(region);
            }
        }
    }

    fn release(&mut self, me: u64, slot: usize) {
        if let Some(readers) = self.readers.get_mut(slot) {
            readers.retain(|reader| *reader != me);
        }
        if let Some(writer) = self.writer.get_mut(slot)
            && *writer == Some(me)
        {
            *writer = None;
        }
    }

    pub(crate) fn lock(&mut self, me: u64, first: usize, count: usize, mode: ShmLockMode) -> Result<(), i32> {
        let slots = first..(first + count).min(LOCKS);
        let (readers, writers) = (&self.readers, &self.writer);
        let is_read = |slot: usize| readers.get(slot).is_some_and(|all| all.iter().any(|other| *other != me));
        let is_written = |slot: usize| writers.get(slot).is_some_and(|writer| writer.is_some_and(|other| other != me));
        let is_busy = match mode {
            ShmLockMode::LockShared => slots.clone().any(is_written),
            ShmLockMode::LockExclusive => slots.clone().any(|slot| is_written(slot) || is_read(slot)),
            ShmLockMode::UnlockShared | ShmLockMode::UnlockExclusive => false,
        };
        if is_busy {
            return Err(vars::SQLITE_BUSY);
        }
        for slot in slots {
            self.release(me, slot);
            match mode {
                ShmLockMode::LockShared => self.readers.iter_mut().skip(slot).take(1).for_each(|all| all.push(me)),
                ShmLockMode::LockExclusive => {
                    self.writer.iter_mut().skip(slot).take(1).for_each(|writer| *writer = Some(me));
                }
                ShmLockMode::UnlockShared | ShmLockMode::UnlockExclusive => {}
            }
        }
        Ok(())
    }
}
