//! Simulated cameras against the controller's presets: each message is read as the plate, the moment and the camera that
//! were asked for.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use lane_controller::model::{Timestamp, View};
use lane_controller::wire::camera::{Document, Library, Reading, Seat};
use lane_simulator::camera::{Make, Message, Sighting, messages};

const MAKES: [(Make, &str); 6] = [
    (Make::Axis, "axis"),
    (Make::Dahua, "dahua"),
    (Make::Frigate, "frigate"),
    (Make::Hikvision, "hikvision"),
    (Make::PlateRecognizer, "plate-recognizer"),
    (Make::Rekor, "rekor"),
];

/// The plates that the controller's preset reads.
fn plates(name: &str, body: &[u8], content_type: Option<&str>) -> Vec<(String, DateTime<Utc>)> {
    let library = Library::builtin().expect("valid presets");
    let preset = library.get(name).expect("a preset");
    let document = Document::read(content_type, body).expect("readable").expect("not empty");
    let seat = Seat { view: View::Front, zone: Tz::Asia__Almaty };
    let received = Timestamp::new(at().with_timezone(&Utc));
    match preset.read(&document, seat, received).expect(name) {
        Reading::Ignored(_) => vec![],
        Reading::Reads(reads) => reads
            .iter()
            .map(|read| {
                let read = serde_json::to_value(&read.read).expect("JSON");
                let at = DateTime::parse_from_rfc3339(read["at"].as_str().expect("a time")).expect("a time");
                (read["plate"].as_str().unwrap_or_default().to_uppercase(), at.with_timezone(&Utc))
            })
            .collect(),
    }
}

fn at() -> DateTime<chrono::FixedOffset> {
    DateTime::parse_from_rfc3339("2031-02-03T04:05:06+05:00").expect("a time")
}

#[test]
fn each_make_is_read_as_the_plate_and_the_moment_that_were_asked_for() {
    for (make, name) in MAKES {
        let sighting = Sighting { plate: "777XYZ05", at: at(), source: "gate-7" };
        let sent = messages(make, &sighting);
        let read = |message: &Message| {
            let pushed = plates(name, &message.body, Some(&message.content_type));
            assert_eq!(pushed, plates(name, &message.plain, None), "{name}: pushed and bridged");
            pushed
        };
        let reads: Vec<_> = sent.iter().flat_map(read).collect();
        assert!(!reads.is_empty(), "{name} is not read");
        for (plate, time) in reads {
            assert_eq!((plate.as_str(), time), ("777XYZ05", at().with_timezone(&Utc)), "{name}");
        }
    }
}

#[test]
fn a_plate_with_marks_of_xml_stays_a_plate() {
    let sighting = Sighting { plate: "A<B&C>1", at: at(), source: "a & b" };
    for message in messages(Make::Hikvision, &sighting) {
        let read = plates("hikvision", &message.body, Some(&message.content_type));
        assert_eq!(read[0].0, "A<B&C>1");
    }
}
