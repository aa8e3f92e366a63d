//! Where a controller keeps its data, as commands are told: the directory itself, or a configuration that names it.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Deserialize;

/// Where journal and registry are.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Place {
    /// The data directory.
    #[arg(long)]
    pub(super) data: Option<PathBuf>,
    /// A configuration that names it.
    #[arg(long)]
    pub(super) config: Option<PathBuf>,
}

/// Why a configuration doesn't tell.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {why}")]
pub(super) struct NoPlace {
    path: PathBuf,
    why: String,
}

impl Place {
    /// The data directory.
    pub(super) fn directory(&self) -> Result<PathBuf, NoPlace> {
        match (&self.data, &self.config) {
            (Some(data), _) => Ok(data.clone()),
            (None, Some(config)) => directory_of(config),
            (None, None) => Ok(PathBuf::from(".")),
        }
    }
}

/// Read alone: a configuration that is wrong elsewhere still tells where the data is.
fn directory_of(config: &Path) -> Result<PathBuf, NoPlace> {
    #[derive(Deserialize)]
    struct Data {
        directory: PathBuf,
    }
    #[derive(Deserialize)]
    struct Only {
        data: Data,
    }
    let wrong = |why: String| NoPlace { path: config.to_owned(), why };
    let text = std::fs::read_to_string(config).map_err(|error| wrong(error.to_string()))?;
    let only: Only = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    Ok(only.data.directory)
}
