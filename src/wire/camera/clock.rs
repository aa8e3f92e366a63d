//! What device clocks print, and which instant that is. Device time is evidence and never orders anything.

use chrono::{DateTime, FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

use crate::model::Timestamp;

/// How a camera writes an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Seconds since the epoch, UTC; a fraction is allowed.
    EpochS,
    /// Milliseconds since the epoch, UTC.
    EpochMs,
    /// Microseconds since the epoch, UTC.
    EpochUs,
    /// The wall clock counted as if it were UTC (Dahua's `UTC` beside `RealUTC`): in the camera's zone.
    LocalEpochS,
    /// `2026-11-24T05:12:03.412+05:00`, `T` or a space between, the offset obligatory.
    Rfc3339,
    /// The same, and in the camera's zone where the offset is left out.
    Iso,
    /// `2026-11-24 05:12:03.412`, `T` or a space between, no offset: in the camera's zone.
    Local,
    /// `20261124051203412`, milliseconds optional, in the camera's zone.
    Compact,
    /// `20261124 051203412`, with `+0500` behind it or in the camera's zone.
    CompactSpaced,
}

impl Format {
    /// All formats, with the names that presets use.
    pub(super) const NAMES: [(&'static str, Self); 9] = [
        ("epoch-s", Self::EpochS),
        ("epoch-ms", Self::EpochMs),
        ("epoch-us", Self::EpochUs),
        ("local-epoch-s", Self::LocalEpochS),
        ("rfc3339", Self::Rfc3339),
        ("iso", Self::Iso),
        ("local", Self::Local),
        ("compact", Self::Compact),
        ("compact-spaced", Self::CompactSpaced),
    ];

    const fn expected(self) -> &'static str {
        match self {
            Self::EpochS => "seconds since 1970, like 1607123958.748",
            Self::EpochMs => "milliseconds since 1970",
            Self::EpochUs => "microseconds since 1970",
            Self::LocalEpochS => "the wall clock in seconds since 1970",
            Self::Rfc3339 => "a date, a time and an offset, like 2026-11-24T05:12:03+05:00",
            Self::Iso => "a date and a time, with an offset or without, like 2026-11-24T05:12:03",
            Self::Local => "a date and a time without an offset, like 2026-11-24 05:12:03",
            Self::Compact => "17 digits, like 20261124051203412",
            Self::CompactSpaced => "8 digits, a space and 9 digits, like 20261124 051203412",
        }
    }

    /// The instant that a text says. Of two instants that a clock set back shows, the one nearer to `received` counts.
    ///
    /// # Errors
    /// What is expected.
    pub(super) fn instant(self, text: &str, zone: Tz, received: Timestamp) -> Result<Timestamp, String> {
        let wrong = || format!("`{text}` is not {}", self.expected());
        let found = match self {
            Self::EpochS => micros(text, 6).and_then(of_micros),
            Self::EpochMs => micros(text, 3).and_then(of_micros),
            Self::EpochUs => micros(text, 0).and_then(of_micros),
            Self::LocalEpochS => {
                let wall = micros(text, 6).and_then(DateTime::from_timestamp_micros).ok_or_else(wrong)?;
                Some(in_zone(wall.naive_utc(), zone, received)?)
            }
            Self::Rfc3339 => with_offset(text),
            Self::Iso => match (with_offset(text), date_and_time(text)) {
                (Some(at), _) => Some(at),
                (None, Some(wall)) => Some(in_zone(wall, zone, received)?),
                (None, None) => None,
            },
            Self::Local => Some(in_zone(date_and_time(text).ok_or_else(wrong)?, zone, received)?),
            Self::Compact => Some(in_zone(compact(text).ok_or_else(wrong)?, zone, received)?),
            Self::CompactSpaced => Some(spaced(text, zone, received).ok_or_else(wrong)??),
        };
        found.ok_or_else(wrong)
    }
}

fn of_micros(micros: i64) -> Option<Timestamp> {
    DateTime::from_timestamp_micros(micros).map(Timestamp::new)
}

/// A decimal number times ten to the power of `shift`; finer digits are cut off.
fn micros(text: &str, shift: usize) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if whole.is_empty() || fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let digits: String = fraction.chars().chain(std::iter::repeat('0')).take(shift).collect();
    let fraction: i64 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    let whole = whole.checked_mul(10_i64.checked_pow(u32::try_from(shift).ok()?)?)?;
    if whole < 0 { whole.checked_sub(fraction) } else { whole.checked_add(fraction) }
}

fn in_zone(wall: NaiveDateTime, zone: Tz, received: Timestamp) -> Result<Timestamp, String> {
    match zone.from_local_datetime(&wall) {
        MappedLocalTime::Single(at) => Ok(Timestamp::new(at.to_utc())),
        MappedLocalTime::Ambiguous(one, other) => {
            let off = |at: &DateTime<Utc>| at.signed_duration_since(received.utc()).abs();
            let (one, other) = (one.to_utc(), other.to_utc());
            Ok(Timestamp::new(if off(&one) <= off(&other) { one } else { other }))
        }
        MappedLocalTime::None => Err(format!("there is no {wall} in {}: the clock was set forward then", zone.name())),
    }
}

fn with_offset(text: &str) -> Option<Timestamp> {
    DateTime::parse_from_rfc3339(text).ok().map(|at| Timestamp::new(at.to_utc()))
}

fn date_and_time(text: &str) -> Option<NaiveDateTime> {
    let (date, time) = text.split_once(['T', ' '])?;
    let date = NaiveDate::parse_from_str(date, "%Y-%m-%d").ok()?;
    Some(date.and_time(NaiveTime::parse_from_str(time, "%H:%M:%S%.f").ok()?))
}

fn compact(text: &str) -> Option<NaiveDateTime> {
    compact_date(text.get(..8)?)?.and_time(compact_time(text.get(8..)?)?).into()
}

fn digits(text: &str) -> Option<&str> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then_some(text)
}

fn compact_date(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(digits(text).filter(|text| text.len() == 8)?, "%Y%m%d").ok()
}

/// `HHMMSS` with none to three digits of a fraction.
fn compact_time(text: &str) -> Option<NaiveTime> {
    let part = |range: std::ops::Range<usize>| text.get(range)?.parse::<u32>().ok();
    digits(text).filter(|text| (6..=9).contains(&text.len()))?;
    let fraction = text.get(6..)?;
    let milli = if fraction.is_empty() { 0 } else { format!("{fraction:0<3}").parse().ok()? };
    NaiveTime::from_hms_milli_opt(part(0..2)?, part(2..4)?, part(4..6)?, milli)
}

/// The inner error is a wall time that the zone doesn't have.
fn spaced(text: &str, zone: Tz, received: Timestamp) -> Option<Result<Timestamp, String>> {
    let (date, rest) = text.split_once(' ')?;
    let at_sign = rest.find(['+', '-']).unwrap_or(rest.len());
    let (time, offset) = rest.split_at_checked(at_sign)?;
    let wall = compact_date(date)?.and_time(compact_time(time)?);
    if offset.is_empty() {
        return Some(in_zone(wall, zone, received));
    }
    let offset: FixedOffset = offset.parse().ok()?;
    let at = offset.from_local_datetime(&wall).single()?;
    Some(Ok(Timestamp::new(at.to_utc())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[allow(clippy::unwrap_in_result, reason = "the test's own words")]
    fn instant(format: &str, text: &str, zone: &str, received: &str) -> Result<String, String> {
        let (_, format) = Format::NAMES.into_iter().find(|(name, _)| *name == format).expect(format);
        let received = Timestamp::new(received.parse().expect("an instant"));
        format.instant(text, zone.parse().expect("a zone"), received).map(|at| at.to_string())
    }

    #[test]
    fn each_format_says_its_instant() {
        for (format, text, zone, expected) in [
            ("epoch-s", "1607123958.748393", "Asia/Almaty", "2020-12-04T23:19:18.748Z"),
            ("epoch-s", "1706600095", "Asia/Bangkok", "2024-01-30T07:34:55.000Z"),
            ("epoch-ms", "1448326208789", "UTC", "2015-11-24T00:50:08.789Z"),
            ("epoch-us", "1702297625507641", "UTC", "2023-12-11T12:27:05.507Z"),
            ("rfc3339", "2021-12-14T19:23:52+08:00", "UTC", "2021-12-14T11:23:52.000Z"),
            ("rfc3339", "2021-09-29 05:56:13.606935+00:00", "Asia/Almaty", "2021-09-29T05:56:13.606Z"),
            ("iso", "2021-12-14T19:23:52+08:00", "Asia/Almaty", "2021-12-14T11:23:52.000Z"),
            ("iso", "2021-12-14T19:23:52", "Asia/Shanghai", "2021-12-14T11:23:52.000Z"),
            ("local", "2026-11-24 10:12:03.412", "Asia/Almaty", "2026-11-24T05:12:03.412Z"),
            ("local", "2026-02-06T13:48:24", "Asia/Almaty", "2026-02-06T08:48:24.000Z"),
            ("compact", "20261124101203412", "Asia/Almaty", "2026-11-24T05:12:03.412Z"),
            ("compact", "20261124101203", "Asia/Almaty", "2026-11-24T05:12:03.000Z"),
            // Two samples of AXIS License Plate Verifier, beside their capture_timestamp 1718373876372: local time.
            ("compact-spaced", "20240614 160436372", "Europe/Prague", "2024-06-14T14:04:36.372Z"),
            ("compact-spaced", "20240614 160436372+0200", "UTC", "2024-06-14T14:04:36.372Z"),
        ] {
            assert_eq!(instant(format, text, zone, "2026-01-01T00:00:00Z").as_deref(), Ok(expected), "{format} {text}");
        }
    }

    #[test]
    fn dahua_s_utc_is_the_wall_clock_and_only_real_utc_is_utc() {
        // One event of a camera in Bangkok carries both: they differ by 25,200 s, its seven hours.
        let received = "2024-01-30T07:34:56Z";
        let real = instant("epoch-s", "1706600095", "Asia/Bangkok", received);
        assert_eq!(instant("local-epoch-s", "1706625295", "Asia/Bangkok", received), real);
        assert_ne!(instant("epoch-s", "1706625295", "Asia/Bangkok", received), real);
    }

    #[test]
    fn an_hour_that_a_zone_has_twice_is_the_one_nearer_to_the_receipt() {
        let at = |received| instant("local", "2026-10-25 02:30:00", "Europe/Prague", received);
        assert_eq!(at("2026-10-25T00:30:05Z").as_deref(), Ok("2026-10-25T00:30:00.000Z"));
        assert_eq!(at("2026-10-25T01:30:05Z").as_deref(), Ok("2026-10-25T01:30:00.000Z"));
        let gone = instant("local", "2026-03-29 02:30:00", "Europe/Prague", "2026-03-29T01:30:00Z");
        assert!(gone.expect_err("no such hour").contains("set forward"));
    }

    #[test]
    fn what_is_no_instant_is_told_with_what_is_expected() {
        for (format, text) in [
            ("epoch-s", "1e9"),
            ("epoch-s", "."),
            ("epoch-ms", "99999999999999999999"),
            ("rfc3339", "2021-12-14T19:23:52"),
            ("local", "2021-12-14T19:23:52+08:00"),
            ("local", "2021-13-14 19:23:52"),
            ("compact", "2026112410126099x"),
            ("compact", "202611241012034123"),
            ("compact-spaced", "20240614 160436372+"),
            ("compact-spaced", "é0240614 160436372"),
        ] {
            let error = instant(format, text, "UTC", "2026-01-01T00:00:00Z").expect_err(text);
            assert!(error.contains("is not "), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,30}", digits in "[0-9 .:T+-]{0,30}") {
            for (_, format) in Format::NAMES {
                let received = Timestamp::from_unix_micros(0);
                drop(format.instant(&text, Tz::Asia__Almaty, received));
                drop(format.instant(&digits, Tz::Europe__Prague, received));
            }
        }
    }
}
