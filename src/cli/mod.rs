//! One file a subcommand.

use std::process::ExitCode;

/// The program: parses the command line and runs a subcommand.
#[must_use]
pub fn main() -> ExitCode {
    ExitCode::from(2)
}
