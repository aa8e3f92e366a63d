//! The scale against the documents.

use std::sync::Arc;

use crate::model::registry::{Declaration, PriorNotification};
use crate::model::{Finding, FindingCode};

/// How far the scale may be off: the larger of the two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    /// Kilograms.
    pub kg: i64,
    /// Of the expected weight.
    pub percent: f64,
}

/// What the scale should see, whole kilograms: laden, else goods and tare (contract, Registry payloads).
#[must_use]
pub fn expected_kg(notification: Option<&PriorNotification>, declarations: &[Arc<Declaration>]) -> Option<i64> {
    let notification = notification?;
    if let Some(laden) = notification.laden_kg {
        return whole_kg(laden);
    }
    let tare = notification.tare_kg?;
    let goods = if notification.empty || notification.gross_kg > 0.0 {
        notification.gross_kg
    } else {
        declarations.iter().map(|declaration| declaration.gross_kg).sum()
    };
    whole_kg(goods + tare)
}

/// A mass in whole kilograms; none when it is no sensible mass.
fn whole_kg(kg: f64) -> Option<i64> {
    let rounded = kg.round();
    // Ten million kilograms is beyond any vehicle and far within what converts exactly.
    if !(0.0..=1e7).contains(&rounded) {
        return None;
    }
    format!("{rounded:.0}").parse().ok()
}

/// The finding that the scale gives, if any.
#[must_use]
pub fn judge_weight(gross_kg: i64, expected_kg: Option<i64>, tolerance: Tolerance) -> Option<Finding> {
    let Some(expected) = expected_kg else {
        return Some(Finding::info(FindingCode::TareUnknown, "neither the laden weight nor the tare is notified"));
    };
    is_beyond(gross_kg, expected, tolerance).then(|| {
        let detail = format!("{gross_kg} kg on the scale, {expected} kg expected");
        Finding::hold(FindingCode::WeightDiscrepancy, detail)
    })
}

/// Whether a weight is off by more than the larger of the tolerances.
pub(super) fn is_beyond(kg: i64, expected: i64, tolerance: Tolerance) -> bool {
    // Ten-thousandths of the expected weight, compared as whole numbers.
    let share = i128::from(expected) * hundredths(tolerance.percent);
    let difference = i128::from(kg.abs_diff(expected));
    difference > i128::from(tolerance.kg) && difference * 10_000 > share
}

fn hundredths(percent: f64) -> i128 {
    let rounded = (percent * 100.0).round();
    if (0.0..=1e6).contains(&rounded) { format!("{rounded:.0}").parse().unwrap_or(0) } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLERANCE: Tolerance = Tolerance { kg: 300, percent: 3.0 };

    #[test]
    fn the_larger_tolerance_counts_and_its_edge_is_within() {
        for (gross, expected, found) in [
            (27_400, Some(27_400), false),
            (5_300, Some(5_000), false),
            (5_301, Some(5_000), true),
            (4_700, Some(5_000), false),
            (4_699, Some(5_000), true),
            (41_200, Some(40_000), false),
            (41_201, Some(40_000), true),
            (38_800, Some(40_000), false),
            (38_799, Some(40_000), true),
        ] {
            assert_eq!(judge_weight(gross, expected, TOLERANCE).is_some(), found, "{gross} {expected:?}");
        }
        let unknown = judge_weight(1, None, TOLERANCE).expect("told");
        assert_eq!(unknown.code, FindingCode::TareUnknown);
        assert_eq!(unknown.severity, crate::model::Severity::Info);
    }
}
