//! Document readers and radiation portals, on serial lines or with messages of their own.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Deserialize;

use super::check::Faults;
use super::duration::Text;
use super::relay::{RawPortalInputs, RawPortalRole, RelayWiring, wire_portal};
use super::sensors::{care, need};
use super::{Portal, PortalWay, Reader, ReaderLine};
use crate::model::reader::{PortalProtocol, ReaderProtocol};
use crate::model::scale::{LineFormat, ScalePort};
use crate::model::{BarrierPlace, Care, DeviceName, LoopPlace, Need};

const BAUD_DEFAULT: u32 = 9_600;
/// A portal tells its background every few seconds.
const SILENCE_DEFAULT: Duration = Duration::from_secs(30);

#[derive(Debug, Deserialize)]
pub(super) struct RawReader {
    pub(super) name: DeviceName,
    pub(super) driver: Option<String>,
    pub(super) port: Option<String>,
    pub(super) baud: Option<u32>,
    pub(super) line: Option<String>,
    pub(super) protocol: Option<String>,
    pub(super) silence: Option<Text>,
    pub(super) required: Option<bool>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawPortal {
    pub(super) name: DeviceName,
    pub(super) driver: String,
    pub(super) port: Option<String>,
    pub(super) baud: Option<u32>,
    pub(super) line: Option<String>,
    pub(super) protocol: Option<String>,
    pub(super) silence: Option<Text>,
    pub(super) barrier: Option<BarrierPlace>,
    pub(super) inputs: Option<RawPortalInputs>,
    pub(super) normally_closed: Option<Vec<RawPortalRole>>,
    pub(super) required: Option<bool>,
}

pub(super) fn readers(
    path: &str,
    raw: Vec<RawReader>,
    names: &mut BTreeSet<DeviceName>,
    faults: &mut Faults,
) -> Vec<Reader> {
    let mut readers = Vec::new();
    for (number, reader) in raw.into_iter().enumerate() {
        let path = format!("{path}.reader[{number}]");
        unique(&path, &reader.name, names, faults);
        let care = care(&path, reader.silence, need(reader.required, Need::Optional), faults);
        let serial = match reader.driver.as_deref() {
            Some("serial") => {
                let protocol = protocol(&path, reader.protocol.as_deref(), &ReaderProtocol::NAMES, faults);
                let line = line(&path, reader.port.as_deref(), reader.baud, reader.line.as_deref(), faults);
                line.zip(protocol)
            }
            Some("mqtt") | None => {
                no_line(&path, &reader, faults);
                None
            }
            Some(_) => {
                faults.at(&format!("{path}.driver"), "\"mqtt\" or \"serial\" is expected");
                None
            }
        };
        readers.push(Reader { name: reader.name, serial, care });
    }
    readers
}

pub(super) fn portals(
    path: &str,
    raw: Vec<RawPortal>,
    watched: Need,
    boards: &[(BarrierPlace, &RelayWiring)],
    names: &mut BTreeSet<DeviceName>,
    faults: &mut Faults,
) -> Vec<Portal> {
    let mut portals = Vec::new();
    for (number, portal) in raw.into_iter().enumerate() {
        let path = format!("{path}.portal[{number}]");
        unique(&path, &portal.name, names, faults);
        let way = match portal.driver.as_str() {
            "serial" => serial_portal(&path, &portal, faults),
            "modbus" => wired_portal(&path, &portal, boards, faults),
            _ => {
                let message =
                    "\"serial\" or \"modbus\" is expected; a portal with MQTT messages of its own is a [[lane.reader]]";
                faults.at(&format!("{path}.driver"), message);
                None
            }
        };
        let care = Care { silence: None, need: need(portal.required, watched) };
        if let Some(way) = way {
            portals.push(Portal { name: portal.name, way, care });
        }
    }
    portals
}

fn serial_portal(path: &str, portal: &RawPortal, faults: &mut Faults) -> Option<PortalWay> {
    let given = [
        ("barrier", portal.barrier.is_some()),
        ("inputs", portal.inputs.is_some()),
        ("normally_closed", portal.normally_closed.is_some()),
    ];
    not_given(path, given, "it belongs to a portal with driver = \"modbus\"", faults);
    let protocol = protocol(path, portal.protocol.as_deref(), &PortalProtocol::NAMES, faults);
    let line = line(path, portal.port.as_deref(), portal.baud, portal.line.as_deref(), faults);
    let silence = faults.timeout(&format!("{path}.silence"), portal.silence, SILENCE_DEFAULT);
    Some(PortalWay::Serial { line: line?, protocol: protocol?, silence })
}

fn wired_portal(
    path: &str,
    portal: &RawPortal,
    boards: &[(BarrierPlace, &RelayWiring)],
    faults: &mut Faults,
) -> Option<PortalWay> {
    let given = [
        ("port", portal.port.is_some()),
        ("baud", portal.baud.is_some()),
        ("line", portal.line.is_some()),
        ("protocol", portal.protocol.is_some()),
        ("silence", portal.silence.is_some()),
    ];
    not_given(path, given, "it belongs to a portal with driver = \"serial\"", faults);
    let (barrier, inputs) = wire_portal(path, portal, boards, faults)?;
    Some(PortalWay::Contacts { barrier, inputs })
}

/// Keys of another driver would change nothing.
fn not_given<const N: usize>(path: &str, given: [(&str, bool); N], why: &str, faults: &mut Faults) {
    for (key, _) in given.iter().filter(|(_, given)| *given) {
        faults.at(&format!("{path}.{key}"), why);
    }
}

fn unique(path: &str, name: &DeviceName, names: &mut BTreeSet<DeviceName>, faults: &mut Faults) {
    if !names.insert(name.clone()) {
        faults.at(&format!("{path}.name"), format!("there are two devices {name}"));
    }
    if is_place(name) {
        faults.at(&format!("{path}.name"), format!("{name} is the name of an arm or a loop; another one is expected"));
    }
}

/// A device that is called like an arm or a loop would take its state with it when it is away.
fn is_place(name: &DeviceName) -> bool {
    let arms = BarrierPlace::ALL.map(BarrierPlace::as_str).into_iter();
    arms.chain(LoopPlace::ALL.map(LoopPlace::as_str)).any(|place| place == name.as_str())
}

/// A port without `driver = "serial"` would never be opened.
fn no_line(path: &str, reader: &RawReader, faults: &mut Faults) {
    let given = [
        ("port", reader.port.is_some()),
        ("baud", reader.baud.is_some()),
        ("line", reader.line.is_some()),
        ("protocol", reader.protocol.is_some()),
    ];
    not_given(path, given, "it belongs to a reader with driver = \"serial\"", faults);
}

fn protocol<P: Copy, const N: usize>(
    path: &str,
    given: Option<&str>,
    names: &[(&'static str, P); N],
    faults: &mut Faults,
) -> Option<P> {
    let found = names.iter().find(|(name, _)| Some(*name) == given).map(|(_, protocol)| *protocol);
    if found.is_none() {
        let known: Vec<_> = names.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        faults.at(&format!("{path}.protocol"), format!("{} is expected", known.join(" or ")));
    }
    found
}

/// None when it can't be used; the faults say why.
fn line(
    path: &str,
    port: Option<&str>,
    baud: Option<u32>,
    format: Option<&str>,
    faults: &mut Faults,
) -> Option<ReaderLine> {
    let baud = baud.unwrap_or(BAUD_DEFAULT);
    if !(300..=921_600).contains(&baud) {
        faults.at(&format!("{path}.baud"), "300 to 921600 bits a second are expected");
    }
    let format = format.map_or(Ok(LineFormat::default()), str::parse).unwrap_or_else(|error| {
        faults.at(&format!("{path}.line"), error.to_string());
        LineFormat::default()
    });
    match port.map(str::parse::<ScalePort>) {
        Some(Ok(port)) => Some(ReaderLine { port, baud, line: format }),
        Some(Err(error)) => {
            faults.at(&format!("{path}.port"), error.to_string());
            None
        }
        None => {
            let message = "its port is needed, best by its /dev/serial/by-id name, or tcp://host:port";
            faults.at(&format!("{path}.port"), message);
            None
        }
    }
}
