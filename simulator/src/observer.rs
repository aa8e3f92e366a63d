//! What the controller tells the world: lane states for drivers, officers and the table, events for the book.

use std::collections::BTreeMap;

use lane_controller::model::{Channel, Phase};
use rumqttc::v5::mqttbytes::v5::Publish;
use serde::Deserialize;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::ledger::{Completed, Ledger};
use crate::link::{Link, LinkError, Plan};

/// A LaneState as the contract prints it; read here on its own, because the controller's type only writes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct LaneView {
    /// Where the lane is.
    pub phase: Phase,
    /// The vehicle.
    #[serde(default)]
    pub passage: Option<PassageView>,
    /// Why it stays.
    pub holds: Vec<HoldView>,
    /// What needs a person.
    #[serde(default)]
    pub alarms: Vec<String>,
}

/// The vehicle in a lane.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct PassageView {
    /// Its passage.
    pub id: String,
    /// Front plate.
    #[serde(default)]
    pub tractor: Option<String>,
    /// Scale.
    #[serde(default)]
    pub gross_kg: Option<i64>,
    /// Channel.
    #[serde(default)]
    pub channel: Option<Channel>,
}

/// Why a vehicle stays.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HoldView {
    /// The code.
    pub code: String,
    /// For the officer.
    #[serde(default)]
    pub detail: String,
}

#[derive(Debug, Deserialize)]
struct Event {
    event: String,
    sequence: u64,
    lane: String,
    #[serde(default)]
    passage: Option<String>,
    #[serde(default)]
    outcome: Option<String>,
}

/// The latest state of every lane; `None` until the controller has shown one.
pub type Views = BTreeMap<String, watch::Receiver<Option<LaneView>>>;

/// Listens to the controller; it stops when this is dropped.
#[derive(Debug)]
pub struct Observer {
    _link: Link,
    views: Views,
    listening: JoinHandle<()>,
}

impl Observer {
    /// Subscribes to states and events of `lanes` at `site`.
    ///
    /// # Errors
    /// When the broker doesn't answer.
    pub async fn listen(port: u16, site: &str, lanes: &[String], ledger: Ledger) -> Result<Self, LinkError> {
        let filters = vec![format!("bcp/{site}/lane/+/state"), format!("bcp/{site}/lane/+/event")];
        let plan = Plan { id: format!("{site}-observer"), port, filters, ..Plan::default() };
        let (link, inbox) = Link::open(plan).await?;
        let (shown, views): (BTreeMap<_, _>, BTreeMap<_, _>) = lanes
            .iter()
            .map(|lane| {
                let (sender, receiver) = watch::channel(None);
                ((lane.clone(), sender), (lane.clone(), receiver))
            })
            .unzip();
        let listening = tokio::spawn(listen(inbox, shown, ledger));
        Ok(Self { _link: link, views, listening })
    }

    /// The lanes as the controller shows them.
    #[must_use]
    pub const fn views(&self) -> &Views {
        &self.views
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(
    mut inbox: mpsc::Receiver<Publish>,
    shown: BTreeMap<String, watch::Sender<Option<LaneView>>>,
    ledger: Ledger,
) {
    while let Some(message) = inbox.recv().await {
        let topic = String::from_utf8_lossy(&message.topic).into_owned();
        let taken = match topic.rsplit_once('/') {
            Some((lane, "state")) => serde_json::from_slice(&message.payload).map(|view| {
                let lane = lane.rsplit('/').next().unwrap_or_default();
                if let Some(shown) = shown.get(lane) {
                    note(&ledger, lane, &view);
                    shown.send_replace(Some(view));
                }
            }),
            Some((_, "event")) => serde_json::from_slice(&message.payload).map(|event| write(&ledger, event)),
            Some(_) | None => Ok(()),
        };
        if let Err(error) = taken {
            ledger.breach(format!("{topic}: not as the contract prints it: {error}"));
        }
    }
}

/// The passage and the holds that the truck in the lane met.
fn note(ledger: &Ledger, lane: &str, view: &LaneView) {
    let Some(passage) = &view.passage else { return };
    ledger.standing(lane, |entry| {
        let own = entry.passage.get_or_insert_with(|| passage.id.clone());
        if *own == passage.id {
            entry.holds.extend(view.holds.iter().map(|hold| hold.code.clone()));
        }
    });
}

fn write(ledger: &Ledger, event: Event) {
    let Some(passage) = event.passage else { return };
    let mut pages = ledger.pages();
    match event.event.as_str() {
        "barrier_commanded" => {
            pages.commanded.insert(passage);
        }
        "passage_completed" => {
            let outcome = event.outcome.unwrap_or_else(|| "none given".to_owned());
            pages.completed.insert(event.sequence, Completed { lane: event.lane, passage, outcome });
        }
        _others => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;

    #[test]
    fn a_lane_state_is_read_as_the_contract_prints_it() {
        let view: LaneView = serde_json::from_str(
            r#"{"lane":"in-01","phase":"held","service":"open","passage":{"id":"7f","since":"2026-11-24T05:12:03.412Z",
            "tractor":"123AB02","gross_kg":36400,"channel":"yellow"},"holds":[{"code":"referred_documents","detail":"see",
            "since":"2026-11-24T05:12:03.412Z"}],"alarms":[],"at":"2026-11-24T05:12:03.412Z"}"#,
        )
        .expect("reads");
        assert_eq!((view.phase, view.holds[0].code.as_str()), (Phase::Held, "referred_documents"));
        assert_eq!(view.passage.and_then(|p| p.channel), Some(Channel::Yellow));
    }

    #[test]
    fn a_redelivered_completion_is_counted_once() {
        let ledger = Ledger::default();
        for _ in 0..2 {
            let event =
                r#"{"event":"passage_completed","sequence":9,"lane":"in-01","passage":"7f","outcome":"released"}"#;
            write(&ledger, serde_json::from_str(event).expect("reads"));
        }
        assert_eq!(ledger.pages().completed.len(), 1);
    }

    #[test]
    fn holds_of_another_passage_are_not_the_trucks() {
        let ledger = Ledger::default();
        ledger.arrives("in-01", 1, Kind::Lawful);
        let view = |id: &str, code: &str| LaneView {
            phase: Phase::Held,
            passage: Some(PassageView { id: id.to_owned(), tractor: None, gross_kg: None, channel: None }),
            holds: vec![HoldView { code: code.to_owned(), detail: String::new() }],
            alarms: Vec::new(),
        };
        note(&ledger, "in-01", &view("a", "ambiguous"));
        note(&ledger, "in-01", &view("b", "radiation"));
        let holds = ledger.standing("in-01", |entry| entry.holds.clone()).expect("a truck");
        assert_eq!(holds.into_iter().collect::<Vec<_>>(), ["ambiguous"]);
    }
}
