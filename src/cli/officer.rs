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
        /// Give a revoked officer the right again.
        #[arg(long)]
        reinstate: bool,
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
        OfficerCommand::Add { name, roles, password_file, token, reinstate, place } => {
            let secret = if token { Secret::Token } else { Secret::Password(password_file) };
            let revoked = if reinstate { Revoked::Reinstated } else { Revoked::Refused };
            add(name, roles, secret, revoked, &place)
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

/// How the officer will sign in.
enum Secret {
    /// By a password; from standard input when no file is named.
    Password(Option<PathBuf>),
    /// By a token that is made and printed once.
    Token,
}

/// What becomes of a name whose right was taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Revoked {
    Refused,
    Reinstated,
}

fn add(name: String, roles: Vec<Role>, secret: Secret, revoked: Revoked, place: &Place) -> Result<(), Trouble> {
    if name.is_empty() || name.contains(':') || name.chars().any(char::is_control) {
        return Err(Trouble::Input("a sign-in name without `:` is expected".into()));
    }
    let path = place.path()?;
    // Before anybody types a password; it is looked at again under the lock.
    may_add(&OfficersFile::read(&path)?, &name, revoked)?;
    let mut officer = Officer { name, roles, password: None, token: None, revoked: false };
    let mut made = None;
    match secret {
        Secret::Token => {
            // Two random UUIDs hold 244 random bits.
            let token = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
            officer.token = Some(hash_token(&token));
            made = Some(token);
        }
        Secret::Password(file) => officer.password = Some(hash_password(&password(file)?)?),
    }
    let name = officer.name.clone();
    let mut back = false;
    OfficersFile::edit(&path, |file| {
        back = may_add(file, &officer.name, revoked)?;
        file.officer.retain(|known| known.name != officer.name);
        file.officer.push(officer);
        Ok::<(), Trouble>(())
    })?;
    if back {
        writeln!(io::stderr().lock(), "{name} was revoked and is reinstated")?;
    }
    if let Some(token) = made {
        writeln!(io::stdout().lock(), "{token}")?;
    }
    Ok(())
}

/// Whether the name is one of a revoked officer; without `--reinstate` that is refused.
fn may_add(file: &OfficersFile, name: &str, revoked: Revoked) -> Result<bool, Trouble> {
    let known = file.officer.iter().any(|known| known.name == name && known.revoked);
    if known && revoked == Revoked::Refused {
        let message = format!("{name} was an officer and was revoked; --reinstate gives the right again");
        return Err(Trouble::Input(message));
    }
    Ok(known)
}

fn password(file: Option<PathBuf>) -> Result<String, Trouble> {
    let password = match file {
        Some(path) => std::fs::read_to_string(path)?,
        None => io::stdin().lock().lines().next().transpose()?.unwrap_or_default(),
    };
    let password = password.trim_end_matches(['\r', '\n']);
    if password.chars().count() < PASSWORD_MIN_CHARS {
        return Err(Trouble::Input(format!("a password of at least {PASSWORD_MIN_CHARS} characters is expected")));
    }
    Ok(password.to_owned())
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
    OfficersFile::edit(&path, |file| {
        let Some(officer) = file.officer.iter_mut().find(|officer| officer.name == name) else {
            return Err(Trouble::Input(format!("there is no officer {name} in {}", path.display())));
        };
        officer.revoked = true;
        officer.password = None;
        officer.token = None;
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revoked_name_is_not_an_officer_again_by_mistake() {
        let directory = tempfile::tempdir().expect("a directory");
        let place = Place { file: Some(directory.path().join("officers.toml")), data: None, config: None };
        let again = |revoked| add("aigul".into(), vec![Role::Officer], Secret::Token, revoked, &place);
        assert!(again(Revoked::Refused).is_ok() && again(Revoked::Refused).is_ok(), "another token for a known name");
        assert!(revoke("aigul", &place).is_ok());
        let is_revoked = || OfficersFile::read(&place.path().expect("a path")).expect("read").officer[0].revoked;
        assert!(matches!(again(Revoked::Refused), Err(Trouble::Input(why)) if why.contains("--reinstate")));
        assert!(is_revoked());
        assert!(again(Revoked::Reinstated).is_ok());
        assert!(!is_revoked());
        assert!(matches!(revoke("nobody", &place), Err(Trouble::Input(_))));
    }

    #[test]
    fn editors_at_once_lose_no_edit() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("officers.toml");
        std::thread::scope(|scope| {
            for number in 0..8 {
                let place = Place { file: Some(path.clone()), data: None, config: None };
                scope.spawn(move || {
                    for round in 0..4 {
                        let name = format!("{number}-{round}");
                        assert!(add(name, vec![Role::Officer], Secret::Token, Revoked::Refused, &place).is_ok());
                    }
                });
            }
        });
        assert_eq!(OfficersFile::read(&path).expect("read").officer.len(), 32);
    }
}
