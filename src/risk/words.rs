//! Two words of the RMS about one vehicle.

use crate::model::RiskDecision;

/// The stricter channel, every measure, every agency's word, the shorter validity.
#[must_use]
pub fn stricter(a: RiskDecision, b: RiskDecision) -> RiskDecision {
    let (mut lead, other) = if b.channel > a.channel { (b, a) } else { (a, b) };
    lead.measures.extend(other.measures);
    lead.measures.sort_unstable();
    lead.measures.dedup();
    lead.profiles.extend(other.profiles);
    lead.profiles.sort_unstable();
    lead.profiles.dedup();
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
    use crate::model::{Channel, Measure, Timestamp};
    use uuid::Uuid;

    const CHANNELS: [Channel; 4] = [Channel::Green, Channel::Blue, Channel::Yellow, Channel::Red];

    #[test]
    fn a_later_word_never_weakens_an_earlier_one() {
        for a in CHANNELS {
            for b in CHANNELS {
                assert_eq!(stricter(word(a), word(b)).channel, a.max(b));
            }
        }
        let scan = RiskDecision { measures: vec![Measure::Scan, Measure::SealCheck], ..word(Channel::Yellow) };
        let again = RiskDecision { measures: vec![Measure::Scan], ..word(Channel::Red) };
        assert_eq!(stricter(scan, again).measures, [Measure::Scan, Measure::SealCheck]);
        let until = |micros| Some(Timestamp::from_unix_micros(micros));
        let long = RiskDecision { valid_until: until(2), ..word(Channel::Green) };
        let short = RiskDecision { valid_until: until(1), ..word(Channel::Green) };
        assert_eq!(stricter(long, short).valid_until, until(1));
    }

    fn word(channel: Channel) -> RiskDecision {
        RiskDecision {
            request_id: Uuid::nil(),
            channel,
            measures: vec![],
            profiles: vec![],
            reason: String::new(),
            agencies: vec![],
            valid_until: None,
        }
    }
}
