//! Instants as foreign documents write them.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};

use crate::model::Timestamp;

/// `xs:dateTime`; without a zone it is UTC (docs/import.md).
pub(super) fn date_time(text: &str) -> Option<Timestamp> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(Timestamp::new(at.with_timezone(&Utc)));
    }
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok()?;
    Some(Timestamp::new(local.and_utc()))
}

/// `xs:date`, as the last millisecond of that day in UTC: a day that is named still counts.
pub(super) fn end_of_day(text: &str) -> Option<Timestamp> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(Timestamp::new(day.and_time(NaiveTime::from_hms_milli_opt(23, 59, 59, 999)?).and_utc()))
}

/// `xs:date` as DDMMYY, the middle of an EAEU number.
pub(super) fn day_of_number(text: &str) -> Option<String> {
    // Some programs add a zone or a time to the date.
    let day = text.get(..10).unwrap_or(text);
    NaiveDate::parse_from_str(day, "%Y-%m-%d").ok().map(|day| day.format("%d%m%y").to_string())
}

/// `DateTimeString` of the WCO data model: format 304 (`20260112091530Z`, `…+01`, `…+0100`), 204 (the same without a
/// zone: UTC), or `xs:dateTime`.
pub(super) fn wco(text: &str) -> Option<Timestamp> {
    let (digits, zone) = text.split_at_checked(14)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return date_time(text);
    }
    let zone = match (zone, zone.len()) {
        ("" | "Z", _) => "+0000".to_owned(),
        (hours, 3) => format!("{hours}00"),
        (zone, _) => zone.replace(':', ""),
    };
    let at = DateTime::parse_from_str(&format!("{digits}{zone}"), "%Y%m%d%H%M%S%z").ok()?;
    Some(Timestamp::new(at.with_timezone(&Utc)))
}

/// A revision of an instant: it grows with every later message, and the same message makes the same one.
pub(super) fn revision(at: Timestamp) -> Option<u64> {
    u64::try_from(at.utc().timestamp_millis()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_kept_and_their_absence_is_utc() {
        for (read, text, expected) in [
            (date_time as fn(&str) -> Option<Timestamp>, "2026-11-24T07:12:03+02:00", "2026-11-24T05:12:03.000Z"),
            (date_time, "2026-11-24T05:12:03", "2026-11-24T05:12:03.000Z"),
            (date_time, "2026-11-24T05:12:03.4127", "2026-11-24T05:12:03.412Z"),
            (end_of_day, "2026-11-24", "2026-11-24T23:59:59.999Z"),
            (wco, "20261124051203Z", "2026-11-24T05:12:03.000Z"),
            (wco, "20261124061203+01", "2026-11-24T05:12:03.000Z"),
            (wco, "20261124061203+0100", "2026-11-24T05:12:03.000Z"),
            (wco, "20261124051203", "2026-11-24T05:12:03.000Z"),
            (wco, "2026-11-24T05:12:03Z", "2026-11-24T05:12:03.000Z"),
        ] {
            assert_eq!(read(text).map(|at| at.to_string()).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(day_of_number("2024-03-15").as_deref(), Some("150324"));
    }

    #[test]
    fn what_is_no_instant_is_none() {
        for text in ["", "2026-13-01T00:00:00", "24.11.2026", "20261124", "2026112405120Ж", "2026-11-24T25:00:00Z"] {
            assert_eq!((date_time(text), wco(text)), (None, None), "{text}");
        }
        assert_eq!((end_of_day("2026-02-30"), day_of_number("15.03.2024")), (None, None));
    }
}
