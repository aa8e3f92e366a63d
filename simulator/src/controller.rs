//! The controller as a child process: this program again, as `lane-simulator controller …`.

use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

use crate::http;
use crate::setup::Home;

/// From start to ready.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// From SIGTERM to exit; lanes are secured and the journal is synced meanwhile.
const STOPPED_WITHIN: Duration = Duration::from_secs(20);
/// A command that only reads or writes a file.
const COMMAND_WITHIN: Duration = Duration::from_secs(60);
/// Between two questions whether it is ready.
const ASKS_EVERY: Duration = Duration::from_millis(100);
/// Lines of its log shown when it fails.
const LOG_LINES_SHOWN: usize = 20;

/// What went wrong with the controller.
#[derive(Debug, thiserror::Error)]
pub enum ControllerError {
    /// It could not be started or asked.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What went wrong.
        source: io::Error,
    },
    /// It ended by itself.
    #[error("the controller ended with {status}; the end of its log:\n{log}")]
    Ended {
        /// How.
        status: ExitStatus,
        /// Its last words.
        log: String,
    },
    /// It stays unready.
    #[error("the controller is not ready after {READY_WITHIN:?}: {reason}\nthe end of its log:\n{log}")]
    NotReady {
        /// What `/health/ready` says.
        reason: String,
        /// Its last words.
        log: String,
    },
    /// It does not end.
    #[error("the controller did not end within {STOPPED_WITHIN:?} of SIGTERM and was killed")]
    Lingers,
    /// A command failed.
    #[error("`{command}` failed with {status}:\n{said}")]
    Command {
        /// Which.
        command: String,
        /// How.
        status: ExitStatus,
        /// What it printed.
        said: String,
    },
}

/// A running controller; it is killed when this is dropped.
#[derive(Debug)]
pub struct Controller {
    child: Child,
    log: PathBuf,
}

impl Controller {
    /// Starts it on the configuration of `home`.
    ///
    /// # Errors
    /// When this program can't be started again.
    pub fn start(home: &Home) -> Result<Self, ControllerError> {
        let log = home.controller_log();
        let file = File::create(&log).and_then(|file| Ok((file.try_clone()?, file)));
        let (out, err) = file.map_err(|source| ControllerError::Io { doing: "making the controller's log", source })?;
        let child = myself()?
            .arg("run")
            .arg("--config")
            .arg(home.config())
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            // Ctrl-C is for the demo, which then ends the controller in order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| ControllerError::Io { doing: "starting the controller", source })?;
        Ok(Self { child, log })
    }

    /// Waits until `/health/ready` is content.
    ///
    /// # Errors
    /// When it ends or stays unready.
    pub async fn ready(&mut self, address: SocketAddr) -> Result<(), ControllerError> {
        let since = Instant::now();
        let mut reason = "no answer".to_owned();
        while since.elapsed() < READY_WITHIN {
            self.alive()?;
            match http::get(address, "/health/ready").await {
                Ok(answer) if answer.status == 200 => return Ok(()),
                Ok(answer) => reason = format!("{} {}", answer.status, answer.body.trim()),
                Err(error) => reason = error.to_string(),
            }
            tokio::time::sleep(ASKS_EVERY).await;
        }
        Err(ControllerError::NotReady { reason, log: tail(&self.log) })
    }

    /// Whether it still runs.
    ///
    /// # Errors
    /// When it has ended.
    pub fn alive(&mut self) -> Result<(), ControllerError> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(ControllerError::Ended { status, log: tail(&self.log) }),
            Err(source) => Err(ControllerError::Io { doing: "asking whether the controller runs", source }),
        }
    }

    /// Ends it with SIGTERM and waits.
    ///
    /// # Errors
    /// When it ends with a failure or not at all.
    pub async fn stop(mut self) -> Result<(), ControllerError> {
        self.alive()?;
        let pid = self.child.id().and_then(|id| i32::try_from(id).ok());
        if let Some(pid) = pid {
            kill(Pid::from_raw(pid), Signal::SIGTERM)
                .map_err(|errno| ControllerError::Io { doing: "ending the controller", source: errno.into() })?;
        }
        match tokio::time::timeout(STOPPED_WITHIN, self.child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(ControllerError::Ended { status, log: tail(&self.log) }),
            Ok(Err(source)) => Err(ControllerError::Io { doing: "waiting for the controller", source }),
            Err(_) => Err(ControllerError::Lingers),
        }
    }
}

/// Adds an officer; the password goes in on standard input.
///
/// # Errors
/// When the command fails.
pub async fn add_officer(home: &Home, name: &str, role: &str, password: &str) -> Result<(), ControllerError> {
    let officers = home.officers();
    let args = ["officer", "add", name, "--role", role, "--file"];
    command(&args, &officers, &format!("{password}\n")).await.map(drop)
}

/// Verifies the journal; returns the command's verdict.
///
/// # Errors
/// When the journal is not clean.
pub async fn verify_journal(home: &Home) -> Result<String, ControllerError> {
    command(&["journal", "verify", "--data"], &home.data(), "").await
}

async fn command(args: &[&str], path: &Path, input: &str) -> Result<String, ControllerError> {
    let failed = |source| ControllerError::Io { doing: "running a command of the controller", source };
    let mut child = myself()?
        .args(args)
        .arg(path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        // A command that doesn't read its input has closed it: its exit code tells.
        drop(stdin.write_all(input.as_bytes()).await);
    }
    let output = tokio::time::timeout(COMMAND_WITHIN, child.wait_with_output()).await;
    let output = output.map_err(|_| failed(io::ErrorKind::TimedOut.into()))?.map_err(failed)?;
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
    if output.status.success() {
        return Ok(said.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n"));
    }
    let command = format!("lane-controller {} {}", args.join(" "), path.display());
    Err(ControllerError::Command { command, status: output.status, said: said.join("\n").trim().to_owned() })
}

/// This program as the controller.
fn myself() -> Result<Command, ControllerError> {
    let program = std::env::current_exe()
        .map_err(|source| ControllerError::Io { doing: "finding this program's own file", source })?;
    let mut command = Command::new(program);
    command.arg("controller");
    Ok(command)
}

fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_else(|error| format!("(no log: {error})"));
    let lines: Vec<&str> = text.lines().collect();
    lines.get(lines.len().saturating_sub(LOG_LINES_SHOWN)..).unwrap_or_default().join("\n")
}
