//! What the lane shows to the world (contract, World payloads).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::alarm::Alarm;
use super::hold::Hold;
use super::matched::Scored;
use super::risk::Channel;
use super::{LaneId, PassageId, Plate, Timestamp};

/// Which way traffic goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Into the country.
    Entry,
    /// Out of the country.
    Exit,
    /// Through it.
    Transit,
}

impl Direction {
    /// The label that metrics use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Exit => "exit",
            Self::Transit => "transit",
        }
    }
}

/// Where the lane is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// No vehicle.
    Vacant,
    /// A vehicle, evidence incomplete.
    Occupied,
    /// Evidence complete, decision awaited.
    Assessing,
    /// It stays, for the reasons in `holds`.
    Held,
    /// Decided; the arm is on its way up.
    Releasing,
    /// The arm is open; the vehicle leaves and the arm comes down.
    Clearing,
    /// No vehicles are taken.
    OutOfService,
}

impl Phase {
    /// All phases.
    pub const ALL: [Self; 7] = [
        Self::Vacant,
        Self::Occupied,
        Self::Assessing,
        Self::Held,
        Self::Releasing,
        Self::Clearing,
        Self::OutOfService,
    ];

    /// The name that the contract prints.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vacant => "vacant",
            Self::Occupied => "occupied",
            Self::Assessing => "assessing",
            Self::Held => "held",
            Self::Releasing => "releasing",
            Self::Clearing => "clearing",
            Self::OutOfService => "out_of_service",
        }
    }
}

/// Whether the lane takes vehicles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// It does.
    Open,
    /// It doesn't.
    Closed,
}

/// Whether a lane must be put back after an evacuation (invariant B7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evacuation {
    /// It must not.
    #[default]
    None,
    /// Two officers must.
    Latched,
}

/// How a passage ended (domain §3; unresolved and reversed after safety.md C4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Green.
    Released,
    /// Blue: audit afterwards.
    ReleasedConditional,
    /// Goods in free circulation.
    NotSubject,
    /// Yellow, left for the document check.
    ReferredDocuments,
    /// Red, left for inspection.
    ReferredInspection,
    /// Turned back.
    Refused,
    /// It left the way it came.
    Reversed,
    /// Somebody at the barrier's key let it through (invariant B8).
    Local,
    /// It isn't known how it left.
    Unresolved,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 9] = [
        Self::Released,
        Self::ReleasedConditional,
        Self::NotSubject,
        Self::ReferredDocuments,
        Self::ReferredInspection,
        Self::Refused,
        Self::Reversed,
        Self::Local,
        Self::Unresolved,
    ];

    /// The name that the contract prints.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Released => "released",
            Self::ReleasedConditional => "released_conditional",
            Self::NotSubject => "not_subject",
            Self::ReferredDocuments => "referred_documents",
            Self::ReferredInspection => "referred_inspection",
            Self::Refused => "refused",
            Self::Reversed => "reversed",
            Self::Local => "local",
            Self::Unresolved => "unresolved",
        }
    }
}

/// The vehicle in the lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PassageSummary {
    /// Its passage.
    pub id: PassageId,
    /// Since when.
    pub since: Timestamp,
    /// Front plate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tractor: Option<Plate>,
    /// Rear plate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trailer: Option<Plate>,
    /// Matched notification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notification: Option<String>,
    /// Matched declaration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declaration: Option<String>,
    /// Scale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gross_kg: Option<i64>,
    /// Channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// Notifications that may be its own, while an officer must say which.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Scored>,
}

/// Names what a lane shows: the same as long as nothing of it changes but the time, after a restart too.
///
/// It is a digest and no counter, so that an officer's order is bound to what the officer saw and not to how often the
/// lane moved since (hazard 41). Printed as 16 hexadecimal digits, because JSON readers round long integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct StateVersion(u64);

impl StateVersion {
    /// The version that is printed so.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let plain = text.len() == 16 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        if plain { u64::from_str_radix(text, 16).ok().map(Self) } else { None }
    }
}

impl fmt::Display for StateVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for StateVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for StateVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_hex(&text).ok_or_else(|| de::Error::custom("the version of a lane's state is expected"))
    }
}

/// The lane as topics and API show it (`state`, retained).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LaneState {
    /// The lane.
    pub lane: LaneId,
    /// Names everything below but `at`.
    pub version: StateVersion,
    /// Where it is.
    pub phase: Phase,
    /// Whether it takes vehicles.
    pub service: Service,
    /// The vehicle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passage: Option<PassageSummary>,
    /// Why it stays.
    pub holds: Vec<Hold>,
    /// What needs a person.
    pub alarms: Vec<Alarm>,
    /// When.
    pub at: Timestamp,
}

impl LaneState {
    /// The same with the version that belongs to it.
    #[must_use]
    pub fn versioned(mut self) -> Self {
        let at = std::mem::replace(&mut self.at, Timestamp::from_unix_micros(0));
        self.version = StateVersion::default();
        // Our own struct with text keys always serialises.
        let shown = serde_json::to_vec(&self).unwrap_or_default();
        let [a, b, c, d, e, f, g, h, ..] = *blake3::hash(&shown).as_bytes();
        self.version = StateVersion(u64::from_be_bytes([a, b, c, d, e, f, g, h]));
        self.at = at;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_changes_with_everything_that_an_officer_sees_and_not_with_time() {
        let shown = vacant();
        let later = LaneState { at: Timestamp::from_unix_micros(9), ..shown.clone() }.versioned();
        assert_eq!(later.version, shown.version);
        let held = LaneState { phase: Phase::Held, ..shown.clone() }.versioned();
        let closed = LaneState { service: Service::Closed, ..shown.clone() }.versioned();
        let alarmed = LaneState { alarms: vec![Alarm::Tailgating], ..shown.clone() }.versioned();
        for other in [held, closed, alarmed] {
            assert_ne!(other.version, shown.version);
        }
    }

    #[test]
    fn a_version_reads_back_and_nothing_else_does() {
        let version = vacant().version;
        let json = serde_json::to_string(&version).expect("prints");
        assert_eq!(serde_json::from_str::<StateVersion>(&json).expect("reads"), version);
        for wrong in ["", "1", "+fffffffffffffff", "00000000000000000", "zzzzzzzzzzzzzzzz"] {
            assert_eq!(StateVersion::from_hex(wrong), None, "{wrong}");
        }
    }

    fn vacant() -> LaneState {
        LaneState {
            lane: LaneId::new("in-01").expect("a name"),
            version: StateVersion::default(),
            phase: Phase::Vacant,
            service: Service::Open,
            passage: None,
            holds: vec![],
            alarms: vec![],
            at: Timestamp::from_unix_micros(1),
        }
        .versioned()
    }
}
