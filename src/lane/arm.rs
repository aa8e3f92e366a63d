//! One arm: what feedback proves of it, and the supervision of its motion (invariants B4, B5, B6).

use uuid::Uuid;

use super::by_hand::ByHand;
use super::loops::Steadiness;
use super::setup::ArmSetup;
use crate::model::{BarrierMode, BarrierState, Evacuation, Mono, Position};

/// What an arm reports while the evacuation line is active.
const EVACUATION: &str = "evacuation";

/// What is known of an arm. Only feedback changes it (invariant B4).
#[derive(Debug, Clone)]
pub(super) struct Arm {
    pub(super) setup: ArmSetup,
    /// `None`: never reported, or the report can't be trusted any more.
    known: Option<BarrierState>,
    /// What a device that comes and goes reports waits until it has been steady (hazard 23).
    steadiness: Steadiness,
    /// The open command that explains an arm that is not closed.
    pub(super) opened_by: Option<Uuid>,
    /// When it was last told to move.
    pub(super) told: Option<Mono>,
    /// After an evacuation nothing is commanded until the lane is put back (invariant B7).
    pub(super) evacuation: Evacuation,
}

impl Arm {
    pub(super) const fn new(setup: ArmSetup) -> Self {
        Self {
            setup,
            known: None,
            steadiness: Steadiness::Steady,
            opened_by: None,
            told: None,
            evacuation: Evacuation::None,
        }
    }

    pub(super) fn observe(&mut self, state: BarrierState) {
        self.known = Some(state);
    }

    /// Its device comes and goes, or has been steady again: then what it reported meanwhile is handed back.
    pub(super) fn set(&mut self, steadiness: Steadiness) -> Option<BarrierState> {
        self.steadiness = steadiness;
        match steadiness {
            Steadiness::Steady => self.known.take(),
            Steadiness::Unsteady => None,
        }
    }

    fn believed(&self) -> Option<&BarrierState> {
        self.known.as_ref().filter(|_| self.steadiness == Steadiness::Steady)
    }

    /// The last report is void: link or device is away (hazard 14).
    pub(super) fn forget(&mut self) {
        self.known = None;
    }

    pub(super) fn position(&self) -> Position {
        self.believed().map_or(Position::Unknown, |known| known.position)
    }

    /// The closed limit is proved by live feedback (invariant B3).
    pub(super) fn is_proved_closed(&self) -> bool {
        self.believed().is_some_and(|known| known.position == Position::Closed && known.fault.is_none())
    }

    pub(super) fn is_open(&self) -> bool {
        self.position() == Position::Open
    }

    pub(super) fn is_known(&self) -> bool {
        self.believed().is_some()
    }

    pub(super) fn fault(&self) -> Option<&str> {
        self.believed().and_then(|known| known.fault.as_deref())
    }

    /// Somebody is at its key: nothing is commanded (invariant B8).
    pub(super) fn is_local(&self) -> bool {
        self.believed().is_some_and(|known| known.mode == BarrierMode::Local)
    }

    /// Known, without a fault, and not left by an evacuation (invariant B7).
    pub(super) fn is_sound(&self) -> bool {
        self.evacuation == Evacuation::None && self.believed().is_some_and(|known| known.fault.is_none())
    }

    /// The evacuation line is active.
    pub(super) fn reports_evacuation(&self) -> bool {
        self.fault() == Some(EVACUATION)
    }

    /// Who moves it, if it isn't the controller.
    pub(super) fn by_hand(&self) -> Option<ByHand> {
        if self.evacuation == Evacuation::Latched {
            return Some(ByHand::Evacuation);
        }
        self.is_local().then_some(ByHand::Local)
    }

    /// Not closed by its own report, although neither a command explains it, nor a key, nor an evacuation: those have
    /// alarms of their own (invariant B6).
    pub(super) fn is_forced(&self) -> bool {
        self.opened_by.is_none()
            && self.by_hand().is_none()
            && matches!(self.position(), Position::Opening | Position::Open)
    }

    /// Why it can't be opened by its own state, for the officer; `None` when it can.
    pub(super) fn refusal(&self) -> Option<String> {
        if self.evacuation == Evacuation::Latched {
            return Some("the lane was evacuated: two officers must open it again".into());
        }
        let known = self.believed()?;
        if let Some(fault) = &known.fault {
            return Some(format!("the barrier reports the fault {fault}"));
        }
        match known.position {
            Position::Closed => None,
            Position::Opening | Position::Open | Position::Closing | Position::Unknown => {
                Some("the barrier is not proved closed".into())
            }
        }
    }
}

#[cfg(test)]
crate::lane::tests::search::digest::digest!(Arm { known, steadiness, opened_by, evacuation } without { setup, told });
