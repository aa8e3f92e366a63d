//! The scale of a lane: every key held against what the protocol has use for.

use super::check::Faults;
use super::parse::{RawAddress, RawScale};
use super::{Scale, ScaleDriver, SerialLine, sensors};
use crate::model::Need;
use crate::model::scale::{Dialect, DialectParts, LineFormat, ScalePort};

const BAUD_DEFAULT: u32 = 9_600;
const MINIMUM_KG_DEFAULT: i64 = 400;
/// Most frames that can be asked to agree.
const EQUAL_FRAMES_MAX: u8 = 10;
/// Below so many divisions a scale of class III tells no weight (OIML R 76).
const MINIMUM_DIVISIONS: i64 = 20;

pub(super) fn one_scale(path: &str, raw: RawScale, otherwise: Need, faults: &mut Faults) -> Scale {
    let path = format!("{path}.scale");
    let weighing = sensors::weighing(&path, &raw, faults);
    let care = sensors::care(&path, raw.silence, sensors::need(raw.required, otherwise), faults);
    let minimum_kg = raw.minimum_kg.unwrap_or(MINIMUM_KG_DEFAULT);
    if minimum_kg <= 0 {
        faults.at(&format!("{path}.minimum_kg"), "more than zero kilograms are expected");
    }
    if raw.division_kg.is_some_and(|division_kg| minimum_kg < division_kg.saturating_mul(MINIMUM_DIVISIONS)) {
        faults.warnings.push(format!(
            "{path}: minimum_kg = {minimum_kg} is below {MINIMUM_DIVISIONS} divisions, under which a scale of class \
             III may not weigh"
        ));
    }
    let name = raw.name.clone();
    let driver = match raw.driver.as_str() {
        "mqtt" => Some(ScaleDriver::Mqtt),
        "serial" => serial(&path, raw, faults).map(ScaleDriver::Serial),
        _ => {
            faults.at(&format!("{path}.driver"), "\"serial\" or \"mqtt\" is expected");
            None
        }
    };
    Scale { name, driver: driver.unwrap_or(ScaleDriver::Mqtt), minimum_kg, weighing, care }
}

/// None when it can't be used; the faults say why.
fn serial(path: &str, raw: RawScale, faults: &mut Faults) -> Option<SerialLine> {
    let baud = raw.baud.unwrap_or(BAUD_DEFAULT);
    if !(300..=921_600).contains(&baud) {
        faults.at(&format!("{path}.baud"), "300 to 921600 bits a second are expected");
    }
    let port = match raw.port.as_deref().map(str::parse::<ScalePort>) {
        Some(Ok(port)) => Some(port),
        Some(Err(error)) => {
            faults.at(&format!("{path}.port"), error.to_string());
            None
        }
        None => {
            let message = "a serial scale needs its port, best by its /dev/serial/by-id name, or tcp://host:port";
            faults.at(&format!("{path}.port"), message);
            None
        }
    };
    let line = raw.line.as_deref().map_or(Ok(LineFormat::default()), str::parse).unwrap_or_else(|error| {
        faults.at(&format!("{path}.line"), error.to_string());
        LineFormat::default()
    });
    let dialect = dialect(path, &raw, faults);
    let equal_frames = raw.equal_frames.or(dialect.as_ref().map(Dialect::equal_frames)).unwrap_or(1);
    if !(1..=EQUAL_FRAMES_MAX).contains(&equal_frames) {
        faults.at(&format!("{path}.equal_frames"), format!("1 to {EQUAL_FRAMES_MAX} frames are expected"));
    }
    let (port, dialect) = (port?, dialect?);
    Some(SerialLine { port, baud, line, dialect, equal_frames, max_kg: raw.max_kg, division_kg: raw.division_kg })
}

fn dialect(path: &str, raw: &RawScale, faults: &mut Faults) -> Option<Dialect> {
    let address = raw.address.as_ref().map(|address| match address {
        RawAddress::Number(number) => number.to_string(),
        RawAddress::Letter(letter) => letter.clone(),
    });
    let parts = DialectParts {
        protocol: raw.protocol.as_deref().unwrap_or_default(),
        layout: raw.layout.as_deref(),
        checksum: raw.checksum.as_deref(),
        address: address.as_deref(),
        unit: raw.unit.as_deref(),
        pattern: raw.pattern.as_deref(),
        request: raw.request.as_deref(),
    };
    match Dialect::new(&parts) {
        Ok(dialect) => Some(dialect),
        Err(errors) => {
            for error in errors {
                faults.at(&format!("{path}.{}", error.key), error.message);
            }
            None
        }
    }
}
