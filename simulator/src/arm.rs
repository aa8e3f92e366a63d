//! Which commands a barrier takes, and where its arm is: the device's side of the contract.
//!
//! ```text
//!  BarrierCommand ─▶ take() ─▶ Ignored(why) | motion starts ─▶ arrive() ─▶ open / closed
//! ```
//! It knows no clock: instants are arguments.

use std::collections::VecDeque;

use lane_controller::model::{BarrierCommand, CommandVerb, Position, Timestamp};
use uuid::Uuid;

/// Command ids remembered; a controller that repeats itself does so within seconds.
const COMMANDS_REMEMBERED_MAX: usize = 64;

/// How a command came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// As it was sent.
    Live,
    /// Out of the broker's store.
    Retained,
}

/// Why a command moves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Ignored {
    /// Commands are never retained.
    #[error("it was retained")]
    Retained,
    /// Its time has passed.
    #[error("it had expired")]
    Expired,
    /// It was taken before.
    #[error("it was taken before")]
    Repeated,
    /// A later controller has spoken.
    #[error("its epoch is lower than the last one")]
    LowerEpoch,
}

/// An arm.
#[derive(Debug, Clone)]
pub struct Arm {
    position: Position,
    epoch: u64,
    taken: VecDeque<Uuid>,
}

impl Default for Arm {
    fn default() -> Self {
        Self { position: Position::Closed, epoch: 0, taken: VecDeque::new() }
    }
}

impl Arm {
    /// Where it is.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    /// The command that it took last.
    #[must_use]
    pub fn last_taken(&self) -> Option<Uuid> {
        self.taken.back().copied()
    }

    /// Takes a command, once, while it is valid; the arm starts to move if it isn't there.
    ///
    /// # Errors
    /// Why the command is ignored.
    pub fn take(&mut self, command: &BarrierCommand, delivery: Delivery, now: Timestamp) -> Result<(), Ignored> {
        if delivery == Delivery::Retained {
            return Err(Ignored::Retained);
        }
        if self.taken.contains(&command.command_id) {
            return Err(Ignored::Repeated);
        }
        if now >= command.expires_at {
            return Err(Ignored::Expired);
        }
        if command.epoch < self.epoch {
            return Err(Ignored::LowerEpoch);
        }
        self.epoch = command.epoch;
        if self.taken.len() >= COMMANDS_REMEMBERED_MAX {
            self.taken.pop_front();
        }
        self.taken.push_back(command.command_id);
        self.position = match (command.command, self.position) {
            (CommandVerb::Open, Position::Open) => Position::Open,
            (CommandVerb::Open, Position::Closed | Position::Opening | Position::Closing | Position::Unknown) => {
                Position::Opening
            }
            (CommandVerb::Close, Position::Closed) => Position::Closed,
            (CommandVerb::Close, Position::Open | Position::Opening | Position::Closing | Position::Unknown) => {
                Position::Closing
            }
        };
        Ok(())
    }

    /// Whether it is on its way.
    #[must_use]
    pub const fn is_moving(&self) -> bool {
        matches!(self.position, Position::Opening | Position::Closing)
    }

    /// Its way is over: it is where it was going.
    pub const fn arrive(&mut self) {
        self.position = match self.position {
            Position::Opening => Position::Open,
            Position::Closing => Position::Closed,
            rest @ (Position::Open | Position::Closed | Position::Unknown) => rest,
        };
    }

    /// The barrier's own safety chain turns a falling arm round.
    pub const fn reverse(&mut self) {
        if matches!(self.position, Position::Closing) {
            self.position = Position::Opening;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use lane_controller::model::CommandReason;

    use super::*;

    const TTL: Duration = Duration::from_secs(2);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_micros(seconds * 1_000_000)
    }

    fn command(verb: CommandVerb, id: u128, epoch: u64) -> BarrierCommand {
        BarrierCommand {
            command: verb,
            command_id: Uuid::from_u128(id),
            passage: None,
            epoch,
            sequence: 1,
            issued_at: at(100),
            expires_at: at(100).plus(TTL),
            reason: CommandReason::Release,
        }
    }

    #[test]
    fn an_open_command_raises_the_arm_and_is_named_in_its_state() {
        let mut arm = Arm::default();
        assert_eq!(arm.take(&command(CommandVerb::Open, 1, 1), Delivery::Live, at(101)), Ok(()));
        assert_eq!((arm.position(), arm.last_taken()), (Position::Opening, Some(Uuid::from_u128(1))));
        arm.arrive();
        assert_eq!(arm.position(), Position::Open);
        assert_eq!(arm.take(&command(CommandVerb::Close, 2, 1), Delivery::Live, at(101)), Ok(()));
        arm.arrive();
        assert_eq!(arm.position(), Position::Closed);
    }

    #[test]
    fn a_command_is_taken_once() {
        let mut arm = Arm::default();
        let open = command(CommandVerb::Open, 1, 1);
        assert_eq!(arm.take(&open, Delivery::Live, at(100)), Ok(()));
        arm.arrive();
        arm.take(&command(CommandVerb::Close, 2, 1), Delivery::Live, at(100)).expect("taken");
        arm.arrive();
        assert_eq!(arm.take(&open, Delivery::Live, at(101)), Err(Ignored::Repeated));
        assert_eq!(arm.position(), Position::Closed);
    }

    #[test]
    fn an_expired_command_moves_nothing_even_at_the_very_instant() {
        let mut arm = Arm::default();
        assert_eq!(arm.take(&command(CommandVerb::Open, 1, 1), Delivery::Live, at(102)), Err(Ignored::Expired));
        assert_eq!((arm.position(), arm.last_taken()), (Position::Closed, None));
    }

    #[test]
    fn a_lower_epoch_moves_nothing_and_an_equal_one_does() {
        let mut arm = Arm::default();
        arm.take(&command(CommandVerb::Open, 1, 5), Delivery::Live, at(100)).expect("taken");
        assert_eq!(arm.take(&command(CommandVerb::Close, 2, 4), Delivery::Live, at(100)), Err(Ignored::LowerEpoch));
        assert_eq!(arm.take(&command(CommandVerb::Close, 3, 5), Delivery::Live, at(100)), Ok(()));
    }

    #[test]
    fn an_ignored_command_does_not_raise_the_epoch() {
        let mut arm = Arm::default();
        assert!(arm.take(&command(CommandVerb::Open, 1, 9), Delivery::Retained, at(100)).is_err());
        assert!(arm.take(&command(CommandVerb::Open, 2, 9), Delivery::Live, at(103)).is_err());
        assert_eq!(arm.take(&command(CommandVerb::Open, 3, 1), Delivery::Live, at(100)), Ok(()));
    }

    #[test]
    fn a_retained_command_moves_nothing() {
        let mut arm = Arm::default();
        let open = command(CommandVerb::Open, 1, 1);
        assert_eq!(arm.take(&open, Delivery::Retained, at(100)), Err(Ignored::Retained));
        assert_eq!(arm.take(&open, Delivery::Live, at(100)), Ok(()), "the live one was not used up");
    }
}
