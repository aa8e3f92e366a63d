//! The command line: one file a subcommand.
//!
//! Exit codes: 0 done, 1 the input is wrong or the check failed, 2 usage, 3 the environment failed. Machine output
//! (JSON lines) goes to standard output, talk to standard error.

mod access;
pub mod camera;
pub mod check;
pub mod device;
pub mod document;
pub mod heads;
pub mod journal;
pub mod officer;
mod place;
pub mod plate;
pub mod registry;
pub mod report;
pub mod risk;
mod run;
pub mod selection;
mod shred;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The input is wrong or the check failed.
pub(crate) const EXIT_INPUT: u8 = 1;
/// The environment failed.
pub(crate) const EXIT_ENVIRONMENT: u8 = 3;

#[derive(Debug, Parser)]
#[command(name = "lane-controller", version, about = "Runs the lanes of road border crossing points")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the lanes of a site.
    Run {
        /// The site's configuration.
        #[arg(long)]
        config: PathBuf,
    },
    /// Check a configuration and print every error with its place.
    Check {
        /// The site's configuration.
        #[arg(long)]
        config: PathBuf,
    },
    /// Verify, show and export the journal.
    #[command(subcommand)]
    Journal(journal::JournalCommand),
    /// Decode and watch devices.
    #[command(subcommand)]
    Device(device::DeviceCommand),
    /// Check document numbers.
    #[command(subcommand)]
    Document(document::DocumentCommand),
    /// Check plates against the templates of their countries.
    #[command(subcommand)]
    Plate(plate::PlateCommand),
    /// Try camera presets on captured messages.
    #[command(subcommand)]
    Camera(camera::CameraCommand),
    /// Keep the officers' file.
    #[command(subcommand)]
    Officer(officer::OfficerCommand),
    /// Bring documents in from files, and show what is stored.
    #[command(subcommand)]
    Registry(registry::RegistryCommand),
    /// Try local risk profiles.
    #[command(subcommand)]
    Risk(risk::RiskCommand),
    /// Reports straight from the journal, for risk analysts and auditors.
    #[command(subcommand)]
    Report(report::ReportCommand),
}

/// The program with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    main_from(std::env::args_os())
}

/// The program with given arguments, the first of which is its name.
#[must_use]
pub fn main_from(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let code = if error.use_stderr() { 2 } else { 0 };
            // A closed terminal is no reason for another exit code.
            error.print().ok();
            return ExitCode::from(code);
        }
    };
    match arguments.command {
        Command::Run { config } => run::run(&config),
        Command::Check { config } => check::run(&config),
        Command::Journal(command) => journal::run(command),
        Command::Device(command) => device::run(command),
        Command::Document(command) => document::run(command),
        Command::Plate(command) => plate::run(command),
        Command::Camera(command) => camera::run(command),
        Command::Officer(command) => officer::run(command),
        Command::Registry(command) => registry::run(command),
        Command::Risk(command) => risk::run(command),
        Command::Report(command) => report::run(command),
    }
}
