//! `officer`: keep the officers' file.

use std::io::{self, BufRead, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Deserialize;
use uuid::Uuid;

use super::{EXIT_ENVIRONMENT, EXIT_INPUT};
use crate::web::officers::{Officer, OfficersError, OfficersFile, Role, hash_password, hash_token};

/// Shortest password.
const PASSWORD_MIN_CHARS: usize = 8;

/// What to do with the officers' file.
#[derive(Debug, Subcommand)]
pub enum OfficerCommand {
    /// Add an officer, or give one another password or other roles.
    Add {
        /// Sign-in name.
        name: String,
        /// officer, shift_supervisor or auditor; more than once for several.
        #[arg(long = "role", required = true, value_parser = role)]
        roles: Vec<Role>,
        /// A file with the password; standard input when none.
        #[arg(long)]
        password_file: Option<PathBuf>,
        /// Make a bearer token instead of taking a password, and print it once.
        #[arg(long, conflicts_with = "password_file")]
        token: bool,
        /// Which file.
        #[command(flatten)]
        place: Place,
    },
    /// Print the officers, without their secrets.
    List {
        /// Which file.
        #[command(flatten)]
        place: Place,
    },
    /// Take an officer's right to order; the name stays, for the journal's sake.
    Revoke {
        /// Sign-in name.
        name: String,
        /// Which file.
        #[command(flatten)]
        place: Place,
    },
}

/// Where the officers' file is.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Place {
    /// The file.
    #[arg(long)]
    file: Option<PathBuf>,
    /// The data directory that holds officers.toml.
    #[arg(long)]
    data: Option<PathBuf>,
    /// A configuration that names it.
    #[arg(long)]
    config: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Officers(#[from] OfficersError),
    #[error("{0}")]
    Input(String),
    #[error("{0}")]
    Io(#[from] io::Error),
}

fn role(name: &str) -> Result<Role, String> {
    Role::from_name(name).ok_or_else(|| "officer, shift_supervisor or auditor is expected".to_owned())
}

impl Place {
    fn path(&self) -> Result<PathBuf, Trouble> {
        match (&self.file, &self.data, &self.config) {
            (Some(file), ..) => Ok(file.clone()),
            (None, Some(data), _) => Ok(data.join("officers.toml")),
            (None, None, Some(config)) => of_config(config),
            (None, None, None) => Ok(PathBuf::from("officers.toml")),
        }
    }
}

fn of_config(config: &std::path::Path) -> Result<PathBuf, Trouble> {
    #[derive(Deserialize, Default)]
    struct Only {
        #[serde(default)]
        http: Http,
        #[serde(default)]
        data: Data,
    }
    #[derive(Deserialize, Default)]
    struct Http {
        officers_file: Option<PathBuf>,
    }
    #[derive(Deserialize, Default)]
    struct Data {
        directory: Option<PathBuf>,
    }
    let named = |why: String| Trouble::Input(format!("{}: {why}", config.display()));
    let text = std::fs::read_to_string(config).map_err(|error| named(error.to_string()))?;
    let only: Only = toml::from_str(&text).map_err(|error| named(error.to_string()))?;
    let directory = only.data.directory.unwrap_or_else(|| PathBuf::from("/var/lib/lane-controller"));
    Ok(only.http.officers_file.unwrap_or_else(|| directory.join("officers.toml")))
}

/// Carries a command out.
#[must_use]
pub fn run(command: OfficerCommand) -> ExitCode {
    let done = match command {
        OfficerCommand::Add { name, roles, password_file, token, place } => {
            add(name, roles, password_file, token, &place)
        }
        OfficerCommand::List { place } => list(&place),
        OfficerCommand::Revoke { name, place } => revoke(&name, &place),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            let code = if matches!(trouble, Trouble::Input(_)) { EXIT_INPUT } else { EXIT_ENVIRONMENT };
            // Nobody reads standard error: the exit code still tells.
            writeln!(io::stderr().lock(), "{trouble}").ok();
            ExitCode::from(code)
        }
    }
}

fn add(
    name: String,
    roles: Vec<Role>,
    password_file: Option<PathBuf>,
    token: bool,
    place: &Place,
) -> Result<(), Trouble> {
    if name.is_empty() || name.contains(':') || name.chars().any(char::is_control) {
        return Err(Trouble::Input("a sign-in name without `:` is expected".into()));
    }
    let path = place.path()?;
    let mut file = OfficersFile::read(&path)?;
    let mut officer = Officer { name, roles, password: None, token: None, revoked: false };
    if token {
        // Two random UUIDs hold 244 random bits.
        let secret = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        officer.token = Some(hash_token(&secret));
        writeln!(io::stdout().lock(), "{secret}")?;
    } else {
        let password = match password_file {
            Some(path) => std::fs::read_to_string(path)?,
            None => io::stdin().lock().lines().next().transpose()?.unwrap_or_default(),
        };
        let password = password.trim_end_matches(['\r', '\n']);
        if password.chars().count() < PASSWORD_MIN_CHARS {
            return Err(Trouble::Input(format!("a password of at least {PASSWORD_MIN_CHARS} characters is expected")));
        }
        officer.password = Some(hash_password(password)?);
    }
    file.officer.retain(|known| known.name != officer.name);
    file.officer.push(officer);
    Ok(file.write(&path)?)
}

fn list(place: &Place) -> Result<(), Trouble> {
    let file = OfficersFile::read(&place.path()?)?;
    let mut out = io::stdout().lock();
    for officer in file.officer {
        let line = serde_json::json!({ "name": officer.name, "roles": officer.roles, "revoked": officer.revoked });
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn revoke(name: &str, place: &Place) -> Result<(), Trouble> {
    let path = place.path()?;
    let mut file = OfficersFile::read(&path)?;
    let Some(officer) = file.officer.iter_mut().find(|officer| officer.name == name) else {
        return Err(Trouble::Input(format!("there is no officer {name} in {}", path.display())));
    };
    officer.revoked = true;
    officer.password = None;
    officer.token = None;
    Ok(file.write(&path)?)
}
