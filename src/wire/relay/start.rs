//! How a board is started: everything off, switched by commands alone, then proved.

use std::collections::VecDeque;

use super::frame::Request;
use crate::config::board::PulseMaker;
use crate::config::relay::RelayUnit;

/// One step of a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// A relay is switched off: a crash may have left its contact closed.
    Off(u16),
    /// What switches the relays is read …
    Modes,
    /// … and set where it isn't commands alone: it lives in the board's flash, which wears.
    Mode(u16),
    /// The relays are read: none may be on.
    Relays,
    /// The inputs are read: from here on the board is proved.
    Inputs,
}

impl Step {
    pub(super) fn request(self, unit: &RelayUnit) -> Request {
        let (address, board) = (unit.unit, &unit.board);
        match (self, board.modes) {
            (Self::Off(relay), _) => Request::off(address, board, relay),
            (Self::Modes, Some(modes)) => Request::read_modes(address, board, modes),
            (Self::Mode(relay), Some(modes)) => Request::write_mode(address, modes, relay),
            // A board without modes has no such steps.
            (Self::Modes | Self::Mode(_) | Self::Relays, _) => Request::read_relays(address, board),
            (Self::Inputs, _) => Request::read_inputs(address, board),
        }
    }
}

/// The steps that are left.
#[derive(Debug)]
pub(super) struct Start {
    steps: VecDeque<Step>,
    normal: u16,
}

impl Start {
    /// From nothing: all relays off before anything else.
    pub(super) fn full(unit: &RelayUnit) -> Self {
        let mut start = Self::again(unit);
        if matches!(unit.board.pulse, PulseMaker::Board { .. }) {
            start.switch_off(unit);
        }
        start
    }

    /// After a socket that was given up: a pulse that the board times is left to end by itself.
    pub(super) fn again(unit: &RelayUnit) -> Self {
        let modes = unit.board.modes.map(|_| Step::Modes);
        let steps = modes.into_iter().chain([Step::Relays, Step::Inputs]).collect();
        let mut start = Self { steps, normal: unit.board.modes.map(|modes| modes.normal).unwrap_or_default() };
        if unit.board.pulse == PulseMaker::Driver {
            start.switch_off(unit);
        }
        start
    }

    fn switch_off(&mut self, unit: &RelayUnit) {
        for relay in (0..unit.board.relays.count).rev() {
            self.steps.push_front(Step::Off(relay));
        }
    }

    pub(super) fn step(&self) -> Option<Step> {
        self.steps.front().copied()
    }

    /// The step is done; `values` are the registers that it read.
    pub(super) fn done(&mut self, values: &[u16]) {
        self.steps.pop_front();
        for (relay, _) in (0..).zip(values).filter(|(_, value)| **value != self.normal) {
            self.steps.push_front(Step::Mode(relay));
        }
    }

    /// A plain preset may count relays that the board doesn't have, and some firmware has no modes: what is not wired
    /// to an arm may be refused.
    pub(super) fn may_be_refused(&self, step: Step, unit: &RelayUnit) -> bool {
        let wired =
            |relay: u16| unit.arms.iter().any(|arm| arm.open == relay || arm.close == relay || arm.stop == Some(relay));
        match step {
            Step::Off(relay) | Step::Mode(relay) => !wired(relay),
            Step::Modes => true,
            Step::Relays | Step::Inputs => false,
        }
    }
}
