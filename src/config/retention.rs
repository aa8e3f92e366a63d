//! `[retention]`: how long personal data of the journal can be read (docs/privacy.md).

use std::time::Duration;

use serde::Deserialize;

use super::check::Faults;
use super::duration::Text;
use crate::model::DataClass;

/// Random selections are remembered by plate for 30 days (invariant A8); the day itself is whole.
const LEAST: Duration = Duration::from_secs(31 * 86_400);
/// A hundred years: more is a slip of the pen.
const MOST: Duration = Duration::from_secs(36_500 * 86_400);

/// How long personal data of each class stays; `None`: until somebody shreds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// Plates, persons and what was read of their papers.
    pub personal: Option<Duration>,
    /// Who of the officers did what, and in which words.
    pub officers: Option<Duration>,
}

impl Retention {
    /// How long a class stays.
    #[must_use]
    pub const fn of(&self, class: DataClass) -> Option<Duration> {
        match class {
            DataClass::Personal => self.personal,
            DataClass::Officers => self.officers,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct RawRetention {
    pub(super) personal: Option<Text>,
    pub(super) officers: Option<Text>,
}

pub(super) fn retention(raw: RawRetention, faults: &mut Faults) -> Retention {
    let mut checked = |path: &str, given: Option<Text>| {
        let given = given.map(|text| text.0);
        if given.is_some_and(|kept| !(LEAST..=MOST).contains(&kept)) {
            faults.at(path, "31 to 36500 days are expected: random selections are remembered by plate for 30");
        }
        given
    };
    let personal = checked("retention.personal", raw.personal);
    let officers = checked("retention.officers", raw.officers);
    if let (Some(personal), Some(officers)) = (personal, officers)
        && officers < personal
    {
        faults.at(
            "retention.officers",
            "at least as long as [retention] personal is expected: who decided outlives what was seen",
        );
    }
    Retention { personal, officers }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::duration;

    #[test]
    fn data_is_kept_unless_a_time_is_set_and_never_shorter_than_its_use() {
        let days = |days: u64| Some(Duration::from_secs(days * 86_400));
        let none = Retention::default();
        let cases = [
            (None, None, Some(none)),
            (Some("31d"), None, Some(Retention { personal: days(31), ..none })),
            (Some("365d"), Some("1825d"), Some(Retention { personal: days(365), officers: days(1_825) })),
            (Some("365d"), Some("365d"), Some(Retention { personal: days(365), officers: days(365) })),
            (Some("30d"), None, None),
            (None, Some("1h"), None),
            (Some("365d"), Some("364d"), None),
            (Some("40000d"), None, None),
        ];
        for (personal, officers, expected) in cases {
            let text = |text: Option<&str>| text.map(|text| Text(duration::parse(text).expect("a duration")));
            let mut faults = Faults::default();
            let found = retention(RawRetention { personal: text(personal), officers: text(officers) }, &mut faults);
            let found = faults.found.is_empty().then_some(found);
            assert_eq!(found, expected, "{personal:?} {officers:?}");
        }
    }
}
