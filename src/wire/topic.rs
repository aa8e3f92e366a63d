//! Topics (contract): which message is it, and where does ours go.

use crate::model::registry::RegisterKind;
use crate::model::{BarrierPlace, DeviceName, LaneId, LoopPlace, SiteId};

/// Whether a topic may carry retained messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retained {
    /// It is a state.
    Allowed,
    /// It is an event or an order: retained, it would speak of the past.
    Refused,
}

/// What an inbound topic says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inbound {
    /// A plate read.
    Plate {
        /// Lane.
        lane: LaneId,
        /// Camera.
        camera: DeviceName,
    },
    /// A loop's state.
    Loop {
        /// Lane.
        lane: LaneId,
        /// Which loop.
        place: LoopPlace,
    },
    /// The state of the second loop of a pair.
    PairLoop {
        /// Lane.
        lane: LaneId,
        /// Where the pair lies.
        place: LoopPlace,
    },
    /// A weight.
    Weight {
        /// Lane.
        lane: LaneId,
        /// Scale.
        scale: DeviceName,
    },
    /// A portal's reading.
    Radiation {
        /// Lane.
        lane: LaneId,
        /// Portal.
        portal: DeviceName,
    },
    /// A scanned document.
    Document {
        /// Lane.
        lane: LaneId,
        /// Reader.
        reader: DeviceName,
    },
    /// What a navigation seal reports.
    Seal {
        /// Lane.
        lane: LaneId,
        /// Reader.
        reader: DeviceName,
    },
    /// A driver's call button.
    Call {
        /// Lane.
        lane: LaneId,
        /// Button.
        button: DeviceName,
    },
    /// A barrier's state.
    BarrierState {
        /// Lane.
        lane: LaneId,
        /// Which arm.
        place: BarrierPlace,
    },
    /// A command to an arm that is not ours, or that the broker kept: nobody but us may speak there.
    Command {
        /// Lane.
        lane: LaneId,
        /// Which arm.
        place: BarrierPlace,
    },
    /// A device's birth or death.
    Health {
        /// Lane.
        lane: LaneId,
        /// Device.
        device: DeviceName,
    },
    /// A trader's document.
    Registry(RegisterKind),
    /// The RMS's answer.
    RiskResponse,
    /// Our own canary.
    Canary,
}

impl Inbound {
    /// Sorts a topic; `None` when it is none of ours.
    #[must_use]
    pub fn parse(site: &SiteId, topic: &str) -> Option<Self> {
        let mut parts = topic.split('/');
        if parts.next() != Some("bcp") || parts.next() != Some(site.as_str()) {
            return None;
        }
        let parts: Vec<_> = parts.collect();
        match parts.as_slice() {
            ["registry", "notification"] => Some(Self::Registry(RegisterKind::Notification)),
            ["registry", "declaration"] => Some(Self::Registry(RegisterKind::Declaration)),
            ["registry", "party"] => Some(Self::Registry(RegisterKind::Party)),
            ["risk", "response"] => Some(Self::RiskResponse),
            ["controller", _, "canary"] => Some(Self::Canary),
            ["lane", lane, rest @ ..] => Self::of_lane(LaneId::new(lane).ok()?, rest),
            _ => None,
        }
    }

    fn of_lane(lane: LaneId, rest: &[&str]) -> Option<Self> {
        let name = |text: &str| DeviceName::new(text).ok();
        match *rest {
            ["plate", camera] => Some(Self::Plate { lane, camera: name(camera)? }),
            ["loop", place] => {
                let named = |named: fn(LoopPlace) -> &'static str| {
                    LoopPlace::ALL.into_iter().find(|known| named(*known) == place)
                };
                match (named(LoopPlace::as_str), named(LoopPlace::pair_str)) {
                    (Some(place), _) => Some(Self::Loop { lane, place }),
                    (None, Some(place)) => Some(Self::PairLoop { lane, place }),
                    (None, None) => None,
                }
            }
            ["weight", scale] => Some(Self::Weight { lane, scale: name(scale)? }),
            ["radiation", portal] => Some(Self::Radiation { lane, portal: name(portal)? }),
            ["document", reader] => Some(Self::Document { lane, reader: name(reader)? }),
            ["seal", reader] => Some(Self::Seal { lane, reader: name(reader)? }),
            ["call", button] => Some(Self::Call { lane, button: name(button)? }),
            ["barrier", place, what] => {
                let place = BarrierPlace::ALL.into_iter().find(|known| known.as_str() == place)?;
                match what {
                    "state" => Some(Self::BarrierState { lane, place }),
                    "command" => Some(Self::Command { lane, place }),
                    _ => None,
                }
            }
            ["device", device, "health"] => Some(Self::Health { lane, device: name(device)? }),
            _ => None,
        }
    }

    /// The lane it concerns.
    #[must_use]
    pub const fn lane(&self) -> Option<&LaneId> {
        match self {
            Self::Plate { lane, .. }
            | Self::Loop { lane, .. }
            | Self::PairLoop { lane, .. }
            | Self::Weight { lane, .. }
            | Self::Radiation { lane, .. }
            | Self::Document { lane, .. }
            | Self::Seal { lane, .. }
            | Self::Call { lane, .. }
            | Self::BarrierState { lane, .. }
            | Self::Command { lane, .. }
            | Self::Health { lane, .. } => Some(lane),
            Self::Registry(_) | Self::RiskResponse | Self::Canary => None,
        }
    }

    /// Only states may be retained (safety case, Rules of MQTT).
    #[must_use]
    pub const fn retained(&self) -> Retained {
        match self {
            Self::Loop { .. } | Self::PairLoop { .. } | Self::BarrierState { .. } | Self::Health { .. } => {
                Retained::Allowed
            }
            Self::Plate { .. }
            | Self::Weight { .. }
            | Self::Radiation { .. }
            | Self::Document { .. }
            | Self::Seal { .. }
            | Self::Call { .. }
            | Self::Command { .. }
            | Self::Registry(_)
            | Self::RiskResponse
            | Self::Canary => Retained::Refused,
        }
    }

    /// The label that metrics use.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Plate { .. } => "plate",
            Self::Loop { .. } | Self::PairLoop { .. } => "loop",
            Self::Weight { .. } => "weight",
            Self::Radiation { .. } => "radiation",
            Self::Document { .. } => "document",
            Self::Seal { .. } => "seal",
            Self::Call { .. } => "call",
            Self::BarrierState { .. } => "barrier",
            Self::Command { .. } => "command",
            Self::Health { .. } => "health",
            Self::Registry(_) => "registry",
            Self::RiskResponse => "risk",
            Self::Canary => "canary",
        }
    }
}

/// What the controller subscribes to.
#[must_use]
pub fn subscriptions(site: &SiteId, client_id: &str) -> Vec<String> {
    let mut filters: Vec<_> = [
        "lane/+/plate/+",
        "lane/+/loop/+",
        "lane/+/weight/+",
        "lane/+/radiation/+",
        "lane/+/document/+",
        "lane/+/seal/+",
        "lane/+/call/+",
        "lane/+/barrier/+/state",
        "lane/+/device/+/health",
        "registry/notification",
        "registry/declaration",
        "registry/party",
        "risk/response",
    ]
    .into_iter()
    .map(|rest| format!("bcp/{site}/{rest}"))
    .collect();
    filters.push(canary(site, client_id));
    filters
}

/// Topics on which only the controller speaks: whatever else comes there is an intruder's.
#[must_use]
pub fn watched(site: &SiteId) -> Vec<String> {
    vec![format!("bcp/{site}/lane/+/barrier/+/command")]
}

/// Barrier commands: never retained.
#[must_use]
pub fn command(site: &SiteId, lane: &LaneId, barrier: BarrierPlace) -> String {
    format!("bcp/{site}/lane/{lane}/barrier/{}/command", barrier.as_str())
}

/// Light and display: retained.
#[must_use]
pub fn signal(site: &SiteId, lane: &LaneId) -> String {
    format!("bcp/{site}/lane/{lane}/signal")
}

/// LaneState: retained.
#[must_use]
pub fn lane_state(site: &SiteId, lane: &LaneId) -> String {
    format!("bcp/{site}/lane/{lane}/state")
}

/// LaneEvent.
#[must_use]
pub fn lane_event(site: &SiteId, lane: &LaneId) -> String {
    format!("bcp/{site}/lane/{lane}/event")
}

/// The newest signed head of the journal: retained.
#[must_use]
pub fn journal_head(site: &SiteId) -> String {
    format!("bcp/{site}/journal/head")
}

/// Documents for a register.
#[must_use]
pub fn registry(site: &SiteId, kind: RegisterKind) -> String {
    format!("bcp/{site}/registry/{}", kind.as_str())
}

/// Receipts of registry documents.
#[must_use]
pub fn receipt(site: &SiteId) -> String {
    format!("bcp/{site}/registry/receipt")
}

/// Questions to the RMS.
#[must_use]
pub fn risk_request(site: &SiteId) -> String {
    format!("rms/{site}/request")
}

/// The response topic of those questions.
#[must_use]
pub fn risk_response(site: &SiteId) -> String {
    format!("bcp/{site}/risk/response")
}

/// Birth, death and last will of the controller: retained.
#[must_use]
pub fn status(site: &SiteId, client_id: &str) -> String {
    format!("bcp/{site}/controller/{client_id}/status")
}

/// A message to ourselves that shows that the broker carries messages.
#[must_use]
pub fn canary(site: &SiteId, client_id: &str) -> String {
    format!("bcp/{site}/controller/{client_id}/canary")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(topic: &str) -> Option<Inbound> {
        Inbound::parse(&SiteId::new("korday").expect("a name"), topic)
    }

    #[test]
    fn every_topic_of_the_contract_is_known_and_no_other() {
        for (topic, kind, retained) in [
            ("bcp/korday/lane/in-01/plate/front", "plate", Retained::Refused),
            ("bcp/korday/lane/in-01/loop/approach", "loop", Retained::Allowed),
            ("bcp/korday/lane/in-01/loop/exit-b", "loop", Retained::Allowed),
            ("bcp/korday/lane/in-01/weight/bridge", "weight", Retained::Refused),
            ("bcp/korday/lane/in-01/radiation/gate", "radiation", Retained::Refused),
            ("bcp/korday/lane/in-01/document/kiosk", "document", Retained::Refused),
            ("bcp/korday/lane/in-01/seal/gate", "seal", Retained::Refused),
            ("bcp/korday/lane/in-01/call/post", "call", Retained::Refused),
            ("bcp/korday/lane/in-01/barrier/exit/state", "barrier", Retained::Allowed),
            ("bcp/korday/lane/in-01/barrier/exit/command", "command", Retained::Refused),
            ("bcp/korday/lane/in-01/device/front/health", "health", Retained::Allowed),
            ("bcp/korday/registry/party", "registry", Retained::Refused),
            ("bcp/korday/risk/response", "risk", Retained::Refused),
        ] {
            let inbound = parse(topic).expect(topic);
            assert_eq!((inbound.kind(), inbound.retained()), (kind, retained), "{topic}");
        }
        for topic in [
            "bcp/other/lane/in-01/plate/front",
            "bcp/korday/lane/IN-01/plate/front",
            "bcp/korday/lane/in-01/loop/middle",
            "bcp/korday/lane/in-01/barrier/exit/order",
            "bcp/korday/lane/in-01/plate/front/more",
            "bcp/korday",
            "",
        ] {
            assert_eq!(parse(topic), None, "{topic}");
        }
    }
}
