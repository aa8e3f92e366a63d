//! Plates and persons: not in logs and metrics, sealed on disk, read only by who says for what, and gone with their key.

use std::path::Path;
use std::sync::mpsc::channel;

use chrono::{Days, NaiveDate, Utc};
use lane_controller::journal::{Batch, Journal, Limits};
use lane_controller::model::{LaneId, NewRecord, RecordKind, Ticket, Timestamp};
use serde_json::{Value, json};

use super::orders::{add_officer, signed};
use super::papers::{declaration, notification};
use super::rig::{Rig, Rms, Seen, is_command, is_event, publish_raw};

/// Vehicles of the first test; the environment may ask for more.
const VEHICLES: u32 = 8;

#[test]
fn c8_no_plate_and_no_name_is_in_the_log_the_metrics_or_the_files_of_the_journal() {
    let asked = std::env::var("LANE_PRIVACY_VEHICLES").ok().and_then(|text| text.parse().ok());
    let vehicles: u32 = asked.unwrap_or(VEHICLES);
    let mut rig = Rig::start(Rms::channel("green"));
    add_officer(&rig, "aigul", "officer");
    rig.submit("declaration", &declaration());
    let mut secrets = Vec::new();
    for number in 0..vehicles {
        let truck = Truck::numbered(number);
        truck.notify(&mut rig, number);
        truck.trouble(&rig);
        truck.pass(&mut rig);
        secrets.extend(truck.secrets());
    }
    let (status, metrics) = rig.http("GET /metrics", &[], "");
    assert_eq!(status, 200);
    let (_, records) = rig.journal("show");
    assert_eq!(rig.stop_controller(), Some(0));
    let log = rig.log();
    assert!(log.lines().count() > 10 && metrics.lines().count() > 50, "there is something to look at");
    let shown: String = records.iter().map(Value::to_string).collect();
    let files = files_of_the_journal(&rig.data());
    for (secret, is_journaled) in &secrets {
        let folded = secret.to_lowercase();
        for (name, text) in [("the log", &log), ("the metrics", &metrics), ("the journal's files", &files)] {
            assert!(!text.contains(secret.as_str()) && !text.contains(&folded), "{secret} is in {name}");
        }
        assert!(!is_journaled || shown.contains(secret.as_str()), "{secret} is on record");
    }
    assert_eq!(rig.journal("verify").0, Some(0));
}

#[test]
fn who_reads_a_passage_signs_in_says_for_what_and_is_written_down() {
    let mut rig = Rig::start(Rms::channel("green"));
    add_officer(&rig, "aigul", "auditor");
    rig.notify(27_400);
    rig.drive_up(27_400);
    rig.expect_open();
    rig.drive_off();
    let story = rig.expect("the story", |seen| is_event(seen, "passage_completed")).payload;
    let passage = story["passage"].as_str().expect("an id").to_owned();
    let get = |rig: &Rig, query: &str, password: Option<&str>| {
        let headers = signed(password.map(|password| ("aigul", password)));
        rig.http(&format!("GET /api/v1/passages/{passage}{query}"), &headers, "")
    };
    let (status, masked) = get(&rig, "", None);
    assert!(status == 200 && masked.contains("released") && !masked.contains("ABC"), "{masked}");
    assert_eq!(get(&rig, "", Some("correct horse")).0, 400, "a purpose is missing");
    assert_eq!(get(&rig, "?purpose=appeal", Some("wrong horse")).0, 401);
    let (status, clear) = get(&rig, "?purpose=appeal%207", Some("correct horse"));
    assert!(status == 200 && clear.contains("123ABC02"), "{clear}");

    let data = rig.data();
    let place = ["--data", data.to_str().expect("UTF-8")];
    let tool = |rig: &Rig, arguments: &[&str]| rig.tool(&[arguments, &place].concat());
    let (code, hidden) = tool(&rig, &["journal", "show", "--passage", &passage]);
    assert!(code == Some(0) && !text(&hidden).contains("ABC") && text(&hidden).contains("***"));
    let (code, shown) = tool(&rig, &["journal", "show", "--passage", &passage, "--reveal", "court"]);
    assert!(code == Some(0) && text(&shown).contains("123ABC02"));
    let (_, archive) = tool(&rig, &["journal", "export"]);
    assert!(!text(&archive).contains("ABC02") && text(&archive).contains("sealed"), "an archive is sealed");
    assert_eq!(tool(&rig, &["registry", "find", "123ABC02", "--purpose", "audit"]).0, Some(0));

    let (code, looks) = tool(&rig, &["journal", "access", "--since", "2026-01-01"]);
    assert_eq!(code, Some(0));
    let told: Vec<_> = looks.iter().map(|look| (&look["what"], &look["of"], &look["purpose"])).collect();
    let id = Value::from(passage.clone());
    let expected = [
        (&json!("passage"), &id, &json!("appeal 7")),
        (&json!("passage"), &id, &json!("court")),
        (&json!("register"), &json!("find: PN-1"), &json!("audit")),
    ];
    assert_eq!(told, expected);
    assert_eq!(looks[0]["who"], json!({ "officer": "aigul" }));
    assert!(looks[1]["who"]["uid"].is_u64(), "{}", looks[1]);

    // Without a log there is no look.
    let log = data.join("access.jsonl");
    let lines = std::fs::read_to_string(&log).expect("read");
    std::fs::remove_file(&log).expect("removed");
    std::fs::create_dir(&log).expect("made");
    let (status, refused) = get(&rig, "?purpose=appeal", Some("correct horse"));
    assert!(status == 503 && !refused.contains("ABC"), "{refused}");
    assert_eq!(tool(&rig, &["journal", "show", "--reveal", "court"]), (Some(3), vec![]));
    assert_eq!(tool(&rig, &["registry", "find", "123ABC02"]), (Some(3), vec![]));
    std::fs::remove_dir(&log).expect("removed");
    let (_, thinned) = lines.split_once('\n').expect("lines");
    std::fs::write(&log, thinned).expect("written");
    assert_eq!(tool(&rig, &["journal", "access"]).0, Some(1), "a log that was thinned is found out");
}

#[test]
fn keys_go_when_their_time_is_over_or_somebody_asks_and_the_journal_still_verifies() {
    let retention = "\n[retention]\npersonal = \"31d\"\n";
    let mut rig = Rig::cold_with(Rms::channel("green"), |config| config + retention);
    let (today, long_ago) = (Utc::now().date_naive(), days_ago(40));
    write_of(&rig.data(), long_ago);
    rig.start_controller();
    let retired = |seen: &Seen| is_event(seen, "keys_shredded") && seen.payload["cause"] == "retention";
    let event = rig.expect("the retention", retired).payload;
    assert_eq!((&event["class"], &event["before"]), (&json!("personal"), &json!(days_ago(31))));
    rig.devices_speak();
    rig.expect_phase("vacant");
    rig.notify(27_400);
    rig.drive_up(27_400);
    rig.expect_open();
    rig.drive_off();
    rig.expect("the story", |seen| is_event(seen, "passage_completed"));

    let data = rig.data();
    let shred = |rig: &Rig, before: NaiveDate| {
        let before = before.to_string();
        let order = ["journal", "shred", "--class", "officers", "--reason", "a test", "--before", &before];
        rig.tool(&[&order[..], &["--data", data.to_str().expect("UTF-8")]].concat())
    };
    assert_eq!(shred(&rig, days_ago(0) + Days::new(2)).0, Some(1), "a day that is not over is refused");
    let (code, told) = shred(&rig, today);
    assert_eq!((code, &told[0]["shredded"]), (Some(0), &json!(1)), "the running controller does it: {told:?}");
    let ordered = |seen: &Seen| is_event(seen, "keys_shredded") && seen.payload["cause"] == "order";
    let sequence = rig.seen.iter().find(|seen| ordered(seen)).map(|seen| seen.payload["sequence"].clone());
    let sequence = sequence.unwrap_or_else(|| rig.expect("the order", ordered).payload["sequence"].clone());
    assert_eq!(sequence, told[0]["sequence"]);
    assert_eq!(rig.stop_controller(), Some(0));
    assert_eq!(shred(&rig, today).0, Some(1), "nothing is left of it");

    assert_eq!(rig.journal("verify").0, Some(0));
    let (_, records) = rig.journal("show");
    let bodies: Vec<&Value> = records.iter().map(|record| &record["body"]).collect();
    let gone = json!(format!("(shredded {long_ago})"));
    assert_eq!((&bodies[0]["tractor"], &bodies[1]["officer"]), (&gone, &gone));
    assert!(bodies.iter().any(|body| body["tractor"] == "123ABC02"), "today's is read");
    let keys = std::fs::read_dir(data.join("keys")).expect("listed");
    let names: Vec<_> = keys.map(|key| key.expect("a key").file_name().to_string_lossy().into_owned()).collect();
    assert!(names.iter().all(|name| !name.starts_with(&long_ago.to_string())), "{names:?}");
}

struct Truck {
    tractor: String,
    trailer: String,
    carrier: String,
}

impl Truck {
    fn numbered(number: u32) -> Self {
        let letters = |seed: u32| -> String {
            (0..3).filter_map(|place| char::from_u32(u32::from(b'A') + (seed * 7 + place * 11 + number) % 26)).collect()
        };
        Self {
            tractor: format!("{:03}{}{:02}", 101 + number % 899, letters(number / 899), 1 + number % 17),
            trailer: format!("{:02}{}{:02}", 10 + number % 90, letters(number / 90 + 5), 1 + number % 16),
            carrier: format!("SECRETCARRIER{number}"),
        }
    }

    /// What must not be seen, and whether the journal is told of it.
    fn secrets(&self) -> Vec<(String, bool)> {
        let spaced = spaced(&self.tractor);
        vec![
            (self.tractor.clone(), true),
            (spaced.clone(), true),
            (spaced.replace(' ', "-"), false),
            (self.trailer.clone(), true),
            (self.carrier.clone(), false),
        ]
    }

    fn notify(&self, rig: &mut Rig, number: u32) {
        let mut document = notification(&format!("PN-{number}"), 27_400);
        document["vehicle"]["tractor"]["plate"] = self.tractor.clone().into();
        document["vehicle"]["trailers"][0]["plate"] = self.trailer.clone().into();
        document["carrier"]["name"] = self.carrier.clone().into();
        rig.submit("notification", &document);
    }

    /// Messages that are refused, each of which quotes the plate.
    fn trouble(&self, rig: &Rig) {
        let topic = rig.lane_topic("plate/front");
        let plate = &self.tractor;
        for wrong in [
            json!({ "read_id": "x", "at": plate, "plate": plate, "view": "front" }),
            json!({ "read_id": "x", "at": "2026-01-01T00:00:00Z", "plate": plate, "confidence": plate, "view": "front" }),
            json!({ "read_id": "x", "at": "2026-01-01T00:00:00Z", "plate": plate, "view": plate }),
            json!([plate]),
        ] {
            rig.publish(&topic, &wrong, &[]);
        }
        publish_raw(rig.mqtt_port, &topic, &format!("{{\"plate\":\"{plate}\""), &[]);
        rig.publish(&topic, &json!({ "plate": plate }), &["-r"]);
        publish_raw(rig.mqtt_port, &topic, "", &["-r"]);
        rig.publish("bcp/test/risk/response", &json!({ "request_id": plate, "channel": plate }), &[]);
        rig.publish("bcp/test/registry/party", &json!({ "id": 7, "name": self.carrier }), &[]);
        let order = json!({ "order": "release", "passage": plate, "reason": plate }).to_string();
        let headers = signed(Some(("aigul", "correct horse")));
        assert_eq!(rig.http("POST /api/v1/lanes/in-01/orders", &headers, &order).0, 400);
    }

    fn pass(&self, rig: &mut Rig) {
        rig.over_loop("approach", true);
        rig.read_plate("front", &spaced(&self.tractor));
        rig.read_plate("rear", &self.trailer);
        rig.weigh(27_400);
        rig.expect("the open command", |seen| is_command(seen, "open"));
        rig.drive_off();
        rig.expect_phase("vacant");
    }
}

fn spaced(plate: &str) -> String {
    let (digits, rest) = plate.split_at(3);
    let (letters, region) = rest.split_at(3);
    format!("{digits} {letters} {region}")
}

/// Everything that the journal wrote, as one text.
fn files_of_the_journal(data: &Path) -> String {
    let entries = std::fs::read_dir(data).expect("listed").map(|entry| entry.expect("an entry").path());
    let own = |path: &std::path::PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        path.is_file() && (name.starts_with("journal") || name.starts_with("access"))
    };
    let files: Vec<_> = entries.filter(own).collect();
    assert!(files.len() >= 2, "{files:?}");
    files.iter().map(|path| String::from_utf8_lossy(&std::fs::read(path).expect("read")).into_owned()).collect()
}

fn text(lines: &[Value]) -> String {
    lines.iter().map(Value::to_string).collect()
}

fn days_ago(days: u64) -> NaiveDate {
    Utc::now().date_naive() - Days::new(days)
}

/// A release and an order of an earlier day.
fn write_of(data: &Path, day: NaiveDate) {
    let journal = Journal::open(data, Limits::default()).expect("opened");
    let at = Timestamp::new(day.and_hms_opt(12, 0, 0).expect("noon").and_utc());
    let lane = LaneId::new("in-01").expect("a name");
    let record = |kind, body: &str| NewRecord { at, lane: lane.clone(), passage: None, kind, body: body.into() };
    let records = vec![
        record(RecordKind::Released, r#"{"tractor":"123ABC02"}"#),
        record(RecordKind::Order, r#"{"officer":"aigul"}"#),
    ];
    let (tell, told) = channel();
    let batch = Batch { ticket: Ticket(0), lane: lane.clone(), records };
    journal.append(batch, Box::new(move |result| tell.send(result).expect("awaited")));
    told.recv().expect("answered").expect("durable");
}
