//! Barrier commands. The only function that encodes an open command takes an [`OpenAuthority`], and takes it away.

use std::time::Duration;

use uuid::Uuid;

use crate::model::{BarrierCommand, BarrierPlace, CommandReason, CommandVerb, OpenAuthority, PassageId, Timestamp};

/// A command ready to be sent. There is no way to retain it (invariant A10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedCommand {
    /// Which arm.
    pub barrier: BarrierPlace,
    /// Its id.
    pub command_id: Uuid,
    /// JSON.
    pub payload: Vec<u8>,
    /// Message expiry, whole seconds as MQTT has it, rounded up.
    pub expiry_s: u32,
}

/// Encodes the one open command that an authority allows.
#[must_use]
pub fn encode_open(
    authority: OpenAuthority,
    epoch: u64,
    sequence: u64,
    issued_at: Timestamp,
    ttl: Duration,
) -> EncodedCommand {
    let allowed = authority.authority();
    let command = BarrierCommand {
        command: CommandVerb::Open,
        command_id: allowed.command_id,
        passage: allowed.passage,
        epoch,
        sequence,
        issued_at,
        expires_at: issued_at.plus(ttl),
        reason: allowed.reason,
    };
    let encoded = encode(allowed.barrier, &command, ttl);
    drop(authority);
    encoded
}

/// Encodes a close command.
#[must_use]
pub fn encode_close(
    barrier: BarrierPlace,
    passage: Option<PassageId>,
    command_id: Uuid,
    epoch: u64,
    sequence: u64,
    issued_at: Timestamp,
    ttl: Duration,
) -> EncodedCommand {
    let command = BarrierCommand {
        command: CommandVerb::Close,
        command_id,
        passage,
        epoch,
        sequence,
        issued_at,
        expires_at: issued_at.plus(ttl),
        reason: CommandReason::Secure,
    };
    encode(barrier, &command, ttl)
}

fn encode(barrier: BarrierPlace, command: &BarrierCommand, ttl: Duration) -> EncodedCommand {
    let whole = ttl.as_secs() + u64::from(ttl.subsec_nanos() > 0);
    EncodedCommand {
        barrier,
        command_id: command.command_id,
        // Our own struct of plain fields always serialises.
        payload: serde_json::to_vec(command).unwrap_or_default(),
        expiry_s: u32::try_from(whole).unwrap_or(u32::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Authority, LaneId, Mono, Recorded, Ticket};

    #[test]
    fn a10_a_command_expires_and_its_bytes_are_pinned() {
        let lane = LaneId::new("in-01").expect("a name");
        let authority = Authority {
            lane: lane.clone(),
            passage: Some(PassageId(Uuid::from_u128(2))),
            barrier: BarrierPlace::Exit,
            reason: CommandReason::Release,
            command_id: Uuid::from_u128(1),
            ticket: Ticket(1),
            issued: Mono::from_micros(1),
            expires: Mono::from_micros(9),
        };
        let receipt = Recorded::durable(Ticket(1), lane, 1, 1);
        let granted = OpenAuthority::grant(authority, &receipt, Mono::from_micros(2)).expect("granted");
        let at = Timestamp::from_unix_micros(1_795_000_000_000_000);
        let encoded = encode_open(granted, 3, 4, at, Duration::from_millis(1_500));
        assert_eq!(encoded.expiry_s, 2);
        assert_eq!(String::from_utf8(encoded.payload).expect("UTF-8"), GOLDEN);
    }

    const GOLDEN: &str = concat!(
        r#"{"command":"open","command_id":"00000000-0000-0000-0000-000000000001","#,
        r#""passage":"00000000-0000-0000-0000-000000000002","epoch":3,"sequence":4,"#,
        r#""issued_at":"2026-11-18T11:06:40.000Z","expires_at":"2026-11-18T11:06:41.500Z","reason":"release"}"#
    );
}
