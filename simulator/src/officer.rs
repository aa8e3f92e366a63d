//! The officers: they watch the lanes, and order what a hold calls for, over the controller's HTTP API.
//!
//! An officer knows what the window knows: what is special about the truck (`kind.rs`). A refused order is tried
//! again; where two signatures are asked for, the shift supervisor gives the second.

use std::net::SocketAddr;
use std::time::Duration;

use lane_controller::model::{OrderKind, Phase};
use serde_json::json;
use tokio::sync::watch;

use crate::http::{self, Credentials};
use crate::kind::{Choice, Officers, UNEXPLAINED};
use crate::lane::Pace;
use crate::ledger::Ledger;
use crate::observer::LaneView;

/// How long an officer reads before ordering, in life.
const READS_MS: u64 = 1_200;
/// Before a refused order is tried again.
const TRIES_AGAIN_AFTER: Duration = Duration::from_millis(500);
/// After an accepted order the lane moves on sooner; else the officer looks again.
const MOVES_ON_WITHIN: Duration = Duration::from_secs(5);
/// Attempts at one passage; then the officer gives up and the truck stands.
const ATTEMPTS_MAX: u32 = 20;

/// The officers on duty and where they order.
#[derive(Debug, Clone)]
pub struct Desk {
    /// The controller's API.
    pub address: SocketAddr,
    /// Signs every order.
    pub inspector: Credentials,
    /// Gives the second signature.
    pub supervisor: Credentials,
}

/// A vehicle that stays.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Held {
    passage: String,
}

/// Attends to `lane` until the controller's states end.
pub async fn attend(desk: Desk, lane: String, mut view: watch::Receiver<Option<LaneView>>, ledger: Ledger, pace: Pace) {
    let mut turned_back: Option<String> = None;
    loop {
        let Ok(held) = view.wait_for(|view| held(view.as_ref()).is_some()).await.map(|view| held(view.as_ref())) else {
            return;
        };
        let Some(held) = held else { continue };
        if turned_back.as_ref() == Some(&held.passage) {
            // It has its order; the driver is backing out.
            if view.changed().await.is_err() {
                return;
            }
            continue;
        }
        pace.pass(READS_MS).await;
        match resolve(&desk, &lane, &view, &held, &ledger).await {
            Some(OrderKind::Refer | OrderKind::Refuse) => turned_back = Some(held.passage),
            Some(OrderKind::Release | OrderKind::CloseLane | OrderKind::OpenLane | OrderKind::ClearHold) => {
                // Whether it moved on or not: the lane is looked at again.
                let on = view.wait_for(|view| still(view.as_ref(), &held).is_none());
                drop(tokio::time::timeout(MOVES_ON_WITHIN, on).await);
            }
            None => tokio::time::sleep(TRIES_AGAIN_AFTER).await,
        }
    }
}

fn held(view: Option<&LaneView>) -> Option<Held> {
    let view = view.filter(|view| view.phase == Phase::Held && !view.holds.is_empty())?;
    view.passage.as_ref().map(|passage| Held { passage: passage.id.clone() })
}

fn still<'a>(view: Option<&LaneView>, before: &'a Held) -> Option<&'a Held> {
    (held(view).as_ref() == Some(before)).then_some(before)
}

/// Orders what the hold calls for; returns the order that was accepted.
async fn resolve(
    desk: &Desk,
    lane: &str,
    view: &watch::Receiver<Option<LaneView>>,
    held: &Held,
    ledger: &Ledger,
) -> Option<OrderKind> {
    let mut signed = None;
    for _ in 0..ATTEMPTS_MAX {
        still(view.borrow().as_ref(), held)?;
        let mut choice = ledger.standing(lane, |entry| {
            let choice = entry.kind.expectation().held.map_or(UNEXPLAINED, |(_, choice)| choice);
            entry.asked.push(choice.order);
            choice
        })?;
        choice.officers = signed.unwrap_or(choice.officers);
        match order(desk, lane, held, choice).await {
            Ok(()) => {
                ledger.standing(lane, |entry| entry.orders.push(choice.order));
                return Some(choice.order);
            }
            Err(refusal) => {
                if refusal.contains("two_officers_needed") {
                    signed = Some(Officers::Two);
                }
                tracing::warn!(%lane, %refusal, "an order was refused");
                ledger.standing(lane, |entry| entry.asked.pop());
                *ledger.pages().refusals.entry(refusal).or_default() += 1;
            }
        }
        tokio::time::sleep(TRIES_AGAIN_AFTER).await;
    }
    None
}

/// Posts one order.
async fn order(desk: &Desk, lane: &str, held: &Held, choice: Choice) -> Result<(), String> {
    let mut body = json!({
        "order": choice.order.as_str(),
        "passage": held.passage,
        "reason": choice.reason,
    });
    if choice.officers == Officers::Two {
        body["second_officer"] = json!({ "name": desk.supervisor.name, "password": desk.supervisor.password });
    }
    let path = format!("/api/v1/lanes/{lane}/orders");
    match http::post(desk.address, &path, &desk.inspector, &body.to_string()).await {
        Ok(answer) if (200..300).contains(&answer.status) => Ok(()),
        Ok(answer) => Err(format!("{} {}: {}", choice.order.as_str(), answer.status, answer.body.trim())),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::kind::Kind;
    use crate::observer::{HoldView, PassageView};

    fn view(phase: Phase, codes: &[&str]) -> LaneView {
        LaneView {
            phase,
            passage: Some(PassageView { id: "p-1".to_owned(), tractor: None, gross_kg: None, channel: None }),
            holds: codes.iter().map(|code| HoldView { code: (*code).to_owned(), detail: String::new() }).collect(),
            alarms: Vec::new(),
        }
    }

    /// A controller that answers each request with the next of `answers`; returns what it was asked.
    async fn controller(answers: &'static [&'static str]) -> (SocketAddr, tokio::task::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let serving = tokio::spawn(async move {
            let mut asked = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().await.expect("a request");
                let mut request = vec![0_u8; 4096];
                let count = stream.read(&mut request).await.expect("read");
                request.truncate(count);
                asked.push(String::from_utf8(request).expect("text"));
                stream.write_all(answer.as_bytes()).await.expect("answered");
            }
            asked
        });
        (address, serving)
    }

    fn desk(address: SocketAddr) -> Desk {
        let officer = |name: &str| Credentials { name: name.to_owned(), password: format!("{name}-secret") };
        Desk { address, inspector: officer("inspector"), supervisor: officer("supervisor") }
    }

    #[tokio::test]
    async fn an_officer_orders_what_the_kind_calls_for_and_signs_in() {
        let (address, serving) = controller(&["HTTP/1.1 200 OK\r\n\r\n{}"]).await;
        let ledger = Ledger::default();
        ledger.arrives("in-01", 1, Kind::Overweight);
        let (shown, view) = watch::channel(Some(view(Phase::Held, &["weight_discrepancy"])));
        tokio::spawn(attend(desk(address), "in-01".to_owned(), view, ledger.clone(), Pace::new(100.0)));
        let asked = serving.await.expect("served");
        assert!(asked[0].contains("\"order\":\"refuse\"") && asked[0].contains("\"passage\":\"p-1\""), "{}", asked[0]);
        assert!(asked[0].contains("Basic aW5zcGVjdG9yOmluc3BlY3Rvci1zZWNyZXQ="), "{}", asked[0]);
        assert!(!asked[0].contains("second_officer"));
        drop(shown);
    }

    #[tokio::test]
    async fn a_second_signature_is_given_where_the_controller_asks_for_it() {
        let (address, serving) = controller(&[
            "HTTP/1.1 409 Conflict\r\n\r\n{\"refusal\":\"two_officers_needed\"}",
            "HTTP/1.1 200 OK\r\n\r\n{}",
        ])
        .await;
        let ledger = Ledger::default();
        ledger.arrives("in-01", 1, Kind::Yellow);
        let (shown, view) = watch::channel(Some(view(Phase::Held, &["referred_documents"])));
        tokio::spawn(attend(desk(address), "in-01".to_owned(), view, ledger.clone(), Pace::new(100.0)));
        let asked = serving.await.expect("served");
        assert!(!asked[0].contains("second_officer"));
        assert!(asked[1].contains("\"second_officer\":{\"name\":\"supervisor\",\"password\":\"supervisor-secret\"}"));
        drop(shown);
    }

    #[test]
    fn nobody_is_attended_to_before_the_lane_holds() {
        assert_eq!(held(Some(&view(Phase::Assessing, &["no_notification"]))), None);
        assert_eq!(held(Some(&view(Phase::Held, &[]))), None);
        assert_eq!(held(None), None);
        assert!(held(Some(&view(Phase::Held, &["no_notification"]))).is_some());
    }
}
