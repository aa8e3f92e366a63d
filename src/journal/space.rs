//! Room on the journal's disk, and the ballast that is given up when it runs out (hazard 32).
//!
//! ```text
//!  free  ≥ reserve ─────────── < reserve ──────────────── < a quarter of the ballast ──────────── none
//!        all goes on          no new authorities: hold      the ballast is freed: closing records   poisoned
//! ```
//!
//! What the ballast gave counts as free only once the ballast fits again: lanes don't go on by its room.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use nix::fcntl::posix_fallocate;
use nix::sys::statvfs::statvfs;

/// The ballast's file in the data directory.
const BALLAST_NAME: &str = "ballast";
/// So much more than the reserve must be free before lanes go on, percent: no flutter at the edge.
const MORE_PERCENT: u64 = 1;

/// Whether there is room for new authorities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// There is.
    Enough,
    /// Less than the reserve is free, or it can't be told.
    Short,
}

/// What a look at the disk found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpaceLook {
    /// Bytes free for the service.
    pub free_bytes: u64,
    /// Whether that is enough.
    pub room: Room,
    /// Whether the ballast lies on the disk.
    pub ballast: Ballast,
}

/// The ballast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ballast {
    /// It takes its room.
    Laid,
    /// It is away: freed, not yet laid, or none is wanted.
    Away,
}

/// Watches the disk of a data directory.
#[derive(Debug)]
pub(super) struct Space {
    directory: PathBuf,
    reserve_percent: u64,
    ballast_bytes: u64,
    short: AtomicBool,
    /// This disk takes no ballast.
    refused: AtomicBool,
}

struct Disk {
    free: u64,
    all: u64,
}

impl Disk {
    fn of(directory: &Path) -> Option<Self> {
        let disk = statvfs(directory).ok()?;
        let bytes = |blocks: u64| blocks.saturating_mul(disk.fragment_size());
        Some(Self { free: bytes(disk.blocks_available()), all: bytes(disk.blocks()) })
    }

    fn has_free(&self, percent: u64) -> bool {
        u128::from(self.free) * 100 >= u128::from(self.all) * u128::from(percent)
    }
}

impl Space {
    pub(super) fn new(directory: &Path, reserve_percent: u8, ballast_bytes: u64) -> Self {
        Self {
            directory: directory.to_owned(),
            reserve_percent: u64::from(reserve_percent),
            ballast_bytes,
            short: AtomicBool::new(false),
            refused: AtomicBool::new(false),
        }
    }

    fn ballast_path(&self) -> PathBuf {
        self.directory.join(BALLAST_NAME)
    }

    pub(super) fn room(&self) -> Room {
        if self.short.load(Ordering::Relaxed) { Room::Short } else { Room::Enough }
    }

    /// Looks how much is free, and frees the ballast when next to nothing is.
    pub(super) fn look(&self) -> SpaceLook {
        let Some(disk) = Disk::of(&self.directory) else {
            // A disk that doesn't even tell its size is none to rely on (invariant A6).
            self.short.store(true, Ordering::Relaxed);
            return SpaceLook { free_bytes: 0, room: Room::Short, ballast: self.ballast() };
        };
        let wanted = match self.room() {
            Room::Enough => self.reserve_percent,
            Room::Short => self.reserve_percent + MORE_PERCENT,
        };
        let owed = if self.owes_ballast() { self.ballast_bytes } else { 0 };
        let counted = Disk { free: disk.free.saturating_sub(owed), all: disk.all };
        self.short.store(!counted.has_free(wanted), Ordering::Relaxed);
        if disk.free < self.ballast_bytes / 4 && self.ballast() == Ballast::Laid {
            self.free_ballast();
        }
        SpaceLook { free_bytes: disk.free, room: self.room(), ballast: self.ballast() }
    }

    /// The same, and lays the ballast again where that leaves enough room. May take a while.
    pub(super) fn tend(&self) -> SpaceLook {
        let looked = self.look();
        if looked.room == Room::Short || !self.owes_ballast() {
            return looked;
        }
        if let Err(error) = self.lay_ballast() {
            tracing::warn!(path = %self.ballast_path().display(), %error, "the journal's ballast could not be laid");
            self.refused.store(true, Ordering::Relaxed);
            drop(std::fs::remove_file(self.ballast_path()));
        }
        self.look()
    }

    /// A ballast is wanted, and doesn't lie there whole.
    fn owes_ballast(&self) -> bool {
        let is_laid = || self.ballast_path().metadata().is_ok_and(|file| file.len() == self.ballast_bytes);
        self.ballast_bytes > 0 && !self.refused.load(Ordering::Relaxed) && !is_laid()
    }

    fn ballast(&self) -> Ballast {
        if self.ballast_path().exists() { Ballast::Laid } else { Ballast::Away }
    }

    fn lay_ballast(&self) -> io::Result<()> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(self.ballast_path())?;
        let length = i64::try_from(self.ballast_bytes).map_err(io::Error::other)?;
        posix_fallocate(&file, 0, length)?;
        file.sync_all()
    }

    /// Gives the ballast up.
    pub(super) fn free_ballast(&self) {
        match std::fs::remove_file(self.ballast_path()) {
            Ok(()) => {
                tracing::warn!(
                    "the disk is full: the journal's ballast was freed, so that closing records and incidents are still written"
                );
                // Where the directory can't be synced the room is free all the same.
                File::open(&self.directory).and_then(|directory| directory.sync_all()).ok();
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::error!(%error, "the journal's ballast could not be freed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    #[test]
    fn the_ballast_takes_real_blocks_and_gives_them_back() {
        use std::os::unix::fs::MetadataExt;
        let dir = tempfile::TempDir::new().expect("a directory");
        let space = Space::new(dir.path(), 0, 4 * MIB);
        assert_eq!(space.tend().ballast, Ballast::Laid);
        let file = space.ballast_path().metadata().expect("there");
        assert!(file.blocks() * 512 >= 4 * MIB, "it is no hole");
        space.free_ballast();
        assert_eq!(space.look().ballast, Ballast::Away);
        assert_eq!(space.tend().ballast, Ballast::Laid, "with room it is laid again");
    }

    #[test]
    fn a_disk_with_less_than_the_reserve_is_short_and_lays_no_ballast() {
        let dir = tempfile::TempDir::new().expect("a directory");
        let space = Space::new(dir.path(), 101, MIB);
        let looked = space.tend();
        assert_eq!((looked.room, looked.ballast), (Room::Short, Ballast::Away));
        assert_eq!(space.room(), Room::Short);
    }

    #[test]
    fn a_disk_that_tells_nothing_is_short() {
        let space = Space::new(Path::new("/nowhere/at/all"), 5, 0);
        assert_eq!(space.look().room, Room::Short);
    }
}
