//! A configuration is taken whole or refused with every fault at its place.

use std::time::Duration;

use super::*;
use crate::model::Need;

const MINIMAL: &str = r#"
[site]
id = "korday"

[[lane]]
id = "in-01"
direction = "entry"

[[lane.loop]]
name = "exit"

[[lane.barrier]]
name = "exit"
driver = "mqtt"
"#;

fn faults(text: &str) -> Vec<String> {
    match parse(text, []) {
        Ok(_) => vec![],
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn shifts_are_local_times_and_degraded_is_hold_unless_said() {
    let risk = parse(MINIMAL, []).expect("a configuration").risk;
    assert_eq!((risk.degraded, risk.profiles_directory, risk.shifts.len()), (Degraded::Hold, None, 0));
    let text = format!(
        "{MINIMAL}\n[risk]\nprofiles_directory = \"risk\"\ndegraded = \"local\"\nselection.shifts = [\"20:00\", \"08:00\"]\n"
    );
    let config = parse(&text, []).expect("a configuration");
    assert_eq!((config.risk.degraded, config.risk.shifts.len()), (Degraded::Local, 2));
    assert_eq!(config.warnings, Vec::<String>::new());
    for (shifts, fault) in [
        (r#"["08:00", "8 pm"]"#, "line 17, column 30: risk.selection.shifts[1]: a local time"),
        (r#"["08:00", "08:00"]"#, "risk.selection.shifts[1]: there are two shifts at 08:00"),
        ("\"08:00\"", "risk.selection.shifts"),
    ] {
        let faults = faults(&format!("{MINIMAL}\n[risk]\nselection.shifts = {shifts}\n"));
        assert!(faults.iter().any(|found| found.contains(fault)), "{shifts}: {faults:?}");
    }
    let wrong = MINIMAL.replace("in-01", "site");
    assert!(faults(&wrong)[0].contains("stands for the whole site"));
}

#[test]
fn a_minimal_file_has_sensible_defaults() {
    let config = parse(MINIMAL, []).expect("valid");
    assert_eq!(config.mqtt.url, "mqtt://127.0.0.1:1883");
    assert_eq!(config.mqtt.client_id, "lane-controller-korday");
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:9750");
    assert_eq!(config.lanes[0].barriers[0].open_timeout, Duration::from_secs(8));
    assert!(config.lanes[0].evidence.is_empty(), "no device, no evidence");
    assert!(config.warnings.is_empty());
}

#[test]
fn the_files_that_come_with_the_program_are_valid() {
    for text in [
        include_str!("../../config/demo.toml"),
        include_str!("../../config/lane-controller.example.toml"),
        include_str!("../../config/relay-board.example.toml"),
    ] {
        assert_eq!(faults(text), Vec::<String>::new());
    }
}

#[test]
fn the_disk_keeps_a_reserve_and_a_ballast_unless_the_site_says_otherwise() {
    let data = parse(MINIMAL, []).expect("a configuration").data;
    assert_eq!((data.reserve_percent, data.ballast_bytes), (5, 64 * 1024 * 1024));
    let text = format!("{MINIMAL}\n[data]\nreserve_percent = 10\nballast_mib = 0\n");
    let data = parse(&text, []).expect("a configuration").data;
    assert_eq!((data.reserve_percent, data.ballast_bytes), (10, 0));
    let text = format!("{MINIMAL}\n[data]\nreserve_percent = 51\nballast_mib = 65537\n");
    let found = faults(&text);
    assert!(found.iter().any(|fault| fault.contains("1 to 50 is expected")), "{found:?}");
    assert!(found.iter().any(|fault| fault.contains("at most 65536 is expected")), "{found:?}");
}

#[test]
fn h39_every_fault_is_found_at_its_place() {
    let text = MINIMAL
        .replace("id = \"korday\"", "id = \"korday\"\ntimezone = \"Asia/Almaty\"")
        .replace("driver = \"mqtt\"", "driver = \"modbus\"\nopen_timeout = \"0s\"");
    let found = faults(&text);
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(
        found[0].starts_with("line 4, column 12: site.timezone: there is no key `timezone`; did you mean `time_zone`?")
    );
    assert!(found[1].contains("lane[0].barrier[0].driver") && found[1].starts_with("line 15"), "{}", found[1]);
    assert!(found[2].contains("open_timeout"));
}

#[test]
fn each_rule_has_its_message() {
    for (from, to, expected) in [
        ("id = \"in-01\"", "id = \"In 01\"", "1 to 32 characters"),
        ("direction = \"entry\"", "direction = \"sideways\"", "unknown variant `sideways`"),
        ("direction = \"entry\"", "direction = \"entry\"\nevidence = [\"weight\"]", "a [lane.scale] is needed"),
        ("direction = \"entry\"", "direction = \"entry\"\nevidence_timeout = \"soon\"", "a duration like"),
        ("name = \"exit\"\ndriver", "name = \"entry\"\ndriver", "named \"exit\" is expected"),
        ("[[lane.loop]]\nname = \"exit\"", "", "could never be closed"),
        ("[site]", "[site", "line 2"),
        ("id = \"korday\"", "", "missing field `id`"),
    ] {
        let found = faults(&MINIMAL.replacen(from, to, 1));
        assert!(found.iter().any(|fault| fault.contains(expected)), "{to}: {found:#?}");
    }
}

/// Faults of a minimal lane with such a scale.
fn scale_faults(keys: &str) -> Vec<String> {
    faults(&format!("{MINIMAL}\n[lane.scale]\nname = \"bridge\"\ndriver = \"serial\"\n{keys}\n"))
}

#[test]
fn a_scale_speaks_any_protocol_over_a_tty_or_tcp() {
    for keys in [
        "port = \"/dev/ttyS0\"\nprotocol = \"xk3190\"\nlayout = \"seven_digits_tenths\"\nunit = \"t\"",
        "port = \"tcp://10.0.0.7:4001\"\nprotocol = \"tenso-m\"\naddress = 3\nchecksum = \"on\"\nmax_kg = 60000\ndivision_kg = 20",
        "port = \"/dev/ttyS0\"\nline = \"7E1\"\nprotocol = \"toledo-continuous\"\nchecksum = \"on\"\nequal_frames = 4",
        "port = \"/dev/ttyS0\"\nprotocol = \"xk3190-command\"\naddress = \"B\"",
        "port = \"/dev/ttyS0\"\nprotocol = \"pattern\"\npattern = '(?<weight>\\d+) kg'\nrequest = \"P\\r\"",
    ] {
        assert_eq!(scale_faults(keys), Vec::<String>::new(), "{keys}");
    }
}

#[test]
fn each_key_of_a_scale_is_held_against_its_protocol_at_its_place() {
    let base = "port = \"/dev/ttyS0\"\nprotocol = \"tenso-m\"\n";
    for (keys, key, expected) in [
        ("protocol = \"sma\"", "port", "tcp://host:port"),
        ("port = \"tcp://host\"\nprotocol = \"sma\"", "port", "\"tcp://host:port\" is expected"),
        ("port = \"/dev/ttyS0\"", "protocol", "known: xk3190, "),
        (&format!("{base}line = \"9N1\""), "line", "like \"8N1\""),
        (&format!("{base}layout = \"manual\""), "layout", "no use"),
        (&format!("{base}checksum = \"crc\""), "checksum", "auto, on, off"),
        (&format!("{base}address = \"A\""), "address", "1 to 159"),
        (&format!("{base}unit = \"stone\""), "unit", "kg, t, g, lb"),
        (&format!("{base}pattern = \"x\""), "pattern", "no use"),
        (&format!("{base}equal_frames = 0"), "equal_frames", "1 to 10"),
        (&format!("{base}max_kg = 0"), "max_kg", "1 to 1000000"),
        (&format!("{base}division_kg = -20"), "division_kg", "1 to 1000000"),
    ] {
        let found = scale_faults(keys);
        assert_eq!(found.len(), 1, "{keys}: {found:#?}");
        assert!(found[0].contains(&format!("lane[0].scale.{key}: ")), "{}", found[0]);
        assert!(found[0].contains(expected) && !found[0].starts_with("line 0"), "{}", found[0]);
    }
}

#[test]
fn readers_and_portals_are_held_against_what_is_known() {
    let reader = "[[lane.reader]]\nname = \"kiosk\"\ndriver = \"serial\"\n\
                  port = \"/dev/ttyS1\"\nprotocol = \"lines\"\n";
    let portal = "[[lane.portal]]\nname = \"gate\"\ndriver = \"serial\"\nport = \"tcp://10.0.0.9:10001\"\n\
                  protocol = \"rpm-lines\"\nsilence = \"20s\"\n";
    let text = format!("{MINIMAL}\n{reader}{portal}");
    let lane = parse(&text, []).expect("valid").lanes.remove(0);
    assert_eq!((lane.readers.len(), lane.portals.len()), (1, 1));
    assert!(lane.evidence.contains(&EvidenceKind::Radiation), "a portal's verdict is required unless the lane says so");
    assert!(!lane.evidence.contains(&EvidenceKind::Document), "a scan is not");
    for (from, to, expected) in [
        ("driver = \"serial\"", "driver = \"usb\"", "reader[0].driver: \"mqtt\" or \"serial\""),
        (
            "driver = \"serial\"\nport = \"/dev/ttyS1\"\nprotocol = \"lines\"",
            "baud = 9600",
            "reader[0].baud: it belongs to a reader with driver",
        ),
        ("protocol = \"lines\"", "protocol = \"line\"", "\"lines\" or \"ssi\""),
        ("protocol = \"lines\"", "", "\"lines\" or \"ssi\""),
        ("protocol = \"rpm-lines\"", "protocol = \"lines\"", "portal[0].protocol: \"rpm-lines\""),
        ("port = \"/dev/ttyS1\"", "", "reader[0].port: its port is needed"),
        ("port = \"/dev/ttyS1\"", "port = \"tcp://10.0.0.9:10001\"", "portal[0].port: the port"),
        ("port = \"/dev/ttyS1\"", "port = \"/dev/ttyS1\"\nline = \"9N1\"", "reader[0].line"),
        ("port = \"/dev/ttyS1\"", "port = \"/dev/ttyS1\"\nbaud = 50", "reader[0].baud"),
        ("name = \"gate\"", "name = \"kiosk\"", "there are two devices kiosk"),
        ("name = \"gate\"", "name = \"exit\"", "the name of an arm or a loop"),
        ("silence = \"20s\"", "silence = \"0s\"", "portal[0].silence"),
        ("silence = \"20s\"", "normally_closed = [\"fault\"]", "portal[0].normally_closed: it belongs"),
        ("silence = \"20s\"", "inputs = { gamma = 1 }", "portal[0].inputs: it belongs"),
    ] {
        let (before, tables) = text.split_at(MINIMAL.len());
        let found = faults(&format!("{before}{}", tables.replacen(from, to, 1)));
        assert_eq!(found.len(), 1, "{to}: {found:#?}");
        assert!(found[0].contains(expected) && !found[0].starts_with("line 0"), "{to}: {}", found[0]);
    }
}

#[test]
fn a_minimum_below_twenty_divisions_is_worth_a_look() {
    let scale = |minimum_kg: i64| {
        let keys = format!("port = \"/dev/ttyS0\"\nprotocol = \"sma\"\ndivision_kg = 50\nminimum_kg = {minimum_kg}");
        let text = format!("{MINIMAL}\n[lane.scale]\nname = \"bridge\"\ndriver = \"serial\"\n{keys}\n");
        parse(&text, []).expect("valid").warnings
    };
    assert_eq!(scale(1_000), Vec::<String>::new());
    assert!(scale(999)[0].contains("20 divisions"));
}

#[test]
fn two_lanes_share_neither_name_nor_port() {
    let scale = "[lane.scale]\nname = \"b\"\ndriver = \"serial\"\nport = \"/dev/ttyS0\"\nprotocol = \"mt-sics\"\n";
    let lane = MINIMAL.split_once("[[lane]]").expect("a lane").1;
    let text = format!("{MINIMAL}{scale}\n[[lane]]{lane}{scale}");
    let found = faults(&text);
    assert!(found.iter().any(|fault| fault.contains("two lanes in-01")), "{found:#?}");
    assert!(found.iter().any(|fault| fault.contains("used by another device or lane")), "{found:#?}");
}

#[test]
fn the_environment_overrides_and_its_errors_name_the_variable() {
    let set = |name: &str, value: &str| parse(MINIMAL, [(name.to_owned(), value.to_owned())]);
    let config = set("LANE_CONTROLLER__MQTT__URL", "mqtt://broker:1884").expect("valid");
    assert_eq!(config.mqtt.url, "mqtt://broker:1884");
    let config = set("LANE_CONTROLLER__POLICY__WEIGHT_TOLERANCE", "{ kg = 1, percent = 2.0 }");
    assert!(config.is_err(), "a table is overridden key by key");
    let errors = set("LANE_CONTROLLER__MQTT__ULR", "x").expect_err("unknown");
    assert!(errors[0].to_string().contains("LANE_CONTROLLER__MQTT__ULR"), "{}", errors[0]);
    assert!(errors[0].message.contains("`url`"));
    assert!(set("PATH", "/bin").is_ok());
}

const CAMERA: &str = r#"
[[lane.camera]]
name = "front"
view = "front"
format = "hikvision"
"#;

#[test]
fn a_camera_with_a_preset_takes_its_zone_from_the_site() {
    let text = format!("{MINIMAL}{CAMERA}ingest_from = [\"10.1.0.0/16\", \"::1\"]\n")
        .replace("id = \"korday\"", "id = \"korday\"\ntime_zone = \"Asia/Almaty\"");
    let config = parse(&text, []).expect("valid");
    let vendor = config.lanes[0].cameras[0].vendor.as_ref().expect("a preset");
    assert_eq!((vendor.preset.as_str(), vendor.zone.name()), ("hikvision", "Asia/Almaty"));
    assert_eq!(vendor.max_age, Duration::from_secs(60));
    let from = &vendor.ingest.as_ref().expect("it may push").from;
    assert!(from[0].contains(&"10.1.200.7".parse::<std::net::IpAddr>().expect("an address")));
    assert_eq!(from[1].to_string(), "::1/128", "a bare address is a network of one");
    let config = parse(&format!("{MINIMAL}{CAMERA}time_zone = \"Asia/Bangkok\"\n"), []).expect("valid");
    let vendor = config.lanes[0].cameras[0].vendor.as_ref().expect("a preset");
    assert_eq!((vendor.zone.name(), vendor.ingest.is_none()), ("Asia/Bangkok", true), "nobody may push unless told");
}

#[test]
fn each_rule_of_cameras_has_its_message() {
    let second = CAMERA.replace("front", "rear");
    let topic = "topic = \"frigate/events\"\n";
    for (cameras, expected) in [
        (CAMERA.replace("hikvision", "hikvison"), "\"native\" or one of axis, dahua"),
        (
            format!("{}source = \"x\"\n", CAMERA.replace("hikvision", "native")),
            "camera[0].source: it goes with a preset",
        ),
        (format!("{CAMERA}ingest_from = [\"10.1.0.0/33\"]\n"), "camera[0].ingest_from[0]: `10.1.0.0/33` is no network"),
        (format!("{CAMERA}max_age = \"0s\"\n"), "camera[0].max_age: more than zero"),
        (format!("{CAMERA}time_zone = \"Almaty\"\n"), "camera[0].time_zone"),
        (format!("{CAMERA}topic = \"frigate/#\"\n"), "camera[0].topic: one topic without wildcards"),
        (format!("{CAMERA}topic = \"bcp/korday/x\"\n"), "bcp/korday/ is the controller's own"),
        (format!("{CAMERA}{topic}{second}{topic}"), "camera[1].topic: another camera has this topic"),
        (format!("{CAMERA}{topic}source = \"a\"\n{second}{topic}"), "camera[1].source: other cameras share the topic"),
    ] {
        let found = faults(&format!("{MINIMAL}{cameras}"));
        assert!(found.iter().any(|fault| fault.contains(expected)), "{expected}: {found:#?}");
    }
    let shared = format!("{MINIMAL}{CAMERA}{topic}source = \"a\"\n{second}{topic}source = \"b\"\n");
    assert_eq!(faults(&shared), Vec::<String>::new(), "one topic, told apart by the vendor's names");
    let own = format!("[cameras]\npresets_directory = \"/etc/p\"\n{MINIMAL}{}", CAMERA.replace("hikvision", "ours"));
    assert_eq!(faults(&own), Vec::<String>::new(), "what stands in the directory is found out at the start");
}

#[test]
fn each_device_is_looked_after_as_its_evidence_needs_unless_the_site_says_otherwise() {
    let text = format!(
        "{}\n{}",
        MINIMAL.replace("direction = \"entry\"", "direction = \"entry\"\nevidence = [\"tractor_plate\"]"),
        "[[lane.camera]]\nname = \"front\"\nview = \"front\"\nsilence = \"30s\"\n[[lane.camera]]\nname = \"rear\"\n\
         view = \"rear\"\n[lane.scale]\nname = \"bridge\"\ndriver = \"mqtt\"\nmethod = \"axle_by_axle\"\n\
         [[lane.reader]]\nname = \"kiosk\"\nrequired = true\n"
    );
    let config = parse(&text, []).expect("valid");
    let lane = &config.lanes[0];
    let needs: Vec<_> = lane.cameras.iter().map(|camera| (camera.care.silence, camera.care.need)).collect();
    assert_eq!(needs, [(Some(Duration::from_secs(30)), Need::Required), (None, Need::Optional)]);
    let scale = lane.scale.as_ref().expect("a scale");
    assert_eq!((scale.care.need, scale.weighing.method), (Need::Optional, WeighMethod::AxleByAxle));
    assert_eq!(lane.readers[0].care, Care::required());
    let exit = &lane.loops[0];
    assert_eq!((exit.debounce, exit.stuck_after), (Duration::from_millis(50), Duration::from_secs(600)));
    assert_eq!(lane.abandoned_after, Duration::from_secs(1_800));
}

#[test]
fn what_a_device_can_not_be_is_refused() {
    let exit = "[[lane.loop]]\nname = \"exit\"";
    let scale = "[lane.scale]\nname = \"b\"\ndriver = \"serial\"\nport = \"p\"\nprotocol = \"mt-sics\"\n";
    for (from, to, expected) in [
        (exit, format!("{exit}\npair = \"approach-b\""), "\"exit-b\" is expected"),
        (exit, format!("{exit}\ndebounce = \"2s\""), "at most one second"),
        (exit, format!("{exit}\nstuck_after = \"0s\""), "more than zero"),
        (exit, format!("{exit}\nsilence = \"100ms\""), "at least one second"),
        (exit, format!("{exit}\nrequired = false"), "can't be optional"),
        ("driver = \"mqtt\"", "driver = \"mqtt\"\nrequired = false".to_owned(), "can't be optional"),
        ("direction = \"entry\"", "direction = \"entry\"\nabandoned_after = \"2d\"".to_owned(), "at most 24 hours"),
        (exit, format!("{exit}\n{scale}method = \"in_motion\""), "driver = \"mqtt\""),
        (exit, format!("{exit}\n{scale}max_kg = 0"), "1 to 1000000 kilograms"),
        (exit, format!("{exit}\n{scale}method = \"guessed\""), "unknown variant `guessed`"),
    ] {
        let found = faults(&MINIMAL.replacen(from, &to, 1));
        assert!(found.iter().any(|fault| fault.contains(expected)), "{to}: {found:#?}");
    }
}
