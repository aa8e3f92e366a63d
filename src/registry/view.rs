//! The registry looked at by people, beside the controller that keeps it: its index, built once, and its documents.

use std::path::Path;

use super::find;
use super::handle::{RegistryFailure, unreadable};
use super::index::Index;
use super::load::{Loaded, load, open_to_read};
use super::shelf::Shelf;
use super::store::RegistryError;
use crate::domain::plate::Templates;
use crate::matching::MatchPolicy;
use crate::model::{MatchQuery, MatchResult, Timestamp};

/// What is durable at the moment of opening.
#[derive(Debug)]
pub struct View {
    index: Index,
    shelf: Shelf,
}

impl View {
    /// Opens the registry of a data directory for reading only.
    ///
    /// # Errors
    /// When there is none, it can't be read, or another version wrote it.
    pub fn open(directory: &Path, templates: &Templates) -> Result<Self, RegistryError> {
        let Loaded { index, .. } = load(&open_to_read(directory)?, directory, templates)?;
        Ok(Self { index, shelf: Shelf::open(directory)? })
    }

    /// What a lane would be answered.
    ///
    /// # Errors
    /// When the disk can't be read.
    pub fn find(
        &self,
        query: &MatchQuery,
        policy: &MatchPolicy,
        now: Timestamp,
    ) -> Result<MatchResult, RegistryFailure> {
        let numbers = find::near(&self.index, query, policy);
        let used_by = |number: &str| self.index.used_by(number);
        let considered = find::consider(&self.shelf, numbers, query, used_by).map_err(unreadable)?;
        let party = |id: &str| self.index.party(id).cloned();
        find::answer(&self.shelf, &considered, query, policy, now, party).map_err(unreadable)
    }
}
