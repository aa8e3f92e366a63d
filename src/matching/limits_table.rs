//! The limits of the road as a site writes them down: dated tables, each with its source.
//!
//! ```toml
//! country = "KZ"
//! [[table]]
//! valid_from = "2017-01-23"        # from that day on, 00:00 UTC, until the next table's day
//! source = "which order, which wording"
//! group_within_cm = 200            # axles closer than this belong to one group
//! [[table.gross]]                  # of a kind of vehicle, by its axles
//! vehicle = "rigid"                # or "articulated", "road_train"
//! axles = 3                        # or axles_from = 6: so many and more
//! kg = 25_000
//! [[table.axle]]                   # any one axle
//! kg = 10_000
//! [[table.axle]]                   # a group of neighbours together
//! group = 2
//! spacing_from_cm = 100            # the widest of its gaps, this included
//! spacing_below_cm = 130           # and this not
//! kg = 14_000
//! ```

use chrono::NaiveDate;
use serde::Deserialize;
use toml::Spanned;

use crate::model::Timestamp;

/// The table of Kazakhstan, as it comes with the program.
const EMBEDDED: &str = include_str!("../../config/limits/kz.toml");
/// More tables, or rows of one, than any country's law has.
const ROWS_MAX: usize = 256;
/// A vehicle of a million kilograms is on no road.
const KG_MAX: i64 = 1_000_000;
/// Axles further apart than ten metres are no neighbours.
const SPACING_CM_MAX: i64 = 1_000;

/// Kinds of vehicles that limits tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Combination {
    /// A truck alone.
    Rigid,
    /// A tractor with a semi-trailer.
    Articulated,
    /// A truck with trailers.
    RoadTrain,
}

/// The gross weight of one kind of vehicle with so many axles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GrossRow {
    pub(super) vehicle: Combination,
    pub(super) axles_from: usize,
    /// `None`: that many and more.
    pub(super) axles_to: Option<usize>,
    pub(super) kg: i64,
}

/// The load of one axle, or of a group of neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AxleRow {
    /// 1: any one axle.
    pub(super) group: usize,
    pub(super) spacing_from_cm: i64,
    pub(super) spacing_below_cm: i64,
    pub(super) kg: i64,
}

/// What is in force from an instant on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) valid_from: Timestamp,
    pub(super) source: String,
    pub(super) group_within_cm: i64,
    pub(super) gross: Vec<GrossRow>,
    pub(super) axles: Vec<AxleRow>,
}

/// The limits of one country's roads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoadLimits {
    country: String,
    /// Oldest first.
    tables: Vec<Table>,
}

/// Why a table can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct LimitsError {
    /// From 1.
    pub line: usize,
    /// What is wrong, and what is expected.
    pub message: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLimits {
    country: String,
    table: Vec<RawTable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTable {
    valid_from: Spanned<String>,
    source: Spanned<String>,
    group_within_cm: Spanned<i64>,
    #[serde(default)]
    gross: Vec<RawGross>,
    #[serde(default)]
    axle: Vec<RawAxle>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGross {
    vehicle: Spanned<Combination>,
    axles: Option<usize>,
    axles_from: Option<usize>,
    kg: Spanned<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAxle {
    group: Option<Spanned<usize>>,
    spacing_from_cm: Option<i64>,
    spacing_below_cm: Option<i64>,
    kg: Spanned<i64>,
}

impl RoadLimits {
    /// The table that comes with the program.
    #[must_use]
    pub fn embedded() -> Self {
        Self::parse(EMBEDDED).unwrap_or(Self { country: String::new(), tables: Vec::new() })
    }

    /// Reads tables.
    ///
    /// # Errors
    /// The first thing that is wrong, with its line.
    pub fn parse(text: &str) -> Result<Self, LimitsError> {
        let raw: RawLimits = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            LimitsError { line: line(text, at), message: error.message().to_owned() }
        })?;
        let mut reader = Reader { text, rows: 0 };
        let mut tables = Vec::new();
        for table in raw.table {
            tables.push(reader.table(table)?);
        }
        if tables.is_empty() {
            return Err(LimitsError { line: 1, message: "at least one [[table]] is expected".to_owned() });
        }
        tables.sort_by_key(|table| table.valid_from.unix_micros());
        Ok(Self { country: raw.country, tables })
    }

    /// The country, as the file names it.
    #[must_use]
    pub fn country(&self) -> &str {
        &self.country
    }

    /// What was in force at an instant; nothing before the first table.
    pub(super) fn at(&self, instant: Timestamp) -> Option<&Table> {
        self.tables.iter().rev().find(|table| table.valid_from <= instant)
    }
}

fn line(text: &str, byte: usize) -> usize {
    text.get(..byte).unwrap_or(text).matches('\n').count() + 1
}

struct Reader<'a> {
    text: &'a str,
    rows: usize,
}

impl Reader<'_> {
    fn wrong<T>(&self, at: &Spanned<T>, message: &str) -> LimitsError {
        LimitsError { line: line(self.text, at.span().start), message: message.to_owned() }
    }

    fn table(&mut self, raw: RawTable) -> Result<Table, LimitsError> {
        let day: NaiveDate = raw
            .valid_from
            .get_ref()
            .parse()
            .map_err(|_| self.wrong(&raw.valid_from, "a day like \"2017-01-23\" is expected"))?;
        let midnight = day.and_time(chrono::NaiveTime::MIN).and_utc();
        if raw.source.get_ref().trim().is_empty() {
            return Err(self.wrong(&raw.source, "the source of the limits is expected: who checks them must find it"));
        }
        if !(1..=SPACING_CM_MAX).contains(raw.group_within_cm.get_ref()) {
            return Err(self.wrong(&raw.group_within_cm, "1 to 1000 centimetres are expected"));
        }
        let mut gross = Vec::new();
        for row in raw.gross {
            gross.push(self.gross(&row)?);
        }
        let mut axles = Vec::new();
        for row in raw.axle {
            axles.push(self.axle(&row)?);
        }
        Ok(Table {
            valid_from: Timestamp::new(midnight),
            source: raw.source.into_inner().trim().to_owned(),
            group_within_cm: raw.group_within_cm.into_inner(),
            gross,
            axles,
        })
    }

    fn kg(&mut self, kg: &Spanned<i64>) -> Result<i64, LimitsError> {
        self.rows += 1;
        if self.rows > ROWS_MAX {
            return Err(self.wrong(kg, "there are more rows than any law has (256)"));
        }
        if !(1..=KG_MAX).contains(kg.get_ref()) {
            return Err(self.wrong(kg, "1 to 1000000 kilograms are expected"));
        }
        Ok(*kg.get_ref())
    }

    fn gross(&mut self, raw: &RawGross) -> Result<GrossRow, LimitsError> {
        let kg = self.kg(&raw.kg)?;
        let (axles_from, axles_to) = match (raw.axles, raw.axles_from) {
            (Some(axles), None) => (axles, Some(axles)),
            (None, Some(from)) => (from, None),
            (Some(_), Some(_)) | (None, None) => {
                return Err(self.wrong(&raw.vehicle, "either axles or axles_from is expected"));
            }
        };
        if axles_from < 2 {
            return Err(self.wrong(&raw.vehicle, "a vehicle has at least two axles"));
        }
        Ok(GrossRow { vehicle: *raw.vehicle.get_ref(), axles_from, axles_to, kg })
    }

    fn axle(&mut self, raw: &RawAxle) -> Result<AxleRow, LimitsError> {
        let kg = self.kg(&raw.kg)?;
        let group = raw.group.as_ref().map_or(1, |group| *group.get_ref());
        let from = raw.spacing_from_cm.unwrap_or(0);
        let below = raw.spacing_below_cm.unwrap_or(SPACING_CM_MAX);
        let spaced = raw.spacing_from_cm.is_some() || raw.spacing_below_cm.is_some();
        if group == 0 || group == 1 && spaced {
            return Err(self.wrong(&raw.kg, "spacings are those of a group of two axles or more"));
        }
        if from < 0 || below <= from || below > SPACING_CM_MAX {
            return Err(self.wrong(&raw.kg, "spacing_from_cm below spacing_below_cm, at most 1000, is expected"));
        }
        Ok(AxleRow { group, spacing_from_cm: from, spacing_below_cm: below, kg })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINIMAL: &str =
        "country = \"XX\"\n[[table]]\nvalid_from = \"2020-01-01\"\nsource = \"a law\"\ngroup_within_cm = 200\n";

    fn day(text: &str) -> Timestamp {
        serde_json::from_str(&format!("\"{text}T12:00:00Z\"")).expect("a day")
    }

    #[test]
    fn the_table_that_comes_with_the_program_is_read_and_names_its_source() {
        let limits = RoadLimits::parse(EMBEDDED).expect("valid");
        assert_eq!(limits.country(), "KZ");
        let table = limits.at(day("2026-11-24")).expect("in force");
        assert!(table.source.contains("V1500011009"));
        assert_eq!((table.gross.len(), table.axles.len()), (7, 3));
        assert_eq!(limits.at(day("2017-01-22")), None, "before it there was another law");
        assert_eq!(RoadLimits::embedded(), limits);
    }

    #[test]
    fn the_table_of_the_day_counts() {
        let later = MINIMAL.replace("2020", "2025").replace("country = \"XX\"\n", "");
        let limits = RoadLimits::parse(&format!("{MINIMAL}{later}")).expect("valid");
        let years = ["2019-12-31", "2020-01-01", "2024-12-31", "2025-01-01"];
        let in_force = years.map(|text| limits.at(day(text)).map(|table| table.valid_from.to_string()));
        let expected = [None, Some("2020"), Some("2020"), Some("2025")];
        for (found, expected) in in_force.iter().zip(expected) {
            assert_eq!(found.as_deref().and_then(|found| found.split('-').next()), expected);
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (rows, line, message) in [
            ("[[table.gross]]\nvehicle = \"rigid\"\nkg = 25_000\n", 7, "either axles or axles_from"),
            ("[[table.gross]]\nvehicle = \"rigid\"\naxles = 1\nkg = 25_000\n", 7, "at least two axles"),
            ("[[table.gross]]\nvehicle = \"tank\"\naxles = 3\nkg = 25_000\n", 7, "unknown variant `tank`"),
            ("[[table.gross]]\nvehicle = \"rigid\"\naxles = 3\nkg = 0\n", 9, "1 to 1000000"),
            ("[[table.axle]]\nkg = 10_000\nspacing_below_cm = 100\n", 7, "group of two axles"),
            (
                "[[table.axle]]\ngroup = 2\nspacing_from_cm = 100\nspacing_below_cm = 100\nkg = 1\n",
                10,
                "spacing_from_cm",
            ),
            ("[[table.axel]]\nkg = 10_000\n", 6, "unknown field `axel`"),
        ] {
            let error = RoadLimits::parse(&format!("{MINIMAL}{rows}")).expect_err(rows);
            assert!(error.message.contains(message), "{rows}: {error}");
            assert_eq!(error.line, line, "{rows}: {error}");
        }
        for (from, to, line) in [("2020-01-01", "1.1.2020", 3), ("a law", " ", 4), ("= 200", "= 0", 5)] {
            let error = RoadLimits::parse(&MINIMAL.replace(from, to)).expect_err(to);
            assert_eq!(error.line, line, "{error}");
        }
        assert!(RoadLimits::parse("country = \"XX\"\ntable = []\n").is_err());
        let many = "[[table.axle]]\nkg = 1\n".repeat(ROWS_MAX + 1);
        assert!(RoadLimits::parse(&format!("{MINIMAL}{many}")).is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,200}", cut in 0_usize..1_500) {
            drop(RoadLimits::parse(&text));
            drop(RoadLimits::parse(EMBEDDED.get(..cut).unwrap_or_default()));
        }
    }
}
