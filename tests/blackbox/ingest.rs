//! Plate readers that push by HTTP, as their vendors do it, and Frigate on topics of its own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use chrono_tz::Asia::Almaty;
use serde_json::{Value, json};

use super::rig::{LANE, Rig, Rms, is_command, is_event};

const SECRET: &str = "correct horse battery staple";

/// What a camera hears.
#[derive(Debug)]
struct Heard {
    status: u16,
    body: String,
}

impl Heard {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{self:?}: {error}"))
    }
}

/// A rig whose front camera is a Hikvision with a secret, and whose rear camera a Dahua on a network that may push.
fn rig(cameras: &str) -> Rig {
    let mut rig = Rig::cold(Rms::channel("green"));
    let secret = rig.dir.path().join("secret");
    std::fs::write(&secret, format!("{SECRET}\n")).expect("written");
    let text = std::fs::read_to_string(rig.config_path()).expect("the configuration");
    let (head, rest) = text.split_once("[[lane.camera]]").expect("a camera");
    let (_, tail) = rest.split_once("[[lane.loop]]").expect("a loop");
    let cameras = cameras.replace("SECRET", &secret.display().to_string());
    std::fs::write(rig.config_path(), format!("{head}{cameras}\n[[lane.loop]]{tail}")).expect("written");
    rig.start_controller();
    rig.devices_speak();
    rig.expect_phase("vacant");
    rig
}

const PUSHING: &str = r#"
[[lane.camera]]
name = "front"
view = "front"
format = "hikvision"
ingest_secret_file = "SECRET"

[[lane.camera]]
name = "rear"
view = "rear"
format = "dahua"
ingest_from = ["127.0.0.0/8"]

[[lane.camera]]
name = "shut"
view = "rear"
format = "dahua"
"#;

fn curl(rig: &Rig, place: &str, arguments: &[&str]) -> Heard {
    let url = format!("http://127.0.0.1:{}/ingest/v1/{place}", rig.http_port);
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "20", "--write-out", "\n%{http_code}", &url])
        .args(arguments)
        .output()
        .expect("curl is installed: apt-get install curl");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let (body, status) = text.rsplit_once('\n').expect("a status");
    Heard { status: status.parse().expect("a status"), body: body.to_owned() }
}

fn file(rig: &Rig, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = rig.dir.path().join(name);
    std::fs::write(&path, bytes).expect("written");
    path
}

fn shown(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// An event as the camera's ISAPI writes it, now.
fn hikvision(uuid: &str, plate: &str, more: &str) -> String {
    let at = Utc::now().with_timezone(&Almaty).format("%Y-%m-%dT%H:%M:%S%:z");
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<EventNotificationAlert version="2.0" xmlns="http://www.isapi.org/ver20/XMLSchema">
<ipAddress>192.0.2.21</ipAddress><macAddress>02:00:5e:10:00:21</macAddress><channelID>1</channelID>
<dateTime>{at}</dateTime><activePostCount>1</activePostCount><eventType>ANPR</eventType><eventState>active</eventState>
<ANPR><country>30</country><licensePlate>{plate}</licensePlate><line>1</line><direction>forward</direction>
<confidenceLevel>97</confidenceLevel>{more}</ANPR><UUID>{uuid}</UUID><picNum>1</picNum>
</EventNotificationAlert>"#
    )
}

/// Pushed as the camera does: multipart, the XML first, then pictures.
fn push_hikvision(rig: &Rig, secret: &str, xml: &str) -> Heard {
    let xml = file(rig, "anpr.xml", xml);
    let picture = file(rig, "detectionPicture.jpg", vec![0xff_u8; 300_000]);
    let user = format!("lane:{secret}");
    let event = format!("anpr.xml=@{};type=text/xml", shown(&xml));
    let picture = format!("detectionPicture.jpg=@{};type=image/jpeg", shown(&picture));
    curl(rig, &format!("{LANE}/front"), &["--user", &user, "--form", &event, "--form", &picture])
}

/// An event as ITSAPI writes it: the wall clock without an offset, and pictures in base64.
fn dahua(plate: &str, ago: TimeDelta) -> Value {
    let at = (Utc::now() - ago).with_timezone(&Almaty).format("%Y-%m-%d %H:%M:%S%.3f").to_string();
    json!({ "Picture": {
        "Plate": { "IsExist": true, "PlateNumber": plate, "Confidence": 230, "BoundingBox": [1, 2, 3, 4] },
        "SnapInfo": { "AccurateTime": at, "TimeZone": 10, "LanNo": 1, "Direction": "Reverse", "DeviceID": "8M000TEST" },
        "NormalPic": { "PicName": "normal.jpg", "Content": "A".repeat(200_000) },
    } })
}

fn push_dahua(rig: &Rig, place: &str, message: &Value) -> Heard {
    let body = file(rig, "tollgate.json", message.to_string());
    let data = format!("@{}", shown(&body));
    curl(rig, place, &["--header", "Content-Type: application/json;charset=UTF-8", "--data-binary", &data])
}

fn plates_journaled(rig: &Rig) -> Vec<Value> {
    let (_, records) = rig.journal("show");
    records.into_iter().filter(|record| record["kind"] == "evidence" && record["body"]["plate"].is_object()).collect()
}

fn metric(rig: &Rig, camera: &str, result: &str) -> u64 {
    let (_, metrics) = rig.http("GET /metrics", &[], "");
    let labels = format!("{{lane=\"{LANE}\",device=\"{camera}\",result=\"{result}\"}} ");
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("lane_controller_camera_messages_total")?.strip_prefix(&labels));
    line.map_or(0, |count| count.parse().expect("a count"))
}

#[test]
fn cameras_of_two_makes_that_push_open_a_lane_and_their_repeats_change_nothing() {
    let mut rig = rig(PUSHING);
    rig.notify(27_400);
    rig.over_loop("approach", true);
    rig.expect_phase("occupied");
    let event = hikvision("602cf998-1dd2-11b2-a842-be6ebc977415", "123ABC02", "");
    let heard = push_hikvision(&rig, SECRET, &event);
    assert_eq!((heard.status, heard.json()["result"].as_str()), (200, Some("read")), "{heard:?}");
    assert_eq!(plates_journaled(&rig).len(), 1, "durable before the camera is answered");
    // Dahua puts its own path behind the one it is given, and repeats until it hears {"Result":true}.
    let message = dahua("45DEF02", TimeDelta::zero());
    let heard = push_dahua(&rig, &format!("{LANE}/rear/NotificationInfo/TollgateInfo"), &message);
    assert_eq!((heard.status, heard.json()), (200, json!({ "Result": true })));
    rig.weigh(27_400);
    rig.expect("the open command", |seen| is_command(seen, "open"));
    let before = plates_journaled(&rig);
    assert_eq!(before.len(), 2);
    assert_eq!(before[0]["body"]["plate"]["read"]["country"], "KZ");
    assert_eq!(before[1]["body"]["plate"]["read"]["view"], "rear");
    for _ in 0..3 {
        assert_eq!(push_hikvision(&rig, SECRET, &event).json()["result"], "duplicate");
        let heard = push_dahua(&rig, &format!("{LANE}/rear"), &message);
        assert_eq!((heard.status, heard.json()), (200, json!({ "Result": true })));
    }
    rig.drive_off();
    rig.expect("the story", |seen| is_event(seen, "passage_completed"));
    rig.expect_phase("vacant");
    // The last repeat comes when the vehicle is gone, and after a restart: it is nobody's evidence.
    assert_eq!(push_hikvision(&rig, SECRET, &event).json()["result"], "duplicate");
    rig.restart_after_kill();
    assert_eq!(push_hikvision(&rig, SECRET, &event).json()["result"], "duplicate");
    assert_eq!(plates_journaled(&rig), before);
    assert_eq!(rig.opens(), 1);
    assert_eq!(metric(&rig, "front", "duplicate"), 1, "counted since the restart");
}

#[test]
fn who_may_not_push_or_pushes_something_else_is_told_why() {
    let mut rig = rig(PUSHING);
    let event = hikvision("1", "123ABC02", "");
    let xml = file(&rig, "plain.xml", &event);
    let data = format!("@{}", shown(&xml));
    let kind = "Content-Type: application/xml";
    let keyed = format!("{LANE}/front?key={}", SECRET.replace(' ', "%20"));
    let huge = file(&rig, "huge", vec![b'x'; 8 * 1024 * 1024 + 1]);
    let huge = format!("@{}", shown(&huge));
    let wrong = hikvision("2", "123ABC02", "").replace(">97<", ">970<");
    let wrong = format!("@{}", shown(&file(&rig, "wrong.xml", wrong)));
    for (place, arguments, status, code) in [
        (format!("{LANE}/front"), vec!["--data-binary", data.as_str(), "--header", kind], 401, "unauthenticated"),
        (format!("{LANE}/front"), vec!["--user", "lane:wrong", "--data-binary", &data], 401, "unauthenticated"),
        (format!("{LANE}/front?key=wrong"), vec!["--data-binary", &data], 401, "unauthenticated"),
        (format!("{LANE}/shut"), vec!["--data-binary", &data], 403, "closed"),
        (format!("{LANE}/side"), vec!["--data-binary", &data], 404, "no_such_camera"),
        ("in-99/front".to_owned(), vec!["--data-binary", &data], 404, "no_such_camera"),
        (keyed.clone(), vec!["--data-binary", &huge], 413, "too_large"),
        (keyed.clone(), vec!["--data-binary", "plate=123ABC02"], 415, "no_document"),
        (keyed.clone(), vec!["--data-binary", "<a><b></a>"], 422, "malformed"),
        (keyed.clone(), vec!["--data-binary", &wrong], 422, "malformed"),
        (keyed.clone(), vec!["--data-binary", "{\"mood\":1}"], 422, "malformed"),
    ] {
        let heard = curl(&rig, &place, &arguments);
        assert_eq!((heard.status, heard.json()["error"]["code"].as_str()), (status, Some(code)), "{place} {heard:?}");
        assert!(heard.json()["error"]["message"].as_str().is_some_and(|message| message.len() > 10));
    }
    let refused = curl(&rig, &keyed, &["--data-binary", &wrong]).json();
    assert!(
        refused["error"]["message"].as_str().expect("a text").starts_with("/ANPR/confidenceLevel: `970`"),
        "{refused}"
    );
    assert_eq!(plates_journaled(&rig), Vec::<Value>::new());
    rig.watch(Duration::from_millis(200));
    rig.expect_phase("vacant");
    for (camera, result, count) in [
        ("front", "unauthenticated", 3),
        ("front", "too_large", 1),
        ("front", "unsupported", 1),
        ("front", "malformed", 4),
        ("shut", "forbidden", 1),
    ] {
        assert_eq!(metric(&rig, camera, result), count, "{camera} {result}");
    }
    let log = rig.log();
    let warned = log.lines().filter(|line| !line.contains("\"DEBUG\""));
    assert!(warned.into_iter().all(|line| !line.contains("123ABC02")), "no plate above debug");
    // Connection tests, heartbeats and other events are fine, and are nothing.
    for (place, body, expected) in [
        (keyed.as_str(), String::new(), json!({ "result": "empty" })),
        (&keyed, event.replace(">ANPR<", ">VMD<"), json!({ "result": "other" })),
        (
            &format!("{LANE}/rear"),
            json!({ "Active": "keepAlive", "DeviceID": "8M000TEST" }).to_string(),
            json!({ "Result": true }),
        ),
    ] {
        let heard = curl(&rig, place, &["--data-binary", &body]);
        assert_eq!((heard.status, heard.json()), (200, expected));
    }
    // The right secret as ?key= still works.
    let heard = curl(&rig, &keyed, &["--data-binary", &data]);
    assert_eq!((heard.status, heard.json()), (200, json!({ "result": "read" })));
}

#[test]
fn a_read_that_a_camera_held_back_is_kept_and_opens_nothing() {
    let mut rig = rig(PUSHING);
    rig.notify(27_400);
    rig.over_loop("approach", true);
    rig.weigh(27_400);
    let rear = dahua("45DEF02", TimeDelta::seconds(300));
    assert_eq!(push_dahua(&rig, &format!("{LANE}/rear"), &rear).status, 200, "or the camera would repeat for ever");
    let history = hikvision("1", "123ABC02", "<alarmDataType>1</alarmDataType>");
    assert_eq!(push_hikvision(&rig, SECRET, &history).json()["result"], "history");
    rig.expect_held_by("evidence_missing");
    let plates = plates_journaled(&rig);
    assert_eq!(plates.len(), 1, "{plates:?}");
    assert_eq!((&plates[0]["passage"], &plates[0]["body"]["not_evidence"]), (&Value::Null, &json!("late")));
    assert_eq!(metric(&rig, "rear", "late"), 1);
    let (_, metrics) = rig.http("GET /metrics", &[], "");
    let skew = metrics.lines().find(|line| line.starts_with("lane_controller_camera_clock_skew_seconds{"));
    assert!(skew.is_some_and(|line| line.contains("\"rear\"") && line.contains("} -30")), "{skew:?}");
    // What is read live is judged at once.
    push_dahua(&rig, &format!("{LANE}/rear"), &dahua("45DEF02", TimeDelta::zero()));
    push_hikvision(&rig, SECRET, &hikvision("2", "123ABC02", ""));
    rig.expect("the open command", |seen| is_command(seen, "open"));
}

#[test]
fn frigate_s_own_topic_and_a_vendor_s_json_on_ours_open_a_lane() {
    let mut rig = rig(r#"
[[lane.camera]]
name = "front"
view = "front"
format = "frigate"
topic = "frigate/tracked_object_update"
source = "in_01_front"

[[lane.camera]]
name = "rear"
view = "rear"
format = "axis"
"#);
    rig.notify(27_400);
    rig.over_loop("approach", true);
    rig.expect_phase("occupied");
    let update = |camera: &str, plate: &str| {
        let at = f64::from(u32::try_from(Utc::now().timestamp()).expect("before 2106"));
        json!({ "type": "lpr", "id": "1.2-x", "name": null, "plate": plate, "score": 0.95, "camera": camera, "timestamp": at })
    };
    rig.publish("frigate/tracked_object_update", &update("parking", "999ZZZ99"), &[]);
    rig.publish("frigate/tracked_object_update", &update("in_01_front", "123-ABC 02"), &[]);
    let (rear, front) = (rig.lane_topic("plate/rear"), rig.lane_topic("plate/front"));
    for topic in [&front, &rear] {
        rig.publish(topic, &json!({ "read_id": "1", "plate": "777HHH77" }), &[]);
    }
    let axis = json!({
        "carState": "update", "carID": "7", "plateUTF8": "45DEF02", "plateConfidence": "0.91", "plateCountry": "KAZ",
        "capture_timestamp": Utc::now().timestamp_millis().to_string(),
    });
    rig.publish(&rear, &axis, &[]);
    rig.weigh(27_400);
    rig.expect("the open command", |seen| is_command(seen, "open"));
    let plates: Vec<_> =
        plates_journaled(&rig).iter().map(|record| record["body"]["plate"]["read"]["plate"].clone()).collect();
    assert_eq!(plates, ["123-ABC 02", "45DEF02"], "another camera's plate and a message of another format are nothing");
    assert_eq!((metric(&rig, "front", "other_camera"), metric(&rig, "rear", "malformed")), (1, 1));
}

#[test]
fn the_command_line_tries_a_preset_and_names_a_wrong_one() {
    let rig = Rig::cold(Rms::Silent);
    let message = file(&rig, "event.xml", hikvision("1", "123ABC02", ""));
    let (code, lines) = rig.tool(&["camera", "try", "hikvision", shown(&message)]);
    assert_eq!((code, lines[0]["plate"].as_str()), (Some(0), Some("123ABC02")));
    let broken = file(&rig, "broken.xml", "<EventNotificationAlert><a></EventNotificationAlert>");
    assert_eq!(rig.tool(&["camera", "try", "hikvision", shown(&broken)]).0, Some(1));
    assert_eq!(rig.tool(&["camera", "try", "hikvison", shown(&message)]).0, Some(1));
    assert_eq!(rig.tool(&["camera", "try", "hikvision", "/nowhere"]).0, Some(3));
    assert_eq!(rig.tool(&["camera", "try", "hikvision"]).0, Some(2));
    let presets = rig.dir.path().join("presets");
    std::fs::create_dir(&presets).expect("a directory");
    std::fs::write(presets.join("ours.toml"), "vendor = \"Ours\"\nmessage = []\n").expect("written");
    let text = std::fs::read_to_string(rig.config_path()).expect("the configuration");
    let text = text.replacen("format = \"native\"", "format = \"ours\"", 1);
    let text = format!("[cameras]\npresets_directory = \"{}\"\n{text}", presets.display());
    std::fs::write(rig.config_path(), text).expect("written");
    let output = Command::new(env!("CARGO_BIN_EXE_lane-controller"))
        .args(["check", "--config", shown(&rig.config_path())])
        .output()
        .expect("the tool runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("ours.toml: line 2, column 11: 1 to 32 [[message]] are expected"), "{said}");
}
