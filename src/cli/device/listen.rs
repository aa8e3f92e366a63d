//! `device decode` and `device watch` of readers and portals: what they read, what they measured, and what is neither.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use super::watch::Watch;
use super::{capture, named as in_file};
use crate::device::listen::{self, ListenEvent, ListenSettings, Speaks, Telling};
use crate::model::Timestamp;
use crate::model::reader::{PortalProtocol, ReaderProtocol};
use crate::wire::radiation::{Portal, Told};
use crate::wire::reader::{self, framer};
use crate::wire::scale::hex;

/// Events that wait for the screen; a slow one loses some, the capture is written first.
const EVENTS_MAX: usize = 4_096;
/// Silence after which a portal that is watched counts as lost.
const SILENCE: Duration = Duration::from_secs(30);

/// The reader's or portal's protocol of that name.
pub(super) fn named(protocol: &str) -> Option<Speaks> {
    let reader = ReaderProtocol::NAMES.iter().find(|(name, _)| *name == protocol);
    let portal = PortalProtocol::NAMES.iter().find(|(name, _)| *name == protocol);
    let portal = portal.map(|(_, protocol)| Speaks::Radiation { protocol: *protocol, silence: SILENCE });
    reader.map(|(_, protocol)| Speaks::Document(*protocol)).or(portal)
}

/// Prints a JSON line for each thing that captured bytes say.
pub(super) fn decode(speaks: Speaks, file: Option<PathBuf>) -> io::Result<()> {
    let source: Box<dyn Read> = match &file {
        Some(path) => Box::new(File::open(path).map_err(in_file(path))?),
        None => Box::new(io::stdin()),
    };
    let mut source = capture::Reader::new(source)?;
    let mut decoder = Decoder::of(speaks);
    let mut out = io::BufWriter::new(io::stdout().lock());
    while let Some(piece) = source.next()? {
        decoder.push(&piece.bytes);
        decoder.print(&mut out)?;
    }
    decoder.end();
    decoder.print(&mut out)?;
    out.flush()
}

/// A protocol without its line: captured bytes have no clock.
enum Decoder {
    Reader(Box<dyn reader::Framer>),
    Portal(Box<Portal>),
}

impl Decoder {
    fn of(speaks: Speaks) -> Self {
        match speaks {
            Speaks::Document(protocol) => Self::Reader(framer(protocol)),
            Speaks::Radiation { protocol: PortalProtocol::RpmLines, .. } => Self::Portal(Box::default()),
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        match self {
            Self::Reader(framer) => framer.push(bytes),
            Self::Portal(portal) => portal.push(bytes, now()),
        }
    }

    fn end(&mut self) {
        match self {
            Self::Reader(framer) => framer.quiet(),
            Self::Portal(portal) => portal.interrupt(now()),
        }
    }

    fn print(&mut self, out: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Reader(framer) => {
                while let Some(read) = framer.next() {
                    writeln!(out, "{}", read_shown(&read))?;
                }
            }
            Self::Portal(portal) => {
                while let Some(told) = portal.take() {
                    if let Some(line) = told_shown(&told) {
                        writeln!(out, "{line}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn now() -> Timestamp {
    Timestamp::new(chrono::Utc::now())
}

fn read_shown(read: &reader::Read) -> Value {
    match read {
        reader::Read::Text(text) => json!({ "text": text }),
        reader::Read::Answer(bytes) => json!({ "answer": hex(bytes) }),
        reader::Read::Skipped { bytes, why } => json!({ "skipped_bytes": bytes, "why": why.as_str() }),
    }
}

/// A line that was understood is a sign of life and says nothing by itself.
fn told_shown(told: &Told) -> Option<Value> {
    match told {
        Told::Line => None,
        Told::Reading(reading, why) => Some(json!({ "radiation": reading, "why": why })),
        Told::Refused(why) => Some(json!({ "refused": why.as_str() })),
    }
}

/// Prints what comes over a line, and each second how much.
pub(super) fn watch(watch: Watch, speaks: Speaks, protocol: &str) -> io::Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(follow(watch, speaks, protocol))
}

async fn follow(watch: Watch, speaks: Speaks, protocol: &str) -> io::Result<()> {
    let what = format!("{} {protocol}", watch.port);
    let mut keep = watch.capture.as_deref().map(|path| capture::Writer::create(path, &what)).transpose()?;
    let Watch { port, baud, line, seconds: limit, .. } = watch;
    let settings = ListenSettings { port, baud, line, speaks, telling: Telling::Everything };
    let (events, mut came) = mpsc::channel(EVENTS_MAX);
    let sink = move |event| drop(events.try_send(event));
    let (stop, stopped) = oneshot::channel();
    let driver = tokio::spawn(listen::run(settings, now, sink, stopped));
    let mut seconds = tokio::time::interval(Duration::from_secs(1));
    let (mut bytes, mut ticks, mut state) = (0, 0, "listening");
    loop {
        let line = tokio::select! {
            biased;
            _ = tokio::signal::ctrl_c() => break,
            event = came.recv() => {
                let Some(event) = event else { break };
                if let ListenEvent::Received(came) = &event {
                    bytes += came.len();
                }
                if let Some(keep) = &mut keep {
                    match &event {
                        ListenEvent::Received(came) => keep.add(capture::Way::Received, came)?,
                        ListenEvent::Sent(sent) => keep.add(capture::Way::Sent, sent)?,
                        ListenEvent::Found
                        | ListenEvent::Document(_)
                        | ListenEvent::Radiation(..)
                        | ListenEvent::Duplicate
                        | ListenEvent::Refused(_)
                        | ListenEvent::Lost { .. } => {}
                    }
                }
                event_shown(event, &mut state)
            }
            _ = seconds.tick() => {
                ticks += 1;
                json!({ "state": state, "bytes": std::mem::take(&mut bytes) })
            }
        };
        writeln!(io::stdout().lock(), "{line}")?;
        if limit.is_some_and(|limit| ticks > limit) {
            break;
        }
    }
    drop(stop);
    driver.await.ok();
    Ok(())
}

fn event_shown(event: ListenEvent, state: &mut &'static str) -> Value {
    match event {
        ListenEvent::Received(bytes) => json!({ "received": hex(&bytes) }),
        ListenEvent::Sent(bytes) => json!({ "sent": hex(&bytes) }),
        ListenEvent::Document(scan) => json!({ "text": scan.reference }),
        ListenEvent::Radiation(reading, why) => json!({ "radiation": reading, "why": why }),
        ListenEvent::Duplicate => json!({ "duplicate": true }),
        ListenEvent::Refused(why) => json!({ "refused": why }),
        ListenEvent::Found => {
            *state = "found";
            json!({ "found": true })
        }
        ListenEvent::Lost { reason } => {
            *state = "lost";
            json!({ "lost": reason })
        }
    }
}
