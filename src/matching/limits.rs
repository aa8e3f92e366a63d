//! The scale against the limits of the road, and against itself. Advisory: a limit tells, it doesn't hold by itself.
//!
//! What the lane doesn't know is counted in the vehicle's favour: a row judges only where every kind of vehicle that it
//! may be has one, and the most lenient of them counts. So a finding is certain, and its absence is no proof.

use super::limits_table::{Combination, RoadLimits, Table};
use super::weight::{Tolerance, is_beyond};
use crate::model::registry::PriorNotification;
use crate::model::{Axles, Finding, FindingCode, Timestamp};

/// Everything that the weights of a vehicle say of themselves.
#[must_use]
pub fn judge_limits(
    gross_kg: i64,
    axles: Option<&Axles>,
    notification: Option<&PriorNotification>,
    limits: &RoadLimits,
    arrived: Timestamp,
) -> Vec<Finding> {
    let Some(table) = limits.at(arrived) else { return Vec::new() };
    let mut findings = Vec::new();
    let count = axles.map(|axles| axles.loads_kg.len());
    if let Some(limit) = gross_limit(table, &may_be(notification), count)
        && gross_kg > limit
    {
        findings.push(told(limits, &format!("{gross_kg} kg, at most {limit} kg allowed")));
    }
    if let Some(axles) = axles {
        findings.extend(over_axles(table, axles).into_iter().map(|detail| told(limits, &detail)));
    }
    findings
}

fn told(limits: &RoadLimits, detail: &str) -> Finding {
    Finding::info(FindingCode::WeightLimit, format!("{detail} ({})", limits.country()))
}

/// The axle loads must make up the gross weight: they are one weighing.
#[must_use]
pub fn judge_axle_sum(gross_kg: i64, axles: Option<&Axles>, tolerance: Tolerance) -> Option<Finding> {
    let axles = axles?;
    let sum: i64 = axles.loads_kg.iter().fold(0, |sum, load| sum.saturating_add(*load));
    is_beyond(sum, gross_kg, tolerance).then(|| {
        let detail = format!("the axles make up {sum} kg, the scale says {gross_kg} kg");
        Finding::hold(FindingCode::AxleSum, detail)
    })
}

/// What the vehicle may be by its notification.
fn may_be(notification: Option<&PriorNotification>) -> Vec<Combination> {
    match notification.map(|notification| notification.vehicle.trailers.len()) {
        Some(0) => vec![Combination::Rigid],
        Some(1) => vec![Combination::Articulated, Combination::RoadTrain],
        Some(_) => vec![Combination::RoadTrain],
        None => vec![Combination::Rigid, Combination::Articulated, Combination::RoadTrain],
    }
}

/// The most that the vehicle may weigh whatever it is; none where a kind that it may be has no row.
fn gross_limit(table: &Table, kinds: &[Combination], axles: Option<usize>) -> Option<i64> {
    let limits: Option<Vec<i64>> = kinds.iter().map(|kind| limit_of(table, *kind, axles)).collect();
    limits?.into_iter().max()
}

fn limit_of(table: &Table, kind: Combination, axles: Option<usize>) -> Option<i64> {
    let mut rows = table.gross.iter().filter(|row| row.vehicle == kind);
    match axles {
        Some(axles) => {
            let fits = rows.find(|row| axles >= row.axles_from && row.axles_to.is_none_or(|to| axles <= to));
            fits.map(|row| row.kg)
        }
        // With any number of axles: only where the table goes on without end.
        None => {
            let rows: Vec<_> = rows.collect();
            let endless = rows.iter().any(|row| row.axles_to.is_none());
            rows.into_iter().map(|row| row.kg).max().filter(|_| endless)
        }
    }
}

fn over_axles(table: &Table, axles: &Axles) -> Vec<String> {
    let mut over = Vec::new();
    let single = table.axles.iter().filter(|row| row.group == 1).map(|row| row.kg).max();
    if let Some(limit) = single {
        for (number, load) in axles.loads_kg.iter().enumerate().filter(|(_, load)| **load > limit) {
            over.push(format!("axle {}: {load} kg, at most {limit} kg allowed", number + 1));
        }
    }
    // Distances that don't fit the axles tell nothing of groups.
    if axles.spacings_cm.len() + 1 != axles.loads_kg.len() {
        return over;
    }
    for group in groups(&axles.spacings_cm, table.group_within_cm) {
        let members = axles.loads_kg.iter().skip(group.first).take(group.axles);
        let load = members.fold(0_i64, |sum, load| sum.saturating_add(*load));
        let row = table.axles.iter().find(|row| {
            row.group == group.axles && (row.spacing_from_cm..row.spacing_below_cm).contains(&group.widest_cm)
        });
        if let Some(row) = row.filter(|row| load > row.kg) {
            let (from, to) = (group.first + 1, group.first + group.axles);
            over.push(format!("axles {from} to {to}: {load} kg, at most {} kg allowed", row.kg));
        }
    }
    over
}

/// Neighbouring axles that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Group {
    first: usize,
    axles: usize,
    widest_cm: i64,
}

/// Groups of two axles and more.
fn groups(spacings_cm: &[i64], within_cm: i64) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut open: Option<Group> = None;
    for (index, spacing) in spacings_cm.iter().enumerate() {
        if *spacing < within_cm {
            let group = open.get_or_insert(Group { first: index, axles: 1, widest_cm: 0 });
            group.axles += 1;
            group.widest_cm = group.widest_cm.max(*spacing);
        } else {
            groups.extend(open.take());
        }
    }
    groups.extend(open);
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Severity;

    fn kz(gross_kg: i64, trailers: Option<usize>, loads: &[i64], spacings: &[i64]) -> Vec<String> {
        let notification = trailers.map(|trailers| {
            let trailers: Vec<_> = (0..trailers).map(|_| serde_json::json!({ "plate": "45DEF02" })).collect();
            let json = serde_json::json!({
                "number": "N", "revision": 1, "submitted_at": "2026-11-24T01:00:00Z",
                "expected_at": "2026-11-24T05:00:00Z", "valid_until": "2026-12-24T05:00:00Z", "direction": "entry",
                "carrier": { "id": "240440000300" },
                "vehicle": { "tractor": { "plate": "123ABC02" }, "trailers": trailers }, "gross_kg": 1.0,
            });
            serde_json::from_value::<PriorNotification>(json).expect("a notification")
        });
        let axles = (!loads.is_empty()).then(|| Axles { loads_kg: loads.to_vec(), spacings_cm: spacings.to_vec() });
        let arrived = Timestamp::from_unix_micros(1_795_000_000_000_000);
        let findings = judge_limits(gross_kg, axles.as_ref(), notification.as_ref(), &RoadLimits::embedded(), arrived);
        assert!(findings.iter().all(|f| f.code == FindingCode::WeightLimit && f.severity == Severity::Info));
        findings.into_iter().map(|finding| finding.detail).collect()
    }

    #[test]
    fn gross_is_judged_by_combination_and_axles_and_the_edge_is_allowed() {
        let axles = |count: usize| vec![1_000; count];
        for (gross, trailers, count, over) in [
            (25_000, Some(0), 3, false),
            (25_001, Some(0), 3, true),
            (44_001, Some(0), 8, true),
            // Six axles with one trailer may be a road train of 49 t.
            (45_000, Some(1), 6, false),
            (49_001, Some(1), 6, true),
            // A road train of seven axles has no row: nothing is certain.
            (60_000, Some(1), 7, false),
            // Nobody notified it: it may be anything.
            (49_001, None, 6, true),
            (45_000, None, 6, false),
        ] {
            assert_eq!(!kz(gross, trailers, &axles(count), &[]).is_empty(), over, "{gross} {trailers:?} {count}");
        }
    }

    #[test]
    fn a_platform_that_counts_no_axles_judges_only_what_no_number_of_axles_allows() {
        assert_eq!(kz(44_000, Some(0), &[], &[]), Vec::<String>::new());
        assert_eq!(kz(44_020, Some(0), &[], &[]), ["44020 kg, at most 44000 kg allowed (KZ)"]);
        assert_eq!(kz(80_000, Some(1), &[], &[]), Vec::<String>::new(), "combinations end at seven axles");
    }

    #[test]
    fn axles_are_judged_alone_and_in_pairs_where_their_distance_is_known() {
        let loads = [7_000, 8_000, 8_000];
        assert_eq!(kz(23_000, Some(0), &loads, &[]), Vec::<String>::new(), "no distances, no pairs");
        let over = ["axles 2 to 3: 16000 kg, at most 14000 kg allowed (KZ)"];
        assert_eq!(kz(23_000, Some(0), &loads, &[380, 129]), over);
        assert_eq!(kz(23_000, Some(0), &loads, &[380, 130]), Vec::<String>::new(), "further apart: no row was read");
        assert_eq!(kz(23_000, Some(0), &loads, &[380, 99]).len(), 1);
        assert_eq!(kz(23_000, Some(0), &[7_000, 6_000, 5_900], &[380, 99]), Vec::<String>::new());
        assert_eq!(kz(20_000, Some(0), &[10_000, 10_001], &[380]), ["axle 2: 10001 kg, at most 10000 kg allowed (KZ)"]);
        assert_eq!(kz(23_000, Some(0), &loads, &[380, 129, 129]), Vec::<String>::new(), "distances that don't fit");
    }

    #[test]
    fn a_group_of_three_is_no_two_pairs() {
        assert_eq!(groups(&[350, 120, 130], 200), [Group { first: 1, axles: 3, widest_cm: 130 }]);
        assert_eq!(
            groups(&[110, 400, 120], 200),
            [Group { first: 0, axles: 2, widest_cm: 110 }, Group { first: 2, axles: 2, widest_cm: 120 }]
        );
        assert_eq!(groups(&[], 200), []);
        let loads = [7_000, 7_500, 7_500, 7_500];
        assert_eq!(kz(29_500, Some(0), &loads, &[350, 120, 120]), Vec::<String>::new(), "threes have no row");
    }

    #[test]
    fn axles_that_do_not_make_up_the_gross_weight_are_a_contradiction() {
        let tolerance = Tolerance { kg: 300, percent: 3.0 };
        let axles = |loads: &[i64]| Some(Axles { loads_kg: loads.to_vec(), spacings_cm: vec![] });
        for (gross, loads, found) in [
            (20_000, vec![10_000, 10_000], false),
            (20_000, vec![10_000, 9_400], false),
            (20_000, vec![10_000, 9_399], true),
            (20_000, vec![], true),
            (20_000, vec![i64::MAX, i64::MAX], true),
        ] {
            let axles = axles(&loads);
            assert_eq!(judge_axle_sum(gross, axles.as_ref(), tolerance).is_some(), found, "{loads:?}");
        }
        assert_eq!(judge_axle_sum(20_000, None, tolerance), None);
    }
}
