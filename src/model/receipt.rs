//! Registers, and the answer to every document that comes for one.

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// Which register a receipt is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegisterKind {
    /// Prior notifications.
    Notification,
    /// Declarations.
    Declaration,
    /// Parties.
    Party,
}

impl RegisterKind {
    /// The name that topics use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Notification => "notification",
            Self::Declaration => "declaration",
            Self::Party => "party",
        }
    }
}

/// What became of a submitted document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptResult {
    /// Stored.
    Accepted,
    /// The stored revision again.
    Duplicate,
    /// Older than the stored revision.
    Stale,
    /// Not a valid document.
    Rejected,
}

/// Where a document is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathError {
    /// JSON path.
    pub path: String,
    /// What was expected.
    pub message: String,
}

/// The answer to every inbound document (`registry/receipt`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Which register.
    pub kind: RegisterKind,
    /// The document's number, where it could be read.
    pub number: Option<String>,
    /// The document's revision, where it could be read.
    pub revision: Option<u64>,
    /// What became of it.
    pub result: ReceiptResult,
    /// What is wrong.
    pub errors: Vec<PathError>,
    /// When.
    pub at: Timestamp,
}
