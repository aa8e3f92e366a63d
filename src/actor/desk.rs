//! The desk's other side: what officers hand in goes to its lane.

use tokio::sync::{mpsc, oneshot};

use super::board::DeskItem;
use super::lane::LaneMsg;
use super::link::Router;
use crate::model::OrderRefusal;

/// Carries orders and notes from the desk to their lanes.
pub(super) async fn serve_desk(mut desk: mpsc::Receiver<DeskItem>, router: Router) {
    while let Some(item) = desk.recv().await {
        match item {
            DeskItem::Order { lane, order, answer } => {
                let (inner, answered) = oneshot::channel();
                if router.cast(&lane, LaneMsg::Order(order, inner)) {
                    // A lane that dies drops its side, and the officer is told at once.
                    tokio::spawn(async move {
                        let result = answered.await.unwrap_or(Err(OrderRefusal::JournalUnavailable));
                        answer.send(result).ok();
                    });
                } else {
                    answer.send(Err(OrderRefusal::JournalUnavailable)).ok();
                }
            }
            DeskItem::Note(record) => {
                let lane = record.lane.clone();
                if !router.cast(&lane, LaneMsg::Note(record)) {
                    tracing::warn!(%lane, "a note was not journaled: its lane is being restarted");
                }
            }
        }
    }
}
