//! `run`: the lanes of a site, until a signal says stop.

use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use super::{EXIT_ENVIRONMENT, check};
use crate::actor::{self, Running};
use crate::config::Config;
use crate::{metrics, web};

/// How long the HTTP listener may take to finish its answers.
const HTTP_STOP_WITHIN: Duration = Duration::from_secs(2);
/// How often histograms are compacted.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

pub(super) fn run(config: &Path) -> ExitCode {
    let config = match check::load(config) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    start_log();
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "the runtime could not be started");
            return ExitCode::from(EXIT_ENVIRONMENT);
        }
    };
    match runtime.block_on(serve(config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::from(EXIT_ENVIRONMENT)
        }
    }
}

/// Lines for people on a terminal, JSON elsewhere. `LANE_CONTROLLER_LOG` sets the level.
fn start_log() {
    let filter = EnvFilter::try_from_env("LANE_CONTROLLER_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if std::io::stderr().is_terminal() { log.try_init() } else { log.json().try_init() };
    // A log that is already there (a program that embeds this one) is kept.
    drop(started);
}

#[derive(Debug, thiserror::Error)]
enum ServeError {
    #[error("metrics could not be installed: {0}")]
    Metrics(String),
    #[error("cannot listen on {listen}: {source}; choose another address in [http] listen")]
    Listen { listen: std::net::SocketAddr, source: std::io::Error },
    #[error("signals can not be received: {0}")]
    Signals(std::io::Error),
    #[error(transparent)]
    Site(#[from] actor::RunError),
    #[error(transparent)]
    Secret(#[from] web::ingest::SecretError),
    #[error("the site ended: {0}")]
    Ended(String),
}

async fn serve(config: Config) -> Result<(), ServeError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(ServeError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(ServeError::Signals)?;
    let prometheus = metrics::install().map_err(|error| ServeError::Metrics(error.to_string()))?;
    let listen = config.http.listen;
    let listener =
        tokio::net::TcpListener::bind(listen).await.map_err(|source| ServeError::Listen { listen, source })?;
    let doors = web::ingest::Doors::open(&config)?;
    let running = actor::start(&config).await?;
    let (stop_http, http_stopped) = tokio::sync::oneshot::channel::<()>();
    let ingest = web::ingest::Ingest::new(doors, running.intake());
    let state = web_state(&config, &running, ingest, prometheus.clone());
    let http = tokio::spawn(web::serve(listener, web::router(state), async move {
        http_stopped.await.ok();
    }));
    notify_ready(&config);
    let watchdog = tokio::spawn(feed_watchdog(running.pulse()));
    let mut upkeep = tokio::time::interval(UPKEEP_EVERY);
    let outcome = loop {
        tokio::select! {
            _ = terminate.recv() => break Ok(()),
            _ = interrupt.recv() => break Ok(()),
            why = running.failed() => break Err(ServeError::Ended(why)),
            _ = upkeep.tick() => prometheus.run_upkeep(),
        }
    };
    sd_notify::notify(&[sd_notify::NotifyState::Stopping]).ok();
    watchdog.abort();
    running.stop().await;
    drop(stop_http);
    tokio::time::timeout(HTTP_STOP_WITHIN, http).await.ok();
    outcome
}

fn web_state(
    config: &Config,
    running: &Running,
    ingest: web::ingest::Ingest,
    prometheus: metrics_exporter_prometheus::PrometheusHandle,
) -> web::WebState {
    let clock = running.clock();
    web::WebState::new(
        running.board(),
        prometheus,
        config.http.officers_file.clone(),
        std::sync::Arc::new(move || clock.now()),
        running.passage_reader(),
        running.recorder(),
        ingest,
    )
}

fn notify_ready(config: &Config) {
    tracing::info!(site = %config.site.id, listen = %config.http.listen, lanes = config.lanes.len(), "running");
    // Not started by systemd: nobody to tell.
    sd_notify::notify(&[sd_notify::NotifyState::Ready]).ok();
}

/// Feeds systemd's watchdog only while every lane answers.
async fn feed_watchdog(pulse: actor::Pulse) {
    let Some(period) = sd_notify::watchdog_enabled() else { return };
    let mut beat = tokio::time::interval(period / 2);
    loop {
        beat.tick().await;
        if pulse.beats().await {
            sd_notify::notify(&[sd_notify::NotifyState::Watchdog]).ok();
        } else {
            tracing::error!("a lane does not answer; the watchdog is not fed");
        }
    }
}
