//! An indicator on a pseudo-terminal, and a driver whose events are awaited.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lane_controller::device::scale::{Diagnosis, ScaleEvent, ScaleSettings, run};
use lane_controller::model::scale::{Dialect, DialectParts, ScalePort};
use lane_controller::model::{Timestamp, WeightReading};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::oneshot;

use super::pty;

/// Longest wait for an event.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// Silence after which a scale counts as lost here: shorter than on site.
pub(crate) const SILENCE: Duration = Duration::from_millis(400);
/// An indicator sends that often, in milliseconds.
const EVERY_MS: u8 = 40;

/// What an indicator sends by itself, and what it answers; both may change while it is plugged in.
pub(crate) type Speech = Arc<Mutex<Box<dyn FnMut(Heard<'_>) -> Vec<u8> + Send>>>;

/// What an indicator is given to act on.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Heard<'a> {
    /// Bytes that came.
    Bytes(&'a [u8]),
    /// Time to send by itself.
    Tick,
}

/// Sends a frame again and again.
pub(crate) fn streams(frame: &[u8]) -> Speech {
    let frame = frame.to_vec();
    Arc::new(Mutex::new(Box::new(move |heard| match heard {
        Heard::Tick => frame.clone(),
        Heard::Bytes(_) => vec![],
    })))
}

/// Answers requests.
pub(crate) fn answers(table: &'static [(&'static [u8], &'static [u8])]) -> Speech {
    let mut asked = Vec::new();
    Arc::new(Mutex::new(Box::new(move |heard| {
        let Heard::Bytes(bytes) = heard else { return vec![] };
        asked.extend_from_slice(bytes);
        let mut said = Vec::new();
        while let Some((request, answer)) = table.iter().find(|(request, _)| asked.starts_with(request)) {
            asked.drain(..request.len());
            said.extend_from_slice(answer);
        }
        // A request that isn't known is answered by nobody.
        if asked.len() > 64 {
            asked.clear();
        }
        said
    })))
}

/// An indicator on a pseudo-terminal; dropping it cuts the line.
pub(crate) struct Indicator {
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
    /// Keeps the far end alive, as a real port outlives its reader.
    _slave: OwnedFd,
}

impl Indicator {
    /// Plugs it in: `port` becomes a link to the pseudo-terminal.
    pub(crate) fn plug(port: &Path, speech: Speech) -> Self {
        let (line, far) = pty::plug(port);
        let stop = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let stop = Arc::clone(&stop);
            move || play(line, &speech, &stop)
        });
        Self { stop, thread: Some(thread), _slave: far }
    }
}

impl Drop for Indicator {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn play(mut line: File, speech: &Speech, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let mut ready = [PollFd::new(line.as_fd(), PollFlags::POLLIN)];
        let came = poll(&mut ready, PollTimeout::from(EVERY_MS)).expect("poll") > 0;
        let mut bytes = [0_u8; 256];
        let said = if came {
            let Ok(count) = line.read(&mut bytes) else { continue };
            speech.lock().expect("not poisoned")(Heard::Bytes(&bytes[..count]))
        } else {
            speech.lock().expect("not poisoned")(Heard::Tick)
        };
        drop(line.write_all(&said));
    }
}

/// Settings by `protocol key=value …`.
pub(crate) fn settings(port: ScalePort, speech: &str) -> ScaleSettings {
    let mut words = speech.split(' ');
    let mut parts = DialectParts { protocol: words.next().expect("a protocol"), ..DialectParts::default() };
    for word in words {
        match word.split_once('=').expect("key=value") {
            ("layout", value) => parts.layout = Some(value),
            ("checksum", value) => parts.checksum = Some(value),
            (other, _) => panic!("{other}"),
        }
    }
    let dialect = Dialect::new(&parts).expect("fits");
    ScaleSettings { silence: SILENCE, ..ScaleSettings::new(port, dialect) }
}

/// A driver at work; dropping it stops the driver.
pub(crate) struct Driver {
    events: UnboundedReceiver<ScaleEvent>,
    _stop: oneshot::Sender<()>,
}

impl Driver {
    pub(crate) fn start(settings: ScaleSettings) -> Self {
        let (events, came) = unbounded_channel();
        let (stop, stopped) = oneshot::channel();
        let sink = move |event| drop(events.send(event));
        tokio::spawn(run(settings, || Timestamp::from_unix_micros(0), sink, stopped));
        Self { events: came, _stop: stop }
    }

    pub(crate) async fn next(&mut self) -> ScaleEvent {
        let event = tokio::time::timeout(PATIENCE, self.events.recv()).await;
        event.expect("an event in time").expect("the driver runs")
    }

    /// The first event that gives an answer.
    pub(crate) async fn wait<T>(&mut self, mut wanted: impl FnMut(ScaleEvent) -> Option<T>) -> T {
        loop {
            let event = self.next().await;
            if let Some(found) = wanted(event) {
                return found;
            }
        }
    }

    pub(crate) async fn reading(&mut self) -> WeightReading {
        self.wait(|event| if let ScaleEvent::Reading(reading) = event { Some(reading) } else { None }).await
    }

    pub(crate) async fn found(&mut self) {
        self.wait(|event| (event == ScaleEvent::Found).then_some(())).await;
    }

    /// Why it was lost.
    pub(crate) async fn lost(&mut self) -> (Diagnosis, String) {
        self.wait(
            |event| {
                if let ScaleEvent::Lost { reason, diagnosis } = event { Some((diagnosis, reason)) } else { None }
            },
        )
        .await
    }

    /// Why it was lost, with no weight before.
    pub(crate) async fn lost_without_weight(&mut self) -> (Diagnosis, String) {
        self.wait(|event| {
            assert!(!matches!(event, ScaleEvent::Reading(_)), "{event:?}");
            if let ScaleEvent::Lost { reason, diagnosis } = event { Some((diagnosis, reason)) } else { None }
        })
        .await
    }

    /// Waits until the line shows this.
    pub(crate) async fn shows(&mut self, wanted: Diagnosis) {
        self.wait(|event| (event == ScaleEvent::Line(wanted)).then_some(())).await;
    }
}
