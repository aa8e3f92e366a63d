//! Shifts: from one configured local time to the next, whatever daylight saving does in between.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, LocalResult, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use crate::model::Timestamp;

/// Longest gap that a zone's clocks were ever put forward by in one step, and a day that a zone left out.
const GAP_MAX_QUARTERS: i32 = 26 * 4;

/// When shifts begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShiftPlan {
    zone: Tz,
    times: Vec<NaiveTime>,
}

/// One shift: it begins at `opens` and ends before `closes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shift {
    /// Its first instant.
    pub opens: Timestamp,
    /// The next one's first instant.
    pub closes: Timestamp,
}

impl ShiftPlan {
    /// Shifts that begin at these local times of a zone, every day; with none, at midnight.
    #[must_use]
    pub fn new(zone: Tz, times: impl IntoIterator<Item = NaiveTime>) -> Self {
        let times: BTreeSet<_> = times.into_iter().collect();
        let times = if times.is_empty() { vec![NaiveTime::MIN] } else { times.into_iter().collect() };
        Self { zone, times }
    }

    /// The shift that an instant lies in.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Shift {
        let local = now.utc().with_timezone(&self.zone).date_naive();
        // Two days either way: a boundary may be moved by a gap, and a zone may have left out a day.
        let first = local.checked_sub_days(Days::new(2)).unwrap_or(local);
        let days = first.iter_days().take(5);
        let starts: BTreeSet<DateTime<Utc>> = days
            .flat_map(|day| self.times.iter().map(move |time| day.and_time(*time)))
            .filter_map(|local| self.instant(local))
            .collect();
        let opens = starts.range(..=now.utc()).next_back();
        let closes = starts.range(now.utc()..).find(|start| **start > now.utc());
        Shift {
            opens: opens.map_or(now, |at| Timestamp::new(*at)),
            closes: closes.map_or(now, |at| Timestamp::new(*at)),
        }
    }

    /// A local time that comes twice is its first; one that a gap leaves out is the first instant after the gap.
    fn instant(&self, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        for quarters in 0..=GAP_MAX_QUARTERS {
            let tried = local.checked_add_signed(TimeDelta::minutes(15 * i64::from(quarters)))?;
            match self.zone.from_local_datetime(&tried) {
                LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => return Some(at.with_timezone(&Utc)),
                LocalResult::None => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_shift_runs_from_one_configured_time_to_the_next() {
        let plan = plan(chrono_tz::Asia::Almaty, &["08:00", "20:00"]);
        for (now, opens, closes) in [
            ("2026-11-24T03:00:00Z", "2026-11-24T03:00:00Z", "2026-11-24T15:00:00Z"),
            ("2026-11-24T14:59:59Z", "2026-11-24T03:00:00Z", "2026-11-24T15:00:00Z"),
            ("2026-11-24T02:59:59Z", "2026-11-23T15:00:00Z", "2026-11-24T03:00:00Z"),
        ] {
            assert_eq!(plan.at(at(now)), Shift { opens: at(opens), closes: at(closes) }, "{now}");
        }
    }

    #[test]
    fn clocks_that_go_forward_or_back_leave_no_instant_without_a_shift() {
        let plan = plan(chrono_tz::Europe::Warsaw, &["02:30", "14:30"]);
        // Forward on 29 March 2026 at 02:00: there is no 02:30, the shift begins at 03:00 summer time.
        let spring = plan.at(at("2026-03-29T01:10:00Z"));
        assert_eq!(spring, Shift { opens: at("2026-03-29T01:00:00Z"), closes: at("2026-03-29T12:30:00Z") });
        // Back on 25 October 2026 at 03:00: 02:30 comes twice, the shift begins once.
        let autumn = plan.at(at("2026-10-25T01:30:00Z"));
        assert_eq!(autumn, Shift { opens: at("2026-10-25T00:30:00Z"), closes: at("2026-10-25T13:30:00Z") });
    }

    #[test]
    fn a_day_that_a_zone_left_out_has_no_shift_of_its_own() {
        let plan = plan(chrono_tz::Pacific::Apia, &["12:00"]);
        let shift = plan.at(at("2011-12-30T00:00:00Z"));
        assert_eq!(shift.opens, at("2011-12-29T22:00:00Z"));
        assert!(shift.closes > at("2011-12-30T00:00:00Z"));
    }

    proptest! {
        #[test]
        fn every_instant_lies_in_one_shift_and_the_next_one_follows(
            zone in proptest::sample::select(&[
                chrono_tz::UTC, chrono_tz::Asia::Almaty, chrono_tz::Europe::Warsaw, chrono_tz::America::St_Johns,
                chrono_tz::Australia::Lord_Howe, chrono_tz::Asia::Kathmandu, chrono_tz::Pacific::Apia,
            ][..]),
            minutes in proptest::collection::vec(0_u32..1_440, 1..5),
            seconds in 0_i64..4_000_000_000,
        ) {
            let times = minutes.iter().filter_map(|minute| NaiveTime::from_hms_opt(minute / 60, minute % 60, 0));
            let plan = ShiftPlan::new(zone, times);
            let now = Timestamp::from_unix_micros(seconds * 1_000_000);
            let shift = plan.at(now);
            prop_assert!(shift.opens <= now && now < shift.closes, "{shift:?}");
            prop_assert!(shift.closes.utc() - shift.opens.utc() <= TimeDelta::hours(49), "{shift:?}");
            prop_assert_eq!(plan.at(shift.opens), shift);
            prop_assert_eq!(plan.at(shift.closes).opens, shift.closes);
        }
    }

    fn plan(zone: Tz, times: &[&str]) -> ShiftPlan {
        ShiftPlan::new(zone, times.iter().map(|time| time.parse().expect("a time")))
    }

    fn at(text: &str) -> Timestamp {
        serde_json::from_value(text.into()).expect("an instant")
    }
}
