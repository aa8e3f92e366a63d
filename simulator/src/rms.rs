//! The risk management system: answers each question on its response topic, or stays silent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use lane_controller::model::risk::AgencyStatus;
use lane_controller::model::{Channel, Measure, Plate, Purpose, RiskDecision, RiskRequest};
use rumqttc::v5::mqttbytes::v5::{Publish, PublishProperties};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::kind::Kind;
use crate::ledger::Ledger;
use crate::link::{Keep, Link, LinkError, Plan};
use crate::traffic::Truck;

/// Which trucks are known: the same truck by its notification and by its front plate.
type Known = Arc<Mutex<BTreeMap<String, Kind>>>;

/// The RMS of a site.
#[derive(Debug)]
pub struct Rms {
    known: Known,
    answering: JoinHandle<()>,
}

impl Rms {
    /// Connects to `site` and answers from then on.
    ///
    /// # Errors
    /// When the broker doesn't answer.
    pub async fn open(port: u16, site: &str, ledger: Ledger) -> Result<Self, LinkError> {
        let filters = vec![format!("rms/{site}/request")];
        let plan = Plan { id: format!("{site}-rms"), port, filters, ..Plan::default() };
        let (link, requests) = Link::open(plan).await?;
        let known = Known::default();
        let answering = tokio::spawn(answer(link, requests, Arc::clone(&known), ledger));
        Ok(Self { known, answering })
    }

    /// A truck is on its way; a kind told later replaces the earlier one.
    pub fn expect(&self, truck: &Truck) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(truck.tractor.clone(), truck.kind);
        known.insert(truck.notification.clone(), truck.kind);
    }

    /// A truck is gone; nobody asks about it any more.
    pub fn forget(&self, truck: &Truck) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.remove(&truck.tractor);
        known.remove(&truck.notification);
    }
}

impl Drop for Rms {
    fn drop(&mut self) {
        self.answering.abort();
    }
}

async fn answer(link: Link, mut requests: mpsc::Receiver<Publish>, known: Known, ledger: Ledger) {
    while let Some(message) = requests.recv().await {
        let request: RiskRequest = match serde_json::from_slice(&message.payload) {
            Ok(request) => request,
            Err(error) => {
                ledger.breach(format!("a risk request that can't be read: {error}"));
                continue;
            }
        };
        let properties = message.properties.unwrap_or_default();
        let (Some(topic), Some(correlation)) = (properties.response_topic, properties.correlation_data) else {
            ledger.breach("a risk request without response topic or correlation data".to_owned());
            continue;
        };
        let kind = {
            let known = known.lock().unwrap_or_else(PoisonError::into_inner);
            kind_of(&request, &known)
        };
        let Some(decision) = decide(&request, kind) else { continue };
        let answer = PublishProperties { correlation_data: Some(correlation), ..PublishProperties::default() };
        if let Err(error) = link.publish_with(&topic, Keep::Passing, &decision, answer).await {
            tracing::error!(%error, "an answer of the RMS was lost");
        }
    }
}

/// By what stands there first, then by what was notified.
fn kind_of(request: &RiskRequest, known: &BTreeMap<String, Kind>) -> Option<Kind> {
    let plain = |plate: &Plate| plate.reveal(Purpose::Test).chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let seen = request.vehicle.tractor.as_ref().map(plain);
    let notified = request.notification.as_ref().map(|notification| notification.number.clone());
    seen.into_iter().chain(notified).find_map(|key| known.get(&key).copied())
}

/// The answer for a kind; `None` is silence. What nobody knows goes to the document check.
fn decide(request: &RiskRequest, kind: Option<Kind>) -> Option<RiskDecision> {
    let (channel, measures, profile, reason) = match kind {
        Some(Kind::Silent) => return None,
        Some(Kind::Blue) => (Channel::Blue, vec![], "B-07", "audit after release"),
        Some(Kind::Yellow) => (Channel::Yellow, vec![Measure::DocumentCheck], "Y-11", "see the certificate of origin"),
        Some(Kind::Red) => (Channel::Red, vec![Measure::PhysicalInspection], "R-02", "inspect the load"),
        Some(Kind::RedCleared) => (Channel::Red, vec![Measure::SealCheck], "R-05", "check the seals"),
        None => (Channel::Yellow, vec![Measure::DocumentCheck], "Y-00", "the vehicle is not known"),
        Some(
            Kind::Lawful
            | Kind::MisreadSettled
            | Kind::Misread
            | Kind::Ambiguous
            | Kind::NoNotification
            | Kind::NotificationExpired
            | Kind::NoDeclaration
            | Kind::DeclarationNotReleased
            | Kind::Overweight
            | Kind::TrailerSwapped
            | Kind::AlreadyUsed
            | Kind::AgencyHold,
        ) => (Channel::Green, vec![], "G-00", "nothing against it"),
    };
    let agencies = if kind == Some(Kind::AgencyHold) {
        vec![AgencyStatus {
            agency: "phytosanitary".to_owned(),
            clear: false,
            reason: Some("the certificate is being checked".to_owned()),
        }]
    } else {
        Vec::new()
    };
    Some(RiskDecision {
        request_id: request.request_id,
        channel,
        measures,
        profiles: vec![profile.to_owned()],
        reason: reason.to_owned(),
        agencies,
        valid_until: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(tractor: &str) -> RiskRequest {
        serde_json::from_value(serde_json::json!({
            "request_id": "00000000-0000-0000-0000-000000000001", "kind": "arrival", "site": "demo",
            "at": "2026-11-24T05:12:03.412Z", "reply_by": "2026-11-24T05:12:04.412Z",
            "vehicle": { "tractor": tractor }, "parties": [], "findings": []
        }))
        .expect("a request of the contract")
    }

    #[test]
    fn the_channel_follows_the_kind_of_the_truck_that_stands_there() {
        let known = BTreeMap::from([("123AB02".to_owned(), Kind::Red), ("01KG123ABC".to_owned(), Kind::Silent)]);
        let channel = |plate: &str| {
            let request = request(plate);
            decide(&request, kind_of(&request, &known)).map(|decision| decision.channel)
        };
        assert_eq!(channel("123 AB 02"), Some(Channel::Red), "spaces don't matter");
        assert_eq!(channel("01KG123ABC"), None, "silence");
        assert_eq!(channel("999ZZ01"), Some(Channel::Yellow), "nobody knows it");
    }

    #[test]
    fn only_the_agency_hold_names_an_agency() {
        for kind in Kind::ALL {
            let agencies = decide(&request("1"), Some(kind)).map_or(0, |decision| decision.agencies.len());
            assert_eq!(agencies, usize::from(kind == Kind::AgencyHold), "{kind:?}");
        }
    }
}
