//! The `lane-simulator` program: the command line; everything else is in the library.

use std::ffi::OsString;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use lane_simulator::chaos::{Plan, Proxy};
use lane_simulator::demo::{self, DemoError, HTTP_DEFAULT, Options};
use lane_simulator::devices::{self, Device, DeviceError};

/// The check failed.
const CHECK_FAILED: u8 = 1;
/// What was asked for makes no sense.
const USAGE: u8 = 2;
/// The environment failed.
const ENVIRONMENT_FAILED: u8 = 3;

/// Drives lane-controller with simulated devices, traders, risk management and officers.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs a whole site in one process tree on an embedded broker, and judges the controller at the end.
    Demo(Demo),
    /// Runs one simulated device, for whoever integrates one.
    #[command(subcommand)]
    Devices(Device),
    /// Stands between an MQTT client and its broker, and makes the trouble that networks and brokers make.
    Chaos(Chaos),
    /// Runs the controller itself: the demo starts its child this way.
    #[command(hide = true, disable_help_flag = true)]
    Controller {
        /// What `lane-controller` takes.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
}

#[derive(Debug, clap::Args)]
struct Demo {
    /// Vehicles in all, shared out among the lanes [default: until Ctrl-C]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    passages: Option<u32>,
    /// Names the traffic: the same seed sends the same trucks down each lane
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Lanes to run
    #[arg(long, value_name = "1..=4", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=4))]
    lanes: u8,
    /// How many times faster than in life trucks, arms and people move
    #[arg(long, value_name = "X", default_value_t = 4.0, value_parser = speed)]
    speed: f64,
    /// Keep configuration, journal and logs in this empty directory
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Lines instead of a table that is drawn in place
    #[arg(long)]
    plain: bool,
    /// Where the controller's API listens; a free port is taken when this one is not free
    #[arg(long, value_name = "127.0.0.1:PORT", default_value_t = HTTP_DEFAULT)]
    http: SocketAddr,
}

#[derive(Debug, clap::Args)]
struct Chaos {
    /// Where clients connect to
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:1884")]
    listen: SocketAddr,
    /// The broker
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:1883")]
    broker: SocketAddr,
    /// The same seed makes the same trouble for the same packets
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Rates in 100,000 packets; behind the colon the longest stall in milliseconds
    #[arg(long, value_name = "PLAN", default_value = "cut=20,double=500,stall=50:2000,half-open=2")]
    plan: Plan,
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if (0.1..=100.0).contains(&speed) => Ok(speed),
        Ok(_) | Err(_) => Err("a number from 0.1 to 100 is expected".to_owned()),
    }
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Controller { args } => {
            lane_controller::cli::main_from(std::iter::once(OsString::from("lane-controller")).chain(args))
        }
        Command::Demo(demo) => run(demo),
        Command::Devices(device) => run_device(&device),
        Command::Chaos(chaos) => run_chaos(&chaos),
    }
}

fn run(demo: Demo) -> ExitCode {
    let options = Options {
        passages: demo.passages,
        seed: demo.seed,
        lanes: usize::from(demo.lanes),
        speed: demo.speed,
        keep: demo.keep,
        plain: demo.plain,
        http: demo.http,
    };
    let result = tokio::runtime::Runtime::new()
        .map_err(DemoError::from)
        .and_then(|runtime| runtime.block_on(demo::run(options)));
    match result {
        Ok(verdict) if verdict.complaints.is_empty() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(CHECK_FAILED),
        Err(error) => {
            // With standard error closed there is nobody to tell; the exit code still does.
            drop(writeln!(io::stderr().lock(), "lane-simulator: {error}"));
            ExitCode::from(ENVIRONMENT_FAILED)
        }
    }
}

/// Carries and troubles until it is told to end; says every few seconds what it did.
fn run_chaos(chaos: &Chaos) -> ExitCode {
    const SAY_EVERY: Duration = Duration::from_secs(5);
    let running = tokio::runtime::Runtime::new().and_then(|runtime| {
        runtime.block_on(async {
            let proxy = Proxy::start(chaos.listen, chaos.broker, chaos.seed, chaos.plan).await?;
            let mut out = io::stdout();
            writeln!(out, "listens on {}, carries to {}, {}", proxy.address(), chaos.broker, chaos.plan)?;
            loop {
                tokio::select! {
                    end = tokio::signal::ctrl_c() => return end,
                    () = tokio::time::sleep(SAY_EVERY) => {}
                }
                let count = proxy.count();
                writeln!(
                    out,
                    "{} connections, {} packets up, {} down, {} cuts, {} doubled, {} stalls, {} silences",
                    count.accepted.len(),
                    count.packets[0],
                    count.packets[1],
                    count.cut,
                    count.doubled,
                    count.stalled,
                    count.silences,
                )?;
            }
        })
    });
    let Err(error) = running else { return ExitCode::SUCCESS };
    drop(writeln!(io::stderr().lock(), "lane-simulator: {error}"));
    ExitCode::from(ENVIRONMENT_FAILED)
}

fn run_device(device: &Device) -> ExitCode {
    let Err(error) = devices::run(device) else { return ExitCode::SUCCESS };
    drop(writeln!(io::stderr().lock(), "lane-simulator: {error}"));
    ExitCode::from(match error {
        DeviceError::Refused(_) => CHECK_FAILED,
        DeviceError::Asked(_) => USAGE,
        DeviceError::Io { .. } => ENVIRONMENT_FAILED,
    })
}
