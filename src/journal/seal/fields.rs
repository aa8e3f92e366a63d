//! Which fields of which records are personal: the one table (docs/privacy.md lists the same).

use crate::model::DataClass::{self, Officers, Personal};
use crate::model::RecordKind;

/// Paths of the personal fields of a kind, each with its class; `*` is any element of a list.
pub(super) const fn fields(kind: RecordKind) -> &'static [(&'static str, DataClass)] {
    match kind {
        // The read whole: its id may be made of the plate. A reader reads whatever is held before it.
        RecordKind::Evidence => {
            &[("plate.read", Personal), ("document.reference", Personal), ("seal.transport", Personal)]
        }
        // The RMS and agencies write freely, and may name a driver.
        RecordKind::RiskDecided => &[("reason", Personal), ("agencies.*.reason", Personal)],
        RecordKind::Held => &[("detail", Personal)],
        RecordKind::Order => &[("officer", Officers), ("second_officer", Officers), ("reason", Officers)],
        RecordKind::Released => &[("tractor", Personal), ("trailer", Personal)],
        RecordKind::PassageCompleted => &[
            ("plates", Personal),
            ("tractor", Personal),
            ("trailer", Personal),
            ("documents", Personal),
            ("seals", Personal),
            ("orders", Officers),
        ],
        RecordKind::OutcomeRecorded => &[("officer", Officers), ("note", Officers)],
        // An officer's words when one closes or opens the lane.
        RecordKind::ServiceChanged => &[("reason", Officers)],
        // Plates and documents that the draw is remembered under.
        RecordKind::SelectionDrawn => &[("keys", Personal)],
        RecordKind::PassageOpened
        | RecordKind::Matched
        | RecordKind::RiskRequested
        | RecordKind::Referred
        | RecordKind::Refused
        | RecordKind::BarrierCommanded
        | RecordKind::FrontierCrossed
        | RecordKind::AlarmRaised
        | RecordKind::AlarmCleared
        | RecordKind::DeviceLost
        | RecordKind::DeviceFound
        | RecordKind::ProfilesChanged
        | RecordKind::SelectionCommitted
        | RecordKind::SelectionRevealed
        | RecordKind::KeysShredded
        | RecordKind::AccessAnchored => &[],
    }
}

/// How a path stands to what is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// It is a personal field.
    Is(DataClass),
    /// Personal fields are within.
    Leads,
    /// Neither.
    No,
}

/// How a path of a body stands to the fields of its kind.
pub(super) fn fit(wanted: &[(&str, DataClass)], path: &str) -> Fit {
    let mut fit = Fit::No;
    for (field, class) in wanted {
        let mut steps = path.split('.');
        let mut names = field.split('.');
        let same = steps.all(|step| names.next().is_some_and(|name| name == "*" || name == step));
        match (same, names.next()) {
            (true, None) => return Fit::Is(*class),
            (true, Some(_)) => fit = Fit::Leads,
            (false, _) => {}
        }
    }
    fit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_field_leads_to_one_or_is_neither() {
        let wanted = [("plate.read", Personal), ("agencies.*.reason", Personal), ("orders", Officers)];
        for (path, expected) in [
            ("plate.read", Fit::Is(Personal)),
            ("plate", Fit::Leads),
            ("plate.read.plate", Fit::No),
            ("plates", Fit::No),
            ("agencies", Fit::Leads),
            ("agencies.3", Fit::Leads),
            ("agencies.3.reason", Fit::Is(Personal)),
            ("agencies.3.clear", Fit::No),
            ("orders", Fit::Is(Officers)),
            ("reason", Fit::No),
        ] {
            assert_eq!(fit(&wanted, path), expected, "{path}");
        }
    }

    #[test]
    fn the_documentation_lists_every_sealed_field() {
        let docs = include_str!("../../../docs/privacy.md");
        for kind in RecordKind::ALL {
            for (path, class) in fields(kind) {
                let line = format!("| `{}` | `{path}` | {} |", kind.as_str(), class.as_str());
                assert!(docs.contains(&line), "docs/privacy.md lacks {line}");
            }
        }
    }
}
