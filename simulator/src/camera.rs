//! What cameras of several makes send of one sighting: the messages that public integrations print, with the plate, the
//! time and the identities put in.
//!
//! The messages are the samples that the controller's presets are tried on. Putting values in is done here by place and
//! by text; nothing of the controller's presets is used.

use chrono::{DateTime, FixedOffset, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

const AXIS: &str = include_str!("../samples/axis/update.json");
const DAHUA: &str = include_str!("../samples/dahua/tollgate.json");
const FRIGATE: &str = include_str!("../samples/frigate/lpr.json");
const HIKVISION: &str = include_str!("../samples/hikvision/anpr.xml");
const PLATE_RECOGNIZER: &str = include_str!("../samples/plate-recognizer/recognition.json");
const REKOR: &str = include_str!("../samples/rekor/group-rekor.json");

/// A picture of no size: its first and last bytes are JPEG's.
const PICTURE: &[u8] = &[0xFF, 0xD8, 0xFF, 0xD9];
/// The samples' own values, where they are replaced by text.
const HIKVISION_PLATE: &str = "456DGH03";
const HIKVISION_TIME: &str = "2026-11-26T10:12:03+05:00";
const HIKVISION_COMPACT: &str = "20261126101203345";
const HIKVISION_UUID: &str = "602cf998-1dd2-11b2-a842-be6ebc977415";
const HIKVISION_SOURCE: &str = "in-01 front";

/// Whose camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Make {
    /// AXIS License Plate Verifier: a car that is new, updated, lost.
    Axis,
    /// Dahua ITSAPI.
    Dahua,
    /// Frigate.
    Frigate,
    /// Hikvision ISAPI: multipart with a picture.
    Hikvision,
    /// Plate Recognizer Stream.
    PlateRecognizer,
    /// Rekor Scout.
    Rekor,
}

/// What was seen.
#[derive(Debug, Clone, Copy)]
pub struct Sighting<'a> {
    /// As the camera reads it.
    pub plate: &'a str,
    /// The camera's wall clock.
    pub at: DateTime<FixedOffset>,
    /// What the camera calls itself.
    pub source: &'a str,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Of the HTTP body.
    pub content_type: String,
    /// The HTTP body.
    pub body: Vec<u8>,
    /// The same without multipart, as a bridge publishes it by MQTT.
    pub plain: Vec<u8>,
}

/// All that a camera of that make sends of one sighting, in order.
#[must_use]
pub fn messages(make: Make, sighting: &Sighting<'_>) -> Vec<Message> {
    let identity = Uuid::new_v4();
    match make {
        Make::Axis => ["new", "update", "lost"].into_iter().map(|state| axis(sighting, identity, state)).collect(),
        Make::Dahua => vec![dahua(sighting)],
        Make::Frigate => vec![frigate(sighting, identity)],
        Make::Hikvision => vec![hikvision(sighting, identity)],
        Make::PlateRecognizer => vec![plate_recognizer(sighting)],
        Make::Rekor => vec![rekor(sighting, identity)],
    }
}

/// A sample with values put in their places. A place that the sample doesn't have is an error of this file: its tests
/// look for each.
fn filled(sample: &str, values: &[(&str, Value)]) -> Message {
    let mut message: Value = serde_json::from_str(sample).unwrap_or_default();
    for (place, value) in values {
        if let Some(slot) = message.pointer_mut(place) {
            slot.clone_from(value);
        }
    }
    let body = message.to_string().into_bytes();
    Message { content_type: "application/json".to_owned(), plain: body.clone(), body }
}

fn axis(sighting: &Sighting<'_>, identity: Uuid, state: &str) -> Message {
    let plate = json!(sighting.plate);
    // Microseconds and nanoseconds of the same instant stand beside it.
    let milliseconds = sighting.at.timestamp_millis();
    let direction = if state == "new" { "unk" } else { "in" };
    filled(
        AXIS,
        &[
            ("/capture_timestamp", json!(milliseconds.to_string())),
            ("/frame_timestamp", json!(format!("{milliseconds}000"))),
            ("/capture_ts", json!(format!("{milliseconds}000000"))),
            ("/datetime", json!(sighting.at.format("%Y%m%d %H%M%S%3f").to_string())),
            ("/plateText", plate.clone()),
            ("/plateUnicode", plate.clone()),
            ("/plateUTF8", plate.clone()),
            ("/plateASCII", plate),
            ("/carState", json!(state)),
            ("/carMoveDirection", json!(direction)),
            ("/carID", json!((identity.as_u128() % 1_000_000).to_string())),
            ("/sensorProviderID", json!(sighting.source)),
        ],
    )
}

fn dahua(sighting: &Sighting<'_>) -> Message {
    let at = |format: &str| json!(sighting.at.format(format).to_string());
    filled(
        DAHUA,
        &[
            ("/Picture/Plate/PlateNumber", json!(sighting.plate)),
            ("/Picture/SnapInfo/AccurateTime", at("%Y-%m-%d %H:%M:%S%.3f")),
            ("/Picture/SnapInfo/SnapTime", at("%Y-%m-%d %H:%M:%S")),
            ("/Picture/SnapInfo/DefenceCode", json!(sighting.source)),
        ],
    )
}

fn frigate(sighting: &Sighting<'_>, identity: Uuid) -> Message {
    let text = identity.simple().to_string();
    let random: String = text.chars().take(6).collect();
    let micros = sighting.at.timestamp_micros();
    // A number of seconds with six places, as JSON numbers have them.
    let seconds = format!("{}.{:06}", micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    let timestamp = serde_json::from_str(&seconds).unwrap_or(Value::Null);
    filled(
        FRIGATE,
        &[
            ("/id", json!(format!("{seconds}-{random}"))),
            ("/plate", json!(sighting.plate)),
            ("/camera", json!(sighting.source)),
            ("/timestamp", timestamp),
        ],
    )
}

fn plate_recognizer(sighting: &Sighting<'_>) -> Message {
    let (utc, plate) = (sighting.at.with_timezone(&Utc), json!(sighting.plate.to_lowercase()));
    let filename = json!(format!("{}_screenshots/{}", sighting.source, utc.format("%y-%m-%d/%H-%M-%S%.6f.jpg")));
    filled(
        PLATE_RECOGNIZER,
        &[
            ("/hook/id", json!(sighting.source)),
            ("/hook/filename", filename.clone()),
            ("/data/camera_id", json!(sighting.source)),
            ("/data/filename", filename),
            ("/data/timestamp", json!(utc.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string())),
            ("/data/timestamp_local", json!(sighting.at.format("%Y-%m-%d %H:%M:%S%.6f%:z").to_string())),
            ("/data/results/0/plate", plate.clone()),
            ("/data/results/0/candidates", json!([{ "score": 0.839, "plate": plate }])),
        ],
    )
}

fn rekor(sighting: &Sighting<'_>, identity: Uuid) -> Message {
    let milliseconds = sighting.at.timestamp_millis();
    let (plate, id) = (json!(sighting.plate.to_uppercase()), json!(format!("SIM-{identity}")));
    let candidates = json!([{ "plate": plate, "confidence": 91.0, "matches_template": 0 }]);
    filled(
        REKOR,
        &[
            ("/epoch_start", json!(milliseconds - 1_000)),
            ("/epoch_end", json!(milliseconds)),
            ("/uuids", json!([id])),
            ("/best_uuid", id),
            ("/best_plate_number", plate.clone()),
            ("/best_plate/plate", plate),
            ("/candidates", candidates),
        ],
    )
}

fn hikvision(sighting: &Sighting<'_>, identity: Uuid) -> Message {
    let xml = HIKVISION
        .replace(HIKVISION_PLATE, &escaped(sighting.plate))
        .replace(HIKVISION_TIME, &sighting.at.format("%Y-%m-%dT%H:%M:%S%:z").to_string())
        .replace(HIKVISION_COMPACT, &sighting.at.format("%Y%m%d%H%M%S%3f").to_string())
        .replace(HIKVISION_UUID, &identity.to_string())
        .replace(HIKVISION_SOURCE, &escaped(sighting.source));
    let boundary = "7e13971310878";
    let mut body = Vec::new();
    for (name, kind, part) in
        [("anpr.xml", "text/xml", xml.as_bytes()), ("detectionPicture.jpg", "image/jpeg", PICTURE)]
    {
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{name}\"\r\n\
             Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            part.len()
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(part);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    let content_type = format!("multipart/form-data; boundary={boundary}");
    Message { content_type, body, plain: xml.into_bytes() }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Make; 6] =
        [Make::Axis, Make::Dahua, Make::Frigate, Make::Hikvision, Make::PlateRecognizer, Make::Rekor];

    fn sighting() -> Sighting<'static> {
        let at = DateTime::parse_from_rfc3339("2031-02-03T04:05:06.789+05:00").expect("a time");
        Sighting { plate: "777XYZ05", at, source: "gate-7" }
    }

    #[test]
    fn the_samples_are_those_that_the_presets_are_tried_on() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        for (name, own) in [
            ("axis/update.json", AXIS),
            ("dahua/tollgate.json", DAHUA),
            ("frigate/lpr.json", FRIGATE),
            ("hikvision/anpr.xml", HIKVISION),
            ("plate-recognizer/recognition.json", PLATE_RECOGNIZER),
            ("rekor/group-rekor.json", REKOR),
        ] {
            let tried = std::fs::read_to_string(root.join("../tests/cameras/samples").join(name)).expect(name);
            assert_eq!(own, tried, "{name}");
        }
    }

    #[test]
    fn nothing_of_the_sample_s_own_sighting_stays() {
        for make in ALL {
            for message in messages(make, &sighting()) {
                let text = String::from_utf8(message.plain).expect("UTF-8");
                assert!(text.to_uppercase().contains("777XYZ05"), "{make:?}: {text}");
                for old in
                    ["456DGH03", "567EKM09\",\"PlateType", "678FLN1", "123-ABC", "345cdf01", "2026-11-26T", "1795669"]
                {
                    let is_name = old == "1795669" && make == Make::Rekor;
                    assert!(is_name || !text.contains(old), "{make:?} still has {old}: {text}");
                }
            }
        }
    }

    #[test]
    fn places_are_those_of_the_samples() {
        let text = |make| String::from_utf8(messages(make, &sighting()).remove(0).plain).expect("UTF-8");
        for (make, place, expected) in [
            (Make::Dahua, "/Picture/SnapInfo/AccurateTime", json!("2031-02-03 04:05:06.789")),
            (Make::Axis, "/datetime", json!("20310203 040506789")),
            (Make::Axis, "/carState", json!("new")),
            (Make::Frigate, "/camera", json!("gate-7")),
            (Make::Frigate, "/timestamp", json!(1_927_839_906.789)),
            (Make::PlateRecognizer, "/data/timestamp", json!("2031-02-02T23:05:06.789000Z")),
            (Make::PlateRecognizer, "/data/results/0/plate", json!("777xyz05")),
            (Make::Rekor, "/epoch_end", json!(1_927_839_906_789_i64)),
        ] {
            let message: Value = serde_json::from_str(&text(make)).expect("JSON");
            assert_eq!(message.pointer(place), Some(&expected), "{make:?} {place}");
        }
        assert!(text(Make::Hikvision).contains("<dateTime>2031-02-03T04:05:06+05:00</dateTime>"));
    }
}
