//! The HTTP listener (floor F5): health, metrics, lanes, events, the journal's head, officers' orders and
//! what their inspections found, plate readers that push.
//!
//! The default is loopback; a proxy that speaks TLS stands before it for anything else. Reads need no sign-in there,
//! orders always do, and cameras by their own secret or network. What it does not do: decide on orders; the lane does.

mod attempts;
mod book;
pub mod ingest;
mod lanes;
pub mod officers;
mod orders;
mod outcome;
mod reply;
mod sign_in;
mod stale;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use metrics_exporter_prometheus::PrometheusHandle;

use crate::actor::board::Board;
use crate::actor::{PassageReader, Recorder};
use crate::model::Now;
use officers::Officers;

/// Largest request body, bytes.
const BODY_MAX_BYTES: usize = 64 * 1024;

/// Reads the clocks.
pub type Clock = Arc<dyn Fn() -> Now + Send + Sync>;

/// What handlers share.
#[derive(Clone)]
pub struct WebState {
    board: Board,
    metrics: PrometheusHandle,
    officers: Arc<Officers>,
    orders: Arc<book::Book>,
    streams: Arc<tokio::sync::Semaphore>,
    clock: Clock,
    passages: PassageReader,
    recorder: Recorder,
    /// Outcomes are taken one after the other, so that each sees the one before.
    outcomes: Arc<tokio::sync::Mutex<()>>,
    ingest: ingest::Shared,
}

impl WebState {
    /// State for a site's listener.
    #[must_use]
    pub fn new(
        board: Board,
        metrics: PrometheusHandle,
        officers_file: PathBuf,
        clock: Clock,
        passages: PassageReader,
        recorder: Recorder,
        ingest: ingest::Ingest,
    ) -> Self {
        Self {
            board,
            metrics,
            officers: Arc::new(Officers::new(officers_file)),
            orders: Arc::default(),
            streams: Arc::new(tokio::sync::Semaphore::new(lanes::STREAMS_MAX)),
            clock,
            passages,
            recorder,
            outcomes: Arc::default(),
            ingest: Arc::new(ingest),
        }
    }
}

/// All routes.
pub fn router(state: WebState) -> Router {
    Router::new()
        .route("/metrics", get(lanes::metrics))
        .route("/health/live", get(lanes::live))
        .route("/health/ready", get(lanes::ready))
        .route("/api/v1/lanes", get(lanes::all))
        .route("/api/v1/lanes/{lane}", get(lanes::one))
        .route("/api/v1/lanes/{lane}/orders", post(orders::take))
        .route("/api/v1/passages/{passage}", get(lanes::passage))
        .route("/api/v1/passages/{passage}/outcome", post(outcome::take))
        .route("/api/v1/journal/head", get(lanes::journal_head))
        .route("/api/v1/events", get(lanes::events))
        .route("/ingest/v1/{lane}/{camera}", post(ingest::push))
        // Cameras that put a path of their own behind the one they are given.
        .route("/ingest/v1/{lane}/{camera}/{*rest}", post(ingest::push))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .with_state(state)
}

/// Serves until `shutdown` is done.
pub async fn serve(
    listener: tokio::net::TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    if let Err(error) = axum::serve(listener, service).with_graceful_shutdown(shutdown).await {
        tracing::error!(%error, "the HTTP listener ended");
    }
}
