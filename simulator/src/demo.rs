//! `lane-simulator demo`: everything in one process tree, and a judgement at the end.
//!
//! ```text
//!  broker ─ fields (lanes' devices) ─ single window, RMS, observer      in this process
//!     └──── controller (child) ◀─ HTTP ─ officers
//!  then: traffic ─▶ vacant lanes ─▶ metrics ─▶ SIGTERM ─▶ journal verify ─▶ verdict
//! ```

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::broker::{Broker, BrokerError};
use crate::controller::{self, Controller, ControllerError};
use crate::field::{Field, FieldError, Place};
use crate::http::{self, Credentials, HttpError};
use crate::lane::{Lane, LaneError, Pace};
use crate::ledger::Ledger;
use crate::link::LinkError;
use crate::observer::Observer;
use crate::officer::{self, Desk};
use crate::rms::Rms;
use crate::setup::{Home, INSPECTOR, LANES, SITE, SUPERVISOR, SetupError};
use crate::single_window::{SingleWindow, SubmitError};
use crate::summary::{self, Counts, Verdict};
use crate::table::{Drawing, Table};
use crate::traffic::Traffic;

/// How often the table is drawn and the controller looked after.
const TICK: Duration = Duration::from_millis(250);
/// The last events arrive sooner after the last truck.
const EVENTS_WITHIN: Duration = Duration::from_secs(10);
/// An arm's way, in life.
const ARM_TRAVELS_MS: u64 = 1_000;
/// Breaches beyond that stop the traffic: what follows from the first ones would hide them.
const BREACHES_BORNE_MAX: usize = 20;
/// Where the controller's API listens unless it is told otherwise.
pub const HTTP_DEFAULT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9750);

/// What is asked of the demo.
#[derive(Debug, Clone)]
pub struct Options {
    /// Vehicles in all, shared out among the lanes; `None`: until Ctrl-C.
    pub passages: Option<u32>,
    /// Names the traffic.
    pub seed: u64,
    /// Lanes, 1 to 4.
    pub lanes: usize,
    /// How many times faster than in life.
    pub speed: f64,
    /// Keeps journal, configuration and logs there.
    pub keep: Option<PathBuf>,
    /// Lines, not a table.
    pub plain: bool,
    /// Where the API listens; a free port is taken when this one isn't.
    pub http: SocketAddr,
}

/// What keeps the demo from a judgement.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each is the error of the part that it is named after")]
pub enum DemoError {
    #[error(transparent)]
    Broker(#[from] BrokerError),
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error(transparent)]
    Field(#[from] FieldError),
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error(transparent)]
    Controller(#[from] ControllerError),
    #[error(transparent)]
    Submit(#[from] SubmitError),
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error("standard output: {0}")]
    Output(#[from] io::Error),
    #[error("interrupted twice: the lanes were left as they were, nothing was judged")]
    Interrupted,
}

/// Runs the demo to its verdict.
///
/// # Errors
/// When the environment or the controller keeps it from one.
pub async fn run(options: Options) -> Result<Verdict, DemoError> {
    let home = Home::make(options.keep.as_deref())?;
    log_to(&home)?;
    let broker = Broker::start().await?;
    let world = World::put_up(broker.port(), &options).await?;
    let address = free(options.http)?;
    let ports: Vec<PathBuf> = world.fields.iter().map(|field| field.serial_port().to_owned()).collect();
    home.write_config(broker.port(), address, &ports)?;
    for (name, role, password) in [INSPECTOR, SUPERVISOR] {
        controller::add_officer(&home, name, role, password).await?;
    }
    let mut controller = Controller::start(&home)?;
    controller.ready(address).await?;
    world.window.submit_parties().await?;
    announce(&options, &home, &broker, address)?;
    traffic(&options, &world, address, &mut controller).await?;
    let metrics = settle(&world.ledger, address).await?;
    let stopped = controller.stop().await;
    let journal = controller::verify_journal(&home).await;
    conclude(&world.ledger, metrics, stopped, journal)
}

/// What the traffic needs.
struct World {
    names: Vec<String>,
    fields: Vec<Arc<Field>>,
    window: Arc<SingleWindow>,
    rms: Arc<Rms>,
    observer: Observer,
    ledger: Ledger,
    pace: Pace,
}

impl World {
    /// Puts everything up around the controller.
    async fn put_up(port: u16, options: &Options) -> Result<Self, DemoError> {
        let ledger = Ledger::default();
        let pace = Pace::new(options.speed);
        let names: Vec<String> = LANES.iter().take(options.lanes).map(|(name, _)| (*name).to_owned()).collect();
        let window = Arc::new(SingleWindow::open(port, SITE).await?);
        let rms = Arc::new(Rms::open(port, SITE, ledger.clone()).await?);
        let observer = Observer::listen(port, SITE, &names, ledger.clone()).await?;
        let mut fields = Vec::new();
        for lane in &names {
            let place = Place { port, site: SITE.to_owned(), lane: lane.clone() };
            fields.push(Arc::new(Field::put_up(place, pace.takes(ARM_TRAVELS_MS), ledger.clone()).await?));
        }
        Ok(Self { names, fields, window, rms, observer, ledger, pace })
    }

    /// Starts the trucks of every lane; a lane that fails leaves the others to their end.
    fn send(&self, options: &Options, stopping: &watch::Receiver<bool>) -> JoinSet<Result<(), LaneError>> {
        let mut lanes = JoinSet::new();
        let shares = shares(options.passages, self.names.len());
        let numbered = (1_u32..).zip(LANES).zip(&self.names).zip(&self.fields).zip(shares);
        for ((((number, (_, direction)), name), field), share) in numbered {
            let Some(view) = self.observer.views().get(name).cloned() else { continue };
            let lane = Lane {
                name: name.clone(),
                field: Arc::clone(field),
                view,
                window: Arc::clone(&self.window),
                rms: Arc::clone(&self.rms),
                ledger: self.ledger.clone(),
                pace: self.pace,
            };
            lanes.spawn(lane.run(Traffic::new(options.seed, number, direction), share, stopping.clone()));
        }
        lanes
    }

    /// Puts the officers on duty; they leave it when this is dropped.
    fn officers(&self, address: SocketAddr) -> JoinSet<()> {
        let desk = Desk { address, inspector: credentials(INSPECTOR), supervisor: credentials(SUPERVISOR) };
        let mut officers = JoinSet::new();
        for (lane, view) in self.observer.views() {
            let (desk, lane, view) = (desk.clone(), lane.clone(), view.clone());
            officers.spawn(officer::attend(desk, lane, view, self.ledger.clone(), self.pace));
        }
        officers
    }

    fn passed(&self) -> usize {
        self.ledger.pages().trucks.iter().filter(|truck| truck.left.is_some()).count()
    }
}

/// Sends the traffic through, draws the table and looks after the controller. Returns when every lane has ended:
/// vacant, or failed, which is a breach in the book.
async fn traffic(
    options: &Options,
    world: &World,
    address: SocketAddr,
    controller: &mut Controller,
) -> Result<(), DemoError> {
    let (stop, stopping) = watch::channel(false);
    let _officers = world.officers(address);
    let mut lanes = world.send(options, &stopping);
    let mut table = Table::new(Drawing::of_stdout(options.plain));
    let mut tick = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            ended = lanes.join_next() => match ended {
                None => return Ok(()),
                Some(Ok(Ok(()))) => {}
                Some(Ok(Err(failure))) => world.ledger.breach(failure.to_string()),
                Some(Err(failure)) => world.ledger.breach(format!("the traffic of a lane broke off: {failure}")),
            },
            _ = tick.tick() => {}
            pressed = tokio::signal::ctrl_c() => {
                pressed?;
                if stop.send_replace(true) {
                    return Err(DemoError::Interrupted);
                }
            }
        }
        table.draw(world.observer.views(), world.passed(), &mut io::stdout().lock())?;
        controller.alive()?;
        if world.ledger.pages().breaches.len() > BREACHES_BORNE_MAX {
            stop.send_if_modified(|stop| !std::mem::replace(stop, true));
        }
    }
}

/// Waits for the last events, then takes the controller's own counts.
async fn settle(ledger: &Ledger, address: SocketAddr) -> Result<Result<Counts, String>, DemoError> {
    let since = Instant::now();
    while since.elapsed() < EVENTS_WITHIN {
        if all_completed(ledger) {
            break;
        }
        tokio::time::sleep(TICK).await;
    }
    let answer = http::get(address, "/metrics").await?;
    Ok(if answer.status == 200 {
        summary::passages_in(&answer.body)
    } else {
        Err(format!("/metrics answered {}", answer.status))
    })
}

fn all_completed(ledger: &Ledger) -> bool {
    let pages = ledger.pages();
    pages.completed.len() >= pages.trucks.len()
}

/// Prints what was found, and judges it.
fn conclude(
    ledger: &Ledger,
    metrics: Result<Counts, String>,
    stopped: Result<(), ControllerError>,
    journal: Result<String, ControllerError>,
) -> Result<Verdict, DemoError> {
    let pages = ledger.pages();
    let mut verdict = match metrics {
        Ok(counts) => summary::judge(&pages, &counts),
        Err(unread) => {
            let mut verdict = summary::judge(&pages, &Counts::new());
            verdict.complaints.insert(0, unread);
            verdict
        }
    };
    verdict.complaints.extend(stopped.err().map(|error| error.to_string()));
    let mut out = io::stdout().lock();
    write!(out, "\n{}", summary::tables(&pages))?;
    match journal {
        Ok(said) => writeln!(out, "journal verify: {said}")?,
        Err(error) => verdict.complaints.push(error.to_string()),
    }
    if verdict.complaints.is_empty() {
        writeln!(out, "PASSED: book, metrics and events agree on {} vehicles", pages.trucks.len())?;
    } else {
        writeln!(out, "FAILED:")?;
        for complaint in &verdict.complaints {
            writeln!(out, "  - {complaint}")?;
        }
    }
    Ok(verdict)
}

fn announce(options: &Options, home: &Home, broker: &Broker, address: SocketAddr) -> Result<(), DemoError> {
    let mut out = io::stdout().lock();
    writeln!(out, "traffic  seed {} at {} times the pace of life", options.seed, options.speed)?;
    writeln!(out, "metrics  http://{address}/metrics")?;
    writeln!(out, "API      http://{address}/api/v1/lanes")?;
    writeln!(out, "broker   mqtt://127.0.0.1:{} (bcp/{SITE}/#)", broker.port())?;
    for (name, role, password) in [INSPECTOR, SUPERVISOR] {
        writeln!(out, "officer  {name} ({role}), password {password}")?;
    }
    if options.keep.is_some() {
        writeln!(out, "kept in  {}", home.root().display())?;
    }
    writeln!(out)?;
    Ok(())
}

/// `wanted`, or a free port of the same address when it is taken.
fn free(wanted: SocketAddr) -> io::Result<SocketAddr> {
    let bound = TcpListener::bind(wanted).or_else(|_| TcpListener::bind(SocketAddr::new(wanted.ip(), 0)))?;
    bound.local_addr()
}

/// The vehicles of each lane: the first lanes take what doesn't divide.
fn shares(passages: Option<u32>, lanes: usize) -> Vec<Option<u32>> {
    let among = u32::try_from(lanes.max(1)).unwrap_or(1);
    (0..among).map(|lane| passages.map(|all| all / among + u32::from(lane < all % among))).collect()
}

fn credentials((name, _, password): (&str, &str, &str)) -> Credentials {
    Credentials { name: name.to_owned(), password: password.to_owned() }
}

/// The simulator's own log goes to a file: the terminal is the table's.
fn log_to(home: &Home) -> Result<(), DemoError> {
    let file = std::fs::File::create(home.simulator_log())?;
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("lane_simulator=info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(Mutex::new(file));
    if log.try_init().is_err() {
        // A test that runs two demos in one process keeps the first one's log.
        tracing::debug!("a log is set already");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vehicles_are_shared_out_whole_and_the_same_way_each_time() {
        assert_eq!(shares(Some(10), 4), [Some(3), Some(3), Some(2), Some(2)]);
        assert_eq!(shares(Some(1), 3), [Some(1), Some(0), Some(0)]);
        assert_eq!(shares(None, 2), [None, None]);
    }

    #[test]
    fn a_taken_port_is_replaced_by_a_free_one() {
        let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
        let wanted = taken.local_addr().expect("an address");
        let found = free(wanted).expect("a free one");
        assert_ne!(found.port(), wanted.port());
        drop(taken);
        assert_eq!(free(wanted).expect("free again"), wanted);
    }
}
