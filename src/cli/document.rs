//! `document`: which kind of number is it, how is it written, does its check hold?

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde::Serialize;

use super::{EXIT_ENVIRONMENT, EXIT_INPUT};
use crate::domain::{Check, DocumentNumber, Kind};

/// What to do with document numbers.
#[derive(Debug, Subcommand)]
pub enum DocumentCommand {
    /// Print a JSON line for each number; exit code 1 when one is invalid.
    Check {
        /// The numbers, as read or typed.
        #[arg(required = true, value_name = "NUMBER")]
        numbers: Vec<String>,
        /// Ask for one kind only; without it the kind is recognised.
        #[arg(long, value_parser = kinds())]
        kind: Option<Kind>,
    },
}

fn kinds() -> impl TypedValueParser<Value = Kind> {
    PossibleValuesParser::new(Kind::ALL.map(Kind::as_str))
        .try_map(|name| Kind::from_name(&name).ok_or("no kind has this name"))
}

#[derive(Serialize)]
struct Line<'a> {
    input: &'a str,
    #[serde(flatten)]
    number: &'a DocumentNumber,
}

/// Carries a command out.
#[must_use]
pub fn run(command: DocumentCommand) -> ExitCode {
    let DocumentCommand::Check { numbers, kind } = command;
    match check(&numbers, kind, &mut io::stdout().lock()) {
        Ok(Worst::Passes) => ExitCode::SUCCESS,
        Ok(Worst::Invalid) => ExitCode::from(EXIT_INPUT),
        Err(error) => {
            // Nobody reads standard error: the exit code still tells.
            writeln!(io::stderr().lock(), "{error}").ok();
            ExitCode::from(EXIT_ENVIRONMENT)
        }
    }
}

/// The worst of several checks.
enum Worst {
    Passes,
    Invalid,
}

fn check(numbers: &[String], kind: Option<Kind>, out: &mut impl Write) -> io::Result<Worst> {
    let mut worst = Worst::Passes;
    for input in numbers {
        let number = match kind {
            Some(kind) => DocumentNumber::check_as(kind, input),
            None => DocumentNumber::recognise(input),
        };
        if number.check == Check::Invalid {
            worst = Worst::Invalid;
        }
        writeln!(out, "{}", serde_json::to_string(&Line { input, number: &number })?)?;
    }
    out.flush()?;
    Ok(worst)
}
