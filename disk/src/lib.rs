//! A simulated disk under the real SQLite.
//!
//! ```text
//!  lane_controller::journal ─▶ SQLite (WAL, FULL) ─▶ Simulated: the one small trait ─▶ Disk: files, log of operations
//!                                                                                        │
//!            mounted again, opened, verified ◀── Image ◀── Fate: lost, kept, torn, scattered ┘  at every boundary
//! ```
//!
//! [`install`] makes it the process's default file system of SQLite, so the program under test is not changed at all.
//! Every write, truncation, sync, creation and removal is logged in order. [`Crashes`] then tells what the disk may hold
//! when the power goes before any of them: what was synced is there, and of the rest nothing, all, a part of the last
//! write, or any sectors in any order. A disk can also fail a sync or a write once, and be full.
//!
//! What it does not do: lose what was synced, or change bytes that were not written. No journal survives those; they
//! are found by verification.

mod crash;
mod disk;
mod locks;
mod shared;
mod vfs;

pub use crash::{Cache, Crashes, Cut, Fate, Image};
pub use disk::{Disk, Fault, Names, Op};
pub use vfs::install;

/// What the disk writes whole, bytes.
pub const SECTOR: usize = 512;
