//! Loops, readers, and how each device is looked after.

use std::time::Duration;

use super::check::Faults;
use super::duration::Text;
use super::parse::{RawEvidence, RawLoop, RawMethod, RawScale};
use super::{Loop, Weighing};
use crate::model::{Care, LoopPlace, Need, WeighMethod};

/// A loop's relay and its gateway bounce for less.
const DEBOUNCE_DEFAULT: Duration = Duration::from_millis(50);
/// Longer, and the gap between two vehicles goes unseen.
const DEBOUNCE_MAX: Duration = Duration::from_secs(1);
/// Safety case, hazard 6.
const STUCK_AFTER_DEFAULT: Duration = Duration::from_secs(600);
/// Safety case, hazard 4.
pub(super) const WITHIN_DEFAULT: Duration = Duration::from_secs(3);
pub(super) const ABANDONED_AFTER_DEFAULT: Duration = Duration::from_secs(1_800);
pub(super) const ABANDONED_AFTER_MAX: Duration = Duration::from_secs(86_400);
const SILENCE_MIN: Duration = Duration::from_secs(1);
/// No bridge for road vehicles is near it.
const SCALE_KG_MAX: i64 = 1_000_000;

/// `silence` and `required` of one device.
pub(super) fn care(path: &str, silence: Option<Text>, need: Need, faults: &mut Faults) -> Care {
    if silence.is_some_and(|silence| silence.0 < SILENCE_MIN) {
        faults.at(&format!("{path}.silence"), "at least one second is expected");
    }
    let silence = silence.map(|silence| faults.timeout(&format!("{path}.silence"), Some(silence), SILENCE_MIN));
    Care { silence, need }
}

/// What `required` says, or else what follows from the lane's evidence.
pub(super) fn need(required: Option<bool>, otherwise: Need) -> Need {
    match required {
        Some(true) => Need::Required,
        Some(false) => Need::Optional,
        None => otherwise,
    }
}

/// A device that gives evidence which the lane requires is required.
pub(super) fn needed_for(evidence: Option<&Vec<RawEvidence>>, kind: RawEvidence) -> Need {
    if evidence.is_none_or(|evidence| evidence.contains(&kind)) { Need::Required } else { Need::Optional }
}

/// A device without which nothing can be closed or opened is always required.
pub(super) fn indispensable(path: &str, required: Option<bool>, why: &str, faults: &mut Faults) -> Need {
    if required == Some(false) {
        faults.at(&format!("{path}.required"), format!("it can't be optional: {why}"));
    }
    Need::Required
}

pub(super) fn loops(path: &str, raw: Vec<RawLoop>, faults: &mut Faults) -> Vec<Loop> {
    let mut loops: Vec<Loop> = Vec::new();
    for (number, found) in raw.into_iter().enumerate() {
        let path = format!("{path}.loop[{number}]");
        let place = found.name;
        if loops.iter().any(|known| known.place == place) {
            faults.at(&format!("{path}.name"), format!("there are two loops {}", place.as_str()));
        }
        let is_pair = found.pair.as_deref() == Some(place.pair_str());
        if found.pair.is_some() && !is_pair {
            faults.at(&format!("{path}.pair"), format!("\"{}\" is expected: the place is the name", place.pair_str()));
        }
        let debounce = found.debounce.map_or(DEBOUNCE_DEFAULT, |text| text.0);
        if debounce > DEBOUNCE_MAX {
            faults.at(&format!("{path}.debounce"), "at most one second is expected");
        }
        let need = match place {
            LoopPlace::Exit => indispensable(&path, found.required, "nothing could be closed without it", faults),
            LoopPlace::Approach | LoopPlace::Scale => need(found.required, Need::Required),
        };
        loops.push(Loop {
            place,
            is_pair,
            debounce,
            stuck_after: faults.timeout(&format!("{path}.stuck_after"), found.stuck_after, STUCK_AFTER_DEFAULT),
            care: care(&path, found.silence, need, faults),
        });
    }
    if !loops.iter().any(|known| known.place == LoopPlace::Exit) {
        faults.at(path, "a [[lane.loop]] named \"exit\" is expected: without it the exit arm could never be closed");
    }
    loops
}

/// What of a scale's keys says which readings are weights.
pub(super) fn weighing(path: &str, raw: &RawScale, faults: &mut Faults) -> Weighing {
    for (key, kg) in [("division_kg", raw.division_kg), ("max_kg", raw.max_kg)] {
        if kg.is_some_and(|kg| !(1..=SCALE_KG_MAX).contains(&kg)) {
            faults.at(&format!("{path}.{key}"), format!("1 to {SCALE_KG_MAX} kilograms are expected"));
        }
    }
    let method = match raw.method {
        Some(RawMethod::AxleByAxle) => WeighMethod::AxleByAxle,
        Some(RawMethod::InMotion) => WeighMethod::InMotion,
        Some(RawMethod::Static) | None => WeighMethod::Static,
    };
    if method != WeighMethod::Static && raw.driver == "serial" {
        let message = "a serial indicator's frames are static weights; a scale that adds up axles sends its own \
                       messages (driver = \"mqtt\")";
        faults.at(&format!("{path}.method"), message);
    }
    Weighing { division_kg: raw.division_kg, max_kg: raw.max_kg, method }
}
