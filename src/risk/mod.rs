//! Risk (floor F1, pure): the decision of the edge itself, and the merge of several decisions into one.
//!
//! In `mode = "local"` the local profiles alone decide; with no profile that matches, the channel is green, as the
//! site has configured it. What it does not do: ask the RMS (the gateway's work) or judge documents (matching's).
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod gateway;

use crate::model::{Channel, RiskDecision, RiskRequest};

/// The decision of the edge for a request, when no RMS is asked. Findings hold by themselves, whatever the channel.
#[must_use]
pub fn decide_locally(request: &RiskRequest) -> RiskDecision {
    RiskDecision {
        request_id: request.request_id,
        channel: Channel::Green,
        measures: vec![],
        profiles: vec![],
        reason: "no local profile matched".to_owned(),
        agencies: vec![],
        valid_until: None,
    }
}

/// Two decisions about one vehicle: the stricter channel, every measure, every agency's word.
#[must_use]
pub fn stricter(a: RiskDecision, b: RiskDecision) -> RiskDecision {
    let (mut lead, other) = if b.channel > a.channel { (b, a) } else { (a, b) };
    lead.measures.extend(other.measures);
    lead.measures.sort_unstable();
    lead.measures.dedup();
    lead.profiles.extend(other.profiles);
    lead.agencies.extend(other.agencies);
    lead.valid_until = match (lead.valid_until, other.valid_until) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    lead
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Measure;
    use crate::model::risk::{RiskKind, SeenVehicle};
    use crate::model::{SiteId, Timestamp};
    use uuid::Uuid;

    const CHANNELS: [Channel; 4] = [Channel::Green, Channel::Blue, Channel::Yellow, Channel::Red];

    #[test]
    fn the_stricter_channel_wins_in_either_order() {
        for a in CHANNELS {
            for b in CHANNELS {
                assert_eq!(stricter(decision(a), decision(b)).channel, a.max(b));
            }
        }
    }

    #[test]
    fn measures_of_both_decisions_are_carried_out_once() {
        let a = RiskDecision { measures: vec![Measure::Scan, Measure::SealCheck], ..decision(Channel::Yellow) };
        let b = RiskDecision { measures: vec![Measure::Scan], ..decision(Channel::Red) };
        assert_eq!(stricter(a, b).measures, [Measure::Scan, Measure::SealCheck]);
    }

    fn decision(channel: Channel) -> RiskDecision {
        RiskDecision { channel, ..decide_locally(&request()) }
    }

    fn request() -> RiskRequest {
        RiskRequest {
            request_id: Uuid::nil(),
            kind: RiskKind::Arrival,
            site: SiteId::new("test").expect("a name"),
            lane: None,
            passage: None,
            at: Timestamp::from_unix_micros(0),
            reply_by: Timestamp::from_unix_micros(0),
            vehicle: SeenVehicle::default(),
            notification: None,
            declaration: None,
            parties: vec![],
            measured: None,
            findings: vec![],
        }
    }
}
