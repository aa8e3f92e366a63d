//! The single window: traders submit notifications and declarations before the truck comes, and keep the receipts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::Utc;
use lane_controller::model::registry::RegisterKind;
use lane_controller::model::{Purpose, Receipt, ReceiptResult, Timestamp};
use rumqttc::v5::mqttbytes::v5::Publish;
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::documents;
use crate::link::{Keep, Link, LinkError, Plan};
use crate::traffic::Truck;

/// A receipt comes sooner.
const RECEIPT_WITHIN: Duration = Duration::from_secs(15);

/// Why a document is not in the register.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// It could not be sent.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// Nobody answered.
    #[error("no receipt for the {kind} {number} within {RECEIPT_WITHIN:?}")]
    NoReceipt {
        /// Which register.
        kind: &'static str,
        /// The document.
        number: String,
    },
    /// The controller did not take it.
    #[error("the {kind} {number} was not accepted: {said}")]
    NotAccepted {
        /// Which register.
        kind: &'static str,
        /// The document.
        number: String,
        /// What the receipt says.
        said: String,
    },
}

type Waiting = Arc<Mutex<BTreeMap<(RegisterKind, String), oneshot::Sender<Receipt>>>>;

/// The traders' end of the registry topics.
#[derive(Debug)]
pub struct SingleWindow {
    site: String,
    link: Link,
    waiting: Waiting,
    reading: JoinHandle<()>,
}

impl SingleWindow {
    /// Connects to `site`.
    ///
    /// # Errors
    /// When the broker doesn't answer.
    pub async fn open(port: u16, site: &str) -> Result<Self, LinkError> {
        let filters = vec![format!("bcp/{site}/registry/receipt")];
        let plan = Plan { id: format!("{site}-single-window"), port, filters, ..Plan::default() };
        let (link, receipts) = Link::open(plan).await?;
        let waiting = Waiting::default();
        let reading = tokio::spawn(read(receipts, Arc::clone(&waiting)));
        Ok(Self { site: site.to_owned(), link, waiting, reading })
    }

    /// Submits the carriers.
    ///
    /// # Errors
    /// When one isn't accepted.
    pub async fn submit_parties(&self) -> Result<(), SubmitError> {
        for party in documents::parties(Timestamp::new(Utc::now())) {
            self.submit(RegisterKind::Party, party.id.reveal(Purpose::Test), &party).await?;
        }
        Ok(())
    }

    /// Submits what was submitted for `truck`, and waits for the receipts.
    ///
    /// # Errors
    /// When one isn't accepted.
    pub async fn submit_for(&self, truck: &Truck) -> Result<(), SubmitError> {
        let now = Timestamp::new(Utc::now());
        if let Some(declaration) = documents::declaration(truck, now) {
            self.submit(RegisterKind::Declaration, &declaration.number, &declaration).await?;
        }
        let twice = documents::second_notification(truck, now);
        for notification in documents::notification(truck, now).into_iter().chain(twice) {
            self.submit(RegisterKind::Notification, &notification.number, &notification).await?;
        }
        Ok(())
    }

    async fn submit(&self, kind: RegisterKind, number: &str, document: &impl Serialize) -> Result<(), SubmitError> {
        let (answer, answered) = oneshot::channel();
        let key = (kind, number.to_owned());
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone(), answer);
        let topic = format!("bcp/{}/registry/{}", self.site, kind.as_str());
        self.link.publish(&topic, Keep::Passing, document).await?;
        let Ok(Ok(receipt)) = tokio::time::timeout(RECEIPT_WITHIN, answered).await else {
            self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
            return Err(SubmitError::NoReceipt { kind: kind.as_str(), number: key.1 });
        };
        match receipt.result {
            // A redelivered document is the same document.
            ReceiptResult::Accepted | ReceiptResult::Duplicate => Ok(()),
            ReceiptResult::Stale | ReceiptResult::Rejected => {
                let said = serde_json::to_string(&receipt).unwrap_or_default();
                Err(SubmitError::NotAccepted { kind: kind.as_str(), number: key.1, said })
            }
        }
    }
}

impl Drop for SingleWindow {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

async fn read(mut receipts: mpsc::Receiver<Publish>, waiting: Waiting) {
    while let Some(message) = receipts.recv().await {
        let receipt: Receipt = match serde_json::from_slice(&message.payload) {
            Ok(receipt) => receipt,
            Err(error) => {
                tracing::error!(%error, "a receipt that can't be read");
                continue;
            }
        };
        let Some(number) = receipt.number.clone() else { continue };
        let answer = waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&(receipt.kind, number));
        if let Some(answer) = answer {
            // Whoever asked may have given up.
            drop(answer.send(receipt));
        }
    }
}
