//! Where data lives, and the room on its disk.

use std::path::PathBuf;

/// Where data lives.
#[derive(Debug, Clone)]
pub struct Data {
    /// Journal and registry.
    pub directory: PathBuf,
    /// With a smaller share of its disk free nothing new is opened (hazard 32).
    pub reserve_percent: u8,
    /// What is given up when the disk is full, bytes; 0: nothing.
    pub ballast_bytes: u64,
}
