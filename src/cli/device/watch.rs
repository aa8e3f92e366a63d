//! `device watch`: what comes over a line, what it means, and each second what the line shows.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use super::{capture, show};
use crate::device::scale::{self, Diagnosis, ScaleEvent, ScaleSettings, Telling};
use crate::model::Timestamp;
use crate::model::scale::{Dialect, LineFormat, ScalePort};
use crate::wire::scale::{Decoded, hex};

/// Events that wait for the screen; a slow one loses some, the capture is written first.
const EVENTS_MAX: usize = 4_096;

/// What to watch.
pub(super) struct Watch {
    pub(super) port: ScalePort,
    pub(super) baud: u32,
    pub(super) line: LineFormat,
    pub(super) capture: Option<PathBuf>,
    pub(super) seconds: Option<u64>,
}

/// What came since the last second.
#[derive(Default)]
struct Second {
    bytes: usize,
    frames: usize,
    skipped_bytes: usize,
}

pub(super) fn run(watch: Watch, dialect: Dialect) -> io::Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(read(watch, dialect))
}

async fn read(watch: Watch, dialect: Dialect) -> io::Result<()> {
    let what = format!("{} {}", watch.port, dialect.protocol());
    let mut keep = watch.capture.as_deref().map(|path| capture::Writer::create(path, &what)).transpose()?;
    let settings = ScaleSettings {
        baud: watch.baud,
        line: watch.line,
        telling: Telling::Everything,
        ..ScaleSettings::new(watch.port, dialect)
    };
    let (events, mut came) = mpsc::channel(EVENTS_MAX);
    let sink = move |event| drop(events.try_send(event));
    let (stop, stopped) = oneshot::channel();
    let driver = tokio::spawn(scale::run(settings, || Timestamp::new(chrono::Utc::now()), sink, stopped));
    let mut seconds = tokio::time::interval(Duration::from_secs(1));
    let mut second = Second::default();
    let mut diagnosis = Diagnosis::Listening;
    let mut ticks = 0;
    loop {
        let line = tokio::select! {
            biased;
            _ = tokio::signal::ctrl_c() => break,
            event = came.recv() => match event {
                Some(event) => told(event, &mut keep, &mut second, &mut diagnosis)?,
                None => break,
            },
            _ = seconds.tick() => {
                ticks += 1;
                let Second { bytes, frames, skipped_bytes } = std::mem::take(&mut second);
                Some(json!({
                    "diagnosis": diagnosis.as_str(), "advice": diagnosis.advice(),
                    "bytes": bytes, "frames": frames, "skipped_bytes": skipped_bytes,
                }))
            }
        };
        if let Some(line) = line {
            writeln!(io::stdout().lock(), "{line}")?;
        }
        if watch.seconds.is_some_and(|limit| ticks > limit) {
            break;
        }
    }
    drop(stop);
    driver.await.ok();
    Ok(())
}

/// The line that an event prints, if any.
fn told(
    event: ScaleEvent,
    keep: &mut Option<capture::Writer>,
    second: &mut Second,
    diagnosis: &mut Diagnosis,
) -> io::Result<Option<Value>> {
    Ok(match event {
        ScaleEvent::Received(bytes) => {
            second.bytes += bytes.len();
            if let Some(keep) = keep {
                keep.add(capture::Way::Received, &bytes)?;
            }
            Some(json!({ "received": hex(&bytes) }))
        }
        ScaleEvent::Sent(bytes) => {
            if let Some(keep) = keep {
                keep.add(capture::Way::Sent, &bytes)?;
            }
            Some(json!({ "sent": hex(&bytes) }))
        }
        ScaleEvent::Decoded(found) => {
            match &found {
                Decoded::Frame(_) => second.frames += 1,
                Decoded::Skipped { bytes, .. } => second.skipped_bytes += bytes.len(),
                Decoded::Settings(_) | Decoded::Reply(_) => {}
            }
            Some(show::shown(&found))
        }
        ScaleEvent::Reading(reading) => Some(json!({ "reading": reading })),
        ScaleEvent::Lost { reason, .. } => Some(json!({ "lost": reason })),
        ScaleEvent::Line(shown) => {
            *diagnosis = shown;
            None
        }
        ScaleEvent::Found | ScaleEvent::Unusable { .. } | ScaleEvent::Garbled { .. } => None,
    })
}
