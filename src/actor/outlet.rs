//! The way out: everything that the controller publishes, each with its one topic and encoding.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use journal_verify::SignedHead;
use serde::Serialize;
use uuid::Uuid;

use super::board::ShownEvent;
use crate::device::modbus::{LineHandle, NotTaken};
use crate::device::mqtt::{LinkHandle, NotSent, Outgoing};
use crate::model::{
    BarrierPlace, LaneId, LaneState, Mono, NewRecord, Now, OpenAuthority, PassageId, Receipt, RiskRequest, Signal,
    SiteId,
};
use crate::wire::relay::{Command, Stamp};
use crate::wire::{barrier, event, topic};

/// Why a command did not leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotOut {
    #[error(transparent)]
    Link(#[from] NotSent),
    #[error(transparent)]
    Line(#[from] NotTaken),
}

/// Arms that are driven by a relay board, with the line that it is on.
pub(super) type Relays = BTreeMap<(LaneId, BarrierPlace), LineHandle>;

/// Publishes, and commands arms whichever way they are driven. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Outlet {
    site: SiteId,
    link: LinkHandle,
    epoch: u64,
    commands: Arc<AtomicU64>,
    command_ttl: Duration,
    relays: Arc<Relays>,
}

impl Outlet {
    pub(super) fn new(site: SiteId, link: LinkHandle, epoch: u64, command_ttl: Duration, relays: Relays) -> Self {
        Self { site, link, epoch, commands: Arc::default(), command_ttl, relays: Arc::new(relays) }
    }

    fn next_command(&self) -> u64 {
        self.commands.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn stamp(&self, issued: Mono) -> Stamp {
        Stamp { epoch: self.epoch, sequence: self.next_command(), issued, ttl: self.command_ttl }
    }

    /// Sends the one command that an authority allows.
    pub(super) fn open(&self, now: Now, lane: &LaneId, authority: OpenAuthority) -> Result<(), NotOut> {
        let place = authority.authority().barrier;
        if let Some(line) = self.relays.get(&(lane.clone(), place)) {
            let command = Command::open(authority, self.stamp(now.mono));
            return Ok(line.command(lane, place, command)?);
        }
        let command = barrier::encode_open(authority, self.epoch, self.next_command(), now.wall, self.command_ttl);
        Ok(self.command(lane, command)?)
    }

    pub(super) fn close(
        &self,
        now: Now,
        lane: &LaneId,
        place: BarrierPlace,
        passage: Option<PassageId>,
        command_id: Uuid,
    ) -> Result<(), NotOut> {
        if let Some(line) = self.relays.get(&(lane.clone(), place)) {
            let command = Command::close(command_id, self.stamp(now.mono));
            return Ok(line.command(lane, place, command)?);
        }
        let (sequence, ttl) = (self.next_command(), self.command_ttl);
        let command = barrier::encode_close(place, passage, command_id, self.epoch, sequence, now.wall, ttl);
        Ok(self.command(lane, command)?)
    }

    fn command(&self, lane: &LaneId, command: barrier::EncodedCommand) -> Result<(), NotSent> {
        let topic = topic::command(&self.site, lane, command.barrier);
        self.link.publish(Outgoing::expiring(topic, command.payload, command.expiry_s))
    }

    pub(super) fn risk_request(&self, request: &RiskRequest, within: Duration) -> Result<(), NotSent> {
        let seconds = u32::try_from(within.as_secs()).unwrap_or(u32::MAX).max(1);
        let mut outgoing = Outgoing::expiring(topic::risk_request(&self.site), json(request), seconds);
        outgoing.response_topic = Some(topic::risk_response(&self.site));
        outgoing.correlation = Some(request.request_id.to_string().into_bytes());
        self.link.publish(outgoing)
    }

    pub(super) fn state(&self, state: &LaneState) {
        self.tell(Outgoing::retained(topic::lane_state(&self.site, &state.lane), json(state)));
    }

    pub(super) fn signal(&self, lane: &LaneId, signal: &Signal) {
        self.tell(Outgoing::retained(topic::signal(&self.site, lane), json(signal)));
    }

    pub(super) fn receipt(&self, receipt: &Receipt) {
        self.tell(Outgoing::plain(topic::receipt(&self.site), json(receipt)));
    }

    /// For a witness, who keeps what was retained before.
    pub(super) fn head(&self, head: &SignedHead) {
        self.tell(Outgoing::retained(topic::journal_head(&self.site), head.to_json().into_bytes()));
    }

    /// Publishes a durable record as a LaneEvent and hands it back for the event stream.
    pub(super) fn event(&self, sequence: u64, record: &NewRecord) -> ShownEvent {
        let text = lane_event(sequence, record);
        let shown = ShownEvent { sequence, json: text.as_str().into() };
        self.tell(Outgoing::plain(topic::lane_event(&self.site, &record.lane), text.into_bytes()));
        shown
    }

    /// What the journal has anyway may be dropped by a link that is down for long; the link counts it.
    fn tell(&self, outgoing: Outgoing) {
        if let Err(why) = self.link.publish(outgoing) {
            tracing::debug!(%why, "not published");
        }
    }
}

/// Our own payload types always serialise.
fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// The record's fields and what the world sees of its body in one object (contract, LaneEvent).
fn lane_event(sequence: u64, record: &NewRecord) -> String {
    let mut head = serde_json::json!({
        "event": record.kind, "sequence": sequence, "lane": record.lane, "at": record.at,
    });
    if let Some(passage) = record.passage {
        head["passage"] = serde_json::json!(passage);
    }
    let mut text = head.to_string();
    let body = event::shown_body(record.kind, &record.body);
    let rest = body.trim_start_matches('{');
    text.pop();
    if !rest.starts_with('}') {
        text.push(',');
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{RecordKind, Timestamp};

    #[test]
    fn an_event_carries_the_record_and_its_body_in_one_object() {
        for body in ["{}", r#"{"code":"no_notification","detail":"{"}"#] {
            let record = NewRecord {
                at: Timestamp::from_unix_micros(0),
                lane: LaneId::new("in-01").expect("a name"),
                passage: None,
                kind: RecordKind::Held,
                body: body.to_owned(),
            };
            let event: serde_json::Value = serde_json::from_str(&lane_event(7, &record)).expect("JSON");
            assert_eq!(event["event"], "held");
            assert_eq!(event["sequence"], 7);
            let has_code = body.len() > 2;
            assert_eq!(event.get("code").is_some(), has_code);
        }
    }
}
