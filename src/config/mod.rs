//! The typed configuration (floor F0, pure): text in, a checked [`Config`] or every error with its place out.
//!
//! Keys are public interface (contract, Configuration); docs/configuration.md lists each with its default. One table
//! of known keys serves the nearest-key help and the environment overrides.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod board;
mod camera;
mod check;
mod data;
mod duration;
mod journal;
mod keys;
mod parse;
mod place;
mod reader;
pub mod relay;
mod retention;
mod risk;
mod scale;
mod sensors;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use self::relay::{BarrierDriver, PortalInputs, RelayLine, RelayWiring, WiredLoop};
use crate::model::reader::{PortalProtocol, ReaderProtocol};
use crate::model::scale::{Dialect, LineFormat, ScalePort};
use crate::model::{
    BarrierPlace, Care, DeviceName, Direction, FindingCode, LaneId, LoopPlace, Severity, SiteId, WeighMethod,
};

pub use camera::{BUILTIN_PRESETS, Camera, Ingest, Travel, Vendor};
pub use check::LANES_MAX;
pub use data::Data;
pub use duration::parse as parse_duration;
pub use journal::Heads;
pub use keys::all_keys;
pub use parse::{ConfigError, parse};
pub use place::line_column;
pub use retention::Retention;
pub use risk::SHIFTS_MAX;

/// Everything a site is configured to.
#[derive(Debug, Clone)]
pub struct Config {
    /// The border crossing point.
    pub site: Site,
    /// The broker.
    pub mqtt: Mqtt,
    /// Where data lives.
    pub data: Data,
    /// How long personal data stays.
    pub retention: Retention,
    /// How the journal's heads are signed.
    pub heads: Heads,
    /// The listener.
    pub http: Http,
    /// The operator's own camera presets.
    pub presets_directory: Option<PathBuf>,
    /// Risk.
    pub risk: Risk,
    /// What documents must be.
    pub policy: Policy,
    /// The lanes.
    pub lanes: Vec<Lane>,
    /// The relay boards of all lanes, by line.
    pub relay_lines: Vec<RelayLine>,
    /// Not wrong, but worth a look.
    pub warnings: Vec<String>,
}

/// The border crossing point.
#[derive(Debug, Clone)]
pub struct Site {
    /// As topics name it.
    pub id: SiteId,
    /// For people's reports; everything else is UTC.
    pub time_zone: chrono_tz::Tz,
}

/// The broker.
#[derive(Debug, Clone)]
pub struct Mqtt {
    /// `mqtt://host[:port]`.
    pub url: String,
    /// Fixed, so that the session persists.
    pub client_id: String,
    /// User name.
    pub username: Option<String>,
    /// A file with the password.
    pub password_file: Option<PathBuf>,
    /// How long the broker keeps the session.
    pub session_expiry: Duration,
    /// How long a barrier command counts (invariant A10).
    pub command_ttl: Duration,
}

/// The listener.
#[derive(Debug, Clone)]
pub struct Http {
    /// Address and port.
    pub listen: SocketAddr,
    /// Officers with their hashed passwords.
    pub officers_file: PathBuf,
}

/// Who decides the channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RiskMode {
    /// The RMS.
    Rms,
    /// The local profiles alone.
    Local,
}

/// Risk.
#[derive(Debug, Clone)]
pub struct Risk {
    /// Who decides.
    pub mode: RiskMode,
    /// How long the RMS may take, its one retry included.
    pub request_timeout: Duration,
    /// Notifications are assessed when they come in.
    pub pre_arrival: bool,
    /// Requests under way at once.
    pub in_flight: usize,
    /// Requests in a row that may go unanswered before the RMS is left alone…
    pub breaker_failures: u32,
    /// … for so long.
    pub breaker_pause: Duration,
    /// A file with the public keys whose signatures alone count; `None`: answers need none.
    pub response_keys_file: Option<PathBuf>,
    /// Where the local profiles are; with none there are no local profiles.
    pub profiles_directory: Option<PathBuf>,
    /// What happens while the RMS is away.
    pub degraded: Degraded,
    /// Local times at which the shifts of the selection begin.
    pub shifts: Vec<chrono::NaiveTime>,
}

/// What happens while the RMS is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Degraded {
    /// Every vehicle is held.
    Hold,
    /// Local profiles decide, with yellow as the least.
    Local,
}

/// What a passage must be matched to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RequiredDocument {
    /// A prior notification.
    Notification,
    /// A declaration.
    Declaration,
}

/// What a plate that was only nearly read as notified does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MisreadPlate {
    /// It holds.
    Hold,
    /// It passes where the other plate or a scanned document names the same notification exactly.
    Corroborated,
}

/// What documents must be.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The scale may be off by so many kilograms…
    pub tolerance_kg: i64,
    /// … or by this share of the expected weight, whichever is larger.
    pub tolerance_percent: f64,
    /// What every passage must be matched to.
    pub require: Vec<RequiredDocument>,
    /// How long before the vehicle a notification must come.
    pub notification_lead: Option<Duration>,
    /// How long a notification is kept after its validity.
    pub notification_kept: Duration,
    /// What a plate that was only nearly read as notified does.
    pub misread: MisreadPlate,
    /// The syntax of plates; what is built in when none.
    pub plates_file: Option<PathBuf>,
    /// Beginnings of goods codes that are dangerous goods.
    pub dangerous_codes: Vec<String>,
    /// The limits of the road; what is built in when none.
    pub limits_file: Option<PathBuf>,
    /// Findings that weigh other than by default.
    pub severities: BTreeMap<FindingCode, Severity>,
}

/// Evidence that a lane may require.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EvidenceKind {
    /// Front plate.
    TractorPlate,
    /// Rear plate.
    TrailerPlate,
    /// A weight.
    Weight,
    /// A scanned document.
    Document,
    /// A portal's reading.
    Radiation,
}

/// One lane.
#[derive(Debug, Clone)]
pub struct Lane {
    /// As topics name it.
    pub id: LaneId,
    /// Which way traffic goes.
    pub direction: Direction,
    /// What must be there before a decision.
    pub evidence: Vec<EvidenceKind>,
    /// How long it may take to come.
    pub evidence_timeout: Duration,
    /// How long a vehicle may stand without anything happening to it.
    pub abandoned_after: Duration,
    /// Plate readers.
    pub cameras: Vec<Camera>,
    /// Loops.
    pub loops: Vec<Loop>,
    /// Those of them that end on a relay board.
    pub wired_loops: Vec<WiredLoop>,
    /// The scale.
    pub scale: Option<Scale>,
    /// Document readers and portals; with none named, all that speak on the lane's topics count.
    pub readers: Vec<Reader>,
    /// Radiation portals on serial lines and relay boards.
    pub portals: Vec<Portal>,
    /// Arms; an exit is always among them.
    pub barriers: Vec<Barrier>,
}

/// One loop, or a pair.
#[derive(Debug, Clone)]
pub struct Loop {
    /// Where it lies.
    pub place: LoopPlace,
    /// A second loop lies behind it.
    pub is_pair: bool,
    /// How long it must stay free before it counts as free.
    pub debounce: Duration,
    /// How long it may stay occupied before the lane asks whether it sticks.
    pub stuck_after: Duration,
    /// How it is looked after.
    pub care: Care,
}

/// Which readings of a scale are weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weighing {
    /// Division, kilograms: below 20 of them a weight is not for decision.
    pub division_kg: Option<i64>,
    /// Max, kilograms: above it a weight is not for decision.
    pub max_kg: Option<i64>,
    /// How it weighs; kinds are never mixed.
    pub method: WeighMethod,
}

/// The scale.
#[derive(Debug, Clone)]
pub struct Scale {
    /// As topics name it.
    pub name: DeviceName,
    /// How it is reached.
    pub driver: ScaleDriver,
    /// Below this nothing stands on it, kilograms.
    pub minimum_kg: i64,
    /// Which of its readings are weights.
    pub weighing: Weighing,
    /// How it is looked after.
    pub care: Care,
}

/// How a scale is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScaleDriver {
    /// By a serial line.
    Serial(SerialLine),
    /// By its own messages.
    Mqtt,
}

/// A serial line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SerialLine {
    /// Path, a relative one in the data directory, or a serial device server.
    pub port: ScalePort,
    /// Bits a second.
    pub baud: u32,
    /// Data bits, parity, stop bits.
    pub line: LineFormat,
    /// What the indicator speaks.
    pub dialect: Dialect,
    /// Frames in a row that must agree before a weight counts.
    pub equal_frames: u8,
    /// Max, kilograms; the indicator is held against it where it tells.
    pub max_kg: Option<i64>,
    /// Division, kilograms; weights are rounded to it, and the indicator is held against it where it tells.
    pub division_kg: Option<i64>,
}

/// The serial line of a reader or a portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderLine {
    /// Path, a relative one in the data directory, or a serial device server.
    pub port: ScalePort,
    /// Bits a second.
    pub baud: u32,
    /// Data bits, parity, stop bits.
    pub line: LineFormat,
}

/// A document reader or a portal.
#[derive(Debug, Clone)]
pub struct Reader {
    /// As topics, metrics and alarms name it.
    pub name: DeviceName,
    /// Where it is and what it speaks, on a serial line; `None`: it has messages of its own.
    pub serial: Option<(ReaderLine, ReaderProtocol)>,
    /// How it is looked after.
    pub care: Care,
}

/// A radiation portal.
#[derive(Debug, Clone)]
pub struct Portal {
    /// As metrics and alarms name it.
    pub name: DeviceName,
    /// How it tells.
    pub way: PortalWay,
    /// How it is looked after.
    pub care: Care,
}

/// How a portal tells.
#[derive(Debug, Clone)]
pub enum PortalWay {
    /// On a serial line.
    Serial {
        /// Where it is.
        line: ReaderLine,
        /// What it speaks.
        protocol: PortalProtocol,
        /// Silence on its line after which it counts as lost: its background, which the lane is not told.
        silence: Duration,
    },
    /// By contacts on the board of an arm.
    Contacts {
        /// Whose board.
        barrier: BarrierPlace,
        /// Which contacts.
        inputs: PortalInputs,
    },
}

impl Portal {
    /// Whether it can tell that a vehicle is quiet, and so give evidence.
    const fn tells_quiet(&self) -> bool {
        match &self.way {
            PortalWay::Serial { .. } => true,
            PortalWay::Contacts { inputs, .. } => inputs.occupied.is_some(),
        }
    }
}

/// One arm.
#[derive(Debug, Clone)]
pub struct Barrier {
    /// Entry, exit or inspection.
    pub place: BarrierPlace,
    /// How it is driven.
    pub driver: BarrierDriver,
    /// How long it may take to open.
    pub open_timeout: Duration,
    /// How long it may take to close.
    pub close_timeout: Duration,
    /// How it is looked after.
    pub care: Care,
}

impl Barrier {
    /// Its place and its wiring, if a relay board drives it.
    fn relay(&self) -> Option<(BarrierPlace, &RelayWiring)> {
        match &self.driver {
            BarrierDriver::Relay(wiring) => Some((self.place, wiring)),
            BarrierDriver::Mqtt => None,
        }
    }
}

#[cfg(test)]
mod tests;
