//! Two kinds of time that are never mixed: monotonic time drives rules, wall time is evidence (invariant C7).

use std::fmt;
use std::ops::Add;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Monotonic time in microseconds since an arbitrary start; the only time that rules may compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Mono(u64);

impl Mono {
    /// The instant `micros` microseconds after the start.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the start.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Time since `earlier`; zero when `earlier` is not earlier.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Mono {
    type Output = Self;

    fn add(self, rhs: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(rhs.as_micros()).unwrap_or(u64::MAX)))
    }
}

/// Wall time as the contract prints it: RFC 3339 in UTC with milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// Wall time from chrono.
    #[must_use]
    pub const fn new(at: DateTime<Utc>) -> Self {
        Self(at)
    }

    /// Wall time from microseconds since the Unix epoch; out-of-range values become the epoch.
    #[must_use]
    pub fn from_unix_micros(micros: i64) -> Self {
        Self(DateTime::from_timestamp_micros(micros).unwrap_or(DateTime::UNIX_EPOCH))
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub const fn unix_micros(self) -> i64 {
        self.0.timestamp_micros()
    }

    /// The chrono value.
    #[must_use]
    pub const fn utc(self) -> DateTime<Utc> {
        self.0
    }

    /// This instant moved back by `by`; saturates at the start of chrono's range.
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        let by = chrono::Duration::from_std(by).unwrap_or(chrono::Duration::zero());
        Self(self.0.checked_sub_signed(by).unwrap_or(self.0))
    }

    /// This instant moved by `by`; saturates at the end of chrono's range.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        let by = chrono::Duration::from_std(by).unwrap_or(chrono::Duration::zero());
        Self(self.0.checked_add_signed(by).unwrap_or(self.0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        DateTime::parse_from_rfc3339(&text).map(|at| Self(at.with_timezone(&Utc))).map_err(|_| {
            de::Error::invalid_value(de::Unexpected::Str(&text), &"an RFC 3339 instant like 2026-11-24T05:12:03.412Z")
        })
    }
}

/// The two times handed to every pure function that needs one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// For rules.
    pub mono: Mono,
    /// For evidence.
    pub wall: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_time_prints_as_the_contract_says_and_reads_back() {
        let at: Timestamp = serde_json::from_str("\"2026-11-24T07:12:03.412+02:00\"").expect("an offset is read");
        assert_eq!(serde_json::to_string(&at).expect("prints"), "\"2026-11-24T05:12:03.412Z\"");
    }

    #[test]
    fn a_wrong_instant_says_what_is_expected() {
        let error = serde_json::from_str::<Timestamp>("\"yesterday\"").expect_err("not an instant");
        assert!(error.to_string().contains("RFC 3339"), "{error}");
    }
}
