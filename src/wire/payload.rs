//! Device payloads into observations.

use serde::Deserialize;

use super::bounds::{DEVICE_MAX_BYTES, Malformed, parse};
use super::topic::Inbound;
use crate::model::{Observation, PlateRead};

/// Reads a device payload as its topic says.
///
/// # Errors
/// When it isn't the topic's payload, or the topic carries no device payload.
pub fn observe(inbound: &Inbound, bytes: &[u8]) -> Result<Observation, Malformed> {
    let most = DEVICE_MAX_BYTES;
    Ok(match inbound {
        Inbound::Plate { camera, .. } => {
            let read = parse(bytes, most)?;
            check_confidence(&read)?;
            Observation::Plate(camera.clone(), read)
        }
        Inbound::Loop { place, .. } => Observation::Loop(*place, parse(bytes, most)?),
        Inbound::PairLoop { place, .. } => Observation::PairLoop(*place, parse(bytes, most)?),
        Inbound::Weight { scale, .. } => Observation::Weight(scale.clone(), parse(bytes, most)?),
        Inbound::Radiation { portal, .. } => Observation::Radiation(portal.clone(), parse(bytes, most)?),
        Inbound::Document { reader, .. } => Observation::Document(reader.clone(), parse(bytes, most)?),
        Inbound::Seal { reader, .. } => Observation::Seal(reader.clone(), parse(bytes, most)?),
        Inbound::Call { button, .. } => Observation::Call(button.clone(), parse(bytes, most)?),
        Inbound::BarrierState { place, .. } => Observation::Barrier(*place, parse(bytes, most)?),
        Inbound::Health { device, .. } => Observation::Health(device.clone(), parse(bytes, most)?),
        Inbound::Command { .. } | Inbound::Registry(_) | Inbound::RiskResponse | Inbound::Canary => {
            return Err(Malformed::Json { path: "$".into(), message: "this topic carries no device payload".into() });
        }
    })
}

/// What tells one message of a device from another (contract: any device payload may carry it).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Stamp {
    /// Random per start of the device; none is one session for ever.
    #[serde(default)]
    pub session: Option<String>,
    /// Grows by one with each message of the session.
    pub sequence: u64,
}

/// The stamp of a device payload, when it carries one. A payload that can't be read has none.
#[must_use]
pub fn stamp(bytes: &[u8]) -> Option<Stamp> {
    const KEY: &[u8] = b"\"sequence\"";
    // Most devices send none; looking for the key costs less than parsing twice.
    let carries_one = bytes.len() <= DEVICE_MAX_BYTES && bytes.windows(KEY.len()).any(|window| window == KEY);
    carries_one.then(|| parse(bytes, DEVICE_MAX_BYTES).ok()).flatten()
}

fn check_confidence(read: &PlateRead) -> Result<(), Malformed> {
    match read.confidence {
        Some(confidence) if !(0.0..=1.0).contains(&confidence) => Err(Malformed::Json {
            path: "$.confidence".into(),
            message: format!("{confidence} is not between 0 and 1; declare the scale in the camera's preset"),
        }),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{LaneId, SiteId};
    use proptest::prelude::*;

    #[allow(clippy::unwrap_in_result, reason = "the test's own topics")]
    fn observe_at(rest: &str, payload: &str) -> Result<Observation, Malformed> {
        let site = SiteId::new("t").expect("a name");
        let inbound = Inbound::parse(&site, &format!("bcp/t/lane/in-01/{rest}")).expect("a topic");
        assert_eq!(inbound.lane(), LaneId::new("in-01").ok().as_ref());
        observe(&inbound, payload.as_bytes())
    }

    #[test]
    fn the_contract_s_payloads_are_read() {
        let at = r#""at":"2026-11-24T05:12:03.412Z""#;
        for (rest, payload) in [
            ("plate/front", format!(r#"{{"read_id":"1",{at},"plate":null,"confidence":null,"view":"front"}}"#)),
            (
                "plate/rear",
                format!(r#"{{"read_id":"1",{at},"plate":"123ABC02","confidence":1,"view":"rear","extra":[]}}"#),
            ),
            ("loop/exit", format!(r#"{{"occupied":true,{at},"session":"s","sequence":7}}"#)),
            ("loop/approach-b", format!(r#"{{"occupied":false,{at}}}"#)),
            ("weight/bridge", format!(r#"{{"gross_kg":27400,"stability":"unknown",{at}}}"#)),
            (
                "weight/wim",
                format!(
                    r#"{{"gross_kg":27400,"stability":"moving","method":"in_motion","axles_kg":[7400,10000,10000],
                    "spacings_cm":[380,130],"indicated":{{"gross_kg":"27396","record":"000417"}},{at}}}"#
                ),
            ),
            ("radiation/gate", format!(r#"{{"alarm":"gamma_neutron",{at}}}"#)),
            ("document/kiosk", format!(r#"{{"reference":"PN-1",{at}}}"#)),
            ("seal/gate", format!(r#"{{"seal":"KZ0001234","event":"07",{at}}}"#)),
            ("seal/gate", format!(r#"{{"seal":"KZ0001234","transport":"6b4d6e1c","event":"99",{at}}}"#)),
            ("call/post", format!(r#"{{"pressed":true,{at}}}"#)),
            ("barrier/exit/state", format!(r#"{{"position":"closed","mode":"remote",{at}}}"#)),
            ("device/front/health", format!(r#"{{"online":false,"session":"s",{at}}}"#)),
        ] {
            observe_at(rest, &payload).unwrap_or_else(|error| panic!("{rest}: {error}"));
        }
    }

    #[test]
    fn a_wrong_payload_is_refused_with_its_place() {
        let at = r#""at":"2026-11-24T05:12:03.412Z""#;
        for (rest, payload, expected) in [
            ("barrier/exit/state", format!(r#"{{"position":"ajar","mode":"remote",{at}}}"#), "$.position"),
            ("loop/exit", format!(r#"{{"occupied":"yes",{at}}}"#), "boolean"),
            ("loop/exit", r#"{"occupied":true}"#.to_owned(), "`at`"),
            (
                "plate/front",
                format!(r#"{{"read_id":"1",{at},"plate":"A","confidence":97,"view":"front"}}"#),
                "$.confidence",
            ),
            ("seal/gate", format!(r#"{{"seal":"KZ0001234","event":7,{at}}}"#), "string"),
            ("weight/bridge", format!(r#"{{"gross_kg":NaN,"stability":"stable",{at}}}"#), "expected"),
            ("document/kiosk", "[".repeat(40), "deeper"),
            ("document/kiosk", " ".repeat(DEVICE_MAX_BYTES + 1), "bytes"),
        ] {
            let error = observe_at(rest, &payload).expect_err(rest).to_string();
            assert!(error.contains(expected), "{rest}: {error}");
        }
    }

    #[test]
    fn a_stamp_is_read_where_a_payload_carries_one() {
        let of = |session: Option<&str>, sequence| Some(Stamp { session: session.map(str::to_owned), sequence });
        for (payload, expected) in [
            (r#"{"occupied":true,"session":"s","sequence":7}"#, of(Some("s"), 7)),
            (r#"{"occupied":true,"sequence":0}"#, of(None, 0)),
            (r#"{"online":true,"session":"s"}"#, None),
            (r#"{"reference":"\"sequence\""}"#, None),
            (r#"{"occupied":true,"sequence":-1}"#, None),
            (r#"{"occupied":true,"sequence":7"#, None),
        ] {
            assert_eq!(stamp(payload.as_bytes()), expected, "{payload}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let site = SiteId::new("t").expect("a name");
            for rest in ["plate/a", "loop/exit", "weight/a", "seal/a", "call/a", "barrier/exit/state", "device/a/health"] {
                let inbound = Inbound::parse(&site, &format!("bcp/t/lane/in-01/{rest}")).expect("a topic");
                drop(observe(&inbound, &bytes));
            }
        }
    }
}
