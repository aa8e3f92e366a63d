//! `plate check`: which templates a plate fits, and its one form.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Map, Value, json};

use super::{EXIT_ENVIRONMENT, EXIT_INPUT};
use crate::domain::plate::{Settled, Templates, fold};

/// What to do with plates.
#[derive(Debug, Subcommand)]
pub enum PlateCommand {
    /// Print a JSON line for each plate: its one form and the templates that it fits. Exit 1: one fits none.
    Check {
        /// The plates as they were written or read.
        #[arg(required = true)]
        plates: Vec<String>,
        /// Only this country's templates (ISO alpha-2).
        #[arg(long, value_parser = country)]
        country: Option<String>,
        /// The site's own templates beside those of the program (docs/plates.md).
        #[arg(long)]
        templates: Option<PathBuf>,
    },
}

fn country(code: &str) -> Result<String, String> {
    if code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        Ok(code.to_ascii_uppercase())
    } else {
        Err("expected two letters, as KZ".to_owned())
    }
}

#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("{path}: {why}")]
    Templates { path: String, why: String },
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl Trouble {
    fn code(&self) -> u8 {
        match self {
            Self::Templates { .. } => EXIT_INPUT,
            Self::Io(_) => EXIT_ENVIRONMENT,
        }
    }
}

/// Carries a command out.
#[must_use]
pub fn run(command: PlateCommand) -> ExitCode {
    let PlateCommand::Check { plates, country, templates } = command;
    match check(&plates, country.as_deref(), templates.as_deref()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(EXIT_INPUT),
        Err(trouble) => {
            // Nobody reads standard error: the exit code still tells.
            writeln!(io::stderr().lock(), "{trouble}").ok();
            ExitCode::from(trouble.code())
        }
    }
}

/// Prints the lines; how many plates fit no template.
fn check(plates: &[String], country: Option<&str>, own: Option<&Path>) -> Result<usize, Trouble> {
    let templates = read(own)?;
    if let Some(unknown) = country.filter(|country| !templates.knows(country)) {
        writeln!(io::stderr().lock(), "there are no templates for {unknown}: --templates takes a site's own").ok();
    }
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut strangers = 0;
    for plate in plates {
        let folded = fold(plate);
        let settled = templates.settle(&folded, country);
        strangers += usize::from(settled.is_empty());
        let line = json!({
            "input": plate,
            "canonical": templates.canonical(&folded, country).as_str(),
            "countries": settled.iter().map(shown).collect::<Vec<_>>(),
        });
        writeln!(out, "{line}")?;
    }
    out.flush()?;
    Ok(strangers)
}

fn read(own: Option<&Path>) -> Result<Templates, Trouble> {
    let templates = Templates::embedded();
    let Some(path) = own else { return Ok(templates) };
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(named)?;
    let faulty = |error: crate::domain::plate::TemplateError| Trouble::Templates {
        path: path.display().to_string(),
        why: error.to_string(),
    };
    templates.extended_by(&text).map_err(faulty)
}

fn shown(settled: &Settled<'_>) -> Value {
    let mut line = Map::new();
    line.insert("country".into(), settled.country.into());
    line.insert("template".into(), settled.template.into());
    if settled.repaired {
        line.insert("repaired".into(), true.into());
        line.insert("plate".into(), settled.plate.as_str().into());
    }
    if !settled.confirmed {
        line.insert("confirmed".into(), false.into());
    }
    Value::Object(line)
}
