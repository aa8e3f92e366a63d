//! The order of things as types: nothing opens without a durable record (invariant A1).
//!
//! ```text
//!  Authority (planned) ── record ──▶ journal ── fsync ──▶ Recorded ──┐
//!        └────────────── OpenAuthority::grant(authority, &recorded) ◀┘ ──▶ the only way to an open command
//! ```

use std::time::Duration;

use uuid::Uuid;

use super::{BarrierPlace, CommandReason, LaneId, Mono, PassageId, Ticket};

/// The journal's receipt: the records of `ticket` are durable. Only the journal makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    ticket: Ticket,
    lane: LaneId,
    first: u64,
    last: u64,
}

impl Recorded {
    /// For the journal alone, after its commit returned.
    pub(crate) const fn durable(ticket: Ticket, lane: LaneId, first: u64, last: u64) -> Self {
        Self { ticket, lane, first, last }
    }

    /// Which batch.
    #[must_use]
    pub const fn ticket(&self) -> Ticket {
        self.ticket
    }

    /// Sequence of the batch's first record.
    #[must_use]
    pub const fn first(&self) -> u64 {
        self.first
    }

    /// Sequence of the batch's last record.
    #[must_use]
    pub const fn last(&self) -> u64 {
        self.last
    }
}

/// A planned opening, bound to lane, passage and vehicle (invariant A2). It opens nothing by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// The lane.
    pub lane: LaneId,
    /// The passage.
    pub passage: Option<PassageId>,
    /// The arm.
    pub barrier: BarrierPlace,
    /// Why.
    pub reason: CommandReason,
    /// The id that its one command will carry.
    pub command_id: Uuid,
    /// The batch that makes it durable.
    pub ticket: Ticket,
    /// When it was planned.
    pub issued: Mono,
    /// From then on it must not be used (invariant A4).
    pub expires: Mono,
}

/// Why a planned opening is not granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityRefusal {
    /// The receipt is for other records.
    #[error("the receipt is not for the records of this authority")]
    OtherReceipt,
    /// Its time has passed.
    #[error("the authority expired before it was durable")]
    Expired,
}

/// Leave to open one arm once. Not `Clone`: it is consumed by the one command that it allows (invariant A3).
#[derive(Debug, PartialEq, Eq)]
pub struct OpenAuthority {
    authority: Authority,
    sequence: u64,
}

impl OpenAuthority {
    /// Turns a planned opening into leave to open, against the receipt of its own records.
    ///
    /// # Errors
    /// When the receipt is for other records, or the authority is too old (unknown age counts as expired).
    pub fn grant(authority: Authority, receipt: &Recorded, now: Mono) -> Result<Self, AuthorityRefusal> {
        if receipt.ticket != authority.ticket || receipt.lane != authority.lane {
            return Err(AuthorityRefusal::OtherReceipt);
        }
        if now >= authority.expires || now < authority.issued {
            return Err(AuthorityRefusal::Expired);
        }
        Ok(Self { authority, sequence: receipt.last })
    }

    /// What it allows.
    #[must_use]
    pub const fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Journal sequence of its durable record.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }
}

/// How long an authority may wait for its command (invariant A4).
pub const AUTHORITY_COMMAND_WITHIN: Duration = Duration::from_secs(120);
/// How long an open arm may wait for its vehicle (invariant A4).
pub const AUTHORITY_PASS_WITHIN: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    fn authority(ticket: u64) -> Authority {
        Authority {
            lane: LaneId::new("in-01").expect("a name"),
            passage: None,
            barrier: BarrierPlace::Exit,
            reason: CommandReason::Release,
            command_id: Uuid::nil(),
            ticket: Ticket(ticket),
            issued: Mono::from_micros(10),
            expires: Mono::from_micros(20),
        }
    }

    fn receipt(ticket: u64, lane: &str) -> Recorded {
        Recorded::durable(Ticket(ticket), LaneId::new(lane).expect("a name"), 7, 9)
    }

    #[test]
    fn a1_leave_to_open_needs_the_receipt_of_the_same_records() {
        let at = Mono::from_micros(15);
        assert_eq!(OpenAuthority::grant(authority(1), &receipt(2, "in-01"), at), Err(AuthorityRefusal::OtherReceipt));
        assert_eq!(OpenAuthority::grant(authority(1), &receipt(1, "in-02"), at), Err(AuthorityRefusal::OtherReceipt));
        let granted = OpenAuthority::grant(authority(1), &receipt(1, "in-01"), at).expect("granted");
        assert_eq!(granted.sequence(), 9);
    }

    #[test]
    fn a4_an_old_or_ageless_authority_counts_as_expired() {
        for micros in [0, 9, 20, 21] {
            assert_eq!(
                OpenAuthority::grant(authority(1), &receipt(1, "in-01"), Mono::from_micros(micros)),
                Err(AuthorityRefusal::Expired),
                "at {micros}"
            );
        }
    }
}
