//! Verification of a data directory, by the verifier's library.

use std::path::Path;

use journal_verify::{OpenError, Request, VerifyError};

use super::store::JournalError;

pub use journal_verify::{Damage, Report};

/// Walks the whole journal of a data directory in one read transaction; a writer may go on meanwhile. Heads that the
/// journal keeps are held against it too.
///
/// # Errors
/// When there is no journal or it can't be opened; damage is in the report.
pub fn verify(directory: &Path) -> Result<Report, JournalError> {
    journal_verify::verify(directory, &Request::default()).map_err(JournalError::from)
}

impl From<OpenError> for JournalError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Missing(path) => Self::Missing { path },
            OpenError::TooNew { path, found } => Self::TooNew { path, found },
            OpenError::Database { path, source } => Self::Database { path, source },
            OpenError::NoRecord { sequence, .. } => Self::Damaged { sequence, what: "it is not there" },
            OpenError::Damaged { sequence } => Self::Damaged { sequence, what: "a field has another type" },
        }
    }
}

impl From<VerifyError> for JournalError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Open(error) => error.into(),
            // None was given.
            VerifyError::Head { size, .. } => Self::Damaged { sequence: size, what: "its head counts as none" },
        }
    }
}
