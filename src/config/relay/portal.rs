//! A radiation portal that tells by dry contacts, wired to the board of one of the lane's arms.

use serde::Deserialize;

use super::super::check::Faults;
use super::super::reader::RawPortal;
use super::barrier::board_of;
use super::{Contact, Normally, PortalInputs, RelayWiring};
use crate::model::BarrierPlace;

/// What a contact of a portal tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::config) enum RawPortalRole {
    Gamma,
    Neutron,
    Fault,
    Occupied,
}

impl RawPortalRole {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Gamma => "gamma",
            Self::Neutron => "neutron",
            Self::Fault => "fault",
            Self::Occupied => "occupied",
        }
    }
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
pub(in crate::config) struct RawPortalInputs {
    gamma: Option<u16>,
    neutron: Option<u16>,
    fault: Option<u16>,
    occupied: Option<u16>,
}

/// Whose board it ends on, and where; `None` when it can't be used, the faults say why.
pub(in crate::config) fn wire_portal(
    path: &str,
    raw: &RawPortal,
    arms: &[(BarrierPlace, &RelayWiring)],
    faults: &mut Faults,
) -> Option<(BarrierPlace, PortalInputs)> {
    let (barrier, wiring) = board_of(path, "a portal", arms, raw.barrier, faults)?;
    let given = raw.inputs.unwrap_or_default();
    if given.gamma.is_none() || given.fault.is_none() {
        let message = "`gamma` and `fault` are expected: a portal whose faults nobody sees is quiet when it is dead";
        faults.at(&format!("{path}.inputs"), message);
        return None;
    }
    let mut contact = |role, number| contact(path, raw, wiring, role, number, faults);
    let gamma = contact(RawPortalRole::Gamma, given.gamma);
    let neutron = contact(RawPortalRole::Neutron, given.neutron);
    let fault = contact(RawPortalRole::Fault, given.fault);
    let occupied = contact(RawPortalRole::Occupied, given.occupied);
    Some((barrier, PortalInputs { gamma: gamma?, neutron, fault: fault?, occupied }))
}

fn contact(
    path: &str,
    raw: &RawPortal,
    wiring: &RelayWiring,
    role: RawPortalRole,
    number: Option<u16>,
    faults: &mut Faults,
) -> Option<Contact> {
    let position = raw.normally_closed.iter().flatten().position(|named| *named == role);
    let Some(number) = number else {
        if let Some(index) = position {
            faults.at(&format!("{path}.normally_closed[{index}]"), format!("there is no input `{}`", role.as_str()));
        }
        return None;
    };
    let normally = if position.is_some() { Normally::Closed } else { Normally::Open };
    let input = wiring.board.offset(number, wiring.board.inputs);
    if input.is_none() {
        let (first, last) = wiring.board.numbers(wiring.board.inputs);
        let message = format!("the board's inputs are numbered {first} to {last}");
        faults.at(&format!("{path}.inputs.{}", role.as_str()), message);
    }
    input.map(|input| Contact { input, normally })
}
