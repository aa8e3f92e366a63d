//! `check`: a configuration's every fault, with a picture of its place.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, NamedSource, Report};

use super::{EXIT_ENVIRONMENT, EXIT_INPUT};
use crate::actor::{ProfilesError, check_files, load_profiles};
use crate::config::{self, Config, ConfigError};
use crate::device::camera::{PresetFault, presets};

/// Reads and checks a configuration; prints what is wrong.
///
/// # Errors
/// The exit code of a configuration that can't be used.
pub fn load(path: &Path) -> Result<Config, ExitCode> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        // Nobody reads standard error: the exit code still tells.
        writeln!(io::stderr().lock(), "{}: {error}", path.display()).ok();
        ExitCode::from(EXIT_ENVIRONMENT)
    })?;
    let config = config::parse(&text, std::env::vars()).map_err(|errors| {
        let name = path.display().to_string();
        for error in &errors {
            show(error, &name, &text);
        }
        ExitCode::from(EXIT_INPUT)
    })?;
    check_presets(&config).map_err(|(code, message)| {
        writeln!(io::stderr().lock(), "{}: {message}", path.display()).ok();
        ExitCode::from(code)
    })?;
    check_files(&config).map_err(|error| {
        writeln!(io::stderr().lock(), "{}: {error}", path.display()).ok();
        ExitCode::from(EXIT_INPUT)
    })?;
    Ok(config)
}

/// Presets of the operator's own directory are known only to the disk.
fn check_presets(config: &Config) -> Result<(), (u8, String)> {
    let library = presets(config.presets_directory.as_deref()).map_err(|fault| {
        let code = if matches!(fault, PresetFault::Unreadable { .. }) { EXIT_ENVIRONMENT } else { EXIT_INPUT };
        (code, fault.to_string())
    })?;
    for lane in &config.lanes {
        for camera in &lane.cameras {
            if let Some(vendor) = &camera.vendor {
                let found = library.get(&vendor.preset);
                found.map_err(|error| (EXIT_INPUT, format!("camera {} of lane {}: {error}", camera.name, lane.id)))?;
            }
        }
    }
    Ok(())
}

/// Carries the command out.
pub(super) fn run(path: &Path) -> ExitCode {
    match load(path) {
        Err(code) => code,
        Ok(config) => {
            let profiles = match profiles(&config) {
                Ok(profiles) => profiles,
                Err(code) => return code,
            };
            let lanes: Vec<_> = config.lanes.iter().map(|lane| lane.id.as_str()).collect();
            let line = serde_json::json!({
                "site": config.site.id, "time_zone": config.site.time_zone.name(), "lanes": lanes, "profiles": profiles,
                "warnings": config.warnings,
            });
            match writeln!(io::stdout().lock(), "{line}") {
                Ok(()) => ExitCode::SUCCESS,
                Err(_) => ExitCode::from(EXIT_ENVIRONMENT),
            }
        }
    }
}

/// How many local profiles are in the directory that a configuration names.
fn profiles(config: &Config) -> Result<usize, ExitCode> {
    let Some(directory) = &config.risk.profiles_directory else { return Ok(0) };
    load_profiles(directory).map(|set| set.profiles().len()).map_err(|error| {
        writeln!(io::stderr().lock(), "{error}").ok();
        match error {
            ProfilesError::Wrong { .. } => ExitCode::from(EXIT_INPUT),
            ProfilesError::Read { .. } => ExitCode::from(EXIT_ENVIRONMENT),
        }
    })
}

fn show(error: &ConfigError, name: &str, text: &str) {
    let mut err = io::stderr().lock();
    // One line that a program can read, then a picture for people.
    writeln!(err, "{name}:{}:{}: {}: {}", error.line, error.column, error.key, error.message).ok();
    if error.span.is_empty() || !io::stderr().is_terminal() {
        return;
    }
    let label = LabeledSpan::at(error.span.clone(), error.message.clone());
    let picture = MietteDiagnostic::new(error.key.clone()).with_label(label);
    let report = Report::new(picture).with_source_code(NamedSource::new(name, text.to_owned()));
    let mut drawn = String::new();
    let theme = GraphicalTheme::unicode();
    if GraphicalReportHandler::new_themed(theme).render_report(&mut drawn, report.as_ref()).is_ok() {
        writeln!(err, "{drawn}").ok();
    }
}
