//! One file a subcommand.

use std::ffi::OsString;
use std::process::ExitCode;

/// The program: parses the command line and runs a subcommand.
#[must_use]
pub fn main() -> ExitCode {
    ExitCode::from(2)
}

/// The program with the arguments `args`, the first of which is its name.
#[must_use]
pub fn main_from(_args: impl IntoIterator<Item = OsString>) -> ExitCode {
    ExitCode::from(2)
}
