//! `registry`: bring documents in from files, show what is stored.

mod broker;
mod find;
mod import;
mod show;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use super::access::ForPurpose;
use super::place::{NoPlace, Place};
use super::{EXIT_ENVIRONMENT, EXIT_INPUT};
use crate::device::mqtt::LinkError;
use crate::journal::{AccessError, JournalError};
use crate::registry::{RegistryError, RegistryFailure};

pub use broker::ThroughBroker;
pub use find::Find;
pub use import::Import;

/// What to do with the registry.
#[derive(Debug, Subcommand)]
pub enum RegistryCommand {
    /// Bring documents in from files (docs/import.md); a receipt for each is printed as a JSON line.
    ///
    /// Exit 0 when every document was accepted, or is stored already in this revision or a later one; 1 when any was
    /// rejected.
    Import(Box<Import>),
    /// Print the stored documents of a number, with what they refer to and what refers to them, as JSON.
    Show {
        /// Number of a notification or declaration, or a party's id, however it is written.
        number: String,
        /// Which registry.
        #[command(flatten)]
        place: Place,
        /// For what; documents name vehicles and persons.
        #[command(flatten)]
        purpose: ForPurpose,
    },
    /// Print the notifications that a plate may mean, a JSON line each with everything that speaks for and against
    /// it, and what a lane would make of them.
    Find(Box<find::Find>),
}

#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("{0}; hand the documents to the running controller with --mqtt URL --site SITE, or stop it first")]
    Claimed(JournalError),
    #[error(transparent)]
    Journal(JournalError),
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error(transparent)]
    NotStored(#[from] RegistryFailure),
    #[error("there is no data directory {0}; start the controller once, or create it as the user that it runs as")]
    NoDirectory(PathBuf),
    #[error(
        "the data directory {path} belongs to user {owner}; run this as that user, or the controller can't write there"
    )]
    OtherOwner { path: PathBuf, owner: u32 },
    #[error(transparent)]
    Place(#[from] NoPlace),
    #[error("{path}: {why}")]
    Password { path: PathBuf, why: String },
    #[error("{0}")]
    Address(#[from] LinkError),
    #[error("the broker at {url}: {why}; import again when it is back: what was taken is answered `duplicate`")]
    Broker { url: String, why: String },
    #[error("nobody takes {0}; does the controller of this site run on this broker?")]
    NobodyListens(String),
    #[error(
        "no receipt for {missing} documents within {wait:?}; they wait at the broker until the controller takes them"
    )]
    NoReceipt { missing: usize, wait: std::time::Duration },
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Access(#[from] AccessError),
}

impl From<JournalError> for Trouble {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::InUse { .. } => Self::Claimed(error),
            JournalError::Directory { .. }
            | JournalError::TooNew { .. }
            | JournalError::Missing { .. }
            | JournalError::Database { .. }
            | JournalError::Damaged { .. }
            | JournalError::Corrupt { .. }
            | JournalError::Cut { .. }
            | JournalError::Keys(_) => Self::Journal(error),
        }
    }
}

/// Carries a command out.
#[must_use]
pub fn run(command: RegistryCommand) -> ExitCode {
    let done = match command {
        RegistryCommand::Import(command) => import::run(&command),
        RegistryCommand::Find(command) => find::run(&command),
        RegistryCommand::Show { number, place, purpose } => show::run(&number, &place, &purpose),
    };
    done.unwrap_or_else(|trouble| {
        tell(&trouble.to_string());
        ExitCode::from(EXIT_ENVIRONMENT)
    })
}

/// A line for people. Nobody may be reading: the exit code still tells.
fn tell(line: &str) {
    writeln!(io::stderr().lock(), "{line}").ok();
}
